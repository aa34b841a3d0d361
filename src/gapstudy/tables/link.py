"""Contracts of what the link stage writes."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, number, share, text
from gapstudy.tables.core import RELATIONS

TARGETS = ("product", "patent")
#: Names of the features, in the order of the model. Each is a column of `link_candidates`.
FEATURES: tuple[str, ...] = ()
_ENDS = (
    text("paper_id", "the result"),
    text("target_type", "product or patent", values=TARGETS),
    text("target_id", "identifier in `products` or `patents`"),
)
_KEY = ("paper_id", "target_type", "target_id")

LINK_CANDIDATES = Table(
    "link_candidates",
    "One pair of a result and a product or patent that might be linked, with its features.",
    "link",
    (
        *_ENDS,
        text(
            "found_by", "how the pair was found: identifier, name, organisation, text; joined by +"
        ),
        *(number(name, "feature of the link model", null=True) for name in FEATURES),
    ),
    _KEY,
    (Origin("papers", {"paper_id": "paper_id"}), Origin("products", {"target_id": "product_id"})),
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
        text("lag_class", "order in time: positive, zero (the intervals overlap), negative (the target "
             "came first)", values=("positive", "zero", "negative")),
        number("lag_days", "middle of launch interval minus middle of the result's, days; never "
               "clipped at zero"),
        text("evidence_ref", "stored response and row that holds the evidence text"),
        text("evidence_field", "field of that record with the evidence; empty when none"),
        count("evidence_start", "first character of the evidence sentence", null=True),
        count("evidence_end", "character after the evidence sentence", null=True),
        text("reasons", "contribution of each feature to the log-odds, JSON, largest first"),
    ),
    _KEY,
    (Origin("papers", {"paper_id": "paper_id"}), Origin("products", {"target_id": "product_id"})),
)  # fmt: skip

TABLES = (LINK_CANDIDATES, LINKS)
