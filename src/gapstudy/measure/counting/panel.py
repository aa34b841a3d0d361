r"""Panels of counts by region and year: negative binomial and Poisson with fixed effects.

.. math:: \log E(y_{rt}) = \log e_{rt} + \alpha_r + \delta_t + x_{rt}'\beta, \qquad
          Var(y) = \mu + \kappa \mu^2

with exposure e (results, or their years of follow-up). NB2 has a dispersion :math:`\kappa`, by
the likelihood adjusted for the fitted effects (Cox and Reid 1987). :math:`\kappa = 0` is Poisson,
at the edge of what is possible, so that the likelihood-ratio test takes half the chi-squared tail.
Poisson with region and year effects is the conditional fixed-effects estimator, right whenever the
mean is, whatever the distribution, with a robust covariance. Three or four regions are too few
clusters for a covariance clustered by region: what is clustered is said to be so. Intervals use
Student's t with the cells minus the parameters.

References: Cameron and Trivedi (2013), Regression Analysis of Count Data, ch. 3 and 9; Hausman,
Hall and Griliches (1984), Econometrica 52, 909-938; Wooldridge (1999), Journal of Econometrics 90,
77-97; the test at the edge: Self and Liang (1987), Journal of the American Statistical Association
82, 605-610.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from gapstudy.errors import FitError

Floats = NDArray[np.float64]
Model = Literal["nb2", "poisson"]
Covariance = Literal["model", "robust", "cluster"]
#: Limits between which the logarithm of the dispersion is looked for.
_LOG_DISPERSION = (-9.0, 4.0)
#: Fewest clusters behind a clustered covariance that is not called too few (Cameron and Miller
#: 2015, Journal of Human Resources 50, 317-372, sec. VI: too few is up to 20 or 50).
CLUSTERS = 20
#: A coefficient beyond this has run away: a level without any count.
_FAR = 15.0


@dataclass(frozen=True)
class Panel:
    """Cells of a panel with their design.

    Attributes:
        count: counts, (n,).
        exposure: exposures, above zero, (n,).
        design: columns of the model, (n, p), intercept first.
        names: their names.
        region: region of each cell, (n,).
        dropped: years left out because no region has any count in them.
    """

    count: Floats
    exposure: Floats
    design: Floats
    names: tuple[str, ...]
    region: NDArray[np.str_]
    dropped: tuple[int, ...]


@dataclass(frozen=True)
class PanelFit:
    """A fitted panel.

    Attributes:
        names: names of the coefficients.
        estimate: their values, on the log scale, (p,).
        covariance: their covariance, (p, p).
        df: degrees of freedom of the intervals.
        dispersion: kappa of NB2; zero for Poisson.
        lr_p: p-value of Poisson against NB2.
        pearson: Pearson's chi-squared over degrees of freedom under Poisson: one if it holds.
        zeros: cells without a count.
        zeros_expected: as many as the model expects.
        zeros_p: two-sided p-value of their difference, the fit taken as known.
        n: cells.
        events: sum of the counts.
        note: what limits the fit.
    """

    names: tuple[str, ...]
    estimate: Floats
    covariance: Floats
    df: int
    dispersion: float
    lr_p: float
    pearson: float
    zeros: int
    zeros_expected: float
    zeros_p: float
    n: int
    events: float
    note: str

    def ratio(self, name: str, confidence: float) -> tuple[float, float, float, float]:
        """Factor on the mean of one coefficient with its interval and p-value."""
        j = self.names.index(name)
        value, error = float(self.estimate[j]), float(np.sqrt(self.covariance[j, j]))
        half = float(stats.t.ppf(0.5 + confidence / 2, self.df)) * error
        p = float(2 * stats.t.sf(abs(value) / error, self.df)) if error > 0 else float("nan")
        return (*np.exp([value, value - half, value + half]), p)


def panel(
    count: ArrayLike, exposure: ArrayLike, region: Sequence[str], year: ArrayLike, base: str,
    extra: dict[str, ArrayLike] | None = None,
) -> Panel:  # fmt: skip
    """Cells with region and year effects.

    Args:
        count: counts, (n,).
        exposure: exposures, (n,); cells of zero exposure and count are left out.
        region: region of each cell.
        year: year of each cell.
        base: region that the others are compared with.
        extra: further columns by name.

    Raises:
        FitError: a count without exposure, a region without any count, or fewer cells than terms.
    """
    y, e = np.asarray(count, dtype=float), np.asarray(exposure, dtype=float)
    place, when = np.asarray(region, dtype=str), np.asarray(year, dtype=np.int64)
    more = {name: np.asarray(values, dtype=float) for name, values in (extra or {}).items()}
    if not (np.isfinite(y).all() and (y >= 0).all() and np.isfinite(e).all() and (e >= 0).all()):
        raise FitError("counts and exposures must be known and not negative",
                       remedy="Leave out cells that are not known")  # fmt: skip
    if ((e == 0) & (y > 0)).any():
        raise FitError(f"{int(((e == 0) & (y > 0)).sum())} cells have counts without exposure",
                       remedy="Compare years in which both exist")  # fmt: skip
    totals = {int(t): float(y[(when == t) & (e > 0)].sum()) for t in np.unique(when)}
    # A year without any count says nothing of ratios, and its effect would run away.
    dropped = tuple(t for t, total in totals.items() if total == 0)
    keep = (e > 0) & ~np.isin(when, dropped)
    y, e, place, when = y[keep], e[keep], place[keep], when[keep]
    if base not in place:
        raise FitError(f"the region {base} has no cell", remedy="Compare with another region")
    for name in np.unique(place):
        if y[place == name].sum() == 0:
            raise FitError(f"the region {name} has no count, so that its rate is zero and has no "
                           "ratio", remedy="Leave it out, or join it with another")  # fmt: skip
    others = [str(name) for name in np.unique(place) if name != base]
    years = [int(t) for t in np.unique(when)]
    columns = [np.ones(len(y))]
    columns += [(place == name).astype(float) for name in others]
    columns += [(when == t).astype(float) for t in years[1:]]
    columns += [values[keep] for values in more.values()]
    names = ("intercept", *others, *(f"year {t}" for t in years[1:]), *more)
    design = np.column_stack(columns)
    if len(y) <= design.shape[1]:
        raise FitError(f"{len(y)} cells for {design.shape[1]} terms",
                       remedy="Add years, or leave effects out")  # fmt: skip
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise FitError("terms of the panel are collinear",
                       remedy="A column that is constant within regions and years cannot be told "
                              "from their effects: leave it out")  # fmt: skip
    return Panel(y, e, design, names, place, dropped)


def fit(cells: Panel, model: Model, covariance: Covariance | None = None) -> PanelFit:
    """Fit a panel.

    Args:
        cells: the panel.
        model: nb2, or poisson (with region effects: conditional fixed effects).
        covariance: model (right if the variance is), robust (HC3) or cluster (by region); by
            default that of the model for nb2, robust for poisson.

    Raises:
        FitError: the fit does not converge or a coefficient runs away.
    """
    plain = _glm(cells, 0.0)
    mean = np.asarray(plain.mu)
    n, p = cells.design.shape
    pearson = float(((cells.count - mean) ** 2 / mean).sum() / (n - p))
    gain = _gain(cells, float(plain.llf))
    used = _dispersion(cells) if model == "nb2" else 0.0
    clusters = len(np.unique(cells.region))
    options: dict[str, Any] = {}
    kind = covariance or ("model" if model == "nb2" else "robust")
    if kind == "cluster":
        codes = np.unique(cells.region, return_inverse=True)[1]
        options = {"cov_type": "cluster", "cov_kwds": {"groups": codes}}
    elif kind == "robust":
        options = {"cov_type": "HC3"}
    final = _glm(cells, used, **options)
    beta = np.asarray(final.params)
    if not final.converged or np.abs(beta[1:]).max(initial=0.0) > _FAR:
        worst = cells.names[1 + int(np.abs(beta[1:]).argmax())]
        raise FitError(f"the panel did not converge: the coefficient of {worst} runs away",
                       remedy="A level without counts has no effect that can be estimated: leave "
                              "it out")  # fmt: skip
    spread = np.asarray(final.cov_params())
    mean = np.asarray(final.mu)
    none = np.exp(-mean) if used == 0 else (1 + used * mean) ** (-1 / used)
    zeros, expected = int((cells.count == 0).sum()), float(none.sum())
    noise = float(np.sqrt((none * (1 - none)).sum()))
    notes = [f"years without any count left out: {', '.join(map(str, cells.dropped))}"] * bool(
        cells.dropped
    )
    if kind == "cluster" and clusters < CLUSTERS:
        notes.append(f"only {clusters} clusters: the interval is too short")
    if model == "nb2" and used == 0:
        notes.append("no overdispersion: the same as Poisson")
    return PanelFit(
        cells.names, beta, spread, clusters - 1 if kind == "cluster" else n - p, used,
        float(0.5 * stats.chi2.sf(gain, 1)) if gain > 0 else 1.0, pearson, zeros, expected,
        float(2 * stats.norm.sf(abs(zeros - expected) / noise)) if noise > 0 else float("nan"),
        n, float(cells.count.sum()), "; ".join(notes),
    )  # fmt: skip


def _glm(cells: Panel, dispersion: float, **options: Any) -> Any:
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    family = families.NegativeBinomial(alpha=dispersion) if dispersion > 0 else families.Poisson()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return GLM(
                cells.count, cells.design, family=family, offset=np.log(cells.exposure)
            ).fit(maxiter=200, **options)  # fmt: skip
        except (ValueError, np.linalg.LinAlgError) as error:
            raise FitError(f"the panel could not be fitted: {error}",
                           remedy="Look for a level with hardly any counts") from error  # fmt: skip


def _dispersion(cells: Panel) -> float:
    """Dispersion by the profile likelihood adjusted for the effects that were fitted.

    The adjustment of Cox and Reid (1987, Journal of the Royal Statistical Society B 49, 1-39),
    half the log-determinant of the information of the coefficients: without it the dispersion is
    too small in panels of a few regions.
    """

    def lost(log: float) -> float:
        kappa = float(np.exp(log))
        done = _glm(cells, kappa)
        mean = np.asarray(done.mu)
        information = (cells.design * (mean / (1 + kappa * mean))[:, None]).T @ cells.design
        return -float(done.llf) + 0.5 * float(np.linalg.slogdet(information)[1])

    found = optimize.minimize_scalar(
        lost, bounds=_LOG_DISPERSION, method="bounded", options={"xatol": 1e-3}
    )
    # At the lower limit NB2 is Poisson to the last digits that matter.
    return 0.0 if float(found.x) < _LOG_DISPERSION[0] + 0.05 else float(np.exp(found.x))


def _gain(cells: Panel, plain: float) -> float:
    """Twice the gain in log-likelihood of NB2, at its best dispersion, over Poisson."""
    found = optimize.minimize_scalar(
        lambda log: -float(_glm(cells, float(np.exp(log))).llf), bounds=_LOG_DISPERSION,
        method="bounded", options={"xatol": 1e-2},
    )  # fmt: skip
    return max(2 * (-float(found.fun) - plain), 0.0)
