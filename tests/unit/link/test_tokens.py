from hypothesis import given
from hypothesis import strategies as st

from gapstudy.link.tokens import blank, fold, runs


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
