"""Our estimators beside lifelines and R's survival: `python -m benchmarks.oracles [--r]`.

    python -m benchmarks.oracles                          beside lifelines
    python -m benchmarks.oracles --r                      beside R's survival too
    python -m benchmarks.oracles --r --write docs/oracles.md

Prints, for each estimator and data set, the number of values compared, the largest difference
(absolute below one, relative above) and whether that is within 1e-6. Where the other defines a
thing otherwise, the difference of definition is named. R is optional: it needs `Rscript` and the
package survival (Debian: r-base-core and r-cran-survival), and the run says so where they are
missing. Ends with status 1 when something differs that both define the same.
"""

import argparse
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from lifelines import (
    AalenJohansenFitter,
    CoxPHFitter,
    KaplanMeierFitter,
    LogLogisticAFTFitter,
    LogNormalAFTFitter,
    WeibullAFTFitter,
)
from lifelines.datasets import load_rossi, load_waltons
from lifelines.statistics import logrank_test, proportional_hazard_test
from lifelines.utils import restricted_mean_survival_time

from benchmarks import oracles_data, oracles_r
from benchmarks.oracles_r import Compared, difference
from gapstudy.measure import survival
from gapstudy.measure.aalen_johansen import destinations
from gapstudy.measure.latency import cox, log_rank
from gapstudy.measure.models import aft
from gapstudy.measure.models.proportional_hazards import proportional_test
from gapstudy.measure.models.sample import Sample

HORIZONS = {
    "waltons": [20.0, 40.0, 60.0], "rossi": [10.0, 25.0, 40.0], "larynx": [1.0, 3.0, 6.0],
}  # fmt: skip
_AFT = (("weibull", WeibullAFTFitter), ("log-normal", LogNormalAFTFitter),
        ("log-logistic", LogLogisticAFTFitter))  # fmt: skip
_RANKS = "lifelines ranks tied events one after another; ours, as R's, have their mean rank"
_HEAD = """# Estimators beside other software

Made by `python -m benchmarks.oracles --r --write docs/oracles.md`: do not edit. {ours} rows were
compared to {tolerance:g}, with {packages}. *Difference* is the largest of all values compared,
absolute below one and relative above. *Agrees* is within {tolerance:g}. *Defined otherwise* means
that the other package computes another quantity under that name; which one is said below the
table. Data: examples of lifelines (rossi, waltons, larynx, aids: its multicenter AIDS cohort study)
and of R's survival (mgus2), and two samples of our own by seed: {samples}.

Not compared, because neither package has them: simultaneous bands, the variance of Gray's test,
Firth's penalty, mixture cure models, tests of sufficient follow-up and of independent entry. What
is known of these in simulated worlds stands in [estimators](estimators.md).
"""


def lifelines() -> Iterator[Compared]:
    """Every comparison with lifelines."""
    data = oracles_data.public()
    for name, horizons in HORIZONS.items():
        time, event = data[name]["time"].to_numpy(float), data[name]["event"].to_numpy(bool)
        table = survival.steps(time, event, np.ones((len(time), 1)))
        oracle = KaplanMeierFitter().fit(time, event)
        survived = oracle.survival_function_at_times(horizons).to_numpy()
        ours = survival.incidence(table, horizons)
        yield _row("Kaplan-Meier", "KaplanMeierFitter", name, time, ours.value, 1 - survived)
        mean = survival.restricted_mean(table, horizons[-1]).value
        theirs = [restricted_mean_survival_time(oracle, horizons[-1])]
        yield _row("restricted mean time", "restricted_mean_survival_time", name, time, mean,
                   theirs)  # fmt: skip
    yield from _tests()
    yield from _models()
    yield from _competing()


def _row(
    title: str, call: str, data: str, time: Any, ours: Any, theirs: Any, otherwise: str = ""
) -> Compared:
    mine, other = np.ravel(ours).tolist(), np.ravel(theirs).tolist()
    return Compared(
        title, call, data, len(time), len(other), difference(mine, other), otherwise
    )  # fmt: skip


def _tests() -> Iterator[Compared]:
    waltons, rossi = load_waltons(), load_rossi()
    time, event = waltons["T"].to_numpy(float), waltons["E"].to_numpy(bool)
    group = (waltons["group"] == "miR-137").to_numpy()
    gap, variance = log_rank(time, event, group)
    test = logrank_test(time[group], time[~group], event[group], event[~group])
    yield _row("log-rank", "logrank_test", "waltons", time, [gap**2 / variance],
               [test.test_statistic])  # fmt: skip
    names = ["fin", "age", "prio"]
    fit = CoxPHFitter().fit(
        rossi[["week", "arrest", *names]], "week", "arrest", fit_options={"precision": 1e-12}
    )
    ours, _ = cox(
        rossi["week"].to_numpy(float), rossi["arrest"].to_numpy(bool),
        rossi[names].to_numpy(float), np.arange(len(rossi)),
    )  # fmt: skip
    yield _row("Cox", "CoxPHFitter", "rossi", rossi, ours, fit.params_[names])
    sample = Sample.of(rossi["week"], rossi["arrest"], rossi[names], names)
    for transform in ("rank", "km"):
        mine = proportional_test(sample, transform=transform)
        theirs = proportional_hazard_test(fit, rossi[["week", "arrest", *names]], transform)
        yield _row(f"proportional hazards, {transform}", "proportional_hazard_test", "rossi",
                   rossi, mine.statistic, theirs.summary.loc[names, "test_statistic"],
                   _RANKS if transform == "rank" else "")  # fmt: skip


def _models() -> Iterator[Compared]:
    names = ["x1", "x2"]
    for data in ("rossi", "larynx"):
        frame = oracles_data.public()[data]
        sample = Sample.of(frame["time"], frame["event"], frame[names], names)
        for kind, fitter in _AFT:
            fit = fitter().fit(frame[["time", "event", *names]], "time", "event")
            # lifelines searches to about 1e-4 in the coefficients: likelihoods are compared.
            yield _row(f"{kind}, likelihood", fitter.__name__, data, frame,
                       [aft.fit(sample, kind).log_likelihood], [fit.log_likelihood_])  # fmt: skip


def _competing() -> Iterator[Compared]:
    waltons = load_waltons()
    event = waltons["E"].to_numpy(bool)
    random = np.random.default_rng(0)
    # lifelines jitters tied times, so ties are broken before both.
    untied = waltons["T"].to_numpy(float) + random.uniform(0, 1e-3, len(waltons))
    cause = random.integers(0, 3, len(untied))
    horizons = [20.0, 40.0, 60.0]
    table = survival.steps(untied, event, np.ones((len(untied), 1)))
    for k, part in enumerate(destinations(table, cause[None], horizons, 3)):
        oracle = AalenJohansenFitter(calculate_variance=False, jitter_level=0).fit(
            untied, np.where(event, cause + 1, 0), event_of_interest=k + 1
        )
        density = oracle.cumulative_density_
        theirs = [density.loc[:horizon].iloc[-1].item() for horizon in horizons]
        yield _row(f"Aalen-Johansen, cause {k + 1}", "AalenJohansenFitter", "waltons", untied,
                   part.value, theirs)  # fmt: skip


def page(parts: Sequence[tuple[str, Sequence[Compared]]], packages: str) -> str:
    """The comparisons as a page of Markdown."""
    samples = "; ".join(f"*{name}*, {what}" for name, what in oracles_data.SIMULATED.items())
    count = sum(len(rows) for _, rows in parts)
    lines = [_HEAD.format(ours=count, tolerance=oracles_r.TOLERANCE, packages=packages,
                          samples=samples)]  # fmt: skip
    for title, rows in parts:
        lines += [f"\n## {title}\n", "| estimator | asked | data | n | values | difference | |",
                  "|---|---|---|---:|---:|---:|---|"]  # fmt: skip
        reasons: dict[tuple[str, str], str] = {}
        for row in rows:
            lines.append(f"| {row.title} | {row.call} | {row.data} | {row.n} | {row.values} | "
                         f"{row.difference:.0e} | {row.verdict} |")  # fmt: skip
            if row.otherwise:
                reasons[row.title, row.call] = row.otherwise
        if reasons:
            lines.append("\nDefined otherwise:\n")
            lines += [f"- {name} against {call}: {why}." for (name, call), why in reasons.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.oracles", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--r", action="store_true", help="compare with R's survival too")
    parser.add_argument("--write", type=Path, help="write the page; needs --r")
    given = parser.parse_args()
    if given.write and not given.r:
        parser.error("--write needs --r: the page holds both comparisons")
    if given.r and (why := oracles_r.why_not()):
        raise SystemExit(f"R is not compared. {why}; without --r lifelines alone is compared.")
    parts = [("lifelines", list(lifelines()))]
    packages = ", ".join(f"{name} {version(name)}" for name in ("lifelines", "statsmodels"))
    if given.r:
        rows, r, package = oracles_r.compare()
        parts.append(("R's survival", rows))
        packages += f", {r} and survival {package}"
    width = max(len(row.title) for _, rows in parts for row in rows)
    for title, rows in parts:
        print(f"\n{title}\n{'estimator':<{width}} {'data':<8} {'n':>5} {'values':>6} difference")
        for row in rows:
            print(f"{row.title:<{width}} {row.data:<8} {row.n:5d} {row.values:6d} "
                  f"{row.difference:10.1e} {row.verdict}")  # fmt: skip
    if given.write:
        given.write.write_text(page(parts, packages), encoding="utf-8")
    wrong = [row for _, rows in parts for row in rows if row.wrong]
    if wrong:
        raise SystemExit(f"{len(wrong)} comparisons differ by more than {oracles_r.TOLERANCE:g}")


if __name__ == "__main__":
    main()
