"""All faults of records, for the table `quarantine`."""

# ruff: noqa: S608  # the SQL is made of names of our own tables, columns and sources

from __future__ import annotations

from typing import TYPE_CHECKING

from gapstudy.tables import contract

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

_COLUMNS = 'archive_ref, sequence, src, "table", reason, kept, record'


def quarantine(base: DuckDBPyConnection, sources: list[str]) -> DuckDBPyRelation:
    """Faults of records that cannot be rows, of rows that do not stand, and of single values.

    Args:
        base: the database of `merge.Merge`.
        sources: names by place.
    """
    queries = [f"select {_COLUMNS} from part_quarantine where not kept"]
    unused = [
        "select null::text as archive_ref, null::bigint as sequence, null::text as table_name"
    ]
    tables = base.execute(
        'select "table", count(reason) from gone group by "table" order by "table"'
    ).fetchall()
    for table, lost in tables:
        gone = f"select nr from gone where \"table\" = '{table}'"
        if lost:
            # Rows that were merged in silence have no reason.
            names = ", ".join(
                f'"{name}"' for name in contract(table).names
                if name not in {"source", "source_id", "archive_ref", "organisation_id"}
            )  # fmt: skip
            queries.append(
                f"""select archive_ref, sequence, src, '{table}', reason, false,
                    to_json(struct_pack({names}))::text from (
                    select p.*, reason from "part_{table}" p join gone using (nr)
                    where gone."table" = '{table}' and reason is not null)"""
            )
        unused.append(
            f"select archive_ref, sequence, '{table}' from \"part_{table}\" where nr in ({gone})"
        )
    # A value that could not be used is no fault of a record that is not used at all.
    queries.append(
        f"""select {_COLUMNS} from part_quarantine q where kept and not exists (
            from ({" union all ".join(unused)}) u
            where u.archive_ref = q.archive_ref and u.sequence = q.sequence
                and u.table_name = q."table")"""
        if tables
        else f"select {_COLUMNS} from part_quarantine where kept"
    )
    listed = ", ".join(f"'{source}'" for source in sources)
    return base.sql(
        f"""select distinct on (archive_ref, sequence, reason) archive_ref, sequence,
            ([{listed}])[src + 1] as source, "table", reason, kept, record
        from ({" union all ".join(queries)})
        order by archive_ref, sequence, reason, kept, "table" """
    )
