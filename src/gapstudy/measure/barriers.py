"""Why enterprises do not use AI, as official surveys publish it.

Eurostat asks enterprises of the EU, the US Census Bureau employer businesses of the US: other
questions, other answers to choose from, other enterprises, other years. Each figure keeps its own
base, and nothing is subtracted across surveys. Where a standard error is published, the interval is
the normal one; Eurostat publishes none, so its figures stand without. A withheld figure is a row
without a value that says so.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from gapstudy.measure import intervals
from gapstudy.tables import contract

#: Series of the landmark corpus, and prefix of those of Eurostat.
PRESS, EUROSTAT, CENSUS = "enterprise_ai_barrier", "eurostat:E_AI_B", "btos:supplement"
BASES = {
    "PC_ENT": "all enterprises",
    "PC_ENT_AI_EC": "enterprises that ever considered using AI",
    "percent_of_enterprises_in_size_class_denominator_not_stated":
        "not stated by the press article that reports it",
}  # fmt: skip
_NEGATIVE = re.compile(r"\b(why|reasons?)\b.*\bnot\b", re.IGNORECASE | re.DOTALL)
_ANSWER = re.compile(r"(.*?) Answer: (.*?)\.(?: (.*))?", re.DOTALL)
_NO_REASON = re.compile(r".*\bnot applicable\b|other\b", re.IGNORECASE)


def table(indicators: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Rows of `out_barriers`.

    Args:
        indicators: table `indicators`.
        confidence: level of the intervals.
    """
    z = float(intervals.quantile(confidence))
    made = []
    for row in indicators.to_dict("records"):
        about = _about({str(name): value for name, value in row.items()})
        if about is not None:
            made.append(_row(row, about, z))
    name = "out_barriers"
    frame = pd.DataFrame(made).reindex(columns=contract(name).names)
    if frame.empty:
        return frame
    group = ["source_name", "geo", "period", "entity", "base", "unit"]
    reason = frame["estimate"].notna() & ~frame["barrier"].str.match(_NO_REASON)
    ranked = frame[reason].groupby(group)["estimate"].rank(method="min", ascending=False)
    return frame.assign(rank=ranked.astype("Int64").reindex(frame.index))


def _about(row: dict[str, Any]) -> dict[str, str] | None:
    """Barrier, entity and base of a figure; None for one that is about something else."""
    name, definition, unit = (str(row[key]) for key in ("indicator", "definition", "unit"))
    base = BASES.get(unit, unit.replace("_", " "))
    if name == PRESS:
        barrier, _, entity = str(row["entity"]).partition("; ")
        return {"barrier": barrier, "entity": entity, "base": base}
    if name.startswith(EUROSTAT):
        barrier = definition.partition(";")[0].strip()
        return {"barrier": barrier, "entity": str(row["entity"]), "base": base}
    found = _ANSWER.fullmatch(definition) if name.startswith(CENSUS) else None
    if found is None or not _NEGATIVE.search(found[1]):
        return None
    scope = (found[3] or unit).rstrip(".")
    return {"barrier": found[2], "entity": str(row["entity"]), "base": scope}


def _row(row: dict[Any, Any], about: dict[str, str], z: float) -> dict[str, Any]:
    made = {key: row[key] for key in ("indicator", "source_name", "geo", "period", "unit")}
    status = str(row.get("status") or "")
    value, error, low, high = (
        None if pd.isna(row[key]) else float(row[key]) / 100
        for key in ("value", "standard_error", "lower", "upper")
    )
    kind = "none"
    if value is not None and error is not None:
        low, high, kind = max(0.0, value - z * error), min(1.0, value + z * error), "standard_error"
    elif value is not None and low is not None and high is not None:
        kind = "published"
    else:
        low = high = None
    notes = ["withheld by the publisher"] if "suppressed" in status else []
    if value is None and not notes:
        notes = ["no figure published"]
    if kind == "none" and value is not None:
        notes.append("no standard error published")
    n = None if pd.isna(row["n"]) else int(row["n"])
    return {
        **made, **about, "estimate": value, "low": low, "high": high, "n": n, "interval": kind,
        "status": status, "note": "; ".join(notes),
    }  # fmt: skip
