"""US patent grants in the office's XML: one document or many in one file -> records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gapstudy.errors import RecordError, ShapeError
from gapstudy.sources._cpc import symbols
from gapstudy.sources._patent_numbers import publication_number
from gapstudy.sources._patent_texts import compact_date, office_code, papers_named
from gapstudy.sources._shape import read_xml, unknown
from gapstudy.sources.base import Bad, Record

if TYPE_CHECKING:
    from lxml import etree
    from scrapy.http import Response

_START = re.compile(rb"(?=<\?xml\s)")
_ZEROS = re.compile(r"([A-Z]*)0*(\d+)")
#: Documents of the weekly files that are no grant of their own.
_BESIDE = {"sequence-cwu"}


def grants(response: Response) -> Iterator[Record | Bad]:
    """Records of every grant in a file; each is an item of its own.

    The weekly files are XML documents one after the other, each with its own declaration. One that
    is broken or of another kind does not spoil the others.

    Raises:
        ShapeError: none of the documents is a grant.
    """
    parts = [part for part in _START.split(response.body) if part.strip()] or [b""]
    good = False
    faults: list[Bad] = []
    first: ShapeError | None = None
    for row, part in enumerate(parts, start=1):
        try:
            root = read_xml(response.replace(body=part.strip()))
            if root.tag in _BESIDE:
                continue
            found = list(parse_grant(root, row, response.url))
        except ShapeError as error:
            first = first or error
            faults.append(_bad(error, part, row))
            continue
        except RecordError as error:
            good = True
            yield _bad(error, part, row)
            continue
        good = True
        yield from found
    if not good and first is not None:
        raise first
    yield from faults


def _bad(error: ShapeError | RecordError, part: bytes, row: int) -> Bad:
    return Bad("patents", error.what, part[:5000].decode("utf-8", errors="replace"), row)


def parse_grant(root: etree._Element, row: int, url: str) -> Iterator[Record]:
    """A grant with its parties and its citations of other literature.

    Where the inventors themselves applied, as all did before 2012, the assignees to whom the patent
    was granted stand as applicants, if there are any. Countries are those of residence, or of the
    address. Citations are those of the front page, in their order among the non-patent ones.

    Raises:
        ShapeError: not a grant.
        RecordError: it has no number, or a date that is none.
    """
    biblio = root.find("us-bibliographic-data-grant")
    if root.tag != "us-patent-grant" or biblio is None:
        raise unknown(f"the document is {str(root.tag)[:60]!r}, not a grant", url)
    patent = _number(biblio)
    granted = _date(biblio, "publication-reference/document-id/date")
    filed = _date(biblio, "application-reference/document-id/date")
    office, priority = _first_filing(biblio, filed)
    yield Record("patents", {
        "patent_id": patent, "title": _text(biblio, "invention-title"),
        "abstract": _text(root, "abstract"), "family_id": None, "office": "US",
        "first_office": office, "cpc": " ".join(symbols([_symbol(item) for item in _cpc(biblio)])),
        "priority_date": priority, "filing_date": filed, "publication_date": granted,
        "grant_date": granted,
        "application_number": _text(biblio, "application-reference/document-id/doc-number") or None,
        "evidence": patent_page(patent),
    }, row)  # fmt: skip
    for role, parties in _parties(biblio):
        for position, party in enumerate(parties, start=1):
            yield Record("patent_parties", {
                "patent_id": patent, "role": role, "position": position,
                "name": _name(party), "country": _residence(party),
            }, row)  # fmt: skip
    texts = (_text(item, "othercit") for item in biblio.iter("nplcit"))
    for position, text in enumerate(filter(None, texts), start=1):
        arxiv_id, doi = papers_named(text)
        yield Record("patent_citations", {
            "patent_id": patent, "position": position, "text": text, "place": "front_page",
            "arxiv_id": arxiv_id, "doi": doi,
        }, row)  # fmt: skip


def _parties(biblio: etree._Element) -> Iterator[tuple[str, list[etree._Element]]]:
    applied = [
        *biblio.iterfind("us-parties/us-applicants/us-applicant"),
        *biblio.iterfind("parties/applicants/applicant"),
    ]
    own = [
        party for party in applied
        if party.get("applicant-authority-category") == "inventor"
        or party.get("app-type") == "applicant-inventor"
    ]  # fmt: skip
    others = [party for party in applied if party not in own]
    yield "applicant", others or list(biblio.iterfind("assignees/assignee")) or own
    yield "inventor", list(biblio.iterfind("us-parties/inventors/inventor")) or own


def patent_page(patent: str) -> str:
    """Public page of a US publication."""
    return f"https://patents.google.com/patent/{patent}/en"


def bare_number(number: str) -> str:
    """A US patent number without the zeros that some files pad it with.

    >>> bare_number("07861317"), bare_number("D0635000"), bare_number("10000000")
    ('7861317', 'D635000', '10000000')
    """
    match = _ZEROS.fullmatch(number)
    return match[1] + match[2] if match else number


def _number(biblio: etree._Element) -> str:
    country, number, kind = (
        _text(biblio, f"publication-reference/document-id/{name}")
        for name in ("country", "doc-number", "kind")
    )
    patent = publication_number(country, bare_number(number), kind) if country == "US" else ""
    if not patent:
        raise RecordError(f"{country[:9]} {number[:20]} {kind[:9]} is not the number of a US grant")
    return patent


def _text(parent: etree._Element, path: str) -> str:
    found = parent.find(path)
    return " ".join("".join(found.itertext()).split()) if found is not None else ""


def _date(parent: etree._Element, path: str) -> str | None:
    text = _text(parent, path)
    return compact_date(text) if text else None


def _first_filing(biblio: etree._Element, filed: str | None) -> tuple[str | None, str | None]:
    """Office and date of the earliest claim of priority, or of the earliest US parent."""
    dates = [(filed, "US")] if filed else []
    for claim in biblio.iterfind("priority-claims/priority-claim"):
        date = _date(claim, "date")
        if date:
            dates.append((date, office_code(_text(claim, "country")) or ""))
    related = biblio.find("us-related-documents")
    parents = ("parent-doc", "us-provisional-application")
    for name in parents if related is not None else ():
        for item in related.iter(name):
            date = _date(item, "document-id/date")
            if date:
                # The country of an international filing is WO, whoever received it.
                dates.append((date, office_code(_text(item, "document-id/country")) or ""))
    if not dates:
        return "US", None
    date, office = min(dates, key=lambda pair: pair[0])
    return office or None, date


def _cpc(biblio: etree._Element) -> Iterator[etree._Element]:
    found = biblio.find("classifications-cpc")
    return found.iter("classification-cpc") if found is not None else iter(())


def _symbol(item: etree._Element) -> str:
    parts = [_text(item, name) for name in ("section", "class", "subclass", "main-group")]
    return "".join(parts) + f"/{_text(item, 'subgroup')}"


def _name(party: etree._Element) -> str:
    book = "addressbook"
    whole = _text(party, f"{book}/orgname")
    person = f"{_text(party, f'{book}/first-name')} {_text(party, f'{book}/last-name')}"
    return whole or person.strip()


def _residence(party: etree._Element) -> str | None:
    stated = _text(party, "residence/country") or _text(party, "addressbook/address/country")
    return None if stated.lower() in {"", "unknown", "omitted"} else stated
