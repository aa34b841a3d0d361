"""Normalising a few records in a study of its own, as tests want it."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from gapstudy.errors import StoreError
from gapstudy.normalise.run import run
from gapstudy.store import Store
from gapstudy.study import Study, Window
from gapstudy.tables import contract

WINDOW = Window(start=dt.date(2012, 1, 1), end=dt.date(2022, 12, 31), cutoff=dt.date(2025, 12, 31))
Rows = list[dict[str, Any]]


class Made:
    """What normalising made."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def rows(self, table: str) -> Rows:
        """Rows of a table with missing values as None."""
        return [
            {str(key): None if pd.isna(value) else value for key, value in row.items()}
            for row in self.store.read(table).to_dict("records")
        ]

    def ids(self, table: str) -> list[Any]:
        """First key column of a table."""
        return [row[contract(table).key[0]] for row in self.rows(table)]

    @property
    def quarantine(self) -> Rows:
        return self.rows("quarantine")

    @property
    def reasons(self) -> list[str]:
        return [row["reason"] for row in self.quarantine]

    def source(self, name: str) -> dict[str, Any]:
        """A row of `sources`."""
        return next(row for row in self.rows("sources") if row["source"] == name)


def raw(table: str, row: int = 1, /, **data: Any) -> dict[str, Any]:
    """A raw record; the first of its row."""
    key = [str(data[name]) for name in contract(table).key if data.get(name) is not None]
    return {
        "archive_ref": f"landmark:{'0' * 64}#{row}", "sequence": 0, "table": table, "problem": "",
        "item": f"{table}:{'/'.join(key)}", "record": json.dumps(data, ensure_ascii=False),
    }  # fmt: skip


def normalised(
    folder: Path, raws: Sequence[dict[str, Any]] | Mapping[str, Sequence[dict[str, Any]]],
    *, workers: int = 1,
) -> Made:  # fmt: skip
    """Normalise raw records of the landmark corpus, or of several sources in their order."""
    given = raws if isinstance(raws, Mapping) else {"landmark": raws}
    store = Store(folder)
    times = {"first_seen": "2026-01-01", "retrieved": "2026-01-01"}
    for source, rows in given.items():
        names = contract(f"raw_{source}").names
        frame = pd.DataFrame([{**times, **row} for row in rows])
        store.write(f"raw_{source}", frame.reindex(columns=names))
    states = [
        {"source": source, "state": "ok", "note": "", "as_of": "", "records": len(rows),
         **dict.fromkeys(("requests", "responses", "received", "new", "changed", "incomplete"), 0)}
        for source, rows in given.items()
    ]  # fmt: skip
    store.write("source_states", pd.DataFrame(states))
    study = Study(window=WINDOW, sources=tuple(given), root=folder, workers=workers)
    try:
        run(store, study)
    except StoreError as error:
        if "a single paper" not in error.what:
            raise
    return Made(store)
