"""Rows of the USPTO's application search: one application -> one of its publications."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gapstudy.errors import RecordError
from gapstudy.sources._cpc import symbols
from gapstudy.sources._patent_numbers import publication_number
from gapstudy.sources._patent_texts import iso_date, office_code
from gapstudy.sources._uspto_grant import bare_number, patent_page
from gapstudy.sources.base import Record

GRANT, PUBLICATION = "grantDate", "earliestPublicationDate"
#: Since 2 January 2001 kind codes tell whether an application was published before its grant.
_CODED = "2001-01-02"
_PATENT = re.compile(r"(D|PP|RE|H|T|X|AI)?(\d{1,8})")


def records(item: Any, window: str, row: int) -> Iterator[Record]:
    """The publication that a window is about, with its applicants and inventors.

    Args:
        item: a row of the answer.
        window: `GRANT`, `PUBLICATION`, or empty: the grant where there is one.
        row: its place in the answer.

    Raises:
        RecordError: it is no application, or lacks the number or date of that publication.
    """
    if not isinstance(item, dict) or not isinstance(item.get("applicationMetaData"), dict):
        raise RecordError("applicationMetaData is missing")
    meta = item["applicationMetaData"]
    number = _text(item, "applicationNumberText")
    if not number:
        raise RecordError("applicationNumberText is missing")
    granted = _day(meta, GRANT)
    if window == GRANT or (not window and granted):
        patent, published = _grant(meta, granted), granted
    else:
        patent = publication_number(_text(meta, "earliestPublicationNumber"))
        published = _day(meta, PUBLICATION)
        if not patent.startswith("US"):
            raise RecordError("earliestPublicationNumber is missing or is none")
    if not published:
        raise RecordError(f"{window or PUBLICATION} is missing")
    filed = _day(meta, "filingDate")
    office, priority = _first_filing(item, filed)
    yield Record("patents", {
        "patent_id": patent, "title": _text(meta, "inventionTitle"), "abstract": "",
        "family_id": None, "office": "US", "first_office": office,
        "cpc": " ".join(symbols(_texts(meta, "cpcClassificationBag"))),
        "priority_date": priority, "filing_date": filed, "publication_date": published,
        "grant_date": granted, "application_number": number, "evidence": patent_page(patent),
    }, row)  # fmt: skip
    for role, parties in _parties(meta):
        for position, (name, country) in enumerate(parties, start=1):
            yield Record("patent_parties", {
                "patent_id": patent, "role": role, "position": position, "name": name,
                "country": country,
            }, row)  # fmt: skip


def grant_address(item: Any) -> str:
    """Address of the grant's full text; empty when the row names none."""
    place = item.get("grantDocumentMetaData") if isinstance(item, dict) else None
    address = place.get("fileLocationURI") if isinstance(place, dict) else None
    return address if isinstance(address, str) else ""


def _grant(meta: dict[str, Any], granted: str | None) -> str:
    text = _text(meta, "patentNumber").upper()
    match = _PATENT.fullmatch(text)
    if match is None:
        raise RecordError(
            f"patentNumber {text[:20]!r} is none" if text else "patentNumber is missing"
        )
    before = bool(_text(meta, "earliestPublicationNumber") or _texts(meta, "publicationDateBag"))
    return publication_number("US", bare_number(text), _kind(match[1] or "", granted or "", before))


def _kind(letters: str, granted: str, before: bool) -> str:
    """Kind code of a grant, which the search does not give.

    By the office's rule: B1 without and B2 with an earlier publication, for plants P2 and P3.
    Source: https://www.uspto.gov/patents/search/authority-files/uspto-kind-codes
    """
    if granted < _CODED:
        return {"": "A", "PP": "P", "D": "S", "RE": "E"}.get(letters, "")
    kinds = {"": ("B1", "B2"), "PP": ("P2", "P3"), "D": ("S1", "S1"), "RE": ("E1", "E1"),
             "H": ("H1", "H1")}  # fmt: skip
    return kinds.get(letters, ("", ""))[before]


def _first_filing(item: dict[str, Any], filed: str | None) -> tuple[str | None, str | None]:
    """Office and date of the earliest filing: foreign priority, a parent, or the filing itself."""
    dates = [(filed, "US")] if filed else []
    dates += [
        (date, office_code(_text(claim, "ipOfficeName")) or "")
        for claim in _objects(item, "foreignPriorityBag")
        if (date := _day(claim, "filingDate"))
    ]
    for parent in _objects(item, "parentContinuityBag"):
        if date := _day(parent, "parentApplicationFilingDate"):
            international = _text(parent, "parentApplicationNumberText").startswith("PCT")
            dates.append((date, "WO" if international else "US"))
    if not dates:
        return "US", None
    date, office = min(dates, key=lambda pair: pair[0])
    return office or None, date


def _parties(meta: dict[str, Any]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    applicants = [
        (_text(party, "applicantNameText"), _residence(party))
        for party in _objects(meta, "applicantBag")
    ]
    first = _text(meta, "firstApplicantName")
    yield "applicant", applicants or ([(first, None)] if first else [])
    yield (
        "inventor",
        [
            (_text(party, "inventorNameText"), _residence(party))
            for party in _objects(meta, "inventorBag")
        ],
    )


def _residence(party: dict[str, Any]) -> str | None:
    """Country of residence; of the postal address where the office gives no residence."""
    places = _objects(party, "correspondenceAddressBag")
    places.sort(key=lambda place: _text(place, "postalAddressCategory") != "residence")
    codes = [_text(place, "countryCode") or _text(place, "countryName") for place in places]
    return next(filter(None, [*codes, _text(party, "countryCode")]), None)


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:40]
    if not isinstance(value, str):
        raise RecordError(f"{name} is not a text")
    return " ".join(value.split())


def _day(data: dict[str, Any], name: str) -> str | None:
    text = _text(data, name)
    try:
        return iso_date(text) if text else None
    except RecordError as error:
        raise RecordError(f"{name}: {error.what}") from None


def _objects(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise RecordError(f"{name} is not a list of objects")
    return list(found)


def _texts(data: dict[str, Any], name: str) -> list[str]:
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise RecordError(f"{name} is not a list of texts")
    return found
