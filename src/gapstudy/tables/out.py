"""Contracts of what the measure stage writes: the results, and the named numbers of the pages."""

from __future__ import annotations

from gapstudy.tables.contract import Table, count, number, text

NUMBERS = Table(
    "out_numbers",
    "One number that a page may print, by its name, with the cell it is read from.",
    "measure",
    (
        text(
            "name",
            "name of the number, such as conversion-5y-EU",
            form=r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*",
        ),
        text("meaning", "what it says, one sentence"),
        number("value", "the value; missing when it cannot be estimated", null=True),
        number("low", "lower end of its interval", null=True),
        number("high", "upper end of its interval", null=True),
        number("p_value", "two-sided p-value against the value that its claim names", null=True),
        count("n", "observations that it rests on"),
        text("unit", "unit: share, years, days, count, ratio, per cent"),
        text("table", "table that holds it"),
        text("where", "columns and values that pick its row, JSON"),
        text("column", "column that holds it"),
    ),
    ("name",),
)

TABLES = (NUMBERS,)
