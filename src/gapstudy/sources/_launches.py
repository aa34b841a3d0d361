"""What the sources of launches share: days, counts, web addresses, papers named in a text."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gapstudy.sources._answers import header
from gapstudy.sources._shape import unknown
from gapstudy.sources.base import Record

if TYPE_CHECKING:
    from scrapy.http import Response

    from gapstudy.sources.base import Source

#: A launch outside these years is an error of its date.
FIRST_YEAR, LAST_YEAR = 1990, 2100
_NUMBER = r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}"
_ARXIV = re.compile(rf"(?i:arxiv\.org/(?:abs|pdf|html)/|\barxiv:\s*)({_NUMBER})(?!\d)")
_ARXIV_NUMBER = re.compile(_NUMBER)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")

#: What a launch post says nothing of; a source writes over it what it knows.
BLANK: Mapping[str, Any] = {
    "feature": "", "organisation": "", "home_country": None, "region_basis": "none",
    "country_rung": "none", "category": "", "website": "", "popularity": None, "entry": "feed",
}  # fmt: skip


def options(source: Source) -> dict[str, Any]:
    """A source's settings: those of the study over its own."""
    return {**source.OPTIONS, **(source.ask.options if source.ask else {})}


def peek(response: Response) -> tuple[Any, str]:
    """The JSON of an answer and no text; else null and what stands in its place."""
    import orjson

    try:
        return orjson.loads(response.body), ""
    except orjson.JSONDecodeError:
        html = response.body.lstrip()[:1] == b"<"
        return None, "HTML in place of JSON" if html else "JSON that is cut off or broken"


def next_page(response: Response) -> str:
    """Address of the next page by the header Link; empty when there is none."""
    for link in header(response, "Link").split(","):
        address, _, relation = link.partition(";")
        if 'rel="next"' in relation:
            return address.strip(" <>")
    return ""


def some_have(items: Sequence[Any], names: Iterable[str], what: str, url: str) -> None:
    """Check that each field is there in at least one of the items, if there are any.

    Raises:
        ShapeError: a field is absent from all of them: the shape has changed.
    """
    for name in names:
        if items and not any(isinstance(item, dict) and name in item for item in items):
            raise unknown(f"the field {name!r} is missing in every {what}", url)


def text_of(item: dict[str, Any], name: str, *, needed: bool = False) -> str:
    """A field of text; empty when it is absent, null or empty.

    Raises:
        ValueError: it is something else, or empty though needed.
    """
    value = item.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise ValueError(f"the field {name!r} is {type(value).__name__}, not text")
    value = value.strip()
    if needed and not value:
        raise ValueError(f"the field {name!r} is missing")
    return value


def number_of(item: dict[str, Any], name: str) -> int:
    """A field that is a whole number, such as an identifier.

    Raises:
        ValueError: it is absent or something else.
    """
    value = item.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"the field {name!r} is missing or not a whole number")
    return value


def count_of(item: dict[str, Any], name: str) -> int | None:
    """A field that counts something; None when it is absent or null.

    Raises:
        ValueError: it is neither a whole number nor null, or below 0.
    """
    if item.get(name) is None:
        return None
    value = number_of(item, name)
    if not 0 <= value < 1 << 63:
        raise ValueError(f"the field {name!r} is out of range")
    return value


def iso_day(text: str) -> str:
    """The day (UTC) of a moment such as 2024-05-17T23:30:00Z.

    Raises:
        ValueError: it is no moment, or in a year that cannot be.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a date") from None
    return utc_day(moment)


def epoch_day(seconds: int) -> str:
    """The day (UTC) of seconds since 1970.

    Raises:
        ValueError: in a year that cannot be.
    """
    try:
        return utc_day(dt.datetime.fromtimestamp(seconds, dt.UTC))
    except (OverflowError, OSError):
        raise ValueError(f"{str(seconds)[:40]} seconds are not a date") from None


def utc_day(moment: dt.datetime) -> str:
    """The day (UTC) of a moment; one without a zone is taken as UTC.

    Raises:
        ValueError: in a year that cannot be.
    """
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year {moment.year} cannot be that of a launch")
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC)
    return moment.date().isoformat()


def web_host(address: str) -> str:
    """Host of a web address, lower case; empty when it is none."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme in {"http", "https"} and "." in host else ""


def arxiv_ids(text: str) -> list[str]:
    """Identifiers of arXiv that a text names, without version, each once."""
    return list(dict.fromkeys(match[1] for match in _ARXIV.finditer(text)))


def is_arxiv_id(text: str) -> bool:
    """Whether a text is an arXiv identifier without version."""
    return _ARXIV_NUMBER.fullmatch(text) is not None


def is_doi(text: str) -> bool:
    """Whether a text is a DOI."""
    return _DOI.fullmatch(text) is not None


def references(
    product_id: str, found: Iterable[tuple[str, str | None, str | None]], row: int
) -> Iterator[Record]:
    """Rows of `product_references`.

    Args:
        product_id: the product.
        found: text as given, arXiv identifier and DOI of each reference.
        row: row of the response.
    """
    for position, (text, arxiv_id, doi) in enumerate(found, start=1):
        yield Record("product_references", {
            "product_id": product_id, "position": position, "text": text, "arxiv_id": arxiv_id,
            "doi": doi,
        }, row)  # fmt: skip


def raw(item: Any) -> str:
    """An item as JSON, for the record of what could not be read."""
    try:
        return json.dumps(item, ensure_ascii=False)
    except (RecursionError, ValueError):
        return f"{type(item).__name__} that is nested too deeply to be written"
