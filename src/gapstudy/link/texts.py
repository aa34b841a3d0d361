"""Texts of results and targets, and how alike they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, np.dtype[np.float64]]

#: Text columns of a target that are searched for names, in the order of their weight as evidence.
FIELDS = ("description", "feature", "name")
#: A text of its own has this many words that stand in few descriptions: in no more than FEW_TEXTS
#: of them, or than SMALL_SHARE where they are many.
OWN_WORDS, FEW_TEXTS, SMALL_SHARE = 3, 5, 0.02
_WORD = r"(?u)[^\W\d_]{2,}"
#: What each category of products is about, to compare results with.
TOPICS = {
    "search": "web search, document retrieval, ranking, query understanding",
    "assistant": "chat assistant, dialogue, question answering, large language model",
    "translation": "machine translation between languages",
    "speech": "speech recognition, speech synthesis, voice, audio",
    "vision": "object detection, image classification, face recognition, camera",
    "imaging": "image editing, image generation, denoising, super-resolution, photography",
    "driving": "self-driving cars, lane and pedestrian detection, navigation",
    "robotics": "robot control, grasping, locomotion, manipulation, drones",
    "medical": "medical imaging, diagnosis, health, patients",
    "code": "program synthesis, code completion, software development",
    "recommendation": "recommender system, advertising, click prediction, ranking items for users",
    "security": "fraud, malware, spam and anomaly detection",
    "creative": "music, art, style transfer, video and picture generation",
    "games": "playing games by reinforcement learning, chess, Go, video games",
    "science": "protein structure, weather forecasting, chemistry, physics simulation",
    "industrial": "manufacturing, inspection, forecasting demand, time series",
    "infrastructure": "optimiser, training, compression, deep learning library, vector index",
}


def paper_texts(papers: pd.DataFrame) -> pd.Series[str]:
    """Title and abstract of each paper in one text."""
    return papers["title"].astype("str") + ". " + papers["abstract"].fillna("").astype("str")


def target_texts(targets: pd.DataFrame) -> pd.Series[str]:
    """Name, feature and description of each target in one text."""
    parts = [
        targets[field].fillna("").astype("str") for field in ("name", "feature", "description")
    ]
    return parts[0] + ", " + parts[1] + ". " + parts[2]


def speaking(targets: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each target has a text of its own, so that its likeness to a paper means something.

    A patent has its title. A product needs OWN_WORDS words in its description that few other
    descriptions have: one that a feed made from a form ("AI model that takes text and gives text,
    context of 32,768 tokens") has none.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    patent = (targets["target_type"] == "patent").to_numpy(dtype=bool)
    counter = CountVectorizer(binary=True, token_pattern=_WORD)
    try:
        words = counter.fit_transform(targets["description"])
    except ValueError:  # no description has a word
        return patent
    often = np.asarray(words.sum(axis=0)).ravel()
    few = max(FEW_TEXTS, SMALL_SHARE * int((words.sum(axis=1) > 0).sum()))
    return np.asarray(patent | (words @ (often <= few).astype(np.int64) >= OWN_WORDS))


@cache
def _embedder() -> Any:
    import wordllama

    # The model lies in the package itself: nothing is looked for elsewhere.
    return wordllama.WordLlama.load(
        cache_dir=Path(wordllama.__file__).parent, disable_download=True
    )


def embed(texts: pd.Series[str]) -> Array:
    """Unit vectors of texts (static embeddings of wordllama, 256 dimensions); zero if empty."""
    if texts.empty:
        return np.zeros((0, 256))
    return np.asarray(_embedder().embed(texts.tolist(), norm=True), dtype=np.float64)


def embedding_cosine(papers: pd.DataFrame, targets: pd.DataFrame) -> Array:
    """Cosine of the embeddings of every paper (rows) and every target (columns)."""
    return embed(paper_texts(papers)) @ embed(target_texts(targets)).T


def tfidf_cosine(papers: pd.DataFrame, targets: pd.DataFrame) -> Array:
    """Cosine of TF-IDF vectors of every paper (rows) and every target (columns).

    The vocabulary is that of both sides, words in one text only left out.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    left, right = paper_texts(papers), target_texts(targets)
    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2)
    try:
        vectorizer.fit([*left, *right])
    except ValueError:  # no word is in two texts
        return np.zeros((len(papers), len(targets)))
    product = vectorizer.transform(left) @ vectorizer.transform(right).T
    return np.asarray(product.todense(), dtype=np.float64)


def topic_agreement(papers: pd.DataFrame, targets: pd.DataFrame) -> Array:
    """How much nearer each paper is to the category of each target than to other categories.

    Standard score of the paper's cosine with the category's topic over all topics; zero for
    targets of category "other" or none.
    """
    names = list(TOPICS)
    cosine = embed(paper_texts(papers)) @ embed(pd.Series(list(TOPICS.values()))).T
    score = (cosine - cosine.mean(axis=1, keepdims=True)) / cosine.std(axis=1, keepdims=True)
    padded = np.hstack([score, np.zeros((len(papers), 1))])
    column = targets["category"].map({name: at for at, name in enumerate(names)})
    return padded[:, column.fillna(len(names)).astype(int).to_numpy()]
