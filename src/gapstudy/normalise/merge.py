"""Parts of all sources -> the rows of each core table that stand, in order.

The sources have an order. Of records of different sources with the same key that of the first
source stands and the others are merged into it in silence; within one source the others go to
quarantine, and the first by (`item`, `sequence`) stands. Papers, products and patents are one also
where their keys differ (see `same`). A table is settled by DuckDB on the few columns that matter;
the rows are then read from the parts in the order found, so memory does not grow with texts.
"""

# ruff: noqa: S608  # the SQL is made of names of our own tables, columns and sources

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as arrow

from gapstudy.normalise import same
from gapstudy.normalise.gather import SHIFT, Gather, Numbers
from gapstudy.normalise.papers import same_papers
from gapstudy.normalise.parts import ORDER, QUARANTINE, empty, files
from gapstudy.normalise.rules import NOT_NEEDED, POINTS_TO, RULES, TWICE, told
from gapstudy.normalise.same_patents import same_patents
from gapstudy.normalise.same_products import same_products
from gapstudy.regions import is_code
from gapstudy.tables import contract
from gapstudy.tables.checks import neighbours

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Rows that are read at a time.
_PIECE = 1 << 14
_WIDER = frozenset({"EU27", "EU28", "EU", "EUROPE", "WORLD"})


@dataclass
class Standing:
    """The rows of a table that stand, in the order of its key.

    Attributes:
        numbers: of the rows; see `gather`.
        places: of their sources.
        codes: column that points to another table -> place there, missing where it points nowhere.
        dates: of rows whose date comes from another record; see `same.earliest`.
    """

    numbers: Numbers
    places: arrow.Array
    codes: dict[str, arrow.Array]
    dates: arrow.Table | None = None


class Merge:
    """The core tables while they are made.

    In the database there are, for each table, a view `part_<table>` of all its rows, with `nr` (the
    number of the row) and `src` (place of its source); and for those that others point to a table
    `id_<table>` of the identifiers (name; code: place of the row that stands for it). `gone` holds
    the rows that do not stand with the reason, which is missing for those merged in silence.

    Args:
        base: an empty database.
        folder: `data/processed/parts`.
        wanted: source -> keys of its parts, in the order of the study.
    """

    def __init__(
        self, base: DuckDBPyConnection, folder: Path, wanted: Mapping[str, Sequence[str]]
    ) -> None:
        self.base = base
        self.sources = list(wanted)
        self.standing: dict[str, Standing] = {}
        self.names: dict[str, arrow.Array] = {}
        self._files: dict[str, list[tuple[str, Path]]] = {}
        base.execute('create temp table gone ("table" text, nr bigint, src int, reason text)')
        same.prepare(base)
        for table in (*ORDER, QUARANTINE):
            self._view(table, files(folder, wanted, table))
        for table in ORDER:
            self._settle(table)
        self.moved = self._moved()

    def _view(self, table: str, found: list[tuple[str, Path]]) -> None:
        self._files[table] = found
        if not found:
            self.base.register(f"empty_{table}", empty(table))
            select = f'select 0::bigint as nr, 0::int as src, * from "empty_{table}"'
        else:
            paths = ", ".join("'" + str(path).replace("'", "''") + "'" for _, path in found)
            places = ", ".join(str(self.sources.index(source)) for source, _ in found)
            select = f"""select (file_index::bigint << {SHIFT}) + file_row_number as nr,
                ([{places}]::int[])[file_index::bigint + 1] as src, *
                from read_parquet([{paths}])"""
        self.base.execute(f'create temp view "part_{table}" as {select}')

    # Which rows stand.

    def _settle(self, table: str) -> None:
        terms = contract(table)
        points = POINTS_TO.get(table, {})
        if table == "papers":
            same_papers(self.base, *TWICE)
        if table == "products":
            same_products(self.base, self.sources, *TWICE)
        if table == "patents":
            same_patents(self.base, *TWICE)
        if table == "indicators":
            self._no_places()
        rules = RULES.get(table, [])
        plain = dict.fromkeys(
            name for name in (*terms.key, *(column for rule in rules for column in rule[2]))
            if name not in points
        )  # fmt: skip
        columns = [f'p."{name}"' for name in plain]
        columns += [f'i_{name}.code as "{name}", p."{name}" is not null as given_{name}'
                    for name in points]  # fmt: skip
        joins = [f'left join "id_{target}" i_{name} on p."{name}" = i_{name}.name'
                 for name, target in points.items()]  # fmt: skip
        parent = terms.key[0] if terms.key[0] in points else ""
        if parent:
            columns.append(f"i_{parent}.own as own")
        self.base.execute(
            f"create temp table k as select nr, src, {', '.join(columns)} "
            f'from "part_{table}" p {" ".join(joins)}'
        )
        for name, target in points.items():
            if (table, name) not in NOT_NEEDED:
                what = f"{name} '{{it}}' is not in the table {target}"
                reason = told(what, "Add it there, or correct the identifier", it=f'"{name}"')
                self._drop(table, f'"{name}" is null and given_{name}', reason)
        for broken, reason, _ in rules:
            self._drop(table, broken, reason)
        if parent and terms.key[-1] == "position":
            self._one_origin(table)
        keys = ", ".join(f'"{name}"' for name in terms.key)
        more = [f'"{name}"' for name in points if name not in terms.key]
        more.append(f'coalesce(own <> "{parent}", false) as moved' if parent else "false as moved")
        left = f"select nr from gone where \"table\" = '{table}'"
        order = self.base.sql(
            f"select nr, src::tinyint as src, {keys}, {', '.join(more)} from k "
            f"where nr not in ({left}) order by {keys}, nr"
        ).to_arrow_table()
        order = self._once(table, order)
        self.base.execute("drop table k")
        self.standing[table] = Standing(
            order["nr"].to_numpy(), order["src"].combine_chunks(),
            {name: order[name].combine_chunks() for name in points},
            same.earliest(self.base, table) if table in same.DATED else None,
        )  # fmt: skip
        if table in {target for targets in POINTS_TO.values() for target in targets.values()}:
            self._identify(table, order[terms.key[0]].combine_chunks())

    def _drop(self, table: str, broken: str, reason: str) -> None:
        """Put rows for which a condition on `k` holds into `gone`; the reason is for the part."""
        self.base.execute(
            f"""insert into gone select '{table}', nr, src, {reason} from "part_{table}"
            where nr in (select nr from k where ({broken})
                and nr not in (select nr from gone where "table" = '{table}'))"""
        )

    def _once(self, table: str, order: arrow.Table) -> arrow.Table:
        """Of several rows with the same key only the one that stands.

        Where a row was moved here from a record merged away, no source has said a thing twice: the
        earliest offer of a product stands, and nothing is told.
        """
        key = contract(table).key
        _, same = neighbours(order, key)
        if not same.any():
            return order
        among = np.r_[False, same] | np.r_[same, False]
        numbers = order["nr"].filter(arrow.array(among))
        # Rows of one key follow each other: the group is the number of keys before.
        group = np.cumsum(~np.r_[False, same])[among]
        moved = order["moved"].filter(arrow.array(among))
        self.base.register(
            "twice", arrow.table({"nr": numbers, "grp": arrow.array(group), "moved": moved})
        )
        offers = "status <> 'available', date_to, date_from, "
        first = (
            f"case when any_moved then ({offers[:-2]}) end, "
            if "status" in contract(table).names
            else ""
        )
        shown = " || ', ' || ".join(f'"{name}"::text' for name in key)
        self.base.execute(
            f"""insert into gone
            select '{table}', nr, src,
                case when src = first_src and not any_moved then {told(*TWICE, it=shown)} end
            from (select *, first(src) over best as first_src, row_number() over best as nth
                from (select *, bool_or(moved) over (partition by grp) as any_moved
                    from "part_{table}" join twice using (nr))
                window best as (partition by grp order by src, {first}item, sequence))
            where nth > 1"""
        )
        lost = self.base.sql(
            f"select nr from gone where \"table\" = '{table}' order by nr"
        ).to_arrow_table()["nr"]
        return order.filter(arrow.compute.invert(arrow.compute.is_in(order["nr"], value_set=lost)))

    def _one_origin(self, table: str) -> None:
        """Rows with a position belong together: of one parent, those of one source and record."""
        shared = len({source for source, _ in self._files[table]}) > 1
        ((merged,),) = self.base.execute("select count(*) from same").fetchall()
        if not shared and not merged:
            return
        parent, *groups = contract(table).key[:-1]
        keys = ", ".join(f'"{name}"' for name in (parent, *groups))
        # Of one source, the standing record's own rows before those of records merged into it.
        self.base.execute(
            f"""insert into gone
            with every as (
                select nr, src, {keys}, (src::bigint << 42)
                    + case when own = "{parent}" then 0 else (own::bigint + 1) end as origin
                from k where "{parent}" is not null),
            chosen as (
                select {keys}, min(origin) as best from every group by {keys}
                having min(origin) <> max(origin))
            select '{table}', nr, src, null from every join chosen using ({keys})
            where origin <> best"""
        )

    def _no_places(self) -> None:
        geos = self.base.sql("select distinct geo from part_indicators").to_arrow_table()["geo"]
        wrong = [geo for geo in geos.to_pylist() if geo not in _WIDER and not is_code(geo)]
        self.base.register("no_place", arrow.table({"geo": arrow.array(wrong, arrow.string())}))

    def _identify(self, table: str, names: arrow.Array) -> None:
        """Make `id_<table>`: `own` is the place of a record merged away, after all that stand."""
        self.names[table] = names
        size = len(names)
        self.base.register(
            f"names_{table}",
            arrow.table({"name": names, "code": arrow.array(np.arange(size, dtype=np.int32))}),
        )
        self.base.execute(
            f"""create temp table "id_{table}" as
            select name, code, code as own from "names_{table}"
            union all
            select id, code, ({size} + row_number() over (order by id))::int
            from (select distinct id, standing from same
                where "table" = '{table}' and relation = 'same'
                    and id not in (select name from "names_{table}"))
            join "names_{table}" n on standing = n.name"""
        )

    # The rows themselves.

    def rows(self, table: str) -> Iterator[arrow.Table]:
        """The rows of a table that stand, in its order and columns, in pieces.

        `organisation_id` is missing: it is not known yet.
        """
        terms = contract(table)
        standing = self.standing[table]
        points = POINTS_TO.get(table, {})
        sources = arrow.array(self.sources, arrow.string())
        columns = [
            name for name in terms.names if name not in {"source", "organisation_id", *points}
        ]
        moved = self.moved if table == "labelled_pairs" else {}
        with Gather([path for _, path in self._files[table]], columns) as gather:
            for start, rows in gather.pieces(standing.numbers, _PIECE):
                size = len(rows)
                made = {name: rows[name] for name in columns}
                if standing.dates:
                    made |= _dated(made, standing.numbers[start : start + size], standing.dates)
                if moved:
                    ends = zip(rows["target_type"].to_pylist(), rows["target_id"].to_pylist(),
                               strict=True)  # fmt: skip
                    made["target_id"] = arrow.array([moved.get(end, end[1]) for end in ends])
                made["source"] = sources.take(standing.places.slice(start, size))
                made["organisation_id"] = arrow.nulls(size, arrow.string())
                for name, target in points.items():
                    made[name] = self.names[target].take(standing.codes[name].slice(start, size))
                yield arrow.table({name: made[name] for name in terms.names})

    def _moved(self) -> dict[tuple[str, str], str]:
        """Targets of labelled pairs merged away -> identifier of the record that stands."""
        found = self.base.execute(
            """select distinct "table", id, standing
            from same join part_labelled_pairs on id = target_id and "table" = target_type || 's'
            where same.relation = 'same' and id <> standing"""
        ).fetchall()
        return {(table[:-1], name): standing for table, name, standing in found}

    def same_as(self) -> Iterator[arrow.Table]:
        """The rows of the table `same_as`, in pieces."""
        for batch in same.rows(self.base, self.sources).to_arrow_reader(_PIECE):
            yield arrow.Table.from_batches([batch])

    def merged(self) -> dict[str, int]:
        """Papers of each source that are the same as one of an earlier source."""
        rows = self.base.execute(
            """select src, count(*) from same where "table" = 'papers' and src <> kept_src
            group by src"""
        ).fetchall()
        return {self.sources[src]: count for src, count in rows}


def _dated(
    rows: dict[str, arrow.Array], numbers: Numbers, dates: arrow.Table
) -> dict[str, arrow.Array]:
    """The columns of the date, with those that come from another record put in."""
    known = dates["kept"].to_numpy()
    _, here, there = np.intersect1d(numbers, known, assume_unique=True, return_indices=True)
    if not len(here):
        return {}
    take = np.full(len(numbers), -1, dtype=np.int64)
    take[here] = there
    given = dates.select(list(same.DATE)).take(arrow.array(take, mask=take < 0))
    mine = arrow.array(take >= 0)
    return {name: arrow.compute.if_else(mine, given[name], rows[name]) for name in same.DATE}
