"""All pages of a project: cells run by two kernels at a time, pandoc in between."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

from gapstudy.publish.embedded import pandoc
from gapstudy.publish.embedded.document import Document
from gapstudy.publish.embedded.execute import Output, kernel, run_page
from gapstudy.publish.embedded.layout import STYLE, page_html
from gapstudy.publish.embedded.project import Project, load
from gapstudy.publish.embedded.source import Source, read_page


def build(folder: Path, target: Path, env: Mapping[str, str], workers: int = 2) -> None:
    """Render a Quarto project of the subset.

    Args:
        folder: the project; its cells run with this as their working directory.
        target: folder for the site; made if need be.
        env: variables that the cells see.
        workers: pages worked on at a time.

    Raises:
        RenderError: something is outside the subset, or a cell failed; names file and line.
    """
    project = load(folder)
    # Everything that can be refused without running anything is refused first.
    sources = [read_page(path) for path in project.pages]
    trees = {source.path: pandoc.parse(source.markdown, source.path.name) for source in sources}
    keys = pandoc.citation_keys(project.bibliography) if project.bibliography else frozenset()
    names = frozenset(path.name for path in project.pages)
    outputs = _run(folder, sources, env, workers)
    target.mkdir(parents=True, exist_ok=True)
    for source in sources:
        document = Document(
            source, trees[source.path], outputs[source.path],
            pages=names, keys=keys, echo=project.echo,
        )  # fmt: skip
        bibliography = project.bibliography if document.cited else None
        body = pandoc.to_html(document.blocks, bibliography, source.path.name)
        page = page_html(project, source, body, document.sections)
        (target / f"{source.path.stem}.html").write_text(page, encoding="utf-8")
        for name, data in document.files.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(data)
    _copy(project, target)


def _run(
    folder: Path, sources: Sequence[Source], env: Mapping[str, str], workers: int
) -> dict[Path, list[list[Output]]]:
    """Outputs of the cells of every page."""
    # Pages with the most cells first, dealt out in turn, so that the workers end together.
    order = sorted(sources, key=lambda page: (-len(page.cells), page.path.name))
    count = max(1, min(workers, len(order)))

    def work(part: Sequence[Source]) -> dict[Path, list[list[Output]]]:
        with kernel(folder, env) as client:
            return {page.path: run_page(client, page) for page in part}

    done: dict[Path, list[list[Output]]] = {}
    with ThreadPoolExecutor(count) as pool:
        for result in pool.map(work, [order[i::count] for i in range(count)]):
            done |= result
    return done


def _copy(project: Project, target: Path) -> None:
    """Style sheets and resources, as they are."""
    style = files("gapstudy.publish.embedded").joinpath(STYLE).read_text(encoding="utf-8")
    (target / STYLE).write_text(style, encoding="utf-8")
    patterns = (*project.css, *project.resources)
    for path in sorted({path for pattern in patterns for path in project.folder.glob(pattern)}):
        if path.is_file():
            place = target / path.relative_to(project.folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
