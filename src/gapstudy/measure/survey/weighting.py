"""Weights of the respondents: equal, or raked to the published margins that study.toml names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure import raking
from gapstudy.measure.raking import Floats, Raked

if TYPE_CHECKING:
    from gapstudy.study import Margin


class Weighted(NamedTuple):
    """Weights with an account of them.

    Attributes:
        weight: one per respondent; they add up to the number of respondents. None where the
            margins could not be met.
        raked: what raking says of itself, over the respondents that it covers; None likewise.
        covered: respondents whose category each margin gives; the others keep a weight of one.
        notes: what was left aside, or why there are no weights.
    """

    weight: Floats | None
    raked: Raked | None
    covered: int
    notes: tuple[str, ...]


def rake(
    respondents: pd.DataFrame, margins: Sequence[Margin], bounds: tuple[float, float]
) -> Weighted:
    """Rake the respondents to the margins.

    A category of a margin without any respondent is left out of it: the answers say nothing of it.
    A respondent of whom a variable is not known, or whose category no margin gives, keeps the
    weight of one, so that weighted and unweighted shares rest on the same people.

    Args:
        respondents: columns region, country, role, setting and size, missing where not known.
        margins: the margins of study.toml.
        bounds: smallest and largest factor on a weight.
    """
    n = len(respondents)
    keys = [_keys(respondents, margin.variables) for margin in margins]
    covered = np.ones(n, dtype=bool)
    for key, margin in zip(keys, margins, strict=True):
        covered &= key.isin([name for name, total in margin.totals.items() if total > 0])
    notes, frames = [], []
    for key, margin in zip(keys, margins, strict=True):
        name = " by ".join(margin.variables)
        present = set(key[covered])
        empty = sorted(part for part, total in margin.totals.items()
                       if total > 0 and part not in present)  # fmt: skip
        if empty:
            notes.append(f"no respondent in {', '.join(empty)} of {name}, left out of the margin")
        totals = {part: total for part, total in margin.totals.items() if part in present}
        frames.append(pd.DataFrame({name: list(totals), raking.TOTAL: list(totals.values())}))
    if not covered.any():
        return Weighted(None, None, 0, (*notes, "no respondent is in the margins"))
    if n - covered.sum():
        notes.append(f"{n - covered.sum()} respondents are in no category of a margin and keep a "
                     "weight of one")  # fmt: skip
    sample = pd.DataFrame({
        " by ".join(margin.variables): key[covered].to_numpy()
        for key, margin in zip(keys, margins, strict=True)
    })  # fmt: skip
    try:
        raked = raking.rake(sample, frames, total=float(covered.sum()), bounds=bounds)
    except FitError as error:
        return Weighted(None, None, int(covered.sum()), (*notes, str(error)))
    weight = np.ones(n)
    weight[covered] = raked.weight
    return Weighted(weight, raked, int(covered.sum()), tuple(notes))


def _keys(respondents: pd.DataFrame, variables: Sequence[str]) -> pd.Series:
    """Category of each respondent, the values joined by a slash; missing where one is unknown."""
    known = respondents[list(variables)].notna().all(axis=1)
    if "region" in variables:
        known &= respondents["region"] != "unknown"
    keys = respondents[list(variables)].astype(str).agg("/".join, axis=1)
    return keys.where(known)
