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
