r"""Results weighted to published totals: what if they were spread over regions as all research is.

Each result's credit to a region is one row of a sample that is raked to the published shares of the
regions; the result's weight is the sum over its regions. Conversion of all results together is then
estimated under these weights, with the design effect that they cost. Regions compared with each
other do not change by it: only what is said of all results does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure import survival
from gapstudy.measure.cohort import Weights
from gapstudy.measure.conversion import incidence, problem
from gapstudy.measure.imputation import Spells
from gapstudy.measure.raking import TOTAL, rake
from gapstudy.measure.survival import Floats
from gapstudy.regions import REGIONS, STUDIED

#: Published series that results are weighted to, and whether they are shares of the world in per
#: cent, so that what is left is the rest of the world.
SERIES: Mapping[str, bool] = {
    "ai_journal_publication_share": True, "ai_journal_citation_share": True,
    "ai_publications_by_region": False,
}  # fmt: skip
_KNOWN = [REGIONS.index(name) for name in (*STUDIED, "other")]


class Benchmark(NamedTuple):
    """A published spread over regions.

    Attributes:
        indicator: name of the series.
        period: its period.
        publisher: who published it.
        share: share of each of EU, US, CN and other, (4,); other is missing where not published.
    """

    indicator: str
    period: str
    publisher: str
    share: Floats


def benchmarks(indicators: pd.DataFrame) -> Iterator[Benchmark]:
    """The published series that give all three regions for one period."""
    rows = indicators[indicators["indicator"].isin(list(SERIES)) & (indicators["entity"] == "")]
    rows = rows[rows["value"].notna()]
    keys = ["indicator", "period", "source_name", "unit"]
    for key, part in rows.groupby(keys, sort=True):
        value = part.set_index("geo")["value"]
        if not set(STUDIED) <= set(value.index):
            continue
        share = value.loc[list(STUDIED)].to_numpy(float)
        rest = np.nan
        if SERIES[str(key[0])]:
            share, rest = share / 100, 1 - share.sum() / 100
        elif "WORLD" in value.index:
            rest = float(value["WORLD"]) - share.sum()
        yield Benchmark(str(key[0]), str(key[1]), str(key[2]), np.append(share, rest))


def weights(credit: Floats, wanted: Floats) -> tuple[Floats, float]:
    """Weight of each result, and Kish's design effect of the weights.

    Args:
        credit: fractional credits to EU, US, CN and other, (n, 4).
        wanted: share of each region, (4,); regions of missing share are left out.

    Raises:
        FitError: a region of the benchmark has no result.
    """
    names = np.array([*STUDIED, "other"])
    use = np.isfinite(wanted)
    result, region = np.nonzero(np.where(use, credit, 0.0))
    sample = pd.DataFrame({"region": names[region]})
    margin = pd.DataFrame({"region": names[use], TOTAL: wanted[use]})
    raked = rake(sample, [margin], base=credit[result, region], total=float(len(set(result))))
    weight = np.bincount(result, raked.weight, minlength=len(credit)).astype(float)
    inside = weight[weight > 0]
    return weight, float(len(inside) * np.square(inside).sum() / inside.sum() ** 2)


def table(
    indicators: pd.DataFrame, weight: Weights, spells: Spells, horizon: float, confidence: float,
    min_cell: int,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_reweighted`.

    Args:
        indicators: table `indicators`.
        weight: fractional credits of the cohort's results.
        spells: their drawn spells.
        horizon: years after a result.
        confidence: level of the intervals.
        min_cell: fewest results for which an estimate is shown.
    """
    credit = weight.value[:, _KNOWN]
    rows: list[dict[str, object]] = []
    for given in benchmarks(indicators):
        head = {"scheme": weight.scheme.name, "indicator": given.indicator,
                "period": given.period, "publisher": given.publisher,
                "horizon": horizon}  # fmt: skip
        row: dict[str, object] = dict.fromkeys(
            ("unweighted", "unweighted_low", "unweighted_high", "estimate", "low", "high",
             "design_effect"), np.nan,
        )  # fmt: skip
        try:
            value, effect = weights(credit, given.share)
        except FitError as error:
            rows.append(head | row | {"n": 0, "note": str(error)})
            continue
        used = value > 0
        both = np.column_stack([used.astype(float), value])[used]
        steps = survival.steps(spells.time[:, used], spells.event[:, used], both)
        fit = incidence(steps, both, [horizon], everyone=0)
        ends = fit.interval(confidence)
        why = problem(int(used.sum()), float(fit.raw.at_risk[:, 0, 0].mean()), horizon, min_cell)
        if not why:
            row = {
                "unweighted": fit.share.value[0, 0], "unweighted_low": ends.low[0, 0],
                "unweighted_high": ends.high[0, 0], "estimate": fit.share.value[1, 0],
                "low": ends.low[1, 0], "high": ends.high[1, 0], "design_effect": effect,
            }  # fmt: skip
        left = "" if np.isfinite(given.share[3]) else "; other regions are not in the series"
        note = why or f"results without a known region are left out{left}"
        rows.append(head | row | {"n": int(used.sum()), "note": note})
    return pd.DataFrame(rows)
