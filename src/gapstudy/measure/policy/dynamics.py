r"""Event study: the difference of the treated market by months from launch to the date.

.. math:: y_{pm} = \alpha_p + \gamma_m + \sum_{b \ne -1} \beta_b 1\{m = \text{treated}\}
          1\{t_p \in b\} + \varepsilon_{pm}

Steps b have equal length and the last one before the date is the reference. Before the date the
coefficients would be zero if the treated market and the others had moved alike. Three checks of
that: all of them together (F), a straight line in time fitted to the launches before, and a date a
year too early among them. They have little power when products are few, so passing them is weak
support: Roth (2022), https://doi.org/10.1257/aeri.20210236.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.imputation import Floats
from gapstudy.measure.policy import within
from gapstudy.measure.policy.panel import Panel
from gapstudy.measure.policy.rules import MONTH, Rules

YEAR = 365.25


@dataclass(frozen=True)
class Step:
    """One coefficient.

    Attributes:
        start: months from the date to the first launch counted.
        end: months to the last.
        effect: the estimate; None for the reference and where there are too few.
        products: products seen in the treated market.
        note: why it is missing.
    """

    start: float
    end: float
    effect: within.Effect | None
    products: int
    note: str


@dataclass(frozen=True)
class Check:
    """One check of the time before the date.

    Attributes:
        name: joint, slope or placebo_date.
        effect: the estimate; of `joint` only p-value and clusters have a meaning.
        products: products before the date.
        steps: coefficients tested.
        note: why it is missing.
    """

    name: str
    effect: within.Effect | None
    products: int
    steps: int
    note: str


def study(panel: Panel, treated: int, day: float, rules: Rules) -> tuple[list[Step], Check]:
    """Coefficients of all steps, and the joint check of those before the date.

    Args:
        panel: the rows.
        treated: the treated market, position in the panel's.
        day: the date.
        rules: length of the steps and the fewest products in one.
    """
    at = np.floor((panel.day - day) / MONTH / rules.bin).astype(int)
    mine = panel.market == treated
    steps = sorted(set(at[mine].tolist()) | {-1})
    count = {b: int((mine & (at == b)).sum()) for b in steps}
    before = int((mine & (at < 0)).sum())
    used = [b for b in steps if b != -1 and count[b] > 0]
    if not used or count[-1] == 0:
        why = "no launch in the step before the date, which the others are set against"
        return [_step(b, rules, None, count[b], why) for b in steps], Check(
            "joint", None, before, 0, why
        )
    columns = np.stack([(mine & (at == b)).astype(float) for b in used], axis=1)
    try:
        beta, covariance, clusters = within.coefficients(panel, columns, "maker")
    except FitError as error:
        return [_step(b, rules, None, count[b], error.what) for b in steps], Check(
            "joint", None, before, 0, error.what
        )
    found = []
    for b in steps:
        if b == -1:
            found.append(_step(b, rules, None, count[b], "reference"))
        elif count[b] < rules.min_bin:
            few = f"fewer than {rules.min_bin} products"
            found.append(_step(b, rules, None, count[b], few))
        else:
            i = used.index(b)
            one = within.pooled(beta[:, i], covariance[:, i, i], clusters, rules.confidence)
            found.append(_step(b, rules, one, count[b], ""))
    early = [i for i, b in enumerate(used) if b < -1 and count[b] >= rules.min_bin]
    return found, _joint(beta[:, early], covariance[:, early][:, :, early], clusters, before)


def _step(b: int, rules: Rules, one: within.Effect | None, count: int, note: str) -> Step:
    return Step(b * rules.bin, (b + 1) * rules.bin, one, count, note)


def _joint(beta: Floats, covariance: Floats, clusters: int, before: int) -> Check:
    q = beta.shape[1]
    if q == 0:
        return Check("joint", None, before, 0, "no earlier step with enough products")
    if q >= clusters:
        return Check("joint", None, before, q, "more steps than makers")
    mean = beta.mean(axis=0)
    gap = beta - mean
    m = len(beta)
    between = gap.T @ gap / (m - 1) if m > 1 else np.zeros((q, q))
    total = covariance.mean(axis=0) + (1 + 1 / m) * between
    wald = float(mean @ np.linalg.pinv(total) @ mean) / q
    # Hotelling's reference for a covariance from so few clusters.
    scaled = wald * (clusters - q) / (clusters - 1)
    p = float(stats.f.sf(scaled, q, clusters - q))
    nan = float("nan")
    return Check("joint", within.Effect(nan, nan, nan, nan, p, clusters), before, q, "")


def slope(panel: Panel, treated: int, day: float, rules: Rules) -> Check:
    """Change of the treated market's difference in a year, among launches before the date."""
    early = panel.only(panel.day < day)
    before = int((early.market == treated).sum())
    if before < rules.min_cell:
        return Check("slope", None, before, 1, f"fewer than {rules.min_cell} products")
    column = np.where(early.market == treated, (early.day - day) / YEAR, 0.0)[:, None]
    try:
        beta, covariance, clusters = within.coefficients(early, column, "maker")
    except FitError as error:
        return Check("slope", None, before, 1, error.what)
    one = within.pooled(beta[:, 0], covariance[:, 0, 0], clusters, rules.confidence)
    return Check("slope", one, before, 1, "")


def early_date(panel: Panel, treated: int, day: float, rules: Rules) -> Check:
    """The estimate of a date a year too early, among launches before the true one."""
    early = panel.only(panel.day < day)
    fake = day - YEAR
    before, after = early.sides(treated, fake)
    n = before + after
    if min(before, after) < rules.min_cell:
        few = f"fewer than {rules.min_cell} products on one side of it"
        return Check("placebo_date", None, n, 1, few)
    try:
        one = within.effect(early, treated, fake, "maker", rules.confidence)
    except FitError as error:
        return Check("placebo_date", None, n, 1, error.what)
    return Check("placebo_date", one, n, 1, "")
