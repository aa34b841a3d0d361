"""Covariates, clusters, samples, entry, the table of spells and the account of exclusions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.errors import FitError
from gapstudy.measure import cohort
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.spells import clusters, covariates, exclusions, sample
from gapstudy.measure.spells.entry import entry, rule
from gapstudy.measure.spells.tables import results
from gapstudy.study import Study
from gapstudy.tables import out_spells
from gapstudy.tables.checks import validate

Frames = dict[str, pd.DataFrame]


def _papers(make: Any, count: int = 4, **changes: Any) -> pd.DataFrame:
    rows = [make.paper(f"p{i}", f"{2015 + i}-06-15") for i in range(count)]
    frame = pd.DataFrame(rows).assign(**changes)
    for column in ("date_from", "date_to"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


def _parties(papers: pd.DataFrame, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return cohort.parties(papers, pd.DataFrame(rows))


@pytest.fixture(scope="module")
def inputs(tables: Frames, study: Study) -> Inputs:
    return Inputs.of(tables, study)


def test_clusters_by_first_organisation_and_by_chains(make: Any) -> None:
    papers = _papers(make, 5)
    rows = _parties(papers, [
        make.party("p0", 1, "US", organisation_id="a"),
        make.party("p0", 2, "US", organisation_id="b"),
        make.party("p1", 1, "US", organisation_id="b"),
        make.party("p2", 1, "US", organisation_id="a"),
        make.party("p3", 1, "US", organisation="by name"),
    ])  # fmt: skip
    assert clusters(papers, rows).tolist() == [0, 1, 0, 2, 3]
    assert clusters(papers, rows, "connected").tolist() == [0, 0, 0, 1, 2]
    assert clusters(papers, rows, "result").tolist() == [0, 1, 2, 3, 4]


def test_covariates_and_the_reasons_for_those_that_are_absent(make: Any) -> None:
    papers = _papers(make, venue=["NeurIPS", "NeurIPS", "ACL", ""])
    rows = _parties(papers, [
        make.party("p0", 1, "US", kind="industry", author=1),
        make.party("p0", 2, "US", kind="academia", author=2),
        make.party("p0", 3, "US", kind="academia", author=2),
        make.party("p1", 1, "US", kind="mixed", author=1),
    ])  # fmt: skip
    found = covariates(papers, rows, {})
    assert found.names == ("field: language", "industry", "team", "year")
    column = dict(zip(found.names, found.values.T, strict=True))
    assert column["industry"].tolist() == [0.5, 0.5, 0.5, 0.5]  # half of the authors; half: mixed
    assert found.missing[:, 1].tolist() == [False, False, True, True]
    assert column["field: language"][:3].tolist() == [0, 0, 1]
    assert found.missing[3, 0]
    assert column["team"][:2].tolist() == [np.log(2), 0.0]
    assert column["year"].mean() == pytest.approx(0)
    assert set(found.absent) == {"citations", "open code"}
    with pytest.raises(FitError, match="paper_artifacts is empty"):
        found.only(("open code",))
    with pytest.raises(FitError, match="no covariate 'fame'"):
        covariates(papers, rows, {}, ("fame",))


def test_code_counts_as_open_only_when_it_was_open_in_time(make: Any) -> None:
    papers = _papers(make)
    artifacts = pd.DataFrame({
        "paper_id": ["p0", "p1", "p2", "p3"], "relation": ["own", "own", "own", "other"],
        "date_from": pd.to_datetime(["2015-09-01", "2019-01-01", "NaT", "2018-06-15"]),
        "probability": [0.9, 0.9, 0.9, 0.9],
    })  # fmt: skip
    found = covariates(papers, _parties(papers, [make.party("p0", 1, "US")]),
                       {"paper_artifacts": artifacts}, ("open code",))  # fmt: skip
    assert found.values[[0, 1, 3], 0].tolist() == [0.9, 0.0, 0.0]
    assert found.missing[:, 0].tolist() == [False, False, True, False]


def test_missing_covariates_get_one_indicator_or_values_of_others(make: Any) -> None:
    papers = _papers(make, 40)
    rows = _parties(papers, [
        make.party(f"p{i}", 1, "US", kind=("industry", "academia")[i % 2]) for i in range(20)
    ])  # fmt: skip
    found = covariates(papers, rows, {}, ("industry", "year"))
    values, names = found.filled()
    assert names == ("industry", "year", "industry missing")
    assert values[:, 2].tolist() == [0.0] * 20 + [1.0] * 20
    event = np.arange(40) % 2 == 0  # exactly those of industry, where it is known
    drawn, same = found.filled("draw", event=event, seed=[1])
    assert same == ("industry", "year")
    assert drawn[20:, 0].tolist() == event[20:].astype(float).tolist()
    with pytest.raises(FitError, match="cannot be drawn"):
        found.filled("draw")


def test_a_sample_has_a_row_for_each_region_of_a_result(inputs: Inputs, study: Study) -> None:
    people = inputs.cohort
    spells = people.drawn("both")
    weights = cohort.weights(people.papers, people.parties, study.regions.scheme, "fractional")
    found = covariates(people.papers, people.parties, inputs.frames)
    parts = [sample(people, spells, m, weights, covariates=found) for m in range(2)]
    one = parts[0]
    assert one.names == parts[1].names
    assert one.names[:4] == ("EU", "CN", "other", "unknown")
    # Unknown region and unknown industry are the same results: one column, not two alike.
    assert "industry missing" not in one.names
    assert np.linalg.matrix_rank(np.column_stack([np.ones(one.n), one.covariates])) == (
        len(one.names) + 1
    )
    assert one.weight.sum() == pytest.approx(len(people.papers))
    assert one.n == int((weights.value[:, :5] > 0).sum())
    region = one.covariates[:, :4].sum(axis=1)
    assert (region == 0).sum() == (weights.value[:, 1] > 0).sum()  # the US is the reference


def test_kinds_of_events_agree_with_each_other(inputs: Inputs, study: Study) -> None:
    people = inputs.cohort
    spells = people.drawn("both")
    weights = cohort.weights(people.papers, people.parties, study.regions.scheme, "whole")
    any_, home, region = (
        sample(people, spells, 0, weights, kinds=kind) for kind in ("any", "home", "region")
    )
    assert ((any_.event > 0) == (home.event > 0)).all()
    assert ((any_.event > 0) == (region.event > 0)).all()
    us = any_.covariates.sum(axis=1) == 0
    assert (home.event[us & (region.event == 2)] == 1).all()
    assert (home.event[us & (region.event == 1)] == 2).all()
    with pytest.raises(FitError, match="no region of the sample"):
        sample(people, spells, 0, weights, regions=("EU", "CN"))
    with pytest.raises(FitError, match="no link set 99"):
        sample(people, spells, 99, weights)


def test_late_entry_follows_its_rule_and_leaves_out_what_was_never_seen(
    make: Any, inputs: Inputs, study: Study
) -> None:
    papers = _papers(make, frame=["feed", "feed", "award", "feed"])
    days = {"feed": dt.date(2016, 12, 15)}
    assert entry(papers, days).round(1).tolist() == [1.5, 0.5, 0.0, 0.0]
    assert rule(papers, days).tolist() == ["observed from 2016-12-15"] * 2 + ["", ""]
    people = inputs.cohort
    spells = people.drawn("both")
    weights = cohort.weights(people.papers, people.parties, study.regions.scheme, "whole")
    late = sample(people, spells, 0, weights, entry=np.full(len(people.papers), 4.0))
    every = sample(people, spells, 0, weights)
    assert late.n == int((every.time > 4).sum())
    assert late.names == every.names


def test_the_account_of_exclusions_adds_up_and_agrees_with_the_analysis(
    inputs: Inputs, study: Study
) -> None:
    made = results(inputs, study)
    flow = validate(out_spells.EXCLUSIONS, made["out_exclusions"])
    every = flow[(flow["unit"] == "result") & (flow["frame"] == "all")
                 & (flow["region"] == "all")].set_index("step")  # fmt: skip
    assert every["n_in"].iloc[0] == len(inputs.frames["papers"])
    assert every.loc["late_entry", "n_kept"] == len(inputs.cohort.papers)
    assert every.loc["not_followed", "n_out"] == len(inputs.waiting.papers)
    assert every.loc["other_frame", "n_out"] == len(inputs.illustration.papers)
    broken = flow.copy()
    broken.loc[broken.index[3], "n_out"] += 1
    with pytest.raises(FitError, match="does not add up"):
        exclusions.check(broken, len(inputs.cohort.papers))
    with pytest.raises(FitError, match="does not add up"):
        exclusions.check(flow, len(inputs.cohort.papers) + 1)


def test_each_exclusion_is_counted_at_its_first_reason(tables: Frames, study: Study) -> None:
    changed = dict(tables)
    papers = changed["papers"].copy()
    # One before the window, one of it in another frame too: it leaves for its date.
    early = papers["paper_id"].isin(["p001", "p130"])
    for column in ("date_from", "date_to"):
        papers.loc[early, column] = pd.Timestamp("2005-01-01")
    merged = dict.fromkeys(changed["same_as"].columns) | {
        "kind": "paper", "id": "old", "kept_id": "p002", "relation": "same"}  # fmt: skip
    changed["papers"], changed["same_as"] = papers, pd.DataFrame([merged])
    changed["quarantine"] = pd.DataFrame({"table": ["papers", "products"], "kept": [False, False]})
    inputs = Inputs.of(changed, study)
    flow = results(inputs, study)["out_exclusions"]
    out = flow[(flow["unit"] == "result") & (flow["region"] == "all")]
    every = out[out["frame"] == "all"].set_index("step")["n_out"]
    assert every["before_window"] == 2
    assert every["duplicate"] == 1
    assert every["unusable"] == 1
    award = out[out["frame"] == "award"].set_index("step")
    assert award.loc["duplicate", "n_out"] == 1
    assert award.loc["before_window", "n_out"] == 1
    assert out[out["frame"] == "not known"]["n_in"].iloc[0] == 1


def test_the_table_of_spells_holds_each_result_once(inputs: Inputs, study: Study) -> None:
    table = validate(out_spells.SPELLS, results(inputs, study)["out_spells"])
    assert table["paper_id"].is_unique
    assert len(table) == len(inputs.papers)
    places = [name for name in table.columns if str(name).startswith("destination_")]
    np.testing.assert_allclose(table[places].sum(axis=1), table["event_probability"])
    some = table["event_probability"] > 0
    assert table.loc[~some, "lag_years"].isna().all()
    assert (table.loc[some, "lag_low"] <= table.loc[some, "lag_years"]).all()
    assert (table.loc[some, "lag_years"] <= table.loc[some, "lag_high"]).all()
    assert (table["follow_up_low"] <= table["follow_up_high"]).all()
    assert ((table["censoring"] == "none") == (table["event_probability"] == 1)).all()
    drawn = inputs.cohort.drawn(inputs.links_used)
    mine = table.set_index("paper_id").loc[inputs.cohort.papers["paper_id"]]
    np.testing.assert_allclose(mine["event_probability"], drawn.event.mean(axis=0))
    first = int(np.flatnonzero(drawn.event.any(axis=0))[0])
    times = drawn.time[drawn.event[:, first], first]
    assert mine["lag_years"].iloc[first] == pytest.approx(np.median(times))
