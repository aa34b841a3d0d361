from __future__ import annotations

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.models.risk_sets import cluster_sums, parts, risk_sets
from gapstudy.measure.models.sample import Sample


def test_risk_sets_are_those_counted_by_hand() -> None:
    sample = Sample.of(
        [0.0, 1.0, 1.0, 2.0, 3.0],
        [1, 1, 0, 2, 0],
        entry=[0, 0, 0, 1.0, 0.5],
        weight=[1, 1, 2, 1, 3],
    )
    table = risk_sets(sample, np.array([0, 0, 1, 1, 1]), 2, cause=1)
    np.testing.assert_array_equal(table.time, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(table.died, [[1, 0], [1, 0], [0, 0]])
    np.testing.assert_array_equal(table.other, [[0, 0], [0, 0], [0, 1]])
    # At time 1 the fourth spell, observed after 1, is not at risk yet.
    np.testing.assert_array_equal(table.at_risk, [[2, 2], [1, 5], [0, 4]])
    np.testing.assert_array_equal(table.passed(np.array([1.0, 10, 100])), [1, 11, 11, 100, 110])


def test_groups_must_be_numbered() -> None:
    with pytest.raises(FitError, match="groups of the spells"):
        risk_sets(Sample.of([1.0], [1]), np.array([2]), 2)


def test_strata_and_clusters() -> None:
    sample = Sample.of([1.0, 2.0, 3.0], [1, 0, 1])
    found = [rows.tolist() for rows in parts(sample, np.array([7, 3, 7]))]
    assert found == [[1], [0, 2]]
    sums = cluster_sums(np.array([[1.0], [2.0], [4.0]]), np.array([5, 9, 5]))
    np.testing.assert_array_equal(sums, [[5.0], [2.0]])
