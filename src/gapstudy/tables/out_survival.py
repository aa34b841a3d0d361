"""Contracts of the nonparametric results on time to a product."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, number, share, text
from gapstudy.tables.out_common import (
    EVENTS,
    KEY,
    LINKS,
    METHOD,
    NOTE,
    OF_REGION,
    OF_VERSUS,
    POPULATION,
    REGION,
    REGIONS,
    SPEC,
    VERSUS,
    estimate,
)

_OF_CASE = Origin("out_cohort", {key: key for key in ("scheme", "counting", "population")})

BANDS = Table(
    "out_bands",
    "Share of a region's results with a product by years since the result, with a band that holds "
    "at all its points at once.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION,
        number("years", "years after the result", low=0),
        share("estimate", "share of results with a product"),
        share("low", "lower end of the simultaneous band"),
        share("high", "upper end of the simultaneous band"),
        share("point_low", "lower end of the interval at this point alone"),
        share("point_high", "upper end of the interval at this point alone"),
        number("critical", "quantile of the largest standardised deviation of the curve", low=0),
        number("at_risk", "results still followed and without a product", low=0),
        count("n", "results of the region"),
        NOTE,
    ),
    (*KEY, "years"),
    (OF_REGION,),
)  # fmt: skip

EQUALITY_TESTS = Table(
    "out_equality_tests",
    "Test that regions have the same time to a product, or the same share of products made at home "
    "or abroad.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD,
        text("compared", "regions compared, with commas between"),
        text("outcome", "product that ends a spell: any, or one made at home or abroad while the "
                        "other competes", values=("any", "home", "abroad")),
        text("test", "log-rank and its weighted forms (gehan and peto weigh early products more, "
                     "fleming-harrington-0-1 late ones), gray (cumulative incidence of competing "
                     "destinations), supremum (largest standardised difference of two curves)",
             values=("log-rank", "gehan", "peto", "fleming-harrington-1-0",
                     "fleming-harrington-0-1", "gray", "supremum")),
        number("statistic", "F statistic of the pooled scores (D1 rule), or the largest "
                            "standardised difference; missing when it cannot be tested",
               null=True, low=0),
        count("df", "degrees of freedom of the numerator; missing for supremum", null=True),
        number("df_denominator", "those of the denominator; missing when link sets agree",
               null=True, low=0),
        share("p_value", "p-value of equality", null=True),
        count("n", "results of the smallest region compared"),
        number("events", "spells that end in such a product, mean over the link sets; one of two "
                         "regions counts in each", low=0),
        NOTE,
    ),
    ("scheme", "counting", "population", "links", "method", "compared", "outcome", "test"),
    (_OF_CASE,),
)  # fmt: skip

RMST_RATIO = Table(
    "out_rmst_ratio",
    "Ratio of two regions' restricted mean times to a product, or of the times lost to having one.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION,
        text("versus", "region that it is divided by", values=REGIONS),
        text("quantity", "restricted mean (years without a product), or lost time (limit less "
                         "that): below one means slower or fewer products in the first region",
             values=("restricted mean", "lost time")),
        number("horizon", "limit, years", low=0),
        *estimate("ratio", p_value=True),
        NOTE,
    ),
    (*KEY, VERSUS.name, "quantity", "horizon"),
    (OF_REGION, OF_VERSUS),
)  # fmt: skip

PSEUDO_REGRESSION = Table(
    "out_pseudo_regression",
    "One coefficient of a regression of the share of results with a product, or of restricted mean "
    "time, on region and covariates, by pseudo-observations.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD,
        text("model", "regions (alone), or adjusted (with the covariates of the results)",
             values=("regions", "adjusted")),
        text("outcome", "incidence by the horizon, or restricted mean up to it",
             values=("incidence", "restricted mean")),
        number("horizon", "years after the result", low=0),
        text("link", "identity (differences of shares, or of years), logit (log odds ratios), "
                     "cloglog (log ratios of the cumulative hazard)",
             values=("identity", "logit", "cloglog")),
        text("term", "region against the US, or covariate"),
        *estimate("coefficient on the scale of the link", p_value=True),
        EVENTS,
        NOTE,
    ),
    ("scheme", "counting", "population", "links", "method", "model", "outcome", "horizon", "link",
     "term"),
    (_OF_CASE,),
)  # fmt: skip

REVERSE_TIME = Table(
    "out_reverse_time",
    "Lags between results and the products that use them, looked at from the products: as seen, "
    "and corrected for lags that are too long to be seen yet.",
    "measure",
    (
        text("scheme", "region scheme, such as EU27/mainland"),
        POPULATION,
        text("links", "links used: those of the follow-up, of the link model, or both",
             values=LINKS),
        text("estimator", "naive (lags as seen), or reverse time (corrected for right truncation)",
             values=("naive", "reverse time")),
        text("region", "region of the product's maker; all: every product", values=REGIONS),
        text("measure", "share (of lags within the point), or quantile",
             values=("share", "quantile")),
        number("point", "years, or the probability of the quantile", low=0),
        *estimate("share, or years"),
        number("longest", "maximum lag, years: shares and quantiles are of lags within it", low=0),
        NOTE,
    ),
    ("scheme", "population", "links", "estimator", "region", "measure", "point"),
    (Origin("out_cohort", {"scheme": "scheme", "population": "population"}),),
)  # fmt: skip

TABLES = (BANDS, EQUALITY_TESTS, RMST_RATIO, PSEUDO_REGRESSION, REVERSE_TIME)
