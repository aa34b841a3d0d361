"""From an export to the tables: import, collect, normalise, measure; removal and refusals."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from gapstudy import read_table
from gapstudy.measure.survey.tables import measured
from gapstudy.pipeline import refresh
from gapstudy.study import Study
from gapstudy.survey.questionnaire import questionnaire

ROOT = Path(__file__).parents[3]
STUDY = """
sources = ["landmark", "survey"]
[window]
start = 2012-01-01
end = 2022-12-31
cutoff = 2025-12-31
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gapstudy", "survey", *words],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    shutil.copytree(ROOT / "data/raw/landmark", tmp_path / "data/raw/landmark",
                    ignore=shutil.ignore_patterns("archive"))  # fmt: skip
    return tmp_path


def core(folder: Path) -> pd.DataFrame:
    refresh(Study.load(folder), until="normalise")
    return read_table("survey_responses", folder)


def test_from_export_to_tables(folder: Path) -> None:
    assert core(folder).empty
    for tool in ("limesurvey", "google"):
        made = run(folder, "synthetic", f"synthetic-{tool}.csv", "--tool", tool,
                   "--responses", "80")  # fmt: skip
        assert made.returncode == 0, made.stderr
        done = run(folder, "import", f"synthetic-{tool}.csv", "--replace")
        assert done.returncode == 0, done.stderr
        assert "80 SYNTHETIC respondents of 80" in done.stdout
        assert len(list((folder / "data/raw/survey").glob("*.csv"))) == 1
    rows = core(folder)
    assert rows["respondent_id"].nunique() == 80
    assert rows["synthetic"].all()
    assert set(rows["source"]) == {"survey"}
    assert rows["archive_ref"].str.startswith("survey:").all()
    found = measured(rows, read_table("quarantine", folder), questionnaire(), Study.load(folder))
    assert set(found["out_survey_items"]["responses"]) == {"synthetic"}
    assert found["out_survey_models"]["estimate"].notna().any()
    # Removed responses are gone, and come back with their file.
    (stored,) = (folder / "data/raw/survey").glob("*.csv")
    body = stored.read_bytes()
    stored.unlink()
    assert core(folder).empty
    stored.write_bytes(body)
    pd.testing.assert_frame_equal(core(folder), rows)


def test_imports_that_would_double_or_mix_are_refused(folder: Path) -> None:
    (folder / "one.csv").write_text("role,LAWE1\nresearch,4\nJane,5\n", encoding="utf-8")
    (folder / "two.csv").write_text("role,LAWE1\nresearch,3\n", encoding="utf-8")
    first = run(folder, "import", "one.csv")
    assert first.returncode == 3  # one answer was left out
    assert "row" in first.stdout
    assert "Jane" not in first.stdout
    again = run(folder, "import", "one.csv")
    assert again.returncode == 3
    assert "imported before" not in again.stderr
    second = run(folder, "import", "two.csv")
    assert second.returncode == 2
    assert "--replace" in second.stderr
    assert run(folder, "import", "two.csv", "--add").returncode == 0
    run(folder, "synthetic", "synthetic.csv", "--responses", "5")
    mixed = run(folder, "import", "synthetic.csv", "--add")
    assert mixed.returncode == 2
    assert "never mixed" in mixed.stderr
    assert run(folder, "import", "two.csv", "--add", "--replace").returncode == 2
    assert len(list((folder / "data/raw/survey").glob("*.csv"))) == 2


def test_messages(folder: Path) -> None:
    assert "synthetic" in run(folder, "synthetic", "made.csv").stderr
    assert "no such folder" in run(folder, "synthetic", "x/synthetic.csv").stderr
    assert "cannot read" in run(folder, "import", "nothing.csv").stderr
    (folder / "empty.csv").write_text("role,LAWE1\n", encoding="utf-8")
    assert "no response" in run(folder, "import", "empty.csv").stderr
    assert "How strongly" in run(folder, "questionnaire").stdout
    assert run(folder, "codebook", "--csv").stdout.startswith("item,code,")
    for words in (["synthetic", "made.csv"], ["import", "nothing.csv"]):
        assert "Traceback" not in run(folder, *words).stderr
