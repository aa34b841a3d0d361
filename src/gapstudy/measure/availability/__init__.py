r"""How soon products can be used in a market after their first availability (C4, C5).

The lag of a product in a market runs from its first availability anywhere (or in the US) to its
first availability there. A product that a page still calls unavailable is censored on the day of
that check, and every product at the cut-off, so that "not yet" neither counts as "never" nor drops
out. Kaplan-Meier gives the share usable within so many days; the mean of the first 730 days counts
an absent product up to that limit.

Dates known to the month or year are drawn in their interval, one position for all dates of a
product: two markets dated by the same month are then taken as the same day, never as a lag drawn
by chance. Products of one maker are kept together in the intervals. Medians exist only where the
curve reaches one half; their interval inverts the intervals of the curve (Brookmeyer and Crowley
1982, https://doi.org/10.2307/2530286). Lags behind the US may be negative and stay so.
"""

from gapstudy.measure.availability.curves import (
    DAYS,
    PAIRS,
    curve_table,
    differences,
    lag_table,
    points_table,
)
from gapstudy.measure.availability.estimates import LIMIT, delay, fit
from gapstudy.measure.availability.lags import MARKETS, Lags, lags

__all__ = [
    "DAYS", "LIMIT", "MARKETS", "PAIRS", "Lags", "curve_table", "delay", "differences", "fit",
    "lag_table", "lags", "points_table",
]  # fmt: skip
