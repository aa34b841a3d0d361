"""The productisation ratio of the EU under every choice (C4), set against one.

Choices: what regions contain, counting, which products count, and for those of the cohort the
years, the evidence and drawing of links, and whether missed links are made up for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gapstudy.measure import productisation, recall, specifications
from gapstudy.measure.cohort import Weights, product_regions
from gapstudy.measure.grids.rows import Row, Slices, choose, few, of
from gapstudy.measure.imputation import Floats, Ints, Spells
from gapstudy.measure.intervals import Share, difference_p
from gapstudy.measure.specifications import NONE, Rules
from gapstudy.regions import REGIONS, RegionScheme

ESTIMAND = "productisation"
FOUND, RECALL = "products found", "missed products added"
_EU = REGIONS.index("EU")


@dataclass(frozen=True)
class Cohort:
    """What the ratio is made of.

    Attributes:
        weights: credits of the cohort's results, under every scheme and counting.
        spells: their spells, by evidence and link sets.
        rates: drawn recall of the drawn links, by evidence.
        products: all products.
        again: identifiers of products that are another version of one in the table.
        years: results of each part of the window.
    """

    weights: Sequence[Weights]
    spells: Mapping[tuple[str, str], Spells]
    rates: Mapping[str, Floats | None]
    products: pd.DataFrame
    again: pd.Series
    years: Slices


def table(cohort: Cohort, rules: Rules) -> pd.DataFrame:
    """Rows of the productisation ratio."""
    rows = [*_linked(cohort, rules), *_listed(cohort, rules)]
    frame = pd.DataFrame(rows)
    if not len(frame):
        return frame
    made, base = (
        Share(*(frame.pop(f"{part}_{side}").to_numpy(float) for part in Share._fields))
        for side in ("a", "b")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        value = made.value / base.value
    ends = productisation.ratio_interval(made, base, rules.confidence)
    open_ended = ~np.isfinite(ends.high) | ~np.isfinite(value)
    note = frame["note"].where(
        (frame["note"] != "") | ~open_ended, "the ratio has no upper end: too few results"
    )
    return specifications.judged(
        frame.assign(
            estimand=ESTIMAND, region="EU", versus=NONE, than=1.0, estimate=value, low=ends.low,
            high=ends.high, p_value=difference_p(made, base, 0.0), note=note,
        )
    )  # fmt: skip


def _linked(cohort: Cohort, rules: Rules) -> Iterator[Row]:
    homes = _homes(cohort)
    for (links, link_sets), spells in cohort.spells.items():
        for span, inside in cohort.years.items():
            part = specifications.only(spells, inside)
            if not part.event.any():
                continue
            n = int(inside.sum())
            found = {s: productisation.from_spells(part, home, n) for s, home in homes.items()}
            for weight in cohort.weights:
                picked = choose(
                    counting=weight.counting, years=span, links=links, link_sets=link_sets,
                    sample="cohort", rule=FOUND, **of(weight.scheme),
                )  # fmt: skip
                yield _row(picked, found[weight.scheme], weight.value[inside], rules)
                rates = cohort.rates.get(links)
                if rates is not None and link_sets == "imputed":
                    each = recall.per_result(rates, weight)[:, inside]
                    added = productisation.from_spells(part, homes[weight.scheme], n, each)
                    yield _row({**picked, "rule": RECALL}, added, weight.value[inside], rules)


def _listed(cohort: Cohort, rules: Rules) -> Iterator[Row]:
    """Ratios with products that are listed, whatever results they use."""
    products = cohort.products[~cohort.products["product_id"].isin(cohort.again)]
    for entry in ("compiled", "feed"):
        if not (products["entry"] == entry).any():
            continue
        found: dict[RegionScheme, tuple[Share, Floats]] = {}
        for weight in cohort.weights:
            if weight.scheme not in found:
                found[weight.scheme] = productisation.from_products(products, entry, weight)
            for span, inside in cohort.years.items():
                picked = choose(counting=weight.counting, years=span, sample=entry, rule=FOUND,
                                **of(weight.scheme))  # fmt: skip
                yield _row(picked, found[weight.scheme], weight.value[inside], rules)


def _homes(cohort: Cohort) -> dict[RegionScheme, Ints]:
    return {
        scheme: product_regions(cohort.products, scheme)
        for scheme in dict.fromkeys(weight.scheme for weight in cohort.weights)
    }


def _row(picked: dict[str, str], found: tuple[Share, Floats], credit: Floats, rules: Rules) -> Row:
    share, counts = found
    results = productisation.result_shares(credit)
    n = int((credit[:, _EU] > 0).sum())
    note = few(min(float(n), float(counts.sum())), rules.min_cell, "results or products")
    row: Row = {**picked, "n": n, "note": note}
    for side, values in (("a", share), ("b", results)):
        row |= {
            f"{part}_{side}": float(value[_EU])
            for part, value in zip(Share._fields, values, strict=True)
        }
    return row
