"""Whether a text is English, so that other languages are counted apart and never read as silence.

Letters decide where they can: a text mostly in another script is not English. Otherwise the words
do, by a unigram naive Bayes over the word frequencies of wordfreq (Speer 2022,
https://doi.org/10.5281/zenodo.7199437) in ten languages in Latin script.
"""

from __future__ import annotations

import math
import unicodedata
from functools import cache, lru_cache
from itertools import islice

import regex  # type: ignore[import-untyped]  # has no types

LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "id")
#: Commonest words of each language that are looked up.
_WORDS = 20_000
#: Share of letters in other scripts from which a text is not English.
_FOREIGN = 0.3
#: Log frequency of a word that is not among them.
_RARE = math.log(1e-6)
#: Share of little English words from which nothing else need be looked at.
_PLAIN = 0.15
#: Texts with fewer words than this are English unless another language is far more likely.
_SHORT, _FAR = 4, 6.0
_LITTLE = frozenset(
    "the of and to is that for with are by this which from be can we our your it on at you".split()
)
_LETTERS = regex.compile(r"\p{L}+")


def tongue(text: str) -> str:
    """en, other, or none for a text without letters.

    Names and numbers tell nothing: a text of such words alone counts as English when its script is
    Latin.
    """
    words = _LETTERS.findall(text)
    letters = "".join(words)
    if not letters:
        return "none"
    if not letters.isascii() and sum(map(_foreign, letters)) >= _FOREIGN * len(letters):
        return "other"
    lower = [word.lower() for word in words]
    if sum(word in _LITTLE for word in lower) >= _PLAIN * len(lower):
        return "en"
    scores = [sum(table.get(word, _RARE) for word in lower) for table in _tables()]
    lead = _FAR if len(lower) < _SHORT else 0.0
    return "en" if scores[0] >= max(scores[1:]) - lead else "other"


@lru_cache(maxsize=65536)
def _foreign(letter: str) -> bool:
    return not unicodedata.name(letter, "").startswith("LATIN")


@cache
def _tables() -> tuple[dict[str, float], ...]:
    """Log frequencies of the commonest words of each language, English first."""
    from wordfreq import get_frequency_dict

    return tuple(
        {word: math.log(share) for word, share in islice(
            get_frequency_dict(code, wordlist="small").items(), _WORDS)}
        for code in LATIN
    )  # fmt: skip
