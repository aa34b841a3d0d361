"""Invented devices and their decisions, from the seed of a world: what the FDA's sites show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from tests.server.site import World

_NAMES = ("PulseReader", "LungView", "DoseWise", "CardioTrace", "RetinaCheck", "BoneAge")
_FIRMS = (
    ("Example Imaging Inc.", "US"), ("Beispiel Medizin GmbH", "DE"), ("Exemple Santé SA", "FR"),
    ("Example Devices Ltd.", "GB"), ("Unnamed Maker", ""),
)  # fmt: skip
#: The last one is no product code of AI: its devices are found by number alone.
CODES = ("QIH", "QAS", "QDQ", "QJU", "QKB", "LLZ")
#: Days after its appearance on which the description of a decision is still missing.
SETTLES = 3


@dataclass(frozen=True)
class Device:
    """One decision: number, day, what was decided on, and who applied."""

    number: str
    day: dt.date
    name: str
    firm: str
    country: str
    code: str
    panel: str
    settled: bool


def devices(world: World) -> Iterator[Device]:
    """Decisions that are known today, oldest first."""
    for past in range((world.day - world.start).days + 1):
        day = world.start + dt.timedelta(days=past)
        for nth in range(world.per_day):
            serial = past * world.per_day + nth
            chance = world.random("fda", serial)
            shown = day + dt.timedelta(days=chance.randint(0, world.late))
            if shown > world.day:
                continue
            kind = "DEN" if chance.random() < 0.05 else "K"
            firm, country = chance.choice(_FIRMS)
            yield Device(
                number=f"{kind}{day:%y}{serial % 10_000:04}", day=day,
                name=f"{chance.choice(_NAMES)} {serial}", firm=firm, country=country,
                code=chance.choice(CODES), panel=chance.choice(("Radiology", "Cardiovascular")),
                settled=(world.day - shown).days >= SETTLES,
            )  # fmt: skip
