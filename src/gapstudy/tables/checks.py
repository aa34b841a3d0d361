"""Tables held to their contracts, as frames and as columns.

What a contract demands is said once, by `Table.pandera_schema`. `keeps` asks the same of Arrow
columns, fast enough for every row of every table; pandera then names the rows when it says no.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from gapstudy.errors import ContractError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as arrow

    from gapstudy.tables.contract import Column, Table

    Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def validate(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in the contract's types, order of columns and order of rows.

    Raises:
        ContractError: names the table, the column, the rows and a remedy.
    """
    import pyarrow as arrow

    missing = [name for name in table.names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in table.names]
    if missing or extra:
        broken(table, "columns", f"missing {missing}, not in the contract {extra}", [])
    if not frame.columns.is_unique:
        broken(table, "columns", "a name occurs twice", [])
    result = frame[table.names].reset_index(drop=True)
    for item in table.columns:
        try:
            result[item.name] = _typed(item, result[item.name])
        except (ValueError, TypeError, OverflowError) as error:
            broken(table, item.name, f"not {item.kind}: {error}", [])
    result = result.sort_values(list(table.key), kind="stable", ignore_index=True)
    rows = arrow.Table.from_pandas(result, schema=_loose(table), preserve_index=False)
    if not in_order(table, rows):
        _explain(table, result)
    return result


def _loose(table: Table) -> arrow.Schema:
    """The schema with missing values everywhere, so that they can be found and named."""
    import pyarrow as arrow

    return arrow.schema([field.with_nullable(True) for field in table.arrow_schema()])


def _explain(table: Table, frame: pd.DataFrame) -> NoReturn:
    """Say which rows of a frame break the contract."""
    import pandas as pd
    from pandera.errors import SchemaErrors

    try:
        table.pandera_schema().validate(frame, lazy=True)
    except SchemaErrors as error:
        case = error.failure_cases.iloc[0]
        column = case["column"] if pd.notna(case["column"]) else ", ".join(table.key)
        same = error.failure_cases[error.failure_cases["check"] == case["check"]]
        rows = sorted({int(row) for row in same["index"].dropna()})
        broken(
            table, str(column), f"{case['check']} fails for {case['failure_case']!r}", rows, frame
        )
    broken(table, ", ".join(table.key), "the rows are not in the order of the key", [])


def in_order(table: Table, rows: arrow.Table) -> bool:
    """Whether rows in the contract's columns keep it, in the order of their unique keys."""
    if rows.schema.types != table.arrow_schema().types:
        return False
    return keeps(table, rows) and first_out_of_order(table, rows) is None


def grouped(table: Table, batches: Iterable[arrow.Table], size: int) -> Iterator[arrow.Table]:
    """The same rows in the contract's schema, always so many at a time."""
    import pyarrow as arrow

    schema = _loose(table)
    waiting: list[arrow.Table] = []
    count = 0
    for batch in batches:
        if isinstance(batch, arrow.RecordBatch):
            batch = arrow.Table.from_batches([batch])
        if sorted(batch.column_names) != sorted(table.names):
            odd = sorted(set(batch.column_names) ^ set(table.names)) or "a name occurs twice"
            broken(table, "columns", odd, [])
        try:
            waiting.append(batch.select(table.names).cast(schema))
        except (arrow.ArrowException, ValueError) as error:
            raise _error(table, "types", " ".join(str(error).split())) from error
        count += len(batch)
        while count >= size:
            whole = arrow.concat_tables(waiting)
            yield whole.slice(0, size).combine_chunks()
            waiting = [whole.slice(size)]
            count -= size
    if count:
        yield arrow.concat_tables(waiting).combine_chunks()


def checked_piece(table: Table, rows: arrow.Table, last: arrow.Table | None) -> arrow.Table:
    """Check a piece of a table that follows the row `last`; returns its own last row."""
    import pyarrow as arrow

    if not keeps(table, rows):
        _explain(table, as_pandas(table, rows, strict=False))
    keys = rows.select(list(table.key))
    joined = keys if last is None else arrow.concat_tables([last, keys])
    wrong = first_out_of_order(table, joined)
    if wrong is not None:
        shown = joined.slice(wrong - 1, 2).to_pylist()
        what = "uniqueness" if shown[0] == shown[1] else "the order of rows"
        broken(table, ", ".join(table.key), f"{what} fails for {shown[1]}", [])
    return keys.slice(len(keys) - 1)


def as_pandas(table: Table, rows: arrow.Table, *, strict: bool = True) -> pd.DataFrame:
    """Rows as pandas, in the types that columns have when read."""
    kinds = {item.name: item.dtype for item in table.columns}
    frame: pd.DataFrame = rows.to_pandas(date_as_object=False, use_threads=False)
    if not strict:
        return frame
    return frame.astype({column: kinds[column] for column in rows.column_names})


def _typed(item: Column, values: Any) -> Any:
    """Values in the type of their column; a value that this would change is an error."""
    import pandas as pd

    present = values[values.notna()]
    odd = present.iloc[:0]
    if item.kind == "bool" and present.dtype == object:
        odd = present[[not pd.api.types.is_bool(value) for value in present]]
    elif item.kind == "bool":
        odd = present[~present.isin([True, False])]
    elif item.kind == "day" and pd.api.types.is_numeric_dtype(present.dtype):
        odd = present
    elif item.kind == "int":
        number = pd.to_numeric(present)
        odd = present[number != number.round()]
    if len(odd):
        raise ValueError(f"{odd.iloc[0]!r}")
    if item.kind == "bool" and not item.null and len(present) < len(values):
        raise ValueError("a value is missing")
    typed = values.astype(item.dtype)
    if item.kind == "int" and (typed[present.index] != pd.to_numeric(present)).any():
        raise ValueError("a number is too large")
    if item.kind == "day" and (typed.dropna() != typed.dropna().dt.normalize()).any():
        raise ValueError("a value has a time of day")
    return typed


def broken(
    table: Table, column: str, problem: object, rows: list[int], frame: pd.DataFrame | None = None
) -> NoReturn:
    """Stop because a table breaks its contract.

    Args:
        table: the contract.
        column: where it does.
        problem: what is wrong.
        rows: numbers of the rows concerned.
        frame: the table, to show their keys.
    """
    keys = ""
    if rows and frame is not None:
        shown = frame.loc[rows[:5], list(table.key)].to_dict("records")
        keys = f", {len(rows)} rows, first {shown}"
    raise _error(table, column, f"{problem}{keys}")


def _error(table: Table, column: str, problem: str) -> ContractError:
    return ContractError(
        f"table {table.name}, column {column}: {problem}",
        where=f"written by the step {table.writer}",
        remedy=f"The contract is in gapstudy.tables; correct the step {table.writer} or the record",
    )


def keeps(table: Table, rows: arrow.Table) -> bool:
    """Whether all values are allowed; the order and uniqueness of rows is not looked at.

    Args:
        table: the contract.
        rows: in the contract's Arrow schema.
    """
    return len(rows) == 0 or all(_allowed(item, rows[item.name]) for item in table.columns)


def _allowed(item: Column, values: arrow.ChunkedArray) -> bool:
    import pyarrow as arrow
    import pyarrow.compute as pc

    if values.null_count and not item.null:
        return False
    if item.values:
        known = arrow.array(item.values, arrow.string())
        return bool(pc.all(pc.is_in(values.drop_null(), value_set=known)).as_py() is not False)
    if item.form:
        different = values.unique().drop_null()
        matches = pc.match_substring_regex(different, f"^(?:{item.form})$")
        return pc.all(matches).as_py() is not False
    if item.kind == "float" and pc.any(pc.is_nan(values)).as_py():
        return False
    if item.low is None and item.high is None:
        return True
    ends = pc.min_max(values).as_py()
    if ends["min"] is None:
        return True
    return (item.low is None or ends["min"] >= item.low) and (
        item.high is None or ends["max"] <= item.high
    )


def first_out_of_order(table: Table, rows: arrow.Table) -> int | None:
    """Number of the first row whose key is not greater than the one before; None if all are.

    Args:
        table: the contract.
        rows: at least its key columns, without missing values.
    """
    less, _ = neighbours(rows, table.key)
    wrong = (~less).nonzero()[0]
    return int(wrong[0]) + 1 if len(wrong) else None


def neighbours(rows: arrow.Table, names: Sequence[str]) -> tuple[Mask, Mask]:
    """For each row but the last: whether it comes before the next one, and whether it is the same.

    Args:
        rows: without missing values in these columns.
        names: columns to compare, the first counts most.
    """
    import numpy as np
    import pyarrow.compute as pc

    size = max(len(rows) - 1, 0)
    less = np.zeros(size, dtype=bool)
    equal = np.ones(size, dtype=bool)
    for name in names if size else ():
        before, after = rows[name].slice(0, size), rows[name].slice(1)
        less |= equal & pc.less(before, after).to_numpy()
        equal &= pc.equal(before, after).to_numpy()
    return less, equal
