from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure import conversion, specifications
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.conversion import Case
from gapstudy.measure.imputation import Spells
from gapstudy.regions import RegionScheme

RULES = specifications.Rules(
    10.0, 0.95, 10,
    {"europe": "EU27", "china": "mainland", "counting": "whole", "years": "all", "links": "both",
     "link_sets": "imputed"},
)  # fmt: skip


def sample(seed: int) -> tuple[list[Weights], dict[tuple[str, str], Spells]]:
    random = np.random.default_rng(seed)
    n = 150
    weights = []
    for europe in ("EU27", "EU28"):
        value = np.zeros((n, len(COLUMNS)))
        cut = 40 if europe == "EU27" else 60
        value[:cut, 0] = value[cut:130, 1] = value[130:, 2] = value[:, -1] = 1
        weights.append(Weights(RegionScheme(europe), "whole", value))
    spells = {}
    for links, draws in (("both", 4), ("model", 1)):
        time = random.exponential(15, (draws, n))
        event = time < 11
        name = "imputed" if draws > 1 else "0.5"
        spells[links, name] = Spells(np.minimum(time, 11), event, np.where(event, 0, -1))
    return weights, spells


@pytest.fixture
def grid() -> pd.DataFrame:
    weights, spells = sample(0)
    slices = specifications.halves(pd.Series(pd.date_range("2012-01-01", periods=150, freq="25D")))
    return specifications.grid(weights, spells, slices, RULES)


def test_every_combination_is_there_once(grid: pd.DataFrame) -> None:
    keys = [*specifications.CHOICES, "estimand", "region", "versus"]
    assert len(grid) == 2 * 2 * 3 * 2 * 2  # schemes, spells, years, estimands, pairs
    assert not grid.duplicated(keys).any()
    assert grid["headline"].sum() == 4


def test_the_headline_row_is_the_headline_estimate(grid: pd.DataFrame) -> None:
    weights, spells = sample(0)
    case = Case(
        {"scheme": "s", "counting": "whole"}, weights[0], spells["both", "imputed"], 0.95, 10
    )
    expected = conversion.conversion_differences(case, [5.0]).iloc[0]
    rows = grid[grid["headline"] & (grid["estimand"] == "conversion") & (grid["versus"] == "US")]
    for column in ("estimate", "low", "high", "p_value"):
        assert rows[column].iloc[0] == pytest.approx(expected[column])
    wait = conversion.rmst_differences(case, 10.0).iloc[0]
    rows = grid[grid["headline"] & (grid["estimand"] == "rmst") & (grid["versus"] == "US")]
    for column in ("estimate", "low", "high", "p_value"):
        assert rows[column].iloc[0] == pytest.approx(wait[column])


def test_halves_part_the_results() -> None:
    dates = pd.Series(pd.to_datetime(["2012-01-01", "2013-01-01", "2019-01-01", "2020-01-01"]))
    parts = specifications.halves(dates)
    assert list(parts) == ["all", "to 2015", "from 2016"]
    assert parts["to 2015"].tolist() == [True, True, False, False]


def test_summary_counts_agreement_and_finds_what_moves_most(grid: pd.DataFrame) -> None:
    made = grid[grid["estimand"] == "conversion"].copy()
    made["estimate"] = np.where(made["europe"] == "EU27", -0.10, 0.05)
    made["significant"] = (made["europe"] == "EU27").astype("boolean")
    summary = specifications.summary(made)
    row = summary[summary["versus"] == "US"].iloc[0]
    assert row["same_sign"] == 0.5
    assert row["same_significance"] == 0.5
    assert row["significant_negative"] == 0.5
    assert row["significant_positive"] == 0.0
    assert row["moves_most"] == "europe"
    assert row["moves_by"] == pytest.approx(0.15)
    assert (row["lowest"], row["highest"]) == (-0.10, 0.05)
    made["significant"] = False
    row = specifications.summary(made).query("versus == 'US'").iloc[0]
    assert (row["same_sign"], row["same_significance"]) == (0.5, 1.0)
    # Set against another value, the same estimates lie on one side of it.
    row = specifications.summary(made.assign(than=0.2)).query("versus == 'US'").iloc[0]
    assert (row["same_sign"], row["negative"]) == (1.0, 1.0)


def test_specifications_with_too_few_results_are_not_estimated(grid: pd.DataFrame) -> None:
    small = grid[(grid["years"] != "all") & (grid["versus"] == "CN")]
    assert small["n"].min() < 10
    assert small.loc[small["n"] < 10, "estimate"].isna().all()
    assert small.loc[small["n"] < 10, "significant"].isna().all()
