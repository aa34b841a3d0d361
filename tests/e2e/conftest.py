"""A whole study, refreshed once for all end-to-end tests of a run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def gapstudy(
    *words: str, study: Path, env: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the command line in a study folder, as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "gapstudy", *words],
        cwd=study, capture_output=True, text=True, check=False, timeout=580,
        env={**os.environ, **(env or {})},
    )  # fmt: skip


@pytest.fixture(scope="session")
def command() -> Command:
    return gapstudy


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study laid out by `init` and refreshed; not to be changed."""
    # Parallel workers share one study: the first makes it, the others wait.
    base = tmp_path_factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    study = base / "published-study"
    with filelock.FileLock(base / "published-study.lock"):
        if not (study / "done").exists():
            shutil.rmtree(study, ignore_errors=True)
            laid = gapstudy("init", str(study), study=base)
            assert laid.returncode == 0, laid.stderr
            done = gapstudy("refresh", study=study)
            assert done.returncode == 0, done.stderr
            (study / "done").touch()
    return study


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """A copy of the refreshed study that a test may change."""
    target = tmp_path / "study"
    shutil.copytree(published, target, symlinks=True)
    return target
