"""Which papers a citation may mean: keys that a citation and a paper share.

A key is made from one citation or one paper alone: its identifiers, its whole title, its first
words, three of its rarest words, or volume and page. Rarity is that of `rarity`, so the keys of a
paper do not depend on other papers. Keys are joined sorted, never all with all.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link.rarity import rarity

Places = np.ndarray[Any, np.dtype[np.int64]]

#: Rarest words of a title that its keys are made of: of a paper; of a citation; of a citation whose
#: title may have caught words of its journal or authors.
WORDS_PAPER, WORDS_CITED, WORDS_UNSURE = 5, 6, 8
FIRST_WORDS = 6
_SPLIT = re.compile(r"[\W_]+")
_MARKED = re.compile(r"[\u0300-\u036f]")
#: Letters of a title from which it is a key as a whole.
SHORTEST = 8


def folded(text: str) -> str:
    """Words of a text in small letters without accents and signs, single blanks between."""
    text = text[:2000].casefold()
    if not text.isascii():
        text = _MARKED.sub("", unicodedata.normalize("NFKD", text))
    return _SPLIT.sub(" ", text).strip()


def surname(name: str) -> str:
    """The family name in a name of a citation or of a paper, folded, first letters left out.

    `Doe, J.`, `J. Doe`, `DOE J`, `Jane Doe` and `van der Doe, J.` all end in the same word.
    """
    before, comma, _ = name.partition(",")
    words = folded(before if comma else name).split()
    long = [word for word in words if len(word) > 2] or words
    if not long:
        return ""
    first_short = not comma and len(words) > 1 and len(words[-1]) <= 2 and len(words[0]) > 2
    return long[0] if first_short and len(long) == 1 else long[-1]


def candidates(
    cited: pd.DataFrame, papers: pd.DataFrame, titles: Sequence[str], known: Sequence[str]
) -> tuple[Places, Places]:
    """Pairs of a citation and a paper that share a key.

    Args:
        cited: citations as parsed, plain index.
        papers: papers, plain index.
        titles: folded titles of the citations.
        known: folded titles of the papers.

    Returns:
        Places among citations and papers, each pair once, sorted.
    """
    unsure = (cited["confidence"] < 0.9).tolist()
    counts = [WORDS_UNSURE if wide else WORDS_CITED for wide in unsure]
    left = _keys(cited, titles, counts, cited["page_first"].tolist())
    pages = papers["pages"].tolist() if "pages" in papers else [""] * len(papers)
    firsts = [re.split(r"\s?[-–]\s?", page or "")[0] for page in pages]
    right = _keys(papers, known, [WORDS_PAPER] * len(papers), firsts)
    return _joined(left, right, len(papers))


def _keys(
    frame: pd.DataFrame, titles: Sequence[str], counts: list[int], pages: list[str]
) -> tuple[list[str], list[int]]:
    """Keys as texts and the row of each."""
    keys: list[str] = []
    rows: list[int] = []

    def add(row: int, *made: str) -> None:
        keys.extend(made)
        rows.extend([row] * len(made))

    for name, letter in (("doi", "d"), ("arxiv_id", "a")):
        for row, value in enumerate(frame[name].tolist()):
            if value:
                add(row, f"{letter} {value.lower().removeprefix('10.48550/arxiv.')}")
                if value.lower().startswith("10.48550/arxiv."):
                    add(row, f"a {value.lower().removeprefix('10.48550/arxiv.')}")
    rare = _by_rarity(titles)
    for row, title in enumerate(titles):
        words = title.split()
        whole = title.replace(" ", "")
        if len(whole) >= SHORTEST:
            add(row, f"t {whole}")
        if len(words) > FIRST_WORDS:
            add(row, f"f {' '.join(words[:FIRST_WORDS])}")
        best = sorted(rare[row][: counts[row]])
        add(row, *(f"w {' '.join(three)}" for three in itertools.combinations(best, 3)))
    if "volume" in frame:
        for row, (volume, page) in enumerate(zip(frame["volume"].tolist(), pages, strict=True)):
            if volume and page and page not in {"1", "2", "3"}:
                add(row, f"p {volume.lower()} {page.lower()}")
    return keys, rows


def _by_rarity(titles: Sequence[str]) -> list[list[str]]:
    """Distinct words of each title, rarest first; words of one or two letters left out."""
    split = [[word for word in dict.fromkeys(title.split()) if len(word) > 2] for title in titles]
    vocabulary = sorted({word for words in split for word in words})
    weight = dict(zip(vocabulary, rarity(vocabulary).tolist(), strict=True))
    return [sorted(words, key=lambda word: (-weight[word], word)) for words in split]


def _joined(
    left: tuple[list[str], list[int]], right: tuple[list[str], list[int]], size: int
) -> tuple[Places, Places]:
    hashed = [pd.util.hash_array(np.asarray(keys, dtype=object)) for keys, _ in (left, right)]
    order = np.argsort(hashed[1], kind="stable")
    kept = hashed[1][order]
    rows = np.asarray(right[1], dtype=np.int64)[order]
    low, high = np.searchsorted(kept, hashed[0], "left"), np.searchsorted(kept, hashed[0], "right")
    many = high - low
    starts = np.repeat(low - np.append(0, np.cumsum(many)[:-1]), many) if len(many) else many
    columns = rows[starts + np.arange(many.sum())]
    sources = np.repeat(np.asarray(left[1], dtype=np.int64), many)
    both = np.unique(sources * max(size, 1) + columns)
    return both // max(size, 1), both % max(size, 1)
