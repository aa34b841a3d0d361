"""Organisations and countries for the names in a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gapstudy.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from gapstudy.organisations.index import Index
    from gapstudy.regions import RegionScheme

COLUMNS = ("id", "name", "country", "region", "confidence")


def read_column(path: Path, column: str) -> list[str]:
    """Texts of one column of a CSV file with a header, in the order of the rows.

    Args:
        path: the file; UTF-8, with or without a byte order mark.
        column: name of the column.

    Raises:
        UsageError: the file cannot be read, is not UTF-8 or not CSV, or has no such column.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the file is not UTF-8 (byte {error.start})", where=str(path),
            remedy="Save it as UTF-8",
        ) from error  # fmt: skip
    try:
        return list(_cells(text, column, path))
    except csv.Error as error:
        raise UsageError(f"the file is not CSV: {error}", where=str(path)) from error


def _cells(text: str, column: str, path: Path) -> Iterator[str]:
    limit = csv.field_size_limit(max(len(text), 1 << 17))
    try:
        rows = csv.reader(io.StringIO(text, newline=""))
        header = next(rows, [])
        if column not in header:
            known = ", ".join(header) if header else "none: the file is empty"
            raise UsageError(
                f"there is no column {column!r}", where=str(path),
                remedy=f"Columns of the file: {known}",
            )  # fmt: skip
        place = header.index(column)
        for row in rows:
            # A blank line is a row of one empty cell where the file has but one column.
            if row or len(header) == 1:
                yield row[place] if place < len(row) else ""
    finally:
        csv.field_size_limit(limit)


def table(names: list[str], index: Index, scheme: RegionScheme) -> pd.DataFrame:
    """What is known of names: columns `COLUMNS`, one row per name in its order."""
    import pandas as pd

    from gapstudy.organisations.resolve import resolve

    found = resolve(pd.Series(names, dtype="object"), index)
    found["region"] = [scheme.region(country or None) for country in found["country"]]
    return found[list(COLUMNS)]


def write(found: pd.DataFrame, out: TextIO) -> None:
    """Write the rows as CSV; a text that a spreadsheet would run as a formula is neutralised."""
    from gapstudy.publish.escape import csv_text

    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in found.itertuples(index=False):
        writer.writerow(
            [row.id, csv_text(str(row.name)), row.country, row.region, f"{row.confidence:.2f}"]
        )
