"""Leakage under every choice (C4): whose results first become products elsewhere.

The level of the EU is set against one half, and the EU against the US and China. Choices: what
regions contain, counting, evidence and drawing of links, and whether results that were chosen by
their outcome count: most results with a product are among those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from gapstudy.measure import flows, specifications
from gapstudy.measure.cohort import Weights, product_regions
from gapstudy.measure.grids.rows import Row, choose, differences, few, level, levels, nothing, of
from gapstudy.measure.imputation import Spells
from gapstudy.measure.intervals import Share
from gapstudy.measure.specifications import NONE, PAIRS, Rules
from gapstudy.regions import REGIONS

ESTIMAND = "leakage"
#: What the level is compared with: whether most of the results become products elsewhere.
HALF = 0.5
#: Name of all samples together.
EVERY = "all results"
#: Spells by evidence and link sets.
Drawn = Mapping[tuple[str, str], Spells]


def table(
    weights: Mapping[str, list[Weights]], spells: Mapping[str, Drawn], products: pd.DataFrame,
    rules: Rules,
) -> pd.DataFrame:  # fmt: skip
    """Rows of leakage.

    Args:
        weights: credits by sample, under the same schemes and countings in the same order.
        spells: spells by sample.
        products: all products.
        rules: confidence and smallest cell.
    """
    rows = list(_rows(weights, spells, products, rules))
    pairs = [row for row in rows if row["versus"] != NONE]
    alone = [row for row in rows if row["versus"] == NONE]
    return pd.concat([levels(alone), differences(pairs, rules)], ignore_index=True)


def _rows(
    weights: Mapping[str, list[Weights]], spells: Mapping[str, Drawn], products: pd.DataFrame,
    rules: Rules,
) -> Iterator[Row]:  # fmt: skip
    homes = {
        item.scheme: product_regions(products, item.scheme)
        for item in next(iter(weights.values()), [])
    }
    for sample, mine in weights.items():
        for (links, link_sets), drawn in spells[sample].items():
            some = np.asarray(drawn.event.any(axis=0))
            first = specifications.only(drawn, some)
            for weight in mine:
                picked = choose(
                    counting=weight.counting, links=links, link_sets=link_sets, sample=sample,
                    **of(weight.scheme),
                )  # fmt: skip
                yield from _cells(picked, weight.value[some], first, homes[weight.scheme], rules)


def _cells(
    picked: dict[str, str], weight: np.ndarray, drawn: Spells, made_in: np.ndarray, rules: Rules
) -> Iterator[Row]:
    fits = {k: flows.leakage(weight, drawn, made_in, k) for k in range(3)}
    why = {k: few(fit.productised, rules.min_cell, "results with a product")
           for k, fit in fits.items()}  # fmt: skip
    one = REGIONS.index("EU")
    fit = fits[one].fit
    base = {**picked, "estimand": ESTIMAND, "region": "EU"}
    values = nothing(HALF)
    if fit is not None and not why[one]:
        share = Share(*(part[0, 0] for part in fit.share))
        values = level(share, HALF, rules.confidence)
    yield {**base, "versus": NONE, **values, "n": fits[one].results, "note": why[one]}
    for region, versus in PAIRS:
        a, b = REGIONS.index(region), REGIONS.index(versus)
        row: Row = {**base, "versus": versus, "n": min(fits[a].results, fits[b].results),
                    "note": why[a] or why[b]}  # fmt: skip
        for side, k in (("a", a), ("b", b)):
            mine = fits[k].fit
            row |= {
                f"{name}_{side}": 0.0 if mine is None else float(getattr(mine.share, name)[0, 0])
                for name in Share._fields
            }
        yield row | {"rho": 0.0 if row["note"] else _correlation(weight, drawn, made_in, a, b)}


def _correlation(weight: np.ndarray, drawn: Spells, made_in: np.ndarray, a: int, b: int) -> float:
    """Correlation of two regions' leakage: they share the results of both."""
    if not ((weight[:, a] > 0) & (weight[:, b] > 0)).any() and len(drawn.event) == 1:
        return 0.0
    return flows.leakage_correlation(weight, drawn, made_in, a, b)
