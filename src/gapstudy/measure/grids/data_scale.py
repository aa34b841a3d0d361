r"""Size of training sets under every choice (C6), academia over industry, set against equal.

The source has published two adjusted differences and medians by period. Choices: the group of
models; how groups are combined; all years with an adjustment for the date, or the medians of one
period without; systems of industry alone, or those of industry and academia together (`part`). Only
sizes that are known were published: how many systems do not say theirs, and figures by region for
academia, are not, so that neither can be varied.

The difference of two medians on the logarithmic scale has the variance of both, each from its
quartiles, :math:`s = 1.25\,(q_3 - q_1) / (1.35 \sqrt n)`: McGill, Tukey and Larsen (1978),
https://doi.org/10.1080/00031305.1978.10479236.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import special

from gapstudy.measure import data_scale
from gapstudy.measure.grids.rows import Row, choose, few, levels
from gapstudy.measure.intervals import quantile
from gapstudy.measure.specifications import NONE, Rules

ESTIMAND = "data_scale"
RANDOM, FIXED = "random effects", "fixed effect"
PUBLISHED, MEDIANS = "as published", "ratio of medians"
#: Makers that academia is set against in the medians.
AGAINST = ("industry", "mixed")


def table(indicators: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Rows of the size of training sets.

    Args:
        indicators: table `indicators`.
        rules: confidence and smallest cell.
    """
    return levels([*_adjusted(indicators, rules), *_medians(indicators, rules)])


def _adjusted(indicators: pd.DataFrame, rules: Rules) -> Iterator[Row]:
    value, error, n, groups = data_scale.published_ratios(indicators)
    for i, group in enumerate(groups):
        picked = choose(sample=group, years="all", rule=PUBLISHED, part="industry")
        yield _row(picked, value[i], error[i], int(n[i]), rules)
    if len(groups) > 1:
        weight = error**-2.0
        pooled = (float((weight * value).sum() / weight.sum()), float(weight.sum() ** -0.5))
        for rule, (mean, spread) in (
            (RANDOM, data_scale.combined(value, error)), (FIXED, pooled),
        ):  # fmt: skip
            picked = choose(sample=data_scale.TOGETHER, years="all", rule=rule, part="industry")
            yield _row(picked, mean, spread, int(n.sum()), rules)


def _medians(indicators: pd.DataFrame, rules: Rules) -> Iterator[Row]:
    sizes = data_scale.size_table(indicators)
    known = sizes[["median", "lower_quartile", "upper_quartile", "n"]].notna().all(axis=1)
    positive = (sizes["lower_quartile"] > 0) & known
    for (group, period), rows in sizes[positive].groupby(["group", "period"], sort=True):
        by_kind = {str(row["kind"]): row for row in rows.to_dict("records")}
        for other in AGAINST:
            if "academia" not in by_kind or other not in by_kind:
                continue
            parts = [by_kind["academia"], by_kind[other]]
            first, second = (np.log10(float(part["median"])) for part in parts)
            errors = [
                1.25 * np.log10(float(part["upper_quartile"]) / float(part["lower_quartile"]))
                / (1.35 * np.sqrt(float(part["n"])))
                for part in parts
            ]  # fmt: skip
            picked = choose(sample=str(group), years=str(period), rule=MEDIANS, part=other)
            n = int(min(part["n"] for part in parts))
            yield _row(picked, first - second, float(np.hypot(*errors)), n, rules)


def _row(picked: dict[str, str], value: float, error: float, n: int, rules: Rules) -> Row:
    half = float(quantile(rules.confidence)) * error
    return {
        **picked, "estimand": ESTIMAND, "region": "all", "versus": NONE, "than": 0.0,
        "estimate": float(value), "low": float(value - half), "high": float(value + half),
        "p_value": float(2 * special.ndtr(-abs(value) / error)), "n": n,
        "note": few(n, rules.min_cell, "systems"),
    }  # fmt: skip
