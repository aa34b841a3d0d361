"""The results that are followed up, and what each counts for in each region.

A result enters by its frame, chosen without knowing what became of it, and is followed from its
first public date to its first product, or to the cut-off of the study. A result of several regions
counts for each by its credit; the interval of a difference knows that both sides share it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.imputation import YEAR, Spells
from gapstudy.regions import REGIONS, UNKNOWN, Counting, RegionScheme, add_region, credit
from gapstudy.study import Window

Floats = NDArray[np.float64]
#: Columns of every weight matrix: the regions, then every result once.
COLUMNS = (*REGIONS, "all")
ALL = len(REGIONS)
_PARTY = (
    "paper_id", "position", "author", "organisation", "organisation_id", "country", "kind",
)  # fmt: skip


@dataclass(frozen=True)
class Weights:
    """Credits of n results to the regions under one scheme and counting.

    Attributes:
        scheme: what the regions contain.
        counting: how a result of several regions counts.
        value: credits, (n, 6), columns as in `COLUMNS`.
    """

    scheme: RegionScheme
    counting: Counting
    value: Floats

    def only(self, rows: NDArray[np.intp]) -> Weights:
        """The credits of some of the results, by their positions."""
        return Weights(self.scheme, self.counting, self.value[rows])


def within(papers: pd.DataFrame, window: Window) -> pd.DataFrame:
    """The results whose date (middle of its interval) lies in the window, by identifier."""
    middle = papers["date_from"] + (papers["date_to"] - papers["date_from"]) / 2
    inside = (middle >= pd.Timestamp(window.start)) & (middle < _after(window.end))
    known = papers["date_to"] < _after(window.cutoff)
    return papers[inside & known].sort_values("paper_id", ignore_index=True)


def parties(papers: pd.DataFrame, affiliations: pd.DataFrame) -> pd.DataFrame:
    """Organisations of the results with the results' dates.

    A result without any organisation gets one of unknown country, so that it is counted and not
    lost.
    """
    dates = papers[["paper_id", "date_from", "date_to"]]
    rows = dates.merge(
        affiliations[[*_PARTY]],
        on="paper_id",
        how="left",
    )
    rows["position"] = rows["position"].fillna(1).astype("int64")
    return rows


def weights(
    papers: pd.DataFrame, rows: pd.DataFrame, scheme: RegionScheme, counting: Counting
) -> Weights:
    """Credits of the results to the regions.

    Args:
        papers: the results.
        rows: their organisations, from `parties`.
        scheme: what the regions contain.
        counting: whole, fractional or first; see `gapstudy.regions.credit`.
    """
    located = rows.assign(region=add_region(rows, scheme, date=("date_from", "date_to")))
    given = credit(located, counting)
    value = np.zeros((len(papers), len(COLUMNS)))
    paper = pd.Index(papers["paper_id"]).get_indexer(pd.Index(given["paper_id"]))
    region = pd.Index(COLUMNS).get_indexer(pd.Index(given["region"]))
    value[paper, region] = given["credit"].to_numpy(float)
    value[:, ALL] = 1.0
    return Weights(scheme, counting, value)


def product_regions(products: pd.DataFrame, scheme: RegionScheme) -> NDArray[np.int64]:
    """Position in `REGIONS` of each product's maker; the last entry stands for no known product."""
    names = add_region(products, scheme, country="home_country", date=("date_from", "date_to"))
    index = pd.Index(REGIONS).get_indexer(pd.Index(names))
    return np.append(index, REGIONS.index(UNKNOWN)).astype(np.int64)


def table(
    papers: pd.DataFrame,
    weight: Weights,
    spells: Spells,
    products: pd.DataFrame,
    outcome: NDArray[np.str_],
    population: str,
    cutoff: pd.Timestamp,
) -> pd.DataFrame:
    """Rows of `out_cohort`: one per result and region that it counts for.

    Args:
        papers: the results.
        weight: their credits.
        spells: the drawn link sets of the headline.
        products: all products.
        outcome: outcome of each result's follow-up.
        population: cohort or illustration.
        cutoff: end of observation.
    """  # fmt: skip
    modal = _modal(spells)
    made_in = product_regions(products, weight.scheme)[modal]
    names = np.append(products["product_id"].astype(str).to_numpy(dtype=object), "")
    events = spells.event.sum(axis=0)
    lag = np.where(spells.event, spells.time, 0.0).sum(axis=0)
    middle = papers["date_from"] + (papers["date_to"] - papers["date_from"]) / 2
    per_paper = pd.DataFrame(
        {
            "scheme": weight.scheme.name,
            "counting": weight.counting,
            "population": population,
            "frame": papers["frame"],
            "paper_id": papers["paper_id"],
            "outcome": outcome,
            "product_id": names[modal],
            "destination": np.where(modal < 0, "", np.asarray(REGIONS)[made_in]),
            "probability": events / len(spells.event),
            "lag_years": np.where(events > 0, lag / np.maximum(events, 1), np.nan),
            "follow_up_years": (cutoff - middle).dt.total_seconds() / 86400 / YEAR,
        }
    )
    paper, region = np.nonzero(weight.value)
    rows = per_paper.iloc[paper].reset_index(drop=True)
    return rows.assign(region=np.asarray(COLUMNS)[region], credit=weight.value[paper, region])


def _modal(spells: Spells) -> NDArray[np.int64]:
    """Product that comes first in most link sets that give one; -1 where none does."""
    result = np.full(spells.product.shape[1], -1)
    for i in np.flatnonzero((spells.product >= 0).any(axis=0)):
        found, often = np.unique(spells.product[:, i], return_counts=True)
        often = np.where(found < 0, 0, often)
        result[i] = found[np.argmax(often)]
    return result


def _after(day: object) -> pd.Timestamp:
    return pd.Timestamp(day) + pd.Timedelta(days=1)  # type: ignore[arg-type]
