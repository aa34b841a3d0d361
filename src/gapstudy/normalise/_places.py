"""Countries that a text stands for, and when it stands for none."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from gapstudy.regions import country_code

# Names that mean something else too often: a state of the United States, first names, an editor, an
# animal, a fabric.
_AMBIGUOUS = {"Georgia", "Jordan", "Chad", "Monaco", "Guinea", "Jersey"}
#: A text that names one of these as well does not speak of one country.
_WIDER = (
    "Africa", "Asia", "Europe", "European Union", "EU", "Latin America", "LATAM", "South America",
    "North America", "Middle East", "MENA", "New England", "New Mexico", "New South Wales",
)  # fmt: skip
_NO_CODE = "*"
_MORE = (
    "USA", "U.S.A.", "U.S.", "US", "United States of America", "UK", "U.K.", "Great Britain",
    "England", "Scotland", "Wales", "Northern Ireland", "South Korea", "Russia", "Turkey", "Iran",
    "Czech Republic", "Ivory Coast", "United Arab Emirates", "UAE", "Kosovo",
)  # fmt: skip


@functools.cache
def _named() -> tuple[dict[str, str], str]:
    """Names of countries -> codes, and a pattern that finds them, long names first."""
    import pycountry

    names = [
        value
        for country in pycountry.countries
        for field in ("name", "common_name", "official_name")
        if (value := getattr(country, field, None)) and "," not in value
    ]
    known = {name: code for name in [*names, *_MORE]
             if name not in _AMBIGUOUS and (code := country_code(name))}  # fmt: skip
    known |= dict.fromkeys(_WIDER, _NO_CODE)
    return known, "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))


def text_countries(texts: Sequence[str]) -> list[str | None]:
    """The country of each text that names exactly one, as it is written in English.

    >>> text_countries(["Payments for shops in Kenya", "From Kenya to Peru", "Georgia on my mind"])
    ['KE', None, None]
    """
    import pyarrow as arrow
    import pyarrow.compute as compute

    known, names = _named()
    # RE2 goes through all texts in one pass each; Python's own engine then sees the few that hit.
    column = arrow.array(texts, arrow.large_string())
    hits = compute.match_substring_regex(column, rf"\b(?:{names})").to_pylist()
    pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)")
    found: list[str | None] = []
    for text, hit in zip(texts, hits, strict=True):
        codes = {known[name] for name in pattern.findall(text)} if hit else set()
        found.append(codes.pop() if len(codes) == 1 and _NO_CODE not in codes else None)
    return found
