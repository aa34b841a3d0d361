"""Faults on demand: which request gets one.

A fault is a rule: on which requests (host, path, their number), how often (drawn from the seed, or
on numbers that are named), and of which kind. `kinds` holds what each kind does.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.server.kinds import KINDS


@dataclass(frozen=True)
class Fault:
    """A rule of faults.

    Attributes:
        kind: what happens, a name in `kinds.KINDS`.
        probability: share of the matching requests that it meets.
        at: numbers of the matching requests that it meets, 1 is the first; beside `probability`.
        host: pattern of the host, as of a shell; all when empty.
        path: pattern of path and query; all but `/robots.txt` when empty.
        first: number of the first matching request that it can meet.
        last: number of the last one; 0 for no end.
        in_a_row: most faults of all rules one after another at one address, so that a client that
            asks again gets through; 0 for no such mercy.
        amount: seconds, or bytes, as the kind has it; its own default when None.
        text: a name, as the kind has it.
    """

    kind: str
    probability: float = 0.0
    at: tuple[int, ...] = ()
    host: str = ""
    path: str = ""
    first: int = 1
    last: int = 0
    in_a_row: int = 2
    amount: float | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(sorted(KINDS))}")
        object.__setattr__(self, "at", tuple(self.at))

    def meets(self, host: str, address: str) -> bool:
        """Whether a request is one of those that the rule counts."""
        if self.host and not fnmatch.fnmatchcase(host, self.host):
            return False
        if self.path:
            return fnmatch.fnmatchcase(address, self.path)
        return not address.startswith("/robots.txt")


@dataclass
class Chooser:
    """Chooses the fault of each request; the same seed and requests give the same.

    What is drawn for a request depends on its address and on how often that was asked, not on the
    order in which the requests of a concurrent client arrive.
    """

    seed: int
    faults: Sequence[Fault] = ()
    met: Counter[int] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    row: Counter[str] = field(default_factory=Counter)

    def choose(self, host: str, address: str) -> tuple[Fault, Random] | None:
        """The fault for a request, and the generator of its own; None for none."""
        whole = host + address
        self.asked[whole] += 1
        chosen: tuple[Fault, Random] | None = None
        for index, fault in enumerate(self.faults):
            if not fault.meets(host, address):
                continue
            self.met[index] += 1
            number = self.met[index]
            random = Random(f"{self.seed}:{index}:{whole}:{self.asked[whole]}")
            if number < fault.first or (fault.last and number > fault.last):
                continue
            spared = fault.in_a_row and self.row[whole] >= fault.in_a_row
            drawn = not spared and random.random() < fault.probability
            if chosen is None and (number in fault.at or drawn):
                chosen = fault, random
        self.row[whole] = self.row[whole] + 1 if chosen else 0
        return chosen
