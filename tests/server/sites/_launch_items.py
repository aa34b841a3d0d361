"""Invented launches, from the seed of a world: what the sites of launches show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from tests.server.site import World

NAMES = ("Nova", "Quill", "Lumen", "Tarn", "Pavo", "Orrery", "Fennel", "Basalt")
TASKS = (
    "an AI notebook for teams", "a language model for law", "machine learning on your phone",
    "a to-do list in one file", "maps for cyclists", "an LLM that reads contracts",
)  # fmt: skip
#: Days after its appearance on which the votes of a launch still change.
SETTLES = 2


@dataclass(frozen=True)
class Launch:
    """One launch.

    Attributes:
        number: identifier, the same whatever the day.
        moment: when it was, in seconds since 1970.
        day: day of it.
        shown: day from which the source has it.
        name: name of the product.
        task: what it does.
        votes: votes that it has today.
        paper: arXiv identifier that it names, or empty.
    """

    number: int
    moment: int
    day: dt.date
    shown: dt.date
    name: str
    task: str
    votes: int
    paper: str


def launches(world: World, kind: str) -> Iterator[Launch]:
    """What one source has today, oldest first."""
    for past in range((world.day - world.start).days + 1):
        day = world.start + dt.timedelta(days=past)
        midnight = int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp())
        found = [_launch(world, kind, day, midnight, nth) for nth in range(world.per_day)]
        found.sort(key=lambda launch: (launch.moment, launch.number))
        yield from (launch for launch in found if launch.shown <= world.day)


def _launch(world: World, kind: str, day: dt.date, midnight: int, nth: int) -> Launch:
    number = 1000 + (day - world.start).days * world.per_day + nth
    chance = world.random(kind, number)
    shown = day + dt.timedelta(days=chance.randint(0, world.late))
    missing = max(0, SETTLES - (world.day - shown).days)
    return Launch(
        number=number,
        moment=midnight + chance.randrange(86_400),
        day=day,
        shown=shown,
        name=f"{chance.choice(NAMES)} {number}",
        task=chance.choice(TASKS),
        votes=chance.randint(30, 900) - 10 * missing,
        paper=f"24{chance.randint(1, 12):02}.{chance.randint(1, 99999):05}"
        if chance.random() < 0.3 else "",
    )  # fmt: skip


def stamp(moment: int, ending: str = "Z") -> str:
    """A moment in ISO form."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S") + ending
