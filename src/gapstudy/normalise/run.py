"""The normalise step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from gapstudy.errors import StoreError
from gapstudy.normalise.core import ORDER, Core, Row, build
from gapstudy.normalise.organisations import assign
from gapstudy.sources import load
from gapstudy.store import Store
from gapstudy.study import Study
from gapstudy.tables import contract


def run(store: Store, study: Study) -> None:
    """Make the core tables, `quarantine` and `sources` from the raw tables of the study."""
    made = build(_raws(store, study))
    assign(made.rows)
    for name in ORDER:
        columns = contract(name).names
        store.write(name, pd.DataFrame(list(made.rows[name].values()), columns=columns))
    columns = contract("quarantine").names
    store.write("quarantine", pd.DataFrame(made.quarantine, columns=columns).drop_duplicates())
    store.write("sources", pd.DataFrame(_sources(store, made)))
    if not made.rows["papers"]:
        notes = [str(note) for note in store.read("source_states")["note"] if note]
        raise StoreError(
            "no source gave a single paper" + "".join(f": {note}" for note in notes),
            remedy="Mend the source, or restore its files; the earlier report stands",
        )


def _raws(store: Store, study: Study) -> Iterator[Row]:
    # In the order of study.toml: where two sources give the same key, the one named first stands.
    for source in study.sources:
        for row in store.read(f"raw_{source}").to_dict("records"):
            yield {**{str(name): value for name, value in row.items()}, "source": source}


def _sources(store: Store, made: Core) -> Iterator[Row]:
    faults = Counter(row["source"] for row in made.quarantine if not row["kept"])
    unknown: Counter[str] = Counter()
    for table, column in (
        ("paper_affiliations", "country"),
        ("products", "home_country"),
        ("patent_parties", "country"),
    ):
        unknown.update(row["source"] for row in made.rows[table].values() if not row[column])
    for state in store.read("source_states").to_dict("records"):
        source = load(str(state["source"]))
        yield {
            **{str(name): value for name, value in state.items()},
            "title": source.TITLE,
            "licence": source.LICENCE,
            "region_basis": source.REGION_BASIS,
            "quarantined": faults[source.name],
            "unknown_country": unknown[source.name],
        }
