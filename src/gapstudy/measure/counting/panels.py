"""The panels of this study: products and patents per result, by region and year of the result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure import rubin
from gapstudy.measure.cohort import Weights
from gapstudy.measure.counting.panel import Floats, Model, PanelFit, fit, panel
from gapstudy.measure.imputation import Spells
from gapstudy.regions import REGIONS, STUDIED, RegionScheme, add_region

#: The region that the others are compared with.
BASE = "US"
MODELS: tuple[Model, ...] = ("nb2", "poisson")
_SHOWN = (*STUDIED, "other")


class Outcome(NamedTuple):
    """Counts and exposures by region and year, in one draw or several.

    Attributes:
        name: what is counted.
        exposure_name: what it is counted per.
        years: the years, (T,).
        counted: counts, (M, regions, T).
        exposure: exposures, (M, regions, T).
        results: results by region and year, (regions, T).
    """

    name: str
    exposure_name: str
    years: np.ndarray
    counted: Floats
    exposure: Floats
    results: Floats


def outcomes(
    papers: pd.DataFrame, weight: Weights, spells: Spells, patents: pd.DataFrame,
    parties: pd.DataFrame, products: pd.DataFrame, scheme: RegionScheme,
) -> Iterator[Outcome]:  # fmt: skip
    """First products, patents and products of all entries per result.

    Args:
        papers: results of the cohort.
        weight: their credits, whole or first.
        spells: their drawn spells.
        patents: table `patents`.
        parties: table `patent_parties`.
        products: table `products`.
        scheme: what the regions contain.
    """
    middle = papers["date_from"] + (papers["date_to"] - papers["date_from"]) / 2
    year = middle.dt.year.to_numpy()
    years = np.arange(int(year.min()), int(year.max()) + 1)
    of_year = (year[:, None] == years).astype(float)
    credit = weight.value[:, [REGIONS.index(name) for name in _SHOWN]]
    results = np.einsum("nk,nt->kt", credit, of_year)
    yield Outcome(
        "first products", "years of follow-up", years,
        np.einsum("mn,nk,nt->mkt", spells.event.astype(float), credit, of_year),
        np.einsum("mn,nk,nt->mkt", spells.time, credit, of_year), results,
    )  # fmt: skip
    for name, rows in (
        ("patents", _patents(patents, parties, scheme)),
        ("products launched", _products(products, scheme)),
    ):
        place, when = rows
        count = np.array(
            [[((place == region) & (when == t)).sum() for t in years] for region in _SHOWN], float
        )
        yield Outcome(name, "results of that year", years, count[None], results[None], results)


def table(found: Iterator[Outcome], confidence: float, min_cell: int) -> pd.DataFrame:
    """Rows of `out_panel`.

    Args:
        found: from `outcomes`.
        confidence: level of the intervals.
        min_cell: fewest counts of a region for which a ratio is shown.
    """
    rows: list[dict[str, object]] = []
    for outcome in found:
        rows += _rates(outcome, confidence, min_cell)
        rows += _elasticity(outcome, confidence, min_cell)
    return pd.DataFrame(rows)


def _rates(outcome: Outcome, confidence: float, min_cell: int) -> list[dict[str, object]]:
    events = outcome.counted.mean(axis=0).sum(axis=1)
    usable = [k for k, name in enumerate(_SHOWN) if events[k] >= min_cell]
    enough = _SHOWN.index(BASE) in usable
    rows = []
    for model in MODELS:
        fits: list[PanelFit] = []
        why = "" if enough and len(usable) > 1 else f"fewer than {min_cell} in {BASE} or elsewhere"
        if not why:
            try:
                fits = [_fit(outcome, m, usable, model, None) for m in range(len(outcome.counted))]
            except FitError as error:
                why = str(error)
        for k, name in enumerate(_SHOWN):
            if name == BASE:
                continue
            few = "" if k in usable else f"fewer than {min_cell} in {name}"
            shown = fits if not few else []
            rows.append(_row(outcome, model, f"{name}/{BASE}", name, shown, why or few,
                             float(events[k]), confidence))  # fmt: skip
    return rows


def _elasticity(outcome: Outcome, confidence: float, min_cell: int) -> list[dict[str, object]]:
    """Do more results of a region in a year go with more counts, region and year held fixed?"""
    if outcome.name == "first products":
        return []
    events = outcome.counted.mean(axis=0).sum(axis=1)
    usable = [k for k in range(len(_SHOWN)) if events[k] >= min_cell]
    rows = []
    for model in MODELS:
        fits, why = [], "" if len(usable) > 1 else f"fewer than two regions with {min_cell}"
        if not why:
            try:
                fits = [_fit(outcome, 0, usable, model, "log results")]
            except FitError as error:
                why = str(error)
        rows.append(_row(outcome, model, "log results", "log results", fits, why,
                         float(events.sum()), confidence))  # fmt: skip
    return rows


def _fit(
    outcome: Outcome, draw: int, usable: list[int], model: Model, extra: str | None
) -> PanelFit:
    count, exposure = outcome.counted[draw][usable], outcome.exposure[draw][usable]
    results = outcome.results[usable]
    inside = results > 0
    region = np.repeat([_SHOWN[k] for k in usable], len(outcome.years)).reshape(count.shape)[inside]
    year = np.tile(outcome.years, (len(usable), 1))[inside]
    base = BASE if BASE in region else str(region[0])
    more: Any = {extra: np.log(results[inside])} if extra else None
    scale = np.ones(int(inside.sum())) if extra else exposure[inside]
    cells = panel(count[inside], scale, list(region), year, base, more)
    return fit(cells, model)


def _row(
    outcome: Outcome, model: str, term: str, name: str, fits: list[PanelFit], why: str,
    events: float, confidence: float,
) -> dict[str, object]:  # fmt: skip
    row: dict[str, object] = {
        "outcome": outcome.name, "per": outcome.exposure_name, "model": model, "term": term,
        "estimate": np.nan, "low": np.nan, "high": np.nan, "p_value": np.nan,
        "n": int((outcome.results > 0).sum()), "events": events, "dispersion": np.nan,
        "pearson": np.nan, "overdispersion_p": np.nan, "zeros": np.nan, "zeros_expected": np.nan,
        "zeros_p": np.nan, "note": why,
    }  # fmt: skip
    if why or not fits:
        return row
    j = [item.names.index(name) for item in fits]
    value = np.array([item.estimate[k] for item, k in zip(fits, j, strict=True)])
    spread = np.array([item.covariance[k, k] for item, k in zip(fits, j, strict=True)])
    pooled = rubin.pool(value, spread, complete_df=float(min(item.df for item in fits)))
    error, df = float(pooled.error), float(pooled.df)
    half = float(stats.t.ppf(0.5 + confidence / 2, df)) * error
    centre = float(pooled.estimate)
    power = term == "log results"
    ends = (centre, centre - half, centre + half)
    shown = ends if power else tuple(float(item) for item in np.exp(ends))
    row |= {
        "estimate": shown[0], "low": shown[1], "high": shown[2],
        "p_value": float(2 * stats.t.sf(abs(centre) / error, df)),
        "n": int(np.median([item.n for item in fits])),
        **{
            key: float(np.median([getattr(item, field) for item in fits]))
            for key, field in (
                ("dispersion", "dispersion"), ("pearson", "pearson"),
                ("overdispersion_p", "lr_p"), ("zeros", "zeros"),
                ("zeros_expected", "zeros_expected"), ("zeros_p", "zeros_p"),
            )
        },
        "note": fits[0].note,
    }  # fmt: skip
    return row


def _patents(
    patents: pd.DataFrame, parties: pd.DataFrame, scheme: RegionScheme
) -> tuple[np.ndarray, np.ndarray]:
    """Region of the first applicant with a country, and year of priority, of each family."""
    rows = patents[patents["family_first"].astype(bool) & patents["priority_date_from"].notna()]
    owners = parties[(parties["role"] == "applicant") & parties["country"].notna()]
    first = owners.sort_values(["patent_id", "position"]).drop_duplicates("patent_id")
    both = rows.merge(first[["patent_id", "country"]], on="patent_id", how="inner")
    place = add_region(both, scheme, date=("priority_date_from", "priority_date_to"))
    return place.to_numpy(dtype=str), pd.to_datetime(both["priority_date_from"]).dt.year.to_numpy()


def _products(products: pd.DataFrame, scheme: RegionScheme) -> tuple[np.ndarray, np.ndarray]:
    place = add_region(products, scheme, country="home_country", date=("date_from", "date_to"))
    year = pd.to_datetime(products["date_from"]).dt.year.to_numpy()
    return place.to_numpy(dtype=str), year
