"""Crossref: batches of DOIs, windows by offset, pools, refusals, and what was recorded."""

import datetime as dt
import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from tests.server.site import World
from tests.server.sites._papers import visible
from tests.server.sites.crossref import Crossref as Site
from tests.sources._offline import START, answer, asked, reply_to
from tests.sources.openalex.walk import (
    RECORDED,
    Papers,
    cassette,
    cut,
    here,
    papers,
    parsed,
    places,
)

from gapstudy.errors import ShapeError
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Bad, Incomplete
from gapstudy.sources.crossref import Crossref

DAY = dt.date(2024, 1, 1)


@pytest.fixture
def world() -> World:
    return World(seed=5, day=dt.date(2024, 2, 20), per_day=8)


def known(world: World) -> dict[str, bool]:
    """DOIs -> whether a date is known for them."""
    return {p.doi: bool(p.number % 20) for p, _ in visible(world, "crossref") if p.has_doi}


def args(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# Looking up.


def test_dois_are_looked_up_in_batches_and_those_with_a_comma_alone() -> None:
    wanted = ("10.5555/A", "doi:10.5555/b;c(1)<2>#3", "https://doi.org/10.5555/a", "10.5555/x,y",
              "no doi", "10.5555/é&z")  # fmt: skip
    alone, batch = Crossref().begin(Ask(DAY, DAY, wanted=wanted))
    assert alone.url == "https://api.crossref.org/works/10.5555%2Fx%2Cy"
    assert args(batch.url) == {
        "filter": "doi:10.5555/a,doi:10.5555/b;c(1)<2>#3,doi:10.5555/é&z",
        "select": "DOI,title,container-title,type,author,issued,abstract,is-referenced-by-count",
        "rows": "3",
    }  # fmt: skip
    assert list(Crossref().begin(Ask(DAY, DAY))) == []


def test_batches_keep_the_address_short() -> None:
    wanted = tuple(f"10.5555/{number:03d}{'é' * (number % 40)}" for number in range(300))
    urls = [request.url for request in Crossref().begin(Ask(DAY, DAY, wanted=wanted))]
    assert urls == [request.url for request in Crossref().begin(Ask(DAY, DAY, wanted=wanted))]
    assert max(map(len, urls)) <= 4_000
    assert max(int(args(url)["rows"]) for url in urls) <= 50
    asked_for = [doi for url in urls for doi in args(url)["filter"].split(",")]
    assert asked_for == [f"doi:{doi}" for doi in wanted]


def test_known_dois_are_found_and_unknown_ones_are_no_error(world: World) -> None:
    there = known(world)
    wanted = (*there, "10.5555/unknown", "10.5555/un,known")
    crawl = Papers().run(Crossref(), Site(world), Ask(DAY, DAY, wanted=wanted))
    assert crawl.papers() == {f"doi:{doi}" for doi, dated in there.items() if dated}
    assert len(crawl.bad) == sum(not dated for dated in there.values())
    assert set(crawl.bad) == {"issued: no date of publication is given"}
    assert len(crawl.urls) == len(there) // 50 + 2


def test_works_that_were_not_asked_for_are_asked_for_again(world: World) -> None:
    source, site = Crossref(), Site(world)
    wanted = tuple(known(world))
    one, other = list(source.begin(Ask(DAY, DAY, wanted=wanted)))[:2]
    body = site.reply(asked(one, {}, START)).body
    assert source.judge(answer(source, body, request=one)) == Good()
    verdict = source.judge(answer(source, body, request=other))
    assert verdict == Again("Crossref sent works that were not asked for")


# Windows.


def test_a_filter_asks_for_months_by_offset_in_order_of_registration(world: World) -> None:
    ask = Ask(DAY, world.day, options={"filter": "type:posted-content,has-abstract:1"})
    first = [request.url for request in Crossref().begin(ask)]
    assert len(first) == 2
    assert args(first[0]) == {
        "filter": "type:posted-content,has-abstract:1,from-pub-date:2024-01-01,"
        "until-pub-date:2024-01-31",
        "select": args(first[0])["select"], "sort": "created", "order": "asc", "rows": "500",
        "offset": "0",
    }  # fmt: skip


@pytest.mark.parametrize("cap", [1_000, 30, 20])
def test_windows_bring_everything_dated(
    world: World, monkeypatch: pytest.MonkeyPatch, cap: int
) -> None:
    monkeypatch.setattr(Crossref, "PAGE", 5)
    monkeypatch.setattr(Crossref, "CAP", cap)
    ask = Ask(DAY, world.day, options={"filter": "type:journal-article"})
    crawl = Papers().run(Crossref(), Site(world), ask)
    there = {
        f"doi:{paper.doi}" for paper, _ in visible(world, "crossref")
        if paper.has_doi and paper.type == "article" and paper.number % 20
    }  # fmt: skip
    assert crawl.papers() == there
    assert crawl.incomplete == []
    assert len(crawl.urls) == len(set(crawl.urls))
    assert any("has-references:0" in url for url in crawl.urls) is (cap == 20)


def test_a_window_that_stays_over_the_cap_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Crossref, "PAGE", 2)
    monkeypatch.setattr(Crossref, "CAP", 4)
    keys = "has-references:1,has-orcid:0,has-affiliation:1,has-license:1,has-abstract:1"
    crawl = Papers().run(Crossref(), Site(world), Ask(DAY, DAY, options={"filter": keys}))
    (found,) = crawl.incomplete
    assert found == Incomplete("2024-01-01/2024-01-01", found.total, 4)
    assert found.total > 4
    assert len(crawl.papers()) == 4


def test_a_short_page_is_asked_for_again_and_then_written_down(world: World) -> None:
    source = Crossref()
    (first, *_rest) = source.begin(Ask(DAY, world.day, options={"filter": "has-orcid:0"}))
    data = json.loads(Site(world).reply(asked(first, {}, START)).body)
    for keep in (0, len(data["message"]["items"]) - 3):
        data["message"]["items"] = data["message"]["items"][:keep] or []
        assert isinstance(source.judge(answer(source, json.dumps(data), request=first)), Again)
        data = json.loads(Site(world).reply(asked(first, {}, START)).body)
    data["message"]["items"] = data["message"]["items"][3:]
    last = first.replace(meta={**first.meta, "tries": 3})
    response = answer(source, json.dumps(data), request=last)
    assert source.judge(response) == Good()
    (short,) = cut(source, response)
    assert short.total - short.reached == 3


# Manners.


def test_the_contact_is_in_the_header_and_opens_the_polite_pool(world: World) -> None:
    source = Crossref()
    signed = source.sign({"agent": "gapstudy/1 (+jane@example.org)", "contact": "jane@example.org"})
    assert signed == {"User-Agent": "gapstudy/1 (+jane@example.org) (mailto:jane@example.org)"}
    assert source.sign({"agent": "gapstudy/1", "contact": "https://example.org"}) == {}
    (request,) = source.begin(Ask(DAY, DAY, wanted=("10.5555/a",)))
    assert "example.org" not in unquote(request.url)
    for headers, pool, pace in ((signed, "polite", 0.1), ({}, "public", 0.2)):
        reply = Site(world).reply(asked(request, headers, START))
        assert reply.headers["x-api-pool"] == pool
        assert source.pace(answer(source, reply.body, headers=reply.headers)) == pace


@pytest.mark.parametrize(
    ("limit", "interval", "pace"),
    [("50", "1s", 0.02), ("3000", "60s", 0.02), ("5", "1", 0.2), ("0", "1s", None),
     ("-5", "1s", None), ("", "1s", None), ("5", "", None), ("5", "1m", None), ("x", "y", None)],
)  # fmt: skip
def test_the_pace_that_headers_name(limit: str, interval: str, pace: float | None) -> None:
    headers = {"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Interval": interval}
    assert Crossref().pace(answer(Crossref(), "{}", headers=headers)) == pace


def test_what_answers_mean(world: World) -> None:
    source, site = Crossref(), Site(world)
    reply = reply_to(site, "https://api.crossref.org/works?filter=country:DE")
    assert reply.status == 400
    verdict = source.judge(
        answer(source, reply.body, status=400, url="https://api.crossref.org/works")
    )
    assert verdict == Refused(
        "Crossref refused the query: filter-not-available: filter-not-available: country",
        "Check filter in [source.crossref] of study.toml",
    )
    url = "https://api.crossref.org/works/10.5555%2Funknown"
    reply = reply_to(site, url)
    assert (reply.status, reply.body) == (404, b"Resource not found.")
    assert source.judge(answer(source, reply.body, status=404, url=url)) == Good()
    assert parsed(source, url, reply.body, 404) == []
    assert isinstance(source.judge(answer(source, "<html></html>")), Again)
    assert isinstance(source.judge(answer(source, "", status=429)), Again)
    assert isinstance(source.judge(answer(source, "", status=500)), Again)


def test_a_cursor_of_the_local_server_repeats_and_lapses(world: World) -> None:
    """As the service's: why windows are not paged by it."""
    site = Site(world)
    url = "https://api.crossref.org/works?rows=5&cursor="
    one = json.loads(reply_to(site, url + "*").body)["message"]
    cursor = one["next-cursor"].replace("+", "%2B")
    two = json.loads(reply_to(site, url + cursor).body)["message"]
    assert two["next-cursor"] == one["next-cursor"]
    assert two["items"] != one["items"]
    site.LAPSE = 0.0
    assert reply_to(site, url + cursor).status == 404


# Recordings.


@here
def test_every_recorded_exchange_is_read_or_refused() -> None:
    source = Crossref()
    counts = {"papers": 0}
    kinds: dict[str, int] = {}
    for path in sorted((RECORDED / "crossref").glob("*.yaml")):
        for url, status, headers, body in cassette(path):
            verdict = source.judge(answer(source, body, status=status, headers=headers, url=url))
            name = type(verdict).__name__
            if verdict == Good() and b'"message-type":"work' in body[:200]:
                name = "works"
                # One answer holds DOI and title alone.
                if b'"issued"' not in body and b'"items":[]' not in body:
                    with pytest.raises(ShapeError, match="'issued' is missing from all"):
                        parsed(source, url, body, status)
                    continue
                found = parsed(source, url, body, status)
                counts["papers"] += len(papers(found))
                for bad in (item for item in found if isinstance(item, Bad)):
                    counts[bad.reason] = counts.get(bad.reason, 0) + 1
            kinds[name] = kinds.get(name, 0) + 1
    # Unknown DOIs and answers about journals, members and types are good too; a citation as text
    # is no JSON.
    assert kinds == {"works": 25, "Good": 10, "Refused": 10, "Again": 1}
    assert counts == {
        "papers": 142,
        "issued: no date of publication is given": 14,
        "title: there is none": 2,
    }


@here
def test_recorded_works_field_by_field() -> None:
    path = RECORDED / "crossref" / "test-works__test_works_with_many_ids.yaml"
    found = [item for url, _, _, body in cassette(path) for item in parsed(Crossref(), url, body)]
    read = papers(found)
    assert list(read) == [
        "doi:10.1016/j.neurobiolaging.2010.03.024", "doi:10.1002/jor.1100150407",
        "doi:10.1038/srep16696", "doi:10.3892/ijo_00000353",
    ]  # fmt: skip
    dates = [(paper["date"], paper["date_precision"], paper["cited_by"]) for paper in read.values()]
    assert dates == [
        ("2012-03", "month", 242), ("1997-07", "month", 19), ("2015-11-19", "day", 110),
        ("2009-06-26", "day", 4),
    ]  # fmt: skip
    assert {paper["date_meaning"] for paper in read.values()} == {"journal"}
    (bad,) = (item for item in found if isinstance(item, Bad))
    assert "10.1109/icdcsw.2003.1203662" in bad.raw
    assert len(places(found, "doi:10.1016/j.neurobiolaging.2010.03.024")) == 11
    abstract = read["doi:10.1002/jor.1100150407"]["abstract"]
    assert "jats" not in abstract
    assert "(p < 0.001)" in abstract


@here
def test_recorded_cursors_repeat() -> None:
    path = RECORDED / "crossref" / "test-cursor__test_cursor_max.yaml"
    urls = [url for url, *_ in cassette(path)]
    assert urls[1] == urls[2]


@here
def test_recorded_pools() -> None:
    paces = set()
    for path in (RECORDED / "crossref").glob("test-works__*.yaml"):
        for _, _, headers, body in cassette(path):
            pace = Crossref().pace(answer(Crossref(), body, headers=headers))
            paces.add((headers["x-api-pool"], pace))
    assert paces == {("public", 0.2), ("polite", 0.1)}
