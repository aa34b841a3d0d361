"""Names of authors in citations: where they begin, where they end, and how they are parted."""

from __future__ import annotations

import re

from gapstudy.link._npl_text import MARK
from gapstudy.link._npl_words import EDGES, STEMS, STOP, VENUE

_JOURNAL = re.compile(r"(?:Proc|Trans|Appl|Phys|Chem|Biol|Biochem|Nature|Science|IEEE|ACM)\b", re.I)
_PARTICLE = (
    r"(?:(?:van|von|de|der|den|la|le|du|di|del|da|al|el|ter|zu|Van|Von|De|La|Le|Di)[ -]){0,3}"
)
_CAP = r"[^\W\d_a-zà-ÿ]"
_SURNAME = rf"{_PARTICLE}(?:O'|Mc|Mac|D')?{_CAP}[^\W\d_]{{1,20}}(?:[-'][^\W\d_]{{1,20}}){{0,2}}"
_INITIALS = rf"{_CAP}\.?(?:[ .-]{{0,2}}{_CAP}(?:\.|(?![^\W\d_]))){{0,3}}"
_END = r"(?=\s?[,;:&.(\x1f]|\s(?:and|und|et|y|&)\s|\s?$)"
_JUNIOR = r"(?:,?\s(?:Jr|Sr|II|III|M\.?D|Ph\.?D)\b\.?)?"
_NAME = re.compile(
    rf"(?:{_INITIALS}(?:\.?\s{{1,2}}|(?<=\.)|\.|-){_SURNAME}{_JUNIOR}|"
    rf"{_SURNAME},?\s{{1,2}}{_INITIALS}(?![^\W\d_]){_JUNIOR}|"
    rf"{_SURNAME}\s(?:{_INITIALS}\s)?{_SURNAME}{_JUNIOR}){_END}"
)
_BETWEEN = re.compile(
    r"[\s.]{0,2}(?:[,;&]\s{0,2}(?:and\s|&\s?|und\s)?|\s(?:and|und|et|y|&)\s)\s{0,2}"
)
_LONE = re.compile(
    rf"^({_SURNAME}(?:\s?;\s{{0,2}}{_SURNAME}){{0,8}})(?:,?\s(?:and|&|und)\s({_SURNAME}))?\s{{0,3}}"
    r"(?:[,:]|(?=[(\x1f]))\s?"
)
#: A name before these is that of a journal.
_BEFORE_NUMBERS = re.compile(r",?\s{0,4}(?:vol\b|\x1f)", re.IGNORECASE)
_ABBREVIATED_JOURNAL = re.compile(r"\s?J\.?,?\s{0,2}(?:vol\b|\d)", re.IGNORECASE)
_ET_AL = re.compile(
    r"[\s,;]{0,3}(?:\bet\.?\s?,?\s?al\b[.,:;]{0,3}|\bu\.\s?a\.|\band others\b|\bund andere\b|"
    r"等人?)[\s.,:;]{0,3}",
    re.IGNORECASE,
)
_DATED_HEAD = re.compile(
    rf"^([^\"\d{MARK}]{{5,400}}?)(?:\s?[.,]?\s?(?=\((?:1[89]|20)\d\d)|[.,]\s(?=(?:1[89]|"
    rf"20)\d\d[.:]))"
)
_COLON = re.compile(r"^([^:\x1f]{3,200}):\s+(?=\S)")


def leading_names(text: str) -> tuple[list[str], str, bool]:
    """Names of authors at the start of a text.

    Returns:
        The names, the text after them, and whether it is said that there are more (et al.).
    """
    hit = _ET_AL.search(text, 0, 400)
    if hit and (hit.start() < 60 or _all_names(text[: hit.start()])):
        return names_in(text[: hit.start()]), text[hit.end() :], True
    dated = _DATED_HEAD.match(text)
    if dated and _all_names(dated[1]) and _initials(dated[1]):
        return names_in(dated[1]), text[dated.end(1) :], False
    names: list[str] = []
    at = 0
    while len(names) < 40 and (name := _NAME.match(text, at)):
        journal = _ABBREVIATED_JOURNAL.match(text, max(name.end() - 2, at)) or (
            "." not in name[0] and _BEFORE_NUMBERS.match(text, name.end())
        )
        if not _is_name(name[0], bool(names)) or (names and journal):
            break
        names.append(name[0].strip())
        at = name.end()
        gap = _BETWEEN.match(text, at)
        if not gap:
            break
        at = gap.end()
    if names:
        return names, text[at:].lstrip(" ,;:."), False
    colon = _COLON.match(text)
    if colon and len(colon[1]) < 120 and _all_names(colon[1]):
        return names_in(colon[1]), text[colon.end() :], False
    lone = _LONE.match(text)
    if lone and not VENUE.match(lone[1]) and lone[1].casefold() not in STOP:
        both = f"{lone[1]};{lone[2] or ''}".split(";")
        return [name.strip() for name in both if name.strip()], text[lone.end() :], False
    return [], text, False


def _is_name(name: str, others: bool) -> bool:
    """Whether what has the form of a name is one: two whole words may be the start of a title."""
    if "." in name or "," in name or _short(name.split()[-1]) or _short(name.split()[0]):
        surname = name.split()[-1].rstrip(".").casefold()
        return not (name[:2] in {"J.", "J "} and surname in STEMS) and not _JOURNAL.match(name)
    words = name.split()
    folded = {word.casefold() for word in words}
    return not (folded & STOP) and not VENUE.search(name) and (
        not others or len(words) <= 3
    ) and not any(word.casefold().endswith(_NOT_NAMES) for word in words)  # fmt: skip


_NOT_NAMES = (
    "ing", "tion", "tions", "ity", "ment", "ments", "ology", "ics", "ical", "ance", "ence", "ism",
    "ous", "able", "ive", "ized", "ised", "systems", "methods", "techniques", "analysis", "data",
    "networks", "network", "models", "model", "based", "review", "circuits", "cells", "proteins",
    "design", "report", "handbook", "manual", "guide", "letters", "synthesis", "acid", "acids",
    "power", "energy", "devices", "films", "control", "process", "factor", "gene", "genes",
    "research", "physics", "chemistry", "biology", "medicine", "optics", "engineering",
    "technology", "society", "institute", "university", "corporation", "inc", "company",
    "press", "pharmacol", "immunol",
)  # fmt: skip


def _short(word: str) -> bool:
    return len(word) <= 3 and word.isupper()


def _initials(text: str) -> bool:
    """Whether at least a quarter of the words are initials."""
    words = text.replace(",", " ").split()
    return 4 * sum(len(word.strip(".")) <= 2 and word[0].isupper() for word in words) >= len(words)


def _all_names(text: str) -> bool:
    words = text.replace(",", " ").replace(";", " ").split()
    if not words or len(words) > 45:
        return False
    lower = [word for word in words if word[0].islower() and word not in {"and", "und", "et"}]
    return len(lower) <= len(words) // 5 and not any(char.isdigit() for char in text)


def names_in(text: str) -> list[str]:
    """Names of authors in a text that holds nothing else."""
    text = text.strip(EDGES + "(")
    if ";" in text:
        parts = text.split(";")
    else:
        parts = []
        for match in re.split(r",?\s(?:and|und|&)\s|\s&\s", text):
            parts += _by_comma(match)
    return [name for part in parts if (name := part.strip(EDGES)) and len(name) < 80][:60]


def _by_comma(text: str) -> list[str]:
    """Split at commas, but keep `Surname, A. B.` and `Surname, First` of one author together."""
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    joined: list[str] = []
    for piece in pieces:
        initials = re.fullmatch(rf"{_INITIALS}|(?:Jr|Sr|M\.?D|Ph\.?D)\.?", piece)
        if joined and "," not in joined[-1] and (
            initials or (len(pieces) == 2 and " " not in joined[-1] and len(piece.split()) <= 2)
        ):  # fmt: skip
            joined[-1] += f", {piece}"
        elif not re.fullmatch(r"(?:Jr|Sr|M\.?D|Ph\.?D)\.?", piece):
            joined.append(piece)
    return joined


def trailing_names(text: str) -> tuple[str, list[str]]:
    """Split `title; A. B. Name and C. Name` into the title and the names after it."""
    for sign in re.finditer(r"[,;]\s", text):
        if sign.start() < 15:
            continue
        names, rest, more = leading_names(text[sign.end() :])
        if len(names) > 1 and ("." in names[0] or more) and len(rest) < len(text):
            return text[: sign.start()], [*names, rest]
        if more and names:
            return text[: sign.start()], [*names, rest]
    return text, []
