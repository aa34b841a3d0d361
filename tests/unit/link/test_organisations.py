import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.link import organisations
from gapstudy.link.organisations import clusters, core_names, keys, share


@pytest.mark.parametrize(
    ("name", "cores"),
    [
        ("Google DeepMind", ["google"]),
        ("DeepMind Technologies", ["google"]),
        ("Microsoft Research Asia", ["microsoft"]),
        ("Facebook AI Research", ["meta"]),
        ("Zhipu AI and Tsinghua University", ["zhipu", "tsinghua university"]),
        ("University of Science and Technology of China",
         ["university of science and technology of china"]),
        ("Mistral AI, S.A.S.", ["mistral"]),
        ("NVIDIA; MIT", ["nvidia", "mit"]),
        ("École Polytechnique", ["ecole polytechnique"]),
        ("", []),
    ],
)  # fmt: skip
def test_core_names(name: str, cores: list[str]) -> None:
    assert core_names(name) == cores


def found(*texts: str | None) -> list[list[str]]:
    frame = keys(pd.Series(texts, dtype="object"))
    return [frame.loc[frame["row"] == row, "key"].tolist() for row in range(len(texts))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MSRA", "Microsoft Corporation"), ("Google DeepMind", "Alphabet"),
        ("清华大学", "Tsinghua University"), ("TU München", "Technical University of Munich"),
        ("Technische Universitaet Muenchen", "TUM"), ("字节跳动有限公司", "TikTok"),
        ("Acme Widgets GmbH", "Acme Widgets, Inc."), ("株式会社アクメ", "アクメ"),
        ("Department of Statistics, Stanford University", "Stanford"),
        ("Ryerson University", "Toronto Metropolitan University"),
    ],
)  # fmt: skip
def test_names_of_one_house_have_one_key(one: str, other: str) -> None:
    first, second = found(one, other)
    assert first == second != []


@pytest.mark.parametrize(
    ("one", "other"),
    [("Columbia University", "Columbia Sportswear"), ("Stanford University", "Samford University"),
     ("University of York", "York University"), ("Meta", "Metabase")],
)  # fmt: skip
def test_other_houses_have_other_keys(one: str, other: str) -> None:
    first, second = found(one, other)
    assert not set(first) & set(second)


def test_several_names_in_one_text() -> None:
    several = found("Google; MIT; Google Brain", "", None, "Zhipu AI and Tsinghua University")
    assert several == [
        ["google", "massachusetts institute of technology"], [], [],
        ["zhipu", "tsinghua university"],
    ]  # fmt: skip
    assert keys(pd.Series([], dtype="object")).columns.tolist() == ["row", "key"]


LEFT = ["Google Research", "University of Oxford; DeepMind", "NVIDIA", "", "Acme Roboticss"]
RIGHT = ["Google LLC", "University of Cambridge", "University of Oxford", "Acme Robotics"]
TRUE = {(0, 0), (1, 0), (1, 2), (4, 3)}


@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_share_joins_spellings_and_not_lookalikes(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organisations, "_PIECE", piece)
    rows, columns = map(np.ravel, np.mgrid[0 : len(LEFT), 0 : len(RIGHT)])
    told = share(keys(pd.Series(LEFT)), keys(pd.Series(RIGHT)), rows, columns)
    assert {(int(rows[at]), int(columns[at])) for at in np.flatnonzero(told)} == TRUE


def test_share_of_no_pairs_and_of_no_names() -> None:
    none = keys(pd.Series([""]))
    assert not share(none, keys(pd.Series(["NVIDIA"])), np.array([0]), np.array([0])).any()
    assert share(none, none, np.array([], dtype=int), np.array([], dtype=int)).size == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_text_has_keys(texts: list[str]) -> None:
    frame = keys(pd.Series(texts, dtype="object"))
    assert frame["row"].is_monotonic_increasing
    assert not frame.duplicated().any()
    assert (frame["key"] != "").all()


def test_one_cluster_per_target() -> None:
    owners = pd.DataFrame(
        {"target_type": "patent", "target_id": ["1", "1", "2"],
         "organisation": ["Google LLC", "NVIDIA", "GitHub"]}
    )  # fmt: skip
    assert clusters(owners)["cluster"].tolist() == ["google", "microsoft"]
