"""Published figures: enterprise use of AI (C9), and each figure of others beside ours.

Figures are printed as published. A difference from EU27 is taken only within one series, unit,
period and part, since other definitions count other things. Use of AI and our conversion are not
correlated here: three regions give no design that could tell a cause.

Beside each figure of others stands the nearest quantity that this study's data hold, with interval
and number of observations, the difference of the two, and the reason why they need not agree; where
nothing of ours comes near, the reason says why not. What is compared is declared in `beside`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gapstudy.measure import beside as declared
from gapstudy.measure import data_scale
from gapstudy.measure.beside import Found, Ours

ADOPTION = (
    "enterprise_ai_use", "enterprise_ai_use_by_size", "business_ai_use_btos",
    "business_ai_use_btos_expected",
)  # fmt: skip
_KEY = ["indicator", "period", "entity", "unit", "source_name"]
#: Sources that give whole series of official statistics.
OFFICES = ("btos", "eurostat", "world_bank")
_UNITS = {"count_of_100_papers": "per cent", "usd_billion": "USD billion",
          "count_of_68_delays": "count"}  # fmt: skip


def adoption(indicators: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_adoption`."""
    rows = indicators[indicators["indicator"].isin(ADOPTION)].copy()
    base = rows.loc[rows["geo"] == "EU27", [*_KEY, "value"]].rename(columns={"value": "eu27"})
    rows = rows.merge(base, on=_KEY, how="left", validate="many_to_one")
    rows["minus_eu27"] = rows["value"] - rows["eu27"]
    rows["note"] = rows["definition"]
    columns = ["indicator", "geo", "period", "entity", "value", "lower", "upper", "unit",
               "minus_eu27", "source_name", "note"]  # fmt: skip
    return rows[columns].reset_index(drop=True)


def beside(indicators: pd.DataFrame, ours: Ours) -> pd.DataFrame:
    """Rows of `out_published`.

    Args:
        indicators: table `indicators`.
        ours: our tables that the nearest quantities are taken from.
    """
    elsewhere = indicators["indicator"].isin([*ADOPTION, *data_scale.SERIES])
    # Of the series of statistical offices, thousands of figures, only those named are compared.
    office = indicators["source"].isin(OFFICES) & ~indicators["indicator"].isin(declared.SERIES)
    rows = indicators[~office & ~elsewhere].reset_index(drop=True)
    series = [declared.SERIES.get(name, declared.OTHER) for name in rows["indicator"]]
    found = [
        one.ours(ours, row) if one.ours is not None else Found()
        for one, row in zip(series, rows.to_dict("records"), strict=True)
    ]
    made = rows[["indicator", "geo", "period", "entity", "definition", "source_name"]].assign(
        topic=[one.topic for one in series],
        published=rows["value"], published_low=rows["lower"], published_high=rows["upper"],
        unit=[_unit(unit) for unit in rows["unit"]],
        nearest=[one.nearest if item.known else ""
                 for one, item in zip(series, found, strict=True)],
        estimate=[item.estimate for item in found], low=[item.low for item in found],
        high=[item.high for item in found], n=[item.n for item in found],
        reason=[one.reason if item.known or not one.missing else one.missing
                for one, item in zip(series, found, strict=True)],
        evidence=rows["evidence"],
    )  # fmt: skip
    made["difference"] = made["estimate"] - made["published"]
    made["comparable"] = np.where(made["difference"].notna(), "yes", "no")
    columns = ["topic", "indicator", "geo", "period", "entity", "definition", "published",
               "published_low", "published_high", "unit", "nearest", "estimate", "low", "high",
               "n", "difference", "comparable", "reason", "source_name", "evidence"]  # fmt: skip
    return pd.DataFrame(made[columns])


def series(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_published_series`.

    Args:
        rows: rows of `out_published`.
    """
    # Where one series has both, the reason of the figures that are compared is the one to read.
    ordered = rows.sort_values(
        ["indicator", "comparable", "geo", "period"], ascending=[True, False, True, True]
    )
    return ordered.groupby("indicator", sort=True, as_index=False).agg(
        topic=("topic", "first"), figures=("indicator", "size"),
        compared=("estimate", "count"), comparable=("comparable", "first"),
        nearest=("nearest", "first"), reason=("reason", "first"),
    )[["topic", "indicator", "figures", "compared", "comparable", "nearest", "reason"]]  # fmt: skip


def _unit(unit: str) -> str:
    return "per cent" if unit.startswith("percent") else _UNITS.get(unit, unit)
