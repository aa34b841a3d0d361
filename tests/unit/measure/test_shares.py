from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from gapstudy.measure import cohort, industry, productisation, shares
from gapstudy.measure.imputation import Spells
from gapstudy.measure.intervals import Share
from gapstudy.measure.regional import combine, kish, mean_share
from gapstudy.regions import REGIONS, RegionScheme

from .frames import pick


def test_fractional_shares_add_to_one_with_unknown(results: dict[str, pd.DataFrame]) -> None:
    table = results["out_shares"]
    parts = table[table["counting"].isin(["fractional", "first"])]
    sums = parts.groupby(["scheme", "counting", "frame", "venues", "years"])["credit"].sum()
    sizes = parts.groupby(["scheme", "counting", "frame", "venues", "years"])["n"].first()
    np.testing.assert_allclose(sums, sizes)
    assert (table.loc[table["region"] == "unknown", "credit"] > 0).any()


def test_whole_share_of_one_country_each_is_a_binomial_share(make: Any) -> None:
    papers = pd.DataFrame([make.paper(f"p{i:02d}", "2015-01-01") for i in range(40)])
    for column in ("date_from", "date_to"):
        papers[column] = pd.to_datetime(papers[column])
    places = ["DE"] * 8 + ["US"] * 32
    rows = cohort.parties(
        papers, pd.DataFrame([make.party(f"p{i:02d}", 1, c) for i, c in enumerate(places)])
    )
    weight = cohort.weights(papers, rows, RegionScheme(), "whole")
    table, gaps = shares.tables(papers, weight, 0.95, 10, slices=False)
    row = pick(table, region="EU")
    assert row["estimate"] == 0.2
    # The effective sample size is that of all regions together, here the results themselves.
    assert (row["low"], row["high"]) == pytest.approx(
        proportion_confint(8, 40, method="wilson"), abs=1e-9
    )
    gap = pick(gaps, region="EU", versus="US")
    assert gap["estimate"] == pytest.approx(-0.6)
    assert gap["high"] < 0


def test_periods_are_named_and_nothing_falls_out() -> None:
    names = shares.period(pd.Series([2010, 2012, 2014, 2015, 2021, 2023]))
    assert names.tolist() == ["before 2012", "2012-2014", "2012-2014", "2015-2017", "2021-2023",
                              "2021-2023"]  # fmt: skip


def test_industry_share_is_by_fractional_credit(make: Any) -> None:
    papers = pd.DataFrame([make.paper(f"p{i}", "2015-01-01") for i in range(12)])
    for column in ("date_from", "date_to"):
        papers[column] = pd.to_datetime(papers[column])
    made = []
    for i in range(12):
        made.append(make.party(f"p{i}", 1, "DE", kind="academia"))
        if i < 6:
            made.append(make.party(f"p{i}", 2, "DE", kind="industry"))
    table, _ = industry.tables(
        cohort.parties(papers, pd.DataFrame(made)), "award", RegionScheme(), 0.95, 10
    )
    assert pick(table, region="EU", kind="industry")["estimate"] == pytest.approx(0.25)
    assert pick(table, region="EU", kind="academia")["estimate"] == pytest.approx(0.75)
    assert pick(table, region="US", kind="industry")["note"] == "fewer than 10 results"
    sums = table[table["region"] == "all"]["estimate"].sum()
    assert sums == pytest.approx(1.0)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=20))
def test_effective_number_of_results_is_never_above_their_number(parts: list[float]) -> None:
    weight = np.array(parts)[:, None]
    assert kish(weight)[0] <= len(parts) + 1e-9
    assert kish(np.ones_like(weight))[0] == pytest.approx(len(parts))


def test_influences_of_a_mean_are_derivatives() -> None:
    random = np.random.default_rng(0)
    x, w = random.uniform(0, 1, (1, 20, 2)), random.uniform(0.1, 1, (20, 2))
    base = mean_share(x, w)
    nudged = w.copy()
    nudged[3] *= 1 + 1e-7
    change = (mean_share(x, nudged).value - base.value) / 1e-7
    np.testing.assert_allclose(change, base.influence[:, 3], atol=1e-6)


def test_a_region_of_tiny_weight_keeps_a_wide_interval() -> None:
    # One result in a hundred gives a region a tenth of its credit: that is not a precise share.
    credit = np.zeros((100, 2))
    credit[:, 0] = np.arange(100) < 50
    credit[0, 1] = 0.1
    fit = combine(mean_share(credit[None], np.ones_like(credit)), np.ones_like(credit))
    ends = fit.interval(0.95)
    assert ends.high[1, 0] > 0.03


def test_ratio_interval_is_that_of_the_delta_method_when_counts_are_large() -> None:
    a = Share(np.array([0.3]), np.array([30000.0]), np.array([np.inf]))
    b = Share(np.array([0.2]), np.array([20000.0]), np.array([np.inf]))
    ends = productisation.ratio_interval(a, b, 0.95)
    spread = 1.96 * np.sqrt(0.7 / (0.3 * 30000) + 0.8 / (0.2 * 20000))
    np.testing.assert_allclose(
        [ends.low[0], ends.high[0]], 1.5 * np.exp([-spread, spread]), rtol=2e-3
    )


def test_ratio_of_a_region_without_products_has_an_upper_end() -> None:
    none = Share(np.array([0.0]), np.array([50.0]), np.array([np.inf]))
    some = Share(np.array([0.2]), np.array([300.0]), np.array([np.inf]))
    ends = productisation.ratio_interval(none, some, 0.95)
    assert ends.low[0] == 0
    assert 0.2 < ends.high[0] < 1


def test_products_of_one_maker_do_not_count_as_many(make: Any) -> None:
    def of(makers: int) -> Share:
        rows = [
            make.product(f"q{i}", "2020-01-01", "DE" if i % makers < makers / 4 else "US",
                         organisation=f"m{i % makers}")
            for i in range(400)
        ]  # fmt: skip
        products = pd.DataFrame(rows)
        for column in ("date_from", "date_to"):
            products[column] = pd.to_datetime(products[column])
        weight = cohort.Weights(RegionScheme(), "fractional", np.ones((1, 6)))
        return productisation.from_products(products, "compiled", weight)[0]

    few, many = of(8), of(400)
    eu = REGIONS.index("EU")
    assert few.value[eu] == many.value[eu] == 0.25
    assert few.n[eu] == pytest.approx(8)
    assert many.n[eu] == pytest.approx(400)


def test_first_products_are_shared_out_by_maker() -> None:
    spells = Spells(np.ones((2, 3)), np.array([[True, True, False]] * 2),
                    np.array([[0, 1, -1], [0, 0, -1]]))  # fmt: skip
    places = np.array([REGIONS.index("US"), REGIONS.index("CN"), REGIONS.index("unknown")])
    share, counts = productisation.from_spells(spells, places, 3)
    assert counts[REGIONS.index("US")] == 1.5
    assert share.value[REGIONS.index("US")] == pytest.approx(0.75)
