from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.errors import ContractError, FitError
from gapstudy.measure import numbers
from gapstudy.measure.numbers import Pattern
from gapstudy.measure.run import measure, run
from gapstudy.store import Store
from gapstudy.study import Study
from gapstudy.tables import ALL, contract
from gapstudy.tables.checks import validate

Frames = dict[str, pd.DataFrame]


def test_every_table_of_the_stage_is_made_and_keeps_its_contract(results: Frames) -> None:
    expected = {table.name for table in ALL.values() if table.writer == "measure"}
    assert set(results) == expected
    for name, frame in results.items():
        validate(contract(name), frame)


def test_same_inputs_give_the_same_bytes(
    tables: Frames, study: Study, results: Frames, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    for name, frame in tables.items():
        store.write(name, frame)
    run(store, study)
    again = Store(tmp_path / "again")
    for name, frame in results.items():
        again.write(name, frame)
        assert store.path(name).read_bytes() == again.path(name).read_bytes(), name


def test_order_of_input_rows_does_not_matter(tables: Frames, study: Study, results: Frames) -> None:
    mixed = {
        name: validate(contract(name), frame.sample(frac=1, random_state=1))
        for name, frame in tables.items()
    }
    again = measure(mixed, study)
    pd.testing.assert_frame_equal(again["out_numbers"], results["out_numbers"])


def test_each_number_is_the_cell_that_it_names(tables: Frames, results: Frames) -> None:
    frame = results["out_numbers"]
    assert frame["name"].is_unique
    for row in frame.to_dict("records"):
        table = {**tables, **results}[row["table"]]
        for column, value in json.loads(row["where"]).items():
            table = table[table[column] == value]
        assert len(table) == 1
        cell = table[row["column"]].iloc[0]
        assert (np.isnan(row["value"]) and pd.isna(cell)) or row["value"] == cell


def test_rows_lead_back_to_what_they_were_made_from(tables: Frames, results: Frames) -> None:
    """Every estimate's row has results behind it, and every result its paper."""
    everything = {**tables, **results}
    for name in ("out_conversion", "out_conversion_difference", "out_leakage", "out_shares",
                 "out_availability", "out_adoption", "out_coverage", "out_industry"):  # fmt: skip
        frame = results[name]
        for column in ("n", "credit"):
            if column in frame:
                frame = frame[frame[column] > 0]
        for origin in contract(name).origins:
            if origin.table not in everything:
                continue
            left, right = list(origin.on), list(origin.on.values())
            have = set(map(tuple, everything[origin.table][right].astype(str).to_numpy()))
            assert {tuple(row) for row in frame[left].astype(str).to_numpy()} <= have, name
    papers = set(tables["papers"]["paper_id"])
    assert set(results["out_cohort"]["paper_id"]) <= papers


def test_every_result_is_counted_in_every_scheme(tables: Frames, results: Frames) -> None:
    frame = results["out_cohort"]
    everyone = frame[frame["region"] == "all"]
    counts = everyone.groupby(["scheme", "counting"])["paper_id"].nunique()
    assert (counts == len(tables["papers"])).all()


def test_rates_come_from_the_study_frames_only(results: Frames) -> None:
    frame = results["out_cohort"]
    assert set(frame.loc[frame["population"] == "cohort", "frame"]) == {"award"}
    waiting = frame[frame["population"] == "waiting"]
    assert set(waiting["outcome"]) == {"not_followed"}
    assert waiting["paper_id"].nunique() == 10
    assert set(frame.loc[frame["population"] == "illustration", "frame"]) == {"technique"}
    assert set(results["out_conversion"]["population"]) == {"cohort"}
    everyone = results["out_conversion"]
    assert everyone.loc[everyone["region"] == "all", "n"].max() == 110
    shares = results["out_shares"]
    assert shares.loc[shares["frame"] == "award", "n"].max() == 120


def test_a_study_without_any_follow_up_rests_on_the_link_model(
    tables: Frames, study: Study
) -> None:
    made = measure({**tables, "followups": tables["followups"].iloc[:0]}, study)["out_conversion"]
    assert made["n"].max() == 120


def test_no_published_figure_is_lost(tables: Frames, results: Frames) -> None:
    shown = {
        name for table in ("out_published", "out_adoption", "out_data_sizes", "out_data_scale")
        for name in results[table]["indicator"]
    }  # fmt: skip
    assert shown == set(tables["indicators"]["indicator"])


def test_bound_is_never_below_the_main_estimate(results: Frames) -> None:
    frame = results["out_conversion"]
    frame = frame[(frame["counting"] == "whole") & frame["estimate"].notna()]
    key = ["links", "region", "horizon"]
    main, bound = (
        frame[frame["method"] == method].set_index(key)["estimate"]
        for method in ("imputed", "bound")
    )
    assert (bound >= main.loc[bound.index] - 1e-12).all()
    assert (bound > main.loc[bound.index]).any()


def test_conversion_rises_with_the_horizon(results: Frames) -> None:
    frame = results["out_conversion"].dropna(subset="estimate")
    groups = frame.sort_values("horizon").groupby(["counting", "links", "method", "region"])
    assert groups["estimate"].apply(lambda part: part.is_monotonic_increasing).all()


def test_estimates_lie_in_their_intervals(results: Frames) -> None:
    for name, frame in results.items():
        if {"estimate", "low", "high"} <= set(frame.columns):
            known = frame.dropna(subset=["estimate", "low", "high"])
            assert (known["low"] <= known["estimate"] + 1e-9).all(), name
            assert (known["estimate"] <= known["high"] + 1e-9).all(), name


def test_p_value_against_a_claims_own_value(results: Frames) -> None:
    row = results["out_numbers"].set_index("name").loc["conversion-10y-all"]
    assert row["high"] < 0.9
    assert row["p_value"] < 0.05


def test_counts_are_the_rows_that_their_selectors_pick(tables: Frames, results: Frames) -> None:
    frame = results["out_counts"]
    for row in frame.to_dict("records"):
        picked = 0
        for origin in contract("out_counts").origins:
            (mine, theirs), rows = next(iter(origin.on.items())), tables[origin.table]
            picked += len(rows) if pd.isna(row[mine]) else int((rows[theirs] == row[mine]).sum())
        assert picked == row["n"], row["name"]


def test_no_result_in_the_window_is_an_error(tables: Frames, make: Any) -> None:
    study = make.study(window={"start": "1990-01-01", "end": "1991-01-01", "cutoff": "2025-01-01"})
    with pytest.raises(FitError, match="lies in the window"):
        measure(tables, study)


@pytest.mark.parametrize("empty", ["links", "product_availability", "indicators", "followups"])
def test_an_empty_input_gives_tables_that_say_so(tables: Frames, study: Study, empty: str) -> None:
    for name, frame in measure({**tables, empty: tables[empty].iloc[:0]}, study).items():
        validate(contract(name), frame)


def test_two_rows_of_one_name_are_an_error(results: Frames) -> None:
    clash = Pattern("out_conversion", "same", "m", "share")
    with pytest.raises(ContractError, match="given by two rows"):
        numbers.table(results, [clash], {}, 0.95)
