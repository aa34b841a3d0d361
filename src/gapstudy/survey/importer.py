"""An export of a survey tool -> clean answers without personal data, and an account of the rest.

What is kept is built from what is known: a column that is no item of the questionnaire is dropped
before anything is written, an answer that is none of an item's answers is left out with a reason
and without its text, which may say anything. Respondents are put in an order of their answers and
numbered anew, so that neither number nor order leads back to the export.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from gapstudy.errors import UsageError
from gapstudy.survey.exports import Export, Tool, read
from gapstudy.survey.questionnaire import Item, Questionnaire, fold

#: Columns of the stored file. Of `problem` and `value` one is always empty.
COLUMNS = (
    "respondent_id", "item", "value", "role", "country", "month", "synthetic", "problem",
)  # fmt: skip
SYNTHETIC = "synthetic"
#: Columns of the tools that say how a response came about, as `fold` leaves their names.
_IDS = ("id", "response id", "responseid", "respondent_id")
_DATES = ("submitdate", "date submitted", "recordeddate", "recorded date", "enddate", "end date",
          "timestamp", "month")  # fmt: skip
_FINISHED, _CHANNEL, _STATUS = ("finished",), ("distributionchannel",), ("status",)
_DATE = re.compile(r"(20\d\d)(?:[-/](\d{1,2})(?:\D.*)?)?", re.DOTALL)
_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](20\d\d)\b")
_YES, _NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


class Problem(NamedTuple):
    """One response or answer that was left out.

    Attributes:
        row: row of the export, 1 is its first line.
        item: the item; empty when the whole response was left out.
        reason: why.
    """

    row: int
    item: str
    reason: str


@dataclass(frozen=True)
class Imported:
    """What an export gave.

    Attributes:
        tool: the tool that made it.
        synthetic: whether the responses are made up.
        responses: responses in the export.
        respondents: those kept, each with its answers by item, in a stable order.
        columns: columns used -> item.
        dropped: names of the columns that are not kept.
        absent: items that no column holds.
        problems: what was left out, in the order of the export.
    """

    tool: Tool
    synthetic: bool
    responses: int
    respondents: tuple[dict[str, str], ...]
    columns: dict[str, str]
    dropped: tuple[str, ...]
    absent: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def reasons(self) -> Counter[tuple[str, str]]:
        """How often each item was left out for each reason."""
        return Counter((problem.item, problem.reason) for problem in self.problems)

    def stored(self) -> bytes:
        """The file that a study keeps: one line per answer or problem, always the same bytes."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(COLUMNS)
        mark = "yes" if self.synthetic else "no"
        digest = hashlib.sha256(repr(self.respondents).encode()).hexdigest()[:8]
        for number, answers in enumerate(self.respondents, start=1):
            name = f"{'synthetic-' if self.synthetic else ''}{digest}-{number:05d}"
            about = [answers.get(key, "") for key in ("role", "country", "month")]
            for item, value in sorted(answers.items()):
                if item not in {"role", "country", "month"}:
                    writer.writerow([name, item, value, *about, mark, ""])
        for (item, reason), times in sorted(self.reasons.items()):
            writer.writerows([["", item, "", "", "", "", mark, reason]] * times)
        return buffer.getvalue().encode()

    @property
    def file_name(self) -> str:
        """Name of the stored file; says whether it is synthetic."""
        digest = hashlib.sha256(self.stored()).hexdigest()[:12]
        return f"{'synthetic-' if self.synthetic else ''}responses-{digest}.csv"


def clean(
    body: bytes, form: Questionnaire, tool: Tool = "auto", name: str = "", *, made_up: bool = False
) -> Imported:
    """Read and clean an export.

    Args:
        body: its bytes.
        form: the questionnaire.
        tool: the tool, or auto.
        name: name of the file, for messages; one that says "synthetic" marks all its responses.
        made_up: whether the responses are known to be synthetic.

    Raises:
        UsageError: not a CSV, no column of the questionnaire, one item in several columns, or
            synthetic responses mixed with real ones.
    """
    export = read(body, form, tool, name)
    used, columns = _columns(export, form, name)
    kept, problems = [], []
    seen: set[str] = set()
    marks: set[bool] = set()
    for number, cells in enumerate(export.rows):
        row = export.first + number
        why = _whole(export, cells, number, seen)
        answers, wrong, agreed = ({}, [], True) if why else _answers(cells, used, row)
        if not why and not agreed:
            why, wrong = "no consent", []
        if not why and not set(answers) - {"role", "country"}:
            why = "no answer to any question"
        marks.add(_cell(export, cells, (SYNTHETIC,)).lower() in _YES)
        problems += wrong
        if why:
            problems.append(Problem(row, "", why))
            continue
        month = _month(_cell(export, cells, _DATES))
        kept.append({**answers, **({"month": month} if month else {})})
    if len(marks) > 1:
        raise UsageError("some responses of the file are synthetic and others are not", where=name,
                         remedy="Import them into different studies")  # fmt: skip
    present = set(used.values())
    return Imported(
        export.tool, made_up or SYNTHETIC in name.lower() or marks == {True}, len(export.rows),
        tuple(sorted(kept, key=lambda one: sorted(one.items()))), columns,
        tuple(names[0] if names else "(no name)" for column, names in enumerate(export.names)
              if column not in used and SYNTHETIC not in names),
        tuple(item.name for item in form.items if item not in present), tuple(problems),
    )  # fmt: skip


def _columns(
    export: Export, form: Questionnaire, where: str
) -> tuple[dict[int, Item], dict[str, str]]:
    """Item of each column that has one, by the first of the column's names that is known."""
    known = {fold(part): item for item in form.items for part in (item.text, item.name, item.code)}
    used: dict[int, Item] = {}
    for column, names in enumerate(export.names):
        found = next((known[name] for name in names if name in known), None)
        if found is None:
            continue
        if found in used.values():
            raise UsageError(f"two columns hold the item {found.name}", where=where,
                             remedy="Remove one of them from the export")  # fmt: skip
        used[column] = found
    if not {item.name for item in used.values()} - {"consent", "country", "role"}:
        raise UsageError(
            "no column is a question of the questionnaire", where=where,
            remedy="Export with the questions' codes or texts as headings; "
                   "`gapstudy survey codebook` lists them",
        )  # fmt: skip
    return used, {export.names[column][0]: item.name for column, item in used.items()}


def _cell(export: Export, cells: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Cell of the first column that goes by one of the names; empty where there is none."""
    for wanted in names:
        for column, known in enumerate(export.names):
            if wanted in known:
                return cells[column].strip()
    return ""


def _has(export: Export, names: tuple[str, ...]) -> bool:
    return any(name in known for known in export.names for name in names)


def _whole(export: Export, cells: tuple[str, ...], number: int, seen: set[str]) -> str:
    """Why a whole response is left out; empty when it is not."""
    if number in export.ragged:
        return "more cells than columns: a separator or quote is wrong"
    if _cell(export, cells, _CHANNEL).lower() == "preview" or "preview" in _cell(
        export, cells, _STATUS
    ).lower():  # fmt: skip
        return "a preview, not a response"
    if export.tool == "limesurvey" and _has(export, _DATES[:2]):
        when = _cell(export, cells, _DATES[:2])
        if not when or when.startswith("1980-01-01"):  # what an unfinished one carries
            return "not finished"
    if _cell(export, cells, _FINISHED).lower() in _NO:
        return "not finished"
    # Without a number of its own a response is a repetition when all of it, to the second of its
    # time stamp, has been there; equal answers alone are no repetition.
    mark = _cell(export, cells, _IDS)
    if not mark and _has(export, _DATES[:-1]):
        mark = "\x1f".join(cells)
    if mark and mark in seen:
        return "a repetition of an earlier response"
    seen.update({mark} if mark else ())
    return ""


def _answers(
    cells: tuple[str, ...], used: dict[int, Item], row: int
) -> tuple[dict[str, str], list[Problem], bool]:
    """Answers of one response by item, those that are none, and whether consent was given."""
    answers, wrong, agreed = {}, [], True
    for column, item in used.items():
        text = cells[column].strip()
        value = item.read(text) if text else None
        if item.name == "consent":
            agreed = value == "yes"
        if not item.keep:
            continue
        if value is not None:
            answers[item.name] = value
        elif text:
            wrong.append(Problem(row, item.name, "none of the answers; its text is not kept"))
    return answers, wrong, agreed


def _month(text: str) -> str:
    """Month of a time stamp, its year where day and month cannot be told apart, or nothing.

    >>> _month("2026-11-24 10:11:12"), _month("2026/3/4"), _month("11/4/2026 9:00"), _month("soon")
    ('2026-11', '2026-03', '2026', '')
    """
    if found := _DATE.fullmatch(text):
        month = int(found[2] or 0)
        return f"{found[1]}-{month:02d}" if 1 <= month <= 12 else found[1] if not month else ""
    found = _YEAR.match(text)
    return found[1] if found else ""
