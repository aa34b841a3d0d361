"""References in the running text of patents: where they stand, and whether a passage is one.

`cut` finds passages that may be references (in brackets, around `et al.`, around volume, pages and
year, around a DOI or arXiv id) and keeps those that `probability` takes for references; their texts
go to `citations.parse` and `npl.link` with the place `in_text`.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import _npl_words as words

Array = np.ndarray[Any, np.dtype[np.float64]]

#: Signs of a reference in a passage, with their weight in the log-odds. Fitted by logistic
#: regression (L2 penalty 1.0) on 848 passages of patents that one annotator of PatCit judged;
#: `python tests/reference/npl_intext.py` fits, cross-validates and prints them anew.
WEIGHTS: dict[str, float] = {
    "year": 3.61,
    "identifier": 1.9,
    "name_first": 1.83,
    "initials": -0.21,
    "abbreviated": 2.09,
    "venue": 1.75,
    "volume_page": 1.33,
    "patent": -2.58,
    "formula": -1.06,
    "small": 0.0,
    "numbers": -1.5,
    "long": -0.25,
    "only_name_year": 1.55,
    "unit": -0.76,
}
BASE = -3.5
MEANINGS = {
    "year": "a year from 1850 on stands in it",
    "identifier": "a DOI, ISSN, PubMed or arXiv number or et al. stands in it",
    "name_first": "it begins like a name: initials or a capitalised word of letters",
    "initials": "initials per word, at most 0.5",
    "abbreviated": "words that journals are abbreviated with, per word",
    "venue": "a word for a journal or conference stands in it",
    "volume_page": "two or more numbers that rise like volume, first and last page",
    "patent": "words of patents: patent, application, filed, assignor, inventor, serial",
    "formula": "words that mix letters and digits or have signs within, per word",
    "small": "words in small letters, per word",
    "numbers": "numbers, per word",
    "long": "logarithm of the number of words",
    "only_name_year": "a name and a year and no more",
    "unit": "units, percentages, tables and figures stand in it",
}
#: Characters on either side of a sign that a reference may reach.
REACH = 320
_YEAR = re.compile(r"(?<![\d.])(?:18[5-9]\d|19\d\d|20[0-3]\d)(?![\d])")
_IDENTIFIER = re.compile(
    r"\b10\.\d{4,9}/|\bpmc?\d{5,}|\b\d{4}-\d{3}[\dxX]\b|\barxiv\b|\bet\.? al", re.I
)
_PATENT = re.compile(
    r"\b(?:patent|appl(?:ication|igation|n)\w{0,3}|filed|assign\w{2,3}|inventors?|serial|"
    r"claims?|ser|drawings?)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"%|\b(?:mg|ml|kg|mm|cm|nm|mol|mmol|hz|wt|parts?|fig|figs|figure|table|example|calcd|"
    r"sample|seq|embodiments?|"
    r"co|ltd|inc|corp|gmbh|invention|manufactured)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"^(?:[A-Z]\.?[ -]?){0,4}[A-Z][a-zà-ÿ'-]{2,}|^(?:[A-Z]\.? ){1,3}")
_MIXED = re.compile(r"^(?=.*\d)(?=.*[A-Za-z]).+$|[+/=<>*]")
_NUMBER = re.compile(r"(?<![\w.-])(\d{1,6})(?![\w.])")
_CUT_YEAR = r"(?:19|20)\d\d"
_BRACKET = re.compile(r"[(\[]([^()\[\]]{12,500}(?:\([^()]{1,40}\)[^()\[\]]{0,200}){0,3})[)\]]")
_SIGN = re.compile(
    r"\bet\s?al\b|\b\d{1,4}\s?(?:\(\d{1,4}\))?\s?[:,]\s?[A-Z]?\d{1,6}(?:\s?-\s?[A-Z]?\d{1,6})?"
    rf",?\s?\({_CUT_YEAR}\)"
    rf"|\b10\.\d{{4,9}}/\S{{2,60}}|\barXiv[: ]|\bpp?\.\s?\d{{1,6}}|\bvol\.\s?\d",
    re.IGNORECASE,
)
_NAME_LAST = r"(?:[A-Z]\.[ -]?){0,3}[A-Z][^\W\d_]{1,25}(?:,? (?:[A-Z]\.? ?){1,3})?,?\s?$"
_SENTENCE = re.compile(r"(\w+)[.;]\s(?=[A-Z])")
_LEFT = re.compile(
    r"(?:[(\[]|\b(?:see|also|in|by|of|from|reference|describes?|e\.g\.,?|to|per|[;,])\s)(?=[A-Z])"
)
_LEAD = re.compile(
    r"(?:(?:see|cf|also|e\.g|i\.e|for example|reviewed in|in|and)\b[.,:]{0,2}\s{0,2}){1,4}", re.I
)
_NUMBERED_PATENT = re.compile(
    r"\b(?:pat|patents?|appl|application|publication)\b[^()]{0,25}$", re.I
)
_RIGHT = re.compile(
    rf"\({_CUT_YEAR}[a-f]?\)|{_CUT_YEAR}[a-f]?(?=[).;,])|10\.\d{{4,9}}/[^\s,;)]{{2,80}}"
)
_STARTS = re.compile(
    r"(?:[A-Z]\.[ -]?){1,3}[A-Z][^\W\d_]{1,25}(?=,| and| et)|"
    r"[A-Z][^\W\d_]{1,25}(?:,? (?:[A-Z]\.? ?){1,3}(?=,| and| et)|,? et\s?al| and [A-Z]|"
    r", [A-Z]\w+[ .])"
)


def signs(passages: Iterable[str]) -> pd.DataFrame:
    """The signs of `MEANINGS` in passages, one column each."""
    rows = [_signs(passage if isinstance(passage, str) else "") for passage in passages]
    return pd.DataFrame(rows, columns=list(MEANINGS), dtype=float)


def _signs(passage: str) -> tuple[float, ...]:
    passage = passage[:1000]
    tokens = passage.split()
    count = max(len(tokens), 1)
    bare = [token.strip(".,;:()[]") for token in tokens]
    plain = [int(number) for number in _NUMBER.findall(passage)]
    year = _YEAR.search(passage) is not None
    others = [number for number in plain if not 1850 <= number < 2040]
    rising = any(a < b < a + 400 for a, b in itertools.pairwise(others))
    letters = [token for token in bare if token[:1].isalpha()]
    return (
        float(year),
        float(_IDENTIFIER.search(passage) is not None),
        float(_NAME.match(passage) is not None),
        min(sum(len(token) == 1 and token.isupper() for token in bare) / count, 0.5),
        sum(token.casefold() in words.STEMS and token[:1].isupper() for token in bare) / count,
        float(words.is_venue(passage)),
        float(rising and len(others) >= 2),
        float(_PATENT.search(passage) is not None),
        sum(_MIXED.search(token) is not None for token in bare) / count,
        sum(token[:1].islower() for token in bare) / count,
        len(plain) / count,
        float(np.log(count)),
        float(year and len(letters) <= 2 and len(tokens) <= 4 and bool(letters)),
        float(_UNIT.search(passage) is not None),
    )


def probability(passages: Sequence[str]) -> Array:
    """Probability that each passage is a bibliographic reference to literature."""
    score = BASE + signs(passages)[list(WEIGHTS)].to_numpy() @ np.asarray(list(WEIGHTS.values()))
    return np.asarray(1.0 / (1.0 + np.exp(-score)))


def cut(texts: Iterable[str], least: float = 0.5) -> pd.DataFrame:
    """References in running texts.

    Args:
        texts: descriptions of patents.
        least: probability from which a passage is kept.

    Returns:
        Frame of row (place of the text), position (1, 2, ... within it), start and end
        (characters), text and probability, in the order of the texts. A passage that names only
        an author and a year is left out: nothing can be found by it.
    """
    found = [
        (row, start, end, text[start:end])
        for row, text in enumerate(texts)
        if isinstance(text, str)
        for start, end in _passages(text)
    ]
    frame = pd.DataFrame(found, columns=["row", "start", "end", "text"])
    frame["probability"] = probability(frame["text"].tolist()).round(6) if len(frame) else 0.0
    frame = frame[frame["probability"] >= least].reset_index(drop=True)
    frame.insert(1, "position", frame.groupby("row").cumcount() + 1)
    return frame


def _passages(text: str) -> list[tuple[int, int]]:
    """Start and end of passages that may be references, in order, none within another."""
    spans: list[tuple[int, int]] = []
    for hit in _BRACKET.finditer(text):
        inner = hit[1]
        if not _YEAR.search(inner):
            continue
        start = hit.start(1)
        for part in re.split(r";\s", inner):
            if _tells(part):
                lead = _LEAD.match(part)
                spans.append((start + (lead.end() if lead else 0), start + len(part)))
            start += len(part) + 2
    free, bracketed = 0, list(spans)
    for hit in _SIGN.finditer(text):
        if hit.start() < free:
            continue
        at = bisect.bisect_right(bracketed, (hit.start(), len(text))) - 1
        if at >= 0 and hit.start() < bracketed[at][1]:
            continue
        start, end = _around(text, hit, max(free, bracketed[at][1] if at >= 0 else 0))
        if _NUMBERED_PATENT.search(text, max(0, start - 40), start):
            continue
        if end > start and _tells(text[start:end]):
            spans.append((start, end))
            free = end
    spans.sort()
    return [span for at, span in enumerate(spans) if at == 0 or span[0] >= spans[at - 1][1]]


def _around(text: str, hit: re.Match[str], free: int) -> tuple[int, int]:
    """The passage around a sign: from the last opening before it to the year after it."""
    low = max(free, hit.start() - REACH)
    before = text[low : hit.start()]
    if hit[0].lower().startswith("et"):
        name = re.search(_NAME_LAST,
                         before[-60:])  # fmt: skip
        start = hit.start() - len(name[0]) if name else hit.start()
    else:
        breaks = [
            end.end() for end in _SENTENCE.finditer(before)
            if len(end[1]) > 2 and end[1].casefold() not in words.STEMS
        ]  # fmt: skip
        since = breaks[-1] if breaks else 0
        openings = [since, *(hit.end() for hit in _LEFT.finditer(before, since))]
        # The first name since the sentence began; a word such as `in` may stand in a title.
        names = [at for at in openings if _STARTS.match(before, at)]
        start = low + (names[0] if names else openings[-1])
    ends = [end.end() for end in _RIGHT.finditer(text, hit.start(), hit.start() + REACH)]
    return start, (ends[0] if ends else min(hit.end() + 80, len(text)))


def _tells(passage: str) -> bool:
    """Whether a passage has more than a name and a year to be found by."""
    numbers = [number for number in _NUMBER.findall(passage) if not _YEAR.fullmatch(number)]
    return (
        bool(numbers)
        or '"' in passage
        or "“" in passage
        or bool(re.search(r"10\.\d{4}/|arxiv", passage, re.I))
    )
