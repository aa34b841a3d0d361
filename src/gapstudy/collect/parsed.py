"""What is remembered of the parsing of one source, so that the next goes on from there."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.archive import Entry
from gapstudy.collect.parse import CHUNK, Answer, Chunk

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from gapstudy.collect.fetch import Collected

#: With fewer responses, starting processes takes longer than reading.
_FEW = 48
#: Problems that the note of a source tells in full.
_TOLD = 3


@dataclass
class Parsed:
    """State of one source after a parse step.

    What is told of the last collection is told of the last one that brought something new: one
    that only finds what is there already changes nothing, and no later step has to run.

    Attributes:
        code: hash of the code that parsed.
        entries: responses parsed, the oldest ones of the archive.
        mark: hash of what the archive says of these.
        responses: those of them that could be read.
        bad: address whose newest response could not be read -> why.
        as_of: day of the newest response that could be read.
        runs: stamp of a collection (empty for files) -> its first moment (for files the newest
            day), items received in it, and `responses` and `as_of` at its end.
        run: stamp of the collection that is told of.
        records: rows of the raw table without a problem.
        new: items first seen in that collection.
        changed: items seen before that changed in it.
        tables: SHA-256 of the raw table and of the file beside it, as they were left.
    """

    code: str = ""
    entries: int = 0
    mark: str = ""
    responses: int = 0
    bad: dict[str, str] = field(default_factory=dict)
    as_of: str = ""
    runs: dict[str, list[Any]] = field(default_factory=dict)
    run: str = ""
    records: int = 0
    new: int = 0
    changed: int = 0
    tables: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Parsed:
        """Read what was kept; of another version of this code nothing is."""
        try:
            return cls(**data)
        except TypeError:
            return cls()

    def holds(self, code: str, entries: Sequence[Entry], tables: list[str]) -> bool:
        """Whether what was parsed is still the beginning of what there is, and is unaltered."""
        return (
            (self.code, self.tables) == (code, tables)
            and self.entries <= len(entries)
            and self.mark == _mark(entries[: self.entries])
        )

    def take(
        self, entries: Sequence[Entry], answers: Sequence[Answer], carried: int | None
    ) -> None:
        """Add what the responses after the first `self.entries` gave.

        Args:
            entries: all responses.
            answers: what those gave, in their order.
            carried: items that the newest answers hold, where an answer is the whole state.
        """
        for answer in answers:
            entry = entries[answer.number]
            found = self.runs.setdefault(entry.run, [entry.retrieved, 0, 0, ""])
            found[0] = (min if entry.run else max)(found[0], entry.retrieved)
            if answer.problem:
                self.bad[answer.url] = answer.problem
                continue
            self.bad.pop(answer.url, None)
            self.responses += 1
            self.as_of = max(self.as_of, entry.retrieved[:10])
            found[1:] = [found[1] + answer.items, self.responses, self.as_of]
        if entries and not entries[-1].run and carried is not None and "" in self.runs:
            self.runs[""][1] = carried
        self.entries, self.mark = len(entries), _mark(entries)

    def count(self, base: DuckDBPyConnection, raw: Path) -> None:
        """Count records and items in the raw table, and choose the collection to tell of."""
        ((newest,),) = base.execute(
            "select coalesce(max(retrieved), '') from read_parquet(?)", [str(raw)]
        ).fetchall()
        begun = [(found[0], run) for run, found in self.runs.items() if found[0] <= newest]
        since, self.run = max(begun, default=("", next(reversed(self.runs), "")))
        counts = base.execute(
            """select count(*) filter (problem = ''),
                count(distinct item) filter (first_seen >= $since),
                count(distinct item) filter (first_seen < $since and retrieved >= $since)
            from read_parquet($raw)""",
            {"since": since, "raw": str(raw)},
        ).fetchall()
        ((self.records, self.new, self.changed),) = counts

    def row(self, source: str, collected: Collected, files: int) -> dict[str, Any]:
        """The source's row of `source_states`.

        Args:
            source: its name.
            collected: how its collection went.
            files: bulk files, which are read in a later step.
        """
        notes = [collected.problem] if collected.problem else []
        notes += [self.bad[url] for url in sorted(self.bad)]
        _, received, responses, as_of = self.runs.get(self.run, ["", 0, 0, ""])
        responses += files
        # A crawl that went well may still have something to say, such as one feed of many gone.
        wrong = self.bad or (collected.problem and collected.end not in {"done", "paused"})
        state = "failed" if not self.responses + files else "stale" if wrong else "ok"
        if collected.end == "paused" and state != "stale":
            state = "partial"
        if collected.problem.startswith("skipped"):
            state = "skipped"
        if not self.responses + files and not notes:
            state, notes = "skipped", ["skipped: nothing has been collected from it yet."]
        told = list(dict.fromkeys(notes))
        more = len(told) - _TOLD
        return {
            "source": source,
            "state": state,
            "note": " ".join(told[:_TOLD]) + (f" And {more} more." if more > 0 else ""),
            "as_of": as_of,
            "requests": collected.runs.get(self.run, 0),
            "responses": responses,
            "records": self.records,
            "received": received,
            "new": self.new,
            "changed": self.changed,
            "incomplete": len(collected.incomplete),
        }


def _mark(entries: Sequence[Entry]) -> str:
    digest = hashlib.sha256()
    for entry in entries:
        parts = (entry.url, entry.retrieved, str(entry.status), entry.sha256, entry.run)
        digest.update("\0".join((*parts, "\n")).encode())
    return digest.hexdigest()


def known(entries: Sequence[Entry], on: dt.date | None) -> list[Entry]:
    """The responses known on a day; those without a date always are."""
    if on is None:
        return list(entries)
    return [entry for entry in entries if entry.retrieved[:10] <= on.isoformat()]


def chunked(
    source: str, raw: Path, entries: Sequence[Entry], begin: int, scratch: Path,
    options: Mapping[str, Any],
) -> list[Chunk]:  # fmt: skip
    """The responses from a number on, in pieces for the workers.

    Args:
        source: the source.
        raw: `data/raw` of the study.
        entries: all responses.
        begin: the first to read.
        scratch: folder for what the workers write.
        options: settings of the source.
    """
    numbers = range(begin, len(entries))
    size = CHUNK if len(numbers) > _FEW else max(len(numbers), 1)
    return [
        Chunk(
            source, str(raw),
            tuple((number, entries[number]) for number in numbers[start : start + size]),
            str(scratch / f"{start:08d}.parquet"), options,
        )
        for start in range(0, max(len(numbers), 1), size)
    ]  # fmt: skip
