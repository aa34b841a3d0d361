"""Organisation names -> one row per organisation."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Any

Row = dict[str, Any]

# Legal forms that come and go in spellings of one name.
_LEGAL = re.compile(
    r"\s+(?:inc|incorporated|ltd|limited|llc|llp|plc|corp|corporation|co|company|gmbh|ag|se|sa|"
    r"sas|sarl|bv|nv|ab|as|oy|oyj|aps|spa|srl|kk|pte|pty)$"
)


def fold(name: str) -> str:
    """A name without case, accents, punctuation and legal form.

    >>> fold("Mistral AI, S.A.S.") == fold("Mistral AI")
    True
    """
    text = unicodedata.normalize("NFKD", name).casefold()
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = " ".join(re.sub(r"[\W_]+", " ", text.replace(".", "")).split())
    while (shorter := _LEGAL.sub("", text)) != text:
        text = shorter
    return text


def assign(rows: dict[str, dict[tuple[Any, ...], Row]]) -> None:
    """Give every affiliation, product and party its organisation, adding those not yet known.

    One organisation is one folded name. Its country and kind are those most often given with the
    name, missing when none is; a laboratory abroad keeps its own country on the affiliation.

    Args:
        rows: core tables under construction, changed in place.
    """
    known: dict[str, str] = {
        fold(row["name"]): identifier[0] for identifier, row in rows["organisations"].items()
    }
    seen: dict[str, list[tuple[Row, str, str | None, str | None]]] = {}
    for table, name, country, kind in (
        ("paper_affiliations", "organisation", "country", "kind"),
        ("products", "organisation", "home_country", None),
        ("patent_parties", "name", "country", None),
    ):
        for row in rows[table].values():
            row["organisation_id"] = None
            if row[name]:
                found = (row, row[name], row[country], row[kind] if kind else None)
                seen.setdefault(fold(row[name]), []).append(found)
    for folded in sorted(seen):
        if not folded:
            continue
        identifier = known.get(folded) or folded.replace(" ", "-")
        for row, *_ in seen[folded]:
            row["organisation_id"] = identifier
        countries = [country for _, _, country, _ in seen[folded]]
        kinds = [kind for _, _, _, kind in seen[folded]]
        if folded in known:
            # A source that lists organisations may not know what others say of them.
            row = rows["organisations"][(identifier,)]
            row["country"] = row["country"] or _most(countries)
            row["kind"] = row["kind"] or _most(kinds)
            continue
        first = seen[folded][0][0]
        rows["organisations"][(identifier,)] = {
            "organisation_id": identifier,
            "name": _most([name for _, name, _, _ in seen[folded]]),
            "country": _most(countries),
            "kind": _most(kinds),
            "ror": None,
            "source": first["source"],
            "source_id": identifier,
            "archive_ref": first["archive_ref"],
        }


def _most(values: list[str | None]) -> str | None:
    counted = Counter(value for value in values if value)
    return min(counted, key=lambda value: (-counted[value], value)) if counted else None
