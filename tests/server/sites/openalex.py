"""OpenAlex: works, with pages, cursors, keys, credits and its refusals."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import unquote

from tests.server.site import Asked, Reply, Site
from tests.server.sites._papers import PLACES, Paper, grown, visible

PARAMETERS = (
    "api_key cursor filter group_by mailto page per_page sample seed search select sort"
).split()
DATES = ("from_publication_date", "to_publication_date", "publication_date")
EXISTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "has_doi": lambda work: work["doi"] is not None,
    "has_abstract": lambda work: work["abstract_inverted_index"] is not None,
    "has_references": lambda work: work["referenced_works_count"] > 0,
    "has_raw_affiliation_strings": lambda work: any(
        one["raw_affiliation_strings"] for one in work["authorships"]
    ),
    "has_pdf_url": lambda work: work["primary_location"]["pdf_url"] is not None,
}
NOT_FOUND = b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"


class OpenAlex(Site):
    """Works of 2026's shape.

    Attributes:
        CAP: works that page mode reaches.
        CREDITS: credits a day without a key.
        KEYED_CREDITS: credits a day with the key.
    """

    HOSTS = ("api.openalex.org",)
    SECRETS: ClassVar[dict[str, str]] = {"OPENALEX_API_KEY": "test-key-openalex"}
    RATE = 10.0
    CONCURRENCY = 10
    CAP = 10_000
    CREDITS = 1_000
    KEYED_CREDITS = 10_000

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.used: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.made: dict[tuple[int, dt.date], list[dict[str, Any]]] = {}

    def works(self) -> list[dict[str, Any]]:
        """All works shown today, by day of publication and identifier."""
        key = (self.world.seed, self.world.day)
        if key not in self.made:
            works = [self.work(paper, since) for paper, since in visible(self.world, "openalex")]
            works.sort(key=lambda work: (work["publication_date"], work["id"]))
            self.made = {key: works}
        return self.made[key]

    def work(self, paper: Paper, since: dt.date) -> dict[str, Any]:
        """One work in the shape of 2026."""
        name = f"https://openalex.org/W{7_000_000_000 + paper.number}"
        doi = f"https://doi.org/{paper.doi}" if paper.has_doi else None
        day = dt.date(paper.day.year, 1, 1) if paper.year_only else paper.day
        words: defaultdict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(paper.abstract.split()):
            words[word].append(place)
        changed = since + dt.timedelta(days=min((self.world.day - since).days, 6))
        landing = doi or f"https://example.org/works/{paper.number}"
        location = {
            "id": f"doi:{paper.doi}" if doi else f"pmh:oai:example.org:{paper.number}",
            "is_oa": True, "landing_page_url": landing,
            "pdf_url": f"https://example.org/{paper.number}.pdf" if paper.number % 3 else None,
            "source": {"id": "https://openalex.org/S1", "display_name": "Journal of Examples",
                       "issn_l": None, "type": "journal"},
            "license": "cc-by", "version": "publishedVersion", "raw_source_name": None,
        }  # fmt: skip
        archived = {
            **location, "id": f"pmh:oai:arXiv.org:{paper.arxiv}", "version": "submittedVersion",
            "landing_page_url": f"http://arxiv.org/abs/{paper.arxiv}",
            "source": {"id": "https://openalex.org/S2", "display_name": "arXiv (Example)",
                       "issn_l": None, "type": "repository"},
        }  # fmt: skip
        return {
            "id": name, "doi": doi, "title": paper.title, "display_name": paper.title,
            "publication_year": day.year, "publication_date": day.isoformat(),
            "ids": {"openalex": name, **({"doi": doi} if doi else {})}, "language": "en",
            "primary_location": location, "locations": [location, archived], "type": paper.type,
            "indexed_in": ["crossref"] if doi else [],
            "open_access": {"is_oa": True, "oa_status": "gold", "oa_url": None},
            "authorships": [self.authorship(*author) for author in paper.authors],
            "cited_by_count": grown(self.world, since, paper.number),
            "is_retracted": False, "is_paratext": False, "is_xpac": False,
            "primary_topic": {"id": "https://openalex.org/T1", "display_name": "Examples",
                              "score": 0.9, "subfield": {
                                  "id": "https://openalex.org/subfields/1702",
                                  "display_name": "Artificial Intelligence"}},
            "referenced_works_count": paper.number % 5, "referenced_works": [],
            "abstract_inverted_index": dict(words) or None,
            "updated_date": f"{changed.isoformat()}T04:00:00.000000",
            "created_date": f"{since.isoformat()}T00:00:00",
        }  # fmt: skip

    def authorship(self, name: str, places: tuple[int, ...]) -> dict[str, Any]:
        """One author in the shape of 2026."""
        at = [PLACES[place] for place in places]
        return {
            "author_position": "first",
            "author": {"id": "https://openalex.org/A5000000001", "display_name": name},
            "institutions": [
                {"id": f"https://openalex.org/I{place}", "display_name": title, "ror": ror,
                 "country_code": country, "type": kind, "lineage": []}
                for place, (title, country, ror, kind) in zip(places, at, strict=True)
            ],
            "countries": [country for _, country, _, _ in at], "is_corresponding": False,
            "raw_author_name": name, "raw_affiliation_strings": [title for title, *_ in at],
        }  # fmt: skip

    # Answers.

    def reply(self, asked: Asked) -> Reply:
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        key = bearer or asked.headers.get("api_key", "") or asked.args.get("api_key", "")
        if key and key != self.SECRETS["OPENALEX_API_KEY"]:
            return self.json(asked, 401, key, {
                "error": "Invalid or missing API key", "message": "API key not found"})  # fmt: skip
        if asked.path.startswith("/works/"):
            name = asked.path.removeprefix("/works/").removeprefix("https://openalex.org/")
            found = [w for w in self.works() if name in {w["id"].rpartition("/")[2], w["doi"]}]
            if not found:
                return Reply(404, NOT_FOUND, {"Content-Type": "text/html; charset=utf-8"})
            return self.json(asked, 200, key, found[0])
        if asked.path.rstrip("/") != "/works":
            return Reply(404, NOT_FOUND, {"Content-Type": "text/html; charset=utf-8"})
        told = asked.args.get("filter", "") + asked.args.get("sort", "")
        if "updated_date" in told or "created_date" in told:
            return self.plan(asked, key)
        limit, who = (self.KEYED_CREDITS if key else self.CREDITS), (key, int(asked.now // 86_400))
        if self.used[who] >= limit:
            return self.spent(asked, key)
        self.used[who] += 1
        try:
            return self.listed(asked, key)
        except ValueError as error:
            kind = "Pagination error." if "results size" in str(error) else (
                "Invalid query parameters error.")  # fmt: skip
            return self.json(asked, 400, key, {"error": kind, "message": str(error)})

    def listed(self, asked: Asked, key: str) -> Reply:
        """A page of works."""
        args = asked.args
        for name in args:
            if name.replace("-", "_") not in PARAMETERS:
                raise ValueError(f"{name} is not a valid parameter. Valid parameters are: "
                                 f"{', '.join(PARAMETERS)}.")  # fmt: skip
        size = int(args.get("per_page", args.get("per-page", "25")))
        if not 1 <= size <= 200:
            raise ValueError("per-page parameter must be between 1 and 200")
        works = self.filtered(args.get("filter", ""))
        if args.get("sort", "publication_date:asc").endswith(":desc"):
            works = works[::-1]
        meta: dict[str, Any] = {"count": len(works), "db_response_time_ms": 12, "page": None,
                                "per_page": size, "groups_count": None}  # fmt: skip
        if cursor := args.get("cursor", ""):
            if not key:
                return self.json(asked, 401, key, {
                    "error": "Invalid or missing API key",
                    "message": "Cursor paging needs an API key"})  # fmt: skip
            after = [] if cursor == "*" else json.loads(base64.b64decode(unquote(cursor)))
            rest = [work for work in works if [work["publication_date"], work["id"]] > after]
            part = rest[:size]
            last = [part[-1]["publication_date"], part[-1]["id"]] if part else None
            meta["next_cursor"] = (
                base64.b64encode(json.dumps(last).encode()).decode() if last else None
            )
        else:
            page = int(args.get("page", "1"))
            if page * size > self.CAP:
                told = f"Maximum results size of {self.CAP:,} records is exceeded. "
                raise ValueError(told + "Cursor pagination is required for records beyond it.")
            meta["page"] = page
            part = works[(page - 1) * size : page * size]
        meta["cost_usd"] = 0.0001
        if fields := args.get("select", ""):
            known = set(works[0]) if works else set(fields.split(","))
            if wrong := [name for name in fields.split(",") if name not in known]:
                raise ValueError(f"{wrong[0]} is not a valid select field.")
            part = [{name: work[name] for name in fields.split(",")} for work in part]
        return self.json(asked, 200, key, {"meta": meta, "results": part, "group_by": []})

    def filtered(self, text: str) -> list[dict[str, Any]]:
        """Works that pass the filter."""
        works = self.works()
        for one in filter(None, text.split(",")):
            name, _, value = one.partition(":")
            if name in DATES:
                day = dt.date.fromisoformat(value).isoformat()
                works = [
                    work for work in works
                    if (name.startswith("to") or work["publication_date"] >= day)
                    and (name.startswith("from") or work["publication_date"] <= day)
                ]  # fmt: skip
            elif name in EXISTS and value in {"true", "false"}:
                works = [work for work in works if EXISTS[name](work) == (value == "true")]
            elif name == "type":
                wanted = set(value.lstrip("!").split("|"))
                works = [w for w in works if (w["type"] in wanted) != value.startswith("!")]
            elif name in {"primary_topic.subfield.id", "topics.subfield.id"}:
                works = works if "1702" in value.split("|") else []
            else:
                raise ValueError(f"{name} is not a valid field. Valid fields are underscore or "
                                 f"hyphenated versions of: {', '.join(EXISTS)}, type.")  # fmt: skip
        return works

    def json(self, asked: Asked, status: int, key: str, data: dict[str, Any], **more: str) -> Reply:
        """An answer with the headers of 2026."""
        limit = self.KEYED_CREDITS if key == self.SECRETS["OPENALEX_API_KEY"] else self.CREDITS
        left = max(limit - self.used[key, int(asked.now // 86_400)], 0)
        headers = {
            "Content-Type": "application/json", "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(left), "X-RateLimit-Credits-Used": "1",
            "X-RateLimit-Reset": str(int(86_400 - asked.now % 86_400)),
            "X-RateLimit-Limit-USD": str(limit / 10_000),
            "X-RateLimit-Remaining-USD": str(left / 10_000), "X-RateLimit-Cost-USD": "0.0001",
            **more,
        }  # fmt: skip
        return Reply(status, json.dumps(data, ensure_ascii=False).encode(), headers)

    def plan(self, asked: Asked, key: str) -> Reply:
        """The 429 that stays."""
        told = "Filters and sorts on days of update or creation need a paid plan."
        reply = self.json(asked, 429, key, {
            "error": "Plan upgrade required", "message": told})  # fmt: skip
        reply.permanent = True
        return reply

    def spent(self, asked: Asked, key: str) -> Reply:
        """The 429 of the day's budget."""
        reset = int(86_400 - asked.now % 86_400)
        told = {"error": "Rate limit exceeded", "message": "Insufficient budget.",
                "retryAfter": reset, "costUsd": 0.0001, "dailyRemainingUsd": 0,
                "creditsRequired": 1, "creditsRemaining": 0}  # fmt: skip
        return self.json(asked, 429, key, told, **{"Retry-After": str(reset)})
