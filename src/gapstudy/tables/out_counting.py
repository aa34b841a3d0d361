"""Contracts of the results on counts: panels, the funnel, the leakage matrix, home bias."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, number, share, text
from gapstudy.tables.out_common import NOTE, OF_REGION, POPULATION, REGION, SPEC, estimate

STAGES = ("artifact", "patent", "product")
GIVEN = ("paper", "artifact", "no_artifact", "patent", "no_patent")
PLACES = ("EU", "US", "CN", "other", "unknown")
_SCHEME = text("scheme", "region scheme, such as EU27/mainland")

PANEL = Table(
    "out_panel",
    "One term of a panel of counts by region and year of the result.",
    "measure",
    (
        text("outcome", "what is counted: first products of results, patents by year of priority, "
                        "products by year of launch"),
        text("per", "exposure of the counts"),
        text("model", "nb2 (negative binomial) or poisson (fixed effects, robust covariance)",
             values=("nb2", "poisson")),
        text("term", "a pair of regions (ratio of their rates), or log results (elasticity, region "
                     "and year held fixed)"),
        *estimate("ratio of rates, or elasticity", p_value=True),
        number("events", "expected count of the region, or of all", low=0),
        number("dispersion", "kappa of the variance mu + kappa mu^2", null=True, low=0),
        number("pearson", "Pearson's chi-squared over degrees of freedom under Poisson", null=True),
        share("overdispersion_p", "p-value of Poisson against NB2, at the edge", null=True),
        number("zeros", "cells without a count", null=True),
        number("zeros_expected", "as many as the model expects", null=True),
        share("zeros_p", "p-value of their difference", null=True),
        NOTE,
    ),
    ("outcome", "model", "term"),
    (Origin("papers", {}), Origin("patents", {}), Origin("products", {})),
)  # fmt: skip

FUNNEL = Table(
    "out_funnel",
    "One figure of one stage between paper and product. Stages have no fixed order.",
    "measure",
    (
        *SPEC,
        text("stage", "artifact (code or model of the authors), patent (of the same work), product",
             values=STAGES),
        text("given", "among which results: all papers, or those with or without another stage",
             values=GIVEN),
        REGION,
        text("measure", "by_<years>y (share within so many years of the paper), ever (share by the "
                        "cut-off), mean_<years>y (mean time, restricted)"),
        *estimate("share or years"),
        number("events", "expected results that reach it", null=True, low=0),
        text("unit", "unit of the estimate", values=("share", "years")),
        NOTE,
    ),
    ("scheme", "counting", "stage", "given", "region", "measure"),
    (
        Origin("out_cohort", {key: key for key in ("scheme", "counting", "region")}),
        Origin("paper_artifacts", {}), Origin("patent_paper_pairs", {}), Origin("links", {}),
    ),
)  # fmt: skip

FUNNEL_ORDER = Table(
    "out_funnel_order",
    "How often one of two stages comes strictly first, among results with both.",
    "measure",
    (
        *SPEC,
        text("first", "one stage", values=("paper", *STAGES)),
        text("second", "the other", values=STAGES),
        REGION,
        *estimate("share in which the first comes first"),
        number("both", "expected results with both", low=0),
        NOTE,
    ),
    ("scheme", "counting", "first", "second", "region"),
    (Origin("out_cohort", {key: key for key in ("scheme", "counting", "region")}),),
)

LEAKAGE_MATRIX = Table(
    "out_leakage_matrix",
    "Share of one region's results with a product whose first product was made in one region.",
    "measure",
    (
        *SPEC,
        POPULATION,
        REGION,
        text("destination", "region of the first product's maker", values=PLACES),
        *estimate("share of the region's results with a product"),
        number("expected", "expected first products made there", low=0),
        NOTE,
    ),
    ("scheme", "counting", "population", "region", "destination"),
    (OF_REGION,),
)

HOME_BIAS = Table(
    "out_home_bias",
    "How much more often results of a region first become products at home.",
    "measure",
    (
        _SCHEME,
        POPULATION,
        text("region", "region of the results; all: one effect for every region",
             values=("EU", "US", "CN", "all")),
        text("measure", "odds_ratio (made there: its results against others), location_quotient "
                        "(share made there over that of all results), home_effect "
                        "(quasi-independence: factor for being at home)",
             values=("odds_ratio", "location_quotient", "home_effect")),
        *estimate("ratio; one is no home bias", p_value=True),
        number("products", "expected first products behind it", low=0),
        NOTE,
    ),
    ("scheme", "population", "region", "measure"),
    (Origin("out_cohort", {key: key for key in ("scheme", "population", "region")}),),
)  # fmt: skip

TABLES = (PANEL, FUNNEL, FUNNEL_ORDER, LEAKAGE_MATRIX, HOME_BIAS)
