"""Versions of items, one after the other -> each item once, in its newest version.

An item that comes again unchanged keeps the response and time at which this version of it was first
retrieved; a changed one takes the new. `first_seen` stays. Where an address always answers with the
whole state, an item goes when the newest answers of all addresses lack it; if it comes back later
it is new.

The fold can begin with the table that an earlier one left: the result is the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as arrow
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from gapstudy.collect.parse import Answer
from gapstudy.tables.checks import neighbours

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_KEY = ("archive_ref", "sequence")
_FOR_EVER = 2**62
_BATCH = 1 << 15

# What was there before, for the items that may change now.
_SEEDS = """
create temp table seed as
select item, any_value(first_seen) as first_seen, any_value(retrieved) as retrieved,
       md5(string_agg("table" || chr(31) || problem || chr(31) || record || chr(30), ''
                      order by sequence)) as digest
from read_parquet($old)
where item in (select item from version union all select item from ending)
group by item
"""
# From which number to which the answers carry an item; gaps in between make islands.
_SPANS = """
create temp table span as
with every as (
    select item, number as b, e, digest, retrieved, retrieved as first_seen from version
    union all
    select item, -1, coalesce(max(ending.e), $forever), any_value(digest),
           any_value(retrieved), any_value(first_seen)
    from seed left join ending using (item) group by item
),
gaps as (
    select *, b > max(e) over earlier as gap, max(e) over (partition by item) as last from every
    window earlier as (partition by item order by b
                       rows between unbounded preceding and 1 preceding)
),
islands as (
    select *, count(*) filter (gap) over (partition by item order by b) as island,
           count(*) filter (gap) over (partition by item) as islands
    from gaps
)
select item, b, digest, first_seen from islands where last = $forever and island = islands
"""
_WINNERS = """
create temp table winner as
with changes as (
    select *, digest is distinct from lag(digest) over (partition by item order by b) as changed
    from span
)
select item, max(b) filter (changed) as number, arg_min(first_seen, b) as first_seen
from changes group by item
"""
_NEW = """
select archive_ref, sequence, item, winner.first_seen, retrieved, "table", problem, record
from read_parquet($chunks) join winner using (item, number)
order by archive_ref, sequence, item
"""


@dataclass
class Folded:
    """The result of a fold.

    Attributes:
        rows: of the raw table, sorted by its key, in pieces.
        carried: address and item of each newest answer; empty where answers add up.
    """

    rows: Iterator[arrow.Table]
    carried: arrow.Table


def fold(
    base: DuckDBPyConnection,
    chunks: Sequence[Path],
    answers: Sequence[Answer],
    *,
    whole: bool,
    old: Path | None = None,
    carried: Path | None = None,
) -> Folded:
    """Fold what new responses gave into what there was.

    Args:
        base: an empty database.
        chunks: what `parse.read_chunk` wrote.
        answers: what the new responses gave; those with a problem do not count.
        whole: whether an address always answers with the whole state.
        old: raw table of the responses before them; None when there were none.
        carried: `Folded.carried` of those, for `whole`.
    """
    good = [answer for answer in answers if not answer.problem]
    base.register(
        "answer",
        arrow.table({
            "number": arrow.array([answer.number for answer in good], arrow.int64()),
            "url": arrow.array([answer.url for answer in good], arrow.string()),
        }),
    )  # fmt: skip
    given = {"chunks": [str(path) for path in chunks], "forever": _FOR_EVER}
    base.execute(
        """create temp table version as
        with ends as (select number, url, coalesce(lead(number) over (
            partition by url order by number), $forever) as e from answer)
        select number, url, item, digest, retrieved, case when $whole then e else $forever end as e
        from read_parquet($chunks) join ends using (number) where first""",
        {**given, "whole": whole},
    )
    kept = arrow.table({"url": arrow.array([], arrow.string()),
                        "item": arrow.array([], arrow.string())})  # fmt: skip
    if whole and carried is not None:
        kept = parquet.read_table(carried, use_threads=False)
    base.register("kept", kept)
    base.execute(
        """create temp table ending as
        select item, max(coalesce(e, $forever)) as e
        from kept left join (select url, min(number) as e from answer group by url) using (url)
        group by item having max(coalesce(e, $forever)) < $forever or
            item in (select item from version)""",
        {"forever": _FOR_EVER},
    )
    if old is not None:
        base.execute(_SEEDS, {"old": str(old)})
    else:
        base.execute("create temp table seed (item text, first_seen text, retrieved text, "
                     "digest text)")  # fmt: skip
    base.execute(_SPANS, {"forever": _FOR_EVER})
    base.execute(_WINNERS)
    gone = base.sql(
        "select item from seed where item not in (select item from winner where number = -1)"
    ).to_arrow_table()["item"]
    now = base.sql(
        """select url, item from version where $whole and e = $forever
        union all
        select url, item from kept where url not in (select url from answer)
        order by url, item""",
        params={"whole": whole, "forever": _FOR_EVER},
    ).to_arrow_table()
    # Last: another query would end its stream.
    new = base.sql(_NEW, params={"chunks": given["chunks"]}).to_arrow_reader(_BATCH)
    return Folded(_merged(_stay(old, gone), _tables(new)), now)


def _tables(reader: arrow.RecordBatchReader) -> Iterator[arrow.Table]:
    for batch in reader:
        yield arrow.Table.from_batches([batch])


def _stay(old: Path | None, gone: arrow.ChunkedArray) -> Iterator[arrow.Table]:
    """The rows of the old table whose items stay as they are."""
    if old is None:
        return
    with parquet.ParquetFile(old) as file:
        for batch in file.iter_batches(_BATCH, use_threads=False):
            # Without what the file says of missing values: the new rows do not say it.
            rows = arrow.table({name: batch[name] for name in batch.schema.names})
            stay = rows.filter(pc.invert(pc.is_in(rows["item"], value_set=gone)))
            if len(stay):
                yield stay


def _merged(one: Iterator[arrow.Table], other: Iterator[arrow.Table]) -> Iterator[arrow.Table]:
    """Two sorted streams as one; of rows with the same key the first stays.

    The same bytes under two addresses can give different items at the same place.
    """
    last: arrow.Table | None = None
    for rows in _interleaved(one, other):
        joined = rows if last is None else arrow.concat_tables([last, rows])
        _, same = neighbours(joined, _KEY)
        again = np.r_[False, same] if last is None else same
        last = rows.slice(len(rows) - 1)
        yield rows.filter(arrow.array(~again))


def _interleaved(one: Iterator[arrow.Table], other: Iterator[arrow.Table]) -> Iterator[arrow.Table]:
    waiting: arrow.Table | None = next(other, None)
    for rows in one:
        parts = [rows]
        end = [rows[name][len(rows) - 1] for name in _KEY]
        while waiting is not None:
            before = pc.or_(
                pc.less(waiting["archive_ref"], end[0]),
                pc.and_(pc.equal(waiting["archive_ref"], end[0]),
                        pc.less_equal(waiting["sequence"], end[1])),
            )  # fmt: skip
            count = pc.sum(before).as_py()
            parts.append(waiting.slice(0, count))
            if count < len(waiting):
                waiting = waiting.slice(count)
                break
            waiting = next(other, None)
        yield arrow.concat_tables(parts, promote_options="permissive").sort_by(
            [(name, "ascending") for name in (*_KEY, "item")]
        )
    if waiting is not None:
        yield waiting
    yield from other
