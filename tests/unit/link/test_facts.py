from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from gapstudy.link.ends import KEY
from gapstudy.link.facts import lags, links, stated
from gapstudy.link.score import Linker
from gapstudy.study import Linking, Study

from .conftest import build

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def linker(study: Study) -> Linker:
    return Linker.train(build(), study)


def _judged(linker: Linker) -> Any:
    pairs = pd.concat([linker.learnt.candidates[KEY], stated(linker.facts)]).drop_duplicates(KEY)
    described = linker.learnt.describe(pairs.reset_index(drop=True))
    judged = linker.judge(described, linker.prior(described["paper_id"]))
    return pd.concat([described[[*KEY, "found_by"]], judged], axis=1)


def _links(linker: Linker) -> Any:
    found = links(_judged(linker), linker.facts, Linking())
    return found.set_index(["paper_id", "target_id"])


def test_a_found_product_has_at_least_the_probability_of_a_page(linker: Linker) -> None:
    found = _links(linker)
    for paper in ("r00", "r06", "r12", "r18"):
        row = found.loc[(paper, f"p{paper[1:]}")]
        assert row["probability"] >= 0.95
        assert row["basis"] == "both"
        assert row["relation"] == "implements"


def test_a_found_product_that_the_model_does_not_see_stays(linker: Linker) -> None:
    judged = _judged(linker)
    here = (judged["paper_id"] == "r06") & (judged["target_id"] == "p06")
    judged.loc[here, ["found_by", "log_odds"]] = ["", -9.0]
    judged.loc[here, "reasons"] = json.dumps({"base": -9.0})
    row = links(judged, linker.facts, Linking()).query("paper_id == 'r06' and target_id == 'p06'")
    assert row["basis"].tolist() == ["followup"]
    assert row["probability"].tolist() == [0.95]
    assert json.loads(row["reasons"].iloc[0])["page"] == pytest.approx(9.0 + logit(0.95), abs=1e-3)


def test_labels_are_facts_in_the_links(linker: Linker) -> None:
    found = _links(linker)
    for paper, target, label in linker.facts.labels[["paper_id", "target_id", "label"]].to_numpy():
        if label:
            assert found.loc[(paper, target), "probability"] >= 0.95
        else:
            assert (paper, target) not in found.index


def test_none_found_lowers_the_other_links(linker: Linker) -> None:
    judged = _judged(linker)
    labelled = pd.MultiIndex.from_frame(linker.facts.labels[KEY])
    free = ~pd.MultiIndex.from_frame(judged[KEY]).isin(labelled)
    free &= (judged["target_type"] == "product").to_numpy()
    judged.loc[free, "log_odds"] = 2.0
    found = links(judged, linker.facts, Linking())
    searched = found[found["target_type"] == "product"].set_index("paper_id")["probability"]
    share = expit(2.0 + np.log(0.1))  # the share of `missed_by_followup` here
    assert "r02" in searched.index
    assert searched.loc[["r02"]].to_numpy() == pytest.approx(share, abs=1e-6)
    chosen = searched.loc[[paper for paper in ("r01", "r03") if paper in searched.index]]
    assert round(float(expit(2.0)), 6) in chosen.tolist()


def test_pairs_under_the_floor_may_be_left_out(linker: Linker) -> None:
    judged = _judged(linker)
    index = pd.MultiIndex.from_frame(judged[KEY])
    known = index.isin(pd.MultiIndex.from_frame(stated(linker.facts)))
    some = judged[(judged["probability"] >= Linking().candidate_floor) | known]
    assert len(some) < len(judged)
    whole = links(judged, linker.facts, Linking())
    pd.testing.assert_frame_equal(links(some, linker.facts, Linking()), whole)


def test_a_pair_that_no_way_found_is_no_link(linker: Linker) -> None:
    judged = _judged(linker)
    index = pd.MultiIndex.from_frame(judged[KEY])
    others = ~index.isin(pd.MultiIndex.from_frame(stated(linker.facts)))
    judged.loc[others, ["found_by", "log_odds"]] = ["", 5.0]
    found = links(judged, linker.facts, Linking())
    assert set(map(tuple, found[KEY].to_numpy())) <= set(
        map(tuple, stated(linker.facts).to_numpy())
    )


def test_reasons_sum_to_the_log_odds(linker: Linker) -> None:
    found = _links(linker)
    for reasons, probability in zip(found["reasons"], found["probability"], strict=True):
        assert expit(sum(json.loads(reasons).values())) == pytest.approx(probability, abs=2e-3)


def test_lags_are_days_between_middles_and_never_clipped() -> None:
    papers = pd.DataFrame({"date_from": ["2015-06-01", None], "date_to": ["2015-06-30", None]})
    goals = pd.DataFrame(
        {"date_from": ["2010-01-01", "2015-06-20", "2016-01-01", None],
         "date_to": ["2010-01-01", "2015-07-10", "2016-12-31", None]}
    )  # fmt: skip
    rows, columns = np.array([0, 0, 0, 0, 1]), np.array([0, 1, 2, 3, 0])
    made = lags(papers, goals, rows, columns)
    assert made["lag_class"].tolist() == ["negative", "zero", "positive", "unknown", "unknown"]
    middle = pd.Timestamp("2015-06-15T12:00")
    assert made["lag_days"][0] == (pd.Timestamp("2010-01-01") - middle) / pd.Timedelta(days=1)
    assert made["lag_days"].isna().tolist() == [False, False, False, True, True]
