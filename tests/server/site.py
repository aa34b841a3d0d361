"""The shape of a site: one source as the local server plays it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Asked:
    """One request as a site sees it.

    Attributes:
        method: GET or POST.
        host: host that the client meant, such as `api.openalex.org`.
        path: path with its leading slash, decoded.
        query: the query string as sent, undecoded.
        headers: names in lower case -> value.
        body: bytes of a POST.
        now: seconds on the server's clock (epoch); it may be skewed on purpose.
    """

    method: str
    host: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    now: float = 0.0

    @property
    def args(self) -> dict[str, str]:
        """Query parameters, decoded; the last of a name stands."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass
class Reply:
    """An answer; the server adds Date and Content-Length.

    Attributes:
        status: HTTP status.
        body: bytes, unpacked; the server packs them where the client takes gzip.
        headers: name -> value.
        permanent: whether asking on would be rude (key bad, plan needed, blocked); None to let the
            server judge by the status.
        wait: seconds that the client is told to stay away, where that is not plainly in
            Retry-After; None to let the server read the headers.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    permanent: bool | None = None
    wait: float | None = None


@dataclass
class World:
    """What exists on one day; the same seed and day give the same.

    A site makes its items from `seed` alone, each with a day of its own and a day on which the
    source shows it (some days later); `day` says which are shown today. Some items change late.

    Attributes:
        seed: of everything random.
        day: the simulated day of today.
        start: day of the first items.
        per_day: items that a site adds each day.
        late: most days between an item's own day and its appearance.
    """

    seed: int = 1
    day: dt.date = dt.date(2024, 3, 1)
    start: dt.date = dt.date(2024, 1, 1)
    per_day: int = 3
    late: int = 5

    def random(self, *names: object) -> Random:
        """A generator of its own for every item: order of use does not matter."""
        return Random(f"{self.seed}:{':'.join(map(str, names))}")


class Site:
    """One source; `reply` is a function of the request and the world, but for budgets and tokens.

    Attributes:
        HOSTS: hosts that it plays.
        SECRETS: environment variable -> the only value that it takes, for sources with keys.
        RATE: most requests per second that it allows; the server reports what went over.
        CONCURRENCY: most requests at a time.
        ROBOTS: its robots.txt; empty for none (404).
        GROUP: sites of one group share RATE and CONCURRENCY; each host has its own when empty.
    """

    HOSTS: ClassVar[tuple[str, ...]]
    SECRETS: ClassVar[dict[str, str]] = {}
    RATE: ClassVar[float] = 1.0
    CONCURRENCY: ClassVar[int] = 1
    ROBOTS: ClassVar[str] = ""
    GROUP: ClassVar[str] = ""

    def __init__(self, world: World) -> None:
        self.world = world

    def reply(self, asked: Asked) -> Reply:
        """Answer one request as the source does, its own refusals, caps and budgets included."""
        raise NotImplementedError(f"{type(self).__name__} {asked.path}")
