"""What a table's contract says: columns, types, units, key, meaning, writer, origins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from gapstudy.dates import PRECISIONS

if TYPE_CHECKING:
    import pandera.pandas as pa
    import pyarrow

Kind = Literal["text", "int", "float", "bool", "day"]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: its name.
        kind: "text", "int", "float", "bool" or "day" (a calendar day).
        meaning: what a value says, with its unit.
        null: whether it may be missing; missing always means "not known" or "does not apply".
        values: the only values allowed, if it is a closed list.
        low: smallest value allowed.
        high: largest value allowed.
        form: regular expression that the whole text must match.
    """

    name: str
    kind: Kind
    meaning: str
    null: bool = False
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    form: str = ""

    @property
    def dtype(self) -> str:
        """The pandas type that the column has when read."""
        if self.kind == "int":
            return "Int64" if self.null else "int64"
        if self.kind == "bool":
            return "boolean" if self.null else "bool"
        return {"text": "string[pyarrow]", "float": "float64", "day": "datetime64[s]"}[self.kind]


@dataclass(frozen=True)
class Origin:
    """Where the rows of a table come from, so that a number can be traced.

    Attributes:
        table: the table that they were made from.
        on: column of this table -> column of that table; rows agree on all of them. A missing
            value on this side matches every row of that side.
    """

    table: str
    on: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    Attributes:
        name: its name and that of its file.
        meaning: what one row is.
        writer: the step that writes it.
        columns: in their order.
        key: columns that identify a row; rows are stored sorted by them.
        origins: tables that its rows are made from.
    """

    name: str
    meaning: str
    writer: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    origins: tuple[Origin, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the columns in order."""
        return [column.name for column in self.columns]

    def arrow_schema(self) -> pyarrow.Schema:
        """The Arrow schema that the Parquet file has."""
        import pyarrow as arrow

        kinds = {
            "text": arrow.string(), "int": arrow.int64(), "float": arrow.float64(),
            "bool": arrow.bool_(), "day": arrow.date32(),
        }  # fmt: skip
        return arrow.schema(
            [arrow.field(item.name, kinds[item.kind], nullable=item.null) for item in self.columns]
        )

    def pandera_schema(self) -> pa.DataFrameSchema:
        """The same contract as a pandera schema for a frame read with `read_table`."""
        import pandera.pandas as pa

        columns = {}
        for item in self.columns:
            checks = []
            if item.values:
                checks.append(pa.Check.isin(list(item.values)))
            if item.low is not None:
                checks.append(pa.Check.ge(item.low))
            if item.high is not None:
                checks.append(pa.Check.le(item.high))
            if item.form:
                checks.append(pa.Check.str_matches(f"^(?:{item.form})$"))
            columns[item.name] = pa.Column(
                item.dtype, checks=checks, nullable=item.null, description=item.meaning
            )
        return pa.DataFrameSchema(
            columns, strict=True, ordered=True, unique=list(self.key) or None, name=self.name
        )


def text(
    name: str, meaning: str, *, null: bool = False, values: tuple[str, ...] = (), form: str = ""
) -> Column:
    """A text column."""
    return Column(name, "text", meaning, null=null, values=values, form=form)


def number(
    name: str,
    meaning: str,
    *,
    null: bool = False,
    low: float | None = None,
    high: float | None = None,
) -> Column:
    """A floating-point column."""
    return Column(name, "float", meaning, null=null, low=low, high=high)


def count(
    name: str, meaning: str, *, null: bool = False, low: float | None = 0, high: float | None = None
) -> Column:
    """An integer column, not negative unless said."""
    return Column(name, "int", meaning, null=null, low=low, high=high)


def flag(name: str, meaning: str, *, null: bool = False) -> Column:
    """A yes-or-no column."""
    return Column(name, "bool", meaning, null=null)


def day(name: str, meaning: str, *, null: bool = False) -> Column:
    """A column of calendar days."""
    return Column(name, "day", meaning, null=null)


def country(name: str, meaning: str) -> Column:
    """An ISO 3166-1 alpha-2 column; missing is unknown."""
    return Column(name, "text", meaning + " (ISO 3166-1 alpha-2)", null=True, form="[A-Z]{2}")


def dated(name: str, meaning: str, *, null: bool = False) -> tuple[Column, ...]:
    """The four columns of a date: text, precision, first and last possible day."""
    return (
        text(
            name,
            f"{meaning}; ISO text to its precision",
            null=null,
            form=r"\d{4}(-\d{2}(-\d{2})?)?",
        ),
        text(f"{name}_precision", f"precision of {name}", null=null, values=PRECISIONS),
        day(f"{name}_from", f"first day that {name} can mean", null=null),
        day(f"{name}_to", f"last day that {name} can mean", null=null),
    )


def share(name: str, meaning: str, *, null: bool = False) -> Column:
    """A column of shares or probabilities, 0 to 1."""
    return Column(name, "float", meaning, null=null, low=0.0, high=1.0)


PROVENANCE = (
    text("source", "name of the source that gave the row"),
    text("source_id", "the row's identifier at the source"),
    text("archive_ref", "stored response it came from: SOURCE:SHA256#ROW"),
)
