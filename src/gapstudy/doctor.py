"""What is installed, what is missing, and what getting it would cost."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gapstudy.errors import GapstudyError
from gapstudy.pipeline import libraries
from gapstudy.sources import load
from gapstudy.study import Study


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        what: the thing.
        state: "ok", "missing" (works without) or "broken" (does not work without).
        detail: its version or where it is.
        cost: what getting it would cost, and what it would give; empty when it is there.
    """

    what: str
    state: str
    detail: str
    cost: str = ""


def examine(root: Path) -> list[Finding]:
    """Look at everything that a study in `root` uses."""
    findings = [
        Finding(
            "Python",
            "ok" if sys.version_info >= (3, 11) else "broken",
            sys.version.split()[0],
            "" if sys.version_info >= (3, 11) else "Python 3.11 or later is needed",
        )
    ]
    for name, found in libraries().items():
        findings.append(
            Finding(name, "ok", found)
            if found
            else Finding(name, "broken", "not installed", "free; `pip install gapstudy` brings it")
        )
    findings.append(
        _program("quarto", "Quarto", "free, about 300 MB; without it the embedded renderer serves")
    )
    findings.append(
        _library("distributed", "Dask", "free; `pip install gapstudy[cluster]`, for a cluster")
    )
    findings.append(_study(root))
    findings += _credentials(root)
    free = shutil.disk_usage(root if root.exists() else Path.cwd()).free / 1e9
    findings.append(
        Finding("disk", "ok" if free > 2 else "broken", f"{free:.0f} GB free",
                "" if free > 2 else "free 2 GB for the tables and the report")
    )  # fmt: skip
    return findings


def _program(name: str, title: str, cost: str) -> Finding:
    path = shutil.which(name)
    return (
        Finding(title, "ok", path) if path else Finding(title, "missing", "not on the path", cost)
    )


def _library(name: str, title: str, cost: str) -> Finding:
    try:
        return Finding(title, "ok", version(name))
    except PackageNotFoundError:
        return Finding(title, "missing", "not installed", cost)


def _study(root: Path) -> Finding:
    try:
        study = Study.load(root)
    except GapstudyError as error:
        return Finding("study.toml", "broken", str(error), "`gapstudy init DIR` lays one out")
    writable = os.access(root, os.W_OK)
    return Finding(
        "study.toml", "ok" if writable else "broken", f"{len(study.sources)} sources",
        "" if writable else "the study folder is read-only: make it writable",
    )  # fmt: skip


def _credentials(root: Path) -> list[Finding]:
    try:
        study = Study.load(root)
    except GapstudyError:
        return []
    found, contact = [], study.contact
    for name in study.sources:
        try:
            source = load(name)
        except GapstudyError as error:
            found.append(Finding(f"source {name}", "broken", str(error), "correct study.toml"))
            continue
        lacking = [key for key in source.CREDENTIALS if not os.environ.get(key)]
        if source.card(keyed=False) is not None and not contact:
            lacking.insert(0, "contact in study.toml")
        if source.FILES and not study.source.get(name, {}).get("files"):
            lacking.append(f"files in study.toml, [source.{name}]")
        state = "missing" if lacking else "ok"
        cost = "free; docs/live.md says how" if lacking else ""
        found.append(Finding(f"source {name}", state, ", ".join(lacking) or "ready", cost))
    return found
