from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure import cohort
from gapstudy.measure.hazards.draws import Draws, banded, independent
from gapstudy.measure.hazards.tables import BANDS, results
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.models.cox import cox
from gapstudy.measure.models.pooled import pool_fits
from gapstudy.measure.models.sample import Sample
from gapstudy.study import Study
from gapstudy.tables.checks import validate
from gapstudy.tables.out_hazards import TABLES

Frames = dict[str, pd.DataFrame]


def organised(tables: Frames, shared: int = 3) -> Frames:
    """The tables with some organisations, so that there are clusters."""
    rows = tables["paper_affiliations"].copy()
    number = rows["paper_id"].str[1:].astype(int) // shared
    rows["organisation"] = ("o" + number.astype(str)).astype("string[pyarrow]")
    return {**tables, "paper_affiliations": rows}


def without_products_of(tables: Frames, country: str) -> Frames:
    """The tables with no link of a result with an author in some country."""
    rows = tables["paper_affiliations"]
    gone = rows.loc[rows["country"] == country, "paper_id"]
    links = tables["links"]
    return {**tables, "links": links[~links["paper_id"].isin(gone)].reset_index(drop=True)}


@pytest.fixture(scope="module")
def made(tables: Frames, study: Study) -> Frames:
    return results(Inputs.of(organised(tables), study), study)


@pytest.fixture(scope="module")
def brief(study: Study) -> Study:
    """The study with two link sets."""
    return study.model_copy(update={"linking": study.linking.model_copy(update={"imputations": 2})})


def the(frame: pd.DataFrame, **where: object) -> dict[str, Any]:
    rows = frame
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return {str(key): value for key, value in rows.iloc[0].items()}


def test_tables_keep_their_contracts(made: Frames) -> None:
    for table in TABLES:
        frame = validate(table, made[table.name][table.names])
        assert not frame.duplicated(list(table.key)).any()
        missing = frame["p_value"].isna()
        assert (frame.loc[missing, "note"] != "").all()
    assert set(made) == {table.name for table in TABLES}


def test_the_headline_row_is_the_pooled_fit(tables: Frames, study: Study, made: Frames) -> None:
    inputs = Inputs.of(organised(tables), study)
    people = inputs.cohort
    weights = cohort.weights(
        people.papers, people.parties, study.regions.scheme, study.regions.counting
    )
    draws = Draws(people, people.drawn(inputs.links_used), weights, None)
    samples, _ = draws.samples(["EU"], "US")
    fits = [cox(sample) for sample in samples]
    pooled = pool_fits(fits, fits[0].clusters - len(fits[0].names))
    row = the(made["out_cox"], region="EU", versus="US", adjusted="no", band="all")
    assert row["estimate"] == pytest.approx(pooled["EU"], abs=1e-6)
    assert row["ratio"] == pytest.approx(np.exp(pooled["EU"]), abs=1e-6)
    assert row["fit"] == "robust"
    assert row["low"] < row["estimate"] < row["high"]
    assert (row["p_value"] < 0.05) == (row["low"] > 0 or row["high"] < 0)


def test_pairs_agree_with_each_other(made: Frames) -> None:
    for name in ("out_cox", "out_cloglog"):
        part = made[name].query("adjusted == 'no' and band == 'all'")
        eu_us, eu_cn, us_cn = (
            the(part, region=a, versus=b)["estimate"]
            for a, b in (("EU", "US"), ("EU", "CN"), ("US", "CN"))
        )
        assert eu_cn - eu_us == pytest.approx(us_cn, abs=5e-6)


def test_the_two_models_look_at_the_same_thing(made: Frames) -> None:
    where = {"region": "EU", "versus": "US", "adjusted": "no", "band": "all"}
    first, second = the(made["out_cox"], **where), the(made["out_cloglog"], **where)
    assert first["estimate"] == pytest.approx(second["estimate"], abs=0.15)


def test_a_region_without_products_has_a_penalised_ratio(tables: Frames, brief: Study) -> None:
    bare = without_products_of(without_products_of(organised(tables), "DE"), "FR")
    made = results(Inputs.of(bare, brief), brief, adjust=("year",))
    row = the(made["out_cox"], region="EU", versus="US", adjusted="no", band="all")
    assert row["fit"] == "penalised"
    assert row["note"].startswith("no product of EU results in 100% of the link sets")
    assert row["low"] < row["estimate"] < row["high"]
    assert row["estimate"] < 0
    grouped = the(made["out_cloglog"], region="EU", versus="US", adjusted="no", band="all")
    assert np.isnan(grouped["estimate"])
    assert grouped["fit"] == "none"
    kept = the(made["out_cox"], region="US", versus="CN", adjusted="no", band="all")
    assert kept["fit"] == "robust"
    assert (made["out_ph_test"].query("region == 'EU'")["note"] != "").all()


def test_too_few_results_are_not_shown(tables: Frames, brief: Study) -> None:
    measurement = brief.measurement.model_copy(update={"min_cell": 10_000})
    strict = brief.model_copy(update={"measurement": measurement})
    made = results(Inputs.of(organised(tables), strict), strict)
    for frame in made.values():
        assert frame["estimate"].isna().all()
        assert frame["note"].str.contains("fewer than 10000 results").all()


def test_no_product_at_all_leaves_notes(tables: Frames, brief: Study) -> None:
    bare = organised(tables)
    bare = {**bare, "links": bare["links"].iloc[:0]}
    made = results(Inputs.of(bare, brief), brief, adjust=("year",))
    for frame in made.values():
        assert frame["estimate"].isna().all()
        assert (frame["note"] != "").all()


def test_one_organisation_for_all_is_too_few_clusters(tables: Frames, brief: Study) -> None:
    made = results(Inputs.of(organised(tables, 1000), brief), brief, adjust=("year",))
    row = the(made["out_cox"], region="EU", versus="US", adjusted="no", band="all")
    assert "too few" in row["note"]


def test_twice_gives_the_same_bytes(tables: Frames, brief: Study) -> None:
    first, second = (
        results(Inputs.of(organised(tables), brief), brief, adjust=("year",)) for _ in range(2)
    )
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, second[name], check_exact=True)


def test_bands_without_a_product_are_left_out() -> None:
    time = np.array([1, 2, 4, 5, 1.5, 2.5, 6, 7, 8, 9.0])
    event = [1, 1, 1, 0, 1, 1, 0, 0, 1, 0]
    sample = Sample.of(time, event, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0], ["EU"])
    split, terms = banded([sample, sample], ["EU"], list(BANDS))
    assert terms == ["EU 0-3"]
    assert split[0].names == ("EU 0-3",)
    early = np.minimum(time, 3)
    cut = Sample.of(early, np.where(time <= 3, event, 0), sample.covariates, ["EU"])
    assert cox(split[0])["EU 0-3"] == pytest.approx(cox(cut)["EU"], abs=1e-9)


def test_covariates_that_others_give_are_left_out() -> None:
    x = np.array([[0, 1, 2, 1], [1, 0, 2, 1], [1, 1, 4, 1], [0, 0, 0, 1.0]])
    sample = Sample.of([1, 2, 3, 4], [1, 1, 1, 1], x, ["a", "b", "twice", "one"])
    assert independent(sample).names == ("a", "b")
    assert independent(replace(sample)).names == ("a", "b")
