"""The copy of Y Combinator's directory by yc-oss: static files, made anew every day."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any, ClassVar

from tests.server.site import Asked, Reply, Site

_PLACES = ("San Francisco, CA, USA", "London, England, United Kingdom; Remote", "Bengaluru, India",
           "Remote", "", "Berlin, Germany; New York, NY, USA")  # fmt: skip
_TAGS: tuple[list[str], ...] = (
    ["AI", "SaaS"], ["Machine Learning"], ["Fintech"], ["Marketplace"], [], ["AIOps"],
)  # fmt: skip
_SEASONS = ("Winter", "Spring", "Summer", "Fall")
#: Seconds at which the older companies were put into the directory.
_IMPORT = 1326791691


class YcSite(Site):
    """`all.json`, `meta.json`, and lists by batch, tag and industry."""

    HOSTS: ClassVar[tuple[str, ...]] = ("yc-oss.github.io",)
    RATE: ClassVar[float] = 1.0

    def companies(self) -> list[dict[str, Any]]:
        """Companies that the directory shows today."""
        world = self.world
        found = []
        for day in range((world.day - world.start).days + 1):
            date = world.start + dt.timedelta(days=day)
            for number in range(world.per_day):
                chance = world.random("yc", day, number)
                if date + dt.timedelta(days=chance.randint(0, world.late)) <= world.day:
                    found.append(self._company(date, day * world.per_day + number))
        return found

    def _company(self, date: dt.date, number: int) -> dict[str, Any]:
        chance = self.world.random("yc", "company", number)
        old = chance.random() < 0.1
        batch = f"{_SEASONS[(date.month - 1) // 3]} {2009 if old else date.year}"
        place, tags = chance.choice(_PLACES), chance.choice(_TAGS)
        country = place.split(";")[0].rsplit(",")[-1].strip()
        grown = min((self.world.day - date).days, 10)
        slug = f"example-company-{number}"
        day = dt.datetime(date.year, date.month, date.day, 12, tzinfo=dt.UTC)
        return {
            "id": 1000 + number,
            "name": f"Example Company {number}",
            "slug": slug,
            "former_names": [],
            "small_logo_thumb_url": "/company/thumb/missing.png",
            "website": f"https://example-company-{number}.example",
            "all_locations": place,
            "long_description": None if number % 5 == 0 else f"What example {number} does.",
            "one_liner": "" if number % 7 == 0 else f"Example line {number}",
            "team_size": None if number % 11 == 0 else grown,
            "industry": "B2B",
            "subindustry": "B2B",
            "launched_at": _IMPORT + number if old else int(day.timestamp()),
            "tags": tags,
            "tags_highlighted": [],
            "top_company": False,
            "isHiring": False,
            "nonprofit": number % 50 == 0,
            "batch": batch,
            "status": "Active",
            "industries": ["B2B"],
            "regions": [country] if country and country != "Remote" else ["Remote"],
            "stage": "Early",
            "app_video_public": False,
            "demo_day_video_public": False,
            "app_answers": None,
            "question_answers": False,
            "url": f"https://www.ycombinator.com/companies/{slug}",
            "api": f"https://yc-oss.github.io/api/batches/{_slug(batch)}/{slug}.json",
        }

    def reply(self, asked: Asked) -> Reply:
        """A file, 304 when the client has it, or 404 with a page."""
        if asked.method != "GET":
            return Reply(405, b"<html><h1>Method Not Allowed</h1></html>", {"Allow": "GET, HEAD"})
        data = self._file(asked.path)
        if data is None:
            page = b"<!DOCTYPE html><html><head><title>Site not found</title></head></html>"
            return Reply(404, page, {"Content-Type": "text/html; charset=utf-8"})
        body = json.dumps(data).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Content-Type": "application/json; charset=utf-8",
                   "Cache-Control": "max-age=600"}  # fmt: skip
        if asked.headers.get("if-none-match") in {tag, f"W/{tag}"}:
            return Reply(304, b"", headers)
        return Reply(200, body, headers)

    def _file(self, path: str) -> Any:
        parts = path.removesuffix(".json").strip("/").split("/")
        if not path.endswith(".json") or parts[0] != "api":
            return None
        companies = self.companies()
        if parts == ["api", "companies", "all"]:
            return companies
        if parts == ["api", "meta"]:
            return {"last_updated": self.world.day.isoformat(),
                    "companies": {"all": {"count": len(companies)}}}  # fmt: skip
        fields = {"batches": "batch", "tags": "tags", "industries": "industries"}
        if len(parts) == 3 and parts[1] in fields:
            field = fields[parts[1]]
            named = [(one, one[field] if field != "batch" else [one[field]]) for one in companies]
            return [one for one, names in named if parts[2] in map(_slug, names)] or None
        return None


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
