"""Contracts of the results on shares, availability and published figures."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, flag, number, share, text
from gapstudy.tables.out_common import (
    NOTE,
    REGION,
    SPEC,
    VERSUS,
    estimate,
)

_MARKET = text("market", "where it can be used", values=("EU", "US", "CN", "GB", "other"))
_AVAILABLE = (
    text("basis", "market_access or provider_offer",
         values=("market_access", "provider_offer")),
    text("reference", "what the lag counts from: first availability anywhere, or in the US",
         values=("anywhere", "US")),
    text("rows", "all rows, or only those that a page confirms", values=("all", "confirmed")),
)  # fmt: skip

AVAILABILITY_LAGS = Table(
    "out_availability_lags",
    "Time from a product's first availability to its availability in one market.",
    "measure",
    (
        *_AVAILABLE[:2],
        text("product_id", "the product"),
        _MARKET,
        text("rows", "confirmed when a page speaks of this market and date itself, else inferred",
             values=("confirmed", "inferred")),
        flag("available", "whether it has become available (else the lag is a lower bound)"),
        number("lag_days", "middle of the interval of its date minus that of the reference, days"),
        text("home", "region of the product's maker under the scheme of the headline",
             values=("EU", "US", "CN", "other", "unknown")),
    ),
    ("basis", "reference", "product_id", "market"),
    (Origin("product_availability",
            {"basis": "basis", "product_id": "product_id", "market": "market"}),),
)  # fmt: skip

_LAGS = Origin("out_availability_lags", {key: key for key in ("basis", "reference", "market")})
_MEASURES = ("same_day", "within_90d", "within_365d", "delayed", "median", "mean_730d")

AVAILABILITY = Table(
    "out_availability",
    "How soon products can be used in a market after their first availability.",
    "measure",
    (
        *_AVAILABLE, _MARKET,
        text("measure", "share usable the same day, within 90 or 365 days; share delayed or not "
                        "available yet; median days (if it exists); mean delay of the first 730 "
                        "days", values=_MEASURES),
        *estimate("share or days"),
        text("unit", "share or days", values=("share", "days")),
        count("unavailable", "products not available at their check (censored)"),
        number("at_risk", "products still followed and not available at that time", null=True,
               low=0),
        NOTE,
    ),
    ("basis", "reference", "rows", "market", "measure"),
    (_LAGS,),
)  # fmt: skip

AVAILABILITY_DIFFERENCE = Table(
    "out_availability_difference",
    "Difference of two markets in how soon products can be used, over products seen in both.",
    "measure",
    (
        *_AVAILABLE, _MARKET,
        text("versus", "market that is subtracted", values=("EU", "US", "CN", "GB", "other")),
        text("measure", "as in out_availability", values=_MEASURES),
        *estimate("share or days", p_value=True),
        text("unit", "share or days", values=("share", "days")),
        NOTE,
    ),
    ("basis", "reference", "rows", "market", "versus", "measure"),
    (_LAGS, Origin("out_availability_lags",
                   {"basis": "basis", "reference": "reference", "versus": "market"})),
)  # fmt: skip

AVAILABILITY_CURVE = Table(
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
    (_LAGS,),
)  # fmt: skip

_SHARE_SLICE = (
    text("frame", "how the results got into the study"),
    text("venues", "group of venues, or all"),
    text("years", "years of the results, or all"),
)

SHARES = Table(
    "out_shares",
    "Share of results by region.",
    "measure",
    (
        *SPEC, *_SHARE_SLICE, REGION,
        *estimate("share"),
        number("credit", "sum of the credits of the region", low=0),
        NOTE,
    ),
    ("scheme", "counting", "frame", "venues", "years", "region"),
    (Origin("out_cohort", {key: key for key in ("scheme", "counting", "frame", "region")}),),
)  # fmt: skip

SHARE_DIFFERENCE = Table(
    "out_share_difference",
    "Difference of two regions in their share of results.",
    "measure",
    (
        *SPEC, *_SHARE_SLICE, REGION, VERSUS,
        *estimate("difference of shares", p_value=True),
        NOTE,
    ),
    ("scheme", "counting", "frame", "venues", "years", "region", "versus"),
    (
        Origin("out_cohort", {key: key for key in ("scheme", "counting", "frame", "region")}),
        Origin("out_cohort", {"scheme": "scheme", "counting": "counting", "frame": "frame",
                              "versus": "region"}),
    ),
)  # fmt: skip

PRODUCTISATION = Table(
    "out_productisation",
    "Share of a region in products over its share in results.",
    "measure",
    (
        *SPEC,
        text("products", "products counted: cohort (first products of the cohort's results, by "
                         "maker), cohort_recall (the same, each counted for those missed beside "
                         "it), or those that came in as compiled or feed"),
        REGION,
        *estimate("ratio", p_value=True),
        share("product_share", "share of the region in the products"),
        share("result_share", "share of the region in the results"),
        number("product_count", "products of the region (expected)", low=0),
        NOTE,
    ),
    ("scheme", "counting", "products", "region"),
    (Origin("out_cohort", {key: key for key in ("scheme", "counting", "region")}),
     Origin("products", {"products": "entry"})),
)  # fmt: skip

INDUSTRY = Table(
    "out_industry",
    "Share of industry in the authorship of a region's results (fractional credit).",
    "measure",
    (
        *SPEC, text("frame", "how the results got into the study"), REGION,
        text("kind", "kind of organisation",
             values=("academia", "industry", "government", "nonprofit", "mixed", "unknown")),
        *estimate("share"),
        number("credit", "fractional credit of the region to that kind", low=0),
        NOTE,
    ),
    ("scheme", "counting", "frame", "region", "kind"),
    (Origin("out_cohort", {key: key for key in ("scheme", "counting", "frame", "region")}),),
)  # fmt: skip

INDUSTRY_DIFFERENCE = Table(
    "out_industry_difference",
    "Difference of two regions in the share of industry in authorship.",
    "measure",
    (
        *SPEC, text("frame", "how the results got into the study"), REGION, VERSUS,
        *estimate("difference of shares", p_value=True),
        NOTE,
    ),
    ("scheme", "counting", "frame", "region", "versus"),
    (
        Origin("out_cohort", {key: key for key in ("scheme", "counting", "frame", "region")}),
        Origin("out_cohort", {"scheme": "scheme", "counting": "counting", "frame": "frame",
                              "versus": "region"}),
    ),
)  # fmt: skip

DATA_SCALE = Table(
    "out_data_scale",
    "Size of training sets of academic against industrial systems, by group of models.",
    "measure",
    (
        text("indicator", "series of the published figures"),
        text("group", "group of models, or all of them together"),
        *estimate("log10 of academia over industry, adjusted for date", p_value=True),
        number("factor", "the same as a factor: academia over industry", null=True, low=0),
        number("factor_low", "lower end of its interval", null=True, low=0),
        number("factor_high", "upper end of its interval", null=True, low=0),
        NOTE,
    ),
    ("group",),
    (Origin("indicators", {"indicator": "indicator"}),),
)  # fmt: skip

DATA_SIZES = Table(
    "out_data_sizes",
    "Median size of training sets as published, by group of models, period and maker.",
    "measure",
    (
        text("indicator", "name of the series"),
        text("geo", "country of the makers, or WORLD"),
        text("period", "years, ISO text"),
        text("entity", "group and kind as the source names them"),
        text("group", "group of models"),
        text("kind", "kind of maker, or all"),
        number("median", "median size in its unit", null=True, low=0),
        number("lower_quartile", "lower quartile", null=True, low=0),
        number("upper_quartile", "upper quartile", null=True, low=0),
        text("unit", "the unit"),
        count("n", "systems, where given", null=True),
        text("source_name", "who published the sizes"),
    ),
    ("indicator", "geo", "period", "entity", "source_name"),
    (Origin("indicators", {key: key for key in ("indicator", "geo", "period", "entity",
                                                "source_name")}),),
)  # fmt: skip

ADOPTION = Table(
    "out_adoption",
    "Enterprise use of AI by country and year as published, beside EU27 where definitions agree.",
    "measure",
    (
        text("indicator", "name of the series"),
        text("geo", "country, EU27 or WORLD"),
        text("period", "year or other period, ISO text"),
        text("entity", "size class or other part; empty for the whole"),
        number("value", "the figure", null=True),
        number("lower", "lower bound published with it", null=True),
        number("upper", "upper bound published with it", null=True),
        text("unit", "its unit and denominator"),
        number("minus_eu27", "difference from EU27 in the same series, unit, period and part; "
                             "missing where there is none", null=True),
        text("source_name", "who published it"),
        NOTE,
    ),
    ("indicator", "geo", "period", "entity", "source_name"),
    (Origin("indicators", {key: key for key in ("indicator", "geo", "period", "entity",
                                                "source_name")}),),
)  # fmt: skip

PUBLISHED = Table(
    "out_published",
    "A published figure beside ours.",
    "measure",
    (
        text("topic", "what it stands beside: shares, availability, industry, investment, models, "
                      "barriers, patents; other when nothing of ours compares"),
        text("indicator", "name of the series"),
        text("geo", "place"),
        text("period", "year or other period, ISO text"),
        text("entity", "part of it; empty for the whole"),
        number("value", "the figure", null=True),
        text("unit", "its unit and denominator"),
        number("ours", "our nearest estimate; missing when we have none", null=True),
        text("difference", "why the two need not agree"),
        text("source_name", "who published it"),
    ),
    ("indicator", "geo", "period", "entity", "source_name"),
    (Origin("indicators", {key: key for key in ("indicator", "geo", "period", "entity",
                                                "source_name")}),),
)  # fmt: skip

TABLES = (
    AVAILABILITY_LAGS, AVAILABILITY, AVAILABILITY_DIFFERENCE, AVAILABILITY_CURVE, SHARES,
    SHARE_DIFFERENCE, PRODUCTISATION, INDUSTRY, INDUSTRY_DIFFERENCE, DATA_SCALE, DATA_SIZES,
    ADOPTION, PUBLISHED,
)  # fmt: skip
