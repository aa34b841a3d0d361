"""Patent families: which publication a family is counted by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Dates by which the publications of a family are ordered, the first that differs decides.
DATES = ("priority_date", "filing_date", "publication_date")


def mark(patents: pd.DataFrame) -> pd.DataFrame:
    """Set `family_first`: true for exactly one publication of each family.

    It is the earliest by priority, then by filing, then by publication. A date stands for an
    interval, and the one that surely lies earlier is the earlier: the interval that ends first.
    So a day in 2020 precedes "2020", which may be any day to 31 December. Of two intervals with
    the same end the shorter one precedes, and an unknown date comes last. Publications that agree
    in all dates are ordered by their number. Where a source names no family, the publications of
    one application at one office are one; a publication without either stands for itself.

    Args:
        patents: rows of the table `patents`; their order does not matter.

    Returns:
        The same rows with `family_first` set.
    """
    import numpy as np
    import pandas as pd

    keys: dict[str, pd.Series[Any]] = {}
    for name in DATES:
        ends = pd.to_datetime(patents[f"{name}_to"])
        starts = pd.to_datetime(patents[f"{name}_from"])
        keys[f"{name} end"] = ends
        keys[f"{name} length"] = ends - starts
    order = pd.DataFrame(keys, index=patents.index).reset_index(drop=True)
    order["patent_id"] = patents["patent_id"].astype(str).to_numpy()
    family = patents["family_id"].fillna("").astype(str).to_numpy()
    filed = patents["application_number"].fillna("").astype(str).to_numpy()
    office = patents["office"].astype(str).to_numpy()
    # Identifiers of the three kinds could coincide, so they are kept apart.
    order["kind"] = np.where(family != "", "family", np.where(filed != "", "filed", "alone"))
    by_filing = np.char.add(np.char.add(office.astype(str), " "), filed.astype(str))
    own = order["patent_id"].to_numpy()
    order["family"] = np.where(family != "", family, np.where(filed != "", by_filing, own))
    order = order.sort_values([*keys, "patent_id"], na_position="last", kind="stable")
    firsts = order.drop_duplicates(["kind", "family"]).index
    marked = np.zeros(len(patents), dtype=bool)
    marked[firsts.to_numpy()] = True
    return patents.assign(family_first=marked)
