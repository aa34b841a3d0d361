"""Pieces kept between runs."""

from pathlib import Path

import numpy as np
import pandas as pd

from gapstudy.parts import Parts


def test_a_frame_comes_back_as_it_was(tmp_path: Path) -> None:
    parts = Parts(tmp_path, "1")
    frame = pd.DataFrame({"row": np.arange(5, dtype=np.int32), "name": ["a", "ü", "", "中", "e"]})
    parts.put_frame("cells", "x", frame)
    found = parts.frame("cells", "x")
    assert parts.sound("cells", "x")
    assert found is not None
    pd.testing.assert_frame_equal(found, frame)
    some = parts.frame("cells", "x", ["name"], between=("row", 1, 3))
    assert some is not None
    assert some["name"].tolist() == ["ü", ""]


def test_an_object_comes_back_with_its_arrays(tmp_path: Path) -> None:
    parts = Parts(tmp_path, "1")
    parts.put_thing("sides", "x", {"vectors": np.ones((3, 2)), "names": ["a"]})
    found = parts.thing("sides", "x")
    assert found["names"] == ["a"]
    assert (found["vectors"] == 1).all()


def test_what_is_missing_or_damaged_counts_as_not_made(tmp_path: Path) -> None:
    parts = Parts(tmp_path, "1")
    assert parts.frame("cells", "x") is None
    assert parts.thing("sides", "x") is None
    parts.put_frame("cells", "x", pd.DataFrame({"a": [1]}))
    parts.put_thing("sides", "x", [1])
    for kind in ("cells", "sides"):
        (tmp_path / "1" / kind / "x").write_bytes(b"PAR1 not really")
    assert parts.frame("cells", "x") is None
    assert parts.thing("sides", "x") is None
    assert not parts.sound("cells", "x")


def test_another_version_starts_afresh(tmp_path: Path) -> None:
    Parts(tmp_path, "1").put_thing("sides", "x", 1)
    parts = Parts(tmp_path, "2")
    assert parts.thing("sides", "x") is None
    assert not (tmp_path / "1").exists()


def test_only_what_is_named_is_kept(tmp_path: Path) -> None:
    parts = Parts(tmp_path, "1")
    for name in ("a", "b", "c"):
        parts.put_thing("sides", name, name)
    parts.keep_only("sides", ["b", "d"])
    assert parts.names("sides") == ["b"]
