from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.conversion import Case
from gapstudy.measure.imputation import Spells
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.parametric import groups, tables
from gapstudy.regions import RegionScheme
from gapstudy.study import Study
from gapstudy.tables import out_parametric
from gapstudy.tables.checks import validate
from tests.unit.measure.frames import pick

CONTRACTS = {item.name: item for item in out_parametric.TABLES}
LABELS = {"scheme": "EU27/mainland", "counting": "whole", "population": "cohort", "links": "both",
          "method": "imputed"}  # fmt: skip


def case(end: float, n: int = 400, sets: int = 2, share: float = 0.5) -> Case:
    """Results of the EU (twice as slow), the US and, very few, China; some of two regions."""
    random = np.random.default_rng(0)
    weight = np.zeros((n, len(COLUMNS)))
    place = np.where(np.arange(n) < 12, 2, np.arange(n) % 2)
    weight[np.arange(n), place] = 1.0
    weight[20:40, :2] = 1.0
    weight[:, -1] = 1.0
    time = np.exp(0.3 + np.log(2) * (place == 0) + 0.5 * random.standard_normal((sets, n)))
    ever = (random.random(n) < share) & ~((place == 2) & (np.arange(n) > 1))
    stop = random.uniform(end / 2, end, n)
    event = ever & (time <= stop)
    spells = Spells(np.where(event, time, stop), event, np.where(event, 0, -1))
    whole = Weights(RegionScheme("EU27", "mainland"), "whole", weight)
    return Case(LABELS, whole, spells, 0.95, 10)


@pytest.fixture(scope="module")
def long() -> dict[str, pd.DataFrame]:
    made = tables.tables(case(40.0), 5.0, 0.05)
    return {name: validate(CONTRACTS[name], frame) for name, frame in made.items()}


def test_a_study_gives_valid_tables_with_reasons(
    tables: dict[str, pd.DataFrame], study: Study
) -> None:
    from gapstudy.measure.parametric.tables import results

    made = results(Inputs.of(tables, study), study)
    frames = {name: validate(CONTRACTS[name], frame) for name, frame in made.items()}
    assert set(frames) == {"out_aft", "out_cure", "out_followup_test", "out_parametric_curve"}
    missing = frames["out_aft"]["estimate"].isna()
    assert (frames["out_aft"].loc[missing, "note"] != "").all()
    hidden = frames["out_cure"].query("not shown")
    assert len(hidden)
    assert hidden["estimate"].isna().all()
    assert (hidden["note"] != "").all()
    again = results(Inputs.of(tables, study), study)
    assert all(made[name].equals(again[name]) for name in made)


def test_known_truth_comes_back(long: dict[str, pd.DataFrame]) -> None:
    of = {"distribution": "log-normal", "region": "EU", "versus": "US"}
    ratio = pick(long["out_cure"], term="time_ratio", **of)
    assert ratio["low"] < 2 < ratio["high"]
    gap = pick(long["out_cure"], term="share_difference", **of)
    assert gap["low"] < 0 < gap["high"]
    share = pick(long["out_cure"], term="eventual_share", region="all", distribution="log-normal")
    assert share["low"] < 0.5 < share["high"]
    assert share["shown"]
    assert share["note"] == ""
    test = pick(long["out_cure"], term="no_cure", region="all", distribution="log-normal")
    assert test["p_value"] < 0.001
    assert long["out_followup_test"].query("region == 'all'")["sufficient"].all()
    curve = long["out_parametric_curve"].query("model == 'cure' and region == 'US'")
    assert curve["estimate"].is_monotonic_increasing
    assert curve["estimate"].iloc[-1] == pytest.approx(0.5, abs=0.1)


def test_few_events_give_a_note_and_no_number(long: dict[str, pd.DataFrame]) -> None:
    for name in ("out_aft", "out_cure"):
        rows = long[name].query("region in ('CN', 'other')")
        assert len(rows)
        assert rows["estimate"].isna().all()
        assert rows["note"].str.startswith("not enough data").all()


def test_short_follow_up_hides_the_cure_model() -> None:
    made = tables.tables(case(2.5), 5.0, 0.05)
    rows = made["out_cure"].query("part != 'test'")
    assert not rows["shown"].any()
    assert rows.query("region == 'US'")["note"].str.startswith("follow-up is not").all()
    quantiles = made["out_aft"].query("term == 'median' and region == 'EU'")
    assert quantiles["estimate"].isna().all()
    assert quantiles["note"].str.contains("longest follow-up").all()


def test_a_cured_part_that_is_not_needed_is_doubted() -> None:
    # Nearly all convert, but follow-up goes on for long: the tests of follow-up pass.
    made = tables.tables(case(40.0, share=1.0), 5.0, 0.05)
    row = pick(made["out_cure"], term="no_cure", region="all", distribution="log-normal")
    rows = made["out_cure"].query("region == 'all' and distribution == 'log-normal' and shown")
    doubted = rows.query("part != 'test'")["note"].str.contains("fits no worse")
    assert (doubted == (row["p_value"] >= 0.05)).all()


def test_a_link_set_without_an_estimate_hides_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    from gapstudy.errors import FitError
    from gapstudy.measure.models.sample import Sample

    calls: list[int] = []

    def broken(sample: Sample) -> Any:
        calls.append(sample.n)
        if len(calls) == 2:
            raise FitError("it is flat")
        from gapstudy.measure.models import aft

        return aft.fit(sample, "weibull")

    member = groups.Group(case(40.0, sets=4), ("all",))
    pool = groups.pooled(member, broken)
    assert pool.fit is None
    assert pool.note == "it is flat (in 25% of the link sets)"


def test_no_events_at_all() -> None:
    some = case(40.0)
    none = Spells(
        some.spells.time, some.spells.event & False, np.full_like(some.spells.product, -1)
    )
    made = tables.tables(Case(LABELS, some.weights, none, 0.95, 10), 5.0, 0.05)
    for name, frame in made.items():
        validate(CONTRACTS[name], frame)
    assert made["out_aft"]["estimate"].isna().all()
    assert made["out_followup_test"]["p_value"].isna().all()


def test_p_values_are_joined_by_twice_their_mean() -> None:
    assert groups.twice_mean([0.03]) == 0.03
    assert groups.twice_mean([0.01, 0.03]) == pytest.approx(0.04)
    assert groups.twice_mean([0.9, 0.9]) == 1.0
