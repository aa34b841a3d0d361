from __future__ import annotations

import pandas as pd
import pytest

from gapstudy.measure.parametric import tables
from gapstudy.publish.figures import converters, fitted_curves
from gapstudy.publish.theme import Size
from tests.unit.measure.parametric.test_tables import case


class Rows:
    """What a figure reads, without a store."""

    def __init__(self, frames: dict[str, pd.DataFrame]) -> None:
        self.frames = frames

    def rows(self, name: str, where: dict[str, object]) -> pd.DataFrame:
        frame = self.frames[name]
        for column, value in where.items():
            wanted = value if isinstance(value, list) else [value]
            frame = frame[frame[column].isin(wanted)]
        return frame.reset_index(drop=True)


@pytest.mark.parametrize(("figure", "most"), [(converters, 5), (fitted_curves, 2000)])
def test_figures_have_data_text_and_a_plot(figure: object, most: int) -> None:
    made = tables.tables(case(40.0), 5.0, 0.05)
    seen = made["out_parametric_curve"].query("model == 'aft'")
    results = Rows({**made, "out_incidence_curve": seen[["region", "years", "estimate", "n"]]})
    frame = figure.data(results)  # type: ignore[attr-defined]
    assert 0 < len(frame) <= most
    assert "EU" in figure.alt(frame)  # type: ignore[attr-defined]
    for narrow in (False, True):
        plot = figure.draw(frame, Size(5, 4, narrow))  # type: ignore[attr-defined]
        plot.draw()
    empty = Rows({name: rows.iloc[:0] for name, rows in results.frames.items()})
    assert figure.data(empty).empty  # type: ignore[attr-defined]
