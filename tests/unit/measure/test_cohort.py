from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure import cohort
from gapstudy.measure.imputation import Spells
from gapstudy.regions import RegionScheme
from gapstudy.study import Window

from .frames import pick, typed

Frames = dict[str, pd.DataFrame]


@pytest.fixture
def papers(make: Any) -> pd.DataFrame:
    return typed([make.paper("a", "2015-01-01"), make.paper("b", "2019-06"),
                  make.paper("c", "2021-01-01")])  # fmt: skip


@pytest.fixture
def rows(papers: pd.DataFrame, make: Any) -> pd.DataFrame:
    affiliations = pd.DataFrame([
        make.party("a", 1, "DE"), make.party("a", 2, "US"), make.party("a", 3, "US"),
        make.party("b", 1, "GB"), make.party("b", 2, "HK"),
    ])  # fmt: skip
    return cohort.parties(papers, affiliations)


def credits_of(papers: pd.DataFrame, rows: pd.DataFrame, *choice: Any) -> pd.DataFrame:
    weight = cohort.weights(papers, rows, choice[0], choice[1])
    return pd.DataFrame(weight.value, index=["a", "b", "c"], columns=list(cohort.COLUMNS))


def test_fractional_credit_splits_one_and_all_counts_every_result_once(
    papers: pd.DataFrame, rows: pd.DataFrame
) -> None:
    table = credits_of(papers, rows, RegionScheme(), "fractional")
    assert table.loc["a", "EU"] == pytest.approx(1 / 3)
    assert table.loc["a", "US"] == pytest.approx(2 / 3)
    np.testing.assert_allclose(table.drop(columns="all").sum(axis=1), 1)
    assert (table["all"] == 1).all()


def test_a_result_without_organisations_is_unknown_and_not_lost(
    papers: pd.DataFrame, rows: pd.DataFrame
) -> None:
    for counting in ("whole", "fractional", "first"):
        table = credits_of(papers, rows, RegionScheme(), counting)
        assert table.loc["c", "unknown"] == 1


def test_scheme_moves_credit(papers: pd.DataFrame, rows: pd.DataFrame) -> None:
    narrow = credits_of(papers, rows, RegionScheme(), "whole").loc["b"]
    wide = credits_of(papers, rows, RegionScheme("EU28", "with_hk_mo"), "whole").loc["b"]
    member = credits_of(papers, rows, RegionScheme("membership"), "whole").loc["b"]
    assert (narrow["EU"], narrow["CN"], narrow["other"]) == (0, 0, 1)
    assert (wide["EU"], wide["CN"], wide["other"]) == (1, 1, 0)
    assert member["EU"] == 1  # the United Kingdom was a member in June 2019


def test_window_takes_the_middle_of_the_interval(make: Any) -> None:
    papers = typed([make.paper(date, date) for date in ("2011", "2012", "2022-12-31", "2023-01")])
    window = Window(
        start=dt.date(2012, 1, 1), end=dt.date(2022, 12, 31), cutoff=dt.date(2025, 1, 1)
    )
    assert cohort.within(papers, window)["paper_id"].tolist() == ["2012", "2022-12-31"]


def test_cohort_table_names_the_modal_product(
    papers: pd.DataFrame, rows: pd.DataFrame, make: Any
) -> None:
    products = typed([make.product("x", "2016-01-01", "FR"), make.product("y", "2017", "US")])
    spells = Spells(
        np.array([[1.0, 5.0, 4.0], [2.0, 5.0, 4.0], [2.0, 5.0, 4.0], [9.0, 5.0, 4.0]]),
        np.array([[True, False, False]] * 3 + [[False] * 3]),
        np.array([[0, -1, -1], [1, -1, -1], [1, -1, -1], [-1, -1, -1]]),
    )
    weight = cohort.weights(papers, rows, RegionScheme(), "whole")
    table = cohort.table(
        papers, weight, spells, products, np.array(["found", "unclear", "none_found"]), "cohort",
        pd.Timestamp("2025-01-01"),
    )  # fmt: skip
    first = pick(table, paper_id="a", region="EU")
    assert first["product_id"] == "y"
    assert first["destination"] == "US"
    assert first["probability"] == 0.75
    assert first["lag_years"] == pytest.approx(5 / 3)
    assert first["follow_up_years"] == pytest.approx(10, abs=0.01)
    none = pick(table, paper_id="b", region="other")
    assert (none["product_id"], none["destination"], none["probability"]) == ("", "", 0)
    assert np.isnan(none["lag_years"])
