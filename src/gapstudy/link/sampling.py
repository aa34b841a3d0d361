"""Drawing pairs to label so that they stand for all pairs that might be links.

The frame is every pair that might be a link. It is cut into strata by score, region of the target
and kind of target; within a stratum pairs are drawn at random without replacement. Each drawn pair
then stands for `1 / inclusion` pairs of the frame, whatever share of the stratum was drawn, so that
likely links and small regions can be drawn more often without a bias. What the labels then say is
in `estimates`.

Which pairs are drawn depends on the seed and on the identifiers of the pairs alone (permanent
random numbers): not on their order, and a larger sample holds every smaller one.

Sources: Sarndal, Swensson, Wretman, "Model Assisted Survey Sampling" (1992), chapter 3; Ohlsson,
"Coordination of samples using permanent random numbers" (1995); Bankier, "Power allocations"
(1988), https://doi.org/10.1080/00031305.1988.10475556.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.errors import UsageError

KEY = ("paper_id", "target_type", "target_id")
#: Edges of the bands of score: a pair is in the last band whose edge it reaches.
BANDS = ((0.0, "b0"), (1e-9, "b1"), (0.01, "b2"), (0.1, "b3"), (0.5, "b4"))
#: How much more often the pairs of a band are drawn than its size alone would have it.
IMPORTANCE = {"b0": 0.5, "b1": 0.6, "b2": 1.6, "b3": 3.5, "b4": 5.0}
#: The same for regions: those with few products, and those that the study compares.
REGIONS = {"EU": 1.6, "CN": 1.3, "US": 1.0, "other": 0.8, "unknown": 0.5}
#: The number of a stratum grows with this power of its size.
POWER = 0.5
#: Smallest number drawn from a stratum: a variance needs two.
LEAST = 2


def strata(pairs: pd.DataFrame, more: Sequence[str] = ()) -> pd.Series[str]:
    """Name of the stratum of each pair: band of score, region, kind of target, and more.

    Args:
        pairs: columns score (0 to 1), region, target_type and those named in `more`.
        more: further columns to divide by.

    Returns:
        Names such as "b3-EU-product", with the index of `pairs`.
    """
    edges = np.array([edge for edge, _ in BANDS[1:]])
    names = np.array([name for _, name in BANDS], dtype=object)
    score = pd.to_numeric(pairs["score"]).fillna(0.0).to_numpy(dtype=float)
    name = pd.Series(names[np.digitize(score, edges)], index=pairs.index, dtype="object")
    for column in ("region", "target_type", *more):
        name = name + "-" + pairs[column].fillna("unknown").astype("str").astype("object")
    return name.astype("str")


def importance(names: pd.Index) -> pd.Series[float]:
    """`IMPORTANCE` times `REGIONS` of strata named by `strata`; 1 for words not known."""
    parts = [str(name).split("-") for name in names]
    value = [IMPORTANCE.get(p[0], 1.0) * REGIONS.get(p[1] if p[1:] else "", 1.0) for p in parts]
    return pd.Series(value, index=names, dtype=float)


def allocate(
    sizes: pd.Series[int], total: int, weight: pd.Series[float] | None = None
) -> pd.Series[int]:
    """How many pairs to draw from each stratum.

    In proportion to weight times size to the `POWER`; at least `LEAST` and at most all of it. What
    a small stratum cannot give goes to the others; rests are rounded largest first, then by name.

    Args:
        sizes: pairs of each stratum.
        total: pairs to draw; fewer if the frame has fewer.
        weight: importance of each stratum, 1 by default.

    Raises:
        UsageError: `total` is too small to draw `LEAST` from every stratum.
    """
    sizes = sizes[sizes > 0].sort_index()
    least = sizes.clip(upper=LEAST)
    total = min(total, int(sizes.sum()))
    if total < int(least.sum()):
        raise UsageError(
            f"{total} pairs are too few for {len(sizes)} strata",
            remedy=f"Draw at least {int(least.sum())}",
        )
    size = sizes.to_numpy(dtype=float)
    low = least.to_numpy(dtype=float)
    pull = size**POWER
    if weight is not None:
        pull = pull * weight.reindex(sizes.index).fillna(1.0).to_numpy(dtype=float)
    # The scale at which the bounded shares add up to the total, by halving.
    bottom, top = 0.0, float((size / pull).max()) if len(size) else 0.0
    for _ in range(200):
        middle = (bottom + top) / 2
        short = np.clip(middle * pull, low, size).sum() < total
        bottom, top = (middle, top) if short else (bottom, middle)
    ideal = np.clip(top * pull, low, size)
    given = np.floor(ideal + 1e-6)
    # Rests first; strata with room come before those without.
    order = np.lexsort((np.arange(len(size)), given - ideal))
    for at in [*order, *order]:
        if given.sum() < total and given[at] < size[at]:
            given[at] += 1
    return pd.Series(given.astype(int), index=sizes.index, name="n")


def draw(pairs: pd.DataFrame, numbers: pd.Series[int], seed: int) -> pd.DataFrame:
    """Draw pairs at random without replacement within strata.

    Args:
        pairs: columns of `KEY` and stratum; each pair once.
        numbers: stratum -> pairs to draw; strata not named give none.
        seed: of the permanent random numbers.

    Returns:
        The drawn rows with stratum_size and inclusion (n / N), in the order of their random number.
    """
    at = lots(pairs, seed)
    ordered = pairs.assign(_lot=at).sort_values(["_lot", *KEY])
    size = ordered.groupby("stratum")["_lot"].transform("size")
    place = ordered.groupby("stratum").cumcount()
    wanted = ordered["stratum"].map(numbers).fillna(0).astype(int)
    wanted = wanted.clip(upper=size)
    drawn = ordered.assign(stratum_size=size.astype(int), inclusion=wanted / size)
    return drawn[place < wanted].drop(columns="_lot").reset_index(drop=True)


def lots(pairs: pd.DataFrame, seed: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """A random number of each pair, made of the seed and its identifiers only."""
    text = pairs[KEY[0]].astype("str").astype("object")
    for name in KEY[1:]:
        text = text + "\x1f" + pairs[name].astype("str").astype("object")
    key = f"{seed % 10**16:016d}"
    values = pd.util.hash_array(text.to_numpy(dtype=object), hash_key=key, categorize=False)
    return np.asarray(values, dtype=np.uint64)


def settled(drawn: pd.DataFrame, answered: pd.Series[bool]) -> pd.DataFrame:
    """The pairs that got an answer, which stand for the others of their stratum as well.

    Args:
        drawn: columns stratum and stratum_size.
        answered: whether each pair could be labelled.

    Returns:
        The answered rows with `inclusion` newly made of their number.
    """
    kept = drawn[answered.to_numpy(dtype=bool)]
    number = kept.groupby("stratum")["stratum_size"].transform("size")
    return kept.assign(inclusion=number / kept["stratum_size"])
