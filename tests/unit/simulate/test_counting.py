"""Estimators of counts, stages and home bias in a few worlds with a known truth."""

from __future__ import annotations

import pandas as pd
import pytest

from gapstudy.simulate import counting

WORLDS = 25


@pytest.fixture(scope="module")
def made() -> pd.DataFrame:
    return counting.table(WORLDS, 11)


def test_intervals_hold_the_truth(made: pd.DataFrame) -> None:
    # Poisson panels are shown because their intervals are too narrow under overdispersion.
    ours = made[~made["estimator"].str.contains("poisson|naive")]
    assert len(ours) >= 8
    # At 95% fewer than 20 of 25 has a chance below one in a thousand.
    assert (ours["coverage"] >= 0.8).all(), ours[["estimator", "scenario", "coverage"]]
    assert (ours["bias"].abs() <= 4 * ours["mc_error"] + 0.05).all()


def test_clustering_by_four_regions_and_plain_poisson_fail(made: pd.DataFrame) -> None:
    naive = made[made["estimator"].str.contains("naive|clustered")]
    assert len(naive) == 2
    assert (naive["coverage"] < 0.85).all()
