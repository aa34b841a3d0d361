"""Nearest neighbours beside brute force."""

import tracemalloc
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from gapstudy.link import search

Array = np.ndarray[Any, Any]


def _cosines(left: Array, right: Array) -> Array:
    dots = left.astype(float) @ right.astype(float).T
    lengths = np.sqrt(
        (left.astype(float) ** 2).sum(axis=1)[:, None] * (right.astype(float) ** 2).sum(axis=1)
    )
    cosine: Array = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
    return cosine.round(6)


def _brute(cosine: Array, count: int) -> list[tuple[int, int, float]]:
    """The best columns of each row, in plain Python."""
    return [
        (row, column, values[column])
        for row, values in enumerate(cosine.tolist())
        for column in sorted(range(len(values)), key=lambda at: (-values[at], at))[:count]
        if values[column] > 0
    ]


def _listed(owner: Array, other: Array, cosine: Array) -> list[tuple[int, int, float]]:
    return list(zip(owner.tolist(), other.tolist(), cosine.tolist(), strict=True))


def _of_left(found: search.Nearest) -> list[tuple[int, int, float]]:
    return _listed(found.of_left.rows, found.of_left.columns, found.of_left.cosine)


def _of_right(found: search.Nearest) -> list[tuple[int, int, float]]:
    return _listed(found.of_right.columns, found.of_right.rows, found.of_right.cosine)


@st.composite
def matrices(draw: st.DrawFn, most: int = 200) -> Array:
    """Vectors with many ties, repeats, opposite directions and zeros, or hardly any."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = draw(st.integers(0, most)), 4
    if draw(st.booleans()):
        return rng.integers(-1, 2, shape).astype(np.float32)
    return np.round(rng.standard_normal(shape), draw(st.integers(0, 7))).astype(np.float32)


@settings(deadline=None, max_examples=60)
@given(matrices(), matrices(), st.integers(0, 9), st.integers(0, 4), st.randoms())
def test_same_as_brute_force(
    left: Array, right: Array, per_left: int, per_right: int, chance: Any
) -> None:
    mask = np.array([chance.random() < 0.8 for _ in right], dtype=bool)
    found = search.nearest(left, right, per_left, per_right, mask, block=(64, 128))
    cosine = np.where(mask, _cosines(left, right), 0.0)
    assert _of_left(found) == _brute(cosine, per_left)
    assert _of_right(found) == _brute(cosine.T, per_right)


@settings(deadline=None, max_examples=40)
@given(matrices(), matrices(), matrices())
def test_whole_is_the_best_of_its_parts(left: Array, right: Array, more: Array) -> None:
    whole = search.nearest(left, np.concatenate([right, more]), 5, 2)
    first, second = search.nearest(left, right, 5, 2), search.nearest(left, more, 5, 2)
    joined = search.best(
        np.concatenate([first.of_left.rows, second.of_left.rows]),
        np.concatenate([first.of_left.columns, second.of_left.columns + len(right)]),
        np.concatenate([first.of_left.cosine, second.of_left.cosine]),
        5,
    )
    assert _listed(*joined) == _of_left(whole)
    shifted = [(at + len(right), row, value) for at, row, value in _of_right(second)]
    assert _of_right(first) + shifted == _of_right(whole)
    turned = search.nearest(np.concatenate([right, more]), left, 2, 5)
    assert _of_left(turned) == _of_right(whole)
    assert _of_right(turned) == _of_left(whole)


def _near(rng: np.random.Generator, rows: int, width: int = 64) -> Array:
    """Unit vectors about one direction, in steps of 2**-15 like those of texts."""
    drawn = rng.standard_normal((rows, width)) + 0.5
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return np.asarray(np.rint(drawn * 2**15) / 2**15, dtype=np.float32)


def test_blocks_change_nothing() -> None:
    rng = np.random.default_rng(1)
    left, right = _near(rng, 700), _near(rng, 500)
    wanted = search.nearest(left, right, 8, 3)
    assert _of_left(wanted) == _brute(_cosines(left, right), 8)
    for block in ((1, 1), (64, 4096), (4096, 64), (300, 300)):
        found = search.nearest(left, right, 8, 3, block=block)
        assert _of_left(found) == _of_left(wanted)
        assert _of_right(found) == _of_right(wanted)


def test_cosines_that_float32_cannot_tell_apart_are_ordered_by_row() -> None:
    rng = np.random.default_rng(2)
    base = _near(rng, 1)
    # Steps of one unit in the last place: cosines differ by far less than the sixth decimal.
    right = np.repeat(base, 300, axis=0)
    right += rng.integers(-1, 2, right.shape).astype(np.float32) / 2**22
    found = search.nearest(base, right, 8, 1)
    assert _of_left(found) == _brute(_cosines(base, right), 8)
    assert found.of_left.columns.tolist() == list(range(8))


def test_ten_thousand_products_of_one_name_cost_no_more_than_one() -> None:
    rng = np.random.default_rng(3)
    left, right = _near(rng, 2000, 256), _near(rng, 50, 256)
    many = np.concatenate([right, np.repeat(right[:1], 10_000, axis=0)])
    tracemalloc.start()
    found = search.nearest(left, many, 8, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    firsts = found.of_left.columns[found.of_left.columns > 50]
    assert firsts.max() < 50 + 8  # of equal products the first are taken
    alike = found.of_right.rows.reshape(-1, 3)
    assert (alike[50:] == alike[0]).all()


def test_empty_sides_give_nothing() -> None:
    none, some = np.zeros((0, 4), np.float32), np.ones((3, 4), np.float32)
    for left, right in ((none, none), (none, some), (some, none), (some, np.zeros_like(some))):
        found = search.nearest(left, right, 2, 2)
        assert not _of_left(found)
        assert not _of_right(found)


def test_pair_cosine_is_that_of_the_search_and_zero_without_a_vector() -> None:
    rng = np.random.default_rng(4)
    left, right = _near(rng, 40), _near(rng, 30)
    left[7] = 0
    rows, columns = np.divmod(np.arange(1200), 30)
    cosine = search.pair_cosine(left, right, rows, columns)
    assert (cosine.reshape(40, 30) == _cosines(left, right)).all()
    assert (cosine[rows == 7] == 0).all()
    same = np.arange(30)
    assert (search.pair_cosine(right, right, same, same) == 1.0).all()


@settings(deadline=None, max_examples=40)
@given(matrices(60), matrices(60), st.integers(1, 8), st.integers(0, 2**32), st.booleans())
def test_within_groups_is_brute_force_over_pairs_that_share_one(
    left: Array, right: Array, keys: int, seed: int, by_blocks: bool
) -> None:
    rng = np.random.default_rng(seed)
    frames = [
        pd.DataFrame(
            {
                "row": rng.integers(0, len(side), 2 * len(side)) if len(side) else [],
                "key": [f"k{at}" for at in rng.integers(0, keys, 2 * len(side))],
            }
        )
        for side in (left, right)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_SMALL_GROUP", 0 if by_blocks else 10**9)
        patch.setattr(search, "_CELLS", 50)
        found = search.within_groups(left, right, frames[0], frames[1], 3)
    shared = np.zeros((len(left), len(right)), dtype=bool)
    for row, column in frames[0].merge(frames[1], on="key")[["row_x", "row_y"]].to_numpy(dtype=int):
        shared[row, column] = True
    wanted = _brute(np.where(shared, _cosines(left, right), 0.0).T, 3)
    assert _listed(found.columns, found.rows, found.cosine) == wanted


def test_a_large_group_is_never_written_out_as_pairs() -> None:
    rng = np.random.default_rng(5)
    left, right = _near(rng, 4000), _near(rng, 2000)
    one = [pd.DataFrame({"row": np.arange(len(side)), "key": "a"}) for side in (left, right)]
    tracemalloc.start()
    found = search.within_groups(left, right, one[0], one[1], 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64e6  # the pairs alone would be 8 million numbers for each of three columns
    assert _listed(found.columns, found.rows, found.cosine) == _of_right(
        search.nearest(left, right, 0, 3)
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(-(10**6), 10**6), st.integers(0, 9)), max_size=60,
        unique_by=lambda pair: (pair[0], pair[2]),
    ),
    st.sampled_from([1, 10**9, 2**40]),
)  # fmt: skip
def test_order_is_by_owner_then_cosine_then_other_however_large(
    pairs: list[tuple[int, int, int]], far: int
) -> None:
    owner, cosine, other = np.array(pairs or [(0, 0, 0)]).T
    found = search.order(owner * far, np.round(cosine / 10**6, 6), other * far)
    wanted = sorted(range(len(owner)), key=lambda at: (owner[at], -cosine[at], other[at]))
    assert found.tolist() == wanted
