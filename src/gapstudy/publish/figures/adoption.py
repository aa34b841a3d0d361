"""Enterprise use of AI by place and year, as published."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import Size, look, p9

TITLE = "Enterprises that use AI, as published"
HEIGHTS = (3.8, 4.6)
_PLACES = {"EU27": "EU", "EU": "EU", "US": "US", "CN": "CN", "GB": "GB"}


def data(results: Results) -> pd.DataFrame:
    """Whole-economy series by year for the studied regions."""
    rows = results.rows("out_adoption", {"geo": list(_PLACES), "entity": ""})
    rows = rows.dropna(subset=["value"])
    rows = rows.assign(year=pd.to_numeric(rows["period"].str.slice(0, 4), errors="coerce"))
    columns = ["indicator", "geo", "period", "year", "value", "unit", "source_name"]
    return rows[columns].dropna(subset=["year"])


def alt(frame: pd.DataFrame) -> str:
    """The newest figure of each series."""
    newest = (
        frame.sort_values("year", kind="stable").groupby(["indicator", "geo"], sort=True).tail(1)
    )
    parts = [
        f"{row['indicator']}, {row['geo']} {row['value']:g} in {row['period']}"
        for row in newest.sort_values(["indicator", "geo"]).to_dict("records")
    ]
    return plots.sentence("Lines of published figures by year", parts, most=12)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """One panel for each series, because their definitions differ."""
    frame = frame.assign(
        name=[values.place(_PLACES[item]) for item in frame["geo"]],
        panel=frame["indicator"].str.replace("_", " ").str.wrap(42),
    )
    frame["place"] = pd.Categorical(
        frame["name"],
        categories=[name for name in ("EU", "US", "China", "UK") if name in set(frame["name"])],
    )
    return (
        p9.ggplot(frame, p9.aes("year", "value", color="place", shape="place"))
        + p9.geom_line(size=0.8)
        + p9.geom_point(size=2.6)
        + p9.facet_wrap("panel", ncol=1 if size.narrow else 2)
        + plots.by_region()
        + p9.scale_x_continuous(breaks=plots.whole_years, labels=plots.year_labels)
        + p9.labs(x="", y="per cent of enterprises")
        + look(size)
    )  # fmt: skip
