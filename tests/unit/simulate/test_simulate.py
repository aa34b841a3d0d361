from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure.imputation import draw, threshold
from gapstudy.simulate import recovery, run, worlds
from gapstudy.simulate.recovery import Answers, summary
from gapstudy.simulate.worlds import Truth, World
from gapstudy.store import Store
from gapstudy.study import Study
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

STUDY = Study.from_data(
    {"window": {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2025-12-31"}, "seed": 7,
     "workers": 1}
)  # fmt: skip


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run.simulate(120, STUDY, imputations=6)


def test_contract_and_every_scenario(table: pd.DataFrame) -> None:
    checked = validate(contract("out_simulation"), table)
    assert {world.name for world in worlds.SCENARIOS} <= set(checked["scenario"])


def honest(table: pd.DataFrame) -> pd.DataFrame:
    """Rows where the method knows or draws the links and all products can be seen."""
    return table[(table["method"] != "threshold") & ~table["scenario"].str.contains("never seen")]


def test_estimators_are_unbiased_within_monte_carlo_error(table: pd.DataFrame) -> None:
    rows = honest(table)
    rows = rows[~rows["estimator"].str.startswith("productisation")]  # a ratio is biased by nature
    z = (rows["bias"] / rows["mc_error"]).abs()
    # Sixty comparisons: the largest of as many normals stays below four.
    assert z.max() < 4.0, rows.loc[z.idxmax()].to_dict()


def test_intervals_cover_at_least_their_level(table: pd.DataFrame) -> None:
    rows = honest(table)
    assert (rows["coverage_high"] > 0.95).mean() > 0.9
    assert rows["coverage"].min() > 0.88
    assert rows["coverage"].mean() > 0.94


def test_tests_keep_their_size(table: pd.DataFrame) -> None:
    rows = honest(table)
    rows = rows[rows["null_true"].fillna(value=False).astype(bool)]
    assert len(rows) > 8
    assert rows["rejection"].max() < 0.13
    assert rows["rejection"].mean() < 0.06


def test_ignoring_link_error_fails_where_imputation_holds(table: pd.DataFrame) -> None:
    rows = table[
        (table["scenario"] == "equal regions, uneven linker")
        & (table["estimator"] == "conversion-5y-EU-minus-US")
    ].set_index("method")
    naive, ours = (rows.loc[[name]].iloc[0] for name in ("threshold", "imputed"))
    assert naive["coverage"] < 0.85
    assert naive["rejection"] > 0.15
    assert ours["coverage"] >= 0.93
    assert ours["rejection"] <= 0.07


def test_missed_products_of_one_region_make_a_false_gap(table: pd.DataFrame) -> None:
    rows = table[
        table["scenario"].str.contains("never seen")
        & (table["estimator"] == "conversion-5y-EU-minus-US")
    ]
    assert rows["coverage"].iloc[0] < 0.7
    assert rows["bias"].iloc[0] < -0.05


def test_summary_notices_a_biased_and_an_overconfident_estimator() -> None:
    random = np.random.default_rng(0)
    estimate = random.normal(0.5, 1.0, 400)
    answer = Answers(estimate, estimate - 0.5, estimate + 0.5, np.full(400, 0.01))
    result = summary(0.0, answer)
    assert float(str(result["bias"])) > 0.3
    assert float(str(result["coverage"])) < 0.5
    assert result["rejection"] == 1.0
    assert result["null_true"] is True


def test_worlds_have_the_truth_that_is_set() -> None:
    world = World("big", {"EU": Truth(40000, 0.3, median=2.0, leakage=0.4),
                          "US": Truth(10, 0.3)})  # fmt: skip
    drawn = worlds.draw(world, np.random.default_rng(0))
    spells = threshold(drawn.links, "model", worlds.CUTOFF + 100000, 0.5)
    event, time = spells.event[0, :40000], spells.time[0, :40000]
    assert event.mean() == pytest.approx(0.3, abs=0.01)
    assert np.median(time[event]) == pytest.approx(2.0, abs=0.05)
    assert (event & (time <= 5)).mean() == pytest.approx(world.conversion("EU", 5.0), abs=0.01)
    away = drawn.made_in[spells.product[0, :40000]][event] != 0
    assert away.mean() == pytest.approx(0.4, abs=0.02)


def test_uncertain_links_carry_the_set_conversion() -> None:
    world = World("blurred", {"EU": Truth(30000, 0.2, links=(1.0, 2.0)), "US": Truth(10, 0.2)},
                  labelled=20000)  # fmt: skip
    links = worlds.draw(world, np.random.default_rng(1)).links
    spells = draw(links, "model", worlds.CUTOFF + 100000, 2, [0])
    assert spells.event[:, :30000].mean() == pytest.approx(0.2, abs=0.01)


def test_calibration_on_few_pairs_is_noisy_and_on_many_is_right() -> None:
    p = np.array([0.1, 0.5, 0.9])
    regions = {"EU": Truth(10, 0.2, links=(0.5, 0.5)), "US": Truth(10, 0.2, links=(0.5, 0.5))}
    random = np.random.default_rng(2)
    spread = []
    for labelled in (50, 5000):
        world = World("w", regions, labelled=labelled)
        made = np.array([worlds.calibrated(p, world, random) for _ in range(60)])
        spread.append(made.std(axis=0)[1])
        np.testing.assert_allclose(made.mean(axis=0), p, atol=0.06)
    assert spread[1] < spread[0] / 4


def test_restricted_mean_of_the_truth_lies_between_its_limits() -> None:
    world = worlds.SCENARIOS[0]
    mean = world.restricted_mean("EU", 10.0)
    assert 10 * (1 - 0.3) < mean < 10
    assert recovery.HORIZON < 10


def test_same_seed_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WORLDS", 3)
    study = Study.from_data(
        {"window": {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2025-12-31"}}
    )
    stores = [Store(tmp_path / name) for name in ("a", "b")]
    for store in stores:
        run.run(store, study)
    first, second = (store.path("out_simulation").read_bytes() for store in stores)
    assert first == second
