"""How far each comparison of the scorecard hangs on choices, and on what was missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.measure.grids.names import curve_of
from gapstudy.tables import contract


def table(made: pd.DataFrame, summary: pd.DataFrame, tipping: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_scorecard_robustness`.

    Args:
        made: rows of `out_scorecard_tests`.
        summary: rows of `out_specification_summary`.
        tipping: rows of `out_tipping`.
    """
    curves = {
        (str(row["estimand"]), str(row["region"]), str(row["versus"])): row
        for row in summary.to_dict("records")
    }
    rows = []
    for test in made.to_dict("records"):
        curve = curve_of(str(test["number"]))
        found = curves.get(curve) if curve else None
        rows.append(
            {
                "claim": test["claim"], "number": test["number"],
                **dict(zip(("estimand", "region", "versus"), curve or ("", "", ""), strict=True)),
                "specifications": int(found["specifications"]) if found else 0,
                "estimated": int(found["estimated"]) if found else 0,
                "same_side": found["same_sign"] if found else np.nan,
                "same_conclusion": found["same_significance"] if found else np.nan,
                **_tips(tipping, test), "note": _why(curve, found),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=contract("out_scorecard_robustness").names)


def _why(curve: tuple[str, str, str] | None, found: Mapping[Any, Any] | None) -> str:
    if curve is None:
        return "no choices of this number are varied"
    if found is None:
        return "no specification of this number has data"
    if not found["estimated"]:
        return "no specification of this number has enough data"
    if not np.isfinite(float(found["same_sign"])):
        return "the headline itself has too few data to agree with"
    return ""


def _tips(tipping: pd.DataFrame, test: Mapping[Any, Any]) -> dict[str, object]:
    """The smallest share of one region's items that would have to be missed, and which region's."""
    mine = tipping[(tipping["claim"] == test["claim"]) & (tipping["number"] == test["number"])]
    tips: dict[str, object] = {
        "tipping_region": "", "missed": "", "missed_decides": np.nan,
        "shift_decides": mine["shift_decides"].iloc[0] if len(mine) else np.nan,
    }  # fmt: skip
    known = mine[mine["missed_decides"].notna()].sort_values(["missed_decides", "region"])
    if len(known):
        least = known.iloc[0]
        tips |= {
            "tipping_region": least["region"], "missed": least["missed"],
            "missed_decides": least["missed_decides"],
        }  # fmt: skip
    return tips
