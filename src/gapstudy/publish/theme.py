"""The one look of all figures: colours that stay apart for colour-blind readers, sizes, theme.

Colours: Okabe and Ito (2008), https://jfly.uni-koeln.de/color/, one for each region everywhere;
shapes differ too, so that a figure can be read in grey.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import plotnine

#: plotnine as untyped: its annotations contradict what it accepts.
p9: Any = plotnine

COLOURS = {
    "EU": "#0072B2", "US": "#D55E00", "China": "#009E73", "UK": "#9C5FA5", "Elsewhere": "#6E6E6E",
    "Unknown": "#9A9A9A", "All results": "#222222",
}  # fmt: skip
SHAPES = {
    "EU": "o", "US": "s", "China": "^", "UK": "D", "Elsewhere": "v", "Unknown": "X",
    "All results": "P",
}  # fmt: skip
INK, SOFT, GRID, STRONG = "#1F2933", "#52606D", "#E4E7EB", "#0072B2"
#: Text within a figure, points: at the sizes below this is 12 CSS pixels.
TEXT = 9.0


@dataclass(frozen=True)
class Size:
    """One drawing: inches, and whether it is the one for phones."""

    width: float
    height: float
    narrow: bool = False


WIDE, NARROW = 7.4, 3.72


def look(size: Size, *, long_legend: bool = False) -> Any:
    """The theme for a drawing of one size.

    Args:
        size: the drawing.
        long_legend: whether the legend is too long for one line on a phone.
    """
    return p9.theme_minimal(base_size=TEXT, base_family="DejaVu Sans") + p9.theme(
        figure_size=(size.width, size.height),
        text=p9.element_text(color=INK),
        axis_text=p9.element_text(color=SOFT, size=TEXT - 0.5),
        axis_title=p9.element_text(color=INK, size=TEXT),
        axis_ticks=p9.element_blank(),
        panel_grid_minor=p9.element_blank(),
        panel_grid_major=p9.element_line(color=GRID, size=0.6),
        panel_spacing=0.03,
        strip_text=p9.element_text(color=INK, size=TEXT, weight="bold", ha="left", x=0),
        strip_background=p9.element_blank(),
        legend_title=p9.element_blank(),
        legend_position="bottom" if size.narrow else "top",
        legend_direction="vertical" if size.narrow and long_legend else "horizontal",
        legend_justification="left",
        legend_key=p9.element_blank(),
        legend_text=p9.element_text(size=TEXT),
        plot_background=p9.element_rect(fill="white", color="white"),
        plot_margin=0.02,
    )


def svg(plot: Any) -> bytes:
    """A plot as SVG, always the same bytes: no date, ids from a fixed salt, text as outlines."""
    import matplotlib as mpl
    from matplotlib import pyplot

    rc: Any = {"svg.hashsalt": "gapstudy", "svg.fonttype": "path", "font.family": "DejaVu Sans"}
    with mpl.rc_context(rc):
        drawn = plot.draw()
        buffer = io.BytesIO()
        try:
            drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        finally:
            pyplot.close(drawn)
    return _PATH.sub(_short, buffer.getvalue())


# A hundredth of a point is finer than any screen, and halves the file.
_PATH, _LONG = re.compile(rb' d="[^"]*"'), re.compile(rb"-?\d+\.\d{3,}")


def _short(path: re.Match[bytes]) -> bytes:
    return _LONG.sub(lambda number: f"{float(number[0]):.2f}".encode(), path[0])
