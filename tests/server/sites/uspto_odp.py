"""The application search and the grant files of the USPTO's Open Data Portal."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, ClassVar

from tests.server.site import Asked, Reply, Site

from ._patent_filings import Filing, filings

_META = "applicationMetaData"
_CLASS = re.compile(rf"{_META}\.cpcClassificationBag:(\w+)\*")
_FILED = re.compile(rf"(?:AND )?(NOT )?{_META}\.filingDate:\[(\S+) TO (\S+)\]")
_RANGE = re.compile(rf"{_META}\.(\w+) (\d{{4}}-\d\d-\d\d):(\d{{4}}-\d\d-\d\d)")
_SORT = re.compile(rf"{_META}\.(\w+) (asc|desc)")
_KNOWN = {"q", "rangeFilters", "filters", "sort", "fields", "facets", "offset", "limit"}
_FILES = "/api/v1/datasets/products/files/PTGRXML-SPLT/"


class UsptoOdp(Site):
    """Applications by a query, in pages of at most 100, no more than `cap` of one query."""

    HOSTS = ("api.uspto.gov", "data.uspto.gov")
    SECRETS: ClassVar[dict[str, str]] = {"USPTO_API_KEY": "test-key-uspto"}
    RATE = 4.0
    CONCURRENCY = 1
    cap = 10_000
    page = 100

    def reply(self, asked: Asked) -> Reply:
        key = asked.headers.get("x-api-key")
        if asked.host == "data.uspto.gov":
            return self._text(asked.path)
        if not key:
            return _json(401, {"message": "Unauthorized"})
        if key != self.SECRETS["USPTO_API_KEY"]:
            return _json(403, {"message": "Forbidden"})
        if asked.path.startswith(_FILES):
            place = f"https://data.uspto.gov/files/{asked.path.removeprefix(_FILES)}"
            return Reply(302, b"", {"Location": place})
        if asked.path != "/api/v1/patent/applications/search":
            return _refused(404, "Not Found", "The resource is not there")
        return self._search(asked)

    def _search(self, asked: Asked) -> Reply:
        args = asked.args
        window = _RANGE.fullmatch(args.get("rangeFilters", ""))
        sort = _SORT.fullmatch(args.get("sort", ""))
        query = args.get("q", "")
        wanted, filed = _CLASS.match(query), _FILED.search(query)
        rest = _FILED.sub("", _CLASS.sub("", query)).strip()
        offset, limit = args.get("offset", "0"), args.get("limit", "25")
        if (
            set(args) - _KNOWN or not window or not sort or not wanted or rest
            or not offset.isdigit() or not limit.isdigit() or int(limit) < 1
            or int(offset) >= self.cap
        ):  # fmt: skip
            return _refused(400, "Bad Request", "Invalid request, review the filter section")
        field, first, last = window.groups()
        found = [
            row
            for filing in filings(self.world, "uspto")
            if (row := application(filing))
            and first <= row[_META].get(field, "") <= last
            and filing.symbols[0].startswith(wanted[1])
            and _filed(filing, filed)
        ]
        found.sort(key=lambda row: (row[_META][sort[1]], row["applicationNumberText"]),
                   reverse=sort[2] == "desc")  # fmt: skip
        start = int(offset)
        rows = found[start : min(start + min(int(limit), self.page), self.cap)]
        if not rows:
            return _refused(
                404, "Not Found",
                "No matching records found, refine your search criteria and try again",
            )  # fmt: skip
        fields = [name for name in args.get("fields", "").split(",") if name]
        return _json(200, {
            "count": len(found), "patentFileWrapperDataBag": [_only(row, fields) for row in rows],
            "requestIdentifier": "00000000-0000-0000-0000-000000000000",
        })  # fmt: skip

    def _text(self, path: str) -> Reply:
        number = re.search(r"_(\d+)\.xml$", path)
        for filing in filings(self.world, "uspto"):
            if number and filing.granted and str(_patent(filing)) == number[1]:
                return Reply(200, _grant(filing).encode(), {"Content-Type": "application/xml"})
        return Reply(404, b"not there", {"Content-Type": "text/plain"})


def _filed(filing: Filing, condition: re.Match[str] | None) -> bool:
    if condition is None:
        return True
    inside = condition[2] <= filing.filed.isoformat() <= condition[3]
    return inside != bool(condition[1])


def _patent(filing: Filing) -> int:
    return 12_000_000 + filing.serial


def application(filing: Filing) -> dict[str, Any]:
    """A row of the search: a grant that was not published before, or a publication alone."""
    meta: dict[str, Any] = {
        "inventionTitle": filing.title, "filingDate": filing.filed.isoformat(),
        "effectiveFilingDate": filing.filed.isoformat(), "applicationTypeCode": "UTL",
        "firstApplicantName": filing.firm, "applicationStatusCode": 150 if filing.granted else 30,
        "cpcClassificationBag": [re.sub(r"^(\w{4})(\d+)/", _padded, text)
                                 for text in filing.symbols],
        "applicantBag": [{
            "applicantNameText": filing.firm,
            "correspondenceAddressBag": [_address("postal", filing.country)],
        }],
        "inventorBag": [{
            "inventorNameText": f"Jane Roe {number}",
            "correspondenceAddressBag": [_address("postal", "US"),
                                         _address("residence", filing.country)],
        } for number in range(filing.inventors)],
    }  # fmt: skip
    row: dict[str, Any] = {
        "applicationNumberText": f"18{filing.serial:06}",
        _META: meta,
        "eventDataBag": [{"eventCode": "PG-ISSUE", "eventDate": filing.day.isoformat()}],
    }
    if filing.granted:
        meta |= {"grantDate": filing.day.isoformat(), "patentNumber": str(_patent(filing))}
        name = f"18{filing.serial:06}_{_patent(filing)}.xml"
        row["grantDocumentMetaData"] = {
            "productIdentifier": "PTGRXML", "xmlFileName": name,
            "fileLocationURI": f"https://api.uspto.gov{_FILES}{filing.day:%Y/ipg%y%m%d}/{name}",
        }  # fmt: skip
    else:
        number = f"US{filing.day.year}0{filing.serial % 10**6:06}A1"
        meta |= {"earliestPublicationDate": filing.day.isoformat(),
                 "earliestPublicationNumber": number}  # fmt: skip
    if filing.country != "US":
        row["foreignPriorityBag"] = [{
            "ipOfficeName": {"DE": "GERMANY", "CN": "CHINA", "FR": "FRANCE"}[filing.country],
            "filingDate": (filing.filed - dt.timedelta(days=300)).isoformat(),
            "applicationNumberText": f"2020{filing.serial}",
        }]  # fmt: skip
    return row


def _padded(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]:>4}/"


def _address(kind: str, country: str) -> dict[str, str]:
    return {"cityName": "Exampletown", "countryCode": country, "postalAddressCategory": kind}


def _only(row: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    if not fields:
        return row
    top = {name: value for name, value in row.items() if name in fields}
    inner = {name: value for name, value in row[_META].items() if f"{_META}.{name}" in fields}
    return {**top, _META: inner} if inner else top


def _grant(filing: Filing) -> str:
    number, day = _patent(filing), f"{filing.day:%Y%m%d}"
    cites = f"Roe et al., arXiv:{filing.cites}, 2023." if filing.cites else "Roe, a talk, 2019."
    place = f"<address><city>Exampletown</city><country>{filing.country}</country></address>"
    people = "".join(
        f'<inventor sequence="{n:03}"><addressbook><last-name>Roe {n}</last-name><first-name>Jane'
        f"</first-name>{place}</addressbook></inventor>" for n in range(filing.inventors)
    )  # fmt: skip
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v45-2014-04-03.dtd" [ ]>
<us-patent-grant lang="EN" dtd-version="v4.5 2014-04-03" country="US" date-publ="{day}">
<us-bibliographic-data-grant>
<publication-reference><document-id><country>US</country><doc-number>{number}</doc-number>
<kind>B1</kind><date>{day}</date></document-id></publication-reference>
<application-reference appl-type="utility"><document-id><country>US</country>
<doc-number>18{filing.serial:06}</doc-number><date>{filing.filed:%Y%m%d}</date></document-id>
</application-reference>
<invention-title id="d2e1">{filing.title}</invention-title>
<us-references-cited><us-citation><nplcit num="00001"><othercit>{cites}</othercit></nplcit>
<category>cited by applicant</category></us-citation></us-references-cited>
<us-parties><us-applicants><us-applicant sequence="001" app-type="applicant"
applicant-authority-category="assignee"><addressbook><orgname>{filing.firm}</orgname>{place}
</addressbook><residence><country>{filing.country}</country></residence></us-applicant>
</us-applicants><inventors>{people}</inventors></us-parties>
</us-bibliographic-data-grant>
<abstract id="abstract"><p>An invented network.</p></abstract>
</us-patent-grant>
"""


def _json(status: int, told: dict[str, Any]) -> Reply:
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, {"Content-Type": "application/json"})


def _refused(status: int, message: str, detail: str) -> Reply:
    return _json(status, {
        "code": status, "message": message, "detailedMessage": detail,
        "requestIdentifier": "00000000-0000-0000-0000-000000000000",
    })  # fmt: skip
