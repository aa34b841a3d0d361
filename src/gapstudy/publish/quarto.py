"""The real Quarto, where it is on the path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from gapstudy.errors import RenderError

OUTPUT = "_out"


def quarto() -> str | None:
    """Path of the program, or None."""
    return shutil.which("quarto")


def render_with_quarto(project: Path, target: Path, env: Mapping[str, str]) -> None:
    """`quarto render` a project; its own pre-render script makes figures and data.

    Args:
        project: a copy of the project that may be written to.
        target: folder for the finished site; does not exist yet.
        env: variables that the cells see.

    Raises:
        RenderError: Quarto failed; the message ends with the last lines that it printed.
    """
    program = quarto()
    assert program is not None
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [program, "render", "--output-dir", OUTPUT],
        cwd=project,
        # Cells and pre-render script run in this Python, whatever "python3" is elsewhere.
        env={**os.environ, **env, "QUARTO_PYTHON": sys.executable, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode or not (project / OUTPUT / "index.html").is_file():
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise RenderError(
            f"quarto render failed:\n{tail}",
            where="reports",
            remedy="Correct the page; without Quarto on the path the embedded renderer is used",
        )
    (project / OUTPUT).rename(target)
