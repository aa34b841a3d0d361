"""Product Hunt: launches of products, by its GraphQL service."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

import scrapy

from gapstudy.sources._answers import Again, Good, Refused, Spent, Verdict, header
from gapstudy.sources._launches import (
    BLANK,
    count_of,
    iso_day,
    peek,
    raw,
    some_have,
    text_of,
    web_host,
)
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    from scrapy.http import Response

ADDRESS = "https://api.producthunt.com/v2/api/graphql"
#: Posts of one answer; the service gives no more, whatever is asked [not confirmed].
PAGE = 20
#: No makers (the service blacks them out) and no topics: a list inside a list costs so much that
#: the query would pass the limit of 1,000 points for one query.
QUERY = (
    "query Launches($topic: String, $since: DateTime, $until: DateTime, $first: Int,"
    " $after: String) { posts(topic: $topic, postedAfter: $since, postedBefore: $until,"
    " order: NEWEST, first: $first, after: $after) { totalCount"
    " pageInfo { hasNextPage endCursor } edges { node { id name tagline description slug url"
    " website createdAt featuredAt votesCount commentsCount } } } }"
)
#: Points of one query: a field of a post costs one point [not confirmed].
COST = PAGE * 13 + 10
_FIELDS = ("id", "name", "createdAt", "url", "votesCount")


class ProductHunt(Source):
    """Launches under one topic of Product Hunt, a day at a time.

    The date is `createdAt`, the moment at which the post went up: that is the launch. The field
    `website` is a redirect through Product Hunt, so the maker's address stays unknown unless the
    service gives an outside one. Neither maker nor country is given.

    Not confirmed, and taken either way: whether a window holds its edges (windows overlap by a
    second), the size of a page, and the points that a query costs.
    """

    name = "product_hunt"
    TITLE = "Product Hunt launches"
    GIVES = ("products",)
    LICENCE = "Terms of the Product Hunt API: not commercial unless agreed"
    CREDENTIALS = ("PRODUCT_HUNT_TOKEN",)
    REGION_BASIS = "none"
    # 6,250 points in 15 minutes by the documentation. No answer was recorded: 40 launches a
    # day under the topic and 800 bytes for each are guesses.
    CARD = Card(
        hosts=("api.producthunt.com",),
        delay=2.0,
        budgets=(Budget(6_250, 900, "complexity"),),
        overlap=10,
        per_day=40,
        page=PAGE,
        answer_bytes=17_000,
    )
    OPTIONS: ClassVar[Mapping[str, Any]] = {"topic": "artificial-intelligence"}

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """One unit for each day."""
        topic = {**self.OPTIONS, **ask.options}["topic"] or None
        for number in range((ask.last - ask.first).days + 1):
            yield self._page(topic, ask.first + dt.timedelta(days=number))

    def _page(self, topic: str | None, day: dt.date, after: str | None = None) -> scrapy.Request:
        midnight = dt.datetime.combine(day, dt.time())
        # Both edges lie a second outside the day, for windows that leave out their edges.
        since = midnight - dt.timedelta(seconds=1)
        until = midnight + dt.timedelta(days=1)
        asked = {
            "query": QUERY,
            "variables": {
                "topic": topic,
                "since": f"{since.isoformat()}Z",
                "until": f"{until.isoformat()}Z",
                "first": PAGE,
                "after": after,
            },
        }
        return scrapy.Request(
            ADDRESS,
            method="POST",
            body=json.dumps(asked, sort_keys=True, separators=(",", ":")),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            callback=self.follow,
            meta={"topic": topic, "day": day.isoformat(), "after": after},
            dont_filter=True,
        )

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The developer token."""
        return {"Authorization": f"Bearer {secrets['PRODUCT_HUNT_TOKEN']}"}

    def cost(self, request: scrapy.Request) -> float:
        """Points of one query."""
        del request
        return float(COST)

    def pace(self, response: Response) -> float | None:
        """What is left of the points, spread over the time until there are new ones."""
        left, seconds = _number(response, "Remaining"), _number(response, "Reset")
        if not left or seconds is None:
            return None
        return min(seconds, seconds * COST / left)

    def judge(self, response: Response) -> Verdict:
        """Errors come with HTTP 200, and budgets as errors too: the body decides."""
        data, fault = peek(response)
        if fault and response.status != 429:
            if fault.startswith("HTML") and response.status in {200, 403}:
                return Refused("HTML in place of JSON: a block page", "Ask Product Hunt for access")
            return Again(fault) if response.status < 300 else super().judge(response)
        errors = data.get("errors") if isinstance(data, dict) else None
        if errors:
            return _by_kind(errors, response)
        if response.status == 429:
            return _spent(_number(response, "Reset"))
        verdict = super().judge(response)
        if isinstance(verdict, Good):
            posts = _posts(data)
            if posts.get("edges") == [] and _more(posts):
                return Again("an empty page although more pages are announced")
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """The next page of the day.

        Raises:
            ShapeError: more pages are announced without saying where.
        """
        posts = _posts(read_json(response))
        if not _more(posts):
            return
        cursor = posts["pageInfo"].get("endCursor")
        if not isinstance(cursor, str) or not cursor or cursor == response.meta["after"]:
            raise unknown("the field 'endCursor' leads nowhere", response.url)
        day = dt.date.fromisoformat(response.meta["day"])
        yield self._page(response.meta["topic"], day, cursor)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Posts of one page.

        Raises:
            ShapeError: not JSON, or a field is missing in the envelope or in every post.
        """
        data = need(read_json(response), "data", dict, response.url)
        edges = need(need(data, "posts", dict, response.url), "edges", list, response.url)
        nodes = [edge.get("node") if isinstance(edge, dict) else None for edge in edges]
        some_have(nodes, _FIELDS, "post", response.url)
        for row, node in enumerate(nodes, start=1):
            try:
                yield Record("products", _product(node), row)
            except ValueError as error:
                yield Bad("products", str(error), raw(node), row)


def _product(node: Any) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise ValueError("the edge holds no post")
    number = node.get("id")
    # An identifier is text in GraphQL; numbers are what older answers held.
    if isinstance(number, bool) or not isinstance(number, (str, int)) or number == "":
        raise ValueError("the field 'id' is missing or no identifier")
    website = text_of(node, "website")
    host = web_host(website)
    page = text_of(node, "url", needed=True)
    if not web_host(page):
        raise ValueError("the field 'url' is no web address")
    texts = (text_of(node, "tagline"), text_of(node, "description"))
    return {
        **BLANK,
        "product_id": f"ph:{number}",
        "name": text_of(node, "name", needed=True),
        "date": iso_day(text_of(node, "createdAt", needed=True)),
        "date_meaning": "announcement",
        "kind": "product",
        "description": "\n\n".join(dict.fromkeys(part for part in texts if part)),
        "website": website if host and not _own(host) else "",
        "popularity": count_of(node, "votesCount"),
        # The query part only says which application asked.
        "evidence": urlunsplit((*urlsplit(page)[:3], "", "")),
    }


def _own(host: str) -> bool:
    return host == "producthunt.com" or host.endswith(".producthunt.com")


def _posts(data: Any) -> dict[str, Any]:
    data = data.get("data") if isinstance(data, dict) else None
    posts = data.get("posts") if isinstance(data, dict) else None
    return posts if isinstance(posts, dict) else {}


def _more(posts: dict[str, Any]) -> bool:
    info = posts.get("pageInfo")
    return isinstance(info, dict) and info.get("hasNextPage") is True


def _by_kind(errors: Any, response: Response) -> Verdict:
    """What the first error of a list means."""
    error = errors[0] if isinstance(errors, list) else errors
    error = error if isinstance(error, dict) else {"message": str(error)}
    names = ("error", "message", "error_description")
    said = " ".join(str(error[name]) for name in names if error.get(name))[:200]
    kind = said.lower()
    if "rate_limit" in kind or "rate limit" in kind:
        details = error.get("details")
        seconds = details.get("reset_in") if isinstance(details, dict) else None
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
            seconds = _number(response, "Reset")
        return _spent(seconds)
    if any(word in kind for word in ("oauth", "token", "unauthori", "not authorized", "forbidden")):
        return Refused(said, "Check PRODUCT_HUNT_TOKEN")
    if any(
        word in kind for word in ("timed out", "timeout", "went wrong", "internal", "try again")
    ):
        return Again(said)
    return Refused(
        f"the service does not take the query: {said}",
        "Its schema or its limit for one query has changed; the query must be looked at",
    )


def _spent(seconds: float | None) -> Verdict:
    why = "the points of this quarter of an hour are used up"
    # The budget is never longer away than that; a short time is waited for.
    seconds = min(900.0 if seconds is None else max(seconds, 1.0), 900.0)
    return Again(why, seconds) if seconds <= 60 else Spent(why, seconds)


def _number(response: Response, name: str) -> float | None:
    text = header(response, f"X-Rate-Limit-{name}").strip()
    return float(text) if text.isdigit() and text.isascii() else None
