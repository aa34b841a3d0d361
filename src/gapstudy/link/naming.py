"""Features of pairs that rest on the names that papers coin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gapstudy.link.phrases import set_against

if TYPE_CHECKING:
    from gapstudy.link.features import PaperSide, TargetSide

Array = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.int64]]
_TITLES = ["name", "feature"]
#: Features that rest on the names that a paper coins.
NAMED = (
    "name_exact", "name_folded", "name_in_text", "name_in_title", "name_common", "name_compound",
    "name_against", "version_mismatch",
)  # fmt: skip


def name_features(
    papers: PaperSide, targets: TargetSide, rows: Places, columns: Places, hits: pd.DataFrame
) -> dict[str, Array]:
    """What the names that papers coin say of pairs.

    Args:
        papers: the papers.
        targets: the targets.
        rows: place of each pair's paper.
        columns: place of each pair's target.
        hits: places where names were found; those of other pairs are passed over.

    Returns:
        Feature of `NAMED` -> its values, in the order of the pairs.
    """
    made = {name: np.zeros(len(rows)) for name in NAMED}
    if hits.empty or not len(rows):
        return made
    hits = hits.merge(papers.names, on=["row", "name"], how="inner")
    pairs = pd.Index(rows * len(targets) + columns)
    at = hits["row"].to_numpy(dtype=np.int64) * len(targets) + hits["column"].to_numpy(
        dtype=np.int64
    )
    within = np.isin(at, pairs)
    hits, at = hits[within].reset_index(drop=True), at[within]
    flags = {name: hits[name].to_numpy(dtype=bool) for name in
             ("exact", "compound", "version", "other", "common")}  # fmt: skip
    real = ~flags["other"]
    titled = hits["field"].isin(_TITLES).to_numpy() & real
    # Capitals within (CLIP, U-Net) set a name apart from the word, if the target writes them too.
    plain = ~hits["name"].str.contains(r"(?<=.)[A-Z]", regex=True).to_numpy(dtype=bool)
    against = set_against(hits, targets.frame)
    found = pd.DataFrame(
        {
            "pair": at,
            "named": real,
            "exact": flags["exact"] & real,
            "common": flags["common"] & (plain | ~flags["exact"]) & real,
            "simple": ~flags["compound"] & real,
            "clean": ~flags["version"] & real,
            "titled": titled,
            "inside": real & ~hits["field"].isin(_TITLES).to_numpy(),
            "free": ~against & real,
        }
    )
    best = found.groupby("pair", sort=True).max()
    place = best.index.get_indexer(pairs)
    here = place >= 0
    best = best.iloc[place[here]]
    named, exact = best["named"].to_numpy(dtype=bool), best["exact"].to_numpy(dtype=bool)
    made["name_exact"][here] = exact
    made["name_folded"][here] = named & ~exact
    made["name_common"][here] = best["common"]
    made["name_compound"][here] = named & ~best["simple"].to_numpy(dtype=bool)
    made["version_mismatch"][here] = ~best["clean"].to_numpy(dtype=bool)
    made["name_in_title"][here] = best["titled"]
    made["name_in_text"][here] = best["inside"]
    made["name_against"][here] = named & ~best["free"].to_numpy(dtype=bool)
    return made
