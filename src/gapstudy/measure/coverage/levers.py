r"""What under-coverage of a region does to each number that a verdict rests on.

If only a share c of what is looked for was found in a region, each one found stands for
:math:`1/c`. What that does depends on the number:

- conversion: shares with a product are divided by c, as in `recall`;
- share of results: each result counts :math:`1 + (1/c - 1) \times` its credit to the region;
- share of a kind among others (industry in authorship, products usable in time, first products
  made at home): its odds are multiplied by :math:`1/c`, with the sample size left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from gapstudy.measure import availability, cohort, industry, recall, survival
from gapstudy.measure.cohort import COLUMNS, Weights
from gapstudy.measure.imputation import Spells
from gapstudy.measure.inputs import STREAMS, Inputs
from gapstudy.measure.intervals import Share, difference_interval, difference_p, p_from_interval
from gapstudy.measure.regional import Regional, combine, mean_share
from gapstudy.regions import REGIONS, Counting

if TYPE_CHECKING:
    from gapstudy.study import Study

_REGION = "|".join(COLUMNS)


class Answer(NamedTuple):
    """One number with its interval and p-value against the value that its claim names."""

    value: float
    low: float
    high: float
    p_value: float


class Lever(NamedTuple):
    """Under-coverage of one region as a way to move one number.

    Attributes:
        region: the region.
        missed: what is missed there.
        n: observations behind the number.
        answer: the number at a coverage above 0, up to 1.
    """

    region: str
    missed: str
    n: int
    answer: Callable[[float], Answer]


class Fits(NamedTuple):
    """What the levers are made from: the headline's inputs.

    Attributes:
        spells: drawn spells of the cohort.
        weight: its credits under the headline's counting.
        shares: credits of all results of the frame by counting.
        inputs: all inputs.
        study: the study.
    """

    spells: Spells
    weight: Weights
    shares: dict[str, Weights]
    inputs: Inputs
    study: Study


def levers(number: str, than: float, fits: Fits) -> Iterator[Lever]:
    """The ways in which under-coverage moves a number; none when it has no model of it.

    Args:
        number: name of the number.
        than: value that its claim compares it with.
        fits: what it is computed from.
    """
    for pattern, make in _MAKERS:
        match = re.fullmatch(pattern, number)
        if match:
            yield from make(fits, than, *match.groups())
            return


def _conversion(
    fits: Fits, than: float, years: str, region: str, versus: str | None
) -> Iterator[Lever]:
    weight, confidence = fits.weight.value, fits.study.measurement.confidence
    steps = survival.steps(fits.spells.time, fits.spells.event, weight)
    raw = survival.incidence(steps, [float(years)])
    a = COLUMNS.index(region)
    b = COLUMNS.index(versus) if versus else a
    results = (weight > 0).sum(axis=0)

    def at(k: int, cover: float) -> Answer:
        rate = np.ones((len(raw.value), len(COLUMNS)))
        rate[:, k] = cover
        fit = combine(recall.corrected(raw, rate), weight, cohort.ALL)
        if versus:
            return _gap(fit, a, b, confidence)
        ends = fit.interval(confidence)
        ends_a = float(ends.low[a, 0]), float(ends.high[a, 0])
        value = float(fit.share.value[a, 0])
        return Answer(value, *ends_a, p_from_interval(value, *ends_a, than, confidence))

    for k in dict.fromkeys((a, b)):
        yield Lever(COLUMNS[k], "products that use its results", int(min(results[a], results[b])),
                    partial(at, k))  # fmt: skip


def _share(fits: Fits, _: float, counting: str, region: str, versus: str) -> Iterator[Lever]:
    credit = fits.shares[counting].value[:, : len(REGIONS)]
    a, b = REGIONS.index(region), REGIONS.index(versus)

    def at(k: int, cover: float) -> Answer:
        stands = 1 + (1 / cover - 1) * credit[:, [k]]
        everyone = np.broadcast_to(stands, credit.shape)
        fit = combine(mean_share(credit[None], np.ascontiguousarray(everyone)), everyone)
        return _gap(fit, a, b, fits.study.measurement.confidence)

    for k in (a, b):
        yield Lever(REGIONS[k], "results", len(credit),
                    partial(at, k))  # fmt: skip


def _industry(fits: Fits, _: float, region: str, versus: str) -> Iterator[Lever]:
    inputs, study = fits.inputs, fits.study
    mine = inputs.papers.loc[inputs.papers["frame"] == study.frames[0], "paper_id"]
    rows = inputs.parties[inputs.parties["paper_id"].isin(mine)]
    parts = industry.credits_by_kind(rows, study.regions.scheme)
    fit = industry.ratio(parts[:, :, industry.KINDS.index("industry")], parts.sum(axis=2))
    a, b = COLUMNS.index(region), COLUMNS.index(versus)
    yield from _odds(
        fit,
        a,
        b,
        (COLUMNS[a], COLUMNS[b]),
        "industry's part in its results",
        study.measurement.confidence,
        int(min(fit.results[a], fit.results[b])),
    )


def _availability(
    fits: Fits, _: float, measure: str, market: str, versus: str, confirmed: str | None
) -> Iterator[Lever]:
    study, frames = fits.study, fits.inputs.frames
    rows = frames["product_availability"]
    rows = rows[rows["basis"] == "market_access"]
    if confirmed:
        rows = rows[rows["confirmed"]]
    drawn = availability.lags(
        rows, frames["products"], "anywhere", study.linking.imputations,
        [study.seed, STREAMS["availability"]],
    )  # fmt: skip
    a, b = availability.MARKETS.index(market), availability.MARKETS.index(versus)
    both = drawn.seen[:, a] & drawn.seen[:, b]
    days = availability.DAYS[measure.replace("-", "_")]
    fit = availability.fit(drawn, [days], both)
    yield from _odds(fit, a, b, (market, versus), "products usable there in time",
                     study.measurement.confidence, int(both.sum()))  # fmt: skip


def _leakage(fits: Fits, than: float, region: str) -> Iterator[Lever]:
    """First products made at home that were missed: the odds of abroad fall."""
    k = REGIONS.index(region)
    made_in = cohort.product_regions(fits.inputs.cohort.products, fits.weight.scheme)
    place = made_in[fits.spells.product]
    known = fits.spells.event & (place != REGIONS.index("unknown"))
    column = fits.weight.value[None, :, k : k + 1] * known[:, :, None]
    some = column[:, :, 0].sum(axis=1) > 0
    if not some.any():
        return
    fit = combine(
        mean_share((place != k).astype(float)[some], column[some]),
        known.mean(axis=0)[:, None] * fits.weight.value[:, [k]],
    )
    confidence = fits.study.measurement.confidence
    n = int((known.any(axis=0) & (fits.weight.value[:, k] > 0)).sum())

    def at(cover: float) -> Answer:
        part = _times(fit.side(0), cover)
        ends = part.interval(confidence)
        value, low, high = (float(item[0]) for item in (part.value, ends.low, ends.high))
        return Answer(value, low, high, p_from_interval(value, low, high, than, confidence))

    yield Lever(region, "first products made there", n, at)


def _odds(
    fit: Regional, a: int, b: int, names: tuple[str, str], missed: str, confidence: float, n: int
) -> Iterator[Lever]:
    rho = fit.correlation(a, b)

    def at(which: int, cover: float) -> Answer:
        sides = [fit.side(a), fit.side(b)]
        sides[which] = _times(sides[which], 1 / cover)
        ends = difference_interval(sides[0], sides[1], rho, confidence)
        return Answer(
            float(sides[0].value[0] - sides[1].value[0]), float(ends.low[0]), float(ends.high[0]),
            float(difference_p(sides[0], sides[1], rho)[0]),
        )  # fmt: skip

    for which in (0, 1):
        yield Lever(names[which], missed, n,
                    partial(at, which))  # fmt: skip


def _times(share: Share, factor: float) -> Share:
    """A share whose odds are multiplied."""
    value = share.value * factor / (1 + (factor - 1) * share.value)
    return Share(np.asarray(value, dtype=float), share.n, share.df)


def _gap(fit: Regional, a: int, b: int, confidence: float) -> Answer:
    gap, ends, p = fit.difference(a, b, confidence)
    return Answer(float(gap[0]), float(ends.low[0]), float(ends.high[0]), float(p[0]))


_MAKERS: tuple[tuple[str, Callable[..., Iterator[Lever]]], ...] = (
    (rf"conversion-([\d.]+)y-({_REGION})(?:-minus-({_REGION}))?", _conversion),
    (rf"share-(whole|fractional|first)-({_REGION})-minus-({_REGION})", _share),
    (rf"industry-share-({_REGION})-minus-({_REGION})", _industry),
    (r"availability-(same-day|within-90d|within-365d)-(\w+)-minus-(\w+?)(-confirmed)?",
     _availability),
    (rf"leakage-({_REGION})", _leakage),
)  # fmt: skip


def fits_of(inputs: Inputs, study: Study) -> Fits:
    """What the levers need, made as the tables of the headline make it."""
    scheme = study.regions.scheme
    people = inputs.cohort
    mine = inputs.papers[inputs.papers["frame"] == study.frames[0]].reset_index(drop=True)
    rows = inputs.parties[inputs.parties["paper_id"].isin(mine["paper_id"])]
    countings: tuple[Counting, ...] = ("whole", "fractional", "first")
    return Fits(
        people.drawn(inputs.links_used),
        cohort.weights(people.papers, people.parties, scheme, study.regions.counting),
        {name: cohort.weights(mine, rows, scheme, name) for name in countings},
        inputs, study,
    )  # fmt: skip


def same(number: pd.Series, answer: Answer) -> bool:
    """Whether a lever at full coverage gives the number that the scorecard has."""
    return bool(np.allclose(
        [float(number["value"]), float(number["low"]), float(number["high"])], answer[:3],
        rtol=1e-6, atol=1e-9,
    ))  # fmt: skip
