"""One crawl of the pages by one of the variants that `crawl` compares, in this process.

    python -m benchmarks.crawl_spiders VARIANT URL MONTHS FOLDER

MONTHS is how many chains are followed, and so how many requests are under way at a time.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import scrapy
from scrapy.http import Response

CURSOR = re.compile(rb'"next_cursor":"(\d+)"')
KEY = "test-key-openalex"


def starts(months: int) -> list[str]:
    """Query of the first page of each chain."""
    return [f"filter=from_publication_date:{2000 + n // 12}-{1 + n % 12:02d}-01&cursor=*"
            for n in range(months)]  # fmt: skip


class Bare(scrapy.Spider):
    """Follows and does nothing else."""

    name = "bare"
    base = ""
    months = 1

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for query in starts(self.months):
            yield scrapy.Request(f"{self.base}/works?{query}")

    def parse(self, response: Response) -> Iterator[scrapy.Request]:
        found = CURSOR.search(response.body[:400])
        if found:
            yield self.next(response, found[1].decode())

    def next(self, response: Response, cursor: str) -> scrapy.Request:
        head = response.url.partition("cursor=")[0]
        return scrapy.Request(f"{head}cursor={cursor}")


class Minimal(Bare):
    """Reads each page with orjson and writes it with warcio, gzip level 1, a member a page."""

    name = "minimal"
    folder = Path()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file = open(self.folder / "pages.warc.gz", "wb")  # noqa: SIM115  closed at the end

    def parse(self, response: Response) -> Iterator[scrapy.Request]:
        from warcio.statusandheaders import StatusAndHeaders
        from warcio.warcwriter import WARCWriter

        data = orjson.loads(response.body)
        buffer = io.BytesIO()
        writer = WARCWriter(buffer, gzip=False, warc_version="1.1")
        headers = [(k.decode(), v.decode()) for k, vs in response.headers.items() for v in vs]
        record = writer.create_warc_record(
            response.url, "response", payload=io.BytesIO(response.body),
            http_headers=StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1"),
        )  # fmt: skip
        writer.write_record(record)
        packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS + 16)
        self.file.write(packer.compress(buffer.getvalue()) + packer.flush())
        if data["meta"]["next_cursor"]:
            yield self.next(response, data["meta"]["next_cursor"])

    def closed(self, _reason: str) -> None:
        self.file.close()


def plain(kind: type[Bare], base: str, months: int, folder: Path) -> None:
    """Run a plain spider with Scrapy's own settings, without delay, log and console."""
    from scrapy.crawler import CrawlerProcess

    process = CrawlerProcess({
        "CONCURRENT_REQUESTS": months, "CONCURRENT_REQUESTS_PER_DOMAIN": months,
        "ROBOTSTXT_OBEY": False, "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
    })  # fmt: skip
    process.crawl(kind, base=base, months=months, folder=folder)
    process.start()


def ours(base: str, months: int, folder: Path, *, keep: bool, read: bool) -> None:
    """Run gapstudy's crawling process on the source openalex.

    Args:
        base: the server.
        months: chains.
        folder: `data/raw`.
        keep: whether answers are stored.
        read: whether the source reads them; else it follows as the bare spider does.
    """
    from gapstudy.collect import crawl
    from gapstudy.collect.orders import Order
    from gapstudy.collect.task import Task
    from gapstudy.sources.openalex import OpenAlex

    os.environ["OPENALEX_API_KEY"] = KEY
    card = OpenAlex.card(keyed=True)
    assert card is not None
    # As many requests at a time as the others have; budgets are for a day.
    wide = replace(card, concurrency=months, budgets=())
    patch.object(OpenAlex, "card", lambda **_: wide).start()
    if not keep:
        patch.object(Task, "keep", _not_kept).start()
    if not read:
        patch.multiple(OpenAlex, judge=_good, follow=_follow, parse=_nothing).start()
    last = f"{2000 + (months - 1) // 12}-{1 + (months - 1) % 12:02d}-28"
    order = Order(
        "openalex", str(folder), "2026-01-01T00:00:00", "2026-01-01T00:00:00", "2000-01-01", last,
        "jane.roe@example.org", keyed=True, base=base, pace=0.0,
    )  # fmt: skip
    # The process reads its orders from its standard input and ends when that is closed.
    inner, outer = os.pipe()
    os.write(outer, (json.dumps([order.as_json()]) + "\n").encode())
    os.dup2(inner, 0)
    with contextlib.suppress(SystemExit):
        crawl.main()
    sys.stdout.flush()
    os._exit(0)


def _not_kept(self: Any, *_: Any, **__: Any) -> None:
    self._crawled()


def _good(*_: Any) -> Any:
    from gapstudy.sources._answers import Good

    return Good()


def _nothing(*_: Any, **__: Any) -> Iterator[Any]:
    yield from ()


def _follow(self: Any, response: Response, **_: Any) -> Iterator[scrapy.Request]:
    from gapstudy.sources._days import Days

    found = CURSOR.search(response.body[:400])
    if found:
        window, asked = Days.read(response.meta["window"]), response.meta["asked"]
        yield self._cursor(window, asked, found[1].decode(), 0)


def main() -> None:
    variant, base, months, folder = sys.argv[1:]
    count, place = int(months), Path(folder)
    if variant == "bare":
        plain(Bare, base, count, place)
    elif variant == "minimal":
        plain(Minimal, base, count, place)
    else:
        ours(base, count, place, keep=variant == "gapstudy", read=variant != "gapstudy bare")


if __name__ == "__main__":
    main()
