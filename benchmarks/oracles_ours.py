# ruff: noqa: ARG001, ARG005 - each case takes the horizons, whether or not it needs them.
"""Our value of each case of `oracles.R`: functions of a data set and three horizons.

Names, and the order of the values, are those of the R functions.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import survival
from gapstudy.measure.models import aft, pseudo
from gapstudy.measure.models.cloglog import cloglog
from gapstudy.measure.models.cox import cox
from gapstudy.measure.models.curves import clustered, curve_steps, group_weights, incidence
from gapstudy.measure.models.gray import gray_test
from gapstudy.measure.models.proportional_hazards import Transform, proportional_test
from gapstudy.measure.models.pseudo_regression import Link, pseudo_regression
from gapstudy.measure.models.rank_tests import rank_test
from gapstudy.measure.models.restricted_mean import restricted_means
from gapstudy.measure.models.reverse_time import reverse_time
from gapstudy.measure.models.sample import Fit, Sample

Floats = NDArray[np.float64]
Ours = Callable[[pd.DataFrame, Sequence[float]], Floats]


def _sample(
    d: pd.DataFrame, *, entry: bool = False, weight: bool = False, cluster: bool = False,
    cause: bool = False, covariates: bool = False,
) -> Sample:  # fmt: skip
    return Sample.of(
        d["time"], d["cause"] if cause else d["event"],
        d[["x1", "x2"]] if covariates else None, ("x1", "x2") if covariates else (),
        entry=d["entry"] if entry else None, weight=d["weight"] if weight else None,
        cluster=d["cluster"] if cluster else None,
    )  # fmt: skip


def _joined(*parts: Any) -> Floats:
    return np.concatenate([np.asarray(part, float).ravel() for part in parts])


def _curve(sample: Sample, h: Sequence[float], causes: Sequence[int | None] = (None,)) -> Floats:
    values, errors = [], []
    for cause in causes:
        made = incidence(sample, np.asarray(h), group_weights(sample), cause)
        values.append(made.value[0, 0])
        parts = clustered(made.influence[0, :, 0], sample.cluster)
        errors.append(np.sqrt((parts**2).sum(axis=0)))
    return _joined(*values, *errors)


def _mean(sample: Sample, h: Sequence[float]) -> Floats:
    made = restricted_means(sample, h[2])
    return _joined(made.value, np.sqrt(np.diag(made.covariance)))


def _fit(fit: Fit, likelihood: bool = True) -> Floats:
    return _joined(fit.estimate, fit.error, [fit.log_likelihood] if likelihood else [])


def _zph(transform: Transform) -> Ours:
    def ours(d: pd.DataFrame, h: Sequence[float]) -> Floats:
        test = proportional_test(_sample(d, covariates=True), transform=transform)
        return _joined(test.slope.estimate, test.statistic, [test.overall])

    return ours


def _aft(kind: str) -> Ours:
    return lambda d, h: _fit(aft.fit(_sample(d, covariates=True), kind))


def _aft_interval(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    event = d["event"] == 1
    low = d.assign(time=d["time"].where(~event, d["lower"]))
    upper = d["time"].where(event).to_numpy()
    return _fit(aft.fit(_sample(low, covariates=True), "log-normal", upper=upper, robust=False))


def _aft_robust(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    sample = _sample(d, weight=True, cluster=True, covariates=True)
    return _fit(aft.fit(sample, "weibull"), likelihood=False)


def _aft_cluster(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    """Errors less the factor G / (G - 1), which R does not have."""
    fit = aft.fit(_sample(d, cluster=True, covariates=True), "weibull")
    return np.asarray(fit.error * np.sqrt((fit.clusters - 1) / fit.clusters), dtype=float)


def _logrank(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    test = rank_test(_sample(d), d["group"].to_numpy())
    return _joined([test.statistic], test.score)


def _harrington(rho: float) -> Ours:
    return lambda d, h: np.array([
        rank_test(_sample(d), d["group"].to_numpy(), "fleming-harrington", rho=rho).statistic
    ])  # fmt: skip


def _ranks(**given: Any) -> Ours:
    def ours(d: pd.DataFrame, h: Sequence[float]) -> Floats:
        keep = {k: v for k, v in given.items() if k in ("entry", "weight", "cluster")}
        strata = d["stratum"].to_numpy() if given.get("strata") else None
        weighting = given.get("weighting", "log-rank")
        test = rank_test(_sample(d, **keep), d["group"].to_numpy(), weighting, strata=strata)
        return np.array([test.statistic])

    return ours


def _cox(likelihood: bool = True, **given: Any) -> Ours:
    def ours(d: pd.DataFrame, h: Sequence[float]) -> Floats:
        keep = {k: v for k, v in given.items() if k in ("entry", "weight", "cluster", "cause")}
        strata = d["stratum"].to_numpy() if given.get("strata") else None
        fit = cox(
            _sample(d, covariates=True, **keep), ties=given.get("ties", "efron"), strata=strata,
            robust="cluster" in given, kind=1 if "cause" in given else None,
        )  # fmt: skip
        return _fit(fit, likelihood)

    return ours


def _pseudo_regression(link: Link) -> Ours:
    def ours(d: pd.DataFrame, h: Sequence[float]) -> Floats:
        # R's pseudo-observations know no clusters; the sandwich does.
        values = pseudo.incidence_values(_sample(d, cause=True), [h[1]], 1)
        fit = pseudo_regression(_sample(d, cluster=True, covariates=True), values, link)
        return _fit(fit, likelihood=False)

    return ours


def _discrete(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    return cloglog(_sample(d, covariates=True)).effects.estimate


def _reverse(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    seen = d[(d["event"] == 1) & (d["time"] <= h[2])]
    made = reverse_time(seen["time"], seen["limit"], [h[1], h[0]], float(seen["time"].max()))
    return _joined(made.value, made.error)


def _gray(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    late = d["time"] > h[2]
    seen = d.assign(time=d["time"].clip(upper=h[2]), cause=d["cause"].mask(late, 0))
    return gray_test(_sample(seen, cause=True), d["group"].to_numpy(), 1).score[1:]


def _finegray(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    return _curve(_sample(d, cause=True), h, (1,))[:3]


def _rmean_values(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    return pseudo.restricted_mean_values(_sample(d), h[2]).ravel()


def _greenwood(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    """Standard errors of ours where R gives Greenwood's."""
    return _curve(_sample(d, entry=True), h)[3:]


def _weighted_mean(d: pd.DataFrame, h: Sequence[float]) -> Floats:
    sample = _sample(d, weight=True, cluster=True)
    made = survival.restricted_mean(curve_steps(sample, group_weights(sample)), h[2])
    parts = clustered(made.influence[0, :, 0], sample.cluster)
    return _joined(made.value, np.sqrt((parts**2).sum(axis=0)))


CASES: dict[str, Ours] = {
    "km": lambda d, h: _curve(_sample(d), h),
    "km_weighted": lambda d, h: _curve(_sample(d, weight=True, cluster=True), h),
    "km_entry": lambda d, h: _curve(_sample(d, entry=True), h),
    "greenwood_entry": _greenwood,
    "aj": lambda d, h: _curve(_sample(d, cause=True), h, (1, 2)),
    "aj_weighted":
        lambda d, h: _curve(_sample(d, cause=True, weight=True, cluster=True), h, (1, 2)),
    "aj_weighted_error":
        lambda d, h: _curve(_sample(d, cause=True, weight=True, cluster=True), h, (1, 2))[6:],
    "aj_entry": lambda d, h: _curve(_sample(d, cause=True, entry=True), h, (1, 2)),
    "aj_finegray": _finegray,
    "rmean": lambda d, h: _mean(_sample(d), h),
    "rmean_weighted": _weighted_mean,
    "rmean_entry": lambda d, h: _mean(_sample(d, entry=True), h),
    "logrank": _logrank,
    "logrank_strata": _ranks(strata=True),
    "logrank_entry": _ranks(entry=True),
    "logrank_robust": _ranks(entry=True, weight=True, cluster=True),
    "harrington_half": _harrington(0.5),
    "harrington_1": _harrington(1.0),
    "peto": _ranks(weighting="peto"),
    "gray_score": _gray,
    "cox_efron": _cox(),
    "cox_breslow": _cox(ties="breslow"),
    "cox_strata": _cox(strata=True),
    "cox_entry": _cox(entry=True),
    "cox_cause": _cox(cause=True),
    "cox_robust": _cox(False, entry=True, strata=True, weight=True, cluster=True),
    "cox_robust_breslow": _cox(False, weight=True, cluster=True, ties="breslow"),
    "zph_identity": _zph("identity"),
    "zph_rank": _zph("rank"),
    "zph_log": _zph("log"),
    "zph_km": _zph("km"),
    "zph_score": lambda d, h: _zph("identity")(d, h)[2:],
    "discrete": _discrete,
    "aft_weibull": _aft("weibull"),
    "aft_lognormal": _aft("log-normal"),
    "aft_loglogistic": _aft("log-logistic"),
    "aft_interval": _aft_interval,
    "aft_robust": _aft_robust,
    "aft_cluster": _aft_cluster,
    "aft_robust_error": lambda d, h: _aft_robust(d, h)[4:],
    "pseudo_km": lambda d, h: _joined((1 - pseudo.incidence_values(_sample(d), h)).T),
    "pseudo_aj":
        lambda d, h: _joined(pseudo.incidence_values(_sample(d, cause=True), h, 1).T),
    "pseudo_rmean": _rmean_values,
    "pseudo_identity": _pseudo_regression("identity"),
    "pseudo_cloglog": _pseudo_regression("cloglog"),
    "reverse_time": _reverse,
}  # fmt: skip
