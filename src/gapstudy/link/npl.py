"""Papers that patents cite, from the citation strings of front pages and descriptions.

Citations are taken apart (`citations`), papers that share a key with one are looked at
(`_npl_pairs`), and each pair gets a probability from what it agrees in (`_npl_model`). Pairs are
judged alone: where two papers of one title fit a citation alike, both are returned.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from gapstudy.link._npl_model import WEIGHTS, agreements, probabilities
from gapstudy.link._npl_pairs import candidates, folded
from gapstudy.link.citations import LITERATURE, parse

#: Pairs less probable than this are not returned.
FLOOR = 0.05
COLUMNS = (
    "patent_id", "place", "position", "part", "paper_id", "probability", "how", "kind", "title",
    "journal", "year", "authors", "reasons",
)  # fmt: skip


def link(citations: pd.DataFrame, papers: pd.DataFrame) -> pd.DataFrame:
    """Papers that citations of patents may mean, with probabilities.

    Args:
        citations: rows of `patent_citations`: patent_id, place, position, text, arxiv_id, doi.
        papers: columns of `ends.PAPERS`; venue, volume and pages are used where they are there.

    Returns:
        Frame of `COLUMNS` in the contract of `patent_paper_citations`, sorted by its key.
    """
    citations = citations.reset_index(drop=True)
    papers = papers.reset_index(drop=True)
    cited = _literature(citations)
    titles = [folded(title) for title in cited["title"]]
    known = [folded(title) for title in papers["title"]]
    rows, columns = candidates(cited, papers, titles, known)
    seen = agreements(cited, papers, titles, known, rows, columns)
    probability = probabilities(seen).round(6)
    kept = np.flatnonzero(probability >= FLOOR)
    rows, columns, seen = rows[kept], columns[kept], seen.iloc[kept]
    mine = cited.iloc[rows].reset_index(drop=True)
    source = citations.iloc[mine["row"].to_numpy(dtype=int)].reset_index(drop=True)
    found = pd.DataFrame(
        {
            "patent_id": source["patent_id"].astype("str"),
            "place": source["place"].astype("str"),
            "position": source["position"].astype("int64"),
            "part": mine["part"].astype("int64"),
            "paper_id": papers["paper_id"].iloc[columns].astype("str").to_numpy(),
            "probability": probability[kept],
            "how": _how(seen),
            **{name: mine[name] for name in ("kind", "title", "journal", "year", "authors")},
            "reasons": _reasons(seen),
        }
    )
    key = ["patent_id", "place", "position", "part", "paper_id"]
    return found.sort_values(key, kind="stable", ignore_index=True)[list(COLUMNS)]


def _literature(citations: pd.DataFrame) -> pd.DataFrame:
    """Parsed citations that may be papers, with their strings and the identifiers given beside."""
    cited = parse(citations["text"])
    cited["text"] = (
        citations["text"].fillna("").astype("str").to_numpy()[cited["row"].to_numpy(int)]
    )
    for name in ("doi", "arxiv_id"):
        if name in citations:
            given = citations[name].fillna("").astype("str").to_numpy()[cited["row"].to_numpy(int)]
            cited[name] = np.where(cited[name] == "", given, cited[name])
    identified = (cited["doi"] != "") | (cited["arxiv_id"] != "")
    return cited[cited["kind"].isin(LITERATURE) | identified].reset_index(drop=True)


def _how(seen: pd.DataFrame) -> list[str]:
    """What a pair rests on: identifier, title, or what is printed beside it."""
    title = (seen["title_same"] + seen["title_near"] + seen["title_start"]) > 0
    return list(np.where(seen["identifier"] > 0, "identifier", np.where(title, "title", "printed")))


def _reasons(seen: pd.DataFrame) -> list[str]:
    """Contributions to the log-odds as JSON, largest first."""
    weighted = seen[list(WEIGHTS)].to_numpy() * np.asarray(list(WEIGHTS.values()))
    names = np.asarray(list(WEIGHTS))
    made = []
    for row in weighted:
        order = [at for at in np.argsort(-np.abs(row), kind="stable") if row[at] != 0.0]
        made.append(json.dumps({str(names[at]): round(float(row[at]), 3) for at in order}))
    return made
