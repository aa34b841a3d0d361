"""The search service of Hacker News: Show HN posts by date."""

from __future__ import annotations

import json
import math
import re
from typing import Any, ClassVar

from tests.server.site import Asked, Reply, Site

from ._launch_items import Launch, launches, stamp

_FILTER = re.compile(r"created_at_i(>=|<=|>|<|=)(\d+)")
_KNOWN = {"tags", "numericFilters", "hitsPerPage", "page", "query"}


class HackerNews(Site):
    """Posts, newest first; no more than `ceiling` can be had of one query."""

    HOSTS = ("hn.algolia.com",)
    RATE = 1.0
    CONCURRENCY = 1
    ceiling: ClassVar[int] = 1000

    def reply(self, asked: Asked) -> Reply:
        if asked.path != "/api/v1/search_by_date":
            return _json(404, {"message": "Not found", "status": 404})
        args = asked.args
        if unknown := sorted(set(args) - _KNOWN):
            return _json(400, {"message": f"Unknown parameter: {unknown[0]}", "status": 400})
        try:
            size = min(int(args.get("hitsPerPage", 20)), self.ceiling)
            page = int(args.get("page", 0))
        except ValueError:
            return _json(400, {"message": "Invalid number", "status": 400})
        terms = [part for part in args.get("numericFilters", "").split(",") if part]
        tests = [_FILTER.fullmatch(term) for term in terms]
        if size < 1 or page < 0 or None in tests:
            return _json(400, {"message": "Invalid filter or number", "status": 400})
        bounds = [(test[1], int(test[2])) for test in tests if test]
        found = [post for post in launches(self.world, "hn") if _within(post.moment, bounds)]
        found = found[::-1] if args.get("tags") == "show_hn" else []
        reach = found[: self.ceiling]
        hits = reach[page * size : (page + 1) * size]
        # The count is an estimate once there are more hits than can be had.
        total = len(found) + (len(found) % 7 if len(found) > self.ceiling else 0)
        return _json(200, {
            "exhaustive": {"nbHits": False, "typo": True}, "exhaustiveNbHits": False,
            "exhaustiveTypo": True, "hits": [_hit(post) for post in hits], "hitsPerPage": size,
            "nbHits": total, "nbPages": math.ceil(len(reach) / size), "page": page,
            "params": asked.query, "processingTimeMS": 3, "query": "", "serverTimeMS": 4,
        })  # fmt: skip


def _within(moment: int, bounds: list[tuple[str, int]]) -> bool:
    holds = {
        ">=": moment.__ge__, "<=": moment.__le__, ">": moment.__gt__, "<": moment.__lt__,
        "=": moment.__eq__,
    }  # fmt: skip
    return all(holds[sign](number) for sign, number in bounds)


def _hit(post: Launch) -> dict[str, Any]:
    title = f"Show HN: {post.name} – {post.task}"
    hit: dict[str, Any] = {
        "_highlightResult": {"title": {"matchLevel": "none", "matchedWords": [], "value": title}},
        "_tags": ["story", f"author_{post.number % 50}", f"story_{post.number}", "show_hn"],
        "author": f"maker{post.number % 50}", "created_at": stamp(post.moment),
        "created_at_i": post.moment, "num_comments": post.votes // 4,
        "objectID": str(post.number), "points": post.votes, "story_id": post.number,
        "title": title, "updated_at": stamp(post.moment + 600),
    }  # fmt: skip
    if post.number % 3:
        hit["url"] = f"https://{post.name.split()[0].lower()}{post.number}.example.com/"
    else:
        hit["story_text"] = f"Hi HN,<p>this is {post.name}. https:&#x2F;&#x2F;arxiv.org&#x2F;abs"
        hit["story_text"] += f"&#x2F;{post.paper}" if post.paper else ""
    return hit


def _json(status: int, told: dict[str, Any]) -> Reply:
    body = json.dumps(told, ensure_ascii=False).encode()
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8"})
