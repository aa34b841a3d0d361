r"""Worlds in which linking, dating and locating go wrong by region: the naive estimate and ours.

A result becomes a product with probability :math:`\pi_r`, after a log-normal time. Some way finds
the pair as a candidate with probability :math:`c_r`; false candidates come with them. A candidate
has a probability p, and a share p of those with probability p is true. Dates may be known to the
month or year; the region of some results is not known, more often where results are of one group.

- naive: links from a probability of one half on are certain, dates are mid-interval, results of
  unknown region are left out, and missed links are not thought of.
- rubin: link sets drawn with the linker's and the candidates' uncertainty, dates in order, unknown
  regions drawn; Rubin's total variance.
- averaged: the same draws; the variance of their average (`measure.uncertainty.averaged`).
- twice: as averaged, but divided by the recall of the links instead of that of the candidates.
- unordered: as averaged, but coarse dates are drawn without regard to their order.

The study knows of the linker what it would know: labelled pairs for its calibration, and some true
links of each region for the recall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from gapstudy.measure import imputation, recall, survival
from gapstudy.measure.imputation import YEAR, Candidates
from gapstudy.measure.intervals import difference_interval, difference_p
from gapstudy.measure.regional import Regional, Rule, combine
from gapstudy.measure.uncertainty import calibration, regions
from gapstudy.simulate.recovery import CONFIDENCE, HORIZON, Answers, summary
from gapstudy.simulate.worlds import CUTOFF, END, START

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Method = Literal["naive", "rubin", "averaged", "twice", "unordered"]
METHODS: tuple[Method, ...] = ("naive", "rubin", "averaged", "twice", "unordered")
#: Columns of credits as in `cohort.COLUMNS`: EU, US, CN, other, unknown, all.
_EU, _US, _UNKNOWN, _ALL = 0, 1, 4, 5
_PAIR = ("EU", "US")


@dataclass(frozen=True)
class Side:
    """What is set for one region.

    Attributes:
        results: number of results.
        conversion: share that ever becomes a product.
        found: share of true pairs that are candidates, c.
        scores: Beta distribution of the candidates' probabilities.
        unknown: share of unknown region among results of the first and of the second group.
        first: share of results that are of the first group.
    """

    results: int
    conversion: float
    found: float = 1.0
    scores: tuple[float, float] = (1.0, 1.0)
    unknown: tuple[float, float] = (0.0, 0.0)
    first: float = 0.5


@dataclass(frozen=True)
class LinkWorld:
    """A world.

    Attributes:
        name: the scenario.
        eu: the EU.
        us: the US.
        group: factor on the conversion of the first group of results (the second's is 2 minus it).
        precision: days that a date may span.
        median: median time to a product, years.
        labelled: labelled pairs for the calibration.
        judged: true links of each region for the recall of the candidates.
    """

    name: str
    eu: Side
    us: Side
    group: float = 1.0
    precision: int = 1
    median: float = 2.0
    labelled: int = 300
    judged: int = 60

    def truth(self, side: Side) -> float:
        """Share with a product within the horizon."""
        within = float(stats.norm.cdf(np.log(HORIZON / self.median) / _SPREAD))
        mean = side.first * self.group + (1 - side.first) * (2 - self.group)
        return side.conversion * mean * within


#: Standard deviation of the logarithm of the time to a product.
_SPREAD = 0.8
_EVEN = Side(150, 0.30, scores=(2.0, 1.0))
WORLDS = (
    LinkWorld("linker even", _EVEN, Side(250, 0.30, scores=(2.0, 1.0))),
    LinkWorld("linker less sure of EU links", Side(150, 0.30, scores=(1.0, 2.0)),
              Side(250, 0.30, scores=(2.0, 1.0))),
    LinkWorld("EU links found less often", Side(150, 0.30, found=0.6, scores=(2.0, 1.0)),
              Side(250, 0.30, found=0.9, scores=(2.0, 1.0))),
    LinkWorld("dates to the year, short times", _EVEN, Side(250, 0.30, scores=(2.0, 1.0)),
              precision=365, median=0.8),
    LinkWorld("unknown regions, more in the group that converts",
              Side(150, 0.30, scores=(2.0, 1.0), unknown=(0.6, 0.1)),
              Side(250, 0.30, scores=(2.0, 1.0), unknown=(0.6, 0.1), first=0.3), group=1.6),
    LinkWorld("all of it, EU lower",
              Side(150, 0.20, found=0.6, scores=(1.0, 2.0), unknown=(0.4, 0.1)),
              Side(250, 0.35, found=0.9, scores=(2.0, 1.0), unknown=(0.4, 0.1), first=0.3),
              group=1.4, precision=365, median=1.5),
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What the study has of one realisation.

    Attributes:
        links: results, products and candidates with the linker's probabilities.
        credit: credits of the results, (n, 6), the unknown as a region of their own.
        cells: group of each result, the finest cell and then all, for placing the unknown.
        spread: covariance of the linker's calibration, (2, 2).
        found: Beta distribution of the recall of the candidates by region (EU, US).
        taken: mean probability of the labelled true links by region.
    """

    links: Candidates
    credit: Floats
    cells: list[NDArray[np.str_]]
    spread: Floats
    found: tuple[tuple[float, float], tuple[float, float]]
    taken: tuple[float, float]


def table(
    world: LinkWorld, count: int, imputations: int, seed: list[int],
    methods: Sequence[Method] = METHODS,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_linkage` for one world.

    Args:
        world: the world.
        count: realisations.
        imputations: link sets drawn in each, M.
        seed: seed of this world.
        methods: which ways to estimate.
    """
    random = np.random.default_rng(seed)
    found: dict[Method, list[tuple[tuple[float, ...], tuple[float, ...]]]] = {}
    for number in range(count):
        seen = realise(world, random)
        for method in methods:
            fit = estimate(seen, method, imputations, [*seed, number])
            found.setdefault(method, []).append(_read(fit))
    rows = []
    a, b = world.truth(world.eu), world.truth(world.us)
    for method, results in found.items():
        sides = np.array([result[0] for result in results]), np.array([r[1] for r in results])
        names = f"conversion-{HORIZON:g}y-{_PAIR[0]}"
        for name, values, truth in zip(
            (names, f"{names}-minus-{_PAIR[1]}"), sides, (a, a - b), strict=True
        ):
            answer = Answers(*values.T)
            rows.append({"estimator": name, "scenario": world.name, "method": method,
                         "n": world.eu.results + world.us.results,
                         "width": float(np.mean(answer.high - answer.low)),
                         **summary(truth, answer)})  # fmt: skip
    return pd.DataFrame(rows)


def estimate(seen: Seen, method: Method, imputations: int, seed: list[int]) -> Regional:
    """Shares with a product within the horizon, by one method."""
    if method == "naive":
        spells = imputation.threshold(seen.links, "model", CUTOFF, 0.5)
        credit = seen.credit.copy()
        credit[credit[:, _UNKNOWN] > 0] = 0.0
        steps = survival.steps(spells.time, spells.event, credit)
        return combine(survival.incidence(steps, [HORIZON]), credit, _ALL)
    model = calibration.apply(
        seen.links.model, calibration.draw(seen.spread, imputations, [*seed, 1])
    )
    spells = imputation.draw(
        seen.links, "model", CUTOFF, imputations, [*seed, 2], model, method != "unordered"
    )
    weight = regions.draw(seen.credit, seen.cells, spells.event, [*seed, 3])
    part = survival.incidence(survival.steps(spells.time, spells.event, weight), [HORIZON])
    rates = np.ones((imputations, weight.shape[-1]))
    for k, (alpha, beta), taken in zip((_EU, _US), seen.found, seen.taken, strict=True):
        uniform = np.random.default_rng([*seed, 4, k]).random(imputations)
        rates[:, k] = stats.beta.ppf(uniform, alpha, beta) * recall.level(alpha, beta)
        if method == "twice":
            rates[:, k] *= taken
    rule: Rule = "rubin" if method == "rubin" else "averaged_shared"
    fixed = recall.corrected(part, np.clip(rates, recall.LEAST, 1.0))
    return combine(fixed, weight, _ALL, rule)


def realise(world: LinkWorld, random: np.random.Generator) -> Seen:
    """One realisation of a world, as the study sees it."""
    parts = [_side(world, side, random) for side in (world.eu, world.us)]
    lag, linked, p, group, lost = (np.concatenate([part[j] for part in parts]) for j in range(5))
    n = len(lag)
    paper = random.integers(START, END + 1, n)
    index = np.flatnonzero(linked).astype(np.int64)
    product = paper[index] + np.maximum(np.round(lag[index] * YEAR), 0).astype(np.int64)
    odds = np.log(p[index] / (1 - p[index]))
    beta, spread = _calibrated(world, random)
    early, late = _coarse(paper, world.precision)
    first, last = _coarse(product, world.precision)
    links = Candidates(
        early, np.minimum(late, CUTOFF), first, last, index, np.arange(len(index)),
        np.zeros(len(index)), 1 / (1 + np.exp(-(beta[0] + beta[1] * odds))),
        np.full(n, "none_found"),
    )  # fmt: skip
    credit = np.zeros((n, 6))
    credit[: world.eu.results, _EU] = credit[world.eu.results :, _US] = 1.0
    credit[lost] = 0.0
    credit[lost, _UNKNOWN] = 1.0
    credit[:, _ALL] = 1.0
    found, taken = [], []
    for side in (world.eu, world.us):
        hits = int(random.binomial(world.judged, side.found))
        found.append((hits + 0.5, world.judged - hits + 0.5))
        a, b = side.scores
        # The mean probability of true links: theirs is a Beta distribution with one more success.
        taken.append((a + 1) / (a + b + 1))
    return Seen(
        links, credit, [np.where(group, "first", "second"), np.full(n, "")], spread,
        (found[0], found[1]), (taken[0], taken[1]),
    )  # fmt: skip


def _side(
    world: LinkWorld, side: Side, random: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_], Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    n = side.results
    group = random.random(n) < side.first
    chance = side.conversion * np.where(group, world.group, 2 - world.group)
    a, b = side.scores
    # Candidates so many that the true ones among them are the share of products that is found.
    share = chance * side.found * (a + b) / a
    if (share > 1).any():
        raise ValueError(f"{world.name}: more candidates are needed than there are results")
    linked = random.random(n) < share
    p = np.clip(random.beta(a, b, n), 1e-6, 1 - 1e-6)
    lag = world.median * np.exp(_SPREAD * random.standard_normal(n))
    lost = random.random(n) < np.where(group, side.unknown[0], side.unknown[1])
    return lag, linked, p, group, lost


def _coarse(day: Ints, span: int) -> tuple[Ints, Ints]:
    """First and last day of the period of `span` days that holds each day."""
    first = day - day % span
    return first, first + span - 1


def _calibrated(world: LinkWorld, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Intercept and slope of the linker as fitted on labelled pairs, and their covariance."""
    half = world.labelled // 2
    p = np.concatenate([random.beta(*side.scores, half) for side in (world.eu, world.us)])
    p = np.clip(p, 1e-6, 1 - 1e-6)
    x = np.column_stack([np.ones(len(p)), np.log(p / (1 - p))])
    label = random.random(len(p)) < p
    beta = np.array([0.0, 1.0])
    for _ in range(8):
        q = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        hessian = (x * (q * (1 - q))[:, None]).T @ x + 0.1 * np.eye(2)
        beta = beta + np.linalg.solve(
            hessian, x.T @ (label - q) - 0.1 * (beta - np.array([0.0, 1.0]))
        )
    q = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
    # As the study has it: a table of bins, not the pairs.
    edges = np.searchsorted([0.02, 0.1, 0.3, 0.5, 0.7, 0.9], q)
    sizes = np.bincount(edges, minlength=7).astype(float)
    means = np.bincount(edges, q, minlength=7) / np.maximum(sizes, 1)
    return beta, calibration.covariance(means[sizes > 0], sizes[sizes > 0])


def _read(fit: Regional) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Estimate, interval and p-value of the EU's share, and of its difference from the US."""
    a, b = fit.side(_EU), fit.side(_US)
    rho = fit.correlation(_EU, _US)
    one, two = a.interval(CONFIDENCE), difference_interval(a, b, rho, CONFIDENCE)
    p = difference_p(a, b, rho)
    return (
        (float(a.value[0]), float(one.low[0]), float(one.high[0]), float("nan")),
        (float(a.value[0] - b.value[0]), float(two.low[0]), float(two.high[0]), float(p[0])),
    )
