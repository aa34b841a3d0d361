"""The page around the text: head, navigation, contents, footer."""

from __future__ import annotations

from collections.abc import Sequence

from gapstudy.publish.embedded.document import Section
from gapstudy.publish.embedded.project import Project
from gapstudy.publish.embedded.source import Source
from gapstudy.publish.escape import html_text

#: Name of the renderer's own style sheet in the site.
STYLE = "site.css"
_MENU = """<script>
(function () {
  var button = document.querySelector(".menu-button"), list = document.getElementById("pages");
  document.documentElement.classList.add("scripted");
  button.hidden = false;
  button.addEventListener("click", function () {
    var open = list.classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
  });
})();
</script>"""


def page_html(project: Project, page: Source, body: str, sections: Sequence[Section]) -> str:
    """One whole page.

    Args:
        project: the site.
        page: the page as written.
        body: its text as HTML.
        sections: its headings, for the contents.
    """
    title = html_text(page.title)
    site = html_text(project.title)
    here = page.path.name
    styles = "\n".join(
        f'<link rel="stylesheet" href="{html_text(name)}">' for name in (STYLE, *project.css)
    )
    description = html_text(page.description or page.subtitle or page.title)
    subtitle = f'<p class="subtitle">{html_text(page.subtitle)}</p>' if page.subtitle else ""
    full = title if title == site else f"{title} · {site}"
    return f"""<!DOCTYPE html>
<html lang="{html_text(project.lang)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{description}">
<meta name="generator" content="gapstudy, embedded renderer">
<link rel="icon" href="data:,">
<title>{full}</title>
{styles}
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="site-header">
<a class="site-title" href="index.html">{site}</a>
<button class="menu-button" type="button" aria-expanded="false" aria-controls="pages" hidden>
Pages</button>
<nav class="site-nav" id="pages" aria-label="Pages">
<ul>
{_navigation(project, here)}
</ul>
</nav>
</header>
<main id="main">
<h1>{title}</h1>
{subtitle}
{_contents(project, sections)}
{body}
</main>
<footer class="site-footer">
<p class="without-quarto">Rendered without Quarto, by the project's embedded renderer.</p>
{_turn(project, here)}
</footer>
{_MENU}
{project.after_body}
</body>
</html>
"""


def _address(href: str) -> str:
    return html_text(href.removesuffix(".qmd") + ".html")


def _navigation(project: Project, here: str) -> str:
    return "\n".join(
        f'<li><a href="{_address(link.href)}"'
        + (' aria-current="page"' if link.href == here else "")
        + f">{html_text(link.text)}</a></li>"
        for link in project.navigation
    )


def _contents(project: Project, sections: Sequence[Section]) -> str:
    if not project.toc or len(sections) < 2:
        return ""
    rows = "\n".join(
        f'<li><a href="#{html_text(item.anchor)}">{html_text(item.title)}</a></li>'
        for item in sections
    )
    return f"""<nav class="toc" aria-label="On this page">
<div class="toc-box">
<p class="toc-title">On this page</p>
<ul>
{rows}
</ul>
</div>
</nav>"""


def _turn(project: Project, here: str) -> str:
    """Links to the pages before and after this one."""
    names = [link.href for link in project.navigation]
    if here not in names:
        return ""
    index = names.index(here)
    made = []
    if index > 0:
        link = project.navigation[index - 1]
        made.append(f'<a class="before" href="{_address(link.href)}">← {html_text(link.text)}</a>')
    if index + 1 < len(names):
        link = project.navigation[index + 1]
        made.append(f'<a class="after" href="{_address(link.href)}">{html_text(link.text)} →</a>')
    return '<nav class="turn" aria-label="Next and previous page">' + " ".join(made) + "</nav>"
