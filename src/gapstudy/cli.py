"""The commands; the only file that prints and exits."""

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

from gapstudy.errors import GapstudyError, UsageError

if TYPE_CHECKING:
    from gapstudy.pipeline import Outcome
    from gapstudy.sources.base import Source
    from gapstudy.study import Study

app = typer.Typer(
    name="gapstudy",
    help="Measure how far regions differ in turning AI research into products.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Root = Annotated[Path, typer.Option("--study", "-C", help="Study folder.", show_default="here")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a machine.")]
HERE = Path()


def main() -> NoReturn:
    """Run the command line; every error becomes one message and an exit code."""
    try:
        code = app(standalone_mode=False)
    except typer.exceptions.TyperException as error:
        if error.format_message():  # empty when the help was asked for by giving no command
            _say(f"error: {error.format_message()} See `gapstudy --help`.")
        _leave(2)
    except (typer.Abort, KeyboardInterrupt):
        _say("stopped; what was made before stands")
        _leave(130)
    except GapstudyError as error:
        _say(f"error: {error}")
        _leave(error.exit_code)
    except BrokenPipeError:
        # The reader of a pipe, such as `head`, has gone: nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _leave(0)
    except Exception as error:  # the last resort: no traceback reaches a user
        if os.environ.get("GAPSTUDY_DEBUG"):
            raise
        _say(
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


def _say(text: str) -> None:
    print(f"gapstudy: {text}", file=sys.stderr)


def _study(root: Path) -> Study:
    from gapstudy.study import Study

    return Study.load(root)


def _dump(data: Any) -> None:
    print(json.dumps(data, indent=1, ensure_ascii=False, default=str))


def _progress(step: str, state: str) -> None:
    # A terminal sees the steps; cron sees nothing but the outcome.
    if sys.stderr.isatty():
        words = {"running": "…", "done": "done", "fresh": "not stale"}
        end = "\n" if state in {"done", "fresh"} else "\r"
        print(f"  {step:<10} {words.get(state, state):<40}", end=end, file=sys.stderr, flush=True)


def _finish(outcome: Outcome, *, as_json: bool) -> int:
    for name, note in outcome.faulty.items():
        _say(f"source {name}: {note}")
    alike: dict[str, list[str]] = {}
    for name, note in outcome.waiting.items():
        alike.setdefault(note, []).append(name)
    for note, waiting in alike.items():
        if outcome.ran:  # said when something was made, not on every run
            _say(f"{', '.join(waiting)}: {note}")
    if outcome.quarantined and outcome.ran:
        _say(
            f"{outcome.quarantined} records could not be used; each is kept, with the reason, in "
            "the table quarantine"
        )
    if as_json:
        _dump(
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


def _table(rows: list[dict[str, Any]], columns: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text, not markup: what came from outside is shown as it is.
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    # A file or pipe has no width to fit into.
    Console(width=None if sys.stdout.isatty() else 400).print(table)


def _cell(value: Any) -> str:
    if value is None or value != value:  # NaN is not itself
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _run(root: Path, until: str, *, as_json: bool) -> int:
    from gapstudy.pipeline import run_step

    return _finish(run_step(_study(root), until, _progress), as_json=as_json)


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

    settings = _study(study)
    if as_of:
        settings = settings.model_copy(update={"as_of": _day(as_of)})
    return _finish(pipeline.refresh(settings, progress=_progress), as_json=as_json)


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

    used = _study(study).sources if (study / FILE).exists() else ()
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
        _dump(rows)
    else:
        _table(rows, ["source", "title", "gives", "region_basis", "needs", "used"])
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

    settings = _study(study)
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
        _dump(shown)
    else:
        for name, how in shown.items():
            print(f"{name}: {how['problem'] or 'archived'}")
    return 3 if any(how["end"] in {"failed", "refused"} for how in shown.values()) else 0


def _news(source: str, responses: int) -> None:
    _progress("collect", f"{source} {responses}")


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
        _dump(rows)
    else:
        for row in rows:
            row["credits"] = f"{row['credits']:.0f} {row['unit']}" if row["unit"] else ""
            row |= {name: f"{row[name]:.1f}" for name in ("minutes", "megabytes")}
        _table(rows, ["source", "requests", "credits", "minutes", "days", "megabytes", "note"])
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
                _say(f"{path}, row {found.row}: {found.reason}")
    return 3 if bad else 0


@app.command()
def normalise(study: Root = HERE, as_json: Json = False) -> int:
    """Make the core tables from the archive."""
    return _run(study, "normalise", as_json=as_json)


@app.command()
def link(study: Root = HERE, as_json: Json = False) -> int:
    """Link results to products and patents."""
    return _run(study, "link", as_json=as_json)


@app.command()
def measure(study: Root = HERE, as_json: Json = False) -> int:
    """Estimate everything that the claims need."""
    return _run(study, "measure", as_json=as_json)


@app.command()
def publish(study: Root = HERE, as_json: Json = False) -> int:
    """Render the report from the tables."""
    return _run(study, "publish", as_json=as_json)


@app.command()
def status(study: Root = HERE, as_json: Json = False) -> int:
    """Say what has been made, from which sources, and what is stale."""
    from gapstudy.status import state_of

    state = state_of(_study(study))
    if as_json:
        _dump(state)
        return 0
    _table(state["sources"], ["source", "state", "as_of", "records", "quarantined", "note"])
    print()
    _table(state["steps"], ["step", "state", "tables", "rows"])
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

    number, hops, stored = follow(Store(_study(study).root), name)
    if as_json:
        _dump({"number": number, "hops": list(map(asdict, hops)),
               "stored": list(map(asdict, stored))})  # fmt: skip
        return 0
    print(f"{number['name']}: {number['meaning']}")
    bounds = f" ({_cell(number['low'])} to {_cell(number['high'])})" if number["low"] else ""
    print(f"  = {_cell(number['value'])}{bounds} {number['unit']}, n = {number['n']}")
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


evaluate = typer.Typer(help="Show how good the links are.", no_args_is_help=False)
app.add_typer(evaluate, name="evaluate")


@evaluate.callback(invoke_without_command=True)
def evaluate_study(context: typer.Context, study: Root = HERE, as_json: Json = False) -> int:
    """Show the quality of the links on pairs that the model never saw."""
    if context.invoked_subcommand:
        return 0
    from gapstudy.store import Store

    settings = _study(study)
    _run(study, "link", as_json=False)
    rows: Any = Store(settings.root).read("out_link_quality").to_dict("records")
    if as_json:
        _dump(rows)
        return 0
    _measures([
        row for row in rows
        if row["sample"] == "labelled" and (row["method"] == "model" or row["group"] == "all")
    ])  # fmt: skip
    return 0


def _measures(rows: list[dict[str, Any]]) -> None:
    shown = [row | {"estimate": _estimate(row)} for row in rows]
    _table(shown, ["method", "metric", "group", "group_value", "estimate", "n", "positives"])


def _estimate(row: dict[str, Any]) -> str:
    value, low, high = (_cell(row[name]) for name in ("value", "low", "high"))
    return (f"{value} ({low} to {high})" if low else value) or "not estimable"


@evaluate.command("links")
def evaluate_links(
    file: Annotated[Path, typer.Argument(help="Labelled pairs, CSV; see docs/linking.md.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the file with probabilities here.")
    ] = None,
    prevalence: Annotated[
        float | None,
        typer.Option(help="Share of links to assume.", show_default="as labelled"),
    ] = None,
    study: Root = HERE,
    as_json: Json = False,
) -> int:
    """Score a labelled file of papers and products, and measure the scores."""
    from gapstudy import evaluation

    made = evaluation.evaluate_links(file, _study(study), prevalence)
    if out is not None:
        evaluation.write_scored(made, out, file)
    for line in evaluation.told(made.report):
        _say(line)
    if as_json:
        _dump(made.report)
    else:
        print(evaluation.opening(made.report))
        _measures([
            row for row in made.report["measures"]
            if row["method"] == "model" or row["group"] == "all"
        ])  # fmt: skip
        print()
        curve = [row for row in made.report["calibration"] if row["group"] == "all"]
        columns = ["bin_from", "bin_to", "predicted", "observed", "low", "high", "n"]
        _table(curve, columns)
    return 3 if made.left_out else 0


@app.command()
def label(
    pairs: Annotated[int, typer.Option(min=1, help="Pairs to draw.")] = 400,
    out: Annotated[Path, typer.Option("--out", help="File of answers; taken up again.")] = Path(
        "labels.csv"
    ),
    study: Root = HERE,
) -> int:
    """Label pairs of this study's candidates by hand; see docs/labelling.md."""
    from gapstudy.link import ends, labelling
    from gapstudy.store import Store

    if not sys.stdin.isatty():
        raise UsageError("labels are asked for, and standard input is not a terminal",
                         remedy="Run `gapstudy label` in a terminal")  # fmt: skip
    settings = _study(study)
    read = Store(settings.root).read
    queue = labelling.Queue.make(
        read("link_candidates"), read("labelled_pairs"),
        ends.papers(read("papers"), read("paper_affiliations")),
        ends.targets(read("products"), read("patents"), read("patent_parties")),
        settings.regions.scheme, pairs, settings.seed,
    )  # fmt: skip
    answers = labelling.Answers(out, queue)

    def show(at: int, done: int) -> None:
        print(f"\n{done} of {len(queue.drawn)} answered")
        _table([{"": head, " ": text} for head, text in queue.shown(at)], ["", " "])

    given = labelling.label(answers, input, show)
    print(f"{given} answers given, {len(answers)} of {len(queue.drawn)} in {out}")
    return 0


@app.command()
def simulate(
    worlds: Annotated[int, typer.Option(min=20, help="Worlds per scenario.")] = 500,
    study: Root = HERE,
    as_json: Json = False,
) -> int:
    """Check every estimator on worlds with a known truth."""
    from gapstudy.simulate.run import simulate as check

    rows: Any = check(worlds, _study(study)).to_dict("records")
    if as_json:
        _dump(rows)
    else:
        columns = ["estimator", "scenario", "method", "truth", "bias", "coverage", "rejection"]
        _table(rows, columns)
    return 0


@app.command()
def resolve(
    file: Annotated[Path, typer.Argument(help="CSV file with a header, UTF-8.")],
    column: Annotated[str, typer.Option("--column", help="Column that holds the names.")],
    study: Root = HERE,
) -> int:
    """Find organisations and countries for names and affiliations; CSV to standard output."""
    from gapstudy import resolve as names
    from gapstudy.organisations.index import Index
    from gapstudy.regions import RegionScheme
    from gapstudy.store import Store
    from gapstudy.study import FILE

    texts = names.read_column(file, column)
    store = Store(study)
    known = store.read("organisations") if store.has("organisations") else None
    scheme = _study(study).regions.scheme if (study / FILE).exists() else RegionScheme()
    names.write(names.table(texts, Index.build(known), scheme), sys.stdout)
    return 0


@app.command()
def doctor(study: Root = HERE, as_json: Json = False) -> int:
    """Say what is installed, what is missing, and what it would cost."""
    from dataclasses import asdict

    from gapstudy.doctor import examine

    rows = [asdict(finding) for finding in examine(study)]
    if as_json:
        _dump(rows)
    else:
        _table(rows, ["what", "state", "detail", "cost"])
    return 2 if any(row["state"] == "broken" for row in rows) else 0
