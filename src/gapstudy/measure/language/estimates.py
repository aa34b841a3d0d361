"""Shares of texts and sentences that treat a theme, their differences and trends.

Texts of one organisation share its style, so they are one cluster: a text stands with the first
organisation that it names, whatever its kind. Shares of sentences do not depend on how long texts
are, so only they are compared between kinds of text, and only they can be corrected: the labels are
of sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.industry import ratio as share_of
from gapstudy.measure.intervals import quantile
from gapstudy.measure.language import THEMES
from gapstudy.measure.language.correct import (
    corrected,
    ratio,
    slope,
    summed,
    usable,
)
from gapstudy.measure.language.quality import Rates

Floats = NDArray[np.float64]
#: Fewest clusters behind an interval.
LEAST_CLUSTERS = 5
FEW_LABELS = "too few labelled sentences to correct it"
UNCORRECTED, CORRECTED = "none", "rogan_gladen"


@dataclass(frozen=True)
class Spoken:
    """Annotated texts, in English and in the makers' own words.

    Attributes:
        frame: id, source, year, cluster, sentences, hit_THEME and carry_THEME of each text.
        weight: credits to `cohort.COLUMNS`, (n, 6).
        rates: what is known of the lexicon's errors.
        confidence: level of the intervals.
        min_cell: fewest texts behind an estimate that is shown.
    """

    frame: pd.DataFrame
    weight: Floats
    rates: dict[str, Rates]
    confidence: float
    min_cell: int

    def only(self, rows: NDArray[np.bool_]) -> Spoken:
        """Some of the texts."""
        frame = self.frame[rows].reset_index(drop=True)
        return Spoken(frame, self.weight[rows], self.rates, self.confidence, self.min_cell)

    def column(self, name: str) -> Floats:
        """A column as numbers."""
        return self.frame[name].to_numpy(float)

    @property
    def cluster(self) -> NDArray[np.int64]:
        """Number of each text's cluster, from zero."""
        return np.asarray(pd.factorize(self.frame["cluster"], sort=True)[0], dtype=np.int64)

    def texts(self) -> NDArray[np.int64]:
        """Texts of each region, (6,)."""
        return np.asarray((self.weight > 0).sum(axis=0), dtype=np.int64)

    def clusters(self) -> NDArray[np.int64]:
        """Clusters of each region, (6,)."""
        given = summed(self.weight, self.cluster)
        return np.asarray((given > 0).sum(axis=0), dtype=np.int64)


def shares(spoken: Spoken, unit: str, regions: Sequence[str]) -> Iterator[dict[str, object]]:
    """Shares of texts or sentences by theme and region, uncorrected and corrected.

    Args:
        spoken: texts of one kind.
        unit: sentence or text.
        regions: regions wanted, of `cohort.COLUMNS`.
    """
    n, groups = spoken.texts(), spoken.clusters()
    cluster = spoken.cluster
    size = spoken.column("sentences") if unit == "sentence" else np.ones(len(spoken.frame))
    base = summed(spoken.weight * size[:, None], cluster)
    for theme in THEMES:
        hits, carry = spoken.column(f"hit_{theme}"), spoken.column(f"carry_{theme}")
        part = summed(spoken.weight * (hits if unit == "sentence" else hits > 0)[:, None], cluster)
        fit = share_of(part, base)
        ends = fit.interval(spoken.confidence)
        better = None
        if unit == "sentence" and usable(spoken.rates[theme]):
            carried = ratio(summed(spoken.weight * carry[:, None], cluster), base)
            size = fit.share.n[:, 0]
            better = corrected(ratio(part, base), carried, spoken.rates[theme], size)
        for region in regions:
            k = COLUMNS.index(region)
            why = _too_few(int(n[k]), int(groups[k]), spoken.min_cell)
            same = {"theme": theme, "region": region, "n": int(n[k])}
            yield {
                **same, "correction": UNCORRECTED, "note": why,
                **_three(fit.share.value[k, 0], ends.low[k, 0], ends.high[k, 0], shown=not why),
            }  # fmt: skip
            if unit == "sentence":
                low, high = (np.nan, np.nan)
                value = np.nan
                if better is not None:
                    half = _z(spoken.confidence, int(groups[k])) * np.sqrt(better.variance[k])
                    low, value, high = (
                        float(np.clip(end, 0, 1))
                        for end in (better.value[k] - half, better.value[k], better.value[k] + half)
                    )
                note = why or ("" if better is not None else FEW_LABELS)
                yield {
                    **same, "correction": CORRECTED, "note": note,
                    **_three(value, low, high, shown=not note),
                }  # fmt: skip


def differences(
    first: tuple[Spoken, str], second: tuple[Spoken, str]
) -> Iterator[dict[str, object]]:
    """Differences of shares of sentences, uncorrected and corrected, by theme.

    Args:
        first: texts of one kind, and a region of them.
        second: texts of the same or another kind, and a region of them.
    """
    sides = [(spoken, COLUMNS.index(region)) for spoken, region in (first, second)]
    n = min(int(spoken.texts()[k]) for spoken, k in sides)
    groups = min(int(spoken.clusters()[k]) for spoken, k in sides)
    settings = first[0]
    why = _too_few(n, groups, settings.min_cell)
    cluster = pd.factorize(
        pd.concat([spoken.frame["cluster"] for spoken, _ in sides], ignore_index=True), sort=True
    )[0]
    for theme in THEMES:
        parts = {}
        for name in ("sentences", f"hit_{theme}", f"carry_{theme}"):
            one, two = (spoken.weight[:, k] * spoken.column(name) for spoken, k in sides)
            both = np.zeros((len(one) + len(two), 2))
            both[: len(one), 0], both[len(one) :, 1] = one, two
            parts[name] = summed(both, cluster)
        base = parts["sentences"]
        fit = share_of(parts[f"hit_{theme}"], base)
        gap, ends, p = fit.difference(0, 1, settings.confidence)
        same = {"theme": theme, "n": n}
        yield {
            **same, "correction": UNCORRECTED, "note": why,
            "p_value": np.nan if why else float(p[0]),
            **_three(gap[0], ends.low[0], ends.high[0], shown=not why),
        }  # fmt: skip
        note = why or ("" if usable(settings.rates[theme]) else FEW_LABELS)
        value, error = np.nan, np.nan
        if not note:
            hit, carry = (ratio(parts[f"{word}_{theme}"], base) for word in ("hit", "carry"))
            size = fit.share.n[:, 0]
            value, error = corrected(hit, carry, settings.rates[theme], size).minus(0, 1)
        yield {
            **same, "correction": CORRECTED, "note": note,
            **_tested(value, error, settings.confidence, groups, shown=not note, most=1.0),
        }  # fmt: skip


def trends(spoken: Spoken, regions: Sequence[str]) -> Iterator[dict[str, object]]:
    """Change of the share of sentences per year, by theme and region.

    Args:
        spoken: texts of one kind.
        regions: regions wanted.
    """
    n, groups = spoken.texts(), spoken.clusters()
    cluster, year = spoken.cluster, spoken.column("year")
    base = spoken.weight * spoken.column("sentences")[:, None]
    for theme in THEMES:
        hit, carry = (
            slope(spoken.weight * spoken.column(f"{word}_{theme}")[:, None], base, year, cluster)
            for word in ("hit", "carry")
        )
        for region in regions:
            k = COLUMNS.index(region)
            why = _too_few(int(n[k]), int(groups[k]), spoken.min_cell)
            if not why and len(np.unique(year[base[:, k] > 0])) < 3:
                why = "fewer than three years"
            if not why and not hit.variance[k]:
                why = "no text that differs from the others"
            same = {"theme": theme, "region": region, "n": int(n[k])}
            for correction in (UNCORRECTED, CORRECTED):
                made, note = hit, why
                if correction == CORRECTED and usable(spoken.rates[theme]):
                    made = corrected(hit, carry, spoken.rates[theme])
                elif correction == CORRECTED:
                    note = why or FEW_LABELS
                value, error = float(made.value[k]), float(np.sqrt(made.variance[k]))
                yield {
                    **same, "correction": correction, "note": note,
                    **_tested(value, error, spoken.confidence, int(groups[k]), shown=not note),
                }  # fmt: skip


def _too_few(texts: int, clusters: int, min_cell: int) -> str:
    if texts < min_cell:
        return f"fewer than {min_cell} texts in the makers' own words"
    return f"fewer than {LEAST_CLUSTERS} organisations" if clusters < LEAST_CLUSTERS else ""


def _z(confidence: float, clusters: int) -> float:
    return float(quantile(confidence, max(clusters - 1, 1)))


def _three(value: float, low: float, high: float, *, shown: bool) -> dict[str, float]:
    ends = (value, low, high) if shown else (np.nan,) * 3
    return dict(zip(("estimate", "low", "high"), map(float, ends), strict=True))


def _tested(
    value: float, error: float, confidence: float, clusters: int, *, shown: bool,
    most: float = np.inf,
) -> dict[str, float]:  # fmt: skip
    """An estimate with a t interval on clusters minus one and its p-value against zero."""
    from scipy import stats

    if not shown:
        return {**_three(value, value, value, shown=False), "p_value": np.nan}
    df, half = max(clusters - 1, 1), _z(confidence, clusters) * error
    p = float(2 * stats.t.sf(abs(value) / error, df))
    low, value, high = (float(np.clip(end, -most, most)) for end in
                        (value - half, value, value + half))  # fmt: skip
    return {**_three(value, low, high, shown=True), "p_value": p}
