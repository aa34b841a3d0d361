"""The real pages of reports/ on a made-up study: rendered whole, then read in a browser."""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from gapstudy.pipeline import GENERATED
from gapstudy.publish.run import report_path, run
from gapstudy.store import Store
from gapstudy.study import Study

from ..unit.publish import synthetic
from .conftest import made_once

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in (ROOT / "reports").glob("*.qmd"))
WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}


def _publish(root: Path) -> Path:
    run(Store(root), Study.load(root))
    return report_path(root).parent.resolve()


def _lay_out(root: Path, frames: dict[str, Any] | None = None) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    synthetic.write_study(root, frames)
    made = shutil.ignore_patterns(*GENERATED)
    shutil.copytree(ROOT / "reports", root / "reports", ignore=made)
    return root


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a published report; parallel workers share it."""
    return made_once(tmp_path_factory, "pages-study", lambda study: _publish(_lay_out(study)))


@pytest.fixture(scope="session")
def site(root: Path) -> Path:
    return report_path(root).parent.resolve()


def _tree(site: Path, name: str) -> Any:
    return html.parse(str(site / f"{name}.html")).getroot()


def test_every_page_is_there_and_says_how_it_was_rendered(site: Path) -> None:
    assert sorted(path.stem for path in site.glob("*.html")) == PAGES
    for name in PAGES:
        footer = _tree(site, name).xpath("//footer")[0].text_content()
        assert "Rendered without Quarto" in footer


def test_no_cell_was_left_without_data(site: Path) -> None:
    for name in PAGES:
        assert _tree(site, name).xpath("//*[@class='no-data']/text()") == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(site: Path, name: str) -> None:
    tree = _tree(site, name)
    for address in tree.xpath("//a/@href"):
        if address.startswith(("http://", "https://")):
            continue
        path, _, anchor = address.partition("#")
        target = site / path if path else site / f"{name}.html"
        assert target.is_file(), address
        if anchor:
            assert html.parse(str(target)).getroot().xpath(f"//*[@id='{anchor}']"), address


def test_every_number_on_the_index_can_be_traced(site: Path, root: Path) -> None:
    """Digits stand in named numbers, days, settings, and texts of the claims, nowhere else."""
    main = _tree(site, "index").xpath("//main")[0]
    names = set(main.xpath(".//@data-number"))
    assert len(names) > 25
    assert names <= set(Store(root).read("out_numbers")["name"])
    free = (
        "ancestor::*[@data-number] or ancestor::time or ancestor::*[@class='setting'] or "
        "ancestor::*[@data-claim] or ancestor::*[@class='freshness'] or "
        "ancestor::*[@class='float-number']"
    )
    loose = [text for text in main.xpath(f".//text()[not({free})]") if re.search(r"\d", text)]
    assert loose == []
    # Within the scorecard even the claims' own cells hold digits only as named numbers.
    for cell in main.xpath(".//table[@class='scorecard']//td"):
        outside = "".join(cell.xpath(".//text()[not(ancestor::*[@data-number])]"))
        assert not re.search(r"\d", outside)


def test_text_from_outside_is_text_everywhere(site: Path) -> None:
    shown = 0
    for name in PAGES:
        tree = _tree(site, name)
        shown += tree.text_content().count(synthetic.ATTACK)
        assert [address for address in tree.xpath("//@src | //@href") if "evil." in address] == []
        scripts = tree.xpath("//script")
        assert [script.get("src") for script in scripts] == [None, "tables.js"]
        assert "alert(1)" not in "".join(script.text or "" for script in scripts)
        assert "root:" not in tree.text_content()
        assert "{{ 49 }}" not in tree.text_content()
    assert shown > 10


def test_downloads_run_no_formula(site: Path) -> None:
    files = sorted((site / "data").glob("*.csv"))
    assert len(files) > 40
    for path in files:
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
        for cell in (cell for row in rows for cell in row):
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), path
            assert not cell.startswith("-") or re.fullmatch(r"-[\d.]+(e-?\d+)?", cell), path


def test_the_data_package_describes_every_table(site: Path) -> None:
    package = json.loads((site / "data" / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        assert (site / "data" / resource["path"]).stat().st_size == resource["bytes"]


def test_the_same_tables_give_the_same_bytes(root: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere"
    for part in ("data", "reports"):
        shutil.copytree(
            root / part, again / part, ignore=shutil.ignore_patterns("_site", "_editions")
        )
    shutil.copy(root / "study.toml", again / "study.toml")
    made = _publish(again)
    assert made.name == report_path(root).parent.resolve().name
    for path in made.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert str(again).encode() not in content
            assert os.fsencode(Path.home()) + b"/" not in content


def test_a_study_without_tables_says_so(tmp_path: Path) -> None:
    site = _publish(_lay_out(tmp_path / "study", {}))
    for name in ("index", "lag", "availability"):
        text = _tree(site, name).xpath("//main")[0].text_content().lower()
        assert "no data" in text


# In a browser


# No longer than this file: while it is open Playwright's event loop counts as running, and a later
# test in the same process could not start its own.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Headless Chromium of the system."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next((path for path in map(shutil.which, names) if path), None)
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium, and the pages are read in it too")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def tab(browser: "Browser", request: pytest.FixtureRequest) -> Iterator["Page"]:
    """A page that fails its test on any console error, dialog or request from outside."""
    width, height = WIDTHS[getattr(request, "param", "desk")]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
    page.on("requestfailed", lambda sent: wrong.append(f"failed {sent.url}"))
    page.on(
        "request",
        lambda sent: None if sent.url.startswith(("file://", "data:")) else wrong.append(sent.url),
    )
    yield page
    context.close()
    assert wrong == []


@pytest.mark.parametrize("tab", WIDTHS, indirect=True)
@pytest.mark.parametrize("name", PAGES)
def test_read_in_a_browser(tab: "Page", site: Path, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tab.goto((site / f"{name}.html").as_uri())
    widths = tab.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]
    tab.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    widest = tab.evaluate("document.documentElement.scrollWidth")
    assert widest <= widths[1]
    assert tab.evaluate("[...document.images].filter(i => !i.naturalWidth || !i.alt).length") == 0
    # Preloading would fetch the style sheets a second time, which a file may not.
    found = Axe().run(tab, options={"preload": False}).response["violations"]
    assert [(item["id"], item["nodes"][0]["html"][:200]) for item in found] == []


@pytest.mark.parametrize("tab", ["phone"], indirect=True)
def test_phone_shows_the_narrow_drawing_and_the_menu(tab: "Page", site: Path) -> None:
    tab.goto((site / "lag.html").as_uri())
    shown = tab.evaluate("[...document.images].map(image => image.currentSrc)")
    assert shown
    assert all(address.endswith("-narrow.svg") for address in shown)
    menu = tab.locator("#pages")
    assert not menu.is_visible()
    tab.get_by_role("button", name="Pages").click()
    assert menu.is_visible()
    menu.get_by_role("link", name="Methods").click()
    assert tab.url.endswith("methods.html")


def test_tables_can_be_sorted(tab: "Page", site: Path) -> None:
    tab.goto((site / "lag.html").as_uri())
    table = tab.locator("#tbl-conversion table")
    button = table.get_by_role("button", name="Share with a product")
    orders = "table => [...table.tBodies[0].rows].map(row => row.cells[2].dataset.order)"
    button.click()
    rising = [float(item) for item in table.evaluate(orders) if item is not None]
    assert rising == sorted(rising)
    button.click()
    falling = [float(item) for item in table.evaluate(orders) if item is not None]
    assert falling == rising[::-1]
    head = table.locator("th[aria-sort]")
    assert head.get_attribute("aria-sort") == "descending"
    assert "Share with a product" in head.inner_text()


def test_without_script_everything_is_there(browser: "Browser", site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert page.locator("#pages").is_visible()
    assert page.locator(".scorecard tbody tr").count() == len(synthetic.CLAIMS)
    context.close()
