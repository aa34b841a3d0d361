"""The collect and parse steps."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as parquet

from gapstudy.archive import Archive
from gapstudy.collect.fetch import Collected, fetch
from gapstudy.collect.fold import fold
from gapstudy.collect.orders import Outcome
from gapstudy.collect.parse import code_of, read_chunk
from gapstudy.collect.parsed import Parsed, chunked, known
from gapstudy.collect.process import News
from gapstudy.engine import map_partitions
from gapstudy.sources import load
from gapstudy.store import Store, atomic, database, sha256
from gapstudy.study import Study

#: Collections whose number of requests is remembered.
RUNS = 400


def collect(
    store: Store,
    study: Study,
    only: tuple[str, ...] = (),
    *,
    now: dt.datetime | None = None,
    news: News = lambda _source, _responses: None,
) -> dict[str, Any]:
    """Bring the sources' current state into the archive; see `fetch`.

    Args:
        store: the study's tables and archives.
        study: names the sources.
        only: these sources instead of all.
        now: time of the collection (UTC); the clock's by default.
        news: called with a source and the number of its responses so far.

    Returns:
        Source -> fields of `Collected`, for all sources of the study.
    """
    before = store.read_state("collect")
    if study.as_of is None:
        found, outcomes = fetch(
            study, store.raw, only, now=now, wanted=lambda kind: wanted(store, kind), news=news
        )
        # What had been asked today already is as it was.
        fresh = {name: asdict(how) for name, how in found.items() if how.end != "fresh"}
        log(store, outcomes)
    else:
        fresh = {}  # what was known on a day needs no asking
    for name, how in fresh.items():
        runs = dict(before.get(name, {}).get("runs", {}))
        for run, requests in how["runs"].items():
            runs[run] = runs.get(run, 0) + requests
        how["runs"] = {run: runs[run] for run in sorted(runs)[-RUNS:]}
    state = {**before, **fresh}
    state = {name: state.get(name, asdict(Collected())) for name in study.sources}
    store.write_state("collect", state)
    return state


def wanted(store: Store, kind: str) -> list[str]:
    """Identifiers of a kind that a source which enriches should look up.

    DOIs of papers without any organisation; numbers of devices on the FDA's list.
    """
    if kind == "doi" and store.has("papers") and store.has("paper_affiliations"):
        papers = store.read("papers", ["paper_id", "doi", "frame"])
        affiliations = store.read("paper_affiliations", ["paper_id", "organisation"])
        known = affiliations.loc[affiliations["organisation"] != "", "paper_id"]
        dois = papers.loc[papers["doi"].notna() & ~papers["paper_id"].isin(known), "doi"]
        return sorted({str(doi) for doi in dois})
    if kind == "k_number" and store.has("products"):
        products = store.read("products", ["product_id", "source"])
        listed = products.loc[products["source"] == "fda_ai_devices", "product_id"]
        return sorted({str(number).removeprefix("fda:") for number in listed})
    return []


def log(store: Store, outcomes: Sequence[Outcome]) -> None:
    """Add a line per crawl to `data/processed/runs/collect.jsonl`."""
    if not outcomes:
        return
    path = store.folder / "runs" / "collect.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        for outcome in outcomes:
            file.write(json.dumps(outcome.as_json(), sort_keys=True) + "\n")


def run(store: Store, study: Study) -> None:
    """Parse the archives of the study's sources into `raw_<source>` and `source_states`.

    Only responses that were not parsed before are, as long as the code is the same.
    """
    collected = store.read_state("collect")
    states = [
        _parse(name, store, study, Collected(**collected.get(name, {})))
        for name in sorted(study.sources)
    ]
    store.write("source_states", pd.DataFrame(states))


def _parse(name: str, store: Store, study: Study, collected: Collected) -> dict[str, Any]:
    """Bring the raw table of one source up to date; returns its row of `source_states`."""
    source = load(name)
    entries = known(Archive.of(store.raw, name).entries(), study.as_of)
    files = 0
    if source.FILES:  # normalise reads them
        web = [entry for entry in entries if not entry.url.startswith("file:")]
        files = len({entry.url for entry in entries}) - len({entry.url for entry in web})
        entries = web
    raw = store.path(f"raw_{name}")
    carried = store.folder / "state" / f"carried_{name}.parquet"
    tables = [sha256(path) if path.is_file() else "" for path in (raw, carried)]
    state = Parsed.of(store.read_state(f"parse_{name}"))
    # Where a source is asked says nothing of how its answers are read.
    options = {
        key: value for key, value in study.source.get(name, {}).items()
        if key not in {"base", "pace", "start"}
    }  # fmt: skip
    code = code_of(name, options)
    fresh = state.holds(code, entries, tables)
    if not fresh:
        state = Parsed(code=code)
    if not fresh or state.entries < len(entries):
        with store.scratch(f"parse_{name}") as scratch:
            chunks = chunked(name, store.raw, entries, state.entries, scratch, options)
            parts = map_partitions(read_chunk, chunks, engine=study.engine, workers=study.workers)
            answers = [answer for part in parts for answer in part]
            with database(scratch) as base:
                found = fold(
                    base, [Path(chunk.target) for chunk in chunks], answers, whole=source.WHOLE,
                    old=raw if fresh else None, carried=carried if fresh else None,
                )  # fmt: skip
                store.write_batches(f"raw_{name}", found.rows)
                with atomic(carried) as temporary:
                    parquet.write_table(found.carried, temporary)
                state.take(entries, answers, len(found.carried) if source.WHOLE else None)
                state.count(base, raw)
        state.tables = [sha256(raw), sha256(carried)]
        store.write_state(f"parse_{name}", asdict(state))
    return state.row(name, collected, files)
