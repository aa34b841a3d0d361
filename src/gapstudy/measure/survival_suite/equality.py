"""Tests that regions have the same time to a product, or the same share of products somewhere.

The rank tests and Gray's test are made in every drawn link set and pooled by the D1 rule on their
scores (`models.score_test` says why). Their covariance is robust to results that count for two
regions, or to other clusters, once enough products are expected in every region: with few, the
robust one rejects too often (`simulate.nonparametric`, few products), and the model's errs to the
safe side, as a result on both sides adds nothing to their difference. Links drawn with the right
probabilities make pooled tests conservative too (`rubin` says why). The supremum test compares two
curves at all points at once and sees differences of any shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure import rubin
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.conversion import CURVE_STEP, Case, incidence
from gapstudy.measure.inputs import Population
from gapstudy.measure.models.gray import gray_test
from gapstudy.measure.models.processes import supremum_test, total_covariance
from gapstudy.measure.models.rank_tests import rank_test
from gapstudy.measure.models.sample import Ints, Sample
from gapstudy.measure.models.score_test import ScoreTest, pool_scores
from gapstudy.measure.spells import sample
from gapstudy.measure.spells.clusters import Rule

#: Regions compared, together and in pairs.
COMPARED = (("EU", "US", "CN"), ("EU", "US"), ("EU", "CN"), ("US", "CN"))
#: Products expected in every region if they were equal: for a robust covariance, and for a process.
ROBUST_FROM, PROCESS_FROM = 20.0, 5.0
_Test = Callable[..., ScoreTest]


#: Name of the test and what it is about, with the test.
_TESTS: tuple[tuple[str, str, _Test], ...] = (
    ("log-rank", "any", rank_test),
    ("gehan", "any", partial(rank_test, weighting="gehan")),
    ("peto", "any", partial(rank_test, weighting="peto")),
    ("fleming-harrington-1-0", "any", partial(rank_test, weighting="fleming-harrington", rho=1.0)),
    ("fleming-harrington-0-1", "any",
     partial(rank_test, weighting="fleming-harrington", gamma=1.0)),
    ("gray", "home", partial(gray_test, cause=1)),
    ("gray", "abroad", partial(gray_test, cause=2)),
)  # fmt: skip


def equality_rows(
    case: Case, population: Population, longest: float, draws: int, seed: list[int],
    cluster: Rule = "result",
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_equality_tests`.

    Args:
        case: the analysis.
        population: its results.
        longest: end of the range of the supremum test, years.
        draws: repetitions of its process.
        seed: seed of its random numbers.
        cluster: which results are not independent, see `spells.clusters`.
    """
    counts = (case.weights.value > 0).sum(axis=0)
    rows = []
    for compared in COMPARED:
        n = int(min(counts[COLUMNS.index(name)] for name in compared))
        base: dict[str, object] = {**case.labels, "compared": ", ".join(compared)}
        why = f"fewer than {case.min_cell} results in a region" if n < case.min_cell else ""
        drawn = [] if why else _drawn(case, population, compared, cluster)
        rows += [
            {
                **base,
                "test": name,
                "outcome": outcome,
                **_tested(drawn, compared, outcome, test, why, n, case.min_cell, cluster),
            }
            for name, outcome, test in _TESTS
        ]
        if len(compared) == 2:
            made = _supremum(case, compared, longest, draws, seed, why, n)
            rows.append({**base, "test": "supremum", "outcome": "any", **made})
    return pd.DataFrame(rows)


def _drawn(
    case: Case, population: Population, compared: tuple[str, ...], cluster: Rule
) -> list[tuple[Sample, Ints]]:
    """The spells of every link set with the group of each."""
    result = []
    for m in range(len(case.spells.time)):
        spells = sample(
            population, case.spells, m, case.weights, regions=compared, reference=compared[0],
            kinds="home", cluster=cluster,
        )  # fmt: skip
        group = spells.covariates @ np.arange(1, len(compared))
        result.append((spells, np.rint(group).astype(np.int64)))
    return result


def _tested(
    drawn: list[tuple[Sample, Ints]], compared: tuple[str, ...], outcome: str, test: _Test,
    why: str, n: int, fewest: int, cluster: Rule,
) -> dict[str, object]:  # fmt: skip
    if why:
        return _answer(n, note=why)
    kinds = {"any": (1, 2, 3), "home": (1,), "abroad": (2,)}[outcome]
    counts = [int(np.isin(spells.event, kinds).sum()) for spells, _ in drawn]
    events = float(np.mean(counts))
    if events < fewest:
        return _answer(n, events, f"fewer than {fewest} such products")
    many = cluster != "result" or _expected(drawn, events, len(compared)) >= ROBUST_FROM
    options: dict[str, Any] = {"groups": len(compared), "variance": "robust" if many else "model"}
    try:
        fit = pool_scores([test(spells, group, **options) for spells, group in drawn])
    except FitError as error:
        return _answer(n, events, error.what)
    short = len(compared) - 1 - fit.df
    note = f"{short} of the comparisons has no event" if short else ""
    return {
        "statistic": fit.statistic, "df": fit.df,
        "df_denominator": fit.df_denominator if np.isfinite(fit.df_denominator) else np.nan,
        "p_value": fit.p_value, "n": n, "events": events, "note": note,
    }  # fmt: skip


def _expected(drawn: list[tuple[Sample, Ints]], events: float, groups: int) -> float:
    """Fewest products expected in a group if they were equal, by its part of all time at risk."""
    spells, group = drawn[0]
    watched = np.bincount(group, weights=spells.time * spells.weight, minlength=groups)
    return events * float(watched.min() / watched.sum())


def _supremum(
    case: Case, compared: tuple[str, ...], longest: float, draws: int, seed: list[int], why: str,
    n: int,
) -> dict[str, object]:  # fmt: skip
    if why:
        return _answer(n, note=why)
    a, b = (COLUMNS.index(name) for name in compared)
    points = np.arange(CURVE_STEP, longest + CURVE_STEP / 2, CURVE_STEP)
    raw = incidence(case.steps, case.weights.value, list(points)).raw
    seen = (raw.at_risk[:, [a, b]].min(axis=(0, 1)) > 0) if len(points) else np.zeros(0, bool)
    gap = (raw.value[:, a] - raw.value[:, b])[:, seen]
    psi = (raw.influence[:, :, a] - raw.influence[:, :, b])[:, :, seen]
    member = (case.weights.value[:, [a, b]] > 0).astype(float)
    each = (case.spells.event @ member).mean(axis=0)
    events = float(each.sum())
    if events < case.min_cell or each.min() < PROCESS_FROM:
        few = f"fewer than {case.min_cell} such products, or than {PROCESS_FROM:g} in a region"
        return _answer(n, events, few)
    try:
        pooled = rubin.pool(gap, np.square(psi).sum(axis=1))
        used = pooled.variance > 0
        df = float(pooled.df[used].min()) if used.any() else np.inf
        statistic, p = supremum_test(
            gap.mean(axis=0), total_covariance(gap, psi), draws, [*seed, a, b], df
        )
    except FitError as error:
        return _answer(n, events, error.what)
    return {
        "statistic": statistic, "df": pd.NA, "df_denominator": df if np.isfinite(df) else np.nan,
        "p_value": p, "n": n, "events": events, "note": "",
    }  # fmt: skip


def _answer(n: int, events: float = 0.0, note: str = "") -> dict[str, object]:
    return {
        "statistic": np.nan, "df": pd.NA, "df_denominator": np.nan, "p_value": np.nan, "n": n,
        "events": events, "note": note,
    }  # fmt: skip
