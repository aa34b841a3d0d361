from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from gapstudy.measure import data_scale, published


def typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    return frame.astype({"value": float, "lower": float, "upper": float})


def ratio(make: Any, group: str, value: float, half: float, n: int | None) -> dict[str, Any]:
    row = make.indicator("training_set_size_log10_ratio", "WORLD", "2012/2025", value, entity=group)
    return dict(row) | {"lower": value - half, "upper": value + half, "n": n}


def test_groups_stand_as_published_and_combined(make: Any) -> None:
    rows = typed([ratio(make, "language", -1.6, 1.0, 131), ratio(make, "vision", -1.4, 0.9, 75)])
    table = data_scale.ratio_table(rows, 0.95)
    alone = table[table["group"] == "language"].iloc[0]
    assert (alone["low"], alone["high"], alone["n"]) == pytest.approx((-2.6, -0.6, 131))
    both = table[table["group"] == "all"].iloc[0]
    # They agree, so the combination is that by precision (statsmodels as the oracle).
    oracle = combine_effects(np.array([-1.6, -1.4]), (np.array([1.0, 0.9]) / 1.959964) ** 2)
    frame = oracle.summary_frame()
    assert both["estimate"] == pytest.approx(frame.loc["random effect", "eff"], abs=1e-6)
    assert both["low"] == pytest.approx(frame.loc["random effect", "ci_low"], abs=1e-5)
    assert both["n"] == 206
    assert both["factor"] == pytest.approx(10 ** both["estimate"])
    assert both["p_value"] < 0.001


def test_groups_that_differ_widen_the_combination() -> None:
    value, error = np.array([-2.0, 0.5, -1.0]), np.array([0.2, 0.3, 0.25])
    frame = combine_effects(value, error**2, method_re="dl").summary_frame()
    mean, spread = data_scale.combined(value, error)
    assert mean == pytest.approx(frame.loc["random effect", "eff"], abs=1e-9)
    assert spread == pytest.approx(frame.loc["random effect", "sd_eff"], abs=1e-9)


def test_without_any_figure_the_comparison_is_there_and_empty(make: Any) -> None:
    table = data_scale.ratio_table(
        typed([make.indicator("other", "US", "2020", 1.0, n=None)]), 0.95
    )
    assert table[["group", "n", "note"]].to_numpy().tolist() == [["all", 0, "no figure published"]]
    assert table["estimate"].isna().all()


def test_sizes_keep_group_and_kind(make: Any) -> None:
    rows = typed([
        make.indicator("training_set_size_median", "WORLD", "2012/2016", 4e6, n=11,
                       entity="language models, academia", entity_kind="academia"),
        make.indicator("training_set_size_median", "US", "2012/2016", 8e8, n=14,
                       entity="language models"),
    ])  # fmt: skip
    table = data_scale.size_table(rows)
    assert table["group"].tolist() == ["language models"] * 2
    assert table["kind"].tolist() == ["academia", "all"]


def test_difference_from_eu27_only_within_one_definition(make: Any) -> None:
    rows = typed([
        make.indicator("enterprise_ai_use", "EU27", "2024", 13.5, unit="per cent"),
        make.indicator("enterprise_ai_use", "DE", "2024", 19.5, unit="per cent"),
        make.indicator("enterprise_ai_use", "DE", "2021", 10.5, unit="per cent"),
        make.indicator("enterprise_ai_use", "FR", "2024", 9.5, unit="other denominator"),
        make.indicator("business_ai_use_btos", "US", "2024", 5.0, unit="per cent"),
        make.indicator("notable_models", "US", "2024", 40.0),
    ])  # fmt: skip
    table = published.adoption(rows)
    gaps = {(row["geo"], row["period"]): row["minus_eu27"] for row in table.to_dict("records")}
    assert gaps[("DE", "2024")] == 6.0
    assert gaps[("EU27", "2024")] == 0.0
    assert all(np.isnan(gaps[key]) for key in (("DE", "2021"), ("FR", "2024"), ("US", "2024")))
    assert len(table) == 5


def test_published_figures_stand_beside_ours_only_where_they_match(make: Any) -> None:
    rows = typed([
        make.indicator("ai_journal_publication_share", "EU", "2020", 8.6),
        make.indicator("frontier_model_delay_share", "EU", "2026", 11.0),
        make.indicator("frontier_model_delay_share", "EU", "2025", 26.0, entity="Meta",
                       entity_kind="industry"),
        make.indicator("enterprise_ai_use", "EU27", "2024", 13.5),
    ])  # fmt: skip
    share = pd.DataFrame({"region": ["EU"], "estimate": [0.11]})
    late = pd.DataFrame({"market": ["EU"], "estimate": [0.5]})
    firms = pd.DataFrame({"region": ["all"], "estimate": [0.3]})
    table = published.beside(rows, share, late, firms)
    ours = {(row["indicator"], row["entity"]): row["ours"] for row in table.to_dict("records")}
    assert ours[("ai_journal_publication_share", "")] == pytest.approx(11)
    assert ours[("frontier_model_delay_share", "")] == pytest.approx(50)
    assert np.isnan(ours[("frontier_model_delay_share", "Meta")])
    assert len(table) == 3
