"""World Bank: what is asked, errors with status 200, pages, and countries without aggregates."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import pytest
import scrapy
from scrapy.http import TextResponse
from tests.server.site import Asked, World
from tests.server.sites.world_bank import INDICATORS, PLACES
from tests.server.sites.world_bank import WorldBank as Site

from gapstudy.collect.parse import records
from gapstudy.regions import country_code
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Record
from gapstudy.sources.world_bank import UNITS, WorldBank

REFERENCE = Path(__file__).resolve().parents[3] / "../shared/reference/products/denominators"
EARTH = REFERENCE / "naturalearth_lowres_gdp_pop.csv"
BASE = "https://api.worldbank.org/v2/country/all/indicator"
URL = f"{BASE}/SP.POP.TOTL?format=json&per_page=20000&date=2000:2026"
DAYS = (dt.date(2024, 1, 1), dt.date(2026, 6, 1))


def answer(body: bytes | str, status: int = 200, url: str = URL, page: int = 1) -> TextResponse:
    data = body.encode() if isinstance(body, str) else body
    return TextResponse(url, status=status, body=data, request=WorldBank().get(url, page=page))


def ask_site(site: Site, request: scrapy.Request) -> TextResponse:
    path, _, query = request.url.removeprefix("https://api.worldbank.org").partition("?")
    reply = site.reply(Asked("GET", "api.worldbank.org", path, query))
    return TextResponse(request.url, status=reply.status, body=reply.body, request=request)


def test_one_request_per_indicator_from_a_fixed_first_year() -> None:
    asked = [request.url for request in WorldBank().begin(Ask(*DAYS))]
    assert asked == [URL.replace("SP.POP.TOTL", code) for code in UNITS]
    # The watermark moves the window, not the years: old figures are revised.
    late = Ask(dt.date(2026, 5, 25), DAYS[1])
    assert [request.url for request in WorldBank().begin(late)] == asked
    options = {"indicators": ["NY.GDP.MKTP.CD"], "since": 2015}
    (one,) = WorldBank().begin(Ask(*DAYS, options=options))
    assert one.url == f"{BASE}/NY.GDP.MKTP.CD?format=json&per_page=20000&date=2015:2026"
    assert set(UNITS) == set(INDICATORS)


@pytest.mark.parametrize(
    ("body", "status", "verdict"),
    [
        ('[{"page":1,"pages":1,"total":1},[{"value":1}]]', 200, Good),
        ('[{"page":0,"pages":0,"total":0},null]', 200, Good),
        ('[{"page":1,"pages":2,"per_page":"50","total":"60"},null]', 200, Again),
        ('[{"page":1,"pages":1,"total":3},[]]', 200, Again),
        ('[{"message":[{"id":"120","key":"Invalid value","value":"Not valid"}]}]', 200, Refused),
        ('[{"message":[{"id":"120"}]},null]', 200, Refused),
        ('<wb:error><wb:message id="120">Not valid</wb:message></wb:error>', 200, Refused),
        ("<!DOCTYPE html><html></html>", 200, Again),
        ('[{"page":1', 200, Again),
        ("", 502, Again),
        ("", 404, Refused),
    ],
)
def test_what_an_answer_means(body: str, status: int, verdict: type) -> None:
    assert isinstance(WorldBank().judge(answer(body, status)), verdict)


def test_the_refusal_says_what_the_service_said() -> None:
    body = '[{"message":[{"id":"120","key":"Invalid value","value":"Not valid"}]}]'
    verdict = WorldBank().judge(answer(body))
    assert isinstance(verdict, Refused)
    assert "Not valid" in verdict.why
    assert "[source.world_bank]" in verdict.remedy


def test_pages_are_followed_to_the_last() -> None:
    site = Site(World(day=dt.date(2024, 5, 1)))
    source = WorldBank()
    (whole,) = source.begin(Ask(*DAYS, options={"indicators": ["SP.POP.TOTL"]}))
    expected = [one for one in source.parse(ask_site(site, whole)) if isinstance(one, Record)]
    assert not list(source.follow(ask_site(site, whole)))
    site.most = 50
    waiting, pages, found = [whole], 0, []
    while waiting:
        response = ask_site(site, waiting.pop())
        assert isinstance(source.judge(response), Good)
        waiting += [one for one in source.follow(response) if isinstance(one, scrapy.Request)]
        found += [one for one in source.parse(response) if isinstance(one, Record)]
        pages += 1
    assert pages == 4  # seven places of 27 years
    assert [one.data for one in found] == [one.data for one in expected]
    assert len(found) > 10


def test_aggregates_are_left_out_and_years_without_a_figure_have_no_row() -> None:
    site = Site(World(day=dt.date(2024, 6, 1)))
    (request,) = WorldBank().begin(Ask(*DAYS, options={"indicators": ["SP.POP.TOTL"]}))
    response = ask_site(site, request)
    rows = json.loads(response.body)[1]
    given = {
        (row["country"]["id"], row["date"]): row["value"]
        for row in rows
        if row["value"] is not None and row["country"]["id"] in {"CN", "DE", "XK", "US"}
    }
    found = [one for one in WorldBank().parse(response) if isinstance(one, Record)]
    assert {(one.data["geo"], one.data["period"]): one.data["value"] for one in found} == given
    assert len(rows) == len(PLACES) * 27
    # The row of a record is its place in the answer.
    assert all(rows[one.row - 1]["country"]["id"] == one.data["geo"] for one in found)


@pytest.mark.parametrize("change", [{"date": "soon"}, {"page": "0"}, {"colour": "red"}])
def test_the_site_refuses_as_the_service_does(change: dict[str, str]) -> None:
    args = {"format": "json", "date": "2000:2026"} | change
    query = "&".join(f"{name}={value}" for name, value in args.items())
    path = "/v2/country/all/indicator/SP.POP.TOTL"
    reply = Site(World()).reply(Asked("GET", "api.worldbank.org", path, query))
    assert reply.status == 200
    assert isinstance(WorldBank().judge(answer(reply.body)), Refused)


@pytest.mark.skipif(not EARTH.exists(), reason="the data sets of others are not here")
def test_true_countries_come_through() -> None:
    with open(EARTH, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {row["iso_a3"]: (country_code(row["iso_a3"]), float(row["pop_est"])) for row in rows
             if country_code(row["iso_a3"])}  # fmt: skip
    data = [
        {"indicator": {"id": "SP.POP.TOTL", "value": "Population, total"},
         "country": {"id": two, "value": two}, "countryiso3code": three, "date": "2019",
         "value": people, "unit": "", "obs_status": "", "decimal": 0}
        for three, (two, people) in known.items()
    ]  # fmt: skip
    body = json.dumps([{"page": 1, "pages": 1, "total": len(data)}, data]).encode()
    found = [one for one in records("world_bank", URL, body) if isinstance(one, Record)]
    assert len(found) == len(known) > 160
    assert {one.data["geo"]: one.data["value"] for one in found}["FJ"] == 889953.0
