"""Measures by group with intervals, on made pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from gapstudy.link import quality
from gapstudy.link.quality import Rules, Sample

RULES = Rules(300, 0.95, (1, 2))


def _sample(count: int = 400, seed: int = 1, gap: float = 0.0) -> Sample:
    """Calibrated scores; those of EU links are lower by `gap`."""
    random = np.random.default_rng(seed)
    score = random.random(count).round(3)
    truth = (random.random(count) < score).astype(float)
    region = np.where(np.arange(count) % 2, "EU", "US")
    score = np.where((region == "EU") & (truth > 0), np.maximum(score - gap, 0.0), score)
    clusters = [f"c{number % 40}" for number in range(count)]
    return Sample(
        truth, clusters, {"model": score, "exact_name": (score > 0.8).astype(float)},
        {"model": 0.5, "exact_name": 1.0}, {"region": region.tolist()},
    )  # fmt: skip


def _row(rows: list[quality.Row], **where: str) -> quality.Row:
    found = [row for row in rows if all(row[key] == value for key, value in where.items())]
    assert len(found) == 1
    return found[0]


def test_measures_agree_with_scikit_learn_in_every_group() -> None:
    sample = _sample()
    rows = quality.measured(sample, RULES)
    region = np.asarray(sample.groups["region"])
    for value, mask in (("all", region != ""), ("EU", region == "EU"), ("US", region == "US")):
        group = "all" if value == "all" else "region"
        truth, score = sample.truth[mask], sample.scores["model"][mask]
        expected = {
            "precision": oracle.precision_score(truth, score >= 0.5),
            "recall": oracle.recall_score(truth, score >= 0.5),
            "average_precision": oracle.average_precision_score(truth, score),
            "brier": oracle.brier_score_loss(truth, score),
        }
        for metric, number in expected.items():
            row = _row(rows, method="model", metric=metric, group=group, group_value=value)
            assert row["value"] == pytest.approx(number)
            assert row["low"] <= row["value"] <= row["high"]
            assert (row["n"], row["positives"]) == (int(mask.sum()), int(truth.sum()))


def test_weights_stand_for_pairs() -> None:
    sample = _sample(60)
    weight = np.random.default_rng(3).integers(1, 6, 60).astype(float)
    heavy = Sample(sample.truth, sample.cluster, sample.scores, sample.cuts, weight=weight)
    times = weight.astype(int)
    written = Sample(
        np.repeat(sample.truth, times), list(np.repeat(np.asarray(sample.cluster), times)),
        {name: np.repeat(score, times) for name, score in sample.scores.items()}, sample.cuts,
    )  # fmt: skip
    left, right = quality.measured(heavy, RULES), quality.measured(written, RULES)
    assert [row["value"] for row in left] == pytest.approx([row["value"] for row in right])


def test_a_difference_between_regions_is_found_and_a_chance_one_is_not() -> None:
    even = quality.measured(_sample(1200), RULES)
    uneven = quality.measured(_sample(1200, gap=0.3), RULES)
    where = {"method": "model", "metric": "recall", "group": "region_difference"}
    same, worse = _row(even, **where), _row(uneven, **where)
    assert same["group_value"] == "EU minus US"
    assert same["low"] < 0 < same["high"]
    assert worse["high"] < 0
    sides = [
        _row(uneven, method="model", metric="recall", group_value=region)["value"]
        for region in ("EU", "US")
    ]
    assert worse["value"] == pytest.approx(sides[0] - sides[1])


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    inside = []
    truth = 0.75  # the precision of pairs above one half, when scores are calibrated
    for seed in range(150):
        row = _row(
            quality.measured(_sample(400, seed), Rules(200, 0.95, (seed,))),
            method="model", metric="precision", group="all",
        )  # fmt: skip
        inside.append(row["low"] <= truth <= row["high"])
    assert 0.88 <= np.mean(inside) <= 0.99


def test_shares_of_one_get_wilsons_interval() -> None:
    sample = Sample(np.ones(10), ["a"] * 10, {"model": np.ones(10)}, {"model": 0.5})
    row = _row(quality.measured(sample, RULES), metric="recall", group="all")
    assert (row["value"], row["high"]) == (1.0, 1.0)
    assert row["low"] == pytest.approx(0.7225, abs=1e-3)  # Wilson's, 10 of 10


def test_one_class_alone_has_no_precision_at_recall_and_no_error() -> None:
    sample = Sample(np.zeros(5), list("abcde"), {"model": np.full(5, 0.2)}, {"model": 0.5})
    rows = quality.measured(sample, RULES)
    missing = {row["metric"] for row in rows if np.isnan(row["value"])}
    assert {"recall", "average_precision", "precision_at_recall_80"} <= missing
    assert _row(rows, metric="brier")["value"] == pytest.approx(0.04)


def test_calibration_holds_all_pairs_and_its_bins() -> None:
    table = pd.DataFrame(quality.calibration(_sample(), RULES))
    assert table["n"].sum() == 400
    filled = table[table["n"] > 0]
    assert filled["predicted"].between(filled["bin_from"], filled["bin_to"]).all()
    # The scores are calibrated: the observed share is where it is predicted.
    assert (filled["low"] - 0.05 <= filled["predicted"]).all()
    assert (filled["predicted"] <= filled["high"] + 0.05).all()


def test_a_share_of_no_pair_is_missing() -> None:
    sample = _sample(20)
    found = quality.share(sample, np.zeros(20, dtype=bool), np.ones(20), RULES)
    assert np.isnan(found["value"])


def test_perfect_scores_of_few_pairs_are_not_sure_and_one_organisation_has_no_interval() -> None:
    truth = np.array([1.0, 1.0, 0.0, 0.0])
    sample = Sample(truth, list("abcd"), {"model": truth}, {"model": 0.5})
    rows = quality.measured(sample, RULES)
    for metric in ("f1", "average_precision", "precision_at_recall_80"):
        row = _row(rows, metric=metric)
        assert (row["value"], row["high"]) == (1.0, 1.0)
        assert row["low"] == pytest.approx(0.342, abs=1e-3)  # Wilson's, 2 of 2
    alone = Sample(truth, ["a"] * 4, {"model": np.full(4, 0.3)}, {"model": 0.5})
    row = _row(quality.measured(alone, RULES), metric="brier")
    assert row["value"] == pytest.approx(0.29)
    assert np.isnan(row["low"])
    assert np.isnan(row["high"])
