"""arXiv's query interface: Atom feeds in the style since November 2025."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from tests.server.site import Asked, Reply, Site, World
from tests.server.sites._papers import PLACES, Paper, visible

_TOKEN = re.compile(r"\(|\)|submittedDate:\[(\d{12}) TO (\d{12})\]|[a-z]+:[\w.-]+|AND(?:NOT)?|OR")
PARAMETERS = {"search_query", "id_list", "start", "max_results", "sortBy", "sortOrder"}


@dataclass(frozen=True)
class Preprint:
    """A paper as arXiv knows it.

    Attributes:
        paper: the paper.
        since: day on which arXiv announced it.
        time: when it was submitted, UTC.
        changed: day of the last change of its record.
        version: its newest version.
        doi: DOI that the authors added; empty before they did.
    """

    paper: Paper
    since: dt.date
    time: dt.datetime
    changed: dt.date
    version: int
    doi: str


def preprints(world: World) -> list[Preprint]:
    """Preprints announced until today, by time of submission."""
    found = []
    for paper, since in visible(world, "arxiv"):
        time = dt.datetime.combine(paper.day, dt.time(), dt.UTC) + dt.timedelta(
            seconds=world.random("arxiv", paper.number).randint(0, 86_399)
        )
        # Some get a second version with the DOI on the next day.
        later = since + dt.timedelta(days=1)
        again = paper.has_doi and paper.number % 3 == 0 and later <= world.day
        found.append(Preprint(paper, since, time, later if again else since, 1 + again,
                              paper.doi if again else ""))  # fmt: skip
    return sorted(found, key=lambda one: (one.time, one.paper.arxiv))


class Arxiv(Site):
    """The query interface.

    Attributes:
        CAP: papers that a query reaches.
        SLICE: papers in one answer.
        gaps: values of `start` at which the next answer is an empty feed, once each.
    """

    HOSTS = ("export.arxiv.org",)
    RATE = 1 / 3
    CONCURRENCY = 1
    GROUP = "arxiv"
    CAP = 10_000
    SLICE = 2_000

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.gaps: set[int] = set()

    def reply(self, asked: Asked) -> Reply:
        if asked.path != "/api/query":
            return Reply(404, b"<html><body>Not Found</body></html>", {"Content-Type": "text/html"})
        args = asked.args
        if wrong := set(args) - PARAMETERS:
            return self.error(f"unknown parameter {min(wrong)}")
        try:
            start, most = int(args.get("start", "0")), int(args.get("max_results", "10"))
        except ValueError:
            return self.error("start and max_results must be integers")
        if start < 0 or most < 0 or most > self.SLICE or start + most > self.CAP:
            return self.error("start and max_results are too large")
        try:
            wanted = Query(args.get("search_query", "")).read()
        except ValueError as error:
            return self.error(str(error))
        found = [one for one in preprints(self.world) if wanted(one)]
        if args.get("sortOrder", "descending") == "descending":
            found.reverse()
        part = found[start : start + most]
        if start in self.gaps:
            self.gaps.discard(start)
            part = []
        return self.feed(f"arXiv Query: {asked.query}", len(found), start, most,
                         "".join(map(self.entry, part)))  # fmt: skip

    def feed(self, title: str, total: int, start: int, most: int, entries: str) -> Reply:
        """A feed in the present style."""
        text = f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" \
xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/example</id>
  <title>{escape(title)}</title>
  <updated>{self.world.day}T12:00:00Z</updated>
  <opensearch:itemsPerPage>{most}</opensearch:itemsPerPage>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  <opensearch:startIndex>{start}</opensearch:startIndex>
{entries}</feed>
"""
        return Reply(200, text.encode(), {"Content-Type": "application/atom+xml; charset=utf-8"})

    def entry(self, one: Preprint) -> str:
        """One paper."""
        paper = one.paper
        authors = "".join(
            f"<author><name>{escape(name)}</name>"
            + "".join(
                f"<arxiv:affiliation>{escape(PLACES[place][0])}</arxiv:affiliation>"
                for place in places if paper.number % 10 == 0
            ) + "</author>\n"
            for name, places in paper.authors
        )  # fmt: skip
        about = f"arxiv.org/abs/{paper.arxiv}v{one.version}"
        extra = f"<arxiv:doi>{one.doi}</arxiv:doi>" if one.doi else ""
        tags = "".join(f'<category term="{name}"/>' for name in paper.categories)
        return f"""  <entry>
    <id>http://{about}</id>
    <title>{escape(paper.title)}</title>
    <updated>{one.changed}T10:00:00Z</updated>
    <link href="https://{about}" rel="alternate" type="text/html"/>
    <summary>{escape(paper.abstract)}</summary>
    {tags}
    <published>{one.time:%Y-%m-%dT%H:%M:%SZ}</published>
    <arxiv:primary_category term="{paper.categories[0]}"/>
    {extra}{authors}  </entry>
"""

    def error(self, why: str) -> Reply:
        """A refusal: a feed of one entry."""
        about = f"https://arxiv.org/api/errors#{re.sub('[^a-z]+', '_', why.lower())}"
        reply = self.feed(
            "arXiv Search Results",
            1,
            0,
            1,
            f"""  <entry>
    <id>{about}</id>
    <title>Error</title>
    <summary>{escape(why)}</summary>
    <author><name>arXiv api core</name></author>
  </entry>
""",
        )
        reply.status = 400
        return reply


Test = Callable[[Preprint], bool]


class Query:
    """`search_query`: categories and windows with AND, OR, ANDNOT and parentheses."""

    def __init__(self, text: str) -> None:
        self.tokens: list[Any] = list(_TOKEN.finditer(text))
        if "".join(one[0] for one in self.tokens).replace(" ", "") != text.replace(" ", ""):
            raise ValueError("the query cannot be read")
        self.at = 0

    def read(self) -> Test:
        """What a paper must pass."""
        if not self.tokens:
            raise ValueError("the query is empty")
        return self._any()

    def _next(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def _any(self) -> Test:
        left = self._one()
        while self._next() in {"AND", "OR", "ANDNOT"}:
            word, left_was = self._next(), left
            self.at += 1
            right = self._one()
            left = _joined(word, left_was, right)
        return left

    def _one(self) -> Test:
        if self.at >= len(self.tokens):
            raise ValueError("the query ends too early")
        token = self.tokens[self.at]
        self.at += 1
        if token[0] == "(":
            inside = self._any()
            if self._next() != ")":
                raise ValueError("a parenthesis is open")
            self.at += 1
            return inside
        if token[1]:
            return lambda one: token[1] <= f"{one.time:%Y%m%d%H%M}" <= token[2]
        field, _, value = token[0].partition(":")
        if field != "cat":
            raise ValueError(f"unknown field {field}")
        return lambda one: value in one.paper.categories


def _joined(word: str, left: Test, right: Test) -> Test:
    if word == "OR":
        return lambda one: left(one) or right(one)
    if word == "AND":
        return lambda one: left(one) and right(one)
    return lambda one: left(one) and not right(one)
