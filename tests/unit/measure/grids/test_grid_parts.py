"""The choices that the curves add: what each does to numbers that are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure import data_scale as published
from gapstudy.measure.availability.lags import MARKETS, Lags
from gapstudy.measure.cohort import Weights
from gapstudy.measure.grids import availability, data_scale, leakage, readings, robustness, shares
from gapstudy.measure.grids.names import curve_of, events_in, themes_in
from gapstudy.measure.imputation import Spells
from gapstudy.measure.specifications import Rules
from gapstudy.regions import RegionScheme
from tests.unit.measure.frames import pick

RULES = Rules(10.0, 0.95, 5, {})
EU, US, GB = (MARKETS.index(market) for market in ("EU", "US", "GB"))


def credits_(rows: Sequence[Sequence[float]], counting: str = "fractional") -> Weights:
    value = np.array([[*row, 1.0] for row in rows])
    return Weights(RegionScheme(), counting, value)  # type: ignore[arg-type]


def test_unknown_regions_are_part_of_the_whole_or_are_left_out() -> None:
    # Four results of the EU, two of the US, one half unknown, four unknown.
    weight = credits_(
        [[1, 0, 0, 0, 0]] * 4
        + [[0, 1, 0, 0, 0]] * 2
        + [[0.5, 0, 0, 0, 0.5]]
        + [[0, 0, 0, 0, 1]] * 4
    )
    everyone = {"award": np.ones(11, bool)}
    made = shares.table([weight], everyone, {"all": np.ones(11, bool)}, RULES)
    kept = pick(made, rule=shares.KEPT, versus="US")
    assert (kept["estimate"], kept["n"]) == (pytest.approx(4.5 / 11 - 2 / 11), 11)
    left = pick(made, rule=shares.DROPPED, versus="US")
    assert (left["estimate"], left["n"]) == (pytest.approx(5 / 7 - 2 / 7), 7)


def lags() -> Lags:
    """Three products: usable in both, lost in the United Kingdom, without a row for it."""
    n = 3
    days = np.full((1, n, len(MARKETS)), np.nan)
    days[0, :, EU], days[0, :, US] = [5.0, 40.0, 7.0], 0.0
    days[0, :2, GB] = [30.0, 60.0]
    seen = np.isfinite(days[0])
    available = seen.copy()
    available[1, GB] = False
    start = np.array([[18000.0, 18000.0, 19000.0]])  # before and after the end of membership
    return Lags(days, available, seen, np.arange(n), np.array(["a", "b", "c"], object),
                seen, start, np.zeros_like(seen))  # fmt: skip


def test_a_wider_europe_has_a_product_when_both_markets_have_it() -> None:
    table = lags()
    assert availability.merged(table, "EU27") is table
    wide = availability.merged(table, "EU28")
    assert wide.days[0, :, EU].tolist() == [30.0, 60.0, 7.0]
    assert wide.available[:, EU].tolist() == [True, False, True]
    late = replace(table, start=np.full((1, 3), 19000.0))
    same = availability.merged(late, "membership")
    np.testing.assert_array_equal(same.days, late.days)


def test_lost_products_came_at_once_or_never() -> None:
    table = availability.merged(lags(), "EU28")
    at_once = availability.lost(table, availability.AT_ONCE)
    assert at_once.available[1, EU]
    assert at_once.days[0, 1, EU] == 60.5
    never = availability.lost(table, availability.NEVER)
    assert not never.available[1, EU]
    assert never.days[0, 1, EU] > 1e5


def test_losses_bound_the_share_that_is_usable() -> None:
    n = 30
    days = np.zeros((1, n, len(MARKETS)))
    days[0, :10, EU], days[0, 10:20, EU], days[0, 20:, EU] = 5.0, 200.0, 50.0
    seen = np.zeros((n, len(MARKETS)), bool)
    seen[:, [EU, US]] = True
    available = seen.copy()
    available[20:, EU] = False  # lost on day 50
    names = np.array([f"p{i:02d}" for i in range(n)], object)
    table = Lags(days, available, seen, np.arange(n), names, seen, np.zeros((1, n)),
                 np.zeros_like(seen))  # fmt: skip
    kinds = pd.Series("model", index=names)
    made = availability.table({"all": table}, kinds, {}, ["EU27", "europe", "EU28"], RULES)
    rows = made[(made["europe"] == "EU27") & (made["part"] == "all")]
    value = {
        rule: pick(rows, rule=rule, horizon="within_90d", versus="US")["estimate"]
        for rule in availability.LOSSES
    }
    assert value[availability.NEVER] == pytest.approx(10 / 30 - 1)
    assert value[availability.AT_ONCE] == pytest.approx(20 / 30 - 1)
    assert value[availability.CENSORED] == pytest.approx(10 / 30 - 1)
    # The widest Europe cannot be told from that of 28 members: it is there once.
    assert set(made["europe"]) == {"EU27", "EU28"}


def indicators() -> pd.DataFrame:
    ratio = {"indicator": published.RATIO, "geo": "WORLD", "period": "2012/2025",
             "entity_kind": "academia", "unit": "", "source_name": "s"}  # fmt: skip
    median = {**ratio, "indicator": published.MEDIAN, "period": "2017/2022"}
    rows = [
        {**ratio, "entity": "language models", "value": -2.0, "lower": -2.98, "upper": -1.02,
         "n": 40},
        {**ratio, "entity": "vision models", "value": -1.0, "lower": -1.49, "upper": -0.51,
         "n": 60},
        {**median, "entity": "language models, academia", "value": 1e8, "lower": 1e7,
         "upper": 1e9, "n": 25},
        {**median, "entity": "language models, industry", "entity_kind": "industry",
         "value": 1e10, "lower": 1e9, "upper": 1e11, "n": 100},
        {**median, "entity": "language models, mixed", "entity_kind": "mixed",
         "value": 1e9, "lower": 1e8, "upper": 1e10, "n": 3},
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_sizes_are_combined_by_precision_or_read_from_medians() -> None:
    made = data_scale.table(indicators(), RULES)
    z = 1.959963984540054
    fixed = pick(made, rule=data_scale.FIXED)
    one, two = (z / 0.98) ** 2, (z / 0.49) ** 2
    assert fixed["estimate"] == pytest.approx((-2 * one - 1 * two) / (one + two))
    assert fixed["estimate"] > pick(made, rule=data_scale.RANDOM)["estimate"]
    median = pick(made, rule=data_scale.MEDIANS, part="industry")
    assert median["estimate"] == pytest.approx(-2.0)
    half = z * np.hypot(1.25 * 2 / (1.35 * 5), 1.25 * 2 / (1.35 * 10))
    assert median["high"] - median["estimate"] == pytest.approx(half)
    few = pick(made, rule=data_scale.MEDIANS, part="mixed")
    assert np.isnan(few["estimate"])
    assert few["note"] == "fewer than 5 systems"


def test_leakage_is_set_against_one_half_and_against_other_regions() -> None:
    n = 40
    value = np.zeros((n, 6))
    value[:20, 0] = value[20:, 1] = value[:, 5] = 1.0
    event = np.ones((2, n), bool)
    # Products: 0 made in the EU, 1 in the US. The EU loses 15 of 20, the US one of 20.
    product = np.where(np.arange(n) < 20, np.where(np.arange(n) < 15, 1, 0), 1)
    product[20] = 0
    spells = Spells(np.ones((2, n)), event, np.stack([product, product]))
    products = pd.DataFrame({
        "product_id": ["e", "u"], "home_country": ["DE", "US"],
        **dict.fromkeys(("date_from", "date_to"), pd.to_datetime(["2020-01-01"] * 2)),
    })  # fmt: skip
    made = leakage.table(
        {"cohort": [Weights(RegionScheme(), "whole", value)]},
        {"cohort": {("both", "imputed"): spells}}, products, RULES,
    )  # fmt: skip
    alone = pick(made, versus="none")
    assert (alone["estimate"], alone["than"], alone["n"]) == (pytest.approx(0.75), 0.5, 20)
    assert alone["significant"]
    gap = pick(made, versus="US")
    assert gap["estimate"] == pytest.approx(0.75 - 0.05)
    assert gap["significant"]
    assert "results with a product" in pick(made, versus="CN")["note"]


def test_curves_of_numbers() -> None:
    assert curve_of("conversion-5y-EU-minus-US") == ("conversion", "EU", "US")
    assert curve_of("conversion-3y-EU-minus-US") is None
    assert curve_of("conversion-10y-all") == ("conversion_all", "all", "none")
    assert curve_of("share-fractional-EU-minus-CN") == ("research_share", "EU", "CN")
    assert curve_of("industry-share-US-minus-EU") == ("industry_share", "US", "EU")
    law = "eu-2024-08-01-act-in-force"
    assert curve_of(f"policy-delayed-{law}") == ("law_2024-08-01", "EU", "none")
    assert curve_of("language-law-ethics-paper-minus-product") == (
        "language_law_ethics", "all", "none",
    )  # fmt: skip
    assert events_in([f"policy-delayed-{law}"], [law, "other"]) == [law]
    assert themes_in(["language-metrics-paper-minus-product", "x"]) == ["metrics"]


def test_changes_at_a_date_of_law_without_an_interval_decide_nothing() -> None:
    row = {"rows": "all", "event_id": "e", "date": "2024-08-01", "treated": "EU", "note": "",
           "n_products": 50, "outcome": "delayed", "estimate": 0.3, "low": -0.1, "high": 0.7,
           "p_value": 0.2, "method": "randomisation_both"}  # fmt: skip
    did = pd.DataFrame([
        row, {**row, "method": "cluster_maker", "low": np.nan, "high": np.nan},
        {**row, "method": "wild_market"}, {**row, "outcome": "delay_365d"},
    ])  # fmt: skip
    made = readings.law(did, ["e"])
    assert len(made) == 2
    assert pick(made, rule="randomisation_both")["estimate"] == 0.3
    assert np.isnan(pick(made, rule="cluster_maker")["estimate"])


def test_each_comparison_has_its_curve_and_its_tipping_point() -> None:
    made = pd.DataFrame({"claim": ["A", "A", "B"], "number": [
        "conversion-5y-EU-minus-US", "share-fractional-EU-minus-US", "unheard-of",
    ]})  # fmt: skip
    summary = pd.DataFrame([{
        "estimand": "conversion", "region": "EU", "versus": "US", "specifications": 8,
        "estimated": 6, "same_sign": 0.75, "same_significance": 0.5,
    }])  # fmt: skip
    tipping = pd.DataFrame({
        "claim": "A", "number": "conversion-5y-EU-minus-US", "region": ["EU", "US"],
        "missed": "products", "missed_decides": [0.6, 0.4], "shift_decides": 0.1,
    })  # fmt: skip
    table = robustness.table(made, summary, tipping)
    row = pick(table, number="conversion-5y-EU-minus-US")
    assert (row["estimated"], row["same_side"], row["same_conclusion"]) == (6, 0.75, 0.5)
    assert (row["tipping_region"], row["missed_decides"]) == ("US", 0.4)
    other = pick(table, number="share-fractional-EU-minus-US")
    assert other["note"] == "no specification of this number has data"
    assert np.isnan(other["missed_decides"])
    assert pick(table, number="unheard-of")["note"] == "no choices of this number are varied"
