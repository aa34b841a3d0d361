"""Relisted launches, products of two sources, and families of devices."""

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.normalise.same_products import REASONS, duplicates, site, versions, words

from ..normalising import Made, normalised, raw

SOURCES = ["landmark", "models_dev", "product_hunt", "hacker_news"]
LENS = {
    "name": "Lens", "organisation": "Acme GmbH", "date": "2018", "date_meaning": "release",
    "kind": "model", "category": "vision", "entry": "feed", "evidence": "https://example.org/lens",
    "region_basis": "none", "country_rung": "none",
}  # fmt: skip


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    texts = ("feature", "website", "description", "name", "organisation", "entry", "evidence",
             "date_meaning")  # fmt: skip
    blank = {**dict.fromkeys(texts, ""), "src": 1, "date": "2020-01-01", "name": "Lens 2",
             "entry": "feed", "date_meaning": "announcement"}  # fmt: skip
    filled = [{**blank, "product_id": f"p{number}", "nr": number} | row
              for number, row in enumerate(rows)]  # fmt: skip
    made = pd.DataFrame(filled, columns=[*blank, "product_id", "nr"])
    return made.assign(date_from=pd.to_datetime(made["date"]), date_to=pd.to_datetime(made["date"]))


def merged(*rows: dict[str, Any]) -> list[tuple[str, str, str]]:
    table = frame(*rows)
    names = table["product_id"]
    return [(names[row["nr"]], names[row["kept"]], row["reason"])
            for row in duplicates(table, SOURCES).to_pylist()]  # fmt: skip


def both(folder: Path, one: list[Any], other: list[Any]) -> Made:
    return normalised(folder, {"landmark": one, "models_dev": other})


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"organisation": "Acme GmbH"}, {"organisation": "ACME"}, REASONS[1]),
        ({"organisation": "Aurora AI"}, {"organisation": "auroraai", "src": 2}, REASONS[1]),
        ({"website": "https://www.lens.example/en"}, {"website": "http://lens.example", "src": 3},
         REASONS[2]),
        ({"website": "https://github.com/a/lens"}, {"website": "https://github.com/A/lens/"},
         REASONS[2]),
        ({"evidence": "https://example.org/p"}, {"evidence": "https://example.org/p"}, REASONS[3]),
        ({"src": 2, "description": "Finds birds in pictures"},
         {"src": 2, "description": "Finds birds in pictures."}, REASONS[4]),
        ({"product_id": "x", "name": "Lens"}, {"product_id": "x", "src": 2}, REASONS[0]),
        ({"organisation": "Acme", "feature": "open weights"},
         {"organisation": "Acme", "name": "2 lens", "feature": "lens-2"}, REASONS[1]),
    ],
)  # fmt: skip
def test_the_same_product(one: dict[str, Any], other: dict[str, Any], reason: str) -> None:
    ((gone, kept, why),) = merged(one, other)
    assert why == reason
    assert (gone, kept) == (other.get("product_id", "p1"), one.get("product_id", "p0"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"organisation": "Acme"}, {"organisation": "Zenith"}),
        ({"organisation": "Acme"}, {"organisation": "Acme", "name": "Lens 3"}),
        ({"organisation": "Acme"}, {"organisation": "Acme", "name": "Lens 2.5"}),
        ({"organisation": "Acme"}, {"organisation": "Acme", "feature": "search"}),
        ({"organisation": "Acme", "name": "Lens 7b"}, {"organisation": "Acme", "name": "Lens 70b"}),
        ({"website": "https://github.com/a/x"}, {"website": "https://github.com/b/x"}),
        ({"evidence": "https://example.org/p"}, {"evidence": "https://example.org/p", "src": 2}),
        ({"description": "AI model that takes text"}, {"description": "AI model that takes text"}),
        ({"organisation": "Acme", "date_meaning": "clearance"},
         {"organisation": "Acme", "date_meaning": "clearance"}),
        ({"organisation": "Acme", "entry": "compiled"},
         {"organisation": "Acme", "entry": "followup"}),
        ({"organisation": "Acme", "name": "!!"}, {"organisation": "Acme", "name": "??"}),
    ],
)  # fmt: skip
def test_other_products_stay_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert merged(one, other) == []


def test_a_feed_goes_to_the_earlier_of_two_products_told_apart_by_hand() -> None:
    acme = {"organisation": "Acme"}
    found = merged(
        {**acme, "src": 0, "entry": "compiled", "product_id": "b", "date": "2020-06-01"},
        {**acme, "src": 0, "entry": "compiled", "product_id": "c", "date": "2019-06-01"},
        {**acme, "product_id": "a", "date": "2018-01-01"},
    )  # fmt: skip
    assert found == [("a", "c", REASONS[1])]


def test_later_clearances_are_versions_of_the_first() -> None:
    acme = {"organisation": "Acme, Inc.", "date_meaning": "clearance"}
    table = frame(
        {**acme, "name": "Scan Help v2.0", "date": "2021-01-01"},
        {**acme, "name": "SCAN HELP", "date": "2019-01-01"},
        {**acme, "name": "Scan Help (Version 3.1)", "date": "2022-01-01", "organisation": "ACME"},
        {**acme, "name": "Scan Help 7.0T", "date": "2022-01-01"},
        {**acme, "name": "Scan Help", "date": "2018-01-01", "organisation": "Zenith"},
        {**acme, "name": "Scan Help", "date": "2017-01-01", "date_meaning": "release"},
    )
    found = versions(table).to_pylist()
    assert {(row["nr"], row["kept"]) for row in found} == {(0, 1), (2, 1)}
    assert {row["relation"] for row in found} == {"version"}


def test_words_of_names() -> None:
    assert words("FLUX.9 [dev]", "first release") == words("flux-9-dev") == "9 dev flux"
    assert words("Open API", "API") == words("Open API")
    assert words("K2.5") != words("K25")
    assert words("視覺模型", "釋出") != words("視覺模型")


def test_sites() -> None:
    assert site("https://app.lens.example/x?y=1") == "app.lens.example"
    assert site("https://github.com") == site("nowhere") == site("") == ""


def test_what_points_to_a_merged_product_points_to_the_one_kept(tmp_path: Path) -> None:
    mine = raw("products", 1, product_id="lens-open", **(LENS | {"entry": "compiled"}))
    theirs = raw("products", 1, product_id="m/lens", **(LENS | {"date": "2018-03-04"}))
    offer = {"basis": "provider_offer", "provider": "", "status": "available", "confirmed": False,
             "evidence": "https://example.org"}  # fmt: skip
    work = {"title": "A net", "date": "2016", "date_meaning": "preprint", "frame": "award"}
    pair = {"pair_id": "1", "paper_id": "net", "target_type": "product", "label": True,
            "relation": "implements", "split": "fit"}  # fmt: skip
    found = {"outcome": "found", "relation": "implements", "searched_on": "2026-01-02"}
    made = both(
        tmp_path,
        [mine, raw("product_availability", 2, product_id="lens-open", market="EU",
                   **(offer | {"basis": "market_access", "date": "2018-05"}))],
        [theirs,
         raw("product_availability", 2, product_id="m/lens", market="US", date="2018-04", **offer),
         raw("product_references", 3, product_id="m/lens", position=1, text="arXiv:1605.00001"),
         raw("papers", 4, paper_id="net", **work),
         raw("followups", 5, paper_id="net", product_id="m/lens", **found),
         raw("labelled_pairs", 6, target_id="m/lens", **pair)],
    )  # fmt: skip
    assert made.ids("products") == ["lens-open"]
    (kept,) = made.rows("products")
    assert (kept["date"], kept["entry"]) == ("2018-03-04", "compiled"), "more exact"
    places = [(row["product_id"], row["market"]) for row in made.rows("product_availability")]
    assert places == [("lens-open", "EU"), ("lens-open", "US")]
    assert made.ids("product_references") == ["lens-open"]
    assert made.rows("followups")[0]["product_id"] == "lens-open"
    assert made.rows("labelled_pairs")[0]["target_id"] == "lens-open"
    (row,) = made.rows("same_as")
    assert (row["id"], row["kept_id"], row["gave_date"]) == ("m/lens", "lens-open", True)
    assert made.quarantine == []


@pytest.mark.parametrize(
    ("entry", "meanings", "dates", "kept"),
    [
        ("compiled", ("release", "release"), ("2018-03-04", "2018-02-01"), "2018-03-04"),
        ("compiled", ("announcement", "release"), ("2018-03-04", "2018-05-01"), "2018-03-04"),
        ("feed", ("release", "release"), ("2018-03-04", "2018-02-01"), "2018-02-01"),
        ("feed", ("release", "repository_creation"), ("2018-03-04", "2018-02-01"), "2018-03-04"),
        ("feed", ("announcement", "release"), ("2018-03-04", "2018-05-01"), "2018-05-01"),
    ],
)
def test_which_launch_date_stands(
    tmp_path: Path, entry: str, meanings: tuple[str, str], dates: tuple[str, str], kept: str
) -> None:
    records = [
        raw("products", 1, **LENS | {"product_id": name, "entry": how, "date": date,
                                     "date_meaning": meaning})
        for name, how, date, meaning in zip("ab", (entry, "feed"), dates, meanings, strict=True)
    ]  # fmt: skip
    made = both(tmp_path, records[:1], records[1:])
    assert [(row["product_id"], row["date"]) for row in made.rows("products")] == [("a", kept)]
    assert made.rows("same_as")[0]["gave_date"] == (kept == dates[1])


def test_of_two_offers_that_become_one_the_earlier_stands_in_silence(tmp_path: Path) -> None:
    offer = {"market": "US", "basis": "provider_offer", "provider": "P", "status": "available",
             "confirmed": False, "evidence": "https://example.org"}  # fmt: skip
    rows = [raw("products", 1, product_id="a", **LENS), raw("products", 2, product_id="b", **LENS),
            raw("product_availability", 3, product_id="a", date="2019-02", **offer),
            raw("product_availability", 4, product_id="b", date="2019-01", **offer)]  # fmt: skip
    made = normalised(tmp_path, rows)
    assert [(row["product_id"], row["date"]) for row in made.rows("product_availability")] == [
        ("a", "2019-01")
    ]
    assert made.quarantine == []


def test_clearances_stay_in_their_table(tmp_path: Path) -> None:
    device = LENS | {"date_meaning": "clearance", "kind": "device"}
    rows = [raw("products", at, **device | {"product_id": f"fda:K{at}", "date": f"20{20 - at}"})
            for at in (1, 2)]  # fmt: skip
    made = normalised(tmp_path, rows)
    assert made.ids("products") == ["fda:K1", "fda:K2"]
    (row,) = made.rows("same_as")
    assert (row["id"], row["kept_id"], row["relation"]) == ("fda:K1", "fda:K2", "version")


ROW = st.fixed_dictionaries({
    "name": st.sampled_from(["Lens", "Lens 2", "lens"]),
    "organisation": st.sampled_from(["", "Acme", "ACME Inc", "Zenith"]),
    "website": st.sampled_from(["", "https://lens.example", "https://other.example"]),
    "src": st.integers(0, 3), "entry": st.sampled_from(["feed", "compiled"]),
    "date": st.sampled_from(["2019-01-01", "2020-01-01"]),
    "date_meaning": st.sampled_from(["release", "clearance"]),
    "description": st.sampled_from(["", "Finds birds in pictures", "Finds birds in a picture"]),
})  # fmt: skip


@given(st.lists(ROW, max_size=8), st.randoms(use_true_random=False))
def test_what_is_kept_does_not_depend_on_the_order(
    rows: list[dict[str, Any]], order: random.Random
) -> None:
    rows = [row | {"product_id": f"p{number}"} for number, row in enumerate(rows)]

    def found() -> set[tuple[str, str, str, str]]:
        table = frame(*rows)
        names = table["product_id"]
        made = [*duplicates(table, SOURCES).to_pylist(), *versions(table).to_pylist()]
        return {(names[row["nr"]], names[row["kept"]], row["relation"], row["reason"])
                for row in made}  # fmt: skip

    first = found()
    assert len({name for name, *_ in first}) == len(first), "a record at most once"
    assert not {name for name, *_ in first} & {kept for _, kept, *_ in first}
    order.shuffle(rows)
    assert found() == first


def test_ten_thousand_products_of_one_name() -> None:
    rows = [{"organisation": f"Maker {number // 2}", "src": 2, "description": f"Text {number}" * 3}
            for number in range(10_000)]  # fmt: skip
    assert len(merged(*rows)) == 5_000
