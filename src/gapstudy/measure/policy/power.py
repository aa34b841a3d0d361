r"""Smallest detectable effect: the design's own launches with their outcomes dealt out anew.

Worlds without an effect are made of the real panel, so that its markets, makers, gaps and outcomes
stay as they are: the launch days are dealt out among the products at random (`permuted`: launches
independent of each other), or the sequence of products is turned on by some places (`shifted`:
what neighbours in time share stays together). An effect d is added to the treated market's rows
from the date on. Estimates, placebo estimates and their errors are linear in d, so one set of
worlds gives the whole curve of power; the smallest detectable effect is where it first reaches 80%.

An effect is added as if outcomes were unbounded: a share near one cannot rise by much, so a
detectable effect beyond what is left says that no possible effect would be found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from gapstudy.measure.imputation import Floats, Ints
from gapstudy.measure.policy import randomisation, within
from gapstudy.measure.policy.panel import Panel

WORLDS = ("permuted", "shifted")
TESTS = ("cluster_maker", "randomisation_dates", "randomisation_both")
POWER = 0.8
#: Effects tried, as parts of the largest.
_GRID = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True)
class Detectable:
    """Power of one test in one kind of worlds.

    Attributes:
        test: the test.
        worlds: how the worlds were made.
        effects: effects, (E,).
        power: share of worlds in which the test rejects at 5%, (E,).
        smallest: smallest effect found in 80% of them; missing when none of the grid is.
        count: number of worlds.
    """

    test: str
    worlds: str
    effects: Floats
    power: Floats
    smallest: float
    count: int


def detectable(
    panel: Panel, treated: int, day: float, smallest: int, count: int, largest: float,
    seed: list[int], confidence: float = 0.95,
) -> list[Detectable]:  # fmt: skip
    """Power of the tests over a grid of effects.

    Args:
        panel: the real rows.
        treated: the treated market, position in the panel's.
        day: the date.
        smallest: fewest products before and after a placebo date.
        count: worlds of each kind.
        largest: largest effect tried, in the unit of the outcome.
        seed: seed of the worlds.
        confidence: one minus the level of the tests.
    """
    random = np.random.default_rng(seed)
    still = replace(panel, y=panel.y.mean(axis=0)[None])
    products = int(panel.product.max()) + 1
    day_of = np.zeros(products)
    day_of[panel.product] = panel.day
    order = np.argsort(day_of, kind="stable")
    effects = _GRID * largest
    sweep = within.Sweep(panel)
    found = []
    for kind in WORLDS:
        hits = {test: np.zeros(len(effects)) for test in TESTS}
        made = 0
        for turn in range(count):
            days = np.empty(products)
            if kind == "permuted":
                days[random.permutation(products)] = day_of
            else:
                # Turned far enough to leave its place, and both ways round.
                steps = 1 + turn * (products - 1) // count
                line = order if turn % 2 else order[::-1]
                days[np.roll(line, steps)] = np.sort(day_of)
            world = replace(still, day=days[panel.product])
            if min(world.sides(treated, day)) < smallest:
                continue
            made += 1
            for test, rejected in _rejected(
                world, treated, day, smallest, effects, confidence, sweep
            ).items():
                hits[test] += rejected
        for test in TESTS:
            power = hits[test] / made if made else np.full(len(effects), np.nan)
            enough = np.flatnonzero(power >= POWER)
            least = float(effects[enough[0]]) if len(enough) else float("nan")
            found.append(Detectable(test, kind, effects, power, least, made))
    return found


def _rejected(
    world: Panel, treated: int, day: float, smallest: int, effects: Floats, confidence: float,
    sweep: within.Sweep,
) -> dict[str, Floats]:  # fmt: skip
    placebos = randomisation.placebos(world, treated, day, smallest, sweep)
    true, t = placebos.estimate[0], placebos.t[0]
    clusters = int(within.codes(world, "maker").max()) + 1
    critical = float(stats.t.ppf(0.5 + confidence / 2, clusters - 1))
    error = abs(true / t) if t != 0 else np.inf
    result = {"cluster_maker": (np.abs(true + effects) / error > critical).astype(float)}
    moved = placebos.estimate[:, None] + placebos.response[:, None] * effects
    for test in TESTS[1:]:
        chosen: Ints = placebos.inside(test.removeprefix("randomisation_"))
        far = np.abs(moved[chosen]) >= np.abs(moved[0]) - 1e-10
        result[test] = (far.mean(axis=0) <= 1 - confidence + 1e-12).astype(float)
    return result
