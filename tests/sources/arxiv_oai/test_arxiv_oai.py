"""arXiv by OAI-PMH: chains of tokens, tokens that lapse, errors with status 200, recordings."""

import datetime as dt
import gzip
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy.http import TextResponse
from tests.server.site import Asked, Reply, World
from tests.server.sites.arxiv import preprints
from tests.server.sites.arxiv_oai import ArxivOai as Site
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
from gapstudy.sources.arxiv_oai import ArxivOai
from gapstudy.sources.base import Ask

ASK = Ask(dt.date(2024, 1, 1), dt.date(2024, 2, 20))
BAD = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="{}">{}</error></OAI-PMH>'


@pytest.fixture
def world() -> World:
    return World(seed=5, day=dt.date(2024, 2, 20), per_day=8)


def whole(world: World) -> set[str]:
    return {
        f"arxiv:{one.paper.arxiv}"
        for one in preprints(world)
        if set(one.paper.categories) & set(_arxiv.AI)
    }


def args(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_unit_is_a_set_in_a_month_of_datestamps() -> None:
    first = [request.url for request in ArxivOai().begin(ASK)]
    assert first == [request.url for request in ArxivOai().begin(ASK)]
    assert first[0] == (
        "https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs"
        "&from=2024-01-01&until=2024-01-31"
    )
    assert [(args(url)["set"], args(url)["from"]) for url in first] == [
        ("cs", "2024-01-01"), ("stat", "2024-01-01"), ("cs", "2024-02-01"), ("stat", "2024-02-01"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"address": "https://example.org/oai"}, "no address of arXiv"),
        ({"address": "https://arxiv.org@example.org/oai"}, "no address of arXiv"),
        ({"address": 3}, "no address of arXiv"),
        ({"sets": "cs"}, "not a list of sets"),
        ({"sets": ["cs&verb=Identify"]}, "not a list of sets"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_asked(
    options: dict[str, object], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        list(ArxivOai().begin(Ask(ASK.first, ASK.last, options=options)))


def test_the_address_is_an_option() -> None:
    (url, *_rest) = (
        request.url
        for request in ArxivOai().begin(
            Ask(ASK.first, ASK.first, options={"address": "https://arxiv.org/oai", "sets": ["cs"]})
        )
    )
    assert url.startswith("https://arxiv.org/oai?verb=ListRecords&")


def test_chains_bring_everything(world: World) -> None:
    site = Site(world)
    site.PAGE = 40
    crawl = Papers().run(ArxivOai(), site, ASK)
    assert crawl.papers() == whole(world)
    assert crawl.bad == []
    assert crawl.incomplete == []
    assert len(crawl.urls) == len(set(crawl.urls))


class Lapsing(Site):
    """Tokens lapse after so many pages."""

    lapses = 0
    pages = 0
    every = 3

    def reply(self, asked: Asked) -> Reply:
        if "resumptionToken" in asked.query:
            self.pages += 1
            if self.pages % self.every == 0 and self.lapses < 40:
                self.lapses += 1
                return self.error(asked, "badResumptionToken", "the token is not valid any more")
        return super().reply(asked)


@pytest.mark.parametrize("every", [3, 2])
def test_a_chain_whose_token_lapses_goes_on_from_its_last_datestamp(
    world: World, every: int
) -> None:
    site = Lapsing(world)
    site.PAGE, site.every = 20, every
    crawl = Papers().run(ArxivOai(), site, ASK)
    assert site.lapses > 3
    assert crawl.papers() == whole(world)
    assert crawl.incomplete == []
    # What the archive holds under an address is never asked for again.
    assert len(crawl.urls) == len(set(crawl.urls))


def test_a_chain_that_lapses_within_a_day_goes_on_by_category_and_then_is_reported() -> None:
    source = ArxivOai()
    day = dt.date(2024, 1, 3)
    (first,) = source.begin(Ask(day, day, options={"sets": ["cs"]}))
    lapsed = BAD.format("badResumptionToken", "")
    parts = further(source, answer(source, lapsed, request=first))
    assert [args(part.url)["set"] for part in parts] == [
        "cs:cs:AI", "cs:cs:LG", "cs:cs:CL", "cs:cs:CV", "cs:cs:NE"]  # fmt: skip
    response = answer(source, lapsed, request=parts[0])
    assert further(source, response) == []
    (found,) = cut(source, response)
    assert "2024-01-03/2024-01-03 in the set cs:cs:AI" in found.window


def test_a_list_out_of_order_is_begun_again_from_its_first_day() -> None:
    source = ArxivOai()
    (first,) = source.begin(Ask(ASK.first, ASK.first + dt.timedelta(9), options={"sets": ["cs"]}))
    page = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>
    <record><header><datestamp>2024-01-{}</datestamp></header></record>
    <record><header><datestamp>2024-01-{}</datestamp></header></record>
    <resumptionToken>a&amp;b</resumptionToken></ListRecords></OAI-PMH>"""
    for days, stamp in ((("02", "05"), "2024-01-05"), (("05", "02"), "2024-01-01")):
        (second,) = further(source, answer(source, page.format(*days), request=first))
        assert args(second.url) == {"verb": "ListRecords", "resumptionToken": "a&b"}
        assert second.meta["stamp"] == stamp
        lapsed = answer(source, BAD.format("badResumptionToken", ""), request=second)
        begun = [(args(one.url)["from"], args(one.url)["until"]) for one in further(source, lapsed)]
        assert begun == (
            [("2024-01-05", "2024-01-10")] if stamp == "2024-01-05"
            else [("2024-01-01", "2024-01-05"), ("2024-01-06", "2024-01-10")]
        )  # fmt: skip
    # The page before, once more, is no page.
    assert isinstance(source.judge(answer(source, page.format("02", "05"), request=second)), Again)


def test_what_answers_mean(world: World) -> None:
    source, site = ArxivOai(), Site(world)
    for code, kind in (
        ("noRecordsMatch", Good), ("badResumptionToken", Good), ("badArgument", Refused),
        ("cannotDisseminateFormat", Refused), ("undefinedError", Refused),
    ):  # fmt: skip
        assert isinstance(source.judge(answer(source, BAD.format(code, "so"))), kind)
    reply = reply_to(site, "https://oaipmh.arxiv.org/oai?verb=ListRecords&from=x")
    verdict = source.judge(answer(source, reply.body))
    assert isinstance(verdict, Refused)
    assert verdict.why == "arXiv refused the harvest: cannotDisseminateFormat unknown format"
    html = "<html><body>\n<h1>Retry after 10 seconds</h1>\n</body></html>"
    busy = answer(source, html, status=503, headers={"Retry-After": "10"})
    assert source.judge(busy) == Again("HTTP 503", 10.0)
    assert isinstance(source.judge(answer(source, html)), Again)
    assert isinstance(source.judge(answer(source, "<OAI-PMH><ListRec")), Again)


def test_the_answer_to_another_request_is_asked_for_again(world: World) -> None:
    source, site = ArxivOai(), Site(world)
    one, other = list(source.begin(ASK))[:2]
    body = site.reply(asked(one, {}, START)).body
    assert source.judge(answer(source, body, request=one)) == Good()
    verdict = source.judge(answer(source, body, request=other))
    assert verdict == Again("arXiv answered another request")
    kept = answer(source, body, request=other.replace(meta={**other.meta, "tries": 3}))
    assert source.judge(kept) == Good()
    empty = b"<OAI-PMH><ListRecords><resumptionToken>t</resumptionToken></ListRecords></OAI-PMH>"
    verdict = source.judge(answer(source, empty, request=one))
    assert verdict == Again("arXiv sent a list without a record")


def bodies(path: Path) -> list[tuple[str, int, bytes, dict[str, str]]]:
    found = []
    for one in fixture(path):
        body = one["response"]
        body = (
            gzip.decompress(bytes.fromhex("".join(body))) if isinstance(body, list)
            else body.encode()
        )  # fmt: skip
        names = one["rawHeaders"]
        headers = dict(zip(names[::2], names[1::2], strict=True))
        url = one["scope"].replace(":80", "") + one["path"]
        found.append((url, one["status"], body, headers))
    return found


@here
def test_every_recorded_answer_is_read_or_refused() -> None:
    source = ArxivOai()
    read, other, again = [], [], []
    for path in sorted((RECORDED / "arxiv_oai").glob("*.json")):
        for url, status, body, headers in bodies(path):
            request = source.get(url)
            verdict = source.judge(
                answer(source, body, status=status, headers=headers, request=request)
            )
            if isinstance(verdict, Again):
                again.append(verdict.seconds)
                continue
            assert verdict == Good()
            if b"<ListRecords>" in body or b"<GetRecord>" in body:
                # Records of other categories than those of artificial intelligence are left out.
                assert parsed(source, url, body) == []
                read.append(path.stem)
                continue
            with pytest.raises(ShapeError, match="'ListRecords' is missing"):
                parsed(source, url, body)
            other.append(path.stem)
    assert again == [10.0]
    assert len(read) == 2
    assert len(other) == 9


@here
def test_recorded_records_field_by_field() -> None:
    """The categories are made ones of artificial intelligence: the parser leaves others out."""
    (path,) = (RECORDED / "arxiv_oai").glob("oaipmh-listrecords*.json")
    url, _, body, _ = bodies(path)[1]
    body = body.replace(b"cs.DM", b"cs.AI").replace(
        b"<categories>hep-th", b"<categories>hep-th cs.LG"
    )
    found = parsed(ArxivOai(), url, body)
    assert len(found) == 5
    read = papers(found)
    assert list(read) == ["arxiv:1412.8544", "arxiv:hep-th/9504118"]
    first, second = read.values()
    assert (first["date"], first["doi"]) == ("2014-12-29", "10.4204/eptcs.172.11")
    assert first["venue"] == "EPTCS 172, 2014, pp. 154-164"
    assert (second["date"], second["doi"], second["venue"]) == ("1995-04-24", None, "")
    assert [(p["author_name"], p["organisation"]) for p in places(found, "arxiv:1412.8544")] == [
        ("Sander Uijlen", "Radboud Universiteit"),
        ("Bas Westerbaan", "Radboud Universiteit"),
    ]  # fmt: skip
    assert "\n" not in first["abstract"]
    assert "  " not in first["abstract"]


@here
def test_recorded_chains_of_other_repositories_are_followed() -> None:
    source = ArxivOai()
    for name, token in (
        ("exlibris", "2017-01-01@2017-01-03@oai_komplett@marc21@15180036410002201"),
        ("gulbenkian", "oai_dc/2016-01-01T00:00:00Z/2017-01-01T00:00:00Z//100"),
    ):
        (path,) = (RECORDED / "arxiv_oai").glob(f"*{name}.json")
        (_, _, one, _), (_, _, two, _) = bodies(path)
        (first, *_rest) = source.begin(ASK)
        (second,) = further(source, answer(source, one, request=first))
        assert args(second.url)["resumptionToken"] == token
        # The last page has no token, or an empty one.
        assert further(source, answer(source, two, request=second)) == []


@here
def test_samples_of_the_grammar() -> None:
    source = ArxivOai()
    meant = {}
    for path in sorted((RECORDED / "oai_pmh_sickle").glob("*.xml")):
        body = path.read_bytes()
        verdict = source.judge(answer(source, body))
        name = path.stem.partition("__")[2]
        meant[name] = type(verdict).__name__
        response = TextResponse("https://oaipmh.arxiv.org/oai", body=body, encoding="utf-8")
        if name in {"noRecordsMatch", "badResumptionToken"}:
            assert list(source.parse(response)) == []
        else:
            # Another metadata format than arXiv's own, another list, or an error.
            with pytest.raises(ShapeError):
                list(source.parse(response))
    refused = {"badArgument", "cannotDisseminateFormat", "idDoesNotExist", "noSetHierarchy",
               "undefinedError"}  # fmt: skip
    assert {name for name, kind in meant.items() if kind == "Refused"} == refused
    assert {name for name, kind in meant.items() if kind == "Again"} == {"ListRecordsBroken"}
    assert len(meant) == 19
