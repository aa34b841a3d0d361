"""Spider middleware: which unit a request belongs to, and when a unit is whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request

from gapstudy.collect.keeper import LEFT_OUT
from gapstudy.errors import ShapeError
from gapstudy.sources.base import Incomplete

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from gapstudy.collect.task import Task


class Units:
    """Counts the open requests of each unit of one source."""

    def __init__(self, task: Task) -> None:
        self.task = task

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making it."""
        return cls(crawler.settings["GAPSTUDY_TASK"])

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Let through the first requests of units that are not whole yet."""
        from gapstudy.collect.task import identity

        async for request in start:
            unit = identity(request)
            if self.task.begin(unit):
                yield self._of(request, unit)

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """Further requests of a unit; windows that cannot be had whole are written down."""
        unit = response.meta["unit"]
        async for found in result:
            if isinstance(found, Incomplete):
                self.task.outcome.incomplete.append(
                    f"{found.window}: {found.reached} of {found.total}"
                )
            elif isinstance(found, Request):
                self.task.more(unit)
                yield self._of(found, unit)
        self.task.less(unit)

    def _of(self, request: Request, unit: str) -> Request:
        return request.replace(
            meta={**request.meta, "unit": unit, "download_timeout": self.task.card.timeout},
            callback=self._followed,
            errback=self._failed,
        )

    async def _followed(self, response: Response) -> AsyncIterator[Any]:
        found = response.meta.get("found")
        if found is None:  # an answer from the archive
            try:
                found = list(self.task.source.follow(response))
            except ShapeError as error:
                self.task.stop("failed", str(error))
                found = []
        for one in found:
            yield one

    def _failed(self, failure: Failure) -> None:
        request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        unit, said = request.meta["unit"], str(failure.value)
        if said != LEFT_OUT and unit not in self.task.state.barred:
            self.task.faults.add(unit)
            # What Scrapy itself refuses comes here unseen by the keeper.
            if "MAXSIZE" in said:
                said = f"an answer is larger than {self.task.card.max_bytes} bytes"
            end = "refused" if isinstance(failure.value, IgnoreRequest) else "failed"
            self.task.stop(end, f"{said} ({request.url})")
        self.task.less(unit)
