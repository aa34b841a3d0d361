from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import ends, mentions
from gapstudy.link.evidence import add
from gapstudy.link.features import PaperSide, Settings, TargetSide

Tables = dict[str, pd.DataFrame]


def _added(papers: pd.DataFrame, targets: pd.DataFrame, pairs: list[tuple[int, int]]) -> Any:
    left, right = PaperSide.build(papers, Settings()), TargetSide.build(targets, Settings())
    rows, columns = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    hits = mentions.between(left.names, right.frame, rows, columns, Settings().language_model)
    return add(pd.DataFrame(index=range(len(rows))), left, right, rows, columns, hits)


def _ends(world: Tables) -> tuple[Any, Any]:
    papers = ends.papers(world["papers"], world["paper_affiliations"])
    return papers, ends.targets(world["products"], world["patents"], world["patent_parties"])


def test_evidence_is_the_sentence_with_the_name(world: Tables) -> None:
    papers, targets = _ends(world)
    found = _added(papers, targets, [(1, 1)]).iloc[0]
    text = targets.loc[1, "description"]
    assert found["evidence_field"] == "description"
    assert text[found["evidence_start"] : found["evidence_end"]] == (
        "It uses ZorbNet inside and runs on phones."
    )
    assert found["evidence_ref"] == targets.loc[1, "archive_ref"]


def test_without_the_name_it_is_the_nearest_sentence(world: Tables) -> None:
    papers, targets = _ends(world)
    targets.loc[2, "description"] = "Made in a garage. It detects objects in street scenes."
    found = _added(papers, targets, [(1, 2)]).iloc[0]
    shown = targets.loc[2, "description"][found["evidence_start"] : found["evidence_end"]]
    assert shown == "It detects objects in street scenes."


def test_the_name_in_a_feature_a_patent_and_no_text(world: Tables) -> None:
    papers, targets = _ends(world)
    targets.loc[[2, 3], "description"] = ""
    targets.loc[2, "feature"] = "ZorbNet mode"
    found = _added(papers, targets, [(1, 2), (1, 3), (4, 24)])
    assert found["evidence_field"].tolist() == ["feature", "", "title"]
    assert found["evidence_end"].tolist()[0] == len("ZorbNet mode")
    assert found["evidence_start"].isna().tolist() == [False, True, False]
    assert found["evidence_end"].tolist()[2] == len(targets.loc[24, "name"])
