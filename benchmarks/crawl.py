"""Pages per second, memory and its growth: gapstudy's crawl beside plain Scrapy spiders.

    python -m benchmarks.crawl [--pages 600] [--long 5000] [--months 4] [--repeats 5]

Pages of about 350 KB come from one local server in its own process. In turn, `repeats` times:

- `bare`: a Scrapy spider that only follows;
- `minimal`: one that reads each page with orjson and writes it with warcio at gzip level 1;
- `gapstudy`: its own crawl of the source openalex, storing as always;
- `gapstudy unstored`: the same with nothing stored;
- `gapstudy bare`: its engine with a source that only follows, and nothing stored.

The seconds are those from the first request to the last answer, taken at the server. Ratios are
medians over the repeats of ratios within a repeat. At last one crawl of `long` pages shows whether
memory grows. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VARIANTS = ("bare", "minimal", "gapstudy", "gapstudy unstored", "gapstudy bare")
RATIOS = (
    ("gapstudy / minimal, pages a second (at least 0.9)", "gapstudy", "minimal", True),
    ("gapstudy bare / bare, time (at most 1.2)", "gapstudy bare", "bare", False),
    ("gapstudy unstored / bare, time", "gapstudy unstored", "bare", False),
)


@contextmanager
def serving() -> Iterator[str]:
    """Address of the server of pages."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.crawl_pages"], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.kill()


def ask(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as response:
        return bytes(response.read())


def crawl(
    url: str, variant: str, pages: int, months: int, watch: Callable[[int, int], None] | None = None
) -> dict[str, float]:
    """One crawl: pages, seconds, pages a second, processor time a page (ms, start included), MB.

    Args:
        url: of the server.
        variant: one of `VARIANTS`.
        pages: in all.
        months: chains.
        watch: called now and then with the pages so far and the memory (KB).
    """
    ask(f"{url}/_begin?length={pages // months}")
    folder = tempfile.mkdtemp(prefix="gapstudy-crawl-")
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.crawl_spiders", variant, url, str(months), folder],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.25)
            if watch:
                watch(json.loads(ask(f"{url}/_told"))["pages"], _resident(process.pid))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    process.returncode = os.waitstatus_to_exitcode(status)
    told = json.loads(ask(f"{url}/_told"))
    # An empty page follows the last one of each chain.
    expected = (pages // months + 1) * months
    if process.returncode or told["pages"] != expected:
        raise SystemExit(f"{variant}: {told['pages']} pages of {expected}, "
                         f"exit code {process.returncode}")  # fmt: skip
    rate = told["pages"] / told["seconds"]
    cpu = (usage.ru_utime + usage.ru_stime) / told["pages"] * 1000
    return {**told, "rate": rate, "cpu_ms": cpu, "peak_mb": usage.ru_maxrss / 1024}


def _resident(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if "VmRSS" in line), 0)


def growth(url: str, variant: str, pages: int, months: int) -> dict[str, float]:
    """Memory at a fifth and at the end of a long crawl, medians over a tenth of it (MB)."""
    seen: list[tuple[int, int]] = []
    done = crawl(url, variant, pages, months, lambda *found: seen.append(found))

    def around(first: float, last: float) -> float:
        part = [kb for count, kb in seen if first * pages <= count <= last * pages and kb]
        return statistics.median(part) / 1024 if part else float("nan")

    begin, end = around(0.15, 0.25), around(0.9, 1.0)
    return {"pages": done["pages"], "rate": done["rate"], "begin_mb": begin, "end_mb": end,
            "peak_mb": done["peak_mb"]}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.crawl",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--long", type=int, default=5000)
    parser.add_argument("--months", type=int, default=4, help="requests at a time, for all alike")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    runs: dict[str, list[dict[str, float]]] = {variant: [] for variant in VARIANTS}
    grown: dict[str, dict[str, float]] = {}
    with serving() as url:
        for repeat in range(asked.repeats):
            # Each repeat begins with another variant, so that none is always first.
            order = VARIANTS[repeat % len(VARIANTS) :] + VARIANTS[: repeat % len(VARIANTS)]
            for variant in order:
                runs[variant].append(crawl(url, variant, asked.pages, asked.months))
        if asked.long:
            for variant in ("minimal", "gapstudy"):
                grown[variant] = growth(url, variant, asked.long, asked.months)
    report(runs, grown, asked.months)


def report(
    runs: dict[str, list[dict[str, float]]], grown: dict[str, dict[str, float]], months: int
) -> None:
    """Print and write what was measured."""
    one = runs["bare"][0]
    print(f"{one['pages']:.0f} pages of {one['bytes'] / one['pages'] / 1000:.0f} KB a crawl, "
          f"{months} requests at a time")  # fmt: skip
    print(f"{'variant':<20} {'pages/s':>8} {'least':>7} {'most':>7} {'cpu ms':>7} {'peak MB':>8}")
    for variant, found in runs.items():
        rates = [run["rate"] for run in found]
        peak = max(run["peak_mb"] for run in found)
        cpu = statistics.median(run["cpu_ms"] for run in found)
        print(f"{variant:<20} {statistics.median(rates):8.1f} {min(rates):7.1f} {max(rates):7.1f}"
              f" {cpu:7.1f} {peak:8.0f}")  # fmt: skip
    ratios: dict[str, Any] = {}
    for label, over, under, rate in RATIOS:
        pairs = zip(runs[over], runs[under], strict=True)
        found_ = [a["rate"] / b["rate"] if rate else a["seconds"] / b["seconds"] for a, b in pairs]
        ratios[label] = {"median": statistics.median(found_), "all": found_}
        print(f"{label}: {statistics.median(found_):.2f} ({min(found_):.2f} to {max(found_):.2f})")
    for variant, measured in grown.items():
        print(f"{variant}, {measured['pages']:.0f} pages: {measured['begin_mb']:.0f} MB at a fifth,"
              f" {measured['end_mb']:.0f} MB at the end, peak {measured['peak_mb']:.0f} MB,"
              f" {measured['rate']:.1f} pages/s")  # fmt: skip
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    text = json.dumps({"runs": runs, "ratios": ratios, "growth": grown}, indent=1)
    (results / "crawl.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
