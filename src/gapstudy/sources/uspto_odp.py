"""USPTO Open Data Portal: US patent applications and grants, by day of publication."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from gapstudy.errors import RecordError
from gapstudy.sources._answers import Again, Good, Refused, Verdict, retry_after
from gapstudy.sources._days import Days
from gapstudy.sources._raw import raw
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources._uspto_application import GRANT, PUBLICATION, grant_address, records
from gapstudy.sources._uspto_grant import grants
from gapstudy.sources.base import Ask, Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

SEARCH = "https://api.uspto.gov/api/v1/patent/applications/search"
FILES = "/api/v1/datasets/products/files/"
#: Most results of one query; a count that reaches it may be of more.
CAP = 10_000
#: The source gives no more at a time, whatever it is asked for.
PAGE = 100
#: Where the halving of filing days begins: no application is older that is published today.
_OLDEST = dt.date(1970, 1, 1)
_REST = "rest"
_META = "applicationMetaData"
_ROWS = "patentFileWrapperDataBag"
_FULL_TEXT = "grantDocumentMetaData"
_FIELDS = (
    "applicationNumberText", f"{_META}.inventionTitle", f"{_META}.filingDate", f"{_META}.grantDate",
    f"{_META}.patentNumber", f"{_META}.earliestPublicationDate",
    f"{_META}.earliestPublicationNumber", f"{_META}.publicationDateBag",
    f"{_META}.cpcClassificationBag", f"{_META}.applicantBag", f"{_META}.firstApplicantName",
    f"{_META}.inventorBag", "foreignPriorityBag", "parentContinuityBag",
)  # fmt: skip
_MANY = 5
_WEEK = 7 * 86_400.0


class UsptoOdp(Source):
    """Grants and pre-grant publications of one CPC class, with applicants and inventors.

    Two windows: by day of grant, which gives the patent, and by day of first publication, which
    gives the published application. The office of first filing is that of the earliest foreign
    priority, US parent (provisional ones too) or the application itself; applicant and inventor
    have their own country. A search row gives neither abstract nor family; `grant_xml` fetches the
    full text of every grant besides, which then gives the patent with its citations, instead of the
    search row. It is off by default: one request and about 100 KB a grant.

    A window over the cap is halved down to one day; then that day's applications are divided by the
    day of their filing, halved in turn, and into those whose filing lies outside, or is not known.

    Not confirmed by a recording: the query by CPC class, the choice of fields, the order of rows of
    one day from page to page, and the host to which a download is redirected.
    """

    name = "uspto_odp"
    TITLE = "USPTO Open Data Portal: patent applications and grants"
    GIVES = ("patents", "patent_parties", "patent_citations")
    LICENCE = "Public domain (US government work)"
    CREDENTIALS = ("USPTO_API_KEY",)
    REGION_BASIS = "applicant"
    OPTIONS: ClassVar[Mapping[str, Any]] = {"cpc": "G06N", "grant_xml": False}
    # Never two requests at a time; 4 a second are allowed, 5 million a week. Publications in G06N:
    # about 50,000 a year. Size: 100 rows of the chosen fields at 3 KB, from the recorded row.
    CARD = Card(
        hosts=("api.uspto.gov", "data.uspto.gov"), delay=0.3, concurrency=1,
        budgets=(Budget(5e6, _WEEK),), overlap=28, per_day=140, page=PAGE, answer_bytes=300_000,
    )  # fmt: skip

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """A unit for every month of grants and for every month of publications."""
        options = {**self.OPTIONS, **ask.options}
        for field in (GRANT, PUBLICATION):
            full = bool(options["grant_xml"]) and field == GRANT
            for days in Days(ask.first, ask.last).months():
                yield self._page(str(options["cpc"]), field, days, "", 0, full=full)

    def _page(
        self, cpc: str, field: str, days: Days, filed: str, offset: int, *, full: bool
    ) -> scrapy.Request:
        query = f"{_META}.cpcClassificationBag:{cpc}*"
        within = f"{_META}.filingDate:[{{}} TO {{}}]"
        if filed == _REST:
            query += f" AND NOT {within.format(_OLDEST, days.last)}"
        elif filed:
            query += f" AND {within.format(*Days.read(filed))}"
        fields = (*_FIELDS, _FULL_TEXT) if full else _FIELDS
        values = {
            "q": query, "rangeFilters": f"{_META}.{field} {days.first}:{days.last}",
            "sort": f"{_META}.{field} asc", "fields": ",".join(fields), "offset": str(offset),
            "limit": str(PAGE),
        }  # fmt: skip
        text = "&".join(f"{name}={quote(value, safe=':*,')}" for name, value in values.items())
        return self.get(
            f"{SEARCH}?{text}", cpc=cpc, field=field, days=str(days), filed=filed, offset=offset,
            full=full,
        )  # fmt: skip

    def judge(self, response: Response) -> Verdict:
        """404 can mean that there is nothing; after 429 the source wants at least five seconds."""
        status, offset = response.status, int(response.meta.get("offset", 0))
        if status == 404 and _nothing(response.body):
            return Again("a page in the middle of the results is not there") if offset else Good()
        if status == 404 and response.meta.get("text"):
            return Good()
        if status in {401, 403}:
            return Refused(f"HTTP {status}: the key is refused", "Check USPTO_API_KEY: a key that "
                           "is not used for a year expires")  # fmt: skip
        if status == 429:
            return Again("HTTP 429: too many requests", max(retry_after(response) or 0.0, 5.0))
        if status == 200 and not response.meta.get("text"):
            if response.body.lstrip()[:1] == b"<":
                return Again("a page of HTML in place of JSON")
            # A page without a row is short; a full one need not be read twice.
            if len(response.body) < 5_000 and _empty(response.body, offset):
                return Again("an empty page in the middle of the results")
        return super().judge(response)

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Next pages, parts of a window over the cap, and the full texts that rows name."""
        if response.status == 404 or response.meta.get("text"):
            return
        data, meta = read_json(response), response.meta
        count = need(data, "count", int, response.url)
        rows = need(data, _ROWS, list, response.url)
        days, filed = Days.read(str(meta["days"])), str(meta["filed"])
        cpc, field, full = str(meta["cpc"]), str(meta["field"]), bool(meta["full"])
        for address in map(grant_address, rows) if full else ():
            if _is_file(address):
                yield self.get(address, text=True, unchanging=True)
        offset = int(meta["offset"])
        if count >= CAP and not offset:
            if pieces := list(_split(days, filed)):
                for piece, when in pieces:
                    yield self._page(cpc, field, piece, when, 0, full=full)
                return
            yield Incomplete(f"{field} {days}, filed {filed or 'at any time'}", count, CAP)
        # By what came, not by what was asked: the source may give fewer.
        after = offset + len(rows)
        if rows and after < min(count, CAP):
            yield self._page(cpc, field, days, filed, after, full=full)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one page of the search, or a file of grants; "nothing found" gives none.

        Raises:
            ShapeError: neither, or a field that no row has.
        """
        url = response.url
        if response.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            yield from grants(response)
            return
        if _nothing(response.body):
            return
        if _is_file(url):
            yield Bad("patents", "the full text that the search names is not there", url)
            return
        data = read_json(response)
        need(data, "count", int, url)
        rows = need(data, _ROWS, list, url)
        window, full = _asked(url)
        _check(rows, window, url)
        for row, item in enumerate(rows, start=1):
            if full and _is_file(grant_address(item)):
                continue
            try:
                found = list(records(item, window, row))
            except RecordError as error:
                yield Bad("patents", error.what, raw(item), row)
                continue
            yield from found

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The key in its header."""
        return {"X-API-KEY": secrets["USPTO_API_KEY"]}


def _split(days: Days, filed: str) -> Iterator[tuple[Days, str]]:
    """Parts of a window that together hold all of it; none when it cannot be split further."""
    if halves := days.halves():
        yield from ((half, filed) for half in halves)
    elif not filed:
        # An application is filed at the latest on the day on which it is published.
        yield from ((days, str(half)) for half in Days(_OLDEST, days.last).halves() or ())
        yield days, _REST
    elif filed != _REST and (parts := Days.read(filed).halves()):
        yield from ((days, str(part)) for part in parts)


def _nothing(body: bytes) -> bool:
    return len(body) < 5_000 and b"No matching records found" in body


def _empty(body: bytes, offset: int) -> bool:
    """Whether a page holds no rows though the source counts more."""
    import orjson

    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    count = data.get("count") if isinstance(data, dict) else None
    return isinstance(count, int) and count > offset and data.get(_ROWS) == []


def _is_file(url: str) -> bool:
    try:
        where = urlsplit(url)
    except ValueError:
        return False
    return (where.scheme, where.netloc) == ("https", "api.uspto.gov") and where.path.startswith(
        FILES
    )


def _asked(url: str) -> tuple[str, bool]:
    """What a search was about, by its address: the window's field, and whether it wants texts."""
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        return "", False
    window = re.match(rf"{_META}\.(\w+) ", query.get("rangeFilters", [""])[0])
    fields = query.get("fields", [""])[0].split(",")
    return window[1] if window else "", _FULL_TEXT in fields


def _check(rows: list[Any], window: str, url: str) -> None:
    """One row may lack a field; when all of them do, the shape has changed."""
    metas = [item.get(_META) for item in rows if isinstance(item, dict)]
    number = {GRANT: "patentNumber", PUBLICATION: "earliestPublicationNumber"}.get(window)
    names = [number, window] if number else []
    # Some few applications may truly lack these.
    names += ["inventorBag", "filingDate"] if len(rows) >= _MANY else []
    for place, wanted in ((rows, ["applicationNumberText", _META]), (metas, names)):
        for name in wanted if rows else ():
            if not any(isinstance(item, dict) and name in item for item in place):
                raise unknown(f"the field {name!r} is missing", url)
