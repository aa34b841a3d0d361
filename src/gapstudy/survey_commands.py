"""The commands of the practitioner survey: questionnaire, codebook, import, synthetic."""

# ruff: noqa: T201 - commands print

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gapstudy import terminal
from gapstudy.errors import UsageError
from gapstudy.terminal import HERE, Json, Root

if TYPE_CHECKING:
    from gapstudy.survey.importer import Imported

survey = typer.Typer(
    help="Field the practitioner survey and import its responses.", no_args_is_help=True
)
Tool = Literal["limesurvey", "qualtrics", "google", "csv"]


@survey.command()
def questionnaire() -> int:
    """Print the questionnaire, to be put into a survey tool."""
    from gapstudy.survey.questionnaire import as_text
    from gapstudy.survey.questionnaire import questionnaire as form

    print(as_text(form()), end="")
    return 0


@survey.command()
def codebook(
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV instead of Markdown.")] = False,
    as_json: Json = False,
) -> int:
    """Print what each item and answer is called."""
    from gapstudy.survey import questionnaire as model

    form = model.questionnaire()
    if as_json:
        terminal.dump(model.codebook(form))
    else:
        print(model.codebook_csv(form) if as_csv else model.codebook_markdown(form), end="")
    return 0


@survey.command("import")
def import_responses(
    file: Annotated[Path, typer.Argument(help="CSV export of a survey tool.")],
    tool: Annotated[
        Literal["auto", "limesurvey", "qualtrics", "google", "csv"],
        typer.Option(help="Tool that made it; auto looks at its header."),
    ] = "auto",
    add: Annotated[
        bool, typer.Option("--add", help="Keep earlier imports: these are other respondents.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove earlier imports: this export holds them too.")
    ] = False,
    study: Root = HERE,
    as_json: Json = False,
) -> int:
    """Clean an export and keep its answers, without personal data, for the next refresh."""
    from gapstudy.sources.survey import FILES, FOLDER
    from gapstudy.store import write_bytes
    from gapstudy.survey.importer import clean
    from gapstudy.survey.questionnaire import questionnaire as form

    settings = terminal.study(study)
    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read: {error.strerror}", where=str(file)) from error
    made = clean(body, form(), tool, file.name)
    folder = study / FOLDER
    target = folder / made.file_name
    earlier = [path for path in sorted(folder.glob(FILES)) if path != target]
    _refuse(made, earlier, target, add=add, replace=replace)
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(target, made.stored())
    for path in earlier if replace else ():
        path.unlink()
    if as_json:
        terminal.dump(_account(made, target))
    else:
        _tell(made, target)
    if "survey" not in settings.sources:
        terminal.say('study.toml does not use the survey: add "survey" to `sources`')
    return 3 if made.problems else 0


def _refuse(made: Imported, earlier: list[Path], target: Path, *, add: bool, replace: bool) -> None:
    """Raise where an import would lose, double or mix responses."""
    if not made.respondents:
        raise UsageError("the file holds no response that can be used", where=str(target.parent),
                         remedy=_reasons(made) or "Export responses, not the empty form",
                         )  # fmt: skip
    if add and replace:
        raise UsageError("--add and --replace exclude each other", remedy="Give one of them")
    if earlier and not replace:
        if any(path.name.startswith("synthetic-") != made.synthetic for path in earlier):
            raise UsageError("synthetic and real responses are never mixed in one study",
                             where=str(target.parent),
                             remedy="Import with --replace, or into another study",
                             )  # fmt: skip
        if not add:
            raise UsageError(
                f"responses were imported before: {', '.join(path.name for path in earlier)}",
                where=str(target.parent),
                remedy="Give --replace when this export holds those respondents too, --add when "
                       "all of these are others; nothing was changed",
            )  # fmt: skip


def _reasons(made: Imported) -> str:
    return "; ".join(
        f"{item + ': ' if item else ''}{reason} ({times})"
        for (item, reason), times in sorted(made.reasons.items())
    )


def _account(made: Imported, target: Path) -> dict[str, object]:
    rows: dict[str, list[int]] = {}
    for problem in made.problems:
        rows.setdefault(f"{problem.item}: {problem.reason}", []).append(problem.row)
    return {
        "file": str(target), "tool": made.tool, "synthetic": made.synthetic,
        "responses": made.responses, "respondents": len(made.respondents),
        "columns": made.columns, "dropped_columns": list(made.dropped),
        "absent_items": list(made.absent), "left_out": rows,
    }  # fmt: skip


def _tell(made: Imported, target: Path) -> None:
    kind = "SYNTHETIC respondents" if made.synthetic else "respondents"
    print(f"{target}: {len(made.respondents)} {kind} of {made.responses} responses ({made.tool})")
    if made.dropped:
        times = Counter(made.dropped)
        print(f"{len(made.dropped)} columns not kept: {', '.join(times)}")
    if made.absent:
        print(f"not in the export: {', '.join(made.absent)}")
    for (item, reason), times_left in sorted(made.reasons.items()):
        rows = [p.row for p in made.problems if (p.item, p.reason) == (item, reason)]
        shown = ", ".join(map(str, rows[:10])) + (" ..." if len(rows) > 10 else "")
        print(f"left out, {item or 'whole response'}: {reason}: {times_left} (rows {shown})")
    print("Next: gapstudy refresh")


@survey.command()
def synthetic(
    out: Annotated[Path, typer.Argument(help='File to write; its name must say "synthetic".')],
    tool: Annotated[Tool, typer.Option(help="Tool whose export it imitates.")] = "csv",
    number: Annotated[int, typer.Option("--responses", min=1, help="Responses.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random numbers.")] = 1,
) -> int:
    """Write made-up responses, to try the import and the report."""
    from gapstudy.store import write_bytes
    from gapstudy.survey.questionnaire import questionnaire as form
    from gapstudy.survey.synthetic import export, responses

    if "synthetic" not in out.name.lower():
        raise UsageError("made-up responses must say so in the name of their file", where=str(out),
                         remedy="Call it synthetic.csv, for example")  # fmt: skip
    if not out.parent.is_dir():
        raise UsageError("there is no such folder", where=str(out.parent),
                         remedy="Make it, or name another file")  # fmt: skip
    write_bytes(out, export(form(), responses(form(), number, seed), tool, seed))
    print(out)
    return 0
