"""What a citation is of: literature of some kind, or none of it."""

from __future__ import annotations

import re

from gapstudy.link._npl_text import MARK

_ACTION = re.compile(
    r"\b(?:office action|notice of (?:allowance|reasons|rejection|opposition|preliminary)|"
    r"(?:non-?)?final (?:rejection|office)|examination report|examiner'?s (?:report|answer|search)|"
    r"(?:first|second|third) (?:examination|office)|communication (?:pursuant|under|from|relating)|"
    r"decision (?:of|to|on) (?:grant|rejection|refusal|appeal)|notification of (?:reasons|"
    r"the first)|"
    r"interview summary|restriction requirement|advisory action|file (?:history|wrapper)|"
    r"prosecution history|prüfungsbescheid|amtliche mitteilung|审查意见|拒絶理由|"
    r"response to (?:the )?(?:office|non|final|restriction)|reply to (?:the )?(?:office|"
    r"communication))\b",
    re.IGNORECASE,
)
_SEARCH = re.compile(
    r"\b(?:(?:international|european|partial|supplementary|extended|uk|singapore|dutch)[ ,]{1,2}"
    r"(?:\w{1,15} ){0,3}search report|search report (?:for|of|and|dated|issued)|"
    r"written opinion|(?:international )?preliminary (?:report|examination)|"
    r"recherchenbericht|search opinion|检索报告|調査報告)\b",
    re.IGNORECASE,
)
_PATENT = re.compile(
    r"^(?:(?:u\.?s\.?|united states|european|japanese|german|chinese|british|korean|international|"
    r"english|machine|partial|human|full|abstract|translation|derwent|patent|co-?pending|"
    r"unpublished|"
    r"related|commonly)[ ,]{1,2}.{0,60}?\b(?:patents?|pat\.|appl(?:ication|n)?\.?|publication no|"
    r"(?:JP|CN|DE|EP|WO|KR|FR|GB|US)[- ]?\d{4,})"
    r"|patent abstracts? of japan|(?:EP|US|WO|DE|JP|CN|KR|FR|GB)[- ]?(?:\d{2,4}[-/ ]){0,2}\d{5,}"
    r"|.{0,40}\bser(?:ial)?\.? no\.? \d\d/\d{3})",
    re.IGNORECASE,
)
_COURT = re.compile(
    r"\b(?:v\. [A-Z][\w.]+.{0,60}(?:F\.\s?(?:[23]d|Supp)|U\.S\. \d|USPQ|Cir\.)|"
    r"declaration (?:of|under)|"
    r"complaint (?:for|filed)|petition for|inter partes|exhibit [A-Z0-9]{1,4}\b|affidavit|"
    r"invalidity contentions|deposition of|stipulat\w{1,6} )",
    re.IGNORECASE,
)
_DATABASE = re.compile(
    r"^(?:database|genbank|chemical abstracts?\b|accession|uniprot)", re.IGNORECASE
)
_STANDARD = re.compile(
    r"\b(?:RFC \d{3,4}|3GPP T[SRD]\w{0,3}|IEEE Std|ISO/?(?:IEC)? ?\d{3,5}|"
    r"ITU-T (?:Rec\w{0,14}\.? )?[A-Z]\.\d|"
    r"ETSI (?:TS|EN)|request for comments|internet draft|DIN (?:EN )?\d{3,5})",
    re.IGNORECASE,
)
_THESIS = re.compile(
    r"\b(?:thesis|dissertation|diplomarbeit|doktorarbeit|Ph\.? ?D\.?,|学位论文)", re.IGNORECASE
)
_MEETING = re.compile(
    r"\b(?:proc(?:eedings|\.)? (?:of )?(?:the )?(?:\d|[A-Z]{3,}\b|.{0,60}\b(?:conf|symp|"
    r"workshop|meeting|int))|"
    r"conf(?:erence|\.)?\b|symposium|symp\.|workshop|congress|meeting|tagung|summit|"
    r"digest of technical|ICASSP|CVPR|ICCV|ECCV|NIPS|NeurIPS|ICML|ICLR|SIGGRAPH|INTERSPEECH|"
    r"IEDM)\b",
    re.IGNORECASE,
)
_PREPRINT = re.compile(r"\b(?:arxiv|biorxiv|medrxiv|preprint|ssrn|techrxiv)\b", re.IGNORECASE)
_BOOK = re.compile(
    r"\b(?:chapter|\(?eds?\.\)?|edition|handbook|textbook|isbn|(?:university|academic|crc|"
    r"mit) press|"
    r"john wiley|mcgraw|prentice|in: |verlag|lehrbuch|出版社)\b",
    re.IGNORECASE,
)
#: Without one of these a citation is none of office_action, search_report and court.
_HINTS = (
    "search report", "written opinion", "preliminary", "recherchenbericht", "search opinion",
    "检索",
    "調査", "action", "notice of", "rejection", "examin", "communication", "decision",
    "notification", "interview", "restriction", "file ", "prosecution", "bescheid", "mitteilung",
    "审查", "拒絶", "response to", "reply to", " v. ", "declaration", "complaint", "petition",
    "inter partes", "exhibit", "affidavit", "contentions", "deposition", "stipulat",
)  # fmt: skip
_QUOTED = re.compile(r"\"[^\"]{8,}\"|(?:^|[\s,:(])'[^']{8,}'")
_BY_MARK = {"J": "article", "C": "conference", "D": "thesis", "M": "book"}


def not_literature(text: str) -> str:
    """office_action, search_report, patent, court, database or none for what is no literature.

    Words in a title in quotation marks do not count: a paper may be about search reports.

    Returns:
        The kind, or "" where the citation may be literature.
    """
    if not any(char.isalpha() for char in text):
        return "none"
    folded = text.casefold()
    if not any(word in folded for word in _HINTS):
        return "patent" if _PATENT.match(text) else ""
    outside = _QUOTED.sub(" ", text)
    if _SEARCH.search(outside):
        return "search_report"
    if _ACTION.search(outside):
        return "office_action"
    if _PATENT.match(outside):
        return "patent"
    return "court" if _COURT.search(outside) else ""


def literature(text: str, found: dict[str, str]) -> str:
    """The kind of a citation that may be literature, by its fields and what is left of its text."""
    mark = found.pop("mark", "")
    journal = found.get("journal", "")
    numbered = found.get("volume") or found.get("page_first")
    if mark[:1] in _BY_MARK:
        return _BY_MARK[mark[:1]]
    if _DATABASE.match(text):
        return "database"
    if found.get("arxiv_id"):
        return "preprint"
    if journal and found.get("volume") and not found.get("isbn"):
        return "conference" if _MEETING.search(journal) else "article"
    around = f"{journal} {text.replace(MARK, ' ')}"
    if _PREPRINT.search(around):
        return "preprint"
    if _STANDARD.search(around):
        return "standard"
    if _MEETING.search(journal) or (not journal and _MEETING.search(around)):
        return "conference"
    if _THESIS.search(around):
        return "thesis"
    if journal and numbered and not found.get("isbn"):
        return "article"
    if found.get("isbn") or _BOOK.search(around):
        return "book"
    if found.get("url") and not numbered:
        return "web"
    if journal and (found.get("year") or found.get("xp")):
        return "article"
    if not (found.get("title") or journal or found.get("doi") or found.get("authors")):
        return "none"
    return "unknown"
