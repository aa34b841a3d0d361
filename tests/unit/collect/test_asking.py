"""What a source is asked for, and when it is not asked at all."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from gapstudy.collect.asking import Skip, ask_for
from gapstudy.collect.orders import Order, Outcome
from gapstudy.collect.state import State, Unfinished, Validators
from gapstudy.errors import StoreError, StudyError
from gapstudy.sources import load
from gapstudy.study import Study

NOW = dt.datetime.fromisoformat("2026-03-10T04:00:00")
WINDOW = {"start": "2020-01-01", "end": "2024-12-31", "cutoff": "2025-12-31"}


def study(root: Path, **more: Any) -> Study:
    data = {"contact": "me@example.org", "window": WINDOW, **more}
    return Study.from_data(data, root=root)


def ask(root: Path, name: str = "openalex", *, asked: bool = False, **more: Any) -> Order | Skip:
    raw = root / "data" / "raw"
    return ask_for(load(name), study(root, **more), raw, NOW, lambda _: ["b", "a"], asked=asked)


def order(root: Path, name: str = "openalex", **more: Any) -> Order:
    found = ask(root, name, **more)
    assert isinstance(found, Order)
    return found


def skip(root: Path, name: str = "openalex", **more: Any) -> Skip:
    found = ask(root, name, **more)
    assert isinstance(found, Skip)
    return found


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENALEX_API_KEY", "PRODUCT_HUNT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_the_first_time_the_whole_window_is_asked_for(tmp_path: Path) -> None:
    found = order(tmp_path)
    assert (found.first, found.last) == ("2020-01-01", "2026-03-10")
    assert found.run == found.now == "2026-03-10T04:00:00"
    assert Order.from_json(found.as_json()) == found


def test_start_is_a_setting_of_the_source(tmp_path: Path) -> None:
    settings = {"openalex": {"start": dt.date(2024, 5, 1), "filter": "x"}}
    found = order(tmp_path, source=settings)
    assert found.first == "2024-05-01"
    assert found.options == {"filter": "x"}


def test_later_only_the_overlap_is_asked_for_again(tmp_path: Path) -> None:
    State(until="2026-03-09").save(tmp_path / "data" / "raw", "openalex")
    card = load("openalex").card(keyed=False)
    assert card is not None
    assert card.overlap == 30
    assert order(tmp_path).first == "2026-02-08"


def test_a_source_is_asked_once_a_day_unless_named(tmp_path: Path) -> None:
    State(until="2026-03-10", asked="2026-03-10").save(tmp_path / "data" / "raw", "openalex")
    assert skip(tmp_path) == Skip("", "fresh")
    assert isinstance(ask(tmp_path, asked=True), Order)


def test_an_interrupted_run_is_finished_first(tmp_path: Path) -> None:
    run = Unfinished("2026-03-08T04:00:00", "2020-01-01", "2026-03-08", ["q"], ["u"])
    State(run=run, asked="2026-03-10").save(tmp_path / "data" / "raw", "openalex")
    found = order(tmp_path)
    assert (found.run, found.first, found.last) == (run.stamp, run.first, run.last)
    assert found.wanted == ("q",)
    assert found.now == "2026-03-10T04:00:00"


def test_without_contact_or_key_a_source_is_skipped(tmp_path: Path) -> None:
    assert "set `contact` in study.toml" in skip(tmp_path, contact="").why
    found = skip(tmp_path, "product_hunt")
    assert found.why == "skipped: set PRODUCT_HUNT_TOKEN in the environment to use it"


def test_a_budget_that_is_spent_is_waited_for(tmp_path: Path) -> None:
    raw = tmp_path / "data" / "raw"
    State(resume="2026-03-11T00:00:00", note="budget").save(raw, "openalex")
    assert skip(tmp_path) == Skip("budget; goes on after 2026-03-11T00:00:00Z", "paused")
    State(resume="2026-03-10T03:59:59", note="budget").save(raw, "openalex")
    assert isinstance(ask(tmp_path), Order)


def test_what_was_refused_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "data" / "raw"
    mark = order(tmp_path).mark
    State(refused="plan needed", refused_on="2026-03-01", refused_for=mark).save(raw, "openalex")
    found = skip(tmp_path)
    assert found.end == "refused"
    assert "not asked again before 2026-03-31" in found.why
    assert "plan needed" in found.why
    # Another key, other settings, or a month later: once more.
    assert isinstance(ask(tmp_path, source={"openalex": {"filter": "other"}}), Order)
    monkeypatch.setenv("OPENALEX_API_KEY", "test-key")
    assert isinstance(ask(tmp_path), Order)
    monkeypatch.delenv("OPENALEX_API_KEY")
    State(refused="plan needed", refused_on="2026-02-01", refused_for=mark).save(raw, "openalex")
    assert isinstance(ask(tmp_path), Order)


def test_no_order_holds_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENALEX_API_KEY", "planted-secret-1234")
    found = order(tmp_path)
    assert found.keyed
    assert "planted-secret-1234" not in str(found.as_json())


def test_a_source_that_enriches_asks_for_what_it_has_not_looked_up(tmp_path: Path) -> None:
    State(asked_for=["a"]).save(tmp_path / "data" / "raw", "crossref")
    assert order(tmp_path, "crossref").wanted == ("b",)


def test_pace_is_for_this_machine_alone(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"openalex\.pace is only for a stand-in"):
        ask(tmp_path, source={"openalex": {"pace": 0.1}})
    with pytest.raises(StudyError):
        ask(tmp_path, source={"openalex": {"pace": 0.1, "base": "https://api.example.org"}})
    found = order(tmp_path, source={"openalex": {"pace": 0.1, "base": "http://127.0.0.1:1"}})
    assert found.pace == 0.1


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    state = State(
        until="2026-01-01", run=Unfinished("s", "a", "b", ["x"], ["u"]), incomplete=["w: 1 of 2"],
        pages={"https://x": Validators('"e"', "", "0" * 64)},
    )  # fmt: skip
    state.save(tmp_path, "yc")
    assert State.load(tmp_path, "yc") == state
    assert State.load(tmp_path, "never") == State()


def test_a_damaged_state_says_what_to_do(tmp_path: Path) -> None:
    State().save(tmp_path, "yc")
    (tmp_path / "yc" / "crawl.json").write_text('{"until"')
    with pytest.raises(StoreError, match="Delete the file"):
        State.load(tmp_path, "yc")


def test_an_outcome_goes_through_the_pipe() -> None:
    outcome = Outcome("yc", "paused", "later", 3, 2, 100, 1.5, ["w"], "2026-01-01")
    assert Outcome.from_json(outcome.as_json()) == outcome
