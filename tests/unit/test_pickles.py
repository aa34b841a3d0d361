"""Objects in files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gapstudy import pickles


def test_an_object_comes_back_with_its_arrays(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["a", "ü", "中"], "row": np.arange(3), "chance": [0.5, 0.1, 0.0]})
    thing = {"frame": frame, "vectors": np.arange(6.0, dtype="f4").reshape(2, 3), "none": None}
    pickles.dump(thing, tmp_path / "x")
    found = pickles.load(tmp_path / "x")
    pd.testing.assert_frame_equal(found["frame"], frame)
    assert found["vectors"].dtype == np.float32
    assert found["vectors"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["none"] is None


def test_arrays_stay_in_the_file_and_are_aligned(tmp_path: Path) -> None:
    pickles.dump((b"odd", np.ones(7, dtype="u1"), np.ones(1000)), tmp_path / "x")
    _, short, long = pickles.load(tmp_path / "x")
    assert not long.flags.owndata
    assert not long.flags.writeable
    assert short.ctypes.data % pickles.ALIGNED == long.ctypes.data % pickles.ALIGNED == 0


def test_a_file_that_ends_anywhere_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    pickles.dump({"vectors": np.ones((4, 4)), "names": ["a"]}, path)
    whole = path.read_bytes()
    for end in (0, 4, 8, 20, 100, len(whole) - pickles.ALIGNED):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"empty|ends too early|whole|no object"):
            pickles.load(path)


@settings(max_examples=40, deadline=None)
@given(some.lists(some.integers(0, 200), max_size=5), some.text(max_size=20))
def test_any_arrays_come_back(tmp_path_factory: pytest.TempPathFactory, sizes: list[int],
                              text: str) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("pickles") / "x"
    given_ = [np.arange(size, dtype="i4") for size in sizes]
    pickles.dump((text, given_), path)
    name, found = pickles.load(path)
    assert name == text
    assert [one.tolist() for one in found] == [one.tolist() for one in given_]
