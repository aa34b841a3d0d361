"""OpenAlex: pages and cursors, the cap, three kinds of 429, and what was recorded."""

import datetime as dt
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.server.site import World
from tests.server.sites._papers import visible
from tests.server.sites.openalex import OpenAlex as Site
from tests.sources._offline import START, answer, asked, reply_to
from tests.sources.openalex.walk import (
    RECORDED,
    Papers,
    cassette,
    cut,
    fixture,
    further,
    here,
    papers,
    parsed,
    places,
)

from gapstudy.errors import ShapeError
from gapstudy.sources._answers import Again, Good, Refused, Spent, Verdict
from gapstudy.sources._openalex_work import ESSENTIAL
from gapstudy.sources.base import Ask, Bad, Incomplete
from gapstudy.sources.openalex import SELECT, OpenAlex

ASK = Ask(dt.date(2024, 1, 1), dt.date(2024, 3, 1))


@pytest.fixture
def world() -> World:
    return World(seed=5, day=dt.date(2024, 3, 1), per_day=8)


def whole(world: World) -> set[str]:
    return {f"openalex:W{7_000_000_000 + paper.number}" for paper, _ in visible(world, "openalex")}


def args(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# Beginning.


def test_a_unit_is_a_month_of_publication_and_its_address_depends_on_the_ask_alone() -> None:
    first = [request.url for request in OpenAlex().begin(ASK)]
    assert first == [request.url for request in OpenAlex().begin(ASK)]
    assert len(first) == 3
    assert args(first[1]) == {
        "filter": "primary_topic.subfield.id:1702,from_publication_date:2024-02-01,"
        "to_publication_date:2024-02-29",
        "select": SELECT, "sort": "publication_date:asc", "per_page": "100", "page": "1",
    }  # fmt: skip
    assert set(ESSENTIAL) <= set(SELECT.split(","))


def test_with_a_key_the_crawl_goes_by_cursor_and_the_filter_is_an_option() -> None:
    options = {"filter": "topics.subfield.id:1702,type:article"}
    ask = Ask(ASK.first, ASK.first, keyed=True, options=options)
    (request,) = OpenAlex().begin(ask)
    assert args(request.url)["cursor"] == "*"
    assert "page" not in args(request.url)
    assert args(request.url)["filter"].startswith("topics.subfield.id:1702,type:article,from_")
    (request,) = OpenAlex().begin(Ask(ASK.first, ASK.first, options={"filter": ""}))
    assert args(request.url)["filter"].startswith("from_publication_date")


def test_the_key_travels_in_a_header_and_a_list_page_costs_a_credit() -> None:
    source = OpenAlex()
    assert source.sign({"OPENALEX_API_KEY": "k"}) == {"Authorization": "Bearer k"}
    assert source.sign({"contact": "a@example.org"}) == {}
    assert source.cost(source.get("https://api.openalex.org/works?filter=type:article")) == 1
    searching = source.get("https://api.openalex.org/works?filter=title.search:thing")
    assert source.cost(searching) == 10


def test_the_card_differs_by_key() -> None:
    plain, keyed = OpenAlex.card(keyed=False), OpenAlex.card(keyed=True)
    assert plain == OpenAlex.CARD
    assert [budget.amount for budget in plain.budgets + keyed.budgets] == [1_000, 10_000]
    assert {budget.unit for budget in plain.budgets} == {"credits"}
    assert plain.hosts == ("api.openalex.org",)
    assert (plain.delay, keyed.delay) == (0.2, 0.1)
    assert plain.overlap == 30


# Crawling the local server.


def test_pages_bring_everything_once(world: World) -> None:
    source, site = OpenAlex(), Site(world)
    crawl = Papers().run(source, site, ASK)
    assert crawl.papers() == whole(world)
    assert crawl.bad == []
    assert crawl.incomplete == []
    # 248, 218 and 2 works of the three months, 100 an answer.
    assert len(crawl.urls) == len(set(crawl.urls)) == 3 + 3 + 1
    assert site.used["", int(START // 86_400)] == 7


def test_a_cursor_brings_the_same_with_one_empty_page_at_the_end_of_a_unit(world: World) -> None:
    by_page = Papers().run(OpenAlex(), Site(world), ASK)
    ask = Ask(ASK.first, ASK.last, keyed=True)
    by_cursor = Papers().run(OpenAlex(), Site(world), ask)
    assert by_cursor.rows == by_page.rows
    assert len(by_cursor.urls) == 7 + 3
    assert all("test-key" not in url for url in by_cursor.urls)


@pytest.mark.parametrize("cap", [200, 60])
def test_windows_over_the_cap_are_split_by_days_then_by_kind(
    world: World, monkeypatch: pytest.MonkeyPatch, cap: int
) -> None:
    world.per_day, world.day = 60, dt.date(2024, 1, 10)
    ask = Ask(dt.date(2024, 1, 1), dt.date(2024, 1, 8))
    site = Site(world)
    site.CAP = cap
    monkeypatch.setattr(OpenAlex, "CAP", cap)
    monkeypatch.setattr(OpenAlex, "PAGE", 20)
    crawl = Papers().run(OpenAlex(), site, ask)
    days = {f"openalex:W{7_000_000_000 + paper.number}" for paper, _ in visible(world, "openalex")
            if paper.day <= ask.last or paper.year_only}  # fmt: skip
    assert crawl.papers() == days
    assert crawl.incomplete == []
    assert any("has_doi:true" in url for url in crawl.urls) is (cap == 60)


def test_a_day_that_no_key_splits_is_reported_and_read_as_far_as_it_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.per_day = 60
    day = dt.date(2024, 1, 20)
    site = Site(world)
    site.CAP = 6
    monkeypatch.setattr(OpenAlex, "CAP", 6)
    monkeypatch.setattr(OpenAlex, "PAGE", 2)
    taken = ",".join(f"{key}:true" for key in ("has_doi", "has_abstract", "has_pdf_url"))
    more = ",has_references:true,has_raw_affiliation_strings:true"
    crawl = Papers().run(OpenAlex(), site, Ask(day, day, options={"filter": taken + more}))
    (found,) = crawl.incomplete
    assert found == Incomplete("2024-01-20/2024-01-20", found.total, 6)
    assert found.total > 6
    assert len(crawl.papers()) == 6


def test_a_page_without_works_and_a_wrong_page_are_asked_for_again(world: World) -> None:
    source, site = OpenAlex(), Site(world)
    (first, *_rest) = source.begin(ASK)
    reply = site.reply(asked(first, {}, START))
    assert source.judge(answer(source, reply.body, request=first)) == Good()
    data = json.loads(reply.body)
    for change, why in (
        ({"results": []}, "sent 0 works"),
        ({"meta": {**data["meta"], "page": 3}}, "sent page 3 for page 1"),
    ):
        body = json.dumps({**data, **change})
        verdict = source.judge(answer(source, body, request=first))
        assert isinstance(verdict, Again)
        assert why in verdict.why


def test_a_page_that_stays_short_is_kept_and_written_down(world: World) -> None:
    source = OpenAlex()
    (first, *_rest) = source.begin(ASK)
    data = json.loads(Site(world).reply(asked(first, {}, START)).body)
    data["results"] = data["results"][:90]
    assert isinstance(source.judge(answer(source, json.dumps(data), request=first)), Again)
    again = first.replace(meta={**first.meta, "tries": 3})
    response = answer(source, json.dumps(data), request=again)
    assert source.judge(response) == Good()
    (short,) = cut(source, response)
    (following,) = further(source, response)
    assert (short.total - short.reached) == 10
    assert args(following.url)["page"] == "2"


def test_works_of_another_window_are_asked_for_again(world: World) -> None:
    source, site = OpenAlex(), Site(world)
    one, other, _last = source.begin(ASK)
    body = site.reply(asked(one, {}, START)).body
    verdict = source.judge(answer(source, body, request=other))
    assert verdict == Again("OpenAlex sent works of another window")
    kept = answer(source, body, request=other.replace(meta={**other.meta, "tries": 3}))
    assert source.judge(kept) == Good()


def test_a_cursor_that_repeats_is_asked_for_again() -> None:
    source = OpenAlex()
    (first,) = source.begin(Ask(ASK.first, ASK.first, keyed=True))
    body = {"meta": {"count": 400, "next_cursor": "abc", "page": None}, "results": [{}] * 100}
    response = answer(source, json.dumps(body), request=first)
    assert source.judge(response) == Good()
    (second,) = further(source, response)
    assert args(second.url)["cursor"] == "abc"
    assert isinstance(source.judge(answer(source, json.dumps(body), request=second)), Again)


# What an answer means.


def judged(status: int, body: Any = "", url: str = "", **headers: str) -> Verdict:
    source = OpenAlex()
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = url or "https://api.openalex.org/works?page=1"
    return source.judge(answer(source, text, status=status, headers=named, url=url))


def test_three_kinds_of_429(world: World) -> None:
    per_second = {"error": "Rate limit exceeded", "retryAfter": 1}
    verdict = judged(429, per_second, Retry_After="1", X_RateLimit_Remaining="700")
    assert isinstance(verdict, Again)
    assert verdict.seconds == 1
    # The header of 2025 counts requests in a second, not credits in a day.
    verdict = judged(429, per_second, RateLimit_Remaining="0", RateLimit_Reset="1")
    assert isinstance(verdict, Again)
    assert verdict.seconds == 1
    assert isinstance(judged(429, "slow down"), Again)
    site = Site(world)
    site.CREDITS = 0
    reply = reply_to(site, "https://api.openalex.org/works?page=1")
    verdict = judged(429, reply.body.decode(), **reply.headers)
    assert isinstance(verdict, Spent)
    assert verdict.seconds == 86_400 - START % 86_400
    reply = reply_to(site, "https://api.openalex.org/works?filter=from_updated_date:2024-01-01")
    assert isinstance(judged(429, reply.body.decode(), **reply.headers), Refused)
    assert reply.status == 429


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ({"retryAfter": 5000, "creditsRemaining": 0, "creditsRequired": 1}, {}, 5000),
        ({"creditsRemaining": 3, "creditsRequired": 10}, {"X-RateLimit-Reset": "77"}, 77),
        ({}, {"X-RateLimit-Remaining": "0", "Date": "Mon, 01 Jan 2024 23:00:00 GMT"}, 3600),
        ({}, {"X-RateLimit-Remaining": "0", "Date": "no date"}, 86_400),
        ({"retryAfter": "soon"}, {"Retry-After": "20000"}, 20_000),
    ],
)
def test_a_spent_budget_is_there_again_at_midnight(
    body: dict[str, Any], headers: dict[str, str], seconds: float
) -> None:
    verdict = OpenAlex().judge(answer(OpenAlex(), json.dumps(body), status=429, headers=headers))
    assert isinstance(verdict, Spent)
    assert verdict.seconds == seconds


def test_refusals_say_what_to_do(world: World) -> None:
    site = Site(world)
    cursor = "https://api.openalex.org/works?cursor=*"
    reply = reply_to(site, cursor)
    assert reply.status == 401
    for url, word in ((cursor, "correct it"), ("https://api.openalex.org/works?page=1", "Set ")):
        verdict = judged(401, reply.body.decode(), url)
        assert isinstance(verdict, Refused)
        assert word in verdict.remedy
    wrong = reply_to(site, cursor, {"Authorization": "Bearer wrong"})
    assert json.loads(wrong.body) == {
        "error": "Invalid or missing API key", "message": "API key not found"}  # fmt: skip
    reply = reply_to(site, "https://api.openalex.org/works?limit=5")
    assert reply.status == 400
    verdict = judged(400, reply.body.decode())
    assert isinstance(verdict, Refused)
    assert "limit is not a valid parameter" in verdict.why
    assert len(verdict.why) < 250


def test_passing_faults() -> None:
    assert judged(504, {"reason": "query_timeout"}) == Again("HTTP 504", None)
    assert judged(503, "", Retry_After="7") == Again("HTTP 503", 7.0)
    for body in ("<!DOCTYPE html><html></html>", "", '{"meta": {"count": 3'):
        assert isinstance(judged(200, body), Again)
    assert judged(200, {"anything": "else"}) == Good()


# Recordings.


@here
def test_every_recorded_page_is_read() -> None:
    folder = RECORDED / "openalex"
    counts = []
    for path in sorted(folder.glob("*.json")):
        found = parsed(OpenAlex(), "https://api.openalex.org/works", path.read_bytes())
        assert not any(isinstance(item, Bad) for item in found)
        counts.append((len(fixture(path)["results"]), len(papers(found))))
    # One of the first page is a title page.
    assert counts == [(50, 49), (0, 0), (50, 50), (0, 0)]


@here
def test_every_recorded_exchange_is_read_or_refused() -> None:
    kinds: dict[str, list[int]] = {}
    source = OpenAlex()
    for path in sorted((RECORDED / "openalex").glob("*.yml")) + sorted(
        (RECORDED / "openalex_doi_title_lookup").glob("*.yaml")
    ):
        for url, status, headers, body in cassette(path):
            verdict = source.judge(answer(source, body, status=status, headers=headers, url=url))
            name = type(verdict).__name__
            if isinstance(verdict, Good):
                try:
                    found = parsed(source, url, body, status)
                    name = "read"
                    kinds.setdefault("works", []).append(len(papers(found)))
                    kinds.setdefault("bad", []).append(sum(isinstance(x, Bad) for x in found))
                except ShapeError:
                    name = "not works"
            kinds.setdefault(name, []).append(status)
    # Not works: /rate-limit, three look-ups, three counts that give single fields, and groups.
    # Of 263 works two are title pages and one has no title.
    assert sum(kinds["works"]) == 260
    assert sum(kinds["bad"]) == 1
    assert len(kinds["read"]) == 20
    assert len(kinds["not works"]) == 8
    assert sorted(kinds["Refused"]) == [400] * 8 + [401, 404]
    assert set(kinds) == {"works", "bad", "read", "not works", "Refused"}


@here
def test_recorded_works_field_by_field() -> None:
    (page,) = cassette(RECORDED / "openalex" / "vcr__pro_fetch_search_biodiversity_AND_finance.yml")
    found = parsed(OpenAlex(), page[0], page[3])
    works = json.loads(page[3])["results"]
    assert len(works) == 200
    read = papers(found)
    first = read["openalex:W4235089722"]
    assert first["doi"] == "10.1111/1468-2346.00131"
    bare = [
        "openalex:" + work["id"].rpartition("/")[2]
        for work in works
        if not any(author["institutions"] for author in work["authorships"])
    ]
    assert len(bare) == 107
    assert all(place["organisation"] == "" for paper in bare for place in places(found, paper))
    assert sum(work["publication_date"].endswith("-01-01") for work in works) == 73
    padded = {w["id"].rpartition("/")[2] for w in works if w["publication_date"][5:] == "01-01"}
    assert {read[p]["date_precision"] for p in read if p.rpartition("W")[2] and
            p.removeprefix("openalex:") in padded} <= {"year", "month"}  # fmt: skip


@here
def test_one_recorded_work_against_its_bytes() -> None:
    exchanges = list(cassette(RECORDED / "openalex" / "vcr__oa_snowball.yml"))
    found = parsed(OpenAlex(), exchanges[0][0], exchanges[0][3])
    (paper,) = papers(found).values()
    assert paper["paper_id"] == "openalex:W3046863325"
    assert paper["doi"] == "10.1145/3383583.3398584"
    assert paper["date"] == "2020-08-01"
    assert paper["cited_by"] == 5
    assert [
        (place["author"], place["author_name"], place["organisation"], place["country"],
         place["kind"])
        for place in places(found, paper["paper_id"])
    ] == [
        (1, "Chifumi Nishioka", "Kyoto University", "JP", "academia"),
        (2, "Michael Färber", "Karlsruhe Institute of Technology", "DE", "academia"),
    ]  # fmt: skip


@here
def test_the_recorded_end_of_a_cursor_chain() -> None:
    """Two works, then an empty page without a cursor."""
    source = OpenAlex()
    (request,) = source.begin(Ask(ASK.first, ASK.first, keyed=True))
    exchanges = list(cassette(RECORDED / "openalex" / "vcr__pro_snowball.yml"))
    full, last = exchanges[3], exchanges[4]
    (second,) = further(source, answer(source, full[3], request=request))
    assert "cursor=IlsnLUlu" in second.url
    response = answer(source, last[3], request=second)
    assert source.judge(response) == Good()
    assert list(source.follow(response)) == []
