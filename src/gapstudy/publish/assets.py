"""What pages only embed: every figure drawn in two sizes, and the data package.

`publish` makes them before the pages are rendered; with real Quarto the project's pre-render script
does it (reports/_assets.py), so that a plain `quarto render` works too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.errors import GapstudyError, RenderError

if TYPE_CHECKING:
    from gapstudy.publish.results import Results

FOLDER, INDEX = "figures", "figures.json"


@dataclass(frozen=True)
class Drawn:
    """One figure that has data.

    Attributes:
        alt: the text that stands for it.
        wide: SVG for a desk.
        narrow: SVG for a phone.
        csv: its data.
    """

    alt: str
    wide: bytes
    narrow: bytes
    csv: bytes


def draw_figure(results: Results, name: str) -> Drawn | None:
    """Draw one figure, or None when it has no data.

    Raises:
        RenderError: its data cannot be drawn.
    """
    from gapstudy.publish import figures, theme
    from gapstudy.publish.datapackage import csv_bytes

    module = figures.load(name)
    frame = module.data(results)
    if frame.empty:
        return None
    try:
        sizes = (
            theme.Size(theme.WIDE, module.HEIGHTS[0]),
            theme.Size(theme.NARROW, module.HEIGHTS[1], narrow=True),
        )
        wide, narrow = (theme.svg(module.draw(frame.copy(), size)) for size in sizes)
        return Drawn(module.alt(frame), wide, narrow, csv_bytes(frame))
    except GapstudyError:
        raise
    except Exception as error:
        raise RenderError(
            f"the figure {name} cannot be drawn: {type(error).__name__}: {error}",
            where=f"gapstudy.publish.figures.{name}",
            remedy="Correct the figure, or the table it reads",
        ) from error


def write_assets(root: Path, target: Path, workers: int = 2) -> None:
    """Draw all figures and write the data package.

    Args:
        root: the study folder.
        target: folder that gets `figures/` and `data/`.
        workers: processes that draw.
    """
    from gapstudy.publish import figures
    from gapstudy.publish.datapackage import write_tables
    from gapstudy.publish.run import open_results

    (target / FOLDER).mkdir(parents=True, exist_ok=True)
    (target / "data").mkdir(parents=True, exist_ok=True)
    # Programs of their own rather than a process pool, whose workers would import the caller's main
    # module again: a script that calls `refresh` would run twice.
    running = [
        _start(root, target, figures.names()[part::workers]) for part in range(max(1, workers))
    ]
    try:
        write_tables(open_results(root), target / "data")
    finally:
        answers = [program.communicate() for program in running]
    index: dict[str, str | None] = {}
    for program, (out, errors) in zip(running, answers, strict=True):
        answer = json.loads(out or "{}")
        if program.returncode:
            what, where, remedy = answer.get("error", ("drawing failed: " + errors[-500:], "", ""))
            raise RenderError(what, where=where, remedy=remedy)
        index |= answer["alt"]
    text = json.dumps(index, indent=1, sort_keys=True, ensure_ascii=False)
    (target / FOLDER / INDEX).write_text(text + "\n", encoding="utf-8")


def _start(root: Path, target: Path, names: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gapstudy.publish.assets", str(root), str(target), *names],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


def draw_some(root: Path, target: Path, names: Sequence[str]) -> dict[str, str | None]:
    """Draw some figures into a folder.

    Returns:
        Their alternative texts; None for those without data.
    """
    from gapstudy.publish.run import open_results

    results = open_results(root)
    index: dict[str, str | None] = {}
    for name in names:
        drawn = draw_figure(results, name)
        index[name] = drawn.alt if drawn else None
        if drawn:
            _put(target, name, drawn)
    return index


def _put(target: Path, name: str, drawn: Drawn) -> None:
    for folder in (FOLDER, "data"):
        # Not its parents: a drawing program that outlives a killed build must not bring it back.
        (target / folder).mkdir(exist_ok=True)
    (target / FOLDER / f"{name}.svg").write_bytes(drawn.wide)
    (target / FOLDER / f"{name}-narrow.svg").write_bytes(drawn.narrow)
    (target / "data" / f"figure-{name}.csv").write_bytes(drawn.csv)


def find_figure(results: Results, name: str, here: Path) -> Drawn | None:
    """A figure drawn before, or drawn now beside the page when there is none.

    Raises:
        UnknownNameError: no figure is called so.
    """
    from gapstudy.publish import figures

    figures.load(name)
    index = here / FOLDER / INDEX
    known: dict[str, Any] = json.loads(index.read_text("utf-8")) if index.is_file() else {}
    if name in known:
        return Drawn(known[name], b"", b"", b"") if known[name] else None
    drawn = draw_figure(results, name)
    if drawn:
        _put(here, name, drawn)
    return drawn


def main() -> None:
    """Pre-render script: assets of the study around the current folder, into that folder."""
    from gapstudy.publish.cells import study_root

    write_assets(study_root(), Path(os.environ.get("QUARTO_PROJECT_DIR", ".")))


def _draw_part(root: str, target: str, *names: str) -> int:
    """One drawing program: alternative texts, or what went wrong, as JSON on standard output."""
    try:
        answer: dict[str, Any] = {"alt": draw_some(Path(root), Path(target), names)}
    except GapstudyError as error:
        answer = {"error": (error.what, error.where, error.remedy)}
    sys.stdout.write(json.dumps(answer))
    return 1 if "error" in answer else 0


if __name__ == "__main__":
    sys.exit(_draw_part(*sys.argv[1:]))
