"""Contracts of the results of the practitioner survey, and of barriers in official surveys."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, flag, number, share, text
from gapstudy.tables.out_common import NOTE, REGION, VERSUS, interval

_RESPONSES = text("responses", "real, or synthetic: made up to try the survey, no finding",
                  values=("real", "synthetic"))  # fmt: skip
_ITEM = text("item", "item of the codebook")
_STAGE = text("stage", "stage of an AI project that the barrier belongs to; empty for other items")
_WEIGHTING = text("weighting", "none, or raked: to the margins of study.toml",
                  values=("none", "raked"))  # fmt: skip
_FROM = Origin("survey_responses", {"item": "question"})


ITEMS = Table(
    "out_survey_items",
    "Share of the respondents of one region who gave one answer to one item of the practitioner "
    "survey.",
    "measure",
    (
        _RESPONSES, _ITEM, _STAGE,
        text("question", "what was asked"),
        _WEIGHTING, REGION,
        text("answer", "name of the answer; strong: 4 or 5 on the scale; mean: mean of a "
                       "percentage, as a share"),
        text("answer_label", "the answer as respondents read it"),
        count("position", "order of the answer within the item, 1 is first", low=1),
        *interval("share"),
        count("n", "respondents who answered; missing where it may not be shown", null=True),
        number("effective_n", "number of equally weighted respondents that say as much (Kish)",
               null=True, low=0),
        flag("suppressed", "whether it is withheld: too few respondents, or a withheld number "
                           "could be worked out from it"),
        NOTE,
    ),
    ("item", "weighting", "region", "answer"),
    (_FROM,),
)  # fmt: skip

MODELS = Table(
    "out_survey_models",
    "Odds of a higher answer to one barrier in one region against another, by ordered logit.",
    "measure",
    (
        _RESPONSES, _ITEM, _STAGE,
        text("question", "what was asked"),
        REGION, VERSUS,
        text("adjusted", "what is held equal: none, or role and size of the organisation",
             values=("none", "role_size")),
        *interval("log odds ratio"),
        share("p_value", "two-sided p-value against equal odds", null=True),
        share("p_holm", "the same, adjusted by Holm over all barriers", null=True),
        number("odds_ratio", "odds ratio", null=True, low=0),
        number("odds_low", "lower end of its interval", null=True, low=0),
        number("odds_high", "upper end of its interval", null=True, low=0),
        count("n", "respondents of the smaller region; missing where it may not be shown",
              null=True),
        share("p_parallel", "p-value of proportional odds, likelihood ratio against a model "
                            "without that assumption; only where nothing is adjusted for",
              null=True),
        NOTE,
    ),
    ("item", "region", "versus", "adjusted"),
    (_FROM,),
)  # fmt: skip

QUALITY = Table(
    "out_survey_quality",
    "One fact about the responses: how many, what was left out and why, what the weights do.",
    "measure",
    (
        _RESPONSES,
        text("quantity", "respondents, answered, not_applicable, left_out, weighted, "
                         "design_effect, effective_n, largest_weight, margin, not_weighted",
             values=("respondents", "answered", "not_applicable", "left_out", "weighted",
                     "design_effect", "effective_n", "largest_weight", "margin",
                     "not_weighted")),
        text("about", "region, item, reason or margin that it is about; empty for all"),
        count("n", "count; missing where it may not be shown", null=True),
        number("value", "value, where it is not a count", null=True),
        NOTE,
    ),
    ("quantity", "about"),
    (Origin("survey_responses", {}),),
)  # fmt: skip

BARRIERS = Table(
    "out_barriers",
    "One published figure on why enterprises do not use AI. Surveys ask others, in other words: "
    "figures are comparable within one survey and base alone.",
    "measure",
    (
        text("indicator", "name of the series"),
        text("source_name", "who published it"),
        text("geo", "place: ISO alpha-2 or EU27"),
        text("period", "year or other period"),
        text("entity", "enterprises it is about: size, activity or state; empty for all asked"),
        text("barrier", "the reason, as the survey words it"),
        text("base", "who was asked: the denominator"),
        text("unit", "unit as published"),
        *interval("share"),
        count("n", "respondents behind it, where published", null=True),
        text("interval", "what the interval rests on: standard_error, published or none",
             values=("standard_error", "published", "none")),
        text("status", "what the publisher says of it, such as suppressed; empty when nothing"),
        count("rank", "order among the reasons of the same survey, place, period, enterprises and "
                      "base, 1 is named most", null=True, low=1),
        NOTE,
    ),
    ("indicator", "geo", "period", "entity", "barrier", "unit", "source_name"),
    (Origin("indicators", {"indicator": "indicator", "geo": "geo", "period": "period"}),),
)  # fmt: skip

TABLES = (ITEMS, MODELS, QUALITY, BARRIERS)
