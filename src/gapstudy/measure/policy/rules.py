"""The choices of the policy analysis, in one place."""

from __future__ import annotations

from dataclasses import dataclass

#: Days of a month, on average.
MONTH = 365.25 / 12


@dataclass(frozen=True)
class Rules:
    """Choices that a researcher may vary.

    Attributes:
        window: months of launches before and after a date.
        bin: months of one step of the event study.
        min_bin: fewest products in a step for which it is shown.
        min_cell: fewest products before and after for which an estimate is shown.
        min_products: fewest before and after for a result that is not called exploratory.
        min_followup: months of follow-up after the date for such a result.
        bootstrap: resamples of the wild bootstrap.
        worlds: worlds of the power simulation.
        confidence: level of the intervals.
    """

    window: float = 36.0
    bin: float = 6.0
    min_bin: int = 5
    min_cell: int = 10
    min_products: int = 20
    min_followup: float = 24.0
    bootstrap: int = 999
    worlds: int = 300
    confidence: float = 0.95
