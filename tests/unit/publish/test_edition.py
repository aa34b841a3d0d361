"""Editions: whole or not at all."""

from pathlib import Path

import pytest

from gapstudy.errors import RenderError, StoreError
from gapstudy.publish.check import check_site
from gapstudy.publish.edition import new_edition
from gapstudy.publish.run import report_path


def _maker(text: str):  # type: ignore[no-untyped-def]  # a closure only tests use
    def make(work: Path, target: Path) -> None:
        assert not any(work.iterdir())
        (target / "data").mkdir(parents=True)
        (target / "index.html").write_text(text)
        (target / "data" / "a.csv").write_text("a")

    return make


def _break(_work: Path, target: Path) -> None:
    target.mkdir()
    (target / "index.html").write_text("half")
    raise RenderError("no")


def test_swap(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    first = new_edition(reports, _maker("one"))
    shown = report_path(tmp_path)
    assert shown.read_text() == "one"
    second = new_edition(reports, _maker("two"))
    assert shown.read_text() == "two"
    assert first.is_dir()
    assert second != first
    assert (reports / "_site").is_symlink()
    assert not (reports / "_site").readlink().is_absolute()


def test_the_same_bytes_are_the_same_edition(tmp_path: Path) -> None:
    assert new_edition(tmp_path, _maker("one")) == new_edition(tmp_path, _maker("one"))
    assert len(list((tmp_path / "_editions").iterdir())) == 1


def test_two_editions_are_kept(tmp_path: Path) -> None:
    made = [new_edition(tmp_path, _maker(str(number))) for number in range(4)]
    assert sorted((tmp_path / "_editions").iterdir()) == sorted(made[-2:])


def test_a_failed_build_leaves_the_old_edition(tmp_path: Path) -> None:
    new_edition(tmp_path, _maker("one"))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RenderError):
        new_edition(tmp_path, _break)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "_site" / "index.html").read_text() == "one"


def test_leftovers_of_a_killed_build_go(tmp_path: Path) -> None:
    leftover = tmp_path / "_editions" / ".build-99" / "project"
    leftover.mkdir(parents=True)
    (tmp_path / "._site.99").symlink_to("nowhere")
    edition = new_edition(tmp_path, _maker("one"))
    assert list((tmp_path / "_editions").iterdir()) == [edition]
    assert not (tmp_path / "._site.99").is_symlink()


def test_a_site_needs_an_opening_page(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no opening page"):
        new_edition(tmp_path, lambda _work, target: target.mkdir())


def test_a_folder_in_the_way_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "_site").mkdir()
    with pytest.raises(StoreError, match="stands where"):
        new_edition(tmp_path, _maker("one"))
    assert (tmp_path / "_site").is_dir()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "_editions").write_text("a file")
    with pytest.raises(StoreError, match="cannot write the report"):
        new_edition(tmp_path, _maker("one"))


PAGE = '<html><body><h2 id="part">x</h2><a href="data/a.csv">d</a>{}</body></html>'


def _site(folder: Path, extra: str, css: str = "b { color: red }") -> Path:
    (folder / "data").mkdir()
    (folder / "data" / "a.csv").write_text("a")
    (folder / "other.html").write_text("<html><body><p id='there'>x</p></body></html>")
    (folder / "index.html").write_text(PAGE.format(extra))
    (folder / "site.css").write_text(css)
    return folder


GOOD = (
    '<a href="#part">a</a><a href="other.html#there">b</a><a href="https://example.org/">c</a>'
    '<a href="mailto:a@example.org">d</a><img src="data:image/png;base64,AA==" alt="">'
    '<link rel="icon" href="data:,">'
)


def test_good_links_pass(tmp_path: Path) -> None:
    check_site(_site(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('<a href="no.html">x</a>', "index.html links to no.html: not there"),
        ('<a href="#no">x</a>', "no such place"),
        ('<a href="other.html#no">x</a>', "other.html#no: no such place"),
        ('<a href="javascript:alert(1)">x</a>', "links to javascript"),
        ('<a href="//evil.example/x">x</a>', "links to //evil"),
        ('<img src="no.png" alt="">', "loads no.png: not there"),
        ('<img src="https://evil.example/x.png" alt="">', "from outside"),
        ('<script src="//evil.example/x.js"></script>', "from outside"),
        ('<link rel="stylesheet" href="https://evil.example/x.css">', "from outside"),
        ('<picture><source srcset="no.svg 2x"></picture>', "loads no.svg"),
    ],
)
def test_bad_links_fail(tmp_path: Path, extra: str, words: str) -> None:
    with pytest.raises(RenderError, match="bad addresses") as caught:
        check_site(_site(tmp_path, extra))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "css", ["@import 'x.css';", "b { background: url(https://evil.example/x.png) }"]
)
def test_style_sheets_load_nothing(tmp_path: Path, css: str) -> None:
    with pytest.raises(RenderError, match=r"site\.css loads"):
        check_site(_site(tmp_path, "", css))
