from __future__ import annotations

import numpy as np
import pytest

from gapstudy.simulate import policy
from gapstudy.simulate.policy import World
from gapstudy.tables.checks import validate
from gapstudy.tables.out_policy import SIMULATION

#: Twenty markets are the fewest whose residuals can carry a 95% interval.
NULL = World("null", 20, 0.0, 0.8, 0.6, products=50)
EFFECT = World("effect", 20, 3.0, 0.8, 0.6, products=50)


@pytest.fixture(scope="module")
def rejection() -> dict[tuple[str, str], float]:
    table = validate(SIMULATION, policy.table(50, 3, (NULL, EFFECT)))
    assert (table["worlds"] == 50).all()
    return {
        (str(row["scenario"]), str(row["method"])): float(row["rejection"])
        for row in table.to_dict("records")
    }


def test_naive_t_tests_reject_a_true_null_far_too_often(
    rejection: dict[tuple[str, str], float],
) -> None:
    assert rejection["null", "cluster_market"] > 0.4
    assert rejection["null", "cluster_maker"] > 0.12


def test_ranks_and_residuals_of_controls_keep_their_size(
    rejection: dict[tuple[str, str], float],
) -> None:
    for method in ("randomisation_both", "randomisation_dates", "conley_taber"):
        assert rejection["null", method] <= 0.18


def test_the_restricted_bootstrap_finds_nothing(rejection: dict[tuple[str, str], float]) -> None:
    assert rejection["null", "wild_market"] <= 0.05
    assert rejection["effect", "wild_market"] <= 0.2
    assert rejection["effect", "conley_taber"] > 0.6


def test_a_world_is_the_same_again_and_known() -> None:
    panel, date = policy.draw(NULL, np.random.default_rng(1))
    again, same = policy.draw(NULL, np.random.default_rng(1))
    assert date == same
    assert (panel.y == again.y).all()
    assert min(panel.sides(0, date)) >= 10
    assert policy.part((0, 2, 5)).equals(policy.table(2, 5, policy.WORLDS[:1]))
