"""`refresh` as its users meet it: repeated, interrupted, crowded, fed with bad input."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gapstudy import read_table

from .conftest import Command

LANDMARK = Path("data/raw/landmark")
INJECTION = "=cmd|' /C calc'!A0 {{< include /etc/passwd >}} {% raw %} **bold** <b>x</b>"


def digest(study: Path) -> dict[str, str]:
    files = [*(study / "data/processed").glob("*.parquet")]
    files += [path for path in (study / "reports/_site").rglob("*") if path.is_file()]
    return {
        str(path.relative_to(study)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
    }


def edit(study: Path, name: str, old: str, new: str) -> None:
    path = study / LANDMARK / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def rows_of(study: Path, name: str) -> list[str]:
    return (study / LANDMARK / name).read_text(encoding="utf-8").splitlines()


def test_report_is_printed_and_complete(published: Path, command: Command) -> None:
    done = command("refresh", "--json", study=published)
    answer = json.loads(done.stdout)
    assert Path(answer["report"]).is_file()
    assert answer["ran"] == {}


def test_second_refresh_changes_nothing(copy: Path, command: Command) -> None:
    before = digest(copy)
    assert command("refresh", study=copy).returncode == 0
    assert digest(copy) == before


def test_from_scratch_elsewhere_gives_the_same_tables(
    published: Path, tmp_path: Path, command: Command
) -> None:
    study = tmp_path / "another place"
    assert command("init", str(study), study=tmp_path).returncode == 0
    env = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    assert command("measure", study=study, env=env).returncode == 2  # nothing collected yet
    assert command("collect", study=study, env=env).returncode == 0
    assert command("measure", study=study, env=env).returncode == 0
    made = {name: value for name, value in digest(study).items() if "_site" not in name}
    wanted = digest(published)
    assert made
    assert made == {name: wanted[name] for name in made}


def test_killed_runs_are_completed_with_the_same_bytes(copy: Path, command: Command) -> None:
    wanted = {name: value for name, value in digest(copy).items() if "_site" not in name}
    shutil.rmtree(copy / "data/processed")
    moments = random.Random(1)
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-m", "gapstudy", "measure"], cwd=copy, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(moments.uniform(0.5, 8.0))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = command("measure", study=copy)
    assert done.returncode == 0, done.stderr
    made = {name: value for name, value in digest(copy).items() if "_site" not in name}
    assert made == {name: wanted[name] for name in made}
    assert not list((copy / "data/processed").rglob(".*.part"))


def test_two_refreshes_at_once(copy: Path, command: Command) -> None:
    holder = (
        "import sys, time; from gapstudy.store import Store\n"
        "with Store('.').lock(): print('held', flush=True); sys.stdin.read()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", holder], cwd=copy,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    second = command("refresh", study=copy)
    first.communicate("")
    assert second.returncode == 4
    assert "another run is using this study" in second.stderr
    assert command("refresh", study=copy).returncode == 0


def test_missing_column_uses_the_last_good_data(copy: Path, command: Command) -> None:
    before = digest(copy)
    edit(copy, "results.csv", "arxiv_id", "arxiv")
    done = command("normalise", study=copy)
    assert done.returncode == 0  # the archive still holds the good file
    command("collect", "landmark", study=copy)
    done = command("normalise", study=copy)
    assert done.returncode == 3
    assert "the column 'arxiv_id' is missing" in done.stderr
    assert digest(copy)["data/processed/papers.parquet"] == before["data/processed/papers.parquet"]
    assert set(read_table("sources", copy)["state"]) == {"ok", "stale", "skipped"}


def test_missing_column_without_good_data_publishes_nothing(copy: Path, command: Command) -> None:
    shutil.rmtree(copy / LANDMARK / "archive")
    edit(copy, "results.csv", "arxiv_id", "arxiv")
    before = (copy / "reports/_site").resolve()
    done = command("refresh", study=copy)
    assert done.returncode == 4
    assert "the column 'arxiv_id' is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert (copy / "reports/_site").resolve() == before


@pytest.fixture
def faulty(copy: Path) -> Path:
    """A study whose corpus has one fault of each kind."""
    results = rows_of(copy, "results.csv")
    header = results[0].split(",")
    row = dict.fromkeys(header, "")
    row |= {
        "result_id": "bad-date", "frame": "technique", "title": "<script>alert(1)</script>",
        "date": "2021-02-30", "date_precision": "day", "date_meaning": "preprint",
        "evidence": "https://example.org/a", "checked": "page",
    }  # fmt: skip
    twice = results[1]
    odd = dict(row, result_id="odd-country", date="2021-02-28", organisations="Atlantis Institute",
               organisation_countries="Atlantis", organisation_kinds="academia",
               title=INJECTION)  # fmt: skip
    path = copy / LANDMARK / "results.csv"
    lines = [*results, ",".join(row.values()), twice, ",".join(odd.values()), "cut-off,techn"]
    path.write_text("\n".join(lines), encoding="utf-8")
    products = rows_of(copy, "products.csv")
    columns = products[0].split(",")
    early = dict.fromkeys(columns, "") | {
        "product_id": "early", "product": "Early", "organisation": "Acme", "home_country": "FR",
        "launch_date": "2001", "date_precision": "year", "date_meaning": "release",
        "kind": "feature", "category": "other", "entry": "compiled",
        "evidence": "https://example.org/e", "checked": "page",
    }  # fmt: skip
    text = "\n".join([*products, ",".join(early.values())]) + "\n"
    (copy / LANDMARK / "products.csv").write_text(text, encoding="utf-8")
    followup = rows_of(copy, "followup.csv")
    names = followup[0].split(",")
    found = next(line.split(",")[0] for line in followup[1:] if ",none_found," in line)
    kept = [line for line in followup if not line.startswith(found + ",")]
    use = dict.fromkeys(names, "") | {
        "result_id": found, "outcome": "found", "product_id": "early", "relation": "implements",
        "evidence": "https://example.org/e", "searched_on": "2026-11-23", "searched_where": "pages",
    }  # fmt: skip
    text = "\n".join([*kept, ",".join(use.values())]) + "\n"
    (copy / LANDMARK / "followup.csv").write_text(text, encoding="utf-8")
    return copy


def test_faults_are_told_and_nothing_is_lost(faulty: Path, command: Command) -> None:
    command("collect", "landmark", study=faulty)
    done = command("link", study=faulty)
    assert done.returncode == 0, done.stderr
    assert "records could not be used" in done.stderr
    quarantine = read_table("quarantine", faulty)
    reasons = " | ".join(quarantine["reason"])
    assert "'2021-02-30' is a day that does not exist" in reasons
    assert "duplicate key" in reasons
    assert "cells where the header has" in reasons
    kept = quarantine[quarantine["kept"]]
    assert "'Atlantis' is not a country known to us" in " ".join(kept["reason"])
    papers = read_table("papers", faulty)
    assert "odd-country" in set(papers["paper_id"])
    links = read_table("links", faulty)
    (early,) = links[links["target_id"] == "early"].query("basis != 'model'").to_dict("records")
    assert early["lag_class"] == "negative"
    assert early["lag_days"] < 0


def test_hostile_titles_are_text_in_every_page_and_table(faulty: Path, command: Command) -> None:
    assert command("refresh", study=faulty).returncode == 0
    site = faulty / "reports/_site"
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script>alert(1)" not in text, page
        assert "<b>x</b>" not in text, page
        assert "root:" not in text, "a shortcode was carried out"
    shown = (site / "data.html").read_text(encoding="utf-8")
    assert "2021-02-30" in shown
    for table in (site / "data").glob("*.csv"):
        for line in table.read_text(encoding="utf-8").splitlines():
            assert "=cmd|" not in line or "'=cmd|" in line, table


@pytest.mark.parametrize(
    ("options", "says"),
    [("size=400k", "Free some space"), ("ro,size=1m", "The file system is read-only")],
    ids=["full", "read-only"],
)
def test_a_disk_that_takes_nothing_is_told(
    copy: Path, command: Command, tmp_path: Path, options: str, says: str
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(small)]
    if subprocess.run(words, capture_output=True).returncode:
        pytest.skip("a small file system can't be mounted here (needs root)")
    try:
        shutil.rmtree(copy / "data/processed")
        (copy / "data/processed").symlink_to(small)
        done = command("normalise", study=copy)
        assert done.returncode == 4
        assert "cannot write" in done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        subprocess.run(["umount", str(small)], check=True)
