"""The FDA's list of AI-enabled devices: its three forms, and the list that was recorded."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.server.site import World
from tests.server.sites import fda_ai_devices as played
from tests.sources._offline import Crawl, answer, reply_to

from gapstudy.errors import ShapeError
from gapstudy.sources import fda_ai_devices
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Bad, Record
from gapstudy.sources.fda_ai_devices import FdaAiDevices

SHARED = Path(__file__).resolve().parents[3] / "../shared"
LIST = SHARED / "recorded/fda_ai_list/ai-ml-enabled-devices-xml.xml"
REFERENCE = SHARED / "reference/products/fda_ai_devices_to_2025-09_with_received_dates.csv.gz"
here = pytest.mark.skipif(not LIST.exists(), reason="the recorded list is not here")
ADDRESS = "https://www.fda.gov/media/178565/download?attachment"
HEADER = ("Date of Final Decision", "Submission Number", "Device", "Company", "Panel (Lead)",
          "Primary Product Code")  # fmt: skip


def read(body: bytes) -> tuple[list[dict[str, Any]], list[Bad]]:
    found = list(FdaAiDevices().parse(answer(FdaAiDevices(), body, url=ADDRESS)))
    return (
        [item.data for item in found if isinstance(item, Record)],
        [item for item in found if isinstance(item, Bad)],
    )


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def test_one_request_for_the_whole_whatever_the_window() -> None:
    for first in (dt.date(2020, 1, 1), dt.date(2024, 1, 1)):
        (request,) = FdaAiDevices().begin(Ask(first, dt.date(2024, 3, 1)))
        assert request.url == ADDRESS
    other = Ask(first, first, options={"url": "https://www.fda.gov/media/1/download"})
    (request,) = FdaAiDevices().begin(other)
    assert request.url == "https://www.fda.gov/media/1/download"
    assert FdaAiDevices.WHOLE
    assert FdaAiDevices.CARD is not None
    assert FdaAiDevices.CARD.robots


def test_a_page_in_place_of_the_file_is_told_and_not_asked_for_again() -> None:
    source = FdaAiDevices()
    verdict = source.judge(answer(source, "\n<!DOCTYPE html><html></html>", url=ADDRESS))
    assert isinstance(verdict, Refused)
    assert "fda_ai_devices" in verdict.remedy
    assert source.judge(answer(source, "<?xml version='1.0'?><data/>", url=ADDRESS)) == Good()
    assert isinstance(source.judge(answer(source, "", status=503, url=ADDRESS)), Again)
    assert isinstance(source.judge(answer(source, "", status=404, url=ADDRESS)), Refused)


def test_the_three_forms_of_one_list_give_the_same() -> None:
    site = played.FdaAiDevices(World(day=dt.date(2024, 2, 1)))
    site.form = "xml"
    rows, bad = read(reply_to(site, ADDRESS).body)
    assert not bad
    site.form = "csv"
    # Without formulas the address of the evidence is made from the number.
    plain, bad = read(reply_to(site, ADDRESS).body)
    assert not bad
    assert [row | {"evidence": ""} for row in plain] == [row | {"evidence": ""} for row in rows]
    cells = [
        (dt.datetime.fromisoformat(row["date"]),
         f'=HYPERLINK("{row["evidence"]}", "{row["product_id"].removeprefix("fda:")}")',
         row["name"], row["organisation"], *_panel_and_code(row))
        for row in rows
    ]  # fmt: skip
    assert read(workbook(("A title",), (), HEADER, *cells)) == (rows, [])


def _panel_and_code(row: dict[str, Any]) -> tuple[str, str]:
    panel, code = row["description"].removeprefix("Lead panel: ").split("; product code: ")
    return panel, code


def test_a_site_that_has_nothing_new_says_so() -> None:
    site = played.FdaAiDevices(World())
    first = reply_to(site, ADDRESS)
    assert reply_to(site, ADDRESS, {"If-None-Match": first.headers["ETag"]}).status == 304
    found = Crawl().run(FdaAiDevices(), site, Ask(site.world.start, site.world.day))
    assert len(found.rows) == len(read(first.body)[0])


def test_a_workbook_that_unpacks_to_too_much_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fda_ai_devices, "_MOST", 1000)
    with pytest.raises(ShapeError, match="unpacks to more than 1000 bytes"):
        read(workbook(HEADER))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("a.txt", "no workbook")
    with pytest.raises(ShapeError, match="the workbook cannot be read"):
        read(file.getvalue())


@here
def test_the_recorded_list() -> None:
    rows, bad = read(LIST.read_bytes())
    assert not bad
    assert len(rows) == 1357
    assert Counter(row["product_id"].removeprefix("fda:")[0] for row in rows) == {
        "K": 1304, "D": 37, "P": 16,
    }  # fmt: skip
    assert (max(row["date"] for row in rows), min(row["date"] for row in rows)) == (
        "2025-09-29", "1995-09-29",
    )  # fmt: skip
    assert Counter(row["date_meaning"] for row in rows) == {"clearance": 1341, "approval": 16}
    first, last = rows[0], rows[-1]
    assert {name: first[name] for name in ("product_id", "name", "organisation", "date",
                                           "description", "evidence")} == {
        "product_id": "fda:K252054", "name": "SpineAR SNAP (SyncAR Spine)",
        "organisation": "Surgical Theater, Inc.", "date": "2025-09-29",
        "description": "Lead panel: Neurology; product code: SBF",
        "evidence": "https://www.accessdata.fda.gov/scripts/cdrh/cfdocs/cfPMN/pmn.cfm?ID=K252054",
    }  # fmt: skip
    assert (last["product_id"], last["organisation"]) == ("fda:P950009", "BD DIAGNOSTICS")
    assert {row["home_country"] for row in rows} == {None}
    assert {row["category"] for row in rows} == {"AI-enabled medical device"}


@here
@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference list is not here")
def test_the_recorded_list_agrees_with_what_others_read_from_it() -> None:
    # They spelt out signs that the list has in a wrong encoding, as control characters.
    signs = str.maketrans({"\x99": "TM", "\x96": "-", "\x93": "'", "\x94": "'"})
    rows, _ = read(LIST.read_bytes())
    ours = {
        (row["product_id"], row["date"], row["name"].translate(signs), row["organisation"],
         row["description"])
        for row in rows
    }  # fmt: skip
    with gzip.open(REFERENCE, "rt", encoding="utf-8", newline="") as file:
        theirs = {
            (f"fda:{row['submission_id']}", "{2}-{0}-{1}".format(*row["date"].split("/")),
             " ".join(row["device"].split()), " ".join(row["company"].split()),
             f"Lead panel: {row['panel']}; product code: {row['code']}")
            for row in csv.DictReader(file)
        }  # fmt: skip
    assert len(theirs) == 1357
    assert ours == theirs
