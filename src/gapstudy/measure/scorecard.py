"""The verdict on each claim, by the rule that study.toml declares.

The rule is that of `gapstudy.study.Claim`. The p-values of all comparisons on the scorecard are
adjusted together by Holm (1979), https://www.jstor.org/stable/4615733, so that the chance of one
wrong verdict or more among them stays below one minus the study's confidence.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gapstudy.study import Claim

NOT_ENOUGH = "not enough data"
_MISSING = pd.Series(
    {"value": np.nan, "low": np.nan, "high": np.nan, "p_value": np.nan, "n": 0, "unit": ""}
)
_TESTS = [
    "claim", "number", "side", "than", "value", "low", "high", "p_value", "p_holm", "n", "unit",
    "enough", "holds",
]  # fmt: skip


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values; missing ones stay missing and do not count.

    Args:
        p_values: two-sided p-values, one per comparison.
    """
    known = np.isfinite(p_values)
    result = np.full(len(p_values), np.nan)
    values = p_values[known]
    order = np.argsort(values, kind="stable")
    steps = (len(values) - np.arange(len(values))) * values[order]
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    result[known] = adjusted
    return result


def tests(claims: Mapping[str, Claim], numbers: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Rows of `out_scorecard_tests`.

    Args:
        claims: the claims by id.
        numbers: rows of `out_numbers`.
        confidence: the study's confidence.
    """
    known = numbers.set_index("name")
    rows = []
    for claim, content in sorted(claims.items()):
        for test in content.tests:
            # A number that the data do not give is missing, and the verdict says so.
            number = known.loc[test.number] if test.number in known.index else _MISSING
            enough = bool(
                np.isfinite(number["value"])
                and np.isfinite(number["p_value"])
                and number["n"] >= content.min_n
            )
            rows.append(
                {
                    "claim": claim, "number": test.number, "side": test.side, "than": test.than,
                    **{name: number[name] for name in ("value", "low", "high", "p_value", "n",
                                                       "unit")},
                    "enough": enough,
                }
            )  # fmt: skip
    if not rows:
        return pd.DataFrame(columns=_TESTS)
    frame = pd.DataFrame(rows)
    frame["p_holm"] = holm(frame["p_value"].to_numpy(float))
    above = (frame["value"] > frame["than"]) == (frame["side"] == "above")
    holds = above & (frame["value"] != frame["than"]) & (frame["p_holm"] <= 1 - confidence)
    frame["holds"] = holds.astype("boolean").where(frame["enough"])
    return frame


def verdicts(claims: Mapping[str, Claim], made: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Rows of `out_scorecard`.

    Args:
        claims: the claims by id.
        made: rows of `out_scorecard_tests`.
        confidence: the study's confidence.
    """
    rows = []
    for claim, content in sorted(claims.items()):
        mine = made[made["claim"] == claim]
        verdict, reason = _verdict(mine, 1 - confidence)
        rows.append(
            {
                "claim": claim, "title": content.title, "measure": content.measure,
                "verdict": verdict, "tests": len(mine),
                "holding": int(mine["holds"].astype("boolean").fillna(value=False).sum()),
                "n": int(mine["n"].min()) if len(mine) else 0, "reason": reason,
                "overturn": content.overturn,
            }
        )  # fmt: skip
    columns = ["claim", "title", "measure", "verdict", "tests", "holding", "n", "reason",
               "overturn"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _verdict(made: pd.DataFrame, level: float) -> tuple[str, str]:
    if not len(made):
        return NOT_ENOUGH, "no table of this study can decide it yet"
    short = made[~made["enough"].astype(bool)]
    if len(short):
        names = ", ".join(short["number"].astype(str))
        return NOT_ENOUGH, f"without a value, or with too few observations: {names}"
    holding = int(made["holds"].astype(bool).sum())
    beyond = (made["value"] > made["than"]) != (made["side"] == "above")
    against = int((beyond & (made["p_holm"] <= level) & (made["value"] != made["than"])).sum())
    parts = [
        (holding, "on the claim's side"), (against, "on the other side"),
        (len(made) - holding - against, "on neither side for sure"),
    ]  # fmt: skip
    # Words, not digits: what a page prints in digits is a named number.
    of = f"of {_word(len(made))} comparison{'s' * (len(made) > 1)}, after adjustment, " + ", ".join(
        f"{_word(count)} {'lies' if count == 1 else 'lie'} {where}"
        for count, where in parts
        if count
    )
    if holding == len(made):
        return "supported", of
    return ("not supported", of) if holding == 0 else ("mixed", of)


def _word(count: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)
