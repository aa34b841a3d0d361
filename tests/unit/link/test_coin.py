import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.link.coin import COLUMNS, LONG, MOST, coined_names, names_of

WORDS = frozenset("whisper segment anything".split())


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("DeepZor: probabilistic forecasting", ["DeepZor"]),
        ("Zwim Transformer: hierarchical vision", ["Zwim Transformer"]),
        ("ZLMP - Point and line problems", ["ZLMP"]),
        ("Zeep Speech 2: recognition in two languages", ["Zeep Speech 2"]),
        ("Zorix Technical Report", ["Zorix"]),
        ("Zask R-CNN", ["Zask R-CNN"]),
        ("Know what you don't know: unanswerable questions", []),
        ("Beyond ZorNet: a study", []),
        ("Learning: a survey", []),
        ("Zonal Adversarial Networks (ZAN)", ["ZAN", "Zonal Adversarial Networks"]),
        ("A study of noise (TODO)", []),
        ("Attention is all you need", []),
        ("", []),
    ],
)
def test_names_in_titles(title: str, names: list[str]) -> None:
    assert [name for name, _ in names_of(title)] == names


@pytest.mark.parametrize(
    ("abstract", "names"),
    [
        ("We propose ZorNet, faster than ResNet and GPT-3.", ["ZorNet"]),
        ("We present a new method, ZorNet, which beats BERT.", ["ZorNet"]),
        ("In this paper, we introduce Vyzzix for robots.", ["Vyzzix"]),
        ("Here we build Z5, a model.", ["Z5"]),
        ("We propose a novel model called ZorNet. We use BERT.", ["ZorNet"]),
        ("Our method, dubbed ZorNet, is fast.", ["ZorNet"]),
        ("We call this way of training Zorix.", ["Zorix"]),
        ("The resulting model is referred to as ZorNet.", ["ZorNet"]),
        ("We introduce the Zorformer, a network.", ["Zorformer"]),
        ("We propose Zonal Residual Mapping (ZRM) for depth.", ["ZRM", "Zonal Residual Mapping"]),
        ("We present \\textbf{ZorNet}.", ["ZorNet"]),
        ("我们提出了ZorNet模型,优于BERT。", ["ZorNet"]),
        ("本文提出一种新方法,名为ZorNet。", ["ZorNet"]),
        ("この手法を「ゾルネット」と呼ぶ。", ["ゾルネット"]),
        # Other works, terms of the field, and what is built like a name but is none.
        ("We use BERT and compare it with GPT-3.", []),
        ("Models such as ResNet, called BERT by others, are slow.", []),
        ("We propose a method based on a generative adversarial network (GAN).", []),
        ("We present a large language model (LLM) for code.", []),
        ("We propose a CNN-based detector and 3D maps.", []),
        ("We develop a framework for zonal residual mapping (ZRM).", []),
        ("We propose Markov chains. We introduce Bayesian methods.", []),
        ("We study games, e.g. StarCraft.", []),
        ("", []),
    ],
)
def test_names_in_abstracts(abstract: str, names: list[str]) -> None:
    assert [name for name, _ in names_of("Some words on a matter", abstract)] == names


def test_an_expansion_is_a_second_spelling() -> None:
    abstract = "ZRM (Zonal Residual Mapping) is fast."
    assert names_of("ZRM: maps", abstract) == [
        ("ZRM", "title"), ("Zonal Residual Mapping", "expansion"),
    ]  # fmt: skip
    assert names_of("ZMMs: maps", "Two-story zonal maps.") == [("ZMMs", "title")]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("M2Z", "mapping zonal zones"),
        ("ZorSiam", "Zorian Siamese Network"),
        ("Z-RM", "zonal residual mapping"),
    ],
)
def test_expansions_by_letters(short: str, long: str) -> None:
    assert (long, "expansion") in names_of("Maps", f"We present {long} ({short}).")


def test_given_names_come_first_and_lists_are_split() -> None:
    papers = pd.DataFrame(
        {
            "title": ["X1: title", "Yonderix: title", "Nothing", "Whisper: speech"],
            "abstract": ["We propose ZorNet.", "", None, ""],
            "coined_name": ["SIFT; SURF / ORB", "", "", None],
        }
    )
    found = coined_names(papers, WORDS)
    assert list(found.columns) == list(COLUMNS)
    assert found[["row", "name", "origin", "common"]].to_numpy().tolist() == [
        [0, "SIFT", "source", False], [0, "SURF", "source", False], [0, "ORB", "source", True],
        [1, "Yonderix", "title", False], [3, "Whisper", "title", True],
    ]  # fmt: skip
    assert found["rarity"].between(0, 1).all()


def test_no_papers_have_no_names() -> None:
    found = coined_names(pd.DataFrame(columns=["title", "abstract", "coined_name"]), WORDS)
    assert found.empty
    assert list(found.columns) == list(COLUMNS)


def test_names_are_few_short_and_distinct() -> None:
    many = " ".join(f"We propose Zor{at}Net." for at in range(50))
    assert len(names_of("Title", many)) == MOST
    assert names_of("", "", "U-Net; UNet; " + "x" * 200) == [("U-Net", "source")]


ANY = st.text(st.characters(exclude_categories=[]))
PIECES = st.lists(
    ANY | st.sampled_from(["We propose ", "called ", "ZorNet", " (ZN)", ", ", ". ", ": ", "名为"])
).map("".join)


@settings(max_examples=300)
@given(PIECES, PIECES, ANY)
def test_any_text_gives_few_short_names(title: str, abstract: str, given_name: str) -> None:
    found = names_of(title, abstract, given_name)
    assert len(found) <= MOST
    assert all(1 < len(name) <= LONG for name, _ in found)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    ["a", "A", "(", "(A", "we ", "we propose ", "We call this ", "a-", "A ", "refer to ", "名", "{",
     "\\emph{", ",", "A1 (A1) "],
)  # fmt: skip
def test_long_texts_take_bounded_time(piece: str) -> None:
    long = piece * (100_000 // len(piece))
    assert len(names_of(long, long, long)) <= MOST
