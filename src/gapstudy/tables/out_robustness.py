"""Contracts of the results on robustness: choices, influence, negative controls."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, flag, number, share, text
from gapstudy.tables.out_common import COUNTINGS, NOTE, REGION, REGIONS, SPEC, VERSUS, estimate

_ESTIMAND = text(
    "estimand",
    "what is estimated: conversion (within 5 years), rmst (restricted mean time), conversion_all "
    "(of all results, within 10 years), research_share, leakage, productisation (share in products "
    "over share in results), availability (share usable in time), industry_share, data_scale "
    "(log10 of training-set size, academia over industry), law_DATE (change at a date of law), "
    "language_THEME (papers minus products)",
    form=r"conversion|rmst|conversion_all|research_share|leakage|productisation|availability|"
         r"industry_share|data_scale|law_\d{4}(-\d{2}){0,2}|language_[a-z_]+",
)  # fmt: skip
_OF = text("region", "region, or market; all: no region", values=REGIONS)
_MINUS = text("versus", "region or market that is subtracted; none: a value by itself",
              values=(*REGIONS, "none"))  # fmt: skip
_THAN = number("than", "value that the estimate is set against: 0 for differences")
_SAME = {key: key for key in ("estimand", "region", "versus")}

SPECIFICATIONS = Table(
    "out_specifications",
    "One headline estimate under one combination of choices. A choice that it does not have is "
    "none.",
    "measure",
    (
        text("europe", "what the EU contains; of a market, which markets it is"),
        text("china", "what China contains"),
        text("counting", "how a result of several regions counts", values=(*COUNTINGS, "none")),
        text("years", "results or launches: all, or those to, from or before a date"),
        text("links", "evidence: links of the followup, the model or both; rows of availability, "
                      "all or confirmed"),
        text("link_sets", "imputed, or the threshold at which a link counts, such as 0.5"),
        text("sample", "which results, products or models: a population, a frame, how products "
                       "entered, the basis of availability, a group of models"),
        text("part", "part of the sample: a kind of product, the makers compared, or all"),
        text("rule", "how what is unknown, lost, uncertain or to be combined is treated"),
        text("horizon", "days within which a product must be usable"),
        _ESTIMAND, _OF, _MINUS, _THAN,
        *estimate("difference of shares, years, ratio or log10 of a ratio", p_value=True),
        flag("significant", "whether the interval leaves out the value it is set against",
             null=True),
        flag("headline", "whether these are the choices of the headline"),
        count("rank", "order by the estimate within estimand and pair of regions, 1 is lowest; "
                      "missing without an estimate", null=True),
        NOTE,
    ),
    ("estimand", "region", "versus", "europe", "china", "counting", "years", "links", "link_sets",
     "sample", "part", "rule", "horizon"),
    (
        Origin("out_cohort", {"sample": "population", "region": "region"}),
        Origin("out_cohort", {"sample": "frame", "region": "region"}),
        Origin("products", {"sample": "entry"}),
        Origin("product_availability", {"sample": "basis"}),
        Origin("out_data_scale", {"sample": "group"}),
    ),
)  # fmt: skip

SPECIFICATION_SUMMARY = Table(
    "out_specification_summary",
    "How far the specifications agree on one headline.",
    "measure",
    (
        _ESTIMAND, _OF, _MINUS, _THAN,
        count("specifications", "specifications in the grid"),
        count("estimated", "those with enough results in both regions"),
        share("negative", "share of the estimated ones below the value", null=True),
        share("positive", "share of the estimated ones above the value", null=True),
        share("same_sign", "share on the headline's side of the value", null=True),
        share("same_significance", "share with the conclusion of the headline: for sure on its "
                                   "side of the value, or for sure on neither", null=True),
        share("significant_negative", "share below the value with the interval", null=True),
        share("significant_positive", "share above the value with the interval", null=True),
        number("lowest", "lowest estimate", null=True),
        number("median", "median estimate", null=True),
        number("highest", "highest estimate", null=True),
        text("moves_most", "choice whose values' mean estimates differ most"),
        number("moves_by", "that difference", null=True),
    ),
    ("estimand", "region", "versus"),
    (Origin("out_specifications", _SAME),),
)  # fmt: skip

SPECIFICATION_CHOICES = Table(
    "out_specification_choices",
    "Mean estimate over all specifications with one value of one choice.",
    "measure",
    (
        _ESTIMAND, _OF, _MINUS,
        text("choice", "the choice"),
        text("value", "its value"),
        number("mean", "mean estimate over the specifications with it", null=True),
        count("n", "those specifications that have an estimate"),
    ),
    ("estimand", "region", "versus", "choice", "value"),
    (Origin("out_specifications", _SAME),),
)  # fmt: skip

SPECIFICATION_VARIANCE = Table(
    "out_specification_variance",
    "Share of the variance of the estimates over all specifications that one choice explains.",
    "measure",
    (
        _ESTIMAND, _OF, _MINUS,
        text("choice", "a choice that is varied, or together: only in combination"),
        share("share", "share explained; missing where estimates do not vary", null=True),
        count("n", "specifications that have an estimate"),
    ),
    ("estimand", "region", "versus", "choice"),
    (Origin("out_specifications", _SAME),),
)  # fmt: skip

INFLUENCE = Table(
    "out_influence",
    "A headline difference without one organisation, venue, product or maker: the most influential "
    "ones, and all that change the conclusion.",
    "measure",
    (
        *SPEC,
        text("estimand", "conversion (5 years) or rmst", values=("conversion", "rmst")),
        REGION,
        VERSUS,
        text("left_out", "kind of what is left out: none (the headline itself), organisation or "
                         "venue (with its results), product or maker (its links, not the results)",
             values=("none", "organisation", "venue", "product", "maker")),
        text("name", "its name, or the product's id; empty for the headline"),
        *estimate("share or years", p_value=True),
        count("results", "results that are left out, or that lose a first product"),
        number("change", "estimate minus that of the headline", null=True),
        count("rank", "1 changes the difference most, of its kind; first what leaves too few to "
                      "estimate it, ties by name", low=1),
        count("cases", "how many of the kind were left out, one at a time", low=1),
        flag("flips", "whether the conclusion changes: for sure on one side of zero, or on neither",
             null=True),
        flag("sign_changes", "whether the sign changes, sure or not", null=True),
        NOTE,
    ),
    ("estimand", "region", "versus", "left_out", "name"),
    (Origin("out_cohort", {"scheme": "scheme", "counting": "counting"}),),
)  # fmt: skip

NEGATIVE_CONTROLS = Table(
    "out_negative_controls",
    "What the study's estimator finds where there is nothing to find.",
    "measure",
    (
        *SPEC,
        text("control", "permuted_regions (dealt out within the year), fixed_character (an outcome "
                        "that no region can move), neighbour_region (regions of the next result)",
             values=("permuted_regions", "fixed_character", "neighbour_region")),
        text("name", "the character; else empty"),
        text("estimand", "conversion (5 years), rmst, or character (share of results with it)",
             values=("conversion", "rmst", "character")),
        REGION,
        VERSUS,
        *estimate("share or years; of permuted regions the headline difference itself",
                  p_value=True),
        share("p_holm", "p-value adjusted over the differences of this control", null=True),
        count("sets", "sets of regions dealt out that could be estimated; else 0"),
        share("p_permuted", "permutation p-value of the headline difference", null=True),
        number("null_low", "lower end of the middle part of the permuted differences", null=True),
        number("null_high", "upper end of it", null=True),
        share("rejected", "share of permuted sets in which the study's own test rejects",
              null=True),
        share("rejected_low", "lower end of its Monte Carlo interval", null=True),
        share("rejected_high", "upper end of it", null=True),
        flag("passes", "whether the test rejects no more often than its level allows (permuted "
                       "regions), or finds no difference after adjustment", null=True),
        NOTE,
    ),
    ("control", "name", "estimand", "region", "versus"),
    (Origin("out_cohort", {"scheme": "scheme", "counting": "counting"}),),
)  # fmt: skip

SCORECARD_ROBUSTNESS = Table(
    "out_scorecard_robustness",
    "How far one comparison of the scorecard hangs on choices and on what was missed.",
    "measure",
    (
        text("claim", "id of the claim"),
        text("number", "name of the number that decides"),
        text("estimand", "its specification curve; empty without one"),
        text("region", "region of the curve"),
        text("versus", "region that is subtracted in it, or none"),
        count("specifications", "combinations of choices"),
        count("estimated", "those with enough data"),
        share("same_side", "share of them on the same side of the claim's value", null=True),
        share("same_conclusion", "share of them with the same conclusion, without adjustment",
              null=True),
        text("tipping_region", "region of which least would have to be missed; empty where no "
                               "coverage changes the comparison"),
        text("missed", "what would have to be missed"),
        share("missed_decides", "share of it at which the adjusted comparison changes", null=True),
        number("shift_decides", "what must be added to the number for it to change", null=True),
        NOTE,
    ),
    ("claim", "number"),
    (
        Origin("out_specification_summary", _SAME),
        Origin("out_tipping", {"claim": "claim", "number": "number"}),
    ),
)  # fmt: skip

TABLES = (
    SPECIFICATIONS, SPECIFICATION_SUMMARY, SPECIFICATION_CHOICES, SPECIFICATION_VARIANCE, INFLUENCE,
    NEGATIVE_CONTROLS, SCORECARD_ROBUSTNESS,
)  # fmt: skip
