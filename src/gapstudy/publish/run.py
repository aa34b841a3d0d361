"""The publish stage: a new edition of the report beside the old one, swapped in whole."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gapstudy.publish.edition import SITE, new_edition
from gapstudy.publish.render import render
from gapstudy.store import Store
from gapstudy.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from gapstudy.publish.results import Results


def run(store: Store, study: Study) -> None:
    """Render reports/ and put the edition in place.

    Raises:
        RenderError: a page or figure cannot be rendered; the earlier edition stands.
        StoreError: the folder cannot be written.
    """
    new_edition(store.root / "reports", partial(render, store.root, workers=study.workers))


def report_path(root: Path | str) -> Path:
    """The opening page of the published edition."""
    return Path(root) / "reports" / SITE / "index.html"


def open_results(root: Path) -> Results:
    """The tables of a study, for pages, figures and the data package."""
    from gapstudy.publish.results import Results

    store = Store(root)

    def read(name: str) -> pd.DataFrame | None:
        return store.read(name) if store.has(name) else None

    return Results(Study.load(root), read)
