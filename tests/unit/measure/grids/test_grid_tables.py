"""Every curve goes through the headline that it is about."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure.grids.names import curve_of
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.specifications import CHOICES, NONE
from gapstudy.study import Study

Frames = dict[str, pd.DataFrame]
KEY = ["estimand", "region", "versus"]


def test_the_choices_of_the_headline_give_the_number_of_the_headline(results: Frames) -> None:
    rows = results["out_specifications"]
    marked = rows[rows["headline"]]
    assert not marked.duplicated(KEY).any()
    heads = {tuple(str(row[key]) for key in KEY): row for row in marked.to_dict("records")}
    seen = set()
    for number in results["out_numbers"].to_dict("records"):
        curve = curve_of(str(number["name"]))
        if curve is None or curve not in heads:
            continue
        head = heads[curve]
        for ours, theirs in (("estimate", "value"), ("low", "low"), ("high", "high")):
            assert head[ours] == pytest.approx(number[theirs], abs=2e-9, nan_ok=True), number
        if np.isfinite(head["estimate"]):
            seen.add(curve[0])
    assert {"conversion", "rmst", "research_share", "industry_share", "conversion_all"} <= seen


def test_every_combination_is_there_once(results: Frames) -> None:
    rows = results["out_specifications"]
    assert not rows.duplicated([*KEY, *CHOICES]).any()
    assert {
        "conversion", "rmst", "conversion_all", "research_share", "industry_share", "leakage",
        "productisation",
    } <= set(rows["estimand"])  # fmt: skip
    known = rows["estimate"].notna()
    assert (rows.loc[known, "note"] == "").all()
    assert (rows.loc[~known, "note"] != "").all()
    assert rows.loc[known, "significant"].notna().all()


def test_a_choice_that_does_not_apply_is_none_and_explains_nothing(results: Frames) -> None:
    rows, shares = results["out_specifications"], results["out_specification_variance"]
    research = rows[rows["estimand"] == "research_share"]
    assert (research[["links", "link_sets", "part", "horizon"]] == NONE).all(axis=None)
    named = set(shares.loc[shares["estimand"] == "research_share", "choice"])
    assert named.isdisjoint({"links", "link_sets", "part", "horizon"})
    assert {"europe", "counting", "together"} <= named


def test_agreement_is_counted_from_the_value_that_a_headline_is_set_against(
    results: Frames,
) -> None:
    rows = results["out_specifications"]
    mine = rows[(rows["estimand"] == "conversion_all") & rows["estimate"].notna()]
    row = results["out_specification_summary"].set_index("estimand").loc["conversion_all"]
    assert row["than"] == 0.5
    assert row["negative"] == pytest.approx((mine["estimate"] < 0.5).mean())


def test_without_a_product_its_links_are_gone_and_no_other_draw_moves(
    tables: Frames, study: Study
) -> None:
    people = Inputs.of(tables, study).cohort
    before = people.drawn("both")
    used, often = np.unique(before.product[before.event], return_counts=True)
    gone = np.array([used[often.argmax()]])
    after = people.without(gone).drawn("both")
    assert not np.isin(after.product, gone).any()
    other = ~np.isin(before.product, gone)
    for name in ("time", "event", "product"):
        np.testing.assert_array_equal(getattr(after, name)[other], getattr(before, name)[other])
    # Who loses the product waits longer for the next one, or to the end.
    assert (after.time[~other] >= before.time[~other]).all()
    assert dataclasses.asdict(people)["papers"].equals(people.papers)
