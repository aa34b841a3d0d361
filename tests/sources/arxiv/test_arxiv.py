"""arXiv's query interface: windows, the cap, gaps, errors as feeds, and what was recorded."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.server.site import World
from tests.server.sites.arxiv import Arxiv as Site
from tests.server.sites.arxiv import preprints
from tests.sources._offline import START, answer, asked, reply_to
from tests.sources.openalex.walk import (
    RECORDED,
    Papers,
    cut,
    fixture,
    further,
    here,
    papers,
    parsed,
    places,
)

from gapstudy.errors import ShapeError, StudyError
from gapstudy.sources import _arxiv
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.arxiv import Arxiv
from gapstudy.sources.arxiv_oai import ArxivOai
from gapstudy.sources.base import Ask, Bad, Incomplete

ASK = Ask(dt.date(2024, 1, 1), dt.date(2024, 2, 5))


@pytest.fixture
def world() -> World:
    return World(seed=5, day=dt.date(2024, 3, 1), per_day=8)


def whole(world: World, ask: Ask) -> set[str]:
    return {
        f"arxiv:{one.paper.arxiv}"
        for one in preprints(world)
        if ask.first <= one.paper.day <= ask.last and set(one.paper.categories) & set(_arxiv.AI)
    }


def args(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_unit_is_half_a_month_of_submission() -> None:
    first = [request.url for request in Arxiv().begin(ASK)]
    assert first == [request.url for request in Arxiv().begin(ASK)]
    assert [args(url)["search_query"].partition("submittedDate:")[2] for url in first] == [
        "[202401010000 TO 202401170000]", "[202401170000 TO 202402010000]",
        "[202402010000 TO 202402060000]",
    ]  # fmt: skip
    assert args(first[0]) == {
        "search_query": "(cat:cs.AI OR cat:cs.LG OR cat:cs.CL OR cat:cs.CV OR cat:cs.NE OR "
        "cat:stat.ML) AND submittedDate:[202401010000 TO 202401170000]",
        "sortBy": "submittedDate", "sortOrder": "ascending", "start": "0", "max_results": "500",
    }  # fmt: skip


@pytest.mark.parametrize("given", ["cs.AI", [], ["cs.AI OR all:x"], 3])
def test_categories_that_are_none_are_refused_before_anything_is_asked(given: object) -> None:
    with pytest.raises(StudyError, match="is not a list of categories"):
        list(Arxiv().begin(Ask(ASK.first, ASK.last, options={"categories": given})))


def test_the_card_is_that_of_the_terms_of_use() -> None:
    card = Arxiv.card(keyed=False)
    assert card is not None
    assert (card.delay, card.concurrency, card.group) == (3.0, 1, "arxiv")
    assert ArxivOai.CARD is not None
    assert ArxivOai.CARD.group == card.group
    assert Arxiv.PAGE <= 2_000


def test_pages_bring_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Arxiv, "PAGE", 50)
    crawl = Papers().run(Arxiv(), Site(world), ASK)
    assert crawl.papers() == whole(world, ASK)
    assert crawl.bad == []
    assert crawl.incomplete == []
    assert len(crawl.urls) == len(set(crawl.urls)) == 3 + 3 + 1


@pytest.mark.parametrize("cap", [60, 20])
def test_windows_over_the_cap_are_split_by_days_then_by_category(
    world: World, monkeypatch: pytest.MonkeyPatch, cap: int
) -> None:
    world.per_day = 40
    site = Site(world)
    site.CAP = cap
    monkeypatch.setattr(Arxiv, "CAP", cap)
    monkeypatch.setattr(Arxiv, "PAGE", 15)
    ask = Ask(dt.date(2024, 1, 1), dt.date(2024, 1, 6))
    crawl = Papers().run(Arxiv(), site, ask)
    assert crawl.papers() == whole(world, ask)
    assert crawl.incomplete == []
    assert any("ANDNOT" in url for url in crawl.urls) is (cap == 20)


def test_a_day_of_one_category_over_the_cap_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.per_day = 60
    site = Site(world)
    site.CAP = 10
    monkeypatch.setattr(Arxiv, "CAP", 10)
    monkeypatch.setattr(Arxiv, "PAGE", 4)
    day = dt.date(2024, 1, 3)
    crawl = Papers().run(Arxiv(), site, Ask(day, day, options={"categories": ["cs.LG"]}))
    (found,) = crawl.incomplete
    assert found == Incomplete("2024-01-03/2024-01-03 in cs.LG", found.total, 10)
    assert found.total > 10
    assert len(crawl.papers()) == 10


def test_an_empty_feed_in_the_middle_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Arxiv, "PAGE", 50)
    site = Site(world)
    site.gaps = {50}
    crawl = Papers().run(Arxiv(), site, ASK)
    (wait,) = crawl.waits
    assert isinstance(wait, Again)
    assert "50 of" in wait.why
    assert crawl.papers() == whole(world, ASK)


def test_a_short_feed_is_followed_from_where_it_ends() -> None:
    source = Arxiv()
    (first, *_rest) = source.begin(ASK)
    entry = "<entry><id>http://arxiv.org/abs/2401.00001v1</id></entry>"
    body = f"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/">
    <o:totalResults>700</o:totalResults><o:startIndex>0</o:startIndex>{entry * 480}</feed>"""
    response = answer(source, body, request=first)
    assert source.judge(response) == Good()
    (second,) = further(source, response)
    assert args(second.url)["start"] == "480"
    # The feed from another place, and one that is cut off.
    assert isinstance(source.judge(answer(source, body, request=second)), Again)
    assert isinstance(source.judge(answer(source, body[:-20], request=first)), Again)


def test_what_answers_mean(world: World) -> None:
    source, site = Arxiv(), Site(world)
    reply = reply_to(site, "https://export.arxiv.org/api/query?search_query=cat:cs.AI&limit=3")
    assert reply.status == 400
    for status in (400, 200):
        verdict = source.judge(answer(source, reply.body, status=status))
        assert isinstance(verdict, Refused)
        assert "unknown parameter limit" in verdict.why
    assert source.judge(answer(source, "", status=503, headers={"Retry-After": "10"})) == Again(
        "HTTP 503", 10.0
    )
    assert isinstance(source.judge(answer(source, "Rate exceeded.", status=429)), Again)
    page = "<!DOCTYPE html><html><body>Rate exceeded</body></html>"
    assert isinstance(source.judge(answer(source, page)), Again)
    (first, *_rest) = source.begin(Ask(dt.date(2023, 1, 1), dt.date(2023, 1, 2)))
    nothing = answer(source, site.reply(asked(first, {}, START)).body, request=first)
    assert source.judge(nothing) == Good()
    assert list(source.follow(nothing)) == []
    assert parsed(source, first.url, nothing.body) == []


def test_the_feed_of_another_window_is_asked_for_again(world: World) -> None:
    source, site = Arxiv(), Site(world)
    one, other, _last = source.begin(ASK)
    body = site.reply(asked(one, {}, START)).body
    assert source.judge(answer(source, body, request=one)) == Good()
    verdict = source.judge(answer(source, body, request=other))
    assert verdict == Again("arXiv sent the feed of another window")
    kept = answer(source, body, request=other.replace(meta={**other.meta, "tries": 3}))
    assert source.judge(kept) == Good()


def test_a_feed_without_a_total_is_left_to_the_parser() -> None:
    source = Arxiv()
    (first, *_rest) = source.begin(ASK)
    response = answer(source, '<feed xmlns="http://www.w3.org/2005/Atom"/>', request=first)
    assert source.judge(response) == Good()
    assert list(source.follow(response)) == []
    with pytest.raises(ShapeError, match="totalResults"):
        parsed(source, first.url, response.body)


def test_the_cap_that_is_passed_while_paging_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Arxiv, "CAP", 3)
    source = Arxiv()
    (first, *_rest) = source.begin(Ask(ASK.first, ASK.first))
    last = first.replace(meta={**first.meta, "start": 2})
    body = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/">
    <o:totalResults>9</o:totalResults><entry><id>x</id></entry></feed>"""
    (found,) = cut(source, answer(source, body, request=last))
    assert (found.total, found.reached) == (9, 3)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2202.12139v1", "2202.12139"),
        ("0804.0970", "0804.0970"),
        ("astro-ph/0601001v12", "astro-ph/0601001"),
        ("math.GT/0309136v1", "math.GT/0309136"),
    ],
)
def test_identifiers_lose_their_version(text: str, number: str) -> None:
    assert _arxiv.number(text) == number


@here
def test_every_recorded_feed_is_read_or_refused() -> None:
    source = Arxiv()
    counts = {}
    for path in sorted((RECORDED / "arxiv_atom").glob("*.json")):
        data = fixture(path)
        body, status = data["body"].encode(), data["status_code"]
        verdict = source.judge(answer(source, body, status=status))
        name = path.stem.rpartition("_")[0]
        if status == 400:
            assert isinstance(verdict, Refused)
            assert "incorrect id format" in verdict.why
            with pytest.raises(ShapeError, match="reports an error"):
                parsed(source, data["url"], body, status)
            continue
        assert verdict == Good()
        found = parsed(source, data["url"], body, status)
        assert not any(isinstance(item, Bad) for item in found)
        counts[name] = len(papers(found))
    assert counts == {
        "id_0000.0000_s0_m100": 0, "id_0808.05394_1707.08567_s0_m100": 1,
        "id_0808.05394_s0_m100": 0, "id_1605.08386_s0_m100": 1, "id_1707.08567_s0_m100": 1,
        "id_astro-ph_0601001_s0_m100": 1, "q_testing_s0_m100": 100, "q_testing_s0_m10": 10,
        "q_testing_s0_m15": 15, "q_testing_s10_m10": 10, "q_testing_s20_m10": 10,
        "q_testing_s5_m10": 10, "q_testing_s5_m15": 15, "q_testing_s9_m15": 15,
    }  # fmt: skip


@here
def test_recorded_papers_field_by_field() -> None:
    (path,) = (RECORDED / "arxiv_atom").glob("q_testing_s0_m100_*")
    found = parsed(Arxiv(), fixture(path)["url"], fixture(path)["body"].encode())
    read = papers(found)
    assert len(found) == 100 + 366
    assert sum(paper["doi"] is not None for paper in read.values()) == 32
    assert sum(paper["venue"] != "" for paper in read.values()) == 18
    first = read["arxiv:2202.12139"]
    assert first["date"] == "2022-02-24"
    assert first["doi"] == "10.1109/icstw55395.2022.00035"
    assert len(places(found, "arxiv:2202.12139")) == 3
    assert read["arxiv:2005.14124"]["date"] == "2020-05-28"
    assert [(p["author"], p["author_name"], p["organisation"])
            for p in places(found, "arxiv:0804.0970")] == [
        (1, "Marie-Claude Gaudel", "LRI"), (2, "Pascale Le Gall", "IBISC")]  # fmt: skip


@here
def test_a_recorded_paper_of_the_old_numbering() -> None:
    (path,) = (RECORDED / "arxiv_atom").glob("id_astro-ph_*")
    found = parsed(Arxiv(), fixture(path)["url"], fixture(path)["body"].encode())
    (paper,) = papers(found).values()
    assert paper["paper_id"] == "arxiv:astro-ph/0601001"
    assert paper["evidence"] == "https://arxiv.org/abs/astro-ph/0601001"
    assert paper["date"] == "2006-01-02"
    assert paper["venue"] == "ActaAstron.56:1-50,2006"
    assert paper["doi"] is None
    assert [place["organisation"] for place in places(found, paper["paper_id"])] == [
        "Ohio State", "Ohio State", "CfA", "Warsaw University Observatory"]  # fmt: skip


@here
def test_recorded_pages_overlap_as_their_starts_say() -> None:
    (five,) = (RECORDED / "arxiv_atom").glob("q_testing_s5_m10_*")
    (nine,) = (RECORDED / "arxiv_atom").glob("q_testing_s9_m15_*")
    ids = [
        list(papers(parsed(Arxiv(), fixture(path)["url"], fixture(path)["body"].encode())))
        for path in (five, nine)
    ]
    assert ids[0][4:] == ids[1][:6]
