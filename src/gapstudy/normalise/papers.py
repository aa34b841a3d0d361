"""Which records describe the same paper."""

# ruff: noqa: S608  # the SQL is made of names of our own tables, columns and sources

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as arrow

from gapstudy.errors import RecordError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def same_papers(base: DuckDBPyConnection, twice: str, keep: str) -> None:
    """Papers of one key, arXiv identifier or DOI are one, however they hang together.

    Reads the view `part_papers`; adds to the tables `gone` and `same` of `merge.Merge`.

    Args:
        base: the database.
        twice: what is said of two papers of one source with the same key, `{it}` the key.
        keep: what to do about it.
    """
    base.execute(
        """create temp table paper as
        select nr, src, paper_id, arxiv_id, lower(doi) as doi, item, sequence from part_papers"""
    )
    duplicate = str(RecordError(twice, remedy=keep)).replace("{it}", "' || paper_id || '")
    base.execute(
        f"""insert into gone
        select 'papers', nr, src, '{duplicate}' from (
            select *, row_number() over (partition by src, paper_id order by item, sequence) as nth
            from paper semi join (
                select src, paper_id from paper group by src, paper_id having count(*) > 1
            ) using (src, paper_id))
        where nth > 1"""
    )
    links = base.sql(
        " union all ".join(
            f"""select nr, root from paper join (
                select {column}, min(nr) as root from paper
                where {column} is not null and nr not in (select nr from gone)
                group by {column} having count(*) > 1
            ) using ({column}) where nr <> root and nr not in (select nr from gone)"""
            for column in ("paper_id", "arxiv_id", "doi")
        )
        + " order by nr, root"
    ).to_arrow_table()
    base.register("component", _components(links["nr"].to_numpy(), links["root"].to_numpy()))
    once = str(RecordError("the same paper as {it}, by identifier", remedy="It counts once"))
    once = once.replace("{it}", "' || standing || '")
    base.execute(
        """create temp table double as
        select nr, src, paper_id, first(paper_id) over best as standing,
               first(src) over best as first_src, row_number() over best as nth
        from paper join component using (nr)
        window best as (partition by component order by src, item, sequence)"""
    )
    base.execute(
        f"insert into gone select 'papers', nr, src, case when src = first_src then '{once}' end "
        "from double where nth > 1"
    )
    base.execute(
        "insert into same select distinct paper_id, standing from double where paper_id <> standing"
    )
    base.execute("drop table paper")
    base.execute("drop table double")


def _components(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> arrow.Table:
    """Number of the connected component of each row that is linked to another."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = len(one)
    nodes, places = np.unique(np.concatenate([one, other]), return_inverse=True)
    labels = np.zeros(0, dtype=np.int32)
    if size:
        shape = (len(nodes), len(nodes))
        graph = coo_matrix((np.ones(size, np.int8), (places[:size], places[size:])), shape)
        labels = connected_components(graph, directed=False)[1]
    return arrow.table({"nr": arrow.array(nodes.astype(np.int64)), "component": labels})
