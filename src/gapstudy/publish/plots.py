"""Parts that several figures share: scales, dots with intervals, texts that stand for a figure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd

from gapstudy.publish import values
from gapstudy.publish.theme import COLOURS, INK, SHAPES, TEXT, Size, look, p9

REGIONS = ("EU", "US", "China", "Elsewhere", "Unknown", "All results")


def percent(breaks: Sequence[float]) -> list[str]:
    """Axis labels of shares."""
    whole = all(abs(item * 100 - round(item * 100)) < 1e-6 for item in breaks)
    return [values.plain(item, "share", 0 if whole else 1) for item in breaks]


def points(breaks: Sequence[float]) -> list[str]:
    """Axis labels of differences of shares, percentage points."""
    places = 0 if all(abs(100 * item - round(100 * item)) < 1e-6 for item in breaks) else 1
    return [f"{'+' if item > 0 else ''}{values.plain(item, 'points', places)}" for item in breaks]


def named(frame: pd.DataFrame, column: str = "region", order: Sequence[str] = REGIONS) -> Any:
    """Names of regions or markets as a categorical in the figures' order."""
    names = frame[column].map(values.place)
    present = [name for name in order if name in set(names)]
    return pd.Categorical(names, categories=present, ordered=True)


def rising(frame: pd.DataFrame, column: str, order: Sequence[str]) -> Any:
    """A categorical for a vertical axis: the first of `order` ends up on top."""
    present = [item for item in order if item in set(frame[column])]
    return pd.Categorical(frame[column], categories=present[::-1], ordered=True)


def by_region(*, fill: bool = False) -> list[Any]:
    """Colour and shape of each region, or colour and fill."""
    second = p9.scale_fill_manual(COLOURS) if fill else p9.scale_shape_manual(SHAPES)
    return [p9.scale_color_manual(COLOURS), second]


def dots(frame: pd.DataFrame, size: Size, *, y: str, x_title: str, label: str = "") -> Any:
    """Dots with intervals, one row for each `y`, coloured by region.

    Args:
        frame: columns `estimate`, `low`, `high`, `name` (region) and `y`.
        size: the drawing.
        y: column of the vertical axis.
        x_title: what the horizontal axis shows.
        label: column with the text printed above each dot; none by default.
    """
    plot = (
        p9.ggplot(frame, p9.aes("estimate", y, color="name", shape="name"))
        + p9.geom_segment(p9.aes(x="low", xend="high", yend=y), size=1.1, alpha=0.55)
        + p9.geom_point(size=3)
        + by_region()
        + p9.labs(x=x_title, y="")
        + look(size)
        + p9.theme(legend_position="none")
    )
    if label:
        plot += p9.geom_text(
            p9.aes(label=label), size=TEXT - 1, color=INK, nudge_y=0.36, show_legend=False
        )
    return plot


def shares_by_region(
    frame: pd.DataFrame, size: Size, x_title: str, *, highest: float | None = None
) -> Any:
    """Dots with intervals, one row for each region, from zero.

    Args:
        frame: columns region, estimate, low and high, shares.
        size: size of the figure.
        x_title: title of the axis.
        highest: where the axis ends; where the intervals do by default.
    """
    frame = frame.assign(name=named(frame))
    frame["row"] = rising(frame, "name", REGIONS)
    frame["text"] = [values.plain(value, "share", 0) for value in frame["estimate"]]
    return dots(frame, size, y="row", x_title=x_title, label="text") + p9.scale_x_continuous(
        labels=percent, limits=(0, highest)
    )


def shares_in_words(frame: pd.DataFrame, opening: str) -> str:
    """Alternative text of such a figure: every estimate in words."""
    parts = [
        f"{name} {estimate_text(row, 'share')}"
        for name, row in zip(named(frame), frame.to_dict("records"), strict=True)
    ]
    return sentence(opening, parts)


def steps(frame: pd.DataFrame, by: str, x: str) -> pd.DataFrame:
    """Points of curves with the corners of their steps, so that bands are steps too.

    Args:
        frame: points of the curves.
        by: column that tells the curves apart.
        x: column of the horizontal axis, along which each curve keeps its value until its next.
    """
    parts = []
    for _, rows in frame.sort_values([by, x], kind="stable").groupby(by, sort=False, observed=True):
        corners = rows.iloc[:-1].assign(**{x: rows[x].to_numpy()[1:]})
        both = pd.concat([rows.assign(order=0), corners.assign(order=-1)])
        parts.append(both.sort_values([x, "order"], kind="stable"))
    return pd.concat(parts, ignore_index=True)


def factors(breaks: Sequence[float]) -> list[str]:
    """Axis labels of ratios on a logarithmic scale."""
    return [f"{item:g}" for item in breaks]


def whole_years(limits: tuple[float, float]) -> list[float]:
    """Breaks of an axis of calendar years: at most six, all whole."""
    first, last = math.ceil(limits[0]), math.floor(limits[1])
    return [float(year) for year in range(first, last + 1, max(1, math.ceil((last - first) / 5)))]


def year_labels(breaks: Sequence[float]) -> list[str]:
    """Axis labels of calendar years."""
    return [f"{item:.0f}" for item in breaks]


def dodged(width: float = 0.6) -> Any:
    """Room between dots of one row."""
    return p9.position_dodge(width=width)


def estimate_text(row: Any, unit: str) -> str:
    """One estimate with its interval, for an alternative text."""
    value = values.with_unit(row["estimate"], unit, row["low"], row["high"])
    span = values.interval(row["estimate"], row["low"], row["high"], unit)
    return f"{value} ({span})" if span else value


def folded(text: str, width: int) -> str:
    """A text in lines of at most so many characters."""
    return "\n".join(textwrap.wrap(text, width))


def sentence(start: str, parts: Sequence[str], most: int = 24) -> str:
    """An alternative text: what the figure is, then its values."""
    rest = "" if len(parts) <= most else f"; and {len(parts) - most} more, see the data"
    return f"{start}: " + "; ".join(parts[:most]) + rest + "."
