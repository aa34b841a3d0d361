"""The app and its commands; only it exits, and only it, `*_commands` and `terminal` print."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from gapstudy import link_commands, survey_commands, terminal
from gapstudy.errors import GapstudyError, UsageError
from gapstudy.terminal import HERE, Json, Root

if TYPE_CHECKING:
    from gapstudy.sources.base import Source
    from gapstudy.study import Study

app = typer.Typer(
    name="gapstudy",
    help="Measure how far regions differ in turning AI research into products.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> NoReturn:
    """Run the command line; every error becomes one message and an exit code."""
    try:
        code = app(standalone_mode=False)
    except typer.exceptions.TyperException as error:
        if error.format_message():  # empty when the help was asked for by giving no command
            terminal.say(f"error: {error.format_message()} See `gapstudy --help`.")
        _leave(2)
    except (typer.Abort, KeyboardInterrupt):
        terminal.say("stopped; what was made before stands")
        _leave(130)
    except GapstudyError as error:
        terminal.say(f"error: {error}")
        _leave(error.exit_code)
    except BrokenPipeError:
        # The reader of a pipe, such as `head`, has gone: nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _leave(0)
    except Exception as error:  # the last resort: no traceback reaches a user
        if os.environ.get("GAPSTUDY_DEBUG"):
            raise
        terminal.say(
            f"error: a fault in gapstudy itself: {type(error).__name__}: {error}. What was "
            "published before stands. Set GAPSTUDY_DEBUG=1 for the details and report them."
        )
        _leave(4)
    _leave(code if isinstance(code, int) else 0)


def _leave(code: int) -> NoReturn:
    """End the process at once.

    Native threads of Arrow and DuckDB may still hold Python objects when a run is over; one that
    lets go of them while Python itself ends aborts the process, long after the work was done.
    """
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


@app.command()
def refresh(
    study: Root = HERE,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DAY", help="Use what was known on that day.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Make everything that is stale, from the sources to the report."""
    from gapstudy import pipeline

    settings = terminal.study(study)
    if as_of:
        settings = settings.model_copy(update={"as_of": _day(as_of)})
    return terminal.finish(pipeline.refresh(settings, progress=terminal.progress), as_json=as_json)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a day", remedy="Write YYYY-MM-DD") from None


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Folder to make.")]) -> int:
    """Lay out a new study folder."""
    from gapstudy.template import lay_out

    for path in lay_out(folder):
        print(path)
    print(f"Next: cd {folder} && gapstudy refresh")
    return 0


@app.command()
def sources(study: Root = HERE, as_json: Json = False) -> int:
    """List the sources: what they give, and whether this study uses them."""
    from gapstudy.sources import load, names
    from gapstudy.study import FILE

    used = terminal.study(study).sources if (study / FILE).exists() else ()
    rows = [
        {
            "source": name,
            "title": load(name).TITLE,
            "gives": ", ".join(load(name).GIVES),
            "licence": load(name).LICENCE,
            "region_basis": load(name).REGION_BASIS,
            "needs": _needs(load(name)),
            "used": "yes" if name in used else "no",
        }
        for name in names()
    ]
    if as_json:
        terminal.dump(rows)
    else:
        terminal.table(rows, ["source", "title", "gives", "region_basis", "needs", "used"])
    return 0


def _needs(source: type[Source]) -> str:
    """What a source wants before it can be used."""
    if source.FILES:
        return "files"
    keys = ", ".join(source.CREDENTIALS)
    better = f" (better with {', '.join(source.OPTIONAL)})" if source.OPTIONAL else ""
    contact = "contact" if source.card(keyed=False) else ""
    return (", ".join(filter(None, [contact, keys])) or "nothing") + better


@app.command()
def collect(
    only: Annotated[list[str] | None, typer.Argument(help="Sources; all by default.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would take, and ask nothing.")
    ] = False,
    study: Root = HERE,
    as_json: Json = False,
) -> int:
    """Bring the current state of the sources into the archive."""
    from gapstudy.collect.run import collect as bring
    from gapstudy.pipeline import check_sources
    from gapstudy.sources import load
    from gapstudy.store import Store

    settings = terminal.study(study)
    check_sources(settings)
    for name in only or ():
        load(name)
        if name not in settings.sources:
            raise UsageError(f"this study does not use the source {name}",
                             remedy="Add it to `sources` in study.toml")  # fmt: skip
    if plan:
        return _plan(settings, only or (), as_json=as_json)
    store = Store(settings.root)
    with store.lock():
        state = bring(store, settings, tuple(only or ()), news=_news)
    shown = {name: how for name, how in state.items() if not only or name in only}
    if as_json:
        terminal.dump(shown)
    else:
        for name, how in shown.items():
            print(f"{name}: {how['problem'] or 'archived'}")
    return 3 if any(how["end"] in {"failed", "refused"} for how in shown.values()) else 0


def _news(source: str, responses: int) -> None:
    terminal.progress("collect", f"{source} {responses}")


def _plan(study: Study, only: Sequence[str], *, as_json: bool) -> int:
    from dataclasses import asdict

    from gapstudy.collect.plan import plan

    today = dt.datetime.now(dt.UTC).date()
    rows = [
        asdict(estimate)
        for estimate in plan(study, study.root / "data" / "raw", today)
        if not only or estimate.source in only
    ]
    if as_json:
        terminal.dump(rows)
    else:
        for row in rows:
            row["credits"] = f"{row['credits']:.0f} {row['unit']}" if row["unit"] else ""
            row |= {name: f"{row[name]:.1f}" for name in ("minutes", "megabytes")}
        terminal.table(
            rows, ["source", "requests", "credits", "minutes", "days", "megabytes", "note"]
        )
    return 0


@app.command()
def parse(
    source: Annotated[str, typer.Argument(help="Name of the source.")],
    files: Annotated[list[Path], typer.Argument(help="Saved responses of it.")],
) -> int:
    """Turn saved responses into JSON lines, the way a crawl would."""
    from gapstudy.collect.parse import records
    from gapstudy.sources import load
    from gapstudy.sources.base import Record

    load(source)
    bad = 0
    for path in files:
        try:
            body = path.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read: {error.strerror}", where=str(path)) from error
        for found in records(source, f"file:{path.name}", body):
            if isinstance(found, Record):
                line = {"table": found.table, "record": found.data}
                print(json.dumps(line, ensure_ascii=False, sort_keys=True))
            else:
                bad += 1
                terminal.say(f"{path}, row {found.row}: {found.reason}")
    return 3 if bad else 0


@app.command()
def normalise(study: Root = HERE, as_json: Json = False) -> int:
    """Make the core tables from the archive."""
    return terminal.run(study, "normalise", as_json=as_json)


@app.command()
def link(study: Root = HERE, as_json: Json = False) -> int:
    """Link results to products and patents."""
    return terminal.run(study, "link", as_json=as_json)


@app.command()
def measure(study: Root = HERE, as_json: Json = False) -> int:
    """Estimate everything that the claims need."""
    return terminal.run(study, "measure", as_json=as_json)


@app.command()
def publish(study: Root = HERE, as_json: Json = False) -> int:
    """Render the report from the tables."""
    return terminal.run(study, "publish", as_json=as_json)


@app.command()
def status(study: Root = HERE, as_json: Json = False) -> int:
    """Say what has been made, from which sources, and what is stale."""
    from gapstudy.status import state_of

    state = state_of(terminal.study(study))
    if as_json:
        terminal.dump(state)
        return 0
    terminal.table(state["sources"], ["source", "state", "as_of", "records", "quarantined", "note"])
    print()
    terminal.table(state["steps"], ["step", "state", "tables", "rows"])
    print(f"\nReport: {state['report'] or 'not published yet'}")
    return 0


@app.command()
def trace(
    name: Annotated[str, typer.Argument(help="Name of a number, as the report shows it.")],
    study: Root = HERE,
    as_json: Json = False,
) -> int:
    """Go from a printed number to the rows, records and stored bytes behind it."""
    from dataclasses import asdict

    from gapstudy.store import Store
    from gapstudy.trace import trace as follow

    number, hops, stored = follow(Store(terminal.study(study).root), name)
    if as_json:
        terminal.dump({"number": number, "hops": list(map(asdict, hops)),
               "stored": list(map(asdict, stored))})  # fmt: skip
        return 0
    print(f"{number['name']}: {number['meaning']}")
    bounds = (
        f" ({terminal.cell(number['low'])} to {terminal.cell(number['high'])})"
        if number["low"]
        else ""
    )
    print(f"  = {terminal.cell(number['value'])}{bounds} {number['unit']}, n = {number['n']}")
    print(f"  in {number['table']}.{number['column']} where {number['where']}")
    for hop in hops:
        print(f"{'  ' * hop.depth}- {hop.table}: {hop.rows} rows")
        for row in hop.sample:
            shown = {key: value for key, value in row.items() if value not in (None, "")}
            print(f"{'  ' * hop.depth}    {json.dumps(shown, ensure_ascii=False)[:300]}")
    for found in stored:
        print(f"stored: {found.url} (as of {found.retrieved or 'unknown'}), sha256 {found.sha256}")
        print(f"    {found.archive_ref}")
        print(f"    {found.excerpt[:500]}")
    return 0


app.add_typer(link_commands.evaluate, name="evaluate")
app.command()(link_commands.label)
app.add_typer(survey_commands.survey, name="survey")


@app.command()
def simulate(
    world: Annotated[
        Path | None, typer.Argument(help="A world of your own, in TOML.", show_default="all worlds")
    ] = None,
    worlds: Annotated[int, typer.Option(min=20, help="Realisations of each world.")] = 500,
    study: Root = HERE,
    as_json: Json = False,
) -> int:
    """Check the estimators on worlds with a known truth."""
    from gapstudy.simulate.run import described
    from gapstudy.simulate.run import simulate as check

    chosen = terminal.study(study)
    made = check(worlds, chosen) if world is None else described(world, worlds, chosen)
    rows: Any = made.to_dict("records")
    if as_json:
        terminal.dump(rows)
    else:
        columns = ["estimator", "scenario", "method", "truth", "bias", "coverage", "rejection"]
        terminal.table(rows, columns)
    return 0


app.command()(link_commands.resolve)


@app.command()
def doctor(study: Root = HERE, as_json: Json = False) -> int:
    """Say what is installed, what is missing, and what it would cost."""
    from dataclasses import asdict

    from gapstudy.doctor import examine

    rows = [asdict(finding) for finding in examine(study)]
    if as_json:
        terminal.dump(rows)
    else:
        terminal.table(rows, ["what", "state", "detail", "cost"])
    return 2 if any(row["state"] == "broken" for row in rows) else 0
