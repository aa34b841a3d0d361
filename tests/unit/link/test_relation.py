from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gapstudy.link.relation import ENOUGH, RELATIONS, RelationModel, most_likely, rules

FEATURES = ["a", "b"]


def _pairs(size: int, seed: int = 1) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Pairs that derive when a is large; no rule speaks."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(size, 2)), columns=FEATURES)
    for name in ("name_in_text", "name_folded", "name_against", "years_before",
                 "patent_years_before"):  # fmt: skip
        frame[name] = 0.0
    derives = frame["a"] + rng.normal(size=size) / 2 > 0.5
    relation = ["derives_from" if derived else "implements" for derived in derives]
    return frame, relation, [f"g{number}" for number in rng.integers(0, 15, size)]


def test_tells_two_relations_apart_on_other_organisations() -> None:
    frame, relation, groups = _pairs(400)
    model = RelationModel.fit(frame, relation, groups, FEATURES)
    assert model.classes_ == ("implements", "derives_from")
    told = [RELATIONS[at] for at in model.out_of_fold_.argmax(axis=1)]
    assert np.mean(np.array(told) == np.array(relation)) > 0.75
    new, truth, _ = _pairs(400, seed=2)
    assert np.mean(np.array(most_likely(model.probabilities(new))) == np.array(truth)) > 0.75


def test_probabilities_are_a_distribution_and_calibrated_in_the_mean() -> None:
    frame, relation, groups = _pairs(400)
    chances = RelationModel.fit(frame, relation, groups, FEATURES).probabilities(frame)
    assert list(chances) == list(RELATIONS)
    assert chances.sum(axis=1).to_numpy() == pytest.approx(np.ones(400))
    share = np.mean(np.array(relation) == "derives_from")
    assert chances["derives_from"].mean() == pytest.approx(share, abs=0.01)


def test_a_rare_relation_is_told_by_its_rule() -> None:
    frame, relation, groups = _pairs(200)
    rare = frame.index[:4]
    frame.loc[rare, "name_against"] = 1.0
    relation = [*["competes"] * 3, *relation[3:]]
    model = RelationModel.fit(frame, relation, groups, FEATURES)
    assert model.counts_["competes"] == 3
    assert model.rules_["competes"] == pytest.approx(3.5 / 5.0)
    told = model.probabilities(frame)
    assert told["competes"].tolist() == pytest.approx([0.7] * 4 + [0.0] * 196)
    assert most_likely(told)[:4] == ["competes"] * 4


def test_a_relation_with_enough_pairs_is_learnt() -> None:
    frame, relation, groups = _pairs(300)
    named = frame["b"] > 1.0
    relation = ["mentions" if b else given for b, given in zip(named, relation, strict=True)]
    assert sum(named) >= ENOUGH
    model = RelationModel.fit(frame, relation, groups, FEATURES)
    assert "mentions" in model.classes_
    assert "mentions" not in model.rules_
    chances = model.probabilities(frame)["mentions"]
    assert chances[named].mean() > 0.5 > 0.2 > chances[~named].mean()


def test_pairs_without_a_relation_are_passed_over() -> None:
    frame, relation, groups = _pairs(200)
    model = RelationModel.fit(frame, relation, groups, FEATURES)
    more = pd.concat([frame, frame * 50.0], ignore_index=True)
    again = RelationModel.fit(more, relation + ["none"] * 200, groups * 2, FEATURES)
    assert again.coefficients_ == pytest.approx(model.coefficients_, rel=1e-9)


def test_with_few_pairs_the_commoner_relation_stands_for_all() -> None:
    frame, _, groups = _pairs(5)
    model = RelationModel.fit(frame, ["derives_from"] * 3 + ["implements"] * 2, groups, FEATURES)
    assert most_likely(model.probabilities(frame)) == ["derives_from"] * 5
    none = RelationModel.fit(frame.iloc[:0], [], [], FEATURES)
    assert most_likely(none.probabilities(frame)) == ["implements"] * 5


def test_the_rules() -> None:
    frame = _pairs(3)[0]
    frame["name_in_text"] = [1.0, 1.0, 0.0]
    frame["years_before"] = [1.0, 0.0, 1.0]
    frame["name_against"] = [0.0, 1.0, 0.0]
    found = rules(frame)
    assert found["mentions"].tolist() == [True, False, False]
    assert found["competes"].tolist() == [False, True, False]
