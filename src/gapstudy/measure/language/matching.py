"""Patterns of the lexicon against the tokens of a sentence, loosely or in earnest.

In earnest a word of a pattern fits a token by its form or lemma and part of speech. Loosely it fits
by the beginning of the word alone, which needs no tagger and misses nothing that fits in earnest;
the tagger, which takes most of the time, then sees few sentences. Only patterns whose rarest word
stands in the sentence are tried, so the size of the lexicon hardly matters for the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from gapstudy.measure.language.lexicon import ENDING, GAP, Part, Row, stem

_STOPS = frozenset(".;:!?()")


class Token(NamedTuple):
    """What patterns look at in one token.

    Attributes:
        lower: its form, lower case.
        names: the form with its lemma; loosely, with the beginnings of the word.
        pos: its universal part of speech; empty where unknown.
        number: whether it looks like a number.
    """

    lower: str
    names: frozenset[str]
    pos: str
    number: bool


def beginnings(lower: str, lemmas: Sequence[str] = ()) -> frozenset[str]:
    """What a word may be the form of: itself, its beginnings, and its irregular lemmas.

    Args:
        lower: the word, lower case.
        lemmas: lemmas of an irregular form ("sell" of "sold").
    """
    cut = (lower[:end] for end in range(max(1, len(lower) - ENDING), len(lower) + 1))
    return frozenset((*cut, *map(stem, lemmas)))


class Patterns:
    """The patterns of one theme, found by one of their words.

    Args:
        rows: rows of the lexicon with their numbers.
        loose: whether words are compared by their beginnings alone.
    """

    def __init__(self, rows: Sequence[tuple[int, Row]], *, loose: bool = False) -> None:
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._parts = {}
        for number, row in rows:
            parts = tuple(map(_loosened, row.parts())) if loose else row.parts()
            self._parts[number] = (parts, row.kind == "form" and not loose)
            for word in {stem(word) if loose else word for word in row.words()}:
                self._by_word[word].append(number)
        self.words = frozenset(self._by_word)

    def find(self, tokens: Sequence[Token]) -> list[tuple[int, int, int]]:
        """Rows that match, each with its first token and the one after its last.

        Where a pattern matches from one token in several ways, the shortest counts.
        """
        words = self.words.intersection(chain.from_iterable(one.names for one in tokens))
        tried = sorted({number for word in words for number in self._by_word[word]})
        found = []
        for number in tried:
            parts, form = self._parts[number]
            for start in range(len(tokens)):
                end = min(_ends(parts, 0, tokens, start, form), default=0)
                if end:
                    found.append((number, start, end))
        return found


def _loosened(part: Part) -> Part:
    return Part(frozenset(map(stem, part.words)), gap=part.gap, optional=part.optional)


def _ends(
    parts: Sequence[Part], at: int, tokens: Sequence[Token], place: int, form: bool
) -> Iterator[int]:
    """Where the parts from `at` on can end when they begin at `place`."""
    if at == len(parts):
        yield place
        return
    part = parts[at]
    if part.gap:
        for skipped in range(GAP + 1):
            yield from _ends(parts, at + 1, tokens, place + skipped, form)
            if place + skipped >= len(tokens) or tokens[place + skipped].lower in _STOPS:
                return
        return
    if part.optional:
        yield from _ends(parts, at + 1, tokens, place, form)
    if place < len(tokens) and _fits(part, tokens[place], form):
        yield from _ends(parts, at + 1, tokens, place + 1, form)


def _fits(part: Part, token: Token, form: bool) -> bool:
    if not part.words:
        return token.number
    if part.pos and token.pos not in part.pos:
        return False
    return token.lower in part.words if form else not part.words.isdisjoint(token.names)
