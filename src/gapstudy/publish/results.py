"""What pages and figures read: the tables of one study, empty where they are not made yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, cast

import pandas as pd

from gapstudy.errors import UnknownNameError
from gapstudy.study import Study
from gapstudy.tables import contract

#: The choices of the headline that are no settings of study.toml: results chosen without knowing
#: what became of them, every kind of link, drawn link sets combined by Rubin's rules.
_FIXED = {"population": "cohort", "links": "both", "method": "imputed"}


class Results:
    """Tables and named numbers of one study.

    Args:
        study: the study.
        read: gives a table by its name, or None when it has not been made.
    """

    def __init__(self, study: Study, read: Callable[[str], pd.DataFrame | None]) -> None:
        self.study = study
        self._read = read
        self._frames: dict[str, pd.DataFrame] = {}

    def frame(self, name: str) -> pd.DataFrame:
        """A table; without rows when it has not been made.

        Raises:
            UnknownNameError: no table is called so.
        """
        if name not in self._frames:
            table = contract(name)
            frame = self._read(name)
            if frame is None:
                empty = {item.name: pd.Series(dtype=item.dtype) for item in table.columns}
                frame = pd.DataFrame(empty)
            self._frames[name] = frame
        return self._frames[name].copy()

    @property
    def headline(self) -> dict[str, str]:
        """Column -> value of the choices that the headline rests on."""
        regions = self.study.regions
        own = {"scheme": regions.scheme.name, "counting": regions.counting}
        return {**own, "frame": self.study.frames[0], **_FIXED}

    def rows(self, name: str, where: Mapping[str, object] | None = None) -> pd.DataFrame:
        """Rows of a table under the choices of the headline.

        Args:
            name: the table.
            where: column -> value, or list of values in the order wanted, or a function of the
                column's values (such as `max`); replaces the headline's choice for that column;
                None takes all of it.
        """
        frame = self.frame(name)
        wanted: dict[str, object] = {k: v for k, v in self.headline.items() if k in frame.columns}
        wanted |= dict(where or {})
        for column, value in wanted.items():
            if column not in frame.columns:
                raise UnknownNameError.of("column", column, list(frame.columns), where=name)
            if value is None:
                continue
            if callable(value):
                value = value(frame[column]) if len(frame) else None
            if isinstance(value, list | tuple):
                frame = frame[frame[column].isin(list(value))]
                rank = frame[column].map({item: i for i, item in enumerate(value)})
                frame = frame.loc[rank.sort_values(kind="stable").index]
            else:
                frame = frame[frame[column] == value]
        return frame.reset_index(drop=True)

    @cached_property
    def numbers(self) -> dict[str, dict[str, Any]]:
        """Rows of `out_numbers` by name."""
        return {str(row["name"]): row for row in records(self.frame("out_numbers"))}

    def number(self, name: str) -> dict[str, Any] | None:
        """The row of one named number, or None while no number has been made at all.

        Raises:
            UnknownNameError: there are numbers, but none is called so.
        """
        if not self.numbers:
            return None
        if name not in self.numbers:
            raise UnknownNameError.of("number", name, list(self.numbers), where="out_numbers")
        return self.numbers[name]

    @cached_property
    def _by_cell(self) -> dict[tuple[str, str], list[tuple[dict[str, Any], str]]]:
        found: dict[tuple[str, str], list[tuple[dict[str, Any], str]]] = {}
        for name, row in self.numbers.items():
            where = json.loads(str(row["where"])) if row["where"] else {}
            found.setdefault((str(row["table"]), str(row["column"])), []).append((where, name))
        return found

    def name_of(self, table: str, column: str, row: Mapping[str, Any]) -> str:
        """Name of the number that is read from one cell, or an empty text."""
        for where, name in self._by_cell.get((table, column), ()):
            if all(_same(row.get(key), value) for key, value in where.items()):
                return name
        return ""


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries."""
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def _same(left: Any, right: Any) -> bool:
    if left is None or (not isinstance(left, str) and pd.isna(left)):
        return right is None
    if isinstance(right, int | float) and not isinstance(right, bool):
        return float(left) == float(right)
    return bool(left == right)
