"""BTOS: two wordings kept apart, what is suppressed and not asked, dates, and the true supplement.

The core workbooks here are made up, in the layout that users of the files describe: no true one
was at hand. The first supplement is checked field by field where its workbook is there.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from scrapy.http import TextResponse
from tests.server.site import Asked, World
from tests.server.sites.btos import CURRENT, ORIGINAL, TIMES
from tests.server.sites.btos import Btos as Site

from gapstudy.collect.parse import records
from gapstudy.errors import ShapeError
from gapstudy.sources import _btos_book
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources._btos_book import day, share
from gapstudy.sources.base import Ask, Bad, Record
from gapstudy.sources.btos import Btos, on_ai, wording

BASE = "https://www.census.gov/hfp/btos/downloads/"
REFERENCE = Path(__file__).resolve().parents[3] / "../shared/reference/products/btos"
WORKBOOK = REFERENCE / "ai_supplement_us_census.xlsx"
DAYS = (dt.date(2024, 1, 1), dt.date(2026, 6, 1))
SHEETS = {"national": "", "sector": "sector", "state": "state", "employment": "size"}


def answer(body: bytes, status: int = 200) -> TextResponse:
    url = BASE + "National.xlsx"
    return TextResponse(url, status=status, body=body, request=Btos().get(url))


def figures(name: str, body: bytes) -> list[dict[str, Any]]:
    found = list(records("btos", BASE + name, body))
    assert not [one for one in found if isinstance(one, Bad)]
    assert [one.row for one in found] == list(range(1, len(found) + 1))
    data = [one.data for one in found if isinstance(one, Record)]
    keys = {tuple(one[name] for name in ("indicator", "period", "entity", "unit")) for one in data}
    assert len(keys) == len(data)
    return data


def on_day(day: dt.date, name: str) -> list[dict[str, Any]]:
    path = f"/hfp/btos/downloads/{name}"
    reply = Site(World(day=day)).reply(Asked("GET", "www.census.gov", path))
    assert isinstance(Btos().judge(answer(reply.body, reply.status)), Good)
    return figures(name.replace(" ", "%20"), reply.body)


def test_one_request_per_workbook() -> None:
    asked = [request.url for request in Btos().begin(Ask(*DAYS))]
    assert asked[:2] == [BASE + "National.xlsx", BASE + "Employment%20Size%20Class.xlsx"]
    assert len(asked) == 6
    (one,) = Btos().begin(Ask(*DAYS, options={"workbooks": ["State.xlsx"]}))
    assert one.url == BASE + "State.xlsx"
    assert Btos.CARD is not None
    assert Btos.CARD.robots
    assert Btos.WHOLE


@pytest.mark.parametrize(
    ("body", "status", "verdict"),
    [
        (b"PK\x03\x04", 200, Good),
        (b"<!DOCTYPE html><html>Error</html>", 200, Refused),
        (b"", 200, Again),
        (b"<html>Forbidden</html>", 403, Refused),
        (b"<html>Not found</html>", 404, Refused),
        (b"", 503, Again),
    ],
)
def test_what_an_answer_means(body: bytes, status: int, verdict: type) -> None:
    assert isinstance(Btos().judge(answer(body, status)), verdict)


def test_questions_by_their_text() -> None:
    assert wording(TIMES["7"] + ORIGINAL) == "goods_or_services"
    assert wording(TIMES["24"] + CURRENT) == "business_functions"
    assert not wording("How is this business performing?")
    assert on_ai("Did this business use AI?")
    assert not on_ai("Was the cost of MAINTENANCE or AIR travel paid?")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("18.3%", (18.3, "")), ("0.05%", (0.05, "")), ("100%", (100.0, "")),
     ("S", (None, "suppressed")), (".", (None, "not_asked"))],
)  # fmt: skip
def test_a_share_or_why_there_is_none(cell: str, expected: tuple[float | None, str]) -> None:
    assert share(cell) == expected


@pytest.mark.parametrize("cell", ["0.183", "18,3%", "101%", "-1%", "s", "%", "1e2%"])
def test_what_is_no_share_is_no_zero(cell: str) -> None:
    with pytest.raises(ValueError, match="is no percentage"):
        share(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("45978", dt.date(2025, 11, 17)), ("11/17/2025", dt.date(2025, 11, 17)),
     ("9/1/2023", dt.date(2023, 9, 1)), ("2025-11-17", dt.date(2025, 11, 17)),
     ("13/45/2025", None), ("99999", None), ("", None), ("soon", None)],
)  # fmt: skip
def test_days_as_the_workbooks_write_them(cell: str, expected: dt.date | None) -> None:
    assert day(cell) == expected


def test_the_wordings_are_two_series_and_the_gap_stays_open() -> None:
    after = on_day(dt.date(2026, 1, 15), "National.xlsx")
    before = on_day(dt.date(2025, 11, 1), "National.xlsx")
    yes = "btos:ai_use_now:{}:yes"
    new = [one for one in after if one["indicator"] == yes.format("business_functions")]
    old = [one for one in before if one["indicator"] == yes.format("goods_or_services")]
    assert not [one for one in after if "goods_or_services" in one["indicator"]]
    assert not [one for one in before if "business_functions" in one["indicator"]]
    asked = [one["period"] for one in new if one["value"] is not None]
    assert min(asked) == "2025-11-17/2025-11-30"
    assert max(one["period"] for one in old if one["value"] is not None) == "2025-09-22/2025-10-05"
    gap = [one for one in new if "2025-10-06" <= one["period"] < "2025-11-17"]
    assert len(gap) == 3
    assert {(one["value"], one["status"]) for one in gap} == {(None, "not_asked")}
    assert min(one["period"] for one in old) == "2023-09-11/2023-09-24"


def test_a_release_adds_a_cycle() -> None:
    # 202402 was collected from Monday 2024-01-15 and released on Thursday 2024-02-01.
    periods = [
        {one["period"] for one in on_day(dt.date(2024, 2, number), "Sector.xlsx")}
        for number in (1, 2)
    ]
    earlier = {one["period"] for one in on_day(dt.date(2024, 1, 31), "Sector.xlsx")}
    assert periods[0] == periods[1] == earlier | {"2024-01-15/2024-01-28"}
    found = on_day(dt.date(2024, 2, 2), "Sector.xlsx")
    assert {one["entity"] for one in found} == {"sector 11", "sector 51", "sector XX"}
    assert {one["status"] for one in found} == {"", "suppressed"}
    assert all((one["value"] is None) == (one["standard_error"] is None) for one in found)


def test_files_that_no_longer_change() -> None:
    original = on_day(dt.date(2024, 2, 2), "AI Core Questions.xlsx")
    assert {one["entity"] for one in original} >= {"", "size A", "sector 51"}
    assert all("goods_or_services" in one["indicator"] for one in original)
    first = on_day(dt.date(2024, 2, 2), "AI_Supplement_Table.xlsx")
    second = on_day(dt.date(2024, 2, 2), "AI_Supplement_Table_2026.xlsx")
    assert {one["period"] for one in first} == {"2023-12-04/2024-02-25"}
    assert {one["period"] for one in second} == {"2025-11-17/2026-02-08"}
    assert all(one["standard_error"] is not None for one in second if one["value"] is not None)
    assert not {one["indicator"] for one in first} & {one["indicator"] for one in second}


def test_a_workbook_as_an_office_program_writes_it() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Response Estimates"
    text = TIMES["7"] + CURRENT
    for row in (["Question ID", "Question", "Answer ID", "Answer", 202524],
                [7, text, 1, "Yes", "17.3%"]):  # fmt: skip
        sheet.append(row)
    dates = book.create_sheet("Collection and Reference Dates")
    dates.append(["Smpdt", "Collection Start", "Col End"])
    dates.append([202524, dt.date(2025, 11, 17), dt.date(2025, 11, 30)])
    file = io.BytesIO()
    book.save(file)
    (found,) = figures("National.xlsx", file.getvalue())
    assert (found["value"], found["standard_error"]) == (17.3, None)
    assert found["period"] == "2025-11-17/2025-11-30"


def test_a_workbook_far_too_large_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/hfp/btos/downloads/National.xlsx"
    body = Site(World()).reply(Asked("GET", "www.census.gov", path)).body
    monkeypatch.setattr(_btos_book, "_UNPACKED", 1_000)
    with pytest.raises(ShapeError, match="unpacks to more than 1000 bytes"):
        list(records("btos", BASE + "National.xlsx", body))


def test_a_workbook_of_far_too_many_sheets_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/hfp/btos/downloads/National.xlsx"
    body = Site(World()).reply(Asked("GET", "www.census.gov", path)).body
    monkeypatch.setattr(_btos_book, "_SHEETS", 4)
    with pytest.raises(ShapeError, match="has more than 4 sheets"):
        list(records("btos", BASE + "National.xlsx", body))


def test_a_sheet_that_states_a_million_rows_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/hfp/btos/downloads/National.xlsx"
    body = Site(World()).reply(Asked("GET", "www.census.gov", path)).body
    monkeypatch.setattr(_btos_book, "_ROWS", 5)
    with pytest.raises(ShapeError, match="has more than 5 rows"):
        list(records("btos", BASE + "National.xlsx", body))


@pytest.mark.skipif(not WORKBOOK.exists(), reason="the data sets of others are not here")
def test_the_true_supplement_field_by_field() -> None:
    """Against the same tables as CSV files, row by row."""
    found = figures("AI_Supplement_Table.xlsx", WORKBOOK.read_bytes())
    told = {(one["indicator"], one["entity"], one["unit"]): one for one in found}
    counts: dict[str, int] = {}
    for name, word in SHEETS.items():
        with open(REFERENCE / f"btos_ai_supplement_{name}.csv", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        counts[name] = len(rows)
        for row in rows:
            code = next(iter(row.values())) if word else ""
            scope = row["Scope (see data dictionary)"]
            key = (
                f"btos:supplement1:q{row['Question ID']}:a{row['Answer ID']}",
                f"{word} {code}".strip(), f"percent of businesses in scope {scope}",
            )  # fmt: skip
            one = told[key]
            if row["Estimate"] == "S":
                assert (one["value"], one["status"]) == (None, "suppressed")
            else:
                assert f"{one['value']:.1f}%" == row["Estimate"]
                assert f"{one['standard_error']:.2f}%" == row["Standard Error"]
                assert one["status"] == ""
            question = " ".join(row["Question"].split())
            # The answer "None" of question 2 was lost in the CSV files.
            told_answer = " ".join(row["Answer"].split()) or "None"
            assert one["definition"].startswith(f"{question} Answer: {told_answer}.")
            assert (one["geo"], one["period"]) == ("US", "2023-12-04/2024-02-25")
    assert counts == {"national": 96, "sector": 1920, "state": 5088, "employment": 672}
    assert len(found) == sum(counts.values())
    assert sum(one["status"] == "suppressed" for one in found) == 290 + 1392 + 8
    assert told["btos:supplement1:q1:a1", "", "percent of businesses in scope 1"]["value"] == 5.0
    barriers = [one for one in found if ":q15:" in one["indicator"] and not one["entity"]]
    assert len(barriers) == 11
    assert {one["unit"] for one in barriers} == {"percent of businesses in scope 6"}
