"""Rows of `out_survey_models`: each barrier by region, alone and with role and size held equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure.scorecard import holm
from gapstudy.measure.survey import ordered
from gapstudy.measure.survey.disclosure import shown
from gapstudy.measure.survey.shares import answered, region_counts
from gapstudy.survey.questionnaire import Item

#: Region that others are compared with, and those compared.
REFERENCE, REGIONS = "EU", ("US", "CN", "other")
ADJUSTMENTS = {"none": (), "role_size": ("role", "size")}


def rows(
    frame: pd.DataFrame, items: tuple[Item, ...], confidence: float, least: int
) -> list[dict[str, Any]]:
    """Rows of `out_survey_models`, without `responses`; the answers are not weighted.

    Args:
        frame: respondents.
        items: items on the scale.
        confidence: level of the intervals.
        least: fewest respondents of a region.
    """
    made = [row for item in items for adjusted in ADJUSTMENTS
            for row in _item(frame, item, adjusted, confidence, least)]  # fmt: skip
    table = pd.DataFrame(made)
    if table.empty:
        return made
    for _, part in table.groupby(["region", "adjusted"]):
        for at, p in zip(part.index, holm(part["p_value"].to_numpy(float)), strict=True):
            made[at]["p_holm"] = float(p)
    return made


def _item(
    frame: pd.DataFrame, item: Item, adjusted: str, confidence: float, least: int
) -> list[dict[str, Any]]:
    about = {"item": item.name, "stage": item.stage, "question": item.text,
             "versus": REFERENCE, "adjusted": adjusted, "p_value": np.nan}  # fmt: skip
    given = answered(frame, item)
    counts = region_counts(frame, given)
    allowed = shown(counts, least) & {REFERENCE, *REGIONS}
    blank = [about | {"region": region, "note": _why(region, allowed)} for region in REGIONS]
    compared = [region for region in REGIONS if region in allowed]
    if REFERENCE not in allowed or not compared:
        return blank
    people = frame[given & frame["region"].isin(allowed).to_numpy()]
    answer = people[item.name].astype(int).to_numpy()
    design = pd.DataFrame({
        region: (people["region"] == region).astype(float) for region in compared
    })  # fmt: skip
    for variable in ADJUSTMENTS[adjusted]:
        design = design.join(_indicators(people[variable], least))
    try:
        fitted = ordered.fit(answer, design)
    except FitError as error:
        return [row | {"note": error.what if row["region"] in compared else row["note"]}
                for row in blank]  # fmt: skip
    same = {}
    if adjusted == "none":
        same["p_parallel"] = ordered.parallel_p(answer, people["region"].to_numpy(), fitted)
    return [
        row if row["region"] not in compared else row | same | {
            **ordered.summary(fitted, str(row["region"]), confidence),
            "n": min(counts[str(row["region"])], counts[REFERENCE]), "note": "",
        }
        for row in blank
    ]  # fmt: skip


def _why(region: str, allowed: frozenset[str]) -> str:
    lacking = [name for name in (region, REFERENCE) if name not in allowed]
    return f"too few respondents may be shown of {' and '.join(lacking)}" if lacking else ""


def _indicators(values: pd.Series, least: int) -> pd.DataFrame:
    """Indicators of each category but the largest.

    Small categories, and not known, are one together, and go with the largest where even that is
    small: a handful of people can neither be held equal nor told of.
    """
    plain = values.astype(object).where(values.notna(), "rest").astype(str)
    plain = plain.where(plain.map(plain.value_counts()) >= least, "rest")
    times = plain.value_counts()
    names = sorted(times.index, key=lambda name: (-int(times[name]), name))
    return pd.DataFrame(
        {
            f"{values.name} {name}": (plain == name).astype(float)
            for name in names[1:] if times[name] >= least
        },
        index=values.index,
    )  # fmt: skip
