from __future__ import annotations

import numpy as np

from gapstudy.simulate import parametric
from gapstudy.tables import out_parametric
from gapstudy.tables.checks import validate


def test_estimators_hold_in_a_few_worlds() -> None:
    frame = parametric.table(16, 3)
    kept = frame[~frame["scenario"].str.contains("without tests")]
    assert (kept["worlds"] >= 15).all()
    ours = kept[kept["estimator"] != "cox-log-hazard-ratio"]
    assert (ours["bias"].abs() < 5 * ours["mc_error"] + 0.02).all()
    assert ours["coverage"].mean() > 0.9
    mixed = frame[frame["estimator"] == "cox-log-hazard-ratio"].iloc[0]
    assert mixed["bias"] < -3 * mixed["mc_error"]
    short = frame[frame["scenario"].str.contains("without tests")]
    assert (short.loc[short["estimator"] == "cure-eventual-share", "coverage"] < 0.9).all()


def test_the_same_seed_gives_the_same_rows() -> None:
    assert parametric.table(5, 1).equals(parametric.table(5, 1))


def test_rows_of_the_tests_keep_their_contract() -> None:
    frame = validate(out_parametric.SIMULATION_TESTS, parametric.test_table(6, 1))
    no_cure = frame[frame["test"] == "no-cure-log-normal"]
    kept = no_cure[no_cure["beyond"] < 0.01]
    assert (kept["rejection"] > 0.9).all()
    assert np.isfinite(frame["rejection"]).all()
