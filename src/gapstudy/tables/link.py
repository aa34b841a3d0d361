"""Contracts of what the link stage writes."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, number, share, text
from gapstudy.tables.core import RELATIONS

TARGETS = ("product", "patent")
#: Features of the link model in its order, each a column of `link_candidates`, with their meaning.
#: Neither the region nor the time from a result to a later target is among them: both are what the
#: study measures, and a link must not be more probable for showing what is looked for.
FEATURE_MEANINGS = {
    "identifier": "1 if the target's texts or evidence address hold the paper's arXiv id or DOI",
    "name_exact": "1 if the paper's coined name stands in the target's texts, spelled alike",
    "name_folded": "1 if it stands there only in another spelling (case, hyphen)",
    "name_rarity": "how rare the found name is over all texts: 1 in one text, 0 in all; 0 if not "
    "found",
    "name_common": "1 if the found name is an ordinary word or has at most three letters, and is "
    "not set apart by capitals",
    "name_compound": "1 if it is found only as the last part of a longer hyphenated name",
    "version_mismatch": "1 if it is found only with a version number that the paper's name has not",
    "name_in_title": "1 if it stands in the name or feature of the target",
    "name_is_target": "1 if the target's whole name is the coined name",
    "organisation": "1 if paper and target share an organisation",
    "name_and_organisation": "1 if the name is found and an organisation is shared",
    "text_cosine": "cosine of embeddings of both texts (wordllama)",
    "title_cosine": "cosine of TF-IDF vectors of both texts",
    "text_rank": "1 over the rank of the paper among all papers by text_cosine with the target",
    "topic": "how much nearer the paper is to the target's category than to others, standard score",
    "years_before": "logarithm of one plus the years by which a product came before the paper; 0 "
    "if it did not",
    "patent_years_before": "the same for the priority of a patent, which is often filed first",
    "patent": "1 if the target is a patent",
    "patent_organisation": "1 if it is a patent of an organisation of the paper",
}
FEATURES: tuple[str, ...] = tuple(FEATURE_MEANINGS)
#: Ways of scoring pairs that the evaluation compares.
METHODS = ("model", "exact_name", "tfidf_top1", "tfidf", "embedding")
#: Pairs that the evaluation looks at: the labelled test pairs as they are, or the same links beside
#: candidates of results without a product, weighted to the share of links among candidates.
SAMPLES = ("labelled", "weighted")

_ENDS = (
    text("paper_id", "the result"),
    text("target_type", "product or patent", values=TARGETS),
    text("target_id", "identifier in `products` or `patents`"),
)
_KEY = ("paper_id", "target_type", "target_id")
_TO_ENDS = (
    Origin("papers", {"paper_id": "paper_id"}),
    Origin("products", {"target_id": "product_id"}),
    Origin("patents", {"target_id": "patent_id"}),
)
_LABELS = Origin("labelled_pairs", {"split": "split"})

LINK_CANDIDATES = Table(
    "link_candidates",
    "One pair of a result and a product or patent that might be linked, with its features.",
    "link",
    (
        *_ENDS,
        text(
            "found_by",
            "how the pair was found: identifier, name, organisation, text, joined by +; empty for "
            "a labelled pair that no way found",
        ),
        share("score", "probability by the model alone, before follow-up and labels"),
        *(number(name, meaning) for name, meaning in FEATURE_MEANINGS.items()),
    ),
    _KEY,
    _TO_ENDS,
)

LINKS = Table(
    "links",
    "One possible link between a result and a product or patent, with its probability.",
    "link",
    (
        *_ENDS,
        share("probability", "calibrated probability that the target uses the result"),
        text("relation", "most likely relation", values=RELATIONS),
        text("basis", "what it rests on: model, followup (a page read by the protocol), or both",
             values=("model", "followup", "both")),
        text("lag_class", "order in time: positive, zero (the intervals overlap), negative (the "
             "target came first), unknown (the target has no date)",
             values=("positive", "zero", "negative", "unknown")),
        number("lag_days", "middle of launch interval minus middle of the result's, days; never "
               "clipped at zero; missing when the target has no date", null=True),
        text("evidence_ref", "stored response and row that holds the evidence text"),
        text("evidence_field", "field of that record with the evidence; empty when none"),
        count("evidence_start", "first character of the evidence sentence", null=True),
        count("evidence_end", "character after the evidence sentence", null=True),
        text("reasons", "contribution of each feature to the log-odds, JSON, largest first"),
    ),
    _KEY,
    (*_TO_ENDS, Origin("followups", {"paper_id": "paper_id", "target_id": "product_id"}),
     Origin("labelled_pairs",
            {"paper_id": "paper_id", "target_type": "target_type", "target_id": "target_id"})),
)  # fmt: skip

QUALITY = Table(
    "out_link_quality",
    "One measure of the linker's quality, on pairs that it never saw.",
    "link",
    (
        text("sample", "pairs it is measured on", values=(*SAMPLES, "followup")),
        text("method", "way of scoring", values=METHODS),
        text("metric", "precision, recall, f1, average_precision, brier, ece, false_link_rate, "
             "candidate_recall, relation_accuracy; or results with a product: expected_by_model, "
             "expected_by_links, found"),
        text("group", "what the pairs are grouped by: all, region, negative_kind, target_type, "
             "same_organisation, outcome"),
        text("group_value", "which group"),
        number("value", "the measure; missing when it has no denominator", null=True),
        number("low", "lower end of its interval, by bootstrap of whole organisations", null=True),
        number("high", "upper end", null=True),
        count("n", "pairs (results for the sample followup)"),
        count("positives", "true links among them"),
        count("clusters", "organisations among them"),
        text("split", "split of the labelled pairs", values=("test",)),
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
        text("split", "split of the labelled pairs", values=("test",)),
    ),
    ("sample", "bin"),
    (_LABELS,),
)

MODEL = Table(
    "out_link_model",
    "One term of the link model.",
    "link",
    (
        text("feature", "feature, or a term of the prior and calibration"),
        number("coefficient", "change of the log-odds per standard deviation of the feature"),
        number("mean", "mean of the feature over the pairs fitted", null=True),
        number("scale", "standard deviation over the pairs fitted", null=True),
        text("meaning", "meaning of the feature or term"),
        text("split", "split of the labelled pairs", values=("fit",)),
    ),
    ("feature",),
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
        text("negative_kind", "why the pair is hard; empty for links"),
        text("reason", "largest contributions to the log-odds, or that no way found the pair"),
    ),
    _KEY,
    (Origin("labelled_pairs",
            {"paper_id": "paper_id", "target_type": "target_type", "target_id": "target_id"}),),
)  # fmt: skip

TABLES = (LINK_CANDIDATES, LINKS, QUALITY, CALIBRATION, MODEL, ERRORS)
