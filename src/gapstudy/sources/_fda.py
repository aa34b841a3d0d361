"""What the two sources about medical devices share."""

from __future__ import annotations

import datetime as dt

_BASE = "https://www.accessdata.fda.gov/scripts/cdrh/cfdocs"
#: The law under which devices are cleared is of 1976; a decision outside these years is an error.
FIRST_YEAR, LAST_YEAR = 1976, 2100


def clearance_page(number: str) -> str:
    """Public page of a decision by its number: 510(k) K.., De Novo DEN.., premarket approval P.."""
    if number.startswith("DEN"):
        return f"{_BASE}/cfpmn/denovo.cfm?id={number}"
    if number.startswith("P"):
        return f"{_BASE}/cfpma/pma.cfm?id={number.replace('/', '')}"
    return f"{_BASE}/cfPMN/pmn.cfm?ID={number}"


def true_day(day: dt.date) -> str:
    """A day of decision as ISO text.

    Raises:
        ValueError: outside the years in which there can be one.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{day} lies outside {FIRST_YEAR} to {LAST_YEAR}")
    return day.isoformat()
