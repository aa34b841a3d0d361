"""Every table of the survey, and of barriers in official surveys, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gapstudy.measure import barriers
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.survey import models, shares, weighting
from gapstudy.measure.survey.disclosure import ALL, shown
from gapstudy.measure.survey.respondents import Respondents, collect
from gapstudy.measure.survey.weighting import Weighted
from gapstudy.survey.questionnaire import NOT_APPLICABLE, Questionnaire, questionnaire
from gapstudy.tables.rounding import framed

if TYPE_CHECKING:
    from gapstudy.study import Study

Rows = Iterator[dict[str, Any]]
_DECIMALS = 8


def results(inputs: Inputs, study: Study) -> dict[str, pd.DataFrame]:
    """Rows of `out_survey_items`, `_models` and `_quality`, and of `out_barriers`."""
    frames = inputs.frames
    made = measured(
        frames["survey_responses"], frames["quarantine"], questionnaire(), study
    )  # fmt: skip
    made["out_barriers"] = barriers.table(frames["indicators"], study.measurement.confidence)
    return made


def measured(
    responses: pd.DataFrame, quarantine: pd.DataFrame, form: Questionnaire, study: Study
) -> dict[str, pd.DataFrame]:
    """The survey's tables from its responses; without rows where there are none.

    Args:
        responses: table `survey_responses`.
        quarantine: table `quarantine`.
        form: the questionnaire.
        study: regions, levels, margins and the smallest cell.
    """
    people = collect(responses, form, study.regions.scheme)
    frame, least = people.frame, study.survey.min_cell
    confidence = study.measurement.confidence
    weighted = None
    items: list[dict[str, Any]] = []
    fitted: list[dict[str, Any]] = []
    if len(frame):
        equal = np.ones(len(frame))
        items += shares.rows(frame, form.kept, equal, "none", confidence, least)
        if study.survey.margins:
            weighted = weighting.rake(frame, study.survey.margins, study.survey.bounds)
        if weighted is not None and weighted.weight is not None:
            raked = weighted.weight
            items += shares.rows(frame, form.kept, raked, "raked", confidence, least)
        fitted = models.rows(frame, form.barriers, confidence, least)
    quality = [*_quality(people, form, least), *_left_out(quarantine), *_weights(weighted, study)]
    return {
        name: _framed(name, rows, people.kind)
        for name, rows in (("out_survey_items", items), ("out_survey_models", fitted),
                           ("out_survey_quality", quality))
    }  # fmt: skip


def _quality(people: Respondents, form: Questionnaire, least: int) -> Rows:
    frame = people.frame
    if frame.empty:
        yield {"quantity": "respondents", "about": ALL, "n": 0, "note": "no responses imported"}
        return
    every = np.ones(len(frame), dtype=bool)
    counts = shares.region_counts(frame, every)
    allowed = shown(counts, least)
    for region in COLUMNS:
        n = len(frame) if region == ALL else counts[region]
        hidden = n > 0 and region not in allowed
        yield {"quantity": "respondents", "about": region, "n": None if hidden else n,
               "note": "withheld" if hidden else ""}  # fmt: skip
    for item in form.kept:
        given = shares.answered(frame, item)
        hidden = ALL not in shown(shares.region_counts(frame, given), least)
        note = "withheld" if hidden else ""
        yield {"quantity": "answered", "about": item.name, "note": note,
               "n": None if hidden else int(given.sum())}  # fmt: skip
        if item.kind == "likert":
            other = int((frame[item.name] == NOT_APPLICABLE).sum())
            yield {"quantity": "not_applicable", "about": item.name, "note": note,
                   "n": None if hidden else other}  # fmt: skip


def _left_out(quarantine: pd.DataFrame) -> Rows:
    mine = quarantine[quarantine["table"] == "survey_responses"]
    for reason, n in sorted(mine["reason"].astype(str).value_counts().items()):
        yield {"quantity": "left_out", "about": reason, "n": int(n)}


def _weights(weighted: Weighted | None, study: Study) -> Rows:
    for margin in study.survey.margins:
        yield {"quantity": "margin", "about": " by ".join(margin.variables), "note": margin.source}
    if weighted is None:
        return
    notes = ". ".join(weighted.notes)
    if weighted.raked is None:
        yield {"quantity": "not_weighted", "about": "", "note": notes}
        return
    raked = weighted.raked
    yield {"quantity": "weighted", "about": "", "n": weighted.covered, "note": notes}
    for name, value in (
        ("design_effect", raked.design_effect), ("effective_n", raked.effective_n),
        ("largest_weight", float(raked.weight.max() / raked.weight.mean())),
    ):  # fmt: skip
        yield {"quantity": name, "about": "", "value": value}


def _framed(name: str, rows: list[dict[str, Any]], kind: str) -> pd.DataFrame:
    """Rows as the table holds them; without a note where none was given."""
    frame = pd.DataFrame([{"note": "", **row, "responses": kind} for row in rows])
    return framed(name, frame, _DECIMALS)
