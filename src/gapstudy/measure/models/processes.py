r"""Simultaneous bands and supremum tests for any curve whose influences are known.

An estimate of a curve at times :math:`s_1, ..., s_H` is near the truth plus the sum of its
influences :math:`\sum_i \psi_i(s)`. The wild (multiplier) bootstrap repeats
:math:`\sum_i \xi_i \psi_i(s)` with independent multipliers :math:`\xi_i` of mean 0 and variance 1,
the data held fixed; a band takes the quantile of the largest standardised value. It holds for
weights, clusters (one multiplier each) and delayed entry.

With normal multipliers the bootstrap process is normal with covariance
:math:`\sum_i \psi_i(s) \psi_i(t)` exactly, so it is drawn from that matrix, at a cost that does not
grow with n. The same covariance plus that between link sets (Rubin's rules) gives the process of a
multiply imputed curve, with Student's t in place of the normal where few link sets were drawn.

References: Lin, Wei and Ying (1993), https://doi.org/10.1093/biomet/80.3.557; Lin (1997),
Statistics in Medicine 16, 901-910; Beyersmann, Di Termini and Pauly (2013), Scandinavian Journal of
Statistics 40, 387-402; Bluhmki, Dobler, Beyersmann and Pauly (2018),
https://doi.org/10.1007/s10985-018-9423-x.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.models.bands import Band, Scale, ends
from gapstudy.measure.models.curves import clustered, group_weights, incidence
from gapstudy.measure.models.sample import Floats, Sample

Multiplier = Literal["normal", "poisson", "rademacher"]
#: Largest number of random numbers held at once.
_BLOCK = 4_000_000
#: Parts of the largest variance below which a point has none.
_NOTHING = 1e-12


def total_covariance(values: Floats, influence: Floats) -> Floats:
    """Covariance of a curve over M link sets by Rubin's rules, (H, H).

    Args:
        values: the curve in each link set, (M, H).
        influence: influences in each, added within clusters, (M, C, H).
    """
    m = len(values)
    within = sum(part.T @ part for part in influence) / m
    gap = values - values.mean(axis=0)
    between = gap.T @ gap / (m - 1) if m > 1 else np.zeros_like(within)
    return np.asarray(within + (1 + 1 / m) * between, dtype=float)


def critical_value(
    covariance: Floats, confidence: float, draws: int, seed: list[int], df: float = np.inf
) -> float:
    """Quantile of the largest standardised absolute value of a normal (or Student) process.

    Args:
        covariance: covariance at the points, (H, H); points without variance are left out.
        confidence: level.
        draws: repetitions.
        seed: seed of the random numbers.
        df: degrees of freedom of the variance.

    Raises:
        FitError: no point has a variance.
    """
    return float(np.quantile(_largest(covariance, draws, seed, df), confidence))


def supremum_test(
    difference: Floats, covariance: Floats, draws: int, seed: list[int], df: float = np.inf
) -> tuple[float, float]:
    """Test that a difference of two curves is zero at all its points.

    Args:
        difference: the difference, (H,).
        covariance: its covariance, (H, H).
        draws: repetitions.
        seed: seed of the random numbers.
        df: degrees of freedom of the variance.

    Returns:
        The largest standardised difference, and its p-value.

    Raises:
        FitError: no point has a variance.
    """
    use, error = _points(covariance)
    statistic = float(np.abs(difference[use] / error).max())
    beyond = int((_largest(covariance, draws, seed, df) >= statistic).sum())
    return statistic, (beyond + 1) / (draws + 1)


def multiplier_critical(
    influence: Floats,
    confidence: float,
    draws: int,
    seed: list[int],
    multiplier: Multiplier = "normal",
) -> float:
    """The same quantile by multiplying every influence, the bootstrap written out.

    Args:
        influence: influences of one sample, added within clusters, (C, H).
        confidence: level.
        draws: repetitions.
        seed: seed of the multipliers.
        multiplier: normal, centred unit Poisson, or a random sign.
    """
    use, error = _points(influence.T @ influence)
    part = influence[:, use] / error
    random = np.random.default_rng(seed)
    total = np.zeros((draws, part.shape[1]))
    rows = max(_BLOCK // draws, 1)
    for begin in range(0, len(part), rows):
        block = part[begin : begin + rows]
        total += _multipliers(multiplier, (draws, len(block)), random) @ block
    return float(np.quantile(np.abs(total).max(axis=1), confidence))


def process_band(
    sample: Sample,
    times: Floats,
    confidence: float,
    draws: int,
    seed: list[int],
    *,
    cause: int | None = None,
    scale: Scale = "log-log",
) -> Band:
    """Cumulative incidence of one sample with a simultaneous band; weights, entry, clusters.

    Args:
        sample: the spells.
        times: points of the band, (H,).
        confidence: level over all points.
        draws: repetitions.
        seed: seed of the random numbers.
        cause: kind of event; None takes every kind.
        scale: plain or log-log (of one minus the incidence).

    Raises:
        FitError: no point lies after an event.
    """
    at = np.asarray(times, dtype=float)
    fit = incidence(sample, at, group_weights(sample), cause)
    psi = clustered(fit.influence[0, :, 0], sample.cluster)
    covariance = psi.T @ psi
    critical = critical_value(covariance, confidence, draws, seed)
    error = np.sqrt(np.diag(covariance))
    low, high = ends(1 - fit.value[0, 0], critical * error, scale)
    return Band(at, fit.value[0, 0], 1 - high, 1 - low, critical)


def _multipliers(
    kind: Multiplier, shape: tuple[int, int], random: np.random.Generator
) -> Floats:  # fmt: skip
    """Independent multipliers of mean 0 and variance 1."""
    if kind == "normal":
        return np.asarray(random.standard_normal(shape), dtype=float)
    if kind == "poisson":
        return np.asarray(random.poisson(1.0, shape) - 1.0, dtype=float)
    return np.asarray(2.0 * random.integers(0, 2, shape) - 1.0, dtype=float)


def _points(covariance: Floats) -> tuple[NDArray[np.intp], Floats]:
    variance = np.diag(covariance)
    use = variance > _NOTHING * max(float(variance.max(initial=0.0)), _NOTHING)
    if not use.any():
        raise FitError("the curve has no variance at any point of the band",
                       remedy="No event lies before the last point: give no band")  # fmt: skip
    return np.flatnonzero(use), np.asarray(np.sqrt(variance[use]), dtype=float)


def _largest(covariance: Floats, draws: int, seed: list[int], df: float) -> Floats:
    use, error = _points(covariance)
    value, vector = np.linalg.eigh(covariance[np.ix_(use, use)] / np.outer(error, error))
    root = vector * np.sqrt(np.maximum(value, 0.0))
    random = np.random.default_rng(seed)
    largest = np.abs(random.standard_normal((draws, len(use))) @ root.T).max(axis=1)
    if np.isfinite(df):
        largest = largest / np.sqrt(random.chisquare(df, draws) / df)
    return np.asarray(largest, dtype=float)
