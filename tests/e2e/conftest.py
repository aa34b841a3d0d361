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


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that parallel workers share: the first makes it, the others wait."""
    base = factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = base / name
    with filelock.FileLock(base / f"{name}.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / "done").touch()
    return folder


@pytest.fixture(scope="session")
def command() -> Command:
    return gapstudy


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study laid out by `init` and refreshed; not to be changed."""

    def make(study: Path) -> None:
        laid = gapstudy("init", str(study), study=study.parent)
        assert laid.returncode == 0, laid.stderr
        done = gapstudy("refresh", study=study)
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "published-study", make)


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """A copy of the refreshed study that a test may change."""
    target = tmp_path / "study"
    shutil.copytree(published, target, symlinks=True)
    return target
