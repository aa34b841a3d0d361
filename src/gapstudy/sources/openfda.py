"""openFDA: market clearances of medical devices in the United States, 510(k) and De Novo.

Not confirmed by a recording of this endpoint: pages of more than one record (the envelope, the
`Link` chain and the errors are recorded from a sister endpoint of the same service), that
`country_code` is the address of the applicant, and what a spent daily budget looks like.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from gapstudy.errors import RecordError
from gapstudy.sources._answers import Again, Good, Refused, Spent, Verdict, header, retry_after
from gapstudy.sources._days import Days
from gapstudy.sources._fda import clearance_page, true_day
from gapstudy.sources._raw import raw
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

ENDPOINT = "https://api.fda.gov/device/510k.json"
#: Most records in one answer; the source's own limit.
PAGE = 1000
#: Numbers in one look-up: keeps the address near 1,500 characters.
BATCH = 100
_NUMBER = re.compile(r"(?:K|DEN)\d{6}")
_NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel="?next"?')
_FIELDS = ("k_number", "decision_date", "device_name", "applicant", "country_code")
_DAY = 86_400.0


class OpenFda(Source):
    """Devices cleared for the United States market, by decision date and by number.

    `date` is the day of the decision and `date_meaning` is "clearance": from that day the device
    may be sold. The country is that of the applicant, as the source gives it. Windows are calendar
    months of the chosen product codes; the source has no mark for AI, so the FDA's own list is
    looked up by number besides.
    """

    name = "openfda"
    TITLE = "openFDA device clearances: 510(k) and De Novo"
    GIVES = ("products",)
    LICENCE = "CC0"
    OPTIONAL = ("OPENFDA_API_KEY",)
    REGION_BASIS = "applicant"
    OPTIONS: ClassVar[Mapping[str, Any]] = {"product_codes": ("QIH", "QAS", "QDQ", "QJU", "QKB")}
    WANTS = "k_number"
    # 45 days back: the data are renewed weekly to monthly. Per day: AI devices in the FDA's list of
    # 2025 (about 290). Size: 1.5 KB a record, 25 records a month.
    CARD = Card(
        hosts=("api.fda.gov",), delay=0.5, concurrency=1,
        budgets=(Budget(240, 60.0), Budget(1_000, _DAY)),
        overlap=45, per_day=0.8, page=PAGE, answer_bytes=40_000,
    )  # fmt: skip

    @classmethod
    def card(cls, *, keyed: bool) -> Card | None:
        """With a key 120,000 requests a day instead of 1,000."""
        from dataclasses import replace

        if not keyed:
            return cls.CARD
        return replace(cls.CARD, budgets=(Budget(240, 60.0), Budget(120_000, _DAY)))

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """A unit a month of decisions, and one for each batch of wanted numbers."""
        options = {**self.OPTIONS, **ask.options}
        codes = [str(code) for code in options["product_codes"]]
        if codes:
            for days in Days(ask.first, ask.last).months():
                search = (
                    f"decision_date:[{days.first}+TO+{days.last}]"
                    f"+AND+product_code:({'+OR+'.join(codes)})"
                )
                yield self._ask(search, str(days))
        for batch in _batches(ask.wanted):
            yield self._ask(f"k_number:({'+OR+'.join(batch)})", f"{batch[0]} to {batch[-1]}")

    def _ask(self, search: str, window: str) -> scrapy.Request:
        # Never `skip`: the source would answer with a chain that ends at 25,000.
        url = f"{ENDPOINT}?search={search}&sort=decision_date:asc&limit={PAGE}"
        return self.get(url, window=window, seen=0)

    def judge(self, response: Response) -> Verdict:
        """Errors are told by their code in the body; 404 can mean that there is nothing."""
        status, code = response.status, _error(response)
        if status == 404 and code == "NOT_FOUND":
            return Good()
        if status == 403 and code:
            return Refused(f"HTTP 403: {code}", "Check OPENFDA_API_KEY, or unset it")
        if status == 500 and code == "SERVER_ERROR":
            return Refused(
                "HTTP 500: the query is not understood",
                "Check the product codes in study.toml: three capital letters each",
            )
        if status == 400:
            return Refused(f"HTTP 400: {code}", "Check the product codes in study.toml")
        if status == 429 and header(response, "X-RateLimit-Limit") not in {"", "240"}:
            # A limit other than that of the minute is that of the day, counted over 24 hours; the
            # source does not say when it frees, so look again in an hour.
            return Spent("the requests of the day are used up", retry_after(response) or 3600.0)
        if status == 429:
            return Again("HTTP 429: too many requests", retry_after(response) or 60.0)
        if status == 200 and response.body.lstrip()[:1] == b"<":
            return Again("a page of HTML in place of JSON")
        # A page without a result is short; a full one need not be read twice.
        if status == 200 and len(response.body) < 5_000 and _empty_but_not_done(response):
            return Again("an empty page in the middle of the results")
        return super().judge(response)

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """The next page, as the `Link` header names it; the last page has none."""
        data = read_json(response)
        if isinstance(data, dict) and "error" in data:
            return
        total = need(need(need(data, "meta", dict, response.url), "results", dict, response.url),
                     "total", int, response.url)  # fmt: skip
        seen = int(response.meta.get("seen", 0)) + len(need(data, "results", list, response.url))
        window = str(response.meta.get("window", ""))
        link = _NEXT.search(header(response, "Link"))
        if link:
            where = urlsplit(link[1])
            if (where.scheme, where.netloc, where.path) != ("https", *urlsplit(ENDPOINT)[1:3]):
                raise unknown("the next page lies at another address", response.url)
            yield self.get(link[1], window=window, seen=seen)
        elif seen < total:
            yield Incomplete(window, total, seen)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one page of decisions; an answer "nothing found" gives none.

        Raises:
            ShapeError: not JSON, no list of results, or a field that no result has.
        """
        url = response.url
        data = read_json(response)
        if isinstance(data, dict) and "error" in data:
            if _code(data) == "NOT_FOUND":
                return
            raise unknown(f"the answer is the error {_code(data)!r}", url)
        need(data, "meta", dict, url)
        results = need(data, "results", list, url)
        for name in _FIELDS if results else ():
            if not any(isinstance(item, dict) and name in item for item in results):
                raise unknown(f"the field {name!r} is missing", url)
        for row, item in enumerate(results, start=1):
            try:
                yield Record("products", _product(item), row)
            except RecordError as error:
                yield Bad("products", error.what, raw(item), row)

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The key as user name of basic authorisation: it never stands in an address."""
        key = secrets.get("OPENFDA_API_KEY", "")
        if not key:
            return {}
        return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def _batches(wanted: Iterable[str]) -> Iterator[list[str]]:
    """Wanted numbers by year of submission, so that a new one changes only its own year's batch."""
    years: dict[str, list[str]] = {}
    for number in sorted({text.strip().upper() for text in wanted}):
        if _NUMBER.fullmatch(number):
            years.setdefault(number[:-4], []).append(number)
    for numbers in years.values():
        for start in range(0, len(numbers), BATCH):
            yield numbers[start : start + BATCH]


def _product(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise RecordError("the result is not an object")
    number = _text(item, "k_number")
    if not re.fullmatch(r"[A-Z]{1,3}\d{4,7}", number):
        raise RecordError(f"k_number {number[:40]!r} is not the number of a submission")
    try:
        day = true_day(dt.date.fromisoformat(_text(item, "decision_date")))
    except ValueError as error:
        raise RecordError(f"decision_date: {error}") from None
    name = _text(item, "device_name")
    if not name:
        raise RecordError("device_name is empty")
    country = _text(item, "country_code", must=False)
    generic = item.get("openfda")
    kind = _text(generic, "device_name", must=False) if isinstance(generic, dict) else ""
    panel = _text(item, "advisory_committee_description", must=False)
    return {
        "product_id": f"fda:{number}", "name": name, "feature": "",
        "organisation": _text(item, "applicant"), "home_country": country or None,
        "region_basis": "applicant", "country_rung": "given" if country else "none",
        "date": day, "date_meaning": "clearance", "kind": "device", "category": "medical device",
        "description": "; ".join(part for part in (kind, panel) if part), "website": "",
        "popularity": None, "entry": "feed", "evidence": clearance_page(number),
    }  # fmt: skip


def _text(item: dict[str, Any], name: str, *, must: bool = True) -> str:
    """A text field; the source writes "" for no value, and some fields may be absent."""
    value = item.get(name, None if must else "")
    if value is None and not must:
        return ""
    if not isinstance(value, str):
        raise RecordError(f"{name} is missing" if value is None else f"{name} is not a text")
    return " ".join(value.split())


def _code(data: Any) -> str:
    error = data.get("error") if isinstance(data, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code[:60] if isinstance(code, str) else ""


def _json(response: Response) -> Any:
    import orjson

    try:
        return orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return None


def _error(response: Response) -> str:
    return _code(_json(response)) if response.status >= 400 else ""


def _empty_but_not_done(response: Response) -> bool:
    data = _json(response)
    if not isinstance(data, dict) or data.get("results") != []:
        return False
    meta = data.get("meta")
    counts = meta.get("results") if isinstance(meta, dict) else None
    total = counts.get("total") if isinstance(counts, dict) else None
    return isinstance(total, int) and total > int(response.meta.get("seen", 0))
