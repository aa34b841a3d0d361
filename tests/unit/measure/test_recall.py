"""Shares divided by the recall of the links."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure import productisation, recall
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.conversion import Case, conversion_differences, conversion_table
from gapstudy.measure.imputation import Spells
from gapstudy.regions import RegionScheme
from gapstudy.study import Study

from .frames import pick

Frames = dict[str, pd.DataFrame]
REGIONS = ("EU", "US", "CN", "other", "unknown", "all")
TRUE, SEEN = 0.4, {"EU": 0.5, "US": 0.9}
LABELS = {"scheme": "s", "counting": "whole", "population": "cohort", "links": "model"}


def _table(**rows: tuple[float, float]) -> pd.DataFrame:
    """A recall table: Beta parameters by region; close to one elsewhere."""
    return pd.DataFrame(
        [
            {"links": "model", "region": region, "alpha": a, "beta": b}
            for region in REGIONS
            for a, b in [rows.get(region, (999.0, 1.0))]
        ]
    )


def _world(seed: int, size: int = 150, sets: int = 20) -> tuple[Weights, Spells]:
    """Results of two regions that convert alike, of whose products unequal shares are seen."""
    random = np.random.default_rng(seed)
    value = np.zeros((2 * size, len(COLUMNS)))
    value[:size, COLUMNS.index("EU")] = value[size:, COLUMNS.index("US")] = 1.0
    value[:, COLUMNS.index("all")] = 1.0
    converts = random.random(2 * size) < TRUE
    found = random.random(2 * size) < np.repeat([SEEN["EU"], SEEN["US"]], size)
    event = np.broadcast_to(converts & found, (sets, 2 * size))
    time = np.where(event, np.broadcast_to(random.uniform(0, 5, 2 * size), event.shape), 10.0)
    spells = Spells(time, event, np.where(event, 0, -1))
    return Weights(RegionScheme("EU27", "mainland"), "whole", value), spells


def _judged(seed: int, links: int = 40) -> pd.DataFrame:
    """The recall of each region as judged on some labelled links."""
    random = np.random.default_rng([seed, 1])
    rows = {}
    for region, share in SEEN.items():
        hits = int(random.binomial(links, share))
        rows[region] = (hits + 0.5, links - hits + 0.5)
    return _table(**rows)


def test_unequal_recall_makes_a_gap_and_the_correction_takes_it_away() -> None:
    plain: list[dict[str, Any]] = []
    fixed: list[dict[str, Any]] = []
    for seed in range(60):
        weights, spells = _world(seed)
        rates = recall.draw(_judged(seed), "model", 20, [seed, 2])
        for kept, rate, method in ((plain, None, "imputed"), (fixed, rates, "recall")):
            case = Case({**LABELS, "method": method}, weights, spells, 0.95, 10, rate)
            gap = pick(conversion_differences(case, [5.0]), region="EU", versus="US")
            side = conversion_table(case, [5.0]).set_index("region").loc["EU"]
            kept.append({**gap, "side_low": side["low"], "side_high": side["high"]})
    before, after = pd.DataFrame(plain), pd.DataFrame(fixed)
    true_gap = TRUE * (SEEN["EU"] - SEEN["US"])
    assert before["estimate"].mean() == pytest.approx(true_gap, abs=0.02)
    assert after["estimate"].mean() == pytest.approx(0.0, abs=0.03)
    # The uncorrected interval misses the truth of no difference nearly always, ours hardly ever.
    assert ((before["low"] <= 0) & (before["high"] >= 0)).mean() < 0.3
    assert ((after["low"] <= 0) & (after["high"] >= 0)).mean() >= 0.93
    assert ((after["side_low"] <= TRUE) & (after["side_high"] >= TRUE)).mean() >= 0.93
    # The uncertainty of the recall is in the interval.
    assert ((after["high"] - after["low"]) > 1.3 * (before["high"] - before["low"])).all()


def test_a_recall_of_one_changes_nothing() -> None:
    weights, spells = _world(1)
    case = Case({**LABELS, "method": "imputed"}, weights, spells, 0.95, 10)
    sure = Case(case.labels, weights, spells, 0.95, 10, np.ones((20, len(COLUMNS))))
    pd.testing.assert_frame_equal(conversion_table(case, [5.0]), conversion_table(sure, [5.0]))


def test_draws_follow_their_distribution_and_not_each_other() -> None:
    drawn = recall.draw(_table(EU=(30.0, 10.0)), "model", 4000, [7])
    assert drawn is not None
    at = COLUMNS.index("EU")
    assert stats.kstest(drawn[:, at], stats.beta(30, 10).cdf).pvalue > 0.01
    other = recall.draw(_table(EU=(30.0, 10.0), US=(5.0, 5.0)), "model", 4000, [7])
    assert other is not None
    assert (other[:, at] == drawn[:, at]).all()
    assert abs(np.corrcoef(other[:, at], other[:, COLUMNS.index("US")])[0, 1]) < 0.05


def test_no_recall_no_correction_and_a_missing_region_is_told() -> None:
    assert recall.draw(_table(), "both", 5, [1]) is None
    with pytest.raises(FitError, match="no recall of the links of CN"):
        recall.draw(_table().query("region != 'CN'"), "model", 5, [1])


def test_a_corrected_share_never_exceeds_one() -> None:
    weights, spells = _world(3)
    low = np.full((20, len(COLUMNS)), recall.LEAST)
    case = Case({**LABELS, "method": "recall"}, weights, spells, 0.95, 10, low)
    shown = conversion_table(case, [5.0]).dropna(subset=["estimate"])
    assert shown["estimate"].tolist() == [1.0] * len(shown)
    assert shown["high"].max() <= 1.0


def test_a_product_counts_for_the_missed_ones_beside_it() -> None:
    value = np.zeros((3, len(COLUMNS)))
    value[0, COLUMNS.index("EU")] = 1.0
    value[1, [COLUMNS.index("EU"), COLUMNS.index("US")]] = 0.5
    value[:, COLUMNS.index("all")] = 1.0
    weights = Weights(RegionScheme("EU27", "mainland"), "fractional", value)
    rates = np.ones((1, len(COLUMNS)))
    rates[0, COLUMNS.index("EU")], rates[0, COLUMNS.index("all")] = 0.5, 0.8
    # Of one region, of two, and of none that is known.
    assert recall.per_result(rates, weights)[0].tolist() == pytest.approx([2.0, 1.5, 1.25])


def test_corrected_numbers_stand_beside_the_others(results: Frames) -> None:
    numbers = results["out_numbers"].set_index("name")
    for region in ("EU", "US", "all"):
        name = f"conversion-5y-{region}"
        plain, fixed = numbers.loc[name], numbers.loc[f"{name}-recall-corrected"]
        assert fixed["value"] > 1.5 * plain["value"]
        assert fixed["high"] - fixed["low"] > plain["high"] - plain["low"]
    gap = numbers.loc["conversion-5y-EU-minus-US-recall-corrected"]
    assert np.isfinite(gap["p_value"])
    factor = numbers.loc["recall-factor-EU-versus-US"]
    assert factor["low"] < 1 < factor["high"]
    assert {"cohort", "cohort_recall"} <= set(results["out_productisation"]["products"])


def test_the_headline_does_not_hang_on_the_recall(
    tables: Frames, study: Study, results: Frames, make: Any
) -> None:
    from gapstudy.measure.run import measure

    worse = pd.DataFrame(make.recalls(EU=0.1)).reindex(columns=tables["out_link_recall"].columns)
    other = measure({**tables, "out_link_recall": worse}, study)
    before = results["out_conversion"].query("method != 'recall_corrected'").reset_index(drop=True)
    after = other["out_conversion"].query("method != 'recall_corrected'").reset_index(drop=True)
    pd.testing.assert_frame_equal(before, after)
    pd.testing.assert_frame_equal(results["out_scorecard"], other["out_scorecard"])


def test_the_productisation_ratio_counts_missed_products() -> None:
    weights, spells = _world(5, size=2000, sets=4)
    eu, us = COLUMNS.index("EU"), COLUMNS.index("US")
    # Each product is made where its result is from.
    place = np.where(weights.value[:, eu] > 0, 0, 1)
    made = Spells(spells.time, spells.event, np.where(spells.event, place, -1))
    home = np.array([eu, us, len(COLUMNS) - 2])
    rates = np.ones((4, len(COLUMNS)))
    rates[:, eu], rates[:, us] = SEEN["EU"], SEEN["US"]
    plain, count = productisation.from_spells(made, home, 4000)
    fixed, same = productisation.from_spells(made, home, 4000, recall.per_result(rates, weights))
    assert plain.value[eu] == pytest.approx(SEEN["EU"] / sum(SEEN.values()), abs=0.03)
    assert fixed.value[eu] == pytest.approx(0.5, abs=0.03)
    assert count.tolist() == same.tolist()
