"""A small project, cells and all, through the embedded renderer."""

from pathlib import Path

import pytest
from lxml import html

from gapstudy.errors import RenderError
from gapstudy.publish.embedded.build import build

CONFIG = """\
project:
  type: website
  render: ["*.qmd"]
  resources: ["extra/*.txt"]
website:
  title: "A <site>"
  sidebar:
    contents:
      - href: index.qmd
        text: "Start"
      - href: two.qmd
        text: "Second & last"
format:
  html:
    css: own.css
    toc: true
    include-after-body:
      text: <script src="own.js"></script>
execute:
  echo: false
"""
INDEX = """\
---
title: "One <1>"
---

```{python}
import os
shared = 41
class Shown:
    def __init__(self, text): self.text = text
    def _repr_html_(self): return self.text
```

Value `{python} Shown(f"<b>{shared + 1}</b>")`.

## First

```{python}
print(os.environ["GREETING"], "<i>")
Shown("<u>last</u>")
```

## Second

```{python}
#| label: fig-picture
#| fig-cap: "A picture"
#| fig-alt: "A red square"
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>')
```
"""
TWO = """\
---
title: Two
---

```{python}
print("shared" in globals())
```
"""


def _project(folder: Path, **pages: str) -> Path:
    (folder / "extra").mkdir(parents=True)
    (folder / "extra" / "a.txt").write_text("a")
    (folder / "own.css").write_text("b {}")
    (folder / "_quarto.yml").write_text(CONFIG)
    for name, text in {"index": INDEX, "two": TWO, **pages}.items():
        (folder / f"{name}.qmd").write_text(text)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("build")
    # One worker, so that both pages run in the same kernel.
    build(_project(base / "project"), base / "site", {"GREETING": "hello"}, workers=1)
    return base / "site"


def test_cells_run_in_order_with_the_environment(site: Path) -> None:
    page = html.parse(str(site / "index.html")).getroot()
    assert page.xpath("//p/b/text()") == ["42"]
    assert page.xpath("//pre/code/text()") == ["hello <i>"]
    assert page.xpath("//u/text()") == ["last"]


def test_pages_do_not_see_each_others_variables(site: Path) -> None:
    page = html.parse(str(site / "two.html")).getroot()
    assert page.xpath("//pre/code/text()") == ["False"]


def test_pictures_become_files_with_alternative_text(site: Path) -> None:
    page = html.parse(str(site / "index.html")).getroot()
    image = page.xpath("//figure//img")[0]
    assert image.get("alt") == "A red square"
    assert (site / image.get("src")).read_bytes().startswith(b"<svg")


def test_layout(site: Path) -> None:
    page = html.parse(str(site / "index.html")).getroot()
    assert page.get("lang") == "en"
    assert page.xpath("//title/text()") == ["One <1> · A <site>"]
    assert page.xpath("//h1/text()") == ["One <1>"]
    assert page.xpath("//nav[@id='pages']//a/@href") == ["index.html", "two.html"]
    assert page.xpath("//a[@aria-current='page']/text()") == ["Start"]
    assert page.xpath("//nav[@class='toc']//a/@href") == ["#first", "#second"]
    assert page.xpath("//link[@rel='stylesheet']/@href") == ["site.css", "own.css"]
    assert page.xpath("//script/@src") == ["own.js"]
    assert "without Quarto" in page.xpath("//footer")[0].text_content()
    for name in ("site.css", "own.css", "extra/a.txt"):
        assert (site / name).is_file()


FAILING = {
    "raises": ('x = 1\n\nraise ValueError("no <good>")', 9, r"ValueError: no <good>"),
    "picture without text": ("from IPython.display import SVG\nSVG('<svg/>')", 7, "fig-alt"),
    "latex": ("from IPython.display import Latex\nLatex('x')", 7, ""),
}


@pytest.mark.parametrize("name", ["raises", "picture without text"])
def test_failing_cells_name_file_and_line(tmp_path: Path, name: str) -> None:
    code, line, words = FAILING[name]
    bad = f"---\ntitle: Bad\n---\n\ntext\n```{{python}}\n{code}\n```\n"
    folder = _project(tmp_path / "project", bad=bad)
    with pytest.raises(RenderError) as caught:
        build(folder, tmp_path / "site", {"GREETING": ""}, workers=1)
    assert caught.value.where == f"bad.qmd:{line}"
    assert words in str(caught.value)
    assert not (tmp_path / "site" / "bad.html").exists()


@pytest.mark.parametrize("expression", ["'text'", "None", "print('x')"])
def test_inline_code_must_give_html(tmp_path: Path, expression: str) -> None:
    bad = f"---\ntitle: Bad\n---\n\nA `{{python}} {expression}` b.\n"
    folder = _project(tmp_path / "project", bad=bad)
    with pytest.raises(RenderError, match=r"inline code must give") as caught:
        build(folder, tmp_path / "site", {"GREETING": ""}, workers=1)
    assert caught.value.where == "bad.qmd:5"
