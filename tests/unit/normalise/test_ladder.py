"""The ladder that finds home countries of products, and how often each rung is right."""

import csv
import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.normalise._places import text_countries
from gapstudy.normalise.ladder import CONFIDENCE, climb
from gapstudy.organisations.domains import above, domain_country, host
from gapstudy.regions import country_code
from gapstudy.tables.core import RUNGS

ROOT = Path(__file__).resolve().parents[3]
COMPANIES = ROOT / "../shared/reference/products/yc_companies_to_2024.csv.gz"


def registers(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """Organisations of (source, name, other names, domain, country)."""
    columns = ["source", "name", "other_names", "domain", "country"]
    table = pd.DataFrame(list(rows), columns=columns, dtype="string[pyarrow]")
    return table.assign(country=table["country"].where(table["country"] != ""))


def products(*rows: dict[str, Any]) -> pd.DataFrame:
    empty = {"organisation": "", "website": "", "description": "", "home_country": None,
             "region_basis": "none", "country_rung": "none",
             "country_confidence": None}  # fmt: skip
    return pd.DataFrame([{**empty, **row} for row in rows], columns=list(empty))


def climbed(row: dict[str, Any], *known: tuple[str, str, str, str, str]) -> tuple[Any, str]:
    result = climb(products(row), registers(*known)).iloc[0]
    country = None if pd.isna(result["home_country"]) else result["home_country"]
    assert result["region_basis"] == ("company_home" if country else "none")
    if country:
        assert result["country_confidence"] == CONFIDENCE[result["country_rung"]]
    else:
        assert pd.isna(result["country_confidence"])
    return country, result["country_rung"]


def test_what_the_source_gave_stands() -> None:
    row = {"organisation": "Example", "home_country": "CN", "region_basis": "applicant"}
    result = climb(products(row), registers(("ror", "Example", "", "", "DE"))).iloc[0]
    assert result[["home_country", "country_rung", "region_basis", "country_confidence"]].tolist() \
        == ["CN", "given", "applicant", 1.0]  # fmt: skip


def test_a_register_matches_by_name_without_case_and_legal_form() -> None:
    known = ("ror", "Example Labs GmbH", "", "", "DE")
    assert climbed({"organisation": "EXAMPLE LABS"}, known) == ("DE", "ror")
    assert climbed({"organisation": "Example Labour"}, known) == (None, "none")


def test_a_register_matches_by_domain_and_what_stands_below_it() -> None:
    known = ("wikidata", "Example", "", "example.com", "FR")
    assert climbed({"website": "https://www.example.com/x"}, known) == ("FR", "wikidata")
    assert climbed({"website": "https://app.example.com"}, known) == ("FR", "wikidata")
    assert climbed({"website": "https://notexample.com"}, known) == (None, "none")


def test_a_page_on_a_shared_host_is_not_the_host() -> None:
    known = ("ror", "GitHub", "", "github.com", "US")
    assert climbed({"website": "https://github.com/jane/thing"}, known) == (None, "none")
    assert climbed({"website": "https://jane.github.io"}, known) == (None, "none")


def test_two_of_one_name_in_two_countries_are_no_match() -> None:
    two = (("ror", "Apollo", "", "", "DE"), ("ror", "Apollo Inc", "", "", "US"))
    assert climbed({"organisation": "Apollo"}, *two) == (None, "none")
    same = (("ror", "Apollo", "", "", "US"), ("ror", "Apollo Inc", "", "", "US"))
    assert climbed({"organisation": "Apollo"}, *same) == ("US", "ror")
    # One of unknown country may be the one that is meant.
    unknown = (("ror", "Apollo", "", "", "DE"), ("ror", "Apollo Inc", "", "", ""))
    assert climbed({"organisation": "Apollo"}, *unknown) == (None, "none")
    assert climbed({"organisation": "Apollo"}, *unknown[::-1]) == (None, "none")


def test_name_and_domain_must_not_contradict_each_other() -> None:
    two = (("ror", "Apollo", "", "", "DE"), ("ror", "Zeus", "", "apollo.org", "US"))
    row = {"organisation": "Apollo", "website": "https://apollo.org"}
    assert climbed(row, *two) == (None, "none")
    # The next register is asked for itself.
    assert climbed(row, *two, ("yc", "Apollo", "", "apollo.org", "IN")) == ("IN", "yc")


def test_other_names_count_when_they_are_long_enough() -> None:
    known = ("ror", "Example University", "EXU | Old Example", "", "SE")
    assert climbed({"organisation": "Old Example"}, known) == ("SE", "ror")
    assert climbed({"organisation": "EXU"}, known) == (None, "none")
    assert climbed({"organisation": "例示"}, ("ror", "例示", "", "", "CN")) == ("CN", "ror")


def test_the_first_rung_that_answers_is_taken() -> None:
    row = {"organisation": "Example", "website": "https://other.fr", "description": "In Kenya"}
    yc, wikidata = ("yc", "Example", "", "", "US"), ("wikidata", "Example", "", "", "GB")
    assert climbed(row, yc, wikidata) == ("GB", "wikidata")
    assert climbed(row, yc) == ("US", "yc")
    assert climbed(row) == ("FR", "domain")
    assert climbed({**row, "website": "https://other.com"}) == ("KE", "text")
    assert climbed({"organisation": "Example"}) == (None, "none")


def test_other_sources_are_no_register() -> None:
    assert climbed({"organisation": "Example"}, ("landmark", "Example", "", "", "US")) == (
        None, "none",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("site", "country"),
    [
        ("https://shop.example.co.uk/a", "GB"),
        ("example.de", "DE"),
        ("http://example.eu", None),
        ("https://example.io", None),
        ("https://example.ai", None),
        ("https://example.com", None),
        ("https://youtu.be/xyz", None),
        ("https://lu.ma/event", None),
        ("mailto:jane@example.fr", None),
        ("https://jane@example.fr/", "FR"),
        ("", None),
    ],
)
def test_domains_of_countries(site: str, country: str | None) -> None:
    assert domain_country(host(site), "") == country


def test_an_ending_that_is_a_part_of_the_name_is_no_country() -> None:
    assert climbed({"organisation": "Fridge", "website": "http://frid.ge"}) == (None, "none")
    assert climbed({"organisation": "Cold", "website": "http://frid.ge"}) == ("GE", "domain")


def test_domains_above() -> None:
    assert above("a.b.example.com") == ["a.b.example.com", "b.example.com", "example.com"]
    assert above("localhost") == above("") == []


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Tutors for schools in Brazil", "BR"),
        ("Berlin, Germany based; made in Germany", "DE"),
        ("Payments between Mexico and Kenya", None),
        ("Payments in Kenya and all of Africa", None),
        ("Cooking turkey on fine china", None),
        ("Homes in New Mexico", None),
        ("Peaches of Georgia", None),
        ("Indiana's Kenyans", None),
        ("For clinics in the U.S. only", "US"),
        ("", None),
    ],
)
def test_places_named_in_a_text(text: str, country: str | None) -> None:
    assert text_countries([text]) == [country]


TEXT = st.sampled_from(["", "Example", "https://x.de", "https://x.com", "In Peru", "x.com"])


@given(
    st.lists(
        st.fixed_dictionaries({"organisation": TEXT, "website": TEXT, "description": TEXT,
                               "home_country": st.sampled_from([None, "US"])}),
        max_size=6,
    ),
    st.lists(st.tuples(st.sampled_from(["ror", "wikidata", "yc", "epoch"]), TEXT, TEXT, TEXT,
                       st.sampled_from(["", "DE", "FR"])), max_size=4),
)  # fmt: skip
def test_climbing_twice_is_climbing_once(rows: list[Any], known: list[Any]) -> None:
    table, register = products(*rows), registers(*known)
    once = climb(table, register)
    pd.testing.assert_frame_equal(climb(once, register), once)
    assert set(once["country_rung"]) <= set(RUNGS)
    assert ((once["country_rung"] == "none") == once["home_country"].isna()).all()
    given = table["home_country"].notna()
    assert (once.loc[given, "country_rung"] == "given").all()
    # Order of the products does not matter.
    back = climb(table.iloc[::-1], register).iloc[::-1]
    pd.testing.assert_frame_equal(back, once)


@pytest.mark.skipif(not COMPANIES.exists(), reason="the data sets of others are not here")
@pytest.mark.parametrize(
    ("rung", "column", "least"), [("domain", "website", 130), ("text", "one_liner", 130)]
)
def test_confidences_are_the_measured_ones(rung: str, column: str, least: int) -> None:
    with gzip.open(COMPANIES, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    places = [row["all_locations"].split(";")[0].split(",")[-1].strip() for row in rows]
    truth = [country_code(place) for place in places]
    assert sum(country is not None for country in truth) == 4753
    shown = {"website": "website", "one_liner": "description"}[column]
    table = products(*({"organisation": row["name"], shown: row[column]} for row in rows))
    result = climb(table, registers())
    right = [
        found == country
        for found, country in zip(result["home_country"], truth, strict=True)
        if country and not pd.isna(found)
    ]
    assert set(result["country_rung"]) == {rung, "none"}
    assert len(right) >= least
    assert abs(sum(right) / len(right) - CONFIDENCE[rung]) <= 0.02
