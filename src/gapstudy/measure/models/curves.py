"""Curves of the groups of a sample: the ordered steps that nonparametric estimates start from.

With delayed entry the first risk sets can be so small that all who are in them have an event: the
curve then falls to zero and stays there although most spells enter later. That is refused, because
no later number would mean anything.
"""

from __future__ import annotations

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure import aalen_johansen, survival
from gapstudy.measure.models.sample import Floats, Ints, Sample
from gapstudy.measure.survival import Estimates, Steps


def group_weights(sample: Sample, group: Ints | None = None, groups: int = 1) -> Floats:
    """Weights of the spells in each group, (n, G); one group without `group`."""
    if group is None:
        return np.asarray(sample.weight[:, None], dtype=float)
    member = np.asarray(group)[:, None] == np.arange(groups)
    return np.asarray(sample.weight[:, None] * member, dtype=float)


def curve_steps(sample: Sample, weight: Floats) -> Steps:
    """Ordered steps of a sample under some sets of weights.

    Args:
        sample: the spells; an event of any kind ends a spell.
        weight: weights, (n, K).

    Raises:
        FitError: a set of weights is empty, or its curve falls to zero before others enter.
    """
    late = bool((sample.entry > 0).any())
    empty = ~(weight > 0).any(axis=0)
    if empty.any():
        raise FitError(
            f"group {int(np.flatnonzero(empty)[0])} has no spell", remedy="Leave the group out"
        )
    table = survival.steps(
        sample.time[None], (sample.event > 0)[None], weight,
        entry=sample.entry[None] if late else None,
    )  # fmt: skip
    if late:
        for k in range(weight.shape[1]):
            gone = table.after[0, :, k] <= 0
            if not gone.any():
                continue
            end = table.time[0, int(np.argmax(gone))]
            if (weight[sample.time > end, k] > 0).any():
                raise FitError(
                    f"everyone observed at time {end:.6g} had an event while others enter later",
                    remedy="Start the curve after the time at which enough spells are observed",
                )
    return table


def incidence(
    sample: Sample, horizons: Floats, weight: Floats, cause: int | None = None
) -> Estimates:  # fmt: skip
    """Cumulative incidence at the horizons with influences, one sample, K sets of weights.

    Args:
        sample: the spells.
        horizons: times, (H,).
        weight: weights, (n, K).
        cause: kind of event; None takes every kind (1 - Kaplan-Meier).
    """
    table = curve_steps(sample, weight)
    if cause is None:
        return survival.incidence(table, horizons)
    code = np.where(sample.event == cause, 0, 1)[None]
    return aalen_johansen.destinations(table, code, horizons, 1)[0]


def clustered(influence: Floats, cluster: Ints) -> Floats:
    """Influences added within clusters, (C, ...), of one sample, (n, ...)."""
    code = np.unique(cluster, return_inverse=True)[1]
    if len(code) and int(code.max()) + 1 == len(code):
        return influence
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    return np.asarray(np.add.reduceat(influence[order], starts, axis=0), dtype=float)
