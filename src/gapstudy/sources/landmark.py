"""The landmark corpus: a small, hand-compiled set of real results, products and their dates.

Its files are CSV under `data/raw/landmark/`; `columns.csv` there says what each column means. They
go the way of every source: stored, parsed, normalised.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.errors import ShapeError, SourceError
from gapstudy.sources.base import Bad, Embedded, Record, Source

if TYPE_CHECKING:
    from scrapy.http import Response

FOLDER = Path("data", "raw", "landmark")
#: Day of the last change of the corpus as a whole.
AS_OF = "2026-11-23"

Row = dict[str, str]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";")] if text.strip() else []


def _result(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "papers", {
        "paper_id": row["result_id"],
        **{
            name: row[name]
            for name in (
                "title", "abstract", "coined_name", "date", "date_precision", "date_meaning",
                "arxiv_id", "doi", "venue", "venue_year", "award", "frame", "evidence",
            )
        },
    }  # fmt: skip
    lists = [_split(row[name]) for name in
             ("organisations", "organisation_countries", "organisation_kinds")]  # fmt: skip
    if len({len(part) for part in lists}) > 1:
        raise ValueError(
            "organisations, organisation_countries and organisation_kinds differ in length: "
            + ", ".join(str(len(part)) for part in lists)
        )
    for position, (name, country, kind) in enumerate(zip(*lists, strict=True), start=1):
        yield "paper_affiliations", {
            "paper_id": row["result_id"], "position": position, "author": None,
            "organisation": name, "country": country, "kind": kind,
            "region_basis": "organisation",
        }  # fmt: skip


def _product(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    data = {
        name: row[name]
        for name in (
            "product_id", "organisation", "home_country", "date_precision", "date_meaning", "kind",
            "category", "description", "entry", "evidence",
        )
    }  # fmt: skip
    yield "products", {
        **data, "name": row["product"], "feature": row["feature_or_version"],
        "date": row["launch_date"], "region_basis": "company_home",
        "country_rung": "given" if row["home_country"].strip() else "none",
    }  # fmt: skip


def _followup(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "followups", {
        "paper_id": row["result_id"],
        **{name: row[name] for name in ("outcome", "product_id", "relation", "evidence",
                                        "searched_on", "searched_where", "queries")},
    }  # fmt: skip


def _availability(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "product_availability", {
        "product_id": row["product_id"],
        "market": "GB" if row["region"] == "UK" else row["region"],
        "basis": "market_access", "provider": "", "status": row["status"], "date": row["date"],
        "date_precision": row["date_precision"], "confirmed": row["confirmed"] == "page",
        "evidence": row["evidence"],
    }  # fmt: skip


def _patent(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "patents", {
        "patent_id": row["publication_number"], "title": row["title_subject"],
        "office": row["office"], "priority_date": row["priority_date"],
        "filing_date": row["filing_date"], "grant_date": row["grant_date"],
        "paper_id": row["related_result_id"], "evidence": row["evidence"],
    }  # fmt: skip
    for role, name, country in (
        ("applicant", row["applicant"], row["applicant_country"]),
        ("inventor", "", row["inventor_country"]),
    ):
        countries = _split(country) or ([""] if name else [])
        for position, code in enumerate(countries, start=1):
            yield "patent_parties", {
                "patent_id": row["publication_number"], "role": role, "position": position,
                "name": name, "country": code,
            }  # fmt: skip


def _pair(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "labelled_pairs", {
        "pair_id": row["pair_id"], "paper_id": row["result_id"],
        "target_type": row["target_type"], "target_id": row["target_id"],
        "label": row["label"] == "1", "relation": row["relation"],
        "negative_kind": row["negative_kind"], "how_known": row["how_known"],
        "split": row["split"], "evidence": row["evidence"],
        # A corpus of before the draw has no such columns: all of its pairs were chosen by hand.
        "sample": row.get("sample", "landmark"), "stratum": row.get("stratum", ""),
        "stratum_size": _number(row.get("stratum_size", ""), int),
        "inclusion": _number(row.get("inclusion", ""), float),
    }  # fmt: skip


def _number(text: str, kind: type[int] | type[float]) -> float | None:
    return kind(text) if text.strip() else None


def _policy_event(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "policy_events", {
        "event_id": row["event_id"], "date": row["date"], "date_precision": row["date_precision"],
        "place": row["region"], "event": row["event"], "instrument": row["instrument"],
        "status": row["status"], "evidence": row["evidence"],
    }  # fmt: skip


def _indicator(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "indicators", {
        name: row[name]
        for name in ("indicator", "geo", "period", "entity", "entity_kind", "value", "unit",
                     "lower", "upper", "n", "definition", "source_name", "evidence")
    }  # fmt: skip


_READERS: dict[str, tuple[str, Callable[[Row], Iterator[tuple[str, dict[str, Any]]]]]] = {
    "results.csv": ("papers", _result),
    "followup.csv": ("followups", _followup),
    "products.csv": ("products", _product),
    "availability.csv": ("product_availability", _availability),
    "patents.csv": ("patents", _patent),
    "pairs.csv": ("labelled_pairs", _pair),
    "policy_events.csv": ("policy_events", _policy_event),
    "indicators.csv": ("indicators", _indicator),
}


class _Used(dict[str, str]):
    """A row that says which column it lacks."""

    def __missing__(self, key: str) -> str:
        raise ShapeError(
            f"the column {key!r} is missing",
            remedy="Add the column, or correct its name; columns.csv lists them all",
        )


class Landmark(Source):
    """The landmark corpus."""

    name = "landmark"
    TITLE = "Landmark corpus of AI results, products and availability"
    GIVES = (
        "papers", "paper_affiliations", "followups", "products", "product_availability",
        "patents", "patent_parties", "labelled_pairs", "policy_events", "indicators",
    )  # fmt: skip
    LICENCE = "Apache-2.0 (facts compiled for this project; each row names its evidence)"
    REGION_BASIS = "organisation"
    WHOLE = True

    def embedded(self, root: Path) -> Iterator[Embedded]:
        """The CSV files of the corpus, in a fixed order."""
        for name in _READERS:
            path = root / FOLDER / name
            try:
                yield Embedded(f"file:{name}", path.read_bytes(), AS_OF)
            except OSError as error:
                raise SourceError(
                    f"{name} of the landmark corpus cannot be read: {error.strerror}",
                    where=str(path),
                    remedy="Restore the file, or lay the study out anew with `gapstudy init`",
                ) from error

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one CSV file of the corpus.

        A row that is cut off, has too many cells or lists of unequal length is returned as `Bad`.

        Raises:
            ShapeError: not a file of the corpus, not UTF-8, or a column is missing.
        """
        name = response.url.rsplit("/", 1)[-1].removeprefix("file:")
        if name not in _READERS:
            raise ShapeError(f"{name} is not a file of the corpus", where=response.url,
                             remedy="Known: " + ", ".join(_READERS))  # fmt: skip
        table, reader = _READERS[name]
        try:
            text = response.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ShapeError(f"{name} is not UTF-8: {error}", where=response.url,
                             remedy="Save the file as UTF-8") from error  # fmt: skip
        yield from _rows(text, table, reader, response.url)


def _rows(
    text: str,
    table: str,
    reader: Callable[[Row], Iterator[tuple[str, dict[str, Any]]]],
    url: str,
) -> Iterator[Record | Bad]:
    source = csv.reader(io.StringIO(text), strict=True)
    try:
        header = next(source, [])
    except csv.Error as error:
        raise ShapeError(f"the header cannot be read: {error}", where=url,
                         remedy="Write the names of the columns in one line") from None  # fmt: skip
    if len(set(header)) != len(header):
        raise ShapeError("a column name occurs twice", where=url, remedy="Rename one of them")
    # Every file of the corpus ends with a line end; in one without, the last row was cut off.
    cut = len(text.splitlines()) if text and not text.endswith("\n") else None
    last = source.line_num
    empty = True
    while True:
        line = last + 1
        try:
            cells = next(source)
        except StopIteration:
            break
        except csv.Error as error:
            rest = "\n".join(text.splitlines()[line - 1 :])
            yield Bad(table, f"the file is cut off or a quote is open: {error}", rest, line)
            return
        last = source.line_num
        empty = False
        raw = ",".join(cells)
        if len(cells) != len(header):
            yield Bad(table, f"{len(cells)} cells where the header has {len(header)}", raw, line)
            continue
        if cut is not None and source.line_num >= cut:
            yield Bad(table, "the file is cut off in this row: no line end", raw, line)
            continue
        row = _Used(zip(header, cells, strict=True))
        try:
            found = list(reader(row))
        except ShapeError as error:
            raise ShapeError(error.what, where=url, remedy=error.remedy) from error
        except ValueError as error:
            yield Bad(table, str(error), raw, line)
            continue
        for target, data in found:
            yield Record(target, data, line)
    if empty:
        raise ShapeError("the file holds no rows", where=url, remedy="Restore the file")
