"""What the two interfaces of arXiv have in common: identifiers, texts, and the rows of a paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gapstudy.dates import parse_date
from gapstudy.errors import RecordError, ShapeError, StudyError
from gapstudy.sources._shape import read_xml, unknown
from gapstudy.sources.base import Bad, Record

if TYPE_CHECKING:
    from lxml import etree
    from scrapy.http import Response

#: The categories of artificial intelligence.
AI = ("cs.AI", "cs.LG", "cs.CL", "cs.CV", "cs.NE", "stat.ML")
#: arXiv opened in 1991; a paper cannot be older. The end only keeps typing errors out.
_YEARS = range(1991, 2100)
_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d{1,4})?", re.ASCII)
_DOI = re.compile(r"10\.\d{4,9}/\S+", re.ASCII)
_CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?", re.ASCII)


@dataclass(frozen=True)
class Paper:
    """One paper as either interface describes it.

    Attributes:
        number: arXiv identifier without version.
        title: its title.
        abstract: its abstract; may be empty.
        date: day of the first version, ISO text.
        doi: DOI of the published version as given; may be empty.
        venue: where it was published, as the authors put it; may be empty.
        authors: each author's name and affiliations.
    """

    number: str
    title: str
    abstract: str
    date: str
    doi: str = ""
    venue: str = ""
    authors: Sequence[tuple[str, Sequence[str]]] = field(default_factory=tuple)

    def records(self, row: int) -> Iterator[Record]:
        """Its rows for the core tables."""
        paper = f"arxiv:{self.number}"
        yield Record("papers", {
            "paper_id": paper, "title": self.title, "abstract": self.abstract,
            "date": self.date, "date_precision": "day", "date_meaning": "preprint",
            "arxiv_id": self.number, "doi": doi(self.doi), "venue": self.venue, "frame": "feed",
            "evidence": f"https://arxiv.org/abs/{self.number}",
        }, row)  # fmt: skip
        position = 0
        for author, (name, places) in enumerate(self.authors, start=1):
            for place in places or ("",):
                position += 1
                yield Record("paper_affiliations", {
                    "paper_id": paper, "position": position, "author": author,
                    "author_name": name, "organisation": place, "region_basis": "none",
                }, row)  # fmt: skip


def flat(text: str | None) -> str:
    """A text without the line ends and blanks that both interfaces wrap it with."""
    return " ".join((text or "").split())


def is_xml(response: Response) -> bool:
    """Whether an answer is XML to its end, and no web page in its place."""
    if response.body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return False
    try:
        read_xml(response)
    except ShapeError:
        return False
    return True


def inner(element: etree._Element | None) -> str:
    """All text within an element, flat; empty when there is no element."""
    return "" if element is None else flat("".join(map(str, element.itertext())))


def number(text: str) -> str:
    """The identifier without its version.

    Raises:
        RecordError: not an arXiv identifier.
    """
    match = _ID.fullmatch(text)
    if match is None:
        raise RecordError(f"{text[:80]!r} is not an arXiv identifier")
    return match[1]


def day(text: str) -> str:
    """A day of submission as ISO text.

    Raises:
        RecordError: not a day, or one on which arXiv did not take papers.
    """
    date = parse_date(text[:80])
    if date.precision != "day" or date.first.year not in _YEARS:
        raise RecordError(f"{text[:80]!r} is not a day of submission")
    return date.text


def doi(text: str) -> str | None:
    """The first DOI of the field, which may hold several, in lower case; None without one."""
    match = _DOI.search(text)
    return match[0].lower().rstrip(",;") if match else None


def categories(given: object) -> tuple[str, ...]:
    """Categories from study.toml.

    Raises:
        StudyError: not a list of categories.
    """
    if isinstance(given, list | tuple) and given:
        found = tuple(str(item) for item in given)
        if all(_CATEGORY.fullmatch(item) for item in found):
            return found
    raise StudyError(
        f"categories of arXiv: {given!r} is not a list of categories",
        remedy='Write it like ["cs.AI", "stat.ML"]',
    )


def read(
    items: Sequence[etree._Element],
    needed: Mapping[str, str],
    usual: Mapping[str, str],
    reader: Callable[[etree._Element], Paper | None],
    url: str,
) -> Iterator[Record | Bad]:
    """Rows of all items; an item that cannot be read is `Bad`.

    Args:
        items: the items.
        needed: name of a field that no paper is without -> path to its element.
        usual: the same for fields that one paper may lack, but not all.
        reader: one item -> the paper; None for one to leave out.
        url: address of the answer, for the message.

    Raises:
        ShapeError: a needed or usual field is missing from all items.
    """
    from lxml import etree

    for name, path in {**needed, **usual}.items():
        if items and not any(inner(item.find(path)) for item in items):
            raise unknown(f"the field {name!r} is missing from all {len(items)} items", url)
    for row, item in enumerate(items, start=1):
        try:
            for name, path in needed.items():
                if not inner(item.find(path)):
                    raise RecordError(f"the field {name!r} is missing")
            paper = reader(item)
        except RecordError as error:
            raw = etree.tostring(item, encoding="unicode", with_tail=False)
            yield Bad("papers", error.what, raw, row)
            continue
        if paper is not None:
            yield from paper.records(row)
