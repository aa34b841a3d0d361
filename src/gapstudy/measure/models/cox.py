r"""Proportional hazards after Cox: log hazard ratios without a shape of the baseline.

.. math:: h_i(t) = h_{0s}(t) \, e^{x_i'\beta}

with a baseline of its own for each stratum s, delayed entry (left truncation), weights, Efron's or
Breslow's ties, and a covariance robust to clusters. References: Cox (1972),
https://doi.org/10.1111/j.2517-6161.1972.tb00899.x; Lin and Wei (1989),
https://doi.org/10.1080/01621459.1989.10478874.

A Cox model mixes whether with when (METHOD.md, trap 2): where one region's results become products
as often as another's but later, it says that their hazard is lower. It is a check of direction.

Engines. `statsmodels` (PHReg) is for what is fitted once; it takes no weights, so a weighted
sample is fitted by `cox_kernel`, and the note says so. `kernel` is for fits by the thousand and
for large samples, with the same coefficients. Separation and collinearity are found by the kernel
before either, and the robust covariance is the kernel's, because the score residuals of PHReg do
not know Efron's ties.
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gapstudy.errors import FitError
from gapstudy.measure.models import cox_kernel, identified
from gapstudy.measure.models.cox_kernel import Risk, Ties
from gapstudy.measure.models.firth import firth as penalised
from gapstudy.measure.models.sample import Fit, Floats, Sample

Engine = Literal["statsmodels", "kernel"]
_WEIGHTED = "weights: fitted by the kernel, PHReg takes none"


def cox(
    sample: Sample,
    *,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
    kind: int | None = None,
    robust: bool = True,
    firth: bool = False,
    engine: Engine = "statsmodels",
) -> Fit:
    """Fit a Cox model.

    Args:
        sample: the spells with their covariates.
        ties: efron or breslow.
        strata: stratum of each spell, (n,), each with its own baseline hazard.
        kind: the event that counts (a cause-specific hazard); None counts events of every kind.
        robust: covariance robust to the clusters of the sample; else the inverse information.
        firth: where the covariates separate the events, give Firth's penalised estimate with its
            profile interval instead of an error. Such a fit has a note.
        engine: statsmodels or kernel; see above.

    Returns:
        Log hazard ratios and their covariance.

    Raises:
        FitError: no event, no covariate, covariates that are constant or collinear or separate the
            events, not more clusters than coefficients, or no convergence; the message names the
            covariates.
    """
    risk = cox_kernel.prepare(sample, ties=ties, strata=strata, kind=kind)
    clusters = len(np.unique(sample.cluster[sample.weight > 0]))
    try:
        point = cox_kernel.maximise(risk)
    except FitError as error:
        if not firth or "separate" not in error.what:
            raise
        return penalised(risk, clusters)
    used = sample.weight[sample.weight > 0]
    note = ""
    if engine == "statsmodels":
        if np.ptp(used) > 0 or used[0] != 1:
            note = _WEIGHTED
        else:
            point = risk.at(_phreg(risk, ties, strata))
    covariance = np.asarray(np.linalg.inv(point.information), dtype=float)
    if robust:
        identified.refuse_few_clusters(clusters, len(risk.names))
        covariance = cox_kernel.sandwich(risk, point, sample.cluster)
    return Fit(
        risk.names, point.beta, covariance, point.log_likelihood, len(used), len(risk.event),
        clusters, note,
    )  # fmt: skip


def _phreg(risk: Risk, ties: Ties, strata: ArrayLike | None) -> Floats:
    from statsmodels.duration.hazard_regression import PHReg

    died = np.zeros(len(risk.row), dtype=int)
    died[risk.event] = 1
    groups = None if strata is None else np.asarray(strata).ravel()[risk.row]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The likelihood knows only the order of times: positions among the event times stand for
        # them, because PHReg takes no spell of zero days beside delayed entries.
        model = PHReg(
            risk.last.astype(float), risk.x.T, status=died, ties=ties, strata=groups,
            entry=risk.first + 0.5 if risk.first.any() else None,
        )  # fmt: skip
        fitted = model.fit(disp=0)
    return np.asarray(fitted.params, dtype=float)
