"""How rare a word or name is in ordinary writing, from a fixed source.

The frequencies are those of wordfreq 3.1 (R. Speer, 2022), which end in 2021 and never change: the
rarity of a name depends on the name alone, not on the texts of a study. wordfreq cuts Chinese with
jieba and Japanese with MeCab; neither is needed here, since only its lists of words are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np

from gapstudy.link.tokens import is_letter, plain, runs

#: Zipf frequency (log10 of the number in a billion words) of the most frequent English word.
HIGHEST = 7.73
#: Zipf frequency lost per character joined to one that is no word with it: the factor 10 by which
#: wordfreq divides the frequency of Chinese words it puts together.
JOINED = 1.0
_WORDS = ("en",)
_CHARACTERS = ("zh", "ja")


@cache
def _zipf(languages: tuple[str, ...]) -> Mapping[str, float]:
    """Zipf frequency of every word of the large lists of some languages, the higher of several."""
    from wordfreq import get_frequency_list

    found: dict[str, float] = {}
    for language in languages:
        for centibels, words in enumerate(get_frequency_list(language, "large")):
            for word in words:
                zipf = (900 - centibels) / 100
                found[word] = max(zipf, found.get(word, 0.0))
    return found


def _is_character(char: str) -> bool:
    """Whether a character belongs to Chinese or Japanese writing."""
    return "\u3040" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or char in "々〇"


def _joined(parts: Iterable[float]) -> float:
    """Zipf frequency of several words together: 1/f is the sum of 1/f of each, as in wordfreq."""
    values = list(parts)
    if not values or min(values) <= 0:
        return 0.0
    return float(-np.log10(sum(10.0**-value for value in values)))


def _in_characters(text: str) -> float:
    words = _zipf(_CHARACTERS)
    if text in words:
        return words[text]
    return max(_joined(words.get(char, 0.0) for char in text) - JOINED * (len(text) - 1), 0.0)


@lru_cache(maxsize=1 << 18)
def _rarity(name: str) -> float:
    parts: list[float] = []
    characters = ""
    folded = runs(plain(name[:200]).lower())
    for run in [*folded, ""]:
        if run and _is_character(run):
            characters += run
            continue
        if characters:
            parts.append(_in_characters(characters))
            characters = ""
        if run and is_letter(run[0]):
            parts.append(_zipf(_WORDS).get(run, 0.0))
    return round(min(max(1.0 - _joined(parts) / HIGHEST, 0.0), 1.0), 4)


def rarity(names: Iterable[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Rarity of words or names: 0 for the most frequent English word, 1 for an unknown one.

    A name of several words is about as rare as its rarest word, one with an unknown word unknown.
    Digits and marks are passed over; a name of nothing else has rarity 1. A run of Chinese or
    Japanese characters that is no word of the lists (Chinese and Japanese) has the frequency of
    its characters together, divided by ten for each character after the first. Words of other
    languages in Latin letters are looked up in English. Only the first 200 characters count.

    >>> rarity(["the", "whisper", "BERT", "DenseNet", "模型"]).round(1).tolist()
    [0.0, 0.5, 0.6, 1.0, 0.4]
    """
    return np.fromiter(map(_rarity, names), dtype=np.float64)
