"""Epoch AI: what is asked, what an answer means, whose country it is, and its older releases."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import TextResponse
from tests.server.site import Asked, World
from tests.server.sites.epoch import FILES as SITE_FILES
from tests.server.sites.epoch import Epoch as Site

from gapstudy.collect.parse import records
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Bad, Record
from gapstudy.sources.epoch import FILES, Epoch, category, one_country, slug

REFERENCE = Path(__file__).resolve().parents[3] / "../shared/reference/models"
NOTABLE = REFERENCE / "notable_ai_models.2025-02-24.csv"
LARGE = REFERENCE / "large_scale_ai_models.2024-07-16.csv"
URL = "https://epoch.ai/data/epochdb/notable_ai_models.csv"
here = pytest.mark.skipif(not NOTABLE.exists(), reason="the data sets of others are not here")


def answer(body: bytes, status: int = 200) -> TextResponse:
    return TextResponse(URL, status=status, body=body, request=Epoch().get(URL))


def products(body: bytes) -> list[dict[str, Any]]:
    found = list(records("epoch", URL, body))
    assert not [one for one in found if isinstance(one, Bad)]
    return [one.data for one in found if isinstance(one, Record) and one.table == "products"]


def test_each_table_is_asked_for_once_whatever_the_window() -> None:
    asked = [
        [request.url for request in Epoch().begin(Ask(dt.date(year, 1, 1), dt.date(year, 2, 1)))]
        for year in (2020, 2026)
    ]
    assert asked[0] == asked[1] == ["https://epoch.ai" + path for path in FILES]
    assert Epoch.WHOLE
    assert Epoch.CARD is not None
    assert Epoch.CARD.robots
    assert all(request.split("/")[2] in Epoch.CARD.hosts for request in asked[0])


@pytest.mark.parametrize(
    ("body", "status", "verdict"),
    [
        (b"Model,Publication date\nA,2024\n", 200, Good),
        ("\ufeffSystem,Domain\n".encode(), 200, Good),
        (b"<!DOCTYPE html><html>Models</html>", 200, Refused),
        (b"Name,Date\nA,2024\n", 200, Refused),
        (b"", 200, Again),
        (b"gone", 404, Refused),
        (b"busy", 503, Again),
    ],
)
def test_what_an_answer_means(body: bytes, status: int, verdict: type) -> None:
    assert isinstance(Epoch().judge(answer(body, status)), verdict)


@pytest.mark.parametrize(
    ("organisations", "countries", "country"),
    [
        ("Example Labs", "Germany", "Germany"),
        ("Example Labs,Example University", "Germany,Germany", "Germany"),
        ("Example Labs,Example University", "Germany, Germany", "Germany"),
        ("Example Labs,Example University", "Germany", ""),
        ("Example Labs,Example University", "Germany,France", ""),
        ("Example Labs", "Germany,France", ""),
        ("Example Labs", "Germany,Multinational", ""),
        ("Example Labs", "Multinational", ""),
        ("Example Labs", "", ""),
        ("", "Germany", "Germany"),
    ],
)
def test_a_country_only_where_all_organisations_share_it(
    organisations: str, countries: str, country: str
) -> None:
    assert one_country(organisations, countries) == country


def test_names_that_differ_by_a_sign_are_different_models() -> None:
    assert len({slug(name) for name in ("GPT-3", "GPT-3.5", "GPT-3.5+", "GPT 35")}) == 4
    assert slug("  Gémini\u2003Pro ") == "gémini-pro"


def test_the_first_domain_that_names_a_use() -> None:
    assert category("Multimodal,Vision,Language") == "vision"
    assert category("Multimodal") == category("") == "other"


@here
def test_the_release_of_2025_is_read_whole() -> None:
    body = NOTABLE.read_bytes()
    found = products(body)
    assert len(found) == 895
    assert len({product["product_id"] for product in found}) == 895
    by_name = {product["name"]: product for product in found}
    # Read off the file itself.
    assert by_name["Grok-3"]["date"] == "2025-02-17"
    assert by_name["Grok-3"]["organisation"] == "xAI"
    assert by_name["Grok-3"]["home_country"] == "United States of America"
    assert by_name["Grok-3"]["evidence"] == "https://x.ai/blog/grok-3"
    assert by_name["DeepSeek-R1"]["home_country"] == "China"
    assert by_name["Theseus"]["date"] == "1950-07-02"
    assert min(product["date"] for product in found) == "1950-07-02"
    assert max(product["date"] for product in found) == "2025-02-17"


@here
@pytest.mark.parametrize(("path", "name"), [(NOTABLE, "Model"), (LARGE, "System")])
def test_every_row_of_the_older_releases(path: Path, name: str) -> None:
    body = path.read_bytes()
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = products(body)
    assert len(found) == len(rows)
    for row, product in zip(rows, found, strict=True):
        assert product["name"] == " ".join(row[name].split())
        assert product["date"] == row["Publication date"]
        assert product["organisation"] == row["Organization"]
        countries = set(row["Country (from Organization)"].split(","))
        assert product["home_country"] in countries | {""}
        assert bool(product["home_country"]) == (product["country_rung"] == "given")
        if product["home_country"]:
            assert len(countries) == 1


@here
def test_links_to_papers_of_the_older_releases() -> None:
    found = [one for one in records("epoch", URL, NOTABLE.read_bytes()) if isinstance(one, Record)]
    papers = {
        (one.data["product_id"], one.data["arxiv_id"])
        for one in found
        if one.table == "product_references"
    }
    assert ("epoch:exaone-3.5-32b_2024-12-09_lg-ai-research", "2412.04862") in papers
    with open(NOTABLE, encoding="utf-8", newline="") as file:
        linked = sum(
            bool(re.search(r"arxiv\.org/[a-z]+/[0-9a-z.-]+", row["Link"]))
            for row in csv.DictReader(file)
        )
    assert len({product for product, arxiv in papers if arxiv}) == linked


def test_the_site_is_read_day_by_day() -> None:
    world = World(day=dt.date(2024, 3, 1))
    asked = Asked("GET", "epoch.ai", FILES[2])
    first = Site(world).reply(asked)
    found = list(records("epoch", URL, first.body))
    assert sum(isinstance(one, Bad) for one in found) == 1  # the shifted row
    again = Asked("GET", "epoch.ai", FILES[2], headers={"if-none-match": first.headers["ETag"]})
    assert Site(world).reply(again).status == 304
    since = {"if-modified-since": first.headers["Last-Modified"]}
    assert Site(world).reply(Asked("GET", "epoch.ai", FILES[2], headers=since)).status == 304
    world.day = dt.date(2024, 3, 2)
    assert Site(world).reply(again).status == 200
    assert set(SITE_FILES) == set(FILES)
    Site.COUNTRY, new = "Country (from Organization)", Site.COUNTRY
    try:
        older = Site(World(day=dt.date(2024, 3, 1))).reply(asked)
    finally:
        Site.COUNTRY = new
    assert list(records("epoch", URL, older.body)) == found
