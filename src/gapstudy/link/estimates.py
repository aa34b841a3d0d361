"""What a stratified sample of labelled pairs says about all pairs that it was drawn from.

Numbers of pairs with a flag (Horvitz-Thompson), shares such as precision and recall, and totals
that use known sizes of groups. The intervals are those of the draw: what other samples of the same
frame would give. They hold for flags that are rare, where a normal approximation fails: a sample
that happens to show no missed link must not claim that there is none.

Sources: Sarndal, Swensson, Wretman, "Model Assisted Survey Sampling" (1992), chapters 3, 5 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.errors import UsageError

Array = np.ndarray[Any, np.dtype[np.float64]]
#: Pairs that the share of a flag over the whole frame counts as, in the variance of a stratum.
PRIOR = 1.0
_TINY = 1e-12


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error and the ends of its interval; missing ends are NaN."""

    value: float
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class Totals:
    """Estimated numbers of pairs of the frame with each of some flags.

    Attributes:
        names: the flags.
        value: estimated number of pairs, one per flag (Horvitz-Thompson).
        covariance: of the estimates.
        heaviest: for each flag the largest number of pairs that one more case would stand for.
    """

    names: tuple[str, ...]
    value: Array
    covariance: Array
    heaviest: Array

    def of(self, name: str) -> tuple[float, float]:
        """Estimate of one flag and its standard error."""
        at = self.names.index(name)
        return float(self.value[at]), float(np.sqrt(self.covariance[at, at]))

    def ends(self, name: str, confidence: float = 0.95) -> tuple[float, float]:
        """Interval of one flag: quantiles of gamma distributions with its mean and variance.

        For the upper end half a case of the heaviest weight is added: a flag that was seen rarely
        or never may have been missed where pairs weigh most. After Fay and Feuer, "Confidence
        intervals for directly standardized rates" (1997), who add a whole case and cover too much.
        """
        from scipy.stats import gamma

        at = self.names.index(name)
        value, variance = float(self.value[at]), float(self.covariance[at, at])
        heavy, tail = float(self.heaviest[at]) / 2, (1.0 - confidence) / 2
        low = high = value
        if value > 0 and variance > 0:
            low = float(gamma.ppf(tail, value**2 / variance, scale=variance / value))
        more, spread = value + heavy, variance + heavy**2
        if more > 0 and spread > 0:
            high = float(gamma.ppf(1.0 - tail, more**2 / spread, scale=spread / more))
        return low, high

    def share(self, part: str, others: str, confidence: float = 0.95) -> Estimate:
        """Share of one flag in two that exclude each other, with an interval.

        Precision is share("true", "false"), recall share("true", "missed"). The standard error is
        by the delta method. The interval joins those of both flags on the scale of the logarithm
        of their ratio, with their correlation: Zou and Donner (2008),
        https://doi.org/10.1002/sim.3095.
        """
        a, b = self.names.index(part), self.names.index(others)
        top, rest = float(self.value[a]), float(self.value[b])
        if top + rest <= 0:
            return Estimate(np.nan, np.nan, np.nan, np.nan)
        share = top / (top + rest)
        gradient = np.array([rest, -top]) / (top + rest) ** 2
        block = self.covariance[np.ix_([a, b], [a, b])]
        error = float(np.sqrt(max(float(gradient @ block @ gradient), 0.0)))
        (top_low, top_high), (rest_low, rest_high) = (
            self.ends(name, confidence) for name in (part, others)
        )
        if rest == 0.0:
            return Estimate(share, error, top / (top + rest_high), 1.0)
        if top == 0.0:
            return Estimate(share, error, 0.0, top_high / (top_high + rest))
        scale = float(np.sqrt(block[0, 0] * block[1, 1]))
        tie = float(block[0, 1]) / scale if scale > 0 else 0.0
        down = _joined(np.log(top / max(top_low, _TINY)), np.log(rest_high / rest), tie)
        up = _joined(np.log(top_high / top), np.log(rest / max(rest_low, _TINY)), tie)
        ratio = top / rest
        low, high = ratio * np.exp(-down), ratio * np.exp(up)
        return Estimate(share, error, float(low / (1 + low)), float(high / (1 + high)))


def _joined(one: float, other: float, tie: float) -> float:
    """Distance to the end of an interval of a difference, from those of its two terms."""
    return float(np.sqrt(max(one**2 + other**2 - 2.0 * tie * one * other, 0.0)))


def totals(
    sample: pd.DataFrame, flags: pd.DataFrame, possible: pd.DataFrame | None = None
) -> Totals:
    """Horvitz-Thompson estimates of how many pairs of the frame have each flag.

    Within a stratum the variance is N^2 (1 - n/N) S / n with the covariance S. A stratum that shows
    no case of a rare flag seems to be free of error and is not, and one that shows one by luck
    seems to be worse than it is: so S is the sample covariance drawn towards that of the share of
    the flag over all strata, which counts as `PRIOR` further pairs.

    Args:
        sample: columns stratum and stratum_size.
        flags: truth values, with the index of `sample`.
        possible: where each flag could hold at all, by what is known of every pair of the frame; a
            pair below the threshold is never a false link. Everywhere by default. Two flags that
            share this and exclude each other, such as true and false links, vary against each
            other.
    """
    values = flags.to_numpy(dtype=float)
    names = tuple(str(name) for name in flags.columns)
    may = (
        np.ones(values.shape, dtype=bool)
        if possible is None
        else possible[[*flags]].to_numpy(dtype=bool)
    )
    strata = [at for _, at in sorted(sample.groupby("stratum", sort=True).indices.items())]
    sizes = [int(sample["stratum_size"].iloc[at[0]]) for at in strata]
    total = sum(
        (size * values[at].mean(axis=0) for size, at in zip(sizes, strata, strict=True)),
        start=np.zeros(len(names)),
    )
    among = sum(
        (size * may[at].mean(axis=0) for size, at in zip(sizes, strata, strict=True)),
        start=np.zeros(len(names)),
    )
    drawn = may.sum(axis=0)
    share = (np.divide(total * drawn, among, out=np.zeros(len(names)), where=among > 0) + 0.5) / (
        drawn + 1
    )
    usual = _usual(values, may, share)
    spread = np.zeros((len(names), len(names)))
    for size, at in zip(sizes, strata, strict=True):
        n = len(at)
        seen = (n - 1) * np.atleast_2d(np.cov(values[at], rowvar=False)) if n > 1 else 0.0
        part = may[at].mean(axis=0)
        mixed = (seen + PRIOR * usual * np.sqrt(np.outer(part, part))) / (n - 1 + PRIOR)
        spread += size**2 * (1 - n / size) / n * mixed
    weight = np.array([0.0 if len(at) >= size else size / len(at)
                       for size, at in zip(sizes, strata, strict=True)])  # fmt: skip
    open_ = np.array([may[at].any(axis=0) for at in strata]).reshape(len(strata), len(names))
    heaviest = (weight[:, None] * open_).max(axis=0, initial=0.0)
    return Totals(names, total, spread, heaviest)


def _usual(values: Array, may: np.ndarray[Any, np.dtype[np.bool_]], share: Array) -> Array:
    """Covariance of flags within a stratum like the whole: of flags that exclude each other."""
    usual = np.diag(share * (1 - share))
    for one in range(len(share)):
        for other in range(one):
            if (
                np.array_equal(may[:, one], may[:, other])
                and not (values[:, one] * values[:, other]).any()
            ):
                usual[[one, other], [other, one]] = -share[one] * share[other]
    return usual


def post_stratified(
    sample: pd.DataFrame, flag: pd.Series[bool], groups: pd.Series[str], sizes: pd.Series[int]
) -> tuple[float, float]:
    """Number of pairs with a flag, using the known sizes of groups that cut across the strata.

    For example bands of the score of another model than that of the draw. The weights of each group
    are scaled so that they add up to its size; the variance is that of the residuals from the
    group's share, as in `totals`.

    Args:
        sample: columns stratum, stratum_size, inclusion.
        flag: truth values, with the index of `sample`.
        groups: group of each pair.
        sizes: group -> pairs of the frame.

    Returns:
        The estimate and its standard error.

    Raises:
        UsageError: a group of the frame has no pair in the sample.
    """
    empty = sorted(set(sizes[sizes > 0].index) - set(groups))
    if empty:
        raise UsageError(
            f"no pair of the sample is in the group {empty[0]!r}", remedy="Join small groups"
        )
    weight = 1.0 / sample["inclusion"].astype(float)
    have = weight.groupby(groups.to_numpy()).sum()
    scale = groups.map(sizes / have).astype(float)
    truth = flag.astype(float)
    shares = (weight * truth).groupby(groups.to_numpy()).sum() / have
    value = float((weight * scale * truth).sum())
    residual = scale * (truth - groups.map(shares).astype(float))
    variance = totals(sample, flag.to_frame()).covariance[0, 0]
    plain = _variance(sample, truth)
    # What was added there for strata without variation is added here too.
    return value, float(np.sqrt(max(_variance(sample, residual) + variance - plain, 0.0)))


def _variance(sample: pd.DataFrame, values: pd.Series[float]) -> float:
    """Variance of the Horvitz-Thompson total of any values; strata of one pair add nothing."""
    frame = pd.DataFrame({"stratum": sample["stratum"], "N": sample["stratum_size"], "y": values})
    by = frame.groupby("stratum").agg(
        size=("N", "first"), n=("y", "size"), spread=("y", _sample_variance)
    )
    terms = by["size"] ** 2 * (1 - by["n"] / by["size"]) * by["spread"] / by["n"]
    return float(terms.clip(lower=0.0).sum())


def _sample_variance(values: pd.Series[float]) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0
