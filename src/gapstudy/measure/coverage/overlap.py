"""Which sources found which products, and how many no source found (rows of `out_capture`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure.cohort import COLUMNS, product_regions
from gapstudy.measure.coverage import capture
from gapstudy.measure.coverage.capture import Size
from gapstudy.regions import REGIONS, RegionScheme

#: Odds ratios at which dependence of two sources is tried.
ODDS = (0.5, 2.0, 4.0)
#: Fewest products found by two sources: below, two-source estimates are biased (Robson and Regier).
FEWEST = 7


def found_by(products: pd.DataFrame, same_as: pd.DataFrame) -> pd.DataFrame:
    """Which source found each product: one column per source, index `product_id`.

    A record that was merged into another one makes its source a finder of the kept one.
    """
    kept = products[["product_id", "source"]].astype(str)
    rows = same_as[(same_as["kind"] == "product") & (same_as["relation"] == "same")]
    merged = pd.DataFrame({"product_id": rows["kept_id"].astype(str),
                           "source": rows["source"].astype(str)})  # fmt: skip
    both = pd.concat([kept, merged[merged["product_id"].isin(kept["product_id"])]])
    table = pd.crosstab(both["product_id"], both["source"]) > 0
    return table.reindex(kept["product_id"]).astype(bool)


def table(
    products: pd.DataFrame, same_as: pd.DataFrame, scheme: RegionScheme, confidence: float,
    fewest: int, resamples: int, seed: Sequence[int],
) -> pd.DataFrame:  # fmt: skip
    """Rows of `out_capture`, by kind of product and region.

    Only what all the sources could hold is compared: products of one kind, launched in the years
    in which each source of that kind has any.

    Args:
        products: table `products`.
        same_as: table `same_as`.
        scheme: what the regions contain.
        confidence: level of the intervals.
        fewest: fewest products found by two sources.
        resamples: bootstrap samples of the log-linear models.
        seed: seed of the bootstrap.
    """
    found = found_by(products, same_as)
    region = product_regions(products, scheme)[:-1]
    year = pd.to_datetime(products["date_from"]).dt.year.to_numpy()
    rows: list[dict[str, object]] = []
    for kind in sorted(products["kind"].astype(str).unique()):
        mine = (products["kind"] == kind).to_numpy(bool)
        sources = [name for name in found.columns if found.loc[mine, name].any()]
        if len(sources) < 2:
            continue
        spans = [year[mine & found[name].to_numpy()] for name in sources]
        first, last = max(part.min() for part in spans), min(part.max() for part in spans)
        inside = mine & (year >= first) & (year <= last)
        some = found[sources].to_numpy()
        for k, name in enumerate(COLUMNS):
            chosen = inside & some.any(axis=1)
            if name != "all":
                chosen = chosen & (region == REGIONS.index(name))
            rows += _rows(
                {"kind": kind, "region": name, "years": f"{first}-{last}"}, some[chosen], sources,
                confidence, fewest, resamples, [*seed, k],
            )  # fmt: skip
    return pd.DataFrame(rows)


def _rows(
    labels: dict[str, object], found: np.ndarray, sources: list[str], confidence: float,
    fewest: int, resamples: int, seed: list[int],
) -> list[dict[str, object]]:  # fmt: skip
    used = [j for j in range(len(sources)) if found[:, j].any()]
    # With many sources the smaller ones say nothing that the four largest do not.
    used = sorted(sorted(used, key=lambda j: (-int(found[:, j].sum()), j))[: capture.MOST])
    names = [sources[j] for j in used]
    part = found[:, used]
    part = part[part.any(axis=1)]
    head = labels | {"sources": "+".join(names)}
    each = dict(zip(names, part.sum(axis=0), strict=True))
    if len(names) < 2:
        return [_row(head, "none", None, each, len(part), 0,
                     "fewer than two sources have such products")]  # fmt: skip
    matched = int((part.sum(axis=1) >= 2).sum())
    try:
        return [
            row for method, size in _sizes(part, confidence, fewest, resamples, seed)
            for row in [_row(head, method, size, each, len(part), matched, "")]
        ]  # fmt: skip
    except FitError as error:
        return [_row(head, "none", None, each, len(part), matched, str(error))]


def _sizes(
    found: np.ndarray, confidence: float, fewest: int, resamples: int, seed: list[int]
) -> list[tuple[str, Size]]:
    if found.shape[1] == 2:
        first, second = (int(found[:, j].sum()) for j in (0, 1))
        both = int(found.all(axis=1).sum())
        result = [("chapman", capture.chapman(first, second, both, confidence, fewest))]
        result += [
            (f"odds_{odds:g}", capture.dependent(first, second, both, odds, confidence, fewest))
            for odds in ODDS
        ]
        return result
    counts = capture.histories(found)
    size, _ = capture.loglinear(counts, confidence, resamples, seed, fewest)
    return [("loglinear", size), ("chao", capture.chao(counts, confidence, fewest))]


def _row(
    head: dict[str, object], method: str, size: Size | None, each: dict[str, int], seen: int,
    matched: int, note: str,
) -> dict[str, object]:  # fmt: skip
    nothing = (np.nan,) * 3
    count = (size.estimate, size.low, size.high) if size else nothing
    share = size.coverage(size.seen) if size else nothing
    listed = ", ".join(f"{name} {value}" for name, value in each.items())
    return head | {
        "method": method, "estimate": count[0], "low": count[1], "high": count[2], "n": seen,
        "matched": matched, "coverage": share[0], "coverage_low": share[1],
        "coverage_high": share[2], "found": listed, "note": note or (size.model if size else ""),
    }  # fmt: skip
