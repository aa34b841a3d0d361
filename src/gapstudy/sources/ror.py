"""ROR, the register of research organisations: its whole dump, from Zenodo.

The list of releases and the address of a release are documented by ROR
(https://ror.readme.io/docs/data-dump); the file entry has been seen with the names `key`, `size`
and `links.self` as well as `filename`, `filesize` and `links.download`, and both are read.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gapstudy.errors import RecordError
from gapstudy.sources._answers import Again, Verdict, retry_after
from gapstudy.sources._launches import raw
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources.base import Bad, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

RELEASES = "https://zenodo.org/api/communities/ror-data/records?q=&sort=newest"
#: Types that say what kind an organisation is. Hospitals, facilities, archives and funders are of
#: every kind, so `healthcare`, `facility`, `archive`, `funder` and `other` say nothing.
_KINDS = {
    "education": "academia", "company": "industry", "government": "government",
    "nonprofit": "nonprofit",
}  # fmt: skip
#: Fields of schema 2; a dump in which one of them stands in no record has another shape.
_FIELDS = (
    "id", "names", "status", "types", "locations", "links", "domains", "established",
    "external_ids", "relationships",
)  # fmt: skip
_STATUS = ("active", "inactive", "withdrawn")
_ID = re.compile(r"https://ror\.org/(0[a-z0-9]{8})")
_RELEASE = re.compile(r"v(\d+)\.(\d+)(?:\.(\d+))?-(\d{4}-\d\d-\d\d)-ror-data.*\.zip")
#: Most bytes that a dump may unpack to.
_MOST = 4 << 30

Item = dict[str, Any]
Open = Callable[[], IO[bytes]]


class Ror(Source):
    """Research organisations with country, kind, names, web domain and founding year.

    An active record gives one organisation. An inactive or withdrawn one gives none, but its names
    become other names of its successors in the same file. The country is that of the locations;
    where they lie in several countries it is unknown, because ROR sorts the values of a field by
    their text, so that no location is the main one.

    Not confirmed: whether Zenodo answers a search without hits while it is rebuilt (asked again).
    """

    name = "ror"
    TITLE = "ROR: Research Organization Registry"
    GIVES = ("organisations",)
    LICENCE = "CC0-1.0"
    REGION_BASIS = "organisation"
    WHOLE = True
    # One list and one file (31.8 MB in release 1.34); a release is made about once a month.
    CARD = Card(
        hosts=("zenodo.org",), delay=2.0, overlap=0, max_bytes=256 << 20, timeout=900.0,
        per_day=1 / 30, page=1, answer_bytes=32_000_000,
    )  # fmt: skip

    @classmethod
    def address(cls, url: str) -> str:
        """Each release lies at an address of its own; the newest replaces those before it."""
        return "https://zenodo.org/.../content" if url.endswith("/content") else url

    def begin(self, ask: Any) -> Iterator[scrapy.Request]:
        """The list of releases; the window does not matter."""
        del ask
        yield self.get(RELEASES)

    def judge(self, response: Response) -> Verdict:
        """A cut-off file, a page in place of an answer and an empty list are passing faults."""
        if response.status == 429:
            return Again("HTTP 429: too many requests", max(retry_after(response) or 0.0, 60.0))
        if response.status == 200 and response.url.endswith("/content"):
            if not zipfile.is_zipfile(BytesIO(response.body)):
                return Again("the file is cut off, or a page came in its place")
        elif response.status == 200 and response.url == RELEASES:
            if not response.body.strip().endswith(b"}"):
                return Again("the list of releases is cut off, or a page came in its place")
            if b'"hits"' in response.body and not _releases(response):
                return Again("the list of releases holds no dump")
        return super().judge(response)

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """The file of the newest release; its address is its own, and what it holds stays."""
        if response.url == RELEASES and (found := _releases(response)):
            release, url = max(found)
            yield self.get(url, release=release[-1], unchanging=True)

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read a dump: the zip, its JSON, JSON lines, or a page of the API.

        Raises:
            ShapeError: none of these, or a field that every record should have stands in none.
        """
        url = response.url
        if response.body[:2] == b"PK":
            opened = _member(response)
            yield from _organisations(lambda: _items(opened, url), url)
            return
        if response.body[:200].lstrip()[:1] == b"[" or _is_record(response.body):
            body = response.body
            yield from _organisations(lambda: _items(lambda: BytesIO(body), url), url)
            return
        data = read_json(response)
        if isinstance(data, dict) and "hits" in data:
            # The list of releases: it gives no records, but its shape must be known.
            for hit in need(need(data, "hits", dict, url), "hits", list, url):
                need(hit, "files", list, url)
            return
        items = need(data, "items", list, url)
        yield from _organisations(lambda: iter(items), url)


def _is_record(body: bytes) -> bool:
    """Whether the first line is a record: JSON lines."""
    import orjson

    try:
        item = orjson.loads(body.lstrip().split(b"\n", 1)[0])
    except orjson.JSONDecodeError:
        return False
    return isinstance(item, dict) and {"id", "names"} <= item.keys()


def _releases(response: Response) -> list[tuple[tuple[Any, ...], str]]:
    """Releases of a list: (date, version, name) and address of the file."""
    import orjson

    try:
        data = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return []
    found = []
    for hit in _list(_dict(_dict(data).get("hits")).get("hits")):
        for file in _list(_dict(hit).get("files")):
            name = _dict(file).get("key") or _dict(file).get("filename")
            links = _dict(_dict(file).get("links"))
            url = links.get("self") or links.get("download")
            match = _RELEASE.fullmatch(name) if isinstance(name, str) else None
            if match and isinstance(url, str) and url.startswith("https://zenodo.org/"):
                version = tuple(int(part or 0) for part in match.groups()[:3])
                found.append(((match[4], *version, name), url))
    return found


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# Reading in a stream: a dump unpacks to some hundreds of megabytes.


def _member(response: Response) -> Open:
    """The JSON in schema 2 of a zip: marked so while schema 1 lay beside it, plain since."""
    try:
        packed = zipfile.ZipFile(BytesIO(response.body))
        names = [name for name in packed.namelist() if name.endswith(".json")]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise unknown(f"the answer is not a zip: {error}", response.url) from None
    marked = [name for name in names if name.endswith("_schema_v2.json")]
    if not names:
        raise unknown("the zip holds no file *.json", response.url)
    name = (marked or names)[0]
    if packed.getinfo(name).file_size > _MOST:
        raise unknown(f"{name!r} unpacks to more than {_MOST} bytes", response.url)
    return lambda: packed.open(name)


def _items(opened: Open, url: str) -> Iterator[Any]:
    """Items of a JSON list or of JSON lines, one at a time."""
    import ijson

    try:
        with opened() as file:
            lines = file.read(1) == b"{"
        with opened() as file:
            if lines:
                yield from ijson.items(file, "", multiple_values=True, use_float=True)
            else:
                yield from ijson.items(file, "item", use_float=True)
    except (ijson.JSONError, ValueError, OverflowError, ArithmeticError) as error:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise unknown(f"the answer is not JSON: {what[:120]}", url) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError,
            NotImplementedError) as error:  # fmt: skip
        raise unknown(f"the answer is not a zip: {error}", url) from None


def _organisations(items: Callable[[], Iterator[Any]], url: str) -> Iterator[Record | Bad]:
    former: dict[str, list[str]] = {}
    seen: set[str] = set()
    faults: set[str] = set()
    good = total = 0
    for item in items():
        total += 1
        if isinstance(item, dict):
            seen.update(name for name in _FIELDS if name in item)
        try:
            _check(item)
        except RecordError as error:
            faults.add(error.what)
            continue
        good += 1
        if item["status"] != "active":
            for successor in _successors(item):
                former.setdefault(successor, []).extend(_names(item))
    for name in _FIELDS:
        if total and name not in seen:
            raise unknown(f"the field {name!r} is missing", url)
    if total and not good and len(faults) == 1:
        raise unknown(faults.pop(), url)
    for row, item in enumerate(items(), start=1):
        try:
            _check(item)
            if item["status"] == "active":
                yield Record("organisations", _organisation(item, former), row)
        except RecordError as error:
            yield Bad("organisations", str(error), raw(item), row)


def _check(item: Any) -> None:
    """What an item must have to be an organisation at all."""
    if not isinstance(item, dict):
        raise RecordError("an item is not an object")
    if not isinstance(item.get("id"), str) or not _ID.fullmatch(item["id"]):
        raise RecordError("the field 'id' is not a ROR identifier")
    if not _names(item):
        raise RecordError("the field 'names' holds no name of the type 'ror_display'")
    if item.get("status") not in _STATUS:
        raise RecordError(f"the field 'status' is not one of {', '.join(_STATUS)}")
    for name in ("types", "locations"):
        if not isinstance(item.get(name), list):
            raise RecordError(f"the field {name!r} is not a list")
    year = item.get("established")
    if year is not None and (type(year) is not int or not 1 <= year <= 2100):
        raise RecordError("the field 'established' is not a year")


def _names(item: Item) -> list[str]:
    """Names, the one to display first; none when there is no such name."""
    shown: list[str] = []
    others: list[str] = []
    for name in map(_dict, _list(item.get("names"))):
        value = name.get("value")
        if isinstance(value, str) and value.strip():
            text = " ".join(value.replace("|", "/").split())
            (shown if "ror_display" in _list(name.get("types")) else others).append(text)
    return list(dict.fromkeys([*shown, *others])) if shown else []


def _successors(item: Item) -> Iterator[str]:
    for other in map(_dict, _list(item.get("relationships"))):
        kind = other.get("type")
        if isinstance(kind, str) and kind.lower() == "successor" and isinstance(
            other.get("id"), str
        ):  # fmt: skip
            yield other["id"]


def _organisation(item: Item, former: dict[str, list[str]]) -> Item:
    match = _ID.fullmatch(item["id"])
    short = match[1] if match else ""
    display, *others = _names(item)
    others = [name for name in dict.fromkeys([*others, *former.get(item["id"], ())])
              if name != display]  # fmt: skip
    kinds = {_KINDS[kind] for kind in item["types"] if isinstance(kind, str) and kind in _KINDS}
    places = (_dict(_dict(place).get("geonames_details")) for place in item["locations"])
    codes = [place.get("country_code") for place in places]
    if not all(code is None or isinstance(code, str) for code in codes):
        raise RecordError("the field 'country_code' is not text")
    countries = {code for code in codes if code}
    year = item.get("established")
    return {
        "organisation_id": f"ror:{short}",
        "name": display,
        "country": countries.pop() if len(countries) == 1 else None,
        "kind": kinds.pop() if len(kinds) == 1 else "mixed" if kinds else None,
        "ror": short,
        "wikidata": _wikidata(item),
        "other_names": " | ".join(others),
        "domain": _domain(item),
        "founded": f"{year:04d}" if year else None,
        "founded_precision": "year" if year else None,
    }


def _wikidata(item: Item) -> str | None:
    for other in map(_dict, _list(item.get("external_ids"))):
        if other.get("type") == "wikidata":
            values = [other.get("preferred")] if other.get("preferred") else other.get("all")
            found = [value for value in _list(values)
                     if isinstance(value, str) and re.fullmatch(r"Q\d+", value)]  # fmt: skip
            return found[0] if len(found) == 1 else None
    return None


def _domain(item: Item) -> str:
    """The domain that ROR lists, of several the web site's; where it lists none, the site's."""
    hosts = [
        _host(link["value"])
        for link in map(_dict, _list(item.get("links")))
        if link.get("type") == "website" and isinstance(link.get("value"), str)
    ]
    listed = [value.lower() for value in _list(item.get("domains")) if isinstance(value, str)]
    for host in hosts:
        for domain in listed:
            if host == domain or host.endswith("." + domain):
                return domain
    return (listed or hosts or [""])[0]


def _host(url: str) -> str:
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")
