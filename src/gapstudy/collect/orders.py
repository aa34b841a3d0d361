"""What the crawling process is told, and what it says when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: Ends of a crawl: all that was asked for is there; a budget or ceiling stopped it and it goes on
#: later; the source refuses; or it failed.
ENDS = ("done", "paused", "refused", "failed")


@dataclass(frozen=True)
class Order:
    """One crawl of one source.

    Attributes:
        name: the source.
        raw: `data/raw` of the study.
        run: stamp of the collection (UTC, ISO text to the second); that of an interrupted one
            when it is to be finished.
        now: time at which this attempt begins (UTC, ISO text to the second).
        first: first day wanted, ISO text.
        last: last day wanted, ISO text.
        contact: of the study.
        keyed: whether the credentials are there.
        options: settings of the source.
        wanted: identifiers to look up.
        base: server that is asked instead of the source's own, or empty.
        pace: factor of all delays; other than 1 only with a `base` on this machine.
        mark: changes with settings, code and credentials, so that what was refused is asked again.
    """

    name: str
    raw: str
    run: str
    now: str
    first: str
    last: str
    contact: str
    keyed: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()
    base: str = ""
    pace: float = 1.0
    mark: str = ""

    def as_json(self) -> dict[str, Any]:
        """For the pipe to the crawling process."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Order:
        """From the pipe."""
        return cls(**{**data, "wanted": tuple(data["wanted"])})


@dataclass
class Outcome:
    """How the crawl of one source went.

    Attributes:
        name: the source.
        end: one of `ENDS`.
        note: why it did not end well, for the reader; else empty.
        requests: requests sent, repeated ones too.
        responses: responses stored.
        bytes: received, decompressed.
        seconds: that it took.
        incomplete: windows that stayed over a cap, in words.
        until: day up to which everything asked for is there, ISO text; empty when not whole.
    """

    name: str
    end: str = "done"
    note: str = ""
    requests: int = 0
    responses: int = 0
    bytes: int = 0
    seconds: float = 0.0
    incomplete: list[str] = field(default_factory=list)
    until: str = ""

    def as_json(self) -> dict[str, Any]:
        """For the log and the pipe."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Outcome:
        """From the pipe."""
        return cls(**data)
