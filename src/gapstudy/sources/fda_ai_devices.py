"""The FDA's list of medical devices that use AI: one file, as CSV, XML or Excel workbook."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from gapstudy.errors import RecordError, ShapeError
from gapstudy.sources._answers import Refused, Verdict
from gapstudy.sources._fda import clearance_page, true_day
from gapstudy.sources._shape import read_xml, unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

#: Columns of the list; each form spells them in its own way.
_COLUMNS = {
    "dateoffinaldecision": "date", "submissionnumber": "number", "device": "device",
    "company": "company", "panellead": "panel", "panel": "panel", "primaryproductcode": "code",
}  # fmt: skip
_SPELT = {
    "date": "Date of Final Decision", "number": "Submission Number", "device": "Device",
    "company": "Company", "panel": "Panel (Lead)", "code": "Primary Product Code",
}  # fmt: skip
_FORMULA = re.compile(r'=\s*HYPERLINK\(\s*"([^"]*)"\s*[,;]\s*"([^"]*)"\s*\)', re.IGNORECASE)
_NUMBER = re.compile(r"(?:K|DEN|P|BK|BP|H)\d{5,6}(?:/S\d{1,4})?")
_PAGE = re.compile(rb"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
#: An Excel workbook of some thousand rows unpacks to a few megabytes.
_MOST = 200 << 20
_LONGEST, _WIDEST = 50_000, 30
#: Rows above the header that a workbook may have.
_ABOVE = 10

Row = dict[str, str]


class FdaAiDevices(Source):
    """Devices that the FDA lists as using AI.

    `date` is the day of the final decision; `date_meaning` is "clearance" for 510(k) and De Novo
    and "approval" for premarket approval. The list gives no country: a later stage finds it by the
    number in the clearances, or by the company. Rows may be added late, with old dates. The file is
    taken from the address in `url`; the Excel form is read as the XML form is recorded to be,
    formulas included, but no workbook of the list itself has been seen.
    """

    name = "fda_ai_devices"
    TITLE = "FDA list of AI-enabled medical devices"
    GIVES = ("products",)
    LICENCE = "Public domain (US government work)"
    REGION_BASIS = "none"
    WHOLE = True
    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "url": "https://www.fda.gov/media/178565/download?attachment"
    }
    # One conditional request a day; with robots.txt, redirects and a repetition up to six. Rows:
    # 1,524 in March 2026, about 290 more a year.
    CARD = Card(
        hosts=("www.fda.gov",), delay=10.0, concurrency=1, budgets=(Budget(6, 86_400.0),),
        robots=True, overlap=0, max_bytes=32 << 20, per_day=0.8, page=1500, answer_bytes=550_000,
    )  # fmt: skip

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """The file: it always holds the whole list."""
        yield self.get(str({**self.OPTIONS, **ask.options}["url"]))

    def judge(self, response: Response) -> Verdict:
        """A page of HTML in place of the file says that the file has moved, or that we may not."""
        if response.status == 200 and _PAGE.match(response.body):
            return Refused(
                "a page of HTML stands in place of the file",
                "Look up the file's address on the FDA's page of AI-enabled medical devices and "
                "set `url` in [source.fda_ai_devices]",
            )
        return super().judge(response)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read the list in whichever form it comes; the form shows in its first bytes.

        Raises:
            ShapeError: none of the three forms, or a column is missing.
        """
        body, url = response.body, response.url
        if _PAGE.match(body):
            raise unknown("a page of HTML stands in place of the file", url)
        if body[:2] == b"PK":
            rows = _under_header(_workbook(body, url), url)
        elif body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            rows = _xml(response)
        else:
            rows = _under_header(_csv(body, url), url)
        seen: set[str] = set()
        for number, row in enumerate(rows, start=1):
            try:
                data = _product(row)
                if data["product_id"] in seen:
                    raise RecordError(f"{data['product_id']} stands in the list twice")
            except RecordError as error:
                raw = ",".join(row.values()).encode("utf-8", errors="replace").decode()
                yield Bad("products", error.what, raw, number)
                continue
            seen.add(data["product_id"])
            yield Record("products", data, number)


def _csv(body: bytes, url: str) -> list[list[str]]:
    # Bytes that are no UTF-8 stay marked, so that they spoil their own row alone.
    text = body.decode("utf-8-sig", errors="surrogateescape")
    try:
        return list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise unknown(f"the file is not CSV: {error}", url) from None


def _workbook(body: bytes, url: str) -> list[list[str]]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(info.file_size for info in packed.infolist()) > _MOST:
                raise unknown(f"the workbook unpacks to more than {_MOST} bytes", url)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and the like, which are not read
            sheet = openpyxl.load_workbook(io.BytesIO(body), read_only=True).worksheets[0]
            # The size that a file states of itself can be wrong; read what is there.
            sheet.reset_dimensions()
            cells = sheet.iter_rows(max_row=_LONGEST, max_col=_WIDEST, values_only=True)
            return [[_cell(value) for value in row] for row in cells]
    except ShapeError:
        raise
    except Exception as error:  # noqa: BLE001 - a broken workbook raises anything
        raise unknown(f"the workbook cannot be read: {error}", url) from None


def _cell(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.strftime("%m/%d/%Y")
    return "" if value is None else str(value)


def _under_header(lines: Sequence[Sequence[str]], url: str) -> Iterator[Row]:
    for place, line in enumerate(lines[:_ABOVE]):
        names = [_column(cell) for cell in line]
        if "number" not in names:
            continue
        _demand(set(names), url)
        for cells in lines[place + 1 :]:
            if any(cell.strip() for cell in cells):
                pairs = zip(names, cells, strict=False)
                yield {name: " ".join(cell.split()) for name, cell in pairs if name}
        return
    raise unknown(f"the column {_SPELT['number']!r} is missing", url)


def _xml(response: Response) -> Iterator[Row]:
    root = read_xml(response)
    rows = [
        {_column(str(cell.tag)): " ".join((cell.text or "").split()) for cell in row}
        for row in root
    ]
    _demand({name for row in rows for name in row}, response.url)
    yield from rows


def _column(name: str) -> str:
    return _COLUMNS.get(re.sub(r"[^a-z]", "", name.lower()), "")


def _demand(names: set[str], url: str) -> None:
    for name, spelt in _SPELT.items():
        if name not in names:
            raise unknown(f"the column {spelt!r} is missing", url)


def _product(row: Row) -> dict[str, Any]:
    cells = {name: row.get(name, "") for name in _SPELT}
    if any("\ud800" <= letter <= "\udfff" for cell in cells.values() for letter in cell):
        raise RecordError("the row holds bytes that are no text in UTF-8")
    formula = _FORMULA.fullmatch(cells["number"])
    address, number = formula.groups() if formula else ("", cells["number"])
    number = number.strip().upper()
    if not _NUMBER.fullmatch(number) or not number.isascii():
        raise RecordError(f"{number[:60]!r} is not the number of a submission")
    if not cells["device"]:
        raise RecordError("the name of the device is missing")
    return {
        "product_id": f"fda:{number}", "name": cells["device"], "feature": "",
        "organisation": cells["company"], "home_country": None, "region_basis": "none",
        "country_rung": "none", "date": _day(cells["date"]),
        "date_meaning": "approval" if number.startswith("P") else "clearance",
        "kind": "device", "category": "AI-enabled medical device",
        "description": f"Lead panel: {cells['panel']}; product code: {cells['code']}",
        "website": "", "popularity": None, "entry": "feed",
        "evidence": address if address.startswith("https://") else clearance_page(number),
    }  # fmt: skip


def _day(text: str) -> str:
    try:
        day = dt.datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise RecordError(f"Date of Final Decision: {text[:40]!r} is not MM/DD/YYYY") from None
    try:
        return true_day(day)
    except ValueError as error:
        raise RecordError(f"Date of Final Decision: {error}") from None
