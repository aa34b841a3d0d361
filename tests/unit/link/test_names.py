import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.link.names import NameFinder, coined_names, from_title, is_common, mentions_in

WORDS = frozenset(
    "whisper transformer segment anything sam clip falcon deep compression net llama swin "
    "know what you".split()
) - {"swin"}  # fmt: skip
NAMES = [
    "BERT", "GPT-3", "U-Net", "Whisper", "Transformer", "LoRA", "GLM", "PaLM 2", "ERNIE 3.0", "T5",
    "DenseNet", "DeepAR", "CLIP", "YOLO", "Segment Anything", "word2vec", "Swin", "Llama", "E5",
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
        ("BERT-based ranking", [("BERT", "BERT")]),
        ("采用BERT模型", [("BERT", "BERT")]),
        ("基于GPT-3的助手", [("GPT-3", "GPT-3")]),
        ("日本語Whisper版", [("Whisper", "Whisper")]),
        ("GPT-3", [("GPT-3", "GPT-3")]),
        ("GPT3, but not gpt-3", [("GPT-3", "GPT3")]),
        ("GPT-3.5 and GPT-4", []),
        ("GPT-35 or GPT-30", []),
        ("He asked GPT-3. It answered.", [("GPT-3", "GPT-3")]),
        ("ERNIE 3 and ERNIE-3.0", [("ERNIE 3.0", "ERNIE 3"), ("ERNIE 3.0", "ERNIE-3.0")]),
        ("ERNIE 4.0", []),
        ("PaLM or PaLM-E", []),
        ("UNet, U Net, u-net", [("U-Net", "UNet"), ("U-Net", "U Net"), ("U-Net", "u-net")]),
        ("Dense-Net", [("DenseNet", "Dense-Net")]),
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
        ("", []),
    ],
)
def test_whole_names_only(text: str, expected: list[tuple[str, str]]) -> None:
    assert _found(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "flag"),
    [
        ("MT-BERT in reviews", "BERT", "compound"),
        ("GLM-4.5", "GLM", "version"),
        ("Llama 3.1 70B", "Llama", "version"),
        ("YOLO v5", "YOLO", "version"),
        ("DeepAR+ is built in", "DeepAR", "version"),
        ("GPT-4", "GPT-3", "other"),
        ("GPT-3.5", "GPT-3", "other"),
    ],
)
def test_flags(text: str, name: str, flag: str) -> None:
    hits = [hit for hit in FINDER.find(text) if hit.name == name]
    assert [getattr(hit, flag) for hit in hits] == [True]


@pytest.mark.parametrize("text", ["GLM-130B", "BERT 2019", "Llama 70B", "BERT, 2 models"])
def test_sizes_and_years_are_no_versions(text: str) -> None:
    assert [hit.version for hit in FINDER.find(text)] == [False]


LETTER = st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F)
OTHER = st.sampled_from(" ,.;:()[]“”的用版がは、。\n") | st.just("")
DISTINCT = st.sampled_from(["BERT", "DenseNet", "YOLO", "DeepAR"])


@given(LETTER, DISTINCT, OTHER)
def test_no_name_after_a_letter(letter: str, name: str, after: str) -> None:
    assert _found(f"{letter}{name}{after}") == []


@given(OTHER, DISTINCT, LETTER.filter(lambda letter: letter != "s"))
def test_no_name_before_a_letter(before: str, name: str, letter: str) -> None:
    assert _found(f"{before}{name}{letter}") == []


@given(OTHER, st.sampled_from(NAMES), OTHER)
def test_names_beside_anything_but_letters_and_digits(before: str, name: str, after: str) -> None:
    hits = [hit for hit in FINDER.find(f"{before}{name}{after}") if hit.name == name]
    assert [(hit.start, hit.end, hit.exact) for hit in hits] == [
        (len(before), len(before) + len(name), True)
    ]


@given(st.text(), st.sampled_from(NAMES), st.text())
def test_offsets_lie_in_the_text(before: str, name: str, after: str) -> None:
    text = f"{before}{name}{after}"
    assert all(0 <= hit.start < hit.end <= len(text) for hit in FINDER.find(text))


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("DeepAR: probabilistic forecasting", ["DeepAR"]),
        ("Swin Transformer: hierarchical vision", ["Swin Transformer"]),
        ("Know what you don't know: unanswerable questions", []),
        ("Generative adversarial networks (GAN)", ["GAN"]),
        ("A study of noise (TODO)", []),
        ("Attention is all you need", []),
    ],
)
def test_names_in_titles(title: str, names: list[str]) -> None:
    assert from_title(title, WORDS) == names


def test_given_names_come_first_and_lists_are_split() -> None:
    papers = pd.DataFrame(
        {
            "paper_id": ["a", "b", "c"],
            "title": ["X1: title", "Yonder: title", "Nothing"],
            "coined_name": ["SIFT; SURF", "", ""],
        }
    )
    found = coined_names(papers, WORDS)
    assert found.to_numpy().tolist() == [
        ["a", "SIFT", "source"], ["a", "SURF", "source"], ["b", "Yonder", "title"],
    ]  # fmt: skip


def test_common_names() -> None:
    assert is_common("Segment Anything", WORDS)
    assert not is_common("U-Net", WORDS | {"u"})
    assert not is_common("GPT-3", WORDS | {"gpt"})


def test_mentions_tell_row_and_field() -> None:
    frame = pd.DataFrame({"name": ["BERT", ""], "description": ["", "With CLIP inside"]})
    found = mentions_in(FINDER, frame, ["name", "description"])
    assert found[["row", "field", "name", "start"]].to_numpy().tolist() == [
        [0, "name", "BERT", 0], [1, "description", "CLIP", 5],
    ]  # fmt: skip
