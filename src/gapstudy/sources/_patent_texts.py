"""What the patent offices' answers share: dates, offices, papers named in a citation."""

from __future__ import annotations

import datetime as dt
import re

from gapstudy.errors import RecordError
from gapstudy.regions import country_code

#: No office is older, and no document is dated further ahead.
FIRST_YEAR, LAST_YEAR = 1790, 2100
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ARXIV = re.compile(
    r"\barxiv(?:\.org)?[\s:/,.-]{1,3}(?:preprint[\s:,]*)?(?:arxiv[\s:]*)?(?:id[\s:]*)?"
    r"(?:abs/|pdf/|html/)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?!\d)",
    re.IGNORECASE,
)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>;]{1,300})")
_OFFICES = {
    "EUROPEAN PATENT OFFICE": "EP", "EUROPEAN PATENT OFFICE (EPO)": "EP", "EPO": "EP", "EP": "EP",
    "WORLD INTELLECTUAL PROPERTY ORGANIZATION": "WO",
    "WORLD INTELLECTUAL PROPERTY ORGANIZATION (WIPO)": "WO", "WIPO": "WO", "WO": "WO", "IB": "WO",
    "INTERNATIONAL BUREAU OF WIPO": "WO", "PATENT COOPERATION TREATY": "WO",
}  # fmt: skip


def compact_date(text: str) -> str:
    """ISO text of a date written YYYYMMDD, to the precision that it has.

    Offices write 00 for a month or day that is not known: "19920300" is March 1992.

    >>> compact_date("20180619"), compact_date("19920300"), compact_date("19920000")
    ('2018-06-19', '1992-03', '1992')

    Raises:
        RecordError: not such a date, or outside the years of patents.
    """
    match = _COMPACT.fullmatch(text.strip())
    if match is None or not match[0].isascii():
        raise RecordError(f"{text[:40]!r} is not a date YYYYMMDD")
    year, month, day = match.groups()
    if month == "00":
        return iso_date(f"{year}-01-01")[:4]
    if day == "00":
        return iso_date(f"{year}-{month}-01")[:7]
    return iso_date(f"{year}-{month}-{day}")


def iso_date(text: str) -> str:
    """A day written YYYY-MM-DD, checked.

    Raises:
        RecordError: not such a day, or outside the years of patents.
    """
    try:
        day = dt.date.fromisoformat(text.strip())
    except ValueError:
        raise RecordError(f"{text[:40]!r} is not a day") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise RecordError(f"{day} lies outside the years of patents")
    return day.isoformat()


def office_code(name: str) -> str | None:
    """Code of a patent office given by code or by name; None when it is not known.

    >>> office_code("REPUBLIC OF KOREA"), office_code("EUROPEAN PATENT OFFICE"), office_code("?")
    ('KR', 'EP', None)
    """
    plain = " ".join(name.upper().split())
    return _OFFICES.get(plain) or country_code(plain)


def papers_named(text: str) -> tuple[str | None, str | None]:
    """The first arXiv identifier (without version) and the first DOI (lower case) in a citation.

    >>> papers_named("Roe, J., arXiv preprint arXiv:1706.03762v5 [cs.CL], 2017")
    ('1706.03762', None)
    >>> papers_named("Roe (doi: 10.1000/ABC.1).")
    (None, '10.1000/abc.1')
    """
    arxiv, doi = _ARXIV.search(text), _DOI.search(text)
    return arxiv[1] if arxiv else None, doi_of(doi[1]) if doi else None


def doi_of(text: str) -> str:
    """A DOI found in a sentence, without what closes the sentence, in lower case.

    >>> doi_of("10.1000/X(19)2)."), doi_of("10.1000/x(19)")
    ('10.1000/x(19)2', '10.1000/x(19)')
    """
    # A closing bracket belongs to the DOI when it was opened in it.
    while text[-1:] in {*".,:'’”]"} or (text[-1:] == ")" and text.count(")") > text.count("(")):
        text = text[:-1]
    return text.lower()
