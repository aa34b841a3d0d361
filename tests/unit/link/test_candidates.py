from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.link import candidates, ends
from gapstudy.link.candidates import (
    IDENTIFIER,
    NAME,
    ORGANISATION,
    PAPERS_PER_TARGET,
    TARGETS_PER_PAPER,
    TEXT,
    find,
    found_by,
)
from gapstudy.link.ends import KEY
from gapstudy.link.features import PaperSide, Settings, TargetSide
from gapstudy.link.mentions import TargetIndex
from gapstudy.link.score import keys

Tables = dict[str, pd.DataFrame]


def _found(papers: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    left, right = PaperSide.build(papers, Settings()), TargetSide.build(targets, Settings())
    found = find(left, right, TargetIndex.build(right.frame))
    made = keys(left.frame, right.frame, found.rows, found.columns)
    return made.assign(ways=found.ways, cosine=found.cosine)


def keep(found: pd.DataFrame) -> pd.DataFrame:
    """Pairs that stay, by key, with the ways that are left."""
    paper = found["paper_id"].rank(method="dense").to_numpy(dtype=np.int64)
    names = found["target_type"] + " " + found["target_id"]
    target = names.rank(method="dense").to_numpy(dtype=np.int64)
    ways, alike = found["ways"].to_numpy(dtype=np.uint8), found["cosine"].to_numpy(dtype=float)
    made = found.assign(ways=candidates.keep(paper, target, ways, alike))
    return made[made["ways"] > 0].sort_values(KEY, ignore_index=True)


@pytest.fixture
def both(world: Tables) -> tuple[Any, Any]:
    papers = ends.papers(world["papers"], world["paper_affiliations"])
    return papers, ends.targets(world["products"], world["patents"], world["patent_parties"])


def test_each_way_finds_its_pairs(both: tuple[Any, Any]) -> None:
    papers, targets = both
    targets.loc[2, "description"] += " See arXiv:1405.00001."
    ways = _found(papers, targets).set_index(["paper_id", "target_id"])["ways"]
    assert ways["r01", "p01"] & NAME
    assert ways["r05", "p02"] & IDENTIFIER
    assert ways["r04", "US1A"] & ORGANISATION
    assert ways["r04", "US1A"] & NAME
    assert not ways["r01", "p01"] & (IDENTIFIER | ORGANISATION)


def test_as_many_by_text_as_are_asked_for(both: tuple[Any, Any]) -> None:
    found = _found(*both)
    near = found[(found["ways"] & TEXT) > 0]
    assert (near.groupby("paper_id").size() >= TARGETS_PER_PAPER).all()
    assert len(near) <= 24 * TARGETS_PER_PAPER + 26 * PAPERS_PER_TARGET


def test_targets_without_text_are_found_by_name_only(
    both: tuple[Any, Any],
) -> None:
    papers, targets = both
    targets.loc[[1, 2], "description"] = ""
    targets.loc[1, "name"] = "ZorbNet"
    ways = _found(papers, targets).set_index("target_id")["ways"]
    assert ways[["p01"]].tolist() == [NAME]
    assert "p02" not in ways.index


def test_portions_give_what_the_whole_gives(both: tuple[Any, Any]) -> None:
    papers, targets = both
    whole = keep(_found(papers, targets))
    parts = [
        _found(papers.iloc[a : a + 13].reset_index(drop=True),
               targets.iloc[b : b + 14].reset_index(drop=True))
        for a in range(0, 24, 13) for b in range(0, 26, 14)
    ]  # fmt: skip
    merged = pd.concat(parts, ignore_index=True).sample(frac=1.0, random_state=3)
    assert len(merged) > len(whole)
    again = keep(merged)
    pd.testing.assert_frame_equal(again, whole)
    pd.testing.assert_frame_equal(keep(again), again)


def test_ties_go_to_the_smaller_identifier() -> None:
    papers = [f"r{at}" for at in range(PAPERS_PER_TARGET + 2)]
    rows = [(paper, f"{paper}-{at}") for paper in papers for at in range(TARGETS_PER_PAPER)]
    busy = pd.DataFrame(rows, columns=["paper_id", "target_id"]).assign(cosine=0.9)
    tied = pd.DataFrame({"paper_id": papers[::-1], "target_id": "t", "cosine": 0.5})
    found = pd.concat([busy, tied], ignore_index=True).assign(target_type="product", ways=TEXT)
    kept = keep(found)
    assert set(kept.loc[kept["target_id"] == "t", "paper_id"]) == set(papers[:PAPERS_PER_TARGET])


def test_a_pair_loses_only_the_way_that_is_gone() -> None:
    count = 12
    found = pd.DataFrame(
        {"paper_id": [f"r{at:02}" for at in range(count)], "target_type": "product",
         "target_id": "t", "ways": ORGANISATION | NAME,
         "cosine": np.linspace(0.9, 0.1, count)}
    )  # fmt: skip
    kept = keep(found)
    assert kept["ways"].tolist() == [ORGANISATION | NAME] * 8 + [NAME] * 4


def test_names_of_ways() -> None:
    assert found_by([0, 1, 2, 12, 15]) == [
        "", "identifier", "name", "organisation+text", "identifier+name+organisation+text",
    ]  # fmt: skip
