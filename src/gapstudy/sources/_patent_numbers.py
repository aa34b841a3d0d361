"""Publication numbers in one spelling: country, number, kind code, without separators."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s,.\-/]+")
_NUMBER = re.compile(r"([A-Z]{2})([A-Z]{0,2}\d{1,13})([A-Z]\d?)?")
_KIND = re.compile(r"[A-Z]\d?")


def publication_number(country: str, number: str = "", kind: str = "") -> str:
    """A publication number such as `US10000000B2`; empty when it is none.

    Takes the whole as one text or in its three parts. Letters that belong to the number stay
    (`USD900000S1`, `USRE49000E1`); so do leading zeros, which some offices count as part of it.

    >>> publication_number("US-10000000-B2"), publication_number("US 10,000,000 B2")
    ('US10000000B2', 'US10000000B2')
    >>> publication_number("US", "10000000", "B2"), publication_number("EP", "3000000", "A1")
    ('US10000000B2', 'EP3000000A1')
    """
    parts = [_SEPARATORS.sub("", part).upper() for part in (country, number, kind)]
    if parts[2] and not _KIND.fullmatch(parts[2]):
        return ""
    if parts[1].startswith(parts[0]) and parts[0]:
        parts[0] = ""
    match = _NUMBER.fullmatch("".join(parts))
    return "".join(part or "" for part in match.groups()) if match and match[0].isascii() else ""
