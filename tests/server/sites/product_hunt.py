"""Product Hunt's GraphQL service: posts of a topic, with points for each query."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from typing import Any, ClassVar

from tests.server.site import Asked, Reply, Site, World

from ._launch_items import Launch, launches, stamp

_FIELDS = {
    "id", "name", "tagline", "description", "slug", "url", "website", "createdAt", "featuredAt",
    "votesCount", "commentsCount", "reviewsRating", "userId",
}  # fmt: skip
_VARIABLES = {"topic", "since", "until", "first", "after"}


class ProductHunt(Site):
    """Posts, newest first, at most `page` in an answer; `points` in every `window` seconds."""

    HOSTS = ("api.producthunt.com",)
    SECRETS: ClassVar[dict[str, str]] = {"PRODUCT_HUNT_TOKEN": "test-key-product-hunt"}
    RATE = 0.5
    CONCURRENCY = 1
    page: ClassVar[int] = 20
    points: ClassVar[int] = 6_250
    window: ClassVar[int] = 900
    most: ClassVar[int] = 1_000

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.opened = 0.0
        self.used = 0

    def reply(self, asked: Asked) -> Reply:
        if asked.path != "/v2/api/graphql" or asked.method != "POST":
            return Reply(404, b"Not Found", {"Content-Type": "text/plain"})
        if asked.headers.get("authorization") != f"Bearer {self.SECRETS['PRODUCT_HUNT_TOKEN']}":
            said = "Please supply a valid access token. Refer to our api documentation."
            return self._told(401, _failure("invalid_oauth_token", said), asked)
        try:
            query = json.loads(asked.body)
            text, variables = str(query["query"]), dict(query.get("variables") or {})
        except (ValueError, KeyError, TypeError):
            return self._told(200, _error("No query string was present"), asked)
        if asked.now - self.opened >= self.window:
            self.opened, self.used = asked.now, 0
        found = re.search(r"node \{([^{}]*)\}", text)
        fields = found[1].split() if found else []
        if wrong := [name for name in fields if name not in _FIELDS]:
            said = f"Field '{wrong[0]}' doesn't exist on type 'Post'"
            return self._told(200, _error(said, "undefinedField"), asked)
        if wrong := sorted(set(variables) - _VARIABLES):
            return self._told(200, _error(f"Variable ${wrong[0]} is not declared"), asked)
        cost = self.page * (len(fields) + 2) + 10
        if cost > self.most:
            said = f"Query has complexity of {cost}, which exceeds max complexity of {self.most}"
            return self._told(200, _error(said), asked)
        if self.used + cost > self.points:
            told = _failure("rate_limit_reached", "Sorry. You have exceeded the API rate limit, "
                            "please try again later.")  # fmt: skip
            told["errors"][0]["details"] = {
                "limit": self.points, "remaining": 0, "reset_in": self._reset(asked),
            }  # fmt: skip
            return self._told(429, told, asked)
        self.used += cost
        return self._told(200, {"data": {"posts": self._posts(variables, fields)}}, asked)

    def _posts(self, asked: dict[str, Any], fields: list[str]) -> dict[str, Any]:
        since, until = _moment(asked.get("since")), _moment(asked.get("until"))
        posts = [
            post for post in launches(self.world, "ph")
            if (since is None or post.moment > since) and (until is None or post.moment < until)
        ][::-1]  # fmt: skip
        start = 0
        if asked.get("after"):
            last = int(base64.b64decode(asked["after"]))
            start = next((at + 1 for at, post in enumerate(posts) if post.number == last), 0)
        part = posts[start : start + min(int(asked.get("first") or self.page), self.page)]
        edges = [
            {"node": {name: value for name, value in _post(post).items() if name in fields}}
            for post in part
        ]
        end = base64.b64encode(str(part[-1].number).encode()).decode() if part else None
        more = start + len(part) < len(posts)
        return {
            "totalCount": len(posts), "pageInfo": {"hasNextPage": more, "endCursor": end},
            "edges": edges,
        }  # fmt: skip

    def _reset(self, asked: Asked) -> int:
        return max(1, int(self.opened + self.window - asked.now))

    def _told(self, status: int, told: dict[str, Any], asked: Asked) -> Reply:
        return Reply(status, json.dumps(told, ensure_ascii=False).encode(), {
            "Content-Type": "application/json; charset=utf-8",
            "X-Rate-Limit-Limit": str(self.points),
            "X-Rate-Limit-Remaining": str(self.points - self.used),
            "X-Rate-Limit-Reset": str(self._reset(asked)),
        })  # fmt: skip


def _post(post: Launch) -> dict[str, Any]:
    slug = post.name.lower().replace(" ", "-")
    return {
        "id": str(post.number), "name": post.name, "tagline": post.task,
        "description": f"{post.name} is {post.task}." if post.number % 4 else None,
        "slug": slug, "userId": "0", "reviewsRating": 0.0,
        "url": f"https://www.producthunt.com/posts/{slug}?utm_campaign=producthunt-api",
        "website": f"https://www.producthunt.com/r/{post.number:X}?utm_campaign=producthunt-api",
        "createdAt": stamp(post.moment),
        "featuredAt": stamp(post.moment) if post.number % 2 else None,
        "votesCount": post.votes, "commentsCount": post.votes // 5,
    }  # fmt: skip


def _moment(text: Any) -> float | None:
    return dt.datetime.fromisoformat(text).timestamp() if text else None


def _failure(name: str, said: str) -> dict[str, Any]:
    return {"data": None, "errors": [{"error": name, "error_description": said}]}


def _error(said: str, code: str = "") -> dict[str, Any]:
    error: dict[str, Any] = {"message": said, "locations": [{"line": 1, "column": 1}]}
    if code:
        error["extensions"] = {"code": code}
    return {"errors": [error]}
