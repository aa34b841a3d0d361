"""Files that always hold everything, with the validators of static hosts, and what is in them."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.server.site import Asked, Reply, World

#: Days after its appearance on which an item still changes.
SETTLES = 2


@dataclass(frozen=True)
class Item:
    """One invented item.

    Attributes:
        number: its number, the same whatever the day; the first is 1.
        day: its own day.
        shown: day from which the source has it.
        settled: whether its late fields have their last value.
    """

    number: int
    day: dt.date
    shown: dt.date
    settled: bool


def items(world: World, kind: str) -> Iterator[Item]:
    """What one source has today, by number."""
    for past in range((world.day - world.start).days + 1):
        day = world.start + dt.timedelta(days=past)
        for nth in range(world.per_day):
            number = past * world.per_day + nth + 1
            late = world.random(kind, "late", number).randint(0, world.late)
            shown = day + dt.timedelta(days=late)
            if shown <= world.day:
                yield Item(number, day, shown, (world.day - shown).days >= SETTLES)


def changed(world: World, shown: Iterable[dt.date]) -> dt.date:
    """Day on which a file of items shown on these days last changed."""
    days = (min(day + dt.timedelta(days=late), world.day) for day in shown for late in (0, SETTLES))
    return max(days, default=world.start)


def whole(asked: Asked, body: bytes, kind: str, day: dt.date) -> Reply:
    """A file, or 304 where the client says that it has it.

    Args:
        asked: the request.
        body: the file.
        kind: its content type.
        day: day on which it last changed.
    """
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {
        "Content-Type": kind, "ETag": tag,
        "Last-Modified": email.utils.format_datetime(midnight, usegmt=True),
    }  # fmt: skip
    if asked.headers.get("if-none-match"):
        # The tag decides where both validators come, as RFC 9110 has it.
        same = tag in asked.headers["if-none-match"]
    else:
        since = email.utils.parsedate_tz(asked.headers.get("if-modified-since", ""))
        same = since is not None and email.utils.mktime_tz(since) >= midnight.timestamp()
    return Reply(304, b"", headers) if same else Reply(200, body, headers)
