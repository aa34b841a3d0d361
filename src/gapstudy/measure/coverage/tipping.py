r"""Tipping points: how much of a region would have to be missed to overturn each comparison.

For every comparison of the scorecard, and every region whose coverage moves its number, three
shares of missed items are searched for: that at which the number equals the value that the claim
names; that at which its interval just touches this value, or just leaves it; and that at which the
comparison, adjusted by Holm with the others as they are, changes between holding and not. A number
that has no model of coverage gets the distance by which the number itself would have to be wrong.
Tipping-point analysis: Yan, Lee and Li (2009), https://doi.org/10.1080/10543400903243033.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gapstudy.measure.coverage.levers import Answer, Fits, Lever, levers, same
from gapstudy.measure.intervals import p_from_interval
from gapstudy.measure.scorecard import holm

if TYPE_CHECKING:
    from gapstudy.study import Study

#: Smallest coverage that is tried: a hundredth of what there is was found.
LEAST = 0.01
_GRID = 60
_HALVINGS = 40
_MISSED = ("missed_equal", "missed_touch", "missed_decides")
_SHIFTS = ("shift_equal", "shift_touch", "shift_decides")


def table(made: pd.DataFrame, fits: Fits, study: Study) -> pd.DataFrame:
    """Rows of `out_tipping`.

    Args:
        made: rows of `out_scorecard_tests`.
        fits: what the numbers are computed from.
        study: the level of the intervals.
    """
    rows: list[dict[str, object]] = []
    p = made["p_value"].to_numpy(float)
    for i, test in enumerate(made.to_dict("records")):
        head = {name: test[name] for name in ("claim", "number", "side", "than", "value", "holds")}
        empty: dict[str, object] = dict.fromkeys((*_MISSED, *_SHIFTS), np.nan)
        than = float(test["than"])
        if not (np.isfinite(test["value"]) and np.isfinite(test["p_value"])):
            rows.append(head | empty | {"region": "all", "missed": "", "n": int(test["n"]),
                                        "note": "the number has no value"})  # fmt: skip
            continue
        judge = _judge(p, i, than, str(test["side"]), 1 - study.measurement.confidence)
        shift = _shifts(test, than, judge, study.measurement.confidence)
        found = list(levers(str(test["number"]), than, fits))
        if not found:
            note = "no model of coverage for this number: see by how much it would have to be wrong"
            rows.append(head | empty | shift | {"region": "all", "missed": "", "n": int(test["n"]),
                                                "note": note})  # fmt: skip
        for lever in found:
            point, note = search(lever, than, judge)
            if not same(pd.Series(test), lever.answer(1.0)):
                note = "; ".join(
                    part
                    for part in (note, "the number was made by other choices than the headline's")
                    if part
                )
            rows.append(head | point | shift | {"region": lever.region, "missed": lever.missed,
                                                "n": lever.n, "note": note})  # fmt: skip
    return pd.DataFrame(rows)


def search(
    lever: Lever, than: float, judge: Callable[[Answer], bool]
) -> tuple[dict[str, object], str]:
    """Shares of missed items at which the number, its interval and the comparison tip.

    Args:
        lever: the number as a function of coverage.
        than: value of the claim.
        judge: whether the comparison holds with such an answer.

    Returns:
        The three shares, missing where nothing tips down to a coverage of a hundredth, and why.
    """
    start = lever.answer(1.0)

    def outside(answer: Answer) -> bool:
        return answer.low > than or answer.high < than

    tests: tuple[Callable[[Answer], bool], ...] = (
        lambda answer: answer.value > than, outside, judge,
    )  # fmt: skip
    grid = np.geomspace(1.0, LEAST, _GRID)
    answers = [lever.answer(float(cover)) for cover in grid]
    result: dict[str, object] = {}
    for name, test in zip(_MISSED, tests, strict=True):
        before = test(start)
        turned = [j for j, answer in enumerate(answers) if test(answer) != before]
        result[name] = np.nan
        if turned:
            high, low = float(grid[turned[0] - 1]), float(grid[turned[0]])
            for _ in range(_HALVINGS):
                middle = (high + low) / 2
                high, low = (
                    (middle, low) if test(lever.answer(middle)) == before else (high, middle)
                )
            result[name] = 1 - (high + low) / 2
    notes = []
    if not np.isfinite(float(str(result["missed_equal"]))):
        away = abs(answers[-1].value - than) > abs(start.value - than)
        stuck = abs(answers[-1].value - start.value) < 1e-12
        notes.append(
            "nothing was found there, so that no coverage moves it" if stuck
            else "missed items of this region move the number away from the claim's value" if away
            else "no coverage above a hundredth makes it equal"
        )  # fmt: skip
    return result, "; ".join(notes)


def _judge(
    p: np.ndarray, index: int, than: float, side: str, level: float
) -> Callable[[Answer], bool]:
    """Whether a comparison holds after Holm's adjustment, the other p-values as they are."""

    def judge(answer: Answer) -> bool:
        values = p.copy()
        values[index] = answer.p_value
        adjusted = float(holm(values)[index])
        there = (answer.value > than) == (side == "above") and answer.value != than
        return bool(there and adjusted <= level)

    return judge


def _shifts(
    test: Mapping[Any, Any], than: float, judge: Callable[[Answer], bool], confidence: float
) -> dict[str, object]:
    """By how much the number itself would have to be wrong, its interval moved along with it."""
    value, low, high = (float(str(test[name])) for name in ("value", "low", "high"))
    result: dict[str, object] = dict.fromkeys(_SHIFTS, np.nan)
    result["shift_equal"] = than - value
    if not (np.isfinite(low) and np.isfinite(high)):
        return result
    result["shift_touch"] = min((than - low, than - high), key=abs)

    def moved(by: float) -> Answer:
        ends = (value + by, low + by, high + by)
        return Answer(*ends, p_from_interval(*ends, than, confidence))

    before = judge(moved(0.0))
    reach = 20 * max(high - low, abs(value - than), 1e-9)
    best = np.nan
    for sign in (1.0, -1.0):
        steps = np.concatenate([[0.0], np.geomspace(reach * 1e-4, reach, 300)]) * sign
        turned = [j for j, by in enumerate(steps) if judge(moved(float(by))) != before]
        if not turned:
            continue
        near, far = float(steps[turned[0] - 1]), float(steps[turned[0]])
        for _ in range(_HALVINGS):
            middle = (near + far) / 2
            near, far = (middle, far) if judge(moved(middle)) == before else (near, middle)
        if not abs(far) >= abs(best):
            best = far
    result["shift_decides"] = best
    return result
