"""The subset of Quarto: what is outside fails with file and line."""

import re
from pathlib import Path

import pytest

from gapstudy.errors import RenderError
from gapstudy.publish.embedded import pandoc, project, source
from gapstudy.publish.embedded.document import Document
from gapstudy.publish.embedded.execute import Output
from gapstudy.publish.embedded.source import read_page

HEAD = "---\ntitle: Page\n---\n"
DOCS = Path(__file__).parents[3] / "docs" / "renderer.md"


def _document(text: str) -> Document:
    page = read_page(Path("page.qmd"), text)
    outputs = [[Output("text/html", "<b>made</b>")] for _ in page.cells]
    return Document(
        page, pandoc.parse(page.markdown), outputs,
        pages=frozenset({"page.qmd", "other.qmd"}), keys=frozenset({"known2020"}), echo=False,
    )  # fmt: skip


# Each text is put after three lines of front matter; the line is that of the whole file.
OUTSIDE = {
    "shortcode": ("text\n\n{{< include x.md >}}\n", 6, "shortcodes"),
    "tabset": ("::: {.panel-tabset}\n## A\n:::\n", 4, "panel-tabset"),
    "column div": ("a\n\n::: {.column-margin}\nx\n:::\n", 6, "column-margin"),
    "unknown callout": ("::: {.callout-danger}\nx\n:::\n", 4, "callout-danger"),
    "callout option": ('::: {.callout-note icon="false"}\nx\n:::\n', 4, "icon"),
    "formatted callout title": ('::: {.callout-note title="*x*"}\nx\n:::\n', 4, "outside"),
    "indented callout": ("- a\n\n  ::: {.callout-note}\n  x\n  :::\n", 6, "margin"),
    "open div": ("::: {.callout-note}\nx\n", 4, "not closed"),
    "closing without opening": ("a\n\n:::\n", 6, "not opened"),
    "html block": ("a\n\n<div>x</div>\n", 6, "RawBlock"),
    "html inline": ("a\n\nb <span>x</span>\n", 6, "RawInline"),
    "html comment": ("a\n\n<!-- x -->\n", 6, "RawBlock"),
    "raw block": ("a\n\n```{=html}\n<b>x</b>\n```\n", 6, "raw blocks"),
    "raw inline": ("a\n\nb `<b>`{=html}\n", 6, "RawInline"),
    "tex": ("a\n\nb \\textbf{x}\n", 6, "RawInline"),
    "bracketed span": ("a\n\n[x]{.big}\n", 6, "Span"),
    "image": ("a\n\nb ![x](y.png)\n", 6, "Image"),
    "figure": ("a\n\n![x](y.png)\n", 6, "Figure"),
    "other language": ("```{r}\n1\n```\n", 4, "{r}"),
    "mermaid": ("```{mermaid}\nx\n```\n", 4, "{mermaid}"),
    "inline of another language": ("a\n\nb `{r} x`\n", 6, "'r'"),
    "options in the fence": ("```{python echo=FALSE}\n1\n```\n", 4, "#| lines"),
    "indented cell": ("- a\n\n  ```{python}\n  1\n  ```\n", 6, "margin"),
    "open fence": ("a\n\n```python\nx\n", 6, "not closed"),
    "unknown option": ("```{python}\n#| label: fig-a\n#| fig-width: 3\n1\n```\n", 6, "fig-width"),
    "misspelt option": ("```{python}\n#| labl: fig-a\n1\n```\n", 5, "Did you mean 'label'"),
    "option of the wrong kind": ("```{python}\n#| echo: perhaps\n1\n```\n", 5, "true or false"),
    "option twice": ("```{python}\n#| echo: true\n#| echo: false\n1\n```\n", 6, "twice"),
    "figure without caption": ("```{python}\n#| label: fig-a\n1\n```\n", 5, "belong together"),
    "caption without label": ("```{python}\n#| tbl-cap: a\n1\n```\n", 5, "belong together"),
    "label twice": ("```{python}\n#| label: a\n```\n```{python}\n#| label: a\n```\n", 8, "twice"),
    "bad label": ("```{python}\n#| label: Fig A\n1\n```\n", 5, "not a label"),
    "unknown reference": ("a\n\nsee @fig-none\n", 6, "fig-none"),
    "section reference": ("a\n\nsee @sec-none\n", 6, "sec-none"),
    "unknown citation": ("a\n\nsee [@nobody1900]\n", 6, "nobody1900"),
    "citation and reference": (
        "```{python}\n#| label: fig-a\n#| fig-cap: a\n1\n```\n\nsee [@fig-a; @known2020]\n",
        10, "one bracket",
    ),
    "unknown page": ("a\n\n[x](nowhere.qmd)\n", 6, "nowhere.qmd"),
    "link with attributes": ("a\n\n[x](other.qmd){target=_blank}\n", 6, "classes or attributes"),
    "heading of the first level": ("a\n\n# Big\n", 6, "first level"),
    "heading with classes": ("a\n\n## Big {.unnumbered}\n", 6, "heading with"),
    "captioned table": ("| a |\n|---|\n| 1 |\n\n: Caption\n", 8, "with a caption"),
    "raw html in a table": ("| a |\n|---|\n| <b>x</b> |\n", 6, "RawInline"),
    "image in a list": ("- a\n- b ![x](y.png)\n", 5, "Image"),
    "equation label alone": ("a\n\nb {#eq-x}\n", 6, "away from its equation"),
    "equation label twice": ("$$a$$ {#eq-x}\n\n$$b$$ {#eq-x}\n", 4, "twice"),
    "reserved class": ("`0`{.gapstudy-inline}\n", 4, "reserved"),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_the_subset(name: str) -> None:
    text, line, words = OUTSIDE[name]
    with pytest.raises(RenderError) as caught:
        _document(HEAD + text)
    assert caught.value.where == f"page.qmd:{line}"
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("no front matter\n", 1, "front matter"),
        ("---\ntitle: x\n", 1, "not closed"),
        ("---\nsubtitle: x\n---\n", 1, "no title"),
        ("---\ntitle: x\nformat: pdf\n---\n", 3, "'format'"),
        ("---\ntitle: x\ntitle: y\n---\n", 3, "twice"),
        ("---\ntitle: x\nsubtitle: [a\n---\n", 3, "not valid YAML"),
        ("---\ntitle: x\nsubtitle: [a]\n---\n", 3, "single value"),
    ],
)
def test_front_matter(text: str, line: int, words: str) -> None:
    with pytest.raises(RenderError) as caught:
        read_page(Path("page.qmd"), text)
    assert caught.value.where == f"page.qmd:{line}"
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("project:\n  type: book\n", 2, "'book' is outside"),
        ("project:\n  type: website\nfilters: [x]\n", 3, "'filters'"),
        ("format:\n  html:\n    theme: cosmo\n", 3, "'cosmo' is outside"),
        ("format:\n  html:\n    html-math-method: mathjax\n", 3, "mathjax"),
        ("website:\n  navbar:\n    left: []\n", 2, "navbar"),
        ("website:\n  sidebar:\n    contents: index.qmd\n", 3, "must be a list"),
        (
            "website:\n  sidebar:\n    contents:\n      - href: no.qmd\n        text: No\n", 4,
            "no.qmd does not exist",
        ),
    ],
)  # fmt: skip
def test_project_file(tmp_path: Path, text: str, line: int, words: str) -> None:
    (tmp_path / "_quarto.yml").write_text(text, encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        project.load(tmp_path)
    assert caught.value.where == f"_quarto.yml:{line}"
    assert words in str(caught.value)


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no Quarto project"):
        project.load(tmp_path)


def test_code_blocks_may_show_anything() -> None:
    shown = "```html\n<div>::: {.x}</div>\n```\n\n~~~\n<b>\n~~~\n"
    assert _document(HEAD + shown).sections == []


def test_the_subset_is_documented() -> None:
    """Every option, callout, key and call that the code knows stands in docs/renderer.md."""
    from gapstudy import publish

    text = DOCS.read_text(encoding="utf-8")
    known = [
        *source._OPTIONS,
        *source._FRONT,
        *source.CALLOUTS,
        *publish.__all__,
        *_keys(project._SCHEMA),
    ]
    missing = [
        name for name in known if not re.search(rf"`[^`\n]*\b{re.escape(name)}\b[^`\n]*`", text)
    ]
    assert missing == []


def _keys(schema: object) -> list[str]:
    if isinstance(schema, dict):
        return [key for name, inner in schema.items() for key in (name, *_keys(inner))]
    return _keys(schema[0]) if isinstance(schema, list) else []
