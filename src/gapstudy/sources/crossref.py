"""Crossref: dates, venues and affiliations of papers whose DOI is known."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, unquote

from gapstudy.dates import parse_date
from gapstudy.errors import RecordError, ShapeError
from gapstudy.sources._answers import Again, Good, Refused, Verdict, header
from gapstudy.sources._days import Days
from gapstudy.sources._raw import raw
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources.base import Ask, Bad, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

WORKS = "https://api.crossref.org/works"
SELECT = "DOI,title,container-title,type,author,issued,abstract,is-referenced-by-count"
#: Fields that every work has, if only as `[[null]]`.
_ALWAYS = ("DOI", "issued")
#: Fields that one work may lack, but not so many.
_USUAL, _MANY = ("title", "author"), 20
#: Filters that every work passes with exactly one of 0 and 1: they split a day over the cap.
_KEYS = ("has-references", "has-orcid", "has-affiliation", "has-license", "has-abstract")
#: Times that an answer that cannot be right is asked for again.
_PATIENCE = 3
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_INTERVAL = re.compile(r"(\d{1,6})\s*s?", re.ASCII)
_MEANINGS = {
    "journal-article": "journal", "proceedings-article": "proceedings",
    "posted-content": "preprint",
}  # fmt: skip
_YEARS = range(1900, 2101)


class Crossref(Source):
    """Papers that Crossref registers, looked up by DOI; by windows too when `filter` is set.

    Windows are paged by `offset`, which reaches 10,000 works, and split below that; never by
    cursor: Crossref gives the same cursor, so the same address, for page after page, which an
    archive could not tell apart, and it lapses within minutes. Affiliations are free text; of a
    country nothing is said. The order `created` never changes: what is added comes last.
    """

    name = "crossref"
    TITLE = "Crossref"
    GIVES = ("papers", "paper_affiliations")
    LICENCE = "Crossref claims no rights in the metadata; abstracts may be the publisher's"
    WANTS = "doi"
    #: The public pool answers 5 requests a second, one at a time; headers recorded in June 2026.
    #: Recorded works, cut to the fields asked for, have 600 bytes; those with abstract and
    #: affiliations two to three times as many.
    CARD = Card(
        hosts=("api.crossref.org",), delay=0.2, concurrency=1, overlap=30, page=50,
        answer_bytes=75_000,
    )  # fmt: skip
    OPTIONS: ClassVar[Mapping[str, Any]] = {"filter": ""}
    #: DOIs in one request, and bytes of its address.
    BATCH = 50
    URL_BYTES = 4_000
    #: Works that a query reaches, and in one answer (1,000 are allowed).
    CAP = 10_000
    PAGE = 500

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """A unit is a batch of DOIs, or one calendar month where a filter is set."""
        yield from self._look_up(ask.wanted)
        if asked := str(ask.options.get("filter") or "").strip():
            for month in Days(ask.first, ask.last).months():
                yield self._page(month, asked, [])

    def _look_up(self, wanted: tuple[str, ...]) -> Iterator[scrapy.Request]:
        batch: list[str] = []
        for doi in dict.fromkeys(map(_doi, wanted)):
            if "," in doi:
                # A comma would end the value of the filter.
                yield self.get(f"{WORKS}/{quote(doi, safe='')}", rows=1)
            elif doi:
                if len(batch) == self.BATCH or len(self._batch([*batch, doi])) > self.URL_BYTES:
                    yield self.get(self._batch(batch), rows=len(batch))
                    batch = []
                batch.append(doi)
        if batch:
            yield self.get(self._batch(batch), rows=len(batch))

    @staticmethod
    def _batch(dois: list[str]) -> str:
        either = ",".join(f"doi:{quote(doi, safe='/:')}" for doi in dois)
        return f"{WORKS}?filter={either}&select={SELECT}&rows={len(dois)}"

    def _page(self, days: Days, asked: str, parts: list[str], offset: int = 0) -> scrapy.Request:
        window = f"from-pub-date:{days.first},until-pub-date:{days.last}"
        filters = quote(",".join([asked, window, *parts]), safe=",:/")
        url = (f"{WORKS}?filter={filters}&select={SELECT}&sort=created&order=asc"
               f"&rows={self.PAGE}&offset={offset}")  # fmt: skip
        return self.get(url, window=str(days), asked=asked, parts=parts, offset=offset,
                        rows=self.PAGE)  # fmt: skip

    def judge(self, response: Response) -> Verdict:
        """A DOI that Crossref does not know is an answer; a refusal tells its reason."""
        path = response.url.partition("?")[0]
        if response.status == 404 and path.startswith(f"{WORKS}/"):
            return Good()
        if response.status in {400, 404}:
            return Refused(f"Crossref refused the query: {_reason(response)}",
                           "Check filter in [source.crossref] of study.toml")  # fmt: skip
        verdict = super().judge(response)
        if not isinstance(verdict, Good):
            return verdict
        try:
            data = read_json(response)
        except ShapeError:
            return Again("Crossref answered with something else than JSON")
        total, here = _counts(data)
        meta = response.meta
        due = min(total - meta.get("offset", 0), meta.get("rows", 0))
        # A page that stays short is what the source has; `follow` writes it down.
        if here < due and (not here or meta.get("tries", 0) < _PATIENCE):
            return Again(f"Crossref sent {here} works where {due} were due")
        if meta.get("tries", 0) < _PATIENCE and not _asked(data, unquote(response.url).lower()):
            return Again("Crossref sent works that were not asked for")
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Next page of a window, or its parts when it is over the cap."""
        meta = response.meta
        if "window" not in meta:
            return
        days, asked, parts = Days.read(meta["window"]), meta["asked"], meta["parts"]
        total, here = _counts(read_json(response))
        if total > self.CAP and not meta["offset"]:
            if halves := days.halves():
                yield from (self._page(half, asked, parts) for half in halves)
                return
            taken = ",".join([asked, *parts])
            if key := next((key for key in _KEYS if f"{key}:" not in taken), None):
                for value in (0, 1):
                    yield self._page(days, asked, [*parts, f"{key}:{value}"])
                return
        if here and (short := min(total - meta["offset"], self.PAGE) - here) > 0:
            yield Incomplete(f"{days}, from work {meta['offset']}", total, total - short)
        offset = meta["offset"] + self.PAGE
        if offset < min(total, self.CAP):
            yield self._page(days, asked, parts, offset)
        elif total > self.CAP:
            yield Incomplete(", ".join([str(days), *parts]), total, self.CAP)

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The contact opens the polite pool; in the header, so that no address holds it."""
        agent, contact = secrets.get("agent", ""), secrets.get("contact", "")
        return {"User-Agent": f"{agent} (mailto:{contact})".strip()} if "@" in contact else {}

    def pace(self, response: Response) -> float | None:
        """Seconds between requests that the pool's headers allow."""
        limit = header(response, "x-rate-limit-limit").strip()
        interval = _INTERVAL.fullmatch(header(response, "x-rate-limit-interval").strip())
        if interval is None or not re.fullmatch(r"[1-9]\d{0,6}", limit, re.ASCII):
            return None
        return int(interval[1]) / int(limit)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read a list of works, or one work; an unknown DOI gives nothing.

        A work without title or date of publication is returned as `Bad`: Crossref leaves both out
        where the publisher did.

        Raises:
            ShapeError: another kind of answer, or a field that every work has is missing from all.
        """
        url = response.url
        if response.status == 404 or response.body.strip() == b"Resource not found.":
            return
        works = _works(read_json(response), url)
        for name in (*_ALWAYS, *(_USUAL if len(works) >= _MANY else ())):
            if works and not any(isinstance(work, dict) and name in work for work in works):
                raise unknown(f"the field {name!r} is missing from all {len(works)} works", url)
        for row, work in enumerate(works, start=1):
            try:
                yield from list(_records(work, row))
            except RecordError as error:
                yield Bad("papers", error.what, raw(work), row)


def _doi(text: str) -> str:
    match = _DOI.search(text.strip().lower())
    return match[0] if match else ""


def _reason(response: Response) -> str:
    try:
        message = read_json(response)["message"]
        found = "; ".join(f"{one['type']}: {one['message']}" for one in message)
    except (ShapeError, LookupError, TypeError):
        found = response.body[:150].decode("utf-8", "replace")
    return " ".join(found.split())[:150]


def _counts(data: Any) -> tuple[int, int]:
    """Works that the query finds, and those in the answer; both 0 in an unknown shape."""
    message = data.get("message") if isinstance(data, dict) else None
    if not isinstance(message, dict):
        return 0, 0
    total, items = message.get("total-results"), message.get("items")
    return (total if type(total) is int else 0), (len(items) if isinstance(items, list) else 0)


def _asked(data: Any, url: str) -> bool:
    """Whether a batch holds a work that was asked for; true of all other answers."""
    message = data.get("message") if isinstance(data, dict) else None
    items = message.get("items") if isinstance(message, dict) else None
    if "filter=doi:" not in url or not isinstance(items, list) or not items:
        return True
    return any(isinstance(one, dict) and str(one.get("DOI")).lower() in url for one in items)


def _works(data: Any, url: str) -> list[Any]:
    kind = need(data, "message-type", str, url)
    message = need(data, "message", dict, url)
    if kind == "work":
        return [message]
    if kind != "work-list":
        raise unknown(f"the field 'message-type' is {kind[:80]!r}, not 'work-list'", url)
    need(message, "total-results", int, url)
    return need(message, "items", list, url)


def _records(work: Any, row: int) -> Iterator[Record]:
    if not isinstance(work, dict):
        raise RecordError(f"a work was expected, not {type(work).__name__}")
    doi = _doi(_text(work, "DOI"))
    if not doi:
        raise RecordError("DOI: there is none")
    title = _plain(_first(work, "title"))
    if not title:
        raise RecordError("title: there is none")
    date = _date(work)
    cited = work.get("is-referenced-by-count")
    if cited is not None and not (type(cited) is int and 0 <= cited < 1 << 31):
        raise RecordError("is-referenced-by-count: not a count")
    yield Record("papers", {
        "paper_id": f"doi:{doi}", "title": title, "abstract": _plain(_text(work, "abstract")),
        "date": date, "date_precision": parse_date(date).precision,
        "date_meaning": _MEANINGS.get(_text(work, "type"), "release"),
        "doi": doi, "venue": _plain(_first(work, "container-title")), "frame": "feed",
        "cited_by": cited, "evidence": f"https://doi.org/{quote(doi, safe='/:;()')}",
    }, row)  # fmt: skip
    position = 0
    for author, one in enumerate(_list(work, "author"), start=1):
        named = " ".join(filter(None, (_text(one, "given"), _text(one, "family"))))
        places = [_text(place, "name") for place in _list(one, "affiliation")]
        for place in list(filter(None, places)) or [""]:
            position += 1
            yield Record("paper_affiliations", {
                "paper_id": f"doi:{doi}", "position": position, "author": author,
                "author_name": named or _text(one, "name"), "organisation": place,
                "region_basis": "none",
            }, row)  # fmt: skip


def _text(data: Any, name: str) -> str:
    """A text field, flat; empty when it is absent or null."""
    if not isinstance(data, dict):
        raise RecordError(f"{name}: an object was expected around it")
    value = data.get(name)
    if not isinstance(value, str | None):
        raise RecordError(f"{name}: not a text")
    return " ".join((value or "").split())


def _list(data: dict[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    if not isinstance(value, list | None):
        raise RecordError(f"{name}: not a list")
    return value or []


def _first(data: dict[str, Any], name: str) -> str:
    """The first of a list of texts; empty when there is none."""
    value = _list(data, name)
    return _text({name: value[0]}, name) if value else ""


def _plain(text: str) -> str:
    """A text without JATS or HTML tags; `&lt;` is a sign and no tag."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _date(work: dict[str, Any]) -> str:
    """Date of publication as ISO text, as precise as it is given.

    Raises:
        RecordError: none is given (`[[null]]`), or it cannot be one.
    """
    for name in ("issued", "published"):
        value = work.get(name)
        if value is None:
            continue
        try:
            (parts,) = value["date-parts"]
            parts = [part for part in parts if part is not None][:3]
            if not all(type(part) is int for part in parts):
                raise TypeError
        except (LookupError, TypeError, ValueError):
            raise RecordError(f"{name}: date-parts cannot be read") from None
        if parts:
            if parts[0] not in _YEARS or any(not 0 < part < 32 for part in parts[1:]):
                raise RecordError(f"{name}: {str(parts)[:80]} is not a date of publication")
            return parse_date("-".join(f"{part:02d}" for part in parts)).text
    raise RecordError("issued: no date of publication is given")
