"""The contract of every table: columns, types, units, key, meaning, who writes it."""

from __future__ import annotations

from gapstudy.errors import UnknownNameError
from gapstudy.tables import artifacts, core, link, link_quality, out, patent_links, sources
from gapstudy.tables.contract import Column, Origin, Table

__all__ = ["ALL", "Column", "Origin", "Table", "contract"]

#: Every table but the raw ones, by name. Raw tables exist once per source: `sources.raw(source)`.
ALL: dict[str, Table] = {
    table.name: table
    for table in (
        *sources.TABLES,
        *core.TABLES,
        *artifacts.TABLES,
        *link.TABLES,
        *link_quality.TABLES,
        *patent_links.TABLES,
        *out.TABLES,
    )
}


def contract(name: str) -> Table:
    """The contract of a table by its name.

    Raises:
        UnknownNameError: no table is called so.
    """
    if name.startswith("raw_"):
        return sources.raw(name.removeprefix("raw_"))
    try:
        return ALL[name]
    except KeyError:
        raise UnknownNameError.of("table", name, list(ALL)) from None
