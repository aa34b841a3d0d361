"""The account of every exclusion, from all records of results to the analysed spells.

As in the flow diagrams of STROBE (von Elm et al. 2007, https://doi.org/10.1371/journal.pmed.0040296)
and CONSORT: each step says how many came in, how many left for which reason, how many stayed. A
result leaves at the first step whose reason holds. It counts for every region that it has (whole
counting), so regions add up to more than all. Links have an account of their own, from all links
of the analysed results to those that end a spell. That each step takes on what the last one left,
and that the last one is what is analysed, is checked.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure import cohort
from gapstudy.measure.cohort import ALL, COLUMNS
from gapstudy.measure.imputation import Candidates, Spells
from gapstudy.regions import REGIONS, UNKNOWN, RegionScheme
from gapstudy.study import Window

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: Step -> why a record or a result leaves at it, in their order.
RESULT_STEPS = {
    "unusable": "the record has no usable date or identity (quarantine)",
    "duplicate": "the record describes a result that is counted by another record",
    "before_window": "the middle of its date lies before the window",
    "after_window": "the middle of its date lies after the window",
    "after_cutoff": "its date may lie after the cut-off",
    "other_frame": "its frame chose it by what became of it, or is not studied",
    "not_followed": "it has not been followed up yet",
    "late_entry": "its spell ended before its observation began, in every link set",
    "unknown_region": "no region is known: in the rates of all results, in no comparison",
}
LINK_STEPS = {
    "patent": "it leads to a patent, not to a product",
    "unknown_product": "its product is not among the products",
    "after_cutoff": "the product came after the cut-off",
    "negative_lag": "the product came before the result, whatever days the dates mean",
    "never_first": "in no link set is it the result's first product within the follow-up",
}
#: Step after which the results are the analysed spells.
ANALYSED = "late_entry"
NOT_KNOWN = "not known"


def results_flow(
    papers: pd.DataFrame,
    affiliations: pd.DataFrame,
    same_as: pd.DataFrame,
    quarantine: pd.DataFrame | None,
    window: Window,
    frames: tuple[str, ...],
    followed: Bools,
    entered: Bools,
    scheme: RegionScheme,
) -> pd.DataFrame:
    """Rows of `out_exclusions` for results.

    Args:
        papers: all results.
        affiliations: their organisations.
        same_as: records that are counted by another one.
        quarantine: records that could not be used; None where that is not known.
        window: the study's window.
        frames: the study's frames.
        followed: whether each result of `papers` was followed up.
        entered: whether it was ever under observation.
        scheme: what the regions contain.
    """
    middle = papers["date_from"] + (papers["date_to"] - papers["date_from"]) / 2
    after = pd.Timestamp(window.end) + pd.Timedelta(days=1)
    cutoff = pd.Timestamp(window.cutoff) + pd.Timedelta(days=1)
    credit = cohort.weights(papers, cohort.parties(papers, affiliations), scheme, "whole").value
    regions = [name for name in REGIONS if name != UNKNOWN]
    located = credit[:, [COLUMNS.index(name) for name in regions]].any(axis=1)
    leaves = {
        "before_window": middle < pd.Timestamp(window.start), "after_window": middle >= after,
        "after_cutoff": papers["date_to"] >= cutoff,
        "other_frame": ~papers["frame"].isin(frames), "not_followed": ~followed,
        "late_entry": ~entered, "unknown_region": ~located,
    }  # fmt: skip
    why = _first_reason({name: np.asarray(bad, dtype=bool) for name, bad in leaves.items()})
    frame = papers["frame"].astype(str).to_numpy()
    merged = same_as[(same_as["kind"] == "paper") & (same_as["relation"] == "same")]
    at = pd.Index(papers["paper_id"]).get_indexer(pd.Index(merged["kept_id"]))
    at = at[at >= 0]
    lost = 0
    if quarantine is not None:
        lost = int(((quarantine["table"] == "papers") & ~quarantine["kept"].astype(bool)).sum())
    nowhere = np.zeros((lost, len(COLUMNS)))
    nowhere[:, [COLUMNS.index(UNKNOWN), ALL]] = 1.0
    return _rows(
        "result", RESULT_STEPS,
        np.concatenate([why, np.full(len(at), "duplicate"), np.full(lost, "unusable")]),
        np.concatenate([frame, frame[at], np.full(lost, NOT_KNOWN)]).astype(object),
        np.vstack([credit, credit[at], nowhere]),
    )  # fmt: skip


def links_flow(
    papers: pd.DataFrame,
    credit: Floats,
    links: pd.DataFrame,
    products: pd.DataFrame,
    table: Candidates,
    spells: Spells,
    cutoff: int,
) -> pd.DataFrame:
    """Rows of `out_exclusions` for the links of the analysed results.

    Args:
        papers: the analysed results.
        credit: their whole credits, (n, 6).
        links: table `links`.
        products: all products.
        table: the results' possible links.
        spells: their drawn spells.
        cutoff: last day of observation, days since 1970.
    """
    place = pd.Index(papers["paper_id"]).get_indexer(pd.Index(links["paper_id"]))
    rows = links[place >= 0]
    place = place[place >= 0]
    target = pd.Index(products["product_id"]).get_indexer(pd.Index(rows["target_id"]))
    patent = (rows["target_type"] != "product").to_numpy(bool)
    known = (target >= 0) & ~patent
    begin, end = table.product_from[target], table.product_to[target]
    drawn, row = np.nonzero(spells.event)
    ended = set(zip(row.tolist(), spells.product[drawn, row].tolist(), strict=True))
    first = np.array([pair in ended for pair in zip(place.tolist(), target.tolist(), strict=True)])
    why = _first_reason({
        "patent": patent, "unknown_product": ~known, "after_cutoff": begin > cutoff,
        "negative_lag": end < table.paper_from[place], "never_first": ~first.astype(bool),
    })  # fmt: skip
    frame = papers["frame"].astype(str).to_numpy(dtype=object)[place]
    return _rows("link", LINK_STEPS, why, frame, credit[place])


def check(table: pd.DataFrame, analysed: int) -> None:
    """Check that the account adds up.

    Args:
        table: rows of `out_exclusions`.
        analysed: number of analysed spells.

    Raises:
        FitError: a step keeps or takes on another number than it should, frames do not add up to
            all, or what is left is not what is analysed.
    """
    wrong = table[table["n_in"] - table["n_out"] != table["n_kept"]]
    keys = ["unit", "frame", "region"]
    ordered = table.sort_values([*keys, "position"], kind="stable")
    before = ordered.groupby(keys)["n_kept"].shift()
    broken = ordered[before.notna() & (before != ordered["n_in"])]
    cells = ["unit", "region", "position"]
    every = table["frame"] == "all"
    whole, parts = (table[mask].groupby(cells)["n_in"].sum() for mask in (every, ~every))
    last = table[(table["step"] == ANALYSED) & (table["frame"] == "all")
                 & (table["region"] == "all") & (table["unit"] == "result")]  # fmt: skip
    apart = bool(whole.sub(parts, fill_value=0).ne(0).any())
    if len(wrong) or len(broken) or apart or last["n_kept"].tolist() != [analysed]:
        raise FitError(
            f"the account of exclusions does not add up to the {analysed} analysed results",
            where="out_exclusions",
            remedy="Compare its steps with measure/inputs.py: a filter has no step of its own",
        )


def _first_reason(leaves: dict[str, Bools]) -> NDArray[np.str_]:
    return np.select(list(leaves.values()), list(leaves), default="")


def _rows(
    unit: str, steps: dict[str, str], why: NDArray[np.str_], frame: NDArray[np.object_],
    credit: Floats,
) -> pd.DataFrame:  # fmt: skip
    rows = []
    for name, here in _groups(frame):
        for k, region in enumerate(COLUMNS):
            mine = why[here & (credit[:, k] > 0)]
            left = len(mine)
            for position, (step, reason) in enumerate(steps.items(), start=1):
                out = int((mine == step).sum())
                rows.append({
                    "unit": unit, "frame": name, "region": region, "position": position,
                    "step": step, "reason": reason, "n_in": left, "n_out": out,
                    "n_kept": left - out,
                })  # fmt: skip
                left -= out
    return pd.DataFrame(rows)


def _groups(frame: NDArray[np.object_]) -> Iterator[tuple[str, Bools]]:
    yield "all", np.ones(len(frame), dtype=bool)
    for name in sorted(set(frame)):
        yield str(name), frame == name
