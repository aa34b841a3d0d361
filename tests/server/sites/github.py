"""GitHub's REST service: search of repositories, and their releases."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from tests.server.site import Asked, Reply, Site, World

from ._launch_items import Launch, launches, stamp

_TOPICS = ("llm", "generative-ai", "robotics")
_DOCS = "https://docs.github.com/rest"


class GitHub(Site):
    """Repositories with 0 to 3 releases each, the last within two days of the first.

    At most `ceiling` results of a search; `core` requests an hour, `searches` a minute. The
    repository `example-labs/renamed` has moved, `example-labs/gone` is no more.
    """

    HOSTS = ("api.github.com",)
    SECRETS: ClassVar[dict[str, str]] = {"GITHUB_TOKEN": "test-key-github"}
    RATE = 1.25
    CONCURRENCY = 1
    ceiling: ClassVar[int] = 1000
    core: ClassVar[int] = 5_000
    searches: ClassVar[int] = 30

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.used: dict[tuple[str, int], int] = {}

    def reply(self, asked: Asked) -> Reply:
        search = asked.path == "/search/repositories"
        kind, seconds, most = ("search", 60, self.searches) if search else ("core", 3600, self.core)
        window = int(asked.now // seconds)
        used = self.used[kind, window] = self.used.get((kind, window), 0) + 1
        headers = {
            "x-ratelimit-limit": str(most), "x-ratelimit-remaining": str(max(0, most - used)),
            "x-ratelimit-reset": str((window + 1) * seconds), "x-ratelimit-resource": kind,
        }  # fmt: skip
        if asked.headers.get("authorization") != f"Bearer {self.SECRETS['GITHUB_TOKEN']}":
            return _failure(401, "Bad credentials", headers)
        if used > most:
            return _failure(403, "API rate limit exceeded for user ID 1.", headers)
        if search:
            return self._search(asked, headers)
        if asked.path == "/repos/example-labs/renamed/releases":
            headers["Location"] = "https://api.github.com/repositories/1000/releases"
            return _failure(301, "Moved Permanently", headers)
        if path := re.fullmatch(
            r"/(?:repositories/|repos/[\w-]+/[a-z]+-)(\d+)/releases", asked.path
        ):
            for launch in launches(self.world, "gh"):
                if launch.number == int(path[1]):
                    return _paged(asked, _releases(launch, self.world.day), headers)
        return _failure(404, "Not Found", headers)

    def _search(self, asked: Asked, headers: dict[str, str]) -> Reply:
        terms = dict(part.split(":", 1) for part in asked.args.get("q", "").split() if ":" in part)
        if not terms or set(terms) - {"topic", "stars", "created", "pushed"}:
            return _failure(422, "Validation Failed", headers)
        page, size = int(asked.args.get("page", 1)), int(asked.args.get("per_page", 30))
        if (page - 1) * size >= self.ceiling:
            return _failure(422, "Only the first 1000 search results are available", headers)
        found = [_repository(launch, self.world.day) for launch in launches(self.world, "gh")]
        found = [item for item in found if _fits(item, terms)]
        found.sort(key=lambda item: (-item["stargazers_count"], item["id"]))
        return _paged(asked, found[: self.ceiling], headers, total=len(found))


def _repository(launch: Launch, today: dt.date) -> dict[str, Any]:
    owner, name = _full_name(launch)
    releases = _releases(launch, today)
    pushed = releases[0]["published_at"] if releases else stamp(launch.moment)
    said = f"{launch.task}. arXiv:{launch.paper}" if launch.paper else launch.task
    return {
        "id": launch.number, "node_id": f"R_{launch.number}", "name": name,
        "full_name": f"{owner}/{name}", "private": False,
        "owner": {"login": owner, "id": 1, "type": "Organization" if launch.number % 2 else "User"},
        "html_url": f"https://github.com/{owner}/{name}",
        "description": said if launch.number % 5 else None, "fork": False,
        "url": f"https://api.github.com/repos/{owner}/{name}", "created_at": stamp(launch.moment),
        "updated_at": pushed, "pushed_at": pushed,
        "homepage": [None, "", f"https://{name}.example.com"][launch.number % 3],
        "size": 10, "stargazers_count": 150 + launch.votes, "watchers_count": 150 + launch.votes,
        "language": "Python", "forks_count": 3, "archived": False, "disabled": False,
        "license": {"key": "mit", "name": "MIT License", "spdx_id": "MIT"},
        "topics": [_TOPICS[launch.number % 3]], "visibility": "public", "default_branch": "main",
        "score": 1.0,
    }  # fmt: skip


def _releases(launch: Launch, today: dt.date) -> list[dict[str, Any]]:
    """Newest first; the n-th comes n days after the repository, and is shown as late as that."""
    owner, name = _full_name(launch)
    shown = min(launch.number % 4, (today - launch.shown).days + 1, 3)
    return [
        {
            "url": f"https://api.github.com/repos/{owner}/{name}/releases/{launch.number}{nth}",
            "html_url": f"https://github.com/{owner}/{name}/releases/tag/v{nth}",
            "id": launch.number * 10 + nth, "tag_name": f"v{nth}", "target_commitish": "main",
            "name": [None, "", f"Version {nth}"][nth % 3], "draft": False, "prerelease": nth == 0,
            "created_at": stamp(launch.moment + 86_400 * nth - 60),
            "published_at": stamp(launch.moment + 86_400 * nth),
            "author": {"login": owner, "id": 1, "type": "User"}, "assets": [],
            "body": f"See https://arxiv.org/abs/{launch.paper}" if launch.paper else None,
        }
        for nth in range(shown - 1, -1, -1)
    ]  # fmt: skip


def _full_name(launch: Launch) -> tuple[str, str]:
    return f"example-{launch.number % 7}", launch.name.lower().replace(" ", "-")


def _fits(item: dict[str, Any], terms: dict[str, str]) -> bool:
    if "topic" in terms and terms["topic"] not in item["topics"]:
        return False
    if "stars" in terms and item["stargazers_count"] < int(terms["stars"].removeprefix(">=")):
        return False
    for name in ("created", "pushed"):
        if name in terms:
            first, last = terms[name].split("..")
            if not first <= item[f"{name}_at"][:10] <= last:
                return False
    return True


def _paged(
    asked: Asked, items: list[dict[str, Any]], headers: dict[str, str], total: int | None = None
) -> Reply:
    page, size = int(asked.args.get("page", 1)), min(int(asked.args.get("per_page", 30)), 100)
    part = items[(page - 1) * size : page * size]
    if page * size < len(items):
        query = urlencode(dict(parse_qsl(asked.query)) | {"page": str(page + 1)})
        headers["Link"] = f'<https://api.github.com{asked.path}?{query}>; rel="next"'
    told: Any = part
    if total is not None:
        told = {"total_count": total, "incomplete_results": False, "items": part}
    headers["Content-Type"] = "application/json; charset=utf-8"
    return Reply(200, json.dumps(told).encode(), headers)


def _failure(status: int, said: str, headers: dict[str, str]) -> Reply:
    told = {"message": said, "documentation_url": _DOCS, "status": str(status)}
    headers["Content-Type"] = "application/json; charset=utf-8"
    return Reply(status, json.dumps(told).encode(), headers)
