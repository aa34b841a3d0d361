"""Our estimators beside lifelines on public example data: `python -m benchmarks.oracles`.

Prints, for each estimator and data set, the number of values compared and the largest absolute
difference. The tests assert the same to 1e-6; here the figures are shown.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from lifelines import AalenJohansenFitter, CoxPHFitter, KaplanMeierFitter
from lifelines.datasets import load_larynx, load_rossi, load_waltons
from lifelines.statistics import logrank_test
from lifelines.utils import restricted_mean_survival_time
from numpy.typing import NDArray

from gapstudy.measure import survival
from gapstudy.measure.aalen_johansen import destinations
from gapstudy.measure.latency import cox, log_rank

Row = tuple[str, str, int, NDArray[np.float64], NDArray[np.float64]]
SAMPLES: tuple[tuple[str, Any, str, str, list[float]], ...] = (
    ("waltons", load_waltons, "T", "E", [20.0, 40.0, 60.0]),
    ("rossi", load_rossi, "week", "arrest", [10.0, 25.0, 40.0]),
    ("larynx", load_larynx, "time", "death", [1.0, 3.0, 6.0]),
)


def rows() -> Iterator[Row]:
    """Estimator, data set, n, our values, those of lifelines."""
    for name, load, duration, ends, horizons in SAMPLES:
        frame = load()
        time, event = frame[duration].to_numpy(float), frame[ends].to_numpy(bool)
        table = survival.steps(time, event, np.ones((len(time), 1)))
        oracle = KaplanMeierFitter().fit(time, event)
        survived = oracle.survival_function_at_times(horizons).to_numpy()
        ours = survival.incidence(table, horizons)
        yield "Kaplan-Meier", name, len(time), ours.value[0, 0], 1 - survived
        mean = survival.restricted_mean(table, horizons[-1]).value.ravel()
        theirs = np.array([restricted_mean_survival_time(oracle, horizons[-1])])
        yield "restricted mean time", name, len(time), mean, theirs
    yield from _others()


def _others() -> Iterator[Row]:
    waltons, rossi = load_waltons(), load_rossi()
    time, event = waltons["T"].to_numpy(float), waltons["E"].to_numpy(bool)
    group = (waltons["group"] == "miR-137").to_numpy()
    gap, variance = log_rank(time, event, group)
    test = logrank_test(time[group], time[~group], event[group], event[~group])
    statistic = np.array([gap**2 / variance])
    yield "log-rank chi-square", "waltons", len(time), statistic, np.array([test.test_statistic])

    names = ["fin", "age", "prio"]
    ours, _ = cox(
        rossi["week"].to_numpy(float), rossi["arrest"].to_numpy(bool),
        rossi[names].to_numpy(float), np.arange(len(rossi)),
    )  # fmt: skip
    fit = CoxPHFitter().fit(
        rossi[["week", "arrest", *names]], "week", "arrest", fit_options={"precision": 1e-12}
    )
    yield "Cox coefficients", "rossi", len(rossi), ours, fit.params_[names].to_numpy()

    random = np.random.default_rng(0)
    # lifelines jitters tied times, so ties are broken before both.
    untied = time + random.uniform(0, 1e-3, len(time))
    cause = random.integers(0, 3, len(time))
    horizons = [20.0, 40.0, 60.0]
    table = survival.steps(untied, event, np.ones((len(time), 1)))
    for k, part in enumerate(destinations(table, cause[None], horizons, 3)):
        oracle = AalenJohansenFitter(calculate_variance=False, jitter_level=0).fit(
            untied, np.where(event, cause + 1, 0), event_of_interest=k + 1
        )
        density = oracle.cumulative_density_
        theirs = np.array([density.loc[:horizon].iloc[-1].item() for horizon in horizons])
        yield f"Aalen-Johansen, cause {k + 1}", "waltons", len(time), part.value[0, 0], theirs


def main() -> None:
    print(f"{'estimator':<28} {'data':<9} {'n':>4} {'values':>6} {'largest difference':>19}")
    for estimator, data, n, ours, theirs in rows():
        difference = float(np.abs(np.asarray(ours) - theirs).max())
        print(f"{estimator:<28} {data:<9} {n:4d} {len(theirs):6d} {difference:19.1e}")


if __name__ == "__main__":
    main()
