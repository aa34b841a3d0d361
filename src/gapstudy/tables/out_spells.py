"""Contracts of the spells, of what was left out of them, and of the checks of their uncertainty."""

from __future__ import annotations

from gapstudy.dates import PRECISIONS
from gapstudy.tables.contract import Origin, Table, count, day, flag, number, share, text
from gapstudy.tables.out_common import (
    NOTE,
    OF_REGION,
    OF_VERSUS,
    POPULATION,
    REGION,
    REGIONS,
    SPEC,
    estimate,
)

_PLACES = REGIONS[:-1]
_PAPERS = Origin("papers", {"paper_id": "paper_id"})

EXCLUSIONS = Table(
    "out_exclusions",
    "One step from all records of results to the analysed spells, or from all links of these to "
    "the links that end a spell: how many came in, left and stayed.",
    "measure",
    (
        SPEC[0],
        text("unit", "what is counted: results, or links of the analysed results",
             values=("result", "link")),
        text("frame", "how the results got into the study; all; not known where a record gives "
                      "none"),
        REGION,
        count("position", "order of the step, 1 is the first", low=1),
        text("step", "name of the step"),
        text("reason", "why something leaves at it"),
        count("n_in", "results or links that come to the step (whole counting: a result of several "
                      "regions is in each)"),
        count("n_out", "those that leave"),
        count("n_kept", "those that stay"),
    ),
    ("unit", "frame", "region", "position"),
    (Origin("papers"), Origin("followups"), Origin("same_as"), Origin("links")),
)  # fmt: skip

SPELLS = Table(
    "out_spells",
    "The spell of one result: when its observation begins, whether and when it ends in a product, "
    "and why not.",
    "measure",
    (
        POPULATION,
        text("paper_id", "the result"),
        text("frame", "how the result got into the study"),
        day("first_day", "first day that the result's date can mean: the spell begins between"),
        day("last_day", "last day that it can mean"),
        text("precision", "precision of the result's date", values=PRECISIONS),
        number("entry_years", "years after the result at which its observation begins", low=0),
        text("entry_rule", "the rule of the entry; empty when observed from the start"),
        share("event_probability", "share of the drawn link sets with a product by the cut-off"),
        number("lag_years", "median time to the first product over those, years", null=True, low=0),
        number("lag_low", "shortest such time, years", null=True, low=0),
        number("lag_high", "longest such time, years", null=True, low=0),
        number("follow_up_low", "last possible day of the result to the cut-off, years"),
        number("follow_up_high", "first possible day of the result to the cut-off, years", low=0),
        text("censoring", "why the spell ends without a product where it does: cutoff (followed up "
             "to the end, none found), follow_up_unclear, not_followed, product_after_cutoff; "
             "none: a product in every link set",
             values=("cutoff", "follow_up_unclear", "not_followed", "product_after_cutoff",
                     "none")),
        *(share(f"destination_{name.lower()}", "share of the link sets with a first product whose "
                f"maker sits in: {name}") for name in _PLACES),
        *(share(f"credit_{name.lower()}", f"weight of the result in the rates of: {name}, under "
                "the counting of the headline") for name in _PLACES),
        count("cluster", "number of the cluster: results with the same first organisation, within "
                         "the population"),
    ),
    ("paper_id",),
    (_PAPERS, Origin("out_cohort", {"paper_id": "paper_id"}),
     Origin("links", {"paper_id": "paper_id"})),
)  # fmt: skip

_WHAT = (
    text("estimand", "conversion, or conversion_difference of two regions",
         values=("conversion", "conversion_difference")),
    REGION,
    text("versus", "region that is subtracted; empty for a region's own share",
         values=(*REGIONS, "")),
    number("horizon", "years after the result", low=0),
)  # fmt: skip
_ROW = ("scheme", "counting", "population", "estimand", "region", "versus", "horizon")

UNCERTAINTY = Table(
    "out_uncertainty",
    "A share with a product, or a difference, with one more kind of uncertainty taken in.",
    "measure",
    (
        *SPEC, POPULATION, *_WHAT,
        text("layer", "links_certain (a link is yes or no), headline (links and dates drawn, "
             "Rubin's rules), average (the same draws, variance of their average), ordered (as "
             "average, coarse dates drawn in order), linker (as ordered, the linker's calibration "
             "drawn too), regions (as linker, unknown regions drawn), recall (as regions, divided "
             "by the drawn recall of the candidates)",
             values=("links_certain", "headline", "average", "ordered", "linker", "regions",
                     "recall")),
        *estimate("share or difference of shares"),
        number("error", "standard error", null=True, low=0),
        share("shared", "part of the variance that is common to the results of a link set "
                        "(headline: part that is due to the draws)", null=True),
        NOTE,
    ),
    (*_ROW, "layer"),
    (OF_REGION, OF_VERSUS),
)  # fmt: skip

BOOTSTRAP_CHECK = Table(
    "out_bootstrap_check",
    "An interval of the headline beside that of a bootstrap of whole organisations.",
    "measure",
    (
        *SPEC, POPULATION, *_WHAT,
        *estimate("share or difference of shares, Rubin's rules"),
        number("average_low", "lower end with the variance of the average", null=True),
        number("average_high", "upper end with it", null=True),
        number("bootstrap_low", "lower end of the bootstrap's percentile interval", null=True),
        number("bootstrap_high", "upper end of it", null=True),
        number("width_ratio", "width of the bootstrap's interval over that of Rubin's rules",
               null=True, low=0),
        number("width_ratio_average", "width of the bootstrap's interval over that of the average",
               null=True, low=0),
        count("clusters", "organisations (first of a result) with a result of the regions"),
        count("replicates", "reweightings"),
        NOTE,
    ),
    _ROW,
    (OF_REGION, OF_VERSUS),
)  # fmt: skip

LINKAGE = Table(
    "out_linkage",
    "One way of estimating in worlds where linking, dating and locating go wrong by region.",
    "simulate",
    (
        text("estimator", "what is estimated, such as conversion-5y-EU-minus-US"),
        text("scenario", "the world: what is set in it"),
        text("method", "naive (links yes or no, unknown regions left out, missed links not thought "
             "of), rubin (all of it drawn, Rubin's total variance), averaged (the same draws, "
             "variance of their average), twice (as averaged, divided by the recall of the links), "
             "unordered (as averaged, coarse dates drawn without regard to their order)",
             values=("naive", "rubin", "averaged", "twice", "unordered")),
        number("truth", "true value"),
        number("mean", "mean of the estimates"),
        number("bias", "mean minus truth"),
        number("mc_error", "Monte Carlo standard error of the mean", low=0),
        number("width", "mean width of the interval", low=0),
        share("coverage", "share of worlds whose interval holds the truth"),
        share("coverage_low", "lower end of the Monte Carlo interval of the coverage"),
        share("coverage_high", "upper end of it"),
        share("rejection", "share of worlds whose test rejects no difference at 5%; missing for "
                           "estimates that are no differences", null=True),
        flag("null_true", "whether no difference is true, so that rejection is the test's size",
             null=True),
        count("worlds", "worlds"),
        count("n", "results in each world"),
    ),
    ("estimator", "scenario", "method"),
)  # fmt: skip

TABLES = (EXCLUSIONS, SPELLS, UNCERTAINTY, BOOTSTRAP_CHECK)
