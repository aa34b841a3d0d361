"""Contracts of what sources gave and how it went: raw records, quarantine, states."""

from __future__ import annotations

from gapstudy.tables.contract import Table, count, flag, text
from gapstudy.tables.core import BASES

STATES = ("ok", "partial", "stale", "failed", "skipped")

#: What the last collection that brought something new asked for and got; the same columns in both
#: tables.
_COVERAGE = (
    count("requests", "requests sent in the last collection that brought something new"),
    count("responses", "stored responses read"),
    count("records", "records that its parser gave, each item in its newest version"),
    count(
        "received",
        "items in the responses of the last collection, repeated ones too; of files "
        "those in their newest state",
    ),
    count("new", "items first seen in the last collection; of files those of their newest day"),
    count("changed", "items seen before whose content changed in the last collection"),
    count("incomplete", "windows that stayed over the source's cap and are not whole"),
)


def raw(source: str) -> Table:
    """Contract of `raw_<source>`: the records of one source as it gave them."""
    return Table(
        f"raw_{source}",
        f"One record of the source {source} in its newest version, as its parser read it.",
        "parse",
        (
            text("archive_ref", "stored response and row: SOURCE:SHA256#ROW"),
            count("sequence", "order of the record within its row of the response"),
            text(
                "item", "what the records of one row describe: table and key of the first of them"
            ),
            text("first_seen", "when the item was first retrieved, ISO text; empty when unknown"),
            text("retrieved", "when this version of it was first retrieved; empty when unknown"),
            text("table", "core table that the record is meant for"),
            text("problem", "why the row could not be read; empty when it could"),
            text(
                "record", "the record as JSON, keys sorted, before any resolution; or the bad row"
            ),
        ),
        ("archive_ref", "sequence"),
    )


QUARANTINE = Table(
    "quarantine",
    "One fault of one record: the record is here whole, or it is used without the faulty value.",
    "normalise",
    (
        text("archive_ref", "stored response and row: SOURCE:SHA256#ROW"),
        count("sequence", "order of the record within its row of the response"),
        text("source", "name of the source"),
        text("table", "core table that the record was meant for"),
        text("reason", "what is wrong with it and what to do"),
        flag("kept", "whether the record is in its table all the same, without the faulty value"),
        text("record", "the record as JSON, or the raw row"),
    ),
    ("archive_ref", "sequence", "reason"),
)

SOURCE_STATES = Table(
    "source_states",
    "How the last collection and parsing of one source went.",
    "parse",
    (
        text("source", "name of the source"),
        text(
            "state",
            "ok, partial (more is to come), stale (an earlier response is used), failed or skipped",
            values=STATES,
        ),
        text("note", "why, when it is not ok; else empty"),
        text("as_of", "date of the newest state of its data, ISO text; empty when unknown"),
        *_COVERAGE,
    ),
    ("source",),
)

SOURCES = Table(
    "sources",
    "One source of this study with the state of its data.",
    "normalise",
    (
        text("source", "name of the source"),
        text("title", "full title"),
        text("licence", "licence of its data"),
        text("region_basis", "what its country information describes", values=BASES),
        text("state", "ok, stale (an earlier crawl is used), failed or skipped",
             values=STATES),
        text("note", "why, when it is not ok; else empty"),
        text("as_of", "date of the newest state of its data, ISO text; empty when unknown"),
        *_COVERAGE,
        count("merged", "papers that are the same as one of an earlier source"),
        count("quarantined", "records in quarantine"),
        count("unknown_country", "organisation or party rows without a known country"),
    ),
    ("source",),
)  # fmt: skip

TABLES = (QUARANTINE, SOURCE_STATES, SOURCES)
