"""Exchange documents of the EPO's Open Patent Services: one element -> one patent publication."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gapstudy.errors import RecordError
from gapstudy.sources._cpc import symbols
from gapstudy.sources._patent_numbers import publication_number
from gapstudy.sources._patent_texts import compact_date, papers_named
from gapstudy.sources.base import Record

if TYPE_CHECKING:
    from lxml import etree

EXCHANGE = "{http://www.epo.org/exchange}"
_RESIDENCE = re.compile(r"(.*?)\s*\[([A-Z]{2})\]")
_OFFICE = re.compile(r"([A-Z]{2})\d")
#: Kinds of document with which an office announces the grant itself, not a later correction.
_GRANTS = {"EP": {"B1"}, "US": {"B1", "B2"}, "CN": {"B"}}


def records(document: etree._Element, row: int) -> Iterator[Record]:
    """A publication with its parties and its citations of other literature.

    Raises:
        RecordError: it has no number, or a date that is none.
    """
    biblio = document.find(f"{EXCHANGE}bibliographic-data")
    if biblio is None:
        raise RecordError("the field 'bibliographic-data' is missing")
    country, number, kind = (
        _attribute(document, name) for name in ("country", "doc-number", "kind")
    )
    patent = publication_number(country, _serial(country, number, kind), kind)
    if not patent:
        raise RecordError(f"{country[:9]}.{number[:20]}.{kind[:9]} is not a publication number")
    published = _date(biblio.find(f"{EXCHANGE}publication-reference"))
    filing = biblio.find(f"{EXCHANGE}application-reference")
    filed = _date(filing)
    first = _first_filing(biblio) or (_office(filing), filed)
    yield Record("patents", {
        "patent_id": patent, "title": _in_english(biblio, "invention-title"),
        "abstract": _in_english(document, "abstract").replace("<IMAGE>", "").strip(),
        "family_id": document.get("family-id") or None, "office": patent[:2],
        "first_office": first[0], "cpc": " ".join(_cpc(biblio)),
        "priority_date": first[1], "filing_date": filed, "publication_date": published,
        "grant_date": published if kind in _GRANTS.get(patent[:2], ()) else None,
        "application_number": _application(filing),
        "evidence": "https://worldwide.espacenet.com/patent/search?q=pn%3D"
                    f"{country}{number}{kind}",
    }, row)  # fmt: skip
    for role in ("applicant", "inventor"):
        for position, (name, residence) in enumerate(_parties(biblio, role), start=1):
            yield Record("patent_parties", {
                "patent_id": patent, "role": role, "position": position, "name": name,
                "country": residence,
            }, row)  # fmt: skip
    for position, text in enumerate(_literature(biblio), start=1):
        arxiv_id, doi = papers_named(text)
        yield Record("patent_citations", {
            "patent_id": patent, "position": position, "text": text, "place": "front_page",
            "arxiv_id": arxiv_id, "doi": doi,
        }, row)  # fmt: skip


def _attribute(element: etree._Element, name: str) -> str:
    return (element.get(name) or "").strip()


def _serial(country: str, number: str, kind: str) -> str:
    """A US application's number as its office writes it: the serial has seven digits, not six."""
    if country == "US" and kind.startswith("A") and re.fullmatch(r"20\d{8}", number):
        return f"{number[:4]}0{number[4:]}"
    return number


def _words(element: etree._Element | None) -> str:
    """Text of an element and all in it, with single blanks."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _in_english(parent: etree._Element, name: str) -> str:
    found = parent.findall(f"{EXCHANGE}{name}")
    english = [item for item in found if (item.get("lang") or "").lower() == "en"]
    return _words((english or found or [None])[0])


def _identifiers(reference: etree._Element | None) -> dict[str, dict[str, str]]:
    """Form of number (docdb, epodoc, original) -> name of the part -> text."""
    found: dict[str, dict[str, str]] = {}
    for item in reference.iter(f"{EXCHANGE}document-id") if reference is not None else ():
        parts = {str(part.tag).removeprefix(EXCHANGE): _words(part) for part in item}
        found.setdefault(item.get("document-id-type") or "", parts)
    return found


def _date(reference: etree._Element | None) -> str | None:
    found = _identifiers(reference)
    for form in ("docdb", "epodoc", "original"):
        if text := found.get(form, {}).get("date"):
            return compact_date(text)
    return None


def _office(reference: etree._Element | None) -> str | None:
    """Office of a filing; WO for an international one, whoever received it."""
    found = _identifiers(reference)
    match = _OFFICE.match(found.get("epodoc", {}).get("doc-number", ""))
    if match:
        return match[1]
    docdb = found.get("docdb", {})
    if docdb.get("kind") == "W":
        return "WO"
    return docdb.get("country") or None


def _application(reference: etree._Element | None) -> str | None:
    return _identifiers(reference).get("epodoc", {}).get("doc-number") or None


def _first_filing(biblio: etree._Element) -> tuple[str | None, str] | None:
    """Office and date of the earliest dated priority claim."""
    claims = [
        (date, _office(claim))
        for claim in biblio.iterfind(f"{EXCHANGE}priority-claims/{EXCHANGE}priority-claim")
        if (date := _date(claim))
    ]
    # Of several of one day, the first that is named.
    return min(((office, date) for date, office in claims), key=lambda pair: pair[1], default=None)


def _cpc(biblio: etree._Element) -> list[str]:
    found = []
    for item in biblio.iter(f"{EXCHANGE}patent-classification"):
        scheme = item.find(f"{EXCHANGE}classification-scheme")
        if scheme is None or not (scheme.get("scheme") or "").startswith("CPC"):
            continue
        parts = [
            _words(item.find(f"{EXCHANGE}{name}"))
            for name in ("section", "class", "subclass", "main-group", "subgroup")
        ]
        found.append("".join(parts[:4]) + (f"/{parts[4]}" if parts[4] else ""))
    return symbols(found)


def _parties(biblio: etree._Element, role: str) -> list[tuple[str, str | None]]:
    """Names with countries of residence, in their order.

    The same parties stand in two forms: as the office standardised them, with the country in
    brackets, and as printed, without. The first is taken where it is there.
    """
    found = list(biblio.iter(f"{EXCHANGE}{role}"))
    chosen = [item for item in found if item.get("data-format") == "epodoc"] or found
    parties = []
    for item in chosen:
        text = _words(item.find(f"{EXCHANGE}{role}-name"))
        stated = _words(item.find(f"{EXCHANGE}residence/{EXCHANGE}country"))
        match = _RESIDENCE.fullmatch(text)
        name, residence = match.groups() if match else (text.rstrip(" ,"), stated)
        if name or residence:
            parties.append((name, residence or None))
    return parties


def _literature(biblio: etree._Element) -> Iterator[str]:
    for item in biblio.iter(f"{EXCHANGE}nplcit"):
        if text := _words(item.find(f"{EXCHANGE}text")) or _words(item):
            yield text
