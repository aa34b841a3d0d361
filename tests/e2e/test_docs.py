"""The examples of README and docs run, and say what is true."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")),
         ROOT / "data/raw/landmark/README.md"]  # fmt: skip
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def blocks(path: Path, language: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in _LINK.findall(prose):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for block in blocks(ROOT / "README.md", "sh"):
        for target in re.findall(r"^make (\w+)", block, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_readme_shows_both_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make refresh" in text
    assert "make test" in text


def test_python_examples_run(published: Path) -> None:
    examples = [block for page in PAGES for block in blocks(page, "python")]
    assert examples
    for example in examples:
        done = subprocess.run(
            [sys.executable, "-c", example], cwd=published, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


def test_shell_examples_run(published: Path) -> None:
    lines = [
        line for block in blocks(ROOT / "README.md", "sh")
        for line in block.splitlines() if line.startswith("gapstudy ")
    ]  # fmt: skip
    assert lines
    for line in lines:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(line)],
            cwd=published,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


def test_commands_in_the_readme_exist() -> None:
    from typer.main import get_command

    from gapstudy.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]  # a group has commands
    named = set(re.findall(r"`gapstudy ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    assert named == known


def test_every_python_module_has_a_docstring_that_says_what_it_is() -> None:
    import ast

    for path in (ROOT / "src").rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_the_worked_example_of_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import orjson
    from scrapy.http import TextResponse

    from gapstudy import sources
    from gapstudy.errors import ShapeError
    from gapstudy.sources._answers import Again, Good
    from gapstudy.sources.base import Bad, Record
    from gapstudy.tables import contract

    page = ROOT / "docs" / "adding-a-source.md"
    (code,) = blocks(page, "py")
    (told,) = blocks(page, "json")
    (tmp_path / "example_items.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    sources.names.cache_clear()
    try:
        assert "example_items" in sources.names()
        source = sources.load("example_items")()
    finally:
        sources.names.cache_clear()

    def answer(body: bytes, number: int = 0) -> TextResponse:
        request = source.get(f"https://api.example.org/items?page={number}", page=number)
        return TextResponse(request.url, body=body, encoding="utf-8", request=request)

    first = answer(told.encode())
    assert isinstance(source.judge(first), Good)
    assert [request.url for request in source.follow(first)] == [  # type: ignore[union-attr]  # no Incomplete here
        "https://api.example.org/items?page=1"
    ]
    (found,) = source.parse(first)
    assert isinstance(found, Record)
    assert (found.data["name"], found.data["popularity"]) == ("Item 0", 3)
    assert set(found.data) <= set(contract("products").names)
    data = orjson.loads(told)
    empty = answer(orjson.dumps({**data, "results": []}), 1)
    assert isinstance(source.judge(empty), Again)
    assert isinstance(
        next(source.parse(answer(orjson.dumps({**data, "results": [{"title": "x"}, 1]})))), Record
    )
    assert isinstance(
        list(source.parse(answer(orjson.dumps({**data, "results": [{"title": "x"}, 1]}))))[1], Bad
    )
    with pytest.raises(ShapeError, match="'title' is missing"):
        list(source.parse(answer(orjson.dumps({**data, "results": [{"name": "x"}]}))))
