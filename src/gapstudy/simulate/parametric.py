"""Small worlds for the parametric models: bias, coverage, size; size and power of their tests.

The world of the cure models is the one that misleads a Cox model: regions convert equally often,
and one of them 1.35 times more slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.intervals import wilson
from gapstudy.measure.latency import cox
from gapstudy.measure.models import aft, cure
from gapstudy.measure.models.distributions import family
from gapstudy.measure.models.maximum_likelihood import Estimate, mapped
from gapstudy.measure.models.sample import Sample
from gapstudy.measure.models.sufficient_followup import follow_up
from gapstudy.simulate.recovery import CONFIDENCE, Answers, summary

Floats = NDArray[np.float64]
#: How much longer the second region takes, and where log times lie and spread among converters.
SLOWER, LOCATION, SCALE = 1.35, 0.7, 0.6
LEVEL = 0.05
_SLOW = float(np.log(SLOWER))
_MISSING = Estimate(float("nan"), float("nan"), float("nan"), float("nan"))


class Spells(NamedTuple):
    """One realisation: its spells, and the upper ends of events known to an interval, if any."""

    sample: Sample
    upper: Floats | None = None


class Question(NamedTuple):
    """What is asked of every realisation of a world.

    Attributes:
        estimator: name of the estimator.
        truth: its true value.
        null: value that its p-value tests against.
    """

    estimator: str
    truth: float
    null: float = 0.0


class World(NamedTuple):
    """One world with what is asked of it; one fit answers all of its questions.

    Attributes:
        scenario: what is set.
        n: results.
        draw: makes one realisation.
        questions: what is asked.
        answer: one answer for each question; raises FitError where there is none.
    """

    scenario: str
    n: int
    draw: Callable[[np.random.Generator], Spells]
    questions: tuple[Question, ...]
    answer: Callable[[Spells], list[Estimate]]


def table(count: int, seed: int) -> pd.DataFrame:
    """Rows of `out_simulation` for the parametric models.

    Args:
        count: realisations of each world.
        seed: seed of all.
    """
    rows = []
    for number, world in enumerate(WORLDS):
        random = np.random.default_rng([seed, 2000 + number])
        found = np.array([_answers(world, random) for _ in range(count)])
        for j, question in enumerate(world.questions):
            result = summary(question.truth, Answers(*found[:, j].T), null=question.null)
            rows.append(
                {"estimator": question.estimator, "scenario": world.scenario, "method": "known",
                 "n": world.n, **result}
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_table(count: int, seed: int) -> pd.DataFrame:
    """Rows of `out_simulation_tests`: tests of sufficient follow-up, and of no cured part.

    Args:
        count: realisations of each world.
        seed: seed of all.
    """
    rows = []
    for number, (n, share, end) in enumerate(FOLLOWED):
        random = np.random.default_rng([seed, 3000 + number])
        found: dict[str, list[bool]] = {name: [] for name in (*_FOLLOW_UP, "no-cure-log-normal")}
        for _ in range(count):
            sample = converters(random, n, (share, share), 1.0, (end / 2, end)).sample
            try:
                tested = follow_up(sample)
                lasting = cure.no_cure_test(sample, "log-normal").p_value < LEVEL
            except FitError:
                continue
            values = (tested.alpha_n < LEVEL, tested.shen < LEVEL, tested.passes(LEVEL))
            for name, value in zip(_FOLLOW_UP, values, strict=True):
                found[name].append(value)
            found["no-cure-log-normal"].append(lasting)
        beyond = -float(np.expm1(_log_done(end)))
        scenario = f"{share:.0%} convert, follow-up to {end:g} years, n={n}"
        for name, values_ in found.items():
            rate = float(np.mean(values_))
            ends = wilson(rate, len(values_), 1.96)
            # Log-normal times have no end: fewer than 1% beyond the follow-up counts as sufficient.
            null = share == 1.0 if name.startswith("no-cure") else beyond >= 0.01
            rows.append(
                {"test": name, "scenario": scenario, "null_true": null, "beyond": beyond,
                 "rejection": rate, "rejection_low": float(ends.low),
                 "rejection_high": float(ends.high), "worlds": len(values_), "n": n}
            )  # fmt: skip
    return pd.DataFrame(rows)


test_table.__test__ = False  # type: ignore[attr-defined]  # its name is no test's


def times(random: np.random.Generator, distribution: str, location: Floats, scale: float) -> Floats:
    """Times of one distribution, one for each location."""
    share = random.random(len(location))
    if distribution == "log-normal":
        z = random.standard_normal(len(location))
    else:
        z = np.array([family(distribution).quantile(part) for part in share])
    return np.asarray(np.exp(location + scale * z), dtype=float)


def converters(
    random: np.random.Generator, n: int, share: tuple[float, float], ratio: float,
    follow: tuple[float, float],
) -> Spells:  # fmt: skip
    """Results of two regions, of which some ever have a product, after log-normal times.

    Args:
        random: the generator.
        n: results, half of them of each region.
        share: share of each region's results that ever have a product.
        ratio: how much longer the second region takes.
        follow: between which years follow-up ends.
    """
    second = np.arange(n) >= n // 2
    location = LOCATION + np.log(ratio) * second
    time = times(random, "log-normal", location, SCALE)
    ever = random.random(n) < np.where(second, share[1], share[0])
    end = random.uniform(*follow, n)
    event = ever & (time <= end)
    return Spells(Sample.of(np.where(event, time, end), event, second.astype(float), ("second",)))


def _answers(world: World, random: np.random.Generator) -> list[Estimate]:
    spells = world.draw(random)
    try:
        return world.answer(spells)
    except FitError:
        return [_MISSING] * len(world.questions)


def _log_done(end: float) -> float:
    """Log of the share of the converters that have converted by a time."""
    from scipy import special

    return float(special.log_ndtr((np.log(end) - LOCATION) / SCALE))


def _two(random: np.random.Generator, distribution: str, effect: float, kind: str = "") -> Spells:
    """Two hundred results of two regions, all of which would have a product some day."""
    n = 200
    second = (np.arange(n) >= n // 2).astype(float)
    if kind == "repeated":
        # Half as many results; each stands in the data twice, with half its weight.
        half = np.arange(n) // 2
        second = (half >= n // 4).astype(float)
        location = (1.5 + effect * second)[::2]
        time = np.repeat(times(random, distribution, location, 0.7), 2)
        end = np.repeat(random.uniform(3, 12, n // 2), 2)
        sample = Sample.of(
            np.minimum(time, end), time <= end, second, ("second",), weight=np.full(n, 0.5),
            cluster=half,
        )  # fmt: skip
        return Spells(sample)
    time = times(random, distribution, 1.5 + effect * second, 0.7)
    end = random.uniform(3, 12, n)
    if kind == "late":
        entry = random.uniform(0, 3, n)
        keep = np.minimum(time, end) > entry
        sample = Sample.of(
            np.minimum(time, end)[keep], (time <= end)[keep], second[keep], ("second",),
            entry=entry[keep],
        )  # fmt: skip
        return Spells(sample)
    event = time <= end
    if kind == "years":
        # Events known to the year only.
        first = np.where(event, np.floor(time), end)
        return Spells(Sample.of(first, event, second, ("second",)),
                      np.where(event, first + 1, np.nan))  # fmt: skip
    return Spells(Sample.of(np.minimum(time, end), event, second, ("second",)))


def _log(estimate: Estimate) -> Estimate:
    return mapped(estimate, np.log)


def _aft(distribution: str, spells: Spells) -> list[Estimate]:
    fit = aft.fit(spells.sample, distribution, upper=spells.upper)
    return [
        _log(aft.time_ratio(fit, [1.0], [0.0], CONFIDENCE)),
        _log(aft.quantile(fit, distribution, 0.5, [0.0], CONFIDENCE)),
    ]


def _cure(spells: Spells) -> list[Estimate]:
    sample = spells.sample
    fit = cure.fit(sample, "log-normal")
    return [
        cure.share_difference(fit, [1.0], [0.0], CONFIDENCE),
        cure.eventual_share(fit, [0.0], CONFIDENCE),
        _log(cure.converter_ratio(fit, [1.0], [0.0], CONFIDENCE)),
        _log(cure.converter_time(fit, "log-normal", [0.0], CONFIDENCE)),
    ]


def _cox(spells: Spells) -> list[Estimate]:
    from scipy import special

    sample = spells.sample
    value, variance = cox(sample.time, sample.event > 0, sample.covariates, sample.cluster)
    gap, error = float(value[0]), float(np.sqrt(variance[0]))
    half = float(special.ndtri(0.5 + CONFIDENCE / 2)) * error
    return [Estimate(gap, gap - half, gap + half, float(2 * special.ndtr(-abs(gap) / error)))]


def _aft_world(distribution: str, effect: float, scenario: str, kind: str = "") -> World:
    middle = 1.5 + 0.7 * family(distribution).quantile(0.5)
    named = f"aft-{distribution}"
    return World(
        scenario, 200, lambda random: _two(random, distribution, effect, kind),
        (Question(f"{named}-log-time-ratio", effect),
         Question(f"{named}-log-median", middle, float("nan"))),
        lambda spells: _aft(distribution, spells),
    )  # fmt: skip


def _cure_world(
    n: int, share: tuple[float, float], ratio: float, scenario: str,
    follow: tuple[float, float] = (6.0, 14.0),
) -> World:  # fmt: skip
    return World(
        scenario, n, lambda random: converters(random, n, share, ratio, follow),
        (Question("cure-share-difference", share[1] - share[0]),
         Question("cure-eventual-share", share[0], float("nan")),
         Question("cure-log-time-ratio", float(np.log(ratio))),
         Question("cure-log-median-time", LOCATION, float("nan"))),
        _cure,
    )  # fmt: skip


WORLDS = (
    *(_aft_world(name, 0.0, "equal times")
      for name in ("weibull", "log-normal", "log-logistic")),
    *(_aft_world(name, _SLOW, "times 1.35 times longer")
      for name in ("weibull", "log-normal", "log-logistic")),
    _aft_world("weibull", _SLOW, "1.35 times longer, dates to the year", "years"),
    _aft_world("log-normal", _SLOW, "1.35 times longer, late entry", "late"),
    _aft_world("log-logistic", 0.0, "equal times, each result twice with half weight", "repeated"),
    _cure_world(300, (0.4, 0.4), 1.0, "equal conversion, equal times, n=300"),
    _cure_world(300, (0.4, 0.4), SLOWER, "equal conversion, 1.35 times longer, n=300"),
    _cure_world(600, (0.4, 0.4), SLOWER, "equal conversion, 1.35 times longer, n=600"),
    _cure_world(300, (0.45, 0.25), SLOWER, "unequal conversion, 1.35 times longer, n=300"),
    _cure_world(600, (0.4, 0.4), SLOWER, "equal conversion, 1.35 times longer, followed 3 to 9 "
                "years, n=600", (3.0, 9.0)),
    World(
        "equal conversion, 1.35 times longer, followed 3 to 9 years, n=600", 600,
        lambda random: converters(random, 600, (0.4, 0.4), SLOWER, (3.0, 9.0)),
        (Question("cox-log-hazard-ratio", 0.0),), _cox,
    ),
    # What the tests of follow-up are for: here the model is wrong, and says so too seldom.
    _cure_world(300, (0.4, 0.4), SLOWER, "equal conversion, 1.35 times longer, followed 1 to 2 "
                "years, shown without tests, n=300", (1.0, 2.0)),
)  # fmt: skip
_FOLLOW_UP = ("maller-zhou", "shen", "both-follow-up-tests")
#: Results, share that ever has a product, and last year of follow-up of the worlds of the tests.
FOLLOWED = (
    (300, 0.4, 2.0), (300, 0.4, 4.0), (300, 0.4, 12.0), (300, 0.4, 30.0), (1000, 0.4, 4.0),
    (300, 1.0, 4.0), (300, 1.0, 8.0), (300, 0.8, 8.0),
)  # fmt: skip
