import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.link.rarity import rarity


def test_frequent_words_are_not_rare_and_unknown_ones_are() -> None:
    the, whisper, net, unknown = rarity(["the", "whisper", "autoencoder", "Qzxvkly"])
    assert the == 0
    assert the < whisper < net < unknown == 1


def test_case_and_width_do_not_matter() -> None:
    assert len(set(rarity(["bert", "BERT", "ＢＥＲＴ"]))) == 1


def test_a_name_is_as_rare_as_its_rarest_word() -> None:
    both, rare = rarity(["the autoencoder", "autoencoder"])
    assert both == pytest.approx(rare, abs=0.01)
    assert rarity(["the qzxvkly"])[0] == 1


def test_chinese_and_japanese_need_no_segmenter() -> None:
    word, joined, kana = rarity(["模型", "文心一言", "モデル"])
    assert word < joined < 1
    assert kana < 0.7


@pytest.mark.parametrize("name", ["", "3.5", "!?", "\ud800"])
def test_without_a_word_a_name_is_unknown(name: str) -> None:
    assert rarity([name]).tolist() == [1.0]


@given(st.lists(st.text(st.characters(exclude_categories=[]))))
def test_any_text_has_a_rarity(names: list[str]) -> None:
    found = rarity(names)
    assert found.shape == (len(names),)
    assert ((found >= 0) & (found <= 1) & ~np.isnan(found)).all()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("char", ["a", "模", " ", "1"])
def test_long_texts_take_bounded_time(char: str) -> None:
    assert 0 <= rarity([char * 100_000])[0] <= 1
