"""The tables of an edition as CSV, described for researchers and machines.

Format: Data Package 1.0, https://specs.frictionlessdata.io/data-package/ and its Table Schema.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

from gapstudy.publish.escape import csv_text
from gapstudy.publish.results import Results
from gapstudy.tables import ALL, Column, contract

#: Tables beside the results that pages show, with the columns left out: whole records of a source
#: may not be passed on under every licence.
OTHERS = {"sources": (), "quarantine": ("record",)}
_TYPES = {"text": "string", "int": "integer", "float": "number", "bool": "boolean", "day": "date"}


def packaged() -> dict[str, list[str]]:
    """Table -> columns of all tables in the package."""
    return {
        name: [column for column in ALL[name].names if column not in OTHERS.get(name, ())]
        for name in sorted(ALL)
        if name.startswith("out_") or name in OTHERS
    }


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame as CSV: UTF-8, whole precision, missing as empty, texts harmless in a spreadsheet."""
    columns = []
    for name in frame.columns:
        values: Any = frame[name]
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            values = values.dt.strftime("%Y-%m-%d")
        columns.append([_cell(value) for value in values.astype(object)])
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(zip(*columns, strict=True))
    return buffer.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, str):
        return csv_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float) else str(value)


def write_tables(results: Results, folder: Path) -> None:
    """Write every packaged table as CSV, and datapackage.json over them."""
    resources = []
    for name, columns in packaged().items():
        data = csv_bytes(results.frame(name)[columns])
        (folder / f"{name}.csv").write_bytes(data)
        resources.append(_resource(name, columns, data))
    package = {
        "profile": "tabular-data-package",
        "name": "gapstudy",
        "title": results.study.title,
        "description": "Results of one edition. A text that begins with = + - @ carries a leading "
                       "apostrophe, so that no spreadsheet runs it as a formula.",
        "resources": resources,
    }  # fmt: skip
    text = json.dumps(package, indent=1, ensure_ascii=False)
    (folder / "datapackage.json").write_text(text + "\n", encoding="utf-8")


def _resource(name: str, columns: list[str], data: bytes) -> dict[str, Any]:
    table = contract(name)
    return {
        "profile": "tabular-data-resource",
        "name": name.replace("_", "-"),
        "path": f"{name}.csv",
        "description": table.meaning,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": "sha256:" + hashlib.sha256(data).hexdigest(),
        "schema": {
            "fields": [_field(item) for item in table.columns if item.name in columns],
            "primaryKey": list(table.key),
            "missingValues": [""],
        },
    }


def _field(column: Column) -> dict[str, Any]:
    rules: dict[str, Any] = {"required": True} if not column.null and column.kind != "text" else {}
    if column.values:
        rules["enum"] = list(column.values)
    if column.low is not None:
        rules["minimum"] = column.low
    if column.high is not None:
        rules["maximum"] = column.high
    made = {"name": column.name, "type": _TYPES[column.kind], "description": column.meaning}
    return {**made, "constraints": rules} if rules else made
