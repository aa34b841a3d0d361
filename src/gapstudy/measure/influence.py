"""Leave one out: how far the headline differences hang on one organisation, product or venue.

An organisation or venue is left out with all its results. A product, or all products of a maker, is
left out as if it did not exist: its links get no probability, all others are drawn as before, and a
result that used it takes its next product or stays without one. To drop such results instead would
select them by their outcome. What remains is estimated anew by the same method.
Reference: Belsley, Kuh and Welsch (1980), https://doi.org/10.1002/0471725153, ch. 2 (deletion of
rows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import specifications
from gapstudy.measure.cohort import Weights
from gapstudy.measure.imputation import Ints, Spells
from gapstudy.measure.specifications import Rules
from gapstudy.measure.survival import Floats

#: Kinds that are left out; `none` is the headline itself.
KINDS = ("none", "organisation", "venue", "product", "maker")
#: Most influential ones that are kept, of each kind and difference.
MOST = 10
_KEY = ["estimand", "region", "versus"]
_DIGITS = 10
#: Without one item: its kind and name, credits, spells, and the results that it touches.
Case = tuple[str, str, Floats, Spells, int]


def table(
    papers: pd.DataFrame, parties: pd.DataFrame, products: pd.DataFrame, weight: Weights,
    spells: Spells, rules: Rules, without: Callable[[Ints], Spells],
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_influence`: the most influential, and all that change the conclusion.

    Args:
        papers: the results, with paper_id and venue.
        parties: their organisations, with paper_id, organisation and, if known, organisation_id.
        products: all products, with product_id and organisation, in the order of `Spells.product`.
        weight: credits of the headline.
        spells: drawn spells of the headline.
        rules: restricted-mean limit, confidence and smallest cell.
        without: the spells as they are without some products, by their positions.
    """
    cells: list[dict[str, object]] = []
    for kind, name, credit, kept, touched in (
        ("none", "", weight.value, spells, 0),
        *_results(papers, parties, weight.value, spells),
        *_products(products, weight.value, spells, without),
    ):
        labels = {"scheme": weight.scheme.name, "counting": weight.counting, "left_out": kind,
                  "name": name}  # fmt: skip
        rows = specifications.cells(credit, kept, labels, rules)
        cells += [row | {"results": touched} for row in rows]
    frame = specifications.estimates(pd.DataFrame(cells), rules)
    numbers = ["estimate", "low", "high", "p_value"]
    # Sums in another order differ in their last bits: ranks and signs must not.
    frame[numbers] = frame[numbers].round(_DIGITS) + 0.0
    return _ranked(_compared(frame))


def _compared(frame: pd.DataFrame) -> pd.DataFrame:
    """Each row beside the headline's of the same difference."""
    head = frame[frame["left_out"] == "none"].set_index(_KEY)
    own = pd.MultiIndex.from_frame(frame[_KEY])
    base = head["estimate"].reindex(own).to_numpy(float)
    bold = head["significant"].astype("Float64").reindex(own).to_numpy(float, na_value=np.nan)
    value = frame["estimate"].to_numpy(float)
    now = frame["significant"].astype("Float64").to_numpy(float, na_value=np.nan)
    known = pd.Series(np.isfinite(value) & np.isfinite(base), index=frame.index)

    def where(changed: NDArray[np.bool_]) -> pd.Series:
        return pd.Series(changed, index=frame.index).astype("boolean").where(known)

    # The conclusion: on which side of zero for sure, or on neither.
    flips = np.sign(value) * now != np.sign(base) * bold
    gone = np.isnan(value) & np.isfinite(base)
    change = value - base
    size = np.where(gone, np.inf, np.nan_to_num(np.abs(np.round(change, _DIGITS)), nan=-1.0))
    return frame.assign(
        change=np.round(change, _DIGITS), size=size, flips=where(flips),
        sign_changes=where(np.sign(value) != np.sign(base)),
    )  # fmt: skip


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Most influential first; first of all what leaves too few to estimate anything."""
    frame = frame.sort_values([*_KEY, "left_out", "size", "name"],
                              ascending=[True] * 4 + [False, True])  # fmt: skip
    group = frame.groupby([*_KEY, "left_out"], sort=False)
    frame = frame.assign(rank=group.cumcount() + 1, cases=group["name"].transform("size"))
    flips = frame["flips"].fillna(value=False).astype(bool)
    kept = (frame["rank"] <= MOST) | flips | np.isinf(frame["size"])
    shown: pd.DataFrame = frame[kept].drop(columns=["size", "significant", "than"])
    return shown.reset_index(drop=True)


def _results(
    papers: pd.DataFrame, parties: pd.DataFrame, credit: Floats, spells: Spells
) -> Iterator[Case]:
    """Without the results of one organisation or venue."""
    n = len(papers)
    place = pd.Index(papers["paper_id"]).get_indexer(pd.Index(parties["paper_id"]))
    names = _one_name(parties)
    use = (place >= 0) & (names != "")
    venues = papers["venue"].fillna("").astype(str).to_numpy(object)
    filled = venues != ""
    for kind, name, mine in (
        *_each("organisation", names[use], place[use]),
        *_each("venue", venues[filled], np.flatnonzero(filled)),
    ):
        kept = np.ones(n, bool)
        kept[mine] = False
        # With nothing left there is nothing to estimate.
        if kept.any():
            yield kind, name, credit[kept], specifications.only(spells, kept), int((~kept).sum())


def _products(
    products: pd.DataFrame, credit: Floats, spells: Spells, without: Callable[[Ints], Spells]
) -> Iterator[Case]:
    """Without one product that comes first in some link set, or without all of its maker."""
    first = np.unique(spells.product[spells.event])
    ids = products["product_id"].astype(str).to_numpy(object)
    makers = _one_name(products)
    involved = first[makers[first] != ""]
    for kind, name, mine in (
        *_each("product", ids[first], first),
        *((kind, name, np.flatnonzero(makers == name))
          for kind, name, _ in _each("maker", makers[involved], involved)),
    ):  # fmt: skip
        touched = (spells.event & np.isin(spells.product, mine)).any(axis=0)
        yield kind, name, credit, without(mine), int(touched.sum())


def _one_name(rows: pd.DataFrame) -> NDArray[np.object_]:
    """Name of each row's organisation, the same for all rows of one identifier."""
    names = rows["organisation"].fillna("").astype(str)
    if "organisation_id" not in rows:
        return names.to_numpy(object)
    known = rows["organisation_id"].fillna("").astype(str)
    # The most frequent spelling; of equally frequent ones the first in the alphabet.
    spelled = pd.DataFrame({"id": known, "name": names})
    counts = spelled.groupby(["id", "name"]).size().rename("n").reset_index()
    best = counts.sort_values(["id", "n", "name"], ascending=[True, False, True])
    spelling = best.drop_duplicates("id").set_index("id")["name"]
    return names.where(known == "", known.map(spelling)).to_numpy(object)


def _each(
    kind: str, names: NDArray[np.object_], place: NDArray[np.int64]
) -> Iterator[tuple[str, str, Ints]]:
    for name in sorted(set(names.tolist())):
        yield kind, name, np.unique(place[names == name])
