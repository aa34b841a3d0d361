"""Measure how far regions differ in turning AI research into products.

The public API: `Study` (a validated study.toml), `read_table` (any table as pandas), `refresh`
(make everything that is stale).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gapstudy.pipeline import refresh
    from gapstudy.store import read_table
    from gapstudy.study import Study

__all__ = ["Study", "__version__", "read_table", "refresh"]
__version__ = "0.1.0"

_HOMES = {"Study": "gapstudy.study", "read_table": "gapstudy.store", "refresh": "gapstudy.pipeline"}


def __getattr__(name: str) -> Any:
    # Heavy libraries are imported where they are used: `import gapstudy` stays instant.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gapstudy' has no attribute {name!r}")
