"""A crawl of the local server's papers without a network, and the recordings of others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import scrapy
import yaml
from scrapy.http import TextResponse
from tests.server.site import Site
from tests.sources._offline import Crawl

from gapstudy.sources.base import Ask, Bad, Incomplete, Record, Source

RECORDED = Path(__file__).parents[3].parent / "shared" / "recorded"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recordings of others are not here")


class Papers(Crawl):
    """What a crawl brought; rows are told apart by paper and position."""

    def run(self, source: Source, site: Site, ask: Ask) -> Papers:
        """Crawl a site once."""
        super().run(source, site, ask)
        return self

    def _keep(self, found: Iterator[Record | Bad]) -> None:
        for item in found:
            if isinstance(item, Bad):
                self.bad.append(item.reason)
            else:
                key = (item.data["paper_id"], str(item.data.get("position", "")))
                self.rows[item.table, *key] = item.data

    def papers(self) -> set[str]:
        """Identifiers of the papers."""
        return {key[1] for key in self.rows if key[0] == "papers"}


def parsed(source: Source, url: str, body: bytes, status: int = 200) -> list[Record | Bad]:
    """What a source reads in stored bytes."""
    return list(source.parse(TextResponse(url, status=status, body=body, encoding="utf-8")))


def papers(found: list[Record | Bad]) -> dict[str, dict[str, Any]]:
    """The papers among what was read, by identifier."""
    return {
        item.data["paper_id"]: item.data
        for item in found
        if isinstance(item, Record) and item.table == "papers"
    }


def places(found: list[Record | Bad], paper: str) -> list[dict[str, Any]]:
    """Affiliations of one paper."""
    return [
        item.data
        for item in found
        if isinstance(item, Record)
        and item.table == "paper_affiliations"
        and item.data["paper_id"] == paper
    ]


def further(source: Source, response: TextResponse) -> list[scrapy.Request]:
    """Requests that an answer calls for."""
    return [item for item in source.follow(response) if isinstance(item, scrapy.Request)]


def cut(source: Source, response: TextResponse) -> list[Incomplete]:
    """Windows that an answer says to be incomplete."""
    return [item for item in source.follow(response) if isinstance(item, Incomplete)]


def cassette(path: Path) -> Iterator[tuple[str, int, dict[str, str], bytes]]:
    """Address, status, headers and body of each recorded exchange."""
    data = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for one in data.get("interactions") or data["http_interactions"]:
        request, response = one["request"], one["response"]
        body = response["body"]
        body = body.get("string", "") if isinstance(body, dict) else body
        body = body.encode() if isinstance(body, str) else body
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        status = response["status"]
        if isinstance(status, dict):
            status = status.get("code") or status.get("status")
        headers = {
            name: value[0] if isinstance(value, list) else value
            for name, value in response["headers"].items()
        }
        yield request.get("uri") or request["url"], status, headers, body


def fixture(path: Path) -> Any:
    """A recording that is JSON."""
    return json.loads(path.read_text(encoding="utf-8"))
