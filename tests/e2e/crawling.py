"""A study whose sources are played by the local server, and one collection of it.

    python -m tests.e2e.crawling FOLDER DAY

collects once, as of 04:00 on that day: a process of its own, so that a test can kill it.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gapstudy import sources
from gapstudy.archive import Archive
from gapstudy.collect.fetch import Collected, fetch
from gapstudy.collect.orders import Outcome
from gapstudy.collect.parse import records
from gapstudy.sources.base import Bad
from gapstudy.study import Study
from tests.server.client import Server

#: How many times faster than the sources the stand-ins are.
SPEED = 1000.0
WEB = tuple(name for name in sources.names() if sources.load(name).card(keyed=True) is not None)
START = dt.date(2024, 1, 1)


def lay_out(
    root: Path, server: Server, names: Sequence[str] = WEB, start: dt.date = START, **more: Any
) -> Study:
    """A study folder of live sources alone.

    Args:
        root: where.
        server: that plays the sources.
        names: the sources.
        start: first day asked for.
        more: settings of sources, `NAME={...}`.
    """
    root.mkdir(parents=True, exist_ok=True)
    lines = ['contact = "me@example.org"', f"sources = {json.dumps(list(names))}"]
    lines += ["[window]", f"start = {start}", f"end = {start}", "cutoff = 2030-12-31"]
    for name in names:
        given = {"base": server.url, "pace": 1 / SPEED, **more.get(name, {})}
        lines += [f"[source.{name}]", *(f"{key} = {json.dumps(given[key])}" for key in given)]
    (root / "study.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Study.load(root)


def collect(
    study: Study, day: dt.date, **more: Any
) -> tuple[dict[str, Collected], dict[str, Outcome]]:
    """Collect once at 04:00 of a day."""
    now = dt.datetime.combine(day, dt.time(4))
    found, outcomes = fetch(study, study.root / "data" / "raw", now=now, **more)
    return found, {outcome.name: outcome for outcome in outcomes}


def archive(study: Study, name: str) -> Archive:
    return Archive.of(study.root / "data" / "raw", name)


def read(study: Study, name: str) -> Counter[str]:
    """All that the archive of a source says, each record with the number of its sightings."""
    stored = archive(study, name)
    seen: Counter[str] = Counter()
    for entry in stored.entries():
        if entry.note == "unknown shape":
            continue
        for found in records(name, entry.url, stored.body(entry.sha256), entry.status):
            what = (
                found.reason if isinstance(found, Bad) else json.dumps(found.data, sort_keys=True)
            )
            seen[f"{found.table} {what}"] += 1
    return seen


def asked(log: Iterable[dict[str, Any]], *, robots: bool = False) -> list[str]:
    """Addresses that the server was asked for, in order."""
    return [
        f"{line['host']}{line['path']}" for line in log if robots or line["path"] != "/robots.txt"
    ]


if __name__ == "__main__":
    collect(Study.load(sys.argv[1]), dt.date.fromisoformat(sys.argv[2]))
