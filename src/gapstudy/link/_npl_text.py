"""Citation strings made even, and what is written in them by rule: identifiers, dates, kinds.

Every pattern has bounded repeats and strings are cut at `LONGEST` characters, so that no string
takes long.
"""

from __future__ import annotations

import html
import re
import unicodedata

#: Characters of a citation that are read; longer strings are cut.
LONGEST = 2_000
#: Stands for something that was read and taken out.
MARK = "\x1f"

_SAME = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»「」『』〝〞＂", '"'),
        **dict.fromkeys("‘’‚‛`´′ʹ＇", "'"),
        **dict.fromkeys("‐‑‒–—―−－", "-"),
        **dict.fromkeys((*range(0x20), 0x7F, 0x85, 0xA0, 0xAD, 0xFEFF), " "),
        "。": ". ", "、": ", ", "，": ", ", "：": ": ", "；": "; ", "（": " (", "）": ") ",
    }
)  # fmt: skip
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBERED = re.compile(
    r"^\s*(?:\[\s?\w{1,4}\s?\]|\(\d{1,3}\)|\d{1,3}[.)](?=\s)|[-*•]|(?:cited )?npl\s?\d{0,3}:)\s*",
    re.IGNORECASE,
)

_MONTHS = (
    "jan janv januar january enero", "feb fév février februar february febrero",
    "mar mars mär märz march marzo", "apr avr avril april abril", "may mai mayo",
    "jun juin juni june junio", "jul juil juillet juli july julio", "aug août august agosto",
    "sep sept septembre september septiembre", "oct okt octobre oktober october octubre",
    "nov novembre november noviembre", "dec dez déc décembre dezember december diciembre",
)  # fmt: skip
MONTH = {name: at for at, names in enumerate(_MONTHS, start=1) for name in names.split()}
_NAMES = "|".join(sorted(MONTH, key=len, reverse=True))
YEAR = r"(?:1[89]|20)\d\d"
#: A day or month with its year, either order: groups day, month, day, year.
DATED = re.compile(
    rf"(?<![^\W_])(?:(0?[1-9]|[12]\d|3[01])(?:st|nd|rd|"
    rf"th)?[ .]{{1,2}}(?:of )?)?({_NAMES})\b[.,]{{0,2}}"
    rf"(?:[-/ ]{{1,3}}(?:{_NAMES})\b\.?)?\s{{0,2}}"
    rf"(?:(\d{{1,2}})(?:\s?-\s?(?:(?:{_NAMES})\.?\s?)?\d{{1,2}})?(?:st|nd|rd|th)?(?:,|(?=\s)))?"
    rf"[ ,/]{{0,3}}({YEAR}|'?\d\d(?=[,.;)]|$))(?!\d)",
    re.IGNORECASE,
)
_A_MONTH = re.compile(
    r"(?:jan|f[eé]b|m[aä]r|a[pvb]|ma[iy]|ju[nil]|a[uo]|sep|o[ck]t|nov|d[eéi][czx]|ene)", re.I
)
_YEAR_GROUP = re.compile(rf"{YEAR}(?: [A-Za-z]|年|[-/.]\d)|\d\.{YEAR}")
#: Year before month: `2002 Jul;`, `2015年3月`.
YEAR_FIRST = re.compile(
    rf"(?<!\d)({YEAR})(?:\s(?:({_NAMES})\b\.?(?:\s\d{{1,2}})?(?=\s?[;:,.)]))|年\s?(?:(\d{{1,2}})月)?"
    rf"(?:\d{{1,2}}日)?)",
    re.IGNORECASE,
)
#: `(2013-03-26)` as patent offices write it, or `2013/03/26`, or `26.03.2013`.
NUMERIC_DATE = re.compile(
    rf"\(?(?<!\d)(?:({YEAR})([-/.])(0[1-9]|1[0-2])\2[0-3]\d|[0-3]?\d\.(0[1-9]|1[0-2])\.({YEAR}))"
    r"(?!\d)\)?"
)
_OFFICE_DATE = re.compile(rf"\(({YEAR})-(\d\d)-\d\d\)")
_WHEN = (
    rf"(?:(?:\d{{1,2}}\.?\s)?(?:{_NAMES})\b\.?,?\s?(?:\d{{1,2}},?\s)?{YEAR}|"
    rf"{YEAR}[-/.]?\d\d[-/.]?\d\d"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d\d){{1,2}}|{YEAR})"
)
#: When somebody looked, which says nothing of when it appeared.
RETRIEVED = re.compile(
    r"\[?\(?\b(?:retrieved|accessed|visited|viewed|downloaded|printed|abgerufen|recherchiert|"
    r"consulted|searched|last (?:visited|accessed|viewed|checked)|date (?:accessed|retrieved)|"
    rf"web(?=\. (?:\d|{_NAMES})))\b"
    rf"[^\[\]\d\x1f]{{0,60}}(?:{_WHEN})?\)?\]?",
    re.IGNORECASE,
)
#: Without one of these the dear pattern finds nothing.
_LOOKED = (
    "retriev", "accessed", "visited", "viewed", "downloaded", "printed", "abgerufen", "recherch",
    "consulted", "searched", "web. ",
)  # fmt: skip
LOOKED_AT_END = re.compile(
    r"\[(?:online|retrieved|abstract|database)[^\[\]]{0,80}\]", re.IGNORECASE
)

_DOI = re.compile(
    r"(?:\bdoi\s?[:=]?\s?(?:doi:)?\s?|doi\.org/)?\b(10\.\d{4,9}/[^\s\"<>;,\x1f]{1,120})", re.I
)
_ARXIV = re.compile(
    r"\b(?:arxiv(?:\.org/(?:abs|pdf)/|\s?preprint)?[\s:,.]{0,3}(?:arxiv[\s:]{0,2})?|"
    r"(?<=abs/)|(?<=pdf/))(\d{4}\.\d{4,5}|[a-z-]{2,12}(?:\.[a-z]{2})?/\d{7})(?:v\d{1,2})?"
    r"(?:\s?\[[\w.-]{2,12}\])?",
    re.IGNORECASE,
)
_PMID = re.compile(r"\b(?:pmid|pubmed(?: id)?)\s?[:=]?\s?(\d{5,9})\b", re.IGNORECASE)
_ISSN = re.compile(r"\b[ep]?-?issn\s?[:.]?\s?(\d{4})-?(\d{3}[\dxX])\b", re.IGNORECASE)
_ISBN = re.compile(r"\bisbn(?:-1[03])?\s?[:.]?\s?([\d][\d -]{8,16}[\dxX])\b", re.IGNORECASE)
_XP = re.compile(r"\bXP[- ]?(\d{6,9})\b")
URL = re.compile(
    r"<?\b(?:URL:?\s?)?(?:https?://|www\.|ftp://)[^\s<>\"\x1f]{3,300}>?", re.IGNORECASE
)


def clean(text: str) -> str:
    """A citation with one kind of quotation mark, dash and blank, cut at `LONGEST`."""
    text = text[: 2 * LONGEST]
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _SURROGATE.sub("\ufffd", text.translate(_SAME)))
    text = text.translate(_SAME)[:LONGEST].replace("''", '"').replace("et aI", "et al")
    return _NUMBERED.sub("", " ".join(text.split()), count=1)


def identifiers(text: str, found: dict[str, str]) -> str:
    """Take DOI, arXiv, PubMed, ISSN, ISBN and XP numbers and addresses out of a citation.

    Args:
        text: a clean citation.
        found: gets what is there under doi, arxiv_id, pmid, issn, isbn, xp, url.

    Returns:
        The text with a mark in their place.
    """
    folded = text.casefold()
    if "10." in text and (hit := _DOI.search(text)):
        found["doi"] = _closed(hit[1])
        text = _DOI.sub(MARK, text)
    if ("arxiv" in folded or "abs/" in folded) and (hit := _ARXIV.search(text)):
        found["arxiv_id"] = hit[1].lower()
        text = text[: hit.start()] + MARK + text[hit.end() :]
    if "XP" in text and (hit := _XP.search(text)):
        found["xp"] = f"XP{hit[1]}"
        text = _XP.sub(MARK, text)
    if "issn" in folded and (hit := _ISSN.search(text)):
        found["issn"] = f"{hit[1]}-{hit[2].upper()}"
        text = _ISSN.sub(MARK, text)
    if "isbn" in folded and (hit := _ISBN.search(text)):
        found["isbn"] = re.sub(r"[ -]", "", hit[1])
        text = _ISBN.sub(MARK, text)
    if ("pmid" in folded or "pubmed" in folded) and (hit := _PMID.search(text)):
        found["pmid"] = hit[1]
        text = _PMID.sub(MARK, text)
    if "www" in folded or "://" in folded:
        hit = URL.search(text)
        if hit:
            found["url"] = hit[0].strip("<>,;.")
            text = URL.sub(MARK, text)
    return text


def _closed(doi: str) -> str:
    """A DOI without what closes the sentence around it, lower case."""
    while doi[-1:] in {*".,:'\"]>"} or (doi[-1:] == ")" and doi.count(")") > doi.count("(")):
        doi = doi[:-1]
    return doi.lower()


def without_looking(text: str) -> str:
    """The text without the dates on which somebody looked something up."""
    if "[" in text:
        text = LOOKED_AT_END.sub(MARK, text)
    folded = text.casefold()
    return RETRIEVED.sub(MARK, text) if any(word in folded for word in _LOOKED) else text


def dates(text: str, found: dict[str, str]) -> str:
    """Take written dates out of a citation; year and month of the best of them into `found`.

    The date in brackets that offices add counts most, then one with a month. Years alone are left:
    what they are depends on what stands around them.
    """
    hit = _OFFICE_DATE.search(text)
    if hit:
        found["year"], found["month"] = hit[1], str(int(hit[2]))
        text = _OFFICE_DATE.sub(MARK, text)
    if _A_MONTH.search(text):
        kept, at = [], 0
        for match in DATED.finditer(text):
            kept.append(text[at : match.start()])
            at = match.end()
            if not found.get("year"):
                year = match[4].lstrip("'")
                found["year"] = year if len(year) == 4 else ("19" if year > "30" else "20") + year
                found["month"] = str(MONTH[match[2].casefold()])
        text = MARK.join([*kept, text[at:]])
    if not _YEAR_GROUP.search(text):
        return text
    for match in YEAR_FIRST.finditer(text):
        if not found.get("year"):
            found["year"] = match[1]
            month = str(MONTH[match[2].casefold()]) if match[2] else (match[3] or "")
            found["month"] = str(int(month)) if month and 1 <= int(month) <= 12 else ""
    text = YEAR_FIRST.sub(MARK, text)
    hit = NUMERIC_DATE.search(text)
    if hit:
        if not found.get("year"):
            found["year"], found["month"] = hit[1] or hit[5], str(int(hit[3] or hit[4]))
        text = NUMERIC_DATE.sub(MARK, text)
    return text
