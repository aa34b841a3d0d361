import pytest

from gapstudy.errors import StudyError
from gapstudy.link.language import dictionary, load, sentences
from gapstudy.study import Linking

MODEL = Linking().language_model


def _cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, MODEL)]


def test_sentences_of_english() -> None:
    text = "Search by BERT. It ranks U.S. results, e.g. snippets, in v1.5 of the app.  Fine!"
    assert _cut(text) == [
        "Search by BERT.", "It ranks U.S. results, e.g. snippets, in v1.5 of the app.", "Fine!",
    ]  # fmt: skip


def test_sentences_of_chinese() -> None:
    assert _cut("采用BERT模型。支持GPT-3!") == ["采用BERT模型。", "支持GPT-3!"]


def test_no_sentence_in_an_empty_text() -> None:
    assert _cut("") == []


def test_sentences_of_any_characters() -> None:
    assert _cut("One\ud800 is. Two is.") == ["One\ud800 is.", "Two is."]
    assert sentences("\x00 " * 1000, MODEL)[-1][1] <= 2000


def test_the_dictionary_knows_words_and_given_names() -> None:
    words = dictionary(MODEL)
    assert {"whisper", "falcon", "segment", "claude"} <= words
    assert not {"xception", "densenet", "yolo"} & words


def test_a_missing_model_is_said_so() -> None:
    with pytest.raises(StudyError, match="no_such_model"):
        load("no_such_model")
