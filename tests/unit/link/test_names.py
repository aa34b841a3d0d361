import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.link.names import Mention, NameFinder, is_common, is_strict
from gapstudy.link.tokens import fold, plain

WORDS = frozenset(
    "whisper transformer segment anything sam clip falcon deep compression net llama know what "
    "you it attention all".split()
)
NAMES = [
    "BERT", "GPT-3", "U-Net", "Whisper", "Transformer", "LoRA", "GLM", "PaLM 2", "ERNIE 3.0", "T5",
    "DenseNet", "DeepAR", "CLIP", "YOLO", "Segment Anything", "word2vec", "Swin", "Llama", "E5",
    "C++", "DeepAR+", "Claude 3.5 Sonnet", "DALL·E", "文心一言", "Spherical CNNs", "It",
    "Attention",
]  # fmt: skip
FINDER = NameFinder(NAMES, WORDS)


def _found(text: str) -> list[tuple[str, str]]:
    return [(hit.name, text[hit.start : hit.end]) for hit in FINDER.find(text) if not hit.other]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Web search ranked by BERT.", [("BERT", "BERT")]),
        ("RoBERTa, DistilBERT and BERTology", []),
        ("BERTs", [("BERT", "BERTs")]),
        ("BERT's and BERT’s weights", [("BERT", "BERT"), ("BERT", "BERT")]),
        ("BERT-based ranking", [("BERT", "BERT")]),
        ("采用BERT模型", [("BERT", "BERT")]),
        ("采用ＢＥＲＴ模型", [("BERT", "ＢＥＲＴ")]),
        ("基于GPT-3的助手", [("GPT-3", "GPT-3")]),
        ("日本語Whisper版", [("Whisper", "Whisper")]),
        ("百度的文心一言很好", [("文心一言", "文心一言")]),
        ("GPT-3", [("GPT-3", "GPT-3")]),
        ("GPT3, but not gpt-3", [("GPT-3", "GPT3")]),
        ("GPT-3.5 and GPT-4", []),
        ("GPT-35 or GPT-30", []),
        ("He asked GPT-3. It answered.", [("GPT-3", "GPT-3")]),
        ("ERNIE 3 and ERNIE-3.0", [("ERNIE 3.0", "ERNIE 3"), ("ERNIE 3.0", "ERNIE-3.0")]),
        ("ERNIE 4.0", []),
        ("PaLM or PaLM-E", []),
        ("UNet, U Net, u-net", [("U-Net", "UNet"), ("U-Net", "U Net"), ("U-Net", "u-net")]),
        ("U\nNet but not U  Net, U - Net", [("U-Net", "U\nNet")]),
        ("Dense-Net", [("DenseNet", "Dense-Net")]),
        ("a dense net of roads", []),
        ("nnU-Net", []),
        ("LoRaWAN", []),
        ("YOLOX and YOLOS", []),
        ("T5X and E50 and 3E5", []),
        ("speak in a whisper", []),
        ("the Whisper endpoint", [("Whisper", "Whisper")]),
        ("ranked with large transformers", [("Transformer", "transformers")]),
        ("an electric transformer station", []),
        ("clip art", []),
        ("a llama farm", []),
        ("t5", []),
        ("Word2Vec", [("word2vec", "Word2Vec")]),
        ("DALL-E or DALL·E", [("DALL·E", "DALL-E"), ("DALL·E", "DALL·E")]),
        ("a spherical CNN, two Spherical CNNs",
         [("Spherical CNNs", "spherical CNN"), ("Spherical CNNs", "Spherical CNNs")]),
        ("written in C++, C# and C", [("C++", "C++")]),
        ("Claude 3.5 Sonnet, Claude-3.5-sonnet",
         [("Claude 3.5 Sonnet", "Claude 3.5 Sonnet"), ("Claude 3.5 Sonnet", "Claude-3.5-sonnet")]),
        ("Claude 3.5 Haiku, Claude 3.7 Sonnet", []),
        ("It is what it is. Just Do It.", []),
        ("Attention please. Pay Attention Now! May I have your attention?", []),
        ("the Attention network", [("Attention", "Attention")]),
        ("It", [("It", "It")]),
        ("", []),
    ],
)  # fmt: skip
def test_whole_names_only(text: str, expected: list[tuple[str, str]]) -> None:
    assert _found(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "flag"),
    [
        ("MT-BERT in reviews", "BERT", "compound"),
        ("GLM-4.5", "GLM", "version"),
        ("GLM-4模型", "GLM", "version"),
        ("Llama 3.1 70B", "Llama", "version"),
        ("YOLO v5", "YOLO", "version"),
        ("YOLOv5", "YOLO", "version"),
        ("Whisper version 3", "Whisper", "version"),
        ("DeepAR+ is built in", "DeepAR", "version"),
        ("GPT-4", "GPT-3", "other"),
        ("GPT-3.5", "GPT-3", "other"),
        ("GPT-3+", "GPT-3", "other"),
        ("Claude 3.7 Sonnet", "Claude 3.5 Sonnet", "other"),
        ("Claude 3.5 Haiku", "Claude 3.5 Sonnet", "other"),
    ],
)
def test_flags(text: str, name: str, flag: str) -> None:
    hits = [hit for hit in FINDER.find(text) if hit.name == name]
    assert [getattr(hit, flag) for hit in hits] == [True]


@pytest.mark.parametrize(
    "text",
    ["GLM-130B", "BERT 2019", "Llama 70B", "BERT, 2 models", "YOLO Pro", "Llama 4.5B",
     "GLM 10,000 times", "BERT+CLIP"],
)  # fmt: skip
def test_sizes_years_and_words_are_no_versions(text: str) -> None:
    hits = FINDER.find(text)
    assert hits
    assert not any(hit.version for hit in hits)


LETTER = st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F)
OTHER = st.sampled_from(" ,.;:()[]“”的用版がは、。\n") | st.just("")
DISTINCT = st.sampled_from(["BERT", "DenseNet", "YOLO", "DeepAR"])


@given(LETTER, DISTINCT, OTHER)
def test_no_name_after_a_letter(letter: str, name: str, after: str) -> None:
    assert _found(f"{letter}{name}{after}") == []


@given(OTHER, DISTINCT, LETTER.filter(lambda letter: letter not in "svV"))
def test_no_name_before_a_letter(before: str, name: str, letter: str) -> None:
    assert _found(f"{before}{name}{letter}") == []


@given(OTHER, st.sampled_from(sorted(set(NAMES) - {"It", "Attention"})), OTHER)
def test_names_beside_anything_but_letters_and_digits(before: str, name: str, after: str) -> None:
    hits = [hit for hit in FINDER.find(f"{before}{name}{after}") if hit.name == name]
    assert [(hit.start, hit.end, hit.exact) for hit in hits] == [
        (len(before), len(before) + len(name), True)
    ]


def _spelled(hit: Mention) -> set[str]:
    core = fold(hit.name)
    return {core, f"{core}s", core.removesuffix("s")}


@given(st.text(), st.sampled_from(NAMES), st.text())
def test_a_hit_lies_in_the_text_and_folds_to_the_name(before: str, name: str, after: str) -> None:
    text = f"{before}{name}{after}"
    for hit in FINDER.find(text):
        assert 0 <= hit.start < hit.end <= len(text)
        if not (hit.other or hit.version):
            assert fold(text[hit.start : hit.end]) in _spelled(hit)


@given(st.text(st.characters(exclude_categories=[])), st.text(st.characters(exclude_categories=[])))
def test_any_text_may_be_a_name(name: str, text: str) -> None:
    finder = NameFinder([name], WORDS)
    for hit in finder.find(f"{text} {name} {text}"):
        assert hit.name == name


def test_common_names() -> None:
    assert is_common("Segment Anything", WORDS)
    assert not is_common("U-Net", WORDS | {"u"})
    assert not is_common("GPT-3", WORDS | {"gpt"})
    assert not is_common("Attention Is All You Need", WORDS | {"is", "need"})
    assert is_common("模型", WORDS)
    assert not is_common("文心一言", WORDS)


def test_short_names_are_strict() -> None:
    assert is_strict("LSA", WORDS)
    assert not is_strict("LSTM", WORDS)
    assert not is_strict("悟道", WORDS)


def test_plain_text_keeps_places() -> None:
    text = "ＧＰＴ－３　と\u00a0x_y"
    assert plain(text) == "GPT-3 と x-y"
