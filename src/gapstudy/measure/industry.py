r"""Share of industry in the authorship of a region's results (C8).

.. math:: \hat q_{rk} = \frac{\sum_i c_{irk}}{\sum_i \sum_k c_{irk}}

with the fractional credit :math:`c_{irk}` of result i to organisations of kind k in region r: a
ratio over results, whose interval keeps the organisations of one result together. Organisations of
unknown kind are a kind of their own. Reference: Cochran (1977), Sampling Techniques, ch. 6 (ratio
estimator); effective sample sizes in `intervals`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.regional import Regional, combine
from gapstudy.measure.survival import Estimates, Floats
from gapstudy.regions import REGIONS, Counting, RegionScheme, add_region, credit

KINDS = ("academia", "industry", "government", "nonprofit", "mixed", "unknown")
PAIRS = (("US", "EU"), ("CN", "EU"))


def tables(
    rows: pd.DataFrame, frame: str, scheme: RegionScheme, confidence: float, min_cell: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `out_industry` and `out_industry_difference` for one frame.

    Args:
        rows: organisations of the frame's results, from `cohort.parties`.
        frame: name of the frame.
        scheme: what the regions contain.
        confidence: level of the intervals.
        min_cell: fewest results of a region for which a share is shown.
    """
    parts = credits_by_kind(rows, scheme)
    base = parts.sum(axis=2)
    labels = {"scheme": scheme.name, "counting": "fractional", "frame": frame}
    shares: list[dict[str, object]] = []
    fits: dict[str, Regional] = {}
    for j, kind in enumerate(KINDS):
        fit = fits[kind] = ratio(parts[:, :, j], base)
        ends = fit.interval(confidence)
        for k, region in enumerate(COLUMNS):
            n = int(fit.results[k])
            why = f"fewer than {min_cell} results" if n < min_cell else ""
            values = (fit.share.value[k, 0], ends.low[k, 0], ends.high[k, 0])
            estimate, low, high = (np.nan if why else float(value) for value in values)
            shares.append(
                {
                    **labels, "region": region, "kind": kind, "estimate": estimate, "low": low,
                    "high": high, "n": n, "credit": float(parts[:, k, j].sum()), "note": why,
                }
            )  # fmt: skip
    differences: list[dict[str, object]] = []
    fit = fits["industry"]
    for region, versus in PAIRS:
        a, b = COLUMNS.index(region), COLUMNS.index(versus)
        gap, between, p = fit.difference(a, b, confidence)
        n = int(min(fit.results[a], fit.results[b]))
        why = f"fewer than {min_cell} results" if n < min_cell else ""
        four = (gap[0], between.low[0], between.high[0], p[0])
        estimate, low, high, p_value = (np.nan if why else float(value) for value in four)
        differences.append(
            {
                **labels, "region": region, "versus": versus, "estimate": estimate, "low": low,
                "high": high, "p_value": p_value, "n": n, "note": why,
            }
        )  # fmt: skip
    return pd.DataFrame(shares), pd.DataFrame(differences)


def credits_by_kind(
    rows: pd.DataFrame, scheme: RegionScheme, counting: Counting = "fractional"
) -> Floats:
    """Credit by result, region (all of them last) and kind of organisation.

    Args:
        rows: organisations of results; results are in the order of their identifiers.
        scheme: what the regions contain.
        counting: how a result of several regions and kinds counts.
    """
    region = add_region(rows, scheme, date=("date_from", "date_to"))
    kind = rows["kind"].astype(object).where(rows["kind"].notna(), "unknown")
    cell = region.astype(object) + "/" + kind
    given = credit(rows.assign(cell=cell), counting, region="cell")
    papers = pd.Index(sorted(rows["paper_id"].unique()))
    names = given["cell"].str.split("/", expand=True)
    result = np.zeros((len(papers), len(COLUMNS), len(KINDS)))
    where = (
        papers.get_indexer(pd.Index(given["paper_id"])),
        pd.Index(REGIONS).get_indexer(pd.Index(names[0])),
        pd.Index(KINDS).get_indexer(pd.Index(names[1])),
    )
    np.add.at(result, where, given["credit"].to_numpy(float))
    result[:, -1] = result[:, :-1].sum(axis=1)
    return result


def ratio(part: Floats, base: Floats) -> Regional:
    """Ratio of sums over results, with influences by result."""
    total = base.sum(axis=0)
    safe = np.where(total > 0, total, 1.0)
    value = part.sum(axis=0) / safe
    influence = (part - value * base) / safe
    estimates = Estimates(value[None, :, None], influence[None, :, :, None], total[None, :, None])
    return combine(estimates, base)
