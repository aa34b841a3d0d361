"""The crawling process: `python -m gapstudy.collect.crawl`, started by `fetch`.

It reads orders as one JSON line from its standard input and writes one JSON line for every piece of
news. Credentials come from the environment alone. It ends when all sources have ended, or when its
input is closed, which happens when the process that started it dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from gapstudy import __version__
from gapstudy.collect.orders import Order, Outcome
from gapstudy.collect.task import Task
from gapstudy.sources import load

#: Seconds between two pieces of news about one source's progress.
_NEWS = 0.5


def main() -> None:
    """Read the orders and carry them out."""
    orders = [Order.from_json(order) for order in json.loads(sys.stdin.readline())]
    threading.Thread(target=_watch, daemon=True).start()
    from scrapy.utils.reactor import install_reactor

    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    # Parsing makes thousands of short-lived objects a page: looking for cycles among them and all
    # of Scrapy costs several times what the parsing does.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    from scrapy.utils.defer import deferred_f_from_coro_f
    from twisted.internet.task import react

    async def everything(_reactor: Any) -> None:
        await asyncio.gather(*(_group(group) for group in groups(orders)))

    react(deferred_f_from_coro_f(everything))


def _watch() -> None:
    while os.read(0, 1):  # not through sys.stdin: its lock would be held when Python ends
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def groups(orders: Sequence[Order]) -> list[list[Order]]:
    """Orders that must follow each other, together."""
    found: dict[str, list[Order]] = {}
    for order in orders:
        card = load(order.name).card(keyed=order.keyed)
        found.setdefault((card and card.group) or order.name, []).append(order)
    return list(found.values())


async def _group(orders: Sequence[Order]) -> None:
    for order in orders:
        _say({"outcome": (await carry_out(order)).as_json()})
        if len(orders) > 1:
            card = load(order.name).card(keyed=order.keyed)
            await asyncio.sleep(card.delay * order.pace if card else 0)


async def carry_out(order: Order) -> Outcome:
    """Crawl one source; whatever goes wrong stays with it."""
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.settings import Settings

    kind = load(order.name)
    agent = f"gapstudy/{__version__} (+{order.contact})"
    secrets = {
        name: os.environ[name]
        for name in (*kind.CREDENTIALS, *kind.OPTIONAL)
        if os.environ.get(name)
    }
    task: Task | None = None
    try:
        task = Task(order, secrets, agent)
        task._crawled = _Progress(task)
        runner = AsyncCrawlerRunner(Settings(settings(task)))
        crawler = runner.create_crawler(kind)
        task.crawler = crawler
        await runner.crawl(crawler, ask=task.source.ask)
        return task.finish()
    except Exception as error:  # noqa: BLE001  # one source's fault leaves the others alone
        note = f"a fault in gapstudy itself: {type(error).__name__}: {error}"
        note = task.clean(note) if task else note
        if task is not None:
            with contextlib.suppress(Exception):
                task.writer.close()
        return Outcome(order.name, "failed", note)


def settings(task: Task) -> dict[str, Any]:
    """Scrapy's settings for one source."""
    card, pace = task.card, task.order.pace
    handler = "gapstudy.collect.handler.SourceHandler"
    return {
        "GAPSTUDY_TASK": task,
        "USER_AGENT": task.agent,
        "ROBOTSTXT_OBEY": card.robots,
        "CONCURRENT_REQUESTS": max(card.concurrency, 1),
        "CONCURRENT_REQUESTS_PER_DOMAIN": max(card.concurrency, 1),
        "DOWNLOAD_DELAY": card.delay * pace,
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "AUTOTHROTTLE_ENABLED": pace > 0,
        "AUTOTHROTTLE_START_DELAY": card.delay * pace,
        "AUTOTHROTTLE_MAX_DELAY": max(60.0, card.delay) * pace,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(max(card.concurrency, 1)),
        "DOWNLOAD_TIMEOUT": card.timeout,
        "DOWNLOAD_MAXSIZE": card.max_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler, "file": None, "ftp": None,
                              "s3": None, "data": None},
        "DOWNLOADER_MIDDLEWARES": {
            "gapstudy.collect.keeper.Keeper": 545,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
            # A stand-in on this machine is not reached through a proxy.
            **({"scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None}
               if task.order.base else {}),
        },
        "SPIDER_MIDDLEWARES": {
            "gapstudy.collect.units.Units": 10,
            "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
            "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
            "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
            "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
        },
        "EXTENSIONS": {
            "scrapy.extensions.telnet.TelnetConsole": None,
            "scrapy.extensions.memusage.MemoryUsage": None,
            "scrapy.extensions.logstats.LogStats": None,
        },
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
        "STATS_DUMP": False,
        "DEFAULT_REQUEST_HEADERS": {},
    }  # fmt: skip


class _Progress:
    """Says now and then how far a source is."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._said = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._said > _NEWS:
            self._said = time.monotonic()
            _say({"progress": self._task.order.name, "responses": self._task.outcome.responses})


def _say(news: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(news) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
