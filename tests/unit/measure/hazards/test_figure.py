from __future__ import annotations

import numpy as np
import pandas as pd

from gapstudy.publish.figures import hazards
from gapstudy.publish.theme import Size


class Rows:
    """What a figure reads, without a store."""

    def __init__(self, frames: dict[str, pd.DataFrame]) -> None:
        self.frames = frames

    def rows(self, name: str, where: dict[str, list[str]]) -> pd.DataFrame:
        frame = self.frames[name]
        for column, wanted in where.items():
            frame = frame[frame[column].isin(wanted)]
        return frame.reset_index(drop=True)


def test_the_figure_shows_what_has_an_estimate() -> None:
    frame = pd.DataFrame(
        {
            "region": ["EU", "EU", "US", "EU"], "versus": ["US", "CN", "CN", "US"],
            "adjusted": ["no", "no", "yes", "no"], "band": ["all", "all", "all", "0-3"],
            "ratio": [0.5, 0.8, np.nan, 0.4], "ratio_low": [0.2, 0.3, np.nan, 0.1],
            "ratio_high": [1.2, 2.0, np.nan, 0.9], "p_value": [0.1, 0.4, np.nan, 0.02],
            "n": [40, 20, 20, 40], "events": [5.0, 5.0, 9.0, 3.0], "fit": ["robust"] * 4,
        }
    )  # fmt: skip
    results = Rows({"out_cox": frame, "out_cloglog": frame.iloc[:1]})
    made = hazards.data(results)  # type: ignore[arg-type]
    assert list(made["model"]) == ["Cox", "Cox", "Discrete time"]
    assert list(made["pair"]) == ["EU against US", "EU against China", "EU against US"]
    assert "EU against US, Cox: 0.5 (0.2 to 1.2)" in hazards.alt(made)
    for narrow in (False, True):
        hazards.draw(made, Size(5, 4, narrow)).draw()
    nothing = Rows({name: rows.iloc[:0] for name, rows in results.frames.items()})
    assert hazards.data(nothing).empty  # type: ignore[arg-type]
