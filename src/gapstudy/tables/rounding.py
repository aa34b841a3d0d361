"""Frames as tables hold them: numbers rounded where their last bits could differ."""

from __future__ import annotations

import pandas as pd

from gapstudy.tables import contract


def rounded(frame: pd.DataFrame, decimals: int) -> pd.DataFrame:
    """The frame with its numbers to so many decimals."""
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{name: frame[name].round(decimals) for name in numbers})


def framed(name: str, frame: pd.DataFrame, decimals: int) -> pd.DataFrame:
    """Rows of a table in all columns of its contract, rounded.

    Args:
        name: name of the table.
        frame: its rows; columns that are not there are missing, those of no contract are left out.
        decimals: decimals of its numbers.
    """
    return rounded(frame.reindex(columns=contract(name).names), decimals)
