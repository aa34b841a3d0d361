"""Hacker News: windows, the ceiling, the rule of words, and answers that were recorded."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy.http import TextResponse
from tests.server.site import World
from tests.server.sites import hacker_news as played
from tests.sources._offline import Crawl, answer, reply_to

from gapstudy.sources._ai_words import about_ai, plain
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Incomplete, Record
from gapstudy.sources.hacker_news import HackerNews

RECORDED = Path(__file__).resolve().parents[3] / "../shared/recorded/hn_algolia"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded responses are not here")


def parsed(body: bytes, words: list[str] | None = None) -> list[dict[str, Any]]:
    source = HackerNews()
    day = dt.date(2024, 1, 1)
    source.ask = Ask(day, day, options={} if words is None else {"words": words})
    found = list(source.parse(TextResponse("https://hn.algolia.com/", body=body, encoding="utf-8")))
    assert all(isinstance(item, Record) for item in found)
    return [item.data for item in found if isinstance(item, Record) and item.table == "products"]


def told(number: int, **more: Any) -> str:
    return json.dumps({"hits": [{}] * number, "nbHits": number, "nbPages": 1, "hitsPerPage": 1000,
                       "page": 0} | more)  # fmt: skip


def test_a_unit_is_a_month_in_whole_seconds_half_open() -> None:
    ask = Ask(dt.date(2024, 1, 30), dt.date(2024, 2, 2))
    first, second = HackerNews().begin(ask)
    query = parse_qs(urlsplit(first.url).query)
    assert query == {
        "tags": ["show_hn"], "numericFilters": ["created_at_i>=1706572800,created_at_i<1706745600"],
        "hitsPerPage": ["1000"], "page": ["0"],
    }  # fmt: skip
    assert second.meta["since"] == 1706745600
    assert [request.url for request in HackerNews().begin(ask)] == [first.url, second.url]


def test_a_window_at_the_ceiling_is_split_into_parts_that_meet() -> None:
    source = HackerNews()
    response = answer(source, told(1000, nbHits=2600), since=0, until=1000, page=0)
    parts = list(source.follow(response))
    edges = [
        (part.meta["since"], part.meta["until"])
        for part in parts
        if not isinstance(part, Incomplete)
    ]
    assert len(edges) == 6
    assert edges[0][0] == 0
    assert edges[-1][1] == 1000
    assert all(one[1] == two[0] for one, two in itertools.pairwise(edges))


@pytest.mark.parametrize(
    ("more", "split"),
    [
        ({}, False),
        ({"nbHits": 1000}, True),
        # The number is inexact: 1,000 hits are the ceiling whatever it says.
        ({"hits": [{}] * 1000, "nbHits": 990}, True),
        # Fewer to be had than there are: a ceiling lower than the one known.
        ({"nbHits": 130, "hitsPerPage": 50}, True),
        ({"nbHits": 950, "hitsPerPage": 100, "nbPages": 10}, True),
    ],
)
def test_when_a_window_is_split(more: dict[str, Any], split: bool) -> None:
    source = HackerNews()
    found = list(source.follow(answer(source, told(9, **more), since=0, until=9, page=0)))
    assert (len(found) > 1) == split


def test_a_second_that_is_over_the_ceiling_is_told() -> None:
    source = HackerNews()
    response = answer(source, told(1000, nbHits=1500), since=60, until=61, page=0)
    assert list(source.follow(response)) == [
        Incomplete("Show HN at 1970-01-01T00:01:00+00:00", 1500, 1000)
    ]


def test_an_answer_cut_to_pages_is_followed() -> None:
    source = HackerNews()
    body = told(20, nbHits=70, hitsPerPage=20, nbPages=4)
    (following,) = source.follow(answer(source, body, since=0, until=100, page=2))
    assert not isinstance(following, Incomplete)
    assert following.meta["page"] == 3
    assert not list(source.follow(answer(source, body, since=0, until=100, page=3)))


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (200, told(0, nbPages=0), Good),
        (200, told(0, nbHits=40, nbPages=2), Again),
        (200, "<html>busy</html>", Again),
        (200, '{"hits": [', Again),
        (429, "{}", Again),
        (503, "", Again),
        (400, '{"message": "x"}', Refused),
        (403, "", Refused),
    ],
)
def test_what_an_answer_means(status: int, body: str, meant: type) -> None:
    source = HackerNews()
    assert isinstance(source.judge(answer(source, body, status=status, page=1)), meant)


@pytest.mark.parametrize(
    ("text", "is_about"),
    [
        ("AI for tides", True), ("an AI-powered tide", True), ("(AI)", True), ("A.I. tide", True),
        ("two LLMs", True), ("neural   networks", True), ("neural-network", True),
        ("chatGPT", True), ("ai the sloth", False), ("50 ml of ink", False), ("OpenAIR", False),
        ("said", False), ("AI2", False), ("machine tools for learning", False), ("", False),
    ],
)  # fmt: skip
def test_the_rule_of_words(text: str, is_about: bool) -> None:
    assert about_ai([text]) is is_about


def test_words_of_the_study_replace_the_rule() -> None:
    assert about_ai(["a mirror"], ["mirror"])
    assert not about_ai(["AI"], ["mirror"])
    assert about_ai(["anything"], [])


def test_plain_text() -> None:
    assert (
        plain("<p>A <b>bold</b>&nbsp;&amp; new<br>line &lt;tag&gt;</p>")
        == "A bold & new line <tag>"
    )
    assert plain("<" * 50_000).startswith("<")
    assert "&#9" in plain("&#" + "9" * 5000 + ";")


@here
def test_the_recorded_show_hn_of_2015() -> None:
    body = (RECORDED / "hn_algolia_showhn_2015.json").read_bytes()
    assert parsed(body) == []  # a mirror, by its title not of AI
    (row,) = parsed(body, words=[])
    assert row["product_id"] == "hn:10204018"
    assert row["date"] == "2015-09-11"
    assert row["popularity"] == 1172
    assert row["website"] == "https://github.com/HannahMitt/HomeMirror"
    assert row["name"] == row["title"].removeprefix("Show HN: ")
    assert row["description"] == ""
    assert row["evidence"].endswith("?id=10204018")


@here
def test_the_recorded_stories_are_no_show_hn_and_at_the_ceiling() -> None:
    body = (RECORDED / "search_by_date_story_2026-04-25.json").read_bytes()
    assert parsed(body, words=[]) == []
    # With the tag they would be read: these fields are those of today.
    data = json.loads(body)
    for hit in data["hits"]:
        hit["_tags"].append("show_hn")
    rows = parsed(json.dumps(data).encode(), words=[])
    assert [row["product_id"] for row in rows] == ["hn:47903226", "hn:47903209", "hn:47903195"]
    assert [row["popularity"] for row in rows] == [1, 2, 1]
    assert {row["date"] for row in rows} == {"2026-04-25"}
    assert rows[2]["website"].startswith("https://techcrunch.com/2026/04/25/")
    source = HackerNews()
    response = answer(source, body, since=0, until=1 << 30, page=0)
    assert len(list(source.follow(response))) == 32


def crawl(site: played.HackerNews, first: dt.date, last: dt.date) -> Crawl:
    return Crawl().run(HackerNews(), site, Ask(first, last, options={"words": []}))


def test_a_crawl_brings_every_post_once_whatever_the_ceiling() -> None:
    site = played.HackerNews(World(day=dt.date(2024, 2, 20), per_day=9, late=0))
    first, last = site.world.start, site.world.day
    whole = crawl(site, first, last)
    assert sum(name == "products" for name, *_ in whole.rows) == 9 * 51
    site.ceiling = 20  # type: ignore[misc]
    low = crawl(site, first, last)
    assert low.rows == whole.rows
    assert not low.incomplete
    assert not low.bad
    # Two months; each split brings its parts, and few answers are thrown away.
    assert len(whole.urls) == 2
    assert len(low.urls) < 90


def test_daily_crawls_with_overlap_end_where_one_crawl_does() -> None:
    site = played.HackerNews(World(start=dt.date(2024, 1, 1)))
    overlap = dt.timedelta(days=HackerNews.CARD.overlap if HackerNews.CARD else 0)
    daily = Crawl()
    for number in range(25):
        site.world.day = site.world.start + dt.timedelta(days=number)
        first = max(site.world.start, site.world.day - overlap)
        source = HackerNews()
        daily.run(source, site, Ask(first, site.world.day, options={"words": []}))
    assert daily.rows == crawl(site, site.world.start, site.world.day).rows


def test_the_site_refuses_what_the_service_does_not_know() -> None:
    site = played.HackerNews(World())
    assert reply_to(site, "https://hn.algolia.com/api/v1/search_by_date?since=1").status == 400
    assert reply_to(site, "https://hn.algolia.com/api/v1/nothing").status == 404
