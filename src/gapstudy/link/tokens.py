r"""Cutting text into words so that names are found beside any script.

`\b` sees no boundary between a Latin letter and a Chinese character, both being word characters.
Here letters are explicit classes: a run of alphabetic letters, a run of digits, and every other
character by itself, so that a name is a sequence of whole runs wherever it stands.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import spacy
from spacy.tokens import Doc

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.vocab import Vocab

#: Letters of alphabetic scripts (Latin with accents, combining marks, Greek, Cyrillic).
LETTERS = (
    "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u052f\u1e00-\u1fff"
)
_RUN = re.compile(f"[{LETTERS}]+|[0-9]+|[^\\s]")
_LETTER = re.compile(f"[{LETTERS}]")


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
    """Letters and digits of a name in lower case: "U-Net" and "UNet" fold alike."""
    return "".join(run.casefold() for run in runs(text) if run[0].isalnum())


class RunTokenizer:
    """A spaCy tokenizer that cuts into runs; offsets into the text are kept."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """The text as a spaCy document of runs (blanks between them become tokens if longer)."""
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
    nlp = spacy.blank("xx")
    nlp.tokenizer = RunTokenizer(nlp.vocab)
    nlp.add_pipe("sentencizer")
    return nlp
