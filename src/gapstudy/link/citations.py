"""Citations of literature in patents, taken apart into fields.

Offices and attorneys write them in many ways: `DOE et al., "Title," Journal, vol. 3, No. 2, pp.
12-18 (Mar. 2005)`; `DOE A ET AL: 'Title', JOURNAL, PUBLISHER, GB, vol. 3, no. 2, 1 March 2005
(2005-03-01), pages 12-18, XP012345678, ISSN: 1234-5678`; `Doe A (2005) Title. J Title 3:12-18`;
German and Chinese forms. A citation is read from what is surest to what is least: identifiers,
dates of looking up (dropped), the title in quotation marks, dates, labelled and compact numbers;
names, title and journal are what is left, told apart by place and form. Years count as years only
where nothing shows that they are pages, parts of a title or days of retrieval.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from gapstudy.link import _npl_kinds as kinds
from gapstudy.link import _npl_names as names_of
from gapstudy.link import _npl_words as words
from gapstudy.link._npl_numbers import numbers
from gapstudy.link._npl_text import LONGEST, MARK, clean, dates, identifiers, without_looking

FIELDS = (
    "title", "journal", "year", "month", "volume", "issue", "pages", "page_first", "authors",
    "doi", "arxiv_id", "pmid", "issn", "xp", "url",
)  # fmt: skip
COLUMNS = ("row", "part", "kind", *FIELDS, "confidence")
#: Kinds that are literature, which may be a paper of the study.
LITERATURE = frozenset({"article", "conference", "preprint", "book", "thesis", "web", "unknown"})
#: How often title and journal are both right, by how the title was told: round numbers, set by
#: judgement after reading citations of patents by hand, no fitted rates.
CONFIDENCE = {"quoted": 0.95, "chinese": 0.9, "sentence": 0.8, "none": 0.8, "cut": 0.6}
_PARTS_MOST = 12
_NUMBERED = re.compile(r"(?:(?<=[.;)])|^)\s{0,2}(?:\[\d{1,3}\]|\(\d{1,2}\))\s(?=[^\W\d_])")
_FULL = re.compile(r"(?:1[89]|20)\d\d.{0,80}\d{1,4}|\d{1,4}.{0,80}(?:1[89]|20)\d\d")
_NEXT = re.compile(r";\s{1,2}(?:and\s)?(?=[^\W\d_a-z][^;\x1f]{1,60}\bet\.?\s?al)")
_CHINESE = re.compile(
    r"^([^.。]{1,120}?)[.。]\s?([^\[\]]{4,200})\[([JCDMRNPSjcdm](?:/OL)?)\]\s?[.。,:/]*\s?([^,，.\x"
    r"1f]{0,80})"
)
_NO_JOURNAL = re.compile(
    r"(?:arxiv|biorxiv|medrxiv|corr)?[ :]?(?:e?-?prints?|preprints?|abs)?$|(?:ph\.? ?d\.?|"
    r"master'?s|doctoral) (?:thesis|dissertation)",
    re.I,
)
_BOOK_MARKS = re.compile("《([^《》]{2,300})》")
_YEAR_HEAD = re.compile(r"^[\s,.]{0,3}[(\[]?\s?((?:1[89]|20)\d\d)[a-f]?\s?[)\]]?[\s.,:;]{1,3}")


def parse(texts: Iterable[str]) -> pd.DataFrame:
    """Take citations apart.

    Args:
        texts: citations as printed. A missing value counts as an empty text.

    Returns:
        Frame of `COLUMNS`, texts "" where a field was not found; year and month Int64. row: place
        of the citation among `texts`; part: 1, 2, ... where one string holds several; kind: one of
        `LITERATURE`, or office_action, search_report, patent, standard, database, court, none;
        authors joined by ";"; pages as printed, page_first its first; xp the number of the
        European office; confidence: rough share of citations read this way whose title and journal
        are right (see `CONFIDENCE`), 0 where the kind is no literature.
    """
    rows: list[tuple[object, ...]] = []
    for row, text in enumerate(texts):
        whole = text if isinstance(text, str) else ""
        for part, one in enumerate(split(whole), start=1):
            found = parse_one(one)
            rows.append((row, part, found["kind"], *(found.get(name, "") for name in FIELDS),
                         float(found["confidence"])))  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in ("year", "month"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype("Int64")
    return frame


def split(text: str) -> list[str]:
    """The citations in one string: numbered lists, and full citations joined by semicolons."""
    if len(text) < 80 or ("[" not in text and ";" not in text and "(2)" not in text):
        return [text]
    text = text[:LONGEST]
    starts = [hit.start() for hit in _NUMBERED.finditer(text)]
    if len(starts) < 2 or starts[0] > 4:
        starts = [0]
        for hit in _NEXT.finditer(text):
            if _FULL.search(text, starts[-1], hit.start()) and _FULL.search(text, hit.end()):
                starts.append(hit.end())
    ends = [*starts[1:], len(text)]
    parts = [text[start:end].strip(" ;") for start, end in zip(starts, ends, strict=True)]
    return [part for part in parts if part][:_PARTS_MOST] or [text]


def parse_one(text: str) -> dict[str, str]:
    """The fields of one citation; see `parse`."""
    found: dict[str, str] = {}
    text = clean(text)
    if other := kinds.not_literature(text):
        return found | {"kind": other, "confidence": "0"}
    if text.startswith("(") and text.endswith((")", ").")):
        text = text.rstrip(".")[1:-1]
    text = without_looking(identifiers(text, found))
    way = "quoted"
    if not text.isascii() and (hit := _CHINESE.match(text)):
        way, text = "chinese", _chinese(text, hit, found)
    elif place := words.quoted(text):
        inner = text[place[1] : place[2]]
        if place[3] >= len(text) - 2 and place[0] < 160 and _FULL.search(inner[len(inner) // 2 :]):
            # The marks hold the journal too: as good as none.
            way, text = _unquoted(text[: place[0]] + inner, found)
        else:
            way = "cut" if place[2] == place[3] else "quoted"
            text = _with_title(text, place, found)
    else:
        way, text = _unquoted(text, found)
    found["title"] = words.strip(found.get("title", ""))[:600]
    found["journal"] = words.strip(found.get("journal", ""))[:200]
    if _NO_JOURNAL.match(found["journal"]):
        found["journal"] = ""
    first, last = found.get("page_first", ""), found.pop("page_last", "")
    found["pages"] = f"{first}-{last}" if first and last else first
    found["kind"] = kinds.literature(text, found)
    found["confidence"] = str(CONFIDENCE[way] if found["kind"] != "none" else 0.0)
    return found


def _with_title(text: str, place: tuple[int, int, int, int], found: dict[str, str]) -> str:
    """Read a citation whose title stands in quotation marks."""
    found["title"] = text[place[1] : place[2]]
    before, after = text[: place[0]], text[place[3] :]
    marks = _BOOK_MARKS.search(after)
    if marks:
        found["journal"] = marks[1]
        after = after[: marks.start()] + MARK + after[marks.end() :]
    joined = numbers(dates(f"{before} {MARK}\x1e{MARK} {after}", found), found)
    before, _, after = joined.partition("\x1e")
    before = before.rstrip(" ,;:" + MARK)
    source, sign, last = before.rpartition(";")
    if sign and MARK in source and 2 < len(words.strip(last)) < 80:
        # `JOURNAL, vol. 3, pages 1-9; AUTHOR: 'Title'`
        names, rest = names_of.names_in(words.strip(last)), source
    else:
        names, rest, _ = names_of.leading_names(before.strip(" ,;:("))
    if not names and before.strip(" ,:;" + MARK):
        names = names_of.names_in(words.strip(before)) if len(before) < 200 else []
        rest = ""
    elif words.strip(rest) and MARK not in before and not words.is_venue(rest):
        names, rest = names_of.names_in(before), ""
    if not words.strip(before):
        names, after = _names_after(after)
    found["authors"] = ";".join(names)
    if not found.get("journal"):
        found["journal"] = words.journal_after(after)
    if not found["journal"] and (MARK in before or words.is_venue(rest)):
        found["journal"] = words.journal_after(rest)
    return joined


def _names_after(after: str) -> tuple[list[str], str]:
    """Names that follow a title, where none came before it."""
    body = after.lstrip(" ,;.:" + MARK).removeprefix("by ")
    names, rest, more = names_of.leading_names(body)
    if names and (more or len(names) > 1 or "." in names[0]):
        return names, rest
    return [], after


def _unquoted(text: str, found: dict[str, str]) -> tuple[str, str]:
    """Read a citation whose title, if it has one, is set apart by signs alone."""
    names, rest, _ = names_of.leading_names(text)
    found["authors"] = ";".join(names)
    head = _YEAR_HEAD.match(rest)
    if head:
        found["year"] = head[1]
        rest = rest[head.end() :]
    rest = numbers(dates(rest, found), found).lstrip(" ,;:." + MARK)
    marks = _BOOK_MARKS.findall(rest)
    if marks:
        found["journal"] = marks[-1]
        found["title"] = marks[0] if len(marks) > 1 else rest.split("《")[0]
        return "chinese", rest
    chunks = [part for part in rest.split(MARK) if words.strip(part)]
    if not chunks:
        return "none", rest
    if not names:
        title, after = names_of.trailing_names(chunks[0])
        if after:
            found["authors"] = ";".join(after[:-1])
            found["title"], found["journal"] = title, words.strip(after[-1])
            if not found["journal"] and len(chunks) > 1:
                found["journal"] = words.journal_after(MARK.join(chunks[1:]))
            return "sentence", rest
    title, journal = words.journal_before(chunks[0].strip())
    if not title and len(chunks) > 1 and words.is_venue(journal):
        # The journal may come first, with its volume, and the title after.
        later = words.strip(chunks[1])
        title = later if len(later.split()) > 3 and not words.is_venue(later) else ""
    if not title and journal and not words.is_venue(journal) and len(chunks) > 1:
        later = words.strip(chunks[1])
        if words.is_venue(later) or len(journal.split()) > 4:
            title, journal = journal, words.journal_after(MARK.join(chunks[1:]))
    elif title and not journal and len(chunks) > 1:
        journal = words.journal_after(MARK.join(chunks[1:]))
    numbered = found.get("volume") or found.get("page_first")
    if not title and not numbered and not words.is_venue(journal):
        title, journal = journal, ""
    found["title"], found["journal"] = title, journal
    return ("sentence" if title else "none"), rest


def _chinese(text: str, hit: re.Match[str], found: dict[str, str]) -> str:
    """Read a citation of the national standard: `authors. title[J]. journal, 2018, 41(3): 1-9`."""
    names = [name.strip() for name in re.split(r"[,，、;]", hit[1])]
    found["authors"] = ";".join(name.removesuffix("等") for name in names if name.strip("等 "))
    found["title"], found["journal"] = hit[2], hit[4]
    found["mark"] = hit[3].upper()
    return numbers(dates(text[hit.end() :], found), found)
