r"""Restricted mean time of groups: differences, ratios, ratios of the time lost.

With :math:`\mu_k = \int_0^\tau S_k(u)\,du` and the influences :math:`\psi_{ik}` of the spells,
differences have influence :math:`\psi_{ia} - \psi_{ib}`, log ratios
:math:`\psi_{ia}/\mu_a - \psi_{ib}/\mu_b`, and log ratios of the lost time :math:`\tau - \mu`
:math:`-\psi_{ia}/(\tau-\mu_a) + \psi_{ib}/(\tau-\mu_b)` (delta method); squares are added over
clusters, so that a result that counts on both sides is counted once. The ratio of lost times is the
sharper one where most spells have no event, as both restricted means are then near the limit.
References: Royston and Parmar (2013), https://doi.org/10.1186/1471-2288-13-152; Uno et al. (2014),
https://doi.org/10.1200/JCO.2014.55.2208.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.models.curves import clustered, curve_steps, group_weights
from gapstudy.measure.models.sample import Fit, Floats, Ints, Sample

Contrast = Literal["difference", "log ratio", "log ratio of lost time"]


@dataclass(frozen=True)
class RestrictedMeans:
    """Restricted mean times of G groups up to one limit.

    Attributes:
        tau: the limit.
        value: restricted means, (G,).
        influence: influence of each cluster on each, (C, G).
        n: spells of each group, (G,).
        events: spells of each group with an event by the limit, (G,).
    """

    tau: float
    value: Floats
    influence: Floats
    n: Ints
    events: Ints

    @property
    def covariance(self) -> Floats:
        """Covariance of the restricted means, (G, G)."""
        return np.asarray(self.influence.T @ self.influence, dtype=float)

    def contrast(self, first: int, second: int, kind: Contrast) -> Fit:
        """Compare two groups, with one parameter.

        Args:
            first: a group.
            second: the group it is compared with.
            kind: difference, log ratio, or log ratio of the time lost.

        Raises:
            FitError: a ratio has no finite logarithm, as a group has no event by the limit.
        """
        value = np.array([self.value[first], self.value[second]])
        psi = self.influence[:, [first, second]]
        if kind == "log ratio of lost time":
            value, psi = self.tau - value, -psi
        if kind == "difference":
            estimate, effect = float(value[0] - value[1]), psi[:, 0] - psi[:, 1]
        else:
            if (value <= 1e-12 * self.tau).any():
                raise FitError(
                    f"the {kind} is infinite: a group has no event by {self.tau:g}, or loses all",
                    remedy="Use the difference, which exists",
                )
            estimate = float(np.log(value[0] / value[1]))
            effect = psi[:, 0] / value[0] - psi[:, 1] / value[1]
        covariance = np.array([[float(effect @ effect)]])
        return Fit(
            (kind,), np.array([estimate]), covariance, float("nan"),
            int(self.n[[first, second]].sum()), int(self.events[[first, second]].sum()),
            len(self.influence),
        )  # fmt: skip


def restricted_means(
    sample: Sample, tau: float, group: Ints | None = None, groups: int = 1
) -> RestrictedMeans:
    """Restricted mean time of each group.

    Args:
        sample: the spells; an event of any kind ends a spell.
        tau: limit, in the unit of the times.
        group: group of each spell, numbered from zero; None is one group.
        groups: number of groups.

    Raises:
        FitError: a group has no spell, or is not followed to the limit.
    """
    if not tau > 0:
        raise FitError(f"a restricted mean up to {tau:g} is empty", remedy="Give a positive limit")
    weight = group_weights(sample, group, groups)
    table = curve_steps(sample, weight)
    for k in range(weight.shape[1]):
        longest = float(sample.time[weight[:, k] > 0].max())
        if longest < tau and table.after[0, -1, k] > 0:
            raise FitError(
                f"group {k} is followed for {longest:.6g} at most, less than the limit {tau:g}",
                remedy="Lower the limit",
            )
    fit = survival.restricted_mean(table, tau)
    ended = (sample.event > 0) & (sample.time <= tau)
    return RestrictedMeans(
        tau, fit.value[0, :, 0], clustered(fit.influence[0, :, :, 0], sample.cluster),
        (weight > 0).sum(axis=0).astype(np.int64),
        ((weight > 0) & ended[:, None]).sum(axis=0).astype(np.int64),
    )  # fmt: skip
