"""The papers of the world: several sites show the same ones, each from its own day on."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

from tests.server.site import World

CATEGORIES = ("cs.AI", "cs.LG", "cs.CL", "cs.CV", "cs.NE", "stat.ML", "cs.DM", "math.CO")
#: Invented institutions: name, country, ROR, kind.
PLACES = (
    ("Example University", "DE", "https://ror.org/00example1", "education"),
    ("Instituto Ejemplo", "ES", "https://ror.org/00example2", "facility"),
    ("Example Labs", "US", "https://ror.org/00example3", "company"),
    ("Sample Academy of Sciences", "CN", "https://ror.org/00example4", "government"),
    ("Foundation for Examples", "GB", None, "nonprofit"),
)
PEOPLE = ("Jane Roe", "Juan Pérez Ejemplo", "Max Mustermann", "Li Example", "Åsa Förebild")
WORDS = "deep sparse robust neural causal small fast shared open quiet".split()


@dataclass(frozen=True)
class Paper:
    """One paper, as all sites know it.

    Attributes:
        number: its number over all days.
        within: its number within its day.
        day: its own day.
        title: its title.
        abstract: its abstract; empty for some.
        authors: names, each with places in `PLACES`; many have none.
        categories: of arXiv, the primary one first.
        type: as OpenAlex names it.
        has_doi: whether it has a DOI of a publisher.
        year_only: whether only its year is known to those who did not see it first; so for some
            of early January alone, for a source that reads some weeks again finds no others.
    """

    number: int
    within: int
    day: dt.date
    title: str
    abstract: str
    authors: tuple[tuple[str, tuple[int, ...]], ...]
    categories: tuple[str, ...]
    type: str
    has_doi: bool
    year_only: bool

    @property
    def doi(self) -> str:
        """Its DOI, whether or not it has one."""
        return f"10.5555/gs.{self.day:%Y%m%d}.{self.within}"

    @property
    def arxiv(self) -> str:
        """Its arXiv number."""
        return f"{self.day:%y%m}.{self.day.day * 3000 + self.within % 3000:05d}"


@functools.lru_cache(maxsize=200_000)
def _paper(seed: int, start: dt.date, per_day: int, day: dt.date, within: int) -> Paper:
    random = World(seed).random("paper", day, within)
    words = [random.choice(WORDS) for _ in range(4)]
    authors = tuple(
        (random.choice(PEOPLE), tuple(random.sample(range(len(PLACES)), random.choice((0, 1, 2)))))
        for _ in range(random.randint(1, 3))
    )
    number = (day - start).days * per_day + within
    return Paper(
        number=number, within=within, day=day,
        title=f"{words[0].title()} {words[1]} networks {number}",
        abstract=(f"We study {words[2]} & {words[3]} things: x < {number}."
                  if random.random() > 0.2 else ""),
        authors=authors,
        categories=tuple(random.sample(CATEGORIES[:6], random.randint(1, 2))
                         if random.random() > 0.1 else CATEGORIES[6:]),
        type=random.choice(("article", "article", "preprint", "book-chapter")),
        has_doi=random.random() > 0.3,
        year_only=(day.month, day.day // 15) == (1, 0) and random.random() < 0.3,
    )  # fmt: skip


@functools.lru_cache(maxsize=400_000)
def _late(seed: int, site: str, late: int, day: dt.date, within: int) -> dt.timedelta:
    return dt.timedelta(days=World(seed).random(site, "late", day, within).randint(0, late))


@functools.lru_cache(maxsize=8)
def _visible(
    site: str, seed: int, today: dt.date, start: dt.date, per_day: int, late: int
) -> tuple[tuple[Paper, dt.date], ...]:
    found = []
    for ahead in range((today - start).days + 1):
        day = start + dt.timedelta(days=ahead)
        for within in range(per_day):
            since = day + _late(seed, site, late, day, within)
            if since <= today:
                found.append((_paper(seed, start, per_day, day, within), since))
    return tuple(found)


def visible(world: World, site: str) -> tuple[tuple[Paper, dt.date], ...]:
    """Papers that a site shows today, with the day since which it does, by their own day."""
    return _visible(site, world.seed, world.day, world.start, world.per_day, world.late)


def grown(world: World, since: dt.date, number: int, days: int = 6) -> int:
    """A count that grows for some days after an item appeared, and then stays."""
    return min((world.day - since).days, days) * (number % 4)
