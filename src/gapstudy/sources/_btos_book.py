"""Workbooks of the Census Bureau as plain text cells: sheets, their headers, shares and dates."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from gapstudy.errors import ShapeError
from gapstudy.sources._shape import unknown

if TYPE_CHECKING:
    from scrapy.http import Response

#: Most bytes that a workbook may unpack to; the largest of them takes 120 MB.
_UNPACKED = 512 << 20
#: Most sheets of a workbook: a pair for each breakdown, and a few more, are far fewer.
_SHEETS = 60
#: Most rows of a sheet and cells of a row that are read; a damaged number can name millions.
_ROWS, _CELLS = 200_000, 2_000
#: Rows in which the header may stand.
_OPENING = 12
#: Days since 1899-12-30, as spreadsheets count, from 2000 to 2099.
_SERIALS = range(36_526, 73_051)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%")

Rows = list[list[str]]


@dataclass(frozen=True)
class Sheet:
    """A sheet with a header.

    Attributes:
        name: its name.
        columns: names of its columns, in lower case.
        rows: its rows below the header, each as long as the header.
    """

    name: str
    columns: tuple[str, ...]
    rows: Rows

    def place(self, *openings: str) -> int | None:
        """The first column whose name begins so."""
        for number, column in enumerate(self.columns):
            if column.startswith(openings):
                return number
        return None

    @property
    def strata(self) -> tuple[str, ...]:
        """Columns before the question that say which businesses: sector, state, size class."""
        ends = [self.place("scope"), self.place("question id")]
        return self.columns[: min(end for end in ends if end is not None)]


def read_book(response: Response) -> dict[str, Rows]:
    """Sheets of a workbook by name; cells as text, empty where there is nothing.

    Raises:
        ShapeError: not a workbook, damaged, or far larger than it should be.
    """
    import openpyxl

    if response.body[:2] != b"PK":
        raise unknown("the answer is no workbook", response.url)
    try:
        with zipfile.ZipFile(BytesIO(response.body)) as packed:
            if sum(info.file_size for info in packed.infolist()) > _UNPACKED:
                raise unknown(f"the workbook unpacks to more than {_UNPACKED} bytes", response.url)
            # One part may be named as many sheets, each of which would be read.
            listed = [info for info in packed.infolist() if info.filename.endswith("workbook.xml")]
            if sum(packed.read(info).count(b"sheetId") for info in listed) > _SHEETS:
                raise unknown(f"the workbook has more than {_SHEETS} sheets", response.url)
        with warnings.catch_warnings():
            # It warns of styles and pictures that it leaves out, which nothing here reads.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(BytesIO(response.body), read_only=True, data_only=True)
            return {str(sheet.title): _rows(sheet, response.url) for sheet in book.worksheets}
    except ShapeError:
        raise
    except Exception as error:  # noqa: BLE001 - damaged XML fails in any way inside openpyxl
        raise unknown(f"the workbook is damaged: {type(error).__name__}", response.url) from None


def _rows(sheet: Any, url: str) -> Rows:
    # The size that a sheet states is often far beyond its last row.
    sheet.reset_dimensions()
    rows: Rows = []
    for number, cells in enumerate(sheet.iter_rows(values_only=True)):
        if number >= _ROWS:
            raise unknown(f"the sheet {sheet.title!r} has more than {_ROWS} rows", url)
        rows.append([_text(cell) for cell in itertools.islice(cells, _CELLS)])
    return rows


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell)[:2_000].split())


def with_header(name: str, rows: Rows, needed: Sequence[str]) -> Sheet | None:
    """The sheet below the first row that has all the columns needed; None when no row has."""
    for number, cells in enumerate(rows[:_OPENING]):
        columns = [cell.casefold() for cell in cells]
        while columns and not columns[-1]:
            columns.pop()
        if all(want in columns for want in needed):
            width = len(columns)
            body = [(row + [""] * width)[:width] for row in rows[number + 1 :]]
            return Sheet(name, tuple(columns), body)
    return None


def share(cell: str) -> tuple[float | None, str]:
    """Percentage in a cell and what the bureau says instead of one.

    Raises:
        ValueError: neither a percentage nor a known sign.

    >>> share("18.3%"), share("S"), share(".")
    ((18.3, ''), (None, 'suppressed'), (None, 'not_asked'))
    """
    if cell == "S":
        return None, "suppressed"
    if cell == ".":
        return None, "not_asked"
    match = _SHARE.fullmatch(cell)
    if match is None or not cell.isascii() or float(match[1]) > 100:
        raise ValueError(f"{cell[:40]!r} is no percentage")
    return float(match[1]), ""


def cycles(book: Mapping[str, Rows]) -> dict[str, str]:
    """Cycle (YYYYNN) -> days of its collection, `FIRST/LAST`; without what cannot be read."""
    found: dict[str, str] = {}
    for name, rows in book.items():
        sheet = with_header(name, rows, ("smpdt",)) if "dates" in name.casefold() else None
        if sheet is None:
            continue
        which = sheet.place("smpdt")
        starts = sheet.place("collection start", "col start")
        ends = sheet.place("collection end", "col end")
        if which is None or starts is None or ends is None:
            continue
        for row in sheet.rows:
            first, last = day(row[starts]), day(row[ends])
            if first and last and first <= last:
                found[row[which]] = f"{first.isoformat()}/{last.isoformat()}"
    return found


def day(cell: str) -> dt.date | None:
    """A day written as ISO text, as MM/DD/YYYY or as the serial number of spreadsheets."""
    try:
        if re.fullmatch(r"[0-9]{5}", cell) and int(cell) in _SERIALS:
            return dt.date(1899, 12, 30) + dt.timedelta(days=int(cell))
        if match := re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/((?:19|20)[0-9]{2})", cell):
            return dt.date(int(match[3]), int(match[1]), int(match[2]))
        if re.fullmatch(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", cell):
            return dt.date.fromisoformat(cell)
    except ValueError:
        pass
    return None


def meanings(book: Mapping[str, Rows]) -> dict[str, str]:
    """Code -> meaning, from the data dictionary of the workbook."""
    rows = next((rows for name, rows in book.items() if "dictionary" in name.casefold()), [])
    return {row[0]: row[1] for row in rows if len(row) > 1 and row[0] and row[1]}


def pairs(book: Mapping[str, Rows]) -> Iterator[tuple[str, str | None]]:
    """Sheets of estimates, each with the sheet of its standard errors, where that is one."""
    stems = {_stem(name): name for name in book if "error" in name.casefold()}
    for name in book:
        words = name.casefold().split()
        if "estimates" in words and "index" not in words:
            yield name, stems.get(_stem(name))


def _stem(name: str) -> str:
    """What is left of a sheet's name without the words that say what it holds.

    >>> _stem("National Response Estimates"), _stem("National Standard Errors")
    ('national', 'national')
    """
    told = {"response", "estimates", "standard", "errors", "error"}
    return " ".join(word for word in name.casefold().split() if word not in told)
