"""Wikidata: companies of the AI industry and AI products, by SPARQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from gapstudy.dates import PartialDate, parse_date
from gapstudy.errors import RecordError, StudyError
from gapstudy.sources import _wikidata_queries as queries
from gapstudy.sources._answers import Again, Good, Refused, Verdict, retry_after
from gapstudy.sources._launches import peek, raw, web_host
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources.base import Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

    from gapstudy.sources.base import Ask

_ITEM = re.compile(r"https?://www\.wikidata\.org/entity/(Q[1-9]\d*)")
_TIME = re.compile(r"\+?(\d{4})-(\d\d)-(\d\d)T")
#: Precision of a date in Wikidata -> length of the ISO text; anything coarser is no date here.
_LENGTHS = {"9": 4, "10": 7, "11": 10}
_COMPANY = {"Q4830453", "Q6881511"}
_MODEL = {"Q115305900", "Q117349473"}
_ASSISTANT = {"Q115305900", "Q870780", "Q133284163"}

#: Key -> (value, precision, language, other item) of each statement about one item.
Said = dict[str, list[tuple[str, str, str, str]]]


class Wikidata(Source):
    """Companies of the AI industry, AI products, and the organisations that developed these.

    Products are the items with a publication or inception date that are large language models, AI
    models, chat bots or generative chat bots (or of a class below one), or that an organisation of
    the AI industry developed. A query that names as many items as one answer may have is asked
    again in tenths, by the last digit of the item's number; a tenth that is full is incomplete.

    Dates keep the precision of the statement (9 year, 10 month, 11 day); a coarser one is no date.
    Of several the one that ends first stands. A product's date is that of publication ("release"),
    else of inception ("inception").

    The country of an organisation is that of P17, else that of its seat; a product has that of its
    developers, else its country of origin. Several countries are no country. Where there are
    several developers the one with the lowest number is named.

    Not confirmed: that a query out of time answers 200 with half a body or 500 with a Java trace
    (both are asked again); that the parameter `format` is honoured (the header says the same).
    """

    name = "wikidata"
    TITLE = "Wikidata (query service)"
    GIVES = ("organisations", "products")
    LICENCE = "CC0-1.0"
    REGION_BASIS = "company_home"
    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "industries": list(queries.INDUSTRIES),
        "product_classes": list(queries.PRODUCT_CLASSES),
    }
    WHOLE = True
    # One query at a time, 60 seconds of query time in a minute: ten seconds between queries leave
    # room for slow ones. Some 900 companies of the industry and fewer products were seen in public
    # uses of such queries, so an answer of 2,000 items and about 12 rows each is the upper end.
    CARD = Card(
        hosts=("query.wikidata.org",), delay=10.0, concurrency=1, budgets=(Budget(6, 60.0),),
        overlap=0, timeout=90.0, per_day=20.0, page=1, answer_bytes=1_500_000,
    )  # fmt: skip

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """One query for each industry and each class of products; the window does not matter."""
        settings = {**self.OPTIONS, **ask.options}
        for name in self.OPTIONS:
            if not all(re.fullmatch(r"Q[1-9]\d*", str(item)) for item in settings[name]):
                raise StudyError(f"[source.wikidata] {name} must list item numbers such as Q11660")
        for industry in settings["industries"]:
            yield self._ask(queries.companies(industry), f"companies of {industry}")
            yield self._ask(queries.products_of_industry(industry), f"products of {industry}")
        for item in settings["product_classes"]:
            yield self._ask(queries.products_of_class(item), f"products of class {item}")

    def _ask(self, query: str, window: str, *, parted: bool = False) -> scrapy.Request:
        request = self.get(queries.address(query), window=window, parted=parted)
        request.headers["Accept"] = "application/sparql-results+json"
        return request

    def judge(self, response: Response) -> Verdict:
        """A query out of time is asked again, whatever it answers with."""
        status = response.status
        if status == 429:
            return Again("HTTP 429: too much query time", max(retry_after(response) or 0.0, 60.0))
        if status == 500:
            trace = b"java." in response.body or b"Timeout" in response.body
            return Again("the query ran out of time" if trace else "HTTP 500", 60.0)
        if status == 400:
            return Refused("HTTP 400: the query was refused", "The parser must be looked at")
        verdict = super().judge(response)
        if isinstance(verdict, Good) and peek(response)[1]:
            return Again("the answer is cut off: the query ran out of time", 60.0)
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Tenths of a full answer, and the organisations that developed the products."""
        data, _fault = peek(response)
        what, items = _group(data)
        window = str(response.meta.get("window", "items"))
        if len(items) >= queries.LIMIT:
            if response.meta.get("parted"):
                yield Incomplete(window, len(items), queries.LIMIT)
            else:
                query = parse_qs(urlsplit(response.url).query)["query"][0]
                for digit in range(10):
                    yield self._ask(queries.part(query, digit), f"{window}, ending in {digit}",
                                    parted=True)  # fmt: skip
                return
        if what == "product":
            developers = {other for said in items.values()
                          for *_, other in said.get("developer", ()) if other}  # fmt: skip
            ordered = sorted(developers, key=lambda item: (len(item), item))
            for first in range(0, len(ordered), queries.BATCH):
                batch = ordered[first : first + queries.BATCH]
                yield self._ask(queries.organisations(batch), f"developers from {batch[0]}",
                                parted=True)  # fmt: skip

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read the rows of one query.

        Raises:
            ShapeError: not an answer to one of our queries.
        """
        url = response.url.split("?")[0]
        data = read_json(response)
        columns = need(need(data, "head", dict, url), "vars", list, url)
        bindings = need(need(data, "results", dict, url), "bindings", list, url)
        what, items = _group(data)
        if not what:
            raise unknown(f"no column 'organisation' or 'product' among {str(columns)[:80]}", url)
        for name in ("key", "value", "precision"):
            if name not in columns:
                raise unknown(f"the field {name!r} is missing", url)
        if bindings and not items:
            raise unknown(f"the field {what!r} is an item in no row", url)
        if items and not any("name" in said for said in items.values()):
            raise unknown("the key 'name' is missing in every item", url)
        read = _organisation if what == "organisation" else _product
        for row, (item, said) in enumerate(items.items(), start=1):
            try:
                yield Record(f"{what}s", read(item, said), row)
            except RecordError as error:
                yield Bad(f"{what}s", str(error), raw({"item": item, **said}), row)


def _group(data: Any) -> tuple[str, dict[str, Said]]:
    """What the rows are about, and the statements by item, in the order of the items' numbers."""
    head = data.get("head") if isinstance(data, dict) else None
    columns = head.get("vars") if isinstance(head, dict) else None
    known = [name for name in ("organisation", "product")
             if isinstance(columns, list) and name in columns]  # fmt: skip
    results = data.get("results") if isinstance(data, dict) else None
    bindings = results.get("bindings") if isinstance(results, dict) else None
    items: dict[str, Said] = {}
    if not known or not isinstance(bindings, list):
        return (known or [""])[0], items
    for binding in bindings:
        match = _ITEM.fullmatch(_text(binding, known[0]))
        if match:
            other = _ITEM.fullmatch(_text(binding, "of"))
            said = (_text(binding, "value"), _text(binding, "precision"),
                    _text(binding, "value", "xml:lang"), other[1] if other else "")  # fmt: skip
            items.setdefault(match[1], {}).setdefault(_text(binding, "key"), []).append(said)
    return known[0], dict(sorted(items.items(), key=lambda pair: (len(pair[0]), pair[0])))


def _text(binding: Any, name: str, part: str = "value") -> str:
    """A value of a row; empty when it is unbound, or a node without a name ("unknown value")."""
    cell = binding.get(name) if isinstance(binding, dict) else None
    if not isinstance(cell, dict) or cell.get("type") == "bnode":
        return ""
    value = cell.get(part)
    return value if isinstance(value, str) else ""


def _values(said: Said, key: str) -> list[str]:
    return sorted({" ".join(value.split()) for value, *_ in said.get(key, ())} - {""})


def _name(rows: list[tuple[str, str, str, str]]) -> str:
    """The name in the first language that has one."""
    named = {language: " ".join(value.split()) for value, _, language, _ in sorted(rows) if value}
    return next((named[language] for language in queries.LANGUAGES if language in named), "")


def _needed_name(said: Said) -> str:
    name = _name(said.get("name", []))
    if not name:
        raise RecordError("the item has no name in the languages asked for")
    return name


def _one(*lists: list[str]) -> str | None:
    """The only value of the first list that has any."""
    found = next(filter(None, lists), [])
    return found[0] if len(found) == 1 else None


def _date(said: Said, key: str) -> PartialDate | None:
    """Of several dates the one that ends first: "2022" gives way to a day within 2022."""
    found = []
    for value, precision, *_ in said.get(key, ()):
        match, length = _TIME.match(value), _LENGTHS.get(precision)
        if match and length and match[0].isascii():
            text = f"{match[1]}-{match[2]}-{match[3]}"[:length]
            try:
                date = parse_date(text)
            except RecordError:
                continue
            if 1000 <= date.first.year <= 2100:
                found.append(date)
    return min(found, key=lambda date: (date.last, -date.first.toordinal()), default=None)


def _classes(said: Said) -> set[str]:
    return {match[1] for value in _values(said, "class") if (match := _ITEM.fullmatch(value))}


def _website(said: Said) -> str:
    return next((value for value in _values(said, "website") if web_host(value)), "")


def _organisation(item: str, said: Said) -> dict[str, Any]:
    name = _needed_name(said)
    date = _date(said, "inception")
    others = [value.replace("|", "/") for value in _values(said, "other") if value != name]
    return {
        "organisation_id": f"wd:{item}", "name": name,
        "country": _one(_values(said, "country"), _values(said, "seat")),
        "kind": "industry" if _classes(said) & _COMPANY else None,
        "ror": _one(_values(said, "ror")), "wikidata": item, "other_names": " | ".join(others),
        "domain": web_host(_website(said)).removeprefix("www."),
        "founded": date.text if date else None,
        "founded_precision": date.precision if date else None,
    }  # fmt: skip


def _product(item: str, said: Said) -> dict[str, Any]:
    name = _needed_name(said)
    published = _date(said, "publication")
    date = published or _date(said, "inception")
    if date is None or date.first.year < 1900:
        raise RecordError("no date that is known to the year or better, from 1900 on")
    makers: dict[str, list[tuple[str, str, str, str]]] = {}
    for row in said.get("developer", ()):
        makers.setdefault(row[3], []).append(row)
    first = min(makers, key=lambda other: (len(other), other), default="")
    country = _one(_values(said, "country"), _values(said, "origin"))
    classes = _classes(said)
    return {
        "product_id": f"wd:{item}", "name": name, "feature": "",
        "organisation": _name(makers[first]) if makers else "", "home_country": country,
        "region_basis": "company_home" if country else "none",
        "country_rung": "given" if country else "none",
        "date": date.text, "date_precision": date.precision,
        "date_meaning": "release" if published else "inception",
        "kind": "model" if classes & _MODEL else "product",
        "category": "assistant" if classes & _ASSISTANT else "other",
        "description": next(iter(_values(said, "description")), ""), "website": _website(said),
        "popularity": None, "entry": "feed", "evidence": f"https://www.wikidata.org/wiki/{item}",
    }  # fmt: skip
