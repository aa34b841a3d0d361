"""Contracts of what the link stage writes."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, number, share, text
from gapstudy.tables.core import RELATIONS

TARGETS = ("product", "patent")
#: Features of a pair, each a column of `link_candidates`, with their meaning. Neither the region
#: nor the time from a result to a later target is among them: both are what the study measures, and
#: a link must not be more probable for showing what is looked for.
FEATURE_MEANINGS = {
    "identifier": "1 if the target's texts or addresses hold an identifier of the paper",
    "name_exact": "1 if the paper's coined name stands in the target's texts, spelled alike",
    "name_folded": "1 if it stands there only in another spelling (case, hyphen)",
    "name_in_text": "1 if it stands in the target's description, not only in what the target is "
    "called, or an identifier does",
    "name_in_title": "1 if it stands in the name or feature of the target",
    "name_common": "1 if the found name is an ordinary word or has at most three letters, and is "
    "not set apart by capitals",
    "name_compound": "1 if it is found only as the last part of a longer hyphenated name",
    "name_against": "1 if it is found only where the target sets itself against it (unlike, "
    "alternative to, 优于)",
    "version_mismatch": "1 if it is found only with a version number that the paper's name has not",
    "organisation": "1 if paper and target share an organisation",
    "patent_organisation": "1 if it is a patent of an organisation of the paper",
    "patent": "1 if the target is a patent",
    "speaking": "1 if the target has a text of its own, beyond a form that a feed fills in",
    "title_cosine": "cosine of embeddings of the paper's title and the target's description; 0 if "
    "the target does not speak, a middling value if a text is in no alphabet",
    "word_cosine": "cosine of the words of both texts, weighted by their rarity in English; words "
    "of the coined name left out; no less than a middling value if a text is in no alphabet",
    "title_words": "share of the rare words of the paper's title and name that the target holds, "
    "weighted and bounded alike",
    "years_before": "logarithm of one plus the years by which a product came before the paper; 0 "
    "if it did not",
    "patent_years_before": "the same for the priority of a patent, which is often filed first",
}
FEATURES: tuple[str, ...] = tuple(FEATURE_MEANINGS)
#: Features that readers, rules and simple ways look at but the model does not: chosen by
#: cross-validation on the fit split, where the others tell what they tell.
BESIDE = frozenset({"identifier", "name_exact", "name_in_title", "name_common"})
#: Features of the link model in its order.
TERMS: tuple[str, ...] = tuple(name for name in FEATURES if name not in BESIDE)

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

TABLES = (LINK_CANDIDATES, LINKS, MODEL)
