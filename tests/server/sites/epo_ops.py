"""The published-data search of the EPO's Open Patent Services."""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from typing import ClassVar
from xml.sax.saxutils import escape

from tests.server.site import Asked, Reply, Site, World

from ._patent_filings import Filing, filings

_QUERY = re.compile(
    r'\(?cpc=(\w+) and pd within "(\d{8})[ ,](\d{8})"\)?'
    r"(?: and pn=(\w\w)| not \((pn=\w\w(?: or pn=\w\w)*)\))?"
)
_RANGE = re.compile(r"(\d+)-(\d+)")
_KINDS = {"US": "B2", "CN": "B", "WO": "A1", "DE": "B4"}


class EpoOps(Site):
    """Publications by a query; a token of twenty minutes; bytes of an hour and of a week."""

    HOSTS = ("ops.epo.org",)
    SECRETS: ClassVar[dict[str, str]] = {
        "EPO_OPS_KEY": "test-key-epo", "EPO_OPS_SECRET": "test-secret-epo",
    }  # fmt: skip
    RATE = 0.5
    CONCURRENCY = 1
    reach = 2000
    saturation = 10_000
    life = 1199
    per_minute = 30
    hour_bytes = 450_000_000
    week_bytes = 4_000_000_000

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.tokens: dict[str, float] = {}
        self.given: deque[tuple[float, int]] = deque()

    def reply(self, asked: Asked) -> Reply:
        if asked.path == "/3.2/auth/accesstoken":
            return self._token(asked)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if asked.now > self.tokens.get(token, 0.0):
            return Reply(
                400,
                b"<error><code>400</code><message>invalid_access_token</message>"
                b"<description>Access token is invalid</description></error>",
                {"Content-Type": "application/xml",
                 "WWW-Authenticate": 'Bearer realm="null",error="invalid_token"'},
            )  # fmt: skip
        while self.given and self.given[0][0] <= asked.now - 7 * 86_400:
            self.given.popleft()
        week = sum(size for _, size in self.given)
        hour = sum(size for moment, size in self.given if moment > asked.now - 3600)
        for used, most, name, seconds in (
            (hour, self.hour_bytes, "IndividualQuotaPerHour", 3600),
            (week, self.week_bytes, "RegisteredQuotaPerWeek", 86_400),
        ):
            if used >= most:
                told = {"X-Rejection-Reason": name, "Retry-After": str(seconds * 1000)}
                return Reply(403, b"<error><code>403</code></error>", told)
        answer = self._search(asked)
        self.given.append((asked.now, len(answer.body)))
        state = "idle" if self.per_minute >= 30 else "busy"
        answer.headers.update({
            "Content-Type": "application/xml;charset=utf-8",
            "X-IndividualQuotaPerHour-Used": str(hour), "X-RegisteredQuotaPerWeek-Used": str(week),
            "X-Throttling-Control": f"{state} (images=green:200, inpadoc=green:60, other=green:1000"
                                    f", retrieval=green:200, search=green:{self.per_minute})",
        })  # fmt: skip
        return answer

    def _token(self, asked: Asked) -> Reply:
        pair = f"{self.SECRETS['EPO_OPS_KEY']}:{self.SECRETS['EPO_OPS_SECRET']}"
        right = "Basic " + base64.b64encode(pair.encode()).decode()
        if asked.headers.get("authorization") != right or asked.method != "POST":
            return Reply(401, b'{"ErrorCode": "invalid_client"}',
                         {"Content-Type": "application/json"})  # fmt: skip
        if b"grant_type=client_credentials" not in asked.body:
            return Reply(400, b'{"ErrorCode": "invalid_request"}',
                         {"Content-Type": "application/json"})  # fmt: skip
        token = f"test-token-epo-{len(self.tokens) + 1}"
        self.tokens[token] = asked.now + self.life
        told = {"access_token": token, "expires_in": str(self.life), "token_type": "BearerToken",
                "issued_at": str(int(asked.now * 1000)), "status": "approved"}  # fmt: skip
        return Reply(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _search(self, asked: Asked) -> Reply:
        if asked.path != "/3.2/rest-services/published-data/search/biblio,abstract":
            return _fault(404, "SERVER.ServiceNotFound", "Service not found")
        query = _QUERY.fullmatch(asked.args.get("q", ""))
        part = _RANGE.fullmatch(asked.args.get("Range", "1-25"))
        if query is None or part is None or set(asked.args) - {"q", "Range"}:
            return _fault(400, "CLIENT.InvalidQuery", "The query is not understood")
        begin, end = int(part[1]), int(part[2])
        if begin < 1 or end < begin or end - begin >= 100 or end > self.reach:
            return _fault(413, "CLIENT.AmbiguousRequest", "The range is too wide")
        cpc, first, last, office, others = query.groups()
        without = set(re.findall(r"pn=(\w\w)", others or ""))
        found = [
            filing
            for filing in filings(self.world, "epo")
            if first <= f"{filing.day:%Y%m%d}" <= last
            and filing.symbols[0].startswith(cpc)
            and filing.office in {office or filing.office} - without
        ]
        found.sort(key=lambda filing: (filing.day, filing.serial), reverse=True)
        page = found[begin - 1 : end]
        if not page:
            return _fault(404, "SERVER.EntityNotFound", "No results found")
        total = min(len(found), self.saturation)
        documents = "".join(map(_document, page))
        return Reply(
            200,
            f"""<?xml version="1.0" encoding="UTF-8"?>
<ops:world-patent-data xmlns="http://www.epo.org/exchange" xmlns:ops="http://ops.epo.org">
<ops:biblio-search total-result-count="{total}">
<ops:query syntax="CQL">{escape(asked.args["q"])}</ops:query>
<ops:range begin="{begin}" end="{end}"/>
<ops:search-result>{documents}</ops:search-result>
</ops:biblio-search></ops:world-patent-data>""".encode(),
        )


def _fault(status: int, code: str, message: str) -> Reply:
    return Reply(
        status,
        f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<fault xmlns="http://ops.epo.org"><code>{code}</code><message>{message}</message></fault>
""".encode(),
    )


def _document(filing: Filing) -> str:
    office = filing.office
    number = f"{filing.day.year}{filing.serial:06}"
    kind = _KINDS.get(office, "B1") if filing.granted else "A1"
    cpc = "".join(map(_classification, filing.symbols))
    inventors = "".join(
        f'<inventor sequence="{n + 1}" data-format="epodoc"><inventor-name><name>ROE JANE {n} '
        f"[{filing.country}]\n</name></inventor-name></inventor>" for n in range(filing.inventors)
    )  # fmt: skip
    cited = (
        '<references-cited><citation cited-phase="search" sequence="1"><nplcit num="1"><text>ROE, '
        f"arXiv preprint arXiv:{filing.cites}v2</text></nplcit></citation></references-cited>"
        if filing.cites else ""
    )  # fmt: skip
    return f"""<exchange-documents><exchange-document system="ops.epo.org"
 family-id="{70_000_000 + filing.serial}" country="{office}" doc-number="{number}" kind="{kind}">
<bibliographic-data><publication-reference><document-id document-id-type="docdb">
<country>{office}</country><doc-number>{number}</doc-number><kind>{kind}</kind>
<date>{filing.day:%Y%m%d}</date></document-id></publication-reference>
<patent-classifications>{cpc}</patent-classifications>
<application-reference doc-id="{filing.serial}"><document-id document-id-type="epodoc">
<doc-number>{office}2021{filing.serial:07}</doc-number><date>{filing.filed:%Y%m%d}</date>
</document-id></application-reference>
<priority-claims><priority-claim sequence="1" kind="national"><document-id
 document-id-type="epodoc"><doc-number>{filing.country}2020{filing.serial:07}</doc-number>
<date>{filing.filed:%Y%m%d}</date></document-id></priority-claim></priority-claims>
<parties><applicants><applicant sequence="1" data-format="epodoc"><applicant-name>
<name>{escape(filing.firm.upper())} [{filing.country}]</name></applicant-name></applicant>
<applicant sequence="1" data-format="original"><applicant-name><name>{escape(filing.firm)}</name>
</applicant-name></applicant></applicants><inventors>{inventors}</inventors></parties>
<invention-title lang="en">{escape(filing.title)}</invention-title>{cited}</bibliographic-data>
<abstract lang="en"><p>An invented network.</p></abstract>
</exchange-document></exchange-documents>"""


def _classification(symbol: str) -> str:
    group, _, subgroup = symbol[4:].partition("/")
    return (
        '<patent-classification sequence="1"><classification-scheme office="EP" scheme="CPCI"/>'
        f"<section>{symbol[0]}</section><class>{symbol[1:3]}</class><subclass>{symbol[3]}</subclass>"
        f"<main-group>{group}</main-group><subgroup>{subgroup}</subgroup></patent-classification>"
    )
