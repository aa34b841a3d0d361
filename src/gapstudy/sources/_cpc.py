"""CPC symbols in one spelling."""

from __future__ import annotations

import re

_SYMBOL = re.compile(r"([A-HY]\d\d[A-Z])(?:(\d{1,4})(?:/(\d{2,6}))?)?")
_SEPARATORS = str.maketrans("", "", " \t\r\n\u00a0")


def cpc(text: str) -> str:
    """A CPC symbol without padding; empty when it is none.

    Offices pad the main group with blanks (`G06N   3/08`), some with zeros (`G06N 003/08`), and
    some write a hyphen for the slash. A subclass alone (`G06N`) stays as it is.

    >>> cpc("G06N   3/08"), cpc("g06n003/0464"), cpc("G06N"), cpc("none")
    ('G06N3/08', 'G06N3/0464', 'G06N', '')
    """
    plain = text.upper().translate(_SEPARATORS).replace("-", "/")
    match = _SYMBOL.fullmatch(plain) if plain.isascii() else None
    if match is None:
        return ""
    subclass, group, subgroup = match.groups()
    if group is None:
        return str(subclass)
    number = str(int(group))
    return f"{subclass}{number}/{subgroup}" if subgroup else f"{subclass}{number}"


def symbols(texts: list[str]) -> list[str]:
    """Distinct symbols in one spelling, in their order; what is none is left out."""
    return [symbol for symbol in dict.fromkeys(map(cpc, texts)) if symbol]
