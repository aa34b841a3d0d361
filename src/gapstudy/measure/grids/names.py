"""Which specification curve a named number of the pages belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gapstudy.measure.grids import availability, data_scale, industry, leakage, readings, shares
from gapstudy.measure.specifications import HORIZON, NONE

_PAIR = r"(?P<region>[A-Z]{2})-minus-(?P<versus>[A-Z]{2})"
#: Pattern of a number's name -> its estimand; a pattern without a second region has none.
_NUMBERS = (
    (rf"conversion-{HORIZON:g}y-{_PAIR}", "conversion"),
    (rf"rmst-[\d.]+y-{_PAIR}", "rmst"),
    (rf"conversion-{readings.TEN:g}y-(?P<region>all)", readings.EVER),
    (rf"share-fractional-{_PAIR}", shares.ESTIMAND),
    (rf"availability-within-90d-{_PAIR}", availability.ESTIMAND),
    (rf"industry-share-{_PAIR}", industry.ESTIMAND),
    (r"leakage-(?P<region>EU)", leakage.ESTIMAND),
    (r"data-scale-log10-ratio-(?P<region>all)", data_scale.ESTIMAND),
)
_LAW = re.compile(r"policy-delayed-(?P<place>[a-z]{2})-(?P<date>\d{4}(-\d{2}){0,2})-.*")
_LANGUAGE = re.compile(r"language-(?P<theme>[a-z-]+)-paper-minus-product")


def curve_of(number: str) -> tuple[str, str, str] | None:
    """Estimand, region and versus of the curve of a number; None where there is none."""
    for pattern, estimand in _NUMBERS:
        match = re.fullmatch(pattern, number)
        if match:
            found = match.groupdict()
            return estimand, found["region"], found.get("versus") or NONE
    match = _LAW.fullmatch(number)
    if match:
        return f"{readings.LAW}_{match['date']}", match["place"].upper(), NONE
    match = _LANGUAGE.fullmatch(number)
    if match:
        return f"{readings.LANGUAGE}_{match['theme'].replace('-', '_')}", "all", NONE
    return None


def events_in(numbers: Iterable[str], events: Iterable[str]) -> list[str]:
    """The policy events whose change one of the numbers is."""
    known = list(numbers)
    return [event for event in events if f"policy-delayed-{event}" in known]


def themes_in(numbers: Iterable[str]) -> list[str]:
    """The themes of language that one of the numbers compares between papers and products."""
    found = (_LANGUAGE.fullmatch(number) for number in numbers)
    return [match["theme"].replace("-", "_") for match in found if match]
