"""Crossref: works by DOI and by filter, with its pools, cursors and refusals."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from html import escape
from typing import Any

from tests.server.site import Asked, Reply, Site
from tests.server.sites._papers import PLACES, Paper, grown, visible

PARAMETERS = {"filter", "select", "rows", "offset", "cursor", "sort", "order", "query", "mailto"}
SELECTABLE = set(
    "DOI title container-title type author issued abstract is-referenced-by-count URL publisher "
    "created indexed ISSN relation".split()
)
EXISTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "has-abstract": lambda work: "abstract" in work,
    "has-affiliation": lambda work: any(one["affiliation"] for one in work["author"]),
    "has-references": lambda work: work["references-count"] > 0,
    "has-orcid": lambda work: any("ORCID" in one for one in work["author"]),
    "has-license": lambda work: "license" in work,
}
TYPES = {"article": "journal-article", "preprint": "posted-content", "book-chapter": "book-chapter"}


class Crossref(Site):
    """Works that have a DOI.

    Attributes:
        OFFSET: the largest offset.
        LAPSE: seconds that a cursor lives.
    """

    HOSTS = ("api.crossref.org",)
    RATE = 10.0
    CONCURRENCY = 3
    OFFSET = 10_000
    LAPSE = 300.0

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.cursors: dict[str, tuple[int, float]] = {}
        self.made: dict[tuple[int, dt.date], dict[str, dict[str, Any]]] = {}

    def works(self) -> dict[str, dict[str, Any]]:
        """All works shown today by DOI, in order of registration."""
        key = (self.world.seed, self.world.day)
        if key not in self.made:
            found = [(since, paper) for paper, since in visible(self.world, "crossref")
                     if paper.has_doi]  # fmt: skip
            found.sort(key=lambda one: (one[0], one[1].number))
            self.made = {key: {paper.doi: self.work(paper, since) for since, paper in found}}
        return self.made[key]

    def work(self, paper: Paper, since: dt.date) -> dict[str, Any]:
        """One work; keys without a value are left out."""
        parts: list[int | None] = [paper.day.year, paper.day.month, paper.day.day]
        rough = 2 if paper.number % 3 == 0 and paper.day.day < 15 else 3
        parts = parts[: 1 if paper.year_only else rough] if paper.number % 20 else [None]
        authors = []
        for order, (name, places) in enumerate(paper.authors):
            given, _, family = name.rpartition(" ")
            at = [{"name": PLACES[place][0]} for place in places]
            authors.append({"given": given, "family": family, "affiliation": at,
                            "sequence": "additional" if order else "first"})  # fmt: skip
        text = f"<jats:p>{escape(paper.abstract, quote=False)}</jats:p>"
        return {
            "indexed": {"date-time": f"{self.world.day}T01:00:00Z"}, "publisher": "Example Press",
            "DOI": paper.doi, "type": TYPES[paper.type], "title": [paper.title],
            "created": {"date-time": f"{since}T10:00:00Z"}, "author": authors,
            "issued": {"date-parts": [parts]}, "container-title": ["Journal of Examples"],
            "is-referenced-by-count": grown(self.world, since, paper.number),
            "references-count": paper.number % 4, "URL": f"https://doi.org/{paper.doi}",
            **({"abstract": text} if paper.abstract else {}),
            **({"published": {"date-parts": [parts]}} if parts != [None] else {}),
            **({"license": [{"URL": "https://example.org/licence"}]} if paper.number % 5 else {}),
        }  # fmt: skip

    def reply(self, asked: Asked) -> Reply:
        path = asked.path.rstrip("/").removeprefix("/v1")
        if path.startswith("/works/"):
            doi = path.removeprefix("/works/").lower()
            found = self.works().get(doi)
            if found is None:
                return self.send(asked, 404, b"Resource not found.", "text/plain")
            return self.message(asked, "work", found)
        if path != "/works":
            return self.send(asked, 404, b"Resource not found.", "text/plain")
        return self.listed(asked)

    def listed(self, asked: Asked) -> Reply:
        """A list of works."""
        args = asked.args
        for name in args:
            if name not in PARAMETERS:
                return self.invalid(asked, "parameter-not-allowed", name)
        rows, offset = args.get("rows", "20"), args.get("offset", "0")
        if not rows.isdecimal() or int(rows) > 1_000:
            return self.invalid(asked, "integer-not-valid", rows)
        if not offset.isdecimal() or int(offset) > self.OFFSET:
            return self.invalid(asked, "integer-not-valid", offset)
        fields = list(filter(None, args.get("select", "").split(",")))
        if wrong := [name for name in fields if name not in SELECTABLE]:
            return self.invalid(asked, "select-not-available", wrong[0])
        works = list(self.works().values())
        dois: list[str] = []
        for one in filter(None, args.get("filter", "").split(",")):
            name, _, value = one.partition(":")
            if name == "doi":
                dois.append(value.lower())
            elif name in {"from-pub-date", "until-pub-date"}:
                works = [w for w in works if self.inside(w, name, value)]
            elif name in EXISTS and value in {"0", "1", "true", "false"}:
                works = [w for w in works if EXISTS[name](w) == (value in {"1", "true"})]
            elif name == "type":
                works = [work for work in works if work["type"] == value]
            else:
                return self.invalid(asked, "filter-not-available", name)
        if dois:
            works = [work for work in works if work["DOI"] in dois]
        if args.get("order", "asc") == "desc":
            works.reverse()
        at, next_cursor = int(offset), ""
        if cursor := args.get("cursor"):
            if cursor == "*":
                cursor, at = f"DnF1ZXJ5{len(self.cursors)}+/=", 0
            elif cursor in self.cursors and asked.now - self.cursors[cursor][1] < self.LAPSE:
                at = self.cursors[cursor][0]
            else:
                return self.failed(asked, 404, "resource-failure", "cursor-invalid", cursor,
                                   "Cursor specified but it is invalid")  # fmt: skip
            # The same cursor for page after page, as the service gives it.
            self.cursors[cursor] = (at + int(rows), asked.now)
            next_cursor = cursor
        items = works[at : at + int(rows)]
        if fields:
            items = [{k: v for k, v in work.items() if k in fields} for work in items]
        return self.message(asked, "work-list", {
            "facets": {}, **({"next-cursor": next_cursor} if next_cursor else {}),
            "total-results": len(works), "items": items, "items-per-page": int(rows),
            "query": {"start-index": at, "search-terms": None}})  # fmt: skip

    @staticmethod
    def inside(work: dict[str, Any], name: str, value: str) -> bool:
        """Whether a work is within one side of a window; a part that is not known counts as 1."""
        parts = work["issued"]["date-parts"][0]
        if parts == [None]:
            return False
        day = dt.date(*[*parts, 1, 1][:3]).isoformat()
        return day >= value if name.startswith("from") else day <= value

    def invalid(self, asked: Asked, kind: str, value: str) -> Reply:
        """A refusal of a parameter."""
        return self.failed(asked, 400, "validation-failure", kind, value, f"{kind}: {value}")

    def failed(
        self, asked: Asked, status: int, message: str, kind: str, value: str, text: str
    ) -> Reply:
        """A refusal."""
        data = {"status": "failed", "message-type": message,
                "message": [{"type": kind, "value": value, "message": text}]}  # fmt: skip
        return self.send(asked, status, json.dumps(data).encode(), "application/json")

    def message(self, asked: Asked, kind: str, data: dict[str, Any]) -> Reply:
        """An answer in its envelope."""
        told = {"status": "ok", "message-type": kind, "message-version": "1.0.0", "message": data}
        return self.send(asked, 200, json.dumps(told).encode(), "application/json")

    def send(self, asked: Asked, status: int, body: bytes, kind: str) -> Reply:
        """The headers name the pool: polite for clients that tell how to reach them."""
        polite = "mailto:" in asked.headers.get("user-agent", "") or "mailto" in asked.args
        headers = {
            "Content-Type": kind, "x-api-pool": "polite" if polite else "public",
            "x-rate-limit-limit": "10" if polite else "5", "x-rate-limit-interval": "1s",
            "x-concurrency-limit": "3" if polite else "1",
        }  # fmt: skip
        return Reply(status, body, headers)
