from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from gapstudy.errors import FitError
from gapstudy.measure.models import cloglog as module
from gapstudy.measure.models import person_periods
from gapstudy.measure.models.cloglog import Engine, cloglog
from gapstudy.measure.models.cox import cox
from gapstudy.measure.models.sample import Sample
from tests.unit.measure.models.hazard_samples import TRAPS, made, with_columns

ENGINES: tuple[Engine, ...] = ("statsmodels", "blocks")


def discrete(**changes: Any) -> Sample:
    """A sample whose covariates repeat."""
    sample = made(**changes)
    return with_columns(sample, sample.covariates[:, :2], ("a", "b"))


def spelled_out(sample: Sample, robust: bool) -> Any:
    """The same model on rows of persons by years."""
    first = np.ceil(sample.entry).astype(int)
    died = sample.event > 0
    last = np.floor(sample.time).astype(int) + died
    pairs = [(i, j) for i in range(sample.n) for j in range(first[i], last[i])]
    row, year = np.array(pairs).T
    event = (year == last[row] - 1) & died[row]
    keep = np.isin(year, np.unique(year[event]))
    row, year, event = row[keep], year[keep], event[keep]
    x = np.column_stack([sample.covariates[row], year[:, None] == np.unique(year)])
    model = sm.GLM(event.astype(float), x.astype(float), var_weights=sample.weight[row],
                   family=sm.families.Binomial(sm.families.links.CLogLog()))  # fmt: skip
    how: dict[str, Any] = {}
    if robust:
        groups = {"groups": sample.cluster[row], "use_correction": False}
        how = {"cov_type": "cluster", "cov_kwds": groups}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(tol=1e-14, maxiter=200, **how)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("late", [False, True])
def test_agrees_with_the_model_on_person_periods(engine: Engine, late: bool) -> None:
    sample = discrete(late=late, n=150, tied=False)
    fit = cloglog(sample, engine=engine).effects
    oracle = spelled_out(sample, robust=True)
    np.testing.assert_allclose(fit.estimate, oracle.params[:2], atol=1e-7)
    np.testing.assert_allclose(fit.error, oracle.bse[:2], atol=1e-7)
    assert fit.log_likelihood == pytest.approx(oracle.llf, abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_agree_with_the_model_on_person_periods(engine: Engine) -> None:
    sample = discrete(n=150, tied=False, weighted=True)
    oracle = spelled_out(sample, robust=False)
    np.testing.assert_allclose(cloglog(sample, engine=engine).effects.estimate, oracle.params[:2],
                               atol=1e-7)  # fmt: skip


def test_blocks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = discrete(n=150)
    whole = cloglog(sample, engine="blocks").effects
    monkeypatch.setattr(person_periods, "BLOCK", 200)
    parts = cloglog(sample, engine="blocks").effects
    np.testing.assert_allclose(whole.covariance, parts.covariance, atol=1e-12)
    np.testing.assert_allclose(whole.estimate, parts.estimate, atol=1e-12)


def test_fine_periods_come_to_the_cox_model() -> None:
    sample = discrete(n=300, tied=False)
    fine = cloglog(sample, cuts=np.arange(0, 12.1, 0.05).tolist(), engine="blocks").effects
    whole = cox(sample, engine="kernel")
    np.testing.assert_allclose(fine.estimate, whole.estimate, atol=0.02)
    np.testing.assert_allclose(fine.error, whole.error, rtol=0.02)


def test_a_grouped_hazard_ratio_is_recovered_whatever_the_ties() -> None:
    random = np.random.default_rng(0)
    group = np.arange(4000) < 2000
    time = random.exponential(3 / np.exp(-0.7 * group))
    sample = Sample.of(np.minimum(time, 10), time < 10, group.astype(float), ["EU"])
    for cuts in ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0, 5, 10]):
        fit = cloglog(sample, cuts=cuts).effects
        assert fit["EU"] == pytest.approx(-0.7, abs=3 * fit.error[0])


def test_baseline_hazards_are_those_of_the_periods() -> None:
    random = np.random.default_rng(2)
    time = random.exponential(4, 6000)
    x = random.normal(size=6000) > 0
    fit = cloglog(Sample.of(np.minimum(time, 6), time < 6, x.astype(float), ["x"]))
    np.testing.assert_allclose(np.exp(fit.baseline), 0.25, rtol=0.2)
    np.testing.assert_allclose(fit.starts, np.arange(6))
    assert fit.cells == 12


def test_effects_that_vary_are_those_of_their_periods() -> None:
    sample = discrete(n=600, tied=False)
    fit = cloglog(sample, varying=["a", "b"], bands=[3.0]).effects
    assert fit.names == ("a 0-3", "a 3-", "b 0-3", "b 3-")
    late = sample.time > 3
    rest = Sample.of(sample.time[late], sample.event[late], sample.covariates[late], sample.names,
                     entry=np.full(int(late.sum()), 3.0))  # fmt: skip
    alone = cloglog(rest).effects
    assert fit["a 3-"] == pytest.approx(alone["a"], abs=1e-7)
    assert fit["b 3-"] == pytest.approx(alone["b"], abs=1e-7)


def test_a_quadratic_baseline_has_three_parameters() -> None:
    fit = cloglog(discrete(n=600), baseline="quadratic")
    second = np.diff(fit.baseline, n=2)
    np.testing.assert_allclose(second, second[0], atol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("sample", "words"), [trap for trap in TRAPS if "2.0" not in str(trap)])
def test_traps_are_refused_by_name(sample: Sample, words: str, engine: Engine) -> None:
    with pytest.raises(FitError, match=words if "region" in words else "|".join(
        [words, "first period", "constant"])):  # fmt: skip
        cloglog(sample, engine=engine)


def test_periods_that_hold_no_choice_are_left_out() -> None:
    sample = discrete()
    time = np.append(sample.time, [20.5, 20.5])
    x = np.vstack([sample.covariates, [[1, 0], [0, 1]]])
    names = sample.names
    every = Sample.of(time, np.append(sample.event, [1, 1]), x, names)
    none = Sample.of(np.minimum(time, 20), np.append(sample.event, [0, 0]), x, names)
    first, second = (cloglog(part, engine="blocks") for part in (every, none))
    np.testing.assert_allclose(first.effects.estimate, second.effects.estimate, atol=1e-10)
    assert first.ends[-1] < 20


def test_bad_periods_are_refused() -> None:
    with pytest.raises(FitError, match="first period that it reaches"):
        cloglog(Sample.of([0.5, 0.7], [1, 1], [0, 1.0], ["x"]))
    for cuts in ([1, 2], [0, 2, 2], [0]):
        with pytest.raises(FitError, match="ascend"):
            cloglog(discrete(n=60), cuts=cuts)
    with pytest.raises(FitError, match="seen from its beginning"):
        cloglog(Sample.of([0.9, 0.5], [1, 0], [0, 1.0], ["x"], entry=[0.5, 0.0]))


def test_entry_within_a_period_counts_from_the_next() -> None:
    sample = discrete(n=150, tied=False)
    late = Sample.of(sample.time, sample.event, sample.covariates, sample.names,
                     entry=np.where(sample.time > 1.2, 0.4, 0.0))  # fmt: skip
    ceiling = Sample.of(sample.time, sample.event, sample.covariates, sample.names,
                        entry=np.where(sample.time > 1.2, 1.0, 0.0))  # fmt: skip
    np.testing.assert_allclose(
        cloglog(late).effects.estimate, cloglog(ceiling).effects.estimate, atol=1e-10
    )


def test_too_many_cells_for_statsmodels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 100)
    with pytest.raises(FitError, match="too many for statsmodels"):
        cloglog(discrete())


def test_a_million_spells_fit_in_bounded_memory() -> None:
    random = np.random.default_rng(0)
    n = 1_000_000
    x = np.column_stack([random.random(n) < 0.4, random.integers(0, 5, n)]).astype(float)
    time = random.exponential(8 * np.exp(-x @ np.array([-0.4, 0.1])))
    sample = Sample.of(np.minimum(time, 8), time < 8, x, ["a", "b"],
                       cluster=np.arange(n) // 50)  # fmt: skip
    tracemalloc.start()
    fit = cloglog(sample).effects
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Five million person-periods of ten columns would take 400 MB by themselves.
    assert peak < 350e6
    assert np.all(np.abs(fit.estimate - [-0.4, 0.1]) < 4 * fit.error)
