"""Results to figures, tables, named numbers, the rendered site and the data package.

The names below are what a page's cells use: `from gapstudy.publish import figure, number, table`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gapstudy.publish.cells import (
        comparisons,
        figure,
        freshness,
        number,
        reasons,
        rules,
        scorecard,
        study_text,
        survey_notice,
        table,
        verdict,
    )

__all__ = [
    "comparisons",
    "figure",
    "freshness",
    "number",
    "reasons",
    "rules",
    "scorecard",
    "study_text",
    "survey_notice",
    "table",
    "verdict",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from gapstudy.publish import cells

        return getattr(cells, name)
    raise AttributeError(f"module 'gapstudy.publish' has no attribute {name!r}")
