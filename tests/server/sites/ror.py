"""Zenodo with the community of ROR's dumps: a list of releases, and their zip files."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from io import BytesIO
from typing import Any, ClassVar

from tests.server.site import Asked, Reply, Site

#: Record number of the dump as a whole, of which each release is a version.
_CONCEPT = 6347574
_COUNTRIES = {"US": "United States", "DE": "Germany", "CN": "China", "FR": "France"}
_TYPES = (["education"], ["company"], ["government"], ["nonprofit"], ["facility"],
          ["funder", "government"], ["education", "company"])  # fmt: skip
#: The last release that held files of schema 1 as well; they were named so until then.
_BOTH_UNTIL = dt.date(2025, 11, 24)


class RorSite(Site):
    """A release on the first of each month, with what was there on that day.

    Attributes:
        page_size: releases on a page of the list.
    """

    HOSTS: ClassVar[tuple[str, ...]] = ("zenodo.org",)
    RATE: ClassVar[float] = 1.0
    page_size = 10

    def releases(self) -> list[tuple[int, dt.date]]:
        """Number and day of the releases so far, the newest first."""
        day = self.world.start
        found: list[tuple[int, dt.date]] = []
        while day <= self.world.day:
            found.append((8_436_953 + len(found), day))
            day = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        return found[::-1]

    def file_name(self, number: int, day: dt.date) -> str:
        """Name of the file of a release."""
        return f"v1.{number - 8_436_953 + 34}-{day.isoformat()}-ror-data.zip"

    def reply(self, asked: Asked) -> Reply:
        """The list, a file, or an error as Zenodo words it."""
        parts = asked.path.strip("/").split("/")
        if asked.method != "GET":
            return _error(405, "The method is not allowed for the requested URL.")
        if parts == ["api", "communities", "ror-data", "records"]:
            return self._list(asked)
        for number, day in self.releases():
            name = self.file_name(number, day)
            if parts == ["api", "records", str(number), "files", name, "content"]:
                headers = {"Content-Type": "application/octet-stream",
                           "Content-Disposition": f'attachment; filename="{name}"'}  # fmt: skip
                return Reply(200, self.dump(day), headers)
        return _error(404, "The persistent identifier does not exist.")

    def _list(self, asked: Asked) -> Reply:
        if asked.args.get("sort", "bestmatch") not in {"newest", "oldest", "bestmatch"}:
            return _error(400, f"Invalid sort option '{asked.args['sort']}'.")
        releases = self.releases()
        if asked.args.get("sort") == "oldest":
            releases = releases[::-1]
        if not all(asked.args.get(name, "1").isdigit() for name in ("size", "page")):
            return _error(400, "Invalid querystring parameters.")
        size = min(int(asked.args.get("size", self.page_size)), 25)
        first = (int(asked.args.get("page", "1")) - 1) * size
        hits = [self._record(*one) for one in releases[first : first + size]]
        data = {"hits": {"hits": hits, "total": len(releases)}, "aggregations": {},
                "links": {"self": f"https://zenodo.org{asked.path}?{asked.query}"}}  # fmt: skip
        return Reply(200, json.dumps(data).encode(), {"Content-Type": "application/json"})

    def _record(self, number: int, day: dt.date) -> dict[str, Any]:
        name = self.file_name(number, day)
        base = f"https://zenodo.org/api/records/{number}"
        return {
            "created": f"{day.isoformat()}T12:00:00.000000+00:00",
            "modified": f"{day.isoformat()}T12:00:01.000000+00:00",
            "id": number,
            "conceptrecid": str(_CONCEPT),
            "doi": f"10.5281/zenodo.{number}",
            "conceptdoi": f"10.5281/zenodo.{_CONCEPT}",
            "metadata": {"title": "ROR Data", "publication_date": day.isoformat()},
            "links": {"self": base, "versions": f"{base}/versions"},
            "files": [
                {
                    "id": f"file-{number}",
                    "key": name,
                    "size": len(self.dump(day)),
                    "checksum": f"md5:{number:032x}",
                    "links": {"self": f"{base}/files/{name}/content"},
                }
            ],
        }

    def organisations(self, day: dt.date) -> list[dict[str, Any]]:
        """Records that a release of a day holds, in schema 2."""
        world = self.world
        days = (day - world.start).days + 1
        return [self._organisation(number, day) for number in range(days * world.per_day)]

    def _organisation(self, number: int, day: dt.date) -> dict[str, Any]:
        chance = self.world.random("ror", number)
        country = chance.choice(list(_COUNTRIES))
        made = self.world.start + dt.timedelta(days=number // self.world.per_day)
        # Some cease to be half a year later, and the one before goes on with their work.
        ended = number % 10 == 9 and day > made + dt.timedelta(days=180)
        names: list[dict[str, Any]] = [
            {"value": f"Example Organisation {number}", "types": ["ror_display", "label"],
             "lang": "en"}
        ]  # fmt: skip
        if number % 3 == 0:
            names.insert(0, {"value": f"EO{number}", "types": ["acronym"], "lang": None})
        return {
            "locations": [_location(country)] + [_location("US")] * (number % 13 == 0),
            "established": None if number % 4 == 0 else 1900 + number % 120,
            "external_ids": [
                {"type": "wikidata", "all": [f"Q{9_000_000 + number}"], "preferred": None}
            ],
            "id": _identifier(number),
            "domains": [f"example{number}.example"] * (number % 2),
            "links": [{"type": "website", "value": f"https://www.example{number}.example/"}],
            "names": names,
            "relationships": [
                {"type": "successor", "label": "", "id": _identifier(number - 1)}
            ] * ended,
            "status": "inactive" if ended else "active",
            "types": chance.choice(_TYPES),
            "admin": {
                "created": {"date": made.isoformat(), "schema_version": "1.0"},
                "last_modified": {"date": made.isoformat(), "schema_version": "2.1"},
            },
        }  # fmt: skip

    def dump(self, day: dt.date) -> bytes:
        """The zip of a release; the same day gives the same bytes."""
        items = self.organisations(day)
        stem = f"v1-{day.isoformat()}-ror-data"
        files = {f"{stem}.csv": "id,name\n"}
        if day <= _BOTH_UNTIL:
            old = [{"id": item["id"], "name": item["names"][-1]["value"],
                    "country": {"country_code": "US", "country_name": "United States"}}
                   for item in items]  # fmt: skip
            files |= {f"{stem}.json": json.dumps(old), f"{stem}_schema_v2.csv": "id,names\n",
                      f"{stem}_schema_v2.json": json.dumps(items, indent=2)}  # fmt: skip
        else:
            files[f"{stem}.json"] = json.dumps(items, indent=2)
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), text,
                                 zipfile.ZIP_DEFLATED)  # fmt: skip
        return packed.getvalue()


def _identifier(number: int) -> str:
    signs, text = "0123456789abcdefghjkmnpqrstvwxyz", ""
    for _ in range(6):
        number, place = divmod(number, 32)
        text = signs[place] + text
    return f"https://ror.org/0{text}00"


def _location(country: str) -> dict[str, Any]:
    return {
        "geonames_id": 1000,
        "geonames_details": {
            "continent_code": "XX", "continent_name": "Example", "country_code": country,
            "country_name": _COUNTRIES[country], "country_subdivision_code": None,
            "country_subdivision_name": None, "lat": 1.5, "lng": 2.5, "name": "Example City",
        },
    }  # fmt: skip


def _error(status: int, message: str) -> Reply:
    body = json.dumps({"status": status, "message": message}).encode()
    return Reply(status, body, {"Content-Type": "application/json"})
