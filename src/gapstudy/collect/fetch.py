"""Bring the current state of each source into its archive."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from glob import glob  # as a user writes it: absolute paths and ** too
from pathlib import Path
from typing import Any

from gapstudy.archive import Archive
from gapstudy.collect.asking import ask_for
from gapstudy.collect.orders import Order, Outcome
from gapstudy.collect.process import News, crawl
from gapstudy.errors import SourceError
from gapstudy.sources import load
from gapstudy.sources.base import Source
from gapstudy.store import sha256, write_bytes
from gapstudy.study import FILE, Study


@dataclass
class Collected:
    """How the collection of one source went.

    Attributes:
        problem: what went wrong, or why it was skipped; empty when nothing did.
        end: how its crawl ended (`orders.ENDS`), "kept" for files, "skipped", or "fresh" when it
            had been asked that day already.
        runs: stamp of a collection -> requests sent in it.
        incomplete: windows that stayed over a cap, in words.
    """

    problem: str = ""
    end: str = "kept"
    runs: dict[str, int] = field(default_factory=dict)
    incomplete: list[str] = field(default_factory=list)


def fetch(
    study: Study,
    raw: Path,
    only: tuple[str, ...] = (),
    *,
    now: dt.datetime | None = None,
    wanted: Callable[[str], Sequence[str]] = lambda _kind: (),
    news: News = lambda _source, _responses: None,
) -> tuple[dict[str, Collected], list[Outcome]]:
    """Archive what each source of the study has now.

    A source that fails leaves the others alone, and its earlier responses stay. An error of the
    data folder itself stops all: no source could go on.

    Args:
        study: names the sources and the study folder.
        raw: `data/raw` of the study.
        only: these sources instead of all of the study's; they are asked even if they were asked
            today.
        now: time of the collection (UTC); the clock's by default.
        wanted: kind of identifier -> those to look up.
        news: called with a source and the number of its responses so far.

    Returns:
        Source -> how it went, and the outcomes of all crawls for the log.
    """
    now = (now or dt.datetime.now(dt.UTC)).replace(tzinfo=None)
    result: dict[str, Collected] = {}
    orders = []
    for name in only or study.sources:
        source = load(name)
        found = _at_hand(source, study, raw)
        web = source.card(keyed=False) is not None
        if web:
            order = ask_for(source, study, raw, now, wanted, asked=bool(only))
            if isinstance(order, Order):
                orders.append(order)
            elif found is None or order.end == "refused":
                found = Collected(order.why, order.end)
        result[name] = found or Collected()
    outcomes = crawl(orders, news)
    # An interrupted run is finished first; what has come since is asked for after it.
    behind = [
        order
        for order in orders
        if order.last < now.date().isoformat()
        and any(outcome.name == order.name and outcome.end == "done" for outcome in outcomes)
    ]
    again = []
    for old in behind:
        order = ask_for(load(old.name), study, raw, now, wanted, asked=True)
        if isinstance(order, Order):
            again.append(order)
    outcomes += crawl(again, news)
    stamps = {order.name: order.run for order in (*orders, *again)}
    for outcome in outcomes:
        runs = result[outcome.name].runs
        runs[stamps[outcome.name]] = runs.get(stamps[outcome.name], 0) + outcome.requests
        result[outcome.name] = Collected(outcome.note, outcome.end, runs, outcome.incomplete)
    return result, outcomes


def _at_hand(source: type[Source], study: Study, raw: Path) -> Collected | None:
    """Keep what a source has on this machine; None when it has nothing here."""
    try:
        if source.FILES:
            return _files(source, study, raw)
        found = [
            (item.url, item.body, item.as_of, item.note) for item in source().embedded(study.root)
        ]
        if not found:
            return None
        Archive.of(raw, source.name).keep(found)
    except SourceError as error:
        return Collected(str(error), "failed")
    return Collected()


def _files(source: type[Source], study: Study, raw: Path) -> Collected:
    """List the bulk files that the study names."""
    patterns = study.source.get(source.name, {}).get("files", [])
    if not patterns:
        return Collected(
            f"skipped: name its files in {FILE}, [source.{source.name}] files", "skipped"
        )
    folder = Archive.of(raw, source.name).folder
    paths: list[str] = []
    for pattern in patterns:
        found = sorted(glob(str(study.root / pattern), recursive=True))  # noqa: PTH207
        if not found:
            raise SourceError(
                f"there is no file {pattern!r}",
                where=f"{study.root / FILE}, source.{source.name}.files",
                remedy="Correct the path, or put the file there",
            )
        paths += [path for path in found if Path(path).is_file()]
    known = _hashes(folder)
    hashes: dict[str, list[Any]] = {}
    for path in dict.fromkeys(paths):
        status = Path(path).stat()
        mark = [status.st_size, status.st_mtime_ns]
        old = known.get(path)
        hashes[path] = old if old and old[:2] == mark else [*mark, sha256(Path(path))]
    Archive.of(raw, source.name).link([(path, entry[2]) for path, entry in hashes.items()])
    write_bytes(folder / "files.json", (json.dumps(hashes, indent=1) + "\n").encode())
    return Collected()


def _hashes(folder: Path) -> dict[str, list[Any]]:
    try:
        found: dict[str, list[Any]] = json.loads((folder / "files.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found
