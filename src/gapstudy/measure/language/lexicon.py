"""The words of each theme, as patterns of tokens, from `data/lexicon.csv`.

A pattern is written as tokens separated by blanks:

=================  =============================================================
``revenue``        a token with this lemma or this form, whatever its case
``buyer|shopper``  one of several
``score/V``        the same as a verb (V), noun (N) or adjective (A)
``interest?``      may be missing
``#``              a number
``..``             up to four tokens, none of them the end of a clause
=================  =============================================================

Patterns of kind `form` look at the form alone. A row of use `except` is a context in which the
words mean something else ("law of large numbers"): a hit that shares a token with one is dropped.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from wordfreq import word_frequency

from gapstudy.errors import StudyError
from gapstudy.measure.language import THEMES

_POS = {"N": frozenset(("NOUN", "PROPN")), "V": frozenset(("VERB", "AUX")),
        "A": frozenset(("ADJ", "ADV"))}  # fmt: skip
#: Most tokens that `..` stands for.
GAP = 4
#: Most letters by which another form of a word is longer than its stem.
ENDING = 4


@dataclass(frozen=True)
class Part:
    """One token of a pattern.

    Attributes:
        words: its choices, lower case; empty for a number or a gap.
        pos: parts of speech allowed; empty for all.
        gap: whether it stands for up to `GAP` tokens.
        optional: whether it may be missing.
    """

    words: frozenset[str]
    pos: frozenset[str] = frozenset()
    gap: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Row:
    """One row of the lexicon.

    Attributes:
        theme: one of `THEMES`.
        use: hit, or except for a context that drops hits.
        kind: lemma or form.
        pattern: the tokens.
        source: where the words are from: a key of docs/language.md, or `own: ` with the reason.
        note: anything else.
    """

    theme: str
    use: Literal["hit", "except"]
    kind: Literal["lemma", "form"]
    pattern: str
    source: str
    note: str = ""

    def parts(self) -> tuple[Part, ...]:
        """The pattern, token by token."""
        return tuple(_part(text) for text in self.pattern.split())

    def words(self) -> tuple[str, ...]:
        """The words of its rarest token in ordinary English, one of which any match holds."""
        best: tuple[float, tuple[str, ...]] = (float("inf"), ())
        for part in self.pattern.split():
            words = part.partition("/")[0].split("|")
            if part.endswith("?") or not all(word.isalnum() for word in words):
                continue
            best = min(best, (sum(word_frequency(word, "en") for word in words), tuple(words)))
        return best[1]


def stem(word: str) -> str:
    """A word without a final e or y, which its other forms may lack."""
    return re.sub(r"(?<=..)[ey]$", "", word)


def _part(text: str) -> Part:
    if text == "..":
        return Part(frozenset(), gap=True)
    if text == "#":
        return Part(frozenset())
    words, _, pos = text.rstrip("?").partition("/")
    return Part(
        frozenset(words.split("|")), _POS[pos] if pos else frozenset(), optional=text.endswith("?")
    )


@cache
def rows() -> tuple[Row, ...]:
    """All rows, in the order of the file.

    Raises:
        StudyError: a row has an unknown theme, use or kind, no source, or stands twice.
    """
    with (files(__package__) / "data" / "lexicon.csv").open(encoding="utf-8") as file:
        rows: Any = csv.DictReader(file)
        found = tuple(Row(**row) for row in rows)
    keys = [(row.theme, row.use, row.kind, row.pattern) for row in found]
    for row, key in zip(found, keys, strict=True):
        known = row.theme in THEMES and row.use in ("hit", "except")
        known = known and "?" not in re.sub(r"\?(?= |$)", "", row.pattern)
        if not known or row.kind not in ("lemma", "form") or not row.source or keys.count(key) > 1:
            raise StudyError(
                f"the row {row.pattern!r} of the lexicon is not valid",
                where="measure/language/data/lexicon.csv",
                remedy="Give it a known theme, use and kind, a source, and let it stand once",
            )
    return found
