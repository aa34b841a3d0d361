from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from gapstudy.measure import beside, data_scale, published


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


def test_published_figures_stand_beside_the_nearest_of_ours(make: Any) -> None:
    rows = typed([
        make.indicator("ai_journal_publication_share", "EU", "2020", 8.6, unit="percent_of_x"),
        make.indicator("top100_cited_ai_papers", "US", "2022", 68.0, unit="count_of_100_papers"),
        make.indicator("frontier_model_delay_share", "EU", "2026", 11.0, unit="percent_of_375"),
        make.indicator("frontier_model_delay_share", "EU", "2025", 26.0, entity="Meta"),
        make.indicator("notable_models_industry_share", "WORLD", "2024", 90.0, entity="industry"),
        make.indicator("private_ai_investment", "US", "2024", 109.1, unit="usd_billion"),
        make.indicator("enterprise_ai_use", "EU27", "2024", 13.5),
    ])  # fmt: skip
    table = published.beside(rows, ours(rows))
    found = {(row["indicator"], row["entity"]): row for row in table.to_dict("records")}
    journal = found["ai_journal_publication_share", ""]
    assert (journal["estimate"], journal["low"], journal["high"], journal["n"]) == (11, 8, 15, 311)
    assert journal["difference"] == pytest.approx(11 - 8.6)
    assert journal["unit"] == "per cent"
    # Whole counting for papers that count in every country.
    assert found["top100_cited_ai_papers", ""]["estimate"] == pytest.approx(49)
    late = found["frontier_model_delay_share", ""]
    # Usable on the first day by 30% (20 to 45) is delayed by 70% (55 to 80).
    assert (late["estimate"], late["low"], late["high"]) == pytest.approx((70, 55, 80))
    assert found["notable_models_industry_share", "industry"]["estimate"] == pytest.approx(14)
    for name, part in (("frontier_model_delay_share", "Meta"), ("private_ai_investment", "")):
        row = found[name, part]
        assert np.isnan(row["estimate"])
        assert np.isnan(row["difference"])
        assert (row["n"], row["nearest"], row["comparable"]) == (0, "", "no")
        assert row["reason"]
    assert "few" in found["frontier_model_delay_share", "Meta"]["reason"]
    assert len(table) == 6


def test_models_on_the_list_are_counted_by_place_and_year(make: Any) -> None:
    rows = typed([
        make.indicator("notable_models", geo, year, 1.0)
        for geo, year in (("US", "2024"), ("EUROPE", "2024"), ("EU", "2024"), ("WORLD", "2024"),
                          ("US", "2019"))
    ])  # fmt: skip
    table = published.beside(rows, ours(rows)).set_index(["geo", "period"])
    counts = table["estimate"]
    assert counts["US", "2024"] == 6
    assert counts["EUROPE", "2024"] == 5
    assert counts["EU", "2024"] == 4
    assert counts["WORLD", "2024"] == 12
    assert table.loc[("US", "2024"), "n"] == 12
    # No sampling interval for a full count; no count where the list hardly reaches back.
    assert table["low"].isna().all()
    assert np.isnan(counts["US", "2019"])
    assert "older ones have left" in str(table.loc[("US", "2019"), "reason"])


def test_a_series_has_the_reason_of_the_figures_that_are_compared(make: Any) -> None:
    rows = typed([
        make.indicator("notable_models", "US", year, 1.0) for year in ("2019", "2024")
    ] + [make.indicator("private_ai_investment", "US", "2024", 109.1)])  # fmt: skip
    table = published.series(published.beside(rows, ours(rows))).set_index("indicator")
    assert table[["figures", "compared"]].to_numpy().tolist() == [[2, 1], [1, 0]]
    assert table["comparable"].tolist() == ["yes", "no"]
    assert table.loc["notable_models", "reason"] == beside.SERIES["notable_models"].reason
    assert table.loc["notable_models", "nearest"]


def test_patents_are_dated_against_their_results(make: Any) -> None:
    name = "patent_citations_behind_paper_citations"
    rows = typed([make.indicator(name, "WORLD", "2018", 6.0, unit="years")])
    row = published.beside(rows, ours(rows)).iloc[0]
    assert row["estimate"] == pytest.approx(1.0, abs=0.01)
    assert row["low"] < 1 < row["high"]
    assert row["n"] == 21


def test_growth_is_that_between_the_first_and_the_last_median(make: Any) -> None:
    sizes = [
        make.indicator("training_set_size_median", "WORLD", period, value, n=n,
                       entity="language models, industry")
        for period, value, n in (("2012/2014", 1e9, 8), ("2015/2019", 7e9, 60),
                                 ("2017/2019", 3.2e10, 40))
    ]  # fmt: skip
    rows = typed([make.indicator("training_set_growth", "WORLD", "2024", 3.7), *sizes])
    row = published.beside(rows, ours(rows)).iloc[0]
    assert row["estimate"] == pytest.approx(2.0)
    assert row["n"] == 48


def test_interval_of_a_median_holds_it_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    for n in (10, 25, 47):
        found = [beside.median(random.exponential(size=n), 0.95) for _ in range(2000)]
        held = np.mean([one.low <= np.log(2) <= one.high for one in found])
        assert 0.945 < held < 0.99, n
    assert not beside.median(np.arange(9.0), 0.95).known


def test_every_series_of_the_corpus_has_its_reason() -> None:
    path = Path(__file__).parents[3] / "data" / "raw" / "landmark" / "indicators.csv"
    names = set(pd.read_csv(path)["indicator"])
    missing = names - set(beside.SERIES) - set(published.ADOPTION) - set(data_scale.SERIES)
    assert not missing


def ours(indicators: pd.DataFrame) -> beside.Ours:
    share = {"region": ["EU", "US"] * 2, "counting": ["fractional"] * 2 + ["whole"] * 2,
             "estimate": [0.11, 0.4, 0.14, 0.49], "low": [0.08, 0.35, 0.1, 0.44],
             "high": [0.15, 0.45, 0.2, 0.55], "n": 311}  # fmt: skip
    interval = {"low": [0.2], "high": [0.45], "n": [39]}
    homes = ["US"] * 6 + ["FR", "DE", "SE", "IT", "GB", None]
    days = [f"20{k + 10:02d}-01-01" for k in range(21)]
    return beside.Ours(
        shares=pd.DataFrame(share),
        industry=pd.DataFrame({"region": ["all"], "estimate": [0.14], **interval}),
        delayed=pd.DataFrame({"market": ["EU"], "estimate": [0.3], **interval}),
        indicators=indicators,
        products=pd.DataFrame({"entry": "feed", "kind": "model", "date": "2024-05",
                               "home_country": homes}),
        papers=pd.DataFrame({"paper_id": range(21), "date_from": days}),
        patents=pd.DataFrame({"paper_id": range(21), "filing_date_from": [
            str(np.datetime64(day) + 365 + 30 * (k - 10)) for k, day in enumerate(days)]}),
        confidence=0.95,
    )  # fmt: skip
