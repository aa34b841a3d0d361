r"""Worlds with a known hazard ratio: bias, coverage and size of the hazard regressions.

Every world has two regions of results of laboratories. A region's hazard of a product is that of
the other times :math:`e^\beta`; where laboratories differ, each has a factor of its own with a
positive stable distribution of index :math:`\alpha`, which keeps hazards proportional: the marginal
log hazard ratio is :math:`\alpha\beta`, known exactly (Hougaard 1986,
https://doi.org/10.1093/biomet/73.3.671). One world has equal conversion and lags 1.35 times longer
in one region: there the hazard ratio is not one, although as many results become products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from gapstudy.measure.models import cox_kernel
from gapstudy.measure.models.cloglog import cloglog
from gapstudy.measure.models.cox import cox
from gapstudy.measure.models.firth import firth
from gapstudy.measure.models.pooled import pool_fits
from gapstudy.measure.models.proportional_hazards import piecewise, proportional_test
from gapstudy.measure.models.sample import Fit, Floats, Sample
from gapstudy.simulate.others import Answer
from gapstudy.simulate.recovery import CONFIDENCE, Answers, summary

#: Index of the laboratories' factors, and results of a laboratory.
ALPHA, LABORATORY = 0.7, 8


class World(NamedTuple):
    """A world of spells.

    Attributes:
        n: results.
        effect: log hazard ratio of the first region within a laboratory of given factor.
        alike: results of one laboratory share a factor.
        late: years after which the observation of half the results begins, at most; 0 for none.
        changes: log hazard ratio after three years, where it differs from that before.
        rare: baseline hazard per year.
    """

    n: int = 240
    effect: float = 0.0
    alike: bool = False
    late: float = 0.0
    changes: float | None = None
    rare: float = 0.12


class Case(NamedTuple):
    """One estimator in one world.

    Attributes:
        estimator: its name.
        scenario: what is set.
        truth: true value; missing where only a test is looked at.
        n: results.
        answer: one realisation and what the estimator says of it.
    """

    estimator: str
    scenario: str
    truth: float
    n: int
    answer: Callable[[np.random.Generator], Answer]


def stable(random: np.random.Generator, index: float, size: int) -> Floats:
    """Positive stable numbers with Laplace transform exp(-s^index).

    Reference: Kanter (1975), https://doi.org/10.1214/aop/1176996309.
    """
    angle = random.uniform(0, np.pi, size)
    scale = random.exponential(1.0, size)
    first = np.sin(index * angle) / np.sin(angle) ** (1 / index)
    second = (np.sin((1 - index) * angle) / scale) ** ((1 - index) / index)
    return np.asarray(first * second, dtype=float)


def draw(world: World, random: np.random.Generator) -> Sample:
    """One realisation: columns `EU` and `year`."""
    laboratories = -(-world.n // LABORATORY)
    laboratory = np.arange(world.n) // LABORATORY
    first = (np.arange(laboratories) % 2 == 0)[laboratory]
    if not world.alike:
        laboratory = np.arange(world.n)
        first = laboratory % 5 < 2
    year = random.normal(0.0, 1.0, world.n)
    factor = stable(random, ALPHA, laboratories)[laboratory] if world.alike else 1.0
    rate = world.rare * factor * np.exp(world.effect * first + 0.2 * year * (not world.alike))
    total = random.exponential(1.0, world.n)
    time = total / rate
    if world.changes is not None:
        after = rate * np.exp((world.changes - world.effect) * first)
        time = np.where(time <= 3, time, 3 + (total - 3 * rate) / after)
    end = random.uniform(3, 12, world.n)
    entry = np.where(random.random(world.n) < 0.5, random.uniform(0, world.late, world.n), 0.0)
    seen = np.minimum(time, end)
    kept = seen > entry
    return Sample.of(
        seen[kept], (time <= end)[kept], np.column_stack([first, year]).astype(float)[kept],
        ["EU", "year"], entry=entry[kept], cluster=laboratory[kept],
    )  # fmt: skip


def _wald(fit: Fit) -> Answer:
    """Answer by Student's t with clusters less coefficients, as the tables of the study give it."""
    pooled = pool_fits([fit], fit.clusters - len(fit.names))
    low, high = pooled.interval(CONFIDENCE)
    return (
        float(pooled.estimate[0]), float(low[0]), float(high[0]), float(pooled.p_value[0]),
    )  # fmt: skip


def _own(fit: Fit) -> Answer:
    """Answer by the fit's own interval, that of the profile."""
    low, high = fit.interval(CONFIDENCE)
    return float(fit.estimate[0]), float(low[0]), float(high[0]), float(fit.p_value[0])


def _cox(world: World, *, robust: bool) -> Callable[[np.random.Generator], Answer]:
    return lambda random: _wald(cox(draw(world, random), robust=robust, engine="kernel"))


def _cloglog(world: World, *, robust: bool) -> Callable[[np.random.Generator], Answer]:
    return lambda random: _wald(
        cloglog(draw(world, random), robust=robust, engine="blocks").effects
    )


def _firth(world: World) -> Callable[[np.random.Generator], Answer]:
    def answer(random: np.random.Generator) -> Answer:
        sample = draw(world, random)
        return _own(firth(cox_kernel.prepare(_first_column(sample)), sample.n))

    return answer


def _test(world: World, *, overall: bool) -> Callable[[np.random.Generator], Answer]:
    def answer(random: np.random.Generator) -> Answer:
        test = proportional_test(draw(world, random), transform="km")
        if overall:
            # It has no estimate: the interval holds zero where the test does not reject.
            edge = -1.0 if test.overall_p >= 1 - CONFIDENCE else 0.5
            return 0.0, edge, 1.0, test.overall_p
        low, high = test.slope.interval(CONFIDENCE)
        slope = float(test.slope.estimate[0])
        return slope, float(low[0]), float(high[0]), float(test.p_value[0])

    return answer


def _late(world: World) -> Callable[[np.random.Generator], Answer]:
    """Effect after three years."""

    def answer(random: np.random.Generator) -> Answer:
        split = piecewise(_first_column(draw(world, random)), ["EU"], [3.0])
        fit = cox(split, engine="kernel")
        k = fit.names.index("EU 3-")
        low, high = fit.interval(CONFIDENCE)
        return float(fit.estimate[k]), float(low[k]), float(high[k]), float(fit.p_value[k])

    return answer


def _trap(random: np.random.Generator) -> Answer:
    """Equal conversion of three in ten, log-normal lags 1.35 times longer in the first region."""
    first = np.arange(400) < 200
    lag = np.exp(random.normal(np.log(2.0), 0.6, 400)) * np.where(first, 1.35, 1.0)
    time = np.where(random.random(400) < 0.3, lag, np.inf)
    end = random.uniform(5, 9, 400)
    sample = Sample.of(np.minimum(time, end), time <= end, first.astype(float), ["EU"])
    return _wald(cox(sample, engine="kernel"))


def _first_column(sample: Sample) -> Sample:
    return Sample(sample.time, sample.event, sample.covariates[:, :1], sample.names[:1],
                  sample.entry, sample.weight, sample.cluster)  # fmt: skip


_ALIKE = World(n=480, alike=True)
_APART = World(n=480, alike=True, effect=-0.7)
_FEW = World(n=80, rare=0.02)


def _cases() -> list[Case]:
    cases = []
    for name, make in (("cox", _cox), ("cloglog", _cloglog)):
        for scenario, world in (
            ("equal hazards", World()),
            ("proportional hazards", World(effect=-0.5)),
            ("late entry", World(n=480, effect=-0.5, late=3.0)),
        ):
            cases.append(Case(name, scenario, world.effect, world.n, make(world, robust=True)))
        for scenario, world in (
            ("equal hazards, laboratories differ", _ALIKE),
            ("proportional hazards, laboratories differ", _APART),
        ):
            truth = ALPHA * world.effect
            cases += [
                Case(name, scenario, truth, world.n, make(world, robust=True)),
                Case(f"{name}-naive", scenario, truth, world.n, make(world, robust=False)),
            ]
    early = World(effect=-0.6, changes=0.4, n=400)
    even = World(effect=-0.5)
    return [
        *cases,
        Case("cox-firth", "few products", 0.0, _FEW.n, _firth(_FEW)),
        Case("cox-after-3y", "hazard ratio changes", 0.4, early.n, _late(early)),
        Case("ph-test-km", "proportional hazards", 0.0, even.n, _test(even, overall=False)),
        Case("ph-test-km-overall", "proportional hazards", 0.0, even.n, _test(even, overall=True)),
        Case("cox", "equal conversion, lags 1.35 times longer", 0.0, 400, _trap),
    ]


CASES = tuple(_cases())


def table(count: int, seed: int, *, only: str = "") -> pd.DataFrame:
    """Rows of `out_simulation` for the hazard regressions.

    A realisation whose data separate has no Wald answer: the estimator refuses it, and with so
    many results it does not happen. `cox-firth` answers always.

    Args:
        count: realisations of each world.
        seed: seed of all.
        only: name of one estimator; all by default.
    """
    rows = []
    for number, case in enumerate(CASES):
        if only and case.estimator != only:
            continue
        random = np.random.default_rng([seed, 3000 + number])
        answers = Answers(*np.array([case.answer(random) for _ in range(count)]).T)
        rows.append({
            "estimator": case.estimator, "scenario": case.scenario, "method": "known",
            "n": case.n, **summary(case.truth, answers),
        })  # fmt: skip
    return pd.DataFrame(rows)
