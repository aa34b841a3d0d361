"""Texts of results and targets: which are joined, in which script, with which words.

Whatever is said of a text here depends on that text and on constants alone, never on other texts:
how rare a word is comes from the word frequencies of wordfreq (Speer 2022,
https://doi.org/10.5281/zenodo.7199437), on Zipf's scale (the base-10 logarithm of occurrences per
thousand million words).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

#: A text of its own has at least OWN_WORDS different words rarer than ORDINARY on Zipf's scale that
#: are not words of any text about a model, or OWN_SIGNS signs of Chinese, Japanese or Korean.
OWN_WORDS, OWN_SIGNS, ORDINARY = 3, 12, 5.2
FORM_WORDS = frozenset(
    "ai audio code context data gives image images input language large llm model models open "
    "output pdf reasoning takes text token tokens tool tools video weights".split()
)
#: Words at least this frequent tell nothing; the weight of a rarer one is the distance to it.
FREQUENT = 6.0
#: Columns of the matrix of words: a word's column is its hash.
COLUMNS = 2**31 - 1
_WORD = r"[^\p{Latin}\p{Greek}\p{Cyrillic}\p{M}]+"
_SIGN = r"[\x{2e80}-\x{d7af}\x{f900}-\x{faff}\x{20000}-\x{3ffff}]"
_PLURAL = r"(?<=[^su])s$"


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every text encodable: a lone surrogate becomes "?", so offsets stay.

    Missing texts become "".
    """
    made = frame.copy()
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype) or frame[name].dtype.kind in "Mbif":
            continue
        values = frame[name].astype("object")
        values = values.where(values.notna(), "")
        made[name] = [
            text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
            for text in map(str, values)
        ]
    return made


def paper_texts(papers: pd.DataFrame) -> list[str]:
    """Title and abstract of each paper in one text."""
    return (papers["title"] + ". " + papers["abstract"]).tolist()


def target_texts(targets: pd.DataFrame) -> list[str]:
    """Name, feature and description of each target in one text."""
    named = targets["name"] + ", " + targets["feature"] + ". " + targets["description"]
    return named.tolist()


def speaking(texts: list[str]) -> Flags:
    """Whether each text says something of its own, so that its likeness to a paper means something.

    One that a feed makes from a form ("AI model that takes text and gives text, context of 32,768
    tokens") does not.
    """
    owners, words, place = _words(texts)
    own = (_zipf(words) < ORDINARY) & ~np.isin(words, sorted(FORM_WORDS))
    pairs = np.unique(owners[own[place]].astype(np.int64) * max(len(words), 1) + place[own[place]])
    different = np.bincount(pairs // max(len(words), 1), minlength=len(texts))
    return np.asarray((different >= OWN_WORDS) | (signs(texts) >= OWN_SIGNS))


def signs(texts: list[str]) -> Any:
    """Number of Chinese, Japanese and Korean signs in each text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.count_substring_regex(pa.array(texts, type=pa.large_string()), _SIGN)
    return found.to_numpy(zero_copy_only=False)


def readable(texts: list[str]) -> Flags:
    """Whether each text is for the most part in an alphabet: no more signs than words.

    The embeddings and word frequencies know little of Chinese, Japanese and Korean, where a word
    has one or two signs.
    """
    owners, _, _ = _words(texts)
    return np.asarray(signs(texts) <= np.bincount(owners, minlength=len(texts)))


def weighted_words(texts: list[str]) -> Any:
    """Words of each text with their weight, as a sparse matrix with one row per text.

    A word weighs FREQUENT minus its Zipf frequency, once however often it stands in the text;
    plurals fall together with their singular. The column of a word is a hash of it.
    """
    from scipy import sparse

    owners, words, place = _words(texts)
    stems = pd.Series(words, dtype="object").str.replace(_PLURAL, "", regex=True)
    weight = np.clip(FREQUENT - np.maximum(_zipf(words), _zipf(stems.to_numpy())), 0.0, None)
    column = pd.util.hash_array(stems.to_numpy(), categorize=False) % np.uint64(COLUMNS)
    kept = weight[place] > 0
    table = pd.DataFrame({"row": owners[kept], "column": column.astype(np.int64)[place[kept]],
                          "weight": weight[place[kept]]})  # fmt: skip
    table = table.groupby(["row", "column"], sort=True)[["weight"]].max().reset_index()
    starts = np.searchsorted(table["row"], np.arange(len(texts) + 1))
    return sparse.csr_array(
        (table["weight"].to_numpy(dtype=np.float32), table["column"].to_numpy(dtype=np.int32),
         starts.astype(np.int32)),
        shape=(len(texts), COLUMNS),
    )  # fmt: skip


def hashed(keys: pd.DataFrame, size: int) -> Any:
    """Keys as a sparse matrix of ones; the column of a key is a hash of it.

    Args:
        keys: columns row and key.
        size: number of rows.
    """
    from scipy import sparse

    column = pd.util.hash_array(keys["key"].to_numpy(dtype=object), categorize=False)
    places = np.unique(
        np.stack([keys["row"].to_numpy(dtype=np.int64),
                  (column % np.uint64(COLUMNS)).astype(np.int64)], axis=1), axis=0
    )  # fmt: skip
    starts = np.searchsorted(places[:, 0], np.arange(size + 1)).astype(np.int32)
    ones = np.ones(len(places), dtype=np.float32)
    return sparse.csr_array((ones, places[:, 1].astype(np.int32), starts), shape=(size, COLUMNS))


def overlap(left: Any, right: Any, rows: Any, columns: Any) -> Array:
    """Sum over the words of both ends of each pair of the product of their weights.

    Args:
        left: sparse matrix with a row per paper.
        right: sparse matrix with a row per target and the same columns.
        rows: place of each pair's paper.
        columns: place of each pair's target.
    """
    both = left[rows].multiply(right[columns]).tocsr()
    owner = np.repeat(np.arange(len(rows)), np.diff(both.indptr))
    return np.asarray(np.bincount(owner, weights=both.data, minlength=len(rows)), dtype=float)


def without(words: Any, others: Any) -> Any:
    """The sparse matrix without the cells that another one has."""
    kept = words - words.multiply(others > 0)
    kept.eliminate_zeros()
    return kept.tocsr()


def ones(words: Any) -> Any:
    """The sparse matrix with every weight 1."""
    same = words.copy()
    same.data = np.ones_like(same.data)
    return same


def norms(words: Any) -> Array:
    """Length of each row of a sparse matrix as a vector."""
    return np.sqrt(_sums(words, words.data.astype(np.float64) ** 2))


def totals(words: Any) -> Array:
    """Sum of each row of a sparse matrix."""
    return _sums(words, words.data.astype(np.float64))


def _sums(words: Any, data: Array) -> Array:
    owner = np.repeat(np.arange(words.shape[0]), np.diff(words.indptr))
    return np.asarray(np.bincount(owner, weights=data, minlength=words.shape[0]), dtype=float)


def _words(texts: list[str]) -> tuple[Any, Any, Any]:
    """Text of each word, the different words, and the place of each word among them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lower = pc.utf8_lower(pa.array(texts, type=pa.large_string()))
    lists = pc.split_pattern_regex(lower, _WORD)
    flat, owners = pc.list_flatten(lists), pc.list_parent_indices(lists)
    long = pc.greater_equal(pc.utf8_length(flat), 2)
    coded = pc.filter(flat, long).dictionary_encode()
    return (
        pc.filter(owners, long).to_numpy(),
        coded.dictionary.to_numpy(zero_copy_only=False),
        coded.indices.to_numpy(),
    )


def _zipf(words: Any) -> Array:
    """Zipf frequency of English words, lower case; 0 for unknown ones."""
    known = _frequencies()
    shares = np.fromiter((known.get(word, 1e-9) for word in words), dtype=float, count=len(words))
    return np.asarray(9.0 + np.log10(shares))


@cache
def _frequencies() -> dict[str, float]:
    from wordfreq import get_frequency_dict

    return get_frequency_dict("en", "best")
