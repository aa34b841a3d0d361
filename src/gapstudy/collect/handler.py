"""The last step of a request on its way out: host, credentials, token, gate.

Credentials exist only here, on the copy of the request that is sent: what Scrapy schedules,
follows and logs has none.
"""

from __future__ import annotations

import time
import urllib.parse
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import IgnoreRequest

from gapstudy.collect.gate import TooLongError
from gapstudy.collect.task import Task, outgoing

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response


class OtherHostError(IgnoreRequest):
    """A redirect leads to a host that is not the source's."""


class RefusedError(IgnoreRequest):
    """The source gives no access token for these credentials."""


class SourceHandler(HTTP11DownloadHandler):
    """Sends the requests of one source."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Else Twisted sends a request again by itself, past the gate and uncounted.
        self._pool.retryAutomatically = False
        self.task: Task = crawler.settings["GAPSTUDY_TASK"]

    async def download_request(self, request: Request) -> Response:
        """Sign, wait for the turn, send; the answer bears the address that was meant."""
        task = self.task
        host = urllib.parse.urlsplit(request.url).hostname or ""
        if host not in task.hosts:
            raise OtherHostError(f"{host} is not a host of this source")
        source = task.source
        signed: dict[str, str] = {}
        if not request.meta.get("dont_obey_robotstxt"):
            await self._token(request)
            signed = source.sign({**task.secrets, "token": task.token})
        response = await self._send(request, signed)
        pace = source.pace(response)
        if pace is not None:
            task.gate.delay = max(task.card.delay, pace)
        return response

    async def _send(self, request: Request, signed: dict[str, str]) -> Response:
        task = self.task
        try:
            await task.gate.turn(task.source.cost(request))
        except TooLongError as error:
            task.wait(error.why, error.seconds)
        if task.stopped:
            raise IgnoreRequest("the crawl of this source has ended")
        sent = request.replace(url=outgoing(request.url, task.order.base))
        for name, value in signed.items():
            sent.headers[name] = value
        task.outcome.requests += 1
        response = await super().download_request(sent)
        task.gate.use(len(response.body), "bytes")
        # What is measured of the transfer belongs to the request that Scrapy knows.
        request.meta["download_latency"] = sent.meta.get("download_latency")
        return response.replace(url=request.url)

    async def _token(self, request: Request) -> None:
        task = self.task
        source = task.source
        if task.token and time.monotonic() < task.token_until:
            return
        asked = source.token_request(task.secrets)
        if asked is None:
            return
        host = urllib.parse.urlsplit(asked.url).hostname or ""
        if host not in task.hosts:
            raise OtherHostError(f"{host} is not a host of this source")
        asked.headers.setdefault("User-Agent", task.agent)
        asked.meta["download_timeout"] = request.meta.get("download_timeout", task.card.timeout)
        response = await self._token_answer(asked)
        if response.status in {400, 401, 403}:
            raise RefusedError(f"no access token: HTTP {response.status}")
        task.token, life = source.read_token(response)
        task.token_until = time.monotonic() + max(life - 30.0, 1.0)
        task.hide(task.token)

    async def _token_answer(self, asked: Request) -> Response:
        task = self.task
        await task.gate.turn(0.0)
        if task.stopped:
            raise IgnoreRequest("the crawl of this source has ended")
        task.outcome.requests += 1
        # Never stored, so not cleaned: it holds the token.
        sent = asked.replace(url=outgoing(asked.url, task.order.base))
        return await super().download_request(sent)
