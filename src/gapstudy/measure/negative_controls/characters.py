"""Outcomes and exposures that cannot matter, put to the estimator of the headline.

**Characters** of a result that no region can move, fixed before any number was seen: whether a
checksum of its identifier is odd, whether the checksum lies in one part of sixteen (about as rare
as a product), whether its title has an odd number of letters and signs, whether its arXiv number is
odd. A result with the character counts as one that had a product after a year, any other is
followed as it was. The day of the month is not among them: all results of a conference share it.

**Neighbours.** Each result takes the regions of the next one of its year, in the order of
identifiers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import specifications
from gapstudy.measure.imputation import Spells
from gapstudy.measure.scorecard import holm
from gapstudy.measure.specifications import Rules
from gapstudy.measure.survival import Floats

CHARACTER, NEIGHBOUR = "fixed_character", "neighbour_region"
#: Years after which a result with the character counts as converted.
_AFTER = 1.0
_ARXIV = r"(?P<number>\d{4,7})(v\d+)?$"
Known = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def _checksum(papers: pd.DataFrame) -> NDArray[np.int64]:
    names = papers["paper_id"].astype(str)
    return np.array([hashlib.sha256(name.encode()).digest()[0] for name in names], dtype=np.int64)


def _odd_checksum(papers: pd.DataFrame) -> Known:
    return _checksum(papers) % 2 == 1, np.ones(len(papers), bool)


def _rare_checksum(papers: pd.DataFrame) -> Known:
    return _checksum(papers) < 256 // 16, np.ones(len(papers), bool)


def _odd_title(papers: pd.DataFrame) -> Known:
    length = papers["title"].fillna("").astype(str).str.len().to_numpy(np.int64)
    return length % 2 == 1, length > 0


def _odd_arxiv(papers: pd.DataFrame) -> Known:
    text = papers["arxiv_id"].astype("object").where(papers["arxiv_id"].notna(), "").astype(str)
    number = pd.to_numeric(text.str.extract(_ARXIV)["number"], errors="coerce")
    return (number.fillna(0).astype("int64") % 2 == 1).to_numpy(bool), number.notna().to_numpy(bool)


#: Name of each character -> whether results have it, and whether that is known.
CHARACTERS: dict[str, Callable[[pd.DataFrame], Known]] = {
    "an odd checksum": _odd_checksum, "a checksum in one part of sixteen": _rare_checksum,
    "a title of odd length": _odd_title, "an odd arXiv number": _odd_arxiv,
}  # fmt: skip


def characters(
    papers: pd.DataFrame, credit: Floats, follow_up: Floats, rules: Rules
) -> pd.DataFrame:
    """Rows of `out_negative_controls` for the characters.

    Args:
        papers: the results, with paper_id, title and arxiv_id.
        credit: their credits, (n, K).
        follow_up: years from each result to the cut-off, (n,).
        rules: confidence and smallest cell.
    """
    cells: list[dict[str, object]] = []
    for name, has in CHARACTERS.items():
        value, known = has(papers)
        if not known.any():
            continue
        event = value[known] & (follow_up[known] >= _AFTER)
        time = np.where(event, _AFTER, follow_up[known])
        spells = Spells(time[None], event[None], np.where(event, 0, -1)[None])
        found = specifications.cells(credit[known], spells, {"name": name}, rules)
        cells += [row for row in found if row["estimand"] == "conversion"]
    return _checked(cells, rules).assign(control=CHARACTER, estimand="character")


def neighbours(
    papers: pd.DataFrame, credit: Floats, spells: Spells, stratum: NDArray[np.int64], rules: Rules
) -> pd.DataFrame:
    """Rows of `out_negative_controls` for the regions of the next result.

    Args:
        papers: the results, with paper_id.
        credit: their credits, (n, K).
        spells: their spells.
        stratum: year of each result, (n,).
        rules: restricted-mean limit, confidence and smallest cell.
    """
    cells = specifications.cells(
        credit[next_one(papers["paper_id"], stratum)], spells, {"name": ""}, rules
    )
    return _checked(cells, rules).assign(control=NEIGHBOUR)


def next_one(names: pd.Series, stratum: NDArray[np.int64]) -> NDArray[np.intp]:
    """Position of the next result of the same stratum, the last one's being the first, (n,)."""
    order = np.lexsort((names.astype(str).to_numpy(), stratum))
    result = np.empty(len(order), dtype=np.intp)
    for part in np.split(order, np.flatnonzero(np.diff(stratum[order])) + 1):
        result[part] = np.roll(part, -1)
    return result


def _checked(cells: list[dict[str, object]], rules: Rules) -> pd.DataFrame:
    """Differences with p-values adjusted together, and whether none is below the level."""
    frame = specifications.estimates(pd.DataFrame(cells), rules)
    adjusted = holm(frame["p_value"].to_numpy(float))
    passes = pd.Series(adjusted > 1 - rules.confidence, index=frame.index).astype("boolean")
    return frame.assign(
        p_holm=adjusted, passes=passes.where(pd.Series(np.isfinite(adjusted), index=frame.index))
    ).drop(columns=["significant", "than"])
