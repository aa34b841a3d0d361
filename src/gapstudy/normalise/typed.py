"""One raw record -> the typed row that a table's contract asks for, or the reason why not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from gapstudy.dates import PartialDate, parse_date
from gapstudy.errors import RecordError
from gapstudy.regions import country_code
from gapstudy.tables.contract import Column, Table

PROVENANCE = ("source", "source_id", "archive_ref")


@dataclass
class Typed:
    """A row in the types of its contract.

    Attributes:
        row: its values.
        faults: values that could not be used and are missing in the row, each with the reason.
    """

    row: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def typed(table: Table, data: dict[str, Any]) -> Typed:
    """Turn a record into a row.

    Dates bring their precision and interval. A country that is not one is a fault of that value
    alone: the row stays, with the country unknown. Everything else that cannot be is a fault of
    the record.

    Args:
        table: the contract.
        data: the record; names not in the contract are ignored, absent ones are missing.

    Raises:
        RecordError: the record cannot be a row of the table.
    """
    result = Typed()
    names = set(table.names)
    for column in table.columns:
        if column.name in PROVENANCE or column.name in result.row:
            continue
        value = data.get(column.name)
        if isinstance(value, str):
            value = value.strip()
        if f"{column.name}_precision" in names:
            result.row |= _dated(column, value, data.get(f"{column.name}_precision"))
        elif column.form == "[A-Z]{2}" and column.null:
            code = country_code(value) if value else None
            if value and code is None:
                result.faults.append(f"{column.name}: {value!r} is not a country known to us")
            result.row[column.name] = code
        else:
            result.row[column.name] = _value(column, value)
    return result


def _dated(column: Column, value: Any, precision: Any) -> dict[str, Any]:
    name = column.name
    if not value:
        if not column.null:
            raise RecordError(f"{name} is missing")
        date: PartialDate | tuple[None, ...] = (None, None, None, None)
    else:
        date = parse_date(str(value))
        if precision and precision != date.precision:
            raise RecordError(f"{name} {value!r} is not of the precision {precision!r}")
    return dict(zip((name, f"{name}_precision", f"{name}_from", f"{name}_to"), date, strict=True))


def _value(column: Column, value: Any) -> Any:
    if value is None or value == "":
        if column.null:
            return None
        if column.kind == "text" and not column.values and not column.form:
            return ""
        raise RecordError(f"{column.name} is missing")
    try:
        converted = _convert(column, value)
    except (ValueError, TypeError) as error:
        raise RecordError(f"{column.name}: {value!r} is not {column.kind}") from error
    if column.values and converted not in column.values:
        raise RecordError(f"{column.name}: {value!r} is not one of {', '.join(column.values)}")
    if (column.low is not None and converted < column.low) or (
        column.high is not None and converted > column.high
    ):
        raise RecordError(f"{column.name}: {value!r} is out of range")
    return converted


def _convert(column: Column, value: Any) -> Any:
    if column.kind == "int":
        return int(value)
    if column.kind == "float":
        return float(value)
    if column.kind == "bool":
        if not isinstance(value, bool):
            raise TypeError(value)
        return value
    if column.kind == "day":
        date = parse_date(str(value))
        if date.precision != "day":
            raise ValueError(value)
        return date.first
    return " ".join(str(value).split()) if column.name in {"title", "name"} else str(value)


def read_json(text: str) -> dict[str, Any]:
    """The record that a raw row holds."""
    data: dict[str, Any] = json.loads(text)
    return data
