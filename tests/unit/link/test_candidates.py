import numpy as np
import pandas as pd

from gapstudy.link.candidates import candidates, found_by, identifier_matches, top


def test_identifiers_in_text_and_address() -> None:
    papers = pd.DataFrame(
        {"arxiv_id": ["1810.04805", None, "1810.0480"],
         "doi": [None, "10.1162/neco.1997.9.8", None]}
    )  # fmt: skip
    targets = pd.DataFrame(
        {"description": ["see arXiv:1810.04805v2", "", "1810.048055 is another"],
         "feature": ["", "", ""],
         "evidence": ["", "https://doi.org/10.1162/NECO.1997.9.8", ""]}
    )  # fmt: skip
    assert identifier_matches(papers, targets).tolist() == [
        [True, False, False], [False, True, False], [False, False, False],
    ]  # fmt: skip


def test_top_takes_the_best_allowed_with_ties_to_the_earlier() -> None:
    scores = np.array([[0.5, 0.9, 0.9], [0.1, 0.0, 0.8]])
    allowed = np.array([[True, False, True], [True, True, True]])
    assert top(scores, allowed, 1, axis=1).tolist() == [[False, False, True], [False, False, True]]
    assert top(scores, allowed, 2, axis=0).tolist() == [[True, False, True], [True, False, True]]
    assert top(np.ones((1, 3)), np.ones((1, 3), dtype=bool), 2, axis=1).tolist() == [
        [True, True, False]
    ]


def test_targets_without_text_are_found_by_name_only() -> None:
    none = np.zeros((2, 2), dtype=bool)
    named = np.array([[False, False], [False, True]])
    ways = candidates(none, named, none, np.full((2, 2), 0.5), np.array([True, False]))
    assert ways["text"].tolist() == [[True, False], [True, False]]
    rows, columns = np.array([0, 1, 0]), np.array([0, 1, 1])
    assert found_by(ways, rows, columns) == ["text", "name", ""]
