"""What a study folder holds, and what in it is stale."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gapstudy.pipeline import PUBLISH, STEPS, is_fresh
from gapstudy.store import Store
from gapstudy.study import Study


def state_of(study: Study) -> dict[str, Any]:
    """Sources, steps and report of a study, JSON-ready.

    Returns:
        "sources": rows of the table `sources`; "steps": name, state ("fresh", "stale" or "never
        run"), number of tables and rows; "report": path of the opening page, or None.
    """
    import pyarrow.parquet as parquet

    store = Store(study.root)
    steps = []
    for step in (*STEPS, PUBLISH):
        made = [name for name in step.writes(study) if store.has(name)]
        run = bool(store.read_state(step.name))
        steps.append(
            {
                "step": step.name,
                "state": "never run"
                if not run
                else "fresh"
                if is_fresh(step, store, study)
                else "stale",
                "tables": len(made),
                "rows": sum(parquet.read_metadata(store.path(name)).num_rows for name in made),
            }
        )
    report = import_module("gapstudy.publish.run").report_path(study.root)
    return {
        "sources": store.read("sources").to_dict("records") if store.has("sources") else [],
        "steps": steps,
        "report": str(report) if report.is_file() else None,
    }
