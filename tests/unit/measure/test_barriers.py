"""Barriers in official surveys: each with its base, an interval only where an error is known."""

from typing import Any

import pandas as pd
import pytest

from gapstudy.measure import barriers
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

NAMES = contract("indicators").names


def figure(indicator: str, value: float | None, **changes: Any) -> dict[str, Any]:
    return {
        "indicator": indicator, "geo": "EU27", "period": "2025", "entity": "GE10",
        "entity_kind": "enterprises", "value": value, "unit": "PC_ENT_AI_EC", "status": "",
        "definition": "Costs seem too high; Percentage", "source_name": "Eurostat", **changes,
    }  # fmt: skip


def question(answer: str, value: float | None, **changes: Any) -> dict[str, Any]:
    return figure(
        f"btos:supplement1:q15:{answer}", value, geo="US", period="2023-12-04/2024-02-25",
        entity="", unit="percent of businesses in scope 6", source_name="Census",
        definition="Why does this business not plan to use Artificial Intelligence (AI)? "
                   f"Answer: {answer}. Companies that plan not to use it.", **changes,
    )  # fmt: skip


def made(*rows: dict[str, Any]) -> pd.DataFrame:
    return validate(
        contract("out_barriers"),
        barriers.table(pd.DataFrame(list(rows)).reindex(columns=NAMES), 0.95),
    )


def test_an_interval_needs_a_standard_error() -> None:
    found = made(question("Too expensive", 5.0, standard_error=0.5),
                 figure("eurostat:E_AI_BCST", 4.0)).set_index("geo")  # fmt: skip
    us, eu = found.loc["US"], found.loc["EU27"]
    assert (us["low"], us["high"]) == pytest.approx((0.05 - 0.0098, 0.05 + 0.0098), abs=1e-5)
    assert us["interval"] == "standard_error"
    assert pd.isna(eu["low"])
    assert eu["interval"] == "none"
    assert "no standard error" in eu["note"]


def test_each_figure_keeps_its_base() -> None:
    found = made(
        question("Too expensive", 5.0), figure("eurostat:E_AI_BCST", 4.0),
        figure("eurostat:E_AI_BCST", 1.0, unit="PC_ENT"),
    )  # fmt: skip
    assert set(found["base"]) == {
        "Companies that plan not to use it", "all enterprises",
        "enterprises that ever considered using AI",
    }  # fmt: skip
    assert set(found["rank"]) == {1}  # never ranked across bases


def test_withheld_figures_stay_and_say_so() -> None:
    (row,) = made(question("Bias", None, status="suppressed")).to_dict("records")
    assert pd.isna(row["estimate"])
    assert pd.isna(row["rank"])
    assert "withheld" in row["note"]


def test_no_reason_is_not_ranked() -> None:
    found = made(question("AI is not applicable to this business", 80.9),
                 question("Too expensive", 5.0),
                 question("Lack of data", 5.0), question("Bias", 1.0))  # fmt: skip
    rank = found.set_index("barrier")["rank"]
    assert pd.isna(rank["AI is not applicable to this business"])
    assert rank[["Too expensive", "Lack of data", "Bias"]].tolist() == [1, 1, 3]


def test_other_series_are_left_out() -> None:
    other = question("Marketing", 8.1)
    other["definition"] = "In which functions did this business use AI? Answer: Marketing."
    assert made(other, figure("eurostat:E_AI_TANY", 13.5)).empty


def test_press_figures_name_reason_and_enterprises() -> None:
    (row,) = made(
        figure("enterprise_ai_barrier", 5.5, entity="costs; 250 or more employed",
               unit="percent_of_enterprises_in_size_class_denominator_not_stated")
    ).to_dict("records")  # fmt: skip
    assert (row["barrier"], row["entity"]) == ("costs", "250 or more employed")
    assert "not stated" in row["base"]
