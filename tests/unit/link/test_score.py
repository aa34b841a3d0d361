from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from gapstudy.errors import FitError
from gapstudy.link import ends
from gapstudy.link.ends import KEY
from gapstudy.link.relation import RELATIONS
from gapstudy.link.score import Linker, keys, places
from gapstudy.study import Study
from gapstudy.tables.link import FEATURES, TERMS

from .conftest import build

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def linker(study: Study) -> Linker:
    return Linker.train(build(), study)


@pytest.fixture
def both(world: Tables) -> tuple[Any, Any]:
    papers = ends.papers(world["papers"], world["paper_affiliations"])
    return papers, ends.targets(world["products"], world["patents"], world["patent_parties"])


def test_named_products_are_links(linker: Linker, both: tuple[Any, Any]) -> None:
    rows = np.arange(24)
    found = linker.score(*both, rows, rows)
    linked = np.array([at % 2 == 1 or at % 6 == 0 for at in range(24)])
    assert found["probability"][linked].min() > found["probability"][~linked].max()
    expected = ["probability", "log_odds", "relation", *RELATIONS, "reasons", *FEATURES]
    assert list(found) == expected


def test_a_pair_has_one_score_whatever_stands_beside_it(
    linker: Linker, both: tuple[Any, Any]
) -> None:
    papers, targets = both
    whole = linker.score(papers, targets, np.arange(24), np.arange(24)[::-1])
    alone = linker.score(
        papers.iloc[[5]].reset_index(drop=True), targets.iloc[[18]].reset_index(drop=True), [0], [0]
    )
    assert alone.iloc[0].equals(whole.iloc[5])


def test_the_prior_moves_the_odds_and_may_differ_by_pair(
    linker: Linker, both: tuple[Any, Any]
) -> None:
    rows = np.arange(4)
    plain = linker.score(*both, rows, rows)["log_odds"]
    shifted = linker.score(*both, rows, rows, np.array([0.01, 0.1, 0.5, 0.9]))["log_odds"]
    moved = logit([0.01, 0.1, 0.5, 0.9]) - logit(linker.model.sampled_)
    assert (shifted - plain).to_numpy() == pytest.approx(moved)


def test_reasons_sum_to_the_log_odds(linker: Linker, both: tuple[Any, Any]) -> None:
    found = linker.score(*both, np.arange(6), np.arange(6), 0.02)
    for reasons, odds in zip(found["reasons"], found["log_odds"], strict=True):
        terms = json.loads(reasons)
        assert sum(terms.values()) == pytest.approx(odds, abs=0.01)
        assert set(terms) <= {*TERMS, "base", "calibration", "prior"}
    assert expit(found["log_odds"]).tolist() == pytest.approx(
        found["probability"].tolist(), abs=1e-6
    )


def test_reasons_are_left_out_where_not_asked_for(linker: Linker) -> None:
    described = linker.learnt.candidates.head(3)
    made = linker.judge(described, reasons=False)
    assert "reasons" not in made
    assert made.index.equals(described.index)


def test_known_pairs_are_described_alike_by_key(linker: Linker) -> None:
    some = linker.learnt.candidates.iloc[[7, 3]]
    pd.testing.assert_frame_equal(linker.learnt.describe(some), some[[*KEY, "found_by", *FEATURES]])


def test_places_and_keys_are_each_other_s_inverse(
    both: tuple[Any, Any],
) -> None:
    papers, targets = both
    rows, columns = np.array([3, 0, 23]), np.array([25, 4, 4])
    back = places(papers, targets, keys(papers, targets, rows, columns))
    assert [at.tolist() for at in back] == [rows.tolist(), columns.tolist()]
    lost = pd.DataFrame({"paper_id": ["r01"], "target_type": "product", "target_id": "nowhere"})
    with pytest.raises(KeyError, match="nowhere"):
        places(papers, targets, lost)


def test_a_linker_can_be_pickled(linker: Linker, both: tuple[Any, Any]) -> None:
    again: Linker = pickle.loads(pickle.dumps(linker))
    assert again.score(*both, [1], [1]).equals(linker.score(*both, [1], [1]))


def test_training_twice_gives_the_same(linker: Linker, world: Tables, study: Study) -> None:
    shuffled = {name: frame.sample(frac=1.0, random_state=2) for name, frame in world.items()}
    again = Linker.train(shuffled, study)
    assert (again.model.coefficients_ == linker.model.coefficients_).all()
    assert (again.relations.coefficients_ == linker.relations.coefficients_).all()


def test_without_labels_it_says_what_is_missing(world: Tables, study: Study) -> None:
    world["labelled_pairs"] = world["labelled_pairs"].iloc[:0]
    with pytest.raises(FitError, match="Label pairs"):
        Linker.train(world, study)
