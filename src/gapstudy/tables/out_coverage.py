"""Contracts of the results on coverage: delay, completeness, capture-recapture, tipping points."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, flag, number, share, text
from gapstudy.tables.out_common import NOTE, REGION, estimate

ITEMS = ("papers", "products", "patents")
EVENTS = ("first_seen", "publication", "grant")
_ITEM = (
    text("source", "name of the source"),
    text("item", "table of the items", values=ITEMS),
    text("event", "what ends the delay: first_seen (the source was first retrieved with the item "
                  "in it), publication or grant (of a patent, after its priority)", values=EVENTS),
    text("region", "region of the maker, or of the first organisation or applicant with a country; "
                   "all: every item once", values=REGION.values),
)  # fmt: skip
_FROM = (
    Origin("papers", {"source": "source"}), Origin("products", {"source": "source"}),
    Origin("patents", {"source": "source"}),
)  # fmt: skip

DELAY = Table(
    "out_delay",
    "One figure of the distribution of a reporting delay.",
    "measure",
    (
        *_ITEM,
        text("method", "reverse_time (estimated, free of right truncation), rule (known from "
                       "outside), none (not estimable)",
             values=("reverse_time", "rule", "none")),
        text("measure", "within_<days>d (share seen by then), median_days, p90_days, rule_days"),
        *estimate("share or days, of items of a delay up to the longest"),
        number("longest", "longest delay that could be looked at, days", null=True, low=0),
        text("unit", "unit of the estimate", values=("share", "days")),
        NOTE,
    ),
    ("source", "item", "event", "region", "method", "measure"),
    _FROM,
)  # fmt: skip

COMPLETENESS = Table(
    "out_completeness",
    "How complete one source's items of one year are, and whether the year stays in trends.",
    "measure",
    (
        *_ITEM,
        text("period", "year of the items' date", form=r"\d{4}"),
        count("n", "items seen so far"),
        number("expected", "items in the end, of delays up to the longest", null=True, low=0),
        number("low", "lower end of its prediction interval", null=True),
        number("high", "upper end", null=True),
        share("completeness", "share seen so far", null=True),
        share("completeness_low", "lower end of its interval", null=True),
        share("completeness_high", "upper end", null=True),
        flag("kept", "whether the year stays in trends; missing where nothing is known", null=True),
        text("basis", "what that rests on", values=("reverse_time", "rule", "none")),
        NOTE,
    ),
    ("source", "item", "event", "region", "period"),
    _FROM,
)

CAPTURE = Table(
    "out_capture",
    "Number of products of one kind and region, found or not, by how sources overlap.",
    "measure",
    (
        text("kind", "kind of product"),
        REGION,
        text("years", "years of launch that all the sources cover"),
        text("sources", "sources compared"),
        text("method", "chapman (two sources, independent), odds_<ratio> (two, dependent so much), "
                       "loglinear (three or four, averaged), chao (lower bound), none"),
        number("estimate", "products, found or not; missing when it may not be shown", null=True),
        number("low", "lower end of its interval", null=True),
        number("high", "upper end of its interval", null=True),
        count("n", "products found by any of them"),
        count("matched", "products found by two or more"),
        share("coverage", "found products as a share of the estimate", null=True),
        share("coverage_low", "lower end of its interval", null=True),
        share("coverage_high", "upper end", null=True),
        text("found", "products of each source"),
        NOTE,
    ),
    ("kind", "region", "method"),
    (Origin("products", {"kind": "kind"}), Origin("same_as", {})),
)  # fmt: skip

REWEIGHTED = Table(
    "out_reweighted",
    "Conversion of all results if they were spread over regions as a published series is.",
    "measure",
    (
        text("scheme", "region scheme, such as EU27/mainland"),
        text("indicator", "published series"),
        text("period", "its period"),
        text("publisher", "who published it"),
        number("horizon", "years after the result", low=0),
        share("unweighted", "share with a product, results as they are", null=True),
        share("unweighted_low", "lower end of its interval", null=True),
        share("unweighted_high", "upper end", null=True),
        *estimate("share with a product, results weighted"),
        number("design_effect", "Kish's design effect of the weights", null=True, low=1.0 - 1e-9),
        NOTE,
    ),
    ("indicator", "period", "publisher"),
    (Origin("indicators", {"indicator": "indicator", "period": "period",
                           "publisher": "source_name"}),),
)  # fmt: skip

_MISSED = "share of what there is that would have to be missed"
TIPPING = Table(
    "out_tipping",
    "How much of one region would have to be missed to overturn one comparison of the scorecard.",
    "measure",
    (
        text("claim", "id of the claim"),
        text("number", "name of the number that decides"),
        text("region", "region or market of which items are missed; all: no model of coverage, or "
                       "every region alike"),
        text("missed", "what is missed; empty without a model of coverage"),
        text("side", "side on which the claim puts the number", values=("above", "below")),
        number("than", "the value it is compared with"),
        number("value", "the number", null=True),
        flag("holds", "whether it lies on the claim's side after adjustment", null=True),
        share("missed_equal", f"{_MISSED} for the number to equal that value", null=True),
        share("missed_touch", f"{_MISSED} for its interval to change between leaving that value "
                              "out and not", null=True),
        share("missed_decides", f"{_MISSED} for the comparison, adjusted, to change between "
                                "holding and not", null=True),
        number("shift_equal", "what must be added to the number for it to equal that value",
               null=True),
        number("shift_touch", "what must be added to it and its interval for the interval to just "
                              "touch that value", null=True),
        number("shift_decides", "what must be added for the comparison to change between holding "
                                "and not", null=True),
        count("n", "observations behind the number"),
        NOTE,
    ),
    ("claim", "number", "region"),
    (Origin("out_scorecard_tests", {"claim": "claim", "number": "number"}),),
)  # fmt: skip

TABLES = (DELAY, COMPLETENESS, CAPTURE, REWEIGHTED, TIPPING)
