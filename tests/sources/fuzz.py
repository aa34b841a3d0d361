"""Every parser against spoilt documents: records, bad rows or a shape error, and nothing else.

    python -m tests.sources.fuzz [SOURCE ...] [--documents 10000] [--processes 2] [--keep FOLDER]

Documents are made from the saved cases of `tests/sources/<source>/` by the mutations of `mutate`,
the same ones in every run. For each source a line is printed; of each different failure the
smallest document found is written to the folder with how to repeat it, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import multiprocessing
import resource
import sys
import time
import traceback
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.sources import spoilt
from tests.sources.spoilt import Document, TooSlow

from gapstudy import sources

_MEMORY = 6 << 30
_ROUNDS = 10
_ROW = "{:<20} {:>5} {:>9} {:>9} {:>8} {:>7} {:>8} {:>8} {:>8}"


@dataclass
class Failure:
    """A failure and the smallest document found for it."""

    what: str
    where: str
    document: Document
    times: int = 1


@dataclass
class Result:
    """What the fuzzing of one source came to."""

    source: str
    documents: int = 0
    records: int = 0
    bad: int = 0
    shape: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    failures: dict[str, Failure] = field(default_factory=dict)


class _Run:
    """The fuzzing of one source, in progress."""

    def __init__(self, name: str) -> None:
        self.result = Result(name)
        self._seen: set[bytes] = set()
        self._waiting: list[tuple[Document, dict[str, list[dict[str, Any]]]]] = []

    def try_one(self, document: Document) -> None:
        """Parse a document, unless it was tried before; what it gave is typed later."""
        result = self.result
        mark = hashlib.md5(document.body, usedforsecurity=False)
        mark.update(f"{document.url} {document.status}".encode("utf-8", "replace"))
        if mark.digest() in self._seen:
            return
        self._seen.add(mark.digest())
        result.documents += 1
        start = time.process_time()
        try:
            done = spoilt.parsed(document)
        except (Exception, TooSlow) as error:  # noqa: BLE001  any is a failure
            self._note(document, error)
            return
        result.slowest = max(result.slowest, time.process_time() - start)
        result.records += done.records
        result.bad += done.bad
        result.shape += done.shape
        self._waiting.append((document, done.tables))
        if len(self._waiting) >= 100:
            self.flush()

    def flush(self) -> None:
        """Type what waits: many documents at once, and one by one where that fails."""
        together: dict[str, list[dict[str, Any]]] = {}
        for _, tables in self._waiting:
            for table, rows in tables.items():
                together.setdefault(table, []).extend(rows)
        try:
            spoilt.typed(together)
        except Exception:  # noqa: BLE001  looked for below
            for document, tables in self._waiting:
                try:
                    spoilt.typed(tables)
                except Exception as error:  # noqa: BLE001  any is a failure
                    self._note(document, error)
        self._waiting.clear()

    def _note(self, document: Document, error: BaseException) -> None:
        failures, key = self.result.failures, place(error)
        if key not in failures:
            what = f"{type(error).__name__}: {error}"
            failures[key] = Failure(what[:300], key, document)
            return
        failures[key].times += 1
        if _size(document) < _size(failures[key].document):
            failures[key].document = document


def fuzz(name: str, number: int) -> Result:
    """Try `number` different documents of a source, the same ones every time.

    A failure does not end it; each different one is kept with its smallest document.
    """
    run = _Run(name)
    result = run.result
    began = time.perf_counter()
    # Some documents come up twice, and those do not count: further rounds make up for them.
    for turn in range(_ROUNDS):
        if result.documents >= number:
            break

        @seed(zlib.crc32(name.encode()) + turn)
        @settings(
            max_examples=number - result.documents + 20, database=None, deadline=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(spoilt.documents(name))
        def one(document: Document) -> None:
            run.try_one(document)

        one()
    run.flush()
    for key, failure in result.failures.items():
        failure.document = smaller(failure.document, key)
    result.seconds = time.perf_counter() - began
    return result


def _size(document: Document) -> tuple[int, int]:
    return len(document.steps), len(document.body)


def place(error: BaseException) -> str:
    """Kind of an error and the last line of the package (or of these checks) that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "/gapstudy/" in f.filename] or frames
    last = ours[-1]
    return f"{type(error).__name__} {Path(last.filename).name}:{last.lineno} {last.name}"


def fails(document: Document) -> str:
    """Where a document fails; empty when it does not."""
    try:
        spoilt.typed(spoilt.parsed(document).tables)
    except (Exception, TooSlow) as error:  # noqa: BLE001  any is a failure
        return place(error)
    return ""


def smaller(document: Document, key: str) -> Document:
    """The document with the fewest steps and the ordinary address that fails in that place."""
    plain = spoilt.seeds(document.source)[document.case]
    for count in range(len(document.steps) + 1):
        for steps in itertools.combinations(document.steps, count):
            for url, status in ((plain.url, plain.status), (document.url, document.status)):
                found = Document(document.source, document.case, steps, url, status)
                if fails(found) == key:
                    return found
    return document


def write(result: Result, folder: Path) -> None:
    """Write the documents of the failures, each in the form of a case."""
    for number, failure in enumerate(result.failures.values()):
        place = folder / result.source / f"failure_{number}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "url").write_text(failure.document.url, encoding="utf-8", errors="replace")
        (place / "status").write_text(str(failure.document.status))
        (place / "response").write_bytes(failure.document.body)
        told = f"{failure.what}\n{failure.where}\n{failure.times} documents\n"
        steps = f"case {failure.document.case}, steps {failure.document.steps}\n"
        (place / "what").write_text(told + steps, encoding="utf-8", errors="replace")


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _worker(task: tuple[str, int]) -> Result:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    return fuzz(*task)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sources.fuzz", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("sources", nargs="*", metavar="SOURCE")
    parser.add_argument("--documents", type=int, default=10_000, help="for each source")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    given_ = parser.parse_args(words)
    names = given_.sources or spoilt.with_seeds()
    lacking = sorted(set(sources.names()) - set(spoilt.with_seeds()))
    tell(_ROW.format("source", "cases", "documents", "records", "bad", "shape", "seconds",
                     "slowest", "failures"))  # fmt: skip
    failed = 0
    with multiprocessing.get_context("spawn").Pool(given_.processes, maxtasksperchild=1) as pool:
        tasks = [(name, given_.documents) for name in names]
        for result in pool.imap_unordered(_worker, tasks, chunksize=1):
            tell(_ROW.format(
                result.source, len(spoilt.seeds(result.source)), result.documents, result.records,
                result.bad, result.shape, f"{result.seconds:.1f}", f"{result.slowest:.2f}",
                len(result.failures),
            ))  # fmt: skip
            for failure in result.failures.values():
                tell(f"    {failure.where}  x{failure.times}: {failure.what[:160]!r}")
            failed += len(result.failures)
            write(result, given_.keep)
    if lacking:
        tell(f"without saved responses: {', '.join(lacking)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
