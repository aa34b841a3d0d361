"""Flow diagram: from all records of results to the analysed spells."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gapstudy.publish import plots
from gapstudy.publish.results import Results
from gapstudy.publish.theme import INK, SOFT, TEXT, Size, look, p9

TITLE = "From all records of results to the analysed spells"
HEIGHTS = (5.4, 6.0)
#: Step -> what the side box says of those that leave.
_LEFT = {
    "unusable": "record not usable", "duplicate": "counted by another record",
    "before_window": "dated before the window", "after_window": "dated after the window",
    "after_cutoff": "may be dated after the cut-off", "other_frame": "of a frame not studied",
    "not_followed": "not followed up yet", "late_entry": "ended before observation began",
    "unknown_region": "of unknown region: not compared",
}  # fmt: skip
#: Step -> what the box below it says of those that stay; steps between share a box.
_KEPT = {
    "duplicate": "results", "after_cutoff": "in the window", "other_frame": "of the study's frames",
    "late_entry": "analysed spells", "unknown_region": "compared by region",
}  # fmt: skip
_LAST = "unknown_region"
_MAIN, _SIDE, _TALL = 0.72, 2.48, 0.36
_HALF, _WIDE = 0.66, 1.0


def data(results: Results) -> pd.DataFrame:
    """The steps of all results together."""
    rows = results.rows(
        "out_exclusions", {"unit": "result", "frame": "all", "region": "all"}
    ).sort_values("position", kind="stable")
    return rows[["position", "step", "reason", "n_in", "n_out", "n_kept"]].reset_index(drop=True)


def alt(frame: pd.DataFrame) -> str:
    """The account in words."""
    parts = [f"{frame['n_in'].iloc[0]} records of results"]
    for row in frame.to_dict("records"):
        if row["n_out"]:
            parts.append(f"{row['n_out']} {_LEFT[row['step']]}")
        if row["step"] in _KEPT:
            parts.append(f"{row['n_kept']} {_KEPT[row['step']]}")
    return plots.sentence("Flow diagram, from top to bottom", parts)


def draw(frame: pd.DataFrame, size: Size) -> Any:
    """Boxes of those that stay, one under another, and beside each arrow those that leave."""
    boxes, arrows = _layout(frame)
    text = TEXT - (1.6 if size.narrow else 0.3)
    return (
        p9.ggplot(boxes)
        + p9.geom_segment(p9.aes(x="x", y="y", xend="xend", yend="yend"), arrows, color=SOFT,
                          size=0.6, arrow=p9.arrow(length=0.07, type="closed"))
        + p9.geom_rect(p9.aes(xmin="x - half", xmax="x + half", ymin="y - tall", ymax="y + tall",
                              fill="kind"), color=SOFT, size=0.5)
        + p9.geom_text(p9.aes("x", "y", label="label"), size=text, color=INK)
        + p9.scale_fill_manual({"stay": "#EAF2F8", "leave": "#FFFFFF"})
        + p9.scale_x_continuous(limits=(0.0, 3.54), expand=(0, 0))
        + look(size)
        + p9.theme(
            legend_position="none", axis_text=p9.element_blank(), axis_title=p9.element_blank(),
            panel_grid_major=p9.element_blank(),
        )
    )  # fmt: skip


def _layout(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Boxes with their places, and the arrows between them."""
    boxes = [_box(_MAIN, 0.0, f"{frame['n_in'].iloc[0]}\nrecords of results", "stay", 1)]
    arrows = []
    leaving: list[str] = []
    y = 0.0
    for row in frame.to_dict("records"):
        if row["n_out"]:
            leaving.append(f"{row['n_out']} {_LEFT[row['step']]}")
        if row["step"] not in _KEPT:
            continue
        if not leaving and row["step"] != _LAST:
            continue  # the box above says as much
        low = y - 1.25 - 0.22 * max(len(leaving) - 1, 0)
        arrows.append({"x": _MAIN, "y": y - _TALL, "xend": _MAIN, "yend": low + _TALL})
        if leaving:
            middle = (y + low) / 2
            boxes.append(_box(_SIDE, middle, "\n".join(leaving), "leave", len(leaving)))
            arrows.append({"x": _MAIN, "y": middle, "xend": _SIDE - _WIDE - 0.03, "yend": middle})
        y, leaving = low, []
        boxes.append(_box(_MAIN, y, f"{row['n_kept']}\n{_KEPT[row['step']]}", "stay", 1))
    return pd.DataFrame(boxes), pd.DataFrame(arrows)


def _box(x: float, y: float, label: str, kind: str, lines: int) -> dict[str, Any]:
    side = kind == "leave"
    return {
        "x": x, "y": y, "label": label, "kind": kind, "half": _WIDE if side else _HALF,
        "tall": 0.16 + 0.13 * lines if side else _TALL,
    }  # fmt: skip
