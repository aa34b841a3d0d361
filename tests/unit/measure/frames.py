"""Small tools of the tests of this stage."""

from typing import Any

import pandas as pd


def pick(frame: pd.DataFrame, **where: object) -> dict[str, Any]:
    """The one row with these values."""
    rows = frame
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return {str(name): value for name, value in rows.iloc[0].items()}


def typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows with their days as days."""
    frame = pd.DataFrame(rows)
    for column in ("date_from", "date_to"):
        if column in frame:
            frame[column] = pd.to_datetime(frame[column])
    return frame
