"""Fitted curves of the parametric models over the observed cumulative incidence."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import COLOURS, INK, Size, look, p9

TITLE = "Fitted curves of parametric models over the observed curve, by region"
HEIGHTS = (3.8, 5.2)
_REGIONS = ["EU", "US", "CN", "all"]
_OBSERVED = "observed (Kaplan-Meier)"
_MODELS = {"aft": "accelerated failure time", "cure": "mixture cure"}
_LINES = {_OBSERVED: "solid", _MODELS["aft"]: "dashed", _MODELS["cure"]: "dotted"}
_INKS = {_OBSERVED: INK, _MODELS["aft"]: COLOURS["EU"], _MODELS["cure"]: COLOURS["US"]}


def data(results: Results) -> pd.DataFrame:
    """Points of the fitted curves, and of the observed ones of the regions that have any."""
    fitted = results.rows("out_parametric_curve", {"region": _REGIONS})
    seen = results.rows("out_incidence_curve", {"region": _REGIONS})
    seen = seen[seen["region"].isin(set(fitted["region"]))].dropna(subset=["estimate"])
    columns = ["region", "curve", "years", "estimate", "n"]
    fitted = fitted.assign(curve=fitted["model"].map(_MODELS))
    if fitted.empty:
        return fitted[columns]
    return pd.concat([fitted, seen.assign(curve=_OBSERVED)], ignore_index=True)[columns]


def alt(frame: pd.DataFrame) -> str:
    """Where each curve ends."""
    last = frame.sort_values("years", kind="stable").groupby(["region", "curve"], sort=True).tail(1)
    last = last.sort_values(["region", "curve"], kind="stable")
    parts = [
        f"{name}, {row['curve']}: {row['estimate']:.0%} after {row['years']:.1f} years"
        for name, row in zip(plots.named(last), last.to_dict("records"), strict=True)
    ]
    return plots.sentence("Rising curves, one panel for each region", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """A panel for each region."""
    frame = frame.assign(
        name=plots.named(frame), curve=pd.Categorical(frame["curve"], categories=[*_LINES])
    )
    return (
        p9.ggplot(frame, p9.aes("years", "estimate", color="curve", linetype="curve"))
        + p9.geom_line(size=0.9)
        + p9.facet_wrap("name", ncol=1 if size.narrow else 2)
        + p9.scale_color_manual(_INKS)
        + p9.scale_linetype_manual(_LINES)
        + p9.scale_x_continuous(breaks=range(0, 30, 2))
        + p9.scale_y_continuous(labels=plots.percent, limits=(0, None))
        + p9.labs(x="years since the result was first public", y="share with a product")
        + look(size, long_legend=True)
    )
