r"""Pseudo-observations: one value per spell whose mean is the estimate, censored or not.

The pseudo-observation of spell i is :math:`n\hat\theta - (n-1)\hat\theta_{-i}`. The fast form
replaces leaving out by differentiating in the weight of the spell (infinitesimal jackknife),

.. math:: \tilde\theta_i = \hat\theta + \frac{W}{w_i} \psi_i,

with the influence :math:`\psi_i` and the sum of weights W: all of them in O(n log n), equal to the
exact ones up to order 1/n, and right with delayed entry. They are taken within strata, when
censoring differs between these (regions whose results are younger).

References: Andersen, Klein and Rosthoj (2003), https://doi.org/10.1093/biomet/90.1.15; Andersen,
Hansen and Klein (2004), Lifetime Data Analysis 10, 335-350 (restricted mean); infinitesimal
jackknife and entry: Parner, Andersen and Overgaard (2023),
https://doi.org/10.1007/s10985-023-09597-5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.models.curves import curve_steps, group_weights, incidence
from gapstudy.measure.models.risk_sets import parts
from gapstudy.measure.models.sample import Floats, Ints, Sample
from gapstudy.measure.survival import Estimates

Estimator = Callable[[Sample, Floats], Estimates]


def incidence_values(
    sample: Sample, horizons: ArrayLike, cause: int | None = None, strata: Ints | None = None
) -> Floats:  # fmt: skip
    """Pseudo-observations of cumulative incidence at the horizons, (n, H).

    Args:
        sample: the spells.
        horizons: times, (H,).
        cause: kind of event; None takes every kind.
        strata: stratum of each spell, within which censoring is alike.

    Raises:
        FitError: in a stratum nobody is followed to a horizon and its curve is still open.
    """
    at = np.atleast_1d(np.asarray(horizons, dtype=float))
    _followed(sample, float(at.max()), strata)
    return _values(sample, lambda part, w: incidence(part, at, w, cause), strata)


def restricted_mean_values(sample: Sample, tau: float, strata: Ints | None = None) -> Floats:
    """Pseudo-observations of the restricted mean time up to `tau`, (n, 1); see above."""
    _followed(sample, tau, strata)
    return _values(
        sample, lambda part, w: survival.restricted_mean(curve_steps(part, w), tau), strata
    )


def leave_one_out(
    sample: Sample, horizons: ArrayLike, cause: int | None = None
) -> Floats:  # fmt: skip
    """Exact pseudo-observations of cumulative incidence, (n, H), in O(n^2): to check the fast ones.

    Args:
        sample: at most a few thousand spells.
        horizons: times, (H,).
        cause: kind of event; None takes every kind.
    """
    at = np.atleast_1d(np.asarray(horizons, dtype=float))
    w = sample.weight
    every = np.column_stack([np.repeat(w[:, None], sample.n, axis=1), w])
    every[np.arange(sample.n), np.arange(sample.n)] = 0.0
    value = incidence(sample, at, every, cause).value[0]
    scale = (w.sum() / w)[:, None]
    return np.asarray(scale * value[-1] - (scale - 1) * value[:-1], dtype=float)


def _values(sample: Sample, estimate: Estimator, strata: Ints | None) -> Floats:
    result: Floats | None = None
    for rows in parts(sample, strata):
        part = sample.only(rows)
        fit = estimate(part, group_weights(part))
        w = part.weight
        scale = np.where(w > 0, w.sum() / np.where(w > 0, w, 1.0), 0.0)
        made = fit.value[0, 0] + scale[:, None] * fit.influence[0, :, 0]
        result = np.empty((sample.n, made.shape[1])) if result is None else result
        result[rows] = made
    return result if result is not None else np.zeros((0, 0))


def _followed(sample: Sample, horizon: float, strata: Ints | None) -> None:
    for rows in parts(sample, strata):
        part = sample.only(rows)
        use = part.weight > 0
        if not use.any():
            raise FitError("a stratum has no spell with any weight", remedy="Leave it out")
        last = part.time[use].max()
        if last < horizon and (part.event[use & (part.time == last)] == 0).any():
            raise FitError(
                f"a stratum is followed for {last:.6g} at most, less than the horizon {horizon:g}",
                remedy="Lower the horizon, or join the stratum with another",
            )
