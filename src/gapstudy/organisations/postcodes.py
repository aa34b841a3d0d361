"""Countries of postal codes."""

from __future__ import annotations

import re

from gapstudy.organisations.places import subdivisions

#: Postal codes that belong to one country, as they are written with its letters or in a form of
#: its own: the Netherlands (four digits and two letters), Canada and the United Kingdom.
_POSTCODES = (
    (re.compile(r"\bD ?- ?\d{5}\b"), "DE"),
    (re.compile(r"\bF ?- ?\d{5}\b|\b\d{5},? [A-Z][\w'-]+,? [Cc](?:EDEX|edex)\b|\bC(?:EDEX|edex)\b"),
     "FR"),
    (re.compile(r"\bCH ?- ?\d{4}\b"), "CH"),
    (re.compile(r"\bA ?- ?\d{4}\b"), "AT"),
    (re.compile(r"\bB ?- ?\d{4}\b"), "BE"),
    (re.compile(r"\bSE? ?- ?\d{3} ?\d{2}\b"), "SE"),
    (re.compile(r"\bDK ?- ?\d{4}\b"), "DK"),
    (re.compile(r"\bI ?- ?\d{5}\b"), "IT"),
    (re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b"), "CA"),
    (re.compile(r"\b(?:[A-Z]{1,2}\d{1,2}|[A-Z]{1,2}\d[A-Z]) \d[ABD-HJLNP-UW-Z]{2}\b"), "GB"),
    (re.compile(r"\b\d{4} [A-Z]{2}\b(?= [A-Z][a-z])"), "NL"),
)  # fmt: skip
_US_ZIP = re.compile(r"\b([A-Z]{2})[ .,-]+\d{5}(?:-\d{4})?\b")


def postcodes(text: str) -> list[str]:
    """Countries of the postal codes in a text.

    >>> postcodes("Parks Road, Oxford OX1 3PJ"), postcodes("D-80333 Munich"), postcodes("12 A 34")
    (['GB'], ['DE'], [])
    """
    if not any(map(str.isdigit, text)) and "edex" not in text.casefold():
        return []
    short = subdivisions()[1]
    found = [
        "US" for state in _US_ZIP.findall(text) if short.get(state) == "US"
    ]  # a zip code alone has the form of many others
    return found or [country for form, country in _POSTCODES if form.search(text)]
