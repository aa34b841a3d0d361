"""The questionnaire as a frozen model, and its codebook.

The answers to the barriers form a five-point scale after Likert (1932), A technique for the
measurement of attitudes, Archives of Psychology 22(140): the points are ordered, their distances
are not assumed equal.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

from gapstudy.errors import StudyError
from gapstudy.regions import country_code

Kind = Literal["choice", "country", "year", "percent", "likert"]
STAGES = ("data", "modelling", "scaling", "monitoring", "governance", "law_ethics", "market")
#: Answer outside the scale: does not apply, or not known.
NOT_APPLICABLE = "na"
#: Points of the scale, and those from which on a barrier counts as strong.
SCALE, STRONG = ("1", "2", "3", "4", "5"), ("4", "5")


@dataclass(frozen=True)
class Answer:
    """One answer of a closed list.

    Attributes:
        code: what survey tools export.
        name: what tables hold.
        label: what respondents read.
    """

    code: str
    name: str
    label: str


@dataclass(frozen=True)
class Item:
    """One question.

    Attributes:
        name: what tables call it.
        code: what survey tools call it.
        kind: closed list, country, year, percentage, or five-point scale.
        text: what respondents read.
        stage: stage of an AI project, for a barrier; else empty.
        answers: the closed list; empty for countries and numbers.
        low: smallest number allowed.
        high: largest number allowed.
        keep: whether the answer is kept after the import.
    """

    name: str
    code: str
    kind: Kind
    text: str
    stage: str = ""
    answers: tuple[Answer, ...] = ()
    low: float = 0.0
    high: float = 0.0
    keep: bool = True

    @cached_property
    def _known(self) -> dict[str, str]:
        # A label may read like the code of another answer, so codes come first.
        forms = [(fold(getattr(answer, part)), answer.name)
                 for part in ("code", "name", "label") for answer in self.answers]  # fmt: skip
        return dict(reversed(forms))

    def read(self, text: str) -> str | None:
        """The answer as tables hold it; None for what is no answer to this item.

        Args:
            text: code, name or label of an answer in any case, a country, or a number.
        """
        text = text.strip()
        if self.kind == "country":
            return country_code(text)
        if self.kind in {"year", "percent"}:
            return self._number(text)
        found = self._known.get(fold(text))
        if found is None and re.fullmatch(r"\d{1,3}\.0+", text, re.ASCII):
            found = self._known.get(text.partition(".")[0])  # 4.0, as spreadsheets write it
        # LimeSurvey writes so when the answer was typed beside the list.
        return "other" if found is None and text == "-oth-" and "other" in self.names else found

    def _number(self, text: str) -> str | None:
        text = text.removesuffix("%").strip()
        if not re.fullmatch(r"\d{1,6}([.,]\d{1,6})?", text, re.ASCII):
            return None
        value = float(text.replace(",", "."))
        if not self.low <= value <= self.high or (self.kind == "year" and value % 1):
            return None
        return f"{value:.6g}"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its answers."""
        return tuple(answer.name for answer in self.answers)

    def label(self, name: str) -> str:
        """Label of an answer by its name."""
        return next((answer.label for answer in self.answers if answer.name == name), name)


@dataclass(frozen=True)
class Questionnaire:
    """The whole questionnaire.

    Attributes:
        version: its version; part of every import.
        title: its title.
        intro: what respondents read first.
        scale_text: the question above the barriers.
        items: all items in their order, barriers last.
    """

    version: str
    title: str
    intro: str
    scale_text: str
    items: tuple[Item, ...]

    @property
    def kept(self) -> tuple[Item, ...]:
        """Items whose answers are kept."""
        return tuple(item for item in self.items if item.keep)

    @property
    def barriers(self) -> tuple[Item, ...]:
        """Items on the five-point scale."""
        return tuple(item for item in self.items if item.kind == "likert")

    def item(self, name: str) -> Item:
        """An item by its name."""
        return next(item for item in self.items if item.name == name)


def fold(text: str) -> str:
    """A text without case, signs and needless blanks, for comparing; `+` tells sizes apart.

    >>> fold("Law,  ethics or COMPLIANCE "), fold("250+")
    ('law ethics or compliance', '250+')
    """
    return " ".join(re.findall(r"[\w+]+", text.casefold()))


@cache
def questionnaire() -> Questionnaire:
    """The questionnaire of the package.

    Raises:
        StudyError: it names two things alike.
    """
    path = files("gapstudy.survey") / "questionnaire.toml"
    return from_data(tomllib.loads(path.read_text(encoding="utf-8")))


def from_data(data: dict[str, Any]) -> Questionnaire:
    """A questionnaire from the content of its TOML file.

    Raises:
        StudyError: two items or two answers of one item have a name, code or text in common, or a
            barrier has a stage that does not exist.
    """
    scale = _answers(data["scale"]["answers"])
    items = [Item(**{**row, "answers": _answers(row.get("answers", ()))}) for row in data["item"]]
    items += [Item(kind="likert", answers=scale, **row) for row in data["barrier"]]
    seen: dict[str, str] = {}
    for item in items:
        for form in {fold(item.name), fold(item.code), fold(item.text)}:
            if form in seen:
                raise StudyError(f"{item.name} and {seen[form]} of the questionnaire share "
                                 f"{form!r}", remedy="Name each item differently")  # fmt: skip
            seen[form] = item.name
        for part in ("code", "name", "label"):
            if len({fold(getattr(answer, part)) for answer in item.answers}) < len(item.answers):
                raise StudyError(f"two answers to {item.name} have the same {part}",
                                 remedy="Give each answer its own")  # fmt: skip
        if item.kind == "likert" and item.stage not in STAGES:
            raise StudyError(f"{item.name} belongs to no stage: {item.stage!r}",
                             remedy="Stages: " + ", ".join(STAGES))  # fmt: skip
    return Questionnaire(
        data["version"], data["title"], data["intro"], data["scale"]["text"], tuple(items)
    )


def _answers(rows: Any) -> tuple[Answer, ...]:
    return tuple(Answer(**row) for row in rows)


def as_text(form: Questionnaire) -> str:
    """The questionnaire as Markdown, to be put into a survey tool."""
    lines = [f"# {form.title}", "", form.intro, ""]
    for number, item in enumerate((i for i in form.items if i.kind != "likert"), start=1):
        lines.append(f"{number}. **{item.text}** (`{item.code}`)")
        lines += [f"   - {answer.label} (`{answer.code}`)" for answer in item.answers]
        if item.kind in {"year", "percent"}:
            lines.append(f"   - a number from {item.low:g} to {item.high:g}")
        if item.kind == "country":
            lines.append("   - a list of countries (name or ISO code)")
        lines.append("")
    lines += [f"**{form.scale_text}** (one answer in each row)", ""]
    lines += [f"- {answer.label} (`{answer.code}`)" for answer in form.barriers[0].answers]
    for stage in STAGES:
        lines += ["", f"*{stage.replace('_', ' and ')}*", ""]
        lines += [f"- {i.text} (`{i.code}`)" for i in form.barriers if i.stage == stage]
    return "\n".join(lines) + "\n"


#: Columns of the codebook.
CODEBOOK = ("item", "code", "kind", "stage", "text", "answers", "kept")


def codebook(form: Questionnaire) -> list[dict[str, str]]:
    """One row per item: what it is called, what it asks, and what each answer means."""
    return [
        {
            "item": item.name, "code": item.code, "kind": item.kind, "stage": item.stage,
            "text": item.text, "answers": _legend(item), "kept": "yes" if item.keep else "no",
        }
        for item in form.items
    ]  # fmt: skip


def _legend(item: Item) -> str:
    if item.kind == "country":
        return "ISO 3166-1 alpha-2"
    if item.kind in {"year", "percent"}:
        return f"{item.low:g} to {item.high:g}"
    return "; ".join(f"{one.code} = {one.name}: {one.label}" for one in item.answers)


def codebook_csv(form: Questionnaire) -> str:
    """The codebook as CSV."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, CODEBOOK, lineterminator="\n")
    writer.writeheader()
    writer.writerows(codebook(form))
    return buffer.getvalue()


def codebook_markdown(form: Questionnaire) -> str:
    """The codebook as a Markdown table."""
    lines = ["| " + " | ".join(CODEBOOK) + " |", "|" + "---|" * len(CODEBOOK)]
    lines += ["| " + " | ".join(row[name] for name in CODEBOOK) + " |" for row in codebook(form)]
    return "\n".join(lines) + "\n"
