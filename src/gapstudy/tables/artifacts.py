"""Contracts of code and models made of papers, and of records that describe the same thing."""

from __future__ import annotations

from gapstudy.tables.contract import PROVENANCE, Origin, Table, dated, flag, share, text

#: Ways by which an artifact of a paper is found, the surest first.
WAYS = ("identifier", "address", "name")
ARTIFACT_KINDS = ("repository", "model")

SAME_AS = Table(
    "same_as",
    "One record that describes the same thing as another one, or a later version of it.",
    "normalise",
    (
        text("kind", "what both describe", values=("paper", "product", "patent")),
        text("id", "identifier of this record"),
        text("kept_id", "identifier of the record by which the thing is counted"),
        text("relation", "same: this record is not in its core table, and what pointed to it "
                         "points to `kept_id`; version: it is there, as a later version",
             values=("same", "version")),
        text("reason", "why both are taken for the same"),
        *dated("date", "date of this record; of a patent its publication", null=True),
        flag("gave_date", "whether the kept record has its date from this one, which is earlier or "
                          "more exact"),
        text("evidence", "address of the page of this record"),
        *PROVENANCE,
    ),
    ("kind", "id", "source"),
)  # fmt: skip

PAPER_ARTIFACTS = Table(
    "paper_artifacts",
    "One repository of code or one published model that belongs to a paper or uses it.",
    "link",
    (
        text("paper_id", "the paper"),
        text("kind", "code repository or published model", values=ARTIFACT_KINDS),
        text("artifact", "owner and name, lower case: owner/name"),
        text("url", "its address"),
        text("target_id", "the same as a product: identifier in `products`", null=True),
        *dated("date", "day on which the source first saw it in public; missing when no source "
                       "says", null=True),
        text("date_meaning", "what the date is, such as repository_creation; empty without one"),
        text("by", "how it was found: identifier of the paper in its card, readme or tags; its "
                   "address in the paper's abstract; name that the paper coined together with an "
                   "organisation of the paper", values=WAYS),
        text("relation", "own: the paper's authors made it; other: somebody else did, or the paper "
                         "is only named there", values=("own", "other")),
        share("probability", "probability that it is of that relation, by the rule in "
                             "`link/code.py`"),
        text("evidence", "what it rests on: the reference, the address, or the names that agree"),
        text("evidence_ref", "stored response and row that holds it"),
    ),
    ("paper_id", "kind", "artifact"),
    (
        Origin("papers", {"paper_id": "paper_id"}),
        Origin("product_references", {"target_id": "product_id"}),
        Origin("products", {"target_id": "product_id"}),
    ),
)  # fmt: skip

TABLES = (SAME_AS, PAPER_ARTIFACTS)
