r"""Shares of each answer by region, with intervals.

.. math:: \hat p = \frac{\sum_i w_i y_i}{\sum_i w_i}

with Wilson's interval at Kish's effective number of respondents, which charges the estimate for the
spread of the weights and gives nothing back for what raking explains. The mean of a percentage has
Student's interval from the linearised variance :math:`\sum w_i^2 (x_i - \bar x)^2 / (\sum w_i)^2`
times :math:`n / (n - 1)`. Both take the respondents for an independent sample, which volunteers
are not: an interval says nothing of who did not answer. References: Kish (1965), Survey Sampling,
sec. 11.7; Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.measure import intervals
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.raking import Floats
from gapstudy.measure.survey.disclosure import ALL, shown
from gapstudy.survey.questionnaire import NOT_APPLICABLE, SCALE, STRONG, Item

#: Items of the table: the country only makes the region.
_LEFT_ASIDE = ("country",)


def rows(
    frame: pd.DataFrame, items: tuple[Item, ...], weight: Floats, weighting: str,
    confidence: float, least: int,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Rows of `out_survey_items`, without `responses`.

    Args:
        frame: respondents.
        items: items of the questionnaire.
        weight: weight of each respondent.
        weighting: what the weights are called.
        confidence: level of the intervals.
        least: smallest cell.
    """
    for item in items:
        if item.name in _LEFT_ASIDE:
            continue
        about = {"item": item.name, "stage": item.stage, "question": item.text,
                 "weighting": weighting}  # fmt: skip
        given = answered(frame, item)
        counts = region_counts(frame, given)
        allowed = shown(counts, least)
        for region in COLUMNS:
            mine = given & (True if region == ALL else (frame["region"] == region).to_numpy())
            n = int(mine.sum())
            hidden = n > 0 and region not in allowed
            values = frame.loc[mine, item.name].astype(str).to_numpy()
            mine_weight = weight[mine]
            for position, (answer, label) in enumerate(_answers(item, frame, given), start=1):
                row = {**about, "region": region, "answer": answer, "answer_label": label,
                       "position": position, "suppressed": hidden}  # fmt: skip
                if hidden:
                    why = "fewer respondents than the smallest cell"
                    if n >= least:
                        why = "withheld so that a smaller cell cannot be worked out"
                    yield row | {"note": why}
                elif n == 0:
                    yield row | {"n": 0, "note": "no respondent answered"}
                else:
                    yield row | _estimate(item, answer, values, mine_weight, confidence)


def answered(frame: pd.DataFrame, item: Item) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which respondents gave an answer that counts: "does not apply" is none."""
    values = frame[item.name]
    return np.asarray(values.notna() & (values != NOT_APPLICABLE), dtype=bool)


def region_counts(
    frame: pd.DataFrame, chosen: np.ndarray[Any, np.dtype[np.bool_]]
) -> dict[str, int]:
    """Number of chosen respondents in each region."""
    found = frame.loc[chosen, "region"].value_counts()
    return {region: int(found.get(region, 0)) for region in COLUMNS if region != ALL}


def _answers(
    item: Item, frame: pd.DataFrame, given: np.ndarray[Any, np.dtype[np.bool_]]
) -> list[tuple[str, str]]:
    if item.kind == "likert":
        scale = [(answer, item.label(answer)) for answer in SCALE]
        return [*scale, ("strong", "Strongly or very strongly")]
    if item.kind == "percent":
        return [("mean", "Mean share")]
    if item.kind == "year":
        years = sorted(set(frame.loc[given, item.name]))
        return [(str(year), str(year)) for year in years]
    return [(answer.name, answer.label) for answer in item.answers]


def _estimate(
    item: Item, answer: str, values: Any, weight: Floats, confidence: float
) -> dict[str, Any]:
    n, total = len(values), float(weight.sum())
    effective = total**2 / float(np.square(weight).sum())
    made: dict[str, Any] = {"n": n, "effective_n": effective, "note": ""}
    if item.kind == "percent":
        x = values.astype(float) / 100
        mean = float((weight * x).sum() / total)
        if n < 2:
            return made | {"estimate": mean, "note": "one respondent has no interval"}
        error = np.sqrt(np.square(weight * (x - mean)).sum() * n / (n - 1)) / total
        reach = float(intervals.quantile(confidence, n - 1)) * error
        return made | {"estimate": mean, "low": max(0.0, mean - reach),
                       "high": min(1.0, mean + reach)}  # fmt: skip
    hit = np.isin(values, STRONG) if answer == "strong" else values == answer
    share = min(1.0, float((weight * hit).sum() / total))
    low, high = intervals.wilson(share, effective, intervals.quantile(confidence))
    return made | {"estimate": share, "low": float(low), "high": float(high)}
