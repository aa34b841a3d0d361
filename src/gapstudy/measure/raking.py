r"""Raking: weights under which a sample has given margins.

Iterative proportional fitting scales the weights of each category of each margin in turn to the
category's total, until all margins hold:

.. math:: w_i \leftarrow w_i \, \frac{T_{v,c(i)}}{\sum_{j: c(j) = c(i)} w_j} .

With one margin this is post-stratification. Where the factors are bounded, calibration takes its
place. Weights that spread much make estimates less certain;
Kish's design effect :math:`n \sum w_i^2 / (\sum w_i)^2` says by how much. References: Deming and
Stephan (1940), Annals of Mathematical Statistics 11, 427-444; bounded weights: the
logit method of Deville, Sarndal and Sautory (1993), Journal of the American Statistical
Association 88, 1013-1020; design effect: Kish (1965), Survey Sampling, sec. 11.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gapstudy.errors import FitError

Floats = NDArray[np.float64]
#: Column of a margin that holds its totals; its other columns are the variables.
TOTAL = "total"


@dataclass(frozen=True)
class Raked:
    """Weights of a sample.

    Attributes:
        weight: one for each row of the sample, in its order.
        rounds: passes over all margins that it took.
        gap: largest difference left between a weighted count and its total, as a share of it.
        bounded: rows whose weight lies at a bound.
    """

    weight: Floats
    rounds: int
    gap: float
    bounded: int

    @property
    def design_effect(self) -> float:
        """Kish's design effect: at least one; one when all weights are equal."""
        return float(len(self.weight) * np.square(self.weight).sum() / self.weight.sum() ** 2)

    @property
    def effective_n(self) -> float:
        """Number of equally weighted rows that say as much."""
        return len(self.weight) / self.design_effect


def rake(
    sample: pd.DataFrame,
    margins: Sequence[pd.DataFrame],
    *,
    base: ArrayLike | None = None,
    total: float | None = None,
    bounds: tuple[float, float] = (0.0, np.inf),
    tolerance: float = 1e-8,
    rounds: int = 1000,
) -> Raked:
    """Weights under which the sample has the margins.

    Args:
        sample: one row per observation, with the variables of all margins.
        margins: one frame per margin: one or several variables (their combinations are the
            categories) and `total`, counts or shares.
        base: weights to begin with, positive; equal by default.
        total: what the weights add up to: each margin is scaled to it; by default the margins are
            taken as they are and must agree.
        bounds: smallest and largest factor on a base weight (which is first scaled to the total);
            with bounds, the weights are those of calibration by the logit method.
        tolerance: largest gap, as a share of a total, at which the margins count as met.
        rounds: most passes over all margins.

    Raises:
        FitError: there is nothing to rake, a category is in the sample or in a margin alone, the
            margins disagree on their total, or no weights within the bounds meet them.
    """
    n = len(sample)
    if n == 0 or not margins:
        raise FitError("there is no sample or no margin to rake to",
                       remedy="Give at least one observation and one margin")  # fmt: skip
    start = np.ones(n) if base is None else np.asarray(base, dtype=float)
    if start.shape != (n,) or not (np.isfinite(start).all() and (start > 0).all()):
        raise FitError("base weights must be positive, one for each observation",
                       remedy="Leave out observations without a base weight")  # fmt: skip
    low, high = bounds
    if not 0 <= low < 1 < high:
        raise FitError(f"bounds {low:g} and {high:g} do not hold a factor of one between them",
                       remedy="Give a lower bound below 1 and an upper bound above 1")  # fmt: skip
    targets = [_target(sample, margin, total) for margin in margins]
    sums = np.array([wanted.sum() for _, wanted, _ in targets])
    if np.ptp(sums) > 1e-6 * sums.max():
        raise FitError(
            f"the margins add up to {', '.join(f'{value:g}' for value in sums)}",
            remedy="Give margins of one population, or `total` to scale them all to",
        )
    start = start * sums[0] / start.sum()
    if low > 0 or np.isfinite(high):
        weight, done = _bounded(start, targets, bounds, tolerance, rounds)
    else:
        weight, done = _fitted(start, targets, tolerance, rounds)
    gaps = np.array([_gap(weight, code, wanted) for code, wanted, _ in targets])
    worst = int(gaps.argmax())
    if gaps[worst] > tolerance:
        raise FitError(
            f"raking did not converge in {done} rounds: the margin of {targets[worst][2]} is "
            f"missed by {gaps[worst]:.2g} of a total",
            remedy="Widen the bounds, join small categories, or drop a margin: combinations "
                   "without any observation can make margins impossible together",
        )  # fmt: skip
    factor = weight / start
    at_end = np.isclose(factor, low, rtol=1e-3) | np.isclose(factor, high, rtol=1e-3)
    return Raked(weight, done, float(gaps[worst]), int(at_end.sum()))


def _fitted(
    start: Floats, targets: list[tuple[NDArray[np.intp], Floats, str]], tolerance: float,
    rounds: int,
) -> tuple[Floats, int]:  # fmt: skip
    """Iterative proportional fitting: the weights and the rounds that they took."""
    weight, done = start.copy(), 0
    while done < rounds:
        done += 1
        for code, wanted, _ in targets:
            have = np.bincount(code, weight, minlength=len(wanted))
            factor = np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0)
            weight = weight * factor[code]
        if max(_gap(weight, code, wanted) for code, wanted, _ in targets) <= tolerance:
            break
    return weight, done


def _bounded(
    start: Floats, targets: list[tuple[NDArray[np.intp], Floats, str]],
    bounds: tuple[float, float], tolerance: float, rounds: int,
) -> tuple[Floats, int]:  # fmt: skip
    r"""Calibration by the logit method, whose factors stay within the bounds.

    .. math:: F(u) = \frac{L (U - 1) + U (1 - L) e^{A u}}{(U - 1) + (1 - L) e^{A u}}, \quad
              A = \frac{U - L}{(1 - L)(U - 1)}

    with one parameter per category, found by Newton's method. The parameters of several margins
    are not identified by themselves, so that each step is the shortest one.
    """
    low, high = bounds[0], min(bounds[1], 1e6)
    rate = (high - low) / ((1 - low) * (high - 1))
    x = np.column_stack([np.eye(len(wanted))[code] for code, wanted, _ in targets])
    wanted = np.concatenate([part for _, part, _ in targets])

    def weights(at: Floats) -> tuple[Floats, Floats]:
        # The logistic form is safe from overflow at both ends.
        odds = (1 - low) / (high - 1) * np.exp(np.clip(rate * (x @ at), -500, 500))
        part = odds / (1 + odds)
        slope = (high - low) * rate * part * (1 - part)
        return start * (low + (high - low) * part), start * slope

    at = np.zeros(x.shape[1])
    weight, slope = weights(at)
    left = np.abs(x.T @ weight - wanted).max()
    done = 0
    while done < rounds:
        done += 1
        step = np.linalg.lstsq((x * slope[:, None]).T @ x, wanted - x.T @ weight, rcond=1e-12)[0]
        size = 1.0
        while size > 1e-8:
            new, bent = weights(at + size * step)
            gap = np.abs(x.T @ new - wanted).max()
            if gap < left:
                break
            size /= 2
        else:
            break
        at, weight, slope, left = at + size * step, new, bent, gap
        if max(_gap(weight, code, part) for code, part, _ in targets) <= tolerance:
            break
    return weight, done


def _target(
    sample: pd.DataFrame, margin: pd.DataFrame, total: float | None
) -> tuple[NDArray[np.intp], Floats, str]:
    """Category of each row, totals of the categories, and the variables' names."""
    variables = [str(name) for name in margin.columns if name != TOTAL]
    label = " by ".join(variables)
    absent = [name for name in variables if name not in sample.columns]
    if TOTAL not in margin.columns or not variables or absent:
        raise FitError(
            f"a margin needs variables of the sample and the column {TOTAL!r}; it has "
            f"{', '.join(map(str, margin.columns))}",
            remedy="Name the margin's columns as those of the sample",
        )
    wanted = margin[TOTAL].to_numpy(float)
    keys = pd.MultiIndex.from_frame(margin[variables].astype(str))
    known = bool(np.isfinite(wanted).all() and (wanted >= 0).all() and wanted.sum() > 0)
    if keys.has_duplicates or not known:
        raise FitError(f"the margin of {label} repeats a category or has a total that is missing, "
                       "negative, or zero in all",
                       remedy="Give each category once, with its total")  # fmt: skip
    rows = pd.MultiIndex.from_frame(sample[variables].astype(str))
    code = keys.get_indexer(rows)
    lost = sorted({" / ".join(map(str, row)) for row in rows[code < 0]})
    if lost:
        raise FitError(f"the margin of {label} does not give {', '.join(lost[:5])}",
                       remedy="Add the category, or leave its observations out")  # fmt: skip
    count = np.bincount(code, minlength=len(wanted))
    empty = [" / ".join(map(str, key)) for key, one, part in zip(keys, count, wanted, strict=True)
             if one == 0 and part > 0]  # fmt: skip
    if empty:
        raise FitError(f"no observation is in {', '.join(empty[:5])} of the margin of {label}",
                       remedy="Join the category with another one")  # fmt: skip
    if ((wanted == 0) & (count > 0)).any():
        raise FitError(f"a category of the margin of {label} has a total of zero and observations",
                       remedy="Leave its observations out")  # fmt: skip
    scale = 1.0 if total is None else total / wanted.sum()
    return np.asarray(code, dtype=np.intp), wanted * scale, label


def _gap(weight: Floats, code: NDArray[np.intp], wanted: Floats) -> float:
    have = np.bincount(code, weight, minlength=len(wanted))
    known = wanted > 0
    return float((np.abs(have - wanted)[known] / wanted[known]).max())
