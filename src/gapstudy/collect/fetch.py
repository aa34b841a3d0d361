"""Bring the current state of each source into its archive."""

from __future__ import annotations

import os
from pathlib import Path

from gapstudy.archive import Archive
from gapstudy.errors import SourceError
from gapstudy.sources import load
from gapstudy.study import Study


def fetch(study: Study, raw: Path, only: tuple[str, ...] = ()) -> dict[str, str]:
    """Archive what each source of the study has now.

    A source that fails leaves the others alone, and its earlier responses stay. An error of the
    data folder itself stops all: no source could go on.

    Args:
        study: names the sources and the study folder.
        raw: `data/raw` of the study.
        only: these sources instead of all of the study's.

    Returns:
        Source -> what went wrong; empty text when nothing did.
    """
    return {name: _one(name, study, raw) for name in only or study.sources}


def _one(name: str, study: Study, raw: Path) -> str:
    source = load(name)
    lacking = [key for key in source.CREDENTIALS if not os.environ.get(key)]
    if lacking:
        return f"skipped: set {', '.join(lacking)} in the environment to use it"
    try:
        found = [
            (item.url, item.body, item.as_of, item.note) for item in source().embedded(study.root)
        ]
        Archive.of(raw, name).keep(found)
    except SourceError as error:
        return str(error)
    return ""
