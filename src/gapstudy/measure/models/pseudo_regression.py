r"""Regression of pseudo-observations by generalised estimating equations.

With the mean :math:`\mu_i = g^{-1}(x_i'\beta)` the estimate solves
:math:`\sum_i w_i D_i (\tilde\theta_i - \mu_i) = 0`, :math:`D_i = \partial\mu_i / \partial\beta`, by
Fisher scoring, with the covariance :math:`H^{-1} \big(\sum_c U_c U_c'\big) H^{-1}` of clusters c.
This is the estimating equation of `statsmodels` GEE with a normal variance and independence as
working correlation, to which it agrees; it is written out because GEE visits clusters one by one,
which takes minutes for 10^6 spells.

Coefficients by link: identity, differences of cumulative incidence (or of restricted mean time);
logit, log odds ratios; cloglog, :math:`\log(-\log(1 - \mu))`, log ratios of the cumulative
subdistribution hazard by the horizon; log, log ratios. References: Andersen, Klein and Rosthoj
(2003), https://doi.org/10.1093/biomet/90.1.15; Liang and Zeger (1986),
https://doi.org/10.1093/biomet/73.1.13; Klein and Andersen (2005), Biometrics 61, 223-229. The
covariance treats pseudo-observations as independent given the covariates, which errs, if at all, to
the wide side: Jacobsen and Martinussen (2016), Scandinavian Journal of Statistics 43, 845-862.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure.models.risk_sets import cluster_sums
from gapstudy.measure.models.sample import Fit, Floats, Sample

Link = Literal["identity", "log", "logit", "cloglog"]
INTERCEPT = "intercept"
_ROUNDS = 100
_STEP = 1e-10
#: Linear predictors beyond this are probabilities of 0 or 1: the data separate.
_SEPARATED = 15.0
_SEPARATION = "Likely a covariate value without any event: use the identity link, or join values"


class _Scale(NamedTuple):
    mean: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    link: Callable[[float], float]


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=float)


_SCALES: dict[str, _Scale] = {
    "identity": _Scale(lambda x: x, np.ones_like, lambda mu: mu),
    "log": _Scale(np.exp, np.exp, lambda mu: float(np.log(mu))),
    "logit": _Scale(
        _logistic, lambda x: _logistic(x) * _logistic(-x), lambda mu: float(np.log(mu / (1 - mu)))
    ),
    "cloglog": _Scale(
        lambda x: -np.expm1(-np.exp(x)), lambda x: np.exp(x - np.exp(x)),
        lambda mu: float(np.log(-np.log1p(-mu))),
    ),
}  # fmt: skip


def pseudo_regression(sample: Sample, values: Floats, link: Link = "identity") -> Fit:
    """Regress pseudo-observations on an intercept and the covariates of the sample.

    Args:
        sample: the spells with covariates, weights and clusters.
        values: pseudo-observations of one estimate, (n,).
        link: identity, log, logit or cloglog.

    Returns:
        A fit with the intercept first, its covariance robust to clusters.

    Raises:
        FitError: collinear covariates, fewer clusters than parameters, separation, or no solution.
    """
    use = sample.weight > 0
    y, w = np.asarray(values, dtype=float).ravel()[use], sample.weight[use]
    x = np.column_stack([np.ones(int(use.sum())), sample.covariates[use]])
    cluster, width = sample.cluster[use], x.shape[1]
    clusters = len(np.unique(cluster))
    if clusters <= width:
        raise FitError(f"{clusters} independent results for {width} parameters",
                       remedy="Use fewer covariates")  # fmt: skip
    # Scaled columns, so that the rank does not depend on units.
    scale = np.abs(x).max(axis=0)
    if (scale == 0).any() or np.linalg.matrix_rank(x / np.where(scale > 0, scale, 1.0)) < width:
        raise FitError("the covariates are collinear or constant", remedy="Leave one of them out")
    beta = _start(y, w, width, link)
    rule = _SCALES[link]
    for _ in range(_ROUNDS):
        eta = np.clip(x @ beta, -700.0, 700.0 if link in ("identity", "logit") else 30.0)
        d = x * rule.slope(eta)[:, None]
        bread = (d * w[:, None]).T @ d
        score = d.T @ (w * (y - rule.mean(eta)))
        try:
            step = np.linalg.solve(bread, score)
        except np.linalg.LinAlgError as error:
            raise FitError(f"the {link} regression separates", remedy=_SEPARATION) from error
        size = float(np.abs(step).max())
        # Half steps keep a far start from running away on a curved link.
        beta = beta + step * (1.0 if link == "identity" or size <= 1 else 1 / size)
        if size < _STEP * max(1.0, float(np.abs(beta).max())):
            break
    else:
        raise FitError(f"the {link} regression did not converge", remedy=_SEPARATION)
    eta = x @ beta
    if link != "identity" and (np.abs(eta) > _SEPARATED).any() and link != "log":
        raise FitError(f"the {link} regression has no finite estimate", remedy=_SEPARATION)
    d = x * rule.slope(eta)[:, None]
    inverse = np.linalg.inv((d * w[:, None]).T @ d)
    sums = cluster_sums(d * (w * (y - rule.mean(eta)))[:, None], cluster)
    covariance = inverse @ (sums.T @ sums) @ inverse
    return Fit(
        (INTERCEPT, *sample.names), beta, (covariance + covariance.T) / 2, float("nan"),
        int(use.sum()), int((sample.event[use] > 0).sum()), clusters,
    )  # fmt: skip


def _start(y: Floats, w: Floats, width: int, link: Link) -> Floats:
    mean = float(w @ y / w.sum())
    inside = mean > 0 if link == "log" else 0 < mean < 1
    if link != "identity" and not inside:
        raise FitError(f"the mean pseudo-observation {mean:.4g} has no {link}",
                       remedy="No event, or only events: there is nothing to fit")  # fmt: skip
    return np.concatenate([[_SCALES[link].link(mean)], np.zeros(width - 1)])
