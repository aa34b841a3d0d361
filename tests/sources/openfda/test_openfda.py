"""openFDA: windows, look-ups by number, the chain of pages, and answers that were recorded."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import scrapy
import yaml
from tests.server.site import World
from tests.server.sites import openfda as played
from tests.server.sites._fda_devices import devices
from tests.sources._offline import Crawl, answer, reply_to

from gapstudy.errors import ShapeError
from gapstudy.sources import openfda
from gapstudy.sources._answers import Again, Good, Refused, Spent, Verdict
from gapstudy.sources.base import Ask, Bad, Incomplete, Record
from gapstudy.sources.openfda import OpenFda

RECORDED = Path(__file__).resolve().parents[3] / "../shared/recorded"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded responses are not here")
FIRST, LAST = dt.date(2024, 1, 30), dt.date(2024, 2, 2)
NEXT = "https://api.fda.gov/device/510k.json?search=x&limit=2&skip=0&search_after=0%3DYE"


def told(rows: int, total: int) -> str:
    return json.dumps({"meta": {"results": {"skip": 0, "limit": 1000, "total": total}},
                       "results": [{}] * rows})  # fmt: skip


def fault(code: str) -> str:
    return json.dumps({"error": {"code": code, "message": "..."}}, indent=2)


def test_a_unit_is_a_month_of_decisions() -> None:
    first, second = OpenFda().begin(Ask(FIRST, LAST))
    assert unquote(first.url) == (
        "https://api.fda.gov/device/510k.json?search=decision_date:[2024-01-30+TO+2024-01-31]"
        "+AND+product_code:(QIH+OR+QAS+OR+QDQ+OR+QJU+OR+QKB)&sort=decision_date:asc&limit=1000"
    )
    assert second.meta["window"] == "2024-02-01/2024-02-02"
    assert "skip" not in first.url
    (one,) = OpenFda().begin(Ask(FIRST, FIRST, options={"product_codes": ["LLZ"]}))
    assert "product_code:(LLZ)" in one.url
    assert not list(OpenFda().begin(Ask(FIRST, LAST, options={"product_codes": []})))


def test_wanted_numbers_are_looked_up_by_year_in_batches() -> None:
    wanted = [f"K23{number:04}" for number in range(150)] + ["DEN240001", "P950001", "k230000 "]
    units = lookups(wanted)
    assert [unquote(url).count("+OR+") + 1 for url in units] == [1, 100, 50]
    assert "k_number:(DEN240001)" in units[0]
    assert "P950001" not in "".join(units)
    # A number of another year leaves the batches of this one as they are.
    assert set(units) < set(lookups([*wanted, "K240001"]))


def lookups(wanted: list[str]) -> list[str]:
    ask = Ask(FIRST, LAST, options={"product_codes": []}, wanted=tuple(wanted))
    return [unit.url for unit in OpenFda().begin(ask)]


@pytest.mark.parametrize(
    ("status", "body", "headers", "verdict"),
    [
        (200, told(3, 3), {}, Good()),
        (404, fault("NOT_FOUND"), {}, Good()),
        (429, fault("OVER_RATE_LIMIT"), {"Retry-After": "9"},
         Again("HTTP 429: too many requests", 9.0)),
        (429, fault("OVER_RATE_LIMIT"), {"X-RateLimit-Limit": "240"},
         Again("HTTP 429: too many requests", 60.0)),
        (429, fault("OVER_RATE_LIMIT"), {"X-RateLimit-Limit": "1000"},
         Spent("the requests of the day are used up", 3600.0)),
        (500, "<html>Internal Server Error</html>", {}, Again("HTTP 500", None)),
        (503, fault("SERVICE_UNAVAILABLE"), {}, Again("HTTP 503", None)),
        (200, "<html>", {}, Again("a page of HTML in place of JSON")),
        (200, told(0, 7), {}, Again("an empty page in the middle of the results")),
    ],
)  # fmt: skip
def test_what_an_answer_means(
    status: int, body: str, headers: Mapping[str, str], verdict: Verdict
) -> None:
    source = OpenFda()
    assert source.judge(answer(source, body, status=status, headers=headers)) == verdict


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, fault("API_KEY_INVALID")), (500, fault("SERVER_ERROR")), (400, fault("BAD_REQUEST")),
        (404, "<html>not here</html>"), (403, ""),
    ],
)  # fmt: skip
def test_what_is_refused_for_good(status: int, body: str) -> None:
    source = OpenFda()
    assert isinstance(source.judge(answer(source, body, status=status)), Refused)


def test_the_chain_of_pages_follows_the_link_and_ends_without_one() -> None:
    source = OpenFda()
    link = {"Link": f'<{NEXT}>; rel="next"'}
    (after,) = source.follow(answer(source, told(2, 5), headers=link, window="w", seen=0))
    assert isinstance(after, scrapy.Request)
    assert (after.url, after.meta["seen"]) == (NEXT, 2)
    assert not list(source.follow(answer(source, told(1, 5), window="w", seen=4)))
    assert not list(source.follow(answer(source, fault("NOT_FOUND"), status=404)))
    (lost,) = source.follow(answer(source, told(1, 5), window="w", seen=2))
    assert lost == Incomplete("w", 5, 3)
    other = {"Link": '<https://example.org/device/510k.json?x>; rel="next"'}
    with pytest.raises(ShapeError, match="another address"):
        list(source.follow(answer(source, told(2, 5), headers=other)))


def test_the_key_never_stands_in_an_address() -> None:
    source = OpenFda()
    header = source.sign({"OPENFDA_API_KEY": "test-key-openfda"})["Authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")) == b"test-key-openfda:"
    assert source.sign({}) == {}
    assert all("api_key" not in unit.url for unit in source.begin(Ask(FIRST, LAST, keyed=True)))


def test_the_card_depends_on_the_key() -> None:
    plain, keyed = OpenFda.card(keyed=False), OpenFda.card(keyed=True)
    assert plain is not None
    assert keyed is not None
    assert [budget.amount for budget in plain.budgets] == [240, 1000]
    assert [budget.amount for budget in keyed.budgets] == [240, 120_000]
    assert (plain.delay, plain.concurrency, plain.hosts) == (0.5, 1, ("api.fda.gov",))


# The site.


def crawl(site: played.OpenFda, first: dt.date, into: Crawl | None = None, *, keyed: bool = False,
          wanted: tuple[str, ...] = ()) -> Crawl:  # fmt: skip
    ask = Ask(first, site.world.day, keyed=keyed, wanted=wanted)
    return (into or Crawl()).run(OpenFda(), site, ask)


def test_a_crawl_brings_every_device_once_whatever_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = played.OpenFda(World(day=dt.date(2024, 2, 20), per_day=6, late=0))
    whole = crawl(site, site.world.start, keyed=True)
    there = [device for device in devices(site.world) if device.code != "LLZ"]
    assert {row["product_id"]: row["home_country"] for row in whole.rows.values()} == {
        f"fda:{device.number}": device.country or None for device in there
    }
    monkeypatch.setattr(openfda, "PAGE", 7)
    small = crawl(site, site.world.start)
    assert small.rows == whole.rows
    assert not small.incomplete
    assert len(small.urls) > len(there) // 7


def test_a_device_without_a_code_of_ai_is_found_by_its_number() -> None:
    site = played.OpenFda(World(day=dt.date(2024, 1, 20), per_day=6, late=0))
    numbers = [device.number for device in devices(site.world) if device.code == "LLZ"]
    found = crawl(site, site.world.start, wanted=tuple(numbers))
    assert {f"fda:{number}" for number in numbers} <= {key[1] for key in found.rows}


def test_daily_crawls_with_overlap_end_where_one_crawl_does() -> None:
    site = played.OpenFda(World(start=dt.date(2024, 1, 1)))
    daily = Crawl()
    overlap = dt.timedelta(days=OpenFda.CARD.overlap if OpenFda.CARD else 0)
    for number in range(60):
        site.world.day = site.world.start + dt.timedelta(days=number)
        crawl(site, max(site.world.start, site.world.day - overlap), daily)
    assert daily.rows == crawl(site, site.world.start).rows


def test_a_spent_minute_is_waited_for_and_a_spent_day_too() -> None:
    site = played.OpenFda(World(day=dt.date(2024, 6, 20)))
    whole = crawl(site, site.world.start)
    site.sent.clear()
    site.a_minute = 3
    found = crawl(site, site.world.start)
    assert found.rows == whole.rows
    # The site of these tests tells a limit of its own, which is not that of a minute elsewhere.
    assert [type(wait) for wait in found.waits] == [Spent]
    site.sent.clear()
    site.a_minute, site.a_day = 240, 4
    found = crawl(site, site.world.start)
    assert found.rows == whole.rows
    assert [wait.why for wait in found.waits if isinstance(wait, Spent)] == [
        "the requests of the day are used up"
    ]


def test_the_site_refuses_what_the_service_does() -> None:
    site = played.OpenFda(World())
    base = "https://api.fda.gov/device/510k.json?search=product_code:QIH"
    assert reply_to(site, base).status == 200
    wrong = {"Authorization": "Basic " + base64.b64encode(b"wrong:").decode()}
    assert reply_to(site, base, wrong).status == 403
    for ending, status in (("&limit=1001", 400), ("&skip=25001", 400), ("&page=1", 400),
                           ('"', 500), ("&sort=colour:asc", 400)):  # fmt: skip
        assert reply_to(site, base + ending).status == status
    assert reply_to(site, base.replace("QIH", "ZZZ")).status == 404


# What was recorded.


def recorded(name: str) -> Iterator[tuple[int, dict[str, Any], str]]:
    text = (RECORDED / f"openfda/{name}.yml").read_text()
    for one in yaml.safe_load(text)["http_interactions"]:
        told = one["response"]
        yield told["status"]["status_code"], told["headers"], told["body"]["string"]


@here
def test_the_recorded_errors() -> None:
    source, seen = OpenFda(), Counter[str]()
    for status, _, body in recorded("test-handle_http_errors"):
        response = answer(source, body, status=status)
        verdict = source.judge(response)
        assert isinstance(verdict, Good if status == 404 else Refused)
        seen[json.loads(body)["error"]["code"]] += 1
        if status == 404:
            assert not list(source.parse(response))
        else:
            with pytest.raises(ShapeError):
                list(source.parse(response))
    assert seen == {"NOT_FOUND": 6, "BAD_REQUEST": 3, "API_KEY_INVALID": 3, "SERVER_ERROR": 3}


@here
def test_the_recorded_pages_of_a_sister_endpoint() -> None:
    source, ends, links = OpenFda(), 0, 0
    for status, headers, body in recorded("test-paging"):
        link = {name.title(): value for name, value in headers.items() if name.lower() == "link"}
        response = answer(source, body, status=status, headers=link, window="w", seen=0)
        assert source.judge(response) == Good()
        total = json.loads(body)["meta"]["results"]["total"]
        if link:
            # The chain leads to the sister's address: nothing that we may follow.
            with pytest.raises(ShapeError, match="another address"):
                list(source.follow(response))
            links += 1
        else:
            response.meta["seen"] = total - len(json.loads(body)["results"])
            assert not list(source.follow(response))
            ends += 1
        with pytest.raises(ShapeError, match="k_number"):
            list(source.parse(response))
    assert (links, ends) == (7, 2)


@here
def test_the_recorded_device_with_its_cut_off_end_closed() -> None:
    path = RECORDED / "openfda_510k_excerpt/device_510k_DEN250007_TRUNCATED.txt"
    text = path.read_text().rstrip().rstrip(",")
    source = OpenFda()
    with pytest.raises(ShapeError, match="not JSON"):
        list(source.parse(answer(source, text)))
    (found,) = source.parse(answer(source, text + "}]}"))
    assert isinstance(found, Record)
    assert not isinstance(found, Bad)
    assert {name: found.data[name] for name in (
        "product_id", "name", "organisation", "home_country", "date", "description", "country_rung",
        "region_basis", "date_meaning",
    )} == {
        "product_id": "fda:DEN250007", "name": "Delivery Date AI", "organisation": "Ultrasound AI",
        "home_country": "US", "date": "2026-02-11", "country_rung": "given",
        "region_basis": "applicant", "date_meaning": "clearance",
        "description": "Radiological Software System For Delivery Date Prediction; Radiology",
    }  # fmt: skip
