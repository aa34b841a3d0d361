"""Product Hunt: day windows, cursors, points, and errors that come with HTTP 200."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from tests.server.site import World
from tests.server.sites import product_hunt as played
from tests.sources._offline import Crawl, answer

from gapstudy.errors import ShapeError
from gapstudy.sources._answers import Again, Good, Refused, Spent
from gapstudy.sources.base import Ask, Incomplete
from gapstudy.sources.product_hunt import COST, ProductHunt

DAY = dt.date(2024, 3, 1)


def page(edges: int, *, more: bool = False, cursor: str | None = "Mg") -> str:
    info = {"hasNextPage": more, "endCursor": cursor}
    return json.dumps({"data": {"posts": {"totalCount": 9, "pageInfo": info,
                                          "edges": [{"node": {}}] * edges}}})  # fmt: skip


def errors(*found: dict[str, Any]) -> str:
    return json.dumps({"data": None, "errors": list(found)})


def test_a_unit_is_a_day_and_its_query_is_the_same_every_time() -> None:
    ask = Ask(DAY, DAY + dt.timedelta(days=2), keyed=True)
    requests = list(ProductHunt().begin(ask))
    assert [request.body for request in requests] == [
        request.body for request in ProductHunt().begin(ask)
    ]
    assert len(requests) == 3
    assert {request.method for request in requests} == {"POST"}
    asked = json.loads(requests[0].body)["variables"]
    assert asked == {
        "topic": "artificial-intelligence", "since": "2024-02-29T23:59:59Z",
        "until": "2024-03-02T00:00:00Z", "first": 20, "after": None,
    }  # fmt: skip
    assert "makers" not in json.loads(requests[0].body)["query"]


def test_the_topic_is_an_option() -> None:
    (request,) = ProductHunt().begin(Ask(DAY, DAY, options={"topic": "robots"}))
    assert json.loads(request.body)["variables"]["topic"] == "robots"
    (request,) = ProductHunt().begin(Ask(DAY, DAY, options={"topic": ""}))
    assert json.loads(request.body)["variables"]["topic"] is None


def test_the_token_is_in_the_header_alone() -> None:
    assert ProductHunt().sign({"PRODUCT_HUNT_TOKEN": "test-key"}) == {
        "Authorization": "Bearer test-key"
    }


def test_a_query_stays_below_the_limit_of_one_query() -> None:
    (request,) = ProductHunt().begin(Ask(DAY, DAY))
    assert ProductHunt().cost(request) == COST < 1000


def test_pages_follow_by_cursor() -> None:
    source = ProductHunt()
    (request,) = source.begin(Ask(DAY, DAY))
    (following,) = source.follow(answer(source, page(20, more=True), request=request))
    assert not isinstance(following, Incomplete)
    assert json.loads(following.body)["variables"]["after"] == "Mg"
    assert following.body != request.body
    assert not list(source.follow(answer(source, page(3), request=request)))
    with pytest.raises(ShapeError, match="endCursor"):
        list(source.follow(answer(source, page(20, more=True, cursor=None), request=request)))
    with pytest.raises(ShapeError, match="endCursor"):
        list(source.follow(answer(source, page(20, more=True), request=following)))


LIMIT = {"error": "rate_limit_reached", "error_description": "Sorry.",
         "details": {"limit": 6250, "remaining": 0, "reset_in": 500}}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (200, page(20), Good),
        (200, page(0), Good),
        (200, page(0, more=True), Again),
        (200, errors(LIMIT), Spent),
        (429, errors(LIMIT), Spent),
        (429, "Too many requests", Spent),
        (429, errors(LIMIT | {"details": {"reset_in": 20}}), Again),
        (401, errors({"error": "invalid_oauth_token", "error_description": "Supply"}), Refused),
        (200, errors({"error": "invalid_oauth_token"}), Refused),
        (200, errors({"message": "Field 'x' doesn't exist on type 'Post'"}), Refused),
        (200, errors({"message": "Query has complexity of 1126, which exceeds max"}), Refused),
        (200, errors({"message": "Request timed out"}), Again),
        (200, json.dumps({"errors": "odd"}), Refused),
        (403, "<!DOCTYPE html><title>Just a moment</title>", Refused),
        (200, "<html></html>", Refused),
        (200, '{"data": {', Again),
        (502, "<html>bad gateway</html>", Again),
        (500, "{}", Again),
    ],
)
def test_what_an_answer_means(status: int, body: str, meant: type) -> None:
    source = ProductHunt()
    assert isinstance(source.judge(answer(source, body, status=status)), meant)


def test_a_refusal_names_what_was_said() -> None:
    source = ProductHunt()
    said = "Field 'votesCount' doesn't exist on type 'Post'"
    verdict = source.judge(answer(source, errors({"message": said})))
    assert isinstance(verdict, Refused)
    assert said in verdict.why


def test_points_come_back_as_the_header_says_in_seconds() -> None:
    source = ProductHunt()
    headers = {"X-Rate-Limit-Limit": "6250", "X-Rate-Limit-Remaining": "0",
               "X-Rate-Limit-Reset": "321"}  # fmt: skip
    verdict = source.judge(answer(source, "", status=429, headers=headers))
    assert isinstance(verdict, Spent)
    assert verdict.seconds == 321


def test_the_pace_spreads_what_is_left() -> None:
    source = ProductHunt()
    headers = {"X-Rate-Limit-Remaining": str(10 * COST), "X-Rate-Limit-Reset": "600"}
    assert source.pace(answer(source, page(1), headers=headers)) == 60
    assert source.pace(answer(source, page(1))) is None


def crawl(site: played.ProductHunt, first: dt.date, last: dt.date, into: Crawl) -> Crawl:
    return into.run(ProductHunt(), site, Ask(first, last, keyed=True))


def test_a_crawl_brings_every_post_and_waits_for_its_points() -> None:
    site = played.ProductHunt(World(day=dt.date(2024, 1, 20), per_day=33, late=0))
    found = crawl(site, site.world.start, site.world.day, Crawl())
    assert len(found.rows) == 33 * 20
    assert len(found.urls) - len(found.waits) == 2 * 20
    assert found.waits
    assert not found.bad
    assert not any(row["website"] for row in found.rows.values())


def test_daily_crawls_with_overlap_end_where_one_crawl_does() -> None:
    site = played.ProductHunt(World(start=dt.date(2024, 1, 1)))
    card = ProductHunt.CARD
    overlap = dt.timedelta(days=card.overlap if card else 0)
    daily = Crawl()
    for number in range(20):
        site.world.day = site.world.start + dt.timedelta(days=number)
        crawl(site, max(site.world.start, site.world.day - overlap), site.world.day, daily)
    last = crawl(site, site.world.start, site.world.day, Crawl(now=daily.now))
    assert daily.rows == last.rows


def test_the_site_refuses_a_bad_token_and_a_field_that_it_does_not_have() -> None:
    source, site = ProductHunt(), played.ProductHunt(World())
    (request,) = source.begin(Ask(DAY, DAY))
    with pytest.raises(AssertionError, match="invalid_oauth_token"):
        Crawl().run(source, site, Ask(DAY, DAY))
    wrong = request.replace(body=request.body.replace(b"votesCount", b"hearts"))
    with pytest.raises(AssertionError, match="hearts"):
        Crawl()._get(source, site, wrong, source.sign(site.SECRETS))
