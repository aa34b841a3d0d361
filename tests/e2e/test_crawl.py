"""Real crawls over loopback: every source, its faults, kills, secrets and manners."""

import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gapstudy.collect.orders import Outcome
from gapstudy.pipeline import refresh
from gapstudy.sources import load
from gapstudy.store import Store
from gapstudy.study import Study
from tests.e2e.crawling import SPEED, WEB, archive, asked, collect, lay_out, read
from tests.server.client import ROOT, Server, serving
from tests.server.faults import Fault

DAY = dt.date(2024, 2, 20)
NEXT = DAY + dt.timedelta(days=1)
#: Faults that pass: the crawl must end as if they had not been.
PASSING = (
    "too_many", "too_many_bare", "unavailable", "unavailable_until",
    "reset", "reset_half_way", "half_a_body", "length_too_long", "chunks_cut", "gzip_cut", "drip",
    "clock_skew", "html", "invalid_utf8", "changed_shape", "page_missing", "page_before",
    "empty_body", "no_content",
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(seed=7, day=DAY, speed=SPEED) as running:
        yield running


@pytest.fixture(autouse=True)
def _keys(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.reset()
    server.day(DAY)
    for name, value in server.secrets.items():
        monkeypatch.setenv(name, value)


@dataclass
class Crawled:
    """Two days of all sources."""

    study: Study
    ends: list[dict[str, Outcome]]
    logs: list[list[str]]
    violations: list[str]
    seen: dict[str, list[str]]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    root = tmp_path_factory.mktemp("crawl") / "study"
    with pytest.MonkeyPatch.context() as patch, serving(seed=7, day=DAY, speed=SPEED) as running:
        for name, value in running.secrets.items():
            patch.setenv(name, value)
        study = lay_out(root, running)
        ends: list[dict[str, Outcome]] = []
        logs: list[list[str]] = []
        for day in (DAY, NEXT):
            running.day(day)
            ends.append(collect(study, day, wanted=_wanted)[1])
            logs.append(asked(running.log()[sum(len(log) for log in logs) :], robots=True))
        report = running.report(slack=0.5)
        yield Crawled(study, ends, logs, report["violations"], running.seen_secrets())


def _wanted(kind: str) -> list[str]:
    return {"doi": [f"10.5555/gs.202401{day:02}.{at}" for day in range(1, 32) for at in range(2)],
            "k_number": ["K240001", "DEN240002"]}[kind]  # fmt: skip


@pytest.mark.parametrize("name", WEB)
def test_every_source_is_collected_whole(crawled: Crawled, name: str) -> None:
    for ends in crawled.ends:
        assert (ends[name].end, ends[name].note) == ("done", "")
        assert ends[name].until
    found = read(crawled.study, name)
    tables = {line.split(" ", 1)[0] for line in found}
    assert tables
    assert tables <= {*load(name).GIVES, "papers", "paper_affiliations"} | set(load(name).GIVES)


def test_what_was_collected_becomes_core_tables(crawled: Crawled) -> None:
    refresh(crawled.study, until="normalise", collect=False)
    store = Store(crawled.study.root)
    found = store.read("sources").set_index("source")
    # Some of what the stand-ins show is bad on purpose.
    assert (found["quarantined"] <= found["records"] * 0.1).all(), found["quarantined"]
    for name in WEB:
        # Citations of the USPTO are in the grants' full texts, which are asked for by option.
        later = {"patent_citations"} if name == "uspto_odp" else set()
        for table in set(load(name).GIVES) - {"product_availability"} - later:
            rows = int((store.read(table)["source"] == name).sum())
            assert rows or found.loc[name, "merged"], f"{name} gives no {table}"


def test_all_manners_are_kept(crawled: Crawled) -> None:
    assert crawled.violations == []


def test_a_second_day_asks_for_less(crawled: Crawled) -> None:
    first, second = ({name: ends[name].requests for name in WEB} for ends in crawled.ends)
    assert all(second[name] <= first[name] for name in WEB)
    # A source that is asked by windows of days asks for the last ones alone.
    assert second["arxiv"] < first["arxiv"]
    assert second["product_hunt"] < first["product_hunt"] / 3
    assert second["github"] < first["github"] / 3


def test_no_secret_is_stored_or_sent_elsewhere(crawled: Crawled) -> None:
    secrets = [value for name in WEB for value in _values(name)]
    assert secrets
    for path in crawled.study.root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            bodies = [data]
            if path.name.endswith(".warc.gz"):
                stored = archive(crawled.study, path.parent.parent.name)
                bodies = [stored.body(entry.sha256) for entry in stored.entries()]
                bodies += [str(stored.message(entry.sha256).headers).encode()
                           for entry in stored.entries()]  # fmt: skip
            for secret in secrets:
                assert not any(secret.encode() in body for body in bodies), path
    for value, hosts in crawled.seen.items():
        owners = {host for name in WEB if value in _values(name) for host in load(name).hosts({})}
        if owners:
            assert set(hosts) <= owners, value


def _values(name: str) -> list[str]:
    kind = load(name)
    return [os.environ[key] for key in (*kind.CREDENTIALS, *kind.OPTIONAL) if key in os.environ]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """What a crawl without faults gives."""
    root = tmp_path_factory.mktemp("plain")
    with serving(seed=7, day=DAY, speed=SPEED, sites=["openalex", "hacker_news"]) as running:
        study = lay_out(root / "study", running, ("openalex", "hacker_news"))
        collect(study, DAY)
        return {name: read(study, name) for name in ("openalex", "hacker_news")}


@pytest.mark.parametrize("kind", PASSING)
def test_a_passing_fault_changes_nothing(
    server: Server, plain: dict[str, Counter[str]], tmp_path: Path, kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("OPENALEX_API_KEY")
    # A field that is essential: one that may be missing is no change of shape.
    field = {"openalex": "results", "hn": "hits"} if kind == "changed_shape" else {}
    server.faults([
        Fault(kind, at=(2, 3), host="api.openalex.org", text=field.get("openalex", "")),
        Fault(kind, at=(1,), host="hn.algolia.com", text=field.get("hn", "")),
    ])  # fmt: skip
    study = lay_out(tmp_path / "study", server, ("openalex", "hacker_news"))
    _, ends = collect(study, DAY)
    for name in ("openalex", "hacker_news"):
        assert (ends[name].end, ends[name].note) == ("done", "")
        assert set(read(study, name)) == set(plain[name])
    assert any(line["fault"] == kind for line in server.log())


@pytest.mark.parametrize(
    ("kind", "end", "words"),
    [
        ("plan_needed", "refused", "Plan upgrade required"),
        ("redirect_away", "refused", "redirects elsewhere"),
        ("redirect_loop", "refused", "redirections"),
        ("bomb", "refused", "an answer is larger than 67108864 bytes"),
        ("changed_shape", "failed", "missing"),
        ("too_many_bare", "failed", "gave up"),
        ("reset", "failed", "gave up"),
        ("budget_spent", "paused", "goes on after 2024-02-2"),
    ],
)
def test_a_lasting_fault_stops_that_source_alone(
    server: Server, tmp_path: Path, kind: str, end: str, words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("OPENALEX_API_KEY")
    text = "results" if kind == "changed_shape" else ""
    server.faults([Fault(kind, probability=1, first=2, in_a_row=0, host="api.openalex.org",
                         text=text)])  # fmt: skip
    study = lay_out(tmp_path / "study", server, ("openalex", "hacker_news"))
    found, ends = collect(study, DAY)
    assert ends["hacker_news"].end == "done"
    assert ends["openalex"].end == end
    assert words in ends["openalex"].note
    assert "Traceback" not in ends["openalex"].note
    assert found["openalex"].problem == ends["openalex"].note
    # What had come before is kept, and when the fault is over the rest is fetched, once.
    stored = {entry.url for entry in archive(study, "openalex").entries() if not entry.note}
    assert stored
    server.faults([])
    before = len(server.log())
    server.day(NEXT)
    if end == "refused":
        _, ends = collect(study, NEXT)
        assert "openalex" not in ends, "a refusal for good is not tried again the next day"
        assert not [url for url in asked(server.log()[before:]) if "openalex" in url]
        return
    _, ends = collect(study, NEXT)
    assert ends["openalex"].end == "done"
    assert server.report(slack=0.5)["violations"] == []


def test_a_killed_crawl_loses_nothing_and_repeats_one_request(
    server: Server, tmp_path: Path, plain: dict[str, Counter[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENALEX_API_KEY")
    study = lay_out(tmp_path / "study", server, ("openalex", "hacker_news"))
    chance = random.Random(5)
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.crawling", str(study.root), DAY.isoformat()],
            cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(chance.uniform(1.5, 4.0))
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            time.sleep(0.2)  # the crawling process ends when its input closes
    collect(study, DAY)
    for name in ("openalex", "hacker_news"):
        assert set(read(study, name)) == set(plain[name])
    counts = Counter(asked(server.log()))
    assert sum(counts.values()) - len(counts) <= 2 * kills


def test_the_archive_alone_gives_the_tables_of_any_day(server: Server, tmp_path: Path) -> None:
    study = lay_out(tmp_path / "study", server, ("openalex", "hacker_news", "epoch"))
    store = Store(study.root)
    tables = ("papers", "paper_affiliations", "products", "product_references", "quarantine")

    def made(**more: object) -> dict[str, bytes]:
        refresh(study.model_copy(update=more), until="normalise", collect=False)
        return {name: store.path(name).read_bytes() for name in tables}

    collect(study, DAY)
    first = made()
    server.day(NEXT)
    collect(study, NEXT)
    second = made()
    sources = store.read("sources")
    assert sources.loc[sources["source"] == "openalex", "new"].gt(0).all()
    assert first["papers"] != second["papers"]
    assert made(as_of=DAY) == first
    assert made() == second
    # From nothing but the archive: what was parsed day by day equals what is parsed at once.
    shutil.rmtree(store.folder)
    assert made() == second
    assert server.report(slack=0.5)["violations"] == []


def test_a_day_with_nothing_new_makes_nothing_stale(server: Server, tmp_path: Path) -> None:
    names = ("openalex", "arxiv", "hacker_news", "epoch", "yc", "world_bank")
    study = lay_out(tmp_path / "study", server, names)
    for day in (DAY, NEXT):  # the world stands still
        done = refresh(study, until="normalise", now=dt.datetime.combine(day, dt.time(4)))
    assert done.skipped == ["normalise"]
    assert list(done.ran) == ["parse"]
    assert not done.faulty
