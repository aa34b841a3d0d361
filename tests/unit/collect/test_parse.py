"""Stored responses to raw tables: each item once, incrementally, with the same bytes."""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrapy.http import Response

from gapstudy.archive import Archive
from gapstudy.collect import fold, parse, parsed
from gapstudy.collect import run as step
from gapstudy.collect.fetch import Collected, fetch
from gapstudy.collect.parse import rows_of
from gapstudy.errors import ShapeError
from gapstudy.sources.base import Bad, Record, Source
from gapstudy.store import Store
from gapstudy.study import Study
from gapstudy.warc import Message

EVENTS = (
    "event_id,date,date_precision,region,event,instrument,status,evidence,checked,note\n"
    "act,2024-08-01,day,EU,In force,The Act,in_force,https://example.org/act,page,\n"
)
WINDOW = {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2025-12-31"}
URL = "https://api.example.org/"


class Fake(Source):
    """A source whose answers are lists of items, or make no sense."""

    name = "landmark"
    WHOLE = False
    reads = 0

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        type(self).reads += 1
        data = json.loads(response.body)
        if data is None:
            raise ShapeError("the field 'items' is missing", where=response.url)
        for row, (name, value) in enumerate(data, start=1):
            if value == "bad":
                yield Bad("papers", "cut off", name, row)
                continue
            yield Record("papers", {"paper_id": name, "title": value}, row)
            yield Record("paper_affiliations", {"paper_id": name, "position": 1}, row)


class Whole(Fake):
    """The same, with an address that always answers with the whole state."""

    WHOLE = True


Answer = tuple[str, list[tuple[str, str]] | None]


def use(patch: pytest.MonkeyPatch, source: type[Source]) -> None:
    patch.setattr(parse, "load", lambda _name: source)
    patch.setattr(step, "load", lambda _name: source)


def study(root: Path, **more: Any) -> Study:
    return Study.from_data({"window": WINDOW, "sources": ["landmark"], **more}, root=root)


def keep(root: Path, answers: list[Answer], begin: int = 0, *, runs: bool = True) -> None:
    with Archive.of(Store(root).raw, "landmark").open() as archive:
        for number, (url, data) in enumerate(answers, start=begin):
            day = dt.date(2026, 1, 1) + dt.timedelta(days=number)
            archive.add(Message(URL + url, f"{day}T00:00:00", 200, json.dumps(data).encode(),
                                run=f"run-{number // 2:03d}" if runs else ""))  # fmt: skip


def run(root: Path, **more: Any) -> dict[str, Any]:
    store = Store(root)
    step.run(store, study(root, **more))
    (state,) = store.read("source_states").to_dict("records")
    return {str(key): value for key, value in state.items()}


def digest(root: Path, name: str = "raw_landmark") -> str:
    return hashlib.sha256(Store(root).path(name).read_bytes()).hexdigest()


def items(root: Path) -> dict[str, tuple[str, str, str, str]]:
    """Item -> title (or reason), first day seen, day retrieved, hash of its response."""
    return {
        row["item"]: (
            row["problem"] or json.loads(row["record"])["title"], row["first_seen"][:10],
            row["retrieved"][:10], row["archive_ref"].split(":")[1].split("#")[0],
        )
        for row in Store(root).read("raw_landmark").to_dict("records")
        if row["table"] == "papers"
    }  # fmt: skip


def folded(answers: list[Answer], *, whole: bool) -> dict[str, tuple[str, str, str, str]]:
    """What the raw table must hold, item by item."""
    state: dict[str, tuple[str, str, str, str]] = {}
    carried: dict[str, set[str]] = {}
    for number, (url, data) in enumerate(answers):
        if data is None:
            continue
        day = str(dt.date(2026, 1, 1) + dt.timedelta(days=number))
        sha = hashlib.sha256(json.dumps(data).encode()).hexdigest()
        seen: dict[str, str] = {}
        for name, value in data:
            label = f"papers:{name}"
            if value == "bad":
                mark = hashlib.sha256(f"papers\0cut off\0{name}".encode()).hexdigest()[:16]
                label = f"bad:{mark}"
            count = sum(key == label or key.startswith(label + " #") for key in seen) + 1
            seen[label if count == 1 else f"{label} #{count}"] = (
                "cut off" if value == "bad" else value
            )
        for label, value in seen.items():
            old = state.get(label)
            if old is None:
                state[label] = (value, day, day, sha)
            elif old[0] != value:
                state[label] = (value, old[1], day, sha)
        carried[url] = set(seen)
        if whole:
            left = set().union(*carried.values())
            state = {label: found for label, found in state.items() if label in left}
    return state


ITEMS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["x", "y", "bad"])), max_size=4)
ANSWERS = st.lists(st.tuples(st.sampled_from(["one", "two"]), st.one_of(st.none(), ITEMS, ITEMS)),
                   max_size=9)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=ANSWERS, cuts=st.sets(st.integers(0, 8)), whole=st.booleans())
def test_step_by_step_gives_the_bytes_of_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Answer], cuts: set[int],
    whole: bool,
) -> None:  # fmt: skip
    use(monkeypatch, Whole if whole else Fake)
    monkeypatch.setattr(fold, "_BATCH", 3)
    steps, once = tmp_path / "steps", tmp_path / "once"
    for root in (steps, once):
        shutil.rmtree(root, ignore_errors=True)
    last = 0
    for cut in sorted({cut for cut in cuts if cut < len(answers)}):
        keep(steps, answers[last:cut], last)
        run(steps)
        last = cut
    keep(steps, answers[last:], last)
    keep(once, answers)
    Fake.reads = Whole.reads = 0
    run(once)
    run(steps)
    assert digest(steps) == digest(once)
    assert digest(steps, "source_states") == digest(once, "source_states")
    assert items(once) == folded(answers, whole=whole)


def test_only_new_responses_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Fake)
    keep(tmp_path, [("one", [("a", "x")]), ("two", [("b", "x")])])
    Fake.reads = 0
    run(tmp_path)
    assert Fake.reads == 2
    run(tmp_path)
    assert Fake.reads == 2
    keep(tmp_path, [("three", [("c", "x"), ("a", "y")]), ("four", [("b", "x")])], 2)
    state = run(tmp_path)
    assert Fake.reads == 4
    assert {key: state[key] for key in ("received", "new", "changed", "responses", "records")} == {
        "received": 3, "new": 1, "changed": 1, "responses": 4, "records": 6,
    }  # fmt: skip
    monkeypatch.setattr(step, "code_of", lambda *_: "other code")
    run(tmp_path)
    assert Fake.reads == 8


@pytest.mark.parametrize("damage", ["raw", "carried", "archive"])
def test_whatever_does_not_fit_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    use(monkeypatch, Whole)
    answers: list[Answer] = [("one", [("a", "x")]), ("two", [("b", "x")])]
    keep(tmp_path, answers)
    run(tmp_path)
    wanted = digest(tmp_path)
    store = Store(tmp_path)
    if damage == "raw":
        store.write("raw_landmark", store.read("raw_landmark").head(1))
    elif damage == "carried":
        (store.folder / "state" / "carried_landmark.parquet").unlink()
    else:
        shutil.rmtree(store.raw)
        keep(tmp_path, answers[::-1])
    run(tmp_path)
    assert (digest(tmp_path) == wanted) == (damage != "archive")
    assert set(items(tmp_path)) == {"papers:a", "papers:b"}


def test_many_responses_are_read_by_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = EVENTS.splitlines()
    with Archive.of(Store(tmp_path).raw, "landmark").open() as archive:
        for number in range(60):
            body = "\n".join([rows[0], rows[1].replace("act", f"act{number:02d}", 1), ""]).encode()
            archive.add(Message("file:policy_events.csv", f"2026-01-01T00:00:{number:02d}", 200,
                                body, run="one"))  # fmt: skip
    monkeypatch.setattr(parsed, "CHUNK", 20)
    run(tmp_path, workers=2)
    by_workers = digest(tmp_path)
    shutil.rmtree(tmp_path / "data" / "processed")
    run(tmp_path, workers=1)
    assert digest(tmp_path) == by_workers
    assert len(Store(tmp_path).read("raw_landmark")) == 1


def test_what_was_known_on_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Fake)
    keep(tmp_path, [("one", [("a", "x")]), ("two", [("a", "y"), ("b", "x")])])
    assert set(items_of(tmp_path)) == {("papers:a", "y"), ("papers:b", "x")}
    assert set(items_of(tmp_path, as_of="2026-01-01")) == {("papers:a", "x")}
    assert set(items_of(tmp_path)) == {("papers:a", "y"), ("papers:b", "x")}


def items_of(root: Path, **more: Any) -> list[tuple[str, str]]:
    run(root, **more)
    return [(item, found[0]) for item, found in items(root).items()]


def test_states_of_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Fake)
    assert (run(tmp_path)["state"], run(tmp_path)["note"][:7]) == ("skipped", "skipped")
    keep(tmp_path, [("one", None)])
    state = run(tmp_path)
    assert (state["state"], state["responses"]) == ("failed", 0)
    assert "the field 'items' is missing" in state["note"]
    keep(tmp_path, [("two", [("a", "x")])], 1)
    state = run(tmp_path)
    assert (state["state"], state["as_of"]) == ("stale", "2026-01-02")
    keep(tmp_path, [("one", [])], 2)
    assert (run(tmp_path)["state"], run(tmp_path)["note"]) == ("ok", "")
    store = Store(tmp_path)
    gone = Collected("the site is gone", "failed", {"run-000": 3}, ["2024-01: 9 of 12"])
    store.write_state("collect", {"landmark": asdict(gone)})
    state = run(tmp_path)
    assert (state["state"], state["note"]) == ("stale", "the site is gone")
    assert (state["requests"], state["incomplete"]) == (3, 1)
    store.write_state("collect", {"landmark": {"problem": "skipped: set KEY"}})
    assert run(tmp_path)["state"] == "skipped"


def test_a_long_list_of_problems_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Fake)
    keep(tmp_path, [(f"page{number}", None) for number in range(9)])
    note = run(tmp_path)["note"]
    assert note.count("is missing") == 3
    assert note.endswith("And 6 more.")


def test_source_without_its_files_fails_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    found, _ = fetch(study(tmp_path), store.raw)
    assert "cannot be read" in found["landmark"].problem
    store.write_state("collect", {"landmark": asdict(found["landmark"])})
    assert run(tmp_path)["state"] == "failed"
    assert Store(tmp_path).read("raw_landmark").empty


def test_broken_shape_gives_way_to_the_one_before(tmp_path: Path) -> None:
    archive = Archive.of(Store(tmp_path).raw, "landmark")
    archive.keep([("file:policy_events.csv", EVENTS.encode(), "2026-01-01", "")])
    archive.keep([("file:policy_events.csv", b"event_id\nx\n", "2026-02-01", "")])
    state = run(tmp_path)
    assert state["state"] == "stale"
    assert "is missing" in state["note"]
    assert state["as_of"] == "2026-01-01"
    assert len(Store(tmp_path).read("raw_landmark")) == 1


def test_edits_and_reverts_of_a_file_leave_what_is_in_it(tmp_path: Path) -> None:
    header, row = EVENTS.splitlines()

    def file(*names: str) -> list[tuple[str, bytes, str, str]]:
        lines = [header, *(row.replace("act", name, 1) for name in names), ""]
        return [("file:policy_events.csv", "\n".join(lines).encode(), "2026-01-01", "")]

    states = [("a", "b"), ("a", "c", "a"), ("b",), ("c", "a", "b"), ("a", "b"), ("b", "a")]
    for number, names in enumerate(states):
        Archive.of(Store(tmp_path / "edited").raw, "landmark").keep(file(*names))
        run(tmp_path / "edited")
        fresh = tmp_path / f"fresh{number}"
        Archive.of(Store(fresh).raw, "landmark").keep(file(*names))
        run(fresh)
        tables = [
            Store(root).read("raw_landmark")[["item", "table", "problem", "record"]]
            .sort_values("item", ignore_index=True)
            for root in (tmp_path / "edited", fresh)
        ]  # fmt: skip
        assert tables[0].equals(tables[1]), names


def test_records_are_kept_whatever_is_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd(Fake):
        def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
            yield Record("papers", {"paper_id": "a\ud800", "title": 2**70}, 0)
            yield Record("nowhere", {"x": 1}, 0)
            yield Record("papers", {}, 0)
            yield Bad("papers", "odd\udfff", "\ud800")

    use(monkeypatch, Odd)
    rows = rows_of("landmark", URL, b"", "0" * 64)
    assert [row["item"].split(":")[0] for row in rows] == ["papers", "nowhere", "papers", "bad"]
    assert [row["sequence"] for row in rows] == [0, 1, 2, 3]
    assert len({row["item"] for row in rows}) == 4
    assert str(2**70) in rows[0]["record"]
    for row in rows:
        json.dumps(row, ensure_ascii=False).encode()
