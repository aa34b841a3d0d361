"""Check the estimators in worlds with a known truth and write the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from gapstudy.engine import map_partitions
from gapstudy.simulate import others, policy, recovery, world_file, worlds

if TYPE_CHECKING:
    from pathlib import Path

    from gapstudy.store import Store
    from gapstudy.study import Study

#: Realisations of each world in a refresh, and link sets drawn in each.
WORLDS, IMPUTATIONS = 500, 10


@dataclass(frozen=True)
class Part:
    """One partition of the simulation.

    Attributes:
        world: number of the world in `worlds.SCENARIOS`; None for the estimators that need none.
        count: realisations.
        seed: seed of all.
        imputations: link sets drawn in each, M.
        slow: also the estimators that take long.
    """

    world: int | None
    count: int
    seed: int
    imputations: int
    slow: bool


def run(store: Store, study: Study) -> None:
    """Write `out_simulation` and `out_policy_simulation`.

    Args:
        store: the tables.
        study: the seed and the engine are used, nothing else: the worlds do not depend on the data.
    """
    store.write("out_simulation", simulate(WORLDS, study))
    store.write("out_policy_simulation", policies(WORLDS, study))


def simulate(
    count: int, study: Study, imputations: int = IMPUTATIONS, *, slow: bool = False
) -> pd.DataFrame:
    """Rows of `out_simulation`.

    Args:
        count: realisations of each world.
        study: gives the seed and the engine.
        imputations: link sets drawn in each, M.
        slow: also the estimators that take long, for the benchmark.
    """
    numbers = (None, *range(len(worlds.SCENARIOS)))
    parts = [Part(number, count, study.seed, imputations, slow) for number in numbers]
    found = map_partitions(answer, parts, engine=study.engine, workers=study.workers)
    return pd.concat([*found[1:], found[0]], ignore_index=True).astype({"null_true": "boolean"})


def described(path: Path, count: int, study: Study, imputations: int = IMPUTATIONS) -> pd.DataFrame:
    """Rows of `out_simulation` for a world that a file describes.

    Args:
        path: the file, see `world_file`.
        count: realisations.
        study: gives the seed.
        imputations: link sets drawn in each, M.

    Raises:
        UsageError: the file describes no world.
    """
    return recovery.table(world_file.read(path), count, imputations, [study.seed])


def policies(count: int, study: Study) -> pd.DataFrame:
    """Rows of `out_policy_simulation`, one partition for each world.

    Args:
        count: realisations of each world.
        study: gives the seed and the engine.
    """
    parts = [(number, count, study.seed) for number in range(len(policy.WORLDS))]
    found = map_partitions(policy.part, parts, engine=study.engine, workers=study.workers)
    return pd.concat(found, ignore_index=True)


def answer(part: Part) -> pd.DataFrame:
    """Rows of one partition."""
    if part.world is None:
        return others.table(part.count, part.seed, slow=part.slow)
    world = worlds.SCENARIOS[part.world]
    return recovery.table(world, part.count, part.imputations, [part.seed, part.world])
