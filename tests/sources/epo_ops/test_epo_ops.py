"""EPO Open Patent Services: windows, tokens, throttling, and answers that were recorded."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import scrapy
import yaml
from scrapy.http import TextResponse
from tests.server.site import Asked, Reply, World
from tests.server.sites import epo_ops as played
from tests.sources._offline import Crawl, answer, asked, reply_to

from gapstudy.collect.parse import records
from gapstudy.errors import ShapeError
from gapstudy.sources import epo_ops
from gapstudy.sources._answers import Again, Expired, Good, Refused, Spent, Verdict
from gapstudy.sources.base import Ask, Bad, Incomplete, Record
from gapstudy.sources.epo_ops import OFFICES, EpoOps

RECORDED = Path(__file__).resolve().parents[3] / "../shared/recorded"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded responses are not here")
WINDOW = {"cpc": "G06N", "days": "2024-01-01/2024-01-04", "office": "", "begin": 1}
NOTHING = (
    '<fault xmlns="http://ops.epo.org"><code>SERVER.EntityNotFound</code>'
    "<message>No results found</message></fault>"
)
PAGE = '<ops:world-patent-data><ops:biblio-search total-result-count="{}"><exchange-document />'
SECRETS = played.EpoOps.SECRETS


def told(total: int) -> str:
    return PAGE.format(total)


def followed(total: int, **meta: Any) -> list[scrapy.Request | Incomplete]:
    source = EpoOps()
    return list(source.follow(answer(source, told(total), **{**WINDOW, **meta})))


def query(request: scrapy.Request | Incomplete) -> dict[str, str]:
    assert isinstance(request, scrapy.Request)
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def test_a_unit_is_four_days_counted_from_the_first_of_the_month() -> None:
    ask = Ask(dt.date(2024, 1, 27), dt.date(2024, 2, 6))
    units = list(EpoOps().begin(ask))
    assert [unit.meta["days"] for unit in units] == [
        "2024-01-27/2024-01-28", "2024-01-29/2024-01-31", "2024-02-01/2024-02-04",
        "2024-02-05/2024-02-06",
    ]  # fmt: skip
    assert query(units[2]) == {
        "q": 'cpc=G06N and pd within "20240201 20240204"', "Range": "1-100",
    }  # fmt: skip
    assert urlsplit(units[0].url).path.endswith("/published-data/search/biblio,abstract")
    assert units[0].headers["Accept"] == b"application/xml"
    assert [unit.url for unit in EpoOps().begin(ask)] == [unit.url for unit in units]


@pytest.mark.parametrize(
    ("status", "body", "headers", "meta", "verdict"),
    [
        (200, told(3), {}, {}, Good()),
        (404, NOTHING, {}, {}, Good()),
        (404, NOTHING, {}, {"begin": 101},
         Again("a page in the middle of the results is not there")),
        (400, "<error><code>400</code><message>invalid_access_token</message></error>", {}, {},
         Expired()),
        (400, "", {"WWW-Authenticate": 'Bearer error="invalid_token"'}, {}, Expired()),
        (403, "", {"X-Rejection-Reason": "IndividualQuotaPerHour", "Retry-After": "216383"}, {},
         Spent("the bytes of the hour are used up", 216.383)),
        (403, "", {"X-Rejection-Reason": "RegisteredQuotaPerWeek"}, {},
         Spent("the bytes of the week are used up", 86_400.0)),
        (403, "", {"X-Rejection-Reason": "ThrottlingControlQuota", "Retry-After": "12000"}, {},
         Again("HTTP 403: ThrottlingControlQuota", 12.0)),
        (403, "<error><code>403</code><message>Quota per week exceeded</message></error>", {}, {},
         Spent("the bytes of the week are used up", 86_400.0)),
        (503, "", {"Retry-After": "5000"}, {}, Again("HTTP 503", 5.0)),
        (429, "", {}, {}, Again("HTTP 429", None)),
        (200, "<html>", {}, {}, Again("a page of something else in place of XML")),
        (200, '<ops:world-patent-data><ops:biblio-search total-result-count="150">', {},
         {"begin": 101}, Again("an empty page in the middle of the results")),
    ],
)  # fmt: skip
def test_what_an_answer_means(
    status: int, body: str, headers: Mapping[str, str], meta: dict[str, Any], verdict: Verdict
) -> None:
    source = EpoOps()
    assert source.judge(answer(source, body, status=status, headers=headers, **meta)) == verdict


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, "<fault><code>CLIENT.RobotDetected</code></fault>"),
        (404, "<fault><code>SERVER.ServiceNotFound</code></fault>"),
        (400, "<fault><code>CLIENT.InvalidQuery</code></fault>"),
        (413, ""),
        (500, "<fault><code>SERVER.DomainAccess</code></fault>"),
        (200, "<fault><code>CLIENT.InvalidQuery</code></fault>"),
        (401, '{"ErrorCode": "invalid_client"}'),
    ],
)
def test_what_is_refused_for_good(status: int, body: str) -> None:
    source = EpoOps()
    assert isinstance(source.judge(answer(source, body, status=status)), Refused)


def test_pages_go_on_to_the_total_or_to_the_reach() -> None:
    (after,) = followed(250)
    assert query(after)["Range"] == "101-200"
    (after,) = followed(250, begin=101)
    assert query(after)["Range"] == "201-300"
    assert not followed(250, begin=201)
    assert not followed(100)
    (after,) = followed(101)
    assert query(after)["Range"] == "101-200"
    assert not followed(2000, begin=1901)


def test_a_window_over_the_reach_is_halved_and_a_day_is_divided_by_office() -> None:
    halves = followed(10_000)
    assert [query(half)["q"].partition("within ")[2] for half in halves] == [
        '"20240101 20240102"', '"20240103 20240104"',
    ]  # fmt: skip
    day = {"days": "2024-01-02/2024-01-02"}
    parts = [query(part)["q"] for part in followed(2001, **day)]
    base = '(cpc=G06N and pd within "20240102 20240102")'
    assert parts[:-1] == [f"{base} and pn={office}" for office in OFFICES]
    assert parts[-1] == f"{base} not ({' or '.join(f'pn={office}' for office in OFFICES)})"
    lost, after = followed(2500, office="CN", **day)
    assert lost == Incomplete("G06N, published 2024-01-02/2024-01-02, office CN", 2500, 2000)
    assert query(after)["Range"] == "101-200"


def test_the_token() -> None:
    source = EpoOps()
    request = source.token_request(SECRETS)
    basic = _sent(source)["authorization"].removeprefix("Basic ")
    pair = base64.b64decode(basic).decode()
    assert pair == "test-key-epo:test-secret-epo"
    assert (request.method, request.body) == ("POST", b"grant_type=client_credentials")
    good = answer(source, '{"access_token": "abc", "expires_in": "1199"}')
    assert source.read_token(good) == ("abc", 1199.0)
    assert source.sign({"token": "abc"}) == {"Authorization": "Bearer abc"}
    assert source.sign({}) == {}
    for body in ('{"expires_in": "1"}', '{"access_token": "a"}', "[]", "no",
                 '{"access_token": "a", "expires_in": "soon"}'):  # fmt: skip
        with pytest.raises(ShapeError):
            source.read_token(answer(source, body))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("idle (images=green:200, inpadoc=green:60, other=green:1000, search=green:30)", 2.0),
        ("busy (images=green:100, search=yellow:15)", 4.0),
        ("overloaded (search=black:0)", 60.0),
        ("", None),
        ("idle", None),
    ],
)
def test_the_pace_is_what_the_last_answer_allows(said: str, seconds: float | None) -> None:
    source = EpoOps()
    headers = {"X-Throttling-Control": said} if said else {}
    assert source.pace(answer(source, "", headers=headers)) == seconds


def test_the_card_keeps_to_the_sources_limits() -> None:
    card = EpoOps.CARD
    assert card is not None
    assert (card.concurrency, card.delay) == (1, 2.0)
    assert {budget.unit for budget in card.budgets} == {"bytes"}
    assert card.hosts == ("ops.epo.org",)


# The site.


class Patents(Crawl):
    """A crawl that gets tokens, and whose rows are known by patent, role, place and position."""

    def _get(
        self, source: Any, site: Any, request: scrapy.Request, headers: Mapping[str, str]
    ) -> TextResponse:
        if not site.tokens or max(site.tokens.values()) <= self.now + 60:
            reply = site.reply(asked(source.token_request(SECRETS), _sent(source), self.now))
            token, _ = source.read_token(answer(source, reply.body, status=reply.status))
            assert token in site.tokens
        return super()._get(source, site, request, source.sign({"token": list(site.tokens)[-1]}))

    def _keep(self, found: Iterator[Record | Bad]) -> None:
        for item in found:
            if isinstance(item, Bad):
                self.bad.append(item.reason)
                continue
            names = ("patent_id", "role", "place", "position")
            self.rows[item.table, *(str(item.data.get(name, "")) for name in names)] = item.data


def _sent(source: EpoOps) -> dict[str, str]:
    headers = source.token_request(SECRETS).headers.to_unicode_dict()
    return {str(name).lower(): str(value) for name, value in headers.items()}


def crawl(site: played.EpoOps, first: dt.date, into: Patents | None = None) -> Patents:
    into = into or Patents()
    into.run(EpoOps(), site, Ask(first, site.world.day))
    return into


def test_a_crawl_brings_every_publication_once_whatever_the_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = played.EpoOps(World(day=dt.date(2024, 1, 20), per_day=12, late=0))
    whole = crawl(site, site.world.start)
    assert sum(table == "patents" for table, *_ in whole.rows) == 12 * 20
    assert not whole.bad
    assert {row["office"] for row in whole.rows.values() if "office" in row} > {"CN", "DE", "FR"}
    site.reach = 6
    monkeypatch.setattr(epo_ops, "REACH", 6)
    monkeypatch.setattr(epo_ops, "PAGE", 2)
    low = crawl(site, site.world.start)
    assert low.rows == whole.rows
    assert not low.incomplete
    assert any("%20not%20" in url for url in low.urls)


def test_a_part_over_the_reach_is_told_and_what_can_be_had_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = played.EpoOps(World(day=dt.date(2024, 1, 4), per_day=60, late=0))
    site.reach = 4
    monkeypatch.setattr(epo_ops, "REACH", 4)
    monkeypatch.setattr(epo_ops, "PAGE", 2)
    found = crawl(site, site.world.start)
    lost = sum(item.total - item.reached for item in found.incomplete)
    patents = sum(table == "patents" for table, *_ in found.rows)
    assert found.incomplete
    assert patents >= 60 * 4 - lost


def test_a_spent_hour_is_waited_for() -> None:
    site = played.EpoOps(World(day=dt.date(2024, 1, 20), per_day=12, late=0))
    whole = crawl(site, site.world.start)
    poor = played.EpoOps(site.world)
    poor.hour_bytes, poor.life = 100_000, 100_000
    found = crawl(poor, site.world.start)
    assert Spent("the bytes of the hour are used up", 3600.0) in found.waits
    assert found.rows == whole.rows


def test_daily_crawls_with_overlap_end_where_one_crawl_does() -> None:
    site = played.EpoOps(World(start=dt.date(2024, 1, 1)))
    daily = Patents()
    overlap = dt.timedelta(days=EpoOps.CARD.overlap if EpoOps.CARD else 0)
    for number in range(30):
        site.world.day = site.world.start + dt.timedelta(days=number)
        crawl(site, max(site.world.start, site.world.day - overlap), daily)
    assert daily.rows == crawl(site, site.world.start).rows


def test_the_site_refuses_what_the_service_does() -> None:
    site = played.EpoOps(World())
    unit = next(EpoOps().begin(Ask(site.world.start, site.world.day)))
    stale = reply_to(site, unit.url, {"Authorization": "Bearer old"})
    assert (stale.status, b"invalid_access_token" in stale.body) == (400, True)
    wrong = asked(EpoOps().token_request({"EPO_OPS_KEY": "a", "EPO_OPS_SECRET": "b"}), {}, 0.0)
    assert site.reply(wrong).status == 401
    token = given(site)
    assert reply_to(site, unit.url, token).status == 200
    assert reply_to(site, unit.url.replace("1-100", "1-200"), token).status == 413
    assert reply_to(site, unit.url.replace("1-100", "2001-2100"), token).status == 413
    assert reply_to(site, unit.url.replace("within", "near"), token).status == 400
    assert reply_to(site, unit.url.replace("G06N", "A01B"), token).status == 404


def given(site: played.EpoOps) -> dict[str, str]:
    request: Asked = asked(EpoOps().token_request(SECRETS), _sent(EpoOps()), 1_704_067_200.0)
    reply: Reply = site.reply(request)
    token, _ = EpoOps().read_token(answer(EpoOps(), reply.body, status=reply.status))
    return {"Authorization": f"Bearer {token}"}


# What was recorded.


def recorded() -> Iterator[tuple[str, dict[str, Any], int, dict[str, str], bytes]]:
    """Name of the recording, request, status, headers and body of every answer."""
    for path in sorted((RECORDED / "epo_ops").glob("*.yaml")):
        for one in yaml.safe_load(path.read_text())["interactions"]:
            told = one["response"]
            held = told.get("body", told.get("content"))
            body = held["string"] if isinstance(held, dict) else held
            headers = {name: values[0] for name, values in told["headers"].items()}
            status = told.get("status_code") or told["status"]["code"]
            yield (path.stem, one["request"], status, headers,
                   body.encode() if isinstance(body, str) else body)  # fmt: skip


def patents_of(body: bytes) -> list[dict[str, Any]]:
    found = list(records("epo_ops", "https://ops.epo.org/x", body))
    assert not [item for item in found if isinstance(item, Bad)]
    return [item.data for item in found if isinstance(item, Record)]


@here
def test_every_recorded_answer_is_judged_and_paced() -> None:
    source, kinds, paces = EpoOps(), [], set()
    for _, request, status, headers, body in recorded():
        response = answer(source, body, status=status, headers=headers)
        paces.add(source.pace(response))
        if status == 400:
            assert source.judge(response) == Expired()
        elif request["uri"].endswith("/auth/accesstoken"):
            token, life = source.read_token(response)
            assert (bool(token), life) == (True, 1199.0)
        elif b"<?xml" in body[:60]:
            assert source.judge(response) == Good()
        kinds.append(status)
    assert (len(kinds), kinds.count(400)) == (39, 1)
    # Idle: 30 searches a minute; busy: 15; the token's answers say nothing.
    assert paces == {None, 2.0, 4.0}


@here
def test_recorded_documents() -> None:
    found = {}
    for name, request, _, _, body in recorded():
        if b"<invention-title" in body and b"ops:patent-family" not in body:
            found[name.rpartition(".")[2], request["uri"][-30:]] = patents_of(body)
    assert sorted(name for name, _ in found) == [
        "test_doc_example_biblio", "test_doc_example_full_cycle", "test_document_downloading",
        "test_get_biblio_from_result",
    ]  # fmt: skip
    by_name = {name: rows for (name, _), rows in found.items()}
    first, applicant, inventor = by_name["test_doc_example_biblio"]
    assert {name: first[name] for name in (
        "patent_id", "family_id", "office", "first_office", "priority_date", "filing_date",
        "publication_date", "grant_date", "cpc", "title", "application_number",
    )} == {
        "patent_id": "EP1000000A1", "family_id": "19768124", "office": "EP", "first_office": "NL",
        "priority_date": "1998-11-12", "filing_date": "1999-11-08",
        "publication_date": "2000-05-17", "grant_date": None,
        "cpc": "B28B1/29 B28B5/022 B28B5/025 B28B7/0064",
        "title": "Apparatus for manufacturing green bricks for the brick manufacturing industry",
        "application_number": "EP19990203729",
    }  # fmt: skip
    assert first["abstract"].endswith("at least one side of the green bricks.")
    assert (applicant["name"], applicant["country"]) == ("BOER BEHEER NIJMEGEN BV DE", "NL")
    assert (inventor["name"], inventor["country"]) == ("KOSMAN WILHELMUS JACOBUS MARIA", "NL")
    cycle = [row for row in by_name["test_doc_example_full_cycle"] if "title" in row]
    assert [row["patent_id"] for row in cycle] == ["EP1000000A1", "EP1000000B1"]
    assert cycle[1]["grant_date"] == cycle[1]["publication_date"]
    google = by_name["test_get_biblio_from_result"]
    assert (google[0]["patent_id"], google[0]["first_office"]) == ("CA3237996A1", "US")
    assert google[0]["priority_date"] == "2013-06-25"
    assert [row["role"] for row in google[1:]] == ["applicant"] + ["inventor"] * 8
    assert {row["country"] for row in google[1:]} == {"US"}
    korean = by_name["test_document_downloading"]
    assert (korean[0]["patent_id"], korean[0]["first_office"]) == ("WO2010050748A2", "KR")
    assert (korean[0]["priority_date"], korean[0]["office"]) == ("2008-10-30", "WO")


@here
def test_recorded_searches_have_totals_and_no_documents() -> None:
    source, totals = EpoOps(), []
    for _, request, _, headers, body in recorded():
        if "/search?" not in request["uri"]:
            continue
        response = answer(source, body, headers=headers)
        response.meta.update(WINDOW)
        found = re.search(rb'total-result-count="(\d+)"', body)
        assert found
        totals.append(int(found[1]))
        assert len(list(source.follow(response))) == (2 if int(found[1]) > 2000 else 1)
        with pytest.raises(ShapeError, match="bibliographic-data"):
            list(source.parse(response))
    assert totals == [10_000, 4495, 4495, 10_000, 10_000, 10_000]


@here
def test_the_recorded_samples() -> None:
    folder = RECORDED / "epo_ops_samples"
    rows = patents_of((folder / "published__test__biblio_example.xml").read_bytes())
    assert {name: rows[0][name] for name in (
        "patent_id", "cpc", "publication_date", "priority_date", "first_office", "family_id",
    )} == {
        "patent_id": "US20060142694A1", "cpc": "A61B5/283 A61B5/287 A61M25/0136 A61M25/0147",
        "publication_date": "2006-06-29", "priority_date": "2004-12-28", "first_office": "US",
        "family_id": "35840242",
    }  # fmt: skip
    assert [(row["role"], row["country"]) for row in rows[1:]] == [
        ("applicant", None), *[("inventor", "US")] * 4,
    ]  # fmt: skip
    assert rows[2]["name"] == "BEDNAREK MICHAEL C"
    cycle = patents_of((folder / "published__test__full_cycle_example.xml").read_bytes())
    assert [row["patent_id"] for row in cycle if "title" in row] == ["EP1000000A1", "EP1000000B1"]
    assert patents_of((folder / "handmade_error_404.xml").read_bytes()) == []
    for name in ("handmade_error_429", "published__test__claims_example",
                 "published__test__claims_example_2", "published__test__description_example",
                 "published__test__image_example", "published__test__search_example"):  # fmt: skip
        with pytest.raises(ShapeError):
            patents_of((folder / f"{name}.xml").read_bytes())
