"""_quarto.yml as far as the embedded renderer needs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gapstudy.errors import RenderError
from gapstudy.publish.embedded import settings

_SCHEMA: settings.Schema = {
    "project": {
        "type": ("website",),
        "output-dir": "text",
        "render": "texts",
        "resources": "texts",
        "pre-render": "text",
    },
    "website": {
        "title": "text",
        "description": "text",
        "search": "flag",
        "sidebar": {
            "style": ("docked", "floating"),
            "search": "flag",
            "contents": [{"href": "text", "text": "text"}],
        },
    },
    "format": {
        "html": {
            "theme": ("default", "none"),
            "css": "texts",
            "toc": "flag",
            "link-external-newwindow": "flag",
            "html-math-method": ("mathml",),
            "include-after-body": {"text": "text"},
        }
    },
    "execute": {"echo": "flag", "warning": ("false",), "freeze": ("false",)},
    "bibliography": "text",
    "jupyter": ("python3",),
    "lang": "text",
    "quarto-required": "text",
}


@dataclass(frozen=True)
class Link:
    """One entry of the site navigation: a page (.qmd) and its name there."""

    href: str
    text: str


@dataclass(frozen=True)
class Project:
    """What _quarto.yml says.

    Attributes:
        folder: the project folder.
        title: title of the website.
        navigation: pages in the order of the sidebar.
        pages: every page to render.
        css: style sheets of the project, copied as they are.
        resources: patterns of other files to copy.
        after_body: HTML before the end of every page.
        bibliography: BibTeX file, or None.
        lang: language of the pages.
        toc: whether pages list their sections.
        echo: whether cells show their code unless they say otherwise.
    """

    folder: Path
    title: str
    navigation: tuple[Link, ...]
    pages: tuple[Path, ...]
    css: tuple[str, ...]
    resources: tuple[str, ...]
    after_body: str
    bibliography: Path | None
    lang: str
    toc: bool
    echo: bool


def load(folder: Path) -> Project:
    """Read the project in a folder.

    Raises:
        RenderError: there is no project, or it says what the subset does not know.
    """
    path = folder / "_quarto.yml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RenderError(
            "there is no Quarto project here",
            where="reports/_quarto.yml",
            remedy="`gapstudy init` lays one out in a new study folder",
        ) from error
    data = settings.read(text, _SCHEMA, path)
    html = data.get("format", {}).get("html", {})
    website = data.get("website", {})
    navigation = tuple(Link(**item) for item in website.get("sidebar", {}).get("contents", ()))
    patterns = data.get("project", {}).get("render", ["*.qmd"])
    pages = sorted({page for pattern in patterns for page in folder.glob(pattern)})
    pages = [page for page in pages if not page.name.startswith(("_", "."))]
    missing = [link.href for link in navigation if folder / link.href not in pages]
    if missing:
        line = next(i for i, row in enumerate(text.splitlines(), 1) if missing[0] in row)
        raise settings.fail(path, line, f"the page {missing[0]} does not exist", "Correct its name")
    bibliography = data.get("bibliography")
    return Project(
        folder=folder,
        title=website.get("title", ""),
        navigation=navigation,
        pages=tuple(pages),
        css=tuple(html.get("css", ())),
        resources=tuple(data.get("project", {}).get("resources", ())),
        after_body=html.get("include-after-body", {}).get("text", ""),
        bibliography=folder / bibliography if bibliography else None,
        lang=data.get("lang", "en"),
        toc=html.get("toc", False),
        echo=data.get("execute", {}).get("echo", True),
    )
