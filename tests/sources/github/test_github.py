"""GitHub: searches by window, releases, and limits that come as 403."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import scrapy
from tests.server.site import World
from tests.server.sites import github as played
from tests.sources._offline import START, Crawl, answer, reply_to

from gapstudy.sources._answers import Again, Good, Refused, Spent
from gapstudy.sources.base import Ask, Incomplete
from gapstudy.sources.github import GitHub

DAY = dt.date(2024, 1, 1)
SEARCH = "https://api.github.com/search/repositories?q=topic%3Allm"
RELEASES = "https://api.github.com/repos/example-labs/quill/releases?per_page=100"
META: dict[str, Any] = {
    "topic": "llm", "stars": 100, "field": "created", "days": "2024-01-01/2024-01-04",
    "since": "2024-01-01", "page": 1,
}  # fmt: skip


def found(*names: str, total: int | None = None, incomplete: bool = False) -> str:
    items = [{"full_name": name} for name in names]
    return json.dumps({"total_count": len(items) if total is None else total,
                       "incomplete_results": incomplete, "items": items})  # fmt: skip


def requests(items: Any) -> list[scrapy.Request]:
    listed = list(items)
    assert all(isinstance(item, scrapy.Request) for item in listed)
    return listed


def test_units_are_repositories_and_topics_by_month_created_and_pushed() -> None:
    options = {"repositories": ["example-labs/quill"], "topics": ["llm"], "min_stars": 50}
    ask = Ask(dt.date(2024, 1, 31), dt.date(2024, 2, 1), keyed=True, options=options)
    one, *searches = GitHub().begin(ask)
    assert one.url == RELEASES
    asked = [parse_qs(urlsplit(search.url).query)["q"][0] for search in searches]
    assert asked == [
        "topic:llm stars:>=50 created:2024-01-31..2024-01-31",
        "topic:llm stars:>=50 pushed:2024-01-31..2024-01-31",
        "topic:llm stars:>=50 created:2024-02-01..2024-02-01",
        "topic:llm stars:>=50 pushed:2024-02-01..2024-02-01",
    ]


@pytest.mark.parametrize("body", [found(total=1000), found(total=3, incomplete=True)])
def test_a_search_that_is_too_large_or_not_finished_is_split(body: str) -> None:
    source = GitHub()
    halves = requests(source.follow(answer(source, body, url=SEARCH, **META)))
    assert [half.meta["days"] for half in halves] == [
        "2024-01-01/2024-01-02", "2024-01-03/2024-01-04"
    ]  # fmt: skip


def test_a_day_that_is_too_large_is_told_and_read_as_far_as_it_goes() -> None:
    source = GitHub()
    meta = META | {"days": "2024-01-01/2024-01-01"}
    link = {"Link": f'<{SEARCH}&page=1>; rel="prev", <{SEARCH}&page=2>; rel="next"'}
    response = answer(source, found("a/b", total=1800), url=SEARCH, headers=link, **meta)
    told, releases, following = source.follow(response)
    assert told == Incomplete("topic llm, created on 2024-01-01", 1800, 1000)
    assert isinstance(releases, scrapy.Request)
    assert isinstance(following, scrapy.Request)
    assert releases.url == "https://api.github.com/repos/a/b/releases?per_page=100"
    assert following.url == f"{SEARCH}&page=2"
    assert following.meta["page"] == 2


def test_results_that_end_early_are_split_too() -> None:
    source = GitHub()
    found_more = list(source.follow(answer(source, found("a/b", total=7), url=SEARCH, **META)))
    assert len(found_more) == 3
    meta = META | {"days": "2024-01-01/2024-01-01"}
    releases, told = source.follow(answer(source, found("a/b", total=7), url=SEARCH, **meta))
    assert isinstance(releases, scrapy.Request)
    assert told == Incomplete("topic llm, created on 2024-01-01", 7, 1)


def test_releases_are_read_back_to_the_first_day_wanted() -> None:
    source = GitHub()
    link = {"Link": f'<{RELEASES}&page=2>; rel="next"'}

    def follows(*published: str | None) -> int:
        body = json.dumps([{"published_at": day} for day in published])
        response = answer(source, body, url=RELEASES, headers=link, since="2024-01-05")
        return len(requests(source.follow(response)))

    # The list is not sorted by publication, so one late release is reason enough to go on.
    assert follows("2024-01-09T00:00:00Z", "2023-01-01T00:00:00Z") == 1
    assert follows("2024-01-04T23:59:59Z", "2023-01-01T00:00:00Z") == 0
    assert follows(None) == 1
    gone = answer(source, '{"message": "Not Found"}', status=404, url=RELEASES, since="2024-01-05")
    assert requests(source.follow(gone)) == []


def failure(said: str) -> str:
    return json.dumps({"message": said, "documentation_url": "x", "status": "403"})


SAID = "You have exceeded a secondary rate limit. Please wait."
SECONDARY = failure(SAID)
PRIMARY = failure("API rate limit exceeded for user ID 1.")


def limits(seconds: int, *, skew: int = 0) -> dict[str, str]:
    """Headers of a server whose clock is wrong by `skew` seconds."""
    now = int(START) + skew
    return {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(now + seconds),
            "Date": email.utils.formatdate(now, usegmt=True)}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "headers", "url", "meant"),
    [
        (200, "[]", {}, RELEASES, Good),
        (200, found(), {}, SEARCH, Good),
        (200, found(total=7), {}, SEARCH, Again),
        (200, "[{", {}, RELEASES, Again),
        (404, failure("Not Found"), {}, RELEASES, Good),
        (451, failure("Repository access blocked"), {}, RELEASES, Good),
        (403, failure("Repository access blocked"), {}, RELEASES, Good),
        (404, failure("Not Found"), {}, SEARCH, Refused),
        (401, failure("Bad credentials"), {}, RELEASES, Refused),
        (403, failure("Resource not accessible by personal access token"), {}, RELEASES, Refused),
        (422, failure("Validation Failed"), {}, SEARCH, Refused),
        (403, SECONDARY, {"Retry-After": "30"}, RELEASES, Again(f"HTTP 403: {SAID}", 30.0)),
        (429, SECONDARY, {"Retry-After": "900"}, RELEASES, Spent),
        (403, SECONDARY, {}, RELEASES, Again(f"HTTP 403: {SAID}", 60.0)),
        (403, PRIMARY, limits(1800), RELEASES, Spent),
        (429, PRIMARY, limits(40, skew=86_400), SEARCH, Again),
        (502, "", {}, RELEASES, Again),
    ],
)  # fmt: skip
def test_what_an_answer_means(
    status: int, body: str, headers: dict[str, str], url: str, meant: Any
) -> None:
    source = GitHub()
    verdict = source.judge(answer(source, body, status=status, headers=headers, url=url, page=1))
    if isinstance(meant, type):
        assert isinstance(verdict, meant)
    else:
        assert verdict == meant


def test_the_reset_is_read_by_the_servers_clock() -> None:
    source = GitHub()
    for skew in (-86_400, 0, 7_200):
        response = answer(source, PRIMARY, status=403, headers=limits(1800, skew=skew), url=SEARCH)
        verdict = source.judge(response)
        assert isinstance(verdict, Spent)
        assert verdict.seconds == 1800


def test_searches_have_a_budget_of_their_own() -> None:
    source = GitHub()
    assert source.cost(source.get(SEARCH)) == 1
    assert source.cost(source.get(RELEASES)) == 0
    assert source.sign({"GITHUB_TOKEN": "test-key"})["Authorization"] == "Bearer test-key"


OPTIONS = {"topics": ["llm", "generative-ai"], "repositories": ["example-labs/gone"]}


def crawl(site: played.GitHub, first: dt.date, into: Crawl) -> Crawl:
    return into.run(GitHub(), site, Ask(first, site.world.day, keyed=True, options=OPTIONS))


def test_a_crawl_brings_the_same_whatever_the_cap() -> None:
    site = played.GitHub(World(day=dt.date(2024, 1, 25)))
    whole = crawl(site, site.world.start, Crawl())
    kinds = {row["kind"] for row in whole.rows.values() if "kind" in row}
    assert kinds == {"product", "version"}
    assert not whole.bad
    site = played.GitHub(World(day=dt.date(2024, 1, 25)))
    site.searches, site.ceiling = 5, 8  # type: ignore[misc]
    slow = crawl(site, site.world.start, Crawl())
    assert slow.rows == whole.rows
    assert slow.waits
    assert len(slow.urls) > len(whole.urls)


def test_daily_crawls_find_releases_of_older_repositories() -> None:
    site = played.GitHub(World(start=DAY))
    card = GitHub.CARD
    overlap = dt.timedelta(days=card.overlap if card else 0)
    daily = Crawl()
    for number in range(20):
        site.world.day = DAY + dt.timedelta(days=number)
        crawl(site, max(DAY, site.world.day - overlap), daily)
    assert daily.rows == crawl(site, DAY, Crawl(now=daily.now)).rows


def test_the_site_refuses_without_token_and_beyond_its_cap() -> None:
    site = played.GitHub(World())
    assert reply_to(site, SEARCH).status == 401
    key = {"Authorization": "Bearer test-key-github"}
    assert reply_to(site, f"{SEARCH}&per_page=100&page=11", key).status == 422
    assert reply_to(site, f"{SEARCH}%20language%3Ac", key).status == 422
    moved = reply_to(site, "https://api.github.com/repos/example-labs/renamed/releases", key)
    assert moved.status == 301
    assert moved.headers["Location"].startswith("https://api.github.com/repositories/")
