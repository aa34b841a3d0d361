"""The recall of the links by region: pooling, design effect, the follow-up beside the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gapstudy.link import recall
from gapstudy.link.quality import Rules
from gapstudy.regions import RegionScheme
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

RULES = Rules(400, 0.95, (3,))
MISSED = (0.5, 20)


def _links(counts: dict[str, tuple[int, float]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Links of results of one region each: how many, and the probability of each."""
    rows, places = [], []
    for region, (count, probability) in counts.items():
        for number in range(count):
            paper = f"{region}{number}"
            rows.append({"paper_id": paper, "target_type": "product", "target_id": "p",
                         "cluster": paper, "found": True, "probability": probability})  # fmt: skip
            places.append({"paper_id": paper, "region": region})
    return pd.DataFrame(rows), pd.DataFrame(places)


def _table(counts: dict[str, tuple[int, float]]) -> pd.DataFrame:
    return recall.table(*_links(counts), MISSED, RULES)


def test_the_table_keeps_its_contract_and_has_every_region() -> None:
    made = validate(contract("out_link_recall"), _table({"EU": (20, 0.4), "US": (40, 0.8)}))
    assert len(made) == 12
    assert set(made["links"]) == {"model", "both"}


def test_a_region_with_many_links_keeps_its_own_recall_and_one_with_few_does_not() -> None:
    made = _table({"EU": (400, 0.4), "US": (400, 0.8), "CN": (2, 0.1)})
    own: Any = made[made["links"] == "model"].set_index("region")
    assert own.loc["EU", "recall"] == pytest.approx(0.4, abs=0.01)
    assert own.loc["US", "recall"] == pytest.approx(0.8, abs=0.01)
    # Two links of 0.1 and five links' worth of the overall 0.6.
    assert own.loc["CN", "recall"] == pytest.approx((2 * 0.1 + 5 * 0.6) / 7, abs=0.02)
    assert own.loc["other", "recall"] == pytest.approx(own.loc["all", "recall"], abs=0.01)
    width = own["high"] - own["low"]
    assert width["other"] > width["CN"] > width["EU"] > width["all"]
    assert own.loc["other", "n"] == 0
    assert np.isnan(own.loc["other", "own"])


def test_the_interval_is_that_of_the_beta_distribution() -> None:
    made = _table({"EU": (20, 0.4), "US": (40, 0.8)})
    rows: list[dict[str, Any]] = made.to_dict("records")  # type: ignore[assignment]
    for row in rows:
        drawn = stats.beta(row["alpha"], row["beta"])
        assert drawn.mean() == pytest.approx(row["recall"])
        assert drawn.cdf([row["low"], row["high"]]) == pytest.approx([0.025, 0.975])


def test_links_that_nobody_found_lower_the_recall() -> None:
    links, regions = _links({"EU": (40, 0.8)})
    links.loc[:19, "found"] = False
    row = recall.table(links, regions, MISSED, RULES).set_index(["links", "region"])
    found: Any = row.loc[("model", "EU")]
    assert found["candidate_recall"] == 0.5
    assert found["model_recall"] == pytest.approx(0.8)
    assert found["own"] == pytest.approx(0.4)


def test_links_of_one_organisation_count_for_less() -> None:
    random = np.random.default_rng(1)
    alike = np.repeat(random.random(20), 10)
    apart = random.random(200)
    houses = [str(number) for number in np.repeat(np.arange(20), 10)]
    assert recall.design_effect(alike, houses, RULES) > 2
    assert recall.design_effect(apart, houses, RULES) == 1.0  # less than yes or no spreads
    assert recall.design_effect(np.ones(5), list("abcde"), RULES) == 1.0


def test_with_the_follow_up_a_link_is_missed_only_by_both() -> None:
    random = np.random.default_rng(2)
    a, b = recall.with_followup(12.0, 8.0, 0.3, 20)
    missed = random.beta(0.3 * 21, 0.7 * 21, 400_000)
    drawn = 1 - (1 - random.beta(12.0, 8.0, 400_000)) * missed
    assert a / (a + b) == pytest.approx(drawn.mean(), abs=1e-3)
    assert stats.beta(a, b).std() == pytest.approx(drawn.std(), rel=0.02)


def test_no_labelled_link_gives_no_row() -> None:
    links, regions = _links({"EU": (1, 0.5)})
    made = recall.table(links.iloc[:0], regions, MISSED, RULES)
    assert validate(contract("out_link_recall"), made).empty


def test_a_result_counts_for_each_of_its_regions() -> None:
    papers = pd.DataFrame({"paper_id": ["a", "b", "c"], "date_from": pd.Timestamp("2020-01-01"),
                           "date_to": pd.Timestamp("2020-01-31")})  # fmt: skip
    places = pd.DataFrame(
        {"paper_id": ["a", "a", "a", "b"], "country": ["DE", "US", "DE", None]}
    )  # fmt: skip
    made = recall.result_regions(papers, places, RegionScheme("EU27", "mainland"))
    assert sorted(map(tuple, made[["paper_id", "region"]].to_numpy().tolist())) == [
        ("a", "EU"), ("a", "US"), ("b", "unknown"), ("c", "unknown"),
    ]  # fmt: skip
