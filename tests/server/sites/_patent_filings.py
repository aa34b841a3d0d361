"""Invented patent publications, from the seed of a world: what the patent offices' sites show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.server.site import World

_WORDS = ("neural", "sparse", "federated", "quantised", "recurrent", "causal", "Bayesian")
_FIRMS = (("Example Machines Corp.", "US"), ("Beispiel Lernsysteme GmbH", "DE"),
          ("Example Intelligence Co., Ltd.", "CN"), ("Exemple Calcul SA", "FR"))  # fmt: skip
OFFICES = ("CN", "US", "WO", "KR", "EP", "JP", "DE", "FR")
#: Days after its appearance on which a publication still lacks its last class.
SETTLES = 3


@dataclass(frozen=True)
class Filing:
    """One publication of one application.

    Attributes:
        serial: number of it, the same whatever the day.
        day: day of publication.
        filed: day of filing.
        office: office of publication.
        granted: whether it is a grant.
        title: its title.
        firm: applicant.
        country: where the applicant sits.
        inventors: how many inventors it has.
        symbols: CPC symbols that it has today.
        cites: arXiv identifier that it cites, or empty.
    """

    serial: int
    day: dt.date
    filed: dt.date
    office: str
    granted: bool
    title: str
    firm: str
    country: str
    inventors: int
    symbols: tuple[str, ...]
    cites: str


def filings(world: World, kind: str) -> Iterator[Filing]:
    """Publications that one office's service has today, oldest first."""
    for past in range((world.day - world.start).days + 1):
        day = world.start + dt.timedelta(days=past)
        for nth in range(world.per_day):
            serial = past * world.per_day + nth
            chance = world.random(kind, serial)
            shown = day + dt.timedelta(days=chance.randint(0, world.late))
            if shown <= world.day:
                yield _filing(chance, serial, day, (world.day - shown).days >= SETTLES)


def _filing(chance: Random, serial: int, day: dt.date, settled: bool) -> Filing:
    firm, country = chance.choice(_FIRMS)
    symbols = ("G06N3/08", "G06N20/00") if settled else ("G06N3/08",)
    return Filing(
        serial=serial, day=day, filed=day - dt.timedelta(days=chance.randint(200, 1400)),
        office=chance.choice(OFFICES), granted=chance.random() < 0.5,
        title=f"{chance.choice(_WORDS).title()} network number {serial}", firm=firm,
        country=country, inventors=chance.randint(1, 3), symbols=symbols,
        cites=f"23{chance.randint(1, 12):02}.{chance.randint(1, 99999):05}"
        if chance.random() < 0.4 else "",
    )  # fmt: skip
