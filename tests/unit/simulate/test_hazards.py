from __future__ import annotations

import numpy as np
import pytest

from gapstudy.simulate.hazards import ALPHA, CASES, World, draw, stable, table


def test_stable_numbers_have_their_laplace_transform() -> None:
    values = stable(np.random.default_rng(0), ALPHA, 200_000)
    for s in (0.3, 1.0, 2.0):
        assert np.exp(-s * values).mean() == pytest.approx(np.exp(-(s**ALPHA)), abs=0.004)


def test_worlds_are_what_they_say() -> None:
    sample = draw(World(n=20_000, effect=-0.5), np.random.default_rng(1))
    first = sample.covariates[:, 0] > 0
    rate = [sample.event[part].sum() / sample.time[part].sum() for part in (first, ~first)]
    assert np.log(rate[0] / rate[1]) == pytest.approx(-0.5, abs=0.06)
    late = draw(World(n=2000, late=3.0), np.random.default_rng(1))
    assert (late.entry < late.time).all()
    assert late.entry.max() > 2.5


def test_estimators_recover_the_truth_in_some_worlds() -> None:
    frame = table(40, 7, only="cox")
    frame = frame[~frame["scenario"].str.startswith("equal conversion")]
    assert (frame["bias"].abs() < 4 * frame["mc_error"]).all()
    assert (frame["coverage"] > 0.8).all()


def test_the_variance_that_knows_no_laboratories_fails() -> None:
    frame = table(40, 7, only="cox-naive")
    assert (frame["coverage"] < 0.9).all()


def test_names_are_unique() -> None:
    assert len({(case.estimator, case.scenario) for case in CASES}) == len(CASES)
