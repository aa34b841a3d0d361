"""The tables of the policy analysis, by name."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gapstudy.errors import FitError
from gapstudy.measure.availability import Lags, lags
from gapstudy.measure.inputs import STREAMS, Inputs
from gapstudy.measure.policy import design, labels, power
from gapstudy.measure.policy.design import METHODS, Design
from gapstudy.measure.policy.events import EVENTS, Event, chosen
from gapstudy.measure.policy.panel import OUTCOMES, panel
from gapstudy.measure.policy.randomisation import Placebos
from gapstudy.measure.policy.rules import Rules
from gapstudy.tables import out_policy
from gapstudy.tables.rounding import rounded

if TYPE_CHECKING:
    from gapstudy.study import Study

Frames = dict[str, pd.DataFrame]
Rows = dict[str, list[dict[str, Any]]]
#: Stream of random numbers of this analysis; a stream never depends on another.
STREAM = 51
#: Decimals kept: sums of floating-point numbers may differ beyond them.
_DECIMALS = 10
#: Largest effect tried in the power simulation, by unit.
_LARGEST = {"points": 1.0, "days": 365.0}


def rules(study: Study) -> Rules:
    """The choices of the policy analysis under a study."""
    measurement = study.measurement
    return Rules(
        min_cell=measurement.min_cell, bootstrap=measurement.bootstrap - 1,
        confidence=measurement.confidence,
    )  # fmt: skip


def results(
    inputs: Inputs, study: Study, names: tuple[str, ...] = EVENTS, choices: Rules | None = None
) -> Frames:
    """Every table of the policy analysis.

    Args:
        inputs: the input tables; without `policy_events` there are no rows.
        study: cut-off, seed, draws and choices of the estimators.
        names: events of the table `policy_events`.
        choices: choices of this analysis; those of the study by default.
    """
    use = choices or rules(study)
    cutoff = (study.window.cutoff - dt.date(1970, 1, 1)).days
    events = chosen(inputs.frames.get("policy_events", pd.DataFrame()), names)
    offers = inputs.frames["product_availability"]
    access = offers[offers["basis"] == "market_access"]
    made: Rows = {table.name: [] for table in out_policy.MEASURED}
    for kind, part in (("all", access), ("confirmed", access[access["confirmed"]])):
        drawn = lags(
            part, inputs.frames["products"], "anywhere", study.linking.imputations,
            [study.seed, STREAMS["availability"]], cutoff,
        )  # fmt: skip
        # Small matrices by the thousand: further threads only wait for each other.
        with threadpool_limits(limits=1):
            for number, event in enumerate(events):
                _event(made, kind, event, events, drawn, cutoff, use, [study.seed, STREAM, number])
    return {table.name: _frame(made[table.name], table.names) for table in out_policy.MEASURED}


def _event(
    made: Rows, kind: str, event: Event, events: list[Event], drawn: Lags, cutoff: int,
    use: Rules, seed: list[int],
) -> None:  # fmt: skip
    reach = use.window * 30.5
    beside = sum(
        other.treated == event.treated and other is not event
        and abs(other.day - event.day) <= reach and other.day <= cutoff
        for other in events
    )  # fmt: skip
    for outcome, unit in OUTCOMES.items():
        whole = panel(drawn, outcome, event.markets)
        one = design.design(event, whole, cutoff, use)
        base = {"rows": kind, "event_id": event.event_id, "outcome": outcome}
        found, why = None, one.reason
        if one.estimable:
            try:
                found = design.placebos(one, use)
            except FitError as error:
                why = error.what
        _did(made, base, one, found, beside, why, use, seed)
        if found is None:
            continue
        made["out_placebo"] += _placebos(base, one, found, unit)
        if kind == "all":
            made["out_power"] += _power(base, one, unit, use, seed)


def _did(
    made: Rows, base: dict[str, Any], one: Design, found: Placebos | None, beside: int, why: str,
    use: Rules, seed: list[int],
) -> None:  # fmt: skip
    event = one.event
    about = {
        **base, "date": event.text, "event": event.event, "instrument": event.instrument,
        "treated": event.treated, "controls": ", ".join(event.controls),
        "unit": OUTCOMES[base["outcome"]], "n": min(one.before, one.after),
        "n_before": one.before, "n_after": one.after,
        "n_products": int(one.panel.product.max(initial=-1)) + 1,
        "n_markets": len(np.unique(one.panel.market)), "followup_months": max(one.months, 0.0),
        "other_dates": beside, "label": one.label,
    }  # fmt: skip
    if found is None:
        # Reached with a label that allows an estimate only when the fit itself was refused.
        label = "not estimable" if one.estimable else one.label
        made["out_did"] += [
            {**about, "label": label, "method": method, "units": 0, "claim": labels.NO_CLAIM,
             "failed": label, "note": why}
            for method in METHODS
        ]  # fmt: skip
        return
    steps, checked = design.checks(one, use)
    made["out_event_study"] += [
        {**base, "start_month": step.start, "end_month": step.end, "unit": about["unit"],
         "n": step.products, "n_markets": about["n_markets"],
         "role": "reference" if step.note == "reference" else "before" if step.start < 0
         else "after", "claim": labels.NO_CLAIM, **_effect(step.effect),
         "note": "; ".join(x for x in (step.note, one.reason) if x and x != "reference")}
        for step in steps
    ]  # fmt: skip
    made["out_pretrends"] += [
        {**base, "date": event.text, "check": check.name, "unit": about["unit"],
         "n": check.products, "steps": check.steps, "note": check.note, **_effect(check.effect),
         "passes": None if check.effect is None else bool(check.effect.p_value > labels.LEVEL)}
        for check in checked.values()
    ]  # fmt: skip
    claim, failed = labels.claim(one.label, checked, 1 / len(found.inside("both")), beside)
    # No change of a share or of a delay can be larger than the share or delay itself.
    most = _LARGEST[about["unit"]]
    for row in design.estimates(one, found, use, seed):
        words = "; ".join(x for x in (row.note, one.reason) if x)
        made["out_did"].append(
            {**about, "method": row.method, "estimate": row.estimate,
             "low": float(np.clip(row.low, -most, most)),
             "high": float(np.clip(row.high, -most, most)), "p_value": row.p_value,
             "p_studentised": row.p_studentised,
             "units": row.units, "smallest_p": row.smallest_p, "claim": claim, "failed": failed,
             "note": words}
        )  # fmt: skip


def _effect(one: Any) -> dict[str, float]:
    names = ("estimate", "low", "high", "p_value")
    return {name: float("nan") if one is None else getattr(one, name) for name in names}


def _placebos(
    base: dict[str, Any], one: Design, found: Placebos, unit: str
) -> list[dict[str, Any]]:
    days = found.day.astype(np.int64).astype("datetime64[D]")
    return [
        {**base, "market": one.panel.markets[found.market[k]], "date": str(days[k]),
         "actual": k == found.actual, "estimate": found.estimate[k], "t": found.t[k],
         "n_before": found.before[k], "n_after": found.after[k], "unit": unit}
        for k in range(len(days))
    ]  # fmt: skip


def _power(
    base: dict[str, Any], one: Design, unit: str, use: Rules, seed: list[int]
) -> list[dict[str, Any]]:
    found = power.detectable(
        one.panel, 0, float(one.event.day), use.min_cell, use.worlds, _LARGEST[unit],
        [*seed, 1], use.confidence,
    )  # fmt: skip
    part = _LARGEST[unit] / 4
    return [
        {**base, "date": one.event.text, "test": item.test, "worlds": item.worlds,
         "smallest_effect": item.smallest, "size": item.power[0],
         "power_quarter": float(np.interp(part, item.effects, item.power)),
         "quarter": part, "unit": unit, "count": item.count,
         "n": min(one.before, one.after), "n_products": int(one.panel.product.max()) + 1,
         "n_markets": len(np.unique(one.panel.market)),
         "note": "" if np.isfinite(item.smallest) else "no possible effect would be found in 80%"}
        for item in found
    ]  # fmt: skip


def _frame(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    return rounded(pd.DataFrame(rows).reindex(columns=columns), _DECIMALS)
