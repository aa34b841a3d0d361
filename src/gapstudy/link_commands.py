"""The commands about links and names of organisations: evaluate, label, resolve."""

# ruff: noqa: T201 - commands print

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gapstudy import terminal
from gapstudy.errors import UsageError
from gapstudy.terminal import HERE, Json, Root

evaluate = typer.Typer(help="Show how good the links are.", no_args_is_help=False)


@evaluate.callback(invoke_without_command=True)
def evaluate_study(context: typer.Context, study: Root = HERE, as_json: Json = False) -> int:
    """Show the quality of the links on pairs that the model never saw."""
    if context.invoked_subcommand:
        return 0
    from gapstudy.store import Store

    settings = terminal.study(study)
    terminal.run(study, "link", as_json=False)
    rows: Any = Store(settings.root).read("out_link_quality").to_dict("records")
    if as_json:
        terminal.dump(rows)
        return 0
    _measures([
        row for row in rows
        if row["sample"] == "labelled" and (row["method"] == "model" or row["group"] == "all")
    ])  # fmt: skip
    return 0


def _measures(rows: list[dict[str, Any]]) -> None:
    shown = [row | {"estimate": _estimate(row)} for row in rows]
    terminal.table(
        shown, ["method", "metric", "group", "group_value", "estimate", "n", "positives"]
    )


def _estimate(row: dict[str, Any]) -> str:
    value, low, high = (terminal.cell(row[name]) for name in ("value", "low", "high"))
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

    made = evaluation.evaluate_links(file, terminal.study(study), prevalence)
    if out is not None:
        evaluation.write_scored(made, out, file)
    for line in evaluation.told(made.report):
        terminal.say(line)
    if as_json:
        terminal.dump(made.report)
    else:
        print(evaluation.opening(made.report))
        _measures([
            row for row in made.report["measures"]
            if row["method"] == "model" or row["group"] == "all"
        ])  # fmt: skip
        print()
        curve = [row for row in made.report["calibration"] if row["group"] == "all"]
        columns = ["bin_from", "bin_to", "predicted", "observed", "low", "high", "n"]
        terminal.table(curve, columns)
    return 3 if made.left_out else 0


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
    settings = terminal.study(study)
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
        terminal.table([{"": head, " ": text} for head, text in queue.shown(at)], ["", " "])

    given = labelling.label(answers, input, show)
    print(f"{given} answers given, {len(answers)} of {len(queue.drawn)} in {out}")
    return 0


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
    scheme = terminal.study(study).regions.scheme if (study / FILE).exists() else RegionScheme()
    names.write(names.table(texts, Index.build(known), scheme), sys.stdout)
    return 0
