r"""Poisson regressions of many samples on one design, for bootstraps and imputations.

Fisher scoring on all samples at once; the coefficients are those of `statsmodels` GLM with the
canonical link (McCullagh and Nelder 1989, Generalized Linear Models, sec. 2.5).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_ROUNDS, _STEP = 60, 1e-9
#: Keeps the information of cells without any count from being singular.
_RIDGE = 1e-10


def fit(design: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Coefficients and covariances of log-linear models.

    Args:
        design: terms, (cells, p).
        counts: samples, not negative, (B, cells).

    Returns:
        Coefficients (B, p) and their covariances (B, p, p). A term that nothing bounds runs to a
        large value with a huge variance: the caller looks for it.
    """
    mean = counts + 0.5
    beta = np.zeros((len(counts), design.shape[1]))
    information = np.zeros((len(counts), design.shape[1], design.shape[1]))
    ridge = _RIDGE * np.eye(design.shape[1])
    for _ in range(_ROUNDS):
        working = np.log(mean) + (counts - mean) / mean
        information = np.einsum("bc,cp,cq->bpq", mean, design, design) + ridge
        right = np.einsum("bc,cp->bp", mean * working, design)
        new = np.linalg.solve(information, right[..., None])[..., 0]
        moved = float(np.abs(new - beta).max(initial=0.0))
        beta = new
        mean = np.exp(np.clip(beta @ design.T, -30, 30))
        if moved < _STEP:
            break
    return beta, np.asarray(np.linalg.inv(information), dtype=float)
