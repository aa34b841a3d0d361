"""Wikidata: queries and their parts, faults of the service, and the recorded answer."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import scrapy
from scrapy.http import TextResponse
from tests.server.site import World
from tests.server.sites.wikidata import WikidataSite
from tests.sources._offline import START, answer, asked

from gapstudy.errors import ShapeError, StudyError
from gapstudy.sources import _wikidata_queries as queries
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Bad, Incomplete, Record
from gapstudy.sources.wikidata import Wikidata, _text

RECORDED = Path(__file__).resolve().parents[3] / "../shared/recorded/wikidata"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded responses are not here")
ASK = Ask(dt.date(2024, 1, 1), dt.date(2024, 3, 1))
ENTITY = "http://www.wikidata.org/entity/"


def full(what: str, number: int, developers: Iterable[str] = ()) -> str:
    """An answer of so many items; each product has the developers."""
    rows: list[dict[str, Any]] = []
    for item in range(1, number + 1):
        head = {what: {"type": "uri", "value": f"{ENTITY}Q{item}"}}
        name = {"type": "literal", "value": "x", "xml:lang": "en"}
        rows.append(head | {"key": {"type": "literal", "value": "name"}, "value": name})
        rows += [head | {"key": {"type": "literal", "value": "developer"},
                         "value": {"type": "literal", "value": "y", "xml:lang": "en"},
                         "of": {"type": "uri", "value": ENTITY + developer}}
                 for developer in developers]  # fmt: skip
    columns = [what, "key", "value", "precision", "of"]
    return json.dumps({"head": {"vars": columns}, "results": {"bindings": rows}})


def test_each_request_is_one_bounded_query() -> None:
    requests = list(Wikidata().begin(ASK))
    assert len(requests) == 2 + len(queries.PRODUCT_CLASSES)
    assert len({request.url for request in requests}) == len(requests)
    assert [one.url for one in Wikidata().begin(ASK)] == [one.url for one in requests]
    for request in requests:
        assert request.headers["Accept"] == b"application/sparql-results+json"
        assert f"LIMIT+{queries.LIMIT}" in request.url
        assert len(request.url) < 8000
    assert len(queries.address(queries.organisations(["Q999999999"] * queries.BATCH))) < 8000


def test_dates_are_asked_with_their_precision() -> None:
    for one in (queries.products_of_class("Q1"), queries.companies("Q1")):
        assert "wikibase:timePrecision" in one
        assert not re.search(r"\?value \. BIND\(\"(?:inception|publication)\"", one)


def test_options_name_classes_and_industries() -> None:
    options = {"industries": [], "product_classes": ["Q42"]}
    (request,) = Wikidata().begin(Ask(ASK.first, ASK.last, options=options))
    assert "wd%3AQ42" in request.url
    with pytest.raises(StudyError, match="item numbers"):
        list(Wikidata().begin(Ask(ASK.first, ASK.last, options={"industries": ["AI } LIMIT 1"]})))


def test_card() -> None:
    card = Wikidata.CARD
    assert card is not None
    assert card.hosts == ("query.wikidata.org",)
    assert card.concurrency == 1
    assert card.timeout > 60
    assert Wikidata.WHOLE


@pytest.mark.parametrize(
    ("status", "body", "verdict", "seconds"),
    [
        (200, full("product", 0), Good, None),
        (200, full("product", 3)[:200], Again, 60.0),
        (200, full("product", 3)[:200] + "\njava.util.concurrent.TimeoutException", Again, 60.0),
        (500, "java.util.concurrent.TimeoutException", Again, 60.0),
        (500, "", Again, 60.0),
        (502, "", Again, None),
        (400, "MalformedQueryException", Refused, None),
        (403, "", Refused, None),
    ],
)
def test_verdicts(status: int, body: str, verdict: type, seconds: float | None) -> None:
    found = Wikidata().judge(answer(Wikidata(), body, status=status, url=queries.ENDPOINT))
    assert isinstance(found, verdict)
    assert getattr(found, "seconds", None) == seconds
    assert len(getattr(found, "why", "")) < 200


def test_retry_after_is_honoured_with_a_floor() -> None:
    for sent, waited in (("0", 60.0), ("300", 300.0), ("", 60.0)):
        headers = {"Retry-After": sent}
        response = answer(Wikidata(), "", status=429, headers=headers, url=queries.ENDPOINT)
        verdict = Wikidata().judge(response)
        assert isinstance(verdict, Again)
        assert verdict.seconds == waited


def test_a_full_answer_is_asked_again_in_tenths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LIMIT", 5)
    source = Wikidata()
    first = next(iter(source.begin(ASK)))
    assert list(source.follow(answer(source, full("organisation", 4), request=first))) == []
    parts = list(source.follow(answer(source, full("organisation", 5), request=first)))
    assert len(parts) == 10
    assert len({part.url for part in parts if isinstance(part, scrapy.Request)}) == 10
    assert isinstance(parts[3], scrapy.Request)
    assert "STRENDS%28STR%28%3Forganisation%29%2C+%223%22%29" in parts[3].url
    (lost,) = source.follow(answer(source, full("organisation", 5), request=parts[3]))
    assert isinstance(lost, Incomplete)
    assert "ending in 3" in lost.window


def test_developers_are_looked_up_in_batches() -> None:
    source = Wikidata()
    request = next(iter(source.begin(ASK)))
    body = full("product", 2, [f"Q{number}" for number in range(100, 100 + queries.BATCH + 1)])
    more = list(source.follow(answer(source, body, request=request)))
    assert len(more) == 2
    assert isinstance(more[1], scrapy.Request)
    assert f"VALUES+%3Forganisation+%7B+wd%3AQ{100 + queries.BATCH}+%7D" in more[1].url
    # The organisations lead to nothing further.
    assert list(source.follow(answer(source, full("organisation", 2), request=more[1]))) == []


def crawl(site: WikidataSite) -> tuple[dict[str, dict[str, Any]], list[str], int]:
    source, now, number = Wikidata(), START, 0
    queue: list[Any] = list(source.begin(ASK))
    rows: dict[str, dict[str, Any]] = {}
    bad = []
    while queue:
        request = queue.pop(0)
        now, number = now + 10, number + 1
        headers = {"User-Agent": "test", "Accept": request.headers["Accept"].decode()}
        reply = site.reply(asked(request, headers, now))
        response = answer(source, reply.body, status=reply.status, request=request)
        assert isinstance(source.judge(response), Good)
        queue += source.follow(response)
        for found in source.parse(TextResponse(request.url, body=reply.body, encoding="utf-8")):
            if isinstance(found, Bad):
                bad.append(found.reason)
            else:
                key = "product_id" if found.table == "products" else "organisation_id"
                rows[found.data[key]] = found.data
    return rows, bad, number


def test_the_site_plays_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    site = WikidataSite(World(day=dt.date(2024, 2, 1)))
    rows, bad, number = crawl(site)
    assert bad == []
    products = {f"wd:{item}": day for item, _, day in site.products()}
    found = {key: row for key, row in rows.items() if "product_id" in row}
    assert found.keys() == products.keys()
    for key, row in found.items():
        assert products[key].isoformat().startswith(row["date"])
        assert row["date_precision"] == {4: "year", 7: "month", 10: "day"}[len(row["date"])]
    companies = {key for key, row in rows.items() if "organisation_id" in row}
    assert companies == {f"wd:Q{2_000_000 + one}" for one in range(site.companies)}
    # One with two countries, and one with one.
    assert (rows["wd:Q2000016"]["country"], rows["wd:Q2000017"]["country"]) == (None, "CN")
    # Lowering the limit brings the same in more pieces.
    monkeypatch.setattr(queries, "LIMIT", 20)
    monkeypatch.setattr(queries, "BATCH", 7)
    again, _, more = crawl(WikidataSite(World(day=dt.date(2024, 2, 1))))
    assert again == rows
    assert more > number


def test_the_site_refuses_as_the_service_does() -> None:
    site = WikidataSite(World())
    request = next(iter(Wikidata().begin(ASK)))
    assert site.reply(asked(request, {}, START)).status == 403
    bare = scrapy.Request(queries.ENDPOINT + "?query=SELECT")
    assert site.reply(asked(bare, {"User-Agent": "test"}, START)).status == 400
    site.query_seconds = 60.0
    codes = [site.reply(asked(request, {"User-Agent": "test"}, START + second)).status
             for second in (1, 2, 3, 70)]  # fmt: skip
    assert codes == [200, 200, 429, 200]
    site.most_rows = 3
    broken = site.reply(asked(request, {"User-Agent": "test"}, START + 200))
    assert broken.status == 200
    assert isinstance(Wikidata().judge(answer(Wikidata(), broken.body, request=request)), Again)


@here
def test_the_recorded_binding() -> None:
    body = (RECORDED / "wikidata_sparql_P685_Q8332.json").read_bytes()
    (binding,) = json.loads(body)["results"]["bindings"]
    assert _text(binding, "item") == ENTITY + "Q8332"
    assert (_text(binding, "itemLabel"), _text(binding, "itemLabel", "xml:lang")) == (
        "red fox", "en",
    )  # fmt: skip
    assert _text(binding, "externalId") == "9627"
    assert _text(binding, "externalId", "xml:lang") == _text(binding, "absent") == ""
    # An answer to another query than ours is not taken for one.
    with pytest.raises(ShapeError, match="no column 'organisation' or 'product'"):
        list(Wikidata().parse(TextResponse(queries.ENDPOINT, body=body, encoding="utf-8")))


def test_all_values_of_one_item_are_one_record() -> None:
    body = full("product", 1, ["Q10", "Q9"]).encode()
    (found,) = Wikidata().parse(TextResponse(queries.ENDPOINT, body=body, encoding="utf-8"))
    assert isinstance(found, Bad)
    assert not isinstance(found, Record)
    assert "no date" in found.reason
