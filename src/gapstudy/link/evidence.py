"""Where in a target's texts the evidence for a link stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link.ends import FIELDS
from gapstudy.link.features import PaperSide, Places, TargetSide
from gapstudy.link.language import sentences

#: Field and offsets of an evidence text; empty and missing when there is none.
Place = tuple[str, int | None, int | None]
#: A longer text is not cut into sentences beyond this many characters.
LONGEST = 20_000


def add(
    links: pd.DataFrame,
    papers: PaperSide,
    targets: TargetSide,
    rows: Places,
    columns: Places,
    hits: pd.DataFrame,
) -> pd.DataFrame:
    """Add the reference of the evidence sentence to links.

    The sentence is the one of the target's description that names the paper's thing; else the
    feature or name that does; else the sentence of the description nearest to the paper by
    embedding; for a patent its title. A product without any of these has no evidence text.

    Args:
        links: the links.
        papers: the papers.
        targets: the targets.
        rows: place of each link's paper.
        columns: place of each link's target.
        hits: places where targets name papers' things; those of other pairs are passed over.

    Returns:
        `links` with evidence_ref, evidence_field, evidence_start, evidence_end (offsets into that
        field of the core table; the field of a patent is its title).
    """
    named = _best_mentions(hits, rows, columns, len(targets))
    used = np.unique(columns)
    body = {field: targets.frame[field].iloc[used].tolist() for field in FIELDS}
    at_body = np.searchsorted(used, columns)
    spans = [
        sentences(text[:LONGEST], targets.settings.language_model) for text in body["description"]
    ]
    nearest = _nearest(papers, targets, body["description"], spans, rows, at_body)
    found: list[Place] = []
    for at, (place, patent) in enumerate(
        zip(at_body.tolist(), targets.patent[columns].tolist(), strict=True)
    ):
        hit = named[at]
        if patent:
            found.append(("title", 0, len(body["name"][place])))
        elif hit is not None and hit[0] == "description":
            inside = [span for span in spans[place] if span[0] <= (hit[1] or 0) < span[1]]
            found.append(("description", *(inside[0] if inside else hit[1:])))
        elif hit is not None:
            found.append((hit[0], 0, len(body[hit[0]][place])))
        else:
            found.append(nearest[at])
    return links.assign(
        evidence_ref=targets.frame["archive_ref"].to_numpy(dtype=object)[columns],
        evidence_field=[place[0] for place in found],
        evidence_start=pd.array([place[1] for place in found], dtype="Int64"),
        evidence_end=pd.array([place[2] for place in found], dtype="Int64"),
    )


def _best_mentions(
    hits: pd.DataFrame, rows: Places, columns: Places, targets: int
) -> list[Place | None]:
    """Field, start and end of the best mention of each pair: descriptions and exact ones first."""
    if hits.empty:
        return [None] * len(rows)
    wanted = rows * targets + columns
    pair = hits["row"].to_numpy(dtype=np.int64) * targets + hits["column"].to_numpy(dtype=np.int64)
    found = hits.assign(
        pair=pair,
        place=hits["field"].map({field: at for at, field in enumerate(FIELDS)}),
        loose=~hits["exact"].astype(bool),
    )[np.isin(pair, wanted)]
    order = ["pair", "other", "place", "loose", "compound", "start"]
    best = found.sort_values(order, kind="stable").drop_duplicates("pair")
    spans = zip(best["field"], best["start"].astype(int), best["end"].astype(int), strict=True)
    known: dict[int, Place] = dict(zip(best["pair"].tolist(), spans, strict=True))
    return [known.get(at) for at in wanted.tolist()]


def _nearest(
    papers: PaperSide,
    targets: TargetSide,
    body: list[str],
    spans: list[list[tuple[int, int]]],
    rows: Places,
    places: Places,
) -> list[Place]:
    """Sentence of each pair's description that is nearest to its paper; none without sentences."""
    from gapstudy.link.embed import vectors

    flat = [text[first:last] for text, cuts in zip(body, spans, strict=True)
            for first, last in cuts]  # fmt: skip
    starts = np.cumsum([0, *map(len, spans)])
    near: Any = vectors(flat, targets.settings.embedding)
    found: list[Place] = []
    for row, place in zip(rows.tolist(), places.tolist(), strict=True):
        if not spans[place]:
            found.append(("", None, None))
            continue
        here = near[starts[place] : starts[place + 1]].astype(np.float64)
        cosine = (here * papers.vectors[row].astype(np.float64)).sum(axis=1).round(6)
        found.append(("description", *spans[place][int(np.argmax(cosine))]))
    return found
