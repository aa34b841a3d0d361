"""Contracts of the results on availability."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, flag, number, share, text
from gapstudy.tables.out_common import NOTE, estimate

_MARKETS = ("EU", "US", "CN", "GB", "other")
_MARKET = text("market", "where it can be used", values=_MARKETS)
_BASIS = text("basis", "market_access (users may use it) or provider_offer (a provider from there "
                       "sells it)", values=("market_access", "provider_offer"))  # fmt: skip
_ROWS = text("rows", "all rows, or only those that a page confirms", values=("all", "confirmed"))
_AVAILABLE = (
    _BASIS,
    text("reference", "what the lag counts from: first availability anywhere, or in the US",
         values=("anywhere", "US")),
    _ROWS,
)  # fmt: skip
_UNIT = text("unit", "share or days", values=("share", "days"))
_WITHIN = ("same_day", "within_90d", "within_180d", "within_365d", "mean_365d")
_MEASURE = text("measure", "share usable the same day, within 90, 180 or 365 days after the first "
                           "availability anywhere; mean delay of the first 365 days",
                values=_WITHIN)  # fmt: skip

LAGS = Table(
    "out_availability_lags",
    "Time from a product's first availability to its availability in one market.",
    "measure",
    (
        *_AVAILABLE[:2],
        text("product_id", "the product"),
        _MARKET,
        text("rows", "confirmed when a page speaks of this market and date itself, else inferred",
             values=("confirmed", "inferred")),
        flag("available", "whether it has become available by the cut-off (else the lag is a lower "
                          "bound)"),
        number("lag_days", "middle of the interval of its date minus that of the reference, days"),
        text("home", "region of the product's maker under the scheme of the headline",
             values=("EU", "US", "CN", "other", "unknown")),
    ),
    ("basis", "reference", "product_id", "market"),
    (Origin("product_availability",
            {"basis": "basis", "product_id": "product_id", "market": "market"}),),
)  # fmt: skip

_OF_LAGS = Origin("out_availability_lags", {key: key for key in ("basis", "reference", "market")})
_OF_MARKET = Origin("out_availability_lags", {"basis": "basis", "market": "market"})
_MEASURES = ("same_day", "within_90d", "within_365d", "delayed", "median", "mean_730d")

POINTS = Table(
    "out_availability",
    "How soon products can be used in a market after their first availability.",
    "measure",
    (
        *_AVAILABLE, _MARKET,
        text("measure", "share usable the same day, within 90 or 365 days; share delayed or not "
                        "available yet; median days (if it exists); mean delay of the first 730 "
                        "days", values=_MEASURES),
        *estimate("share or days"),
        _UNIT,
        count("unavailable", "products not available at their check or the cut-off (censored)"),
        number("at_risk", "products still followed and not available at that time", null=True,
               low=0),
        NOTE,
    ),
    ("basis", "reference", "rows", "market", "measure"),
    (_OF_LAGS,),
)  # fmt: skip

DIFFERENCE = Table(
    "out_availability_difference",
    "Difference of two markets in how soon products can be used, over products seen in both.",
    "measure",
    (
        *_AVAILABLE, _MARKET,
        text("versus", "market that is subtracted", values=_MARKETS),
        text("measure", "as in out_availability", values=_MEASURES),
        *estimate("share or days", p_value=True),
        _UNIT,
        NOTE,
    ),
    ("basis", "reference", "rows", "market", "versus", "measure"),
    (_OF_LAGS, Origin("out_availability_lags",
                      {"basis": "basis", "reference": "reference", "versus": "market"})),
)  # fmt: skip

CURVE = Table(
    "out_availability_curve",
    "One point of a market's curve of products usable so many days after first availability.",
    "measure",
    (
        *_AVAILABLE, _MARKET,
        number("days", "days after the reference"),
        *estimate("share"),
        number("at_risk", "products still followed and not available", low=0),
    ),
    ("basis", "reference", "rows", "market", "days"),
    (_OF_LAGS,),
)  # fmt: skip

RMST = Table(
    "out_availability_rmst",
    "Mean delay of products in a market up to a limit, and the difference of two markets in it.",
    "measure",
    (
        _BASIS, _ROWS, _MARKET,
        text("versus", "market that is subtracted, over products seen in both; empty for the mean "
                       "itself", values=("", *_MARKETS)),
        count("limit", "days up to which the delay counts"),
        *estimate("days", p_value=True),
        number("at_risk", "products still followed and not available at the limit", null=True,
               low=0),
        NOTE,
    ),
    ("basis", "rows", "market", "versus", "limit"),
    (_OF_MARKET,),
)  # fmt: skip

GROUPS = Table(
    "out_availability_groups",
    "How soon one group of products can be used in a market: by kind, or by home of the maker.",
    "measure",
    (
        _BASIS, _ROWS,
        text("group", "all products, by kind, by home region of the maker, or those of the makers "
                      "that published figures are about",
             values=("all", "kind", "home", "makers")),
        text("value", "the kind, region or makers; all"),
        _MARKET, _MEASURE,
        *estimate("share or days"),
        _UNIT,
        count("makers", "makers of these products, the clusters of the interval"),
        count("unavailable", "products not available at their check or the cut-off (censored)"),
        NOTE,
    ),
    ("basis", "rows", "group", "value", "market", "measure"),
    (_OF_MARKET,),
)  # fmt: skip

COHORTS = Table(
    "out_availability_cohorts",
    "How soon products launched before, and after, a date of law can be used in a market: two "
    "groups of products set side by side.",
    "measure",
    (
        _BASIS, _ROWS,
        text("event_id", "the event, as in policy_events"),
        text("date", "its date; ISO text to its precision"),
        _MARKET,
        text("cohort", "launched before, after, or the difference (after minus before)",
             values=("before", "after", "difference")),
        _MEASURE,
        *estimate("share or days", p_value=True),
        text("unit", "share, points (differences of shares) or days",
             values=("share", "points", "days")),
        count("makers", "makers of these products, the clusters of the interval"),
        count("unavailable", "products not available at their check or the cut-off (censored)"),
        NOTE,
    ),
    ("basis", "rows", "event_id", "market", "cohort", "measure"),
    (_OF_MARKET, Origin("policy_events", {"event_id": "event_id"})),
)  # fmt: skip

STATUS = Table(
    "out_availability_status",
    "How many products have one status in a market at the cut-off.",
    "measure",
    (
        _BASIS, _ROWS, _MARKET,
        text("status", "available the same day or later, available only after the cut-off "
                       "(censored there), not available at the last check (censored there), not "
                       "known (no row, which says nothing)",
             values=("available_same_day", "available_later", "available_after_cutoff",
                     "not_available", "not_known")),
        count("n", "products with it"),
        count("products", "products of the set"),
    ),
    ("basis", "rows", "market", "status"),
    # Rows that are not known have no product_availability behind them.
    (Origin("product_availability", {"basis": "basis"}),),
)  # fmt: skip

SELECTION = Table(
    "out_availability_selection",
    "Share of products late in a market, under one assumption on the products that are not seen or "
    "not followed.",
    "measure",
    (
        _BASIS, _ROWS, _MARKET,
        text("measure", "not usable the same day, within 90 or within 365 days",
             values=("delayed", "beyond_90d", "beyond_365d")),
        text("method", "observed; weighted (home and launch period as in the whole corpus); "
                       "censored_at_once and censored_never (bounds for products not followed long "
                       "enough); others_same_day and others_late (bounds for products of the "
                       "corpus outside the set)",
             values=("observed", "weighted", "censored_at_once", "censored_never",
                     "others_same_day", "others_late")),
        *estimate("share"),
        number("effective_n", "Kish's effective number of products", low=0),
        share("represented", "share of the corpus whose cell has a product in the set"),
        count("corpus", "products of the corpus launched by the cut-off"),
        NOTE,
    ),
    ("basis", "rows", "market", "measure", "method"),
    (_OF_MARKET, Origin("products")),
)  # fmt: skip

TABLES = (LAGS, POINTS, DIFFERENCE, CURVE, RMST, GROUPS, COHORTS, STATUS, SELECTION)
