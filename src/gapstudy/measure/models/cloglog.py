r"""Grouped proportional hazards: the discrete-time model with complementary log-log link.

Time is cut into periods. The chance of the event in period j, of a spell that came so far, is

.. math:: h_{ij} = 1 - \exp\{-\exp(\alpha_j + x_i'\beta_j)\},

so that :math:`\beta` is the log hazard ratio of the proportional-hazards model in continuous time,
whatever the ties. Reference: Prentice and Gloeckler (1978), https://doi.org/10.2307/2529588.

A period counts for a spell that was observed from its beginning: one that enters within a period
counts from the next, and one that is censored within a period counts until the last. Spells of the
same covariates are counted together for each period, so the person-periods are never written out.
With a baseline parameter for each period, one without any event (its hazard is zero), or in which
every spell has it (infinite), has no say in :math:`\beta` and is left out.

Engines. `statsmodels` (GLM, binomial family, CLogLog link) is for what is fitted once; `blocks`
does the same Fisher scoring a block of cells at a time, for samples whose covariates hardly repeat.
The covariance is the same for both: I^-1 times the sum of squared cluster scores times I^-1, with
the observed information I.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure.models import identified, person_periods
from gapstudy.measure.models.person_periods import Baseline, Grid, count, edges_of
from gapstudy.measure.models.proportional_hazards import band_names
from gapstudy.measure.models.sample import Fit, Floats, Ints, Sample

Engine = Literal["statsmodels", "blocks"]
#: Most numbers in a design matrix for statsmodels.
LARGEST = 20_000_000
_NEAR, _ROUNDS = 1e-14, 60
_SEPARATED = (
    "A group without any event in the periods has no hazard ratio: leave its spells out, or join "
    "groups or periods"
)


@dataclass(frozen=True)
class DiscreteFit:
    """A fitted discrete-time model.

    Attributes:
        effects: log hazard ratios; an effect that varies is named with its band, as in `EU 3-5`.
        starts: beginning of each period that is used, years, (J,).
        ends: its end, (J,).
        baseline: log of the cumulated baseline hazard of the period, at covariates of zero, (J,).
        cells: cells that the person-periods were counted in.
    """

    effects: Fit
    starts: Floats
    ends: Floats
    baseline: Floats
    cells: int


def cloglog(
    sample: Sample,
    *,
    cuts: Sequence[float] | None = None,
    baseline: Baseline = "period",
    varying: Sequence[str] = (),
    bands: Sequence[float] = (),
    kind: int | None = None,
    robust: bool = True,
    engine: Engine = "statsmodels",
) -> DiscreteFit:
    """Fit a discrete-time proportional-hazards model.

    Args:
        sample: the spells with their covariates.
        cuts: ascending edges of the periods from 0 on, in years; left out, every year to the
            longest spell. A period holds its beginning and not its end.
        baseline: a parameter for each period, or a line and a square in the period's number.
        varying: covariates whose effect differs by band.
        bands: ascending times above zero that part the bands, in years; edges of periods.
        kind: the event that counts; None counts events of every kind.
        robust: covariance robust to the clusters of the sample; else the inverse information.
        engine: statsmodels or blocks; see above.

    Raises:
        FitError: no event in any whole period, bad cuts, covariates that are constant or collinear
            or separate the events, more cells than statsmodels can hold, or no convergence.
    """
    if not sample.names:
        raise FitError("the discrete-time model has no covariate", remedy="Name at least one")
    edges = edges_of(sample, cuts)
    grid, used = count(sample, edges, baseline, varying, bands, kind)
    _refuse_collinear(grid, _names(sample.names, varying, bands))
    theta = _blocks(grid) if engine == "blocks" else _glm(grid)
    width = len(grid.columns)
    likelihood, score, information = _evaluate(grid, theta)
    _refuse_separated(grid, theta, score, information, _names(sample.names, varying, bands))
    bread = np.linalg.inv(
        sum((x.T @ (x * _observed(x @ theta, n, d)[:, None]) for x, n, d in grid.blocks()),
            np.zeros_like(information))
    )  # fmt: skip
    covariance = np.asarray(bread, dtype=float)
    if robust:
        identified.refuse_few_clusters(
            len(np.unique(sample.cluster[grid.last > grid.first])), width
        )
        meat = _meat(grid, theta, sample.cluster)
        covariance = np.asarray(bread @ meat @ bread, dtype=float)
    seen = grid.last > grid.first
    fit = Fit(
        tuple(_names(sample.names, varying, bands)), theta[:width], covariance[:width, :width],
        likelihood, int(seen.sum()), int((grid.died & seen).sum()),
        len(np.unique(sample.cluster[seen])),
    )  # fmt: skip
    return DiscreteFit(
        fit, edges[:-1][used], edges[1:][used], grid.base @ theta[width:],
        int(np.count_nonzero(grid.trials)),
    )  # fmt: skip


def _names(names: Sequence[str], varying: Sequence[str], bands: Sequence[float]) -> list[str]:
    labels = band_names(bands)
    return [n for n in names if n not in varying] + [f"{n} {b}" for n in varying for b in labels]


def _cell(linear: Floats, trials: Floats, events: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, and derivative and expected information in the linear predictor."""
    hazard = np.exp(np.clip(linear, -700.0, 30.0))
    chance = -np.expm1(-hazard)
    safe = np.maximum(chance, 1e-300)
    value = float((events * np.log(safe) - (trials - events) * hazard).sum())
    slope = hazard * (events * np.exp(-hazard) / safe - (trials - events))
    return value, slope, trials * hazard**2 * np.exp(-hazard) / safe


def _observed(linear: Floats, trials: Floats, events: Floats) -> Floats:
    """Minus the second derivative in the linear predictor."""
    hazard = np.exp(np.clip(linear, -700.0, 30.0))
    q = np.expm1(hazard)
    # Below this the difference loses its digits, and two terms of the series are exact.
    tiny = hazard < 1e-4
    safe = np.where(tiny, 1.0, q)
    bend = np.where(
        tiny, hazard / 2 - hazard**2 / 6, hazard * (hazard * (safe + 1) - safe) / safe**2
    )
    return np.asarray((trials - events) * hazard + events * bend, dtype=float)


def _evaluate(grid: Grid, theta: Floats) -> tuple[float, Floats, Floats]:
    likelihood, score = 0.0, np.zeros(grid.width)
    information = np.zeros((grid.width, grid.width))
    for x, trials, events in grid.blocks():
        value, slope, weight = _cell(x @ theta, trials, events)
        likelihood += value
        score += x.T @ slope
        information += x.T @ (x * weight[:, None])
    return likelihood, score, information


def _start(grid: Grid) -> Floats:
    """No effect of the covariates, every period at its own share of events."""
    theta = np.zeros(grid.width)
    came, ended = grid.trials.sum(axis=0), grid.events.sum(axis=0)
    rate = ended / came
    if grid.base.shape[1] < len(rate):
        rate = np.full(len(rate), min(float(ended.sum() / came.sum()), 0.999))
    hazard = np.log(-np.log1p(-rate))
    theta[len(grid.columns) :] = np.linalg.lstsq(grid.base, hazard, rcond=None)[0]
    return theta


def _blocks(grid: Grid) -> Floats:
    theta = _start(grid)
    likelihood, score, information = _evaluate(grid, theta)
    for _ in range(_ROUNDS):
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        if step @ score < _NEAR:
            return theta
        for _ in range(30):
            there = _evaluate(grid, theta + step)
            if there[0] >= likelihood - 1e-12 * abs(likelihood):
                break
            step = step / 2
        theta = theta + step
        likelihood, score, information = there
    return theta  # What does not converge is separated, or found out by its score.


def _glm(grid: Grid) -> Floats:
    import statsmodels.api as sm

    cells = int(np.count_nonzero(grid.trials))
    if cells * grid.width > LARGEST:
        raise FitError(
            f"{cells:,} cells of covariates and periods are too many for statsmodels",
            remedy='Say engine="blocks", or band the covariates that hardly repeat',
        )
    pattern, period = np.nonzero(grid.trials)
    trials, events = grid.trials[pattern, period], grid.events[pattern, period]
    family = sm.families.Binomial(sm.families.links.CLogLog())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.GLM(events / trials, grid.design(pattern, period), family=family,
                       var_weights=trials)  # fmt: skip
        fitted = model.fit(start_params=_start(grid), maxiter=100, tol=1e-14)
    theta = np.asarray(fitted.params, dtype=float)
    if not np.isfinite(theta).all():
        raise FitError("the discrete-time model did not converge", remedy=_SEPARATED)
    return theta


def _refuse_collinear(grid: Grid, names: list[str]) -> None:
    information = _evaluate(grid, _start(grid))[2]
    size = np.sqrt(np.diag(information))
    identified.refuse_flat(names, size[: len(names)] <= 0)
    identified.refuse_collinear(names, information / np.outer(size, size))


def _refuse_separated(
    grid: Grid, theta: Floats, score: Floats, information: Floats, names: list[str]
) -> None:
    error = np.sqrt(_spread(information))
    spread = np.array([np.ptp(np.append(grid.pattern[:, k], 0.0)) for k, _ in grid.columns])
    width = len(names)
    gone = identified.running_away(theta[:width], error[:width], spread)
    if gone.any():
        raise identified.separated("discrete-time model", names, gone, _SEPARATED)
    if float(np.sum((score * error) ** 2)) > 1e-6:
        raise FitError("the discrete-time model did not converge", remedy=_SEPARATED)


def _spread(information: Floats) -> Floats:
    """Diagonal of the inverse; infinite where there is none."""
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / np.outer(size, size)
    if np.linalg.eigvalsh(scaled)[0] < 1e-12:
        return np.full(len(size), np.inf)
    return np.asarray(np.diag(np.linalg.inv(scaled)) / size**2, dtype=float)


def _meat(grid: Grid, theta: Floats, cluster: Ints) -> Floats:
    """Sum of squared cluster scores, some whole clusters at a time."""
    order = np.argsort(cluster, kind="stable")
    order = order[(grid.last > grid.first)[order]]
    length = (grid.last - grid.first)[order]
    ends = np.cumsum(length)
    fresh = np.flatnonzero(np.diff(cluster[order], prepend=-1))
    step = max(person_periods.BLOCK // grid.width, 1)
    # A block begins at the first cluster past each multiple of the step.
    begins = np.unique(
        fresh[np.searchsorted(ends[fresh] - length[fresh], np.arange(0, ends[-1], step),
                              side="left").clip(max=len(fresh) - 1)]
    )  # fmt: skip
    meat = np.zeros((grid.width, grid.width))
    for start, stop in zip(begins, [*begins[1:], len(order)], strict=True):
        spell = order[start:stop]
        long = length[start:stop]
        row = np.repeat(np.arange(len(spell)), long)
        period = (
            grid.first[spell][row] + np.arange(len(row)) - np.repeat(np.cumsum(long) - long, long)
        )
        mine = spell[row]
        x = grid.design(grid.which[mine], period)
        died = grid.died[mine] & (period == grid.last[mine] - 1)
        slope = _cell(x @ theta, np.ones(len(row)), died.astype(float))[1] * grid.weight[mine]
        code = np.unique(cluster[spell], return_inverse=True)[1][row]
        score = np.stack([np.bincount(code, slope * column) for column in x.T])
        meat += score @ score.T
    return meat
