"""Records that describe the same thing: which one stands, whose date it takes, what is told.

Three kinds of things are compared: papers (`papers`), products (`same_products`) and patents
(`same_patents`). All note what they find in the table `same`; here it becomes rows of `same_as`.

- *same*: the record leaves its core table, so every count downstream is one of things. What points
  to it is pointed to the record kept. It lives on in `same_as`, with its stored response.
- *version*: the record stays, since a later version is a thing with a date of its own.

The record kept has its own fields but for the date: of the dates of all its records it takes the
earliest of the best kind. A launch comes before an announcement, and both before what is neither,
such as the creation of a repository. Of two dates the one that surely lies earlier is the earlier:
the interval that ends first. Two exceptions keep a wrong date from winning. A date more than
`FARTHEST` before that of the record kept is an error rather than its first appearance. The launch
of a product compiled by hand was read on a page: it can become more exact by a date of a feed that
lies within it, not earlier.
"""

# ruff: noqa: S608  # the SQL is made of names of our own tables, columns and sources

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as arrow

from gapstudy.errors import RecordError
from gapstudy.tables import contract

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

#: Kind of thing -> core table, its key, and the date told of a record that is dropped.
KINDS = {
    "paper": ("papers", "paper_id", "date"),
    "product": ("products", "product_id", "date"),
    "patent": ("patents", "patent_id", "publication_date"),
}
#: Tables of which the record kept takes the earliest date.
DATED = ("papers", "products")
#: Columns that go with a date.
DATE = ("date", "date_precision", "date_from", "date_to", "date_meaning")
FARTHEST = "3 years"
#: Meanings of a date by rank; a lower rank is a better date. All of a paper are of one rank.
_RANK = """case when '{table}' = 'papers' then 0
    when p.date_meaning in ('release', 'general_availability', 'clearance', 'approval') then 0
    when p.date_meaning = 'announcement' then 1 else 2 end"""
COMPILED = ("compiled", "followup", "availability")


def prepare(base: DuckDBPyConnection) -> None:
    """Make the empty table `same`: one record and the one that is kept, by number and name."""
    base.execute(
        """create temp table same ("table" text, nr bigint, src int, id text, kept bigint,
            kept_src int, standing text, relation text, reason text)"""
    )


def faults(base: DuckDBPyConnection, table: str, twice: str, keep: str) -> None:
    """Put records of one source with the same key into `gone`; the first of them stands.

    Args:
        base: the database of `merge.Merge`.
        table: the core table.
        twice: what is said of them, `{it}` the key.
        keep: what to do about it.
    """
    key = contract(table).key[0]
    told = str(RecordError(twice, remedy=keep)).replace("{it}", f"' || {key} || '")
    base.execute(
        f"""insert into gone
        select '{table}', nr, src, '{told}' from (
            select *, row_number() over (partition by src, {key} order by item, sequence) as nth
            from (select nr, src, {key}, item, sequence from part_{table}) semi join (
                select src, {key} from part_{table} group by src, {key} having count(*) > 1
            ) using (src, {key}))
        where nth > 1"""
    )


def note(
    base: DuckDBPyConnection, table: str, found: arrow.Table, told: tuple[str, ...] = ()
) -> None:
    """Note records found, and take those that are the same out of their table.

    Args:
        base: the database of `merge.Merge`.
        table: the core table.
        found: nr, kept (both numbers of rows), relation and reason; a record at most once.
        told: reasons that are faults where both records are of one source: a source says itself
            that its two records are one.
    """
    key = contract(table).key[0]
    base.register("found", found)
    base.execute(
        f"""insert into same
        select '{table}', f.nr, p.src, p.{key}, f.kept, k.src, k.{key}, f.relation, f.reason
        from found f join part_{table} p on p.nr = f.nr join part_{table} k on k.nr = f.kept"""
    )
    base.unregister("found")
    listed = ", ".join(f"'{reason}'" for reason in told) or "''"
    name = {table: kind for kind, (table, _, _) in KINDS.items()}[table]
    once = str(RecordError(f"the same {name} as {{it}}, by identifier", remedy="It counts once"))
    once = once.replace("{it}", "' || standing || '")
    base.execute(
        f"""insert into gone select "table", nr, src,
            case when src = kept_src and reason in ({listed}) then '{once}' end
        from same where "table" = '{table}' and relation = 'same'"""
    )


def earliest(base: DuckDBPyConnection, table: str) -> arrow.Table:
    """Dates of the records kept that are not their own.

    Args:
        base: the database of `merge.Merge`.
        table: `papers` or `products`.

    Returns:
        kept (number of the row), giver (number of the row that has the date) and `DATE`, in the
        order of kept.
    """
    compiled = "false"
    if table == "products":
        within = "p.date_from >= k.date_from and p.date_to <= k.date_to"
        compiled = f"k.entry in {COMPILED} and not ({within})"
    base.execute(
        f"""create or replace temp table giver_{table} as
        with member as (
            select kept, nr from same where "table" = '{table}' and relation = 'same'
            union all
            select distinct kept, kept from same where "table" = '{table}' and relation = 'same')
        select kept, nr as giver, p.date, p.date_precision, p.date_from, p.date_to, p.date_meaning
        from member join part_{table} p using (nr) join part_{table} k on k.nr = kept
        where nr = kept or not (p.date_to < k.date_from - interval '{FARTHEST}' or {compiled})
        qualify row_number() over (partition by kept order by {_RANK.format(table=table)},
            p.date_to, p.date_to - p.date_from, nr <> kept, p.src, p.{contract(table).key[0]}) = 1
            and nr <> kept"""
    )
    return base.sql(f"select * from giver_{table} order by kept").to_arrow_table()


def rows(base: DuckDBPyConnection, sources: list[str]) -> DuckDBPyRelation:
    """The rows of `same_as` in order; after `earliest`.

    Args:
        base: the database of `merge.Merge`.
        sources: names by place.
    """
    listed = ", ".join(f"'{source}'" for source in sources)
    queries = []
    for kind, (table, _, date) in KINDS.items():
        gave = f"s.nr in (select giver from giver_{table})" if table in DATED else "false"
        queries.append(
            f"""select '{kind}' as kind, s.id, standing as kept_id, relation,
                s.reason || case when {gave} then '; it gave the date' else '' end as reason,
                {date} as date, {date}_precision as date_precision, {date}_from as date_from,
                {date}_to as date_to, {gave} as gave_date, evidence,
                ([{listed}])[s.src + 1] as source, p.source_id, p.archive_ref
            from same s join part_{table} p using (nr) where s."table" = '{table}'"""
        )
    names = ", ".join(contract("same_as").names)
    return base.sql(
        f"select {names} from ({' union all '.join(queries)}) order by kind, id, source"
    )
