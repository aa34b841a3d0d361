"""Google Patents Public Data: patents, parties and citations from an export by the user."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import orjson

from gapstudy.errors import RecordError
from gapstudy.sources._cpc import symbols
from gapstudy.sources._files import Chunk, FileSource, Made, Piece, gather, read_lines, read_table
from gapstudy.sources._patent_numbers import publication_number
from gapstudy.sources._patent_texts import compact_date, iso_date, papers_named
from gapstudy.sources._shape import unknown
from gapstudy.sources.base import Bad

PATENT = (
    "patent_id", "title", "abstract", "family_id", "office", "first_office", "cpc", "priority_date",
    "filing_date", "publication_date", "grant_date", "application_number", "evidence",
)  # fmt: skip
PARTY = ("patent_id", "role", "position", "name", "country")
CITATION = ("patent_id", "position", "text", "place", "arxiv_id", "doi")
FIELDS = {"patents": PATENT, "patent_parties": PARTY, "patent_citations": CITATION}
_COLUMNS = (
    "publication_number", "application_number", "country_code", "kind_code", "family_id", "title",
    "title_localized", "abstract", "abstract_localized", "publication_date", "filing_date",
    "grant_date", "priority_date", "priority_claim", "cpc", "assignee", "assignee_harmonized",
    "inventor", "inventor_harmonized", "citation",
)  # fmt: skip
#: What an export must have: without them no patent is dated, known or chosen.
_NEEDED = ("publication_number", "publication_date", "cpc")
#: Columns that CSV holds as JSON text.
_NESTED = frozenset(
    {"title_localized", "abstract_localized", "priority_claim", "cpc", "assignee",
     "assignee_harmonized", "inventor", "inventor_harmonized", "citation"}
)  # fmt: skip
#: A cell of a whole patent can hold many citations.
_CELL = 16 << 20


class GooglePatents(FileSource):
    """An export of `patents-public-data.patents.publications` by named columns.

    CSV (nested columns as JSON text), JSON lines or Parquet, plain or packed (.gz; CSV also .zip).
    This table is read from an export alone, never crawled. A query reads every byte of the columns
    that it names, whatever the filter, so name columns, never `*`, and set the most bytes that may
    be billed: a query above it is refused and costs nothing. One export that holds all that is
    used here:

        bq query --use_legacy_sql=false --maximum_bytes_billed=500000000000 < patents.sql

    with, in patents.sql,

        EXPORT DATA OPTIONS (
          uri = 'gs://YOUR_BUCKET/patents-*.json.gz', format = 'JSON', compression = 'GZIP') AS
        SELECT publication_number, application_number, country_code, kind_code, family_id,
          title_localized, abstract_localized, publication_date, filing_date, grant_date,
          priority_date, priority_claim, cpc, assignee_harmonized, inventor_harmonized, citation
        FROM `patents-public-data.patents.publications`
        WHERE publication_date >= 20150101
          AND EXISTS (SELECT 1 FROM UNNEST(cpc) c WHERE STARTS_WITH(c.code, 'G06N'))

    Kept are publications with a CPC symbol that begins with one of the option `cpc` (default G06N;
    an empty list keeps all), published from the year `from` to the year `to` (0 is open).

    The title and abstract are the English ones, else the first. The country of a publication is its
    office, never a residence; countries of applicants and inventors are those of the harmonised
    names. `first_office` is the office of the earliest priority claim where the export has the
    column `priority_claim`, and the office itself where that is empty.

    Not confirmed: that dates are numbers YYYYMMDD with 0 for unknown (ISO days and null are read as
    well), and that a family of "-1" or "0" is none.
    """

    name = "google_patents"
    TITLE = "Google Patents Public Data (export)"
    GIVES = ("patents", "patent_parties", "patent_citations")
    LICENCE = "CC BY 4.0"
    REGION_BASIS = "applicant"
    OPTIONS: ClassVar[Mapping[str, Any]] = {"files": [], "cpc": ["G06N"], "from": 0, "to": 0}

    def chunks(self, piece: Piece) -> Iterator[Chunk]:
        """Publications of one file."""
        kind = "".join(piece.path.suffixes[-2:]).removesuffix(".gz").removesuffix(".zip")
        if kind.endswith(".parquet"):
            items = _parquet(piece)
        elif kind.endswith((".json", ".jsonl", ".ndjson")):
            items = _json(piece)
        else:
            items = _csv(piece)
        yield from gather(piece.path, items, "patents", self._read, FIELDS)

    def _read(self, row: int, item: dict[str, Any], made: Made) -> None:
        found = symbols([_text(part.get("code")) for part in _objects(item, "cpc")])
        wanted = tuple(self.option("cpc"))
        if wanted and not any(symbol.startswith(wanted) for symbol in found):
            return
        number = _text(item.get("publication_number"))
        patent = publication_number(number)
        if not patent:
            raise RecordError(f"publication_number: {number[:40]!r} is not one")
        dates = {
            name: _date(item.get(name), name)
            for name in ("priority_date", "filing_date", "publication_date", "grant_date")
        }
        year = int((dates["publication_date"] or "0")[:4])
        first, last = int(self.option("from")), int(self.option("to")) or 9999
        if not first <= year <= last:
            return
        family = _text(item.get("family_id"))
        values = (
            patent, _localized(item, "title"), _localized(item, "abstract"),
            None if family in {"", "0", "-1"} else family, patent[:2], _first_office(item, patent),
            " ".join(found), dates["priority_date"], dates["filing_date"],
            dates["publication_date"], dates["grant_date"],
            _text(item.get("application_number")) or None,
            f"https://patents.google.com/patent/{patent}",
        )  # fmt: skip
        parties = [
            (row, (patent, role, position, name, country))
            for role, column in (("applicant", "assignee"), ("inventor", "inventor"))
            for position, (name, country) in enumerate(_parties(item, column), 1)
        ]
        texts = [
            text for part in _objects(item, "citation") if (text := _text(part.get("npl_text")))
        ]
        citations = [
            (row, (patent, position, text, "front_page", *papers_named(text)))
            for position, text in enumerate(texts, 1)
        ]
        made["patents"].append((row, values))
        made["patent_parties"] += parties
        made["patent_citations"] += citations


def _json(piece: Piece) -> Iterator[tuple[int, dict[str, Any]] | Bad]:
    seen: set[str] = set()
    count = 0
    for found in read_lines(piece):
        for row, line in enumerate(found.lines, found.first):
            if not line or line.isspace():
                continue
            try:
                item = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raw = line[:10_000].decode("utf-8", "replace")
                yield Bad("patents", f"not JSON: {error}", raw, row)
                continue
            if not isinstance(item, dict):
                raw = line[:10_000].decode("utf-8", "replace")
                yield Bad("patents", "an object was expected", raw, row)
                continue
            count += 1
            seen.update(item)
            yield row, item
        if found.fault:
            yield Bad("patents", found.fault, "", found.first)
    if count:
        _complete(seen, piece)


def _csv(piece: Piece) -> Iterator[tuple[int, dict[str, Any]] | Bad]:
    limit = csv.field_size_limit(_CELL)
    try:
        for found in read_table(piece.path, _NEEDED, separator=","):
            if isinstance(found, Bad):
                yield found
                continue
            row, cells = found
            try:
                yield row, {name: _cell(name, cells[name]) for name in _COLUMNS if name in cells}
            except orjson.JSONDecodeError as error:
                yield Bad("patents", f"a cell is not JSON: {error}", str(cells)[:10_000], row)
    finally:
        csv.field_size_limit(limit)


def _cell(name: str, text: str) -> Any:
    return orjson.loads(text) if name in _NESTED and text[:1] == "[" else text


def _parquet(piece: Piece) -> Iterator[tuple[int, dict[str, Any]] | Bad]:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(piece.path) as file:
            there = set(file.schema_arrow.names)
            _complete(there, piece)
            columns = [name for name in _COLUMNS if name in there]
            row = 0
            for part in file.iter_batches(500, columns=columns, use_threads=False):
                for item in part.to_pylist():
                    row += 1
                    yield row, item
    except (arrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise unknown(f"the file is not Parquet that can be read: {error}",
                      str(piece.path)) from None  # fmt: skip


def _complete(there: set[str], piece: Piece) -> None:
    for name in _NEEDED:
        if name not in there:
            raise unknown(f"the column {name!r} is missing", str(piece.path))


def _text(value: Any) -> str:
    """A scalar as text; empty for none."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str | int):
        return str(value).strip()
    raise RecordError(f"a text was expected, not {type(value).__name__}")


def _objects(item: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """A nested column; texts in it (`cpc` flattened to its codes) become objects."""
    value = item.get(name)
    if value is None or value == "":
        return []
    if isinstance(value, str):
        value = re.split(r"[;,]" if name == "cpc" else ";", value)
    if not isinstance(value, list):
        raise RecordError(f"{name}: a list was expected, not {type(value).__name__}")
    found = [{"code": part, "name": part} if isinstance(part, str) else part for part in value]
    if not all(isinstance(part, dict) for part in found):
        raise RecordError(f"{name}: a list of objects was expected")
    return found


def _localized(item: Mapping[str, Any], name: str) -> str:
    value = item.get(f"{name}_localized")
    if isinstance(value, list):
        parts = [part for part in value if isinstance(part, dict)]
        parts.sort(key=lambda part: part.get("language") != "en")
        return _text(parts[0].get("text")) if parts else ""
    return _text(value) or _text(item.get(name))


def _date(value: Any, name: str) -> str | None:
    text = value.isoformat()[:10] if hasattr(value, "isoformat") else _text(value)
    if text in {"", "0"}:
        return None
    try:
        return iso_date(text) if "-" in text else compact_date(text)
    except RecordError as error:
        raise RecordError(f"{name}: {error.what}") from None


def _first_office(item: Mapping[str, Any], patent: str) -> str | None:
    if "priority_claim" not in item:
        return None
    claims = []
    for part in _objects(item, "priority_claim"):
        number = _text(part.get("application_number")) or _text(part.get("publication_number"))
        if number[:2].isalpha() and number[:2].isascii():
            claims.append((_text(part.get("filing_date")).replace("-", "") or "9", number[:2]))
    return min(claims)[1].upper() if claims else patent[:2]


def _parties(item: Mapping[str, Any], column: str) -> Iterator[tuple[str, str | None]]:
    """Names and countries; of the harmonised names, else of those as printed, without countries."""
    parts = _objects(item, f"{column}_harmonized")
    for part in parts or _objects(item, column):
        name, country = _text(part.get("name")), _text(part.get("country_code"))
        if name or country:
            yield name, country or None
