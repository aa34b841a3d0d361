r"""Size of training sets: academic against industrial systems (C6).

Published for groups of models (language, vision), each with its interval: the difference academia
minus industry of the logarithms of training-set size, adjusted for the date, so that
:math:`10^\beta` is the factor by which academic systems use more data than industrial ones of the
same time. The groups, whose units cannot be compared, are combined by their precision with room for
true differences between them (random effects):

.. math:: \hat\beta = \frac{\sum w_g \hat\beta_g}{\sum w_g}, \quad w_g = \frac{1}{s_g^2 + \tau^2},
          \quad \tau^2 = \max\Big(0, \frac{Q - (G - 1)}{\sum v_g - \sum v_g^2 / \sum v_g}\Big),
          \quad v_g = s_g^{-2}.

References: DerSimonian and Laird (1986), https://doi.org/10.1016/0197-2456(86)90046-2; the groups'
intervals are HC3, MacKinnon and White (1985), https://doi.org/10.1016/0304-4076(85)90158-7.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from gapstudy.measure.intervals import quantile

RATIO, MEDIAN = SERIES = "training_set_size_log10_ratio", "training_set_size_median"
TOGETHER = "all"
#: Level of the published intervals.
_PUBLISHED = 0.95
Floats = NDArray[np.float64]


def ratio_table(indicators: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Rows of `out_data_scale`: each group as published, and all groups together.

    Args:
        indicators: table `indicators`.
        confidence: level of the intervals made here.
    """
    value, error, size, groups = published_ratios(indicators)
    made = [
        _row(group, float(v), float(e), int(n), confidence)
        for group, v, e, n in zip(groups, value, error, size, strict=True)
    ]
    if len(groups):
        together, spread = combined(value, error)
        made.append(_row(TOGETHER, together, spread, int(size.sum()), confidence))
    else:
        made.append(_row(TOGETHER, np.nan, np.nan, 0, confidence))
    return pd.DataFrame(made)


def published_ratios(
    indicators: pd.DataFrame,
) -> tuple[Floats, Floats, NDArray[np.int64], list[str]]:
    """Published differences with standard errors, numbers of systems and groups.

    Args:
        indicators: table `indicators`.
    """
    rows = indicators[
        (indicators["indicator"] == RATIO)
        & indicators[["value", "lower", "upper"]].notna().all(axis=1)
    ].sort_values(["entity", "source_name"])
    value = rows["value"].to_numpy(float)
    error = (rows["upper"] - rows["lower"]).to_numpy(float) / (2 * float(quantile(_PUBLISHED)))
    size = rows["n"].fillna(0).to_numpy(np.int64)
    return value, error, size, [str(item) for item in rows["entity"]]


def combined(value: Floats, error: Floats) -> tuple[float, float]:
    """Random-effects mean of estimates and its standard error.

    Args:
        value: estimates, one per group.
        error: their standard errors.
    """
    v = error**-2.0
    mean = (v * value).sum() / v.sum()
    excess = (v * (value - mean) ** 2).sum() - (len(value) - 1)
    scale = v.sum() - (v**2).sum() / v.sum()
    between = max(0.0, excess / scale) if len(value) > 1 else 0.0
    w = 1 / (error**2 + between)
    return float((w * value).sum() / w.sum()), float(w.sum() ** -0.5)


def size_table(indicators: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_data_sizes`: published medians by period, kind of maker and country."""
    rows = indicators[indicators["indicator"] == MEDIAN]
    group = rows["entity"].astype(object).str.split(",").str[0]
    return pd.DataFrame(
        {
            "indicator": rows["indicator"], "geo": rows["geo"], "period": rows["period"],
            "entity": rows["entity"], "group": group,
            "kind": rows["entity_kind"].astype(object).replace("", "all"),
            "median": rows["value"], "lower_quartile": rows["lower"],
            "upper_quartile": rows["upper"], "unit": rows["unit"], "n": rows["n"],
            "source_name": rows["source_name"],
        }
    )  # fmt: skip


def _row(group: str, value: float, error: float, n: int, confidence: float) -> dict[str, object]:
    half = float(quantile(confidence)) * error
    low, high = value - half, value + half
    return {
        "indicator": RATIO, "group": group, "estimate": value, "low": low, "high": high,
        "p_value": float(2 * special.ndtr(-abs(value) / error)), "n": n,
        "factor": 10**value, "factor_low": 10**low, "factor_high": 10**high,
        "note": "" if np.isfinite(value) else "no figure published",
    }  # fmt: skip
