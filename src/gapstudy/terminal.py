"""What all commands share: their options, what they say, and how tables and outcomes are shown."""

# ruff: noqa: T201 - printing is what this file is for

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gapstudy.pipeline import Outcome
    from gapstudy.study import Study

Root = Annotated[Path, typer.Option("--study", "-C", help="Study folder.", show_default="here")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a machine.")]
#: Default of `Root`.
HERE = Path()


def say(text: str) -> None:
    """Say a line on standard error."""
    print(f"gapstudy: {text}", file=sys.stderr)


def study(root: Path) -> Study:
    """The study of a folder.

    Raises:
        UsageError: there is no study.toml, or it is not right.
    """
    from gapstudy.study import Study

    return Study.load(root)


def dump(data: Any) -> None:
    """Print JSON; what JSON does not know is printed as text."""
    print(json.dumps(data, indent=1, ensure_ascii=False, default=str))


def progress(step: str, state: str) -> None:
    """Show on a terminal where a run is; `state` is running, done, fresh, or words."""
    # A terminal sees the steps; cron sees nothing but the outcome.
    if sys.stderr.isatty():
        words = {"running": "…", "done": "done", "fresh": "not stale"}
        end = "\n" if state in {"done", "fresh"} else "\r"
        print(f"  {step:<10} {words.get(state, state):<40}", end=end, file=sys.stderr, flush=True)


def finish(outcome: Outcome, *, as_json: bool) -> int:
    """Say what a run made and what it could not, and return its exit code."""
    for name, note in outcome.faulty.items():
        say(f"source {name}: {note}")
    alike: dict[str, list[str]] = {}
    for name, note in outcome.waiting.items():
        alike.setdefault(note, []).append(name)
    for note, waiting in alike.items():
        if outcome.ran:  # said when something was made, not on every run
            say(f"{', '.join(waiting)}: {note}")
    if outcome.quarantined and outcome.ran:
        say(
            f"{outcome.quarantined} records could not be used; each is kept, with the reason, in "
            "the table quarantine"
        )
    if as_json:
        dump(
            {
                "report": outcome.report and str(outcome.report),
                "ran": {step: round(seconds, 3) for step, seconds in outcome.ran.items()},
                "fresh": outcome.skipped,
                "faulty_sources": outcome.faulty,
                "waiting_sources": outcome.waiting,
                "quarantined": outcome.quarantined,
                "exit_code": outcome.exit_code,
            }
        )
    elif outcome.report:
        print(outcome.report)
    return outcome.exit_code


def table(rows: list[dict[str, Any]], columns: list[str]) -> None:
    """Print some columns of rows as a table; a missing value is empty."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        # Text, not markup: what came from outside is shown as it is.
        shown.add_row(*(Text(cell(row.get(column))) for column in columns))
    # A file or pipe has no width to fit into.
    Console(width=None if sys.stdout.isatty() else 400).print(shown)


def cell(value: Any) -> str:
    """A value as text: four digits of a number, nothing for a missing one."""
    if value is None or value != value:  # NaN is not itself
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def run(root: Path, until: str, *, as_json: bool) -> int:
    """Make what is stale up to a step, and return the exit code."""
    from gapstudy.pipeline import run_step

    return finish(run_step(study(root), until, progress), as_json=as_json)
