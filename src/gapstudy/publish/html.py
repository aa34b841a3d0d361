"""Named numbers, figures and days as HTML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gapstudy.publish import values
from gapstudy.publish.escape import html_text

if TYPE_CHECKING:
    from gapstudy.publish.assets import Drawn


@dataclass(frozen=True)
class Html:
    """HTML that Jupyter and Quarto show as it is, in a sentence as well as alone."""

    text: str

    def _repr_html_(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text


def number_html(
    row: Mapping[str, Any], *, interval: bool = True, n: bool = False, what: str = ""
) -> str:
    """A named number as a traceable span.

    Args:
        row: its row of `out_numbers`.
        interval: whether to print the interval.
        n: whether to print how many observations it rests on.
        what: what it is, printed before it.
    """
    unit = values.unit_of(str(row["unit"]), str(row["table"]))
    text = values.with_unit(row["value"], unit, row["low"], row["high"])
    text = f'<span class="value">{html_text(text)}</span>'
    if what:
        text = f"{html_text(what)}: {text}"
    span = values.interval(row["value"], row["low"], row["high"], unit)
    if interval and span:
        text += f' <span class="interval">({html_text(span)})</span>'
    if n:
        text += f' <span class="n">n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{int(row["n"]):,}</span>'
    return traced(str(row["name"]), text)


def traced(name: str, inner: str) -> str:
    """HTML wrapped so that it can be traced by name."""
    safe = html_text(name)
    return (
        f'<span class="number" data-number="{safe}" title="trace: gapstudy trace {safe}">'
        f"{inner}</span>"
    )


def no_data(what: str) -> str:
    """A box that stands where there are no data yet."""
    return f'<p class="no-data">No data for {html_text(what)} yet.</p>'


# Not strftime: its names of months follow the locale.
_MONTHS = (
    "January February March April May June July August September October November December"
).split()


def day_html(day: dt.date) -> str:
    """A day, such as 31 December 2025."""
    text = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f'<time datetime="{day.isoformat()}">{text}</time>'


def figure_html(name: str, drawn: Drawn | None) -> str:
    """A drawn figure with its narrow variant, alt text and data."""
    if drawn is None:
        return '<p class="no-data">Not enough data for this figure yet.</p>'
    safe = html_text(name)
    return (
        f'<div class="plot"><picture><source media="(max-width: 640px)" '
        f'srcset="figures/{safe}-narrow.svg">'
        f'<img src="figures/{safe}.svg" alt="{html_text(drawn.alt)}"></picture>'
        f'<p class="download"><a href="data/figure-{safe}.csv" download>'
        f"Data of this figure (CSV)</a></p></div>"
    )
