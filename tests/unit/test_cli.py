"""The command line: exit codes, messages, JSON; no traceback reaches a user."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = (
    "refresh", "init", "sources", "collect", "parse", "normalise", "link", "measure", "publish",
    "status", "trace", "evaluate", "label", "simulate", "resolve", "survey", "doctor",
)  # fmt: skip


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gapstudy", *words],
        capture_output=True, text=True, check=False, cwd=cwd, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "study"
    assert run("init", str(path)).returncode == 0
    return path


def test_help_lists_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in done.stdout


def test_the_list_of_commands_is_complete() -> None:
    from typer.main import get_command

    from gapstudy.cli import app

    assert set(get_command(app).commands) == set(COMMANDS)  # type: ignore[attr-defined]  # a group has commands


def test_import_and_help_load_nothing_heavy() -> None:
    code = (
        "import sys, gapstudy.cli; heavy = {'pandas', 'numpy', 'scrapy', 'spacy', 'pandera', "
        "'statsmodels', 'plotnine', 'pyarrow', 'pydantic', 'duckdb', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"gapstudy {command}" in readme, command


def test_init_lays_out_a_study(folder: Path) -> None:
    for part in ("study.toml", "data/raw/landmark/results.csv", "reports/index.qmd", "analysis"):
        assert (folder / part).exists()
    assert not (folder / "data/raw/landmark/archive").exists()


def test_init_never_overwrites(folder: Path) -> None:
    done = run("init", str(folder))
    assert done.returncode == 2
    assert "exist already" in done.stderr


def test_wrong_command_is_usage() -> None:
    assert run("refreshh").returncode == 2


def test_no_study_is_told(tmp_path: Path) -> None:
    done = run("refresh", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no study.toml here" in done.stderr
    assert "Traceback" not in done.stderr


def test_typing_error_names_the_nearest_key(tmp_path: Path, folder: Path) -> None:
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(text.replace("cutoff =", "cutof ="), encoding="utf-8")
    done = run("refresh", cwd=tmp_path)
    assert done.returncode == 2
    assert "Did you mean 'cutoff'?" in done.stderr


def test_sources_as_json(folder: Path) -> None:
    rows = json.loads(run("sources", "--json", cwd=folder).stdout)
    assert {row["source"] for row in rows} >= {"landmark", "models_dev"}
    assert all(row["licence"] and row["gives"] for row in rows)


def test_parse_writes_json_lines(folder: Path) -> None:
    path = folder / "data/raw/landmark/policy_events.csv"
    done = run("parse", "landmark", str(path))
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {frozenset(line) for line in lines} == {frozenset({"table", "record"})}


def test_parse_tells_bad_rows_and_goes_on(tmp_path: Path, folder: Path) -> None:
    text = (folder / "data/raw/landmark/policy_events.csv").read_text(encoding="utf-8")
    path = tmp_path / "policy_events.csv"
    path.write_text(text + "cut,2024", encoding="utf-8")
    done = run("parse", "landmark", str(path))
    assert done.returncode == 3
    assert "2 cells where the header has" in done.stderr
    assert len(done.stdout.splitlines()) == len(text.splitlines()) - 1


def test_doctor_says_what_is_missing(folder: Path) -> None:
    done = run("doctor", "--json", cwd=folder)
    rows = {row["what"]: row for row in json.loads(done.stdout)}
    assert rows["study.toml"]["state"] == "ok"
    assert all(row["cost"] for row in rows.values() if row["state"] == "missing")


def test_trace_of_an_unknown_table_is_told(folder: Path) -> None:
    done = run("trace", "no-such-number", cwd=folder)
    assert done.returncode == 4
    assert "Run `gapstudy refresh`" in done.stderr


def test_a_described_world_is_measured_or_refused(folder: Path, tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[2] / "docs" / "world.toml"
    done = run("simulate", str(example), "--worlds", "20", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["method"] for row in rows} == {"imputed", "threshold"}
    assert all(row["worlds"] == 20 for row in rows)
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("nme = 'x'\n", encoding="utf-8")
    refused = run("simulate", str(wrong), cwd=folder)
    assert refused.returncode == 2
    assert "did you mean" in refused.stderr.lower()
    assert "Traceback" not in refused.stderr
