r"""Regions dealt out anew among the results of each year, and the differences that this gives.

With T the difference and :math:`\bar T` the mean of it over the true and the B dealt-out sets,

.. math:: p = \frac{\#\{b = 0..B : |T_b - \bar T| \ge |T_0 - \bar T|\}}{B + 1},

exact if results of one year are exchangeable between regions: Phipson and Smyth (2010),
https://doi.org/10.2202/1544-6115.1585. All credits of a result stay together, so a result of two
regions stays one. The same sets show how often the study's own test rejects where there is nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import specifications
from gapstudy.measure.imputation import Spells
from gapstudy.measure.intervals import quantile, wilson
from gapstudy.measure.specifications import Rules
from gapstudy.measure.survival import Floats

#: Sets of regions dealt out.
SETS = 999
CONTROL = "permuted_regions"
_KEY = ["estimand", "region", "versus"]
_DIGITS = 10


def table(
    credit: Floats, spells: Spells, stratum: NDArray[np.int64], rules: Rules, sets: int,
    seed: list[int],
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_negative_controls` for the headline differences.

    Args:
        credit: credits of the results, (n, K).
        spells: their spells.
        stratum: year of each result, (n,); regions are dealt out within it.
        rules: restricted-mean limit, confidence and smallest cell.
        sets: how often regions are dealt out.
        seed: seed of the generator.
    """
    random = np.random.default_rng(seed)
    cells = specifications.cells(credit, spells, {"set": "0"}, rules)
    for b in range(1, sets + 1):
        order = dealt(stratum, random)
        cells += specifications.cells(credit[order], spells, {"set": str(b)}, rules)
    frame = specifications.estimates(pd.DataFrame(cells), rules)
    rows = [
        dict(zip(_KEY, map(str, key), strict=True)) | _row(part, rules.confidence)
        for key, part in frame.groupby(_KEY, sort=True)
    ]
    return pd.DataFrame(rows).assign(control=CONTROL, name="")


def dealt(stratum: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.intp]:
    """Positions of the results in a random order within each stratum, (n,)."""
    result = np.empty(len(stratum), dtype=np.intp)
    # Random keys, sorted within strata: the same places are filled in another order.
    result[np.lexsort((np.arange(len(stratum)), stratum))] = np.lexsort(
        (random.random(len(stratum)), stratum)
    )
    return result


def _row(part: pd.DataFrame, confidence: float) -> dict[str, object]:
    true, others = part.iloc[0], part.iloc[1:]
    row: dict[str, object] = {
        name: true[name] for name in ("estimate", "low", "high", "p_value", "n", "note")
    }
    known = others[others["estimate"].notna()]
    sets = len(known)
    if true["note"] or not sets:
        return row | {"sets": 0, "note": true["note"] or "no set of regions could be estimated"}
    value = np.append(float(true["estimate"]), known["estimate"].to_numpy(float))
    far = np.round(np.abs(value - value.mean()), _DIGITS)
    middle = np.quantile(value[1:], [(1 - confidence) / 2, (1 + confidence) / 2])
    rejected = float(known["significant"].astype(float).mean())
    ends = wilson(rejected, sets, quantile(confidence))
    return row | {
        "sets": sets, "p_permuted": float((far >= far[0]).mean()),
        "null_low": float(middle[0]), "null_high": float(middle[1]), "rejected": rejected,
        "rejected_low": float(ends.low), "rejected_high": float(ends.high),
        # A test may reject too seldom; too often it may not.
        "passes": bool(float(ends.low) <= 1 - confidence),
    }  # fmt: skip
