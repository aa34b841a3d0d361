"""Companies of Y Combinator, from the daily copy of its public directory by yc-oss.

The directory is a selected list: companies that one accelerator in the United States took in.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from gapstudy.regions import country_code
from gapstudy.sources._ai_words import WORDS, about_ai
from gapstudy.sources._answers import Again, Good, Verdict
from gapstudy.sources._launches import number_of, options, peek, raw, some_have, text_of, web_host
from gapstudy.sources._shape import read_json, unknown
from gapstudy.sources.base import Bad, Card, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

    from gapstudy.sources.base import Ask

COMPANIES = "https://yc-oss.github.io/api/companies/all.json"
#: Day on which the older companies were put into the directory, within some minutes; no launch.
IMPORT_DAY = dt.date(2012, 1, 17)
#: Fields that every file of the service has in some record.
_FIELDS = (
    "id", "name", "website", "all_locations", "one_liner", "long_description", "industry",
    "industries", "tags", "regions", "batch", "launched_at", "url",
)  # fmt: skip
# "Summer 2005", "S05", "F24", "X25" (spring), "Spring X25", "IK12" (Imagine K12).
_BATCH = re.compile(
    r"(?:(?:winter|spring|summer|fall|autumn)[ -]*)?(?:w|s|f|x|sp|su|ik)?[ -]?(\d{4}|\d\d)",
    re.IGNORECASE,
)
_FIRST_BATCH = 2005


class Yc(Source):
    """Start-ups as organisations, and those that work on AI as products.

    Every company gives an organisation. It also gives a product (the company as launched) when one
    of its tags or industries is about AI by the words of the option `words`; an empty list takes
    every company.

    The country is the last part of the first location (the directory names the main one first, as
    far as one can see); a company without one ("Remote") has the only country among its `regions`.

    The date is the day of `launched_at`, meaning the announcement in the directory, where it can
    be one: not on the day of the great import (2012-01-17) and within a year of the batch's year.
    Else it is the batch. A batch lasts half a year or a quarter, a precision that dates here do
    not have, so only its year is given.

    Not confirmed: what exactly `launched_at` records; the answer to an unknown address.
    """

    name = "yc"
    TITLE = "Y Combinator companies (yc-oss)"
    GIVES = ("organisations", "products")
    LICENCE = "none stated (unofficial copy of a public directory; its terms are Y Combinator's)"
    REGION_BASIS = "company_home"
    OPTIONS: ClassVar[Mapping[str, Any]] = {"words": [*WORDS, "AIOps"]}
    WHOLE = True
    # One file, made anew every day: some 5,000 companies of about 1.7 kB each.
    CARD = Card(
        hosts=("yc-oss.github.io",), delay=5.0, robots=True, overlap=0, per_day=1.0, page=1,
        answer_bytes=9_000_000,
    )  # fmt: skip

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """The one file; the window does not matter."""
        del ask
        yield self.get(COMPANIES)

    def judge(self, response: Response) -> Verdict:
        """A page in place of the file, or half a file, is a passing fault."""
        verdict = super().judge(response)
        if isinstance(verdict, Good) and response.status == 200 and (fault := peek(response)[1]):
            return Again(fault)
        return verdict

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read a list of companies, or one company.

        Raises:
            ShapeError: not JSON, no list, or a field is missing in every company.
        """
        data = read_json(response)
        if isinstance(data, dict) and "id" in data:
            data = [data]
        if not isinstance(data, list):
            raise unknown("a list of companies was expected", response.url)
        some_have(data, _FIELDS, "company", response.url)
        words = options(self)["words"]
        faults: list[str] = []
        found: list[Record | Bad] = []
        for row, item in enumerate(data, start=1):
            try:
                company = _company(item)
            except ValueError as error:
                faults.append(str(error))
                found.append(Bad("organisations", str(error), raw(item), row))
                continue
            found.append(Record("organisations", company, row))
            if about_ai([*_texts(item, "tags"), *_texts(item, "industries")], words):
                found.append(_product(item, company, row))
        if faults and len(faults) == len(data) and len(set(faults)) == 1:
            raise unknown(faults[0], response.url)
        yield from found


def _texts(item: dict[str, Any], name: str) -> list[str]:
    values = item.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _company(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise ValueError("a company is not an object")
    nonprofit = item.get("nonprofit") is True
    website = text_of(item, "website")
    return {
        "organisation_id": f"yc:{number_of(item, 'id')}",
        "name": text_of(item, "name", needed=True),
        "country": _country(item),
        "kind": "nonprofit" if nonprofit else "industry",
        "other_names": " | ".join(name.replace("|", "/") for name in _texts(item, "former_names")),
        "domain": web_host(website).removeprefix("www."),
    }


def _country(item: dict[str, Any]) -> str | None:
    first = text_of(item, "all_locations").split(";")[0].rsplit(",")[-1].strip()
    if first and first.casefold() != "remote":
        return first
    named = {code: name for name in _texts(item, "regions") if (code := country_code(name))}
    return next(iter(named.values())) if len(named) == 1 else None


def _product(item: dict[str, Any], company: dict[str, Any], row: int) -> Record | Bad:
    try:
        date, precision, meaning = _date(item)
        told = [text_of(item, "one_liner"), text_of(item, "long_description")]
        website, evidence, industry = (text_of(item, name)
                                       for name in ("website", "url", "industry"))  # fmt: skip
    except ValueError as error:
        return Bad("products", str(error), raw(item), row)
    country = company["country"]
    return Record("products", {
        "product_id": company["organisation_id"], "name": company["name"], "feature": "",
        "organisation": company["name"], "home_country": country,
        "region_basis": "company_home" if country else "none",
        "country_rung": "given" if country else "none",
        "date": date, "date_precision": precision, "date_meaning": meaning,
        "kind": "product", "category": industry,
        "description": " ".join(" ".join(told).split()), "website": website,
        "popularity": None, "entry": "feed", "evidence": evidence,
    }, row)  # fmt: skip


def _date(item: dict[str, Any]) -> tuple[str, str, str]:
    """Date, precision and meaning of a launch."""
    batch = text_of(item, "batch")
    match = _BATCH.fullmatch(batch) if batch.isascii() else None
    year = int(match[1]) % 100 + 2000 if match else None
    if match and (int(match[1]) // 100 not in {0, 20} or (year or 0) < _FIRST_BATCH):
        year = None
    launched = item.get("launched_at")
    if launched is not None and type(launched) is not int:
        raise ValueError("the field 'launched_at' is not a whole number")
    # Within 2005 to 2100; 0 and what lies outside are no moment.
    if launched and 1_104_537_600 <= launched < 4_102_444_800:
        day = dt.datetime.fromtimestamp(launched, dt.UTC).date()
        if day != IMPORT_DAY and (year is None or abs(day.year - year) <= 1):
            return day.isoformat(), "day", "announcement"
    if year is None:
        raise ValueError(f"the batch {batch[:40]!r} has no year, and there is no day of launch")
    return str(year), "year", "batch"
