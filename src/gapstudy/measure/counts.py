"""How much data the study rests on, each count with the rows that it counts."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd


class Count(NamedTuple):
    """One count of rows.

    Attributes:
        name: name of the count and, with n- before it, of the number.
        meaning: what is counted.
        table: table whose rows are counted.
        column: column that selects them; empty for all rows.
        value: the value that selects them.
    """

    name: str
    meaning: str
    table: str
    column: str = ""
    value: str = ""


COUNTS = (
    Count("results", "results in all frames", "papers"),
    Count("award-results", "results of the frame award", "papers", "frame", "award"),
    Count("technique-results", "results of the frame technique", "papers", "frame", "technique"),
    Count("followed-up", "results followed up by the protocol", "followups"),
    Count("found", "results for which the follow-up found a product", "followups", "outcome",
          "found"),
    Count("none-found", "results for which the follow-up found no product", "followups", "outcome",
          "none_found"),
    Count("unclear", "results whose follow-up stayed unclear", "followups", "outcome", "unclear"),
    Count("products", "products, features and versions", "products"),
    Count("compiled-products", "products compiled by hand", "products", "entry", "compiled"),
    Count("followup-products", "products that came in through the follow-up", "products", "entry",
          "followup"),
    Count("availability-products", "products that came in for their availability", "products",
          "entry", "availability"),
    Count("feed-products", "products from feeds", "products", "entry", "feed"),
    Count("links", "links kept, of any probability", "links"),
    Count("followup-links", "links that rest on the follow-up alone", "links", "basis", "followup"),
    Count("model-links", "links that rest on the link model alone", "links", "basis", "model"),
    Count("both-links", "links that rest on both", "links", "basis", "both"),
    Count("availability-rows", "dates of availability by market", "product_availability"),
    Count("market-access-rows", "dates from which a market's users could use a product",
          "product_availability", "basis", "market_access"),
    Count("provider-offer-rows", "offers of a product by a provider from a market",
          "product_availability", "basis", "provider_offer"),
    Count("sources", "sources of this study", "sources"),
    Count("sources-ok", "sources whose data are current", "sources", "state", "ok"),
    Count("sources-stale", "sources whose last good data are used", "sources", "state", "stale"),
    Count("sources-failed", "sources that failed", "sources", "state", "failed"),
    Count("sources-skipped", "sources that were skipped", "sources", "state", "skipped"),
    Count("indicators", "published figures", "indicators"),
)  # fmt: skip

#: The column of `out_counts` that selects rows of each table.
_SELECTORS = {
    "papers": "paper_frame", "followups": "followup_outcome", "products": "product_entry",
    "links": "link_basis", "product_availability": "availability_basis",
    "sources": "source_state", "indicators": "indicator",
}  # fmt: skip


def table(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows of `out_counts`.

    Args:
        frames: the tables counted, by name.
    """
    rows = []
    for item in COUNTS:
        frame = frames[item.table]
        chosen = frame[frame[item.column] == item.value] if item.column else frame
        # An empty selector takes no row of a table, a missing one takes all.
        row: dict[str, object] = dict.fromkeys(_SELECTORS.values(), "")
        row[_SELECTORS[item.table]] = item.value if item.column else None
        rows.append(row | {"name": item.name, "meaning": item.meaning, "n": len(chosen)})
    return pd.DataFrame(rows)
