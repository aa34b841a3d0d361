"""A sound method passes its controls; planted dependence, and a broken test, are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gapstudy.measure import specifications
from gapstudy.measure.imputation import Spells
from gapstudy.measure.negative_controls import characters, permuted
from gapstudy.measure.specifications import Rules
from tests.unit.measure.frames import pick

RULES = Rules(10.0, 0.95, 5, {})
Floats = np.ndarray[Any, np.dtype[np.float64]]


def world(seed: int, effect: float = 0.0, n: int = 150) -> tuple[Floats, Spells, Any]:
    """Results of the EU and US over five years; `effect` is added to the share of the EU."""
    random = np.random.default_rng(seed)
    credit = np.zeros((n, 6))
    region = random.random(n) < 0.5
    credit[region, 0] = credit[~region, 1] = credit[:, 5] = 1.0
    credit[::15, 2] = 1.0
    event = random.random(n) < 0.3 + effect * region
    time = np.where(event, random.uniform(0.1, 5.0, n), 12.0)
    year = np.asarray(2012 + random.integers(0, 5, n), dtype=np.int64)
    return credit, Spells(time[None], event[None], np.where(event, 0, -1)[None]), year


def papers(n: int) -> pd.DataFrame:
    return pd.DataFrame({
        "paper_id": [f"p{i:04d}" for i in range(n)],
        "title": ["A" * (10 + i % 7) for i in range(n)],
        "arxiv_id": [f"2001.{i:05d}" if i % 3 else None for i in range(n)],
    })  # fmt: skip


def test_regions_are_dealt_out_within_years_only() -> None:
    year = np.array([3, 1, 2, 1, 3, 1, 2])
    order = permuted.dealt(year, np.random.default_rng(1))
    assert sorted(order.tolist()) == list(range(7))
    np.testing.assert_array_equal(year[order], year)
    turns = {tuple(permuted.dealt(year, np.random.default_rng(i)).tolist()) for i in range(200)}
    assert len(turns) == 6 * 2 * 2


def test_a_true_difference_is_far_out_among_dealt_out_regions() -> None:
    credit, spells, year = world(1, effect=0.5)
    made = permuted.table(credit, spells, year, RULES, 199, [1])
    row = pick(made, estimand="conversion", versus="US")
    assert row["p_permuted"] == pytest.approx(1 / 200)
    assert row["estimate"] > row["null_high"]
    # The worlds have no difference, whatever the true one is: the test keeps its level in them.
    assert row["passes"]


def test_without_a_difference_p_values_are_spread_evenly_and_the_level_is_kept() -> None:
    p_values, rejected = [], []
    for seed in range(40):
        made = permuted.table(*world(seed), RULES, 49, [seed])
        row = pick(made, estimand="conversion", versus="US")
        p_values.append(row["p_permuted"])
        rejected.append(row["rejected"])
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    assert sum(p <= 0.1 for p in p_values) <= stats.binom.ppf(0.999, 40, 0.1)
    # 40 worlds of 49 sets: the Monte Carlo error of the mean is below one point.
    assert 0.02 <= np.mean(rejected) <= 0.07


def test_a_test_that_rejects_too_often_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = specifications.estimates

    def narrow(sides: pd.DataFrame, rules: Rules) -> pd.DataFrame:
        frame = honest(sides, rules)
        for name in ("low", "high"):
            frame[name] = frame["estimate"] + 0.6 * (frame[name] - frame["estimate"])
        return specifications.judged(frame)

    monkeypatch.setattr(specifications, "estimates", narrow)
    made = permuted.table(*world(3), RULES, 299, [3])
    row = pick(made, estimand="conversion", versus="US")
    assert row["rejected_low"] > 0.05
    assert not row["passes"]


def test_the_same_seed_deals_out_the_same_sets() -> None:
    first, second = (permuted.table(*world(4), RULES, 20, [4]) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_a_region_with_too_few_results_has_no_control() -> None:
    made = permuted.table(*world(5), Rules(10.0, 0.95, 40, {}), 20, [5])
    row = pick(made, estimand="conversion", versus="CN")
    assert row["note"] == "fewer than 40 results"
    assert row["sets"] == 0


def test_characters_find_nothing_where_regions_cannot_move_them() -> None:
    credit, _, _ = world(6, n=300)
    made = characters.characters(papers(300), credit, np.full(300, 8.0), RULES)
    assert set(made["name"]) == set(characters.CHARACTERS)
    assert made["passes"].all()
    known = pick(made, name="an odd arXiv number", versus="US")
    assert known["n"] < pick(made, name="an odd checksum", versus="US")["n"]


def test_a_character_that_follows_the_region_is_found() -> None:
    credit, _, _ = world(7, n=300)
    frame = papers(300)
    # Nearly all titles of the EU are of odd length, none of the others.
    frame["title"] = np.where((credit[:, 0] > 0) & (np.arange(300) % 10 > 0), "odd", "even")
    made = characters.characters(frame, credit, np.full(300, 8.0), RULES)
    row = pick(made, name="a title of odd length", versus="US")
    assert row["estimate"] > 0.8
    assert not row["passes"]
    assert pick(made, name="an odd checksum", versus="US")["passes"]


def test_neighbours_are_the_next_of_the_same_year() -> None:
    names = pd.Series(["c", "a", "b", "e", "d"])
    year = np.array([1, 1, 1, 2, 2])
    assert characters.next_one(names, year).tolist() == [1, 2, 0, 4, 3]
    frame = papers(150)
    credit, spells, when = world(8, effect=0.5)
    made = characters.neighbours(frame, credit, spells, when, RULES)
    assert made["passes"].all()
    # Where neighbours are alike, the neighbour's region stands for one's own, and is found.
    order = np.argsort(credit[:, 1], kind="stable")
    alike = Spells(spells.time[:, order], spells.event[:, order], spells.product[:, order])
    sorted_ = characters.neighbours(frame, credit[order], alike, np.ones(150, np.int64), RULES)
    assert not pick(sorted_, estimand="conversion", versus="US")["passes"]
