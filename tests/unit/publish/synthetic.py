"""A small made-up study: every table that pages read, valid by its contract, nothing measured.

Texts carry attacks on every reader between a table and a page, so that each test of a rendered page
is a test of escaping too.
"""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.measure import numbers as named
from gapstudy.measure.spells.exclusions import RESULT_STEPS
from gapstudy.publish.figures.headline_curves import PANELS
from gapstudy.store import Store
from gapstudy.study import Study
from gapstudy.tables import Column, contract

ATTACK = (
    "<script>alert(1)</script>{{< include /etc/passwd >}}{{ 7*7 }}`r 1`$x$<img src=//evil.example>"
)
FORMULA = '=HYPERLINK("http://evil.example")'
SCHEME, COUNTING = "EU27/mainland", "whole"
REGIONS = ("EU", "US", "CN")
PAGES = Path(__file__).resolve().parents[3] / "reports"
_BASE = {"EU": 0.22, "US": 0.34, "CN": 0.27, "other": 0.2, "all": 0.29, "unknown": 0.2}

STUDY = """
title = "The gap between AI research and AI products"
frames = ["award"]
[window]
start = 2012-01-01
end = 2022-12-31
cutoff = 2025-12-31
[linking]
imputations = 5
"""
CLAIMS = {
    "C1": ("Academia is judged by metrics, industry by customers", "not enough data", ()),
    "C2": ("Most first concepts never become a product", "supported", ("conversion-10y-all",)),
    "C3": ("Europe leads in research", "not supported",
           ("share-whole-EU-minus-US", "share-whole-EU-minus-CN")),
    "C4": ("Europe lags the US and China in turning research into products", "mixed",
           ("conversion-5y-EU-minus-US", "conversion-5y-EU-minus-CN")),
    "C5": ("Law and ethics weigh on AI products in Europe", "supported",
           ("availability-delayed-EU-minus-US",)),
    "C6": ("Research uses a tiny part of the data that production does", "supported",
           ("data-scale-log10-ratio-all",)),
    "C7": ("Every stage from research to production is hard", "not enough data", ()),
    "C8": ("The US and China put money and competition first", "mixed",
           ("industry-share-US-minus-EU",)),
    "C9": ("The market decides", "not enough data", ()),
}  # fmt: skip


def fill(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows completed by the least value that each column's contract allows."""
    columns = contract(name).columns
    data = [{item.name: row.get(item.name, _least(item)) for item in columns} for row in rows]
    return pd.DataFrame(data, columns=contract(name).names)


def _least(item: Column) -> Any:
    if item.null:
        return None
    if item.kind == "text":
        return item.values[0] if item.values else ""
    if item.kind == "day":
        return pd.Timestamp(2025, 12, 31)
    return {"int": int(item.low or 0), "float": float(item.low or 0), "bool": False}[item.kind]


def _interval(value: float, half: float, low: float = -9.0, high: float = 9.0) -> dict[str, Any]:
    return {"estimate": value, "low": max(low, value - half), "high": min(high, value + half)}


def tables() -> dict[str, pd.DataFrame]:
    """All tables by name, without `out_numbers`."""
    made: dict[str, list[dict[str, Any]]] = {}
    head = {"scheme": SCHEME, "counting": COUNTING, "population": "cohort"}
    main = {**head, "links": "both"}
    made["out_conversion"], made["out_conversion_difference"] = [], []
    made["out_rmst"], made["out_rmst_difference"], made["out_incidence_curve"] = [], [], []
    for region, horizon in product((*REGIONS, "other", "all"), (3.0, 5.0, 10.0)):
        value = _BASE[region] * (0.6, 1.0, 1.5)[(3.0, 5.0, 10.0).index(horizon)]
        for method in ("imputed", "bound", "recall_corrected", "threshold"):
            row = {**main, "method": method, "region": region, "horizon": horizon, "n": 60,
                   "at_risk": 30.0, "events": 60 * value, "missing_information": 0.2}  # fmt: skip
            made["out_conversion"].append(row | _interval(value, 0.09, 0, 1))
    # Too few results: shown as not estimable.
    made["out_conversion"][-1] |= {"estimate": None, "low": None, "high": None, "note": ATTACK}
    for region in (*REGIONS, "other", "all"):
        made["out_rmst"].append({**main, "method": "imputed", "region": region, "horizon": 10.0,
                                 "n": 60, **_interval(8.1 - 3 * _BASE[region], 0.7)})  # fmt: skip
        for years in np.arange(0.0, 12.5, 0.5):
            value = _BASE[region] * 1.6 * (1 - np.exp(-years / 5))
            made["out_incidence_curve"].append(
                {**main, "method": "imputed", "region": region, "years": float(years), "n": 60,
                 "at_risk": float(60 - 4 * years), **_interval(value, 0.02 + value / 4, 0, 1)}
            )  # fmt: skip
    pairs = [("EU", "US"), ("EU", "CN"), ("US", "CN")]
    for (region, versus), horizon in product(pairs, (3.0, 5.0, 10.0)):
        row = {**main, "method": "imputed", "region": region, "versus": versus, "horizon": horizon,
               "p_value": 0.03, "n": 58}  # fmt: skip
        made["out_conversion_difference"] += [
            row | {"method": method}
            | _interval((_BASE[region] - _BASE[versus]) * horizon / 5, 0.11)
            for method in ("imputed", "recall_corrected")
        ]  # fmt: skip
        if horizon == 10:
            made["out_rmst_difference"].append(row | _interval(0.4, 0.6))
    made["out_latency"] = [
        {**main, "method": "imputed", "region": r, "versus": v, "model": m, "p_value": 0.2, "n": 58,
         **_interval(-0.3, 0.4)}
        for (r, v), m in product(pairs, ("log-rank", "cox", "discrete"))
    ]  # fmt: skip
    made["out_destination_incidence"] = [
        {**main, "method": "imputed", "region": r, "destination": d, "horizon": 10.0, "n": 60,
         **_interval(0.15 if d == "home" else 0.05, 0.04, 0, 1)}
        for r, d in product(REGIONS, ("home", "EU", "US", "CN", "other")) if r != d
    ]  # fmt: skip
    flows = {("EU", "EU"): 5.2, ("EU", "US"): 8.4, ("EU", "CN"): 0.7, ("US", "US"): 25.1,
             ("US", "EU"): 1.1, ("CN", "CN"): 9.3, ("CN", "US"): 3.2,
             ("other", "US"): 6.0}  # fmt: skip
    made["out_flows"] = [
        {**head, "region": r, "destination": d, "expected": flows.get((r, d), 0.0),
         "low": max(0.0, flows.get((r, d), 0.0) - 1), "high": flows.get((r, d), 0.0) + 1, "n": 20}
        for r, d in product((*REGIONS, "other"), (*REGIONS, "other", "unknown"))
    ]  # fmt: skip
    made["out_leakage"] = [
        {**head, "population": p, "region": r, "n": 30, "productised": 14.0, "abroad": 9.0,
         **_interval(v, 0.2, 0, 1)}
        for p, (r, v) in product(("cohort", "illustration"),
                                 (("EU", 0.64), ("US", 0.05), ("CN", 0.25)))
    ]  # fmt: skip
    made["out_lag_classes"] = [
        {"target_type": "product", "basis": b, "lag_class": c, "n": n, "expected": n * 0.6,
         "median_years": y}
        for b, c, n, y in (("followup", "positive", 70, 3.1), ("followup", "zero", 4, 0.0),
                           ("model", "negative", 9, -1.2))
    ]  # fmt: skip
    _availability(made)
    _policy(made)
    _shares(made)
    _specifications(made)
    _models(made)
    _scorecard(made)
    _links(made)
    _state(made)
    _survey(made)
    _asked(made)
    return {name: fill(name, rows) for name, rows in made.items()}


def _availability(made: dict[str, list[dict[str, Any]]]) -> None:
    level = {"EU": 0.72, "US": 0.93, "CN": 0.35, "GB": 0.8}
    where = [
        {"basis": b, "reference": "anywhere", "rows": r}
        for b, r in product(("market_access", "provider_offer"), ("all", "confirmed"))
    ]
    made["out_availability_curve"] = [
        {**w, "market": m, "days": float(d), "n": 90, "at_risk": 50.0,
         **_interval(level[m] * (0.6 + 0.4 * (1 - np.exp(-d / 200))), 0.06, 0, 1)}
        for w, m, d in product(where, level, range(0, 1500, 50))
    ]  # fmt: skip
    made["out_availability"] = [
        {**w, "market": m, "measure": k, "n": 90, "unit": u, "unavailable": 12,
         **_interval(v, v / 5 + 0.02, 0, 400 if u == "days" else 1)}
        for w, m, (k, u, v) in product(
            where, level,
            (("same_day", "share", 0.6), ("within_90d", "share", 0.7),
             ("within_365d", "share", 0.8), ("delayed", "share", 0.3),
             ("median", "days", 0.0), ("mean_730d", "days", 120.0)))
    ]  # fmt: skip
    made["out_availability_difference"] = [
        {**w, "market": m, "versus": "US", "measure": k, "n": 80, "unit": u, "p_value": 0.01,
         **_interval(v, abs(v) / 2, -999, 999)}
        for w, m, (k, u, v) in product(where, ("EU", "CN", "GB"),
                                       (("delayed", "share", 0.21), ("mean_730d", "days", 96.0)))
    ]  # fmt: skip
    made["out_availability_lags"] = [
        {"basis": "market_access", "reference": "anywhere", "product_id": FORMULA, "market": "EU",
         "rows": "confirmed", "available": True, "lag_days": -3.0, "home": "US"}
    ]  # fmt: skip


def _policy(made: dict[str, list[dict[str, Any]]]) -> None:
    basis = {"basis": "market_access", "rows": "all"}
    made["out_availability_rmst"] = [
        {**basis, "market": "EU", "versus": v, "limit": n, "n": 80, **_interval(60.0, 20.0, 0, n)}
        for v, n in product(("", "US"), (90, 365))
    ]  # fmt: skip
    made["out_availability_groups"] = [
        {**basis, "group": g, "value": v, "market": "EU", "measure": "same_day", "n": 40,
         "makers": 12, "unit": "share", "unavailable": 3, **_interval(0.4, 0.1, 0, 1)}
        for g, v in (("kind", "feature"), ("home", "US"), ("makers", "some"))
    ]  # fmt: skip
    event = {"rows": "all", "event_id": "eu-law", "outcome": "delayed", "unit": "points",
             "n_markets": 4, "claim": "no claim of cause"}  # fmt: skip
    made["out_did"] = [
        {**event, "method": m, "date": "2024-08-01", "event": "Act in force", "treated": "EU",
         "instrument": "Act", "controls": "US, CN", "n": 35, "units": 31, "n_before": 42,
         "n_after": 35, "n_products": 77, "followup_months": 17.0, "other_dates": 2,
         "label": "exploratory", "failed": "exploratory", "p_value": 0.2,
         **_interval(0.2, 0.3, -1, 1)}
        for m in ("cluster_maker", "randomisation_both")
    ]  # fmt: skip
    made["out_event_study"] = [
        {**event, "start_month": float(b), "end_month": float(b + 6), "n": 9,
         "role": "reference" if b == -6 else "before" if b < 0 else "after",
         **({} if b == -6 else _interval(0.01 * b, 0.2, -1, 1))}
        for b in range(-18, 18, 6)
    ]  # fmt: skip
    made["out_placebo"] = [
        {**event, "market": m, "date": f"2024-0{d}-01", "actual": (m, d) == ("EU", 8),
         "estimate": 0.05 * d - 0.2, "t": 0.5, "n_before": 30, "n_after": 30}
        for m, d in product(("EU", "US", "CN"), range(5, 10))
    ]  # fmt: skip


def _shares(made: dict[str, list[dict[str, Any]]]) -> None:
    slices = {"scheme": SCHEME, "frame": "award", "venues": "all", "years": "all"}
    values = {"EU": 0.18, "US": 0.62, "CN": 0.21, "other": 0.25, "unknown": 0.01}
    countings = ("whole", "fractional", "first")
    made["out_shares"] = [
        {**slices, "counting": c, "region": r, "n": 268, "credit": 268 * v,
         **_interval(v * (1 if c == "whole" else 0.85), 0.05, 0, 1)}
        for c, (r, v) in product(countings, values.items())
    ]  # fmt: skip
    made["out_shares"] += [
        {**slices, "years": y, "counting": "fractional", "region": r, "n": 24, "credit": 5.0,
         **_interval(v, 0.12, 0, 1)}
        for y, (r, v) in product(("2012-2014", "2015-2017"), values.items())
    ]  # fmt: skip
    made["out_share_difference"] = [
        {**slices, "counting": c, "region": "EU", "versus": v, "n": 268, "p_value": 0.0001,
         **_interval(d, 0.08)}
        for c, (v, d) in product(countings, (("US", -0.44), ("CN", -0.03)))
    ]  # fmt: skip
    made["out_productisation"] = [
        {"scheme": SCHEME, "counting": "fractional", "products": p, "region": r, "n": 60,
         "p_value": 0.2, "product_share": 0.2, "result_share": 0.25, "product_count": 12.0,
         **_interval(0.7, 0.3)}
        for p, r in product(("cohort", "cohort_recall", "compiled"), REGIONS)
    ]  # fmt: skip
    made["out_industry"] = [
        {"scheme": SCHEME, "counting": "fractional", "frame": "award", "region": r, "kind": k,
         "n": 60, "credit": 20.0, **_interval(0.3 if k == "industry" else 0.6, 0.08, 0, 1)}
        for r, k in product(REGIONS, ("academia", "industry"))
    ]  # fmt: skip
    made["out_industry_difference"] = [
        {"scheme": SCHEME, "counting": "fractional", "frame": "award", "region": r,
         "versus": "EU", "n": 60, "p_value": 0.3, **_interval(0.05, 0.1)}
        for r in ("US", "CN")
    ]  # fmt: skip
    made["out_data_scale"] = [
        {"group": g, "n": 20, "p_value": 0.01, "factor": 0.08, "factor_low": 0.02,
         "factor_high": 0.3, **_interval(-1.1, 0.6)}
        for g in ("language", "vision", "all")
    ]  # fmt: skip
    made["out_data_sizes"] = [
        {"indicator": "training_set_size_median", "geo": "WORLD", "period": "2012/2020",
         "entity": f"{g} {k} {ATTACK}", "group": g, "kind": k, "median": 1e9,
         "lower_quartile": 1e8, "upper_quartile": 1e10, "unit": "tokens", "n": 20,
         "source_name": "An index"}
        for g, k in product(("language", "vision"), ("academia", "industry"))
    ]  # fmt: skip
    made["out_adoption"] = [
        {"indicator": s, "geo": g, "period": str(y), "value": 7.0 + 3 * (y - 2021) + len(g), "unit":
         "% of enterprises", "source_name": "Statistical office", "note": "ten or more employed"}
        for s, g, y in product(("enterprise_ai_use", "business_ai_use_btos"), ("EU27", "US"),
                               range(2021, 2026))
    ]  # fmt: skip
    made["out_published"] = [
        {"topic": t, "indicator": f"{t}_published", "geo": g, "period": "2023",
         "definition": ATTACK, "published": 20.0, "unit": "per cent",
         "nearest": "" if o is None else "the nearest", "estimate": o,
         "low": o and o - 4, "high": o and o + 4, "n": 0 if o is None else 120,
         "difference": o and o - 20.0, "comparable": "no" if o is None else "yes",
         "reason": ATTACK, "source_name": "An index", "evidence": "https://example.org/index"}
        for t, g, o in (("shares", "EU", 18.0), ("shares", "US", None),
                        ("availability", "EU", 11.0))
    ]  # fmt: skip
    made["out_published_series"] = [
        {"topic": t, "indicator": f"{t}_published", "figures": 2, "compared": c,
         "comparable": "yes" if c else "no",
         "nearest": "the nearest" if c else "", "reason": ATTACK}
        for t, c in (("shares", 1), ("availability", 1), ("patents", 0))
    ]  # fmt: skip


def _specifications(made: dict[str, list[dict[str, Any]]]) -> None:
    rng = np.random.default_rng(2)
    rows = []
    for versus, centre in (("US", -0.12), ("CN", -0.04)):
        grid = list(product(
            ("EU27", "EU28", "membership", "europe"), ("mainland", "with_hk_mo"),
            ("whole", "fractional", "first"), ("all", "first_half", "second_half"),
            ("followup", "model", "both"),
        ))  # fmt: skip
        values = np.sort(rng.normal(centre, 0.05, len(grid)))
        for rank, (value, choice) in enumerate(zip(values, grid, strict=True), 1):
            keys = dict(zip(("europe", "china", "counting", "years", "links"), choice, strict=True))
            rows.append({
                **keys, "link_sets": "imputed", "estimand": "conversion", "region": "EU",
                "versus": versus, "rank": rank, "n": 40, "p_value": 0.1,
                "significant": bool(value < -0.1), "headline": rank == 40,
                **_interval(float(value), 0.1),
            })  # fmt: skip
    for estimand, region, versus, _, _ in PANELS:
        rows += [
            {"estimand": estimand, "region": region, "versus": versus, "counting": "none",
             "links": "none", "rule": ATTACK, "sample": f"s{rank}", "than": 0.5, "rank": rank,
             "n": 40, "p_value": 0.2, "significant": rank > 5, "headline": rank == 4,
             **_interval(0.1 * rank, 0.2)}
            for rank in range(1, 9)
        ]  # fmt: skip
    made["out_specifications"] = rows
    made["out_specification_summary"] = [
        {"estimand": "conversion", "region": "EU", "versus": v, "specifications": 216,
         "estimated": 210, "negative": 0.93, "positive": 0.07, "same_sign": 0.93,
         "same_significance": 0.4, "significant_negative": 0.4, "significant_positive": 0.0,
         "lowest": -0.26, "median": -0.11, "highest": 0.03, "moves_most": "links", "moves_by": 0.07}
        for v in ("US", "CN")
    ]  # fmt: skip
    choices = {
        "europe": ("EU27", "EU28", "membership", "europe"), "link_sets": ("imputed", "0.5"),
        "counting": ("whole", "fractional", "first"), "links": ("followup", "model", "both"),
    }  # fmt: skip
    made["out_specification_choices"] = [
        {"estimand": "conversion", "region": "EU", "versus": v, "choice": c, "value": x, "n": 54,
         "mean": float(rng.normal(-0.1, 0.03))}
        for v, (c, xs) in product(("US", "CN"), choices.items()) for x in xs
    ]  # fmt: skip
    made["out_coverage"] = [
        {"scheme": SCHEME, "counting": COUNTING, "region": "EU", "versus": v, "horizon": 5.0,
         "region_estimate": 0.22, "versus_estimate": 0.34, "factor_equal": 1.5,
         "missed_equal": 0.35, "factor_decides": 1.2, "extra_products": 7.4, "n": 58,
         "factor_recall": 1.1, "factor_recall_low": 0.8, "factor_recall_high": 1.5}
        for v in ("US", "CN")
    ]  # fmt: skip


def _models(made: dict[str, list[dict[str, Any]]]) -> None:
    """Bands, hazards, parametric models, lags looked back on, exclusions and language."""
    main = {"scheme": SCHEME, "counting": COUNTING, "population": "cohort", "links": "both",
            "method": "imputed"}  # fmt: skip
    made["out_bands"] = [
        {**main, "region": r, "years": float(y), "n": 60, "at_risk": 60.0 - 4 * y, "critical": 2.9,
         "point_low": 0.5 * v, "point_high": min(1.0, 1.5 * v), **_interval(v, 0.9 * v, 0, 1)}
        for r in REGIONS for y in range(11)
        for v in [_BASE[r] * (1 - np.exp(-y / 5))]
    ]  # fmt: skip
    pairs = [("EU", "US"), ("EU", "CN"), ("US", "CN")]
    for table in ("out_cox", "out_cloglog"):
        made[table] = [
            {**main, "region": a, "versus": b, "adjusted": with_, "band": band, "n": 58,
             "ratio": 0.7, "ratio_low": 0.4, "ratio_high": 1.2, "p_value": 0.2, "events": 14.0,
             "clusters": 40, "fit": "robust", **_interval(-0.36, 0.5)}
            for (a, b), with_, band in product(pairs, ("no", "yes"), ("all", "0-3"))
        ]  # fmt: skip
    made["out_ph_test"] = [
        {**main, "region": a, "versus": b, "adjusted": "no", "transform": "km", "p_value": 0.4,
         "n": 58, "events": 14.0}
        for a, b in pairs
    ]  # fmt: skip
    made["out_cure"] = [
        {**main, "region": r, "versus": "", "distribution": "weibull", "part": part, "term": term,
         "n": 60, "events": 14.0, "best": True, "shown": True, **_interval(value, 0.1, 0)}
        for r in (*REGIONS, "other", "all")
        for part, term, value in (("incidence", "eventual_share", _BASE[r]),
                                  ("latency", "median", 2.1))
    ]  # fmt: skip
    made["out_parametric_curve"] = [
        {**main, "region": r, "model": m, "distribution": "weibull", "years": float(y), "n": 60,
         "estimate": _BASE[r] * (1 - np.exp(-y / 4))}
        for r, m, y in product((*REGIONS, "all"), ("aft", "cure"), range(11))
    ]  # fmt: skip
    made["out_reverse_time"] = [
        {"scheme": SCHEME, "population": "illustration", "links": "both", "estimator": e,
         "region": "all", "measure": "share", "point": float(y), "n": 40, "longest": 12.0,
         **_interval(1 - np.exp(-y / (2 + i)), 0.08, 0, 1)}
        for i, e in enumerate(("naive", "reverse time")) for y in range(11)
    ]  # fmt: skip
    made["out_exclusions"] = [
        {"scheme": SCHEME, "unit": "result", "frame": "all", "region": "all", "position": i + 1,
         "step": step, "reason": f"because of {step} {ATTACK}", "n_in": 400 - 30 * i,
         "n_out": 30, "n_kept": 370 - 30 * i}
        for i, step in enumerate(RESULT_STEPS)
    ]  # fmt: skip
    made["out_tipping"] = [
        {"claim": "C4", "number": "conversion-5y-EU-minus-US", "region": r, "missed": "products",
         "side": "below", "than": 0.0, "value": -0.12, "holds": True, "missed_equal": 0.4,
         "missed_touch": 0.2, "missed_decides": 0.3, "n": 58}
        for r in ("EU", "US")
    ]  # fmt: skip
    themes = ("metrics", "customers", "law_ethics", "scaling", "monitoring", "governance")
    made["out_language_share"] = [
        {"scheme": SCHEME, "counting": COUNTING, "unit": "sentence", "kind": k, "source": "all",
         "theme": t, "region": r, "year": "all", "correction": c, "n": 300,
         **_interval(0.1 + 0.02 * i, 0.03, 0, 1)}
        for (i, t), k, r, c in product(enumerate(themes), ("paper", "patent", "product"),
                                       (*REGIONS, "all"), ("none", "rogan_gladen"))
    ]  # fmt: skip
    made["out_language_difference"] = [
        {"scheme": SCHEME, "counting": COUNTING, "comparison": c, "theme": t, "kind": a,
         "versus_kind": b, "region": r, "versus": v, "correction": "rogan_gladen",
         "p_value": 0.01, "n": 300, **_interval(0.05, 0.03)}
        for t, (c, a, b, r, v) in product(themes, (("kinds", "paper", "product", "all", "all"),
                                                   ("regions", "paper", "paper", "EU", "US"),
                                                   ("year", "paper", "paper", "EU", "EU")))
    ]  # fmt: skip
    made["out_language_quality"] = [
        {"sample": "labelled", "split": "test", "kind": "all", "theme": t, "metric": m, "n": 40,
         **_interval(0.9, 0.08, 0, 1)}
        for t, m in product(themes, ("precision", "recall", "f1"))
    ]  # fmt: skip


def _survey(made: dict[str, list[dict[str, Any]]]) -> None:
    made["out_survey_items"] = [
        {"responses": "synthetic", "item": i, "stage": s, "question": ATTACK, "weighting": "none",
         "region": r, "answer": a, "answer_label": a, "position": p, "n": 40, "effective_n": 40.0,
         **_interval(0.2, 0.1, 0, 1)}
        for (i, s), r, (p, a) in product(
            (("data_access", "data"), ("law_clarity", "law_ethics")), REGIONS,
            enumerate(("1", "2", "3", "4", "5"), start=1))
    ]  # fmt: skip
    made["out_barriers"] = [
        {"indicator": f"reason {k}", "source_name": s, "geo": g, "period": "2025", "entity": "",
         "barrier": f"reason {k} {ATTACK}", "base": "those asked", "unit": "PC_ENT",
         "interval": "standard_error" if g == "US" else "none", "rank": k, "estimate": 0.1 / k,
         **({"low": 0.08 / k, "high": 0.12 / k} if g == "US" else {})}
        for k, (g, s) in product((1, 2), (("EU27", "An office"), ("US", "A bureau")))
    ]  # fmt: skip


def _asked(made: dict[str, list[dict[str, Any]]]) -> None:
    """A row for each table of a page whose filter would find none among those above.

    The filter's values are taken as they stand, so that one outside the contract fails.
    """
    head = {"scheme": SCHEME, "counting": COUNTING, "population": "cohort", "links": "both",
            "method": "imputed", "estimate": 0.1, "low": 0.05, "high": 0.2, "n": 30}  # fmt: skip
    for name, where in _calls():
        columns = {item.name: item for item in contract(name).columns}
        free = {
            key: key for key, item in columns.items()
            if item.kind == "text" and not item.values and not item.form and key != "note"
        }  # fmt: skip
        row = free | {
            key: value for key, value in head.items()
            if key in columns and (not columns[key].values or value in columns[key].values)
        } | {key: options[0] for key, options in where.items()}  # fmt: skip
        rows = made.setdefault(name, [])
        if not any(
            all(old.get(key, _least(columns[key])) in options for key, options in where.items())
            for old in rows
        ):
            rows.append(row)


def _calls() -> list[tuple[str, dict[str, list[Any]]]]:
    """Tables of the pages, each with the values that its filter allows."""
    found = []
    for page in sorted(PAGES.glob("*.qmd")):
        blocks = re.findall(r"```\{python\}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for call in (node for block in blocks for node in ast.walk(ast.parse(block))):
            if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "table"):
                continue
            name = ast.literal_eval(call.args[0])
            if not name.startswith("out_"):
                continue
            given = [word.value for word in call.keywords if word.arg == "where"]
            where: dict[str, list[Any]] = {}
            for node in given:
                assert isinstance(node, ast.Dict)
                for key, value in zip(node.keys, node.values, strict=True):
                    # A function such as max takes what there is, None takes all.
                    if key is None or (
                        isinstance(value, ast.Name | ast.Constant)
                        and (getattr(value, "value", None) is None)
                    ):
                        continue
                    options = ast.literal_eval(value)
                    where[ast.literal_eval(key)] = (
                        options if isinstance(options, list) else [options]
                    )
            found.append((name, where))
    return found


def _scorecard(made: dict[str, list[dict[str, Any]]]) -> None:
    made["out_scorecard"] = [
        {"claim": c, "title": title, "measure": "what is estimated", "verdict": verdict,
         "tests": len(tests), "holding": 0, "n": 58, "reason": f"because of this. {ATTACK}",
         "overturn": "A follow-up that reads Chinese sources."}
        for c, (title, verdict, tests) in CLAIMS.items()
    ]  # fmt: skip
    made["out_scorecard_tests"] = [
        {"claim": c, "number": number, "side": "below", "than": 0.0, "value": -0.12, "low": -0.2,
         "high": -0.04, "p_value": 0.002, "p_holm": 0.012, "n": 58, "unit": "share", "enough": True,
         "holds": True}
        for c, (_, _, tests) in CLAIMS.items() for number in tests
    ]  # fmt: skip

    made["out_scorecard_robustness"] = [
        {"claim": c, "number": number, "estimand": "conversion", "region": "EU", "versus": "US",
         "specifications": 864, "estimated": 840, "same_side": 0.88, "same_conclusion": 0.97,
         "tipping_region": "US", "missed": f"products {ATTACK}", "missed_decides": 0.4,
         "shift_decides": 0.1}
        for c, (_, _, tests) in CLAIMS.items() for number in tests
    ]  # fmt: skip


def _links(made: dict[str, list[dict[str, Any]]]) -> None:
    quality = {item.name: item.values for item in contract("out_link_quality").columns}
    groups = [("all", "all"), ("region", "EU"), ("region", "US"), ("region", "CN"),
              ("link_type", "name"), ("region_difference", "EU minus US"),
              ("negative_kind", "same_name")]  # fmt: skip
    metrics = ("false_link_rate", "precision", "recall", "average_precision",
               "precision_at_recall_80", "brier",
               "ece", "hard_refused", "candidate_recall", "relation_accuracy")  # fmt: skip
    made["out_link_quality"] = [
        {"sample": s, "method": m, "metric": k, "group": g, "group_value": v, "value": 0.86,
         "low": 0.74, "high": 0.94, "n": 120, "positives": 50, "clusters": 31}
        for s, m, k, (g, v) in product(quality["sample"], quality["method"], metrics, groups)
    ]  # fmt: skip
    bins = {item.name: item.values for item in contract("out_link_calibration").columns}
    made["out_link_calibration"] = [
        {"sample": s, "bin": b, "from": (b - 1) / 5, "to": b / 5, "predicted": b / 5 - 0.1,
         "observed": min(1.0, b / 5 - 0.05), "low": max(0.0, b / 5 - 0.25),
         "high": min(1.0, b / 5 + 0.1), "n": 20 + 7 * b}
        for s, b in product(bins["sample"], range(1, 6))
    ]  # fmt: skip
    made["out_link_model"] = [
        {"feature": f, "coefficient": c, "mean": 0.1, "scale": 0.3, "meaning": f"{f} of the pair"}
        for f, c in (("name_found", 2.2), ("text_similarity", 0.9))
    ]  # fmt: skip
    made["out_link_errors"] = [
        {"paper_id": p, "target_type": "product", "target_id": ATTACK, "error": e, "rank": 1,
         "probability": 0.8, "region": "EU", "link_type": "name", "negative_kind": "same name",
         "reason": ATTACK}
        for p, e in ((FORMULA, "false"), (ATTACK, "missed"))
    ]  # fmt: skip
    made["out_link_ablation"] = [
        {"family": f, "features": f, "metric": m, "value": 0.86 + c, "low": 0.7, "high": 0.95,
         "change": c, "change_low": c - 0.03, "change_high": c + 0.03, "n": 120, "positives": 50}
        for f, c in (("none", 0.0), ("name", -0.2), ("topic", -0.01))
        for m in ("average_precision", "precision_at_recall_80", "f1", "brier")
    ]  # fmt: skip
    made["out_link_recall"] = [
        {"links": links, "region": r, "recall": 0.6, "low": 0.4, "high": 0.8, "alpha": 12.0,
         "beta": 8.0, "own": 0.62, "candidate_recall": 0.9, "model_recall": 0.7, "n": 30,
         "effective_n": 15.0, "pooled": 5.0}
        for links in ("model", "both") for r in (*REGIONS, "other", "unknown", "all")
    ]  # fmt: skip
    made["out_link_training"] = [
        {"split": split, "origin": origin, "target_type": "product", "region": r, "pairs": 40,
         "positives": 12, "clusters": 9}
        for split, origin, r in product(("fit", "test"), ("landmark", "sampled"), REGIONS)
    ]  # fmt: skip


def _state(made: dict[str, list[dict[str, Any]]]) -> None:
    made["sources"] = [
        {"source": "landmark", "title": f"Landmark corpus {ATTACK}", "licence": "Apache-2.0",
         "region_basis": "organisation", "state": "ok", "note": "", "as_of": "2026-01-15",
         "responses": 9, "records": 1800, "quarantined": 2, "unknown_country": 3},
        {"source": "models_dev", "title": "models.dev", "licence": "MIT",
         "region_basis": "company_home", "state": "stale", "note": FORMULA, "as_of": "2025-11",
         "responses": 1, "records": 1700, "quarantined": 0, "unknown_country": 0},
    ]  # fmt: skip
    made["quarantine"] = [
        {"archive_ref": "landmark:ab#1", "sequence": 0, "source": "landmark", "table": "papers",
         "reason": f"'2021-02-30' is a day that does not exist {ATTACK}", "record": "{}"}
    ]  # fmt: skip
    made["out_counts"] = [
        {"name": n, "meaning": f"count of {n}", "n": 268}
        for n in ("results", "award-results", "technique-results", "followed-up", "found",
                  "none-found", "unclear", "products", "links", "availability-rows", "sources",
                  "feed-products", "compiled-products", "indicators")
    ]  # fmt: skip
    made["out_simulation"] = [
        {"estimator": e, "scenario": s, "method": m, "truth": 0.1, "mean": 0.101, "bias": 0.001,
         "mc_error": 0.002, "coverage": 0.95 if m == "imputed" else 0.88,
         "coverage_low": 0.93 if m == "imputed" else 0.85,
         "coverage_high": 0.967 if m == "imputed" else 0.9, "rejection": 0.05, "null_true": True,
         "worlds": 500, "n": 250}
        for e, s, m in product(("conversion-5y", "conversion-5y-difference", "rmst-10y-difference"),
                               ("equal regions, uncertain links",
                                "slower region, uncertain links, recall uneven"),
                               ("imputed", "threshold"))
    ]  # fmt: skip


def write_study(root: Path, frames: Mapping[str, pd.DataFrame] | None = None) -> Store:
    """A study folder with study.toml and processed tables.

    Args:
        root: the folder.
        frames: its tables; by default those of `tables`, with their numbers.
    """
    root.mkdir(parents=True, exist_ok=True)
    (root / "study.toml").write_text(STUDY + _claims(), encoding="utf-8")
    store = Store(root)
    if frames is None:
        frames = tables()
        frames = {**frames, "out_numbers": _numbers(frames)}
    for name, frame in frames.items():
        store.write(name, frame)
    return store


def _numbers(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    chosen = named.patterns(SCHEME, COUNTING, "award", "both")
    claims = Study.from_data(_toml()).claims
    return named.table(frames, (*chosen, *named.ON_TESTS), claims, 0.95)


def _toml() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(STUDY + _claims())


def _claims() -> str:
    parts = []
    for name, (title, _, tests) in CLAIMS.items():
        parts.append(
            f"[claims.{name}]\ntitle = {json.dumps(title)}\nmeasure = 'what is estimated'\n"
        )
        parts += [f"[[claims.{name}.tests]]\nnumber = '{test}'\nside = 'below'\n" for test in tests]
    return "\n".join(parts)
