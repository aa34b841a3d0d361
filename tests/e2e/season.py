"""Many daily collections against the local server, with faults and kills, against one clean crawl.

    python -m tests.e2e.season [--days 180] [--seed 1] [--kills 0.15] [SOURCE ...]

Every day the sources show more, and something goes wrong at random: answers that fail in all the
ways of `tests.server.kinds` that pass, and the process killed with SIGKILL at any moment. At the
end the core tables must equal those of one clean crawl of the last day, and no day may have asked
for more than was new, changed late, or left over from a killed run. Prints what it measured and
ends with 1 when that does not hold.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gapstudy.collect.fetch import fetch
from gapstudy.collect.state import State
from gapstudy.pipeline import refresh
from gapstudy.store import Store
from gapstudy.study import Study
from tests.e2e.crawling import SPEED, START, WEB, asked, collect, lay_out
from tests.server.client import ROOT, Server, serving
from tests.server.faults import Fault

#: Faults that pass when a client asks again; those that end a source for good are tried elsewhere.
PASSING = (
    "too_many", "too_many_bare", "unavailable", "unavailable_until", "reset", "reset_half_way",
    "half_a_body", "length_too_long", "chunks_cut", "gzip_cut", "empty_body", "no_content",
)  # fmt: skip
CORE = (
    "papers", "paper_affiliations", "patents", "patent_parties", "patent_citations", "products",
    "product_references", "product_availability", "organisations", "indicators",
)  # fmt: skip
#: A feed shows its newest entries only, so a crawl at the end cannot find what the daily ones did.
SEASONAL = tuple(name for name in WEB if name != "news_rss")
#: Columns that say where and when a row was seen, not what it says.
PLACE = ("archive_ref",)


@dataclass
class Day:
    """What one day took.

    Attributes:
        day: which.
        requests: host and path of every request, robots.txt apart.
        faults: answers that were spoilt.
        killed: whether the collection was killed.
        seconds: that it took.
    """

    day: dt.date
    requests: list[str]
    faults: int
    killed: bool
    seconds: float


@dataclass
class Season:
    """What a season gave.

    Attributes:
        days: each day.
        different: tables that differ from those of one clean crawl, with the first differences.
        violations: of the sources' rules.
        rows: table -> rows at the end.
        clean: requests of the clean crawl.
        unfinished: sources that did not come to an end.
    """

    days: list[Day] = field(default_factory=list)
    different: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    clean: int = 0
    unfinished: tuple[str, ...] = ()


def run(
    folder: Path,
    *,
    days: int,
    seed: int = 1,
    kills: float = 0.15,
    names: Sequence[str] = SEASONAL,
    say: Any = lambda _day: None,
) -> Season:
    """Play a season.

    Args:
        folder: an empty one for the two studies.
        days: number of daily collections.
        seed: of everything random.
        kills: share of the days on which the collection is killed.
        names: the sources.
        say: called with each `Day`.
    """
    chance = random.Random(seed)
    season = Season()
    last = START + dt.timedelta(days=days)
    with serving(seed=seed, day=START, speed=SPEED) as server:
        _keys(server)
        study = lay_out(folder / "daily", server, names)
        for number in range(1, days + 1):
            day = START + dt.timedelta(days=number)
            server.day(day)
            server.faults(_faults(chance))
            # Not on the last day: killed before its first request it would leave nothing open.
            killed = chance.random() < kills and number < days
            done = _daily(study, server, day, chance if killed else None)
            season.days.append(done)
            say(done)
            if number % 30 == 0:  # steps in between must leave nothing behind either
                refresh(study, until="normalise", collect=False)
        server.faults([])
        # What a kill or a budget of the last day left over; hours later, as a person would.
        for hour in range(5, 10):
            if open_ := _unfinished(study):
                now = dt.datetime.combine(last, dt.time(hour))
                fetch(study, study.root / "data" / "raw", open_, now=now)
        raw = study.root / "data" / "raw"
        season.unfinished = tuple(
            f"{name}: {State.load(raw, name).refused}" for name in _unfinished(study)
        )
        refresh(study, until="normalise", collect=False)
        season.violations = server.report(slack=0.5)["violations"]
        before = len(server.log())
        clean = lay_out(folder / "clean", server, names)
        collect(clean, last)
        season.clean = len(asked(server.log()[before:]))
        refresh(clean, until="normalise", collect=False)
    for table in CORE:
        ours, theirs = (_rows(each, table) for each in (study, clean))
        season.rows[table] = len(ours)
        if ours != theirs:
            more = [*sorted(ours - theirs)[:2], "|", *sorted(theirs - ours)[:2]]
            counts = f"{len(ours - theirs)} rows more, {len(theirs - ours)} less"
            season.different[table] = f"{counts}: {' '.join(more)[:1500]}"
    return season


def _keys(server: Server) -> None:
    os.environ.update(server.secrets)


def _faults(chance: random.Random) -> list[Fault]:
    return [Fault(kind, probability=chance.uniform(0, 0.03)) for kind in chance.sample(PASSING, 4)]


def _daily(study: Study, server: Server, day: dt.date, kill: random.Random | None) -> Day:
    before = len(server.log())
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.crawling", str(study.root), day.isoformat()],
        cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    killed = False
    try:
        process.wait(kill.uniform(0.5, 5.0) if kill else 600)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        killed = True
    log = server.log()[before:]
    return Day(
        day, asked(log), sum(bool(line["fault"]) for line in log), killed,
        time.monotonic() - began,
    )  # fmt: skip


def _unfinished(study: Study) -> tuple[str, ...]:
    """Sources whose last run has not ended."""
    raw = study.root / "data" / "raw"
    return tuple(name for name in study.sources if State.load(raw, name).run is not None)


def _rows(study: Study, table: str) -> Counter[str]:
    frame: pd.DataFrame = Store(study.root).read(table)
    frame = frame.drop(columns=[column for column in PLACE if column in frame.columns])
    return Counter(frame.astype(str).agg(" ; ".join, axis=1)) if len(frame) else Counter()


def main(words: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e.season", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("sources", nargs="*", metavar="SOURCE", default=SEASONAL)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=float, default=0.15)
    given = parser.parse_args(words)

    def say(day: Day) -> None:
        print(f"{day.day} {len(day.requests):5} requests {day.faults:3} faults "
              f"{'killed' if day.killed else '':6} {day.seconds:5.1f} s", flush=True)  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        season = run(Path(folder), days=given.days, seed=given.seed, kills=given.kills,
                     names=given.sources, say=say)  # fmt: skip
    requests = [len(day.requests) for day in season.days]
    middle = sorted(requests)[len(requests) // 2]
    print(f"{sum(requests)} requests in {len(requests)} days, {max(requests)} on the busiest, "
          f"{middle} on a median day; one clean crawl: {season.clean}")  # fmt: skip
    print(f"{sum(day.killed for day in season.days)} kills, "
          f"{sum(day.faults for day in season.days)} faults")  # fmt: skip
    for table, rows in season.rows.items():
        print(f"{table}: {rows} rows, {season.different.get(table, 'as of one clean crawl')}")
    for violation in season.violations:
        print(f"violation: {violation}")
    for name in season.unfinished:
        print(f"unfinished: {name}")
    return bool(season.different or season.violations or season.unfinished)


if __name__ == "__main__":
    sys.exit(main())
