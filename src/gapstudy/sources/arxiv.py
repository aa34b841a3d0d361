"""arXiv by its query interface: preprints by the day of their first version, as Atom."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from gapstudy.errors import RecordError
from gapstudy.sources import _arxiv
from gapstudy.sources._answers import Again, Good, Refused, Verdict
from gapstudy.sources._arxiv import Paper, inner
from gapstudy.sources._days import Days
from gapstudy.sources._shape import read_xml, unknown
from gapstudy.sources.base import Ask, Bad, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from lxml import etree
    from scrapy.http import Response

API = "https://export.arxiv.org/api/query"
ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
#: Identifiers that stand for an error in place of a paper.
_ERRORS = "arxiv.org/api/errors"
_TOTAL = re.compile(rb"<(?:\w+:)?totalResults[^>]*>\s*(\d{1,12})\s*<")
_START = re.compile(rb"<(?:\w+:)?startIndex[^>]*>\s*(\d{1,12})\s*<")
_ENTRY = re.compile(rb"<(?:\w+:)?entry[\s>]")
_PUBLISHED = re.compile(rb"<(?:\w+:)?published>\s*(\d{4}-\d\d-\d\d)")
#: Times that an answer that cannot be right is asked for again.
_PATIENCE = 3
_ABOUT = re.compile(r"https?://(?:www\.|export\.)?arxiv\.org/abs/(\S+)")


class Arxiv(Source):
    """arXiv preprints of chosen categories, by the time of their first version (`published`).

    The feed exists in two styles, before and after November 2025; both are read by namespace.
    That a query answers with at most 10,000 papers is reported, not documented (30,000 is), and so
    is the form of the window `submittedDate`: neither is confirmed.
    """

    name = "arxiv"
    TITLE = "arXiv, query interface"
    GIVES = ("papers", "paper_affiliations")
    LICENCE = "CC0-1.0 (metadata)"
    #: One request in 3 s over one connection, for all interfaces and machines together: the terms
    #: of use. About 350 papers a day enter the categories of artificial intelligence: an order of
    #: magnitude from arXiv's monthly counts. Recorded entries have 2,300 bytes.
    CARD = Card(
        hosts=("export.arxiv.org",), delay=3.0, concurrency=1, group="arxiv", overlap=7,
        per_day=350, page=500, answer_bytes=1_150_000,
    )  # fmt: skip
    OPTIONS: ClassVar[Mapping[str, Any]] = {"categories": _arxiv.AI}
    #: Papers that one query reaches, and in one answer (2,000 are allowed).
    CAP = 10_000
    PAGE = 500

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """A unit is half a month: a whole one came near the cap in 2025.

        Raises:
            StudyError: the option `categories` is not a list of categories.
        """
        wanted = list(_arxiv.categories(ask.options.get("categories", _arxiv.AI)))
        for month in Days(ask.first, ask.last).months():
            halves = month.halves() if (month.last - month.first).days > 16 else None
            for days in halves or (month,):
                yield self._page(days, wanted, [])

    def _page(
        self, days: Days, wanted: list[str], without: list[str], start: int = 0
    ) -> scrapy.Request:
        either = " OR ".join(f"cat:{name}" for name in wanted)
        not_in = "".join(f" ANDNOT cat:{name}" for name in without)
        # To the next midnight: whether the minute 23:59 holds its last second is not documented.
        end = days.last + dt.timedelta(days=1)
        query = urlencode({
            "search_query": f"({either}){not_in} AND "
                            f"submittedDate:[{days.first:%Y%m%d}0000 TO {end:%Y%m%d}0000]",
            "sortBy": "submittedDate", "sortOrder": "ascending",
            "start": start, "max_results": min(self.PAGE, self.CAP - start),
        })  # fmt: skip
        return self.get(
            f"{API}?{query}", window=str(days), wanted=wanted, without=without, start=start
        )

    def judge(self, response: Response) -> Verdict:
        """An error comes as a feed of one entry; an empty feed before the end is a gap."""
        body = response.body
        if _ERRORS.encode() in body:
            found = re.search(rb"<summary[^>]*>(.{0,150})", body, re.DOTALL)
            said = found[1].partition(b"<")[0].decode("utf-8", "replace") if found else "no reason"
            return Refused(f"arXiv refused the query: {_arxiv.flat(said)}",
                           "Check the categories in [source.arxiv] of study.toml")  # fmt: skip
        verdict = super().judge(response)
        if not isinstance(verdict, Good):
            return verdict
        if not _arxiv.is_xml(response):
            return Again("arXiv answered with something else than a whole feed")
        total, here = self._counts(response)
        start = response.meta.get("start", 0)
        index = _START.search(body)
        if index and "start" in response.meta and int(index[1]) != start:
            return Again(f"arXiv sent the feed from {int(index[1])}, not from {start}")
        if total is not None and not here and total > start:
            return Again(f"arXiv sent an empty feed, {start} of {total} papers in")
        # What stays so is what the source has.
        if response.meta.get("tries", 0) < _PATIENCE and _elsewhere(response):
            return Again("arXiv sent the feed of another window")
        return verdict

    @staticmethod
    def _counts(response: Response) -> tuple[int | None, int]:
        """Papers that the query finds, None where the feed does not say, and those in the feed."""
        found = _TOTAL.search(response.body)
        return int(found[1]) if found else None, len(_ENTRY.findall(response.body))

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Next page, or the parts of a window over the cap: days, then single categories."""
        meta = response.meta
        total, here = self._counts(response)
        days, start = Days.read(meta["window"]), meta["start"]
        wanted, without = meta["wanted"], meta["without"]
        if total is None:
            return  # `parse` will say what is wrong with it.
        if not start and total >= self.CAP:
            if halves := days.halves():
                yield from (self._page(half, wanted, without) for half in halves)
                return
            if len(wanted) > 1:
                # Each paper once: with the first of its categories.
                for at, one in enumerate(wanted):
                    yield self._page(days, [one], [*without, *wanted[:at]])
                return
        reached = start + here
        if total > self.CAP and reached >= self.CAP:
            yield Incomplete(f"{days} in {', '.join(wanted)}", total, self.CAP)
        elif here and reached < min(total, self.CAP):
            yield self._page(days, wanted, without, reached)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one feed.

        An entry without identifier, title or time of submission is returned as `Bad`.

        Raises:
            ShapeError: not a feed of the query interface, a feed that tells of an error, or a
                field is missing from all entries.
        """
        feed = read_xml(response)
        if feed.tag != f"{ATOM}feed":
            raise unknown(f"an Atom feed was expected, not {str(feed.tag)[:80]!r}", response.url)
        if feed.find(f"{SEARCH}totalResults") is None:
            raise unknown("the field 'opensearch:totalResults' is missing", response.url)
        entries = feed.findall(f"{ATOM}entry")
        for entry in entries:
            if _ERRORS in inner(entry.find(f"{ATOM}id")):
                said = inner(entry.find(f"{ATOM}summary"))[:150]
                raise unknown(f"arXiv reports an error: {said}", response.url)
        needed = {name: f"{ATOM}{name}" for name in ("id", "title", "published")}
        usual = {"summary": f"{ATOM}summary", "author/name": f"{ATOM}author/{ATOM}name"}
        yield from _arxiv.read(entries, needed, usual, _paper, response.url)


def _elsewhere(response: Response) -> bool:
    """Whether the papers of a feed were all submitted outside the window asked for."""
    days = [day.decode() for day in _PUBLISHED.findall(response.body)]
    if not days or "window" not in response.meta:
        return False
    first, _, last = response.meta["window"].partition("/")
    return not any(first <= day <= last for day in days)


def _paper(entry: etree._Element) -> Paper:
    about = _ABOUT.fullmatch(inner(entry.find(f"{ATOM}id")))
    if about is None:
        raise RecordError("the identifier is not an address of arXiv")
    return Paper(
        number=_arxiv.number(about[1]),
        title=inner(entry.find(f"{ATOM}title")),
        abstract=inner(entry.find(f"{ATOM}summary")),
        date=_arxiv.day(_utc_day(inner(entry.find(f"{ATOM}published")))),
        doi=inner(entry.find(f"{ARXIV}doi")),
        venue=inner(entry.find(f"{ARXIV}journal_ref")),
        authors=[
            (
                inner(author.find(f"{ATOM}name")),
                [inner(place) for place in author.findall(f"{ARXIV}affiliation") if inner(place)],
            )
            for author in entry.findall(f"{ATOM}author")
        ],
    )


def _utc_day(text: str) -> str:
    """The day of a time in UTC; older feeds give local time."""
    try:
        time = dt.datetime.fromisoformat(text)
        return (time.astimezone(dt.UTC) if time.tzinfo else time).date().isoformat()
    except (ValueError, OverflowError):
        raise RecordError(f"{text[:80]!r} is not a time") from None
