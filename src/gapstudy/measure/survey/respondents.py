"""Rows of `survey_responses` -> one row per respondent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from gapstudy.regions import RegionScheme
from gapstudy.survey.questionnaire import Questionnaire

#: Variables that margins may be of, besides the region.
ABOUT = ("country", "role", "setting", "size")


@dataclass(frozen=True)
class Respondents:
    """All respondents.

    Attributes:
        frame: one row each, in the order of their identifiers: `region`, `country`, `role`, and
            each other item of the questionnaire as text, missing where it was skipped.
        synthetic: whether any of them is made up.
    """

    frame: pd.DataFrame
    synthetic: bool

    @property
    def kind(self) -> str:
        """How tables call the responses."""
        return "synthetic" if self.synthetic else "real"


def collect(rows: pd.DataFrame, form: Questionnaire, scheme: RegionScheme) -> Respondents:
    """Put the answers of each respondent side by side.

    Args:
        rows: table `survey_responses`; items that the questionnaire does not know are left aside.
        form: the questionnaire.
        scheme: what the regions are.
    """
    names = [item.name for item in form.kept]
    people = rows.drop_duplicates("respondent_id").set_index("respondent_id").sort_index()
    known = rows[rows["question"].isin(names)]
    values = known.set_index(["respondent_id", "question"])["value"]
    frame = pd.DataFrame(index=people.index)
    for name in names:
        mine = values[values.index.get_level_values("question") == name].droplevel("question")
        frame[name] = mine.reindex(people.index).astype(object)
    for name in ("role", "country"):
        frame[name] = people[name].astype(object)
    frame["region"] = [
        scheme.region(None if pd.isna(country) else str(country), _day(month))
        for country, month in zip(frame["country"], people["month"], strict=True)
    ]
    return Respondents(frame.reset_index(drop=True), bool(people["synthetic"].any()))


def _day(month: object) -> dt.date | None:
    """A day in the month of a response, for schemes that look at membership."""
    if month is None or pd.isna(month):  # type: ignore[call-overload]  # a scalar
        return None
    year, _, part = str(month).partition("-")
    return dt.date(int(year), int(part or 12), 1)
