"""The rows of a study that are matched, read from its tables piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gapstudy.link import ends
from gapstudy.link.corpus import Rows
from gapstudy.link.segments import Ids

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: What of a paper and of a target is matched; a change of anything else leaves its matches alone.
_PAPER = (
    "title, abstract, coined_name, arxiv_id, doi, date_from, date_to, venue, venue_year, "
    "archive_ref"
)
_PRODUCT = (
    "name, feature, description, category, evidence, website, home_country, date_from, date_to, "
    "organisation, archive_ref"
)
_PATENT = (
    "title, abstract, evidence, priority_date_from, priority_date_to, filing_date_from, "
    "filing_date_to, grant_date_from, grant_date_to, archive_ref"
)


def papers(base: DuckDBPyConnection, files: Mapping[str, Path]) -> Rows:
    """All papers.

    Args:
        base: a database; used as long as rows are read.
        files: Parquet file of each core table by name.
    """
    found = base.execute(
        # The names of columns stand in this file.
        f"""SELECT p.paper_id AS id, hash(p.hash, a.hash) AS hash
        FROM (SELECT paper_id, hash({_PAPER}) AS hash FROM read_parquet($papers)) p
        LEFT JOIN (
            SELECT paper_id, bit_xor(hash(position, organisation, author_name)) AS hash
            FROM read_parquet($affiliations) GROUP BY paper_id
        ) a ON a.paper_id = p.paper_id
        ORDER BY p.paper_id""",  # noqa: S608
        {"papers": str(files["papers"]), "affiliations": str(files["paper_affiliations"])},
    ).fetchnumpy()

    def read(ids: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
        wanted = ("papers", "paper_affiliations")
        rows, places = (_rows(base, files[name], "paper_id", ids) for name in wanted)
        return rows.sort_values("paper_id", ignore_index=True), places

    return Rows(_objects(found["id"]), np.asarray(found["hash"], dtype=np.uint64), read)


def targets(base: DuckDBPyConnection, files: Mapping[str, Path]) -> Rows:
    """All products and patents; of a family of products or patents each member.

    Args:
        base: a database; used as long as rows are read.
        files: Parquet file of each core table by name.
    """
    found = base.execute(
        f"""SELECT 'product ' || product_id AS id, hash({_PRODUCT}) AS hash
        FROM read_parquet($products)
        UNION ALL
        SELECT 'patent ' || p.patent_id, hash(p.hash, a.hash)
        FROM (SELECT patent_id, hash({_PATENT}) AS hash FROM read_parquet($patents)) p
        LEFT JOIN (
            SELECT patent_id, bit_xor(hash(role, position, name, country)) AS hash
            FROM read_parquet($parties) GROUP BY patent_id
        ) a ON a.patent_id = p.patent_id
        ORDER BY id""",  # noqa: S608
        {"products": str(files["products"]), "patents": str(files["patents"]),
         "parties": str(files["patent_parties"])},
    ).fetchnumpy()  # fmt: skip

    def read(ids: Sequence[str]) -> pd.DataFrame:
        named: dict[str, list[str]] = {"product": [], "patent": []}
        for each in ids:
            kind, _, name = each.partition(" ")
            named[kind].append(name)
        made = ends.targets(
            _rows(base, files["products"], "product_id", named["product"]),
            _rows(base, files["patents"], "patent_id", named["patent"]),
            _rows(base, files["patent_parties"], "patent_id", named["patent"]),
        )
        order = (made["target_type"] + " " + made["target_id"]).to_numpy(dtype=object)
        places = pd.Index(order).get_indexer(pd.Index(list(ids), dtype=object))
        return made.iloc[places].reset_index(drop=True)

    return Rows(_objects(found["id"]), np.asarray(found["hash"], dtype=np.uint64), read)


def _rows(base: DuckDBPyConnection, file: Path, column: str, ids: Sequence[str]) -> pd.DataFrame:
    """Rows of a table whose column is one of some identifiers (ascending), in its order."""
    wanted = pd.DataFrame({"id": pd.Series(list(ids), dtype="object")})
    base.register("wanted", wanted)
    try:
        # The bounds let whole groups of rows be passed over.
        frame: pd.DataFrame = base.execute(
            f"""SELECT * FROM read_parquet($file)
            WHERE {column} BETWEEN $low AND $high AND {column} IN (SELECT id FROM wanted)""",  # noqa: S608
            {"file": str(file), "low": ids[0] if ids else "", "high": ids[-1] if ids else ""},
        ).df()
    finally:
        base.unregister("wanted")
    return frame


def _objects(texts: Any) -> Ids:
    return np.asarray(np.ma.getdata(texts), dtype=object)
