import pandas as pd
import pytest

from gapstudy.link.features import KEY
from gapstudy.link.score import Scorer
from gapstudy.link.training import background, fit_pairs, missed_by_followup
from gapstudy.study import Study

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def scorer(world: Tables, study: Study) -> Scorer:
    return Scorer.train(world, study)


def test_nothing_is_learnt_from_organisations_of_the_test_split(scorer: Scorer) -> None:
    held = scorer.facts.held
    assert held == {"house 1", "house 4", "house 7"}
    assert not set(scorer.fitted["cluster"]) & held
    assert set(background(scorer.candidates, scorer.facts)["cluster"]) & held


def test_labels_of_the_test_split_change_no_score(world: Tables, study: Study) -> None:
    before = Scorer.train(world, study)
    test = world["labelled_pairs"]["split"] == "test"
    world["labelled_pairs"]["label"] ^= test
    after = Scorer.train(world, study)
    pairs = world["labelled_pairs"]
    assert before.score(pairs).tolist() == after.score(pairs).tolist()


def test_background_is_beside_results_without_a_product(scorer: Scorer) -> None:
    rows = background(scorer.candidates, scorer.facts)
    followups = scorer.facts.followups.set_index("paper_id")["outcome"]
    products = rows[rows["target_type"] == "product"]
    assert len(products)
    assert (products["paper_id"].map(followups) == "none_found").all()
    labelled = pd.MultiIndex.from_frame(scorer.facts.labels[KEY])
    assert not pd.MultiIndex.from_frame(rows[KEY]).isin(labelled).any()


def test_products_found_in_the_followup_are_learnt_from(scorer: Scorer) -> None:
    pairs = fit_pairs(scorer.candidates, scorer.facts)
    found = pairs[(pairs["paper_id"] == "r00") & (pairs["target_id"] == "p00")]
    assert found["label"].tolist() == [True]


def test_priors_are_shares_of_links_among_candidates(scorer: Scorer) -> None:
    assert 0 < scorer.priors.cohort < scorer.priors.chosen < 1
    held, facts = scorer.facts.held, scorer.facts
    pairs = scorer.candidates.assign(cluster=facts.with_cluster(scorer.candidates))
    pairs = pairs[~pairs["cluster"].isin(held) & (pairs["target_type"] == "product")]
    pairs = pairs[pairs["paper_id"].isin(facts.followups["paper_id"])]
    found = [f"r{number:02}" for number in (0, 6, 12, 18) if number % 9 not in {1, 4, 7}]
    assert scorer.priors.cohort == pytest.approx((len(found) + 0.5) / (len(pairs) + 1))


def test_without_followup_the_other_prior_stands(world: Tables, study: Study) -> None:
    world["followups"] = world["followups"].iloc[:0]
    made = Scorer.train(world, study)
    assert made.priors.cohort == made.priors.chosen


def test_share_that_the_followup_misses(scorer: Scorer) -> None:
    assert missed_by_followup(scorer.facts) == (0.5 / 5.0, 4)
    wrong = scorer.facts.followups.copy()
    wrong.loc[wrong["paper_id"] == "r00", "outcome"] = "none_found"
    facts = type(scorer.facts)(scorer.facts.labels, wrong, scorer.facts.frames,
                               scorer.facts.clusters)  # fmt: skip
    assert missed_by_followup(facts) == (1.5 / 5.0, 4)
