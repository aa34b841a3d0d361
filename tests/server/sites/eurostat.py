"""Eurostat's statistics service as the local server plays it: one cube in JSON-stat."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any
from urllib.parse import parse_qsl

from tests.server.site import Asked, Reply, Site
from tests.server.sites._whole import changed, items

PATH = "/eurostat/api/dissemination/statistics/1.0/data/"
DATASET = "isoc_eb_ai"
TITLE = "Artificial intelligence by size class of enterprise"
#: Dimension -> code -> label, in the order of the cube.
DIMENSIONS: dict[str, dict[str, str]] = {
    "freq": {"A": "Annual"},
    "size_emp": {"10-49": "From 10 to 49 persons employed",
                 "GE10": "10 persons employed or more", "GE250": "250 persons employed or more"},
    "nace_r2": {"C10-S951_X_K": "All activities, without financial sector"},
    "indic_is": {"E_AI_TANY": "Enterprises use at least one AI technology",
                 "E_AI_TX": "Enterprises do not use AI technologies",
                 "E_AI_BCST": "Reason not to use AI: costs too high"},
    "unit": {"PC_ENT": "Percentage of enterprises",
             "PC_ENT_AI_EC": "Percentage of enterprises which ever considered to use AI"},
    "geo": {"EU27_2020": "European Union - 27 countries (from 2020)",
            "EA20": "Euro area - 20 countries (from 2023)", "DE": "Germany", "EL": "Greece",
            "SE": "Sweden", "UK": "United Kingdom"},
    "time": {"2021": "2021", "2023": "2023", "2024": "2024"},
}  # fmt: skip
PARAMETERS = {"format", "lang", "geolevel", "sincetimeperiod", "untiltimeperiod", "lasttimeperiod"}


class Eurostat(Site):
    """Figures become known one after another; each is provisional in its first days.

    Attributes:
        most: positions of the largest extraction that is given.
        being_prepared: whether every answer says that it is being prepared.
    """

    HOSTS = ("ec.europa.eu",)
    most = 5_000_000
    being_prepared = False

    def reply(self, asked: Asked) -> Reply:
        if not asked.path.startswith(PATH):
            return Reply(404, b"<!DOCTYPE html><html></html>", {"Content-Type": "text/html"})
        dataset = asked.path.removeprefix(PATH).upper()
        if dataset != DATASET.upper():
            label = f"ERR_NOT_FOUND_4: {dataset} (DATA_SET:ESTAT,1.0) is not available for"
            return self._error(404, 100, f"{label} dissemination.")
        wanted: dict[str, str] = {}
        for given, value in parse_qsl(asked.query, keep_blank_values=True):
            name = given.lower()
            if name in PARAMETERS:
                continue
            if name not in DIMENSIONS or name in wanted:
                # Whether a dimension may be given twice is not documented: here it may not.
                label = f'Dimension "{given.upper()}" is not defined'
                return self._error(400, 150, f"INVALID_QUERY_DIMENSION: {label}")
            wanted[name] = value.upper()
        chosen = {
            name: [code for code in codes if wanted.get(name, code.upper()) == code.upper()]
            for name, codes in DIMENSIONS.items()
        }
        if not all(chosen.values()):
            return self._error(400, 100, "No results found")
        if math.prod(map(len, chosen.values())) > self.most:
            return self._error(413, 413, "EXTRACTION_TOO_BIG: The requested extraction is too big")
        if self.being_prepared:
            return self._error(413, 413, "ASYNCHRONOUS_RESPONSE: Your request will be treated "
                                         "asynchronously. Please try again later.")  # fmt: skip
        return self._json(200, self._cube(chosen))

    def _cube(self, chosen: dict[str, list[str]]) -> dict[str, Any]:
        whole = itertools.product(*DIMENSIONS.values())
        numbers = {codes: number for number, codes in enumerate(whole, start=1)}
        known = {item.number: item for item in items(self.world, "eurostat")}
        values: dict[str, float] = {}
        flags: dict[str, str] = {}
        for position, codes in enumerate(itertools.product(*chosen.values())):
            item = known.get(numbers[codes])
            if item is None:
                continue
            chance = self.world.random("eurostat", item.number)
            kind = chance.random()
            if kind < 0.05:
                flags[str(position)] = "c"  # withheld: a flag without a figure
                continue
            values[str(position)] = round(chance.uniform(1, 60), 2)
            if not item.settled:
                flags[str(position)] = "p"
            elif kind > 0.9:
                flags[str(position)] = chance.choice(("b", "u", "bu", "e"))
        dimension = {
            name: {"label": name, "category": {
                "index": {code: place for place, code in enumerate(codes)},
                "label": {code: DIMENSIONS[name][code] for code in codes},
            }}
            for name, codes in chosen.items()
        }  # fmt: skip
        day = changed(self.world, (item.shown for item in known.values()))
        cube = {
            "version": "2.0", "class": "dataset", "label": TITLE, "source": "ESTAT",
            "updated": f"{day.isoformat()}T11:00:00+0100", "value": values,
            "id": list(chosen), "size": [len(codes) for codes in chosen.values()],
            "dimension": dimension,
        }  # fmt: skip
        return {**cube, "status": flags} if flags else cube

    def _error(self, status: int, code: int, label: str) -> Reply:
        return self._json(status, {"error": [{"status": status, "id": code, "label": label}]})

    def _json(self, status: int, data: object) -> Reply:
        return Reply(status, json.dumps(data).encode(), {"Content-Type": "application/json"})
