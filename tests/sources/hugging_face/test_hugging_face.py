"""Hugging Face Hub: the cursor down to the watermark, what is kept, and recorded answers."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import scrapy
from scrapy.http import TextResponse
from tests.server.site import World
from tests.server.sites import hugging_face as played
from tests.sources._offline import Crawl, answer, reply_to

from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Record
from gapstudy.sources.hugging_face import HuggingFace

RECORDED = Path(__file__).resolve().parents[3] / "../shared/recorded/hf_hub"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded responses are not here")
LIST = "https://huggingface.co/api/models?sort=createdAt&direction=-1&limit=1000"
ONE = "https://huggingface.co/api/models/example-labs/quill"
DAY = dt.date(2024, 1, 5)


def parsed(body: bytes) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Products by identifier, and the papers that each names."""
    products: dict[str, dict[str, Any]] = {}
    papers: dict[str, list[str]] = {}
    for item in HuggingFace().parse(TextResponse(LIST, body=body, encoding="utf-8")):
        assert isinstance(item, Record)
        if item.table == "products":
            products[item.data["product_id"]] = item.data
        else:
            papers.setdefault(item.data["product_id"], []).append(item.data["arxiv_id"])
    return products, papers


def test_the_listing_is_a_unit_and_so_is_each_model_named() -> None:
    ask = Ask(DAY, DAY, options={"models": ["example-labs/quill", "odd name"]})
    listing, one, odd = HuggingFace().begin(ask)
    assert listing.url == LIST
    assert one.url == ONE
    assert odd.url.endswith("/odd%20name")


def test_the_cursor_is_followed_to_the_watermark() -> None:
    source = HuggingFace()
    link = {"Link": f'<{LIST}&cursor=abc>; rel="next"'}

    def follows(*created: str) -> list[str]:
        body = json.dumps([{"createdAt": day} for day in created])
        response = answer(source, body, url=LIST, headers=link, first="2024-01-05", keyed=False)
        return [item.url for item in source.follow(response) if isinstance(item, scrapy.Request)]

    assert follows("2024-01-06T00:00:00.000Z", "2024-01-05T00:00:00.000Z") == [f"{LIST}&cursor=abc"]
    assert follows("2024-01-05T00:00:00.000Z", "2024-01-04T23:59:59.000Z") == []
    last = answer(source, '[{"createdAt": "2024-01-06"}]', url=LIST, first="2024-01-05", keyed=True)
    assert list(source.follow(last)) == []
    one = answer(source, "{}", url=ONE, headers=link, first="2024-01-05", keyed=False)
    assert list(source.follow(one)) == []


@pytest.mark.parametrize(
    ("status", "body", "url", "meant"),
    [
        (200, "[]", LIST, Good),
        (401, '{"error": "x"}', ONE, Good),
        (404, '{"error": "x"}', ONE, Good),
        (401, '{"error": "x"}', LIST, Refused),
        (405, "", LIST, Refused),
        (200, "<!doctype html>", LIST, Refused),
        (200, "[{", LIST, Again),
        (500, "", LIST, Again),
        (400, "{}", LIST, Refused),
    ],
)
def test_what_an_answer_means(status: int, body: str, url: str, meant: type) -> None:
    source = HuggingFace()
    assert isinstance(source.judge(answer(source, body, status=status, url=url)), meant)


def test_a_spent_window_says_for_how_long() -> None:
    source = HuggingFace()
    headers = {"RateLimit": '"api";r=0;t=187', "RateLimit-Policy": '"fixed window";q=500;w=300'}
    verdict = source.judge(answer(source, "", status=429, headers=headers, url=LIST))
    assert isinstance(verdict, Again)
    assert verdict.seconds == 187
    bare = source.judge(answer(source, "", status=429, url=LIST))
    assert isinstance(bare, Again)
    assert bare.seconds is None


def test_the_pace_spreads_what_is_left() -> None:
    source = HuggingFace()
    for text, pace in [('"api";r=100;t=200', 2), ('"api";r=0;t=30', 30), ("", None)]:
        assert source.pace(answer(source, "[]", headers={"RateLimit": text}, url=LIST)) == pace


def test_a_token_is_optional_and_doubles_the_budget() -> None:
    source = HuggingFace()
    assert source.sign({}) == {}
    assert source.sign({"HF_TOKEN": "test-key"}) == {"Authorization": "Bearer test-key"}
    assert HuggingFace.card(keyed=True).budgets[0].amount == 1000
    assert HuggingFace.card(keyed=False).budgets[0].amount == 500


def test_what_is_kept_is_an_option() -> None:
    source = HuggingFace()
    model = {"id": "a/b", "createdAt": "2024-01-01T00:00:00.000Z", "likes": 5,
             "tags": ["base_model:quantized:c/d"]}  # fmt: skip
    body = json.dumps([model, model | {"id": "a/c", "tags": []}]).encode()
    response = TextResponse(LIST, body=body, encoding="utf-8")
    for options, number in [
        ({}, 0),
        ({"min_likes": 5}, 1),
        ({"min_likes": 5, "quantized": True}, 2),
    ]:
        source.ask = Ask(DAY, DAY, options=options)
        assert len(list(source.parse(response))) == number


@here
def test_the_recorded_models_of_2025() -> None:
    products, papers = parsed((RECORDED / "hf_api_models_2025-11.json").read_bytes())
    assert list(products) == ["hf:moonshotai/Kimi-K2-Thinking", "hf:MiniMaxAI/MiniMax-M2"]
    assert papers == {"hf:MiniMaxAI/MiniMax-M2": ["2504.07164", "2509.06501", "2509.13160"]}
    first, second = products.values()
    assert (first["date"], first["popularity"]) == ("2025-11-04", 578)
    assert (second["date"], second["popularity"]) == ("2025-10-22", 1178)
    assert second["organisation"] == "MiniMaxAI"
    assert second["name"] == "MiniMax-M2"
    assert second["category"] == "text-generation"
    assert second["evidence"] == "https://huggingface.co/MiniMaxAI/MiniMax-M2"
    assert second["description"].endswith("licence mit.")
    # The tag region:us is where the files lie.
    assert first["home_country"] is None
    assert first["region_basis"] == "none"


@here
def test_the_recorded_models_of_2026() -> None:
    products, papers = parsed((RECORDED / "hf_models.json").read_bytes())
    told = [(row["product_id"], row["date"], row["popularity"]) for row in products.values()]
    assert told == [
        ("hf:deepseek-ai/DeepSeek-V4-Pro", "2026-04-22", 2656),
        ("hf:moonshotai/Kimi-K2.6", "2026-04-14", 1014),
        ("hf:Qwen/Qwen3.6-27B", "2026-04-21", 796),
    ]
    assert papers == {"hf:moonshotai/Kimi-K2.6": ["2602.02276"]}
    categories = [row["category"] for row in products.values()]
    assert categories == ["text-generation", "image-text-to-text", "image-text-to-text"]


def crawl(site: played.HuggingFace, first: dt.date, into: Crawl, *, keyed: bool = False) -> Crawl:
    options = {"models": ["example-labs/gone"]}
    ask = Ask(first, site.world.day, keyed=keyed, options=options)
    return into.run(HuggingFace(), site, ask)


def test_a_crawl_reads_back_to_the_first_day_and_no_further() -> None:
    site = played.HuggingFace(World(day=dt.date(2024, 2, 20), late=0))
    site.most = 20  # type: ignore[misc]
    found = crawl(site, dt.date(2024, 2, 10), Crawl())
    # 11 days of 3 models are two pages of 20; the model named is the third address.
    assert len(found.urls) == 3
    assert not found.bad
    everything = crawl(site, dt.date(2020, 1, 1), Crawl(), keyed=True)
    assert everything.bad == ["the source kept no creation dates before 2022-03-02"] * 5
    assert len(everything.rows) > len(found.rows)


def test_a_crawl_waits_for_its_window() -> None:
    site = played.HuggingFace(World(day=dt.date(2024, 2, 20), late=0))
    whole = crawl(site, site.world.start, Crawl())
    site.most, site.budget = 20, 3  # type: ignore[misc]
    slow = crawl(site, site.world.start, Crawl())
    assert slow.waits
    assert slow.rows == whole.rows


def test_daily_crawls_with_overlap_end_where_one_crawl_does() -> None:
    site = played.HuggingFace(World(start=dt.date(2024, 1, 1)))
    daily = Crawl()
    for number in range(20):
        site.world.day = site.world.start + dt.timedelta(days=number)
        overlap = dt.timedelta(days=HuggingFace.CARD.overlap)
        crawl(site, max(site.world.start, site.world.day - overlap), daily)
    assert daily.rows == crawl(site, site.world.start, Crawl(now=daily.now)).rows


def test_the_site_refuses_a_bad_token_and_unknown_models() -> None:
    site = played.HuggingFace(World())
    assert reply_to(site, LIST, {"Authorization": "Bearer wrong"}).status == 401
    assert reply_to(site, ONE).status == 401
    key = {"Authorization": "Bearer test-key-hugging-face"}
    assert reply_to(site, ONE, key).status == 404
    assert reply_to(site, f"{LIST}&since=2024").status == 400
