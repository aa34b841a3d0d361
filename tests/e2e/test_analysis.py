"""The scripts of analysis/ run in a refreshed study and print something."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "analysis").glob("*.py"))


def test_there_are_scripts_and_the_readme_lists_them() -> None:
    readme = (SCRIPTS[0].parent / "README.md").read_text(encoding="utf-8")
    assert all(f"`{script.name}`" in readme for script in SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_runs(script: Path, published: Path) -> None:
    copied = published / "analysis" / script.name
    done = subprocess.run(
        [sys.executable, str(copied)], cwd=published, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
