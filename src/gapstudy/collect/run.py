"""The collect and parse steps."""

from __future__ import annotations

import pandas as pd

from gapstudy.collect.fetch import fetch
from gapstudy.collect.parse import parse_source
from gapstudy.store import Store
from gapstudy.study import Study


def collect(store: Store, study: Study, only: tuple[str, ...] = ()) -> dict[str, str]:
    """Bring the sources' current state into the archive; see `fetch`."""
    problems = store.read_state("collect") | fetch(study, store.raw, only)
    problems = {name: problems.get(name, "") for name in study.sources}
    store.write_state("collect", problems)
    return problems


def run(store: Store, study: Study) -> None:
    """Parse the archives of the study's sources into `raw_<source>` and `source_states`."""
    problems = store.read_state("collect")
    states = []
    for name in sorted(study.sources):
        parsed = parse_source(name, store.raw, problems.get(name, ""))
        columns = ["archive_ref", "sequence", "table", "problem", "record"]
        store.write(f"raw_{name}", pd.DataFrame(parsed.rows, columns=columns))
        states.append(parsed.state)
    store.write("source_states", pd.DataFrame(states))
