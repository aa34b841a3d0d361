"""News feeds: block pages, dates of every spelling, and a feed that forgets."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import pytest
from tests.server.site import World
from tests.server.sites import news_rss as played
from tests.sources._offline import Crawl, answer, reply_to

from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask
from gapstudy.sources.news_rss import EXCERPT, NewsRss, _day

DAY = dt.date(2024, 8, 5)
FEED = "https://techcrunch.com/category/artificial-intelligence/feed/"


def test_each_feed_is_a_unit_on_a_host_of_the_card() -> None:
    urls = [request.url for request in NewsRss().begin(Ask(DAY, DAY))]
    assert FEED in urls
    card = NewsRss.CARD
    assert card is not None
    assert {urlsplit(url).hostname for url in urls} == set(card.hosts)
    assert card.robots
    feeds = [{"url": "https://news.example.com/feed"}]
    (request,) = NewsRss().begin(Ask(DAY, DAY, options={"feeds": feeds}))
    assert request.url == "https://news.example.com/feed"


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (200, "<?xml version='1.0'?><rss></rss>\n", Good),
        (200, "<!DOCTYPE html><html>", Refused),
        (200, "\ufeff <html lang='en'>Are you a robot?</html>", Refused),
        (200, "<?xml version='1.0'?>\n<!-- x -->\n<html xmlns='y'/>", Refused),
        (200, "<rss><channel><item><tit", Again),
        (200, "", Again),
        (403, "", Refused),
        (429, "", Again),
        (503, "", Again),
    ],
)
def test_what_an_answer_means(status: int, body: str, meant: type) -> None:
    source = NewsRss()
    assert isinstance(source.judge(answer(source, body, status=status, url=FEED)), meant)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Mon, 05 Aug 2024 23:30:00 +0000", "2024-08-05"),
        ("Mon, 05 Aug 2024 23:30:00 -0700", "2024-08-06"),
        ("Mon, 05 Aug 2024 23:30:00 PST", "2024-08-06"),
        ("Tue, 06 Aug 2024 01:30:00 CEST", "2024-08-05"),
        ("Tue, 06 Aug 2024 01:30:00 BST", "2024-08-06"),
        ("Tue, 06 Aug 2024 00:30:00 QQQ", "2024-08-06"),
        ("5 Aug 24 10:00 GMT", "2024-08-05"),
        ("2024-08-05T23:30:00-02:00", "2024-08-06"),
        ("2024-08-05", "2024-08-05"),
    ],
)
def test_dates(text: str, day: str) -> None:
    assert _day(text) == day


@pytest.mark.parametrize(
    "text", ["", "soon", "Mon, 32 Aug 2024 10:00:00 GMT", "Mon, 05 Aug 2024 10:00:00 +9999",
             "Mon, 05 Aug 1824 10:00:00 GMT", "9" * 5000, ","]
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):
        _day(text)


def crawl(site: played.NewsRss, into: Crawl) -> Crawl:
    return into.run(NewsRss(), site, Ask(site.world.day, site.world.day))


def test_a_feed_forgets_but_the_crawls_do_not() -> None:
    site = played.NewsRss(World(start=dt.date(2024, 1, 1)))
    site.entries = 30  # type: ignore[misc]
    daily = Crawl()
    for number in range(25):
        site.world.day = site.world.start + dt.timedelta(days=number)
        crawl(site, daily)
    late = crawl(site, Crawl())
    assert set(late.rows) < set(daily.rows)
    assert all(daily.rows[key] == row for key, row in late.rows.items())
    assert not daily.bad
    site.entries = 10_000  # type: ignore[misc]
    assert daily.rows == crawl(site, Crawl()).rows
    assert all(len(row["description"]) <= EXCERPT for row in daily.rows.values())


def test_the_site_answers_a_lost_feed_with_a_page() -> None:
    site = played.NewsRss(World())
    lost = reply_to(site, "https://techcrunch.com/feed/ai")
    assert lost.status == 404
    assert lost.body.startswith(b"<!DOCTYPE html>")
    tag = reply_to(site, FEED).headers["ETag"]
    assert reply_to(site, FEED, {"If-None-Match": tag}).status == 304
