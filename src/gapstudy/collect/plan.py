"""What a collection would take, before anything is asked."""

from __future__ import annotations

import datetime as dt
import math
import os
from dataclasses import dataclass
from pathlib import Path

from gapstudy.collect.state import State
from gapstudy.sources import load
from gapstudy.sources.base import Ask
from gapstudy.study import Study

#: Seconds that a source is taken to need for an answer.
_LATENCY = 0.5


@dataclass(frozen=True)
class Estimate:
    """What one source takes.

    Attributes:
        source: its name.
        requests: requests.
        credits: in the unit of its budget other than requests and bytes, if it has one.
        unit: that unit; empty without one.
        minutes: of waiting and asking; what the delay and the budgets within a day allow.
        days: on which it must be asked, as its daily budget allows.
        megabytes: to be received, decompressed.
        note: why it would not be asked, or what the figures rest on.
    """

    source: str
    requests: int
    credits: float
    unit: str
    minutes: float
    days: int
    megabytes: float
    note: str


def plan(study: Study, raw: Path, today: dt.date) -> list[Estimate]:
    """Estimate the collection of every source of a study that is on the web.

    The figures come from the cards: items a day in the window, items an answer, size of an answer,
    delay and budgets. They are orders of magnitude, not promises.

    Args:
        study: names the sources, the window and the settings.
        raw: `data/raw` of the study; what is there already is not counted.
        today: last day of the window.
    """
    return [
        estimate
        for name in study.sources
        if (estimate := _estimate(name, study, raw, today)) is not None
    ]


def _estimate(name: str, study: Study, raw: Path, today: dt.date) -> Estimate | None:
    source = load(name)
    keyed = any(os.environ.get(key) for key in (*source.CREDENTIALS, *source.OPTIONAL))
    card = source.card(keyed=keyed)
    if card is None:
        return None
    lacking = [key for key in source.CREDENTIALS if not os.environ.get(key)]
    options = study.source.get(name, {})
    state = State.load(raw, name)
    first = dt.date.fromisoformat(str(options.get("start", study.window.start)))
    if state.until:
        until = dt.date.fromisoformat(state.until)
        first = max(first, until - dt.timedelta(days=card.overlap - 1))
    units = list(source().begin(Ask(first, today, keyed, {**source.OPTIONS, **options})))
    days = (today - first).days + 1
    items = card.per_day * days
    requests = max(len(units), math.ceil(items / card.page))
    costs = [budget for budget in card.budgets if budget.unit not in {"requests", "bytes"}]
    cost = requests * (source().cost(units[0]) if units else 1.0) if costs else 0.0
    seconds = requests * max(card.delay, _LATENCY / max(card.concurrency, 1))
    needed = {"requests": float(requests), "bytes": float(requests * card.answer_bytes)}
    on_days = 1
    for budget in card.budgets:
        amount = needed.get(budget.unit, cost)
        if budget.seconds >= 86400:
            on_days = max(on_days, math.ceil(amount / budget.amount * budget.seconds / 86400))
        else:
            seconds = max(seconds, (amount / budget.amount - 1) * budget.seconds)
    note = ""
    if lacking:
        note = f"would be skipped: {' and '.join(lacking)} not set"
    elif not study.contact:
        note = "would be skipped: no contact set"
    elif state.run is not None:
        note = f"an unfinished collection of {state.run.stamp[:10]} goes on first"
    elif source.WANTS:
        note = f"and one look-up for each {source.WANTS} that lacks what it gives"
    return Estimate(
        name, requests, cost, costs[0].unit if costs else "", seconds / 60, on_days,
        requests * card.answer_bytes / 1e6, note,
    )  # fmt: skip
