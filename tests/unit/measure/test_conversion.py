from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from statsmodels.stats.proportion import proportion_confint

from gapstudy.measure import conversion, coverage, flows, latency
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.conversion import Case
from gapstudy.measure.imputation import Spells
from gapstudy.regions import REGIONS, RegionScheme

from .frames import pick

LABELS = {
    "scheme": "EU27/mainland", "counting": "whole", "population": "cohort", "links": "both",
    "method": "imputed",
}  # fmt: skip


def case(
    sizes: dict[str, int], products: dict[str, int], *, shared: int = 0, draws: int = 1
) -> Case:
    """Regions with so many results, of which the first so many have a product after a year."""
    n = sum(sizes.values())
    weight = np.zeros((n, len(COLUMNS)))
    weight[:, -1] = 1
    event = np.zeros((draws, n), bool)
    start = 0
    for region, size in sizes.items():
        weight[start : start + size, COLUMNS.index(region)] = 1
        event[:, start : start + products[region]] = True
        start += size
    weight[:shared, COLUMNS.index("US")] = 1
    time = np.where(event, 1.0, 12.0)
    product = np.where(event, 0, -1)
    return Case(
        LABELS, Weights(RegionScheme(), "whole", weight), Spells(time, event, product), 0.95, 10
    )


def test_without_censoring_conversion_is_a_binomial_share() -> None:
    table = conversion.conversion_table(case({"EU": 60, "US": 100}, {"EU": 6, "US": 20}), [5.0])
    row = pick(table, region="EU")
    low, high = proportion_confint(6, 60, method="wilson")
    assert row["estimate"] == pytest.approx(0.1)
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-9)
    assert (row["n"], row["at_risk"], row["events"]) == (60, 54, 6)


def test_with_censoring_the_estimate_is_kaplan_meier() -> None:
    random = np.random.default_rng(0)
    made = case({"EU": 50, "US": 50}, {"EU": 5, "US": 5})
    time, event = random.exponential(6, (1, 100)), random.random((1, 100)) < 0.4
    made = Case(LABELS, made.weights, Spells(time, event, np.where(event, 0, -1)), 0.95, 10)
    row = pick(conversion.conversion_table(made, [5.0]), region="EU")
    oracle = KaplanMeierFitter().fit(time[0, :50], event[0, :50])
    assert row["estimate"] == pytest.approx(1 - oracle.predict(5.0), abs=1e-6)


def test_small_regions_are_counted_and_not_estimated() -> None:
    table = conversion.conversion_table(case({"EU": 9, "US": 50}, {"EU": 3, "US": 5}), [3.0])
    row = pick(table, region="EU")
    assert np.isnan(row["estimate"])
    assert np.isnan(row["high"])
    assert row["n"] == 9
    assert row["note"] == "fewer than 10 results"


def test_horizon_beyond_all_follow_up_is_not_estimated() -> None:
    table = conversion.conversion_table(case({"EU": 20, "US": 20}, {"EU": 2, "US": 2}), [15.0])
    assert table["estimate"].isna().all()
    assert pick(table, region="EU")["note"] == "no result is followed for 15 years"


def test_horizon_beyond_most_follow_up_is_said() -> None:
    made = case({"EU": 40, "US": 40}, {"EU": 2, "US": 2})
    time = made.spells.time.copy()
    time[:, 5:35] = 4.0
    made = Case(
        LABELS, made.weights, Spells(time, made.spells.event, made.spells.product), 0.95, 10
    )
    row = pick(conversion.conversion_table(made, [5.0]), region="EU")
    assert row["note"] == "fewer than half of the results are followed for 5 years"
    assert row["estimate"] > 0


def test_no_product_in_a_region_still_gives_a_difference() -> None:
    made = case({"EU": 63, "US": 211}, {"EU": 0, "US": 12})
    row = pick(conversion.conversion_differences(made, [5.0]), region="EU", versus="US")
    assert row["estimate"] == pytest.approx(-12 / 211)
    assert row["low"] < row["estimate"] < row["high"]
    assert (row["p_value"] < 0.05) == (row["high"] < 0)


def test_rmst_of_a_region_without_products_is_its_limit() -> None:
    made = case({"EU": 30, "US": 30}, {"EU": 0, "US": 10})
    table = conversion.rmst_table(made, 10.0)
    none, some = pick(table, region="EU"), pick(table, region="US")
    assert none["estimate"] == none["high"] == 10
    assert none["low"] < 10
    # A third after one year: ten years less nine for them.
    assert some["estimate"] == pytest.approx(7.0)
    gap = pick(conversion.rmst_differences(made, 10.0), region="EU", versus="US")
    assert gap["estimate"] == pytest.approx(3.0)
    assert gap["low"] > 0


def test_results_shared_by_both_regions_narrow_their_difference() -> None:
    apart = case({"EU": 100, "US": 100}, {"EU": 20, "US": 20})
    shared = case({"EU": 100, "US": 100}, {"EU": 20, "US": 20}, shared=60)
    widths = []
    for made in (apart, shared):
        row = conversion.conversion_differences(made, [5.0]).iloc[0]
        widths.append(row["high"] - row["low"])
    assert widths[1] < widths[0]


def test_curve_stops_where_no_result_is_followed() -> None:
    table = conversion.curve_table(case({"EU": 20, "US": 20}, {"EU": 2, "US": 2}), 20.0)
    assert table["years"].max() == 11.75  # all leave at twelve years
    assert table.groupby("region")["estimate"].apply(lambda s: s.is_monotonic_increasing).all()


def test_flows_and_leakage_count_where_products_were_made() -> None:
    made = case({"EU": 40, "US": 40}, {"EU": 12, "US": 15})
    product = made.spells.product.copy()
    product[:, :9] = 1  # nine of the twelve European ones are made in the US
    made = Case(
        LABELS, made.weights, Spells(made.spells.time, made.spells.event, product), 0.95, 10
    )
    places = np.array([REGIONS.index("EU"), REGIONS.index("US"), REGIONS.index("unknown")])
    flow = flows.flow_table(made, places)
    away = pick(flow, region="EU", destination="US")
    assert (away["expected"], away["share"]) == (9, 0.75)
    assert flow["expected"].sum() == 2 * 27  # once by region, once under all
    leak = flows.leakage_table(made, places)
    mine = pick(leak, region="EU")
    assert mine["estimate"] == 0.75
    assert (mine["low"], mine["high"]) == pytest.approx(
        proportion_confint(9, 12, method="wilson"), abs=1e-6
    )
    assert pick(leak, region="US")["estimate"] == 1.0
    assert np.isnan(pick(leak, region="CN")["estimate"])


def test_home_is_a_destination_of_its_own() -> None:
    made = case({"EU": 40, "US": 40}, {"EU": 12, "US": 15})
    places = np.array([REGIONS.index("EU"), REGIONS.index("unknown")])
    table = flows.destination_table(made, places, [5.0])
    assert pick(table, region="EU", destination="home")["estimate"] == pytest.approx(0.3)
    assert table[(table["region"] == "EU") & (table["destination"] == "EU")].empty
    assert pick(table, region="US", destination="home")["estimate"] == 0
    assert pick(table, region="US", destination="EU")["estimate"] == pytest.approx(15 / 40)


def test_tipping_point_closes_the_gap() -> None:
    made = case({"EU": 100, "US": 200}, {"EU": 5, "US": 40})
    row = pick(coverage.table(made, 5.0), region="EU", versus="US")
    assert row["factor_equal"] == pytest.approx(4.0)
    assert row["missed_equal"] == pytest.approx(0.75)
    assert row["extra_products"] == pytest.approx(15)
    assert 1 < row["factor_decides"] < 4
    ahead = pick(coverage.table(made, 5.0), region="US", versus="EU")
    assert np.isnan(ahead["missed_equal"])


def test_tipping_point_of_a_region_without_products() -> None:
    made = case({"EU": 100, "US": 200}, {"EU": 0, "US": 40})
    row = pick(coverage.table(made, 5.0), region="EU", versus="US")
    assert np.isnan(row["factor_equal"])
    assert row["extra_products"] == pytest.approx(20)
    assert "no product" in row["note"]


def test_hazard_checks_agree_on_the_sign_and_say_when_they_cannot_fit() -> None:
    random = np.random.default_rng(3)
    made = case({"EU": 80, "US": 120, "CN": 30}, {"EU": 0, "US": 0, "CN": 0}, draws=3)
    rate = np.repeat([0.02, 0.12, 0.05], [80, 120, 30])
    time = random.exponential(1 / rate) + random.uniform(0, 0.05, (3, 230))
    event = time < 8
    event[:, 200:] = False  # no product in China
    spells = Spells(np.minimum(time, 8), event, np.where(event, 0, -1))
    table = latency.table(Case(LABELS, made.weights, spells, 0.95, 10))
    for model in ("log-rank", "cox", "discrete"):
        assert pick(table, model=model, region="EU")["high"] < 0
    without = pick(table, model="cox", region="CN")
    assert np.isnan(without["estimate"])
    assert "no product of the region" in without["note"]
    assert pick(table, model="log-rank", region="CN")["estimate"] < 0
