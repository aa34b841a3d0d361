"""Contracts of the results on shares, availability and published figures."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, number, share, text
from gapstudy.tables.out_common import (
    NOTE,
    REGION,
    SPEC,
    VERSUS,
    estimate,
)

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
    "A published figure, the nearest quantity of ours, their difference and its reason.",
    "measure",
    (
        text("topic", "what it stands beside: shares, availability, industry, investment, models, "
                      "barriers, patents, data; other when nothing of ours compares"),
        text("indicator", "name of the series"),
        text("geo", "place"),
        text("period", "year or other period, ISO text"),
        text("entity", "part of it; empty for the whole"),
        text("definition", "what the publisher counts"),
        number("published", "the figure as published", null=True),
        number("published_low", "lower bound or quartile published with it", null=True),
        number("published_high", "upper bound or quartile published with it", null=True),
        text("unit", "unit of both"),
        text("nearest", "what of ours is nearest; empty when there is nothing"),
        *estimate("in the unit of the row"),
        number("difference", "ours minus published; missing when there is nothing of ours",
               null=True),
        text("comparable", "whether there is a quantity of ours", values=("yes", "no")),
        text("reason", "why the two need not agree, or why there is nothing of ours"),
        text("source_name", "who published it"),
        text("evidence", "page that states the published figure"),
    ),
    ("indicator", "geo", "period", "entity", "source_name"),
    (Origin("indicators", {key: key for key in ("indicator", "geo", "period", "entity",
                                                "source_name")}),),
)  # fmt: skip

PUBLISHED_SERIES = Table(
    "out_published_series",
    "Each published series: what of ours is nearest, and why the two need not agree.",
    "measure",
    (
        text("topic", "as in out_published"),
        text("indicator", "name of the series"),
        count("figures", "published figures of the series"),
        count("compared", "of these, with a quantity of ours beside them"),
        text("comparable", "whether any has one", values=("yes", "no")),
        text("nearest", "what of ours is nearest; empty when there is nothing"),
        text("reason", "why the two need not agree, or why there is nothing of ours"),
    ),
    ("indicator",),
    (Origin("out_published", {"indicator": "indicator"}),),
)  # fmt: skip

TABLES = (
    SHARES,
    SHARE_DIFFERENCE, PRODUCTISATION, INDUSTRY, INDUSTRY_DIFFERENCE, DATA_SCALE, DATA_SIZES,
    ADOPTION, PUBLISHED, PUBLISHED_SERIES,
)  # fmt: skip
