"""Industry's share of the authorship under every choice (C8).

Choices: what regions contain, counting, the frame, the years, and what is made of organisations of
mixed and of unknown kind, where there are such.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gapstudy.measure import industry, specifications
from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.grids.rows import Row, Slices, choose, differences, few, of, schemes
from gapstudy.measure.industry import KINDS, PAIRS
from gapstudy.measure.specifications import Rules
from gapstudy.measure.survival import Floats
from gapstudy.study import Grid

ESTIMAND = "industry_share"
STATED = "kinds as stated"
MIXED = "mixed counts as industry"
KNOWN = "unknown kind left out"


def table(
    parties: pd.DataFrame, samples: Slices, years: Slices, grid: Grid, rules: Rules
) -> pd.DataFrame:
    """Rows of industry's share.

    Args:
        parties: organisations of all results.
        samples: results of each frame, (n,), results in the order of their identifiers.
        years: results of each part of the window, (n,).
        grid: the choices.
        rules: confidence and smallest cell.
    """
    return differences(_rows(parties, samples, years, grid, rules), rules)


def _rows(
    parties: pd.DataFrame, samples: Slices, years: Slices, grid: Grid, rules: Rules
) -> Iterator[Row]:
    for scheme in schemes(grid):
        for counting in grid.counting:
            every = industry.credits_by_kind(parties, scheme, counting)
            for rule in _applying(every):
                part, base = _parts(every, rule)
                for sample, inside in samples.items():
                    for span, during in years.items():
                        chosen = inside & during
                        if not chosen.any():
                            continue
                        fit = industry.ratio(part[chosen], base[chosen])
                        picked = choose(counting=counting, sample=sample, years=span, rule=rule,
                                        **of(scheme))  # fmt: skip
                        for region, versus in PAIRS:
                            a, b = COLUMNS.index(region), COLUMNS.index(versus)
                            n = int(min(fit.results[a], fit.results[b]))
                            yield {
                                **picked, "estimand": ESTIMAND, "region": region,
                                "versus": versus, **specifications.sides(fit, a, b), "n": n,
                                "note": few(n, rules.min_cell),
                            }  # fmt: skip


def _applying(every: Floats) -> list[str]:
    """The rules that change anything for the regions compared."""
    compared = [COLUMNS.index(region) for pair in PAIRS for region in pair]
    credit = every[:, compared].sum(axis=(0, 1))
    rules = [STATED]
    if credit[KINDS.index("mixed")] > 0:
        rules.append(MIXED)
    if credit[KINDS.index("unknown")] > 0:
        rules.append(KNOWN)
    return rules


def _parts(every: Floats, rule: str) -> tuple[Floats, Floats]:
    part, base = every[:, :, KINDS.index("industry")], every.sum(axis=2)
    if rule == MIXED:
        part = part + every[:, :, KINDS.index("mixed")]
    if rule == KNOWN:
        base = base - every[:, :, KINDS.index("unknown")]
    return part, base
