"""The Census Bureau's downloads of the Business Trends and Outlook Survey, as workbooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from tests.server.site import Asked, Reply, Site
from tests.server.sites._whole import whole
from tests.server.sites._xlsx import Cell, xlsx

FOLDER = "/hfp/btos/downloads/"
#: First cycle with questions on AI, and the Monday on which its collection began.
FIRST, BEGAN = (2023, 19), dt.date(2023, 9, 11)
#: Days of collection that were left out, and the first day of the new wording.
GAP = (dt.date(2025, 10, 6), dt.date(2025, 11, 16))
NEW = dt.date(2025, 11, 17)
#: Day on which the files that no longer change were written.
FROZEN = dt.date(2023, 12, 28)
ORIGINAL, CURRENT = "in producing goods or services?", "in any of its business functions?"
TIMES = {
    "7": "In the last two weeks, did this business use Artificial Intelligence (AI) ",
    "24": "During the next six months, do you think this business will be using Artificial "
          "Intelligence (AI) ",
}  # fmt: skip
ANSWERS = ("Yes", "No", "Do not know")
#: Days from the beginning of a cycle's collection to its release, a Thursday.
RELEASED = 17
STRATA: dict[str, tuple[str, tuple[str, ...]]] = {
    "National": ("", ("",)),
    "Employment Size Class": ("Empsize", ("A", "G")),
    "Sector": ("Sector", ("11", "51", "XX")),
}
DICTIONARY = (
    ("Item/Scope", "Description", "Notes"),
    (1, "All companies in the target population."),
    (6, "Companies that plan not to use Artificial Intelligence in the next six months."),
    ("A", "1 to 4 employees"),
    ("G", "250 or more employees"),
)


@dataclass(frozen=True)
class Cycle:
    """Two weeks of collection."""

    name: str
    first: dt.date

    @property
    def last(self) -> dt.date:
        return self.first + dt.timedelta(days=13)

    @property
    def asked(self) -> bool:
        """Whether it took place."""
        return not GAP[0] <= self.first <= GAP[1]


class Btos(Site):
    """Workbooks with a column per released cycle, newest first; its errors are set a day later.

    The files that the bureau no longer changes are there on every day.
    """

    HOSTS = ("www.census.gov",)
    RATE = 1.0
    ROBOTS = "User-agent: *\nDisallow: /econ/private/\n"

    def reply(self, asked: Asked) -> Reply:
        name = asked.path.removeprefix(FOLDER) if asked.path.startswith(FOLDER) else ""
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        if name.removesuffix(".xlsx") in STRATA:
            day = max([cycle.first + dt.timedelta(days=RELEASED) for cycle in self._cycles()],
                      default=self.world.start)  # fmt: skip
            day = min(day + dt.timedelta(days=1), self.world.day)
            return whole(asked, self._core(name.removesuffix(".xlsx")), kind, day)
        if name == "AI Core Questions.xlsx":
            return whole(asked, self._original(), kind, FROZEN)
        if name in {"AI_Supplement_Table.xlsx", "AI_Supplement_Table_2026.xlsx"}:
            return whole(asked, self._supplement("2026" in name), kind, FROZEN)
        return Reply(404, b"<!DOCTYPE html><html>Not found</html>", {"Content-Type": "text/html"})

    def _cycles(self) -> Iterator[Cycle]:
        first, number = BEGAN, FIRST[1] - 1
        while first + dt.timedelta(days=RELEASED) <= self.world.day:
            yield Cycle(f"{FIRST[0] + number // 26}{number % 26 + 1:02}", first)
            first, number = first + dt.timedelta(days=14), number + 1

    def _core(self, name: str) -> bytes:
        column, codes = STRATA[name]
        texts = [CURRENT, *([ORIGINAL] if self.world.day < NEW else [])]
        cycles = list(self._cycles())
        dates: list[list[Cell]] = [["Sample Year", "Cycle", "Panel", "Smpdt", "Collection Start",
                                    "Col End", "Reference Period Start", "Ref End",
                                    "Publication Date"]]  # fmt: skip
        for number, cycle in enumerate(cycles):
            days = [cycle.first, cycle.last, cycle.first - dt.timedelta(days=14),
                    cycle.first - dt.timedelta(days=1)]  # fmt: skip
            serials = [(day - dt.date(1899, 12, 30)).days for day in days]
            dates.append([None, "1", str(number % 6 + 1), cycle.name, *serials, None])
        return xlsx({
            "Response Estimates": self._table(column, codes, texts, cycles, error=False),
            "Response Standard Errors": self._table(column, codes, texts, cycles, error=True),
            "Index Estimates": [["Option Text", *(cycle.name for cycle in reversed(cycles))]],
            "Collection and Reference Dates": dates,
            "Data Dictionary": DICTIONARY,
        })  # fmt: skip

    def _original(self) -> bytes:
        until = FROZEN - dt.timedelta(days=RELEASED)
        cycles = [cycle for cycle in self._cycles() if cycle.first <= until]
        sheets: dict[str, list[list[Cell]]] = {}
        for name, (column, codes) in STRATA.items():
            stem = name.split()[0]
            for word, error in (("Estimates", False), ("Standard Errors", True)):
                sheets[f"{stem} {word}"] = self._table(
                    column, codes, [ORIGINAL], cycles, error=error
                )
        dates: list[list[Cell]] = [["Smpdt", "Col Start", "Col End", "Ref Start", "Ref End"]]
        for cycle in cycles:
            told = [f"{day:%m/%d/%Y}" for day in (cycle.first, cycle.last)]
            dates.append([cycle.name, *told, *told])
        return xlsx({**sheets, "Collection and Reference Dates": dates})

    def _table(
        self, column: str, codes: tuple[str, ...], texts: list[str], cycles: list[Cycle], *,
        error: bool,
    ) -> list[list[Cell]]:  # fmt: skip
        newest_first = list(reversed(cycles))
        keys = [column] if column else []
        rows: list[list[Cell]] = [[*keys, "Question ID", "Question", "Answer ID", "Answer",
                                   *(cycle.name for cycle in newest_first)]]  # fmt: skip
        for code in codes:
            stratum = [code] if column else []
            rows.append([*stratum, "1", "How is this business performing?", "1", "Excellent",
                         *("12.0%" for _ in cycles)])  # fmt: skip
            for text in texts:
                for number, opening in TIMES.items():
                    for place, answer in enumerate(ANSWERS, start=1):
                        cells = (self._cell(code, text, number, answer, cycle, error=error)
                                 for cycle in newest_first)  # fmt: skip
                        rows.append([*stratum, number, opening + text, str(place), answer, *cells])
        note = "Source: U.S. Census Bureau, Business Trends and Outlook Survey (BTOS)"
        return [*rows, [], [note]]

    def _cell(
        self, code: str, text: str, number: str, answer: str, cycle: Cycle, *, error: bool
    ) -> str:
        if not cycle.asked or (text == CURRENT) != (cycle.first >= NEW):
            return "."
        chance = self.world.random("btos", code, number, answer, cycle.name)
        if code == "11" and chance.random() < 0.3:
            return "S"
        share = {"Yes": 10, "No": 80, "Do not know": 10}[answer] + chance.uniform(-5, 5)
        if not error:
            return f"{share:.1f}%"
        fresh = self.world.day <= cycle.first + dt.timedelta(days=RELEASED)
        return f"{0.5 + chance.random() + (0.1 if fresh else 0.0):.2f}%"

    def _supplement(self, second: bool) -> bytes:
        text = CURRENT if second else ORIGINAL
        header: list[Cell] = ["Scope (see data dictionary)", "Question ID", "Question", "Answer ID",
                              "Answer"]  # fmt: skip
        questions = [(1, 1, TIMES["7"] + text, ANSWERS),
                     (6, 15, f"Why does this business not plan to use Artificial Intelligence (AI) "
                             f"{text}", ("Too expensive", "Not applicable"))]  # fmt: skip
        sheets: dict[str, list[list[Cell]]] = {}
        for name, (column, codes) in STRATA.items():
            stem = name.split()[0]
            keys: list[Cell] = [column] if column else []
            shares: list[list[Cell]] = [[*keys, *header, "Estimate",
                                         *([] if second else ["Standard Error"])]]  # fmt: skip
            errors: list[list[Cell]] = [[*keys, *header, "SE"]]
            for code in codes:
                for scope, number, question, answers in questions:
                    for place, answer in enumerate(answers, start=1):
                        chance = self.world.random("supplement", second, code, number, answer)
                        told: list[Cell] = [*([code] if column else []), scope, number, question,
                                            place, answer]  # fmt: skip
                        hidden = code == "11" and chance.random() < 0.3
                        share = "S" if hidden else f"{chance.uniform(0, 90):.1f}%"
                        error = "S" if hidden else f"{chance.uniform(0, 2):.2f}%"
                        shares.append([*told, share, *([] if second else [error])])
                        errors.append([*told, error])
            sheets[f"{stem} Response Estimates"] = shares
            if second:
                sheets[f"{stem} Standard Errors"] = errors
        return xlsx({**sheets, "Data Dictionary": DICTIONARY})
