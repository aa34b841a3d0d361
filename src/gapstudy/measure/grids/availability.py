"""How much later products are usable in the EU under every choice (C4).

Choices: what Europe contains, all rows or those that a page confirms, the kind of product, launches
before and after a date of law, the days within which a product must be usable, and what is made of
products that were lost before (`rule`). Where Europe contains the United Kingdom, a product is
usable there on the day on which it is usable in both markets; the sources have no market of the
EFTA states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import specifications
from gapstudy.measure.availability.curves import DAYS
from gapstudy.measure.availability.estimates import fit
from gapstudy.measure.availability.lags import MARKETS, Lags
from gapstudy.measure.grids.rows import Row, choose, differences, few
from gapstudy.measure.specifications import PAIRS, Rules
from gapstudy.regions import UK_LAST_DAY

ESTIMAND = "availability"
SAMPLE = "market_access"
#: Censored at the last check; lost products came at once; lost products never came.
CENSORED, AT_ONCE, NEVER = LOSSES = "kaplan_meier", "censored_at_once", "censored_never"
_EU, _GB = MARKETS.index("EU"), MARKETS.index("GB")
_LAST_UK = int(np.datetime64(UK_LAST_DAY).astype("datetime64[D]").astype(int))
#: Beyond any date: a product that never comes is followed so long.
_FOR_EVER = 1e6


def table(
    drawn: Mapping[str, Lags], kinds: pd.Series, laws: Mapping[str, int], europe: Iterable[str],
    rules: Rules,
) -> pd.DataFrame:  # fmt: skip
    """Rows of availability.

    Args:
        drawn: lags behind the first availability anywhere, by the rows that they are made of.
        kinds: kind of each product, by identifier.
        laws: dates that part the launches, as text -> days since 1970.
        europe: what Europe contains.
        rules: confidence and smallest cell.
    """
    # Without a market of the EFTA states the widest Europe is that of 28 members.
    wanted = list(dict.fromkeys("EU28" if item == "europe" else item for item in europe))
    return differences(_rows(drawn, kinds, laws, wanted, rules), rules)


def _rows(
    drawn: Mapping[str, Lags], kinds: pd.Series, laws: Mapping[str, int], europe: Sequence[str],
    rules: Rules,
) -> Iterator[Row]:  # fmt: skip
    for rows, lags in drawn.items():
        kind = kinds.reindex([str(name) for name in lags.product]).astype(str).to_numpy()
        parts = _parts(kind, rules.min_cell)
        for wide in europe:
            market = merged(lags, wide)
            for rule in LOSSES:
                table = lost(market, rule)
                for name, part in parts.items():
                    for span, during in _launches(lags, laws, rules.min_cell).items():
                        picked = choose(europe=wide, links=rows, sample=SAMPLE, part=name,
                                        years=span, rule=rule)  # fmt: skip
                        yield from _cells(picked, table, part & during, rules)


def _cells(
    picked: dict[str, str], table: Lags, inside: NDArray[np.bool_], rules: Rules
) -> Iterator[Row]:
    for region, versus in PAIRS:
        a, b = MARKETS.index(region), MARKETS.index(versus)
        both = table.seen[:, a] & table.seen[:, b] & inside
        n = int(both.sum())
        if n == 0:
            continue
        fitted = fit(table, list(DAYS.values()), both)
        for h, horizon in enumerate(DAYS):
            yield {
                **picked, "horizon": horizon, "estimand": ESTIMAND, "region": region,
                "versus": versus, **specifications.sides(fitted, a, b, h), "n": n,
                "note": few(n, rules.min_cell, "products"),
            }  # fmt: skip


def merged(lags: Lags, europe: str) -> Lags:
    """The lags with what `europe` contains in place of the EU.

    A product without a row for the United Kingdom counts by its row for the EU.
    """
    if europe == "EU27":
        return lags
    member = np.ones(len(lags.product), bool)
    if europe == "membership":
        member = lags.entry <= _LAST_UK
    both = member & lags.seen[:, _EU] & lags.seen[:, _GB]
    days, available = lags.days.copy(), lags.available.copy()
    # Later than both ends, whether each is an availability or the end of knowledge.
    days[:, both, _EU] = np.maximum(lags.days[:, both, _EU], lags.days[:, both, _GB])
    available[both, _EU] = lags.available[both, _EU] & lags.available[both, _GB]
    return replace(lags, days=days, available=available)


def lost(lags: Lags, rule: str) -> Lags:
    """The lags with products that were lost before an availability treated by a rule."""
    gone = lags.seen & ~lags.available
    if rule == NEVER:
        return replace(lags, days=np.where(gone, _FOR_EVER, lags.days))
    if rule == AT_ONCE:
        # Half a day later: a product that was still missing on a day was not usable on that day.
        return replace(
            lags, days=np.where(gone, lags.days + 0.5, lags.days), available=lags.available | gone
        )
    return lags


def _parts(kind: NDArray[np.object_], min_cell: int) -> dict[str, NDArray[np.bool_]]:
    """All products, and each kind that has enough of them."""
    parts = {"all": np.ones(len(kind), bool)}
    for name in sorted(set(kind.tolist())):
        if (kind == name).sum() >= min_cell:
            parts[f"kind: {name}"] = kind == name
    return parts


def _launches(lags: Lags, laws: Mapping[str, int], min_cell: int) -> dict[str, NDArray[np.bool_]]:
    """All launches, and those before and from each date with enough of both."""
    parts = {"all": np.ones(len(lags.product), bool)}
    for text, day in laws.items():
        if min((lags.entry < day).sum(), (lags.entry >= day).sum()) < min_cell:
            continue
        parts[f"before {text}"] = lags.entry < day
        parts[f"from {text}"] = lags.entry >= day
    return parts
