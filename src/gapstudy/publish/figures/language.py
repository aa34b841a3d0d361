"""What papers, patents and products talk about, by region."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, look, p9

TITLE = "Share of sentences that treat a theme, by kind of text and region"
HEIGHTS = (6.2, 9.6)
THEMES = {
    "metrics": "metrics and benchmarks", "customers": "customers and outcomes",
    "law_ethics": "law and ethics", "scaling": "scaling", "monitoring": "monitoring",
    "governance": "governance",
}  # fmt: skip
KINDS = {"paper": "papers", "patent": "patents", "product": "products"}
_REGIONS = ["EU", "US", "CN", "all"]


def data(results: Results) -> pd.DataFrame:
    """Corrected shares of sentences over all years and all sources in the makers' own words."""
    where = {
        "unit": "sentence", "source": "all", "year": "all", "correction": "rogan_gladen",
        "region": _REGIONS,
    }  # fmt: skip
    rows = results.rows("out_language_share", where)
    columns = ["theme", "kind", "region", "estimate", "low", "high", "n"]
    return rows[columns].dropna(subset=["estimate"])


def alt(frame: pd.DataFrame) -> str:
    """Every estimate in words."""
    parts = [
        f"{THEMES[row['theme']]}, {KINDS[row['kind']]}, {name} {plots.estimate_text(row, 'share')}"
        for name, row in zip(plots.named(frame), frame.to_dict("records"), strict=True)
    ]
    return plots.sentence("Dots with intervals, one panel for each theme", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Panels are themes, rows kinds of text, dots regions."""
    frame = frame.assign(
        name=plots.named(frame),
        panel=pd.Categorical(frame["theme"].map(THEMES), categories=list(THEMES.values())),
        row=pd.Categorical(frame["kind"].map(KINDS), categories=list(KINDS.values())[::-1]),
    )
    place = plots.dodged()
    return (
        p9.ggplot(frame, p9.aes("row", "estimate", color="name", shape="name"))
        + p9.geom_linerange(p9.aes(ymin="low", ymax="high"), size=1.1, alpha=0.55, position=place)
        + p9.geom_point(size=2.4, position=place)
        + plots.by_region()
        + p9.coord_flip()
        + p9.facet_wrap("panel", ncol=1 if size.narrow else 2, scales="free_x")
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, None))
        + p9.labs(x="", y="share of sentences")
        + look(size)
    )
