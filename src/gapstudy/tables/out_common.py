"""Columns and origins that the result tables share."""

from __future__ import annotations

from gapstudy.tables.contract import Column, Origin, count, number, share, text

REGIONS = ("EU", "US", "CN", "other", "unknown", "all")
DESTINATIONS = ("home", "EU", "US", "CN", "other", "unknown")
COUNTINGS = ("whole", "fractional", "first")
LINKS = ("followup", "model", "both")
METHODS = ("imputed", "threshold", "bound", "recall_corrected")
POPULATIONS = ("cohort", "waiting", "illustration")
#: Smallest and largest event counts are expected values over the imputations, hence not integers.
EVENTS = number("events", "expected number of products (credit times probability)", low=0)


def interval(unit: str) -> tuple[Column, ...]:
    """The columns of an estimate and its interval alone."""
    return (
        number("estimate", f"estimate, {unit}; missing when it may not be shown", null=True),
        number("low", "lower end of its interval", null=True),
        number("high", "upper end of its interval", null=True),
    )


def estimate(unit: str, *, p_value: bool = False) -> tuple[Column, ...]:
    """The columns of an estimate with its interval, all missing where it may not be shown."""
    columns = [*interval(unit)]
    if p_value:
        columns.append(share("p_value", "two-sided p-value against no difference", null=True))
    return (*columns, count("n", "observations (of the smaller side of a difference)"))


SPEC = (
    text("scheme", "region scheme, such as EU27/mainland"),
    text("counting", "how a result of several regions counts", values=COUNTINGS),
)
REGION = text("region", "region that made the result; all: every result once", values=REGIONS)
VERSUS = text("versus", "region that is subtracted", values=REGIONS)
POPULATION = text(
    "population",
    "cohort (chosen without knowing what became of them, and followed up), waiting (of the same "
    "frames, not followed up yet: in shares, in no rate), illustration (chosen by their outcome)",
    values=POPULATIONS,
)
METHOD = (
    text("links", "links used: those of the follow-up, of the link model, or both", values=LINKS),
    text("method", "imputed (link sets drawn, Rubin's rules), threshold (a link is yes or no), "
                   "bound (imputed, with unclear follow-ups counted as found), "
                   "recall_corrected (imputed, divided by the drawn recall of the region's links)",
         values=METHODS),
)  # fmt: skip
NOTE = text("note", "why it is missing or what limits it; else empty")
KEY = ("scheme", "counting", "population", "links", "method", "region")
SAME = {key: key for key in ("scheme", "counting", "population", "region")}
OF_REGION = Origin("out_cohort", SAME)
OF_VERSUS = Origin(
    "out_cohort",
    {**{key: key for key in ("scheme", "counting", "population")}, "versus": "region"},
)
