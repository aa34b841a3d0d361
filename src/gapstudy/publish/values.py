"""Values as a reader wants them: unit, decimals that the interval deserves, names of regions."""

from __future__ import annotations

from typing import Any

import pandas as pd

MISSING = "not estimable"
NAMES = {
    "EU": "EU", "US": "US", "CN": "China", "GB": "UK", "other": "Elsewhere", "unknown": "Unknown",
    "all": "All results", "home": "At home", "none": "–",
}  # fmt: skip
#: Codes of the tables in words; other codes only lose their underscores.
LABELS = {
    "same_day": "usable the same day", "within_90d": "usable within 90 days",
    "within_365d": "usable within 365 days", "delayed": "late or not there yet",
    "median": "median delay", "mean_730d": "mean delay, first 730 days",
    "log10_ratio": "adjusted for year, powers of ten", "median_ratio": "ratio of medians",
    "tfidf": "words in common (TF-IDF)", "tfidf_top1": "nearest by words (TF-IDF)",
    "embedding": "nearness of texts (embedding)", "exact_name": "coined name alone",
    "model": "link model", "followup": "follow-up", "both": "follow-up and model",
    "brier": "Brier score", "ece": "calibration error", "f1": "F1", "imputed": "link sets drawn",
    "threshold": "links taken as certain", "known": "true links known",
    "bound": "unclear cases counted as found",
    "recall_corrected": "divided by the recall of the links",
    "embedding_top1": "nearest by embedding",
    "precision_at_recall_80": "precision at recall 80%", "hard_refused": "hard non-links refused",
    "within_180d": "usable within 180 days", "mean_365d": "mean delay, first 365 days",
    "beyond_90d": "late by more than 90 days", "beyond_365d": "late by more than 365 days",
    "delay_365d": "delay, up to 365 days",
    "cluster_maker": "t-test, clustered by maker", "wild_maker": "wild bootstrap, by maker",
    "cluster_market": "t-test, clustered by market (fails)",
    "wild_market": "wild bootstrap, by market (fails)",
    "wild_subcluster": "wild bootstrap, by maker within market",
    "randomisation_dates": "randomisation over dates",
    "randomisation_markets": "randomisation over markets",
    "randomisation_both": "randomisation over dates and markets",
    "conley_taber": "residuals of the controls (Conley and Taber)",
    "observed": "as observed", "weighted": "weighted to the whole corpus",
    "censored_at_once": "bound: lost products came at once",
    "censored_never": "bound: lost products never came",
    "others_same_day": "bound: all other products on the day",
    "others_late": "bound: all other products late",
    "available_same_day": "usable the same day", "available_later": "usable later",
    "available_after_cutoff": "usable only after the cut-off",
    "not_available": "not usable at the last check", "not_known": "not known",
    "joint": "earlier steps together", "slope": "slope, per year",
    "placebo_date": "a date a year too early", "permuted": "launch days dealt out",
    "shifted": "sequence of launches turned",
    "cohort_recall": "cohort, missed links added",
    "law_ethics": "law and ethics", "rogan_gladen": "corrected", "none": "none",
    "hit_right": "hits that are right", "no_hit_right": "sentences without a hit that are right",
    "eventual_share": "ever a product", "share_difference": "difference, ever a product",
    "time_ratio": "ratio of times among converters", "no_cure": "test: all would convert",
    "location_quotient": "location quotient", "odds_ratio": "odds ratio against abroad",
    "home_effect": "home effect, all regions",
    "links_certain": "results drawn at random", "headline": "and links, dates (headline)",
    "average": "the same, averaged influences", "ordered": "and order of coarse dates",
    "linker": "and the linker's own error", "regions": "and unknown regions",
    "recall": "and missed links",
    "conversion": "share with a product, 5 years",
    "conversion_all": "share with a product, 10 years", "rmst": "mean time to a product",
    "research_share": "research share", "leakage": "first product made elsewhere",
    "productisation": "productisation ratio", "availability": "usable in time",
    "industry_share": "industry's share", "data_scale": "training sets, powers of ten",
    "link_sets": "drawing of links", "europe": "what Europe is", "china": "what China is",
    "horizon": "days allowed",
    "synthetic": "SYNTHETIC", "raked": "raked", "role_size": "role and size",
}  # fmt: skip
#: Columns whose values are codes of ours, not words from outside.
CODES = (
    "measure", "method", "metric", "sample", "basis", "links", "group", "choice", "moves_most",
    "indicator", "region_basis", "estimand", "outcome", "kind", "status", "check", "test", "worlds",
    "lag_class", "feature", "unit", "theme", "correction", "comparison", "versus_kind", "term",
    "layer", "quantity", "stage", "given", "control",
    "responses", "weighting", "adjusted",
)  # fmt: skip
#: Columns whose values are regions or markets.
PLACES = ("region", "versus", "destination", "market", "home")
MINUS = "\N{MINUS SIGN}"


_UNITS = {
    "share", "points", "per cent", "years", "days", "count", "expected", "p", "ratio", "number",
}  # fmt: skip


def missing(value: Any) -> bool:
    """Whether a value is not there."""
    return value is None or bool(pd.isna(value))


def decimals(unit: str, value: float, low: Any, high: Any) -> int:
    """Decimals that a value of this unit deserves: fewer when it is large or its interval wide."""
    known = not (missing(low) or missing(high))
    width = abs(float(high) - float(low)) if known else 0.0
    if unit in {"share", "points"}:
        return 0 if width >= 0.095 and abs(value) >= 0.095 else 1
    if unit == "per cent":
        return 0 if width >= 9.5 and abs(value) >= 9.5 else 1
    if unit == "years":
        whole = not known and float(value).is_integer()
        return 0 if whole else 1 if not known or width >= 0.5 else 2
    return {"days": 0, "count": 0, "expected": 1, "p": 3}.get(unit, 2)


def plain(value: Any, unit: str, places: int | None = None) -> str:
    """One value without its unit's word.

    >>> plain(0.1234, "share"), plain(-1.5, "years"), plain(12345, "count")
    ('12.3%', '−1.5', '12,345')
    """
    if missing(value):
        return MISSING
    if unit == "p" and float(value) < 0.001:
        return "<0.001"
    if places is None and unit not in _UNITS:
        return f"{float(value):,.2f}".rstrip("0").rstrip(".").replace("-", MINUS)
    places = decimals(unit, float(value), None, None) if places is None else places
    scaled = float(value) * (100 if unit in {"share", "points"} else 1)
    if unit == "count" and places == 0 and scaled != round(scaled):
        places = 1
    text = f"{scaled:,.{places}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else MINUS + text[1:]
    return text + ("%" if unit in {"share", "per cent"} else "")


#: Word that follows a value, singular and plural.
_WORDS = {
    "years": ("year", "years"), "days": ("day", "days"), "points": ("point", "points"),
}  # fmt: skip


def with_unit(value: Any, unit: str, low: Any = None, high: Any = None) -> str:
    """A value with its unit.

    >>> with_unit(1.0, "days"), with_unit(-0.05, "points")
    ('1 day', '−5.0 points')
    """
    if missing(value):
        return MISSING
    known = unit in _UNITS or not (missing(low) or missing(high))
    text = plain(value, unit, decimals(unit, float(value), low, high) if known else None)
    one, many = _WORDS.get(unit, ("", ""))
    word = one if text in {"1", MINUS + "1"} else many
    return f"{text} {word}" if word else text


def interval(value: Any, low: Any, high: Any, unit: str) -> str:
    """The interval of a value without brackets, or an empty text.

    >>> interval(0.12, 0.081, 0.174, "share")
    '8.1% to 17.4%'
    """
    if missing(value) or missing(low) or missing(high):
        return ""
    places = decimals(unit, float(value), low, high)
    return f"{plain(low, unit, places)} to {plain(high, unit, places)}"


def unit_of(unit: str, table: str) -> str:
    """The unit as it is printed: a difference of shares is in percentage points."""
    if unit in {"difference of shares", "share difference", "points"}:
        return "points"
    return "points" if unit == "share" and "difference" in table else unit


def label(column: str, value: Any) -> str:
    """A text value as it is printed: places by name, our own codes in words.

    >>> label("measure", "within_90d"), label("region", "CN"), label("title", "a_b")
    ('usable within 90 days', 'China', 'a_b')
    """
    if column in PLACES:
        return place(value)
    if column in CODES:
        return LABELS.get(str(value), str(value).replace("_", " "))
    return str(value)


def threshold(value: float, unit: str) -> str:
    """A round value that others are compared with, without needless decimals.

    >>> threshold(0.0, "points"), threshold(0.5, "share")
    ('0 points', '50%')
    """
    scaled = value * 100 if unit in {"share", "points"} else value
    text = f"{scaled:g}".replace("-", MINUS) + ("%" if unit in {"share", "per cent"} else "")
    word = _WORDS.get(unit, ("", ""))[1]
    return f"{text} {word}" if word else text


def place(value: Any) -> str:
    """Name of a region or market."""
    return NAMES.get(str(value), str(value))
