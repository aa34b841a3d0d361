from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.link import ends
from gapstudy.link.features import (
    MIDDLING,
    PaperSide,
    Settings,
    TargetSide,
    years_before,
)
from gapstudy.link.score import described_pairs
from gapstudy.tables.link import FEATURES

Tables = dict[str, pd.DataFrame]


def _ends(world: Tables) -> tuple[Any, Any]:
    papers = ends.papers(world["papers"], world["paper_affiliations"])
    return papers, ends.targets(world["products"], world["patents"], world["patent_parties"])


def _all(papers: pd.DataFrame, targets: pd.DataFrame) -> Any:
    """Features of all pairs, indexed by paper and target."""
    left, right = PaperSide.build(papers, Settings()), TargetSide.build(targets, Settings())
    rows = np.repeat(np.arange(len(papers)), len(targets))
    columns = np.tile(np.arange(len(targets)), len(papers))
    found = described_pairs(left, right, rows, columns)
    names = [papers["paper_id"].to_numpy()[rows], targets["target_id"].to_numpy()[columns]]
    return found.set_index(pd.MultiIndex.from_arrays(names))


@pytest.fixture
def described(world: Tables) -> Any:
    return _all(*_ends(world))


def test_a_named_product(described: Any) -> None:
    row = described.loc[("r01", "p01")]
    assert row["name_exact"] == row["name_in_text"] == row["speaking"] == 1.0
    assert row["name_in_title"] == row["name_common"] == row["patent"] == 0.0
    assert row["word_cosine"] > 0.2
    assert row["title_cosine"] > 0.3


def test_an_unnamed_product(described: Any) -> None:
    row = described.loc[("r01", "p02")]
    assert row["name_exact"] == row["name_folded"] == row["name_in_text"] == 0.0
    assert row["title_words"] < described.loc[("r01", "p01"), "title_words"]


def test_a_patent_of_the_same_organisation(described: Any) -> None:
    row = described.loc[("r04", "US1A")]
    assert row["patent_organisation"] == row["organisation"] == row["name_in_title"] == 1.0
    assert described.loc[("r04", "US2A"), "patent_organisation"] == 0.0


def test_every_feature_is_finite_everywhere(described: Any) -> None:
    assert list(described) == list(FEATURES)
    assert np.isfinite(described.to_numpy()).all()


def test_a_pair_alone_is_described_as_among_all(world: Tables, described: Any) -> None:
    papers, targets = _ends(world)
    for row, column in ((1, 1), (4, 24), (7, 0), (23, 25)):
        one = papers.iloc[[row]].reset_index(drop=True)
        other = targets.iloc[[column]].reset_index(drop=True)
        alone = _all(one, other)
        assert alone.iloc[0].equals(described.loc[alone.index[0]])


def test_sides_can_be_pickled(world: Tables) -> None:
    papers, targets = _ends(world)
    left, right = PaperSide.build(papers, Settings()), TargetSide.build(targets, Settings())
    rows = columns = np.arange(24)
    again = pickle.loads(pickle.dumps(left)), pickle.loads(pickle.dumps(right))
    assert described_pairs(*again, rows, columns).equals(
        described_pairs(left, right, rows, columns)
    )


def test_neither_region_nor_a_later_launch_changes_a_feature(world: Tables, described: Any) -> None:
    """A link must not be more probable for what the study measures."""
    world["products"]["home_country"] = "JP"
    world["paper_affiliations"]["country"] = "BR"
    for end in ("date_from", "date_to"):
        world["products"][end] += pd.Timedelta(days=2000)
    assert _all(*_ends(world)).equals(described)


def test_names_of_other_versions_and_compounds_and_rivals(world: Tables) -> None:
    papers, targets = _ends(world)
    papers = papers.iloc[[0]].assign(title="ZorNet: a tagger", coined_name="ZorNet")
    bodies = ["Uses ZorNet 4 to tag pictures", "Uses MT-ZorNet to tag pictures",
              "Tags pictures faster than ZorNet", "Tags pictures with ZorNet"]  # fmt: skip
    targets = targets.iloc[:4].assign(description=bodies)
    found = _all(papers, targets)
    assert found["version_mismatch"].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert found["name_compound"].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert found["name_against"].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_an_identifier_counts_like_the_name(world: Tables) -> None:
    papers, targets = _ends(world)
    targets.loc[3, "description"] = "A tagger of pictures, see arXiv:1401.00001v2 for how it works"
    row = _all(papers, targets).loc[("r01", "p03")]
    assert row["identifier"] == row["name_in_text"] == 1.0
    assert row["name_exact"] == 0.0


def test_a_text_in_no_alphabet_speaks_neither_for_nor_against(world: Tables) -> None:
    papers, targets = _ends(world)
    targets.loc[2, "description"] = "一款帮助团队记录会议并自动生成摘要的应用,支持多种语言"
    row = _all(papers, targets).loc[("r01", "p02")]
    assert row[list(MIDDLING)].to_dict() == MIDDLING
    assert row["speaking"] == 1.0


def test_a_target_without_text_is_like_nothing(world: Tables) -> None:
    papers, targets = _ends(world)
    targets.loc[2, "description"] = ""
    row = _all(papers, targets).loc[("r01", "p02")]
    assert row["speaking"] == row["title_cosine"] == 0.0


def test_no_pairs_and_no_names(world: Tables) -> None:
    papers, targets = _ends(world)
    left, right = PaperSide.build(papers, Settings()), TargetSide.build(targets, Settings())
    none = np.zeros(0, dtype=np.int64)
    assert described_pairs(left, right, none, none).shape == (0, len(FEATURES))
    nameless = papers.iloc[[0]].assign(title="notes on it", abstract="", coined_name="")
    assert (_all(nameless, targets)["name_exact"] == 0.0).all()


def test_odd_papers_and_targets_are_described(world: Tables) -> None:
    papers, targets = _ends(world)
    papers = papers.iloc[:5].copy()
    papers["title"] = ["It", "", "\u202eمرحبا", "a\ud800b", "x\x00y"]
    papers["abstract"] = ["", "word " * 20_000, "\x07", "漢字かな交じり文", ""]
    papers["coined_name"] = ["It", "", "", "", ""]
    targets = targets.iloc[:5].copy()
    targets["description"] = ["It is it", "", "word " * 20_000, "\ud800", "漢字"]
    found = _all(papers, targets)
    assert np.isfinite(found.to_numpy()).all()
    assert found["title_cosine"].abs().max() <= 1.0


def test_years_before_count_only_certain_order() -> None:
    day = np.array(["2020-01-01"] * 4, dtype="datetime64[D]").astype(np.int64)
    last = np.array(["2018-01-01", "2020-06-30", "NaT", "2020-01-01"], dtype="datetime64[D]")
    years = years_before(day, last.astype(np.int64))
    assert years[0] == pytest.approx(np.log1p(730 / 365.25))
    assert years[1:].tolist() == [0.0, 0.0, 0.0]
    unknown = np.array(["NaT"], dtype="datetime64[D]").astype(np.int64)
    assert years_before(unknown, last[:1].astype(np.int64)).tolist() == [0.0]
