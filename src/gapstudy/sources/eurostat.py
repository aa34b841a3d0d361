"""Eurostat: use of artificial intelligence in enterprises, and why others do not use it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from gapstudy.errors import ShapeError
from gapstudy.regions import is_code
from gapstudy.sources._answers import Again, Good, Refused, Verdict
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources.base import Ask, Bad, Card, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

BASE = "https://ec.europa.eu/eurostat/api/dissemination/statistics/1.0/data"
BROWSER = "https://ec.europa.eu/eurostat/databrowser/product/view"
#: Dimensions that the parser knows; another one of a single value is named in the definition.
DIMENSIONS = ("freq", "size_emp", "nace_r2", "indic_is", "unit", "geo", "time")
#: All activities without finance: the only group of isoc_eb_ai, so it is not said of each figure.
ALL_NACE = "C10-S951_X_K"
#: Codes of places that differ from ours. Other aggregates (EA20, EU28) are left out: they hold the
#: same enterprises again.
PLACES = {"EL": "GR", "UK": "GB", "EU27_2020": "EU27"}
FLAGS = {
    "b": "break", "u": "low_reliability", "c": "suppressed", "p": "provisional", "e": "estimated",
}  # fmt: skip
#: Most positions of a cube that we walk through; the service refuses more than five million rows.
_MOST = 5_000_000
_YEAR = re.compile(r"(?:19|20|21)\d\d(?:-[\w-]{1,6})?")


class Eurostat(Source):
    """Shares of enterprises, in JSON-stat, one request per data set and unit.

    The unit names the denominator and stands with every figure: a barrier in PC_ENT (all
    enterprises) and one in PC_ENT_AI_EC (those that ever considered AI) are different things.
    Indicators are `eurostat:E_AI_TANY` and so on; the entity is the size class, with the activity
    where it is not the total. A figure that is not given has no row; one that is withheld has a row
    without a value and says so in `status`. Only the newest version of a figure exists at Eurostat:
    earlier ones are in the archive.

    A data set that is being prepared (answer 413, asynchronous) is asked for again.

    Not confirmed: several values per filter by repeating the parameter, which is therefore not
    used; flags other than `b`; whether the technologies counted in E_AI_TANY changed in 2025.
    """

    name = "eurostat"
    TITLE = "Eurostat: artificial intelligence in enterprises"
    GIVES = ("indicators",)
    LICENCE = "CC BY 4.0 (reuse under Decision 2011/833/EU)"
    REGION_BASIS = "respondent"
    # No limit is published. An answer holds all years of a unit: about 40,000 figures of some 30
    # bytes. They are renewed once a year.
    CARD = Card(hosts=("ec.europa.eu",), overlap=0, answer_bytes=1_500_000)
    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "datasets": ("isoc_eb_ai",),
        "units": ("PC_ENT", "PC_ENT_AI_EC"),
        "filters": {},
    }
    WHOLE = True

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """One request per data set and unit; `filters` holds one value per dimension."""
        options = {**self.OPTIONS, **ask.options}
        filters = sorted((str(name), str(value)) for name, value in options["filters"].items())
        for dataset in options["datasets"]:
            for unit in options["units"]:
                query = urlencode([("format", "JSON"), ("lang", "EN"), ("unit", unit), *filters])
                yield self.get(f"{BASE}/{dataset}?{query}")

    def judge(self, response: Response) -> Verdict:
        """Codes in the body, not the status, say what happened."""
        if response.body.lstrip()[:5].lower() in {b"<html", b"<!doc"}:
            return Again("a web page came in place of the data")
        try:
            code, label = _fault(response)
        except ShapeError:
            return Again("the answer is not whole")
        if not code and not label:
            return super().judge(response)
        if "ASYNCHRONOUS" in label.upper():
            return Again("the data are being prepared", 60.0)
        if code == 413 or "EXTRACTION_TOO_BIG" in label.upper():
            return Refused("the extraction is too big", "Narrow it in [source.eurostat]: filters")
        if code == 100 and "NOT AVAILABLE FOR DISSEMINATION" not in label.upper():
            return Good()
        if code in {100, 140, 150}:
            remedy = "Correct datasets, units and filters in [source.eurostat]"
            return Refused(f"code {code}: {label[:150]}", remedy)
        return super().judge(response)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one cube; the row of a record is its position in it, 1 is the first.

        Raises:
            ShapeError: not JSON-stat, or a dimension that the parser does not know.
        """
        code, label = _fault(response)
        if code == 100:
            return
        if code or label:
            raise unknown(f"the answer is an error: {code} {label[:150]}", response.url)
        cube = _cube(read_json(response), response.url)
        dataset = response.url.split("?")[0].rstrip("/").rsplit("/", 1)[-1].lower()
        found, faults = 0, 0
        for position in sorted({*cube.values, *cube.flags}):
            result = _record(cube, position, dataset)
            found += isinstance(result, Record)
            faults += isinstance(result, Bad)
            if result is not None:
                yield result
        if faults and not found:
            raise unknown("the field 'value' holds no number or 'time' no year", response.url)


def _fault(response: Response) -> tuple[int, str]:
    """Code and label of an error in the body; 0 and empty when there is none."""
    body = response.body
    if body.lstrip()[:1] == b"{" and (b'"error"' in body[:2_000] or b'"warning"' in body[:2_000]):
        data = read_json(response)
        found = data.get("error") or data.get("warning") if isinstance(data, dict) else None
        first = found[0] if isinstance(found, list) and found else found
        if isinstance(first, dict):
            code = first.get("id", first.get("status"))
            digits = str(code) if str(code).isascii() and str(code).isdigit() else "0"
            return int(digits[:6]), str(first.get("label") or "error without a text")
    if match := re.search(rb"<faultcode>\s*(\d{3})\s*</faultcode>", body[:5_000]):
        text = re.search(rb"<faultstring[^>]*>([^<]*)<", body[:5_000])
        return int(match[1]), text[1].decode("utf-8", errors="replace") if text else ""
    return 0, ""


@dataclass(frozen=True)
class _Cube:
    """A data set in JSON-stat.

    Attributes:
        names: dimensions in the order of the positions.
        sizes: number of categories of each.
        codes: dimension -> its codes in their order.
        labels: dimension -> code -> label.
        values: position -> what stands there.
        flags: position -> flag.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    codes: Mapping[str, list[str]]
    labels: Mapping[str, Mapping[str, str]]
    values: Mapping[int, Any]
    flags: Mapping[int, str]

    def at(self, position: int) -> dict[str, str]:
        """Codes of a position: row-major, the last dimension runs fastest."""
        found = {}
        for name, size in zip(reversed(self.names), reversed(self.sizes), strict=True):
            position, index = divmod(position, size)
            found[name] = self.codes[name][index]
        return found


def _cube(data: Any, url: str) -> _Cube:
    names, sizes = need(data, "id", list, url), need(data, "size", list, url)
    dimension = need(data, "dimension", dict, url)
    if not names or not all(isinstance(name, str) for name in names):
        raise unknown("the field 'id' is no list of names", url)
    if len(names) != len(sizes) or not all(type(size) is int and size >= 0 for size in sizes):
        raise unknown("the field 'size' does not fit 'id'", url)
    total = math.prod(sizes)
    if total > _MOST:
        raise unknown(f"the field 'size' makes {total} positions", url)
    codes, labels = {}, {}
    for name, size in zip(names, sizes, strict=True):
        category = need(need(dimension, name, dict, url), "category", dict, url)
        codes[name] = _codes(category, size, name, url)
        given = category.get("label")
        given = given if isinstance(given, dict) else {}
        labels[name] = {code: str(given.get(code) or code) for code in codes[name]}
        if name not in DIMENSIONS and size > 1:
            raise unknown(f"the dimension {name!r} is new", url)
    for name in ("indic_is", "unit", "geo", "time"):
        if name not in names:
            raise unknown(f"the dimension {name!r} is missing", url)
    if "value" not in data:
        raise unknown("the field 'value' is missing", url)
    flags = _positions(data.get("status") or {}, total, "status", url)
    return _Cube(
        tuple(names), tuple(sizes), codes, labels,
        _positions(data["value"], total, "value", url),
        {place: str(flag) for place, flag in flags.items() if flag is not None},
    )  # fmt: skip


def _codes(category: dict[str, Any], size: int, name: str, url: str) -> list[str]:
    index = category.get("index")
    if index is None and isinstance(category.get("label"), dict):
        index = list(category["label"])  # a dimension of one category may lack its index
    if isinstance(index, dict):
        places = {place: code for code, place in index.items() if type(place) is int}
        index = [places.get(place) for place in range(size)]
    if not isinstance(index, list) or len(index) != size or len({str(c) for c in index}) != size:
        raise unknown(f"the field 'index' of {name!r} does not fit 'size'", url)
    if not all(isinstance(code, str) for code in index):
        raise unknown(f"the field 'index' of {name!r} holds no codes", url)
    return index


def _positions(found: Any, total: int, field: str, url: str) -> dict[int, Any]:
    """What stands where; absent and null places are left out."""
    if isinstance(found, list):
        pairs = list(enumerate(found))
    elif isinstance(found, dict) and all(re.fullmatch(r"[0-9]{1,9}", key) for key in found):
        pairs = [(int(key), value) for key, value in found.items()]
    else:
        raise unknown(f"the field {field!r} is no list and has no positions", url)
    if any(place >= total for place, _ in pairs):
        raise unknown(f"the field {field!r} has positions beyond 'size'", url)
    return {place: value for place, value in pairs if value is not None}


def status(flag: str) -> str:
    """What a flag says, in our words where we have one; several are separated by `, `.

    The sign `:` says only that there is no figure.

    >>> status("bu"), status(": c"), status("d")
    ('break, low_reliability', 'suppressed', 'd')
    """
    letters = re.sub(r"[:\s,]", "", flag)
    return ", ".join(FLAGS.get(letter, letter) for letter in letters)


def _record(cube: _Cube, position: int, dataset: str) -> Record | Bad | None:
    at = cube.at(position)
    geo = PLACES.get(at["geo"], at["geo"])
    if geo != "EU27" and not is_code(geo):
        return None
    said, value = status(cube.flags.get(position, "")), cube.values.get(position)
    row = position + 1
    raw = f"{at} {value!r} {said}"[:500]
    if not _YEAR.fullmatch(at["time"]):
        return Bad("indicators", f"time: {at['time'][:40]!r} is no year", raw, row)
    if value is None and not said:
        return None
    if value is not None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Bad("indicators", "value: not a number", raw, row)
        if at["unit"].startswith("PC_") and not 0 <= value <= 100:
            return Bad("indicators", f"value: {value} is no percentage", raw, row)
    nace = at.get("nace_r2", ALL_NACE)
    entity = [at.get("size_emp", ""), "" if nace == ALL_NACE else f"NACE {nace}"]
    told = ["indic_is", "unit", "size_emp", "nace_r2", *sorted(set(cube.names) - {*DIMENSIONS})]
    return Record("indicators", {
        "indicator": f"eurostat:{at['indic_is']}", "geo": geo, "period": at["time"],
        "entity": "; ".join(part for part in entity if part), "entity_kind": "enterprises",
        "value": value, "unit": at["unit"], "status": said,
        "definition": "; ".join(cube.labels[name][at[name]] for name in told if name in at),
        "source_name": f"Eurostat {dataset}", "evidence": f"{BROWSER}/{dataset}",
    }, row)  # fmt: skip
