"""The specification curves of the other headlines, one panel each, in their own units."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.figures.specifications import KINDS, kind_of
from gapstudy.publish.results import Results
from gapstudy.publish.theme import INK, Size, look, p9

TITLE = "The other headlines under every combination of choices, lowest to highest"
HEIGHTS = (8.6, 15.5)
#: Estimand, region and versus of each panel, its title, and the factor into the title's unit.
PANELS = (
    ("conversion_all", "all", "none", "all results with a product, %", 100.0),
    ("rmst", "EU", "US", "time to a product, EU \N{MINUS SIGN} US, years", 1.0),
    ("research_share", "EU", "US", "research share, EU \N{MINUS SIGN} US, points", 100.0),
    ("research_share", "EU", "CN", "research share, EU \N{MINUS SIGN} China, points", 100.0),
    ("productisation", "EU", "none", "productisation ratio of the EU", 1.0),
    ("leakage", "EU", "none", "EU results, first product elsewhere, %", 100.0),
    ("availability", "EU", "US", "usable in time, EU \N{MINUS SIGN} US, points", 100.0),
    ("industry_share", "US", "EU", "industry's share, US \N{MINUS SIGN} EU, points", 100.0),
    ("industry_share", "CN", "EU", "industry's share, China \N{MINUS SIGN} EU, points", 100.0),
    ("data_scale", "all", "none", "training sets, academia / industry, log10", 1.0),
)
_COLUMNS = [
    "estimand", "region", "versus", "than", "rank", "estimate", "low", "high", "significant",
    "headline", "europe", "china", "counting", "years", "links", "link_sets", "sample", "part",
    "rule", "horizon", "n",
]  # fmt: skip


def data(results: Results) -> pd.DataFrame:
    """Specifications of each panel that have an estimate, in the units of the tables."""
    rows = results.rows("out_specifications", {"counting": None, "links": None})
    rows = rows.dropna(subset=["estimate"])
    parts = [
        rows[
            (rows["estimand"] == estimand) & (rows["region"] == region)
            & (rows["versus"] == versus)
        ]
        for estimand, region, versus, _, _ in PANELS
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[_COLUMNS]


def alt(frame: pd.DataFrame) -> str:
    """Range of each curve, and how much of it lies on each side of its line."""
    parts = []
    for title, scale, rows in _panels(frame):
        value = rows["estimate"] * scale
        below = int((rows["estimate"] < rows["than"]).sum())
        parts.append(
            f"{title}: {len(rows)} specifications from {values.plain(value.min(), 'number', 1)} to "
            f"{values.plain(value.max(), 'number', 1)}, {below} below "
            f"{float(rows['than'].iloc[0]) * scale:g}"
        )
    return plots.sentence("Estimates with intervals in rising order", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each headline, its own choices marked."""
    titles = [title for title, _, _ in _panels(frame)]
    rows = pd.concat(
        [
            part.assign(
                panel=title, place=part["rank"].astype(float) / float(part["rank"].max()),
                **{name: part[name] * scale for name in ("estimate", "low", "high", "than")},
            )
            for title, scale, part in _panels(frame)
        ],
        ignore_index=True,
    )  # fmt: skip
    rows["panel"] = pd.Categorical(rows["panel"], categories=titles)
    rows["kind"] = kind_of(rows)
    own = rows[rows["headline"]]
    lines = rows.drop_duplicates("panel")
    return (
        p9.ggplot(rows, p9.aes("place", "estimate", color="kind"))
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), color="#DCE2E8", size=0.7)
        + p9.geom_point(shape="_", size=2)
        + p9.geom_hline(p9.aes(yintercept="than"), data=lines, color=INK, size=0.6)
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), data=own, size=1)
        + p9.geom_point(data=own, size=2.6)
        + p9.facet_wrap("panel", ncol=1 if size.narrow else 2, scales="free_y")
        + p9.scale_color_manual(KINDS, drop=False)
        + p9.labs(x="specifications, lowest estimate first", y="")
        + look(size, long_legend=True)
        + p9.theme(axis_text_x=p9.element_blank(), panel_grid_major_x=p9.element_blank())
    )


def _panels(frame: pd.DataFrame) -> list[tuple[str, float, pd.DataFrame]]:
    """Title, factor and rows of each panel that has rows."""
    found = []
    for estimand, region, versus, title, scale in PANELS:
        rows = frame[
            (frame["estimand"] == estimand) & (frame["region"] == region)
            & (frame["versus"] == versus)
        ]  # fmt: skip
        if len(rows):
            found.append((title, scale, rows))
    return found
