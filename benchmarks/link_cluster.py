"""The link stage on a Dask cluster that loses a worker, beside the same in local processes.

    python -m benchmarks.link_cluster PAPERS PRODUCTS

A scheduler and two workers, each a process of its own that talks over TCP, run the stage on the
study of `benchmarks.link`; one worker is killed as soon as half of the segments of papers are
searched. Every table of the stage is then compared with that of two local processes, byte for byte.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import link

#: Seconds after which a process that does not come up, or a stage that does not end, is given up.
START, END = 60, 3600


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler with workers: its address, HOST:PORT, and the workers' processes."""
    about = folder / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []

    def start(module: str, *words: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words, "--no-dashboard"]
        log = (folder / f"{module}-{len(started)}.log").open("wb")
        started.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log))

    try:
        start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(about)
        )
        _wait(about.exists, "the scheduler")
        address = json.loads(about.read_text(encoding="utf-8"))["address"]
        for _ in range(workers):
            start("dask_worker", address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1",
                  "--memory-limit", "0", "--local-directory", str(folder))  # fmt: skip
        yield address.removeprefix("tcp://"), started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _wait(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + START
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come up within {START} seconds")
        time.sleep(0.2)


def tables(study: Path) -> dict[str, bytes]:
    """Bytes of all tables of the stage."""
    from gapstudy.store import Store
    from gapstudy.tables import ALL

    store = Store(study)
    return {name: store.path(name).read_bytes() for name, it in ALL.items() if it.writer == "link"}


def run(study: Path, engine: str) -> subprocess.Popen[bytes]:
    """The stage in a process of its own."""
    root = Path(__file__).resolve().parents[1]
    return subprocess.Popen(link.command(study, engine), cwd=root)


def searched(study: Path) -> int:
    """Segments of papers that have been searched."""
    kept = study.glob("data/processed/parts/link/segments/*/cells/[!.]*")
    return len({path.name.partition("-")[0] for path in kept})


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.link_cluster", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("papers", type=int)
    parser.add_argument("products", type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = folder / "study"
        link.lay_out(study, given.papers, given.products)
        begun = time.perf_counter()
        if run(study, "local").wait(END):
            raise SystemExit("the stage failed in local processes")
        print(f"local    {time.perf_counter() - begun:8.1f} s", flush=True)
        local, segments = tables(study), searched(study)
        shutil.rmtree(study / "data/processed/parts")
        with cluster(folder) as (address, workers):
            begun = time.perf_counter()
            process = run(study, f"dask://{address}")
            while process.poll() is None and 2 * searched(study) < segments:
                time.sleep(0.1)
            done = searched(study)
            workers[0].kill()
            print(f"killed   one worker with {done} of {segments} segments searched", flush=True)
            if process.wait(END):
                raise SystemExit("the stage failed on the cluster")
            print(f"cluster  {time.perf_counter() - begun:8.1f} s", flush=True)
        remote = tables(study)
    same = [table for table in local if local[table] == remote[table]]
    print(f"same     {len(same)} of {len(local)} tables, byte for byte")
    if len(same) < len(local):
        raise SystemExit("different: " + ", ".join(sorted(set(local) - set(same))))


if __name__ == "__main__":
    main()
