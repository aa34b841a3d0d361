"""Rules that rows of the core tables must keep: what they point to, and what may stand together."""

# ruff: noqa: S608  # the SQL is made of names of our own tables

from __future__ import annotations

from gapstudy.errors import RecordError

#: Column of a table -> table whose key it must be in.
POINTS_TO = {
    "paper_affiliations": {"paper_id": "papers"},
    "patent_parties": {"patent_id": "patents"},
    "patent_citations": {"patent_id": "patents"},
    "product_references": {"product_id": "products"},
    "product_availability": {"product_id": "products"},
    "followups": {"paper_id": "papers", "product_id": "products"},
    "labelled_pairs": {"paper_id": "papers"},
    "patents": {"paper_id": "papers"},
}
#: Where it may also point nowhere: the value is then missing.
NOT_NEEDED = {("patents", "paper_id")}


def told(what: str, remedy: str = "", **values: str) -> str:
    """SQL of the text of a fault.

    Args:
        what: what is wrong, with `{name}` where a value is to stand.
        remedy: what to do.
        values: name -> SQL of the value.
    """
    text = str(RecordError(what, remedy=remedy)).replace("'", "''")
    for name, value in values.items():
        text = text.replace("{" + name + "}", f"' || {value} || '")
    return f"'{text}'"


#: Table -> condition under which a row is at fault, the reason, and columns that both need.
RULES: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "followups": [(
        "(outcome = 'found') != (product_id is not null)",
        told("a follow-up names a product exactly when its outcome is found"),
        ("outcome",),
    )],
    "labelled_pairs": [
        (
            "(relation in ('implements', 'derives_from')) != label",
            told("label and relation '{it}' contradict each other", it="relation"),
            ("relation", "label"),
        ),
        # A study without that feed does not have its products: nothing is wrong with the pair.
        (
            "target_type = 'product' and target_id like 'models-dev/%' "
            "and target_id not in (select name from id_products)",
            "null::text", ("target_type", "target_id"),
        ),
        *((
            f"target_type = '{kind}' and target_id not in (select name from id_{kind}s)",
            told(f"target_id '{{it}}' is not in the table {kind}s", it="target_id"),
            ("target_type", "target_id"),
        ) for kind in ("product", "patent")),
    ],
    "indicators": [(
        "geo in (select geo from no_place)",
        told("geo '{it}' is not a place", "Write ISO alpha-2, EU27, EU, EUROPE or WORLD",
             it="geo"),
        ("geo",),
    )],
}  # fmt: skip
TWICE = ("duplicate key {it}", "Keep one of the two records; the first one stands")
