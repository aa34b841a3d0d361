"""Bias, coverage of the intervals and size of the tests of the estimators in many worlds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import survival
from gapstudy.measure.conversion import incidence, lost_time
from gapstudy.measure.imputation import Spells, draw, threshold
from gapstudy.measure.intervals import Share, difference_interval, difference_p, wilson
from gapstudy.measure.regional import combine, mean_share
from gapstudy.regions import REGIONS
from gapstudy.simulate import worlds
from gapstudy.simulate.worlds import Drawn, World

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
HORIZON, TAU = 5.0, 10.0
PAIR = ("EU", "US")
_A, _B, _ALL = 0, 1, 2


class Sides(NamedTuple):
    """One share under both regions in one world."""

    a: tuple[float, float, float]
    b: tuple[float, float, float]
    rho: float


class Answers(NamedTuple):
    """What an estimator says in many worlds.

    Attributes:
        estimate: estimates, one per world.
        low: lower ends of the intervals.
        high: upper ends.
        p_value: p-values of no difference; missing for estimates that are no differences.
    """

    estimate: Floats
    low: Floats
    high: Floats
    p_value: Floats


def table(world: World, count: int, imputations: int, seed: list[int]) -> pd.DataFrame:
    """Rows of `out_simulation` of one world for the estimators of conversion, time and leakage.

    Args:
        world: the world.
        count: realisations of it.
        imputations: link sets drawn in each, M.
        seed: seed of this world.
    """
    return pd.DataFrame(
        [
            {"estimator": estimator, "scenario": world.name, "method": method,
             "n": world.size, **summary(truth, answer)}
            for method, answers in _world(world, count, imputations, seed)
            for estimator, truth, answer in answers
        ]
    )  # fmt: skip


def summary(truth: float, answer: Answers, *, null: float = 0.0) -> dict[str, object]:
    """Bias, coverage and rejection with their Monte Carlo error.

    Args:
        truth: true value.
        answer: what the estimator said.
        null: value that the p-values test against.
    """
    known = np.isfinite(answer.estimate)
    estimate = answer.estimate[known]
    count = int(known.sum())
    inside = (answer.low[known] <= truth) & (truth <= answer.high[known])
    coverage = float(inside.mean())
    ends = wilson(coverage, count, 1.96)
    p = answer.p_value[known]
    tested = bool(np.isfinite(p).any())
    return {
        "truth": truth, "mean": float(estimate.mean()), "bias": float(estimate.mean() - truth),
        "mc_error": float(estimate.std(ddof=1) / np.sqrt(count)), "coverage": coverage,
        "coverage_low": float(ends.low), "coverage_high": float(ends.high),
        "rejection": float((p < 1 - CONFIDENCE).mean()) if tested else np.nan,
        "null_true": bool(abs(truth - null) < 1e-12) if tested else pd.NA,
        "worlds": count,
    }  # fmt: skip


def _world(
    world: World, count: int, imputations: int, seed: list[int]
) -> Iterator[tuple[str, list[tuple[str, float, Answers]]]]:
    """Answers of every estimator in one scenario, by method."""
    methods = ["imputed", "threshold"] if world.labelled else ["known"]
    if world.months:
        methods = ["imputed"]
    if world.begin:
        methods.append("late_entry_ignored")
    sides: dict[str, list[tuple[Sides, Sides, Sides]]] = {method: [] for method in methods}
    random = np.random.default_rng(seed)
    for number in range(count):
        drawn = worlds.draw(world, random)
        for method in methods:
            if method == "imputed":
                spells = draw(drawn.links, "model", drawn.last, imputations, [*seed, number])
            else:
                spells = threshold(drawn.links, "model", drawn.last, 0.5)
            sides[method].append(_shares(drawn, spells, late=method != "late_entry_ignored"))
    for method in methods:
        yield method, _answers(world, sides[method])


def _shares(drawn: Drawn, spells: Spells, *, late: bool) -> tuple[Sides, Sides, Sides]:
    """Conversion, time lost and leakage in one realisation, by the functions of the study."""
    entry = drawn.entry if late and drawn.entry.any() else None
    steps = survival.steps(spells.time, spells.event, drawn.weight, entry=entry)
    place = drawn.made_in[spells.product]
    home = np.array([REGIONS.index(name) for name in PAIR])
    abroad = (place[:, :, None] != home).astype(float)
    weight = drawn.weight[:, :_ALL]
    productised = weight[None] * spells.event[:, :, None]
    typical = weight * spells.event.mean(axis=0)[:, None]
    fits = (
        incidence(steps, drawn.weight, [HORIZON], _ALL),
        lost_time(steps, drawn.weight, TAU, _ALL),
        combine(mean_share(abroad, productised), typical),
    )
    result = []
    for fit in fits:
        first, second = (
            (float(fit.share.value[k, 0]), float(fit.share.n[k, 0]), float(fit.share.df[k, 0]))
            for k in (_A, _B)
        )
        result.append(Sides(first, second, float(fit.correlation(_A, _B)[0])))
    return result[0], result[1], result[2]


def _answers(
    world: World, sides: list[tuple[Sides, Sides, Sides]]
) -> list[tuple[str, float, Answers]]:
    a, b = PAIR
    truth = [world.regions[name] for name in PAIR]
    rate = [world.conversion(name, HORIZON) for name in PAIR]
    mean = [world.restricted_mean(name, TAU) for name in PAIR]
    result = []
    for j, (name, scale, offset, values) in enumerate(
        (
            (f"conversion-{HORIZON:g}y", 1.0, 0.0, rate),
            (f"rmst-{TAU:g}y", -TAU, TAU, mean),
            ("leakage", 1.0, 0.0, [item.leakage for item in truth]),
        )
    ):
        if name == "leakage" and world.shared:
            continue  # A shared result is at home in both regions: its leakage is not set.
        first, second = (
            Share(*(np.array([getattr(s[j], side)[i] for s in sides]) for i in range(3)))
            for side in ("a", "b")
        )
        rho = np.array([s[j].rho for s in sides])
        one = first.interval(CONFIDENCE)
        low, high = np.sort([offset + scale * one.low, offset + scale * one.high], axis=0)
        nothing = np.full(len(sides), np.nan)
        alone = Answers(offset + scale * first.value, low, high, nothing)
        result.append((f"{name}-{a}", values[0], alone))
        both = difference_interval(first, second, rho, CONFIDENCE)
        low, high = np.sort([scale * both.low, scale * both.high], axis=0)
        gap = Answers(
            scale * (first.value - second.value), low, high, difference_p(first, second, rho)
        )
        result.append((f"{name}-{a}-minus-{b}", values[0] - values[1], gap))
    return result
