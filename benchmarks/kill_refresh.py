"""Kill `refresh` with SIGKILL at random moments; the next run must complete with the same tables.

    python -m benchmarks.kill_refresh [KILLS]

A reference refresh is made first. Then, each time from an empty data/processed and archive, a
refresh is started and its whole process group killed after a random share of the reference's time;
another refresh must end with exit code 0 and every table and page byte for byte as in the
reference. The moments are drawn with a fixed seed and printed.
"""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOOL = [sys.executable, "-m", "gapstudy"]


def digest(study: Path) -> dict[str, str]:
    """Hash of every table and every published file."""
    files = [*(study / "data" / "processed").glob("*.parquet")]
    files += [path for path in (study / "reports" / "_site").rglob("*") if path.is_file()]
    return {
        str(path.relative_to(study)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
    }


def wipe(study: Path) -> None:
    shutil.rmtree(study / "data" / "processed", ignore_errors=True)
    shutil.rmtree(study / "reports" / "_editions", ignore_errors=True)
    (study / "reports" / "_site").unlink(missing_ok=True)
    for archive in (study / "data" / "raw").glob("*/archive"):
        shutil.rmtree(archive)


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    moments = random.Random(20260101)
    with tempfile.TemporaryDirectory() as name:
        study = Path(name) / "study"
        subprocess.run([*TOOL, "init", str(study)], check=True, stdout=subprocess.DEVNULL)
        began = time.perf_counter()
        subprocess.run([*TOOL, "refresh"], cwd=study, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - began
        wanted = digest(study)
        print(f"reference: {whole:.1f} s, {len(wanted)} files", flush=True)
        failures = killed = 0
        while killed < kills:
            wipe(study)
            moment = moments.uniform(0, whole)
            process = subprocess.Popen(
                [*TOOL, "refresh"], cwd=study, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(moment)
            if process.poll() is not None:
                continue  # it had ended: that was no kill
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
            done = subprocess.run(
                [*TOOL, "refresh"], cwd=study, check=False, capture_output=True, text=True
            )
            same = done.returncode == 0 and digest(study) == wanted
            failures += not same
            said = "" if done.returncode == 0 else done.stderr.strip()[:200]
            print(
                f"{killed:3d} killed at {moment:5.1f} s: {'same' if same else 'DIFFERENT'} {said}",
                flush=True,
            )
    print(f"{kills - failures} passed, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
