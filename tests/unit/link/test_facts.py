from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from gapstudy.link.evidence import add
from gapstudy.link.facts import links
from gapstudy.link.score import Scorer
from gapstudy.study import Study

Tables = dict[str, pd.DataFrame]


def _links(world: Tables, study: Study) -> dict[tuple[str, str], dict[str, Any]]:
    found = links(Scorer.train(world, study), study.linking)
    rows: list[dict[str, Any]] = found.to_dict("records")  # type: ignore[assignment]
    return {(row["paper_id"], row["target_id"]): row for row in rows}


def test_a_found_product_has_at_least_the_probability_of_a_page(
    world: Tables, study: Study
) -> None:
    found = _links(world, study)
    for paper in ("r00", "r06", "r12", "r18"):
        row = found[paper, f"p{paper[1:]}"]
        assert row["probability"] >= study.linking.followup_found
        assert row["basis"] == "both"


def test_a_found_product_that_the_model_does_not_see_stays(world: Tables, study: Study) -> None:
    world["products"].loc[world["products"]["product_id"] == "p06", "description"] = ""
    world["labelled_pairs"] = world["labelled_pairs"].query("target_id != 'p06'")
    row = _links(world, study)["r06", "p06"]
    assert row["basis"] == "followup"
    assert row["probability"] == study.linking.followup_found


def test_labels_are_facts_in_the_links(world: Tables, study: Study) -> None:
    found = _links(world, study)
    labels = world["labelled_pairs"]
    for paper, target, label in zip(
        labels["paper_id"], labels["target_id"], labels["label"], strict=True
    ):
        if label:
            assert found[paper, target]["probability"] >= study.linking.followup_found
        else:
            assert (paper, target) not in found


def test_none_found_lowers_the_other_links(world: Tables, study: Study) -> None:
    labelled = set(world["labelled_pairs"].query("paper_id == 'r02'")["target_id"])
    product = (world["products"]["product_id"] == "p13").to_numpy()
    assert "p13" not in labelled
    world["products"].loc[product, "description"] += " It also uses ZorcNet, the thing of r02."
    scorer = Scorer.train(world, study)
    found = links(scorer, study.linking.model_copy(update={"candidate_floor": 0.0}))
    nothing = scorer.facts.followups.query("outcome == 'none_found'")["paper_id"]
    rows = found[found["paper_id"].isin(nothing) & (found["target_type"] == "product")]
    rows = rows[rows["probability"] > 1e-4]  # below, rounding to 6 decimals shows in the log-odds
    assert len(rows)
    lowered = logit(scorer.score(rows)) + np.log(0.1)  # the share of `missed_by_followup` here
    assert logit(rows["probability"].to_numpy(dtype=float)) == pytest.approx(lowered, abs=0.01)


def test_lags_are_days_between_middles_and_never_clipped(world: Tables, study: Study) -> None:
    products = world["products"]
    early = products["product_id"] == "p01"
    products.loc[early, "date_from"] = pd.Timestamp("2010-01-01")
    products.loc[early, "date_to"] = pd.Timestamp("2010-01-01")
    row = _links(world, study)["r01", "p01"]
    assert row["lag_class"] == "negative"
    middle = pd.Timestamp("2015-06-15T12:00")  # of June 2015, the month of r01
    assert row["lag_days"] == (pd.Timestamp("2010-01-01") - middle) / pd.Timedelta(days=1)
    row = _links(world, study)["r03", "p03"]
    assert row["lag_class"] == "positive"


def test_reasons_sum_to_the_log_odds(world: Tables, study: Study) -> None:
    for row in _links(world, study).values():
        total = sum(json.loads(row["reasons"]).values())
        assert expit(total) == pytest.approx(row["probability"], abs=1e-3)


def test_evidence_is_the_sentence_with_the_name(world: Tables, study: Study) -> None:
    scorer = Scorer.train(world, study)
    found = add(links(scorer, study.linking), scorer.space, study.linking.language_model)
    row = found.query("paper_id == 'r01' and target_id == 'p01'").iloc[0]
    product = world["products"].query("product_id == 'p01'").iloc[0]
    text = str(product["description"])
    assert row["evidence_field"] == "description"
    assert text[row["evidence_start"] : row["evidence_end"]] == (
        "It uses ZorbNet inside and runs on phones."
    )
    assert (
        row["evidence_ref"] == world["products"].query("product_id == 'p01'")["archive_ref"].iloc[0]
    )
    patents = found[found["target_type"] == "patent"]
    assert set(patents["evidence_field"]) == {"title"}
