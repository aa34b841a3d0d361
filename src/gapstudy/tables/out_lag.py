"""Contracts of the results on conversion, time to product and where products appear."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, number, share, text
from gapstudy.tables.out_common import (
    DESTINATIONS,
    EVENTS,
    KEY,
    METHOD,
    NOTE,
    OF_REGION,
    OF_VERSUS,
    POPULATION,
    REGION,
    SPEC,
    VERSUS,
    estimate,
)

COHORT = Table(
    "out_cohort",
    "One result and one region that it counts for, with the first product linked to it.",
    "measure",
    (
        *SPEC,
        POPULATION,
        text("frame", "how the result got into the study"),
        text("paper_id", "the result"),
        REGION,
        share("credit", "part of the result that counts for the region"),
        text("outcome", "outcome of its follow-up, or not_followed",
             values=("found", "none_found", "unclear", "not_followed")),
        text("product_id", "product that comes first in most of the drawn link sets that give one; "
                           "empty when none does"),
        text("destination", "region of that product's maker; empty when there is no product",
             values=("EU", "US", "CN", "other", "unknown", "")),
        share("probability", "share of the drawn link sets with a product by the cut-off"),
        number("lag_years", "mean time to the first product over those draws, years", null=True,
               low=0),
        number("follow_up_years", "middle of the result's date to the cut-off, years", low=0),
    ),
    ("scheme", "counting", "paper_id", "region"),
    (
        Origin("papers", {"paper_id": "paper_id"}),
        Origin("paper_affiliations", {"paper_id": "paper_id"}),
        Origin("followups", {"paper_id": "paper_id"}),
        Origin("links", {"paper_id": "paper_id"}),
        Origin("products", {"product_id": "product_id"}),
    ),
)  # fmt: skip

CONVERSION = Table(
    "out_conversion",
    "Share of a region's results with a product within some years (cumulative incidence).",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION,
        number("horizon", "years after the result", low=0),
        *estimate("share"),
        number("at_risk", "results still followed and without a product at the horizon", low=0),
        EVENTS,
        share("missing_information", "share of the variance that is due to uncertain links",
              null=True),
        NOTE,
    ),
    (*KEY, "horizon"),
    (OF_REGION,),
)  # fmt: skip

CONVERSION_DIFFERENCE = Table(
    "out_conversion_difference",
    "Difference of two regions in the share of results with a product within some years.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION, VERSUS,
        number("horizon", "years after the result", low=0),
        *estimate("difference of shares", p_value=True),
        NOTE,
    ),
    (*KEY, "versus", "horizon"),
    (OF_REGION, OF_VERSUS),
)  # fmt: skip

RMST = Table(
    "out_rmst",
    "Restricted mean time from a region's results to their first product.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION,
        number("horizon", "upper limit of the time, years", low=0),
        *estimate("years"),
        number("at_risk", "results still followed and without a product at the limit", low=0),
        EVENTS,
        NOTE,
    ),
    (*KEY, "horizon"),
    (OF_REGION,),
)  # fmt: skip

RMST_DIFFERENCE = Table(
    "out_rmst_difference",
    "Difference of two regions in restricted mean time to a product.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION, VERSUS,
        number("horizon", "upper limit of the time, years", low=0),
        *estimate("years", p_value=True),
        NOTE,
    ),
    (*KEY, "versus", "horizon"),
    (OF_REGION, OF_VERSUS),
)  # fmt: skip

INCIDENCE_CURVE = Table(
    "out_incidence_curve",
    "One point of a region's cumulative incidence curve.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION,
        number("years", "time since the result, years", low=0),
        *estimate("share"),
        number("at_risk", "results still followed and without a product", low=0),
    ),
    (*KEY, "years"),
    (OF_REGION,),
)  # fmt: skip

DESTINATION_INCIDENCE = Table(
    "out_destination_incidence",
    "Cumulative incidence of first products by where their maker sits (competing destinations).",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION,
        text("destination", "home, or the region abroad", values=DESTINATIONS),
        number("horizon", "years after the result", low=0),
        *estimate("share"),
        number("at_risk", "results still followed and without a product", low=0),
        NOTE,
    ),
    (*KEY, "destination", "horizon"),
    (OF_REGION,),
)  # fmt: skip

LATENCY = Table(
    "out_latency",
    "Check of the regions' time to product by rank test and by hazard models.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION, VERSUS,
        text("model", "log-rank (Peto one-step), cox, or discrete (complementary log-log)",
             values=("log-rank", "cox", "discrete")),
        *estimate("log hazard ratio", p_value=True),
        EVENTS,
        NOTE,
    ),
    (*KEY, "versus", "model"),
    (OF_REGION, OF_VERSUS),
)  # fmt: skip

FLOWS = Table(
    "out_flows",
    "Expected number of first products by region of the result and region of the product's maker.",
    "measure",
    (
        *SPEC, POPULATION,
        REGION,
        text("destination", "region of the product's maker",
             values=("EU", "US", "CN", "other", "unknown")),
        number("expected", "expected number of first products (credit times probability)", low=0),
        number("low", "lower end of the range over the drawn link sets", low=0),
        number("high", "upper end of the range over the drawn link sets", low=0),
        share("share", "part of the region's first products; missing when it has too few",
              null=True),
        count("n", "results of the region with a product in some drawn link set"),
        NOTE,
    ),
    ("scheme", "counting", "population", "region", "destination"),
    (OF_REGION,),
)  # fmt: skip

LEAKAGE = Table(
    "out_leakage",
    "Share of a region's results with a product whose first product came from elsewhere.",
    "measure",
    (
        *SPEC, POPULATION, REGION,
        *estimate("share"),
        number("productised", "expected number of results with a product", low=0),
        number("abroad", "expected number of those first productised abroad", low=0),
        NOTE,
    ),
    ("scheme", "counting", "population", "region"),
    (OF_REGION,),
)  # fmt: skip

LAG_CLASSES = Table(
    "out_lag_classes",
    "Links by their order in time: negative and zero lags are counted, never clipped.",
    "measure",
    (
        text("target_type", "product or patent", values=("product", "patent")),
        text("basis", "what the links rest on", values=("model", "followup", "both")),
        text(
            "lag_class",
            "order in time; unknown where the target has no date",
            values=("positive", "zero", "negative", "unknown"),
        ),
        count("n", "links"),
        number("expected", "sum of their probabilities", low=0),
        number("median_years", "median of the lag, years", null=True),
    ),
    ("target_type", "basis", "lag_class"),
    (Origin("links", {key: key for key in ("target_type", "basis", "lag_class")}),),
)

TABLES = (
    COHORT, CONVERSION, CONVERSION_DIFFERENCE, RMST, RMST_DIFFERENCE, INCIDENCE_CURVE,
    DESTINATION_INCIDENCE, LATENCY, FLOWS, LEAKAGE, LAG_CLASSES,
)  # fmt: skip
