"""Variance of averages, drawn calibrations and regions, bootstrap, recall, Rubin's rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure import recall, rubin, survival
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.imputation import Candidates, Floats, Spells, draw
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.regional import combine, mean_share
from gapstudy.measure.uncertainty import averaged, bootstrap, calibration, regions
from gapstudy.measure.uncertainty import tables as tables_module
from gapstudy.simulate import linkage
from gapstudy.study import Study
from gapstudy.tables import out_spells
from gapstudy.tables.checks import validate

Frames = dict[str, pd.DataFrame]


def _mice(q: Floats, u: Floats, complete: float) -> tuple[float, float, float]:
    """Estimate, variance and df by the formulas of the R package mice (pool.scalar)."""
    m = len(q)
    b = float(((q - q.mean()) ** 2).sum() / (m - 1))
    t = float(u.mean()) + (1 + 1 / m) * b
    lam = (1 + 1 / m) * b / t
    old = (m - 1) / lam**2
    observed = (complete + 1) / (complete + 3) * complete * (1 - lam)
    return float(q.mean()), t, old * observed / (old + observed)


@pytest.mark.parametrize("complete", [7.0, 30.0, 1e6])
def test_rubins_rules_agree_with_those_of_mice(complete: float) -> None:
    random = np.random.default_rng(1)
    q, u = random.normal(size=12), random.uniform(0.2, 1, 12)
    pooled = rubin.pool(q, u, complete_df=complete)
    assert (pooled.estimate, pooled.variance, pooled.df) == pytest.approx(_mice(q, u, complete))


def test_the_average_is_steadier_than_the_estimate_with_true_links() -> None:
    # A share of n results, each true with probability p: by hand, V(average) = V(p) / n.
    random = np.random.default_rng(2)
    n, sets = 4000, 60
    p = random.beta(1, 2, n)
    x = (random.random((sets, n)) < p).astype(float)
    part = mean_share(x, np.ones((n, 1)))
    by_hand = p.var() / n
    average, total = averaged.pool(part, shared=False), rubin.pool(part.value, part.variance)
    assert average.variance[0, 0] == pytest.approx(by_hand + (p * (1 - p)).mean() / n / sets,
                                                   rel=0.06)  # fmt: skip
    # Rubin's total is within plus between: the average's and twice the between variance.
    between = (p * (1 - p)).mean() / n
    assert total.variance[0, 0] == pytest.approx(by_hand + 2 * between, rel=0.15)
    assert np.isinf(average.df).all()


def test_what_a_link_set_shares_is_in_the_variance_only_when_it_is_drawn() -> None:
    random = np.random.default_rng(3)
    n, sets = 2000, 400
    common = random.normal(0, 0.05, sets)
    x = (random.random((sets, n)) < (0.5 + common)[:, None]).astype(float)
    part = mean_share(x, np.ones((n, 1)))
    alone, both = (averaged.pool(part, shared=flag) for flag in (False, True))
    assert both.variance[0, 0] - alone.variance[0, 0] == pytest.approx(0.05**2, rel=0.25)
    assert both.missing_information[0, 0] > 0.9
    covariance = averaged.covariance(part, 0, 0, shared=True)
    assert covariance[0] == pytest.approx(both.variance[0, 0])


def test_a_region_without_event_keeps_an_interval_under_every_rule() -> None:
    x = np.zeros((5, 40))
    x[:, :12] = 1.0
    weight = np.zeros((40, 2))
    weight[:, 0] = 1.0
    weight[20:, 1] = 1.0
    part = mean_share(x, weight)
    for rule in ("rubin", "averaged", "averaged_shared"):
        ends = combine(part, weight, 0, rule).interval(0.95)
        assert ends.low[1, 0] == 0.0
        assert 0.1 < ends.high[1, 0] < 0.3


def test_the_calibration_has_the_covariance_of_a_logistic_regression() -> None:
    import statsmodels.api as sm

    random = np.random.default_rng(4)
    p = random.beta(0.5, 1, 3000)
    x = sm.add_constant(np.log(p / (1 - p)))
    fit = sm.GLM((random.random(3000) < p).astype(float), x, family=sm.families.Binomial()).fit()
    found = calibration.covariance(p, np.ones(3000))
    np.testing.assert_allclose(found, fit.cov_params(), rtol=0.15)
    drawn = calibration.draw(found, 4000, [1])
    np.testing.assert_allclose(drawn.mean(axis=0), [0.0, 1.0], atol=0.01)
    np.testing.assert_allclose(np.cov(drawn.T), found, rtol=0.1)
    given = np.array([0.0, 0.3, 0.9])
    np.testing.assert_allclose(calibration.apply(given, np.array([[0.0, 1.0]])), [given])
    assert (calibration.apply(given, np.array([[1.0, 1.0]]))[0, 1:] > given[1:]).all()
    with pytest.raises(FitError, match="no labelled pair"):
        calibration.covariance([], [])


def test_bins_are_worth_no_more_pairs_than_they_have() -> None:
    table = pd.DataFrame({
        "sample": ["labelled"] * 3 + ["weighted"], "predicted": [0.2, 0.5, 0.9, 0.5],
        "observed": [0.25, 0.5, 1.0, 0.5], "low": [0.0, 0.4, 0.9, 0.0],
        "high": [0.6, 0.6, 1.0, 1.0], "n": [100, 20, 30, 50],
    })  # fmt: skip
    p, n = calibration.effective_pairs(table)
    assert p.tolist() == [0.2, 0.5, 0.9]
    assert n[0] == pytest.approx(0.25 * 0.75 / (0.6 / 2 / 1.959964) ** 2)
    assert n[1:].tolist() == [20.0, 30.0]


def test_unknown_regions_follow_those_of_their_cell_with_the_same_outcome() -> None:
    n = 400
    credit = np.zeros((n, len(COLUMNS)))
    group = np.where(np.arange(n) % 2 == 0, "a", "b")
    event = np.arange(n) % 4 < 2
    # Group a: EU where there is a product, US where there is none; group b: China.
    k = np.where(group == "b", 2, np.where(event, 0, 1))
    credit[np.arange(n), k] = 1.0
    credit[:, -1] = 1.0
    lost = np.arange(n) % 5 == 0
    held = credit.copy()
    held[lost] = 0.0
    held[lost, 4], held[lost, 5] = 1.0, 1.0
    placed = regions.draw(held, [group, np.full(n, "")], event[None].repeat(3, axis=0), [1])
    assert (placed == credit).all()
    assert (placed[:, ~lost] == held[~lost]).all()
    with pytest.raises(FitError, match="no result has a known region"):
        regions.draw(held[lost], [group[lost]], event[None, lost], [1])


def test_a_partly_unknown_result_keeps_its_credit() -> None:
    credit = np.zeros((40, len(COLUMNS)))
    credit[:, 1], credit[:, 5] = 1.0, 1.0
    credit[0, [0, 4]], credit[0, 1] = 0.5, 0.0
    every = [np.full(40, "")]
    placed = regions.draw(credit, every, np.zeros((2, 40), dtype=bool), [1])
    assert placed[:, 0].tolist() == [[0.5, 0.5, 0.0, 0.0, 0.0, 1.0]] * 2
    whole = credit.copy()
    whole[0, [0, 1, 4]] = 1.0
    placed = regions.draw(whole, every, np.zeros((2, 40), dtype=bool), [1])
    assert placed[:, 0].tolist() == [[1.0, 1.0, 0.0, 0.0, 0.0, 1.0]] * 2


def _spells(seed: int, n: int = 200, sets: int = 3) -> Spells:
    random = np.random.default_rng(seed)
    event = np.broadcast_to(random.random(n) < 0.3, (sets, n))
    time = np.broadcast_to(np.where(event[0], random.uniform(0, 8, n), 8.0), (sets, n))
    return Spells(time, event, np.where(event, 0, -1))


def test_the_bootstrap_repeats_the_weighted_curve() -> None:
    spells = _spells(1)
    weight = np.column_stack([np.arange(200) < 80, np.ones(200)]).astype(float)
    drawn = np.vstack([np.ones(200), bootstrap.cluster_weights(np.arange(200), 600, [1])])
    made = bootstrap.incidence(spells, weight, [3.0, 5.0], drawn)
    plain = survival.incidence(survival.steps(spells.time, spells.event, weight), [3.0, 5.0])
    np.testing.assert_allclose(made[0], plain.value.mean(axis=0))
    # One by one gives the same as side by side.
    alone = survival.steps(spells.time[:1], spells.event[:1], weight * drawn[7][:, None])
    np.testing.assert_allclose(made[7], survival.incidence(alone, [3.0, 5.0]).value[0])
    # Independent results: the standard deviation is Greenwood's error.
    np.testing.assert_allclose(made[1:].std(axis=0), np.sqrt(plain.variance[0]), rtol=0.12)


def test_clusters_widen_the_bootstrap_and_one_cluster_is_refused() -> None:
    random = np.random.default_rng(5)
    group = np.repeat(np.arange(20), 10)
    event = (np.repeat(random.random(20) < 0.4, 10))[None]
    spells = Spells(np.where(event, 1.0, 5.0), event, np.where(event, 0, -1))
    one = np.ones((200, 1))
    spread = [
        bootstrap.incidence(spells, one, [2.0], bootstrap.cluster_weights(ids, 400, [1])).std()
        for ids in (group, np.arange(200))
    ]
    assert spread[0] / spread[1] == pytest.approx(np.sqrt(10), rel=0.2)
    with pytest.raises(FitError, match="two or more"):
        bootstrap.cluster_weights(np.zeros(5, dtype=np.int64), 100, [1])


def test_coarse_dates_of_a_true_link_are_drawn_in_order() -> None:
    year = np.array([16801]), np.array([17166])  # 2016
    made = Candidates(
        *year, *year, np.array([0]), np.array([0]), np.zeros(1), np.ones(1), np.array(["found"])
    )
    plain = draw(made, "model", 20000, 4000, [1])
    ordered = draw(made, "model", 20000, 4000, [1], ordered=True)
    assert plain.event.mean() == pytest.approx(0.5, abs=0.03)
    assert ordered.event.all()
    # Two days drawn uniformly in order lie a third of the year apart on average.
    assert ordered.time.mean() == pytest.approx(1 / 3, abs=0.015)
    assert (ordered.time[plain.event] == plain.time[plain.event]).all()
    before = Candidates(
        *year, np.array([16000]), np.array([16800]), np.array([0]), np.array([0]), np.zeros(1),
        np.ones(1), np.array(["found"]),
    )  # fmt: skip
    assert not draw(before, "model", 20000, 50, [1], ordered=True).event.any()


def _recall_table(**changes: Any) -> pd.DataFrame:
    row = {"alpha": 20.0, "beta": 20.0, "candidate_recall": 0.8, "effective_n": 40.0, "pooled": 0.0}
    return pd.DataFrame([
        {"links": "model", "region": region, **row, **changes} for region in COLUMNS
    ])  # fmt: skip


def test_drawn_links_are_divided_by_the_recall_of_the_candidates() -> None:
    drawn = recall.draw(_recall_table(), "model", 20000, [1], "candidates")
    assert drawn is not None
    # The mean of 1 / draw is (n + 1) / (hits + 1), at 40 links of which 32 were found.
    assert (1 / drawn).mean(axis=0) == pytest.approx([41 / 33] * 6, rel=0.005)
    links = recall.draw(_recall_table(), "model", 20000, [1])
    assert links is not None
    assert links.mean() == pytest.approx(0.5, abs=0.01)
    unknown = recall.draw(_recall_table(candidate_recall=None), "model", 100, [1], "candidates")
    assert unknown is not None
    assert unknown.mean() == pytest.approx(0.5, abs=0.05)


def test_a_follow_up_beside_the_model_leaves_less_to_be_missed() -> None:
    model = _recall_table()
    # With it a tenth of what the model misses is missed: 1 - 0.5 x 0.1.
    both = _recall_table(alpha=95.0, beta=5.0).assign(links="both")
    drawn = recall.draw(pd.concat([model, both]), "both", 20000, [1], "candidates")
    assert drawn is not None
    assert drawn.mean() == pytest.approx(1 - 0.2 * 0.1, abs=0.003)


def test_dividing_by_few_links_has_no_bias() -> None:
    random = np.random.default_rng(6)
    hits = random.binomial(30, 0.6, 1500)
    uniform = (np.arange(100) + 0.5) / 100
    alpha, beta = hits + 0.5, 30 - hits + 0.5
    draws = stats.beta.ppf(uniform[:, None], alpha, beta)
    scale = np.array([recall.level(a, b) for a, b in zip(alpha, beta, strict=True)])
    assert float(np.mean(1 / draws)) > 1.03 / 0.6
    assert float(np.mean(1 / (draws * scale))) == pytest.approx(1 / 0.6, rel=0.01)


def test_worlds_with_uneven_links_fool_the_naive_estimate_only() -> None:
    world = linkage.WORLDS[1]
    made = linkage.table(world, 60, 10, [1], ("naive", "rubin", "averaged"))
    gap: Any = made[made["estimator"].str.endswith("minus-US")].set_index("method")
    assert gap.loc["naive", "bias"] < -0.06
    assert abs(gap.loc["averaged", "bias"]) < 4 * gap.loc["averaged", "mc_error"]
    assert gap.loc["averaged", "coverage"] >= 0.9
    assert gap.loc["naive", "coverage"] < 0.7
    # Rubin's rules hold too, with an interval that is far wider than needed.
    assert gap.loc["rubin", "width"] > 1.3 * gap.loc["averaged", "width"]
    validate(out_spells.LINKAGE, made.astype({"null_true": "boolean"}))


def test_tables_of_a_study(tables_: Frames, study: Study) -> None:
    inputs = Inputs.of(tables_, study)
    made = tables_module.results(inputs, study)
    layers = validate(out_spells.UNCERTAINTY, made["out_uncertainty"])
    check = validate(out_spells.BOOTSTRAP_CHECK, made["out_bootstrap_check"])
    every: Any = layers[(layers["region"] == "all") & (layers["horizon"] == 5)].set_index("layer")
    assert every["error"].notna().all()
    assert every.loc["average", "error"] < every.loc["headline", "error"]
    assert every.loc["recall", "estimate"] > every.loc["regions", "estimate"]
    eu: Any = layers[
        (layers["region"] == "EU") & (layers["versus"] == "") & (layers["horizon"] == 5)
    ]
    n: Any = eu.set_index("layer")["n"]
    assert n["regions"] >= n["headline"]  # the unknown have found a place
    row: Any = check[(check["region"] == "all") & (check["horizon"] == 5)].iloc[0]
    assert row["bootstrap_low"] < row["estimate"] < row["bootstrap_high"]
    assert 0.7 < row["width_ratio_average"] < 1.3
    assert row["width_ratio"] < row["width_ratio_average"]
    assert row["clusters"] == 41  # forty makers, and the result without any


def test_what_cannot_be_made_says_why(tables: Frames, study: Study) -> None:
    made = tables_module.results(Inputs.of(tables, study), study)
    layers, check = made["out_uncertainty"], made["out_bootstrap_check"]
    linker = layers[layers["layer"] == "linker"]
    assert linker["estimate"].isna().all()
    assert linker["note"].str.contains("calibrated").all()
    # Here one organisation made nearly all results, and the check says that it checks little.
    assert check["note"].str.contains("few organisations").any()


@pytest.fixture(scope="module")
def tables_(tables: Frames) -> Frames:
    """The tables of the study with those that this theme looks at besides."""
    bins = pd.DataFrame({
        "sample": "labelled", "predicted": [0.1, 0.5, 0.9], "observed": [0.1, 0.5, 0.9],
        "low": 0.0, "high": 1.0, "n": [60, 30, 30],
    })  # fmt: skip
    parties = tables["paper_affiliations"]
    makers = "maker " + (parties["paper_id"].str[1:].astype(int) % 40).astype(str)
    return {
        **tables, "out_link_calibration": bins,
        "paper_affiliations": parties.assign(organisation=makers),
    }  # fmt: skip
