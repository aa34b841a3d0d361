"""Cox and cumulative incidence on large samples, beside statsmodels and lifelines.

    python -m benchmarks.survival [N] [--runs 3] [--only cox|incidence]

Spells with times to the day, five covariates, half of them censored, two competing events. Each
tool runs in a process of its own on the same file: reading the file and importing are not timed.
Wall and processor seconds are the medians of the runs, the peak is the largest sum of proportional
memory (PSS) of the process. The ratio is ours over the faster of the others, the difference the
largest between coefficients, or between incidences at 3, 5 and 10 years. A tool that takes longer
than the limit is left out, and said so. Nothing is asserted.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bulk import pss

RESULTS = Path(__file__).resolve().parent / "results"
NAMES = ("EU", "CN", "industry", "team", "year")
HORIZONS = (3.0, 5.0, 10.0)
TOOLS = ("gapstudy", "statsmodels", "lifelines")
LIMIT = 1800.0
Floats = NDArray[np.float64]


def make(n: int, path: Path) -> None:
    """So many spells, times to the day."""
    random = np.random.default_rng(20)
    place = random.integers(0, 3, n)
    x = np.column_stack([place == 1, place == 2, random.random(n), random.normal(1.2, 0.5, n),
                         random.normal(0, 3, n)]).astype(float)  # fmt: skip
    rate = np.exp(x @ np.array([-0.3, 0.2, 0.5, 0.1, 0.05])) / 14
    first = random.exponential(1 / rate)
    end = random.uniform(2, 14, n)
    cause = np.where(random.random(n) < 0.6, 1, 2)
    day = np.floor(np.minimum(first, end) * 365.25)
    np.savez(path, time=(day + 1) / 365.25, event=np.where(first <= end, cause, 0), x=x)


def _gapstudy(kind: str, time: Floats, event: Any, x: Floats) -> Any:
    from gapstudy.measure.models.cox import cox
    from gapstudy.measure.models.incidence_kernel import cumulative_incidence
    from gapstudy.measure.models.sample import Sample

    if kind == "cox":
        # Spells are their own clusters: the covariance is robust, which the others' are not.
        return cox(Sample.of(time, event, x, NAMES), engine="kernel").estimate
    both = cumulative_incidence(Sample.of(time, event), HORIZONS, kinds=(1, 2))
    return np.concatenate([one.value for one in both])


def _statsmodels(kind: str, time: Floats, event: Any, x: Floats) -> Any:
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.duration.survfunc import CumIncidenceRight

    if kind == "cox":
        return PHReg(time, x, status=(event > 0).astype(int), ties="efron").fit(disp=0).params
    fit = CumIncidenceRight(time, event)
    return np.concatenate(
        [values[np.searchsorted(fit.times, HORIZONS, side="right") - 1] for values in fit.cinc]
    )


def _lifelines(kind: str, time: Floats, event: Any, x: Floats) -> Any:
    import pandas as pd
    from lifelines import AalenJohansenFitter, CoxPHFitter

    if kind == "cox":
        frame = pd.DataFrame(x, columns=list(NAMES)).assign(time=time, event=event > 0)
        return CoxPHFitter().fit(frame, "time", "event").params_.to_numpy()
    found = []
    for cause in (1, 2):
        # It knows no ties: they are spread by chance, by much less than a day.
        fit = AalenJohansenFitter(calculate_variance=False, jitter_level=1e-7, seed=1)
        table = fit.fit(time, event, event_of_interest=cause).cumulative_density_
        found.append([float(table.loc[:horizon].iloc[-1, 0]) for horizon in HORIZONS])
    return np.concatenate(found)


WAYS: dict[str, Callable[[str, Floats, Any, Floats], Any]] = {
    "gapstudy": _gapstudy, "statsmodels": _statsmodels, "lifelines": _lifelines
}  # fmt: skip


def run(tool: str, kind: str, path: Path) -> None:
    """One tool in this process; prints what it took and what it found."""
    data = np.load(path)
    time_, event, x = (np.array(data[name]) for name in ("time", "event", "x"))
    warnings.simplefilter("ignore")
    WAYS[tool](kind, time_[:2000], event[:2000], x[:2000])  # Imports and first calls.
    began, busy = time.perf_counter(), time.process_time()
    found = WAYS[tool](kind, time_, event, x)
    wall, processor = time.perf_counter() - began, time.process_time() - busy
    print(json.dumps({"seconds": wall, "processor": processor, "found": [float(v) for v in found]}))


def measured(tool: str, kind: str, path: Path, limit: float) -> dict[str, Any] | None:
    """One run in a process of its own; None when it takes longer than the limit."""
    words = [sys.executable, "-m", "benchmarks.survival", "--tool", tool, "--only", kind,
             "--data", str(path)]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(words, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as p:
        began, peak = time.perf_counter(), 0.0
        while p.poll() is None:
            peak = max(peak, pss(p.pid))
            if time.perf_counter() - began > limit:
                p.kill()
                return None
            time.sleep(0.1)
        text = p.stdout.read() if p.stdout else ""
    if p.returncode:
        raise SystemExit(f"{tool} ended with {p.returncode}")
    found: dict[str, Any] = json.loads(text.splitlines()[-1])
    return found | {"peak_mb": peak}


def compare(kind: str, path: Path, runs: int, limit: float) -> dict[str, Any]:
    """All tools on one file: medians, ratio to the faster of the others, largest difference."""
    report: dict[str, Any] = {}
    for tool in TOOLS:
        parts: list[dict[str, Any]] = []
        for _ in range(runs):
            part = measured(tool, kind, path, limit)
            if part is None:
                break
            parts.append(part)
            if part["seconds"] > limit / 10:
                break
        if not parts:
            report[tool] = {"over_seconds": limit}
            print(f"{kind:<10}{tool:<12} over {limit:g} s", flush=True)
            continue
        row = {key: statistics.median(part[key] for part in parts) for key in
               ("seconds", "processor", "peak_mb")}  # fmt: skip
        report[tool] = row | {"runs": len(parts), "found": parts[0]["found"]}
        print(f"{kind:<10}{tool:<12}{row['seconds']:9.2f} s {row['processor']:9.2f} s busy "
              f"{row['peak_mb']:8.0f} MB", flush=True)  # fmt: skip
    others = [report[tool] for tool in TOOLS[1:] if "seconds" in report[tool]]
    ours = report["gapstudy"]
    for key in ("seconds", "processor"):
        report[f"ratio_{key}"] = ours[key] / min(other[key] for other in others)
    report["largest_difference"] = {
        tool: float(np.abs(np.subtract(ours["found"], report[tool]["found"])).max())
        for tool in TOOLS[1:] if "found" in report[tool]
    }  # fmt: skip
    print(
        f"{kind:<10}ours / faster (at most 0.5): {report['ratio_seconds']:.3f}, busy "
        f"{report['ratio_processor']:.3f}; differences {report['largest_difference']}"
    )
    return report


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.survival", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("n", type=int, nargs="?", default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for one run of a tool")
    parser.add_argument("--only", choices=("cox", "incidence"))
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.tool:
        run(given.tool, given.only, given.data)
        return
    report: dict[str, Any] = {"n": given.n}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "spells.npz"
        make(given.n, path)
        for kind in (given.only,) if given.only else ("cox", "incidence"):
            report[kind] = compare(kind, path, given.runs, given.limit)
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"survival_{given.n}.json"
    target.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
