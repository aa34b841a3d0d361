r"""Weighted log-rank tests of K groups, with weights, delayed entry, strata and clusters.

.. math:: U_k = \sum_j w_j \Big( d_{kj} - \frac{Y_{kj}}{Y_j} d_j \Big)

with weights :math:`w_j` by test:

- log-rank: 1. Mantel (1966); Peto and Peto (1972).
- gehan: :math:`Y_j / Y_1`, generalised Wilcoxon. Gehan (1965).
- tarone-ware: :math:`\sqrt{Y_j / Y_1}`. Tarone and Ware (1977).
- peto: :math:`\tilde S_j = \prod_{l \le j} (1 - d_l / (Y_l + 1))`. Peto and Peto (1972).
- fleming-harrington: :math:`\hat S(t_j-)^\rho (1 - \hat S(t_j-))^\gamma`. Harrington and Fleming
  (1982), https://doi.org/10.1093/biomet/69.3.553.

The covariance is the hypergeometric one, ties included. When spells have weights or are not
independent (a result that counts for two regions) it is the sum over clusters of squared influences

.. math:: \sum_j w_j \Big( 1\{i \in k\} - \frac{Y_{kj}}{Y_j} \Big)
          \Big( dN_{ij} - Y_{ij} \frac{d_j}{Y_j} \Big),

as in Lin and Wei (1989), https://doi.org/10.1080/01621459.1989.10478874. Ranks mix whether with
when: a test says that curves differ, not in what.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure.models.risk_sets import RiskSets, cluster_sums, parts, risk_sets
from gapstudy.measure.models.sample import Floats, Ints, Sample
from gapstudy.measure.models.score_test import ScoreTest

Weighting = Literal["log-rank", "gehan", "tarone-ware", "peto", "fleming-harrington"]
WEIGHTINGS: tuple[Weighting, ...] = (
    "log-rank", "gehan", "tarone-ware", "peto", "fleming-harrington",
)  # fmt: skip
Variance = Literal["auto", "model", "robust"]


def rank_test(
    sample: Sample,
    group: Ints,
    weighting: Weighting = "log-rank",
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
    groups: int | None = None,
    cause: int | None = None,
    strata: Ints | None = None,
    variance: Variance = "auto",
) -> ScoreTest:
    """Test that the groups have the same hazard.

    Args:
        sample: the spells.
        group: group of each spell, numbered from zero, (n,).
        weighting: weight of early against late events.
        rho: power of the curve, for fleming-harrington; large for early differences.
        gamma: power of one minus the curve, for fleming-harrington; large for late differences.
        groups: number of groups; the largest number and one by default.
        cause: kind of event of interest, others then count as censored (cause-specific hazards);
            None takes every kind.
        strata: stratum of each spell; compared within strata alone.
        variance: model is hypergeometric, robust sums over clusters, auto is robust as soon as
            spells have weights or share clusters.

    Raises:
        FitError: fewer than two groups, an unknown weighting, or a negative power.
    """
    count = int(np.max(group)) + 1 if groups is None else groups
    if count < 2:
        raise FitError("one group alone cannot be compared", remedy="Give two groups or more")
    if weighting not in WEIGHTINGS or rho < 0 or gamma < 0:
        raise FitError(f"no rank test {weighting!r} with powers {rho:g} and {gamma:g}",
                       remedy=f"Choose among {', '.join(WEIGHTINGS)}")  # fmt: skip
    robust = variance == "robust" or (variance == "auto" and not independent(sample))
    score, model = np.zeros(count), np.zeros((count, count))
    influence = np.zeros((sample.n, count)) if robust else None
    for rows in parts(sample, strata):
        table = risk_sets(sample.only(rows), np.asarray(group)[rows], count, cause)
        weight = _weights(table, weighting, rho, gamma)
        risk, died = table.at_risk.sum(axis=1), table.died.sum(axis=1)
        part = table.at_risk / np.where(risk > 0, risk, 1.0)[:, None]
        score += (weight[:, None] * (table.died - part * died[:, None])).sum(axis=0)
        if influence is None:
            model += _hypergeometric(weight, part, risk, died)
        else:
            influence[rows] = _influence(table, weight, part, died / np.where(risk > 0, risk, 1.0))
    if influence is not None:
        sums = cluster_sums(influence, sample.cluster)
        model = sums.T @ sums
    event = sample.event > 0 if cause is None else sample.event == cause
    name = weighting if weighting != "fleming-harrington" else f"{weighting}-{rho:g}-{gamma:g}"
    return ScoreTest(
        name, score, model, sample.n, int(event.sum()), len(np.unique(sample.cluster)), robust
    )


def independent(sample: Sample) -> bool:
    """Whether all spells have weight one and a cluster of their own."""
    return bool((sample.weight == 1).all()) and len(np.unique(sample.cluster)) == sample.n


def _weights(table: RiskSets, weighting: Weighting, rho: float, gamma: float) -> Floats:
    risk, died = table.at_risk.sum(axis=1), table.died.sum(axis=1)
    if weighting == "log-rank" or not len(risk):
        return np.ones_like(risk)
    if weighting == "gehan":
        return np.asarray(risk / risk.max(), dtype=float)
    if weighting == "tarone-ware":
        return np.asarray(np.sqrt(risk / risk.max()), dtype=float)
    if weighting == "peto":
        return np.asarray(np.cumprod(1 - died / (risk + 1)), dtype=float)
    curve = np.cumprod(1 - died / np.where(risk > 0, risk, 1.0))
    before = np.clip(np.concatenate([[1.0], curve[:-1]]), 0.0, 1.0)
    return np.asarray(before**rho * (1 - before) ** gamma, dtype=float)


def _hypergeometric(weight: Floats, part: Floats, risk: Floats, died: Floats) -> Floats:
    """Sum over the event times of w^2 d (Y - d) / (Y - 1) (diag(p) - p p')."""
    spread = np.where(risk > 1, (risk - died) / np.maximum(risk - 1, 1e-300), 0.0)
    rate = weight**2 * died * spread
    return np.asarray(np.diag(rate @ part) - part.T @ (part * rate[:, None]), dtype=float)


def _influence(table: RiskSets, weight: Floats, part: Floats, hazard: Floats) -> Floats:
    member = table.group[:, None] == np.arange(table.groups)
    gain = np.where(table.event, table.at_end(weight), 0.0)[:, None] * member
    gain -= np.where(table.event[:, None], table.at_end(weight[:, None] * part), 0.0)
    loss = table.passed(weight * hazard)[:, None] * member
    loss -= table.passed((weight * hazard)[:, None] * part)
    return np.asarray(table.weight[:, None] * (gain - loss), dtype=float)
