r"""Log-likelihood of each spell under a location-scale model of log time, with derivatives.

A spell ends in an event at a known time, in an event known only to lie between two times, or is
censored; it may come under observation late (left truncation). With :math:`\pi` the share that
ever has the event (1 without a cured part) and :math:`\bar S = 1 - \pi + \pi S`,

.. math:: \ell_i = \begin{cases}
      \log \pi + \log f(t) & \text{event at } t \\
      \log \pi + \log (S(a) - S(b)) & \text{event in } (a, b] \\
      \log \bar S(t) & \text{censored at } t
   \end{cases} \;-\; \log \bar S(\text{entry}).

Derivatives are with respect to location :math:`\mu`, :math:`s = \log\sigma` and
:math:`\eta = \mathrm{logit}\,\pi`. Reference: Klein and Moeschberger (2003), Survival Analysis,
ch. 3.5; with a cured part Farewell (1982), https://doi.org/10.2307/2529885.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from gapstudy.errors import FitError
from gapstudy.measure.models.distributions import Family
from gapstudy.measure.models.sample import Floats, Sample

Rows = NDArray[np.intp]
#: Stands for a lower end of zero, before which no time of interest lies.
_TINY = 1e-300


@dataclass(frozen=True)
class LogSpells:
    """Spells on the scale of log time.

    Attributes:
        time: log of the time of the event, of its lower end or of the censoring, (n,).
        exact: rows with an event at a known time.
        between: rows with an event between two times.
        upper: log of the upper ends of those.
        censored: rows without an event.
        late: rows that come under observation late.
        entry: log of the times at which those do.
    """

    time: Floats
    exact: Rows
    between: Rows
    upper: Floats
    censored: Rows
    late: Rows
    entry: Floats

    @classmethod
    def of(cls, sample: Sample, upper: ArrayLike | None = None) -> LogSpells:
        """The spells of a sample.

        Args:
            sample: the spells; those of zero days count as half a day.
            upper: upper end of the time of each event, whose lower end is the sample's time, (n,);
                missing, or equal to the time, where the time is known.

        Raises:
            FitError: an upper end is infinite or before the lower end.
        """
        event = sample.event > 0
        time = np.log(sample.positive)
        inside = np.zeros(sample.n, dtype=bool)
        ends = np.zeros(0)
        if upper is not None:
            top = np.asarray(upper, dtype=float).ravel()
            if len(top) != sample.n:
                raise FitError("the upper ends are not as many as the spells",
                               remedy="Give one for every spell, missing where none")  # fmt: skip
            known = event & ~np.isnan(top)
            if (known & (~np.isfinite(top) | (top < sample.time))).any():
                raise FitError(
                    "an event's upper end is infinite or before its lower end",
                    remedy="Give a censored spell where the upper end is not known",
                )
            inside = known & (top > sample.time)
            ends = np.log(top[inside])
            time[inside] = np.log(np.maximum(sample.time[inside], _TINY))
        late = np.flatnonzero(sample.entry > 0)
        return cls(
            time, np.flatnonzero(event & ~inside), np.flatnonzero(inside), ends,
            np.flatnonzero(~event), late, np.log(sample.entry[late]),
        )  # fmt: skip


class Pieces(NamedTuple):
    """Log-likelihoods of n spells with derivatives.

    Attributes:
        value: log-likelihoods, (n,).
        slope: by location, log scale and, with a cured part, logit share, (2 or 3, n).
        bend: second derivatives, (k, k, n), symmetric.
    """

    value: Floats
    slope: Floats
    bend: Floats


def pieces(
    family: Family, data: LogSpells, location: Floats, log_scale: float, logit: Floats | None = None
) -> Pieces:
    """Log-likelihood of each spell with its derivatives.

    Args:
        family: distribution of the time to the event, among those that ever have it.
        data: the spells.
        location: location of each, (n,).
        log_scale: log of the common scale.
        logit: logit of the share that ever has the event, (n,); None: all do.
    """
    n, k = len(data.time), 2 if logit is None else 3
    made = Pieces(np.zeros(n), np.zeros((k, n)), np.zeros((k, k, n)))
    scale = float(np.exp(log_scale))
    _exact(made, family, data, location, scale)
    _between(made, family, data, location, scale)
    _surviving(made, family, data.censored, data.time[data.censored], location, scale, logit, 1.0)
    _surviving(made, family, data.late, data.entry, location, scale, logit, -1.0)
    if logit is not None:
        rows = np.concatenate([data.exact, data.between])
        share = special.expit(logit[rows])
        made.value[rows] -= np.logaddexp(0.0, -logit[rows])
        made.slope[2, rows] += 1 - share
        made.bend[2, 2, rows] -= share * (1 - share)
    return made


def _add(made: Pieces, rows: Rows, z: Floats, first: Floats, second: Floats, scale: float) -> None:
    """Add the derivatives of a function of z by location and log scale."""
    made.slope[0, rows] -= first / scale
    made.slope[1, rows] -= z * first
    made.bend[0, 0, rows] += second / scale**2
    mixed = (second * z + first) / scale
    made.bend[0, 1, rows] += mixed
    made.bend[1, 0, rows] += mixed
    made.bend[1, 1, rows] += (second * z + first) * z


def _exact(made: Pieces, family: Family, data: LogSpells, location: Floats, scale: float) -> None:
    rows = data.exact
    time = data.time[rows]
    z = (time - location[rows]) / scale
    density = family.log_density(z)
    made.value[rows] += density.value - np.log(scale) - time
    _add(made, rows, z, density.slope, density.bend, scale)
    made.slope[1, rows] -= 1.0


def _between(made: Pieces, family: Family, data: LogSpells, location: Floats, scale: float) -> None:
    rows = data.between
    if not len(rows):
        return
    a, b = (data.time[rows] - location[rows]) / scale, (data.upper - location[rows]) / scale
    low, high = family.log_survival(a), family.log_survival(b)
    # log(S(a) - S(b)) without loss of digits where both are small, or both near one.
    value = low.value + np.log(-np.expm1(np.minimum(high.value - low.value, -1e-300)))
    made.value[rows] += value
    at_a, at_b = family.log_density(a), family.log_density(b)
    part_a, part_b = np.exp(at_a.value - value), np.exp(at_b.value - value)
    _add(made, rows, a, -part_a, -part_a * at_a.slope - part_a**2, scale)
    _add(made, rows, b, part_b, part_b * at_b.slope - part_b**2, scale)
    cross = part_a * part_b
    made.bend[0, 0, rows] += 2 * cross / scale**2
    made.bend[0, 1, rows] += cross * (a + b) / scale
    made.bend[1, 0, rows] += cross * (a + b) / scale
    made.bend[1, 1, rows] += 2 * cross * a * b


def _surviving(
    made: Pieces, family: Family, rows: Rows, time: Floats, location: Floats, scale: float,
    logit: Floats | None, sign: float,
) -> None:  # fmt: skip
    if not len(rows):
        return
    z = (time - location[rows]) / scale
    alive = family.log_survival(z)
    if logit is None:
        made.value[rows] += sign * alive.value
        _add(made, rows, z, sign * alive.slope, sign * alive.bend, scale)
        return
    eta = logit[rows]
    share = special.expit(eta)
    # Log odds of being one who will still have the event, among those without it so far.
    odds = eta + alive.value
    still = special.expit(odds)
    spread = still * special.expit(-odds)
    made.value[rows] += sign * (np.logaddexp(0.0, odds) - np.logaddexp(0.0, eta))
    _add(made, rows, z, sign * still * alive.slope,
         sign * (still * alive.bend + spread * alive.slope**2), scale)  # fmt: skip
    made.slope[2, rows] += sign * (still - share)
    made.bend[2, 2, rows] += sign * (spread - share * (1 - share))
    mixed = sign * spread * alive.slope
    for j, part in ((0, -mixed / scale), (1, -mixed * z)):
        made.bend[2, j, rows] += part
        made.bend[j, 2, rows] += part
