"""One file per source, all of one shape, discovered by scanning this folder."""

from __future__ import annotations

import functools
import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from gapstudy.errors import UnknownNameError

if TYPE_CHECKING:
    from gapstudy.sources.base import Source


@functools.cache
def names() -> tuple[str, ...]:
    """Names of all sources, sorted."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if name != "base" and not name.startswith("_")))


def load(name: str) -> type[Source]:
    """The class of a source by its name.

    Raises:
        UnknownNameError: no source is called so.
    """
    from gapstudy.sources.base import Source

    if name not in names():
        raise UnknownNameError.of("source", name, names())
    module = import_module(f"{__name__}.{name}")
    for value in vars(module).values():
        if (
            isinstance(value, type)
            and issubclass(value, Source)
            and getattr(value, "name", "") == name
        ):
            return value
    raise TypeError(f"sources/{name}.py defines no Source named {name!r}")
