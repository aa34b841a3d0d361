"""The survey's tables: contracts, weights, what is withheld, synthetic said in every row."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure.survey.tables import measured
from gapstudy.study import Study
from gapstudy.survey.questionnaire import questionnaire
from gapstudy.survey.synthetic import responses
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

WHOLE = questionnaire()
#: Three of the barriers: fitting all of them takes its time.
BARRIERS = ("data_access", "law_clarity", "law_privacy")
FORM = replace(WHOLE, items=tuple(item for item in WHOLE.items
                                  if item.kind != "likert" or item.name in BARRIERS))  # fmt: skip
WINDOW = {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2025-12-31"}
NOTHING = pd.DataFrame(columns=contract("quarantine").names)


def rows(made: list[dict[str, str]], *, synthetic: bool = True) -> pd.DataFrame:
    found = [
        {"respondent_id": f"r{number:04d}", "question": item, "value": value,
         "role": one.get("role"), "country": one.get("country"), "month": "2026-02",
         "synthetic": synthetic}
        for number, one in enumerate(made) for item, value in one.items()
        if item not in {"consent", "role", "country"}
    ]  # fmt: skip
    names = contract("survey_responses").names
    return pd.DataFrame(found, columns=names if not found else None)


def study(**survey: Any) -> Study:
    return Study.from_data({"window": WINDOW, "survey": survey})


def tables(made: list[dict[str, str]], **survey: Any) -> dict[str, pd.DataFrame]:
    found = measured(rows(made), NOTHING, FORM, study(**survey))
    return {name: validate(contract(name), frame) for name, frame in found.items()}


MADE = responses(FORM, 240, 11)
MARGINS = [
    {"variables": ["region"], "totals": {"EU": 4, "US": 3, "CN": 2, "other": 1}, "source": "s"},
    {"variables": ["size"], "source": "s",
     "totals": {"1-9": 1, "10-49": 1, "50-249": 1, "250+": 1}},
]  # fmt: skip


def strong(found: dict[str, pd.DataFrame], weighting: str = "none") -> Any:
    items = found["out_survey_items"]
    mine = items[(items["answer"] == "strong") & (items["weighting"] == weighting)]
    return mine.set_index(["item", "region"])


def test_no_responses_make_empty_tables_that_say_so() -> None:
    found = tables([])
    assert found["out_survey_items"].empty
    assert found["out_survey_models"].empty
    (row,) = found["out_survey_quality"].to_dict("records")
    assert (row["n"], row["note"]) == (0, "no responses imported")


def test_shares_are_those_of_the_answers() -> None:
    found = tables(MADE)["out_survey_items"]
    mine = [one for one in MADE if one["country"] == "US" and one.get("law_clarity", "na") != "na"]
    chosen = (found["item"] == "law_clarity") & (found["region"] == "US")
    rest: Any = found[chosen].set_index("answer")
    for answer in "12345":
        share = np.mean([one["law_clarity"] == answer for one in mine])
        assert rest.loc[answer, "estimate"] == pytest.approx(share, abs=1e-7)
        assert rest.loc[answer, "low"] <= share <= rest.loc[answer, "high"]
    assert rest.loc["strong", "estimate"] == pytest.approx(
        rest.loc["4", "estimate"] + rest.loc["5", "estimate"], abs=1e-7
    )
    assert set(rest["n"]) == {len(mine)}


def test_every_row_says_synthetic() -> None:
    for frame in tables(MADE, margins=MARGINS).values():
        assert set(frame["responses"]) == {"synthetic"}
    real = measured(rows(MADE, synthetic=False), NOTHING, FORM, study())
    assert all(set(frame["responses"]) == {"real"} for frame in real.values())


def test_raked_shares_have_the_margins() -> None:
    made = [one for one in MADE if "size" in one]
    found = tables(made, margins=MARGINS)
    items = found["out_survey_items"]
    sizes = items[(items["item"] == "size") & (items["region"] == "all")]
    raked = sizes[sizes["weighting"] == "raked"]
    assert raked["estimate"].to_numpy() == pytest.approx(np.full(4, 0.25), abs=1e-6)
    assert (raked["effective_n"] < raked["n"]).all()
    assert (raked["n"].to_numpy() == sizes.loc[sizes["weighting"] == "none", "n"]).all()


def test_raking_that_fails_leaves_the_unweighted_results() -> None:
    found = tables(MADE, margins=MARGINS, bounds=(0.99, 1.01))
    assert set(found["out_survey_items"]["weighting"]) == {"none"}
    quality: Any = found["out_survey_quality"].set_index("quantity")
    assert "did not converge" in quality.loc["not_weighted", "note"]


def test_a_category_without_respondents_is_left_out_and_named() -> None:
    made = [one for one in MADE if one.get("size") != "1-9"]
    found = tables(made, margins=MARGINS)
    quality: Any = found["out_survey_quality"].set_index("quantity")
    assert "no respondent in 1-9 of size" in quality.loc["weighted", "note"]
    assert "keep a weight of one" in quality.loc["weighted", "note"]


def few(n: int) -> list[dict[str, str]]:
    """All respondents of the EU and the US, and n of China."""
    china = [one for one in MADE if one["country"] == "CN" and one.get("law_clarity", "na") != "na"]
    europe = [one for one in MADE if one["country"] in {"DE", "FR", "US"}]
    return europe + china[:n]


def test_small_cells_are_withheld_with_a_second_one() -> None:
    found = tables(few(4), margins=[MARGINS[1]])
    for weighting in ("none", "raked"):
        cells = strong(found, weighting).loc["law_clarity"]
        hidden = cells[cells["suppressed"]]
        assert "CN" in hidden.index
        assert len(hidden) == 2
        assert hidden[["estimate", "low", "high", "n", "effective_n"]].isna().all(axis=None)
        assert not cells.loc["all", "suppressed"]
    quality = found["out_survey_quality"]
    counts = quality[quality["quantity"] == "respondents"].set_index("about")["n"]
    assert counts.isna()[["CN"]].all()
    assert counts.isna().sum() == 2
    models = found["out_survey_models"]
    assert models.loc[models["region"] == "CN", "estimate"].isna().all()


def test_no_sum_of_shown_counts_gives_a_small_one() -> None:
    for n in (1, 4, 9, 10):
        cells = strong(tables(few(n))).reset_index()
        for _, part in cells.groupby("item"):
            numbers = part.set_index("region")["n"]
            if pd.notna(numbers["all"]):
                rest = numbers["all"] - numbers.drop("all").fillna(0).sum()
                assert rest == 0 or rest >= 10


def test_models_are_adjusted_over_the_barriers() -> None:
    models = tables(MADE)["out_survey_models"]
    plain = models[(models["adjusted"] == "none") & (models["region"] == "US")]
    assert len(plain) == len(FORM.barriers)
    assert (plain["p_holm"] >= plain["p_value"]).all()
    law = plain[plain["stage"] == "law_ethics"]
    assert (law["high"] < 0.2).all()
    assert (law["odds_ratio"] < 1).all()
    assert plain["p_parallel"].between(0, 1).all()


def test_separated_answers_are_refused_with_a_note() -> None:
    made = [{**one, "law_clarity": "5"} if one["country"] == "US" else one for one in MADE]
    models: Any = tables(made)["out_survey_models"].set_index(["item", "region", "adjusted"])
    row = models.loc[("law_clarity", "US", "none")]
    assert pd.isna(row["estimate"])
    assert "separated" in row["note"]
    assert pd.notna(models.loc[("law_privacy", "US", "none"), "estimate"])


def test_what_was_left_out_is_counted() -> None:
    reason = "role: none of the answers; its text is not kept"
    bad = pd.DataFrame({"table": ["survey_responses"] * 3 + ["papers"],
                        "reason": [reason] * 2 + ["no consent", "other"]})  # fmt: skip
    found = measured(rows(MADE), bad, FORM, study())["out_survey_quality"]
    left = found[found["quantity"] == "left_out"].set_index("about")["n"]
    assert left.to_dict() == {reason: 2, "no consent": 1}


def test_order_of_the_rows_changes_nothing() -> None:
    mixed = rows(MADE).sample(frac=1.0, random_state=3)
    again = measured(mixed, NOTHING, FORM, study(margins=MARGINS))
    for name, frame in measured(rows(MADE), NOTHING, FORM, study(margins=MARGINS)).items():
        pd.testing.assert_frame_equal(frame, again[name])
