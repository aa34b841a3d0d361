"""Downloader middleware: what is stored is not asked again; what comes is judged and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import IgnoreRequest
from scrapy.http import TextResponse

from gapstudy.collect.gate import PATIENCE
from gapstudy.collect.handler import OtherHostError, RefusedError
from gapstudy.collect.task import BACKOFF, TRIES, Task, identity
from gapstudy.errors import ShapeError, StoreError
from gapstudy.sources._answers import Again, Expired, Good, Refused, Spent

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

#: Times that an answer of an unknown shape is asked for again, before it counts as the new shape.
_SHAPE_TRIES = 2
#: Of a request that ends well without an answer: nothing new, or an address left alone.
LEFT_OUT = "nothing to read"
#: Mark of an answer that comes from the archive.
STORED = "stored"


class Keeper:
    """Between the spider and the network, for one source."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._checked = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making it."""
        return cls(crawler.settings["GAPSTUDY_TASK"])

    def process_request(self, request: Request) -> Response | None:
        """Answer from the archive what this run has stored before it was interrupted."""
        task = self.task
        if task.stopped:
            raise IgnoreRequest("the crawl of this source has ended")
        if _aside(request):
            return None
        # What never changes, such as one release of a register, is not fetched a second time.
        known = task.ever if request.meta.get("unchanging") else task.had
        if not request.meta.get("fresh") and (entry := known.get(identity(request))):
            message = task.archive.message(entry.sha256)
            return TextResponse(
                request.url, status=message.status, headers=_headers(message.headers),
                body=message.body, encoding="utf-8", flags=[STORED],
            )  # fmt: skip
        for name, value in task.validators(identity(request)).items():
            request.headers[name] = value
        return None

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Judge an answer: keep it, ask again, or end the crawl."""
        task = self.task
        if _aside(request) or STORED in response.flags:
            return response
        if task.stopped:
            raise IgnoreRequest("the crawl of this source has ended")
        url = identity(request)
        if response.status == 304 and url in task.state.pages:
            task.same(url)
            raise IgnoreRequest(LEFT_OUT)
        body = task.clean_body(response.body)
        if body is not response.body:
            response = response.replace(body=body)
        source = task.source
        response.request = request  # `meta` of the answer is that of its request
        verdict = source.judge(response)
        if (
            isinstance(verdict, Refused)
            and response.status == 404
            and request.meta.get("tries", 0) < _SHAPE_TRIES
        ):
            # Many say "nothing found" so, in words that may have been lost on the way.
            verdict = Again("HTTP 404 in words not known")
        if isinstance(verdict, Good):
            return self._good(request, response, url)
        if isinstance(verdict, Again):
            return self._again(request, verdict.why, verdict.seconds)
        if isinstance(verdict, Expired):
            if request.meta.get("renewed"):
                task.stop("refused", "the source refuses a new access token")
                raise IgnoreRequest("refused")
            task.token = ""
            return _anew(request, renewed=True)
        if isinstance(verdict, Spent):
            if verdict.seconds <= PATIENCE:
                task.gate.pause(verdict.seconds, verdict.why)
                return _anew(request)
            task.wait(verdict.why, verdict.seconds)
        elif isinstance(verdict, Refused):
            remedy = f" {verdict.remedy.rstrip('.')}." if verdict.remedy else ""
            note = f"{verdict.why.rstrip('.')}.{remedy}"
            if verdict.alone:
                task.bar(url, note)
                raise IgnoreRequest(LEFT_OUT)
            task.stop("refused", note)
        raise IgnoreRequest("the crawl of this source has ended")

    def _good(self, request: Request, response: Response, url: str) -> Response | Request:
        """Keep an answer that its source can read; one it cannot is asked for again first."""
        task = self.task
        source = task.source
        try:
            request.meta["found"] = list(source.follow(response))
            if not self._checked or source.WHOLE:
                for _ in source.parse(response):
                    pass
                self._checked = True
        except ShapeError as error:
            tries = request.meta.get("shape_tries", 0)
            if tries < _SHAPE_TRIES:
                task.gate.pause(BACKOFF * 2**tries, "an answer could not be read")
                return _anew(request, shape_tries=tries + 1)
            entry = task.keep(url, response, note="unknown shape")
            task.stop(
                "failed", f"{error} The answer is stored as {task.order.name}:{entry.sha256}."
            )
            raise IgnoreRequest("an unknown shape") from None
        task.keep(url, response)
        return response

    def _again(self, request: Request, why: str, seconds: float | None) -> Request:
        task = self.task
        tries = request.meta.get("tries", 0) + 1
        if tries >= TRIES:
            task.stop("failed", f"gave up after {tries} tries: {why}")
            raise IgnoreRequest("gave up")
        wait = BACKOFF * 2 ** (tries - 1) if seconds is None else max(seconds, 1.0)
        if wait > PATIENCE:
            task.wait(why, wait)
            raise IgnoreRequest("waits")
        task.gate.pause(wait, why)
        return _anew(request, tries=tries)

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """A fault of the network is a passing one; anything else ends the crawl."""
        task = self.task
        if _aside(request):
            return None
        if isinstance(exception, OtherHostError):
            task.stop("refused", f"the source redirects elsewhere: {exception}. Its address may "
                      "have changed: look at it before you allow the new host")  # fmt: skip
        elif isinstance(exception, RefusedError):
            task.stop("refused", f"{exception}. Check the key and the secret")
        elif isinstance(exception, StoreError | ShapeError):
            task.stop("failed", str(exception))
        elif isinstance(exception, IgnoreRequest):
            if "robots.txt" in str(exception) and not task.stopped:
                task.bar(identity(request), f"robots.txt forbids {request.url}.")
            elif not task.stopped and str(exception) != LEFT_OUT:
                task.stop("refused", f"{exception} ({request.url})")
        elif _network(exception):
            kind = type(exception).__name__
            return self._again(request, f"{kind}: {str(exception)[:200]}", None)
        return None


def _network(exception: Exception) -> bool:
    from scrapy import exceptions
    from twisted.internet import defer, error
    from twisted.web import client

    return isinstance(
        exception,
        exceptions.DownloadFailedError
        | exceptions.CannotResolveHostError
        | exceptions.DownloadConnectionRefusedError
        | exceptions.DownloadTimeoutError
        | exceptions.ResponseDataLossError
        | error.ConnectError | error.ConnectionLost | error.ConnectionDone | error.TimeoutError
        | defer.TimeoutError | client.ResponseFailed | OSError,
    )  # fmt: skip


def _aside(request: Request) -> bool:
    """Whether it is Scrapy's own request for robots.txt."""
    return bool(request.meta.get("dont_obey_robotstxt"))


def _anew(request: Request, **meta: Any) -> Request:
    """The request again, before those that wait."""
    again = request.replace(dont_filter=True, priority=request.priority + 1)
    again.meta.update(meta)
    # Scrapy's own marks of the attempt before.
    for name in ("redirect_times", "redirect_urls", "redirect_reasons", "redirect_ttl", "found"):
        again.meta.pop(name, None)
    return again


def _headers(pairs: Any) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in pairs:
        headers.setdefault(name, []).append(value)
    return headers
