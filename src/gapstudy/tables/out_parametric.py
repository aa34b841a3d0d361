"""Contracts of the results of the parametric models, and of what simulation says of their tests."""

from __future__ import annotations

from gapstudy.tables.contract import Table, count, flag, number, share, text
from gapstudy.tables.out_common import (
    EVENTS,
    KEY,
    METHOD,
    NOTE,
    OF_REGION,
    POPULATION,
    REGION,
    REGIONS,
    SPEC,
    estimate,
)

_DISTRIBUTION = text("distribution", "distribution of the time to a product",
                     values=("weibull", "log-normal", "log-logistic"))  # fmt: skip
_VERSUS = text("versus", "region that it is compared with; empty without a comparison",
               values=(*REGIONS, ""))  # fmt: skip
_AIC = number("aic", "Akaike's information criterion of the model, mean over the link sets; it "
                     "compares the distributions of one region only", null=True)  # fmt: skip
_BEST = flag("best", "whether the distribution has the smallest criterion of the three")

AFT = Table(
    "out_aft",
    "Time from a region's results to their first product by accelerated failure time models, in "
    "which every result has a product some day.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION, _VERSUS, _DISTRIBUTION,
        text("term", "median, quantile_05 and so on (years by which so many results have a "
                     "product), time_ratio (of every quantile), location and scale (of log time)",
             values=("median", "quantile_05", "quantile_10", "quantile_25", "time_ratio",
                     "location", "scale")),
        *estimate("years, ratio, or log years", p_value=True),
        EVENTS, _AIC, _BEST, NOTE,
    ),
    (*KEY, "versus", "distribution", "term"),
    (OF_REGION,),
)  # fmt: skip

CURE = Table(
    "out_cure",
    "Whether results ever have a product, and when those do that ever have one, by mixture cure "
    "models; shown only where the tests of sufficient follow-up pass.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION, _VERSUS, _DISTRIBUTION,
        text("part", "incidence (whether), latency (when), test (of no cured part)",
             values=("incidence", "latency", "test")),
        text("term", "eventual_share, share_difference, median (years, among those that ever have "
                     "a product), time_ratio (among those), no_cure (twice the gain in "
                     "log-likelihood by a cured part)",
             values=("eventual_share", "share_difference", "median", "time_ratio", "no_cure")),
        *estimate("share, years, ratio or deviance", p_value=True),
        EVENTS, _AIC, _BEST,
        flag("shown", "whether the model may be shown"),
        NOTE,
    ),
    (*KEY, "versus", "distribution", "part", "term"),
    (OF_REGION,),
)  # fmt: skip

FOLLOWUP_TEST = Table(
    "out_followup_test",
    "Whether a region's results were followed long enough to speak of never.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION,
        text("test", "maller-zhou (alpha_n) or shen", values=("maller-zhou", "shen")),
        share("p_value", "value of the test, twice its mean over the link sets; small: sufficient",
              null=True),
        flag("sufficient", "whether the test passes", null=True),
        share("q_n", "share of the results that are products just before the flat end", null=True),
        number("last_event", "longest time to a product, years", null=True, low=0),
        number("longest", "longest follow-up, years", null=True, low=0),
        count("n", "results"),
        EVENTS, NOTE,
    ),
    (*KEY, "test"),
    (OF_REGION,),
)  # fmt: skip

CURVE = Table(
    "out_parametric_curve",
    "One point of a region's fitted cumulative incidence curve, by the distribution with the "
    "smallest criterion.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION,
        text("model", "aft or cure", values=("aft", "cure")),
        _DISTRIBUTION,
        number("years", "time since the result, years", low=0),
        share("estimate", "share with a product"),
        count("n", "results"),
    ),
    (*KEY, "model", "distribution", "years"),
    (OF_REGION,),
)  # fmt: skip

SIMULATION_TESTS = Table(
    "out_simulation_tests",
    "How often a test rejects in worlds whose truth is known.",
    "simulate",
    (
        text("test", "the test"),
        text("scenario", "the world: what is set in it"),
        flag("null_true", "whether its null hypothesis holds, so that rejection is its size"),
        share("beyond", "share of the converters whose time lies beyond the longest follow-up"),
        share("rejection", "share of the worlds in which the test rejects at 5%"),
        share("rejection_low", "lower end of the Monte Carlo interval"),
        share("rejection_high", "upper end of it"),
        count("worlds", "worlds"),
        count("n", "results in each world"),
    ),
    ("test", "scenario"),
)  # fmt: skip

TABLES = (AFT, CURE, FOLLOWUP_TEST, CURVE)
