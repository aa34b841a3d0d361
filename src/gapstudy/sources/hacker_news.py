"""Hacker News: Show HN posts, by the search service of Algolia."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from gapstudy.sources._ai_words import WORDS, about_ai, plain
from gapstudy.sources._answers import Again, Good, Verdict
from gapstudy.sources._days import Days
from gapstudy.sources._launches import (
    BLANK,
    arxiv_ids,
    count_of,
    epoch_day,
    number_of,
    options,
    peek,
    raw,
    references,
    some_have,
    text_of,
    web_host,
)
from gapstudy.sources._shape import need, read_json
from gapstudy.sources.base import Ask, Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

ADDRESS = "https://hn.algolia.com/api/v1/search_by_date"
#: Hits that can be had of one query, and the most in one answer.
CEILING = 1000
#: Parts into which a window is split at most at once.
_PARTS = 32
#: "Show HN: Name – what it does": a dash between blanks, or a colon and a blank.
_SHOW = re.compile(r"^show hn ?[:–—-] ?", re.IGNORECASE)
_PAUSE = re.compile(r"\s+[–—-]+\s+|\s+\|\s+|:\s+")


class HackerNews(Source):
    """Show HN posts: makers show what they have made.

    Which of them are about AI is a rule of words of ours (`_ai_words`), on title and text; the
    option `words` replaces them, `[]` takes every post. All posts are stored whatever the rule, so
    another rule needs no new crawl.

    A title "Show HN: Name – tagline" is split at its first dash, bar or colon; without one the
    whole is the name. A post has no country, and its web address tells of no organisation.

    Windows are half-open in whole seconds. The number of hits that the service reports is inexact,
    so a window that comes near the ceiling is split as well, down to one second.
    """

    name = "hacker_news"
    TITLE = "Hacker News: Show HN"
    GIVES = ("products", "product_references")
    LICENCE = "Hacker News data of Y Combinator; attribution is asked for"
    REGION_BASIS = "none"
    # 10,000 requests an hour from one address, as users of the service report. A recorded post
    # with its highlighted fields takes 0.9 KB; 130 a day, with text, are a guess.
    CARD = Card(
        hosts=("hn.algolia.com",),
        delay=1.0,
        budgets=(Budget(10_000, 3600),),
        overlap=14,
        per_day=130,
        page=500,
        answer_bytes=600_000,
    )
    OPTIONS: ClassVar[Mapping[str, Any]] = {"words": list(WORDS)}

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """One unit for each month."""
        for days in Days(ask.first, ask.last).months():
            yield self._window(_midnight(days.first), _midnight(days.last + dt.timedelta(days=1)))

    def _window(self, since: int, until: int, page: int = 0) -> scrapy.Request:
        query = {
            "tags": "show_hn",
            "numericFilters": f"created_at_i>={since},created_at_i<{until}",
            "hitsPerPage": CEILING,
            "page": page,
        }
        return self.get(f"{ADDRESS}?{urlencode(query)}", since=since, until=until, page=page)

    def judge(self, response: Response) -> Verdict:
        """No JSON, or an empty page in the middle of a result set, is a passing fault."""
        verdict = super().judge(response)
        if not isinstance(verdict, Good):
            return verdict
        data, fault = peek(response)
        if fault:
            return Again(fault)
        if isinstance(data, dict) and data.get("hits") == []:
            total, pages = data.get("nbHits"), data.get("nbPages")
            if _positive(total) and _positive(pages) and response.meta.get("page", 0) < pages:
                return Again(f"an empty page although {total} hits are reported")
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Parts of a window that is over the ceiling; further pages where the answer was cut."""
        since, until, page = (int(response.meta[name]) for name in ("since", "until", "page"))
        data = read_json(response)
        total = need(data, "nbHits", int, response.url)
        pages = need(data, "nbPages", int, response.url)
        hits = need(data, "hits", list, response.url)
        per_page = data.get("hitsPerPage")
        per_page = per_page if _positive(per_page) else CEILING
        reach = pages * per_page
        over = max(total, len(hits)) >= CEILING or total > reach or (pages > 1 and reach >= CEILING)
        if over and page == 0 and until - since > 1:
            yield from self._split(since, until, total)
            return
        if over and page == 0:
            yield Incomplete(f"Show HN at {_moment(since)}", max(total, len(hits)), CEILING)
        if page + 1 < pages:
            yield self._window(since, until, page + 1)

    def _split(self, since: int, until: int, total: int) -> Iterator[scrapy.Request]:
        # As many parts as bring each to half the ceiling, but at least two: fewer answers are
        # thrown away than by halving.
        parts = min(max(2, math.ceil(total / (CEILING / 2))), _PARTS, until - since)
        edges = [since + (until - since) * part // parts for part in range(parts + 1)]
        for first, last in itertools.pairwise(edges):
            yield self._window(first, last)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Posts of one answer that are about AI.

        Raises:
            ShapeError: not JSON, or a field is missing in the envelope or in every post.
        """
        hits = need(read_json(response), "hits", list, response.url)
        some_have(hits, ("objectID", "title", "created_at_i", "_tags"), "hit", response.url)
        words = options(self)["words"]
        for row, hit in enumerate(hits, start=1):
            try:
                found = _product(hit)
            except ValueError as error:
                yield Bad("products", str(error), raw(hit), row)
                continue
            if found is None or not about_ai((found["title"], found["description"]), words):
                continue
            yield Record("products", found, row)
            named = arxiv_ids(f"{found['description']} {found['website']}")
            yield from references(
                found["product_id"], ((number, number, None) for number in named), row
            )


def _product(hit: Any) -> dict[str, Any] | None:
    """The row of `products`; None for a post that is no Show HN."""
    if not isinstance(hit, dict):
        raise ValueError(f"the hit is {type(hit).__name__}, not an object")
    tags = hit.get("_tags")
    if not isinstance(tags, list):
        raise ValueError("the field '_tags' is missing or no list")
    if "show_hn" not in tags:
        return None
    number = text_of(hit, "objectID", needed=True)
    title = plain(text_of(hit, "title", needed=True))
    shown = _SHOW.sub("", title, count=1).strip() or title
    named, *tagline = _PAUSE.split(shown, maxsplit=1)
    website = text_of(hit, "url")
    texts = (*tagline, plain(text_of(hit, "story_text")))
    return {
        **BLANK,
        "product_id": f"hn:{number}",
        "name": named if named.strip() else shown,
        "title": title,
        "date": epoch_day(number_of(hit, "created_at_i")),
        "date_meaning": "announcement",
        "kind": "product",
        "description": "\n\n".join(part for part in texts if part),
        "website": website if web_host(website) else "",
        "popularity": count_of(hit, "points"),
        "evidence": f"https://news.ycombinator.com/item?id={number}",
    }


def _positive(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _midnight(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp())


def _moment(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
