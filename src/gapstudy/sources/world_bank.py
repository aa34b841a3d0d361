"""World Bank indicators: population, product, research and patents of countries, by year."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from gapstudy.errors import ShapeError
from gapstudy.regions import country_code, is_code
from gapstudy.sources._answers import Again, Good, Refused, Verdict
from gapstudy.sources._shape import read_json, unknown
from gapstudy.sources.base import Ask, Bad, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

BASE = "https://api.worldbank.org/v2/country/all/indicator"
PER_PAGE = 20_000
#: Indicator -> unit of its figures.
UNITS = {
    "SP.POP.TOTL": "persons",
    "NY.GDP.MKTP.CD": "current US dollars",
    "SP.POP.SCIE.RD.P6": "researchers per million persons",
    "GB.XPD.RSDV.GD.ZS": "percent of GDP",
    "IP.PAT.RESD": "patent applications of residents",
    "IP.PAT.NRES": "patent applications of non-residents",
    "NY.GDP.MKTP.PP.KD": "constant international dollars at purchasing power parity",
}
_YEAR = re.compile(r"(?:19|20|21)\d\d")


class WorldBank(Source):
    """Denominators: figures by country and year, one request per indicator.

    Only countries are kept: `all` also brings aggregates (European Union, High income), which hold
    the same people again. A year without a figure has no row. Values are revised, so the whole
    series is read again each time; the option `since` is its first year. Patent counts are of all
    technologies, by filing office.

    Not confirmed: the names in the first element of the answer, the body of an error, `rows` of
    null where there are no data, the licence, and the code of GDP at purchasing power parity,
    which is asked for last.
    """

    name = "world_bank"
    TITLE = "World Bank: world development indicators"
    GIVES = ("indicators",)
    LICENCE = "CC BY 4.0"
    REGION_BASIS = "none"
    # No limit is published. A row takes about 280 bytes: 27 years of 266 countries and aggregates,
    # one answer, make 2 MB. The series are renewed a few times a year.
    CARD = Card(hosts=("api.worldbank.org",), overlap=0, answer_bytes=2_000_000)
    OPTIONS: ClassVar[Mapping[str, Any]] = {"indicators": tuple(UNITS), "since": 2000}
    WHOLE = True

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """One request per indicator, all countries and years."""
        options = {**self.OPTIONS, **ask.options}
        years = f"{options['since']}:{ask.last.year}"
        for code in options["indicators"]:
            url = f"{BASE}/{code}?format=json&per_page={PER_PAGE}&date={years}"
            yield self.get(url, page=1)

    def judge(self, response: Response) -> Verdict:
        """An error comes with status 200, as an array of one element with a message."""
        verdict = super().judge(response)
        if not isinstance(verdict, Good):
            return verdict
        body = response.body.lstrip()
        if body[:1] == b"<" and b"wb:error" not in body[:2_000]:
            return Again("a web page came in place of the data")
        try:
            message = _message(response)
            data = None if message else read_json(response)
        except ShapeError:
            return Again("the answer is not whole")
        if message:
            remedy = "Take the indicator out of [source.world_bank]: indicators, or correct it"
            return Refused(f"the service says: {message}", remedy)
        meta = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
        empty = len(data) > 1 and not data[1] if isinstance(data, list) else False
        if (
            empty
            and _number(meta, "total") > 0
            and _number(meta, "pages") >= response.meta.get("page", 1)
        ):
            return Again("an empty page in the middle")
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """The next page, where there is one."""
        data = read_json(response)
        page = int(response.meta.get("page", 1))
        meta = data[0] if isinstance(data, list) and data else {}
        if isinstance(meta, dict) and page < _number(meta, "pages"):
            first = re.sub(r"&page=\d+", "", response.url)
            yield self.get(f"{first}&page={page + 1}", page=page + 1)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one page; the row of a record is its place in the second element.

        Raises:
            ShapeError: not an array of meta and rows, or a field that all rows lack.
        """
        if message := _message(response):
            raise unknown(f"the answer is an error: {message}", response.url)
        data = read_json(response)
        if not isinstance(data, list) or len(data) != 2 or not isinstance(data[0], dict):
            raise unknown("an array of meta and rows was expected", response.url)
        rows = data[1]
        if rows is None:
            return
        if not isinstance(rows, list):
            raise unknown("the second element is no list of rows", response.url)
        faults, good = [], 0
        for number, item in enumerate(rows, start=1):
            try:
                record = _record(item, number)
            except ValueError as error:
                faults.append(str(error))
                yield Bad("indicators", str(error), str(item)[:500], number)
                continue
            good += 1
            if record is not None:
                yield record
        if faults and not good:
            raise unknown(f"no row can be read; the first: {faults[0]}", response.url)


def _message(response: Response) -> str:
    """What an error says; empty when the answer is none."""
    body = response.body
    if b"wb:error" in body[:2_000]:
        text = re.search(rb"<wb:message[^>]*>([^<]*)<", body[:2_000])
        return text[1].decode("utf-8", errors="replace").strip()[:200] if text else "an error"
    if b'"message"' not in body[:2_000]:
        return ""
    data = read_json(response)
    first = data[0] if isinstance(data, list) and data else data
    found = first.get("message") if isinstance(first, dict) else None
    while isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, dict):
        found = found.get("value") or found.get("key") or "an error"
    return str(found)[:200] if found else ""


def _number(meta: Mapping[str, Any], name: str) -> int:
    value = meta.get(name)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(item: Any, *names: str) -> str:
    for name in names:
        if not isinstance(item, dict) or name not in item:
            raise ValueError(f"the field {name!r} is missing")
        item = item[name]
    if not isinstance(item, str):
        raise ValueError(f"the field {names[-1]!r} is no text")
    return item.strip()


def _record(item: Any, number: int) -> Record | None:
    """A row; None for an aggregate and a year without a figure.

    Raises:
        ValueError: a field is missing or of another type.
    """
    place, code = _text(item, "country", "id"), _text(item, "indicator", "id")
    year = _text(item, "date")
    if "value" not in item:
        raise ValueError("the field 'value' is missing")
    value = item["value"]
    if not is_code(place) or value is None:
        return None
    other = country_code(str(item.get("countryiso3code") or ""))
    if other not in {None, place}:
        raise ValueError(f"country: {place} and {other} contradict each other")
    if not _YEAR.fullmatch(year):
        raise ValueError(f"date: {year[:40]!r} is no year")
    # Older answers wrote numbers as texts.
    if isinstance(value, str) and re.fullmatch(
        r"-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d\d?)?", value
    ):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("value: not a number")
    return Record("indicators", {
        "indicator": f"worldbank:{code}", "geo": place, "period": year, "entity": "",
        "entity_kind": "", "value": value,
        "unit": str(item.get("unit") or "") or UNITS.get(code, ""),
        "status": str(item.get("obs_status") or ""),
        "definition": _text(item, "indicator", "value"),
        "source_name": "World Bank, World Development Indicators",
        "evidence": f"https://data.worldbank.org/indicator/{code}",
    }, number)  # fmt: skip
