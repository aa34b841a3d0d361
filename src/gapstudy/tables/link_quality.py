"""Contracts of what the link stage says about its own quality."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, number, share, text
from gapstudy.tables.link import TARGETS
from gapstudy.tables.out_common import REGIONS

#: Ways of scoring pairs that the evaluation compares.
METHODS = ("model", "exact_name", "tfidf_top1", "tfidf", "embedding_top1", "embedding")
#: Pairs that the evaluation looks at: the labelled test pairs as they are, or weighted so that they
#: stand for all candidates.
SAMPLES = ("labelled", "weighted")
#: What ties the two ends of a pair, the strongest first.
LINK_TYPES = ("identifier", "name", "organisation", "text only")
#: Where a pair that the model learns from or is judged on comes from.
ORIGINS = ("landmark", "sampled", "followup", "background")

_ENDS = (
    text("paper_id", "the result"),
    text("target_type", "product or patent", values=TARGETS),
    text("target_id", "identifier in `products` or `patents`"),
)
_KEY = ("paper_id", "target_type", "target_id")
_LABELS = Origin("labelled_pairs", {"split": "split"})
_TEST = text("split", "split of the labelled pairs", values=("test",))

QUALITY = Table(
    "out_link_quality",
    "One measure of the linker's quality, on pairs that it never saw.",
    "link",
    (
        text("sample", "pairs it is measured on", values=(*SAMPLES, "followup")),
        text("method", "way of scoring", values=METHODS),
        text("metric", "precision, recall, f1, average_precision, precision_at_recall_80, brier, "
             "ece, false_link_rate, hard_refused, candidate_recall, relation_accuracy; or results "
             "with a product: expected_by_model, expected_by_links, found"),
        text("group", "what the pairs are grouped by: all, region, target_type, link_type, "
             "negative_kind, outcome; region_difference is the first region minus the second"),
        text("group_value", "which group"),
        number("value", "the measure; missing when it has no denominator", null=True),
        number("low", "lower end of its interval, by bootstrap of whole organisations; Wilson's "
               "for shares of 0 or 1", null=True),
        number("high", "upper end", null=True),
        count("n", "pairs (results for the sample followup; of the smaller side of a difference)"),
        count("positives", "true links among them"),
        count("clusters", "organisations among them"),
        _TEST,
    ),
    ("sample", "method", "metric", "group", "group_value"),
    (_LABELS,),
)  # fmt: skip

CALIBRATION = Table(
    "out_link_calibration",
    "Predicted against observed share of links in one bin of predicted probability.",
    "link",
    (
        text("sample", "pairs it is measured on", values=SAMPLES),
        count("bin", "number of the bin, 1 is the lowest", low=1),
        share("bin_from", "lower edge of the bin"),
        share("bin_to", "upper edge of the bin"),
        share("predicted", "mean predicted probability", null=True),
        share("observed", "share that is a link", null=True),
        share("low", "lower end of its bootstrap interval", null=True),
        share("high", "upper end", null=True),
        count("n", "pairs in the bin"),
        _TEST,
    ),
    ("sample", "bin"),
    (_LABELS,),
)

ERRORS = Table(
    "out_link_errors",
    "One test pair that the linker got most wrong.",
    "link",
    (
        *_ENDS,
        text("error", "false link or missed link", values=("false", "missed")),
        count("rank", "1 is the worst of its kind", low=1),
        share("probability", "probability by the model alone"),
        text("region", "region of the target's maker", values=REGIONS),
        text("link_type", "what ties the pair", values=LINK_TYPES),
        text("negative_kind", "why the pair is hard; empty for links"),
        text("reason", "what moved the probability most, in words, or that no way found the pair"),
    ),
    _KEY,
    (Origin("labelled_pairs",
            {"paper_id": "paper_id", "target_type": "target_type", "target_id": "target_id"}),),
)  # fmt: skip

ABLATION = Table(
    "out_link_ablation",
    "Quality on the labelled test pairs when one family of features is left out and the model is "
    "fitted again.",
    "link",
    (
        text("family", "features left out; none is the whole model"),
        text("features", "their names, joined by commas; empty for none"),
        text("metric", "average_precision, precision_at_recall_80, f1, brier"),
        number("value", "the measure without the family", null=True),
        number("low", "lower end of its bootstrap interval", null=True),
        number("high", "upper end", null=True),
        number("change", "value minus that of the whole model", null=True),
        number("change_low", "lower end of the change's interval, by paired bootstrap", null=True),
        number("change_high", "upper end", null=True),
        count("n", "pairs"),
        count("positives", "true links among them"),
        _TEST,
    ),
    ("family", "metric"),
    (_LABELS,),
)

RECALL = Table(
    "out_link_recall",
    "Share of a region's true links to products that the drawn link sets hold, with its "
    "uncertainty.",
    "link",
    (
        text("links", "links used: of the link model alone, or of the follow-up too",
             values=("model", "both")),
        text("region", "region of the result's organisations, under the study's own scheme",
             values=REGIONS),
        share("recall", "mean of the distribution, pooled towards that of all regions"),
        share("low", "lower end of its interval"),
        share("high", "upper end"),
        number("alpha", "first parameter of the Beta distribution of the recall", low=0),
        number("beta", "second parameter", low=0),
        share("own", "recall on the region's own pairs, without pooling", null=True),
        share("candidate_recall", "share of the true links that some way of finding candidates "
              "found", null=True),
        share("model_recall", "mean probability of those found", null=True),
        count("n", "true links of the region"),
        number("effective_n", "links behind the recall, after the design effect of organisations",
               low=0),
        number("pooled", "links' worth of the overall recall that is added", low=0),
        text("split", "missing: pairs of both splits, each scored by a model that did not see its "
             "organisation", null=True, values=("test",)),
    ),
    ("links", "region"),
    (_LABELS,),
)  # fmt: skip

TRAINING = Table(
    "out_link_training",
    "Pairs that the link model learnt from (fit) or was judged on (test), by where they come from.",
    "link",
    (
        text("split", "fit or test", values=("fit", "test")),
        text("origin", "landmark (labelled from public statements), sampled (drawn from the "
             "candidates and read), followup (product found in the follow-up), background "
             "(candidates that are no links as far as anybody found)", values=ORIGINS),
        text("target_type", "product or patent", values=TARGETS),
        text("region", "region of the target's maker", values=REGIONS),
        count("pairs", "pairs"),
        count("positives", "true links among them"),
        count("clusters", "organisations among them"),
    ),
    ("split", "origin", "target_type", "region"),
    (_LABELS,),
)  # fmt: skip

TABLES = (QUALITY, CALIBRATION, ERRORS, ABLATION, RECALL, TRAINING)
