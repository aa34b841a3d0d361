"""One edition's files: with Quarto where it is installed, else with the embedded renderer."""

from __future__ import annotations

import shutil
from pathlib import Path

from gapstudy.publish.assets import write_assets
from gapstudy.publish.cells import ROOT
from gapstudy.publish.check import check_site
from gapstudy.publish.embedded.build import build
from gapstudy.publish.quarto import quarto, render_with_quarto

#: Made by a plain `quarto render`, never part of the sources.
MADE = ("_site", "_editions", "_preview", "figures", "data", ".quarto", "_freeze", ".jupyter_cache")


def render(root: Path, work: Path, target: Path, workers: int = 2) -> None:
    """Render the project in `root`/reports.

    Args:
        root: the study folder.
        work: an empty folder inside `root` for a copy of the project.
        target: folder that gets the finished site; does not exist yet.
        workers: processes at a time.

    Raises:
        RenderError: a page or figure cannot be rendered, or the site has a broken link.
    """
    copy = work / "project"
    shutil.copytree(root / "reports", copy, ignore=_ignore)
    environment = {ROOT: str(root.resolve())}
    if quarto():
        render_with_quarto(copy, target, environment)
    else:
        write_assets(root, copy, workers)
        build(copy, target, environment, workers)
    check_site(target)


def _ignore(folder: str, names: list[str]) -> list[str]:
    top = Path(folder).name == "reports"
    return [name for name in names if (top and name in MADE) or name == "__pycache__"]
