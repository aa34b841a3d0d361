r"""Ordered logit: whether respondents of one region give higher answers than those of another.

.. math:: \operatorname{logit} P(Y_i \le j) = \theta_j - x_i^\top \beta

(McCullagh 1980, https://doi.org/10.1111/j.2517-6161.1980.tb01109.x), fitted by statsmodels'
OrderedModel. :math:`e^{\beta}` is the ratio of the odds of a higher answer, alike at every point of
the scale: proportional odds. With regions alone a model without that assumption has the observed
shares as its fit, so that assumption is tested by a likelihood ratio with
:math:`(G - 1)(J - 2)` degrees of freedom for G regions and J answers in use.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from gapstudy.errors import FitError

Floats = NDArray[np.float64]
#: A log odds ratio or standard error beyond these says that the data are (nearly) separated.
_MOST, _WIDEST = 10.0, 5.0


class Ordered(NamedTuple):
    """A fitted ordered logit.

    Attributes:
        names: names of the coefficients.
        coefficient: log odds ratios of a higher answer.
        error: their standard errors.
        log_likelihood: of the fit.
        levels: answers in use.
    """

    names: tuple[str, ...]
    coefficient: Floats
    error: Floats
    log_likelihood: float
    levels: int


def fit(answer: ArrayLike, design: pd.DataFrame) -> Ordered:
    """Fit the model.

    Args:
        answer: ordered answers, (n,).
        design: covariates without a constant, (n, p), one name per column.

    Raises:
        FitError: everyone gave the same answer, the covariates are collinear, the data are
            separated, or the fit did not converge.
    """
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    levels, codes = np.unique(np.asarray(answer), return_inverse=True)
    x = design.to_numpy(float)
    if len(levels) < 2:
        raise FitError("everyone gave the same answer")
    if np.linalg.matrix_rank(np.column_stack([np.ones(len(x)), x])) < x.shape[1] + 1:
        raise FitError("the covariates are collinear: some groups cannot be told apart")
    for column, name in enumerate(design.columns):
        inside = codes[x[:, column] == 1]
        if set(x[:, column]) <= {0.0, 1.0} and set(inside) in ({0}, {len(levels) - 1}):
            raise FitError(f"separated: all of {name} gave the same answer at one end of the scale")
    model = OrderedModel(codes, x, distr="logit")
    with warnings.catch_warnings():
        # What they would say is checked below.
        warnings.simplefilter("ignore")
        found = model.fit(method="bfgs", disp=False, maxiter=2000, gtol=1e-7)
    beta = np.asarray(found.params[: x.shape[1]], dtype=float)
    with np.errstate(all="ignore"):
        error = np.sqrt(np.diag(np.asarray(found.cov_params()))[: x.shape[1]])
    if not np.isfinite([*beta, *error]).all() or (
        (np.abs(beta) > _MOST) | (error > _WIDEST)
    ).any():  # fmt: skip
        raise FitError("separated or nearly so: no finite odds ratio fits the answers")
    slope = np.abs(model.score(found.params)).max()
    if slope > 1e-3 * max(1.0, len(x) ** 0.5):
        raise FitError(f"the fit did not converge: the largest slope left is {slope:.2g}")
    return Ordered(tuple(map(str, design.columns)), beta, error, float(found.llf), len(levels))


def parallel_p(answer: ArrayLike, group: ArrayLike, fitted: Ordered) -> float:
    """P-value of proportional odds over groups; missing with two answers or one group.

    Args:
        answer: ordered answers, (n,).
        group: group of each, (n,).
        fitted: the fit with an indicator of each group but one and nothing else.
    """
    counts = pd.crosstab(np.asarray(group), np.asarray(answer)).to_numpy(float)
    df = (len(counts) - 1) * (counts.shape[1] - 2)
    if df < 1:
        return float("nan")
    share = counts / counts.sum(axis=1, keepdims=True)
    whole = float((counts * np.log(np.where(counts > 0, share, 1.0))).sum())
    return float(stats.chi2.sf(max(0.0, 2 * (whole - fitted.log_likelihood)), df))


def summary(fitted: Ordered, name: str, confidence: float) -> dict[str, Any]:
    """One coefficient with interval, p-value and odds ratio."""
    at = fitted.names.index(name)
    beta, error = float(fitted.coefficient[at]), float(fitted.error[at])
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    low, high = beta - reach, beta + reach
    return {
        "estimate": beta, "low": low, "high": high,
        "p_value": float(2 * stats.norm.sf(abs(beta) / error)),
        "odds_ratio": float(np.exp(beta)), "odds_low": float(np.exp(low)),
        "odds_high": float(np.exp(high)),
    }  # fmt: skip
