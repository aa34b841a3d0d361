r"""Is the hazard ratio the same at all times? Grambsch and Therneau's test, and piecewise effects.

If the coefficient moves as :math:`\beta_k(t) = \beta_k + \theta_k (g(t) - \bar g)`, the scaled
Schoenfeld residuals :math:`s^* = d\, I^{-1} s` of the d events have slope :math:`\theta` in g:

.. math:: \hat\theta = \frac{\sum_i w_i (g_i - \bar g)\, s^*_i}{\sum_i w_i (g_i - \bar g)^2},
          \qquad \widehat{Var}(\hat\theta) = \frac{d\, I^{-1}}{\sum_i w_i (g_i - \bar g)^2},

where d is the sum of the events' weights. Each :math:`\hat\theta_k^2 / Var` is a chi-square with
one degree of freedom, :math:`\hat\theta' Var^{-1} \hat\theta` one with p. Reference: Grambsch and
Therneau (1994), https://doi.org/10.1093/biomet/81.3.515. This is the approximate form, which takes
the information to be alike at all event times; it takes spells to be independent. Where they are
clustered, `piecewise` with a robust covariance is the check to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.models import cox_kernel
from gapstudy.measure.models.cox_kernel import Ties
from gapstudy.measure.models.sample import HALF_DAY, Fit, Floats, Sample

Transform = Literal["km", "rank", "log", "identity"]
TRANSFORMS: tuple[Transform, ...] = ("km", "rank", "log", "identity")


@dataclass(frozen=True)
class HazardTest:
    """Test of proportional hazards.

    Attributes:
        transform: the function g of time.
        slope: slopes of the coefficients in g with their covariance.
        statistic: chi-square of each covariate, one degree of freedom, (p,).
        p_value: its p-value, (p,).
        overall: chi-square of all covariates together.
        overall_p: its p-value.
    """

    transform: Transform
    slope: Fit
    statistic: Floats
    p_value: Floats
    overall: float
    overall_p: float


def proportional_test(
    sample: Sample,
    *,
    transform: Transform = "km",
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
    kind: int | None = None,
) -> HazardTest:
    """Test whether hazard ratios change with time.

    Args:
        sample: the spells with their covariates.
        transform: function of time: km (1 - Kaplan-Meier), rank (mean rank among the events), log
            (zero days count as half a day), identity.
        ties: efron or breslow.
        strata: stratum of each spell, (n,).
        kind: the event that counts; None counts events of every kind.

    Raises:
        FitError: fewer than two event times, or what `cox` refuses.
    """
    risk = cox_kernel.prepare(sample, ties=ties, strata=strata, kind=kind)
    point = cox_kernel.maximise(risk)
    rows = risk.row[risk.event]
    g = _transformed(sample, rows, transform, kind)
    weight = sample.weight[rows]
    total = float(weight.sum())
    centred = g - float(weight @ g) / total
    spread = float(weight @ centred**2)
    if spread <= 0:
        raise FitError(
            "all events happen at one time: proportional hazards cannot be tested",
            remedy="There is nothing to test",
        )
    bread = np.linalg.inv(point.information)
    slope = total * bread @ ((weight * centred) @ risk.schoenfeld(point.beta)) / spread
    covariance = np.asarray(total * bread / spread, dtype=float)
    each = slope**2 / np.diag(covariance)
    every = float(slope @ np.linalg.solve(covariance, slope))
    fit = Fit(risk.names, slope, covariance, float("nan"), sample.n, len(rows),
              len(np.unique(sample.cluster)))  # fmt: skip
    return HazardTest(
        transform, fit, each, np.asarray(stats.chi2.sf(each, 1), dtype=float), every,
        float(stats.chi2.sf(every, len(slope))),
    )  # fmt: skip


def _transformed(
    sample: Sample, rows: np.ndarray, transform: Transform, kind: int | None
) -> Floats:
    time: Floats = sample.time[rows]
    if transform == "identity":
        return time
    if transform == "log":
        return np.asarray(np.log(np.maximum(time, HALF_DAY)), dtype=float)
    if transform == "rank":
        return np.asarray(stats.rankdata(time), dtype=float)
    died = (sample.event > 0) if kind is None else (sample.event == kind)
    times = np.unique(sample.time[died])
    at = np.searchsorted(times, sample.time[died])
    events = np.bincount(at, sample.weight[died], len(times))
    late = sample.entry > 0
    risk = _from(sample.time, sample.weight, times)
    risk -= _from(sample.entry[late], sample.weight[late], times)
    left = np.maximum(1 - events / np.where(risk > 0, risk, 1.0), 0.0)
    return np.asarray(1 - np.cumprod(left)[np.searchsorted(times, time)], dtype=float)


def _from(values: Floats, weight: Floats, times: Floats) -> Floats:
    """Weight of the values at or after each time."""
    order = np.argsort(values, kind="stable")
    after = np.concatenate([np.cumsum(weight[order][::-1])[::-1], [0.0]])
    return np.asarray(after[np.searchsorted(values[order], times, side="left")], dtype=float)


def piecewise(sample: Sample, names: Sequence[str], cuts: Sequence[float]) -> Sample:
    """Split spells at times, so that some covariates have an effect of their own in each piece.

    Fitting `cox` to the result gives the piecewise effects; the split itself changes nothing, as
    the pieces of a spell are never at risk together. Clusters keep pieces together.

    Args:
        sample: the spells.
        names: covariates whose effect may change; column `EU` becomes `EU 0-3`, `EU 3-`, ...
        cuts: ascending times above zero at which it may change, in years.

    Raises:
        FitError: a name that is no covariate, or cuts that do not ascend from above zero.
    """
    edges = np.asarray(cuts, dtype=float)
    if not len(edges) or (np.diff(edges, prepend=0.0) <= 0).any():
        raise FitError("the cuts do not ascend from above zero", remedy="Give years such as 3, 5")
    missing = [name for name in names if name not in sample.names]
    if missing:
        raise FitError(f"no covariate is called {', '.join(missing)}",
                       remedy=f"The covariates are {', '.join(sample.names)}")  # fmt: skip
    starts, ends = np.concatenate([[0.0], edges]), np.concatenate([edges, [np.inf]])
    parts, labels = [], band_names(cuts)
    moving = [sample.names.index(name) for name in names]
    fixed = [k for k in range(len(sample.names)) if k not in moving]
    columns = tuple(f"{sample.names[k]} {label}" for k in moving for label in labels)
    for b, (start, end) in enumerate(zip(starts, ends, strict=True)):
        # A piece is (start, end]; a spell of zero days belongs to the first.
        rows = np.flatnonzero(((sample.time > start) | (start == 0)) & (sample.entry < end))
        x = np.zeros((len(rows), len(fixed) + len(columns)))
        x[:, : len(fixed)] = sample.covariates[rows][:, fixed]
        for j, k in enumerate(moving):
            x[:, len(fixed) + j * len(labels) + b] = sample.covariates[rows, k]
        time = sample.time[rows]
        parts.append(
            (np.minimum(time, end), np.where(time <= end, sample.event[rows], 0), x,
             np.maximum(sample.entry[rows], start), sample.weight[rows], sample.cluster[rows])
        )  # fmt: skip
    time, event, x, entry, weight, cluster = (
        np.concatenate([part[i] for part in parts]) for i in range(6)
    )
    keep = np.asarray(x.any(axis=0))
    keep[: len(fixed)] = True
    every = tuple(sample.names[k] for k in fixed) + columns
    return Sample(
        time, event.astype(np.int64), x[:, keep],
        tuple(name for name, k in zip(every, keep, strict=True) if k), entry, weight, cluster,
    )  # fmt: skip


def band_names(cuts: Sequence[float]) -> list[str]:
    """Names of the pieces that cuts make, such as 0-3, 3-5 and 5-."""
    edges = [0.0, *cuts]
    ends = [f"{cut:g}" for cut in cuts] + [""]
    return [f"{start:g}-{end}" for start, end in zip(edges, ends, strict=True)]
