"""All that is estimated for one event and outcome: the order of the analysis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure.policy import dynamics, few_treated, labels, randomisation, within
from gapstudy.measure.policy.events import Event
from gapstudy.measure.policy.panel import Panel
from gapstudy.measure.policy.randomisation import Placebos
from gapstudy.measure.policy.rules import MONTH, Rules
from gapstudy.measure.policy.wild import Wild

#: Order of the methods in tables.
METHODS = (
    "cluster_maker", "wild_maker", "randomisation_dates", "randomisation_markets",
    "randomisation_both", "conley_taber", "cluster_market", "wild_market", "wild_subcluster",
)  # fmt: skip
_FAILS = {
    "cluster_market": "fails with one treated market: rejects far too often",
    "wild_market": "fails with one treated market: hardly ever rejects",
    "wild_subcluster": "sound only if launches of a market share no shocks",
    "cluster_maker": "sampling of makers only: no shocks to a market",
    "wild_maker": "sampling of makers only: no shocks to a market",
}
_TREATED = 0
_NAN = float("nan")


@dataclass(frozen=True)
class Row:
    """One estimate by one method.

    Attributes:
        method: a name of `METHODS`.
        estimate: the estimate.
        low: lower end of its interval; missing where the method has none.
        high: upper end.
        p_value: two-sided p-value.
        p_studentised: that of the t statistics, for randomisation.
        units: clusters, or assignments ranked, or controls.
        smallest_p: smallest p-value that the method can give.
        note: what limits it.
    """

    method: str
    estimate: float
    low: float
    high: float
    p_value: float
    p_studentised: float
    units: int
    smallest_p: float
    note: str


@dataclass(frozen=True)
class Design:
    """One event with one outcome.

    Attributes:
        event: the event.
        panel: launches within the window, treated market first.
        before: products before the date, seen in the treated market and another.
        after: products from the date on.
        months: months from the date to the cut-off.
        label: what an estimate may be called.
        reason: why.
    """

    event: Event
    panel: Panel
    before: int
    after: int
    months: float
    label: str
    reason: str

    @property
    def estimable(self) -> bool:
        """Whether anything may be estimated."""
        return self.label in ("exploratory", "confirmatory")


def design(event: Event, whole: Panel, cutoff: int, rules: Rules) -> Design:
    """Cut the launches to the window of an event and say what it can carry.

    Args:
        event: the event.
        whole: all launches, treated market first.
        cutoff: end of observation, days since 1970.
        rules: the choices.
    """
    months = (cutoff - event.day) / MONTH
    part = whole.around(event.day, rules.window)
    before, after = part.sides(_TREATED, event.day)
    return Design(event, part, before, after, months,
                  *labels.label(before, after, months, rules))  # fmt: skip


def estimates(made: Design, found: Placebos, rules: Rules, seed: list[int]) -> Iterator[Row]:
    """The estimate by every method.

    Args:
        made: the design.
        found: its placebos.
        rules: the choices.
        seed: seed of the bootstrap weights.
    """
    panel, day, level = made.panel, float(made.event.day), rules.confidence
    maker = within.effect(panel, _TREATED, day, "maker", level)
    for cluster in ("maker", "market"):
        name = f"cluster_{cluster}"
        one = maker if cluster == "maker" else within.effect(panel, _TREATED, day, "market", level)
        yield Row(name, one.estimate, one.low, one.high, one.p_value, _NAN, one.clusters, 0.0,
                  _FAILS[name])  # fmt: skip
    pairs = panel.maker * len(panel.markets) + panel.market
    for name, cluster, weights in (
        ("wild_maker", "maker", None), ("wild_market", "market", None),
        ("wild_subcluster", "market", pairs),
    ):  # fmt: skip
        boot = Wild(panel, _TREATED, day, cluster, rules.bootstrap, seed, weights)  # type: ignore[arg-type]
        low, high = boot.interval(level, maker.error) if name == "wild_maker" else (_NAN, _NAN)
        yield Row(name, maker.estimate, _finite(low), _finite(high), boot.p_value(), _NAN,
                  boot.draws, 1 / (1 + rules.bootstrap), _FAILS[name])  # fmt: skip
    for kind in ("dates", "markets", "both"):
        chosen = found.inside(kind)
        position = int(np.flatnonzero(chosen == found.actual)[0])
        low, high = randomisation.interval(found, chosen, level)
        note = "" if np.isfinite(low) and np.isfinite(high) else (
            "too few placebos for an interval" if 1 / len(chosen) > 1 - level
            else "the interval has no end on one side at least"
        )  # fmt: skip
        yield Row(f"randomisation_{kind}", maker.estimate, _finite(low), _finite(high),
                  randomisation.p_value(found.estimate[chosen], position),
                  randomisation.p_value(found.t[chosen], position), len(chosen),
                  1 / len(chosen), note)  # fmt: skip
    few = few_treated.conley_taber(panel, _TREATED, day, level)
    controls = len(few.differences)
    note = "" if np.isfinite(few.low) else "too few controls for an interval"
    yield Row("conley_taber", maker.estimate, few.low, few.high, few.p_value, _NAN, controls,
              1 / (1 + controls), note)  # fmt: skip


def checks(made: Design, rules: Rules) -> tuple[list[dynamics.Step], dict[str, dynamics.Check]]:
    """The event study, and the checks of the time before the date by name."""
    day = float(made.event.day)
    steps, joint = dynamics.study(made.panel, _TREATED, day, rules)
    every = (
        joint, dynamics.slope(made.panel, _TREATED, day, rules),
        dynamics.early_date(made.panel, _TREATED, day, rules),
    )  # fmt: skip
    return steps, {check.name: check for check in every}


def placebos(made: Design, rules: Rules) -> Placebos:
    """Placebo dates and markets of a design.

    Raises:
        FitError: the panel ties the treated market to no other on one side of the date.
    """
    day = float(made.event.day)
    within.coefficients(made.panel, made.panel.treatment(_TREATED, day)[:, None], "maker")
    found = randomisation.placebos(made.panel, _TREATED, day, rules.min_cell)
    if not np.isfinite(found.estimate).all():
        raise FitError("a placebo has no estimate", remedy="Widen the window")
    return found


def _finite(value: float) -> float:
    return value if np.isfinite(value) else _NAN
