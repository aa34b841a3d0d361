from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure import cohort, conversion
from gapstudy.measure.conversion import Case
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.survival_suite.lookback import Lags, lag_rows
from gapstudy.measure.survival_suite.tables import results
from gapstudy.study import Study
from gapstudy.tables.checks import validate
from gapstudy.tables.out_survival import TABLES

Frames = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def inputs(tables: dict[str, pd.DataFrame], study: Study) -> Inputs:
    return Inputs.of(tables, study)


@pytest.fixture(scope="module")
def case(inputs: Inputs, study: Study) -> Case:
    people, regions = inputs.cohort, study.regions
    weight = cohort.weights(people.papers, people.parties, regions.scheme, regions.counting)
    spells = people.drawn(inputs.links_used)
    return Case({}, weight, spells, study.measurement.confidence, study.measurement.min_cell)


@pytest.fixture(scope="module")
def made(inputs: Inputs, study: Study) -> Frames:
    return results(inputs, study, band_draws=4000)


def test_every_table_keeps_its_contract_and_says_why_where_it_is_missing(made: Frames) -> None:
    for table in TABLES:
        frame = validate(table, made[table.name].sort_values(list(table.key)))
        assert len(frame)
        if "estimate" in frame and "note" in frame:
            assert (frame["estimate"].notna() | (frame["note"] != "")).all()
    tests = made["out_equality_tests"]
    assert (tests["p_value"].notna() == (tests["note"] == "")).all()


def test_bands_hold_the_curve_and_its_intervals(made: Frames, case: Case) -> None:
    band = made["out_bands"]
    assert (band["low"] <= band["point_low"] + 1e-9).all()
    assert (band["point_high"] <= band["high"] + 1e-9).all()
    assert (band["critical"] > 1.96).all()
    curve = conversion.curve_table(case, 10.0)
    both = band.merge(curve, on=["region", "years"])
    assert len(both) == len(band)
    np.testing.assert_allclose(both["estimate_x"], both["estimate_y"], atol=1e-6)
    np.testing.assert_allclose(both["point_low"], both["low_y"], atol=1e-6)


def test_regions_alone_give_back_the_differences_of_the_curves(made: Frames, case: Case) -> None:
    mine = made["out_pseudo_regression"]
    mine = mine[(mine["model"] == "regions") & (mine["link"] == "identity")
                & (mine["outcome"] == "incidence") & (mine["term"] == "EU")]  # fmt: skip
    gaps = conversion.conversion_differences(case, [3.0, 5.0, 10.0])
    gaps = gaps[(gaps["region"] == "EU") & (gaps["versus"] == "US")]
    both = mine.merge(gaps, on="horizon")
    assert len(both) == 3
    np.testing.assert_allclose(both["estimate_x"], both["estimate_y"], atol=1e-5)


def test_ratios_are_those_of_the_means(made: Frames, case: Case) -> None:
    ratio = made["out_rmst_ratio"]
    means = conversion.rmst_table(case, 10.0).set_index("region")["estimate"]
    row = ratio[(ratio["quantity"] == "restricted mean") & (ratio["region"] == "EU")
                & (ratio["versus"] == "US")].iloc[0]  # fmt: skip
    assert row["estimate"] == pytest.approx(means["EU"] / means["US"], rel=0.01)
    assert row["low"] < row["estimate"] < row["high"]


def test_same_input_same_output(made: Frames, inputs: Inputs, study: Study) -> None:
    again = results(inputs, study, band_draws=4000)
    for name, frame in made.items():
        pd.testing.assert_frame_equal(frame, again[name])


def test_a_large_cell_empties_the_tables_and_says_so(inputs: Inputs, study: Study) -> None:
    data = study.model_copy(
        update={"measurement": study.measurement.model_copy(update={"min_cell": 60})}
    )
    made = results(inputs, data, band_draws=500)
    assert set(made["out_bands"]["region"]) == {"US", "all"}
    assert made["out_equality_tests"]["p_value"].isna().all()
    assert made["out_pseudo_regression"]["estimate"].isna().all()
    assert made["out_rmst_ratio"]["note"].str.contains("fewer than 60").all()


def test_looking_back_recovers_the_lags_of_all_products() -> None:
    random = np.random.default_rng(3)
    lag, limit = random.exponential(4, 3000), random.uniform(0, 14, 3000)
    seen = lag <= limit
    count = int(seen.sum())
    one = Lags(lag[seen], limit[seen], np.arange(count))
    rows = lag_rows({}, [one, one], np.zeros(count, np.int64), 10.0, 0.95, 10)
    at = rows[(rows["region"] == "EU") & (rows["measure"] == "share") & (rows["point"] == 2.0)]
    truth = (1 - np.exp(-2 / 4)) / (1 - np.exp(-10 / 4))
    value = at.set_index("estimator")
    assert value.loc["reverse time", "low"] < truth < value.loc["reverse time", "high"]
    assert value.loc["naive", "low"] > truth
    median = rows[(rows["region"] == "all") & (rows["measure"] == "quantile")
                  & (rows["point"] == 0.5)].set_index("estimator")  # fmt: skip
    half = -4 * np.log(1 - 0.5 * (1 - np.exp(-10 / 4)))
    assert median.loc["reverse time", "estimate"] == pytest.approx(half, abs=0.5)
    assert (rows["longest"] == 10.0).all()
    assert rows[rows["region"] == "CN"]["note"].str.contains("fewer than 10").all()
