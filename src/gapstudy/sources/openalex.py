"""OpenAlex by its interface: papers of a topic by day of publication, with their institutions."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from gapstudy.errors import RecordError, ShapeError
from gapstudy.sources import _openalex_work
from gapstudy.sources._answers import Again, Good, Refused, Spent, Verdict, header, retry_after
from gapstudy.sources._days import Days
from gapstudy.sources._raw import raw
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

WORKS = "https://api.openalex.org/works"
#: Fields of a work that `_openalex_work` reads and that `select` takes (recorded in March 2026).
SELECT = (
    "id,doi,title,publication_date,type,ids,primary_location,locations,authorships,cited_by_count,"
    "abstract_inverted_index,is_paratext,updated_date"
)
#: Filters that split every set in two whole parts, true and false: each asks whether a field
#: exists, so a work without it is in the second part (server source, core/fields.py).
_KEYS = ("has_doi", "has_abstract", "has_references", "has_raw_affiliation_strings", "has_pdf_url")
_KEY = "OPENALEX_API_KEY"
_DAY = 86_400.0
#: A longer wait than this is no throttling by the second but a budget.
_LONG = 300.0
#: Times that an answer that cannot be right is asked for again.
_PATIENCE = 3


def _card(*, keyed: bool) -> Card:
    # 1,000 and 10,000 credits a day, 10 and 30 requests a second (the provider's gateway source of
    # summer 2026); we ask for less. About 1,000 works a day about artificial intelligence: an order
    # of magnitude, not measured. Recorded works, cut to the fields asked for, have 6,000 bytes.
    return Card(
        hosts=("api.openalex.org",), delay=0.1 if keyed else 0.2, concurrency=1,
        budgets=(Budget(10_000 if keyed else 1_000, _DAY, "credits"),), overlap=30,
        per_day=1_000, page=100, answer_bytes=600_000,
    )  # fmt: skip


class OpenAlex(Source):
    """Works of OpenAlex about artificial intelligence, with the country of each institution.

    Without a key by pages, which reach 10,000 works, in windows split below that; with one by
    cursor. The window is the day of publication, for any filter or order by day of update needs a
    paid plan: so 30 days are read again each time. What is added later than that, also a work whose
    only known date is the year and which stands on 1 January, is found by a crawl of the whole
    window, or in the snapshot. 100 works an answer is the documented most.
    That cursor paging is refused without a key is reported by others, not confirmed.
    """

    name = "openalex"
    TITLE = "OpenAlex works"
    GIVES = ("papers", "paper_affiliations")
    LICENCE = "CC0-1.0"
    OPTIONAL = (_KEY,)
    REGION_BASIS = "organisation"
    OPTIONS: ClassVar[Mapping[str, Any]] = {"filter": "primary_topic.subfield.id:1702"}
    #: Works that page mode reaches, and in one answer.
    CAP = 10_000
    PAGE = 100

    CARD = _card(keyed=False)
    _last: tuple[bytes, Any] | None = None

    @classmethod
    def card(cls, *, keyed: bool) -> Card:
        """Ten times the budget and twice the pace with a free key."""
        return _card(keyed=keyed)

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """A unit is one calendar month of days of publication."""
        asked = str({**self.OPTIONS, **ask.options}["filter"]).strip(", ")
        for month in Days(ask.first, ask.last).months():
            if ask.keyed:
                yield self._cursor(month, asked, "*", 0)
            else:
                yield self._page(month, asked, [], 1)

    def _url(self, days: Days, asked: str, parts: list[str], **place: Any) -> str:
        window = [f"from_publication_date:{days.first}", f"to_publication_date:{days.last}"]
        query = urlencode({
            "filter": ",".join([*filter(None, [asked]), *window, *parts]), "select": SELECT,
            "sort": "publication_date:asc", "per_page": self.PAGE, **place,
        }, safe=":,|!")  # fmt: skip
        return f"{WORKS}?{query}"

    def _page(self, days: Days, asked: str, parts: list[str], page: int) -> scrapy.Request:
        return self.get(self._url(days, asked, parts, page=page), window=str(days), asked=asked,
                        parts=parts, before=(page - 1) * self.PAGE, page=page)  # fmt: skip

    def _cursor(self, days: Days, asked: str, cursor: str, before: int) -> scrapy.Request:
        return self.get(self._url(days, asked, [], cursor=cursor), window=str(days), asked=asked,
                        before=before, page=0, cursor=cursor)  # fmt: skip

    def _data(self, response: Response) -> Any:
        # `judge` and `follow` look at the same answer one after the other: it is read once.
        if self._last is None or self._last[0] is not response.body:
            self._last = response.body, read_json(response)
        return self._last[1]

    def judge(self, response: Response) -> Verdict:
        """Three kinds of 429; an empty or short page before the end is a gap."""
        status = response.status
        if status == 429:
            return _too_many(response)
        if status == 401:
            return Refused(
                f"OpenAlex refused access: {_said(response)}",
                f"{_KEY} is not valid: correct it, or unset it to go by pages"
                if "cursor=" in response.url
                else f"Set {_KEY} to a key; it is free",
            )
        if status in {400, 403, 404}:
            return Refused(f"OpenAlex refused the query: {_said(response)}",
                           "Check filter in [source.openalex] of study.toml")  # fmt: skip
        verdict = super().judge(response)
        if not isinstance(verdict, Good):
            return verdict
        try:
            data = self._data(response)
        except ShapeError:
            return Again("OpenAlex answered with something else than JSON")
        if not isinstance(data, dict) or "meta" not in data or "results" not in data:
            return verdict  # `follow` says which field is missing
        found = _place(data)
        meta = response.meta
        before, page = meta.get("before", 0), meta.get("page", 0)
        if page and found.page not in {None, page}:
            return Again(f"OpenAlex sent page {found.page} for page {page}")
        if not page and found.cursor and found.cursor == meta.get("cursor"):
            return Again("OpenAlex sent the page before once more")
        first, _, last = str(meta.get("window", "/")).partition("/")
        patient = meta.get("tries", 0) < _PATIENCE
        if patient and found.day and not first <= found.day <= (last or found.day):
            return Again("OpenAlex sent works of another window")
        due = min(self.PAGE, found.total - before) if page else int(bool(found.cursor))
        # A page that stays short is what the source has; `follow` writes it down.
        if found.here < due and before < found.total and (not found.here or patient):
            return Again(f"OpenAlex sent {found.here} works, {before} of {found.total} in")
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Next page; or the parts of a window at the cap: days, then kinds of works."""
        meta = response.meta
        data = self._data(response)
        need(need(data, "meta", dict, response.url), "count", int, response.url)
        need(data, "results", list, response.url)
        days, asked = Days.read(meta["window"]), meta["asked"]
        count, here, cursor, *_more = _place(self._data(response))
        reached = meta["before"] + here
        if not meta["page"]:
            # After the last full page comes an empty one without a cursor.
            if cursor and here and cursor != meta["cursor"]:
                yield self._cursor(days, asked, cursor, reached)
            return
        page, parts = meta["page"], meta["parts"]
        if page == 1 and count >= self.CAP:
            if halves := days.halves():
                yield from (self._page(half, asked, parts, 1) for half in halves)
                return
            taken = ",".join([asked, *parts])
            if key := next((key for key in _KEYS if f"{key}:" not in taken), None):
                for value in ("true", "false"):
                    yield self._page(days, asked, [*parts, f"{key}:{value}"], 1)
                return
        short = min(self.PAGE, count - meta["before"]) - here
        if here and short > 0:
            yield Incomplete(f"{days}, page {page}", count, count - short)
        if here and page * self.PAGE < min(count, self.CAP):
            yield self._page(days, asked, parts, page + 1)
        elif count > self.CAP:
            yield Incomplete(", ".join([str(days), *parts]), count, self.CAP)

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The key as a header, so that no address holds it."""
        key = secrets.get(_KEY)
        return {"Authorization": f"Bearer {key}"} if key else {}

    def cost(self, request: scrapy.Request) -> float:
        """Credits: 10 where the filter searches in texts, else 1 a list page."""
        return 10.0 if ".search" in request.url else 1.0

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one page of works, or a single work.

        Title pages, errata and the like are left out; a work that cannot be read is `Bad`.

        Raises:
            ShapeError: no page of works, or a field is missing from all of them.
        """
        url = response.url
        data = read_json(response)
        works = [data] if isinstance(data, dict) and "meta" not in data and "id" in data else None
        if works is None:
            need(need(data, "meta", dict, url), "count", int, url)
            works = need(data, "results", list, url)
        name = (_openalex_work.lacking(works) or _lacking(works)) if works else None
        if name:
            raise unknown(f"the field {name!r} is missing from all {len(works)} works", url)
        for row, work in enumerate(works, start=1):
            try:
                if not isinstance(work, dict) or _openalex_work.is_result(work):
                    found = list(_openalex_work.records(work, row))
                    if found[0].data["paper_id"] != _openalex_work.TOMBSTONE:
                        yield from found
            except RecordError as error:
                yield Bad("papers", error.what, raw(work), row)


def _lacking(works: list[Any]) -> str | None:
    return next((name for name in ("cited_by_count", "abstract_inverted_index")
                 if not any(isinstance(work, dict) and name in work for work in works)),
                None)  # fmt: skip


class _Place(NamedTuple):
    """Works found and here, cursor to the next page, number of the page, day of the first work."""

    total: int = 0
    here: int = 0
    cursor: str = ""
    page: int | None = None
    day: str = ""


def _place(data: Any) -> _Place:
    meta = data.get("meta") if isinstance(data, dict) else None
    if not isinstance(meta, dict):
        return _Place()
    count, page, cursor = meta.get("count"), meta.get("page"), meta.get("next_cursor")
    results = data.get("results")
    first = results[0] if isinstance(results, list) and results else None
    day = first.get("publication_date") if isinstance(first, dict) else None
    return _Place(
        count if type(count) is int else 0,
        len(results) if isinstance(results, list) else 0,
        cursor if isinstance(cursor, str) else "",
        page if type(page) is int else None,
        day if isinstance(day, str) else "",
    )


def _body(response: Response) -> dict[str, Any]:
    try:
        data = read_json(response)
    except ShapeError:
        return {}
    return data if isinstance(data, dict) else {}


def _said(response: Response) -> str:
    """The reason in an error's body, shortened; it never repeats the key."""
    body = _body(response)
    text = ": ".join(str(body[name]) for name in ("error", "message") if body.get(name))
    return " ".join(text.split())[:150] or f"HTTP {response.status}"


def _number(value: Any) -> float | None:
    return float(value) if type(value) in {int, float} and abs(value) < 1e9 else None


def _too_many(response: Response) -> Verdict:
    """Throttled by the second, out of budget for the day, or never to be had without a plan."""
    body, said = _body(response), _said(response)
    if "plan upgrade" in said.lower():
        return Refused(f"OpenAlex refused the query: {said}",
                       "Leave out filters on days of update and creation")  # fmt: skip
    wait = retry_after(response)
    if wait is None:
        wait = _number(body.get("retryAfter"))
    reset = header(response, "X-RateLimit-Reset").strip()
    midnight = float(reset) if reset.isdecimal() and len(reset) < 7 else None
    left, needed = _number(body.get("creditsRemaining")), _number(body.get("creditsRequired"))
    gone = (
        header(response, "X-RateLimit-Remaining").strip() == "0"
        or (left is not None and left < (needed or 1.0))
        or (wait is not None and wait > _LONG)
    )
    if gone:
        return Spent("OpenAlex's credits of the day are used up",
                     midnight or wait or _to_midnight(response))  # fmt: skip
    return Again(f"OpenAlex: {said}", wait)


def _to_midnight(response: Response) -> float:
    """Seconds to the next midnight UTC by the server's clock; a day when it gives none."""
    try:
        now = email.utils.parsedate_to_datetime(header(response, "Date")).astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        return _DAY
    return _DAY - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
