"""A crawl without a network: a source asks the site that plays it, in this process."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import scrapy
from scrapy.http import TextResponse
from tests.server.site import Asked, Reply, Site

from gapstudy.sources._answers import Again, Good, Spent, Verdict
from gapstudy.sources.base import Ask, Bad, Incomplete, Record, Source

#: A moment at which every server's clock starts.
START = 1_704_067_200.0


def answer(
    source: Source,
    body: bytes | str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    url: str = "https://example.org/",
    request: scrapy.Request | None = None,
    **meta: Any,
) -> TextResponse:
    """An answer to a request of a source."""
    request = request or source.get(url, **meta)
    data = body.encode() if isinstance(body, str) else body
    return TextResponse(
        request.url, status=status, headers=dict(headers or {}), body=data, request=request,
        encoding="utf-8",
    )  # fmt: skip


@dataclass
class Crawl:
    """What a crawl brought.

    Attributes:
        now: the server's clock.
        urls: addresses asked, in order.
        rows: (table, its key) -> the newest record.
        bad: reasons of what could not be read.
        incomplete: windows over the cap.
        waits: verdicts that made the crawl wait.
    """

    now: float = START
    urls: list[str] = field(default_factory=list)
    rows: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    incomplete: list[Incomplete] = field(default_factory=list)
    waits: list[Verdict] = field(default_factory=list)

    def run(self, source: Source, site: Site, ask: Ask) -> Crawl:
        """Crawl a site once."""
        source.ask = ask
        queue = list(source.begin(ask))
        headers = source.sign(site.SECRETS) if ask.keyed else {}
        while queue:
            request = queue.pop(0)
            response = self._get(source, site, request, headers)
            for item in source.follow(response):
                if isinstance(item, Incomplete):
                    self.incomplete.append(item)
                else:
                    queue.append(item)
            self._keep(source.parse(TextResponse(
                response.url, status=response.status, body=response.body, encoding="utf-8"
            )))  # fmt: skip
        return self

    def _get(
        self, source: Source, site: Site, request: scrapy.Request, headers: Mapping[str, str]
    ) -> TextResponse:
        for _ in range(5):
            self.now += 1.0
            self.urls.append(request.url)
            reply = site.reply(asked(request, headers, self.now))
            stamped = reply.headers | {"Date": email.utils.formatdate(self.now, usegmt=True)}
            response = answer(
                source, reply.body, status=reply.status, headers=stamped, request=request
            )
            verdict = source.judge(response)
            if isinstance(verdict, Good):
                return response
            assert isinstance(verdict, (Again, Spent)), verdict
            self.waits.append(verdict)
            self.now += verdict.seconds or 1.0
        raise AssertionError(f"no good answer of {request.url}")

    def _keep(self, found: Iterator[Record | Bad]) -> None:
        for item in found:
            if isinstance(item, Bad):
                self.bad.append(item.reason)
            else:
                key = (item.data["product_id"], str(item.data.get("position", "")))
                self.rows[item.table, *key] = item.data


def asked(request: scrapy.Request, headers: Mapping[str, str], now: float) -> Asked:
    """A request as a site sees it."""
    parts = urlsplit(request.url)
    sent = {name.lower(): value for name, value in headers.items()}
    return Asked(
        request.method, parts.hostname or "", unquote(parts.path), parts.query, sent, request.body,
        now,
    )  # fmt: skip


def reply_to(site: Site, url: str, headers: Mapping[str, str] | None = None) -> Reply:
    """What a site answers to a plain request."""
    return site.reply(asked(scrapy.Request(url), headers or {}, START))
