"""Cutting rows into segments that last."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.link.segments import MANY_SMALL, Ids, Segment, plan, ranks

SIZE = 10
ROWS = st.dictionaries(st.text(max_size=4), st.integers(0, 3), max_size=60)


def _rows(rows: dict[str, int]) -> tuple[Ids, np.ndarray]:
    ids = np.array(sorted(rows), dtype=object)
    return ids, np.array([rows[name] for name in ids], dtype=np.uint64)


@given(ROWS, ROWS)
def test_every_row_is_in_exactly_one_segment(before: dict[str, int], now: dict[str, int]) -> None:
    _, known = plan(*_rows(before), [], SIZE)
    kept, new = plan(*_rows(now), known, SIZE)
    found = sorted(name for segment in (*kept, *new) for name in segment.ids)
    assert found == sorted(now)
    assert all(0 < len(segment.ids) <= SIZE for segment in (*kept, *new))
    for segment in kept:
        assert all(now[name] == content for name, content in
                   zip(segment.ids, segment.hashes, strict=True))  # fmt: skip


@given(ROWS)
def test_without_a_change_everything_is_kept(rows: dict[str, int]) -> None:
    _, new = plan(*_rows(rows), [], SIZE)
    kept, again = plan(*_rows(rows), new, SIZE)
    assert again == []
    assert {segment.name for segment in kept} == {segment.name for segment in new}


def test_new_rows_make_a_segment_of_their_own() -> None:
    rows = {f"{number:03}": 1 for number in range(30)}
    _, old = plan(*_rows(rows), [], SIZE)
    kept, new = plan(*_rows({**rows, "005a": 1}), old, SIZE)
    assert len(kept) == 3
    assert [segment.ids.tolist() for segment in new] == [["005a"]]


def test_a_changed_row_takes_its_segment_along() -> None:
    rows = {f"{number:03}": 1 for number in range(30)}
    _, old = plan(*_rows(rows), [], SIZE)
    kept, new = plan(*_rows({**rows, "015": 2}), old, SIZE)
    assert (len(kept), sum(len(segment.ids) for segment in new)) == (2, 10)


def test_many_small_segments_are_made_anew_together() -> None:
    rows: dict[str, int] = {}
    known: list[Segment] = []
    for number in range(MANY_SMALL + 1):
        rows[f"{number:03}"] = 1
        kept, new = plan(*_rows(rows), known, SIZE)
        known = [*kept, *new]
    assert len(known) == MANY_SMALL + 1
    kept, new = plan(*_rows({**rows, "zzz": 1}), known, SIZE)
    assert kept == []
    assert [len(segment.ids) for segment in new] == [10, 4]


def test_ranks_are_places_among_all() -> None:
    rows = dict.fromkeys("abcdefghijkl", 1)
    ids, hashes = _rows(rows)
    _, new = plan(ids, hashes, [], SIZE)
    found = ranks(new, ids)
    assert [found[segment.name].tolist() for segment in new] == [list(range(10)), [10, 11]]
