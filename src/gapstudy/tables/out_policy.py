"""Contracts of the results on the dates of AI law."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, flag, number, share, text
from gapstudy.tables.out_common import NOTE, estimate

_DESIGN = (
    text("rows", "all availability rows, or only those that a page confirms",
         values=("all", "confirmed")),
    text("event_id", "the event, as in policy_events"),
    text("outcome", "delayed (not usable on the day of the first availability anywhere), "
                    "beyond_90d (nor within 90 days), delay_365d (delay up to 365 days)",
         values=("delayed", "beyond_90d", "delay_365d")),
)  # fmt: skip
_MARKET = ("EU", "US", "CN", "GB")
_UNIT = text("unit", "points (differences of shares) or days", values=("points", "days"))
_DATE = text("date", "date of the event; ISO text to its precision")
_ORIGINS = (
    Origin("policy_events", {"event_id": "event_id"}),
    Origin("product_availability"), Origin("products"),
)  # fmt: skip
_METHODS = (
    "cluster_maker", "wild_maker", "randomisation_dates", "randomisation_markets",
    "randomisation_both", "conley_taber", "cluster_market", "wild_market", "wild_subcluster",
)  # fmt: skip

DID = Table(
    "out_did",
    "Change of one market's availability at a date of law, against other markets and within "
    "products (difference in differences), by one method of inference.",
    "measure",
    (
        *_DESIGN,
        text("method", "cluster_maker and wild_maker (sampling of makers), randomisation over "
                       "placebo dates, markets or both, conley_taber, and three that fail with one "
                       "treated market and are shown for it: cluster_market, wild_market, "
                       "wild_subcluster", values=_METHODS),
        _DATE,
        text("event", "what happened"),
        text("instrument", "law or programme"),
        text("treated", "market that the law applies to", values=_MARKET),
        text("controls", "markets that it does not apply to, joined by commas"),
        *estimate("change at the date, share or days", p_value=True),
        share("p_studentised", "p-value by ranks of t statistics; randomisation only", null=True),
        _UNIT,
        count("units", "clusters, assignments ranked (the true one counted) or controls"),
        share("smallest_p", "smallest p-value that the method can give", null=True),
        count("n_before", "products before the date, in the treated market and another"),
        count("n_after", "products from the date on"),
        count("n_products", "products in two or more markets of the design"),
        count("n_markets", "markets of the design with a product"),
        number("followup_months", "months from the date to the cut-off", low=0),
        count("other_dates", "other studied dates for the market within the window"),
        text("label", "what the estimate may be called",
             values=("confirmatory", "exploratory", "not estimable", "after the cut-off")),
        text("claim", "no claim of cause, unless all checks of the design pass",
             values=("no claim of cause", "design checks passed")),
        text("failed", "checks of the design that did not pass; else empty"),
        NOTE,
    ),
    ("rows", "event_id", "outcome", "method"),
    _ORIGINS,
)  # fmt: skip

_SAME = Origin("out_did", {key: key for key in ("rows", "event_id", "outcome")})

EVENT_STUDY = Table(
    "out_event_study",
    "Difference of the treated market in one step of launch months around a date of law, against "
    "the step before the date.",
    "measure",
    (
        *_DESIGN,
        number("start_month", "months from the date to the first launch of the step"),
        number("end_month", "months to the end of the step"),
        text("role", "before, reference or after", values=("before", "reference", "after")),
        *estimate("share or days", p_value=True),
        _UNIT,
        count("n_markets", "markets of the design with a product"),
        text("claim", "a step by itself is no claim of cause", values=("no claim of cause",)),
        NOTE,
    ),
    ("rows", "event_id", "outcome", "start_month"),
    (_SAME,),
)  # fmt: skip

PRETRENDS = Table(
    "out_pretrends",
    "Check of the time before a date of law: whether the treated market had moved like the others.",
    "measure",
    (
        *_DESIGN,
        _DATE,
        text("check", "joint (earlier steps of the event study together), slope (change of the "
                      "difference in a year), placebo_date (a date a year too early)",
             values=("joint", "slope", "placebo_date")),
        *estimate("share or days (slope: per year); none for joint", p_value=True),
        _UNIT,
        count("steps", "coefficients tested"),
        flag("passes", "whether the p-value is above 10%", null=True),
        NOTE,
    ),
    ("rows", "event_id", "outcome", "check"),
    (_SAME,),
)  # fmt: skip

PLACEBO = Table(
    "out_placebo",
    "Estimate of one placebo date and market (or the true one) of randomisation inference.",
    "measure",
    (
        *_DESIGN,
        text("market", "market taken as treated", values=_MARKET),
        text("date", "day taken as the date"),
        flag("actual", "whether it is the true one"),
        number("estimate", "its estimate"),
        number("t", "its t statistic, clustered by maker"),
        _UNIT,
        count("n_before", "products before that day"),
        count("n_after", "products from that day on"),
    ),
    ("rows", "event_id", "outcome", "market", "date"),
    (_SAME,),
)  # fmt: skip

POWER = Table(
    "out_power",
    "Smallest effect that a test of the design would find in 80% of worlds made of its own data.",
    "measure",
    (
        *_DESIGN,
        _DATE,
        text("test", "the test", values=("cluster_maker", "randomisation_dates",
                                         "randomisation_both")),
        text("worlds", "permuted (launch days dealt out at random) or shifted (neighbours in time "
                       "stay together)", values=("permuted", "shifted")),
        number("smallest_effect", "smallest effect found in 80% of worlds at 5%; missing when none "
                                  "that is possible", null=True),
        _UNIT,
        share("size", "share of worlds without an effect in which the test rejects", null=True),
        number("quarter", "a quarter of the largest possible effect"),
        share("power_quarter", "share of worlds in which such an effect is found", null=True),
        count("count", "worlds"),
        count("n", "products of the smaller side of the date"),
        count("n_products", "products in two or more markets"),
        count("n_markets", "markets of the design with a product"),
        NOTE,
    ),
    ("rows", "event_id", "outcome", "test", "worlds"),
    (_SAME,),
)  # fmt: skip

SIMULATION = Table(
    "out_policy_simulation",
    "How one method of inference does with one treated market, in worlds whose truth is known.",
    "simulate",
    (
        text("scenario", "the world: what is set in it"),
        text("method", "as in out_did", values=_METHODS),
        number("truth", "true effect; the shocks of the outcome have about unit variance"),
        number("bias", "mean of the estimates minus truth"),
        number("mc_error", "Monte Carlo standard error of the mean", low=0),
        share("rejection", "share of worlds whose test rejects no effect at 5%: the size when the "
                           "truth is zero, else the power", null=True),
        share("rejection_low", "lower end of its Monte Carlo interval", null=True),
        share("rejection_high", "upper end of it", null=True),
        flag("null_true", "whether the truth is no effect"),
        share("coverage", "share of worlds whose 95% interval holds the truth; missing where the "
                          "method has none", null=True),
        number("smallest_p", "smallest p-value that the method can give, mean over the worlds"),
        count("worlds", "worlds"),
        count("markets", "markets in each world"),
        count("n", "products in each world"),
    ),
    ("scenario", "method"),
)  # fmt: skip

MEASURED = (DID, EVENT_STUDY, PRETRENDS, PLACEBO, POWER)
TABLES = (*MEASURED, SIMULATION)
