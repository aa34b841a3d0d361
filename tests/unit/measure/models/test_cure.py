from __future__ import annotations

import numpy as np
import pytest
from lifelines import LogLogisticFitter, LogNormalFitter, MixtureCureFitter, WeibullFitter

from gapstudy.errors import FitError
from gapstudy.measure.latency import cox
from gapstudy.measure.models import cure
from gapstudy.measure.models.distributions import FAMILIES
from gapstudy.measure.models.sample import Sample

BASES = {
    "weibull": WeibullFitter, "log-normal": LogNormalFitter, "log-logistic": LogLogisticFitter
}  # fmt: skip


def world(
    n: int, seed: int, share: tuple[float, float] = (0.4, 0.4), ratio: float = 1.35,
    end: tuple[float, float] = (8, 14),
) -> Sample:  # fmt: skip
    random = np.random.default_rng(seed)
    second = np.arange(n) >= n // 2
    time = np.exp(0.7 + np.log(ratio) * second + 0.6 * random.standard_normal(n))
    ever = random.random(n) < np.where(second, share[1], share[0])
    stop = random.uniform(*end, n)
    event = ever & (time <= stop)
    return Sample.of(np.where(event, time, stop), event, second.astype(float), ["EU"])


@pytest.mark.parametrize("name", FAMILIES)
def test_one_group_agrees_with_lifelines(name: str) -> None:
    sample = world(500, 0)
    ours = cure.fit(Sample.of(sample.time, sample.event), name)
    oracle = MixtureCureFitter(base_fitter=BASES[name]()).fit(sample.time, sample.event)
    assert ours.log_likelihood == pytest.approx(oracle.log_likelihood_, abs=1e-5)
    assert ours.log_likelihood >= oracle.log_likelihood_ - 1e-9
    ever = cure.eventual_share(ours, [], 0.95)
    assert ever.value == pytest.approx(1 - oracle.cured_fraction_, abs=1e-4)
    assert ever.low < ever.value < ever.high


def test_whether_and_when_are_told_apart_where_cox_mixes_them() -> None:
    sample = world(4000, 1, end=(3, 9))
    fit = cure.fit(sample, "log-normal")
    gap = cure.share_difference(fit, [1.0], [0.0], 0.99)
    assert gap.low < 0 < gap.high
    ratio = cure.converter_ratio(fit, [1.0], [0.0], 0.99)
    assert ratio.low < 1.35 < ratio.high
    assert ratio.p_value < 1e-6
    value, variance = cox(sample.time, sample.event > 0, sample.covariates, sample.cluster)
    assert value[0] + 2 * np.sqrt(variance[0]) < 0
    median = cure.converter_time(fit, "log-normal", [0.0], 0.95)
    assert median.low < np.exp(0.7) < median.high


def test_covariates_can_stand_in_one_part_only() -> None:
    sample = world(2000, 2, (0.5, 0.3), 1.0)
    fit = cure.fit(sample, "log-normal", latency=())
    assert fit.names == (
        "incidence_intercept", "incidence_EU", "latency_intercept", "latency_log_scale"
    )  # fmt: skip
    gap = cure.share_difference(fit, [1.0], [0.0], 0.95)
    assert gap.low < -0.2 < gap.high < 0


def test_late_entry_and_dates_to_the_year_are_taken_into_account() -> None:
    random = np.random.default_rng(3)
    sample = world(8000, 3, ratio=1.0)
    entry = random.uniform(0, 3, sample.n)
    keep = sample.time > entry
    lower = np.where(sample.event > 0, np.maximum(np.floor(sample.time), entry + 1e-9), sample.time)
    upper = np.where(sample.event > 0, np.floor(sample.time) + 1, np.nan)
    part = Sample.of(lower[keep], sample.event[keep], entry=entry[keep])
    fit = cure.fit(part, "log-normal", upper=upper[keep])
    share = cure.eventual_share(fit, [], 0.95)
    assert share.low < 0.4 < share.high
    assert fit["latency_log_scale"] == pytest.approx(np.log(0.6), abs=0.12)


def test_many_spells_start_from_a_part_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cure, "_MANY", 10_000)
    monkeypatch.setattr(cure, "_PART", 3_000)
    sample = world(20_000, 4)
    fit = cure.fit(sample, "log-normal")
    assert abs(fit["incidence_EU"]) < 4 * fit.error[1]
    assert fit["latency_EU"] == pytest.approx(np.log(1.35), abs=0.08)


def test_copies_with_shared_clusters_change_nothing() -> None:
    sample = world(300, 5)
    rows = np.repeat(np.arange(300), 2)
    double = Sample.of(
        sample.time[rows], sample.event[rows], sample.covariates[rows], ["EU"],
        weight=np.full(600, 0.5), cluster=rows,
    )  # fmt: skip
    once = cure.fit(sample, "weibull", robust=True)
    twice = cure.fit(double, "weibull")
    np.testing.assert_allclose(once.estimate, twice.estimate, atol=1e-8)
    np.testing.assert_allclose(once.covariance, twice.covariance, rtol=1e-5)


def test_without_a_flat_end_the_share_runs_to_one_and_is_refused() -> None:
    refused = 0
    for seed in range(8):
        random = np.random.default_rng(seed)
        time, end = np.exp(1.0 + 0.6 * random.standard_normal(300)), random.uniform(1, 6, 300)
        sample = Sample.of(np.minimum(time, end), time <= end)
        test = cure.no_cure_test(sample, "log-normal")
        try:
            fit = cure.fit(sample, "log-normal")
        except FitError as error:
            assert "runs to one" in error.what  # noqa: PT017
            assert test.deviance < 1e-3
            refused += 1
        else:
            assert cure.eventual_share(fit, [], 0.95).high > 0.9
    assert 1 <= refused <= 7


def test_events_before_any_plateau_are_refused_or_noted_as_vague() -> None:
    random = np.random.default_rng(5)
    time = np.where(random.random(300) < 0.5, np.exp(2.5 + 0.8 * random.standard_normal(300)), 1e9)
    end = random.uniform(3, 8, 300)
    sample = Sample.of(np.minimum(time, end), time <= end)
    for name in ("weibull", "log-logistic"):
        fit = cure.fit(sample, name)
        assert "hardly tell never from late" in fit.note
        share = cure.eventual_share(fit, [], 0.95)
        assert share.low < 0.1
        assert share.high > 0.7
    with pytest.raises(FitError, match="runs to one"):
        cure.fit(sample, "log-normal")


def test_the_test_of_no_cure_halves_the_tail_and_is_one_at_the_edge() -> None:
    found = cure.no_cure_test(world(300, 7), "log-normal")
    assert found.p_value < 1e-6
    assert found.aic_with < found.aic_without
    random = np.random.default_rng(8)
    everyone = [
        cure.no_cure_test(Sample.of(np.exp(random.standard_normal(60)), np.ones(60)), "log-normal")
        for _ in range(3)
    ]
    assert all(item == everyone[0]._replace(aic_with=item.aic_with, aic_without=item.aic_without)
               for item in everyone)  # fmt: skip
    assert everyone[0].p_value == 1.0
    weighted = world(200, 9)
    rough = Sample.of(weighted.time, weighted.event, weight=np.full(200, 0.5))
    assert "approximate" in cure.no_cure_test(rough, "weibull").note


@pytest.mark.parametrize(
    ("time", "event", "why"),
    [
        ([2.0], [1], "1 events cannot give"),
        ([1.0, 2, 3], [0, 0, 0], "no spell ends"),
        ([2.0, 2, 2, 2, 1], [1, 1, 1, 1, 0], "same time"),
    ],
)
def test_traps_are_refused(time: list[float], event: list[int], why: str) -> None:
    with pytest.raises(FitError, match=why):
        cure.fit(Sample.of(time, event), "weibull")


def test_a_region_without_event_and_collinear_columns_are_refused() -> None:
    sample = world(100, 10)
    event = np.where(sample.covariates[:, 0] == 1, 0, sample.event)
    with pytest.raises(FitError, match="EU separates"):
        cure.fit(Sample.of(sample.time, event, sample.covariates, ["EU"]), "weibull")
    both = np.hstack([sample.covariates, 1 - sample.covariates])
    with pytest.raises(FitError, match="collinear"):
        cure.fit(Sample.of(sample.time, sample.event, both, ["EU", "US"]), "weibull")


def test_the_same_spells_give_the_same_bytes() -> None:
    first, second = (cure.fit(world(200, 11), "log-logistic") for _ in range(2))
    assert first.estimate.tobytes() == second.estimate.tobytes()
    assert first.covariance.tobytes() == second.covariance.tobytes()
