"""Every estimator in worlds with a known truth: bias, coverage of intervals, size and power.

    python -m benchmarks.simulation [WORLDS] [--seed SEED] [--write FILE]

The worlds of `gapstudy simulate` are few enough for every refresh; these are all of them: curves,
tests, hazards, parametric models, counts, coverage, link error. Each suite is a process of its own,
two at a time. The table goes to `benchmarks/results/simulation.csv`; with --write it also becomes
the Markdown page FILE (the project keeps `docs/estimators.md`). Nothing is asserted.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

RESULTS = Path(__file__).resolve().parent / "results"
#: Suites, those that take longest first.
SUITES = ("linkage", "counting", "parametric", "hazards", "coverage", "nonparametric")
_COLUMNS = ["suite", "estimator", "scenario", "method", "truth", "bias", "mc_error", "coverage",
            "coverage_low", "coverage_high", "rejection", "null_true", "worlds", "n"]  # fmt: skip
#: Link sets drawn in each world of the suite on link error.
LINK_SETS = 20
#: Methods that are shown because they fail.
NAIVE = ("naive", "threshold", "pointwise", "ignored", "one stratum", "twice", "unordered")
_HEAD = """# Estimators in worlds with a known truth

Made by `python -m benchmarks.simulation {worlds} --seed {seed} --write docs/estimators.md`: do not
edit. Each row is an estimator in a world whose truth is set. *Coverage* is the share of worlds in
which the interval of 95% holds the truth, with its Monte Carlo interval; *rejections* are the share
of worlds in which the test at 5% rejects: its size where the null is true, else its power. Bias is
given with its Monte Carlo error (one standard error).
"""


def suite(name: str, worlds: int, seed: int) -> pd.DataFrame:
    """The table of one suite."""
    module = import_module(f"gapstudy.simulate.{name}")
    if name == "linkage":
        tables = [
            module.table(world, worlds, LINK_SETS, [seed, number])
            for number, world in enumerate(module.WORLDS)
        ]
        made = pd.concat(tables, ignore_index=True)
    else:
        made = module.table(worlds, seed)
    return pd.DataFrame(made.assign(suite=name).reindex(columns=_COLUMNS))


def page(frame: pd.DataFrame, worlds: int, seed: int) -> str:
    """The table as a page, suite by suite."""
    parts = [_HEAD.format(worlds=worlds, seed=seed)]
    for name, rows in frame.groupby("suite", sort=False):
        parts.append(f"\n## {str(name).capitalize()}\n")
        parts.append("| estimator | world | method | truth | bias | coverage | rejections | n |")
        parts.append("|---|---|---|---:|---:|---:|---:|---:|")
        for row in rows.to_dict("records"):
            cover = (
                f"{row['coverage']:.3f} ({row['coverage_low']:.3f} to {row['coverage_high']:.3f})"
            )
            null = row["null_true"]
            kind = "" if pd.isna(null) else " (size)" if null else " (power)"
            cells = [
                str(row["estimator"]), str(row["scenario"]), str(row["method"]),
                _number(row["truth"]), f"{_number(row['bias'])} ± {_number(row['mc_error'])}",
                cover if np.isfinite(row["coverage"]) else "",
                f"{row['rejection']:.3f}{kind}" if np.isfinite(row["rejection"]) else "",
                str(row["n"]),
            ]  # fmt: skip
            parts.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(parts) + "\n"


def _number(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.simulation", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("worlds", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(suite, name, given.worlds, given.seed) for name in SUITES]
        frame = pd.concat([part.result() for part in parts], ignore_index=True)
    numbers = ["truth", "bias", "mc_error", "coverage", "coverage_low", "coverage_high",
               "rejection"]  # fmt: skip
    frame[numbers] = frame[numbers].astype(float)
    RESULTS.mkdir(exist_ok=True)
    frame.to_csv(RESULTS / "simulation.csv", index=False)
    if given.write:
        given.write.write_text(page(frame, given.worlds, given.seed), encoding="utf-8")
    ours = frame[~frame["method"].isin(NAIVE)]
    known = ours["coverage"].dropna()
    print(f"{len(frame)} rows; coverage {known.min():.3f} to {known.max():.3f}, "
          f"{((known >= 0.93) & (known <= 0.97)).mean():.0%} within .93 to .97")  # fmt: skip


if __name__ == "__main__":
    main()
