"""The research share under every choice (C3).

Choices: what regions contain, how a result of several regions counts, the frame, the years, and
whether results of unknown region are part of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from gapstudy.measure import specifications
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.grids.rows import Row, Slices, choose, differences, few, of
from gapstudy.measure.regional import combine, mean_share
from gapstudy.measure.specifications import PAIRS, Rules
from gapstudy.measure.survival import Floats
from gapstudy.regions import REGIONS, UNKNOWN

ESTIMAND = "research_share"
KEPT, DROPPED = "unknown regions kept", "unknown regions left out"
#: Name of the sample of all frames together.
EVERY = "all frames"


def table(weights: Sequence[Weights], samples: Slices, years: Slices, rules: Rules) -> pd.DataFrame:
    """Rows of the research share.

    Args:
        weights: credits under every scheme and counting.
        samples: results of each frame, (n,).
        years: results of each part of the window, (n,).
        rules: confidence and smallest cell.
    """
    return differences(_rows(weights, samples, years, rules), rules)


def _rows(
    weights: Sequence[Weights], samples: Slices, years: Slices, rules: Rules
) -> Iterator[Row]:
    for weight in weights:
        for sample, inside in samples.items():
            for span, during in years.items():
                for rule in (KEPT, DROPPED):
                    credit = credits_of(weight, rule)[inside & during]
                    credit = credit[np.isfinite(credit).all(axis=1)]
                    if not len(credit):
                        continue
                    ones = np.ones_like(credit)
                    fit = combine(mean_share(credit[None], ones), ones)
                    picked = choose(
                        counting=weight.counting, sample=sample, years=span, rule=rule,
                        **of(weight.scheme),
                    )  # fmt: skip
                    for region, versus in PAIRS:
                        a, b = COLUMNS.index(region), COLUMNS.index(versus)
                        yield {
                            **picked, "estimand": ESTIMAND, "region": region, "versus": versus,
                            **specifications.sides(fit, a, b), "n": len(credit),
                            "note": few(len(credit), rules.min_cell),
                        }  # fmt: skip


def credits_of(weight: Weights, rule: str) -> Floats:
    """Credits to the regions, (n, 5); without unknown regions, missing where none is known."""
    credit = weight.value[:, : len(REGIONS)].copy()
    if rule == KEPT:
        return credit
    unknown = REGIONS.index(UNKNOWN)
    credit[:, unknown] = 0.0
    total = credit.sum(axis=1, keepdims=True)
    if weight.counting != "whole":
        credit = np.divide(credit, total, out=np.zeros_like(credit), where=total > 0)
    return np.where(total > 0, credit, np.nan)
