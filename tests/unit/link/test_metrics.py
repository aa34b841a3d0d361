import numpy as np
import pytest
from sklearn import metrics as oracle

from gapstudy.link import metrics

RNG = np.random.default_rng(3)
TRUTH = (RNG.random(200) < 0.3).astype(float)
#: Rounded, so that there are ties.
SCORE = np.asarray(np.round(np.clip(TRUTH * 0.3 + RNG.random(200) * 0.7, 0, 1), 2), np.float64)
WEIGHTS = np.vstack([np.ones(200), RNG.integers(0, 4, 200), RNG.random(200)])


@pytest.mark.parametrize("row", range(3))
def test_measures_agree_with_scikit_learn(row: int) -> None:
    weight, called = WEIGHTS[row], (SCORE >= 0.5).astype(float)
    pairs = [
        (metrics.precision, oracle.precision_score, called),
        (metrics.recall, oracle.recall_score, called),
        (metrics.f1, oracle.f1_score, called),
        (metrics.average_precision, oracle.average_precision_score, SCORE),
        (metrics.brier, oracle.brier_score_loss, SCORE),
    ]
    for ours, theirs, values in pairs:
        expected = theirs(TRUTH, values, sample_weight=weight)
        assert ours(WEIGHTS, TRUTH, values)[row] == pytest.approx(expected, abs=1e-12)


def test_calibration_error_by_hand() -> None:
    truth, probability = np.array([1.0, 0.0, 1.0, 1.0]), np.array([0.6, 0.6, 0.95, 1.0])
    by_hand = (abs(0.6 - 0.5) * 2 + abs(0.975 - 1.0) * 2) / 4
    found = metrics.expected_calibration_error(np.ones((1, 4)), truth, probability)
    assert found[0] == pytest.approx(by_hand)


def test_no_denominator_no_value() -> None:
    ones, none = np.ones((1, 3)), np.zeros(3)
    assert np.isnan(metrics.precision(ones, none, none)[0])
    assert np.isnan(metrics.recall(ones, none, np.ones(3))[0])
    assert np.isnan(metrics.average_precision(np.ones((2, 0)), np.zeros(0), np.zeros(0))).all()


def test_resamples_take_whole_groups() -> None:
    groups = ["a", "a", "b", "c", "c"]
    weights = metrics.resample(groups, 500, np.random.default_rng(1))
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 4]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert weights[:, [0, 2, 3]].mean() == pytest.approx(1.0)


def test_prevalence() -> None:
    weights = metrics.to_prevalence(np.array([[1.0, 1.0, 2.0, 0.0]]), np.array([1.0, 0, 0, 0]), 0.1)
    assert weights[0].tolist() == pytest.approx([0.1, 0.3, 0.6, 0.0])


def test_intervals() -> None:
    assert metrics.interval(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))
    assert np.isnan(metrics.interval(np.array([1.0, np.nan, np.nan]), 0.95)).all()
    # Wilson's example values, as in statsmodels.
    from statsmodels.stats.proportion import proportion_confint

    assert metrics.wilson(7, 20, 0.95) == pytest.approx(
        proportion_confint(7, 20, method="wilson"), abs=1e-9
    )


@pytest.mark.parametrize("row", range(3))
def test_precision_at_recall_is_the_best_point_of_the_curve(row: int) -> None:
    precision, recall, _ = oracle.precision_recall_curve(TRUTH, SCORE, sample_weight=WEIGHTS[row])
    best = precision[:-1][recall[:-1] >= 0.8 - 1e-9].max()
    assert metrics.precision_at_recall(WEIGHTS, TRUTH, SCORE)[row] == pytest.approx(best)


def test_precision_at_recall_without_a_link_has_no_value() -> None:
    assert np.isnan(metrics.precision_at_recall(np.ones((1, 3)), np.zeros(3), SCORE[:3])).all()
    assert np.isnan(metrics.precision_at_recall(np.ones((2, 0)), np.zeros(0), np.zeros(0))).all()


def test_best_cut_is_found_by_trying_all() -> None:
    tried = {cut: oracle.f1_score(TRUTH, cut <= SCORE) for cut in np.unique(SCORE)}
    assert oracle.f1_score(TRUTH, metrics.best_cut(TRUTH, SCORE) <= SCORE) == pytest.approx(
        max(tried.values())
    )
    assert metrics.best_cut(np.zeros(0), np.zeros(0)) == 1.0


def test_the_nearest_is_the_best_of_its_owner_and_never_a_likeness_of_zero() -> None:
    likeness, owner = np.array([0.5, 0.4, 0.0]), np.array([0, 0, 1])
    assert metrics.nearest(likeness, np.array([0.5, 0.0]), owner).tolist() == [1.0, 0.0, 0.0]
