"""US Census Bureau, Business Trends and Outlook Survey: use of AI by employer businesses."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import quote, unquote

from gapstudy.sources._answers import Good, Refused, Verdict
from gapstudy.sources._btos_book import (
    Rows,
    Sheet,
    cycles,
    meanings,
    pairs,
    read_book,
    share,
    with_header,
)
from gapstudy.sources._shape import unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

BASE = "https://www.census.gov/hfp/btos/downloads/"
PAGE = "https://www.census.gov/hfp/btos/data_downloads"
#: Columns that every sheet of estimates has.
NEEDED = ("question id", "question", "answer id", "answer")
STRATA = {"sector": "sector", "state": "state", "empsize": "size", "subsector": "subsector",
          "msa": "metropolitan area"}  # fmt: skip
#: Wordings of the core questions: what they ask about -> our name. Never one series.
WORDINGS = {
    "producing goods or services": "goods_or_services",
    "business functions": "business_functions",
}
TIMES = {"last two weeks": "ai_use_now", "next six months": "ai_use_expected"}


class Wave(NamedTuple):
    """One AI supplement.

    Attributes:
        name: our name.
        wording: wording of its first question.
        days: days of its collection, which its workbook does not say.
    """

    name: str
    wording: str
    days: str


#: File of a supplement -> what it is. Days as the Census Bureau announced them.
WAVES = {
    "ai_supplement_table.xlsx": Wave("supplement1", "goods_or_services", "2023-12-04/2024-02-25"),
    "ai_supplement_table_2026.xlsx": Wave(
        "supplement2", "business_functions", "2025-11-17/2026-02-08"
    ),
}


class Btos(Source):
    """Shares of US employer businesses that use AI, from the survey's workbooks.

    Core workbooks have a column per two-week cycle, of which the questions on AI are read. Until
    2025-11-16 they ask about AI "in producing goods or services", from 2025-11-17 "in any of its
    business functions"; the bureau calls that a new series, and so do the identifiers here, by the
    text of the question: `btos:ai_use_now:goods_or_services:yes` and
    `btos:ai_use_now:business_functions:yes`. Cycles 202521 to 202523 were not collected, at the
    same time; nothing bridges them. The supplements give one figure per question and answer,
    `btos:supplement1:q15:a1`; their scope, the denominator, is in the unit.

    A share is of businesses, not of employment. `S` is a row without a value and the status
    "suppressed", `.` one with "not_asked", where the row of the sheet has other figures.

    Not confirmed: the layout of the core workbooks and of the second supplement, which are read by
    the names of sheets and columns; both a column of standard errors and a sheet of them are taken.
    """

    name = "btos"
    TITLE = "US Census Bureau, Business Trends and Outlook Survey: artificial intelligence"
    GIVES = ("indicators",)
    LICENCE = "US government work"
    REGION_BASIS = "respondent"
    # A release every second Thursday rewrites the workbooks, of 0.1 to 1.5 MB each and whole; to be
    # asked for daily at most, and the budget leaves room to repeat.
    CARD = Card(
        hosts=("www.census.gov",), delay=5.0, budgets=(Budget(30, 86_400),), robots=True, overlap=0,
        answer_bytes=600_000,
    )  # fmt: skip
    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "workbooks": (
            "National.xlsx", "Employment Size Class.xlsx", "Sector.xlsx", "AI Core Questions.xlsx",
            "AI_Supplement_Table.xlsx", "AI_Supplement_Table_2026.xlsx",
        )
    }  # fmt: skip
    WHOLE = True

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """One request per workbook."""
        options = {**self.OPTIONS, **ask.options}
        for name in options["workbooks"]:
            yield self.get(BASE + quote(name))

    def judge(self, response: Response) -> Verdict:
        """A workbook is a zip; whatever else comes with status 200 is a refusal."""
        verdict = super().judge(response)
        if isinstance(verdict, Good) and response.body[:2] != b"PK":
            remedy = f"See whether {PAGE} still offers the file; leave it out in [source.btos]"
            return Refused("a web page came in place of the workbook", remedy)
        return verdict

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one workbook; the row of a record is its number among the figures read.

        Raises:
            ShapeError: not a workbook, no sheet of estimates, a question on AI in a wording never
                seen, or no figure that can be read.
        """
        book = read_book(response)
        names = list(pairs(book))
        if not names:
            raise unknown(f"no sheet of estimates among {sorted(book)}"[:300], response.url)
        reader = _Reader(response.url, book)
        found, faults = 0, ""
        figures = itertools.chain.from_iterable(itertools.starmap(reader.read, names))
        for number, result in enumerate(figures, start=1):
            found += isinstance(result, Record)
            faults = faults or (result.reason if isinstance(result, Bad) else "")
            yield replace(result, row=number)
        if not found:
            why = f"the first: {faults}" if faults else "no question on AI"
            raise unknown(f"no estimate can be read; {why}", response.url)


def on_ai(question: str) -> bool:
    """Whether a question is about artificial intelligence."""
    return "artificial intelligence" in question.casefold() or bool(re.search(r"\bAI\b", question))


def wording(question: str) -> str:
    """Wording of a question on the use of AI; empty when it is none of the known ones."""
    text = question.casefold()
    return next((name for part, name in WORDINGS.items() if part in text), "")


def slug(text: str) -> str:
    """A text as part of an identifier."""
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


class _Reader:
    """Reads the sheets of one workbook."""

    def __init__(self, url: str, book: Mapping[str, Rows]) -> None:
        self.url = url
        self.book = book
        self.meanings = meanings(book)
        self.cycles = cycles(book)
        self.wave = WAVES.get(unquote(url).split("?")[0].rsplit("/", 1)[-1].casefold())

    def read(self, estimates: str, errors: str | None) -> Iterator[Record | Bad]:
        """Figures of a sheet."""
        sheet = self._sheet(estimates)
        beside = self._sheet(errors) if errors else None
        if _cycle_columns(sheet):
            return self._core(sheet, beside)
        if sheet.place("estimate") is not None:
            return self._supplement(sheet, beside)
        raise unknown(f"the sheet {sheet.name!r} has neither cycles nor 'Estimate'", self.url)

    def _sheet(self, name: str) -> Sheet:
        sheet = with_header(name, self.book[name], NEEDED)
        if sheet is None:
            raise unknown(f"the sheet {name!r} lacks one of the columns {NEEDED}", self.url)
        return sheet

    def _core(self, sheet: Sheet, beside: Sheet | None) -> Iterator[Record | Bad]:
        if not self.cycles:
            raise unknown("the workbook holds no dates of collection", self.url)
        columns = _cycle_columns(sheet)
        errors = {}
        for source in [beside] if beside else []:
            for row in source.rows:
                item = _Item.read(source, row)
                if item and on_ai(item.question):
                    for name, place in _cycle_columns(source).items():
                        errors[item.key, wording(item.question), name] = row[place]
        for name in sorted(set(columns) - set(self.cycles)):
            yield Bad("indicators", f"the cycle {name} has no dates", f"{sheet.name}: {name}")
        for row in sheet.rows:
            item = _Item.read(sheet, row)
            if item is None or not on_ai(item.question):
                continue
            said = wording(item.question)
            time = next((ours for text, ours in TIMES.items()
                         if text in item.question.casefold()), "")  # fmt: skip
            if not said or not time:
                what = f"a question on AI in a wording never seen: {item.question[:150]!r}"
                raise unknown(what, self.url)
            if all(row[place] in {"", "."} for place in columns.values()):
                continue  # a wording that this workbook does not hold
            for name in sorted(set(columns) & set(self.cycles)):
                yield from self._figure(
                    item, f"btos:{time}:{said}:{slug(item.answer)}", self.cycles[name],
                    row[columns[name]], errors.get((item.key, said, name), ""),
                )  # fmt: skip

    def _supplement(self, sheet: Sheet, beside: Sheet | None) -> Iterator[Record | Bad]:
        if self.wave is None:
            raise unknown("the days of this supplement are not known", self.url)
        measures = {column.removeprefix("estimate"): place
                    for place, column in enumerate(sheet.columns)
                    if column.startswith("estimate")}  # fmt: skip
        errors = {}
        for source in (sheet, beside) if beside else (sheet,):
            for row in source.rows:
                item = _Item.read(source, row)
                for place, column in enumerate(source.columns):
                    if item and (match := re.fullmatch(r"(?:standard error|se)\b(.*)", column)):
                        errors[item.key, slug(match[1])] = row[place]
        for row in sheet.rows:
            item = _Item.read(sheet, row)
            if item is None:
                continue
            if item.id == "1" and wording(item.question) != self.wave.wording:
                what = f"question 1 is not worded as in {self.wave.name}: {item.question[:150]!r}"
                raise unknown(what, self.url)
            name = f"btos:{self.wave.name}:q{item.id}:a{item.answer_id}"
            if not any(row[place] for place in measures.values()):
                yield Bad("indicators", "Estimate: empty", " | ".join(row))
            for measure, place in measures.items():
                suffix = f":{slug(measure)}" if slug(measure) else ""
                error = errors.get((item.key, slug(measure)), "")
                yield from self._figure(item, name + suffix, self.wave.days, row[place], error)

    def _figure(
        self, item: _Item, indicator: str, period: str, cell: str, error: str
    ) -> Iterator[Record | Bad]:
        if not cell:
            return
        try:
            value, status = share(cell)
            deviation = share(error)[0] if error else None
        except ValueError as fault:
            yield Bad("indicators", f"estimate or error: {fault}",
                      f"{indicator} {item.entity} {period}: {cell} ({error})")  # fmt: skip
            return
        scope = f" in scope {item.scope}" if item.scope else ""
        about = [f"{item.question} Answer: {item.answer}.",
                 *(self.meanings.get(code, "") for code in (item.scope, *item.codes))]  # fmt: skip
        yield Record("indicators", {
            "indicator": indicator, "geo": "US", "period": period, "entity": item.entity,
            "entity_kind": "businesses", "value": value, "unit": f"percent of businesses{scope}",
            "standard_error": deviation if value is not None else None, "status": status,
            "definition": " ".join(part for part in about if part),
            "source_name": "US Census Bureau, Business Trends and Outlook Survey",
            "evidence": PAGE,
        })  # fmt: skip


def _cycle_columns(sheet: Sheet) -> dict[str, int]:
    return {
        name: place for place, name in enumerate(sheet.columns) if re.fullmatch(r"20[0-9]{4}", name)
    }


class _Item(NamedTuple):
    """What a row of a sheet is about.

    Attributes:
        codes: sector, state or size class, as the sheet has them.
        entity: the same in words.
        scope: businesses asked; empty in core workbooks.
        id: number of the question.
        question: its text.
        answer_id: number of the answer.
        answer: its text.
    """

    codes: tuple[str, ...]
    entity: str
    scope: str
    id: str
    question: str
    answer_id: str
    answer: str

    @property
    def key(self) -> tuple[Any, ...]:
        """What a row of estimates and its row of standard errors have in common."""
        return self.codes, self.scope, self.id, self.answer_id

    @classmethod
    def read(cls, sheet: Sheet, row: list[str]) -> _Item | None:
        """The item of a row; None for a note below the table."""
        places = [sheet.columns.index(name) for name in NEEDED]
        number, question, answer_number, answer = (row[place] for place in places)
        if not re.fullmatch(r"[0-9]{1,4}", number) or not question:
            return None
        scope = sheet.place("scope")
        strata = sheet.strata
        codes = tuple(row[: len(strata)])
        told = zip(strata, codes, strict=True)
        entity = "; ".join(f"{STRATA.get(name, name)} {code}" for name, code in told)
        scoped = "" if scope is None else row[scope]
        return cls(codes, entity, scoped, number, question, answer_number, answer)
