"""The wheel installs and works outside a clone."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


def test_the_template_is_in_the_wheel_and_nothing_generated(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("study.toml", "data/raw/landmark/results.csv", "reports/index.qmd"):
        assert f"gapstudy/template/{part}" in names
    assert any(name.startswith("gapstudy/template/analysis/") for name in names)
    assert not [name for name in names if "archive/" in name or "_editions" in name]
    assert not [name for name in names if "_site" in name or "__pycache__" in name]


def test_init_and_collect_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    # The libraries of this environment are lent to a new one; gapstudy itself comes from the wheel.
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    site = next((home / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    lent = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    code = (
        f"import sys; sys.path.append({str(lent)!r}); sys.path = [p for p in sys.path"
        f" if not p.startswith({str(ROOT / 'src')!r})]; import gapstudy;"
        f"assert gapstudy.__file__.startswith({str(site)!r}), gapstudy.__file__;"
        "from gapstudy.cli import main; main()"
    )

    def run(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(python), "-c", code, *words], cwd=cwd, capture_output=True, text=True, check=False
        )

    made = run("init", "study", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    done = run("collect", cwd=tmp_path / "study")
    assert done.returncode == 0, done.stderr
    done = run("normalise", cwd=tmp_path / "study")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "study/data/processed/papers.parquet").is_file()
