"""Curves that are read from result tables: conversion of all results, law, language.

Conversion within ten years (C2) is set against one half; the change at a date of law (C5) and the
language of papers against that of products (C1) against none. Their tables hold the same number
under several choices already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from gapstudy.measure import conversion, specifications, survival
from gapstudy.measure.cohort import ALL, Weights
from gapstudy.measure.grids.rows import Row, Slices, choose, level, levels, nothing
from gapstudy.measure.imputation import Spells
from gapstudy.measure.intervals import Share
from gapstudy.measure.specifications import NONE, Rules
from gapstudy.regions import RegionScheme

EVER, LAW, LANGUAGE = "conversion_all", "law", "language"
#: Years within which most results would have to have a product (C2).
TEN = 10.0
_HALF = 0.5
#: Outcomes of `out_did` that are shares, and the days that they allow.
OUTCOMES = {"delayed": "same_day", "beyond_90d": "within_90d"}
#: Methods of `out_did` that hold their level with one treated market, or say what they leave out.
METHODS = ("randomisation_both", "randomisation_dates", "cluster_maker", "wild_maker")


def ever(
    weight: Weights, spells: Mapping[tuple[str, str], Spells], years: Slices, rules: Rules
) -> pd.DataFrame:
    """Rows of the conversion of all results within ten years."""
    rows: list[Row] = []
    for (links, link_sets), drawn in spells.items():
        for span, inside in years.items():
            if not inside.any():
                continue
            credit, part = weight.value[inside], specifications.only(drawn, inside)
            steps = survival.steps(part.time, part.event, credit)
            fit = conversion.incidence(steps, credit, [TEN])
            n, at_risk = int(fit.results[ALL]), float(fit.raw.at_risk[:, ALL, 0].mean())
            note = conversion.problem(n, at_risk, TEN, rules.min_cell)
            share = Share(*(values[ALL, 0] for values in fit.share))
            rows.append(
                {
                    **choose(links=links, link_sets=link_sets, years=span, sample="cohort"),
                    "estimand": EVER, "region": "all", "versus": NONE, "n": n, "note": note,
                    **(nothing(_HALF) if note else level(share, _HALF, rules.confidence)),
                }
            )  # fmt: skip
    return levels(rows)


def law(did: pd.DataFrame, events: Iterable[str]) -> pd.DataFrame:
    """Rows of the change at the dates of law that claims name.

    Args:
        did: rows of `out_did`.
        events: their identifiers.
    """
    wanted = did[
        did["event_id"].isin(list(events)) & did["outcome"].isin(list(OUTCOMES))
        & did["method"].isin(METHODS)
    ]  # fmt: skip
    return levels(_law(wanted))


def _law(rows: pd.DataFrame) -> Iterator[Row]:
    for row in rows.to_dict("records"):
        note = str(row["note"]) if not np.isfinite(float(row["estimate"])) else ""
        if not note and not np.isfinite(float(row["low"])):
            note = "too few placebos for an interval"
        picked = choose(
            sample=SAMPLE_OF_LAW, links=str(row["rows"]), rule=str(row["method"]),
            horizon=OUTCOMES[str(row["outcome"])],
        )  # fmt: skip
        yield {
            **picked, "estimand": f"{LAW}_{row['date']}", "region": str(row["treated"]),
            "versus": NONE, "than": 0.0, "n": int(row["n_products"]), "note": note,
            **{name: float(row[name]) for name in ("estimate", "low", "high", "p_value")},
        }  # fmt: skip


#: Basis of the rows that the dates of law are studied on.
SAMPLE_OF_LAW = "market_access"


def language(difference: pd.DataFrame, themes: Iterable[str]) -> pd.DataFrame:
    """Rows of the language of papers against that of products.

    Args:
        difference: rows of `out_language_difference`.
        themes: themes that claims name.
    """
    rows = difference[
        (difference["comparison"] == "kinds") & difference["theme"].isin(list(themes))
        & (difference["kind"] == "paper") & (difference["versus_kind"] == "product")
        & (difference["region"] == difference["versus"])
    ]  # fmt: skip
    found: list[Row] = []
    for row in rows.to_dict("records"):
        scheme = RegionScheme.from_name(str(row["scheme"]))
        estimate = float(row["estimate"])
        note = str(row["note"]) or "no estimate" if not np.isfinite(estimate) else ""
        found.append(
            {
                **choose(europe=scheme.europe, china=scheme.china, counting=str(row["counting"]),
                         part=str(row["region"]), rule=str(row["correction"])),
                "estimand": f"{LANGUAGE}_{row['theme']}", "region": "all", "versus": NONE,
                "than": 0.0, "n": int(row["n"]), "note": note,
                **{name: float(row[name]) for name in ("estimate", "low", "high", "p_value")},
            }
        )  # fmt: skip
    return levels(found)
