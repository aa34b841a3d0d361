"""Which step reads and writes which table, and when it is stale."""

from pathlib import Path

import pytest

from gapstudy import pipeline
from gapstudy.errors import LockedError, StudyError, UnknownNameError
from gapstudy.pipeline import PUBLISH, STEPS, Step, is_fresh, refresh, run_step
from gapstudy.store import Store
from gapstudy.study import Study
from gapstudy.tables import ALL

WINDOW = {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2025-12-31"}
EVENTS = (
    "event_id,date,date_precision,region,event,instrument,status,evidence,checked,note\n"
    "act,2024-08-01,day,EU,In force,The Act,in_force,https://example.org/act,page,\n"
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.from_data({"window": WINDOW, "sources": ["landmark"]}, root=tmp_path)


def test_every_table_has_a_step_that_writes_it() -> None:
    names = {step.name for step in STEPS}
    assert {table.writer for table in ALL.values()} <= names


def test_steps_read_only_what_was_written_before(study: Study) -> None:
    written: set[str] = set()
    for step in STEPS:
        assert set(step.inputs(study)) <= written, step.name
        written |= set(step.writes(study))


def test_steps_read_what_they_declare() -> None:
    from gapstudy.link.run import READS
    from gapstudy.measure.inputs import Inputs

    declared = {step.name: set(step.reads) for step in STEPS}
    assert declared["link"] == set(READS)
    assert declared["measure"] == set(Inputs.TABLES)


def test_every_home_exists() -> None:
    from importlib import import_module

    for step in (*STEPS, PUBLISH):
        module, function = step.home.split(":")
        assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_settings_are_parts_of_the_study(step: Step) -> None:
    assert set(step.settings) <= set(Study.model_fields)


def test_unknown_step_is_told(study: Study) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'publish'"):
        refresh(study, until="publsh")


def test_unknown_source_is_told_with_its_place(study: Study) -> None:
    wrong = study.model_copy(update={"sources": ("landmrk",)})
    with pytest.raises(StudyError, match=r"study\.toml, sources.*Did you mean 'landmark'"):
        refresh(wrong, until="normalise")


def test_a_source_named_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="each only once"):
        Study.from_data({"window": WINDOW, "sources": ["landmark", "landmark"]}, root=tmp_path)


def test_nothing_collected_is_told(study: Study) -> None:
    with pytest.raises(StudyError, match="nothing has been collected yet"):
        run_step(study, "normalise", lambda *_: None)


def write_corpus(root: Path) -> None:
    folder = root / "data/raw/landmark"
    folder.mkdir(parents=True)
    rows = {
        "results.csv": {
            "result_id": "net", "frame": "award", "title": "A net", "abstract": "",
            "coined_name": "", "date": "2016", "date_precision": "year",
            "date_meaning": "preprint", "arxiv_id": "", "doi": "", "venue": "X",
            "venue_year": "2016", "award": "Best", "evidence": "https://example.org/a",
            "organisations": "", "organisation_countries": "", "organisation_kinds": "",
        },
        "followup.csv": {
            "result_id": "net", "outcome": "none_found", "product_id": "", "relation": "",
            "evidence": "", "searched_on": "2026-01-01", "searched_where": "pages", "queries": "q",
        },
        "products.csv": {
            "product_id": "lens", "product": "Lens", "feature_or_version": "",
            "organisation": "Acme", "home_country": "FR", "launch_date": "2018",
            "date_precision": "year", "date_meaning": "release", "kind": "feature",
            "category": "vision", "description": "", "entry": "compiled",
            "evidence": "https://example.org/b",
        },
        "availability.csv": {
            "product_id": "lens", "region": "EU", "status": "available", "date": "2018",
            "date_precision": "year", "confirmed": "page", "evidence": "https://example.org/b",
        },
        "patents.csv": {
            "publication_number": "EP1", "title_subject": "A", "applicant": "Acme",
            "applicant_country": "FR", "inventor_country": "", "office": "EP",
            "priority_date": "", "filing_date": "2016-05-01", "grant_date": "",
            "related_result_id": "net", "evidence": "https://example.org/c",
        },
        "pairs.csv": {
            "pair_id": "p1", "result_id": "net", "target_type": "product", "target_id": "lens",
            "label": "0", "relation": "none", "negative_kind": "easy", "how_known": "page",
            "evidence": "https://example.org/b", "split": "fit",
        },
        "indicators.csv": {
            "indicator": "use", "geo": "DE", "period": "2024", "entity": "", "entity_kind": "",
            "value": "19.8", "unit": "per cent", "lower": "", "upper": "", "n": "",
            "definition": "",
            "source_name": "Eurostat", "evidence": "https://example.org/d",
        },
    }  # fmt: skip
    files = {name: f"{','.join(row)}\n{','.join(row.values())}\n" for name, row in rows.items()}
    files["policy_events.csv"] = EVENTS
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_a_second_run_does_nothing_and_a_change_reruns_what_it_touches(study: Study) -> None:
    write_corpus(study.root)
    first = refresh(study, until="normalise")
    assert list(first.ran) == ["parse", "normalise"]
    assert list(refresh(study, until="normalise").ran) == []
    store = Store(study.root)
    store.path("papers").unlink()  # a table lost is made again
    assert list(refresh(study, until="normalise").ran) == ["normalise"]
    events = study.root / "data/raw/landmark/policy_events.csv"
    events.write_text(EVENTS.replace("2024-08-01", "2024-08-02"), encoding="utf-8")
    assert list(refresh(study, until="normalise").ran) == ["parse", "normalise"]
    assert is_fresh(STEPS[1], store, study)


def test_damaged_state_makes_the_step_run_again(study: Study) -> None:
    write_corpus(study.root)
    refresh(study, until="normalise")
    (study.root / "data/processed/state/normalise.json").write_text("{", encoding="utf-8")
    assert list(refresh(study, until="normalise").ran) == ["normalise"]


def test_leftovers_of_a_killed_run_are_swept(study: Study) -> None:
    write_corpus(study.root)
    left = study.root / "data/processed/.papers.parquet.1.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    refresh(study, until="normalise")
    assert not left.exists()


def test_a_held_lock_refuses_the_second_run(study: Study) -> None:
    write_corpus(study.root)
    with Store(study.root).lock(), pytest.raises(LockedError, match="another run"):
        refresh(study, until="normalise")


def test_run_record_tells_inputs_versions_and_rows(study: Study) -> None:
    import json

    write_corpus(study.root)
    refresh(study, until="normalise")
    (path,) = (study.root / "data/processed/runs").iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["tables"]["papers"]["rows"] == 1
    assert record["libraries"]["pandas"]
    assert record["seed"] == study.seed
    assert "contact" not in record["study"]
    assert set(record["steps"]) == {"parse", "normalise"}


def test_libraries_are_named_as_installed() -> None:
    assert all(pipeline.libraries().values())
