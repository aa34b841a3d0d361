"""Eurostat: what is asked, what its codes mean, flags and places, and true values."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import TextResponse
from tests.server.site import Asked, World
from tests.server.sites.eurostat import DIMENSIONS
from tests.server.sites.eurostat import Eurostat as Site

from gapstudy.collect.parse import records
from gapstudy.regions import is_code
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Bad, Record
from gapstudy.sources.eurostat import Eurostat, status

REFERENCE = Path(__file__).resolve().parents[3] / "../shared/reference/products/eurostat_ai"
ADOPTION = REFERENCE / "ai-adoption.csv"
BASE = "https://ec.europa.eu/eurostat/api/dissemination/statistics/1.0/data/isoc_eb_ai"
URL = f"{BASE}?format=JSON&lang=EN&unit=PC_ENT"
DAYS = (dt.date(2024, 1, 1), dt.date(2024, 6, 1))


def fault(code: int, label: str) -> bytes:
    return json.dumps({"error": [{"status": 400, "id": code, "label": label}]}).encode()


def answer(body: bytes, code: int = 200) -> TextResponse:
    return TextResponse(URL, status=code, body=body, request=Eurostat().get(URL))


def figures(body: bytes, url: str = URL) -> dict[tuple[str, ...], Any]:
    found = [one for one in records("eurostat", url, body) if isinstance(one, Record)]
    keys = [tuple(one.data[name] for name in ("indicator", "geo", "period", "entity", "unit"))
            for one in found]  # fmt: skip
    assert len(set(keys)) == len(keys)
    return {key: one.data for key, one in zip(keys, found, strict=True)}


def ask_site(site: Site, url: str) -> TextResponse:
    path, _, query = url.removeprefix("https://ec.europa.eu").partition("?")
    reply = site.reply(Asked("GET", "ec.europa.eu", path, query))
    return TextResponse(url, status=reply.status, body=reply.body, request=Eurostat().get(url))


def test_one_request_per_data_set_and_unit() -> None:
    assert [request.url for request in Eurostat().begin(Ask(*DAYS))] == [
        URL, URL.replace("PC_ENT", "PC_ENT_AI_EC")
    ]  # fmt: skip
    options = {"datasets": ["isoc_eb_ai", "isoc_eb_ain2"], "units": ["PC_ENT"],
               "filters": {"size_emp": "GE10", "geo": "DE"}}  # fmt: skip
    asked = [request.url for request in Eurostat().begin(Ask(*DAYS, options=options))]
    assert asked[1] == (f"{BASE}n2?format=JSON&lang=EN&unit=PC_ENT&geo=DE&size_emp=GE10")
    assert Eurostat.WHOLE


@pytest.mark.parametrize(
    ("body", "code", "verdict"),
    [
        (b'{"id": []}', 200, Good),
        (fault(100, "No results found"), 400, Good),
        (fault(100, "No results found"), 404, Good),
        (fault(100, "ERR_NOT_FOUND_4: X is not available for dissemination."), 404, Refused),
        (fault(140, "syntax"), 400, Refused),
        (fault(150, "INVALID_QUERY_DIMENSION"), 400, Refused),
        (fault(413, "EXTRACTION_TOO_BIG: too big"), 413, Refused),
        (fault(413, "ASYNCHRONOUS_RESPONSE: try again later"), 413, Again),
        (b'{"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE"}}', 200, Again),
        (b"<S:Fault><faultcode>100</faultcode><faultstring>No results</faultstring></S:Fault>",
         404, Good),
        (b"<S:Fault><faultcode>150</faultcode><faultstring>Bad</faultstring></S:Fault>", 400,
         Refused),
        (fault(500, "internal"), 500, Again),
        (b'{"error": [', 400, Again),
        (b"<!DOCTYPE html><html>maintenance</html>", 200, Again),
        (b"forbidden", 403, Refused),
    ],
)  # fmt: skip
def test_the_code_in_the_body_decides(body: bytes, code: int, verdict: type) -> None:
    assert isinstance(Eurostat().judge(answer(body, code)), verdict)


@pytest.mark.parametrize(
    ("flag", "said"),
    [("", ""), (":", ""), ("b", "break"), (":c", "suppressed"), (": u", "low_reliability"),
     ("bp", "break, provisional"), ("e", "estimated"), ("n", "n"), ("bd", "break, d")],
)  # fmt: skip
def test_flags_in_our_words(flag: str, said: str) -> None:
    assert status(flag) == said


def test_the_site_and_the_parser_agree_cell_by_cell() -> None:
    site = Site(World(day=dt.date(2024, 3, 1)))
    response = ask_site(site, URL)
    assert isinstance(Eurostat().judge(response), Good)
    cube = json.loads(response.body)
    found = figures(response.body)
    # The position of a figure, taken by hand from the sizes of the dimensions.
    sizes = dict(zip(cube["id"], cube["size"], strict=True))
    assert sizes == {"freq": 1, "size_emp": 3, "nace_r2": 1, "indic_is": 3, "unit": 1, "geo": 6,
                     "time": 3}  # fmt: skip
    ours = {"EU27_2020": "EU27", "EL": "GR", "UK": "GB"}
    checked = 0
    for size_place, size in enumerate(DIMENSIONS["size_emp"]):
        for indic_place, indic in enumerate(DIMENSIONS["indic_is"]):
            for geo_place, geo in enumerate(DIMENSIONS["geo"]):
                for year_place, year in enumerate(DIMENSIONS["time"]):
                    place = str(((size_place * 3 + indic_place) * 6 + geo_place) * 3 + year_place)
                    key = (f"eurostat:{indic}", ours.get(geo, geo), year, size, "PC_ENT")
                    given = place in cube["value"] or place in cube.get("status", {})
                    assert (key in found) == (given and geo != "EA20")
                    if key in found:
                        assert found[key]["value"] == cube["value"].get(place)
                        assert bool(found[key]["status"]) == (place in cube.get("status", {}))
                        checked += 1
    assert checked == len(found) > 30
    assert all(key[1] == "EU27" or is_code(key[1]) for key in found)


def test_what_the_site_refuses_and_what_it_prepares() -> None:
    site = Site(World())
    source = Eurostat()
    assert isinstance(source.judge(ask_site(site, f"{URL}&sex=F")), Refused)
    assert isinstance(source.judge(ask_site(site, f"{URL}&geo=DE&geo=EL")), Refused)
    assert isinstance(source.judge(ask_site(site, URL.replace("eb_ai", "eb_xx"))), Refused)
    none = ask_site(site, f"{URL}&geo=XX")
    assert none.status == 400
    assert isinstance(source.judge(none), Good)
    assert list(source.parse(none)) == []
    site.most = 10
    verdict = source.judge(ask_site(site, URL))
    assert isinstance(verdict, Refused)
    assert "filters" in verdict.remedy
    site.most, site.being_prepared = 5_000_000, True
    assert source.judge(ask_site(site, URL)) == Again("the data are being prepared", 60.0)


@pytest.mark.skipif(not ADOPTION.exists(), reason="the data sets of others are not here")
def test_true_values_come_through() -> None:
    with open(ADOPTION, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    geos = list(dict.fromkeys(row["geo"] for row in rows))
    years = list(dict.fromkeys(row["year"] for row in rows))
    told = {(row["geo"], row["year"]): float(row["value"]) for row in rows}
    codes = {"freq": ["A"], "size_emp": ["GE10"], "nace_r2": ["C10-S951_X_K"],
             "indic_is": ["E_AI_TANY"], "unit": ["PC_ENT"], "geo": geos, "time": years}  # fmt: skip
    body = json.dumps({
        "id": list(codes), "size": [len(found) for found in codes.values()],
        "dimension": {name: {"category": {"index": found}} for name, found in codes.items()},
        "value": {str(place): told[geo, year] for place, (geo, year) in
                  enumerate((geo, year) for geo in geos for year in years)},
    }).encode()  # fmt: skip
    found = figures(body)
    assert len(found) == len(rows) == 36
    assert found["eurostat:E_AI_TANY", "EU27", "2025", "GE10", "PC_ENT"]["value"] == 19.95
    assert found["eurostat:E_AI_TANY", "DK", "2023", "GE10", "PC_ENT"]["value"] == 15.17
    assert not [one for one in records("eurostat", URL, body) if isinstance(one, Bad)]
