r"""One answer from the fits of many drawn link sets: Rubin's rules for vectors of parameters.

With estimates :math:`\hat\theta_m` and covariances :math:`U_m` of M fits,

.. math:: \bar\theta = \frac1M \sum \hat\theta_m, \quad
          T = \frac1M \sum U_m + \Bigl(1 + \frac1M\Bigr)
              \frac{1}{M-1} \sum (\hat\theta_m - \bar\theta)(\hat\theta_m - \bar\theta)' .

Degrees of freedom and missing information are those of each parameter by itself. Reference: Rubin
(1987), Multiple Imputation for Nonresponse in Surveys, ch. 3; Barnard and Rubin (1999),
https://doi.org/10.1093/biomet/86.4.948.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure import rubin
from gapstudy.measure.models.sample import Fit, Floats


class Wald(NamedTuple):
    """Test of several parameters: F statistic, its degrees of freedom, p-value."""

    statistic: float
    df1: int
    df2: float
    p_value: float


@dataclass(frozen=True)
class PooledFit:
    """What M fits of one model say together.

    Attributes:
        names: names of the parameters, p of them.
        estimate: mean of the estimates, (p,).
        covariance: total covariance T, (p, p).
        df: degrees of freedom of Barnard and Rubin, (p,); infinite where the fits agree.
        missing_information: share of each variance that is due to the draws, (p,).
        n: spells, mean over the fits.
        events: spells that end in the event, mean over the fits.
        clusters: clusters of the spells, mean over the fits.
        fits: number of fits, M.
        note: the different notes of the fits, else empty.
        within: mean of the covariances of the fits, (p, p).
    """

    names: tuple[str, ...]
    estimate: Floats
    covariance: Floats
    df: Floats
    missing_information: Floats
    n: int
    events: float
    clusters: int
    fits: int
    note: str = ""
    within: Floats | None = None

    @property
    def error(self) -> Floats:
        """Standard errors, (p,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        """Lower and upper ends of intervals by Student's t, (p,) each."""
        half = stats.t.ppf(0.5 + confidence / 2, self.df) * self.error
        return self.estimate - half, self.estimate + half

    @property
    def p_value(self) -> Floats:
        """Two-sided p-values against zero by Student's t, (p,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(2 * stats.t.sf(np.abs(self.estimate / self.error), self.df), float)

    def combined(self, weights: ArrayLike) -> PooledFit:
        """Linear combinations of the parameters, each with the smallest df of what it uses.

        Args:
            weights: one row per combination, (q, p).
        """
        a = np.atleast_2d(np.asarray(weights, dtype=float))
        used = a != 0
        df = np.where(used, self.df, np.inf).min(axis=1)
        lost = np.where(used, self.missing_information, 0.0).max(axis=1)
        names = tuple(
            " + ".join(f"{w:g} {name}" for w, name in zip(row, self.names, strict=True) if w)
            for row in a
        )
        return PooledFit(
            names, a @ self.estimate, a @ self.covariance @ a.T, df, lost, self.n, self.events,
            self.clusters, self.fits, self.note,
            None if self.within is None else a @ self.within @ a.T,
        )  # fmt: skip

    def wald(self, names: Sequence[str] | None = None) -> Wald:
        r"""Test that several parameters are all zero.

        With the mean covariance :math:`\bar U` and the total T of k parameters,
        :math:`r = (1 + 1/M)\, tr(B \bar U^{-1}) / k` and
        :math:`D = \bar\theta' \bar U^{-1} \bar\theta / (k (1 + r))`, an F with k and the degrees of
        freedom of Li, Raghunathan and Rubin (1991),
        https://doi.org/10.1080/01621459.1991.10475152.

        Args:
            names: the parameters; all by default.

        Raises:
            FitError: no parameter is named.
        """
        use = [self.names.index(name) for name in (self.names if names is None else names)]
        if not use or self.within is None:
            raise FitError("there is no parameter to test", remedy="Name one of the model")
        k = len(use)
        inner = self.within[np.ix_(use, use)]
        added = self.covariance[np.ix_(use, use)] - inner
        r = max(float(np.trace(np.linalg.solve(inner, added))) / k, 0.0)
        value = self.estimate[use]
        statistic = float(value @ np.linalg.solve(inner, value)) / (k * (1 + r))
        t = k * (self.fits - 1)
        if r < 1e-12:
            df = np.inf
        elif t > 4:
            df = 4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2
        else:
            df = t * (1 + 1 / k) * (1 + 1 / r) ** 2 / 2
        p = stats.chi2.sf(k * statistic, k) if np.isinf(df) else stats.f.sf(statistic, k, df)
        return Wald(statistic, k, float(df), float(p))

    def __getitem__(self, name: str) -> float:
        return float(self.estimate[self.names.index(name)])


def pool_fits(fits: Sequence[Fit], complete_df: float = np.inf) -> PooledFit:
    """Pool the fits of one model on M drawn link sets.

    Args:
        fits: the fits, all with the same parameters in the same order.
        complete_df: degrees of freedom if no link were uncertain, such as clusters less parameters.

    Raises:
        FitError: no fit, parameters that differ, or an estimate or variance that is missing.
    """
    if not fits:
        raise FitError("no fit to pool", remedy="Read the reasons that the fits failed for")
    names = fits[0].names
    if any(fit.names != names for fit in fits):
        raise FitError(
            "the fits to pool have different parameters",
            remedy="Fit the same columns in every link set",
        )
    value = np.array([fit.estimate for fit in fits], dtype=float)
    within = np.array([fit.covariance for fit in fits], dtype=float)
    if not (np.isfinite(value).all() and np.isfinite(within).all()):
        raise FitError(
            "a fit to pool has a missing or infinite estimate",
            remedy="Pool only fits that converged, and say how many did not",
        )
    each = rubin.pool(
        value, np.diagonal(within, axis1=1, axis2=2), complete_df=np.asarray(complete_df)
    )
    m = len(fits)
    gap = value - value.mean(axis=0)
    between = gap.T @ gap / (m - 1) if m > 1 else np.zeros_like(within[0])
    notes = list(dict.fromkeys(fit.note for fit in fits if fit.note))
    return PooledFit(
        names, each.estimate, within.mean(axis=0) + (1 + 1 / m) * between, each.df,
        each.missing_information, round(float(np.mean([fit.n for fit in fits]))),
        float(np.mean([fit.events for fit in fits])),
        round(float(np.mean([fit.clusters for fit in fits]))), m, "; ".join(notes),
        within.mean(axis=0),
    )  # fmt: skip
