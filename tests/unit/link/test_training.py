from __future__ import annotations

import pandas as pd
import pytest

from gapstudy.link.ends import KEY
from gapstudy.link.score import Linker
from gapstudy.link.training import (
    Known,
    background,
    clusters,
    fit_pairs,
    missed_by_followup,
    priors,
)
from gapstudy.study import Study

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def linker(study: Study) -> Linker:
    from .conftest import build

    return Linker.train(build(), study)


def test_nothing_is_learnt_from_organisations_of_the_test_split(linker: Linker) -> None:
    held = linker.facts.held
    assert len(held) == 3
    assert not set(linker.learnt.fitted["cluster"]) & held
    assert set(background(linker.learnt.candidates, linker.facts)["cluster"]) & held


def test_labels_of_the_test_split_change_no_score(
    linker: Linker, world: Tables, study: Study
) -> None:
    test = world["labelled_pairs"]["split"] == "test"
    world["labelled_pairs"]["label"] ^= test
    after = Linker.train(world, study)
    described = linker.learnt.describe(world["labelled_pairs"])
    before, then = (made.judge(described, 0.1) for made in (linker, after))
    assert before.equals(then)
    assert after.priors == linker.priors


def test_other_products_and_papers_change_nothing_learnt(
    linker: Linker, world: Tables, study: Study
) -> None:
    """So that a study that grows keeps its model."""
    more = world["products"].iloc[:6].assign(product_id=[f"new{at}" for at in range(6)])
    world["products"] = pd.concat([world["products"], more], ignore_index=True)
    paper = world["papers"].iloc[:1].assign(paper_id="new")
    world["papers"] = pd.concat([world["papers"], paper], ignore_index=True)
    after = Linker.train(world, study)
    assert (after.model.coefficients_ == linker.model.coefficients_).all()
    assert after.priors == linker.priors


def test_background_is_beside_results_without_a_product(linker: Linker) -> None:
    rows = background(linker.learnt.candidates, linker.facts)
    followups = linker.facts.followups.set_index("paper_id")["outcome"]
    products = rows[rows["target_type"] == "product"]
    assert len(products)
    assert (products["paper_id"].map(followups) == "none_found").all()
    labelled = pd.MultiIndex.from_frame(linker.facts.labels[KEY])
    assert not pd.MultiIndex.from_frame(rows[KEY]).isin(labelled).any()


def test_products_found_in_the_followup_are_learnt_from(world: Tables, study: Study) -> None:
    labels = world["labelled_pairs"]
    gone = (labels["paper_id"] == "r00") & (labels["target_id"] == "p00")
    world["labelled_pairs"] = labels[~gone].reset_index(drop=True)
    pairs = fit_pairs(Linker.train(world, study).facts)
    found = pairs[(pairs["paper_id"] == "r00") & (pairs["target_id"] == "p00")]
    assert found[["label", "labelled"]].to_numpy().tolist() == [[True, False]]
    assert pairs["labelled"].sum() == len(pairs) - 1


def test_priors_are_shares_of_links_among_candidates(linker: Linker) -> None:
    assert 0 < linker.priors.cohort < linker.priors.chosen < 1
    facts, candidates = linker.facts, linker.learnt.candidates
    pairs = candidates.assign(cluster=facts.with_cluster(candidates))
    pairs = pairs[~pairs["cluster"].isin(facts.held) & (pairs["target_type"] == "product")]
    pairs = pairs[pairs["paper_id"].isin(facts.followups["paper_id"])]
    found = [f"r{number:02}" for number in (0, 6, 12, 18) if number % 9 not in {1, 4, 7}]
    assert linker.priors.cohort == pytest.approx((len(found) + 0.5) / (len(pairs) + 1))


def test_pairs_drawn_at_random_give_the_prior() -> None:
    """100 of 400 and 50 of 5,000 pairs drawn; 20 and 1 of them are links."""
    labels = pd.DataFrame(
        {"paper_id": [f"r{at}" for at in range(150)], "target_type": "product",
         "target_id": "p", "label": [at < 20 or at == 149 for at in range(150)], "split": "fit",
         "relation": "none", "negative_kind": "easy", "cluster": "c",
         "inclusion": [0.25] * 100 + [0.01] * 50}
    )  # fmt: skip
    none = pd.DataFrame({"paper_id": [], "outcome": [], "product_id": [], "relation": []})
    frames = pd.Series("award", index=labels["paper_id"])
    owner = pd.DataFrame({"target_type": ["product"], "target_id": ["p"], "cluster": ["c"]})
    facts = Known(labels, none, frames, owner)
    made = priors(labels[KEY], facts)
    assert made.cohort == pytest.approx((80 + 100 + 2) / (400 + 5000 + 4))
    few = Known(labels.iloc[:20], none, frames, owner)
    assert priors(labels[KEY], few).cohort != pytest.approx(1.0, abs=0.01)


def test_without_followup_the_other_prior_stands(world: Tables, study: Study) -> None:
    world["followups"] = world["followups"].iloc[:0]
    made = Linker.train(world, study)
    assert made.priors.cohort == made.priors.chosen


def test_share_that_the_followup_misses(linker: Linker) -> None:
    assert missed_by_followup(linker.facts) == (0.5 / 5.0, 4)
    wrong = linker.facts.followups.copy()
    wrong.loc[wrong["paper_id"] == "r00", "outcome"] = "none_found"
    facts = Known(linker.facts.labels, wrong, linker.facts.frames, linker.facts.clusters)
    assert missed_by_followup(facts) == (1.5 / 5.0, 4)


def test_the_first_organisation_is_the_cluster() -> None:
    targets = pd.DataFrame({"target_type": "product", "target_id": ["a", "b", "c"]})
    keys = pd.DataFrame({"row": [0, 0, 2], "key": ["x", "y", "z"]})
    assert clusters(targets, keys)["cluster"].tolist() == ["x", "b", "z"]
