"""How each construct of the subset is rendered."""

from pathlib import Path

import pytest
from lxml import html

from gapstudy.errors import RenderError
from gapstudy.publish.embedded import pandoc
from gapstudy.publish.embedded.document import Document
from gapstudy.publish.embedded.execute import Output
from gapstudy.publish.embedded.source import read_page

BIB = "@article{doe2020, author={Doe, Jane}, title={A thing}, journal={J}, year={2020}}\n"


def _render(text: str, tmp_path: Path, *outputs: str, echo: bool = False) -> html.HtmlElement:
    page = read_page(Path("page.qmd"), "---\ntitle: Page\n---\n" + text)
    given = [[Output("text/html", item)] if item else [] for item in outputs]
    given += [[] for _ in page.cells[len(given) :]]
    document = Document(
        page, pandoc.parse(page.markdown), given,
        pages=frozenset({"page.qmd", "other.qmd"}), keys=frozenset({"doe2020"}), echo=echo,
    )  # fmt: skip
    bibliography = tmp_path / "references.bib"
    bibliography.write_text(BIB, encoding="utf-8")
    return html.fromstring(
        f"<main>{pandoc.to_html(document.blocks, bibliography if document.cited else None)}</main>"
    )


def _words(node: html.HtmlElement) -> str:
    return " ".join(str(node.text_content()).split())


FIGURE = "```{python}\n#| label: fig-NAME\n#| fig-cap: 'Caption of NAME'\nx\n```\n\n"


def test_figures_and_tables_are_numbered_and_linked(tmp_path: Path) -> None:
    table = FIGURE.replace("fig-", "tbl-")
    text = (
        "See @fig-b, [-@fig-a], [@fig-a; @fig-b] and @tbl-c.\n\n"
        + FIGURE.replace("NAME", "a") + table.replace("NAME", "c") + FIGURE.replace("NAME", "b")
    )  # fmt: skip
    page = _render(text, tmp_path, "<i>A</i>", "<i>C</i>", "<i>B</i>")
    assert _words(page[0]) == "See Figure 2, 1, Figure 1, Figure 2 and Table 1."
    assert page[0].xpath(".//a/@href") == ["#fig-b", "#fig-a", "#fig-a", "#fig-b", "#tbl-c"]
    figures = page.xpath("//figure")
    assert [item.get("id") for item in figures] == ["fig-a", "tbl-c", "fig-b"]
    captions = [_words(item.find("figcaption")) for item in figures]
    assert captions == ["Figure 1: Caption of a", "Table 1: Caption of c", "Figure 2: Caption of b"]
    # The caption stands below a figure and above a table.
    assert [child.tag for child in figures[0]] == ["i", "figcaption"]
    assert [child.tag for child in figures[1]] == ["figcaption", "i"]


def test_callout_titles_number_nothing(tmp_path: Path) -> None:
    text = (
        "::: {.callout-note}\n## A *title*\n\nText\n:::\n\n"
        '::: {.callout-tip title="Folded" collapse="true"}\n'
        + FIGURE.replace("NAME", "inner")
        + ":::\n\n## Section\n\nSee @fig-inner.\n"
    )
    page = _render(text, tmp_path, "<i>A</i>")
    note = page.xpath("//div[contains(@class, 'callout-note')]")[0]
    assert note.get("role") == "note"
    assert _words(note.xpath("./p[@class='callout-title']")[0]) == "A title"
    assert note.xpath(".//em") != []
    fold = page.xpath("//details[contains(@class, 'callout-tip')]")[0]
    assert fold.get("open") is None
    assert _words(fold.find("summary")) == "Folded"
    assert fold.xpath(".//figure/@id") == ["fig-inner"]
    assert page.xpath("//h2/text()") == ["Section"]
    assert "See Figure 1." in _words(page)


@pytest.mark.parametrize("kind", ["note", "tip", "warning", "important", "caution"])
def test_callouts_have_a_title_of_their_kind(tmp_path: Path, kind: str) -> None:
    page = _render(f"::: {{.callout-{kind}}}\nText\n:::\n", tmp_path)
    assert _words(page[0]) == f"{kind.capitalize()} Text"


def test_equations(tmp_path: Path) -> None:
    text = "By @eq-sum,\n\n$$\na^2 + b\n$$ {#eq-sum}\n\nand $c$ and\n\n$$d$$\n"
    page = _render(text, tmp_path)
    assert "Equation 1" in _words(page[0])
    boxes = page.xpath("//div[@class='equation']")
    assert [box.get("id") for box in boxes] == ["eq-sum", None]
    assert _words(boxes[0].xpath("./span")[0]) == "(1)"
    assert boxes[1].xpath("./span") == []
    assert len(page.xpath("//*[local-name()='math']")) == 3
    assert "{#eq" not in _words(page)


def test_unknown_tex_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="pandoc"):
        _render("$\\nosuchcommand{x}$\n", tmp_path)


def test_citations(tmp_path: Path) -> None:
    page = _render("As shown [@doe2020, p. 3]; @doe2020 said so.\n", tmp_path)
    assert "(Doe 2020, 3); Doe (2020) said so" in _words(page[0])
    assert page.xpath("//h2/@id") == ["references"]
    assert page.xpath("//*[@id='ref-doe2020']") != []
    assert set(page[0].xpath(".//a/@href")) == {"#ref-doe2020"}


def test_pages_without_citations_have_no_references(tmp_path: Path) -> None:
    assert _render("Text.\n", tmp_path).xpath("//*[@id='refs']") == []


def test_code_is_hidden_shown_or_folded(tmp_path: Path) -> None:
    shown, folded = (
        "#| echo: true\n",
        "#| echo: true\n#| code-fold: true\n#| code-summary: 'Look <'\n",
    )
    text = "".join(f"```{{python}}\n{options}x = '<b>'\n```\n\n" for options in ("", shown, folded))
    page = _render(text, tmp_path, "", "", "")
    assert len(page.xpath("//pre")) == 2
    assert _words(page.xpath("//pre")[0]) == "x = '<b>'"
    fold = page.xpath("//details[@class='code-fold']")[0]
    assert _words(fold.find("summary")) == "Look <"
    everything = _render("```{python}\nx\n```\n", tmp_path, "", echo=True)
    assert len(everything.xpath("//pre")) == 1


def test_inline_code_keeps_its_html(tmp_path: Path) -> None:
    span = '<span data-number="a">1 &#123;&#123;</span>'
    page = _render("Of these `{python} number('a')` are.\n", tmp_path, span)
    assert page.xpath("//span/@data-number") == ["a"]
    assert _words(page[0]) == "Of these 1 {{ are."


def test_links_between_pages(tmp_path: Path) -> None:
    text = "## My part\n\n[a](other.qmd), [b](other.qmd#x), [My part], <https://example.org>\n"
    page = _render(text, tmp_path)
    links = page.xpath("//p//a/@href")
    assert links == ["other.html", "other.html#x", "#my-part", "https://example.org"]


def test_plain_output_and_lists(tmp_path: Path) -> None:
    text = (
        "1. one\n2. two\n   - inner `x`\n\nTerm\n: Meaning\n\n> Quoted[^n]\n\n[^n]: Note\n\n---\n"
    )
    page = _render(text, tmp_path)
    for tag in ("ol", "ul", "dl", "blockquote", "hr"):
        assert page.xpath(f"//{tag}") != []
    assert "Note" in _words(page.xpath("//section[@role='doc-endnotes']")[0])


def test_markdown_tables_scroll_in_their_box(tmp_path: Path) -> None:
    page = _render("| a | b |\n|---|--:|\n| *x* | 1 |\n", tmp_path)
    box = page.xpath("//div[@class='table-scroll']")[0]
    assert box.get("tabindex") == "0"
    assert _words(box.xpath(".//td[1]/em")[0]) == "x"
