"""No cell below the smallest size is shown, and none can be worked out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.measure.survey.disclosure import ALL, shown

REGIONS = ("EU", "US", "CN", "other", "unknown")


@given(st.lists(st.integers(0, 60), min_size=5, max_size=5), st.integers(3, 20))
def test_what_is_withheld_is_never_a_small_difference(sizes: list[int], least: int) -> None:
    counts = dict(zip(REGIONS, sizes, strict=True))
    open_ = shown(counts, least)
    assert all(counts[region] >= least for region in open_ - {ALL})
    hidden = sum(n for region, n in counts.items() if region not in open_)
    if ALL in open_:
        assert sum(sizes) >= least
        assert hidden == 0 or hidden >= least


@given(st.lists(st.integers(10, 60), min_size=5, max_size=5))
def test_nothing_is_withheld_without_need(sizes: list[int]) -> None:
    assert shown(dict(zip(REGIONS, sizes, strict=True)), 10) == {*REGIONS, ALL}


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ({"EU": 0, "US": 0}, set()), ({"EU": 50}, {"EU", ALL}), ({"EU": 50, "US": 0}, {"EU", ALL}),
        ({"EU": 50, "US": 20, "CN": 9}, {"EU", ALL}), ({"EU": 50, "CN": 9}, {ALL}),
        ({"EU": 9}, set()), ({"EU": 4, "US": 5}, set()), ({"EU": 4, "US": 6}, {ALL}),
    ],
)  # fmt: skip
def test_cases(counts: dict[str, int], wanted: set[str]) -> None:
    assert shown(counts, 10) == wanted
