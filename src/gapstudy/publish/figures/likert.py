"""Answers of practitioners on what hinders AI concepts, as bars that diverge from the middle."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots, values
from gapstudy.publish.results import Results
from gapstudy.publish.theme import INK, TEXT, Size, look, p9

TITLE = "How strongly each barrier hindered AI concepts, by region"
HEIGHTS = (9.2, 11.0)
REGIONS = ("EU", "US", "CN")
#: The scale: blue for weak, orange for strong, so that it can be told apart without colour too.
COLOURS = ("#0072B2", "#7FB3D5", "#D5D8DC", "#E8A87C", "#D55E00")
_LABELS = ("not at all", "slightly", "moderately", "strongly", "very strongly")
_SHORT = {
    "data_access": "data: access", "data_quality": "data: quality",
    "model_performance": "model: performance", "model_expertise": "model: expertise",
    "scaling_cost": "scaling: cost", "scaling_integration": "scaling: integration",
    "monitoring_quality": "monitoring: quality", "monitoring_upkeep": "monitoring: upkeep",
    "governance_owner": "governance: owner", "governance_review": "governance: reviews",
    "law_clarity": "law: requirements", "law_privacy": "law: privacy, ethics",
    "market_demand": "market: demand", "market_funding": "market: money",
}  # fmt: skip


def data(results: Results) -> pd.DataFrame:
    """Shares of the five answers, weighted where there are weights; withheld ones are missing."""
    rows = results.rows("out_survey_items", {"region": list(REGIONS)})
    rows = rows[(rows["stage"] != "") & rows["answer"].isin(list("12345"))]
    best = "raked" if (rows["weighting"] == "raked").any() else "none"
    columns = ["responses", "item", "region", "weighting", "answer", "estimate", "low", "high", "n"]
    return rows.loc[rows["weighting"] == best, columns].dropna(subset=["estimate"])


def alt(frame: pd.DataFrame) -> str:
    """For each barrier and region the share of strong and very strong."""
    strong = frame[frame["answer"].isin(["4", "5"])]
    sums = strong.groupby(["item", "region"], sort=False)["estimate"].sum().reset_index()
    parts = [
        f"{_name(row['item'])}, {values.place(row['region'])} "
        f"{values.plain(row['estimate'], 'share', 0)}"
        for row in sums.to_dict("records")
    ]
    opening = "Bars of five answers for each barrier and region; strong or very strong"
    return plots.sentence(_marked(frame, opening), parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Panels are regions, rows barriers; the middle of each bar's middle answer is at zero."""
    order = list(dict.fromkeys([*_SHORT, *frame["item"]]))
    items = [item for item in order if item in set(frame["item"])][::-1]
    frame = frame.sort_values(["region", "item", "answer"], kind="stable").reset_index(drop=True)
    by = frame.groupby(["region", "item"], sort=False)["estimate"]
    right = by.cumsum()
    weak = frame["estimate"].where(frame["answer"].isin(["1", "2"]), 0.0)
    middle = frame["estimate"].where(frame["answer"] == "3", 0.0)
    keys = [frame["region"], frame["item"]]
    shift = (weak + middle / 2).groupby(keys, sort=False).transform("sum")
    frame = frame.assign(
        xmax=right - shift, xmin=right - frame["estimate"] - shift,
        row=[float(items.index(item) + 1) for item in frame["item"]],
        panel=plots.named(frame),
        level=pd.Categorical(
            [_LABELS[int(answer) - 1] for answer in frame["answer"]], categories=list(_LABELS)
        ),
    )  # fmt: skip
    reach = float(frame[["xmin", "xmax"]].abs().to_numpy().max())
    return (
        p9.ggplot(frame)
        + p9.geom_rect(
            p9.aes(xmin="xmin", xmax="xmax", ymin="row - 0.38", ymax="row + 0.38", fill="level")
        )
        + p9.geom_vline(xintercept=0, color=INK, size=0.4)
        + p9.facet_wrap("panel", nrow=1)
        + p9.scale_fill_manual(dict(zip(_LABELS, COLOURS, strict=True)))
        + p9.scale_y_continuous(
            breaks=list(range(1, len(items) + 1)), labels=[_name(item) for item in items]
        )
        + p9.scale_x_continuous(
            labels=_sides, breaks=(0,) if size.narrow else (-0.5, 0, 0.5), limits=(-reach, reach)
        )
        + p9.labs(
            x="weak to the left, strong to the right"
            if size.narrow
            else "share of answers, weak to the left, strong to the right",
            y="",
            title=_marked(frame, "").replace(", ", ",\n" if size.narrow else ", "),
        )
        + look(size, long_legend=True)
        + p9.theme(
            plot_title=p9.element_text(
                size=TEXT + 2, weight="bold", color="#B00020", ha="left", x=0
            )
        )
    )


def _sides(breaks: Any) -> list[str]:
    return [values.plain(abs(item), "share", 0) for item in breaks]


def _name(item: Any) -> str:
    return _SHORT.get(str(item), str(item).replace("_", " "))


def _marked(frame: pd.DataFrame, text: str) -> str:
    """The text, opened by a warning where the responses are made up."""
    made_up = (frame["responses"] == "synthetic").any()
    return ("SYNTHETIC RESPONSES, no finding. " if made_up else "") + text
