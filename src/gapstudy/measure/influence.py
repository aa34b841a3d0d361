"""Leave one out: how far the headline differences hang on one organisation, product or venue.

An organisation or venue is left out with all its results; a product with all results of which it
is the first product in some drawn link set. What remains is estimated anew by the same method.
Reference: Belsley, Kuh and Welsch (1980), https://doi.org/10.1002/0471725153, ch. 2 (deletion of
rows).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import specifications
from gapstudy.measure.cohort import Weights
from gapstudy.measure.imputation import Spells
from gapstudy.measure.specifications import Rules

#: Kinds that are left out; `none` is the headline itself.
KINDS = ("none", "organisation", "product", "venue")
#: Most influential ones that are kept, of each kind and difference.
MOST = 10
_KEY = ["estimand", "region", "versus"]
_DIGITS = 10


def table(
    papers: pd.DataFrame, parties: pd.DataFrame, products: pd.DataFrame, weight: Weights,
    spells: Spells, rules: Rules,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_influence`.

    Args:
        papers: the results, with paper_id and venue.
        parties: their organisations, with paper_id and organisation.
        products: all products, with product_id, in the order of `Spells.product`.
        weight: credits of the headline.
        spells: drawn spells of the headline.
        rules: restricted-mean limit, confidence and smallest cell.
    """
    cells: list[dict[str, object]] = []
    for kind, name, out in _groups(papers, parties, products, spells):
        labels = {"scheme": weight.scheme.name, "counting": weight.counting, "left_out": kind,
                  "name": name}  # fmt: skip
        kept = specifications.only(spells, ~out)
        rows = specifications.cells(weight.value[~out], kept, labels, rules)
        cells += [row | {"results": int(out.sum())} for row in rows]
    frame = specifications.estimates(pd.DataFrame(cells), rules)
    head = frame[frame["left_out"] == "none"].set_index(_KEY)
    own = pd.MultiIndex.from_frame(frame[_KEY])
    base = head["estimate"].reindex(own).to_numpy(float)
    clear = head["significant"].astype("Float64").reindex(own).to_numpy(float, na_value=np.nan)
    value = frame["estimate"].to_numpy(float)
    now = frame["significant"].astype("Float64").to_numpy(float, na_value=np.nan)
    known = np.isfinite(value) & np.isfinite(base)
    flips = pd.Series((np.sign(value) != np.sign(base)) | (now != clear)).astype("boolean")
    change = value - base
    # Sums in another order differ in their last bits: ranks must not.
    size = pd.Series(np.abs(np.round(change, _DIGITS))).fillna(-1.0)
    frame = frame.assign(change=change, flips=flips.where(pd.Series(known)), size=size)
    frame = frame.sort_values([*_KEY, "left_out", "size", "name"],
                              ascending=[True] * 4 + [False, True])  # fmt: skip
    rank = frame.groupby([*_KEY, "left_out"], sort=False).cumcount() + 1
    frame = frame.assign(rank=rank)[rank <= MOST].drop(columns=["size", "significant"])
    numbers = ["estimate", "low", "high", "p_value", "change"]
    frame[numbers] = frame[numbers].round(_DIGITS)
    return frame.reset_index(drop=True)


def _groups(
    papers: pd.DataFrame, parties: pd.DataFrame, products: pd.DataFrame, spells: Spells
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """What can be left out: its kind, its name, and its results (n,)."""
    n = len(papers)
    yield "none", "", np.zeros(n, bool)
    place = pd.Index(papers["paper_id"]).get_indexer(pd.Index(parties["paper_id"]))
    names = parties["organisation"].astype(str).to_numpy()
    use = (place >= 0) & (names != "")
    yield from _each("organisation", names[use], place[use], n)
    hit = np.unique(np.argwhere(spells.event)[:, 1])
    where = [
        (int(spells.product[m, i]), i) for i in hit for m in np.flatnonzero(spells.event[:, i])
    ]
    pairs = sorted(set(where))
    ids = products["product_id"].astype(str).to_numpy()
    yield from _each("product", np.array([ids[j] for j, _ in pairs], dtype=object),
                     np.array([i for _, i in pairs], dtype=np.int64), n)  # fmt: skip
    venues = papers["venue"].fillna("").astype(str).to_numpy()
    filled = venues != ""
    yield from _each("venue", venues[filled], np.flatnonzero(filled), n)


def _each(
    kind: str, names: NDArray[np.object_], place: NDArray[np.int64], n: int
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    for name in sorted(set(names.tolist())):
        out = np.zeros(n, bool)
        out[place[names == name]] = True
        # With nothing left there is nothing to estimate.
        if not out.all():
            yield kind, name, out
