"""Checks a finished site: every link leads somewhere, nothing is loaded from outside."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gapstudy.errors import RenderError

_OUTSIDE = ("http", "https", "mailto")
#: What a browser loads by itself: element -> attributes. Plain links are only followed by a reader.
_LOADED = {
    "img": ("src", "srcset"), "source": ("src", "srcset"), "script": ("src",), "iframe": ("src",),
    "link": ("href",), "object": ("data",), "embed": ("src",), "video": ("src", "poster"),
    "audio": ("src",), "use": ("href",), "image": ("href",),
}  # fmt: skip
_STYLE = re.compile(r"@import|url\(\s*['\"]?(?!data:|#)([^'\")]+)", re.IGNORECASE)


def check_site(site: Path) -> None:
    """Check all pages and style sheets.

    Raises:
        RenderError: names each page with a link that leads nowhere or a load from outside.
    """
    from lxml import html

    pages = {path: html.parse(str(path)).getroot() for path in sorted(site.rglob("*.html"))}
    anchors = {
        path: {*root.xpath("//@id"), *root.xpath("//a/@name"), "", "top"}
        for path, root in pages.items()
    }
    problems: list[str] = []
    for path, root in pages.items():
        name = path.relative_to(site).as_posix()
        for tag, attributes in _LOADED.items():
            for attribute in attributes:
                for value in root.xpath(f"//{tag}/@{attribute}"):
                    for address in _addresses(attribute, str(value)):
                        problems += _loaded(site, path, name, address)
        for value in root.xpath("//a/@href"):
            problems += _followed(site, path, name, str(value), anchors)
    for path in sorted(site.rglob("*.css")):
        for match in _STYLE.finditer(path.read_text(encoding="utf-8")):
            if match[0].lower() == "@import" or "//" in (match[1] or ""):
                problems.append(f"{path.relative_to(site).as_posix()} loads {match[0]}")
    if problems:
        raise RenderError(
            f"{len(problems)} bad addresses in the site: " + "; ".join(problems[:10]),
            where="reports",
            remedy="Correct the links in these pages",
        )


def _addresses(attribute: str, value: str) -> list[str]:
    if attribute != "srcset":
        return [value]
    return [item.split()[0] for item in value.split(",") if item.strip()]


def _loaded(site: Path, page: Path, name: str, address: str) -> list[str]:
    parts = urlsplit(address)
    if parts.scheme == "data":
        return []
    if parts.scheme or parts.netloc:
        return [f"{name} loads {address} from outside"]
    return [] if _file(site, page, parts.path).is_file() else [f"{name} loads {address}: not there"]


def _followed(
    site: Path, page: Path, name: str, address: str, anchors: dict[Path, set[str]]
) -> list[str]:
    parts = urlsplit(address)
    # The second is how Quarto's own buttons say that they go nowhere.
    if parts.scheme in _OUTSIDE or address == "javascript:void(0)":
        return []
    if parts.scheme or parts.netloc:
        return [f"{name} links to {address}"]
    target = _file(site, page, parts.path)
    if not target.is_file():
        return [f"{name} links to {address}: not there"]
    if target in anchors and unquote(parts.fragment) not in anchors[target]:
        return [f"{name} links to {address}: no such place"]
    return []


def _file(site: Path, page: Path, path: str) -> Path:
    if not path:
        return page
    start = site if path.startswith("/") else page.parent
    target = start / unquote(path).lstrip("/")
    return target / "index.html" if target.is_dir() else target
