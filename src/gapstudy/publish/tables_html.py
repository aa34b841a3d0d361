"""A table of results as HTML: sortable by a small script of ours, whole without it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from gapstudy.publish import values
from gapstudy.publish.escape import html_text
from gapstudy.publish.html import day_html, no_data, traced
from gapstudy.publish.results import Results, records
from gapstudy.tables import Column, contract

#: Columns whose value is printed with the interval of the columns low and high.
_ESTIMATES = ("estimate", "value", "expected", "observed")
#: Classes of text columns by the longest text in them, characters.
_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
_WIDTHS = {"wide": 34, "medium": 18}


@dataclass(frozen=True)
class Look:
    """How a table is shown.

    Attributes:
        columns: column -> heading, in order.
        sort: columns to sort by, "-" before a name for descending.
        limit: rows to show at most.
        units: column -> unit, where the contract does not say it.
        label: what the table is; by default the meaning in its contract.
    """

    columns: Mapping[str, str]
    sort: tuple[str, ...] = ()
    limit: int | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    label: str = ""


def table_html(results: Results, name: str, where: Mapping[str, object] | None, look: Look) -> str:
    """Rows of one table.

    Args:
        results: the study's tables.
        name: the table.
        where: rows to take, as in `Results.rows`.
        look: columns and order.

    Raises:
        UnknownNameError: no table or column is called so.
    """
    frame = results.rows(name, where)
    by_name = {item.name: item for item in contract(name).columns}
    frame = frame[[*by_name]]
    label = look.label or contract(name).meaning.rstrip(".")
    if frame.empty:
        return no_data(label[0].lower() + label[1:])
    if look.sort:
        names = [item.lstrip("-") for item in look.sort]
        rising = [not item.startswith("-") for item in look.sort]
        frame = frame.sort_values(names, ascending=rising, kind="stable", ignore_index=True)
    shown = frame if look.limit is None else frame.head(look.limit)
    if "note" in look.columns and not any(shown["note"].fillna("")):
        # A column of remarks that has none only takes room.
        rest = {name: heading for name, heading in look.columns.items() if name != "note"}
        look = replace(look, columns=rest)
    head = "".join(
        f'<th scope="col"{_class(by_name[column], shown)} '
        f'title="{html_text(by_name[column].meaning)}">{html_text(heading)}</th>'
        for column, heading in look.columns.items()
    )
    body = "\n".join(
        "<tr>" + "".join(_cells(results, name, row, by_name, look)) + "</tr>"
        for row in records(shown)
    )
    more = ""
    if len(shown) < len(frame):
        more = f"The first {len(shown):,} of {len(frame):,} rows. "
    return (
        f'<div class="table-box"><div class="table-scroll" role="group" tabindex="0" '
        f'aria-label="{html_text(label)}">\n'
        f'<table class="data sortable" data-quarto-disable-processing="true">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>\n"
        f'<p class="download">{more}<a href="data/{name}.csv" download>'
        f"All rows and columns (CSV)</a></p></div>"
    )


def _class(column: Column, frame: pd.DataFrame) -> str:
    if column.kind in {"int", "float"}:
        return ' class="figure"'
    if column.kind != "text":
        return ""
    texts = frame[column.name].dropna()
    longest = max((len(values.label(column.name, text)) for text in texts), default=0)
    return next((f' class="{name}"' for name, least in _WIDTHS.items() if longest > least), "")


def _cells(
    results: Results, name: str, row: dict[str, Any], columns: Mapping[str, Column], look: Look
) -> list[str]:
    made = []
    for index, column in enumerate(look.columns):
        item = columns[column]
        text = cell_text(name, row, item, look.units.get(column, ""))
        if item.kind in {"int", "float"}:
            number = results.name_of(name, column, row)
            text = traced(number, text) if number else text
            order = "" if values.missing(row[column]) else f' data-order="{float(row[column])!r}"'
            made.append(f'<td class="figure"{order}>{text}</td>')
        elif index == 0:
            made.append(f'<th scope="row">{text}</th>')
        else:
            made.append(f"<td>{text}</td>")
    return made


def cell_text(name: str, row: Mapping[str, Any], column: Column, unit: str = "") -> str:
    """One cell's content as HTML."""
    value = row[column.name]
    if column.kind in {"int", "float"}:
        if values.missing(value):
            return '<span class="missing" title="cannot be estimated or does not apply">–</span>'
        unit = values.unit_of(unit or _unit(row, column), name)
        low, high = (row.get("low"), row.get("high")) if column.name in _ESTIMATES else (None, None)
        text = html_text(values.with_unit(value, unit, low, high))
        span = values.interval(value, low, high, unit)
        return text + (f' <span class="interval">({html_text(span)})</span>' if span else "")
    if values.missing(value):
        return ""
    if column.kind == "bool":
        return "yes" if value else "no"
    if column.kind == "day":
        return day_html(pd.Timestamp(value).date())
    shown = html_text(values.label(column.name, value))
    # A date must not break at its hyphens.
    return f'<span class="date">{shown}</span>' if _DATE.fullmatch(shown) else shown


def _unit(row: Mapping[str, Any], column: Column) -> str:
    """Unit of a column: its row's, its contract's, or its kind's."""
    if column.name in _ESTIMATES and not values.missing(row.get("unit")):
        return str(row["unit"])
    if column.name == "estimate":
        # Contracts word it "estimate, UNIT; missing when ...".
        return column.meaning.partition(", ")[2].partition(";")[0]
    if column.name == "p_value" or column.name.startswith("p_"):
        return "p"
    if column.low == 0 and column.high == 1:
        return "share"
    if column.kind == "int":
        return "count"
    if column.name in {"events", "at_risk", "expected", "credit", "productised", "abroad"}:
        return "expected"
    return "years" if column.name in {"horizon", "years"} else ""
