"""Volume, issue, pages and year of a citation, from the many ways of writing them.

Labelled numbers (`vol. 3`, `Bd. 3`, `第3卷`) are read first, then the compact forms of the sciences
(`3(2):12-18 (2005)`, `2005;3(2):12-8`, `3, 12-18`), where place decides what a number is.
"""

from __future__ import annotations

import re

from gapstudy.link._npl_text import MARK, YEAR

_PAGE = r"(?:ID\s?)?[A-Za-z]{0,3}\d{1,7}(?:[A-Z]{1,3}\d{0,5})?"
_TO = r"(?:\s{0,2}(?:-{1,2}|to|bis|\+)\s{0,2}|\s(?=\d))"
_SPAN = rf"({_PAGE})(?:{_TO}({_PAGE}))?"
_VOLUME = re.compile(
    r"(?<![^\W_])(?:(?:vol(?:ume|s)?|bd|band|jg|jahrgang|tome)\b[.,:]{0,2}\s{0,2}(?:no\.?\s)?"
    r"|v(?:ol)?\.?\s?(?=\d))([A-Z]{0,5}-?\d{1,5}[A-Z]?)(?![^\W_])"
    r"(?:\s?\(\s?(\d{1,4}(?:[-/]\d{1,4})?)\s?\))?"
    rf"(?:(?:\s?:\s?|\(\d{{4}}\)\s?:?\s?){_SPAN}(?!\d))?",
    re.IGNORECASE,
)
_ISSUE = re.compile(
    r"(?<![^\W_])(?:no|nos|number|num|nr|issue|iss|heft|n°|№)[.:,]{0,2}\s{0,2}"
    r"(\d{1,5}(?:\s?[-/&]\s?\d{1,4})?)(?!\d)(?:,? part \d{1,3})?(?:\s?:\s?" + _SPAN + r"(?!\d))?",
    re.IGNORECASE,
)
_PAGES = re.compile(
    rf"(?<![^\W_])(?:(?:pp|pgs?|pages?|seiten?|págs?)\b[.,:]{{0,2}}|[pPS]\.)\s{{0,2}}{_SPAN}(?!\d)",
    re.IGNORECASE,
)
# vol. 7216, 72161Z: the number of an article stands where pages would.
_ARTICLE = re.compile(rf"(?<={MARK}) ?, ?([A-Z]?\d{{4,7}}[A-Z]?)(?=\s{{0,2}}(?:[,.;({MARK}]|$))")
_LENGTH = re.compile(
    r"[(\[]?\b\d{1,4}\s?(?:pages|pgs?|pp|sheets|seiten|S)\b(?!\.?\s?\d)\.?[)\]]?", re.I
)
_CHINESE = (
    re.compile(r"(?:第\s?(\d{1,4})\s?卷)"),
    re.compile(r"(?:第\s?(\d{1,4})\s?期)"),
    re.compile(r"第\s?(\d{1,6})(?:\s?[-~至]\s?(\d{1,6}))?\s?页"),
)
_NUMBER = r"[A-Z]{0,3}-?\d{1,4}[A-Z]?"
_COMPACT = (
    # A year first, as in `2002;34(4):349-58` and `(2003) 125:3, 741`.
    re.compile(
        rf"\(?(?<![\d-])(?P<y>{YEAR})\)?(?:\s?[;:,.]|(?<=\)))?\s{{0,2}}(?P<v>{_NUMBER})\s?"
        rf"(?:\((?P<i>[^()]{{1,14}})\)|:(?P<i2>\d{{1,3}})(?=,))?\s?[:,]\s?"
        rf"(?P<p>{_PAGE})(?:{_TO}(?P<q>{_PAGE}))?(?!\d)"
    ),
    # A bracket that a misread sign leaves open: `191(10:1799`.
    re.compile(rf"(?<![^\W_])(?P<v>\d{{1,4}})\((?P<i>\d{{1,3}}):(?P<p>{_PAGE})(?:{_TO}(?P<q>{_PAGE}))?"),
    # The year in the middle, as in `7(1), 2001, 272-279` and `22:10 (1974) 2485`.
    re.compile(
        rf"(?<![^\W_])(?P<v>{_NUMBER})\s?(?:\((?P<i>\d{{1,4}}(?:[-/]\d{{1,4}})?)\)|"
        rf":(?P<i2>\d{{1,3}}))?"
        rf"[ ,]{{0,3}}(?:\((?P<y>{YEAR})\)|(?P<y2>{YEAR})(?=\s?,))[ ,:]{{0,3}}"
        rf"(?:pp?\.\s?)?(?P<p>{_PAGE})(?:{_TO}(?P<q>{_PAGE}))?(?!\d)"
    ),
    # Volume and pages, as in `3(2):12-18 (2005)`, `3:12`, `3(2)12-18`.
    re.compile(
        rf"(?<![^\W_])(?P<v>{_NUMBER})\s?(?:\(\s?(?P<i>[^()]{{1,14}}?)\s?\)\s?[:,;]?|"
        rf"(?P<i2>(?:,?\s?suppl\.?\s?\d{{0,3}})?)\s?:)\s?(?P<p>{_PAGE})(?:{_TO}(?P<q>{_PAGE}))?"
        rf"(?!\d)(?:[,;]?\s{{0,2}}\((?P<y>{YEAR})\))?",
        re.IGNORECASE,
    ),
    # Only a comma between, as in `3, 12-18 (2005)`.
    re.compile(
        rf"(?<![^\W_])(?P<v>[A-Z]?\d{{1,4}}),\s?(?P<p>{_PAGE})(?:\s?-\s?(?P<q>{_PAGE}))"
        rf"(?!\d)(?:,?\s?\((?P<y>{YEAR})\))?"
    ),
    # One page and a year, as in `65, 5043 (1989)`.
    re.compile(rf"(?<![^\W_])(?P<v>[A-Z]?\d{{1,4}}),\s?(?P<p>{_PAGE})(?:\s(?P<q>\d{{1,6}}))?,?\s?"
        rf"\((?P<y>{YEAR})\)"),
)  # fmt: skip
# 2004: 112-118, that is a year and no volume.
_YEAR_PAGES = re.compile(rf"(?<![\d-])({YEAR})\)?\s?[:;,]\s?({_PAGE})\s?-\s?({_PAGE})(?!\d)")
_SPAN_ALONE = re.compile(r"(?<![\w./-])([A-Z]?\d{1,6})\s?-\s?([A-Z]?\d{1,6})(?![\w/-])")
# 136 Endocrinology 857 865, as lawyers write it.
_LAW = re.compile(
    rf"(?<![^\W_])(\d{{1,4}})\s([A-Z][^\d{MARK},;]{{3,60}}?)\s(\d{{1,6}})[- ](\d{{1,6}})(?=\s?["
    rf".,;(]|\s?$)"
)
_ISSUE_ALONE = re.compile(
    rf"(?<![^\W_])(\d{{1,4}})(?:\((\d{{1,4}}(?:[-/]\d{{1,4}})?)\)(?!\d)|"
    rf"\s\((\d{{1,3}})\)(?=\s{{0,2}}[,;:.{MARK}])"
    rf"|:(\d{{1,3}})(?=\s{{0,2}}[,;]?\s{{0,2}}{MARK}))"
)
_VOLUME_LAST = re.compile(
    rf"(?<=[^\W\d_.])[.,]?\s((?!(?:19|20)\d\d)[A-Z]?\d{{1,4}})(?:,?\s?suppl\.?\s?\d{{0,3}})?"
    rf"(?=\s?[,.;:]?\s{{0,3}}{MARK})",
    re.IGNORECASE,
)
YEARS = re.compile(rf"(?<![\d./-])({YEAR})[a-f]?(?![\d/]|-\d{{3,}})")
_CLOSED_YEAR = re.compile(rf"[(\[]\s?({YEAR})[a-f]?\s?[)\]]")
_PLAUSIBLE = range(1800, 2031)


def numbers(text: str, found: dict[str, str]) -> str:
    """Take volume, issue, pages and year out of a citation.

    Args:
        text: a clean citation without title, identifiers and written dates.
        found: gets volume, issue, page_first, page_last and, where no date gave it, year.

    Returns:
        The text with a mark where something was read.
    """
    text = _labelled(_LENGTH.sub(MARK, text), found)
    if not found.get("page_first"):
        text = _compact(text, found)
    if not found.get("volume"):
        hit = _ISSUE_ALONE.search(text)
        if hit and _takes_volume(hit[1], found):
            found["volume"], found["issue"] = (
                hit[1],
                found.get("issue") or hit[2] or hit[3] or hit[4],
            )
            text = _without(text, hit)
    text = _year(text, found)
    if not found.get("volume") and (found.get("page_first") or found.get("issue")):
        hit = _VOLUME_LAST.search(text)
        if hit:
            found["volume"] = hit[1]
            text = text[: hit.start(1)] + MARK + text[hit.end() :]
    return text


def _without(text: str, hit: re.Match[str]) -> str:
    return f"{text[: hit.start()]} {MARK} {text[hit.end() :]}"


def _labelled(text: str, found: dict[str, str]) -> str:
    hit = _VOLUME.search(text)
    if hit:
        found["volume"] = hit[1]
        if hit[2]:
            found["issue"] = hit[2]
        _pages(hit[3], hit[4], found)
        text = _without(text, hit)
        article = None if found.get("page_first") else _ARTICLE.search(text)
        if article and not re.fullmatch(YEAR, article[1]):
            found["page_first"] = article[1]
            text = _without(text, article)
    hit = _ISSUE.search(text)
    if hit:
        found.setdefault("issue", re.sub(r"\s", "", hit[1]))
        _pages(hit[2], hit[3], found)
        text = _without(text, hit)
    hit = _PAGES.search(text)
    if hit:
        _pages(hit[1], hit[2], found)
        text = _without(text, hit)
    if not text.isascii():
        for name, pattern in zip(("volume", "issue", "page_first"), _CHINESE, strict=True):
            hit = pattern.search(text)
            if hit:
                found.setdefault(name, hit[1])
                if name == "page_first" and hit[2]:
                    found.setdefault("page_last", hit[2])
                text = _without(text, hit)
    return text


def _pages(first: str | None, last: str | None, found: dict[str, str]) -> None:
    if first and not found.get("page_first"):
        found["page_first"] = first.removeprefix("ID").strip()
        if last:
            found["page_last"] = last


def _takes_volume(number: str, found: dict[str, str]) -> bool:
    return not found.get("volume") and not (len(number) == 4 and number[:2] in {"19", "20"})


def _compact(text: str, found: dict[str, str]) -> str:
    if found.get("volume"):
        hit = _YEAR_PAGES.search(text)
        if hit:
            found.setdefault("year", hit[1])
            _pages(hit[2], hit[3], found)
            return _without(text, hit)
    for pattern in _COMPACT:
        hit = pattern.search(text)
        if not hit:
            continue
        parts = hit.groupdict()
        if not _takes_volume(parts["v"], found):
            continue
        found["volume"] = parts["v"]
        if issue := (parts.get("i") or parts.get("i2") or "").strip(" ,"):
            if re.fullmatch(YEAR, issue):
                found["year"] = issue
            elif issue[0].isdigit() or issue.casefold().startswith(("pt", "part")):
                found.setdefault("issue", issue)
        _pages(parts["p"], parts.get("q"), found)
        if year := parts.get("y") or parts.get("y2"):
            # A year beside volume and pages is that of the printed volume, surer than a day given
            # elsewhere, which may be that of the online version.
            found["year"] = year
        return _without(text, hit)
    hit = _YEAR_PAGES.search(text)
    if hit:
        found.setdefault("year", hit[1])
        _pages(hit[2], hit[3], found)
        return _without(text, hit)
    hit = _LAW.search(text)
    if hit and not found.get("volume") and not re.fullmatch(YEAR, hit[1]):
        found["volume"] = hit[1]
        _pages(hit[3], hit[4], found)
        return f"{text[: hit.start()]} {MARK} {hit[2]} {MARK} {text[hit.end() :]}"
    hit = _SPAN_ALONE.search(text)
    if hit and _rises(hit[1], hit[2]):
        _pages(hit[1], hit[2], found)
        return _without(text, hit)
    return text


def _rises(first: str, last: str) -> bool:
    """Whether two numbers can be the ends of a span of pages, the second perhaps shortened."""
    if not (first.isdigit() and last.isdigit()):
        return first[0] == last[0]
    return len(last) < len(first) or 0 <= int(last) - int(first) < 600


def _year(text: str, found: dict[str, str]) -> str:
    hit = _CLOSED_YEAR.search(text)
    if hit:
        if not found.get("year"):
            found["year"] = hit[1]
        text = _without(text, hit)
    years = [hit for hit in YEARS.finditer(text) if int(hit[1]) in _PLAUSIBLE]
    if years:
        # The last one: a year in the name of a conference comes before that of its proceedings.
        last = years[-1]
        if not found.get("year"):
            found["year"] = last[1]
        if last[1] == found["year"] and not _in_a_name(text, last):
            text = _without(text, last)
    return text


def _in_a_name(text: str, hit: re.Match[str]) -> bool:
    """Whether words go on at once after a year, as in `Proceedings of the 2000 Symposium`."""
    after = text[hit.end() : hit.end() + 3]
    return len(after) > 1 and after[0] == " " and after[1].isalpha()
