import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.link import mentions
from gapstudy.link.ends import FIELDS
from gapstudy.link.mentions import COLUMNS, TargetIndex, between
from gapstudy.link.names import NameFinder, is_strict
from gapstudy.study import Linking

MODEL = Linking().language_model
WORDS = frozenset("whisper transformer vision ai it attention segment anything all".split())
NAMES = [
    "BERT", "GPT-3", "U-Net", "Whisper", "DenseNet", "It", "Attention", "C++", "文心一言", "DALL·E",
    "Claude 3.5 Sonnet", "Vision AI", "Spherical CNNs", "A name (of: more) than six runs, Nine",
    "Segment Anything", "YOLO", "bert", "",
]  # fmt: skip


def _names(names: list[str], words: frozenset[str] = WORDS) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": range(len(names)), "name": names, "common": [is_strict(n, words) for n in names]}
    )


def _targets(*rows: dict[str, str]) -> pd.DataFrame:
    empty = dict.fromkeys(FIELDS, "")
    made = [{"target_type": "product", "target_id": f"p{at}", **empty, **row}
            for at, row in enumerate(rows)]  # fmt: skip
    return pd.DataFrame(made, columns=["target_type", "target_id", *FIELDS])


def _of_finder(names: list[str], targets: pd.DataFrame) -> list[tuple[object, ...]]:
    """The same by spaCy, text by text."""
    finder = NameFinder(names, WORDS)
    found = [
        (names.index(hit.name), column, hit.name, field, *hit[1:])
        for column in range(len(targets))
        for field in FIELDS
        for hit in finder.find(targets[field][column])
    ]
    return sorted(found, key=lambda row: (row[0], row[1], FIELDS.index(str(row[3])), row[4]))


PIECES = st.sampled_from(
    [*NAMES, "u net", "UNet", "gpt", "GPT", "3", ".5", "v", "s", "-", " ", "  ", "\n", "+", "#",
     "'s", "model", "whisper", "Claude 3.7", "采用", "模型", "ＢＥＲＴ", "dense net", "Dense-Net",
     "x", "(", "YOLOv", "5", ". ", "\u0130", "\u03a3", "\ud800"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join)


@settings(max_examples=100)
@given(st.lists(st.fixed_dictionaries({"description": TEXTS, "name": TEXTS}), max_size=4))
def test_the_index_finds_what_spacy_finds(rows: list[dict[str, str]]) -> None:
    targets = _targets(*rows)
    found = TargetIndex.build(targets).find(_names(NAMES))
    expected = _of_finder(NAMES, targets)
    assert list(found.itertuples(index=False, name=None)) == expected


@settings(max_examples=100)
@given(TEXTS, TEXTS)
def test_any_text_may_be_looked_for(name: str, text: str) -> None:
    targets = _targets({"description": f"{text} {name}, {name}"})
    found = TargetIndex.build(targets).find(_names([name]))
    assert list(found.itertuples(index=False, name=None)) == _of_finder([name], targets)


@settings(max_examples=50)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.data())
def test_given_pairs_have_the_same_hits(texts: list[str], data: st.DataObject) -> None:
    targets = _targets(*({"description": text} for text in texts))
    pair = st.tuples(st.integers(0, len(NAMES) - 1), st.integers(0, len(texts) - 1))
    pairs = data.draw(st.lists(pair, max_size=20))
    rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
    names = _names(NAMES)
    every = TargetIndex.build(targets).find(names)
    asked = [pair in set(pairs) for pair in zip(every["row"], every["column"], strict=True)]
    expected = every[np.array(asked, dtype=bool)].reset_index(drop=True)
    pd.testing.assert_frame_equal(between(names, targets, rows, columns, MODEL), expected)


def test_hits_are_sorted_and_told_by_row() -> None:
    targets = _targets(
        {"name": "BERT", "description": "BERT and BERT"}, {"feature": "with U-Net and BERT"}
    )
    names = pd.DataFrame({"row": [7, 2, 7], "name": ["BERT", "BERT", "U-Net"], "common": False})
    found = TargetIndex.build(targets).find(names)
    assert list(found.columns) == list(COLUMNS)
    assert found[["row", "column", "name", "field", "start"]].to_numpy().tolist() == [
        [2, 0, "BERT", "description", 0], [2, 0, "BERT", "description", 9],
        [2, 0, "BERT", "name", 0], [2, 1, "BERT", "feature", 15],
        [7, 0, "BERT", "description", 0], [7, 0, "BERT", "description", 9],
        [7, 0, "BERT", "name", 0], [7, 1, "U-Net", "feature", 5], [7, 1, "BERT", "feature", 15],
    ]  # fmt: skip


@pytest.mark.parametrize("names", [[], ["BERT"], ["", "???"]])
def test_nothing_to_find_is_an_empty_frame(names: list[str]) -> None:
    for targets in (_targets(), _targets({"name": "x"})):
        found = TargetIndex.build(targets).find(_names(names))
        assert list(found.columns) == list(COLUMNS)
        assert found.empty


def test_an_index_goes_to_another_process_and_back() -> None:
    index = TargetIndex.build(_targets({"description": "ranked with BERT"}))
    again = pickle.loads(pickle.dumps(index))
    pd.testing.assert_frame_equal(again.find(_names(["BERT"])), index.find(_names(["BERT"])))


def test_names_without_a_judgement_are_judged_by_the_dictionary() -> None:
    targets = _targets({"description": "do not whisper here"}, {"description": "made by Whisper"})
    names = pd.DataFrame({"row": [0], "name": ["Whisper"]})
    found = between(names, targets, [0, 0], [0, 1], MODEL)
    assert found["column"].tolist() == [1]


def test_frequent_names_are_bounded_whatever_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "MOST", 3)
    targets = _targets(*({"name": "Vision AI", "description": "Vision AI"} for _ in range(10)))
    kept = TargetIndex.build(targets).find(_names(["Vision AI"]))
    turned = targets.iloc[::-1].reset_index(drop=True)
    again = TargetIndex.build(turned).find(_names(["Vision AI"]))
    first = set(targets["target_id"][kept["column"].unique()])
    assert len(first) == 3
    assert set(turned["target_id"][again["column"].unique()]) == first
    assert len(kept) == 6
    # Given pairs are looked at one by one.
    given_pairs = between(_names(["Vision AI"]), targets, [0] * 10, range(10), MODEL)
    assert given_pairs["column"].nunique() == 10


@pytest.mark.timeout(60)
def test_common_words_in_many_texts() -> None:
    text = "It helps. Attention: it takes all your attention, and it stays. Pay Attention Now."
    targets = _targets(*({"description": text, "name": f"Thing {at}"} for at in range(10_000)))
    found = TargetIndex.build(targets).find(_names(["It", "Attention", "All"]))
    assert found.empty


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["a", "BERT ", "-", " ", "3.", "用", "BERT-", "\ud800", "+"])
def test_long_texts_take_bounded_time(piece: str) -> None:
    long = piece * (100_000 // len(piece))
    found = TargetIndex.build(_targets({"description": long})).find(_names(["BERT", long, "aaaa"]))
    assert (found["end"] <= len(long)).all()
