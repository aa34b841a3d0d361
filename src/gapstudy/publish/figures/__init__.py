"""One figure, one file, the same names in each; discovered, never listed.

A figure's module has `TITLE` (what it shows), `HEIGHTS` (inches, wide and narrow), `data(results)`
(the rows drawn, which are also its CSV; no rows when there are no data), `alt(frame)` (a text that
stands for it) and `draw(frame, size)` (a plotnine plot).
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol, cast

from gapstudy.errors import UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

    from gapstudy.publish.results import Results
    from gapstudy.publish.theme import Size


class Figure(Protocol):
    """What a figure's module has."""

    TITLE: str
    HEIGHTS: tuple[float, float]

    def data(self, results: Results) -> pd.DataFrame:
        """The rows drawn."""

    def alt(self, frame: pd.DataFrame) -> str:
        """A text that stands for the figure."""

    def draw(self, frame: pd.DataFrame, size: Size) -> Any:
        """The plot."""


def names() -> list[str]:
    """Names of all figures."""
    return sorted(item.name for item in iter_modules(__path__))


def load(name: str) -> Figure:
    """One figure.

    Raises:
        UnknownNameError: no figure is called so.
    """
    if name not in names():
        raise UnknownNameError.of("figure", name, names())
    return cast("Figure", import_module(f"{__name__}.{name}"))
