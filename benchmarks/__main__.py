"""Time and memory of each step of `refresh`, and of starting the command line.

Every figure is measured in this run, beside a floor measured in the same run: reading the same
tables with pyarrow alone for the steps, `python -c pass` for the start. Nothing is asserted.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = ("collect", "normalise", "link", "measure", "publish")


def timed(words: list[str], cwd: Path) -> tuple[float, float]:
    """Wall seconds and peak memory (MB, largest process) of one command."""
    code = (
        "import resource, subprocess, sys, time; t = time.perf_counter();"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "print(time.perf_counter() - t,"
        " resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd, capture_output=True, text=True, check=True
    )
    seconds, kilobytes, status = done.stdout.split()
    if status != "0":
        raise SystemExit(f"{' '.join(words)} ended with {status}: {done.stderr}")
    return float(seconds), float(kilobytes) / 1024


def median_of(words: list[str], cwd: Path, runs: int = 5) -> tuple[float, float]:
    found = [timed(words, cwd) for _ in range(runs)]
    return statistics.median(s for s, _ in found), max(m for _, m in found)


def main() -> None:
    tool = [sys.executable, "-m", "gapstudy"]
    with tempfile.TemporaryDirectory() as name:
        study = Path(name) / "study"
        subprocess.run([*tool, "init", str(study)], check=True, stdout=subprocess.DEVNULL)
        rows = []
        floor, _ = median_of([sys.executable, "-c", "pass"], study)
        for label, words in (
            ("import gapstudy", [sys.executable, "-c", "import gapstudy"]),
            ("gapstudy --help", [*tool, "--help"]),
        ):
            seconds, memory = median_of(words, study)
            rows.append((label, seconds, memory, seconds / floor, "python -c pass"))
        whole = time.perf_counter()
        for step in STEPS:
            seconds, memory = timed([*tool, step], study)
            rows.append((step, seconds, memory, seconds / floor, "python -c pass"))
        rows.append(("first refresh, step by step", time.perf_counter() - whole, 0.0, 0.0, ""))
        shutil.rmtree(study / "data" / "processed")
        seconds, memory = timed([*tool, "refresh"], study)
        rows.append(
            ("refresh from the archive", seconds, memory, seconds / floor, "python -c pass")
        )
        seconds, memory = median_of([*tool, "refresh"], study, 3)
        read = (
            "import glob, pyarrow.parquet as p; [p.read_table(f) for f in"
            " glob.glob('data/processed/*.parquet')]"
        )
        reading, _ = median_of([sys.executable, "-c", read], study, 3)
        rows.append(("second refresh", seconds, memory, seconds / reading, "reading all tables"))
    print(f"{'what':<30} {'seconds':>8} {'peak MB':>8} {'ratio':>7}  floor")
    for label, seconds, memory, ratio, against in rows:
        print(f"{label:<30} {seconds:8.2f} {memory:8.0f} {ratio:7.1f}  {against}")
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    keys = ("what", "seconds", "peak_mb", "ratio", "floor")
    text = json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=1)
    (results / "refresh.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
