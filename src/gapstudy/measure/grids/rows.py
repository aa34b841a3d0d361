"""One row of a specification curve: its choices, and its estimate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import specifications
from gapstudy.measure.intervals import Share, p_from_interval
from gapstudy.measure.specifications import CHOICES, NONE, Rules
from gapstudy.regions import ChinaScheme, Counting, EuropeScheme, RegionScheme

if TYPE_CHECKING:
    from gapstudy.study import Grid

Slices = Mapping[str, NDArray[np.bool_]]
Row = dict[str, object]


def choose(**chosen: str) -> dict[str, str]:
    """The value of every choice; those that are not named do not apply."""
    return dict.fromkeys(CHOICES, NONE) | chosen


def schemes(grid: Grid) -> Iterator[RegionScheme]:
    """Every combination of what the EU and China contain."""
    for europe in grid.europe:
        for china in grid.china:
            yield RegionScheme(europe, china)


def of(scheme: RegionScheme) -> dict[str, EuropeScheme | ChinaScheme]:
    """The two choices of a region scheme."""
    return {"europe": scheme.europe, "china": scheme.china}


def split(grid: Grid) -> tuple[Counting, ...]:
    """Ways to count under which the shares of all regions add up to one."""
    return tuple(item for item in grid.counting if item != "whole") or ("fractional",)


def few(n: float, min_cell: int, what: str = "results") -> str:
    """Why an estimate may not be shown; empty when it may."""
    return f"fewer than {min_cell} {what}" if n < min_cell else ""


def differences(rows: Iterable[Row], rules: Rules) -> pd.DataFrame:
    """Differences of two shares, from rows with what `specifications.sides` gives."""
    found = list(rows)
    if not found:
        return pd.DataFrame()
    return specifications.estimates(pd.DataFrame([{"scale": 1.0, **row} for row in found]), rules)


def level(share: Share, than: float, confidence: float) -> dict[str, float]:
    """A share by itself, set against a value; missing parts where it has no interval.

    Args:
        share: the share, each part a number.
        than: what it is compared with.
        confidence: level of the interval.
    """
    ends = share.interval(confidence)
    value, low, high = float(share.value), float(ends.low), float(ends.high)
    return {
        "than": than, "estimate": value, "low": low, "high": high,
        "p_value": p_from_interval(value, low, high, than, confidence),
    }  # fmt: skip


def nothing(than: float) -> dict[str, float]:
    """The same where there is no estimate."""
    return {"than": than, **dict.fromkeys(("estimate", "low", "high", "p_value"), float("nan"))}


def levels(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows that hold an estimate already, with the verdict of their intervals."""
    found = list(rows)
    return specifications.judged(pd.DataFrame(found)) if found else pd.DataFrame()
