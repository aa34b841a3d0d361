"""Editions: built beside the old one, named by their content, swapped in whole."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from gapstudy.errors import RenderError, StoreError

SITE, EDITIONS = "_site", "_editions"
KEPT = 2
_BUILD = ".build-"


def new_edition(reports: Path, make: Callable[[Path, Path], None]) -> Path:
    """Make an edition and let `_site` point to it.

    Args:
        reports: the project folder.
        make: called with an empty folder to work in and the folder to make; what it raises leaves
            the old edition standing.

    Returns:
        The edition's folder: `_editions/` and a hash of its content.

    Raises:
        StoreError: the folder cannot be written, or something else stands in the place of `_site`.
    """
    folder, site = reports / EDITIONS, reports / SITE
    if site.exists() and not site.is_symlink():
        raise StoreError(
            "a folder stands where the published edition is to appear",
            where=str(site),
            remedy="Move it away",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(reports)
        work = folder / f"{_BUILD}{os.getpid()}"
        work.mkdir()
        try:
            made = work / "site"
            make(work, made)
            edition = folder / content_hash(made)
            if edition.exists():
                # The same bytes: only its age is renewed, so that it is kept.
                os.utime(edition)
            else:
                made.rename(edition)
                os.utime(edition)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        _point(site, edition)
    except OSError as error:
        remedy = "Free some space and run again" if error.errno == errno.ENOSPC else (
            "Make the folder writable for this user and run again")  # fmt: skip
        raise StoreError(
            f"cannot write the report: {error.strerror or error}", where=str(folder), remedy=remedy
        ) from error
    _retire(folder, edition)
    return edition


def content_hash(site: Path) -> str:
    """Hash of all names and bytes below a folder, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(site.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(site).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    if not (site / "index.html").is_file():
        raise RenderError("the site has no opening page", remedy="Keep reports/index.qmd")
    return digest.hexdigest()[:16]


def _point(site: Path, edition: Path) -> None:
    """Let the link point to the edition, in one step."""
    link = site.with_name(f".{SITE}.{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(Path(EDITIONS) / edition.name, target_is_directory=True)
    link.replace(site)


def _sweep(reports: Path) -> None:
    """Remove what a killed build left. The store's lock keeps a second build away."""
    for path in (reports / EDITIONS).glob(f"{_BUILD}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in reports.glob(f".{SITE}.*"):
        path.unlink(missing_ok=True)


def _retire(folder: Path, current: Path) -> None:
    """Keep this edition and the newest one before it."""
    others = [
        path for path in folder.iterdir()
        if path.is_dir() and path != current and not path.name.startswith(_BUILD)
    ]  # fmt: skip
    others.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    for path in others[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
