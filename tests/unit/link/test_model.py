import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from gapstudy.errors import FitError
from gapstudy.link.model import LinkModel, assign_folds, log_loss

COEFFICIENTS = np.array([1.5, -1.0, 0.0])


def _simulated(
    size: int, seed: int, bend: float = 1.0
) -> tuple[pd.DataFrame, list[bool], list[str]]:
    """Pairs whose log-odds are -1 + 1.5 a - 1.0 b, bent by a power if asked."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(size, 3)) * [1.0, 2.0, 5.0] + [0.0, 3.0, 1.0]
    standard = (values - [0.0, 3.0, 1.0]) / [1.0, 2.0, 5.0]
    odds = -1.0 + standard @ COEFFICIENTS
    odds = np.sign(odds) * np.abs(odds) ** bend
    label = (rng.random(size) < expit(odds)).tolist()
    groups = [f"g{number}" for number in rng.integers(0, 40, size)]
    return pd.DataFrame(values, columns=list("abc")), label, groups


def test_recovers_known_coefficients() -> None:
    frame, label, groups = _simulated(20_000, 1)
    model = LinkModel.fit(frame, label, groups, list("abc"))
    assert model.coefficients_ == pytest.approx(COEFFICIENTS, abs=0.08)
    assert model.intercept_ == pytest.approx(-1.0, abs=0.08)


def test_probabilities_are_calibrated_on_new_pairs() -> None:
    model = LinkModel.fit(*_simulated(4_000, 2, bend=2.0), list("abc"))
    frame, label, _ = _simulated(20_000, 3, bend=2.0)
    probability, truth = model.probability(frame), np.array(label, dtype=float)
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        inside = (probability >= low) & (probability < high)
        error = 3 * np.sqrt(0.25 / inside.sum()) + 0.05
        assert probability[inside].mean() == pytest.approx(truth[inside].mean(), abs=error)


def test_the_best_calibrator_is_chosen_on_other_organisations() -> None:
    model = LinkModel.fit(*_simulated(4_000, 2, bend=2.0), list("abc"))
    assert model.losses_[model.calibrator_] == pytest.approx(min(model.losses_.values()), abs=1e-6)
    assert model.calibrator_ != "none"  # the log-odds are bent, a straight line does not do


def test_prior_correction_moves_the_odds_only() -> None:
    frame, label, groups = _simulated(2_000, 4)
    model = LinkModel.fit(frame, label, groups, list("abc"))
    shift = model.log_odds(frame, 0.01) - model.log_odds(frame)
    assert shift == pytest.approx(np.full(len(frame), logit(0.01) - logit(np.mean(label))))


def test_prior_correction_undoes_case_control_sampling() -> None:
    # All links but a fifth of the others are kept: the corrected model is right for all pairs.
    frame, label, groups = _simulated(40_000, 5)
    truth = np.array(label)
    kept = truth | (np.random.default_rng(6).random(len(truth)) < 0.2)
    model = LinkModel.fit(
        frame[kept], truth[kept].tolist(), [g for g, k in zip(groups, kept, strict=True) if k],
        list("abc"),
    )  # fmt: skip
    assert model.probability(frame, float(truth.mean())).mean() == pytest.approx(
        truth.mean(), abs=0.01
    )
    assert model.probability(frame).mean() > truth.mean() + 0.1


def test_reasons_sum_to_the_log_odds() -> None:
    frame, label, groups = _simulated(1_000, 7)
    model = LinkModel.fit(frame, label, groups, list("abc"))
    some = frame.head(5)
    for terms, odds in zip(model.reasons(some, 0.05), model.log_odds(some, 0.05), strict=True):
        assert sum(terms.values()) == pytest.approx(odds, abs=0.005)
        assert list(map(abs, terms.values())) == sorted(map(abs, terms.values()), reverse=True)


def test_out_of_fold_odds_are_those_of_a_model_without_the_group() -> None:
    # A feature that names the group tells nothing of groups that were not seen.
    rng = np.random.default_rng(8)
    groups = [f"g{number // 20}" for number in range(400)]
    label = [bool(value) for value in np.repeat(rng.random(20) < 0.5, 20)]
    truth = np.array(label, dtype=float)
    names = sorted(set(groups))
    frame = pd.DataFrame({name: np.array(groups) == name for name in names}, dtype=float)
    frame["telling"] = truth + rng.normal(size=400) / 3
    assert log_loss(truth, LinkModel.fit(frame, label, groups, names).out_of_fold_) > 0.6
    assert log_loss(truth, LinkModel.fit(frame, label, groups, ["telling"]).out_of_fold_) < 0.4


def test_folds_hold_whole_groups_and_spread_the_links() -> None:
    groups = [f"g{number % 17}" for number in range(170)]
    truth = np.array([float(number % 3 == 0) for number in range(170)])
    folds = pd.Series(assign_folds(groups, truth))
    assert folds.groupby(groups).nunique().max() <= 1
    links = pd.Series(truth).groupby(folds).sum()
    assert len(links) == 5
    assert links.max() - links.min() <= 6


@pytest.mark.parametrize("label", [[True] * 6, [False] * 6])
def test_one_kind_of_pair_is_too_few(label: list[bool]) -> None:
    frame = pd.DataFrame({"a": np.arange(6.0)})
    with pytest.raises(FitError, match="too few"):
        LinkModel.fit(frame, label, list("abcdef"), ["a"])


def test_one_organisation_is_too_few() -> None:
    frame = pd.DataFrame({"a": np.arange(6.0)})
    with pytest.raises(FitError, match="organisations"):
        LinkModel.fit(frame, [True, False] * 3, ["a"] * 6, ["a"])
