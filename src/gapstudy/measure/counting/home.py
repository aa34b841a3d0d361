r"""Home bias: how much more often a region's own results become products there.

Three views of the matrix of first products :math:`n_{rd}` (results of r, made in d):

- the odds ratio of being made in r, results of r against those of elsewhere, each cell with one
  half added (Haldane 1956, Anscombe 1956), variance by Woolf (1955);
- the location quotient :math:`LQ_r = (n_{rr} / n_{r+}) / (n_{+r} / n_{++})`, on the log scale with
  the delta method, region r being part of the whole;
- the home effect of a quasi-independence model,
  :math:`\log E n_{rd} = a_r + b_d + h\,1\{r = d\}`: the factor on a flow for being at home, given
  how much each region makes and takes (Goodman 1968, Journal of the American Statistical
  Association 63, 1091-1131; Agresti 2013, Categorical Data Analysis, sec. 11.5).

Results count by fractional credit, so that each first product counts once; drawn link sets are
combined by Rubin's rules. Products of unknown home and results of unknown region are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure import rubin
from gapstudy.measure.cohort import Weights
from gapstudy.measure.counting import poisson
from gapstudy.measure.imputation import Floats, Ints, Spells
from gapstudy.regions import REGIONS, STUDIED

_PLACES = ("EU", "US", "CN", "other")
#: A coefficient beyond this has run away.
_FAR = 12.0


class Effect(NamedTuple):
    """Logarithm of a ratio in M draws, with its variances, (M,) each."""

    value: Floats
    variance: Floats

    def pooled(self, confidence: float) -> tuple[float, float, float, float]:
        """The ratio with its interval and p-value against one."""
        whole = rubin.pool(self.value, self.variance)
        error, df = float(whole.error), float(whole.df)
        half = float(stats.t.ppf(0.5 + confidence / 2, df)) * error
        centre = float(whole.estimate)
        p = float(2 * stats.t.sf(abs(centre) / error, df)) if error > 0 else float("nan")
        return float(np.exp(centre)), float(np.exp(centre - half)), float(np.exp(centre + half)), p


def flows(spells: Spells, weight: Weights, made_in: Ints) -> Floats:
    """First products by region of the result and of the maker, (M, 4, 4), fractional credits."""
    credit = weight.value[:, [REGIONS.index(name) for name in _PLACES]]
    place = made_in[spells.product]
    target = np.stack(
        [(place == REGIONS.index(name)) & spells.event for name in _PLACES], axis=-1
    ).astype(float)
    return np.asarray(np.einsum("nk,mnd->mkd", credit, target), dtype=float)


def odds_ratio(counts: Floats, k: int) -> Effect:
    """Odds of being made in k: results of k against those of elsewhere, counts (M, R, R)."""
    home = counts[:, k, k]
    away = counts[:, k].sum(axis=1) - home
    drawn_in = counts[:, :, k].sum(axis=1) - home
    rest = counts.sum(axis=(1, 2)) - home - away - drawn_in
    cells = np.stack([home, away, drawn_in, rest]) + 0.5
    value = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    return Effect(value, (1 / cells).sum(axis=0))


def location_quotient(counts: Floats, k: int) -> Effect:
    """Share made in k of the results of k, over that of all results.

    Raises:
        FitError: no product was made at home, so that the logarithm does not exist.
    """
    row, total = counts[:, k].sum(axis=1), counts.sum(axis=(1, 2))
    if (counts[:, k, k] <= 0).any():
        raise FitError("no first product was made at home in some drawn link sets",
                       remedy="The odds ratio, with one half added, has a value")  # fmt: skip
    p, q = counts[:, k, k] / row, counts[:, :, k].sum(axis=1) / total
    variance = (1 - p) / (row * p) + (1 - q) / (total * q) - 2 * (1 - p) / (total * q)
    return Effect(np.log(p / q), np.maximum(variance, 0.0))


def home_effect(counts: Floats) -> Effect:
    """Factor for being at home given rows and columns, by quasi-independence; counts (M, R, R).

    Raises:
        FitError: fewer than three regions make or take anything, or the factor is not bounded: all
            or none of the products are at home.
    """
    # Rows and columns that no draw fills have no effect that could be estimated.
    rows = np.flatnonzero(counts.sum(axis=2).min(axis=0) > 0)
    columns = np.flatnonzero(counts.sum(axis=1).min(axis=0) > 0)
    if len(rows) < 2 or len(columns) < 2 or len(rows) + len(columns) < 5:
        raise FitError("too few regions make and take first products",
                       remedy="Widen the cohort, or compare by odds ratios")  # fmt: skip
    r, d = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
    terms = [
        np.ones(len(r)),
        *((r == name).astype(float) for name in rows[1:]),
        *((d == name).astype(float) for name in columns[1:]),
        (r == d).astype(float),
    ]
    beta, covariance = poisson.fit(np.column_stack(terms), counts[:, r, d])
    if (np.abs(beta[:, -1]) > _FAR).any():
        raise FitError("all or none of the first products are at home in some drawn link sets",
                       remedy="The factor has no bound: see the matrix itself")  # fmt: skip
    return Effect(beta[:, -1], covariance[:, -1, -1])


def table(
    counts: Floats, weight: Weights, population: str, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Rows of `out_home_bias`.

    Args:
        counts: from `flows`.
        weight: the credits they were made with.
        population: name of the population.
        confidence: level of the intervals.
        min_cell: fewest first products of a region for which a ratio is shown.
    """
    head = {"scheme": weight.scheme.name, "population": population}
    made = counts.sum(axis=2).mean(axis=0)
    rows: list[dict[str, object]] = []
    jobs = [(name, measure) for name in STUDIED for measure in ("odds_ratio", "location_quotient")]
    for region, measure in (*jobs, ("all", "home_effect")):
        total = float(made.sum() if region == "all" else made[_PLACES.index(region)])
        row: dict[str, object] = head | {
            "region": region, "measure": measure, "estimate": np.nan, "low": np.nan,
            "high": np.nan, "p_value": np.nan, "n": int(total), "products": total, "note": "",
        }  # fmt: skip
        if total < min_cell:
            rows.append(row | {"note": f"fewer than {min_cell} first products"})
            continue
        try:
            if measure == "home_effect":
                effect = home_effect(counts)
            else:
                make = odds_ratio if measure == "odds_ratio" else location_quotient
                effect = make(counts, _PLACES.index(region))
        except FitError as error:
            rows.append(row | {"note": str(error)})
            continue
        value, low, high, p = effect.pooled(confidence)
        rows.append(row | {"estimate": value, "low": low, "high": high, "p_value": p})
    return pd.DataFrame(rows)
