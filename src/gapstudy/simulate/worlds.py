r"""Worlds with a known truth.

A result of region r becomes a product with probability :math:`\pi_r`, after a log-normal or
Weibull time; its product is made abroad with probability :math:`\lambda_r`, and seen at all with
probability :math:`\kappa_r` (coverage). Links are known, or come from a linker: it proposes a
product for some results and scores it; a score s means that the link is true with probability
:math:`p = g(s)`, drawn from a beta distribution of the region. The study does not know g: it
calibrates on a sample of labelled pairs, so that its probabilities carry the calibration error of
real ones.

Sources may show a product only some time after it came (an exponential reporting delay, so that the
newest months are incomplete), and the study may begin late: a result that had its product before is
not in the sample then (left truncation).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gapstudy.measure.imputation import YEAR, Candidates
from gapstudy.regions import REGIONS

Floats = NDArray[np.float64]
#: First day, last day of results, and cut-off: 2012-01-01, 2022-12-31, 2026-06-30.
START, END, CUTOFF = 15340, 19357, 20634
_SURE = 1 - 1e-6


@dataclass(frozen=True)
class Truth:
    """What is set for one region.

    Attributes:
        results: number of results.
        conversion: share that ever becomes a product, pi.
        median: median time to it, years.
        spread: standard deviation of its logarithm (log-normal), or shape (Weibull).
        leakage: share of products made abroad (in the US; for the US, in the EU), lambda.
        coverage: share of products that can be seen, kappa.
        links: parameters of the beta distribution of link probabilities.
        delay: mean years from a product to the day on which sources show it; those not shown at
            the cut-off are not seen.
    """

    results: int
    conversion: float
    median: float = 2.0
    spread: float = 0.8
    leakage: float = 0.3
    coverage: float = 1.0
    links: tuple[float, float] = (1.0, 1.0)
    delay: float = 0.0


@dataclass(frozen=True)
class World:
    """A world: regions, law of the time to a product, and what the study can know of it.

    Attributes:
        name: name of the scenario.
        regions: what is set for each region.
        law: distribution of the time to a product.
        shared: share of the first region's results that also count for the second.
        labelled: labelled pairs that the linker is calibrated on; 0 means that links are known.
        months: whether dates are known to thirty days only.
        begin: years from the first possible result to the day on which the study begins to look;
            results with a product by then are not in the sample. Only with known links and days.
        cut: years before the cut-off that the study leaves out as incomplete.
        weight: credits of the results to the regions, then to all together.
    """

    name: str
    regions: dict[str, Truth]
    law: Literal["lognormal", "weibull"] = "lognormal"
    shared: float = 0.0
    labelled: int = 0
    months: bool = False
    begin: float = 0.0
    cut: float = 0.0
    weight: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", self._weights())

    @property
    def size(self) -> int:
        """Results of all regions."""
        return sum(truth.results for truth in self.regions.values())

    def curve(self, region: str, years: Floats) -> Floats:
        """Share of a region's results with a product by then."""
        truth = self.regions[region]
        return np.asarray(truth.conversion * _curve(self.law, truth, years), dtype=float)

    def conversion(self, region: str, horizon: float) -> float:
        """True cumulative incidence."""
        return float(self.curve(region, np.array([horizon]))[0])

    def restricted_mean(self, region: str, tau: float) -> float:
        """True restricted mean time, by the trapezoidal rule on a fine grid."""
        years = np.linspace(0, tau, 4001)
        return float(tau - np.trapezoid(self.curve(region, years), years))

    def _weights(self) -> Floats:
        weight = np.zeros((self.size, len(self.regions) + 1))
        weight[:, -1] = 1.0
        start = 0
        for k, truth in enumerate(self.regions.values()):
            weight[start : start + truth.results, k] = 1.0
            if k == 0:
                weight[start : start + int(self.shared * truth.results), 1] = 1.0
            start += truth.results
        return weight


@dataclass(frozen=True)
class Drawn:
    """One realisation of a world: n results in the sample.

    Attributes:
        links: possible links of the results.
        made_in: where each product was made; the last entry stands for no product.
        weight: credits of the results, (n, K + 1).
        entry: years from each result to the day on which the study began to look, (n,).
        last: last day that the study uses.
    """

    links: Candidates
    made_in: NDArray[np.int64]
    weight: Floats
    entry: Floats
    last: int


def draw(world: World, random: np.random.Generator) -> Drawn:
    """One realisation of a world."""
    parts = [_region(world, region, truth, random) for region, truth in world.regions.items()]
    lag, linked, probability, place = (
        np.concatenate([part[j] for part in parts]) for j in range(4)
    )
    paper = random.integers(START, END + 1, world.size)
    index = np.flatnonzero(linked).astype(np.int64)
    product = paper[index] + np.maximum(np.round(lag[index] * YEAR), 0).astype(np.int64)
    kept = np.ones(world.size, dtype=bool)
    entry = np.zeros(world.size)
    if world.begin:
        # Whose product came by then was never a candidate for the sample.
        since = START + round(world.begin * YEAR)
        kept[index[product <= since]] = False
        entry = np.maximum(since - paper, 0) / YEAR
    shown = kept[index]
    if any(truth.delay for truth in world.regions.values()):
        mean = np.concatenate([np.full(one.results, one.delay) for one in world.regions.values()])
        wait = mean[index] * random.standard_exponential(len(index)) * YEAR
        shown &= product + wait <= CUTOFF
    index, product = index[shown], product[shown]
    seen = probability[index]
    if world.labelled:
        seen = calibrated(seen, world, random)
    width = 29 if world.months else 0
    early_paper = paper - random.integers(0, width + 1, world.size)
    early_product = product - random.integers(0, width + 1, len(index))
    none = np.zeros(len(index))
    number = np.cumsum(kept) - 1
    table = Candidates(
        early_paper[kept], early_paper[kept] + width, early_product, early_product + width,
        number[index].astype(np.int64), np.arange(len(index)), none, seen,
        np.full(int(kept.sum()), "none_found"),
    )  # fmt: skip
    made = np.append(place[index], REGIONS.index("unknown")).astype(np.int64)
    last = CUTOFF - round(world.cut * YEAR)
    return Drawn(table, made, world.weight[kept], entry[kept], last)


def calibrated(probability: Floats, world: World, random: np.random.Generator) -> Floats:
    """Probabilities as a linker gives them that was calibrated on labelled pairs.

    A logistic regression of the labels on the true log-odds, with the data of `labelled` pairs
    drawn from the same links; with infinitely many pairs it would return the probabilities as they
    are (Platt 1999).
    """
    shapes = [truth.links for truth in world.regions.values()]
    which = random.integers(0, len(shapes), world.labelled)
    a, b = (np.array([shape[j] for shape in shapes])[which] for j in (0, 1))
    known = np.clip(random.beta(a, b), 1 - _SURE, _SURE)
    label = random.random(world.labelled) < known
    x = np.column_stack([np.ones(world.labelled), _logit(known)])
    beta = np.array([0.0, 1.0])
    for _ in range(8):
        p = np.clip(1 / (1 + np.exp(-x @ beta)), 1e-9, 1 - 1e-9)
        # A weak pull towards no correction keeps separated samples finite.
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 0.1 * np.eye(2)
        beta = beta + np.linalg.solve(
            hessian, x.T @ (label - p) - 0.1 * (beta - np.array([0.0, 1.0]))
        )
    odds = beta[0] + beta[1] * _logit(np.clip(probability, 1 - _SURE, _SURE))
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=float)


def _region(
    world: World, region: str, truth: Truth, random: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_], Floats, NDArray[np.int64]]:
    n = truth.results
    if world.labelled:
        a, b = truth.links
        # As many proposals as make the true ones among them the conversions that can be seen.
        # Whether a proposal is true never reaches the study, so it is not drawn: that p of the
        # proposals with probability p are true is what makes the conversion the one that is set.
        proposed = random.random(n) < truth.conversion * truth.coverage * (a + b) / a
        probability = np.clip(random.beta(a, b, n), 1 - _SURE, _SURE)
    else:
        proposed = random.random(n) < truth.conversion * truth.coverage
        probability = np.ones(n)
    lag = _times(world.law, truth, random)
    home = REGIONS.index(region)
    abroad = REGIONS.index("US" if region != "US" else "EU")
    place = np.where(random.random(n) < truth.leakage, abroad, home).astype(np.int64)
    return lag, proposed, probability, place


def _curve(law: str, truth: Truth, years: Floats) -> Floats:
    """Distribution function of the time to a product."""
    safe = np.maximum(years, 1e-12) / truth.median
    if law == "lognormal":
        return np.asarray(special.ndtr(np.log(safe) / truth.spread), dtype=float)
    return np.asarray(1 - 0.5 ** (safe**truth.spread), dtype=float)


def _times(law: str, truth: Truth, random: np.random.Generator) -> Floats:
    """Times to a product, years."""
    if law == "lognormal":
        times = np.exp(truth.spread * random.standard_normal(truth.results))
    else:
        times = np.log2(1 / random.uniform(1e-15, 1, truth.results)) ** (1 / truth.spread)
    return np.asarray(truth.median * times, dtype=float)


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1 - p)), dtype=float)


_EU, _US = Truth(120, 0.30), Truth(200, 0.30)
_SLOW, _FAST = Truth(120, 0.20, median=3.0, leakage=0.5), Truth(200, 0.35, median=1.8)
#: The linker reads one region's sources worse than the other's.
_BLURRED = {"EU": Truth(120, 0.30, links=(1.0, 2.0)), "US": Truth(200, 0.30, links=(0.4, 0.4))}

SCENARIOS = (
    World("equal regions, links known", {"EU": _EU, "US": _US}),
    World("EU lower and slower, links known", {"EU": _SLOW, "US": _FAST}),
    World("equal conversion, EU slower, Weibull", {
        "EU": Truth(120, 0.30, median=2.7, spread=1.3), "US": Truth(200, 0.30, median=2.0,
                                                                    spread=1.3)}, law="weibull"),
    World("a third of EU results shared with US", {"EU": _EU, "US": _US}, shared=1 / 3),
    World("few products, dates to the month", {"EU": Truth(63, 0.06), "US": Truth(211, 0.06)},
          months=True),
    World("equal regions, links as sure as the follow-up's", {
        "EU": Truth(120, 0.30, links=(9.5, 0.5)), "US": Truth(200, 0.30, links=(9.5, 0.5))},
        labelled=200),
    World("equal regions, uneven linker", _BLURRED, labelled=200),
    World("EU lower, uneven linker", {
        "EU": Truth(120, 0.20, median=3.0, leakage=0.5, links=(1.0, 2.0)),
        "US": Truth(200, 0.35, median=1.8, links=(0.4, 0.4))}, labelled=200),
    World("equal regions, 40% of EU products never seen", {
        "EU": Truth(120, 0.30, coverage=0.6), "US": _US}),
)  # fmt: skip
