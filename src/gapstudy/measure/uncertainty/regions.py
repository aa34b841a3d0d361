"""Unknown regions, drawn: what if results of unknown region were like known ones?

The headline keeps the unknown as a region of their own. Beside it, every link set places them: the
credit of a result of unknown region goes where that of a known result goes that agrees with it in
kind of organisation, venue group, period and in having a product or not (an imputation that
ignores the outcome pulls differences to zero, White and Royston 2009,
https://doi.org/10.1002/sim.3618). Cells with too few known results are widened, the outcome last.
The known results of a cell are first drawn with replacement, then donors from those: the
approximate Bayesian bootstrap, which carries the uncertainty of the distribution itself (Rubin and
Schenker 1986, Journal of the American Statistical Association 81, 366-374). It holds when, within a
cell, being unknown has nothing to do with the region; that cannot be tested with these data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.imputation import Floats
from gapstudy.measure.shares import PERIODS, VENUES
from gapstudy.regions import REGIONS, UNKNOWN

_UNKNOWN = REGIONS.index(UNKNOWN)
_KNOWN = [k for k in range(len(REGIONS)) if k != _UNKNOWN]
#: Known results that a cell needs before unknown ones are placed by it alone.
LEAST = 10
Labels = NDArray[np.str_]


def cells(papers: pd.DataFrame, parties: pd.DataFrame) -> list[Labels]:
    """Cells of the results from the finest to the coarsest, each a label per result, (n,).

    Args:
        papers: the results.
        parties: their organisations, from `cohort.parties`.
    """
    venue = np.asarray(papers["venue"].map(VENUES).fillna("other venues"), dtype=np.str_)
    middle = papers["date_from"] + (papers["date_to"] - papers["date_from"]) / 2
    period = np.searchsorted(PERIODS, middle.dt.year.to_numpy(), side="right").astype(np.str_)
    kinds = parties.dropna(subset=["kind"]).groupby("paper_id")["kind"].agg(
        lambda part: "+".join(sorted(set(part.astype(str))))
    )  # fmt: skip
    kind = np.asarray(papers["paper_id"].map(kinds).fillna(""), dtype=np.str_)
    every = np.full(len(papers), "")
    return [_joined(kind, venue, period), _joined(venue, period), venue, period, every]


def draw(
    credit: Floats,
    levels: Sequence[Labels],
    event: NDArray[np.bool_],
    seed: list[int],
    least: int = LEAST,
) -> Floats:
    """Credits of each link set with the unknown placed, (M, n, K).

    A result without any known credit takes the whole credits of its donor. One with some known
    credit has the unknown part moved to one region of its donor, drawn by the donor's credits;
    under whole counting a region that it counts for already stays at one.

    Args:
        credit: credits of the results, columns as in `cohort.COLUMNS`, (n, K).
        levels: cells, finest first, from `cells`.
        event: which results have a product in each link set, (M, n).
        seed: seed of the generator.
        least: known results that a cell needs.

    Raises:
        FitError: no result has a known region.
    """
    lost = credit[:, _UNKNOWN] > 0
    known = credit[:, _KNOWN].sum(axis=1) > 0
    donors = known & ~lost
    if not donors.any():
        raise FitError("no result has a known region, so none can stand for the unknown",
                       remedy="Add a source that gives organisations")  # fmt: skip
    result = np.repeat(credit[None], len(event), axis=0)
    if not lost.any():
        return result
    random = np.random.default_rng(seed)
    for m in range(len(event)):
        taken = _donors(lost, donors, levels, event[m], random, least)
        whole = lost & ~known
        result[m, whole] = credit[taken[whole]]
        for i in np.flatnonzero(lost & known):
            share = credit[taken[i], _KNOWN]
            k = _KNOWN[int(random.choice(len(_KNOWN), p=share / share.sum()))]
            part = credit[i, _UNKNOWN]
            # Fractions add up to one; whole credits do not.
            fractional = credit[i, : len(REGIONS)].sum() <= 1 + 1e-9
            moved = credit[i, k] + part if fractional else max(credit[i, k], part)
            result[m, i, k], result[m, i, _UNKNOWN] = moved, 0.0
    return result


def _donors(
    lost: NDArray[np.bool_], donors: NDArray[np.bool_], levels: Sequence[Labels],
    event: NDArray[np.bool_], random: np.random.Generator, least: int,
) -> NDArray[np.intp]:  # fmt: skip
    """Donor of each result of unknown region, by the finest cell with donors enough."""
    taken = np.full(len(lost), -1, dtype=np.intp)
    outcome = np.where(event, "product ", "none ")
    finest = [np.char.add(outcome, level) for level in levels]
    for level, need in (*((level, least) for level in finest), (outcome, 1), (levels[-1], 1)):
        left = lost & (taken < 0)
        for cell in np.unique(level[left]):
            pool = np.flatnonzero(donors & (level == cell))
            if len(pool) >= need:
                here = np.flatnonzero(left & (level == cell))
                # Twice: first the distribution, then the values (approximate Bayesian bootstrap).
                again = pool[random.integers(0, len(pool), len(pool))]
                taken[here] = again[random.integers(0, len(again), len(here))]
    return taken


def _joined(*parts: Labels) -> Labels:
    return np.asarray([" | ".join(row) for row in zip(*parts, strict=True)], dtype=np.str_)
