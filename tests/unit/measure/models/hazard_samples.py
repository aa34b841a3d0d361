"""Made samples that the tests of the hazard models share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gapstudy.measure.models.sample import Sample

Floats = NDArray[np.float64]


def made(
    n: int = 300, seed: int = 1, *, late: bool = False, weighted: bool = False, tied: bool = True
) -> Sample:
    """Spells of three covariates (effects 0.5, -0.3, 0), with ties at quarters of a year."""
    random = np.random.default_rng(seed)
    x = np.column_stack([random.random(n) < 0.4, random.integers(0, 4, n), random.normal(size=n)])
    time = random.exponential(6 * np.exp(-x @ np.array([0.5, -0.3, 0.0])))
    end = random.uniform(2, 12, n)
    seen = np.minimum(time, end)
    if tied:
        seen = np.ceil(seen * 4) / 4
    entry = np.where(random.random(n) < 0.4, random.random(n) * seen * 0.9, 0.0)
    return Sample.of(
        seen, (time <= end) * random.integers(1, 3, n), x.astype(float), ["a", "b", "c"],
        entry=entry if late else None,
        weight=random.random(n) + 0.2 if weighted else None,
        cluster=random.integers(0, n // 5, n),
    )  # fmt: skip


def with_columns(sample: Sample, x: Floats, names: tuple[str, ...]) -> Sample:
    """The same spells with other covariates."""
    return Sample.of(
        sample.time, sample.event, x, names, entry=sample.entry, weight=sample.weight,
        cluster=sample.cluster,
    )  # fmt: skip


#: Samples that no hazard model can use, with what the refusal says.
TRAPS = [
    (Sample.of([1, 2, 3], [0, 0, 0], [[0], [1], [0]], ["x"]), "no duration ends"),
    (Sample.of([1.0], [1], [[1.0]], ["x"]), "constant"),
    (Sample.of([2, 2, 2, 2], [1, 1, 1, 1], [[1], [1], [1], [1]], ["x"]), "constant: x"),
    (Sample.of([1, 2, 3, 4.5], [1, 1, 0, 1], [[0, 0], [1, 2], [0, 0], [1, 2]], ["x", "y"]),
     "collinear or constant: x, y"),
    (Sample.of([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0],
               [[0], [0], [0], [1], [1], [1]], ["region"]), "no finite estimate for region"),
    (Sample.of([1, 2, 3], [1, 0, 0]), "no covariate"),
]  # fmt: skip
