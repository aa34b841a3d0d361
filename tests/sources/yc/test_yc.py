"""Y Combinator's companies: what counts as a product, its date, and the recorded answers."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import TextResponse
from tests.server.site import World
from tests.server.sites.yc import YcSite
from tests.sources._offline import answer, reply_to

from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Bad, Record
from gapstudy.sources.yc import COMPANIES, Yc

RECORDED = Path(__file__).resolve().parents[3] / "../shared/recorded/yc"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded responses are not here")
ASK = Ask(dt.date(2024, 1, 1), dt.date(2024, 3, 1))


def parsed(data: Any, words: list[str] | None = None) -> list[Record | Bad]:
    source = Yc()
    source.ask = Ask(ASK.first, ASK.last, options={} if words is None else {"words": words})
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return list(source.parse(TextResponse(COMPANIES, body=body, encoding="utf-8")))


def company(**more: Any) -> dict[str, Any]:
    return {"id": 1, "name": "Example", "website": "", "all_locations": "", "one_liner": "",
            "long_description": None, "industry": "B2B", "industries": ["B2B"], "tags": [],
            "regions": [], "batch": "Winter 2024", "launched_at": 0, "url": ""} | more  # fmt: skip


def product(**more: Any) -> dict[str, Any] | None:
    found = parsed([company(**more)], [])
    return next((item.data for item in found
                 if isinstance(item, Record) and item.table == "products"), None)  # fmt: skip


def test_one_file_whatever_the_window() -> None:
    (request,) = Yc().begin(ASK)
    assert request.url == COMPANIES
    assert list(Yc().follow(answer(Yc(), "[]", url=COMPANIES))) == []


def test_card() -> None:
    assert Yc.CARD is not None
    assert Yc.CARD.hosts == ("yc-oss.github.io",)
    assert Yc.CARD.robots
    assert Yc.WHOLE
    assert not Yc.CREDENTIALS


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, "[]", Good),
        (304, "", Refused),
        (200, "<html></html>", Again),
        (200, '[{"id": 1', Again),
        (404, "<html>Site not found</html>", Refused),
        (503, "", Again),
    ],
)
def test_verdicts(status: int, body: str, verdict: type) -> None:
    assert isinstance(Yc().judge(answer(Yc(), body, status=status, url=COMPANIES)), verdict)


@pytest.mark.parametrize(
    ("tags", "industries", "about"),
    [
        (["AI"], [], True),
        (["Artificial Intelligence"], [], True),
        (["Generative AI"], [], True),
        (["AIOps"], [], True),
        (["ML"], [], True),
        ([], ["Computer Vision"], True),
        (["Chatbots"], [], True),
        (["SaaS"], ["Airlines"], False),
        (["eLearning"], [], False),
        ([], [], False),
    ],
)
def test_companies_about_ai_are_products_too(
    tags: list[str], industries: list[str], about: bool
) -> None:
    found = parsed([company(tags=tags, industries=industries)])
    assert [item.table for item in found] == ["organisations"] + ["products"] * about


def test_without_words_every_company_is_a_product() -> None:
    assert product() is not None


@pytest.mark.parametrize(
    ("batch", "launched", "date", "precision"),
    [
        ("Summer 2005", 1326791691, "2005", "year"),
        ("Winter 2012", 1326791691, "2012", "year"),
        ("Winter 2012", 1330000000, "2012-02-23", "day"),
        ("F24", 1731958841, "2024-11-18", "day"),
        ("Spring X25", None, "2025", "year"),
        ("IK12", 0, "2012", "year"),
        ("Summer 2016", 1731958841, "2016", "year"),
        ("Winter 2024", 10**15, "2024", "year"),
        ("Winter 2024", -5, "2024", "year"),
    ],
)
def test_dates(batch: str, launched: int | None, date: str, precision: str) -> None:
    found = product(batch=batch, launched_at=launched)
    assert found is not None
    assert (found["date"], found["date_precision"]) == (date, precision)
    assert found["date_meaning"] == ("announcement" if precision == "day" else "batch")


@pytest.mark.parametrize(
    ("places", "regions", "country"),
    [
        ("Wallingford, CT, USA", ["United States of America"], "USA"),
        ("Boston, MA, USA; Berlin, Germany", [], "USA"),
        ("Singapore", [], "Singapore"),
        ("Remote", ["United States of America", "America / Canada", "Remote"],
         "United States of America"),
        ("Remote; Paris, France", ["France", "Europe"], "France"),
        ("", ["France", "Germany"], None),
        ("", ["Remote"], None),
        ("", [], None),
    ],
)  # fmt: skip
def test_countries(places: str, regions: list[str], country: str | None) -> None:
    found = product(all_locations=places, regions=regions)
    assert found is not None
    assert found["home_country"] == country
    assert found["country_rung"] == ("given" if country else "none")


def test_the_site_plays_the_source() -> None:
    site = YcSite(World(day=dt.date(2024, 1, 20)))
    (request,) = Yc().begin(ASK)
    first = reply_to(site, request.url)
    found = parsed(first.body)
    companies = site.companies()
    assert not [item for item in found if isinstance(item, Bad)]
    given = [item.data for item in found if item.table == "organisations"]  # type: ignore[union-attr]
    assert [row["organisation_id"] for row in given] == [f"yc:{one['id']}" for one in companies]
    assert len(companies) > 40
    again = reply_to(site, request.url, {"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    later = YcSite(World(day=dt.date(2024, 1, 21)))
    known = {one["id"] for one in companies}
    assert known < {one["id"] for one in later.companies()}
    assert reply_to(site, "https://yc-oss.github.io/api/tags/nothing.json").status == 404
    assert json.loads(reply_to(site, "https://yc-oss.github.io/api/tags/ai.json").body)


@here
def test_the_recorded_batch() -> None:
    # Read from the bytes: two companies of 2005 without an AI tag, both imported later.
    found = parsed((RECORDED / "batch_summer-2005_EXCERPT.json").read_bytes())
    assert [item.data for item in found if isinstance(item, Record)] == [
        {"organisation_id": "yc:376", "name": "Simmery", "country": "USA", "kind": "industry",
         "other_names": "", "domain": "simmery.com"},
        {"organisation_id": "yc:377", "name": "Memamp", "country": "USA", "kind": "industry",
         "other_names": "", "domain": "memamp.com"},
    ]  # fmt: skip
    every = parsed((RECORDED / "batch_summer-2005_EXCERPT.json").read_bytes(), [])
    dates = [item.data["date"] for item in every
             if isinstance(item, Record) and item.table == "products"]  # fmt: skip
    assert dates == ["2005", "2005"]


@here
def test_the_recorded_company() -> None:
    organisation, launch = parsed((RECORDED / "yc_oss_company_abundant.json").read_bytes())
    assert isinstance(organisation, Record)
    assert organisation.data == {
        "organisation_id": "yc:30078", "name": "Abundant", "country": "USA", "kind": "industry",
        "other_names": "Abundant (prev. Scorecard)", "domain": "abundant.ai",
    }  # fmt: skip
    assert isinstance(launch, Record)
    described = launch.data.pop("description")
    # 1,731,958,841 seconds after 1970 is 2024-11-18, 19:40 UTC, in the autumn batch of 2024.
    assert launch.data == {
        "product_id": "yc:30078", "name": "Abundant", "feature": "", "organisation": "Abundant",
        "home_country": "USA", "region_basis": "company_home", "country_rung": "given",
        "date": "2024-11-18", "date_precision": "day", "date_meaning": "announcement",
        "kind": "product", "category": "B2B", "website": "https://www.abundant.ai/",
        "popularity": None, "entry": "feed",
        "evidence": "https://www.ycombinator.com/companies/abundant",
    }  # fmt: skip
    assert described.startswith("On-demand human workforce")
    assert "\r" not in described
