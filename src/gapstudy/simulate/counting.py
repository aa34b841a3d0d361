"""Small worlds for the count models: panels, the funnel, the leakage matrix, home bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from gapstudy.errors import FitError
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.counting import funnel, home, matrix, panel, stages
from gapstudy.measure.counting.stages import Links
from gapstudy.measure.imputation import YEAR, Spells
from gapstudy.regions import REGIONS, RegionScheme
from gapstudy.simulate.others import Answer, Small
from gapstudy.simulate.recovery import CONFIDENCE, Answers, summary

Floats = NDArray[np.float64]
_NONE: Answer = (float("nan"),) * 4
_PLACES = ("US", "EU", "CN", "other")
_YEARS = np.arange(2012, 2022)
_SCHEME = RegionScheme("EU27", "mainland")
_CUTOFF = 20634
#: Flows from rows to columns without home bias, as products of these.
_MAKES, _TAKES = np.array([0.25, 0.4, 0.2, 0.15]), np.array([0.2, 0.5, 0.2, 0.1])


def tabulate(smalls: Sequence[Small], count: int, seed: int, stream: int) -> pd.DataFrame:
    """Rows of `out_simulation`.

    Args:
        smalls: the worlds with their estimators.
        count: realisations of each.
        seed: seed of all.
        stream: first number of their streams.
    """
    rows = []
    for number, small in enumerate(smalls):
        random = np.random.default_rng([seed, stream + number])
        answers = np.array([small.answer(random) for _ in range(count)])
        result = summary(small.truth, Answers(*answers.T), null=small.null)
        rows.append(
            {"estimator": small.estimator, "scenario": small.scenario, "method": "known",
             "n": small.n, **result}
        )  # fmt: skip
    return pd.DataFrame(rows)


def table(count: int, seed: int) -> pd.DataFrame:
    """Rows of `out_simulation` for the count models.

    Args:
        count: realisations of each world.
        seed: seed of all.
    """
    return tabulate(SMALL, count, seed, 3000)


def _panel(
    random: np.random.Generator, effect: float, dispersion: float, model: panel.Model,
    covariance: panel.Covariance | None = None,
) -> Answer:  # fmt: skip
    """Four regions over ten years, the logarithm of the rate of one against the first."""
    exposure = random.uniform(20, 80, (4, len(_YEARS)))
    trend = 0.05 * (_YEARS - _YEARS[0])
    mean = exposure * np.exp(-1.5 + np.array([0, effect, 0.3, -0.2])[:, None] + trend)
    rate = mean
    if dispersion > 0:
        rate = mean * random.gamma(1 / dispersion, dispersion, mean.shape)
    count = random.poisson(rate)
    try:
        cells = panel.panel(
            count.ravel(), exposure.ravel(), list(np.repeat(_PLACES, len(_YEARS))),
            np.tile(_YEARS, 4), "US",
        )  # fmt: skip
        value, low, high, p = panel.fit(cells, model, covariance).ratio("EU", CONFIDENCE)
    except FitError:
        return _NONE
    return float(np.log(value)), float(np.log(low)), float(np.log(high)), p


def _elasticity(random: np.random.Generator, effect: float, model: panel.Model) -> Answer:
    results = np.exp(random.normal(4, 0.6, (4, len(_YEARS))))
    mean = np.exp(-1.0 + np.array([0, -0.5, 0.3, 0.2])[:, None]) * results**effect * 3
    count = random.poisson(mean * random.gamma(5, 0.2, mean.shape))
    try:
        cells = panel.panel(
            count.ravel(), np.ones(count.size), list(np.repeat(_PLACES, len(_YEARS))),
            np.tile(_YEARS, 4), "US", {"log results": np.log(results).ravel()},
        )  # fmt: skip
        value, low, high, p = panel.fit(cells, model).ratio("log results", CONFIDENCE)
    except FitError:
        return _NONE
    return float(np.log(value)), float(np.log(low)), float(np.log(high)), p


def _stages(random: np.random.Generator) -> tuple[stages.Reached, Weights]:
    """Three hundred results, six of ten with a possible patent of uncertain link, mean half."""
    n = 300
    paper = _CUTOFF - np.round(random.uniform(3, 14, n) * YEAR).astype(np.int64)
    index = np.flatnonzero(random.random(n) < 0.6)
    lag = random.normal(0.5, 1.5, len(index))
    day = paper[index] + np.round(lag * YEAR).astype(np.int64)
    chance = random.beta(1.0, 1.0, len(index))
    links = Links(index, day, day, np.ones(len(index), bool), chance, stages.BEFORE)
    reached = stages.draw(
        (paper, paper), {"patent": links}, _CUTOFF, 10, [int(random.integers(2**31))]
    )
    value = np.zeros((n, len(COLUMNS)))
    value[:, [0, -1]] = 1.0
    return reached, Weights(_SCHEME, "whole", value)


def _funnel(random: np.random.Generator) -> Answer:
    reached, weight = _stages(random)
    # The product stage is not looked at here: no result has one.
    empty = np.full_like(reached.follow, np.nan)
    reached = reached._replace(lag={**reached.lag, "product": empty},
                               possible=("patent", "product"),
                               undated={"patent": 0.0, "product": 0.0})  # fmt: skip
    rows = funnel.table(reached, weight, [2.0], 10.0, CONFIDENCE, 5)
    row = rows[(rows["stage"] == "patent") & (rows["region"] == "all")
               & (rows["measure"] == "by_2y")].iloc[0]  # fmt: skip
    return float(row["estimate"]), float(row["low"]), float(row["high"]), np.nan


def _order(random: np.random.Generator) -> Answer:
    reached, weight = _stages(random)
    rows = funnel.order_table(reached, weight, CONFIDENCE, 5)
    row = rows[(rows["first"] == "paper") & (rows["region"] == "all")].iloc[0]
    return float(row["estimate"]), float(row["low"]), float(row["high"]), np.nan


def _flow_table(effect: float) -> Floats:
    cells = np.outer(_MAKES, _TAKES) * np.where(np.eye(4) > 0, np.exp(effect), 1.0)
    return np.asarray(cells / cells.sum(), dtype=float)


def _home(random: np.random.Generator, effect: float, measure: str) -> Answer:
    counts = random.multinomial(250, _flow_table(effect).ravel()).reshape(1, 4, 4).astype(float)
    try:
        if measure == "home":
            made = home.home_effect(counts)
        else:
            made = home.odds_ratio(counts, 0) if measure == "odds" else (
                home.location_quotient(counts, 0))  # fmt: skip
    except FitError:
        return _NONE
    value, low, high, p = made.pooled(CONFIDENCE)
    return float(np.log(value)), float(np.log(low)), float(np.log(high)), p


def _cell(random: np.random.Generator) -> Answer:
    """Sixty results with a product and as many without, cell of two in ten."""
    n = 120
    event = np.arange(n)[None] < 60
    made = random.choice(len(REGIONS), size=n, p=[0.2, 0.5, 0.1, 0.1, 0.1])
    product = np.where(event, np.arange(n)[None], -1)
    spells = Spells(np.ones((1, n)), event, product)
    value = np.zeros((n, len(COLUMNS)))
    value[:, [0, -1]] = 1.0
    place = np.append(made, REGIONS.index("unknown"))
    credit = Weights(_SCHEME, "whole", value)
    rows = matrix.table(spells, credit, place, "cohort", CONFIDENCE, 5)
    row = rows[(rows["region"] == "EU") & (rows["destination"] == "EU")].iloc[0]
    return float(row["estimate"]), float(row["low"]), float(row["high"]), np.nan


def _log_odds(effect: float) -> float:
    cells = _flow_table(effect)
    home_cell, away = cells[0, 0], cells[0, 1:].sum()
    return float(np.log(home_cell * cells[1:, 1:].sum() / (away * cells[1:, 0].sum())))


def _log_quotient(effect: float) -> float:
    cells = _flow_table(effect)
    return float(np.log(cells[0, 0] / cells[0].sum() / cells[:, 0].sum()))


#: Patents half a year after the paper on average, spread 1.5 years, counted from five years before.
_EARLY = float(special.ndtr((-stages.BEFORE - 0.5) / 1.5))
_BY_2Y = 0.3 * (float(special.ndtr((2 - 0.5) / 1.5)) - _EARLY)
#: Those before the paper never outlive the follow-up; later ones are cut off at its end.
_END = np.linspace(3, 14, 2001)
_SEEN = float(np.mean(special.ndtr((_END - 0.5) / 1.5))) - _EARLY
_AFTER = 1 - (float(special.ndtr(-0.5 / 1.5)) - _EARLY) / _SEEN

SMALL = (
    Small("panel-nb2-EU/US", "equal rates, dispersion one half", 0.0, 40,
          lambda r: _panel(r, 0.0, 0.5, "nb2")),
    Small("panel-nb2-EU/US", "lower rate, dispersion one half", -0.5, 40,
          lambda r: _panel(r, -0.5, 0.5, "nb2")),
    Small("panel-poisson-EU/US", "equal rates, dispersion one half", 0.0, 40,
          lambda r: _panel(r, 0.0, 0.5, "poisson")),
    Small("panel-poisson-EU/US, naive", "equal rates, dispersion one half", 0.0, 40,
          lambda r: _panel(r, 0.0, 0.5, "poisson", "model")),
    Small("panel-poisson-EU/US, clustered by four regions", "equal rates, dispersion one half",
          0.0, 40, lambda r: _panel(r, 0.0, 0.5, "poisson", "cluster")),
    Small("panel-nb2-EU/US", "equal rates, no dispersion", 0.0, 40,
          lambda r: _panel(r, 0.0, 0.0, "nb2")),
    Small("panel-nb2-elasticity", "no elasticity, dispersion a fifth", 0.0, 40,
          lambda r: _elasticity(r, 0.0, "nb2")),
    Small("panel-poisson-elasticity", "elasticity one half, dispersion a fifth", 0.5, 40,
          lambda r: _elasticity(r, 0.5, "poisson")),
    Small("funnel-patent-by-2y", "patents before and after the paper, links uncertain", _BY_2Y,
          300, _funnel),
    Small("funnel-paper-before-patent", "patents before and after the paper, links uncertain",
          _AFTER, 90, _order),
    Small("home-effect", "no home bias", 0.0, 250, lambda r: _home(r, 0.0, "home")),
    Small("home-effect", "twice as often at home", float(np.log(2)), 250,
          lambda r: _home(r, float(np.log(2)), "home")),
    Small("home-odds-ratio", "no home bias", 0.0, 250, lambda r: _home(r, 0.0, "odds")),
    Small("home-odds-ratio", "twice as often at home", _log_odds(float(np.log(2))), 250,
          lambda r: _home(r, float(np.log(2)), "odds")),
    Small("home-location-quotient", "twice as often at home", _log_quotient(float(np.log(2))), 250,
          lambda r: _home(r, float(np.log(2)), "quotient")),
    Small("leakage-matrix-cell", "two of ten at home", 0.2, 60, _cell),
)  # fmt: skip
