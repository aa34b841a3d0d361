from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from gapstudy.link import evaluate
from gapstudy.link.facts import links
from gapstudy.link.score import Scorer, score_pairs
from gapstudy.study import Study

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def scorer(world: Tables, study: Study) -> Scorer:
    return Scorer.train(world, study)


def _quality(scorer: Scorer, study: Study) -> pd.DataFrame:
    samples = evaluate.samples(scorer, study)
    return evaluate.quality(scorer, samples, links(scorer, study.linking), study)


def test_quality_agrees_with_scikit_learn(scorer: Scorer, study: Study) -> None:
    test = scorer.facts.labels.query("split == 'test'")
    score = scorer.score(test).round(6)
    called = score >= study.linking.threshold
    rows = _quality(scorer, study).query("sample == 'labelled' and method == 'model'")
    values = rows.query("group == 'all'").set_index("metric")["value"]
    assert values["precision"] == pytest.approx(oracle.precision_score(test["label"], called))
    assert values["recall"] == pytest.approx(oracle.recall_score(test["label"], called))
    assert values["average_precision"] == pytest.approx(
        oracle.average_precision_score(test["label"], score)
    )
    assert values["brier"] == pytest.approx(oracle.brier_score_loss(test["label"], score))


def test_intervals_hold_their_value(scorer: Scorer, study: Study) -> None:
    rows = _quality(scorer, study).dropna(subset=["value", "low", "high"])
    assert len(rows) > 100
    inside = rows.query("metric in ['precision', 'recall', 'f1']")
    assert (inside["low"] <= inside["value"] + 1e-9).mean() > 0.95
    assert (rows["low"] <= rows["high"]).all()


def test_a_link_that_no_way_found_counts_as_missed(world: Tables, study: Study) -> None:
    # p01 is of the test split: without its text nothing ties it to r01.
    before = _value(world, study)
    world["products"].loc[world["products"]["product_id"] == "p01", "description"] = ""
    after = _value(world, study)
    assert after["candidate_recall"] < before["candidate_recall"]
    assert after["recall"] < before["recall"]
    assert score_pairs(
        pd.DataFrame({"paper_id": ["r01"], "target_type": ["product"], "target_id": ["p01"]}),
        world, study,
    )["probability"].tolist() == [0.0]  # fmt: skip


def _value(world: Tables, study: Study) -> dict[Any, Any]:
    rows = _quality(Scorer.train(world, study), study)
    rows = rows.query("sample == 'labelled' and method == 'model' and group == 'all'")
    return dict(rows.set_index("metric")["value"])


def test_the_weighted_sample_has_no_hard_pairs_and_the_prior(scorer: Scorer, study: Study) -> None:
    weighted = evaluate.samples(scorer, study)[1]
    assert set(weighted.pairs.loc[~weighted.pairs["label"], "negative_kind"]) == {"background"}
    assert weighted.prevalence == scorer.priors.cohort
    assert set(weighted.pairs["cluster"]) <= scorer.facts.held


def test_calibration_bins_hold_all_pairs(scorer: Scorer, study: Study) -> None:
    samples = evaluate.samples(scorer, study)
    table = evaluate.calibration(samples, study)
    assert table.groupby("sample")["n"].sum().to_dict() == {
        sample.name: len(sample.pairs) for sample in samples
    }
    filled = table[table["n"] > 0]
    assert filled["predicted"].between(filled["bin_from"], filled["bin_to"]).all()


def test_expected_results_are_those_of_independent_links(scorer: Scorer, study: Study) -> None:
    found = links(scorer, study.linking)
    rows = pd.DataFrame(evaluate.followup_check(scorer, found, study))
    followed = set(scorer.facts.followups["paper_id"])
    products = found[(found["target_type"] == "product") & found["paper_id"].isin(followed)]
    by_hand = sum(1 - np.prod(1 - part["probability"]) for _, part in products.groupby("paper_id"))
    values = rows.query("group == 'all'").set_index("metric")["value"]
    assert values["expected_by_links"] == pytest.approx(by_hand)
    assert values["found"] == 4.0


def test_errors_are_the_pairs_called_wrongly(world: Tables, study: Study) -> None:
    labels = world["labelled_pairs"]
    wrong = (labels["paper_id"] == "r01") & (labels["target_id"] == "p01")
    assert labels.loc[wrong, "split"].tolist() == ["test"]
    labels.loc[wrong, "label"] = False
    labels.loc[wrong, "negative_kind"] = "same_name"
    made = Scorer.train(world, study)
    table = evaluate.errors(made, evaluate.samples(made, study)[0])
    row = table.query("paper_id == 'r01' and target_id == 'p01'").iloc[0]
    assert row["error"] == "false"
    assert row["negative_kind"] == "same_name"
    assert "name_exact" in row["reason"]


def test_without_test_pairs_there_are_no_measures(world: Tables, study: Study) -> None:
    world["labelled_pairs"]["split"] = "fit"
    rows = _quality(Scorer.train(world, study), study)
    assert rows.query("sample == 'labelled'")["value"].isna().all()
