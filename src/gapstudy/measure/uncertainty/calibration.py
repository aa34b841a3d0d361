r"""The linker's own uncertainty: its calibration is known from a limited number of labelled pairs.

A recalibration of the probabilities, :math:`p' = \text{expit}(a + b\,\text{logit}\,p)`, fitted on
pairs that the model did not see, would have the covariance

.. math:: \Sigma = \Bigl(\sum_j n_j\, p_j (1 - p_j)\, x_j x_j'\Bigr)^{-1}, \quad
          x_j = (1, \text{logit}\,p_j),

over bins j of the calibration table with mean probability p_j and n_j effective pairs. The headline
takes the probabilities as they are (a = 0, b = 1); here each link set draws its own (a, b) from the
normal distribution around that, so that all links of a set are too high or too low together.
Reference: Cox (1958), https://doi.org/10.1093/biomet/45.3-4.562 (recalibration by logistic
regression).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gapstudy.errors import FitError
from gapstudy.measure.imputation import Floats

#: Bins of all labelled pairs, and the normal quantile behind their intervals of 95%.
SAMPLE, _WIDE = "labelled", 1.959964
#: Probabilities are held this far from 0 and 1 in log-odds.
_EDGE = 1e-6
#: Worth of a weak prior around no change, in pairs at even odds: keeps few bins finite.
_PRIOR = 1.0


def covariance(predicted: ArrayLike, pairs: ArrayLike) -> Floats:
    """Covariance of the intercept and slope of a recalibration, (2, 2).

    Args:
        predicted: mean probability of each bin.
        pairs: effective number of labelled pairs in each.

    Raises:
        FitError: there is no pair.
    """
    p = np.clip(np.asarray(predicted, float), _EDGE, 1 - _EDGE)
    n = np.asarray(pairs, float)
    if not n.sum() > 0:
        raise FitError("no labelled pair tells how well the linker is calibrated",
                       remedy="Label pairs, or leave the linker's uncertainty out")  # fmt: skip
    x = np.column_stack([np.ones(len(p)), np.log(p / (1 - p))])
    information = (x * (n * p * (1 - p))[:, None]).T @ x + _PRIOR / 4 * np.eye(2)
    return np.asarray(np.linalg.inv(information), dtype=float)


def effective_pairs(table: pd.DataFrame) -> tuple[Floats, Floats]:
    """Mean probability and effective pairs of each bin of `out_link_calibration`.

    A bin's bootstrap interval of whole organisations says how many independent pairs its pairs are
    worth: p (1 - p) over the variance that its width implies, and never more than there are.
    """
    rows = table[(table["sample"] == SAMPLE) & table["predicted"].notna() & (table["n"] > 0)]
    p, n = rows["predicted"].to_numpy(float), rows["n"].to_numpy(float)
    seen = rows["observed"].to_numpy(float)
    spread = ((rows["high"] - rows["low"]).to_numpy(float) / (2 * _WIDE)) ** 2
    usable = np.isfinite(spread) & (spread > 0) & (seen > 0) & (seen < 1)
    size = np.where(usable, seen * (1 - seen) / np.where(usable, spread, 1.0), n)
    return p, np.minimum(size, n)


def draw(covariance_: Floats, imputations: int, seed: list[int]) -> Floats:
    """Intercept and slope of each link set, (M, 2), around no change."""
    random = np.random.default_rng(seed)
    root = np.linalg.cholesky(covariance_)
    return np.asarray([0.0, 1.0] + random.standard_normal((imputations, 2)) @ root.T, dtype=float)


def apply(probability: Floats, drawn: Floats) -> Floats:
    """Recalibrated probabilities, (M, L); links of probability 0 stay without.

    Args:
        probability: probabilities of the links, (L,).
        drawn: intercept and slope of each link set, (M, 2).
    """
    p = np.clip(probability, _EDGE, 1 - _EDGE)
    odds = drawn[:, :1] + drawn[:, 1:] * np.log(p / (1 - p))
    return np.where(probability > 0, 1 / (1 + np.exp(-odds)), 0.0)
