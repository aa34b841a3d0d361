"""Spoilt documents of the sources, and what their parsers may make of them."""

from __future__ import annotations

import functools
import itertools
import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from hypothesis import strategies as st
from tests.sources.mutate import splice, spoil

from gapstudy import sources
from gapstudy.collect.parse import records
from gapstudy.errors import ShapeError
from gapstudy.normalise.typed import typed_columns
from gapstudy.sources.base import Bad, Record
from gapstudy.tables import ALL, contract

HERE = Path(__file__).parent
#: Seconds of processor time that one document may take.
PATIENCE = 2.0
_MOST = 1_000_000


class TooSlow(BaseException):
    """A document took more than `PATIENCE`; no `except Exception` of a parser may swallow it."""


@dataclass(frozen=True)
class Seed:
    """A saved response."""

    url: str
    body: bytes
    status: int = 200


@functools.cache
def seeds(name: str) -> tuple[Seed, ...]:
    """Saved responses of a source, in the order of their names."""
    found = []
    for path in sorted((HERE / name).glob("*/response")):
        case = path.parent
        status = int((case / "status").read_text()) if (case / "status").exists() else 200
        found.append(Seed((case / "url").read_text().strip(), path.read_bytes(), status))
    return tuple(found)


def with_seeds() -> list[str]:
    """Sources that have saved responses."""
    return [name for name in sources.names() if seeds(name)]


@dataclass(frozen=True)
class Document:
    """How a document is made: a case of a source, and a number for each step that spoils it."""

    source: str
    case: int
    steps: tuple[int, ...]
    url: str
    status: int

    @functools.cached_property
    def body(self) -> bytes:
        """Its bytes; the same steps always make the same."""
        everything = seeds(self.source)
        body = everything[self.case].body
        # Half of them stay well-formed for the most part: a broken one is not read any further.
        share = 0.98 if self.steps and self.steps[0] % 2 else 0.6
        for number in self.steps:
            random = Random(number)
            if random.random() < 0.04:
                body = splice(body, random.choice(everything).body, random)
            else:
                body = spoil(body, random, 1, share)
        return body


@st.composite
def documents(draw: st.DrawFn, name: str) -> Document:
    """Spoilt documents of a source, now and then under another address or status."""
    everything = seeds(name)
    case = draw(st.integers(0, len(everything) - 1))
    steps = draw(st.lists(st.integers(0, 2**40), min_size=1, max_size=4))
    odd = draw(st.integers(0, 19))
    url, status = everything[case].url, everything[case].status
    if odd == 0:
        url = draw(
            st.one_of(st.text(max_size=60), st.sampled_from([one.url for one in everything]))
        )
    elif odd == 1:
        url += draw(st.text(max_size=10))
    elif odd == 2:
        status = draw(st.sampled_from([200, 204, 304, 400, 404, 413, 500, 599]))
    return Document(name, case, tuple(steps), url, status)


@dataclass
class Given:
    """What a document gave: records by table, and how many rows were bad."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    records: int = 0
    bad: int = 0
    shape: int = 0


def parsed(document: Document) -> Given:
    """Parse a document, and check what its records are but for their types.

    Raises:
        Exception: anything that a parser must not raise, or AssertionError for what it gave.
        TooSlow: it took too long.
    """
    done = Given()
    with _bounded():
        try:
            for found in itertools.islice(_found(document), _MOST):
                _take(found, done)
        except ShapeError as error:
            str(error).encode()  # it must be possible to print it
            done.shape = 1
    return done


def _found(document: Document) -> Iterator[Record | Bad]:
    # A bulk file has a path on this machine and no status: those are never strange.
    plain = seeds(document.source)[document.case]
    files = sources.load(document.source).FILES
    url, status = (plain.url, plain.status) if files else (document.url, document.status)
    yield from records(document.source, url, document.body, status)


def _take(found: Record | Bad, done: Given) -> None:
    assert isinstance(found, (Record, Bad)), f"{type(found).__name__} was given"
    assert found.table in ALL, f"no table {found.table!r}"
    assert isinstance(found.row, int)
    assert found.row >= 0
    if isinstance(found, Bad):
        assert isinstance(found.reason, str)
        assert isinstance(found.raw, str)
        (found.reason + found.raw).encode()
        done.bad += 1
        return
    text = json.dumps(found.data, ensure_ascii=False, allow_nan=False)
    text.encode()
    done.tables.setdefault(found.table, []).append(json.loads(text))
    done.records += 1


def typed(tables: dict[str, list[dict[str, Any]]]) -> None:
    """Give records to the normaliser's typing: it must take, or quarantine, every one.

    Raises:
        Exception: whatever it raises.
    """
    for name, rows in tables.items():
        columns = sorted({column for row in rows for column in row})
        values = {column: [row.get(column) for row in rows] for column in columns}
        typed_columns(contract(name), values, len(rows))


class _bounded:  # noqa: N801  reads as a word in `with`
    """Ends a block after `PATIENCE` seconds of processor time."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGVTALRM, self._late)
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, self._before)

    def _late(self, number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {PATIENCE} s at {frame.f_code.co_qualname if frame else '?'}")
