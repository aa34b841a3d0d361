r"""Gray's test of equal cumulative incidence of one kind of event among competing kinds.

With the curve :math:`S_k` of no event and the cumulative incidence :math:`F_k` of the kind of
interest in group k (Aalen-Johansen), the risk set of the subdistribution is
:math:`R_k = Y_k (1 - F_k(t-)) / S_k(t-)`, and

.. math:: z_k = \sum_j w_j \Big( d_{kj} - \frac{R_{kj}}{R_j} d_j \Big), \qquad
          w_j = (1 - \hat F(t_j-))^\rho .

Under equality, with :math:`h_k = Y_k / S_k(t-)`, :math:`h = \sum h_k`, the common
:math:`\hat F = \sum d_j / h_j`, :math:`a_{kl} = w h_k (1\{k = l\} - h_l / h)` and
:math:`c_{kl}(t) = \sum_{t_j \le t} a_{klj} d_j / (h_j (1 - \hat F(t_j-)))`, the score is

.. math:: z_k \approx \sum_l \sum_j \frac{S_{lj}}{Y_{lj}} \Big[
          \big(a_{kl} + (1 - q)(c_{kl}(\infty) - c_{kl})\big) dM^1_{lj}
          - q\, (c_{kl}(\infty) - c_{kl})\, dM^2_{lj} \Big], \quad q = (1 - \hat F) / S_l,

with the martingales M of the events of interest and of the others. Its predictable variation is
Gray's covariance. Where spells have weights or share clusters, the influence of each spell is the
same sum with its own events less its own expected ones, squared and added over clusters. Entry may
be delayed: the risk sets then hold those under observation.

References: Gray (1988), https://doi.org/10.1214/aos/1176350951; the subdistribution risk set: Fine
and Gray (1999), https://doi.org/10.1080/01621459.1999.10474144. Against a log-rank test of the
cause-specific hazard it answers another question: not how fast, but what share ends there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure.models.rank_tests import Variance, independent
from gapstudy.measure.models.risk_sets import RiskSets, cluster_sums, parts, risk_sets
from gapstudy.measure.models.sample import Floats, Ints, Sample
from gapstudy.measure.models.score_test import ScoreTest


class _Curves(NamedTuple):
    """Per event time and group: curves before and after, and the common incidence."""

    before: Floats
    after: Floats
    incidence: Floats
    scale: Floats
    total: Floats
    died: Floats
    common_before: Floats
    common: Floats


def gray_test(
    sample: Sample,
    group: Ints,
    cause: int = 1,
    *,
    rho: float = 0.0,
    groups: int | None = None,
    strata: Ints | None = None,
    variance: Variance = "auto",
) -> ScoreTest:
    """Test that the groups have the same cumulative incidence of one kind of event.

    Args:
        sample: the spells; every other kind of event competes.
        group: group of each spell, numbered from zero, (n,).
        cause: kind of event of interest.
        rho: power of one minus the common incidence; large for early differences.
        groups: number of groups; the largest number and one by default.
        strata: stratum of each spell; compared within strata alone.
        variance: model is Gray's, robust sums over clusters, auto is robust as soon as spells have
            weights or share clusters.

    Raises:
        FitError: fewer than two groups.
    """
    count = int(np.max(group)) + 1 if groups is None else groups
    if count < 2:
        raise FitError("one group alone cannot be compared", remedy="Give two groups or more")
    robust = variance == "robust" or (variance == "auto" and not independent(sample))
    score, model = np.zeros(count), np.zeros((count, count))
    influence = np.zeros((sample.n, count)) if robust else None
    for rows in parts(sample, strata):
        table = risk_sets(sample.only(rows), np.asarray(group)[rows], count, cause)
        if not len(table.time):
            continue
        curves = _curves(table)
        weight = (1 - curves.common_before) ** rho
        size = curves.scale * (1 - curves.incidence)
        whole = size.sum(axis=1)
        expected = curves.died[:, None] * size / np.where(whole > 0, whole, 1.0)[:, None]
        score += (weight[:, None] * (table.died - expected)).sum(axis=0)
        for k in range(count):
            own, other = _effects(table, curves, weight, k)
            if influence is None:
                model[k] += _row(table, curves, weight, own, other)
            else:
                influence[rows, k] = _influence(table, own, other)
    if influence is not None:
        sums = cluster_sums(influence, sample.cluster)
        model = sums.T @ sums
    name = "gray" if not rho else f"gray-{rho:g}"
    events = int((sample.event == cause).sum())
    clusters = len(np.unique(sample.cluster))
    return ScoreTest(name, score, (model + model.T) / 2, sample.n, events, clusters, robust)


def _curves(table: RiskSets) -> _Curves:
    safe = np.where(table.at_risk > 0, table.at_risk, 1.0)
    after: Floats = np.asarray(np.cumprod(1 - (table.died + table.other) / safe, axis=0), float)
    before = np.concatenate([np.ones_like(after[:1]), after[:-1]])
    step = before * table.died / safe
    incidence: Floats = np.cumsum(step, axis=0) - step
    scale = np.where(before > 0, table.at_risk / np.where(before > 0, before, 1.0), 0.0)
    total, died = scale.sum(axis=1), table.died.sum(axis=1)
    common = np.cumsum(died / np.where(total > 0, total, 1.0))
    common_before = np.concatenate([[0.0], common[:-1]])
    return _Curves(before, after, incidence, scale, total, died, common_before, common)


def _effects(
    table: RiskSets, curves: _Curves, weight: Floats, k: int
) -> tuple[Floats, Floats]:  # fmt: skip
    """Effect on score k of an event of interest and of another one at each time, (J, G) each."""
    whole = np.where(curves.total > 0, curves.total, 1.0)
    mine = (np.arange(table.groups) == k).astype(float)
    a = (weight * curves.scale[:, k])[:, None] * (mine - curves.scale / whole[:, None])
    left = np.where(curves.common_before < 1, 1 - curves.common_before, 1.0)
    c = np.cumsum(a * (curves.died / (whole * left))[:, None], axis=0)
    rest = c[-1] - c
    alive = curves.after > 0
    share = np.where(
        alive, (1 - curves.common)[:, None] / np.where(alive, curves.after, 1.0), 0.0
    )  # fmt: skip
    risk = np.where(table.at_risk > 0, table.at_risk, np.inf)
    unit = curves.before / risk
    return unit * (a + (1 - share) * rest), -unit * share * rest


def _row(
    table: RiskSets, curves: _Curves, weight: Floats, own: Floats, other: Floats
) -> Floats:  # fmt: skip
    """Covariances of one score with all, by the events expected when the groups are equal."""
    result = np.zeros(table.groups)
    total = np.where(curves.total > 0, curves.total, 1.0)
    at_risk, died = table.at_risk, curves.died[:, None]
    # Events of interest of each group if all were equal, with the correction for ties.
    reach = total[:, None] * curves.before
    tied = np.where((died > 1) & (reach > 1), 1 - (died - 1) / np.maximum(reach - 1, 1e-300), 1.0)
    first = at_risk * died / np.where(reach > 0, reach, 1.0) * tied
    fixed = np.where(
        (table.other > 1) & (at_risk > 1),
        1 - (table.other - 1) / np.maximum(at_risk - 1, 1e-300), 1.0,
    )  # fmt: skip
    second = table.other * fixed * (curves.after > 0)
    for j in range(table.groups):
        own_j, other_j = _effects(table, curves, weight, j)
        result[j] = (own * own_j * first + other * other_j * second).sum()
    return result


def _influence(table: RiskSets, own: Floats, other: Floats) -> Floats:
    """Influence of each spell on one score, (n,)."""
    risk = np.where(table.at_risk > 0, table.at_risk, 1.0)
    loss = own * table.died / risk + other * table.other / risk
    rows = np.arange(len(table.group))
    passed = table.passed(loss)[rows, table.group]
    first = table.at_end(own)[rows, table.group]
    second = table.at_end(other)[rows, table.group]
    gain = np.where(table.event, first, second)
    return np.asarray(table.weight * (gain - passed), dtype=float)
