"""Where in a target's texts the evidence for a link stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import texts
from gapstudy.link.features import Space
from gapstudy.link.language import sentences

#: Field and offsets of an evidence text; empty and missing when there is none.
Place = tuple[str, int | None, int | None]


def add(links: pd.DataFrame, space: Space, language_model: str) -> pd.DataFrame:
    """Add the reference of the evidence sentence to links.

    The sentence is the one of the target's description that names the paper's thing; else the
    feature or name that does; else the sentence of the description nearest to the paper by
    embedding; for a patent its title. A product without any of these has no evidence text.

    Args:
        links: columns paper_id, target_type, target_id.
        space: the pairs' texts and mentions.
        language_model: spaCy model that finds sentences.

    Returns:
        `links` with evidence_ref, evidence_field, evidence_start, evidence_end (offsets into that
        field of the core table; the field of a patent is its title).
    """
    rows, columns = space.places(links)
    named = _best_mentions(space)
    body = {field: space.targets[field].astype("str").tolist() for field in texts.FIELDS}
    patent = (space.targets["target_type"] == "patent").tolist()
    spans = {
        column: sentences(body["description"][column], language_model)
        for column in sorted(set(columns.tolist()))
    }
    nearest = _nearest(space, body["description"], spans, rows, columns)
    paper_ids = space.papers["paper_id"].tolist()
    found: list[Place] = []
    for at, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        hit = named.get((paper_ids[row], column))
        if hit is not None and hit[0] == "description":
            inside = [span for span in spans[column] if span[0] <= hit[1] < span[1]]
            found.append(("description", *(inside[0] if inside else hit[1:])))
        elif hit is not None and not patent[column]:
            found.append((hit[0], 0, len(body[hit[0]][column])))
        elif patent[column]:
            found.append(("title", 0, len(body["name"][column])))
        else:
            found.append(nearest[at])
    return links.assign(
        evidence_ref=space.targets["archive_ref"].to_numpy()[columns],
        evidence_field=[place[0] for place in found],
        evidence_start=pd.array([place[1] for place in found], dtype="Int64"),
        evidence_end=pd.array([place[2] for place in found], dtype="Int64"),
    )


def _best_mentions(space: Space) -> dict[tuple[str, int], tuple[str, int, int]]:
    """Field, start and end of the best mention of each pair: descriptions and exact ones first."""
    hits = space.mentions
    if hits.empty:
        return {}
    hits = hits.assign(
        place=hits["field"].map({field: at for at, field in enumerate(texts.FIELDS)}),
        loose=~hits["exact"].astype(bool),
    )
    order = ["paper_id", "column", "other", "place", "loose", "compound", "start"]
    best = hits.sort_values(order, kind="stable").drop_duplicates(["paper_id", "column"])
    keys = zip(best["paper_id"].astype(str), best["column"].astype(int), strict=True)
    spans = zip(best["field"].astype(str), best["start"].astype(int), best["end"].astype(int),
                strict=True)  # fmt: skip
    return dict(zip(keys, spans, strict=True))


def _nearest(
    space: Space, body: list[str], spans: dict[int, list[tuple[int, int]]], rows: Any, columns: Any
) -> list[Place]:
    """Sentence of each pair's description that is nearest to its paper; none without sentences."""
    nothing: Place = ("", None, None)
    flat = [(column, span) for column, found in spans.items() for span in found]
    if not flat:
        return [nothing] * len(rows)
    wanted = np.unique(rows)
    papers = texts.embed(texts.paper_texts(space.papers).iloc[wanted])
    cuts = pd.Series([body[column][span[0] : span[1]] for column, span in flat])
    cosine = (papers @ texts.embed(cuts).T).round(6)
    owner = np.array([column for column, _ in flat])
    places = {column: np.flatnonzero(owner == column) for column in spans}
    result: list[Place] = []
    for row, column in zip(np.searchsorted(wanted, rows), columns.tolist(), strict=True):
        here = places[column]
        if len(here):
            best = here[int(np.argmax(cosine[row, here]))]
            result.append(("description", *flat[best][1]))
        else:
            result.append(nothing)
    return result
