"""Draw the link sets that all estimates are repeated on.

A link between a result and a product is a probability, and a date may be known to the month or
year. Each of M draws decides every link by its probability and places every date uniformly in its
interval; the result's first product in that draw is the earliest drawn one that does not come
before it. A product dated before its result is a wrong link, a wrong date, or a result published
late: it never starts or ends a spell, and is counted in `out_lag_classes`; it is never moved to
lag zero. Reference: Rubin (1987); for record linkage Goldstein, Harron and Wade (2012),
https://doi.org/10.1002/sim.5508.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.errors import FitError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LinkChoice = Literal["followup", "model", "both"]
YEAR = 365.25
#: Draws of two dates before their order is forced.
_TURNS = 16


@dataclass(frozen=True)
class Candidates:
    """Possible links of n results, as arrays.

    Attributes:
        paper_from: first and last possible day of each result, days since 1970, (n,).
        paper_to: see above.
        product_from: first and last possible day of each product, (P,).
        product_to: see above.
        paper: position of the result of each link, ascending, (L,).
        product: position of the product of each link, (L,).
        followup: probability of each link by the follow-up; 0 where it found none.
        model: probability of each link by the link model; 0 where it gave none.
        outcome: outcome of each result's follow-up, (n,).
    """

    paper_from: Ints
    paper_to: Ints
    product_from: Ints
    product_to: Ints
    paper: Ints
    product: Ints
    followup: Floats
    model: Floats
    outcome: NDArray[np.str_]

    def probability(self, links: LinkChoice, model: Floats | None = None) -> Floats:
        """Probability of each link under a choice of evidence.

        Args:
            links: evidence to use.
            model: probabilities by the link model instead of those of the table, (L,) or (M, L).

        Where the follow-up read a page that shows the use and the model gives a probability too,
        "both" takes the larger: they look at the same event, not at independent ones.
        """
        scored = self.model if model is None else model
        if links == "followup":
            return self.followup
        if links == "model":
            return scored
        return np.maximum(self.followup, scored)


@dataclass(frozen=True)
class Spells:
    """Time from each result to its first product or to the cut-off in M link sets.

    Attributes:
        time: years, (M, n).
        event: whether it ends in a product, (M, n).
        product: position of that product; -1 where there is none, (M, n).
    """

    time: Floats
    event: NDArray[np.bool_]
    product: Ints


def candidates(
    papers: pd.DataFrame,
    products: pd.DataFrame,
    links: pd.DataFrame,
    followups: pd.DataFrame,
    followup_found: float,
) -> Candidates:
    """Collect the possible product links of some results.

    Args:
        papers: the results, in the order of the weights.
        products: all products.
        links: table `links`.
        followups: table `followups`.
        followup_found: probability that a product found in the follow-up does use the result.
    """  # fmt: skip
    rows = links[links["target_type"] == "product"]
    paper = pd.Index(papers["paper_id"]).get_indexer(rows["paper_id"])
    product = pd.Index(products["product_id"]).get_indexer(rows["target_id"])
    keep = (paper >= 0) & (product >= 0)
    rows, paper, product = rows[keep], paper[keep], product[keep]
    order = np.lexsort((product, paper))
    basis = rows["basis"].astype(str).to_numpy()[order]
    probability = rows["probability"].to_numpy(float)[order]
    outcome = papers["paper_id"].map(followups.set_index("paper_id")["outcome"])
    return Candidates(
        _days(papers["date_from"]), _days(papers["date_to"]),
        _days(products["date_from"]), _days(products["date_to"]),
        paper[order].astype(np.int64), product[order].astype(np.int64),
        np.where(np.isin(basis, ("followup", "both")), followup_found, 0.0),
        np.where(np.isin(basis, ("model", "both")), probability, 0.0),
        outcome.astype(object).where(outcome.notna(), "not_followed").to_numpy().astype(np.str_),
    )  # fmt: skip


def draw(
    table: Candidates, links: LinkChoice, cutoff: int, imputations: int, seed: list[int],
    model: Floats | None = None, ordered: bool = False,
) -> Spells:  # fmt: skip
    """Draw link sets.

    The same seed gives the same uniform numbers under every choice of evidence, so that choices
    differ by the evidence and not by luck.

    Args:
        table: possible links.
        links: evidence to use.
        cutoff: last day of observation, days since 1970.
        imputations: number of link sets, M.
        seed: seed of the generator.
        model: probabilities by the link model in each set, (M, L), where they differ between sets;
            left out, those of the table.
        ordered: how coarse dates of a link are drawn that may stand in either order. Not ordered:
            each by itself, and the link ends no spell in the draws that put the product first,
            which takes the order as evidence against the link. Ordered: given that the product
            follows its result, as it must if the link is true.
    """
    random = np.random.default_rng(seed)
    papers = _within(table.paper_from, table.paper_to, random, imputations)
    products = _within(table.product_from, table.product_to, random, imputations)
    uniform = random.random((imputations, len(table.paper)))
    chosen = uniform < table.probability(links, model)
    lag = products[:, table.product] - papers[:, table.paper]
    if ordered:
        lag = _in_order(table, lag, random)
    return _first(table, papers, lag, chosen, cutoff)


def threshold(table: Candidates, links: LinkChoice, cutoff: int, smallest: float) -> Spells:
    """One link set that ignores uncertainty: links at least so probable, dates mid-interval."""
    papers = ((table.paper_from + table.paper_to) // 2)[None]
    products = ((table.product_from + table.product_to) // 2)[None]
    probability = table.probability(links)
    chosen = ((probability >= smallest) & (probability > 0))[None]
    lag = products[:, table.product] - papers[:, table.paper]
    return _first(table, papers, lag, chosen, cutoff)


def unclear_as_found(spells: Spells, outcome: NDArray[np.str_], seed: list[int]) -> Spells:
    """The bound that counts unclear follow-ups as products.

    Each unclear result without a product takes the lag and product of a result that has one in the
    same link set and whose lag fits into the unclear result's follow-up (hot deck, Andridge and
    Little 2010, https://doi.org/10.1111/j.1751-5823.2010.00103.x); where none fits, a uniform lag
    and no known product.
    """
    random = np.random.default_rng(seed)
    time, event, product = spells.time.copy(), spells.event.copy(), spells.product.copy()
    for m in range(len(time)):
        donors = np.flatnonzero(spells.event[m])
        donors = donors[np.argsort(spells.time[m, donors], kind="stable")]
        lags = spells.time[m, donors]
        for i in np.flatnonzero((outcome == "unclear") & ~spells.event[m]):
            fitting = int(np.searchsorted(lags, spells.time[m, i], side="right"))
            part = random.random()
            if fitting:
                donor = donors[int(part * fitting)]
                time[m, i], product[m, i] = spells.time[m, donor], spells.product[m, donor]
            else:
                time[m, i] = part * spells.time[m, i]
            event[m, i] = True
    return Spells(time, event, product)


def _days(values: pd.Series) -> Ints:
    return values.to_numpy().astype("datetime64[D]").astype(np.int64)


def _within(first: Ints, last: Ints, random: np.random.Generator, m: int) -> Ints:
    return first + np.floor(random.random((m, len(first))) * (last - first + 1)).astype(np.int64)


def _in_order(table: Candidates, lag: Ints, random: np.random.Generator) -> Ints:
    """Lags of the links, drawn again where two coarse dates came out in the wrong order, (M, L).

    Both dates are drawn uniformly again until they are in order; where that is too rare, a day of
    the result that leaves room, then one of the product from it on. Where no days are in order,
    the lag stays negative.
    """
    begin, end = table.paper_from[table.paper], table.paper_to[table.paper]
    first, last = table.product_from[table.product], table.product_to[table.product]
    result = lag.copy()
    for turn in range(_TURNS + 1):
        again = (result < 0) & (begin <= last)
        link = np.broadcast_to(np.arange(lag.shape[1]), lag.shape)[again]
        if not len(link):
            break
        late = turn == _TURNS
        latest = np.minimum(end, last)[link] if late else end[link]
        day = begin[link] + np.floor(random.random(len(link)) * (latest - begin[link] + 1))
        low = np.maximum(first[link], day) if late else first[link]
        made = low + np.floor(random.random(len(link)) * (last[link] - low + 1))
        result[again] = (made - day).astype(np.int64)
    return result


def _first(
    table: Candidates, papers: Ints, lag: Ints, chosen: NDArray[np.bool_], cutoff: int
) -> Spells:
    follow = cutoff - papers
    if (follow < 0).any():
        raise FitError(
            f"{int((follow < 0).any(axis=0).sum())} results are dated after the cut-off",
            remedy="Set window.cutoff in study.toml after window.end",
        )
    count = len(table.paper)
    best = np.full(papers.shape, np.iinfo(np.int64).max)
    if count:
        key = np.where(chosen & (lag >= 0), lag * count + np.arange(count), np.iinfo(np.int64).max)
        starts = np.flatnonzero(np.diff(table.paper, prepend=-1))
        best[:, table.paper[starts]] = np.minimum.reduceat(key, starts, axis=1)
    days, link = best // max(count, 1), best % max(count, 1)
    event = (best < np.iinfo(np.int64).max) & (days <= follow)
    product = np.where(event, table.product[link] if count else -1, -1)
    return Spells(np.where(event, days, follow) / YEAR, event, product.astype(np.int64))
