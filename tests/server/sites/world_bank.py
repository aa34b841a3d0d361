"""The World Bank's indicators as the local server plays them: pages, and errors with status 200."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from tests.server.site import Asked, Reply, Site
from tests.server.sites._whole import changed, items

INDICATORS = {
    "SP.POP.TOTL": "Population, total",
    "NY.GDP.MKTP.CD": "GDP (current US$)",
    "SP.POP.SCIE.RD.P6": "Researchers in R&D (per million people)",
    "GB.XPD.RSDV.GD.ZS": "Research and development expenditure (% of GDP)",
    "IP.PAT.RESD": "Patent applications, residents",
    "IP.PAT.NRES": "Patent applications, nonresidents",
    "NY.GDP.MKTP.PP.KD": "GDP, PPP (constant 2021 international $)",
}
#: Aggregates come among the countries, as the service mixes them.
PLACES = (
    ("1A", "ARB", "Arab World"), ("EU", "EUU", "European Union"), ("XD", "", "High income"),
    ("CN", "CHN", "China"), ("DE", "DEU", "Germany"), ("XK", "XKX", "Kosovo"),
    ("US", "USA", "United States"),
)  # fmt: skip
PARAMETERS = {"format", "date", "page", "per_page", "source", "footnote", "mrv", "mrnev", "gapfill",
              "frequency"}  # fmt: skip
YEARS = range(2000, 2027)


class WorldBank(Site):
    """One figure after another becomes known, and is revised once, some days later.

    Attributes:
        most: rows in one answer at most.
    """

    HOSTS = ("api.worldbank.org",)
    most = 20_000

    def reply(self, asked: Asked) -> Reply:
        match = re.fullmatch(r"/v2/country/all/indicator/([^/]+)", asked.path)
        args = asked.args
        years = re.fullmatch(r"(\d{4})(?::(\d{4}))?", args.get("date", "1960:2100"))
        if match is None or match[1] not in INDICATORS or years is None or set(args) - PARAMETERS:
            return self._refusal(args)
        numbers = [args.get("page", "1"), args.get("per_page", "50")]
        if not all(text.isdigit() and int(text) for text in numbers):
            return self._refusal(args)
        if args.get("format") != "json":
            body = f'<wb:data xmlns:wb="http://www.worldbank.org" total="{len(PLACES)}"/>'
            return Reply(200, body.encode(), {"Content-Type": "application/xml"})
        page, per_page = int(numbers[0]), min(int(numbers[1]), self.most)
        wanted = range(int(years[1]), int(years[2] or years[1]) + 1)
        rows = self._rows(match[1], wanted)
        day = changed(self.world, (item.shown for item in items(self.world, "world_bank")))
        meta = {
            "page": page, "pages": math.ceil(len(rows) / per_page), "per_page": per_page,
            "total": len(rows), "sourceid": "2", "lastupdated": day.isoformat(),
        }  # fmt: skip
        part = rows[(page - 1) * per_page : page * per_page]
        return self._json([meta, part or None])

    def _rows(self, code: str, wanted: range) -> list[dict[str, Any]]:
        known = {item.number: item for item in items(self.world, "world_bank")}
        rows = []
        for place, (two, three, name) in enumerate(PLACES):
            for year in reversed(YEARS):
                # Every figure becomes known with an item of its own number.
                number = (
                    list(INDICATORS).index(code) + 7 * (place + len(PLACES) * (year - 2000)) + 1
                )
                chance, item = self.world.random(code, two, year), known.get(number)
                value = round(chance.uniform(1, 1e6), 2) if item else None
                if item and not item.settled and value:
                    value = round(value * 0.99, 2)
                if year in wanted:
                    rows.append({
                        "indicator": {"id": code, "value": INDICATORS[code]},
                        "country": {"id": two, "value": name}, "countryiso3code": three,
                        "date": str(year), "value": value, "unit": "", "obs_status": "",
                        "decimal": 1,
                    })  # fmt: skip
        return rows

    def _refusal(self, args: dict[str, str]) -> Reply:
        told = {"id": "120", "key": "Invalid value",
                "value": "The provided parameter value is not valid"}  # fmt: skip
        if args.get("format") == "json":
            return self._json([{"message": [told]}])
        text = f'<wb:message id="120" key="Invalid value">{told["value"]}</wb:message>'
        body = f'<wb:error xmlns:wb="http://www.worldbank.org">{text}</wb:error>'
        return Reply(200, body.encode(), {"Content-Type": "application/xml"})

    def _json(self, data: object) -> Reply:
        return Reply(200, json.dumps(data).encode(), {"Content-Type": "application/json"})
