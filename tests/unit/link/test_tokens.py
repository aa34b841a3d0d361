from hypothesis import given
from hypothesis import strategies as st

from gapstudy.link.tokens import (
    BLANK,
    DIGIT,
    HYPHEN,
    LETTER,
    OTHER,
    blank,
    characters,
    fold,
    is_digit,
    is_letter,
    lower,
    plain,
    readable,
    runs,
)


@given(st.text())
def test_documents_keep_the_text_and_its_offsets(text: str) -> None:
    document = blank()(text)
    assert document.text == text
    assert all(text[token.idx : token.idx + len(token)] == token.text for token in document)


def test_letters_digits_and_chinese_characters_part() -> None:
    assert runs("采用BERT模型,GPT-3.5") == [
        "采", "用", "BERT", "模", "型", ",", "GPT", "-", "3", ".", "5",
    ]  # fmt: skip


def test_folding_leaves_letters_and_digits() -> None:
    assert fold("U-Net") == fold("UNet") == fold("u net") == "unet"


def test_marks_of_a_name_are_kept_behind_letters_only() -> None:
    assert fold("C++") == "c++"
    assert fold("C#") == "c#"
    assert fold("a + b") == "ab"
    assert fold("ＢＥＲＴ") == "bert"


ANY = st.text(st.characters(exclude_categories=[]))


@given(ANY)
def test_changed_texts_keep_every_place(text: str) -> None:
    assert len(plain(text)) == len(lower(text)) == len(readable(text)) == len(text)
    assert plain(plain(text)) == plain(text)


@given(ANY)
def test_tables_say_what_the_functions_do(text: str) -> None:
    codes = [ord(char) for char in text]
    tables = characters()
    assert "".join(map(chr, tables.plain[codes])) == plain(text)
    assert "".join(map(chr, tables.lower[codes])) == lower(text)
    kinds = [
        BLANK if char.isspace() else LETTER if is_letter(char) else DIGIT if is_digit(char)
        else HYPHEN if char == "-" else OTHER
        for char in plain(text)
    ]  # fmt: skip
    assert tables.kind[codes].tolist() == kinds


def test_lone_surrogates_are_read() -> None:
    assert [token.text for token in blank()("a\ud800b")] == ["a", "?", "b"]
