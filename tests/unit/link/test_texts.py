import numpy as np
import pandas as pd
import pytest

from gapstudy.link import texts


def _targets(descriptions: list[str], kind: str = "product") -> pd.DataFrame:
    return pd.DataFrame(
        {"target_type": kind, "target_id": [str(at) for at in range(len(descriptions))],
         "name": "", "feature": "", "description": descriptions, "category": "other"}
    )  # fmt: skip


def test_a_form_is_no_text_of_its_own() -> None:
    form = [f"AI model that takes text and gives text, context of {at} tokens." for at in range(30)]
    own = "Doorbell that tells neighbours from strangers by FaceNet."
    assert texts.speaking(_targets([*form, own, ""])).tolist() == [False] * 30 + [True, False]


def test_a_patent_speaks_by_its_title() -> None:
    assert texts.speaking(_targets(["", ""], "patent")).tolist() == [True, True]


def test_like_texts_are_nearer_than_unlike() -> None:
    papers = pd.DataFrame(
        {"title": ["Neural translation of sentences", "Grasping boxes with a robot arm"],
         "abstract": ["", ""]}
    )  # fmt: skip
    goals = _targets(["Translator of web pages into other languages by a neural network for texts",
                      "Warehouse robot arm that picks boxes"])  # fmt: skip
    for cosine in (texts.embedding_cosine(papers, goals), texts.tfidf_cosine(papers, goals)):
        assert (cosine.argmax(axis=1) == [0, 1]).all()
        assert cosine.max() <= 1.0 + 1e-6


def test_topics_agree_with_their_category() -> None:
    papers = pd.DataFrame({"title": ["Neural machine translation"], "abstract": [""]})
    goals = _targets(["a", "b", "c"]).assign(category=["translation", "robotics", "other"])
    right, wrong, none = texts.topic_agreement(papers, goals)[0]
    assert right > 1.0 > wrong
    assert none == 0.0


def test_embeddings_are_unit_vectors_and_the_same_each_time() -> None:
    some = pd.Series(["one text", "another"])
    assert np.linalg.norm(texts.embed(some), axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert (texts.embed(some) == texts.embed(some)).all()
    assert texts.embed(some.iloc[:0]).shape == (0, 256)
