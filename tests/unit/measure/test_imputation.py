from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.imputation import (
    YEAR,
    Candidates,
    Spells,
    candidates,
    draw,
    threshold,
    unclear_as_found,
)

CUTOFF = int(np.datetime64("2025-10-31").astype(int))


@pytest.fixture
def table(make: Any) -> Candidates:
    papers = pd.DataFrame([make.paper(f"p{i}", d) for i, d in enumerate(
        ["2015-06-15", "2016", "2018-03", "2019-01-01", "2020-01-01"])])  # fmt: skip
    products = pd.DataFrame([
        make.product("after", "2017-06-15", "US"), make.product("later", "2019-06-15", "DE"),
        make.product("before", "2010-01-01", "US"), make.product("same-year", "2016", "US"),
        make.product("future", "2026-01-01", "US"),
    ])  # fmt: skip
    links = pd.DataFrame([
        make.link("p0", "later", 1.0), make.link("p0", "after", 0.5),
        make.link("p0", "before", 1.0), make.link("p1", "same-year", 1.0),
        make.link("p2", "before", 1.0), make.link("p3", "later", 0.4, basis="followup"),
        make.link("p3", "future", 1.0), make.link("gone", "later", 1.0),
    ])  # fmt: skip
    for frame in (papers, products):
        frame["date_from"] = pd.to_datetime(frame["date_from"])
        frame["date_to"] = pd.to_datetime(frame["date_to"])
    follow = pd.DataFrame(
        [make.followup("p3", "found", "later"), make.followup("p4", "unclear", None)]
    )
    return candidates(papers, products, links, follow, 0.95)


def test_first_product_is_the_earliest_drawn_one(table: Candidates) -> None:
    spells = draw(table, "both", CUTOFF, 400, [1])
    lag = np.array([731, 1461]) / YEAR
    early = np.isclose(spells.time[:, 0], lag[0])
    assert early.mean() == pytest.approx(0.5, abs=0.08)
    assert np.isclose(spells.time[~early, 0], lag[1]).all()
    assert spells.event[:, 0].all()


def test_a_product_before_its_result_never_ends_a_spell(table: Candidates) -> None:
    spells = draw(table, "both", CUTOFF, 50, [1])
    assert not spells.event[:, 2].any()
    assert (spells.product[:, 2] == -1).all()
    assert (spells.time >= 0).all()


def test_dates_within_one_year_give_a_product_only_in_draws_that_put_them_in_order(
    table: Candidates,
) -> None:
    spells = draw(table, "both", CUTOFF, 600, [2])
    assert spells.event[:, 1].mean() == pytest.approx(0.5, abs=0.07)
    assert (spells.time[spells.event[:, 1], 1] < 1).all()


def test_a_product_after_the_cut_off_leaves_the_result_censored(table: Candidates) -> None:
    spells = draw(table, "model", CUTOFF, 20, [3])
    assert not spells.event[:, 3].any()
    expected = (CUTOFF - np.datetime64("2019-01-01").astype(int)) / YEAR
    np.testing.assert_allclose(spells.time[:, 3], expected)


def test_evidence_can_be_chosen(table: Candidates) -> None:
    followup = draw(table, "followup", CUTOFF, 500, [4])
    assert followup.event[:, 3].mean() == pytest.approx(0.95, abs=0.04)
    assert not followup.event[:, [0, 1, 2, 4]].any()


def test_the_choice_of_evidence_does_not_change_the_luck(table: Candidates) -> None:
    model, both = (draw(table, links, CUTOFF, 50, [5]) for links in ("model", "both"))
    np.testing.assert_array_equal(model.time[:, :3], both.time[:, :3])


def test_threshold_takes_links_as_certain(table: Candidates) -> None:
    spells = threshold(table, "both", CUTOFF, 0.6)
    assert spells.time.shape == (1, 5)
    assert spells.event[0].tolist() == [True, True, False, True, False]
    assert threshold(table, "both", CUTOFF, 0.5).time[0, 0] == pytest.approx(731 / YEAR)


def test_unclear_results_take_a_lag_that_fits_their_follow_up(table: Candidates) -> None:
    spells = draw(table, "both", CUTOFF, 100, [6])
    bound = unclear_as_found(spells, table.outcome, [7])
    assert bound.event[:, 4].all()
    assert (bound.time[:, 4] <= spells.time[:, 4]).all()
    donated = [bound.time[m, 4] in spells.time[m, spells.event[m]] for m in range(len(spells.time))]
    assert np.mean(donated) > 0.9
    np.testing.assert_array_equal(bound.time[:, :4], spells.time[:, :4])


def test_unclear_without_any_donor_gets_a_lag_within_its_follow_up() -> None:
    spells = Spells(np.array([[4.0]]), np.array([[False]]), np.array([[-1]]))
    bound = unclear_as_found(spells, np.array(["unclear"]), [0])
    assert bound.event.all()
    assert 0 <= bound.time.item() <= 4


def test_a_result_after_the_cut_off_is_an_error(table: Candidates) -> None:
    with pytest.raises(FitError, match="after the cut-off"):
        draw(table, "both", int(np.datetime64("2018-01-01").astype(int)), 2, [0])


def test_no_link_at_all(make: Any) -> None:
    papers = pd.DataFrame([make.paper("p", "2015-01-01")]).assign(
        date_from=pd.Timestamp("2015-01-01"), date_to=pd.Timestamp("2015-01-01")
    )
    products = papers.rename(columns={"paper_id": "product_id"})
    links = pd.DataFrame([make.link("other", "p", 0.5)])
    follow = pd.DataFrame([make.followup("other", "unclear", None)])
    spells = draw(candidates(papers, products, links, follow, 0.9), "both", CUTOFF, 3, [0])
    assert not spells.event.any()
