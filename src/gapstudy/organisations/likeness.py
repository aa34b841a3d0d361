"""Known names that are spelled otherwise: found by rare words, compared in compiled batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gapstudy.organisations.index import INSTITUTION, WEAK, Index
from gapstudy.organisations.words import LEGAL, words

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, np.dtype[np.int64]]

#: Likeness of the sorted words (0 to 100) from which two names are one.
SAME = 92.0
#: Likeness of two words from which the one is a slip of the other.
SLIP = 80.0
#: A word that more names have says too little to look among all of them.
MOST = 200
_PAIRS = 1 << 18


class Blocks:
    """Names in blocks of a rare word.

    Args:
        names: names as words between blanks.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        split = [dict.fromkeys(name.split()) for name in self.names]
        self._codes: dict[str, int] = {}
        codes = self._codes
        flat = [codes.setdefault(word, len(codes)) for words in split for word in words]
        counts = np.bincount(flat, minlength=len(codes)).astype(np.int64)
        places = np.repeat(np.arange(len(split)), [len(words) for words in split])
        self._places = places[np.argsort(flat, kind="stable")]
        self._starts = np.cumsum(counts) - counts
        usable = np.array([len(word) > 1 and word not in WEAK for word in codes], dtype=bool)
        #: Names that share each word; none for a word that says too little.
        self._counts = np.where(usable & (counts <= MOST), counts, 0)

    def pairs(self, queries: Sequence[str], *, slips: bool = True) -> tuple[Numbers, Numbers]:
        """Positions of queries and names that share a rare word, or (with slips) nearly so."""
        split = [dict.fromkeys(query.split()) for query in queries]
        known = self._codes
        rows = np.repeat(np.arange(len(split)), [len(words) for words in split])
        codes = [known.get(word, -1) for words in split for word in words]
        blocks = np.array(codes, dtype=np.int64)
        if slips:
            asked = [word for words in split for word in words]
            near = self._slips({word for word, code in zip(asked, codes, strict=True) if code < 0})
            more = [
                (row, known[other])
                for row, word in zip(rows.tolist(), asked, strict=True)
                for other in near.get(word, ())
            ]
            if more:
                extra = np.array(more, dtype=np.int64)
                rows = np.concatenate([rows, extra[:, 0]])
                blocks = np.concatenate([blocks, extra[:, 1]])
        rows, blocks = rows[blocks >= 0], blocks[blocks >= 0]
        sizes = self._counts[blocks]
        ends = np.cumsum(sizes)
        inside = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes, sizes)
        columns = self._places[np.repeat(self._starts[blocks], sizes) + inside]
        # A pair may share several words.
        both = np.sort(np.repeat(rows, sizes) * len(self.names) + columns)
        both = both[np.concatenate([[True], both[1:] != both[:-1]])] if len(both) else both
        return both // max(1, len(self.names)), both % max(1, len(self.names))

    def _slips(self, asked: Iterable[str]) -> dict[str, list[str]]:
        """Words that are not known -> known ones with the same first letter that are like them."""
        from rapidfuzz import fuzz, process

        letters = _by_letter(word for word, code in self._codes.items() if self._counts[code])
        found: dict[str, list[str]] = {}
        for letter, texts in _by_letter(asked).items():
            known = letters.get(letter, [])
            step = max(1, _PAIRS * 16 // max(1, len(known)))
            for start in range(0, len(texts) if known else 0, step):
                piece = texts[start : start + step]
                scores = process.cdist(
                    piece, known, scorer=fuzz.ratio, score_cutoff=SLIP, dtype=np.uint8
                )
                for row, column in zip(*np.nonzero(scores), strict=True):
                    found.setdefault(piece[row], []).append(known[column])
        return found

    def best(
        self, queries: Sequence[str], cutoff: float = SAME, *, slips: bool = True
    ) -> tuple[Numbers, Any]:
        """The most alike name of each query (-1 for none), and how alike they are (0 to 100).

        Of several names that are equally alike the first counts.
        """
        from rapidfuzz import fuzz, process

        best = np.full(len(queries), -1, dtype=np.int64)
        likeness = np.zeros(len(queries))
        # Words sorted once: comparing them is then a plain comparison of texts.
        left = [" ".join(sorted(query.split())) for query in queries]
        right = [" ".join(sorted(name.split())) for name in self.names]
        rows, columns = self.pairs(queries, slips=slips)
        for start in range(0, len(rows), _PAIRS):
            row, column = rows[start : start + _PAIRS], columns[start : start + _PAIRS]
            scores = process.cpdist(
                [left[at] for at in row], [right[at] for at in column],
                scorer=fuzz.ratio, score_cutoff=cutoff, dtype=np.float32,
            )  # fmt: skip
            hit = np.flatnonzero(scores)
            order = hit[np.lexsort((column[hit], -scores[hit], row[hit]))]
            firsts = order[np.unique(row[order], return_index=True)[1]] if len(order) else order
            better = scores[firsts] > likeness[row[firsts]]
            firsts = firsts[better]
            best[row[firsts]], likeness[row[firsts]] = column[firsts], scores[firsts]
        return best, likeness


def _by_letter(words: Iterable[str]) -> dict[str, list[str]]:
    """Words of five letters and more by their first letter."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        if len(word) > 4 and word not in WEAK:
            found[word[0]].append(word)
    return found


def alike(texts: Sequence[str], index: Index) -> list[int]:
    """Organisations whose names are spelled nearly like a part of each text; -1 for none.

    Only parts that name an institution are looked at, and last parts of up to four words.
    """
    queries: list[str] = []
    owners: list[int] = []
    for number, text in enumerate(texts):
        for query in _parts(text):
            queries.append(query)
            owners.append(number)
    found = [-1] * len(texts)
    if not queries:
        return found
    names, places = _candidates(index)
    asked = sorted(set(queries))
    best, _ = Blocks(names).best(asked)
    known = dict(zip(asked, best.tolist(), strict=True))
    for number, query in zip(owners, queries, strict=True):
        if found[number] < 0 and known[query] >= 0:
            found[number] = places[known[query]]
    return found


def _candidates(index: Index) -> tuple[list[str], list[int]]:
    """Names of two words and more that belong to organisations of one country."""
    names: list[str] = []
    places: list[int] = []
    for text, name in index.names.items():
        if " " not in text or name.weak or len(text) < 8:
            continue
        if len({index.organisations[place].country for place in name.owners}) == 1:
            names.append(text)
            places.append(name.owners[0])
    return names, places


def _parts(text: str) -> list[str]:
    read = words(text)
    found: dict[int, list[str]] = {}
    for word, part in zip(read.folded, read.part, strict=True):
        if word not in LEGAL and not any(map(str.isdigit, word)):
            found.setdefault(part, []).append(word)
    last = max(found, default=0)
    parts = [
        part for number, part in found.items()
        if len(part) > 1
        and (not INSTITUTION.isdisjoint(part) or (number == last and len(part) < 5))
        and not all(word in WEAK for word in part)
    ]  # fmt: skip
    return [" ".join(part) for part in parts if len(part) < 12]
