r"""Cutting text into words so that names are found beside any script.

`\b` sees no boundary between a Latin letter and a Chinese character, both being word characters.
Here letters are explicit classes: a run of alphabetic letters, a run of digits, and every other
character by itself, so that a name is a sequence of whole runs wherever it stands.

`plain` and `lower` change one character into one character, so that places in the changed text are
places in the text. The tables of `characters` say the same of all characters at once, for arrays.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

#: Letters of alphabetic scripts (Latin with accents, combining marks, Greek, Cyrillic).
LETTERS = (
    "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u052f\u1e00-\u1fff"
)
#: Kinds of characters in `Characters.kind`.
BLANK, LETTER, DIGIT, HYPHEN, OTHER = range(5)
_RUN = re.compile(f"[{LETTERS}]+|[0-9]+|[^\\s]")
_LETTER = re.compile(f"[{LETTERS}]")
_FOLDED = re.compile(f"(?:[^\\W_]|[{LETTERS}])[+#]*")
_HYPHENS = "\u2010\u2011\u2012\u2212\u00b7_"
_LAST = 0x110000


def _all_characters() -> str:
    """Every code point in its order, single surrogates among them."""
    return "".join(map(chr, range(_LAST)))


@cache
def _plain_characters() -> dict[int, str]:
    """What `plain` changes: code point -> character."""
    changed: dict[int, str] = {}
    for code in range(0x80, _LAST):
        if code >= 0x30000 or 0xAC00 <= code <= 0xF8FF or 0x3400 <= code <= 0x9FFF:
            continue  # nothing here has a decomposition of the kinds below
        parts = unicodedata.decomposition(chr(code)).split()
        if parts and (parts[0] in {"<wide>", "<narrow>", "<font>", "<noBreak>"} or len(parts) == 1):
            other = unicodedata.normalize("NFKC", chr(code))
            if len(other) == 1:
                changed[code] = other
    for char in map(chr, range(0x3001)):
        if char.isspace():
            changed[ord(char)] = " "
    return changed | dict.fromkeys(map(ord, _HYPHENS), "-")


@cache
def _lower_characters() -> dict[int, str]:
    """What `lower` changes: code point -> character."""
    changed = dict(_plain_characters())
    for code in range(_LAST):
        char = changed.get(code, chr(code))
        small = char.lower()
        if small != char and len(small) == 1 and is_letter(small) == is_letter(char):
            changed[code] = small
    return changed


def plain(text: str) -> str:
    """The text in plain characters, each in its place.

    Full-width, half-width and mathematical letters become the usual ones (NFKC, where it gives one
    character for one), every blank becomes a space, and hyphens, minus signs, middle dots and
    underscores become "-".
    """
    return text.translate(_plain_characters())


def lower(text: str) -> str:
    """The plain text in lower case, each character in its place."""
    return text.translate(_lower_characters())


def readable(text: str) -> str:
    """The text with a question mark for each lone surrogate, which spaCy cannot take."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


class Characters(NamedTuple):
    """Properties of all characters, by code point.

    Attributes:
        kind: BLANK, LETTER, DIGIT, HYPHEN or OTHER, of the plain character.
        plain: code point of the plain character.
        lower: code point of the plain character in lower case.
        word: letters and digits of any script, so Chinese characters too.
    """

    kind: np.ndarray[Any, np.dtype[np.uint8]]
    plain: np.ndarray[Any, np.dtype[np.uint32]]
    lower: np.ndarray[Any, np.dtype[np.uint32]]
    word: np.ndarray[Any, np.dtype[np.bool_]]


@cache
def characters() -> Characters:
    """The tables of character properties (made once, 11 MB)."""
    same = np.arange(_LAST, dtype=np.uint32)
    tables = []
    for changed in (_plain_characters(), _lower_characters()):
        table = same.copy()
        table[list(changed)] = [ord(char) for char in changed.values()]
        tables.append(table)
    text = _all_characters()
    kind = np.full(_LAST, OTHER, dtype=np.uint8)
    kind[[match.start() for match in _LETTER.finditer(text)]] = LETTER
    kind[ord("0") : ord("9") + 1] = DIGIT
    kind[[code for code in range(0x3001) if chr(code).isspace()]] = BLANK
    kind[ord("-")] = HYPHEN
    word = np.fromiter((char.isalnum() for char in text), dtype=bool, count=_LAST)
    plains = tables[0]
    return Characters(kind[plains], plains, tables[1], (word | (kind == LETTER))[plains])


def is_letter(char: str) -> bool:
    """Whether a character (or the empty text) is a letter of an alphabetic script."""
    return bool(char) and _LETTER.match(char) is not None


def is_digit(char: str) -> bool:
    """Whether a character (or the empty text) is a digit 0 to 9."""
    return bool(char) and char in "0123456789"


def runs(text: str) -> list[str]:
    """Runs of letters, runs of digits and single other characters, blanks left out."""
    return _RUN.findall(text)


def fold(text: str) -> str:
    """Letters and digits of a name in lower case: "U-Net" and "UNet" fold alike.

    A + or # behind a letter or digit is part of the name: "C++" is not "C".
    """
    return "".join(_FOLDED.findall(plain(text))).casefold()


class RunTokenizer:
    """A spaCy tokenizer that cuts into runs; offsets into the text are kept."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """The text as a spaCy document of runs (longer blanks between them become tokens).

        Lone surrogates, which spaCy cannot hold, become question marks.
        """
        from spacy.tokens import Doc

        text = readable(text)
        words: list[str] = []
        spaces: list[bool] = []
        end = 0
        for match in _RUN.finditer(text):
            gap = text[end : match.start()]
            if gap == " " and words:
                spaces[-1] = True
            elif gap:
                words.append(gap)
                spaces.append(False)
            words.append(match[0])
            spaces.append(False)
            end = match.end()
        if text[end:]:
            words.append(text[end:])
            spaces.append(False)
        return Doc(self.vocab, words=words, spaces=spaces)


@cache
def blank() -> Language:
    """A blank multi-language pipeline that cuts into runs and ends sentences at full stops."""
    import spacy

    nlp = spacy.blank("xx")
    nlp.tokenizer = RunTokenizer(nlp.vocab)
    nlp.add_pipe("sentencizer")
    return nlp
