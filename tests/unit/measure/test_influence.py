"""Leave one out: the one that carries a difference is found, and shares of variance add up."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure import influence, specifications
from gapstudy.measure.cohort import Weights
from gapstudy.measure.imputation import Ints, Spells
from gapstudy.measure.specifications import Rules
from gapstudy.regions import RegionScheme

RULES = Rules(10.0, 0.95, 5, {})
N = 60


def study() -> tuple[
    pd.DataFrame, pd.DataFrame, pd.DataFrame, Weights, Spells, Rules, Callable[[Ints], Spells]
]:
    """Thirty results of the EU and of the US; all six products come from one organisation."""
    papers = pd.DataFrame({
        "paper_id": [f"p{i:02d}" for i in range(N)], "venue": ["A", "B"] * (N // 2),
    })  # fmt: skip
    organisation = [f"o{i % 10}" for i in range(30)] + ["carrier"] * 6 + ["x", "y", "z"] * 8
    parties = pd.DataFrame({"paper_id": papers["paper_id"], "organisation": organisation})
    products = pd.DataFrame({
        "product_id": [f"q{i}" for i in range(6)], "organisation": ["m"] * 4 + ["k"] * 2,
    })  # fmt: skip
    event = np.zeros((3, N), bool)
    event[:, 30:36] = True
    time = np.where(event, 1.0, 9.0)
    product = np.full((3, N), -1)
    product[:, 30:36] = np.arange(6)
    value = np.zeros((N, 6))
    value[:30, 0] = value[30:, 1] = value[:, 5] = 1.0
    spells = Spells(time, event, product)

    def without(gone: Ints) -> Spells:
        lost = np.isin(product, gone)
        return Spells(np.where(lost, 9.0, time), event & ~lost, np.where(lost, -1, product))

    weight = Weights(RegionScheme(), "whole", value)
    return papers, parties, products, weight, spells, RULES, without


def test_the_organisation_that_carries_all_products_is_found() -> None:
    made = influence.table(*study())
    rows = made[(made["estimand"] == "conversion") & (made["versus"] == "US")]
    head = rows[rows["left_out"] == "none"].iloc[0]
    assert head["estimate"] == pytest.approx(-0.2)
    assert head["change"] == 0.0
    assert not head["flips"]
    first = rows[(rows["left_out"] == "organisation") & (rows["rank"] == 1)].iloc[0]
    assert first["name"] == "carrier"
    assert first["estimate"] == pytest.approx(0.0)
    assert first["change"] == pytest.approx(0.2)
    assert first["results"] == 6
    assert first["flips"]
    one = rows[(rows["left_out"] == "product") & (rows["rank"] == 1)].iloc[0]
    # The result stays, without its product: to drop it would give 5 of 29.
    assert one["estimate"] == pytest.approx(-5 / 30)
    assert one["results"] == 1
    maker = rows[(rows["left_out"] == "maker") & (rows["rank"] == 1)].iloc[0]
    assert (maker["name"], maker["results"], maker["cases"]) == ("m", 4, 2)
    assert maker["estimate"] == pytest.approx(-2 / 30)
    assert not maker["sign_changes"]
    assert maker["flips"]


def test_what_leaves_too_few_comes_first_and_says_why() -> None:
    papers, parties, products, weight, spells, _, without = study()
    parties = parties.assign(organisation=["big"] * 27 + ["o1"] * 3 + ["carrier"] * 6 + ["x"] * 24)
    made = influence.table(papers, parties, products, weight, spells, RULES, without)
    rows = made[(made["estimand"] == "conversion") & (made["versus"] == "US")]
    first = rows[(rows["left_out"] == "organisation") & (rows["rank"] == 1)].iloc[0]
    assert first["name"] == "big"
    assert np.isnan(first["estimate"])
    assert first["note"] == "fewer than 5 results"
    assert pd.isna(first["flips"])


def test_a_change_of_conclusion_is_kept_whatever_its_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influence, "MOST", 1)
    made = influence.table(*study())
    for key, rows in made.groupby(["estimand", "region", "versus", "left_out"]):
        assert rows["rank"].iloc[0] == 1, key
        later = rows[rows["rank"] > 1]
        assert (later["flips"].fillna(value=False) | later["estimate"].isna()).all()
    # One of six products less: the sign stays, and with it what can be told from zero.
    product = made[(made["left_out"] == "product") & (made["estimand"] == "conversion")]
    assert (product["cases"] == 6).all()


def test_one_organisation_in_two_spellings_is_left_out_as_one() -> None:
    papers, parties, products, weight, spells, _, without = study()
    parties = parties.assign(organisation_id=None)
    parties.loc[30:35, "organisation_id"] = "ror:1"
    parties.loc[35, "organisation"] = "Carrier Inc."
    made = influence.table(papers, parties, products, weight, spells, RULES, without)
    names = made.loc[made["left_out"] == "organisation", "name"]
    assert "Carrier Inc." not in set(names)
    first = made[(made["name"] == "carrier") & (made["estimand"] == "conversion")].iloc[0]
    assert first["results"] == 6


def test_ranks_go_by_size_and_are_kept_up_to_a_number() -> None:
    made = influence.table(*study())
    for _, rows in made.groupby(["estimand", "region", "versus", "left_out"]):
        assert (rows["rank"] <= influence.MOST).sum() <= influence.MOST
        assert rows["rank"].is_monotonic_increasing
        assert rows["rank"].is_unique
        gone = rows["note"] != ""
        sizes = rows["change"].abs().fillna(-1).where(~gone, np.inf).to_numpy()
        assert (sizes[1:] <= sizes[:-1] + 1e-9).all()


def test_shares_of_variance_add_up_on_a_complete_grid() -> None:
    random = np.random.default_rng(3)
    rows = []
    effect = {"a": 0.0, "b": 1.0}
    for values in itertools.product("ab", repeat=len(specifications.CHOICES)):
        labels = dict(zip(specifications.CHOICES, values, strict=True))
        estimate = 3 * effect[labels["links"]] + effect[labels["europe"]]
        rows.append({"estimand": "conversion", "region": "EU", "versus": "US", **labels,
                     "estimate": estimate + 1e-9 * random.normal()})  # fmt: skip
    made = specifications.variance(pd.DataFrame(rows)).set_index("choice")["share"]
    # Two values each: variances 9/4 and 1/4.
    assert made["links"] == pytest.approx(0.9, abs=1e-6)
    assert made["europe"] == pytest.approx(0.1, abs=1e-6)
    assert made["together"] == pytest.approx(0.0, abs=1e-6)


def test_equal_estimates_have_no_variance_to_explain() -> None:
    frame = pd.DataFrame({"estimand": "rmst", "region": "EU", "versus": "US",
                          "estimate": [1.0, 1.0],
                          **dict.fromkeys(specifications.CHOICES, "a")})  # fmt: skip
    assert specifications.variance(frame)["share"].isna().all()
