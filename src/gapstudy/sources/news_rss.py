"""News and press feeds: what was announced, from now on."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from gapstudy.sources._ai_words import WORDS, about_ai, plain
from gapstudy.sources._answers import Again, Good, Refused, Verdict
from gapstudy.sources._launches import BLANK, iso_day, options, utc_day, web_host
from gapstudy.sources._shape import read_xml, unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Record, Source

if TYPE_CHECKING:
    import scrapy
    from lxml import etree
    from scrapy.http import Response

#: Feeds by default. Their addresses stand in many public programs; no answer was recorded.
FEEDS = (
    {"url": "https://techcrunch.com/category/artificial-intelligence/feed/"},
    {"url": "https://www.eu-startups.com/feed/"},
    {"url": "https://tech.eu/feed/"},
    {"url": "https://openai.com/news/rss.xml", "organisation": "OpenAI"},
)
#: Characters of an entry's text that are kept: the texts are under copyright.
EXCERPT = 300
#: Hours from UTC of zones that the standard library does not know; it knows those of America.
_ZONES = {
    "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
}  # fmt: skip
_ZONE = re.compile(r"\s([A-Z]{3,4})\s*$")
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)


class NewsRss(Source):
    """Entries of RSS 2.0 and Atom feeds that are about AI.

    A feed shows its newest entries only, so this source looks forward: what was announced before
    the first crawl is not in it, and a crawl that comes too late misses entries. Which entries are
    about AI is a rule of words of ours (`_ai_words`), on title, text and categories; the option
    `words` replaces them.

    An entry is the announcement of something, under its headline; whether there is a product
    behind it, the feed does not say. Kept are title, address, date and an excerpt. Entries are told
    apart by their `guid` (Atom `id`), since addresses change.

    The option `feeds` lists feeds: `url`, and `organisation` where it is that organisation's own
    press feed.
    """

    name = "news_rss"
    TITLE = "News and press feeds"
    GIVES = ("products",)
    LICENCE = "Copyrighted text: only title, address, date and a short excerpt are kept"
    REGION_BASIS = "none"
    # A feed holds 10 to 30 entries, each with its whole text at most some 10 KB.
    CARD = Card(
        hosts=tuple(dict.fromkeys(urlsplit(feed["url"]).hostname or "" for feed in FEEDS)),
        delay=5.0,
        budgets=(Budget(200, 3600),),
        robots=True,
        overlap=0,
        max_bytes=16 << 20,
        per_day=20,
        page=20,
        answer_bytes=100_000,
    )
    OPTIONS: ClassVar[Mapping[str, Any]] = {"feeds": list(FEEDS), "words": list(WORDS)}

    @classmethod
    def hosts(cls, options: Mapping[str, Any]) -> tuple[str, ...]:
        """The hosts of the feeds that the study names."""
        feeds = options.get("feeds", FEEDS)
        return tuple(dict.fromkeys(urlsplit(feed["url"]).hostname or "" for feed in feeds))

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """Each feed is a unit."""
        for feed in {**self.OPTIONS, **ask.options}["feeds"]:
            yield self.get(feed["url"])

    def judge(self, response: Response) -> Verdict:
        """A page of HTML in place of a feed is a block; a feed that is cut off passes."""
        verdict = super().judge(response)
        if isinstance(verdict, Refused):
            return replace(verdict, alone=True)
        if not isinstance(verdict, Good):
            return verdict
        if _HTML.match(response.body[:4096]):
            return Refused(f"{urlsplit(response.url).hostname} answers with a page, not a feed",
                           "Look whether it still has this feed, or take it out",
                           alone=True)  # fmt: skip
        if not response.body.rstrip().endswith(b">"):
            return Again("a feed that is cut off")
        return verdict

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Entries of one feed.

        Raises:
            ShapeError: not XML, neither RSS nor Atom, or a field is missing in every entry.
        """
        root = read_xml(response)
        kind = _local(root)
        if kind not in {"rss", "feed"}:
            raise unknown(f"the root element is {kind!r}, neither 'rss' nor 'feed'", response.url)
        if kind == "rss" and _child(root, "channel") is None:
            raise unknown("the element 'channel' is missing", response.url)
        found = "item" if kind == "rss" else "entry"
        entries = [node for node in root.iter() if _local(node) == found]
        for names in (("title",), ("link", "guid"), ("pubDate", "date", "published", "updated")):
            if entries and all(_first(entry, names) is None for entry in entries):
                raise unknown(f"the element {names[0]!r} is missing in every entry", response.url)
        settings = options(self)
        owners = {feed["url"]: feed.get("organisation", "") for feed in settings["feeds"]}
        seen: set[str] = set()
        for row, entry in enumerate(entries, start=1):
            try:
                product, texts = _product(entry, owners.get(response.url, ""))
            except ValueError as error:
                yield Bad("products", str(error), _written(entry), row)
                continue
            if product["product_id"] not in seen and about_ai(texts, settings["words"]):
                seen.add(product["product_id"])
                yield Record("products", product, row)


def _product(entry: etree._Element, organisation: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The row of `products` and the texts that the rule of words reads."""
    title = plain(_text(entry, "title"))
    if not title:
        raise ValueError("the title is missing")
    address = _address(entry)
    if not web_host(address):
        raise ValueError(f"the link {address[:80]!r} is no web address")
    number = _text(entry, "guid", "id") or address
    if "://" not in number and not number.startswith("tag:"):
        number = f"{web_host(address)}:{number}"
    said = plain(_text(entry, "description", "summary", "encoded", "content"))
    labels = [_label(node) for node in entry if _local(node) == "category"]
    return {
        **BLANK,
        "product_id": f"news:{number}",
        "name": title,
        "organisation": organisation,
        "date": _day(_text(entry, "pubDate", "published", "date", "updated")),
        "date_meaning": "announcement",
        "kind": "product",
        "description": said if len(said) <= EXCERPT else said[: EXCERPT - 1].rstrip() + "…",
        "evidence": address,
    }, (title, said, *labels)


def _day(text: str) -> str:
    """The day (UTC) of a moment in the form of RFC 822 or ISO 8601.

    A zone that is not known leaves the day as written.
    """
    if not text:
        raise ValueError("the date is missing")
    if text[:4].isdigit():
        return iso_day(text)
    hours = 0
    if zone := _ZONE.search(text):
        hours = _ZONES.get(zone[1], 0)
    try:
        parts = email.utils.parsedate_tz(text)
        if parts is None:
            raise ValueError
        offset = parts[9] or hours * 3600
        moment = dt.datetime(*parts[:6], tzinfo=dt.timezone(dt.timedelta(seconds=offset)))
    except (ValueError, IndexError, TypeError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a date") from None
    return utc_day(moment)


def _local(node: etree._Element) -> str:
    """Name of an element without its namespace."""
    return str(node.tag).rpartition("}")[2]


def _child(node: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in node if _local(child) == name), None)


def _first(entry: etree._Element, names: tuple[str, ...]) -> etree._Element | None:
    return next((node for name in names if (node := _child(entry, name)) is not None), None)


def _text(entry: etree._Element, *names: str) -> str:
    """Text of the first of these elements that has any."""
    for name in names:
        for node in entry:
            if _local(node) == name and (text := "".join(node.itertext()).strip()):
                return text
    return ""


def _address(entry: etree._Element) -> str:
    """The page of an entry: RSS has it as text, Atom as an attribute, a guid may be one too."""
    links = [node for node in entry if _local(node) == "link"]
    for node in links:
        if node.get("href") and node.get("rel", "alternate") == "alternate":
            return str(node.get("href")).strip()
    for node in links:
        if text := "".join(node.itertext()).strip():
            return text
    return _text(entry, "guid")


def _label(node: etree._Element) -> str:
    return plain(node.get("label") or node.get("term") or "".join(node.itertext()))


def _written(entry: etree._Element) -> str:
    from lxml import etree

    return str(etree.tostring(entry, encoding="unicode", with_tail=False))
