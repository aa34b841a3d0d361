"""Lay out a study folder from the package's own template."""

from __future__ import annotations

import shutil
from pathlib import Path

from gapstudy.errors import StoreError, UsageError
from gapstudy.pipeline import GENERATED

PARTS = ("study.toml", "data/raw/landmark", "analysis", "reports")


def template_root() -> Path:
    """Folder that holds the template: inside an installed package, or the clone it runs from.

    Raises:
        StoreError: neither is there.
    """
    here = Path(__file__).resolve().parent
    for root in (here / "template", here.parent.parent):
        if all((root / part).exists() for part in PARTS):
            return root
    raise StoreError(
        "the template of a study folder is missing", where=str(here), remedy="Install gapstudy anew"
    )


def lay_out(folder: Path) -> list[Path]:
    """Make a study folder.

    Args:
        folder: where; made when it does not exist.

    Returns:
        What was made.

    Raises:
        UsageError: there is a study or something else of that name already.
        StoreError: the folder cannot be written.
    """
    taken = [part for part in PARTS if (folder / part).exists()]
    if taken:
        raise UsageError(
            f"{', '.join(taken)} exist already",
            where=str(folder),
            remedy="Name a new folder; nothing was changed",
        )
    root = template_root()
    made = []
    try:
        for part in PARTS:
            source, target = root / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(
                    source,
                    target,
                    ignore=shutil.ignore_patterns("archive", *GENERATED),
                )
            else:
                shutil.copyfile(source, target)
            made.append(target)
        (folder / "data" / "processed").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write: {error.strerror}", where=str(folder), remedy="Choose a writable folder"
        ) from error
    return made
