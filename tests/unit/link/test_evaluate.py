"""The tables that say how good the linker is, on a small world of known links."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from gapstudy.link import ablation, assessment, evaluate, mistakes, recall
from gapstudy.link.ends import KEY
from gapstudy.link.score import Linker
from gapstudy.study import Study
from gapstudy.tables import contract, link_quality
from gapstudy.tables.checks import validate
from gapstudy.tables.link import FEATURES, TERMS

Tables = dict[str, pd.DataFrame]


def _links(linker: Linker) -> pd.DataFrame:
    return linker.learnt.candidates[KEY].assign(probability=evaluate.unseen(linker))


def _all(linker: Linker, world: Tables, study: Study) -> Tables:
    return assessment.tables(linker, world, linker.learnt.candidates, _links(linker), study)


@pytest.fixture(scope="module")
def built() -> Tables:
    from .conftest import build

    return build()


@pytest.fixture(scope="module")
def linker(built: Tables, study: Study) -> Linker:
    return Linker.train(built, study)


@pytest.fixture(scope="module")
def made(linker: Linker, built: Tables, study: Study) -> Tables:
    return _all(linker, built, study)


def test_every_table_is_made_and_keeps_its_contract(made: Tables) -> None:
    assert set(made) == {table.name for table in link_quality.TABLES}
    for name, frame in made.items():
        validate(contract(name), frame)


def test_the_same_bytes_twice(linker: Linker, built: Tables, study: Study, made: Tables) -> None:
    for name, frame in _all(linker, built, study).items():
        pd.testing.assert_frame_equal(frame, made[name])


def test_quality_agrees_with_scikit_learn(linker: Linker, study: Study, made: Tables) -> None:
    test = linker.facts.labels.query("split == 'test'").reset_index(drop=True)
    score = linker.judge(linker.learnt.describe(test))["probability"]
    rows = made["out_link_quality"].query("sample == 'labelled' and method == 'model'")
    values = rows.query("group == 'all'").set_index("metric")["value"]
    called = score >= study.linking.threshold
    expected = {
        "precision": oracle.precision_score(test["label"], called),
        "recall": oracle.recall_score(test["label"], called),
        "average_precision": oracle.average_precision_score(test["label"], score),
        "brier": oracle.brier_score_loss(test["label"], score),
    }
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, abs=1e-6)


def test_no_organisation_is_on_both_sides(linker: Linker) -> None:
    assert set(linker.learnt.fitted["cluster"]).isdisjoint(linker.facts.held)


def test_a_link_that_no_way_found_is_missed_by_the_whole_linker(
    linker: Linker, study: Study
) -> None:
    every = linker.learnt.candidates
    test = linker.facts.labels.query("label and split == 'test'")
    lost = test.iloc[0]
    kept = every[~((every["paper_id"] == lost["paper_id"])
                   & (every["target_id"] == lost["target_id"]))]  # fmt: skip
    assert len(kept) == len(every) - 1
    before = evaluate.samples(linker, every, study)
    after = evaluate.samples(linker, kept, study)
    same = (after["weighted"].pairs["target_id"] == lost["target_id"]) & (
        after["weighted"].pairs["paper_id"] == lost["paper_id"]
    )
    assert after["weighted"].sample.scores["model"][same].tolist() == [0.0]
    # The model alone is judged on the labelled pairs as they are.
    left, right = (part["labelled"].sample.scores["model"] for part in (before, after))
    assert (left == right).all()
    worst = mistakes.table(linker.model, after["labelled"])
    row = worst[(worst["paper_id"] == lost["paper_id"]) & (worst["error"] == "missed")].iloc[0]
    assert row["reason"].startswith("no way of finding candidates found it")


def test_drawn_pairs_stand_for_all_candidates(built: Tables, study: Study) -> None:
    labels = built["labelled_pairs"].copy()
    test = labels["split"] == "test"
    labels["inclusion"] = np.where(test & ~labels["label"], 0.1, np.where(test, 1.0, np.nan))
    drawn = Linker.train({**built, "labelled_pairs": labels}, study)
    sample = evaluate.samples(drawn, drawn.learnt.candidates, study)["weighted"].sample
    assert sample.weight is not None
    assert sorted(set(sample.weight)) == pytest.approx([1.0, 10.0])
    assert sample.prevalence is None
    assert len(sample.truth) == int(test.sum())


def test_expected_results_are_those_of_independent_links(linker: Linker, study: Study) -> None:
    found = _links(linker)
    rows = pd.DataFrame(evaluate.followup_check(linker, found, study))
    followed = set(linker.facts.followups["paper_id"])
    products = found[(found["target_type"] == "product") & found["paper_id"].isin(followed)]
    by_hand = sum(1 - np.prod(1 - part["probability"]) for _, part in products.groupby("paper_id"))
    values = rows.query("group == 'all'").set_index("metric")["value"]
    assert values["expected_by_links"] == pytest.approx(by_hand)
    assert values["found"] == 4.0


def test_errors_are_told_in_words(built: Tables, study: Study) -> None:
    labels = built["labelled_pairs"].copy()
    wrong = (labels["paper_id"] == "r01") & (labels["target_id"] == "p01")
    assert labels.loc[wrong, "split"].tolist() == ["test"]
    labels.loc[wrong, "label"] = False
    labels.loc[wrong, "negative_kind"] = "same_name"
    linker = Linker.train({**built, "labelled_pairs": labels}, study)
    judged = evaluate.samples(linker, linker.learnt.candidates, study)["labelled"]
    row = mistakes.table(linker.model, judged).query("paper_id == 'r01'").iloc[0]
    assert (row["error"], row["negative_kind"]) == ("false", "same_name")
    assert row["link_type"] == "name"
    assert "the name or an identifier stands in the target's description (+" in row["reason"]


def test_every_feature_has_its_words_and_its_family() -> None:
    assert set(FEATURES) <= set(mistakes.WORDS)
    placed = [name for names in ablation.FAMILIES.values() for name in names]
    assert sorted(placed) == sorted(TERMS)


def test_a_missed_link_says_which_ties_it_lacks() -> None:
    told = mistakes.in_words(
        {"base": -3.0, "title_cosine": -0.52, "title_words": 0.1},
        {"identifier": 0.0, "organisation": 1.0},
        found=True, link=True,
    )  # fmt: skip
    assert told == (
        "no identifier; no name found; how near the texts are to the paper's title (-0.5); how "
        "much of the title the target holds (+0.1)"
    )


def test_without_what_ties_a_pair_the_model_is_worse(
    linker: Linker, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = tuple(name for name in TERMS if name not in {"speaking", "patent"})
    families = {"nearly all": most, "not a feature": ("nothing",)}
    monkeypatch.setattr(ablation, "FAMILIES", families)
    judged = evaluate.samples(linker, linker.learnt.candidates, study)["labelled"]
    table = ablation.table(linker, judged, evaluate.rules(study, 0))
    rows: Any = table.query("metric == 'average_precision'").set_index("family")
    assert list(rows.index) == ["none", "nearly all"]
    assert rows.loc["nearly all", "change_high"] < 0
    assert rows.loc["none", "change"] == 0.0
    assert (rows["value"] - rows.loc["none", "value"]).round(5).tolist() == pytest.approx(
        rows["change"].round(5).tolist(), abs=2e-5
    )


def test_recall_is_that_of_labelled_links_unseen(
    linker: Linker, built: Tables, study: Study, made: Tables
) -> None:
    links = recall.true_links(linker, linker.learnt.candidates, study.linking.candidate_floor)
    true = linker.facts.labels.query("label and target_type == 'product'")
    assert len(links) == len(true)
    row = made["out_link_recall"].query("links == 'model' and region == 'all'").iloc[0]
    assert row["own"] == pytest.approx((links["probability"] * links["found"]).mean(), abs=1e-6)
    fitted = linker.learnt.fitted.reset_index(drop=True)
    at = fitted.index[fitted["label"]][0]
    pair = fitted.loc[at]
    same = links[(links["paper_id"] == pair["paper_id"])
                 & (links["target_id"] == pair["target_id"])]  # fmt: skip
    prior = linker.prior(same["paper_id"])
    odds = linker.model.out_of_fold_[at] + linker.model.correction(prior)
    assert same["probability"].tolist() == pytest.approx((1 / (1 + np.exp(-odds))).tolist())


def test_training_counts_every_pair_once(linker: Linker, made: Tables) -> None:
    table: Any = made["out_link_training"].groupby("split")[["pairs", "positives"]].sum()
    fitted, test = linker.learnt.fitted, linker.facts.labels.query("split == 'test'")
    assert table.loc["fit"].tolist() == [len(fitted), int(fitted["label"].sum())]
    assert table.loc["test"].tolist() == [len(test), int(test["label"].sum())]


def test_without_test_pairs_there_are_no_measures(built: Tables, study: Study) -> None:
    labels: Any = built["labelled_pairs"].assign(split="fit")
    linker = Linker.train({**built, "labelled_pairs": labels}, study)
    rows = _all(linker, built, study)["out_link_quality"]
    assert rows.query("sample == 'labelled'")["value"].isna().all()
