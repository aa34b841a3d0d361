"""Estimators of coverage in a few worlds: ours hold the truth where the naive ones do not."""

from __future__ import annotations

import pandas as pd
import pytest

from gapstudy.simulate import coverage

WORLDS = 60


@pytest.fixture(scope="module")
def made() -> pd.DataFrame:
    return coverage.table(WORLDS, 11)


def test_intervals_hold_the_truth(made: pd.DataFrame) -> None:
    ours = made[~made["estimator"].str.contains("naive")]
    assert len(ours) >= 7
    # Sixty worlds: at 95% fewer than 51 that hold it has a chance below one in a thousand.
    assert (ours["coverage"] >= 0.85).all(), ours[["estimator", "coverage"]]
    assert (ours["bias"].abs() <= 4 * ours["mc_error"] + 0.02 * ours["truth"].abs()).all()


def test_naive_estimates_miss_it(made: pd.DataFrame) -> None:
    naive = made[made["estimator"].str.contains("naive")]
    assert len(naive) >= 4
    assert (naive["coverage"] <= 0.6).all(), naive[["estimator", "coverage"]]


def test_same_seed_same_rows(made: pd.DataFrame) -> None:
    few = coverage.table(3, 5)
    pd.testing.assert_frame_equal(few, coverage.table(3, 5))
    assert list(few["estimator"]) == list(made["estimator"])
