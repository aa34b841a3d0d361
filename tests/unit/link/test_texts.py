import numpy as np
import pandas as pd
import pytest

from gapstudy.link import texts


def test_a_form_is_no_text_of_its_own() -> None:
    form = [
        f"AI model that takes text and image and gives text, context of {at},000 tokens."
        for at in (8, 32, 128)
    ]
    own = "Doorbell that tells neighbours from strangers by FaceNet."
    assert texts.speaking([*form, own, ""]).tolist() == [False] * 3 + [True, False]


def test_a_chinese_description_speaks() -> None:
    assert texts.speaking(["一款帮助团队记录会议并自动生成摘要的应用"]).tolist() == [True]
    assert texts.speaking(["会议记录"]).tolist() == [False]


def test_what_is_said_of_a_text_does_not_depend_on_other_texts() -> None:
    some = "Warehouse robot arm that picks boxes"
    alone, among = texts.weighted_words([some]), texts.weighted_words(["Other words", some, some])
    assert (alone.indices == among[[2]].indices).all()
    assert (alone.data == among[[2]].data).all()
    assert texts.speaking([some]).tolist() == texts.speaking([""] * 9 + [some]).tolist()[9:]


def test_rare_words_weigh_more_and_plurals_fall_together() -> None:
    one, other = texts.weighted_words(["segmentation"]), texts.weighted_words(["picture"])
    assert one.data[0] > other.data[0] > 0
    assert texts.weighted_words(["the of and"]).nnz == 0
    pair = texts.weighted_words(["transformer", "Transformers"])
    assert texts.overlap(pair, pair, np.array([0]), np.array([1]))[0] > 0


def test_latin_words_within_chinese_text_are_words() -> None:
    left, right = texts.weighted_words(["Segformer"]), texts.weighted_words(["采用Segformer模型"])
    both = texts.overlap(left, right, np.array([0]), np.array([0]))[0]
    assert both == pytest.approx(float(left.data[0]) ** 2)


def test_overlap_is_the_product_of_dense_rows() -> None:
    words = texts.weighted_words(["warp drive engine", "engine room", "", "drive"])
    dense = [dict(zip(words[[at]].indices, words[[at]].data, strict=True)) for at in range(4)]
    rows, columns = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    expected = [
        sum(value * dense[right].get(word, 0.0) for word, value in dense[left].items())
        for left, right in zip(rows, columns, strict=True)
    ]
    assert texts.overlap(words, words, rows, columns) == pytest.approx(expected)
    assert texts.norms(words) ** 2 == pytest.approx(np.array(expected)[[0, 5, 10, 15]])


def test_without_takes_cells_away() -> None:
    words = texts.weighted_words(["warp drive", "warp"])
    left = texts.without(words, texts.weighted_words(["warp", ""]))
    assert texts.totals(left)[0] == pytest.approx(texts.totals(texts.weighted_words(["drive"]))[0])
    assert texts.totals(left)[1] == texts.totals(words)[1]


@pytest.mark.parametrize(
    ("text", "readable"),
    [("Robots that pick boxes", True), ("采用BERT模型做问答", False), ("", True),
     ("Робот собирает коробки", True), ("The tool 翻译 reads signs", True)],
)  # fmt: skip
def test_readable(text: str, readable: bool) -> None:
    assert texts.readable([text]).tolist() == [readable]


def test_safe_keeps_offsets_and_dates() -> None:
    frame = pd.DataFrame(
        {"text": ["a\ud800b", None], "day": pd.to_datetime(["2020-01-01", "NaT"])}
    )  # fmt: skip
    made = texts.safe(frame)
    assert made["text"].tolist() == ["a?b", ""]
    assert made["day"].equals(frame["day"])


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "\x00\x07", "\u202eمرحبا", "😀" * 1000, "a " * 50_000]
)
def test_odd_texts_are_described(text: str) -> None:
    words = texts.weighted_words([text])
    assert words.shape[0] == 1
    assert np.isfinite(words.data).all()
    assert texts.speaking([text]).shape == texts.readable([text]).shape == (1,)
