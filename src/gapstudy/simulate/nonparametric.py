"""Small worlds for the nonparametric time-to-event estimators and tests.

What a world says of a test is its statistic less its degrees of freedom, and its coverage is the
share of worlds in which equality was not rejected; of a band, the largest deviation of the truth
from the curve in units of the band, covered when within one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.intervals import quantile, wilson
from gapstudy.measure.models import bands, processes, pseudo, reverse_time
from gapstudy.measure.models.curves import group_weights, incidence
from gapstudy.measure.models.gray import gray_test
from gapstudy.measure.models.pseudo_regression import Link, pseudo_regression
from gapstudy.measure.models.rank_tests import rank_test
from gapstudy.measure.models.restricted_mean import Contrast, restricted_means
from gapstudy.measure.models.sample import Fit, Ints, Sample
from gapstudy.measure.models.score_test import PooledTest, ScoreTest, pool_scores
from gapstudy.measure.models.truncation import entry_test
from gapstudy.measure.regional import combine
from gapstudy.simulate.others import Answer, Small
from gapstudy.simulate.recovery import CONFIDENCE, Answers, summary

Floats = NDArray[np.float64]
_POINTS = np.arange(0.5, 6.01, 0.5)
#: Draws of the process behind a band in one world.
_DRAWS = 2000
TAU, LONGEST = 5.0, 8.0


def table(count: int, seed: int) -> pd.DataFrame:
    """Rows of `out_simulation` for these estimators.

    Args:
        count: realisations of each world.
        seed: seed of all.
    """
    rows = []
    for number, (method, small) in enumerate(SMALL):
        random = np.random.default_rng([seed, 2000 + number])
        answers = np.array([small.answer(random) for _ in range(count)])
        result = summary(small.truth, Answers(*answers.T), null=small.null)
        rows.append(
            {"estimator": small.estimator, "scenario": small.scenario, "method": method,
             "n": small.n, **result}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _censored(
    random: np.random.Generator, time: Floats, low: float = 3.0, high: float = 12.0
) -> tuple[Floats, NDArray[np.bool_]]:
    end = random.uniform(low, high, len(time))
    return np.minimum(time, end), time <= end


def _converted(random: np.random.Generator, chance: Floats, mean: Floats) -> Floats:
    """Times to a product of results some of which never have one."""
    ever = random.random(len(chance)) < chance
    return np.where(ever, random.exponential(mean), np.inf)


def _share(chance: float, mean: float, at: float) -> float:
    return chance * (1 - float(np.exp(-at / mean)))


def _lost(chance: float, mean: float) -> float:
    """Time lost to having a product, of `TAU`."""
    return chance * (TAU - mean * (1 - float(np.exp(-TAU / mean))))


def _wald(fit: Fit, j: int = 0) -> Answer:
    low, high = fit.interval(CONFIDENCE)
    return float(fit.estimate[j]), float(low[j]), float(high[j]), float(fit.p_value[j])


def _tested(test: ScoreTest | PooledTest) -> Answer:
    p = test.p_value
    accepted = 1.0 if p >= 1 - CONFIDENCE else 0.0
    scale = test.df if isinstance(test, PooledTest) else 1
    return test.statistic * scale - test.df, -accepted, 2 * accepted - 1, p


def _deviated(truth: Floats, low: Floats, estimate: Floats, high: Floats) -> Answer:
    """Largest deviation of a curve in units of its band."""
    side = np.where(truth >= estimate, high - estimate, estimate - low)
    part = np.where(side > 0, (estimate - truth) / np.where(side > 0, side, 1.0), 0.0)
    worst = float(part[np.argmax(np.abs(part))])
    return worst, worst - 1, worst + 1, np.nan


_CHANCE, _MEAN = (0.35, 0.55), (4.0, 3.0)


def _two(random: np.random.Generator, size: int, entry: bool = False) -> tuple[Sample, Ints]:
    group = (np.arange(size) < size // 2).astype(np.int64)
    time = _converted(random, np.take(_CHANCE, group), np.take(_MEAN, group))
    seen, event = _censored(random, time, 5.0)
    if not entry:
        return Sample.of(seen, event, group, ["group"]), group
    start = random.uniform(0, 2, size) * (random.random(size) < 0.5)
    kept = (start < seen) | (start == 0)
    return (
        Sample.of(seen[kept], event[kept], group[kept], ["group"], entry=start[kept]), group[kept]
    )  # fmt: skip


def _means(random: np.random.Generator, kind: Contrast, entry: bool = False) -> Answer:
    sample, group = _two(random, 300, entry)
    return _wald(restricted_means(sample, TAU, group, 2).contrast(1, 0, kind))


def _regression(random: np.random.Generator, link: Link, strata: bool) -> Answer:
    """Results of the second group are younger: its censoring is heavier."""
    group = (np.arange(300) < 150).astype(np.int64)
    time = _converted(random, np.take(_CHANCE, group), np.take(_MEAN, group))
    end = np.where(group == 1, random.uniform(1, 7, 300), random.uniform(5, 15, 300))
    sample = Sample.of(np.minimum(time, end), time <= end, group, ["group"])
    values = pseudo.incidence_values(sample, [TAU], strata=group if strata else None)
    return _wald(pseudo_regression(sample, values[:, 0], link), 1)


def _adjusted(random: np.random.Generator, adjust: bool) -> Answer:
    """Proportional hazards with a field that is commoner in the first group."""
    group = random.integers(0, 2, 400)
    field = (random.random(400) < np.where(group == 1, 0.7, 0.3)).astype(float)
    time = random.exponential(12 * np.exp(0.5 * group - 0.8 * field))
    seen, event = _censored(random, time)
    design = np.column_stack([group, field]) if adjust else group[:, None]
    sample = Sample.of(seen, event, design, ["group", "field"][: design.shape[1]])
    values = pseudo.incidence_values(sample, [TAU])[:, 0]
    return _wald(pseudo_regression(sample, values, "cloglog"), 1)


def _one(random: np.random.Generator, size: int, pairs: bool = False) -> Sample:
    """One group; in pairs with the same time, as one result in two regions has."""
    count = size // 2 if pairs else size
    chance, mean = np.full(count, 0.6), np.full(count, 3.0)
    seen, event = _censored(random, _converted(random, chance, mean), 6.0)
    if not pairs:
        return Sample.of(seen, event)
    weight = random.uniform(0.2, 1.0, size)
    return Sample.of(
        np.repeat(seen, 2), np.repeat(event, 2), weight=weight,
        cluster=np.repeat(np.arange(count), 2),
    )  # fmt: skip


def _truth(at: Floats) -> Floats:
    return np.asarray(0.6 * (1 - np.exp(-at / 3.0)), dtype=float)


def _plain_band(random: np.random.Generator, kind: bands.Kind) -> Answer:
    """The curve against the truth just before and at each of its steps."""
    band = bands.survival_band(_one(random, 150), kind, CONFIDENCE, start=0.5, end=6.0)
    before = np.append(band.time[1:], 6.0)
    at = np.concatenate([band.time, before])
    twice = [np.tile(part, 2) for part in (1 - band.high, 1 - band.estimate, 1 - band.low)]
    return _deviated(_truth(at), *twice)


def _process_band(random: np.random.Generator, pairs: bool) -> Answer:
    sample = _one(random, 300 if pairs else 150, pairs)
    seed = [int(random.integers(2**31))]
    band = processes.process_band(sample, _POINTS, CONFIDENCE, _DRAWS, seed)
    return _deviated(_truth(_POINTS), band.low, band.estimate, band.high)


def _score_band(random: np.random.Generator, pointwise: bool) -> Answer:
    """The band of the tables: Wilson's interval with the quantile of the process."""
    sample = _one(random, 150)
    fit = combine(incidence(sample, _POINTS, group_weights(sample)), sample.weight[:, None], 0)
    covariance = processes.total_covariance(fit.raw.value[:, 0], fit.raw.influence[:, :, 0])
    seed = [int(random.integers(2**31))]
    z = float(quantile(CONFIDENCE))
    if not pointwise:
        z = processes.critical_value(covariance, CONFIDENCE, _DRAWS, seed)
    side = fit.side(0)
    ends = wilson(side.value, side.n, z)
    return _deviated(_truth(_POINTS), ends.low, side.value, ends.high)


def _null(random: np.random.Generator, size: int, shared: float = 0.0) -> tuple[Sample, Ints]:
    """Two equal groups of unlike sizes and follow-up; some results count for both."""
    group = (np.arange(size) < size * 2 // 5).astype(np.int64)
    time = np.ceil(_converted(random, np.full(size, 0.5), np.full(size, 3.0)) * 12) / 12
    end = np.where(group == 1, random.uniform(2, 8, size), random.uniform(4, 12, size))
    seen, event = np.minimum(time, end), time <= end
    both = np.flatnonzero(random.random(size) < shared)
    rows = np.concatenate([np.arange(size), both])
    sample = Sample.of(seen[rows], event[rows], cluster=rows)
    return sample, np.concatenate([group, 1 - group[both]])


def _ranked(random: np.random.Generator, weighting: str, shared: float, robust: bool) -> Answer:
    sample, group = _null(random, 200, shared)
    late = weighting == "late"
    return _tested(
        rank_test(
            sample, group, "fleming-harrington" if late else "log-rank", gamma=1.0 if late else 0.0,
            variance="robust" if robust else "model",
        )
    )  # fmt: skip


def _few(random: np.random.Generator, robust: bool) -> Answer:
    """Twenty results against a hundred, a tenth of which have a product."""
    group = (np.arange(120) < 20).astype(np.int64)
    time = _converted(random, np.full(120, 0.12), np.full(120, 4.0))
    sample = Sample.of(*_censored(random, time, 3.0, 13.0))
    return _tested(rank_test(sample, group, variance="robust" if robust else "model"))


def _entered(random: np.random.Generator, late: bool) -> Answer:
    """Log-rank when one group is observed late; leaving entry out gives it immortal time."""
    sample, group = _null(random, 300)
    start = np.where(group == 1, random.uniform(0, 3, sample.n), 0.0)
    kept = (start < sample.time) | (start == 0)
    part = sample.only(kept)
    entry = start[kept] if late else None
    return _tested(rank_test(Sample.of(part.time, part.event, entry=entry), group[kept]))


def _linked(random: np.random.Generator) -> Answer:
    """Ten drawn link sets: three quarters of the products are linked, some links are false."""
    group = (np.arange(200) < 80).astype(np.int64)
    time = _converted(random, np.full(200, 0.5), np.full(200, 3.0))
    sample = Sample.of(*_censored(random, time))
    score = np.where(sample.event > 0, random.beta(6, 2, sample.n), random.beta(1, 15, sample.n))
    other = random.uniform(0, sample.time)
    tests = []
    for _ in range(10):
        drawn = random.random(sample.n) < score
        time = np.where(drawn & (sample.event == 0), other, sample.time)
        tests.append(rank_test(Sample.of(time, drawn), group))
    return _tested(pool_scores(tests))


def _grayed(random: np.random.Generator, robust: bool, naive: bool = False) -> Answer:
    """The same share at home by every time; the other destination is faster in one group."""
    group = (np.arange(240) < 100).astype(np.int64)
    home = random.random(240) < 0.4
    time = np.where(
        home, random.exponential(3.0, 240), random.exponential(np.where(group == 1, 1.0, 8.0))
    )
    seen, event = _censored(random, time, 1.0, 10.0)
    sample = Sample.of(seen, np.where(event, np.where(home, 1, 2), 0))
    if naive:
        return _tested(rank_test(sample, group, cause=1))
    return _tested(gray_test(sample, group, 1, variance="robust" if robust else "model"))


def _independent(random: np.random.Generator) -> Answer:
    sample, _ = _two(random, 200, entry=True)
    fit = entry_test(sample)
    accepted = 1.0 if fit.p_value >= 1 - CONFIDENCE else 0.0
    return fit.statistic, -accepted, 2 * accepted - 1, fit.p_value


def _looked_back(random: np.random.Generator, corrected: bool) -> Answer:
    """Products of ten years of results: long lags of the young ones are not seen yet."""
    lag, limit = random.exponential(4.0, 600), random.uniform(0, 12, 600)
    seen = lag <= limit
    estimate = reverse_time.reverse_time if corrected else reverse_time.naive
    fit = estimate(lag[seen], limit[seen], [2.0], LONGEST)
    value, half = float(fit.value[0]), float(quantile(CONFIDENCE)) * float(fit.error[0])
    return value, value - half, value + half, np.nan


_LOSS = [_lost(c, m) for c, m in zip(_CHANCE, _MEAN, strict=True)]
_SHARES = [_share(c, m, TAU) for c, m in zip(_CHANCE, _MEAN, strict=True)]
_BACK = float((1 - np.exp(-2 / 4)) / (1 - np.exp(-LONGEST / 4)))
_GAP = "second group more and faster"
_SAME = "equal groups, unlike follow-up, monthly ties"


def _cloglog(share: float) -> float:
    return float(np.log(-np.log1p(-share)))


#: Method (naive where the answer is expected to fail) and world.
SMALL: tuple[tuple[str, Small], ...] = (
    ("known", Small("rmst-difference", _GAP, _LOSS[0] - _LOSS[1], 300,
                    lambda r: _means(r, "difference"))),
    ("known", Small("rmst-difference", f"{_GAP}, half enter late", _LOSS[0] - _LOSS[1], 300,
                    lambda r: _means(r, "difference", entry=True))),
    ("known", Small("rmst-log-ratio", _GAP, float(np.log((TAU - _LOSS[1]) / (TAU - _LOSS[0]))),
                    300, lambda r: _means(r, "log ratio"))),
    ("known", Small("lost-time-log-ratio", _GAP, float(np.log(_LOSS[1] / _LOSS[0])), 300,
                    lambda r: _means(r, "log ratio of lost time"))),
    ("known", Small("pseudo-identity", f"{_GAP}, younger", _SHARES[1] - _SHARES[0], 300,
                    lambda r: _regression(r, "identity", True))),
    ("one stratum", Small("pseudo-identity", f"{_GAP}, younger", _SHARES[1] - _SHARES[0], 300,
                    lambda r: _regression(r, "identity", False))),
    ("known", Small("pseudo-cloglog", f"{_GAP}, younger", _cloglog(_SHARES[1])
                    - _cloglog(_SHARES[0]), 300, lambda r: _regression(r, "cloglog", True))),
    ("known", Small("pseudo-cloglog-adjusted", "field differs between groups", -0.5, 400,
                    lambda r: _adjusted(r, True))),
    ("naive", Small("pseudo-cloglog-adjusted", "field differs between groups", -0.5, 400,
                    lambda r: _adjusted(r, False))),
    ("known", Small("band-hall-wellner", "one group", 0.0, 150,
                    lambda r: _plain_band(r, "hall-wellner"))),
    ("known", Small("band-equal-precision", "one group", 0.0, 150,
                    lambda r: _plain_band(r, "equal-precision"))),
    ("known", Small("band-process", "one group", 0.0, 150, lambda r: _process_band(r, False))),
    ("known", Small("band-process", "weights and clusters of two", 0.0, 300,
                    lambda r: _process_band(r, True))),
    ("known", Small("band-score", "one group", 0.0, 150, lambda r: _score_band(r, False))),
    ("naive", Small("band-score", "one group", 0.0, 150, lambda r: _score_band(r, True))),
    ("known", Small("log-rank", _SAME, 0.0, 200, lambda r: _ranked(r, "all", 0.0, False))),
    ("known", Small("log-rank-robust", _SAME, 0.0, 200, lambda r: _ranked(r, "all", 0.0, True))),
    ("known", Small("log-rank-robust", "a third count for both groups", 0.0, 200,
                    lambda r: _ranked(r, "all", 0.33, True))),
    ("naive", Small("log-rank-robust", "a third count for both groups", 0.0, 200,
                    lambda r: _ranked(r, "all", 0.33, False))),
    ("known", Small("fleming-harrington-0-1", _SAME, 0.0, 200,
                    lambda r: _ranked(r, "late", 0.0, False))),
    ("known", Small("log-rank", "one group enters late", 0.0, 300, lambda r: _entered(r, True))),
    ("naive", Small("log-rank", "one group enters late", 0.0, 300, lambda r: _entered(r, False))),
    ("imputed", Small("log-rank-pooled", "ten drawn link sets", 0.0, 200, _linked)),
    ("known", Small("gray", "equal share at home, other faster", 0.0, 240,
                    lambda r: _grayed(r, False))),
    ("known", Small("gray-robust", "equal share at home, other faster", 0.0, 240,
                    lambda r: _grayed(r, True))),
    ("naive", Small("gray", "equal share at home, other faster", 0.0, 240,
                    lambda r: _grayed(r, False, naive=True))),
    ("known", Small("entry-test", "entry tells nothing", 0.0, 200, _independent)),
    ("known", Small("lag-within-2y", "young results' long lags not seen", _BACK, 600,
                    lambda r: _looked_back(r, True))),
    ("naive", Small("lag-within-2y", "young results' long lags not seen", _BACK, 600,
                    lambda r: _looked_back(r, False))),
    ("known", Small("log-rank", "few products", 0.0, 120, lambda r: _few(r, False))),
    ("naive", Small("log-rank-robust", "few products", 0.0, 120, lambda r: _few(r, True))),
)  # fmt: skip
