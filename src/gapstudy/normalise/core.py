"""Raw records of all sources -> rows of the core tables, and a quarantine of every fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gapstudy.errors import RecordError
from gapstudy.normalise.typed import read_json, typed
from gapstudy.regions import is_code
from gapstudy.tables import contract

Row = dict[str, Any]

#: Tables in the order in which they are made: a row may only point to what is already there.
ORDER = (
    "organisations", "papers", "products", "patents", "paper_affiliations", "patent_parties",
    "patent_citations", "product_availability", "followups", "labelled_pairs", "indicators",
    "policy_events", "survey_responses",
)  # fmt: skip

#: Column of a table -> table whose key it must be in.
_POINTS_TO = {
    "paper_affiliations": {"paper_id": "papers"},
    "patent_parties": {"patent_id": "patents"},
    "patent_citations": {"patent_id": "patents"},
    "product_availability": {"product_id": "products"},
    "followups": {"paper_id": "papers", "product_id": "products"},
    "labelled_pairs": {"paper_id": "papers"},
    "patents": {"paper_id": "papers"},
}
_NOT_NEEDED = {("patents", "paper_id")}
_WIDER = frozenset({"EU27", "EU28", "EU", "EUROPE", "WORLD"})


@dataclass
class Core:
    """Core tables under construction.

    Attributes:
        rows: table -> key -> row.
        quarantine: rows of the quarantine table.
        same: identifier that gave way -> identifier that stands for it.
        identifiers: ("arxiv_id" or "doi", its value) -> the paper that has it.
    """

    rows: dict[str, dict[tuple[Any, ...], Row]] = field(
        default_factory=lambda: {name: {} for name in ORDER}
    )
    quarantine: list[Row] = field(default_factory=list)
    same: dict[str, str] = field(default_factory=dict)
    identifiers: dict[tuple[str, str], str] = field(default_factory=dict)

    def fault(self, raw: Row, reason: str, *, kept: bool = False) -> None:
        """Put a fault of a raw record into quarantine."""
        self.quarantine.append(
            {
                "archive_ref": raw["archive_ref"],
                "sequence": raw["sequence"],
                "source": raw["source"],
                "table": raw["table"],
                "reason": reason,
                "kept": kept,
                "record": raw["record"],
            }
        )

    def has(self, table: str, identifier: str) -> bool:
        """Whether a table of single-column key holds an identifier."""
        return (identifier,) in self.rows[table]


def build(raws: Iterable[Row]) -> Core:
    """Make the core tables from the raw records of all sources.

    Args:
        raws: rows of the `raw_<source>` tables with the column `source` added, in a fixed order;
            where two records have the same key the first one stands.
    """
    core_tables = Core()
    by_table: dict[str, list[Row]] = {name: [] for name in ORDER}
    for raw in raws:
        if raw["problem"]:
            core_tables.fault(raw, raw["problem"])
        elif raw["table"] not in by_table:
            core_tables.fault(raw, f"there is no core table {raw['table']!r}")
        else:
            by_table[raw["table"]].append(raw)
    for table in ORDER:
        for raw in by_table[table]:
            try:
                _add(core_tables, table, raw)
            except RecordError as error:
                core_tables.fault(raw, str(error))
    return core_tables


def _add(made: Core, table: str, raw: Row) -> None:
    terms = contract(table)
    result = typed(terms, read_json(raw["record"]))
    row = result.row
    _point(made, table, row)
    key = tuple(row[name] for name in terms.key)
    if key in made.rows[table]:
        raise RecordError(
            f"duplicate key {', '.join(map(str, key))}",
            remedy="Keep one of the two records; the first one stands",
        )
    _check(table, row)
    row["source"] = raw["source"]
    row["source_id"] = "/".join(str(part) for part in key)
    row["archive_ref"] = raw["archive_ref"]
    if table == "papers" and (double := _double(made, row)):
        made.same[row["paper_id"]] = double
        raise RecordError(f"the same paper as {double}, by identifier", remedy="It counts once")
    made.rows[table][key] = row
    for fault in result.faults:
        made.fault(raw, fault, kept=True)


def _point(made: Core, table: str, row: Row) -> None:
    for column, target in _POINTS_TO.get(table, {}).items():
        identifier = row.get(column)
        if identifier is None:
            continue
        identifier = row[column] = made.same.get(str(identifier), str(identifier))
        if not made.has(target, identifier):
            if (table, column) in _NOT_NEEDED:
                row[column] = None
                continue
            raise RecordError(
                f"{column} {identifier!r} is not in the table {target}",
                remedy="Add it there, or correct the identifier",
            )
    if table == "labelled_pairs":
        target = {"product": "products", "patent": "patents"}[row["target_type"]]
        if not made.has(target, row["target_id"]):
            raise RecordError(f"target_id {row['target_id']!r} is not in the table {target}")


def _check(table: str, row: Row) -> None:
    if table == "followups" and (row["outcome"] == "found") != (row["product_id"] is not None):
        raise RecordError("a follow-up names a product exactly when its outcome is found")
    if table == "labelled_pairs":
        uses = row["relation"] in {"implements", "derives_from"}
        if uses != row["label"]:
            raise RecordError(f"label and relation {row['relation']!r} contradict each other")
    if table == "indicators" and row["geo"] not in _WIDER and not is_code(row["geo"]):
        raise RecordError(
            f"geo {row['geo']!r} is not a place",
            remedy="Write ISO alpha-2, EU27, EU, EUROPE or WORLD",
        )


def _double(made: Core, row: Row) -> str | None:
    """An earlier paper with the same arXiv identifier or DOI; else the row is remembered."""
    marks = [(column, row[column]) for column in ("arxiv_id", "doi") if row[column]]
    for mark in marks:
        if mark in made.identifiers:
            return made.identifiers[mark]
    made.identifiers.update(dict.fromkeys(marks, str(row["paper_id"])))
    return None
