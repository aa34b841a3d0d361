"""The way to real Quarto, with a stand-in program that records how it is called."""

import os
import sys
from pathlib import Path

import pytest

from gapstudy.errors import RenderError
from gapstudy.publish import quarto, render

PROGRAM = f"""#!{sys.executable}
import os, pathlib, sys
here = pathlib.Path.cwd()
(here / "_out").mkdir()
(here / "_out" / "index.html").write_text("<p>" + " ".join(sys.argv[1:]) + "</p>")
seen = os.environ["GAPSTUDY_ROOT"] + " " + os.environ["QUARTO_PYTHON"]
(here / "_out" / "env.txt").write_text(seen)
print("ERROR: line 7 is wrong")
sys.exit(int(os.environ.get("FAIL", "0")))
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bin" / "quarto"
    path.parent.mkdir()
    path.write_text(PROGRAM)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("program")
def test_quarto_renders_a_copy(tmp_path: Path) -> None:
    root = tmp_path / "study"
    for name in ("reports/index.qmd", "reports/_site/old.html", "reports/data/old.csv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    (root / "work").mkdir()
    render.render(root, root / "work", root / "made")
    assert (root / "made" / "index.html").read_text() == "<p>render --output-dir _out</p>"
    assert (root / "made" / "env.txt").read_text() == f"{root} {sys.executable}"
    assert (root / "work" / "project" / "index.qmd").is_file()
    # What an earlier rendering left is no part of the sources.
    assert not (root / "work" / "project" / "_site").exists()
    assert not (root / "work" / "project" / "data").exists()


@pytest.mark.usefixtures("program")
def test_a_failure_ends_with_what_quarto_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIL", "1")
    (tmp_path / "project").mkdir()
    with pytest.raises(RenderError, match="line 7 is wrong"):
        quarto.render_with_quarto(tmp_path / "project", tmp_path / "site", {"GAPSTUDY_ROOT": "x"})
    assert not (tmp_path / "site").exists()


def test_the_pages_declare_what_quarto_needs() -> None:
    """Keys that change what a reader loads, under real Quarto."""
    import yaml

    reports = Path(__file__).parents[3] / "reports"
    config = yaml.safe_load((reports / "_quarto.yml").read_text(encoding="utf-8"))
    page = config["format"]["html"]
    assert page["html-math-method"] == "mathml"
    # cosmo, flatly and others fetch fonts; the default theme does not.
    assert page["theme"] == "default"
    assert config["execute"] == {"echo": False, "warning": False, "freeze": False}
    assert (reports / config["project"]["pre-render"]).is_file()
    assert config["project"]["output-dir"] not in {"_site", "_editions"}
