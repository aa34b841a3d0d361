"""Contracts of what the measure stage writes: the results, and the named numbers of the pages."""

from __future__ import annotations

from gapstudy.tables import (
    out_availability,
    out_counting,
    out_coverage,
    out_hazards,
    out_lag,
    out_language,
    out_parametric,
    out_policy,
    out_robustness,
    out_spells,
    out_state,
    out_survey,
    out_survival,
)
from gapstudy.tables.contract import Origin, Table, count, flag, number, share, text
from gapstudy.tables.out_common import NOTE, REGION, SPEC, VERSUS

NUMBERS = Table(
    "out_numbers",
    "One number that a page may print, by its name, with the cell it is read from.",
    "measure",
    (
        text(
            "name",
            "name of the number, such as conversion-5y-EU",
            form=r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*",
        ),
        text("meaning", "what it says, one sentence"),
        number("value", "the value; missing when it cannot be estimated", null=True),
        number("low", "lower end of its interval", null=True),
        number("high", "upper end of its interval", null=True),
        number("p_value", "two-sided p-value against the value that its claim names", null=True),
        count("n", "observations that it rests on"),
        text("unit", "unit: share, years, days, count, ratio, per cent"),
        text("table", "table that holds it"),
        text("where", "columns and values that pick its row, JSON"),
        text("column", "column that holds it"),
    ),
    ("name",),
)

COVERAGE = Table(
    "out_coverage",
    "How many of a region's products would have to be missed to overturn a difference.",
    "measure",
    (
        *SPEC, REGION, VERSUS,
        number("horizon", "years after the result", low=0),
        number("region_estimate", "share of the region's results with a product", null=True),
        number("versus_estimate", "that of the other region", null=True),
        number("factor_equal", "what the region's conversions must be multiplied by to be equal",
               null=True),
        share("missed_equal", "share of the region's products that would have to be missed for "
                              "that; missing when the region is not behind", null=True),
        number("factor_decides", "smallest factor at which the interval of the difference changes "
                                 "between leaving out zero and not", null=True),
        number("extra_products", "further results with a product that this would take", null=True),
        number("factor_recall", "factor on the region's conversions, relative to the other's, that "
                                "the recall of the links asks for", null=True),
        number("factor_recall_low", "lower end of its interval over the drawn recalls", null=True),
        number("factor_recall_high", "upper end", null=True),
        count("n", "results of the smaller side"),
        NOTE,
    ),
    ("scheme", "counting", "region", "versus", "horizon"),
    (Origin("out_conversion", {"scheme": "scheme", "counting": "counting", "region": "region",
                               "horizon": "horizon"}),
     Origin("out_conversion", {"scheme": "scheme", "counting": "counting", "versus": "region",
                               "horizon": "horizon"})),
)  # fmt: skip

VERDICTS = ("supported", "not supported", "mixed", "not enough data")

SCORECARD = Table(
    "out_scorecard",
    "One claim under test with its verdict.",
    "measure",
    (
        text("claim", "its id, such as C4"),
        text("title", "the claim in short"),
        text("measure", "what is estimated"),
        text("verdict", "by the rule written in study.toml", values=VERDICTS),
        count("tests", "comparisons that it rests on"),
        count("holding", "those that lie on its side after adjustment"),
        count("n", "fewest observations behind one of them"),
        text("reason", "why the verdict is so, one sentence"),
        text("overturn", "what would change it"),
    ),
    ("claim",),
    (Origin("out_scorecard_tests", {"claim": "claim"}),),
)

SCORECARD_TESTS = Table(
    "out_scorecard_tests",
    "One comparison that a claim rests on, with its p-value adjusted over the whole scorecard.",
    "measure",
    (
        text("claim", "id of the claim"),
        text("number", "name of the number that decides"),
        text("side", "side on which the claim puts it", values=("above", "below")),
        number("than", "the value it is compared with"),
        number("value", "the number", null=True),
        number("low", "lower end of its interval", null=True),
        number("high", "upper end of its interval", null=True),
        share("p_value", "two-sided p-value", null=True),
        share("p_holm", "p-value adjusted by Holm over all tests", null=True),
        count("n", "observations it rests on"),
        text("unit", "unit of the number"),
        flag("enough", "whether it has a value and at least the claim's fewest observations"),
        flag("holds", "whether it lies on the claim's side after adjustment", null=True),
    ),
    ("claim", "number"),
    (Origin("out_numbers", {"number": "name"}),),
)

COUNTS = Table(
    "out_counts",
    "How much data the study rests on. A selector that is missing takes every row of its table; an "
    "empty one takes none.",
    "measure",
    (
        text("name", "name of the count"),
        text("meaning", "what is counted"),
        count("n", "the count"),
        text("paper_frame", "frame of the papers counted", null=True),
        text("followup_outcome", "outcome of the follow-ups counted", null=True),
        text("product_entry", "entry of the products counted", null=True),
        text("link_basis", "basis of the links counted", null=True),
        text("availability_basis", "basis of the availability rows counted", null=True),
        text("source_state", "state of the sources counted", null=True),
        text("indicator", "series of the indicators counted", null=True),
    ),
    ("name",),
    (
        Origin("papers", {"paper_frame": "frame"}),
        Origin("followups", {"followup_outcome": "outcome"}),
        Origin("products", {"product_entry": "entry"}),
        Origin("links", {"link_basis": "basis"}),
        Origin("product_availability", {"availability_basis": "basis"}),
        Origin("sources", {"source_state": "state"}),
        Origin("indicators", {"indicator": "indicator"}),
    ),
)

SIMULATION = Table(
    "out_simulation",
    "How one estimator does in worlds whose truth is known.",
    "simulate",
    (
        text("estimator", "the estimator, such as conversion-5y-difference"),
        text("scenario", "the world: what is set in it"),
        text("method", "imputed (Rubin's rules) or threshold (link error ignored)",
             values=("imputed", "threshold", "known")),
        number("truth", "true value"),
        number("mean", "mean of the estimates"),
        number("bias", "mean minus truth"),
        number("mc_error", "Monte Carlo standard error of the mean", low=0),
        share("coverage", "share of worlds whose 95% interval holds the truth"),
        share("coverage_low", "lower end of the Monte Carlo interval of the coverage"),
        share("coverage_high", "upper end of it"),
        share("rejection", "share of worlds whose test rejects no difference at 5%; missing for "
                           "estimates that are not differences", null=True),
        flag("null_true", "whether no difference is true, so that rejection is the test's size",
             null=True),
        count("worlds", "worlds"),
        count("n", "results in each world"),
    ),
    ("estimator", "scenario", "method"),
)  # fmt: skip

TABLES = (
    NUMBERS, *out_lag.TABLES, *out_state.TABLES, *out_availability.TABLES,
    *out_policy.TABLES, *out_spells.TABLES, *out_survival.TABLES, *out_hazards.TABLES,
    *out_parametric.TABLES, *out_counting.TABLES, *out_coverage.TABLES, *out_language.TABLES,
    *out_survey.TABLES,
    *out_robustness.TABLES, COVERAGE, SCORECARD,
    SCORECARD_TESTS, COUNTS, SIMULATION,
)  # fmt: skip
