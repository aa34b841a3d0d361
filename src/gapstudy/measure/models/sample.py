"""What every time-to-event model takes and gives: a sample of spells, and a fit.

A spell is the time from a result to its first product, or to the end of its observation. Models
never see tables: they take one `Sample` (one drawn link set) and give one `Fit`; `pooled` joins the
fits of many link sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from gapstudy.errors import FitError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Half a day in years: how long a spell of zero days lasts in models that need a positive time.
HALF_DAY = 0.5 / 365.25


@dataclass(frozen=True)
class Sample:
    """Spells of n results.

    Attributes:
        time: years from the result to its event or to the end of observation, (n,), at least 0.
        event: what ended the spell, (n,): 0 censored, 1, 2, ... the kind of event.
        covariates: one row per spell, (n, p).
        names: names of the covariates, p of them.
        entry: years after the result at which observation begins, (n,), below `time`.
        weight: weight of each spell, (n,), at least 0.
        cluster: which spells are not independent of each other, (n,): equal numbers, same cluster.
    """

    time: Floats
    event: Ints
    covariates: Floats
    names: tuple[str, ...]
    entry: Floats
    weight: Floats
    cluster: Ints

    @classmethod
    def of(
        cls,
        time: ArrayLike,
        event: ArrayLike,
        covariates: ArrayLike | None = None,
        names: Sequence[str] = (),
        *,
        entry: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        cluster: ArrayLike | None = None,
    ) -> Sample:
        """A checked sample; what is not given is no covariate, entry 0, weight 1, own cluster.

        Raises:
            FitError: nothing in it, shapes differ, a value is missing or infinite, a time or a
                weight is negative, or a spell ends before or when its observation begins.
        """
        t = np.asarray(time, dtype=float).ravel()
        n = len(t)
        kind = np.asarray(event).ravel()
        x = np.zeros((n, 0)) if covariates is None else np.asarray(covariates, dtype=float)
        x = x[:, None] if x.ndim == 1 else x
        start = np.zeros(n) if entry is None else np.asarray(entry, dtype=float).ravel()
        w = np.ones(n) if weight is None else np.asarray(weight, dtype=float).ravel()
        group = np.arange(n) if cluster is None else np.asarray(cluster).ravel()
        if n == 0:
            raise FitError("no spell to analyse", remedy="Widen the window or the frames")
        if not len(kind) == len(x) == len(start) == len(w) == len(group) == n:
            raise FitError("spells of unequal numbers of times, events and covariates",
                           remedy="Give one value of each for every spell")  # fmt: skip
        if x.shape[1] != len(names):
            raise FitError(f"{x.shape[1]} covariates with {len(names)} names",
                           remedy="Name every column of the covariates")  # fmt: skip
        known = np.isfinite(t) & np.isfinite(start) & np.isfinite(w) & np.isfinite(x).all(axis=1)
        whole = np.isfinite(np.asarray(kind, dtype=float)) & (np.asarray(kind, dtype=float) >= 0)
        late = (start < 0) | ((start > 0) & (start >= t))
        for bad, what in (
            (~(known & whole), "a missing, infinite or negative value"),
            ((t < 0) | (w < 0), "a negative time or weight"),
            (late, "an end before or at the start of observation"),
        ):
            if bad.any():
                raise FitError(
                    f"{int(bad.sum())} of {n} spells have {what}, first at row "
                    f"{int(np.flatnonzero(bad)[0])}",
                    remedy="Leave such spells out and count them, or mend their dates",
                )
        codes = np.unique(group, return_inverse=True)[1]
        return cls(t, kind.astype(np.int64), x, tuple(names), start, w, codes.astype(np.int64))

    @property
    def n(self) -> int:
        """Number of spells."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Spells that end in an event of any kind."""
        return int((self.event > 0).sum())

    @property
    def positive(self) -> Floats:
        """Times with those of zero days put at half a day, for models that need log(time)."""
        return np.maximum(self.time, HALF_DAY + self.entry)

    def only(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Sample:
        """Some of the spells."""
        return Sample(
            self.time[rows], self.event[rows], self.covariates[rows], self.names,
            self.entry[rows], self.weight[rows], self.cluster[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        names: names of the parameters.
        estimate: maximum likelihood (or estimating equation) estimates, (p,).
        covariance: their covariance, (p, p), robust to clusters where the model says so.
        log_likelihood: at the estimates; not a number where the model has none.
        n: spells.
        events: spells that end in the event.
        clusters: clusters of the spells.
        note: what limits the fit, else empty.
    """

    names: tuple[str, ...]
    estimate: Floats
    covariance: Floats
    log_likelihood: float
    n: int
    events: int
    clusters: int
    note: str = field(default="")

    @property
    def error(self) -> Floats:
        """Standard errors, (p,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        """Lower and upper ends of Wald intervals, (p,) each."""
        half = stats.norm.ppf(0.5 + confidence / 2) * self.error
        return self.estimate - half, self.estimate + half

    @property
    def p_value(self) -> Floats:
        """Two-sided Wald p-values against zero, (p,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(2 * stats.norm.sf(np.abs(self.estimate / self.error)), dtype=float)

    def __getitem__(self, name: str) -> float:
        return float(self.estimate[self.names.index(name)])
