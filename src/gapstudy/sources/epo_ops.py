"""EPO Open Patent Services: patent publications of the world with applicants and families."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import scrapy

from gapstudy.errors import RecordError
from gapstudy.sources._answers import (
    Again,
    Expired,
    Good,
    Refused,
    Spent,
    Verdict,
    header,
    retry_after,
)
from gapstudy.sources._days import Days
from gapstudy.sources._epo_documents import EXCHANGE, records
from gapstudy.sources._shape import need, read_json, read_xml, unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    from lxml import etree
    from scrapy.http import Response

HOST = "https://ops.epo.org/3.2"
SEARCH = f"{HOST}/rest-services/published-data/search/biblio,abstract"
#: Most documents in one answer, and most that one query gives, however many it finds.
PAGE, REACH = 100, 2000
#: A day over the reach is asked office by office, and then without all of these: each publication
#: has one office, so nothing is left out and nothing counted twice. Ordered by size.
OFFICES = ("CN", "US", "WO", "KR", "EP", "JP", "TW", "IN")
_DAYS = 4
_TOTAL = re.compile(rb'\btotal-result-count="(\d{1,12})"')
_CODE = re.compile(rb"<code>\s*([\w.]{1,60})\s*</code>")
_SEARCH_PACE = re.compile(r"\bsearch=(\w+):(\d{1,6})")
_MANY = 5
_WEEK, _HOUR = 7 * 86_400.0, 3600.0
#: This source counts the seconds of `Retry-After` in thousandths.
_MILLI = 0.001


class EpoOps(Source):
    """Publications of one CPC class, by publication day, as the offices of the world printed them.

    The publication's country is its office, never a residence: applicants and inventors have their
    own. The office and date of first filing are those of the earliest priority claim; "WO" stands
    for an international first filing, whoever received it. `family_id` is the DOCDB simple family.
    `grant_date` is given for European, US and Chinese patents, whose printing is the grant; other
    offices grant on another day. Dates of publication cut the search into windows of four days,
    halved down to one day, then by office of publication.

    Not confirmed by a recording: answers of the search with `biblio,abstract` (its totals and the
    documents are recorded apart), that `pn=CC` selects by office, the 404 that means nothing found,
    403 with `X-Rejection-Reason` and its `Retry-After` in milliseconds, and citations of other
    literature (`nplcit`).
    """

    name = "epo_ops"
    TITLE = "EPO Open Patent Services"
    GIVES = ("patents", "patent_parties", "patent_citations")
    LICENCE = "EPO OPS fair-use charter: reuse free, no bulk redistribution of the raw data"
    CREDENTIALS = ("EPO_OPS_KEY", "EPO_OPS_SECRET")
    REGION_BASIS = "applicant"
    OPTIONS: ClassVar[Mapping[str, Any]] = {"cpc": "G06N"}
    # 30 searches a minute when the service is idle. Bytes: 4 GB a week and 450 MB an hour are free.
    # Publications in G06N: about 130,000 a year. A recorded document has 10 to 20 KB with its
    # abstract, so a page of 100 about 1.5 MB.
    CARD = Card(
        hosts=("ops.epo.org",), delay=2.0, concurrency=1,
        budgets=(Budget(4e9, _WEEK, "bytes"), Budget(450e6, _HOUR, "bytes")),
        overlap=14, per_day=350, page=PAGE, answer_bytes=1_500_000,
    )  # fmt: skip

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """A unit for every four days of publication, counted from the first of the month."""
        cpc = str({**self.OPTIONS, **ask.options}["cpc"])
        for month in Days(ask.first, ask.last).months():
            for days in _pieces(month):
                yield self._page(cpc, days, "", 1)

    def _page(self, cpc: str, days: Days, office: str, begin: int) -> scrapy.Request:
        query = f'cpc={cpc} and pd within "{days.first:%Y%m%d} {days.last:%Y%m%d}"'
        if office == "other":
            query = f"({query}) not ({' or '.join(f'pn={code}' for code in OFFICES)})"
        elif office:
            query = f"({query}) and pn={office}"
        url = f"{SEARCH}?q={quote(query, safe='')}&Range={begin}-{begin + PAGE - 1}"
        request = self.get(url, cpc=cpc, days=str(days), office=office, begin=begin)
        request.headers["Accept"] = "application/xml"
        return request

    def judge(self, response: Response) -> Verdict:
        """A token that ran out is 400, throttling is 403, nothing found is 404."""
        status, code = response.status, _fault(response.body)
        later = int(response.meta.get("begin", 1)) > 1
        if status in {400, 401} and (
            b"invalid_access_token" in response.body
            or "invalid_token" in header(response, "WWW-Authenticate")
        ):
            return Expired()
        if status == 403:
            return _rejected(response)
        if status in {200, 404} and code == "SERVER.EntityNotFound":
            return Again("a page in the middle of the results is not there") if later else Good()
        if status == 200 and code:
            return Refused(f"fault {code}", "The source refuses this request; check the option cpc")
        if status == 200 and b"world-patent-data" not in response.body[:2000]:
            return Again("a page of something else in place of XML")
        if status == 200 and later and b"exchange-document " not in response.body:
            return Again("an empty page in the middle of the results")
        if (
            status in {400, 404, 413}
            or (status >= 500 and code.startswith("CLIENT."))
            or (code == "SERVER.DomainAccess")
        ):
            return Refused(
                f"HTTP {status}: {code or 'no reason given'}",
                "The source refuses this query; check the option cpc of [source.epo_ops]",
            )
        if status in {408, 425, 429} or status >= 500:
            return Again(f"HTTP {status}", retry_after(response, unit=_MILLI))
        return super().judge(response)

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Next pages; or the parts of a window that holds more than one query can give."""
        found = _TOTAL.search(response.body)
        if found is None:
            return
        total, meta = int(found[1]), response.meta
        cpc, days = str(meta["cpc"]), Days.read(str(meta["days"]))
        office, begin = str(meta["office"]), int(meta["begin"])
        if total > REACH and begin == 1:
            halves = days.halves()
            if halves and not office:
                for half in halves:
                    yield self._page(cpc, half, "", 1)
                return
            if not office:
                for code in (*OFFICES, "other"):
                    yield self._page(cpc, days, code, 1)
                return
            yield Incomplete(f"{cpc}, published {days}, office {office}", total, REACH)
        if begin + PAGE <= min(total, REACH):
            yield self._page(cpc, days, office, begin + PAGE)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read the documents of one answer; an answer "nothing found" gives none.

        Raises:
            ShapeError: not XML, a fault, or documents without bibliographic data.
        """
        root, url = read_xml(response), response.url
        code = _fault(response.body)
        if code in {"SERVER.EntityNotFound", "404"} and _local(root) in {"fault", "error"}:
            return
        if _local(root) != "world-patent-data":
            raise unknown(f"the answer is {_local(root)!r} {code}".rstrip(), url)
        documents = _documents(root)
        if not documents and (found := _TOTAL.search(response.body)) and int(found[1]) == 0:
            return
        _check(documents, url)
        for row, item in enumerate(documents, start=1):
            try:
                found_records = list(records(item, row))
            except RecordError as error:
                reason = f"not there: {_absent(item)}" if _absent(item) else error.what
                yield Bad("patents", reason, _source(item), row)
                continue
            yield from found_records

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The access token."""
        token = secrets.get("token", "")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def token_request(self, secrets: Mapping[str, str]) -> scrapy.Request:
        """Key and secret, for a token of twenty minutes."""
        pair = f"{secrets['EPO_OPS_KEY']}:{secrets['EPO_OPS_SECRET']}"
        return scrapy.Request(
            f"{HOST}/auth/accesstoken", method="POST", body="grant_type=client_credentials",
            headers={
                "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
                "Content-Type": "application/x-www-form-urlencoded",
            },
            dont_filter=True,
        )  # fmt: skip

    def read_token(self, response: Response) -> tuple[str, float]:
        """The token and its life; the source writes the seconds as a text.

        Raises:
            ShapeError: the answer holds no token, or no life of it.
        """
        data = read_json(response)
        token = need(data, "access_token", str, response.url)
        life = data.get("expires_in")
        if not str(life).isascii() or not str(life).isdigit() or len(str(life)) > 9:
            raise unknown("the field 'expires_in' is not a number of seconds", response.url)
        return token, float(str(life))

    def pace(self, response: Response) -> float | None:
        """So many searches a minute as the last answer allows."""
        found = _SEARCH_PACE.search(header(response, "X-Throttling-Control"))
        if not found:
            return None
        rate = int(found[2])
        return 60.0 / rate if rate and found[1] != "black" else 60.0


def _documents(root: etree._Element) -> list[etree._Element]:
    """Documents in their order, and faults that stand in the place of one."""
    return [
        item
        for item in root.iter()
        if _local(item) == "exchange-document"
        or (_local(item) == "fault" and _local(item.getparent()) != "exchange-document")
    ]


def _absent(document: etree._Element) -> str:
    return "fault" if _local(document) == "fault" else (document.get("status") or "")[:60]


def _check(documents: list[etree._Element], url: str) -> None:
    """One document may lack something; when all of them do, the shape has changed."""
    present = [item for item in documents if not _absent(item)]
    if documents and not present:
        return
    if not any(item.find(f"{EXCHANGE}bibliographic-data") is not None for item in present):
        raise unknown("the field 'bibliographic-data' is missing", url)
    # Some few documents truly have no title.
    if len(present) >= _MANY and all(
        next(item.iter(f"{EXCHANGE}invention-title"), None) is None for item in present
    ):
        raise unknown("the field 'invention-title' is missing", url)


def _pieces(month: Days) -> Iterator[Days]:
    """Days 1 to 4, 5 to 8 ... of a month, so that the same days always make the same piece."""
    first = month.first
    while first <= month.last:
        left = _DAYS - 1 - (first.day - 1) % _DAYS
        last = min(first + dt.timedelta(days=left), month.last)
        yield Days(first, last)
        first = last + dt.timedelta(days=1)


def _fault(body: bytes) -> str:
    """Code of a fault that takes the place of the answer; empty when there is none."""
    start = body[:1000]
    if b"<fault" not in start and b"<error" not in start:
        return ""
    found = _CODE.search(start)
    return found[1].decode() if found else "without a code"


def _rejected(response: Response) -> Verdict:
    """The source's way of saying that one asks too much; waits are in milliseconds."""
    reason = header(response, "X-Rejection-Reason")
    said = (reason or response.body[:500].decode("latin-1")).lower()
    seconds = retry_after(response, unit=_MILLI)
    if "registeredquota" in said or "per week" in said:
        return Spent("the bytes of the week are used up", seconds or 86_400.0)
    if "individualquota" in said or "per hour" in said:
        return Spent("the bytes of the hour are used up", seconds or _HOUR)
    if "throttl" in said or "quota" in said or (seconds and not reason):
        return Again(f"HTTP 403: {reason[:60] or 'throttled'}", seconds or 60.0)
    return Refused(
        f"HTTP 403: {reason[:60] or _fault(response.body) or 'access refused'}",
        "Check EPO_OPS_KEY and EPO_OPS_SECRET, and that the account is not suspended",
    )


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _source(element: etree._Element) -> str:
    from lxml import etree

    return str(etree.tostring(element, encoding="unicode", with_tail=False))[:20_000]
