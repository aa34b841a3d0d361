"""Which records describe the same paper: by identifiers, and by title and authors.

Records that share a key, an arXiv identifier or a DOI are one, however they hang together. Preprint
and published version often share none; they are found by their titles (see `titles`). A title is
weaker than an identifier: where titles would join groups with different arXiv identifiers, none of
the titles in that group counts.
"""

# ruff: noqa: S608  # the SQL is made of names of our own columns

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as arrow

from gapstudy.normalise import same, titles

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]

#: Why two records are one, the surest first; the first is what identifiers say.
REASONS = ("the same key, arXiv identifier or DOI", *titles.REASONS)


def same_papers(base: DuckDBPyConnection, twice: str, keep: str) -> None:
    """Find papers that are the same, and keep of each the record of the first source.

    Of one source the record with the least identifier stands, so that the order of rows in a file
    does not matter. Reads the views `part_papers` and `part_paper_affiliations`; adds to the tables
    `gone` and `same` (see `same`).

    Args:
        base: the database of `merge.Merge`.
        twice: what is said of two papers of one source with the same key, `{it}` the key.
        keep: what to do about it.
    """
    same.faults(base, "papers", twice, keep)
    base.execute(
        """create temp table paper as
        select nr, src, paper_id, arxiv_id, lower(doi) as doi from part_papers
        where nr not in (select nr from gone where "table" = 'papers')"""
    )
    links = base.sql(
        " union all ".join(
            f"""select nr as one, root as other, 0::tinyint as reason from paper join (
                select {column}, min(nr) as root from paper
                where {column} is not null group by {column} having count(*) > 1
            ) using ({column}) where nr <> root"""
            for column in ("paper_id", "arxiv_id", "doi")
        )
    ).to_arrow_table()
    named = titles.pairs(base)
    every = arrow.concat_tables([links, named]).to_pandas()
    if len(every):
        base.register("wanted", arrow.table({"nr": np.unique(every[["one", "other"]].to_numpy())}))
        about = base.sql(
            "select nr, src, paper_id, arxiv_id from paper semi join wanted using (nr) order by nr"
        ).to_df()
        base.unregister("wanted")
        same.note(base, "papers", grouped(about, every), REASONS[:1])
    base.execute("drop table paper")


def grouped(about: pd.DataFrame, links: pd.DataFrame) -> arrow.Table:
    """Which record stands for which.

    Args:
        about: nr, src, paper_id and arxiv_id of all records in the links, by nr.
        links: one, other (numbers) and reason (place in `REASONS`).

    Returns:
        nr, kept, relation and reason of the records that do not stand.
    """
    import pandas as pd

    numbers = about["nr"].to_numpy()
    one = np.searchsorted(numbers, links["one"].to_numpy())
    other = np.searchsorted(numbers, links["other"].to_numpy())
    weak = links["reason"].to_numpy() > 0
    firm = components(len(numbers), one[~weak], other[~weak])
    every = components(len(numbers), one, other)
    # Groups that identifiers make, in each group that identifiers and titles make.
    known = about["arxiv_id"].notna().to_numpy()
    held = pd.DataFrame({"every": every[known], "firm": firm[known]}).drop_duplicates()
    torn = held["every"].value_counts()
    good = ~(weak & np.isin(every[one], torn.index[torn > 1].to_numpy()))
    every = components(len(numbers), one[good], other[good])

    rank = about["paper_id"].rank(method="min").to_numpy()
    order = np.lexsort((rank, about["src"].to_numpy(), every))
    first = order[np.r_[True, every[order][1:] != every[order][:-1]]]
    stands = np.empty(every.max() + 1, dtype=np.int64)
    stands[every[first]] = first
    kept = stands[every]
    # Of a group of identifiers that only titles tie to the one that stands, the surest title.
    best = np.full(len(numbers), len(REASONS), dtype=np.int64)
    kinds = links["reason"].to_numpy()[good & weak]
    for side in (one, other):
        np.minimum.at(best, firm[side[good & weak]], kinds)
    reason = np.where(firm == firm[kept], 0, best[firm])
    gone = kept != np.arange(len(numbers))
    return arrow.table({
        "nr": numbers[gone], "kept": numbers[kept[gone]],
        "relation": arrow.array(["same"] * int(gone.sum()), arrow.string()),
        "reason": arrow.array(REASONS, arrow.string()).take(arrow.array(reason[gone])),
    })  # fmt: skip


def components(size: int, one: Ints, other: Ints) -> np.ndarray[Any, Any]:
    """Number of the connected component of each of so many things."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(one), np.int8), (one, other)), (size, size))
    labels: np.ndarray[Any, Any] = connected_components(graph, directed=False)[1]
    return labels
