"""USPTO Open Data Portal: windows, splits, full texts, and answers that were recorded."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import scrapy
import yaml
from tests.server.site import Asked, Reply, World
from tests.server.sites import uspto_odp as played
from tests.server.sites._patent_filings import filings
from tests.sources._offline import Crawl, answer, reply_to

from gapstudy.collect.parse import records
from gapstudy.errors import ShapeError
from gapstudy.sources import uspto_odp
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources._days import Days
from gapstudy.sources._uspto_application import _kind
from gapstudy.sources.base import Ask, Bad, Incomplete, Record
from gapstudy.sources.uspto_odp import UsptoOdp

RECORDED = Path(__file__).resolve().parents[3] / "../shared/recorded"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded responses are not here")
FIRST, LAST = dt.date(2024, 1, 30), dt.date(2024, 2, 2)
WINDOW = {"cpc": "G06N", "field": "grantDate", "days": "2024-01-01/2024-01-31", "filed": "",
          "offset": 0, "full": False}  # fmt: skip


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def told(count: int, rows: int) -> str:
    return json.dumps({"count": count, "patentFileWrapperDataBag": [{}] * rows})


def followed(body: str, **meta: Any) -> list[scrapy.Request | Incomplete]:
    source = UsptoOdp()
    return list(source.follow(answer(source, body, **{**WINDOW, **meta})))


def parts_of(body: str, **meta: Any) -> list[scrapy.Request]:
    found = followed(body, **meta)
    assert not [item for item in found if isinstance(item, Incomplete)]
    return [item for item in found if not isinstance(item, Incomplete)]


def test_a_unit_is_a_month_of_grants_or_of_publications() -> None:
    units = list(UsptoOdp().begin(Ask(FIRST, LAST)))
    assert [(unit.meta["field"], unit.meta["days"]) for unit in units] == [
        ("grantDate", "2024-01-30/2024-01-31"), ("grantDate", "2024-02-01/2024-02-02"),
        ("earliestPublicationDate", "2024-01-30/2024-01-31"),
        ("earliestPublicationDate", "2024-02-01/2024-02-02"),
    ]  # fmt: skip
    query = asked(units[0].url)
    assert set(query) == {"q", "rangeFilters", "sort", "fields", "offset", "limit"}
    assert query["q"] == "applicationMetaData.cpcClassificationBag:G06N*"
    assert query["rangeFilters"] == "applicationMetaData.grantDate 2024-01-30:2024-01-31"
    assert query["sort"] == "applicationMetaData.grantDate asc"
    assert (query["offset"], query["limit"]) == ("0", "100")
    assert [unit.url for unit in UsptoOdp().begin(Ask(FIRST, LAST))] == [unit.url for unit in units]


def test_full_texts_are_asked_for_grants_alone_and_only_when_wanted() -> None:
    plain = list(UsptoOdp().begin(Ask(FIRST, FIRST)))
    full = list(UsptoOdp().begin(Ask(FIRST, FIRST, options={"grant_xml": True, "cpc": "G06F40"})))
    assert not any("grantDocumentMetaData" in unit.url for unit in plain)
    assert ["grantDocumentMetaData" in unit.url for unit in full] == [True, False]
    assert "cpcClassificationBag:G06F40*" in full[0].url


@pytest.mark.parametrize(
    ("status", "body", "meta", "kind"),
    [
        (200, told(3, 3), {}, Good),
        (404, '{"detailedMessage": "No matching records found, refine it"}', {}, Good),
        (404, '{"detailedMessage": "No matching records found"}', {"offset": 100}, Again),
        (404, '{"message": "Not Found"}', {}, Refused),
        (404, '{"message": "Not Found"}', {"text": True}, Good),
        (401, '{"message": "Unauthorized"}', {}, Refused),
        (403, '{"message": "Forbidden"}', {}, Refused),
        (400, '{"error": "Bad Request"}', {}, Refused),
        (413, "", {}, Refused),
        (429, "", {}, Again),
        (500, '{"error": "Internal Server Error"}', {}, Again),
        (200, told(300, 0), {"offset": 200}, Again),
        (200, told(0, 0), {}, Good),
        (200, "<html>maintenance</html>", {}, Again),
        (200, "<?xml version='1.0'?><us-patent-grant/>", {"text": True}, Good),
    ],
)
def test_what_an_answer_means(status: int, body: str, meta: dict[str, Any], kind: type) -> None:
    source = UsptoOdp()
    verdict = source.judge(answer(source, body, status=status, **meta))
    assert type(verdict) is kind


def test_after_too_many_requests_it_waits_five_seconds_or_what_is_said() -> None:
    source = UsptoOdp()
    for said, waited in (("0", 5.0), ("2", 5.0), ("30", 30.0), ("", 5.0)):
        response = answer(source, "", status=429, headers={"Retry-After": said} if said else {})
        assert source.judge(response) == Again("HTTP 429: too many requests", waited)


def test_the_next_page_begins_after_what_came() -> None:
    (after,) = parts_of(told(250, 100))
    assert asked(after.url)["offset"] == "100"
    # The source may give fewer than were asked for.
    (after,) = parts_of(told(250, 25), offset=100)
    assert asked(after.url)["offset"] == "125"
    assert not followed(told(250, 50), offset=200)
    assert not followed(told(250, 0), offset=200)


def test_a_window_over_the_cap_is_halved_down_to_a_day_and_then_by_filing_day() -> None:
    halves = parts_of(told(10_000, 100))
    assert [part.meta["days"] for part in halves] == [
        "2024-01-01/2024-01-16", "2024-01-17/2024-01-31",
    ]  # fmt: skip
    parts = parts_of(told(12_000, 100), days="2024-01-02/2024-01-02")
    assert [asked(part.url)["q"].partition(" AND ")[2] for part in parts] == [
        "applicationMetaData.filingDate:[1970-01-01 TO 1997-01-01]",
        "applicationMetaData.filingDate:[1997-01-02 TO 2024-01-02]",
        "NOT applicationMetaData.filingDate:[1970-01-01 TO 2024-01-02]",
    ]
    for filed in ("2023-01-02/2023-01-02", "rest"):
        found = followed(told(12_000, 100), days="2024-01-02/2024-01-02", filed=filed)
        assert found[0] == Incomplete(f"grantDate 2024-01-02/2024-01-02, filed {filed}", 12_000,
                                      10_000)  # fmt: skip
        assert isinstance(found[1], scrapy.Request)
    assert not followed(told(12_000, 100), offset=9_900)


def leaves(days: Days, filed: str) -> Iterator[tuple[Days, str]]:
    """Parts of a window down to the width of a week of filing days, then as they are."""
    wide = filed not in {"", "rest"} and (Days.read(filed).last - Days.read(filed).first).days < 7
    parts = [] if wide else list(uspto_odp._split(days, filed))
    if not parts:
        yield days, filed
    for part in parts:
        yield from leaves(*part)


def test_the_parts_of_a_window_hold_every_application_once() -> None:
    window = Days(dt.date(2024, 1, 1), dt.date(2024, 1, 3))
    found = list(leaves(window, ""))
    filings_days = [None, "1800-01-01", "1970-01-01", "1999-12-31", "2024-01-03", "2024-02-01"]
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        for filed in filings_days:
            holding = [
                (days, part)
                for days, part in found
                if days.first.isoformat() <= day <= days.last.isoformat()
                and within(filed, part, days.last)
            ]
            assert len(holding) == 1, (day, filed, holding)


def within(filed: str | None, part: str, last: dt.date) -> bool:
    if part == "rest":
        return filed is None or not "1970-01-01" <= filed <= last.isoformat()
    first, _, end = part.partition("/")
    return filed is not None and first <= filed <= end


@pytest.mark.parametrize(
    ("letters", "granted", "before", "kind"),
    [
        ("", "2024-01-02", False, "B1"), ("", "2024-01-02", True, "B2"),
        ("", "2001-01-02", True, "B2"), ("", "2000-12-26", False, "A"),
        ("PP", "2024-01-02", False, "P2"), ("PP", "2024-01-02", True, "P3"),
        ("D", "2024-01-02", False, "S1"), ("RE", "2024-01-02", False, "E1"),
        ("AI", "2024-01-02", False, ""),
    ],
)  # fmt: skip
def test_the_kind_code_follows_the_offices_rule(
    letters: str, granted: str, before: bool, kind: str
) -> None:
    assert _kind(letters, granted, before) == kind


def test_the_card_keeps_to_the_sources_limits() -> None:
    card = UsptoOdp.CARD
    assert card is not None
    assert (card.concurrency, card.delay >= 0.25) == (1, True)
    assert set(card.hosts) == {"api.uspto.gov", "data.uspto.gov"}
    assert UsptoOdp().sign({"USPTO_API_KEY": "test-key-uspto"}) == {"X-API-KEY": "test-key-uspto"}


# The site.


class Following(played.UsptoOdp):
    """The site with its redirects followed, as the downloader does."""

    def reply(self, asked: Asked) -> Reply:
        found = super().reply(asked)
        if found.status != 302:
            return found
        where = urlsplit(found.headers["Location"])
        assert where.hostname in (UsptoOdp.CARD.hosts if UsptoOdp.CARD else ())
        return super().reply(replace(asked, host=where.hostname or "", path=where.path))


class Patents(Crawl):
    """A crawl whose rows are known by patent, role, place and position."""

    def _keep(self, found: Iterator[Record | Bad]) -> None:
        for item in found:
            if isinstance(item, Bad):
                self.bad.append(item.reason)
                continue
            names = ("patent_id", "role", "place", "position")
            key = (item.table, *(str(item.data.get(name, "")) for name in names))
            self.rows[key] = item.data


def crawl(site: played.UsptoOdp, first: dt.date, into: Patents | None = None, **options: Any
          ) -> Patents:  # fmt: skip
    into = into or Patents()
    into.run(UsptoOdp(), site, Ask(first, site.world.day, keyed=True, options=options))
    return into


def test_a_crawl_brings_every_publication_once_whatever_the_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Following(World(day=dt.date(2024, 1, 20), per_day=8, late=0))
    whole = crawl(site, site.world.start)
    assert sum(table == "patents" for table, *_ in whole.rows) == 8 * 20
    assert not whole.bad
    assert not whole.incomplete
    site.cap = 3
    monkeypatch.setattr(uspto_odp, "CAP", 3)
    low = crawl(site, site.world.start)
    assert low.rows == whole.rows
    assert not low.incomplete
    assert any("filingDate" in url.partition("&")[0] for url in low.urls)


def test_full_texts_give_the_patent_instead_of_the_search_row() -> None:
    site = Following(World(day=dt.date(2024, 1, 15), per_day=4, late=0))
    plain, full = crawl(site, site.world.start), crawl(site, site.world.start, grant_xml=True)
    patents = {key for key in plain.rows if key[0] == "patents"}
    assert {key for key in full.rows if key[0] == "patents"} == patents
    assert not full.bad
    granted = sum(filing.granted for filing in filings(site.world, "uspto"))
    assert sum("/files/" in url for url in full.urls) == granted
    cites = {row["arxiv_id"] for key, row in full.rows.items() if key[0] == "patent_citations"}
    assert cites - {None} == {
        filing.cites for filing in filings(site.world, "uspto") if filing.granted and filing.cites
    }
    parties = [{key: row["country"] for key, row in one.rows.items() if key[0] == "patent_parties"}
               for one in (plain, full)]  # fmt: skip
    assert parties[0] == parties[1]


def test_daily_crawls_with_overlap_end_where_one_crawl_does() -> None:
    site = Following(World(start=dt.date(2024, 1, 1)))
    daily = Patents()
    overlap = dt.timedelta(days=UsptoOdp.CARD.overlap if UsptoOdp.CARD else 0)
    for number in range(40):
        site.world.day = site.world.start + dt.timedelta(days=number)
        crawl(site, max(site.world.start, site.world.day - overlap), daily)
    assert daily.rows == crawl(site, site.world.start).rows


def test_the_site_refuses_what_the_service_does() -> None:
    site = played.UsptoOdp(World())
    unit = next(UsptoOdp().begin(Ask(site.world.start, site.world.day)))
    key = {"X-API-KEY": "test-key-uspto"}
    assert reply_to(site, unit.url).status == 401
    assert reply_to(site, unit.url, {"X-API-KEY": "wrong"}).status == 403
    assert reply_to(site, unit.url, key).status == 200
    assert reply_to(site, unit.url + "&page=2", key).status == 400
    assert reply_to(site, unit.url.replace("G06N", "A01B"), key).status == 404


# What was recorded.


@here
def test_the_recorded_application() -> None:
    body = (RECORDED / "uspto_odp_live2026/search_patents__response.json").read_bytes()
    address = ("https://api.uspto.gov/api/v1/patent/applications/search?q=x&rangeFilters="
               "applicationMetaData.{}%202024-01-01:2024-12-31")  # fmt: skip
    found = list(records("uspto_odp", address.format("earliestPublicationDate"), body))
    assert not [item for item in found if isinstance(item, Bad)]
    first, *parties = [item.data for item in found if isinstance(item, Record)]
    assert {name: first[name] for name in (
        "patent_id", "application_number", "cpc", "filing_date", "publication_date", "grant_date",
        "first_office", "priority_date", "office", "family_id",
    )} == {
        "patent_id": "US20240362478A1", "application_number": "18597857", "cpc": "G06N3/08",
        "filing_date": "2024-03-06", "publication_date": "2024-10-31", "grant_date": None,
        "first_office": "CN", "priority_date": "2023-04-25", "office": "US", "family_id": None,
    }  # fmt: skip
    assert [party["role"] for party in parties] == ["applicant"] + ["inventor"] * 11
    assert {party["country"] for party in parties} == {"CN"}
    assert (parties[1]["name"], parties[11]["name"]) == ("Nanyang YE", "Chenghu ZHOU")
    with pytest.raises(ShapeError, match="patentNumber"):
        list(records("uspto_odp", address.format("grantDate"), body))


@here
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("get_patent_continuity", "applicationMetaData"),
        ("get_patent_transactions", "applicationMetaData"),
        ("get_patent_meta_data", "count"),
        ("get_status_codes", "patentFileWrapperDataBag"),
        ("search_bulk_products", "patentFileWrapperDataBag"),
        ("get_bulk_product", "patentFileWrapperDataBag"),
        ("search_patents_download", "count"),
        ("search_office_actions", "count"),
        ("search_enriched_citations", "count"),
        ("get_patent_foreign_priority", "count"),
        ("get_patent_associated_documents", "count"),
    ],
)
def test_other_recorded_answers_are_other_shapes(name: str, field: str) -> None:
    body = (RECORDED / f"uspto_odp_live2026/{name}__response.json").read_bytes()
    with pytest.raises(ShapeError, match=f"'{field}' is missing"):
        list(records("uspto_odp", "https://api.uspto.gov/api/v1/x", body))


@here
def test_the_recorded_envelopes_of_other_searches() -> None:
    source, counts = UsptoOdp(), []
    for path in sorted((RECORDED / "uspto_odp_ptab_cassettes").glob("*.yaml")):
        for one in yaml.safe_load(path.read_text())["interactions"]:
            told = one["response"]
            body = told["body"]["string"]
            response = answer(source, body, status=told["status"]["code"])
            assert source.judge(response) == Good()
            assert not [name for name in told["headers"] if "rate" in name.lower()]
            counts.append(json.loads(body)["count"])
            with pytest.raises(ShapeError, match="patentFileWrapperDataBag"):
                list(source.parse(response))
    # Totals are counted beyond the 10,000 that a query gives.
    assert counts == [13470, 13470, 1812, 1812, 1, 20384, 829136, 18058, 18058]


@here
def test_the_recorded_grant() -> None:
    body = (RECORDED / "uspto_grant_xml/grant_us10000000b2_14643719.xml").read_bytes()
    found = [item.data for item in records("uspto_odp", "https://api.uspto.gov/x", body)
             if isinstance(item, Record)]  # fmt: skip
    first, applicant, inventor, *cited = found
    assert {name: first[name] for name in (
        "patent_id", "cpc", "filing_date", "grant_date", "priority_date", "first_office",
        "application_number",
    )} == {
        "patent_id": "US10000000B2",
        "cpc": "G01S7/4863 G01S7/4865 G01S7/4914 G01S7/4917 G01S13/89",
        "filing_date": "2015-03-10", "grant_date": "2018-06-19", "priority_date": "2015-03-10",
        "first_office": "US", "application_number": "14643719",
    }  # fmt: skip
    assert (applicant["name"], applicant["country"]) == ("Raytheon Company", "US")
    assert (inventor["name"], inventor["country"]) == ("Joseph Marron", "US")
    assert [one["position"] for one in cited] == [1, 2, 3, 4, 5, 6]
    assert cited[0]["text"].startswith("Li; “Time-of-Flight Camera—An Introduction”;")
    assert cited[5]["text"].endswith("Jun. 7-11, 2015; 3 pages.")
    assert {one["arxiv_id"] for one in cited} == {None}


@here
def test_recorded_grants_one_after_the_other_as_in_a_weekly_file() -> None:
    body = (RECORDED / "uspto_grant_xml/grant_us10000000b2_14643719.xml").read_bytes()
    second = body.replace(b"<doc-number>10000000<", b"<doc-number>10000001<")
    found = list(records("uspto_odp", "https://api.uspto.gov/x", body + second))
    assert [(item.row, item.data["patent_id"]) for item in found
            if isinstance(item, Record) and item.table == "patents"] == [
        (1, "US10000000B2"), (2, "US10000001B2"),
    ]  # fmt: skip
