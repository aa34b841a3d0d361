"""The link model: a calibrated logistic regression whose parts can be read.

    log-odds(link) = calibrate(intercept + sum over features of coefficient x standardised feature)
                     + prior correction

- coefficients: penalised maximum likelihood (L2, the penalty chosen by cross-validation);
- calibrate: a shift, Platt's (a straight line in the log-odds) or isotonic, whichever has the least
  log-loss when it is fitted on other organisations than those it is judged on;
- prior correction: the pairs fitted are no random sample of candidates, so the log-odds are moved
  by log(prior odds among candidates / odds among the pairs fitted), as in King and Zeng (2001),
  https://doi.org/10.1093/oxfordjournals.pan.a004868, section 4.1.

Folds are whole organisations, so that no product house is on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from gapstudy.errors import FitError

Array = np.ndarray[Any, np.dtype[np.float64]]
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0)
CALIBRATORS = ("shift", "platt", "isotonic")
FOLDS = 5
#: Probabilities are kept this far from 0 and 1 where their log-odds are needed.
_EDGE = 1e-4


@dataclass
class LinkModel:
    """The fitted model.

    Attributes:
        features: names of the features.
        mean_: mean of each feature over the pairs fitted.
        scale_: standard deviation of each (1 for a constant).
        coefficients_: change of the log-odds per standard deviation.
        intercept_: log-odds at the mean of all features, as sampled.
        penalty_: inverse strength of the penalty that was chosen.
        calibrator_: which calibration was chosen.
        calibration_: its points: log-odds in, log-odds out (two points for a straight line).
        losses_: log-loss of each calibrator, cross-fitted.
        sampled_: share of links among the pairs judged on, which calibrated log-odds are as of.
        out_of_fold_: calibrated log-odds of each pair fitted, from folds without its organisation
            and before any prior correction.
    """

    features: tuple[str, ...]
    mean_: Array = field(default_factory=lambda: np.zeros(0))
    scale_: Array = field(default_factory=lambda: np.zeros(0))
    coefficients_: Array = field(default_factory=lambda: np.zeros(0))
    intercept_: float = 0.0
    penalty_: float = 1.0
    calibrator_: str = "shift"
    calibration_: tuple[Array, Array] = field(
        default_factory=lambda: (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    )
    losses_: dict[str, float] = field(default_factory=dict)
    sampled_: float = 0.5
    out_of_fold_: Array = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def fit(
        cls, frame: pd.DataFrame, label: Sequence[bool], groups: Sequence[str],
        features: Sequence[str], *, weights: Sequence[float] | None = None,
        judged: Sequence[bool] | None = None,
    ) -> LinkModel:  # fmt: skip
        """Fit coefficients, penalty and calibration.

        Args:
            frame: the features, one row per pair.
            label: whether each pair is a link.
            groups: organisation of each pair's target.
            features: columns of `frame` to use.
            weights: weight of each pair; 1 when missing.
            judged: pairs that the penalty is chosen and the calibration fitted on; all when
                missing.

        Raises:
            FitError: fewer than two organisations, or links on one side only.
        """
        values = frame[list(features)].to_numpy(dtype=float)
        truth = np.asarray(label, dtype=float)
        weight = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=float)
        own = np.ones(len(truth), dtype=bool) if judged is None else np.asarray(judged, dtype=bool)
        folds = assign_folds(groups, truth)
        if len(np.unique(folds[own])) < 2 or not 0 < truth[own].sum() < own.sum():
            raise FitError(
                f"{int(truth.sum())} links among {len(truth)} labelled pairs of "
                f"{len(set(groups))} organisations are too few for the link model",
                where="labelled_pairs, split fit",
                remedy="Label pairs of both kinds from several organisations",
            )
        model = cls(tuple(features))
        tried = {penalty: _cross(values, truth, weight, folds, penalty) for penalty in PENALTIES}
        kept = truth[own], weight[own], folds[own]
        losses = {
            (penalty, name): log_loss(kept[0], _cross_calibrated(name, odds[own], *kept), kept[1])
            for penalty, odds in tried.items()
            for name in CALIBRATORS
        }
        model.penalty_, model.calibrator_ = min(losses, key=lambda key: round(losses[key], 6))
        model.losses_ = {name: losses[model.penalty_, name] for name in CALIBRATORS}
        odds = tried[model.penalty_]
        model.calibration_ = _fit_calibrator(model.calibrator_, odds[own], *kept[:2])
        model.out_of_fold_ = _apply(model.calibration_, odds)
        model.out_of_fold_[own] = _cross_calibrated(model.calibrator_, odds[own], *kept)
        model.mean_, model.scale_ = _standard(values, weight)
        model.coefficients_, model.intercept_ = _fit_logistic(
            (values - model.mean_) / model.scale_, truth, weight, model.penalty_
        )
        model.sampled_ = float(np.average(truth[own], weights=weight[own]))
        return model

    def log_odds(self, frame: pd.DataFrame, prior: Array | float | None = None) -> Array:
        """Calibrated log-odds of pairs.

        Args:
            frame: the features.
            prior: share of links among the pairs, one for all or one per pair; by default that of
                the labelled pairs.
        """
        raw = self.base + self.parts(frame).sum(axis=1)
        odds = _apply(self.calibration_, raw)
        return odds if prior is None else odds + self.correction(prior)

    def probability(self, frame: pd.DataFrame, prior: Array | float | None = None) -> Array:
        """Calibrated probability of pairs (arguments as in `log_odds`)."""
        return np.asarray(expit(self.log_odds(frame, prior)))

    def correction(self, prior: Array | float) -> Any:
        """What a prior adds to the log-odds."""
        return logit(prior) - logit(self.sampled_)

    @property
    def base(self) -> float:
        """Log-odds of a pair whose features are all 0, as sampled, before calibration."""
        return float(self.intercept_ - (self.mean_ / self.scale_) @ self.coefficients_)

    def parts(self, frame: pd.DataFrame) -> Array:
        """What each feature adds to `base`, one column each: a feature of 0 adds nothing."""
        values = frame[list(self.features)].to_numpy(dtype=float)
        return np.asarray(values / self.scale_ * self.coefficients_)

    def reasons(
        self, frame: pd.DataFrame, prior: Array | float | None = None
    ) -> list[dict[str, float]]:
        """Contributions to each pair's log-odds, largest first; they sum to the log-odds.

        The terms beside the features are "base", "calibration" and "prior".
        """
        parts = self.parts(frame)
        raw = self.base + parts.sum(axis=1)
        shift = np.zeros(len(frame)) + (0.0 if prior is None else self.correction(prior))
        moved = _apply(self.calibration_, raw) - raw
        result = []
        for row in range(len(frame)):
            terms = dict(zip(self.features, parts[row].tolist(), strict=True))
            terms["base"] = self.base
            terms["calibration"] = float(moved[row])
            terms["prior"] = float(shift[row])
            result.append(largest_first(terms))
        return result


def largest_first(terms: Mapping[str, float]) -> dict[str, float]:
    """Terms rounded to 3 decimals, by size, those that vanish left out."""
    rounded = {name: round(value, 3) for name, value in terms.items()}
    kept = [(name, value) for name, value in rounded.items() if value]
    return dict(sorted(kept, key=lambda item: (-abs(item[1]), item[0])))


def assign_folds(groups: Sequence[str], truth: Array, count: int = FOLDS) -> Array:
    """Fold of each pair: whole groups, links spread evenly.

    Groups with most links come first, each to the fold that has the fewest links (then pairs).
    """
    frame = pd.DataFrame({"group": list(groups), "truth": truth})
    sizes = frame.groupby("group", sort=True)["truth"].agg(["sum", "size"]).reset_index()
    sizes = sizes.sort_values(["sum", "size", "group"], ascending=[False, False, True])
    loads = [(0.0, 0, fold) for fold in range(count)]
    chosen: dict[str, int] = {}
    for group, links, size in zip(sizes["group"], sizes["sum"], sizes["size"], strict=True):
        held = min(loads)
        loads[loads.index(held)] = (held[0] + links, held[1] + size, held[2])
        chosen[group] = held[2]
    return np.asarray(frame["group"].map(chosen), dtype=np.float64)


def log_loss(truth: Array, odds: Array, weights: Array | None = None) -> float:
    """Mean negative log-likelihood of log-odds."""
    return float(np.average(np.logaddexp(0.0, odds) - truth * odds, weights=weights))


def _standard(values: Array, weights: Array) -> tuple[Array, Array]:
    mean = np.average(values, axis=0, weights=weights)
    scale = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    return mean, np.where(scale > 1e-12, scale, 1.0)


def _fit_logistic(
    values: Array, truth: Array, weights: Array, penalty: float
) -> tuple[Array, float]:
    from sklearn.linear_model import LogisticRegression

    # Newton steps to a tight tolerance: the answer does not depend on how sums were ordered.
    fitted = LogisticRegression(C=penalty, solver="newton-cholesky", tol=1e-9, max_iter=200)
    fitted.fit(values, truth, sample_weight=weights)
    return np.asarray(fitted.coef_[0], dtype=float), float(fitted.intercept_[0])


def _cross(values: Array, truth: Array, weights: Array, folds: Array, penalty: float) -> Array:
    """Log-odds of each pair from a model that saw no pair of its fold."""
    odds = np.zeros(len(truth))
    for fold in np.unique(folds):
        seen, held = folds != fold, folds == fold
        if truth[seen].min() == truth[seen].max():
            share = np.average(truth[seen], weights=weights[seen])
            odds[held] = logit(np.clip(share, _EDGE, 1 - _EDGE))
            continue
        mean, scale = _standard(values[seen], weights[seen])
        coefficients, intercept = _fit_logistic(
            (values[seen] - mean) / scale, truth[seen], weights[seen], penalty
        )
        odds[held] = intercept + (values[held] - mean) / scale @ coefficients
    return odds


def _cross_calibrated(name: str, odds: Array, truth: Array, weights: Array, folds: Array) -> Array:
    result = np.zeros(len(odds))
    for fold in np.unique(folds):
        seen, held = folds != fold, folds == fold
        points = _fit_calibrator(name, odds[seen], truth[seen], weights[seen])
        result[held] = _apply(points, odds[held])
    return result


def _fit_calibrator(name: str, odds: Array, truth: Array, weights: Array) -> tuple[Array, Array]:
    """Points of a piecewise linear map of log-odds; 0 and 1 stand for a straight line."""
    share = float(np.average(truth, weights=weights))
    line = np.array([0.0, 1.0])
    if truth.min() == truth.max():
        return line, line
    if name == "shift":
        # The shift by which the mean probability becomes the share observed.
        def excess(by: float) -> float:
            return float(np.average(expit(odds + by), weights=weights)) - share

        return line, line + float(brentq(excess, -60.0, 60.0))
    if name == "platt":
        slope, intercept = _fit_logistic(odds[:, None], truth, weights, 1e6)
        return line, np.array([intercept, intercept + slope[0]])
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=_EDGE, y_max=1 - _EDGE, out_of_bounds="clip")
    fitted.fit(odds, truth, sample_weight=weights)
    return np.asarray(fitted.X_thresholds_), np.asarray(logit(fitted.y_thresholds_))


def _apply(calibration: tuple[Array, Array], odds: Array) -> Array:
    at, to = calibration
    if len(at) == 2 and at[0] == 0.0 and at[1] == 1.0:
        return np.asarray(to[0] + (to[1] - to[0]) * odds)
    return np.asarray(np.interp(odds, at, to))
