"""Columns of records -> the typed columns that a table's contract asks for, or the reason why not.

Each column is converted whole. What a single value becomes is one small function per kind of
column; it is called once for every different value. Plain texts, which are mostly different, are
trimmed by Arrow.
"""

from __future__ import annotations

import contextlib
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as arrow
import pyarrow.compute as pc

from gapstudy.dates import PartialDate, parse_date
from gapstudy.errors import RecordError
from gapstudy.regions import country_code
from gapstudy.tables.contract import PROVENANCE, Column, Table

#: An Arrow array, or a sequence of plain values.
Values: TypeAlias = Any

#: What Python takes for white space; Arrow's own idea of it differs in a few characters.
_BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_BLANKS_PATTERN = "[" + "".join(rf"\x{{{ord(char):x}}}" for char in _BLANKS) + "]+"
_BIGGEST = 2**63 - 1
_PROVENANCE = frozenset(column.name for column in PROVENANCE)


class Fault(NamedTuple):
    """What is wrong with one record.

    Attributes:
        row: its number among the rows given, 0 is the first.
        reason: what is wrong and what to do.
        kept: whether the record is used all the same, without the faulty value.
    """

    row: int
    reason: str
    kept: bool


@dataclass
class Typed:
    """Rows in the types of their contract.

    Attributes:
        table: all columns of the contract but `source` and `archive_ref`; the records that can be.
        rows: number, among the rows given, of each of them.
        faults: by row; at most one per record that cannot be a row.
    """

    table: arrow.Table
    rows: np.ndarray[Any, Any]
    faults: list[Fault] = field(default_factory=list)


#: Columns that no source gives: a later part of this stage fills them; until then they hold this.
LATER = {("patents", "family_first"): True}


def typed_columns(terms: Table, columns: Mapping[str, Values], size: int) -> Typed:
    """Turn columns of records into columns of a table.

    Dates bring their precision and interval. A country that is not one is a fault of that value
    alone: the row stays, with the country unknown. Everything else that cannot be is a fault of
    the record; of several the first in the contract's order of columns is told. `source_id` is
    made of the key.

    Args:
        terms: the contract.
        columns: name -> values, as plain JSON types or an Arrow array; names not in the contract
            are ignored, absent ones are missing in every record.
        size: number of records.
    """
    made: dict[str, arrow.Array] = {}
    lost: dict[int, str] = {}
    odd: list[Fault] = []
    names = set(terms.names)
    for item in terms.columns:
        if item.name in _PROVENANCE or item.name in made:
            continue
        values = columns.get(item.name)
        if (terms.name, item.name) in LATER:
            values = arrow.repeat(LATER[terms.name, item.name], size)
        elif values is None:
            values = arrow.nulls(size)
        elif isinstance(values, arrow.ChunkedArray):
            values = values.combine_chunks()
        if f"{item.name}_precision" in names:
            precisions = columns.get(f"{item.name}_precision")
            _dated(item, values, precisions, made, lost)
        elif _is_country(item):
            unknown: dict[int, str] = {}
            made[item.name] = _each(values, _country(item), arrow.string(), unknown)
            odd += [Fault(row, reason, True) for row, reason in unknown.items()]
        elif item.kind == "text" and not item.values and not item.form:
            made[item.name] = _text(item, values, lost)
            if item.name == terms.key[0]:
                _need(item, made[item.name], lost)
        else:
            kind = terms.arrow_schema().field(item.name).type
            made[item.name] = _each(values, _single(item), kind, lost)
    parts = [made[name].cast(arrow.string()) for name in terms.key]
    if "source_id" in names:
        made["source_id"] = pc.binary_join_element_wise(*parts, "/")
    table = arrow.table({name: made[name] for name in terms.names if name in made})
    rows = np.arange(size)
    faults = [Fault(row, reason, False) for row, reason in lost.items()]
    if lost:
        rows = np.delete(rows, list(lost))
        table = table.take(arrow.array(rows))
    faults += [fault for fault in odd if fault.row not in lost]
    return Typed(table, rows, sorted(faults))


def _is_country(item: Column) -> bool:
    return item.name.endswith("country") and item.null


def _each(
    values: Values, convert: Callable[[Any], Any], kind: arrow.DataType, reasons: dict[int, str]
) -> arrow.Array:
    """Every value converted, each different one once; the reason of a row that has one stays."""
    unique, codes = _encode(values)
    results: list[Any] = []
    wrong: dict[int, str] = {}
    for code, value in enumerate(unique):
        try:
            results.append(convert(value))
        except RecordError as error:
            results.append(None)
            wrong[code] = str(error)
    if wrong:
        for row in np.flatnonzero(np.isin(codes, list(wrong))):
            reasons.setdefault(int(row), wrong[int(codes[row])])
    return arrow.array(results, kind).take(arrow.array(codes))


def _encode(values: Values) -> tuple[list[Any], np.ndarray[Any, Any]]:
    """Different values, the last of them None, and the number of its value for each row."""
    if not isinstance(values, arrow.Array):
        try:
            # A list of one type only: Arrow would make 1 and 1.5 the same type, and True a number.
            kinds = {type(value) for value in values}
            if len(kinds - {type(None)}) > 1:
                raise arrow.ArrowInvalid("several types")
            values = arrow.array(values)
        except (arrow.ArrowInvalid, arrow.ArrowTypeError, OverflowError, UnicodeError):
            return _encode_any(values)
    try:
        encoded = values.dictionary_encode()
    except (arrow.ArrowNotImplementedError, arrow.ArrowInvalid):
        return _encode_any(values.to_pylist())
    unique = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(len(unique)).to_numpy(zero_copy_only=False)
    return [*unique, None], codes


def _encode_any(values: Sequence[Any]) -> tuple[list[Any], np.ndarray[Any, Any]]:
    known: dict[Any, int] = {}
    unique: list[Any] = []
    codes = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        mark = (type(value), repr(value) if isinstance(value, list | dict) else value)
        if mark not in known:
            known[mark] = len(unique)
            unique.append(value)
        codes[row] = known[mark]
    return [*unique, None], codes


def _text(item: Column, values: Values, reasons: dict[int, str]) -> arrow.Array:
    """Plain text: trimmed; white space inside names and titles made single blanks."""
    if not isinstance(values, arrow.Array):
        # Where not all of them are texts, they stay a list.
        with contextlib.suppress(arrow.ArrowInvalid, arrow.ArrowTypeError, UnicodeError):
            values = arrow.array(values, arrow.string())
    if not isinstance(values, arrow.Array) or not (
        arrow.types.is_string(values.type) or arrow.types.is_null(values.type)
    ):
        values = _each(values, _as_text(item), arrow.string(), reasons)
    if arrow.types.is_null(values.type):
        values = values.cast(arrow.string())
    if item.name in {"title", "name"}:
        values = pc.replace_substring_regex(values, _BLANKS_PATTERN, " ")
    values = pc.utf8_trim(values, _BLANKS)
    if not item.null:
        return values.fill_null("")
    return pc.if_else(pc.equal(values, ""), arrow.scalar(None, arrow.string()), values)


def _need(item: Column, values: arrow.Array, reasons: dict[int, str]) -> None:
    for row in np.flatnonzero(pc.equal(values, "").to_numpy(zero_copy_only=False)):
        reasons.setdefault(int(row), str(RecordError(f"{item.name} is missing")))


def _dated(
    item: Column,
    values: Values,
    precisions: Values | None,
    made: dict[str, arrow.Array],
    reasons: dict[int, str],
) -> None:
    """The four columns of a date."""
    dates: dict[Any, PartialDate | None] = {}

    def convert(value: Any) -> str | None:
        value = value.strip() if isinstance(value, str) else value
        if not value:
            if not item.null:
                raise RecordError(f"{item.name} is missing")
            return None
        date = parse_date(str(value))
        dates[date.text] = date
        return date.text

    texts = _each(values, convert, arrow.string(), reasons)
    encoded = texts.dictionary_encode()
    found = [dates[text] for text in encoded.dictionary.to_pylist()]

    def spread(part: Sequence[Any], kind: arrow.DataType) -> arrow.Array:
        return arrow.array(part, kind).take(encoded.indices)

    name = item.name
    made[name] = texts
    precision = spread([date.precision for date in found if date], arrow.string())
    made[f"{name}_precision"] = precision
    made[f"{name}_from"] = spread([date.first for date in found if date], arrow.date32())
    made[f"{name}_to"] = spread([date.last for date in found if date], arrow.date32())
    if precisions is None:
        return
    said = _each(precisions, lambda value: str(value) if value else None, arrow.string(), {})
    differs = pc.fill_null(pc.not_equal(said, precision), False)
    for row in np.flatnonzero(differs.to_numpy(zero_copy_only=False)):
        text = f"{name} {texts[row].as_py()!r} is not of the precision {said[row].as_py()!r}"
        reasons.setdefault(int(row), str(RecordError(text)))


def _country(item: Column) -> Callable[[Any], str | None]:
    def convert(value: Any) -> str | None:
        value = value.strip() if isinstance(value, str) else value
        code = country_code(str(value)) if value else None
        if value and code is None:
            raise RecordError(f"{item.name}: {value!r} is not a country known to us")
        return code

    return convert


def _as_text(item: Column) -> Callable[[Any], str | None]:
    def convert(value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, list | dict):
            raise RecordError(f"{item.name}: {value!r} is not text")
        return str(value).encode("utf-8", "replace").decode()

    return convert


def _single(item: Column) -> Callable[[Any], Any]:
    """The function that converts one value of a column with a type or a closed list."""

    def convert(value: Any) -> Any:
        value = value.strip() if isinstance(value, str) else value
        converted = None if value is None or value == "" else _checked(item, value)
        if converted is None and not item.null:
            raise RecordError(f"{item.name} is missing")
        return converted

    return convert


def _checked(item: Column, value: Any) -> Any:
    try:
        converted = _convert(item, value)
    except (ValueError, TypeError, OverflowError) as error:
        raise RecordError(f"{item.name}: {value!r} is not {item.kind}") from error
    if item.values and converted not in item.values:
        raise RecordError(f"{item.name}: {value!r} is not one of {', '.join(item.values)}")
    if item.form and not re.fullmatch(item.form, converted, re.ASCII):
        raise RecordError(f"{item.name}: {value!r} is not of the form {item.form}")
    if item.kind in {"int", "float"} and converted is not None:
        most = _BIGGEST if item.kind == "int" else sys.float_info.max
        low = -most if item.low is None else item.low
        high = most if item.high is None else item.high
        if not low <= converted <= min(high, most):
            raise RecordError(f"{item.name}: {value!r} is out of range")
    return converted


def _convert(item: Column, value: Any) -> Any:
    if item.kind == "int":
        if isinstance(value, float) and not value.is_integer():
            raise ValueError(value)
        return int(value)
    if item.kind == "float":
        number = float(value)
        return None if math.isnan(number) else number
    if item.kind == "bool":
        if not isinstance(value, bool):
            raise TypeError(value)
        return value
    if item.kind == "day":
        date = parse_date(str(value))
        if date.precision != "day":
            raise ValueError(value)
        return date.first
    return str(value)
