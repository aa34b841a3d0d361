"""Can the coefficients be told from the data? The same checks and words for all hazard models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.models.sample import Floats

_REMEDY = "Leave one of them out"
#: Smallest part of the largest eigenvalue of a scaled information at which columns are told apart.
_DISTINCT = 1e-10
#: A log hazard ratio over the range of a covariate, with such a standard error, runs to infinity.
_FAR, _VAGUE = 15.0, 10.0


def refuse_flat(names: Sequence[str], flat: NDArray[np.bool_]) -> None:
    """Refuse constant covariates.

    Raises:
        FitError: names them.
    """
    if flat.any():
        raise FitError(
            f"the covariates are collinear or constant: {_listed(names, flat)}", remedy=_REMEDY
        )


def refuse_collinear(names: Sequence[str], matrix: Floats, where: str = "") -> None:
    """Refuse covariates of which one is a combination of others.

    Args:
        names: the covariates; further columns of the matrix have no name (a baseline).
        matrix: cross products or information scaled to comparable columns, (p, p).
        where: words that say among what they are collinear; may be empty.

    Raises:
        FitError: names the covariates concerned.
    """
    values, vectors = np.linalg.eigh(matrix)
    if values[0] > _DISTINCT * max(values[-1], 1e-300):
        return
    part = np.abs(vectors[: len(names), 0]) > 1e-4
    raise FitError(
        f"the covariates are collinear or constant{where}: {_listed(names, part)}", remedy=_REMEDY
    )


def refuse_few_clusters(clusters: int, parameters: int) -> None:
    """Refuse a robust covariance that has not more clusters than parameters: it would be singular.

    Raises:
        FitError: too few clusters.
    """
    if clusters <= parameters:
        raise FitError(
            f"{clusters} clusters are too few for a robust covariance of {parameters} coefficients",
            remedy="Cluster by something smaller, or fit fewer coefficients",
        )


def running_away(estimate: Floats, error: Floats, spread: Floats) -> NDArray[np.bool_]:
    """Which coefficients run to infinity: far from zero and without any information left."""
    return np.asarray(
        (np.abs(estimate) * spread > _FAR) & (error * spread > _VAGUE), dtype=np.bool_
    )


def separated(model: str, names: Sequence[str], gone: Iterable[bool], remedy: str) -> FitError:
    """The error for covariates whose coefficients run to infinity."""
    which = _listed(names, gone)
    return FitError(
        f"the {model} has no finite estimate{f' for {which}' if which else ''}: the covariates "
        "separate the events",
        remedy=remedy,
    )


def _listed(names: Sequence[str], which: Iterable[bool]) -> str:
    return ", ".join(name for name, mine in zip(names, which, strict=True) if mine)
