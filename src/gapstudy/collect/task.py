"""One crawl in progress: what handler and middlewares share."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.archive import Archive, Entry, Writer
from gapstudy.collect.gate import Gate
from gapstudy.collect.orders import Order, Outcome
from gapstudy.collect.state import State, Unfinished, Validators
from gapstudy.sources import load
from gapstudy.sources.base import Ask, Source
from gapstudy.warc import Message

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

#: Days after which what refused for good is asked once more.
ASK_AGAIN = 30
#: Times that one request is repeated before its source is left alone.
TRIES = 6
#: Seconds before the first repetition when the source does not say; doubled each time.
BACKOFF = 5.0
#: Headers that are never stored: they may carry what identifies us.
_PRIVATE = frozenset(
    {"set-cookie", "cookie", "authorization", "proxy-authorization", "x-api-key", "api_key",
     "api-key", "x-epo-client-ip", "x-epo-forwarded", "content-encoding", "transfer-encoding",
     "content-length", "connection"}
)  # fmt: skip


class Task:
    """A crawl in progress.

    Args:
        order: what to bring.
        secrets: environment variable -> credential; neither stored nor said.
        agent: user agent.
        crawled: called whenever something was stored or a unit ended.
    """

    def __init__(
        self,
        order: Order,
        secrets: Mapping[str, str],
        agent: str,
        crawled: Callable[[], None] = lambda: None,
    ) -> None:
        kind = load(order.name)
        card = kind.card(keyed=order.keyed)
        assert card is not None, f"{order.name} is not on the web"
        self.order = order
        self.card = card
        self.hosts = frozenset(kind.hosts(order.options))
        self.secrets = {**secrets, "contact": order.contact, "agent": agent}
        self.agent = agent
        self.raw = Path(order.raw)
        self.state = State.load(self.raw, order.name)
        self.archive = Archive.of(self.raw, order.name)
        # An answer with a note was not understood, or is only pointed to: it is asked for again.
        stored = [entry for entry in self.archive.entries() if entry.run and not entry.note]
        self.ever = {entry.url: entry for entry in stored}
        self.had = {entry.url: entry for entry in stored if entry.run == order.run}
        self.writer: Writer = self.archive.open()
        self.gate = Gate(card.delay, card.budgets, order.pace)
        self.outcome = Outcome(order.name)
        self.stopped = ""
        self.token = ""
        self.token_until = 0.0
        self.faults: set[str] = set()
        self._whole = kind.WHOLE
        self._open: Counter[str] = Counter()
        self._began = time.monotonic()
        self._start = dt.datetime.fromisoformat(order.now)
        self._crawled = crawled
        self.source: Source = kind()
        self.source.ask = Ask(
            dt.date.fromisoformat(order.first), dt.date.fromisoformat(order.last), order.keyed,
            {**kind.OPTIONS, **order.options}, order.wanted,
        )  # fmt: skip
        self.crawler: Crawler | None = None
        self._hidden: list[bytes] = []
        for value in secrets.values():
            self.hide(value)
        self._recall()
        if self.state.run is None or self.state.run.stamp != order.run:
            self.state.run = Unfinished(order.run, order.first, order.last, list(order.wanted))
        self.save()

    def __deepcopy__(self, _memo: dict[int, Any]) -> Task:
        # Scrapy copies its settings, in which the task travels to its components.
        return self

    def _recall(self) -> None:
        """Count what earlier collections used of the budgets."""
        longest = max((budget.seconds for budget in self.card.budgets), default=0.0)
        now = self._start.timestamp()
        units = {"requests", *(budget.unit for budget in self.card.budgets)} - {"bytes"}
        for entry in self.archive.entries():
            if not entry.run:
                continue
            ago = now - dt.datetime.fromisoformat(entry.retrieved).timestamp()
            if ago <= longest:
                for unit in units:
                    self.gate.use(1, unit, ago=max(ago, 0.0))

    def now(self) -> str:
        """Time of the collection, ISO text to the second."""
        passed = dt.timedelta(seconds=int(time.monotonic() - self._began))
        return (self._start + passed).isoformat(timespec="seconds")

    # Units.

    def begin(self, unit: str) -> bool:
        """Open a unit; False when it is whole already, or was refused for good not long ago."""
        done = self.state.run is not None and unit in self.state.run.done
        if barred := self.state.barred.get(unit):
            if (self._start - dt.datetime.fromisoformat(barred)).days < ASK_AGAIN:
                self.remark(f"{unit} refused on {barred} and is not asked again for a month")
                return False
            del self.state.barred[unit]
        if not done:
            self._open[unit] += 1
        return not done

    def bar(self, url: str, note: str) -> None:
        """Leave one address alone for a while."""
        self.state.barred[url] = self.order.now[:10]
        self.remark(note)

    def remark(self, note: str) -> None:
        """Say something of a crawl that goes on all the same."""
        self.outcome.note = f"{self.outcome.note} {self.clean(note)}".strip()

    def more(self, unit: str) -> None:
        """A request of a unit is on its way."""
        self._open[unit] += 1

    def less(self, unit: str) -> None:
        """A request of a unit is dealt with; the last one makes the unit whole."""
        self._open[unit] -= 1
        if not self._open[unit] and not self.stopped and unit not in self.faults:
            assert self.state.run is not None
            self.state.run.done.append(unit)
            self.save()

    # Storing.

    def keep(self, url: str, response: Response, note: str = "") -> Entry:
        """Store an answer, without anything secret.

        Args:
            url: its identity.
            response: the answer.
            note: why it could not be read; empty when it could.
        """
        entry = self.writer.add(
            Message(
                url, self.now(), response.status, response.body, self.public(response),
                self.order.run, note,
            )
        )  # fmt: skip
        if not note:
            self.had[url] = entry  # other units of this run may need the same
        self.outcome.responses += 1
        self.outcome.bytes += len(response.body)
        if self._whole and not note:
            headers = {name.lower(): value for name, value in self.public(response)}
            etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
            self.state.pages.pop(url, None)
            if etag or modified:
                self.state.pages[url] = Validators(etag, modified, entry.sha256)
        self._crawled()
        return entry

    def same(self, url: str) -> None:
        """Note that the source says an address has not changed."""
        page = self.state.pages[url]
        entry = Entry(url, self.now(), 200, page.sha256, self.order.run, "not modified")
        self.writer.enter([entry])

    def validators(self, url: str) -> dict[str, str]:
        """Headers that ask whether an address has changed; none when there is nothing to keep."""
        page = self.state.pages.get(url)
        if page is None or not self._whole or not self.writer.knows(page.sha256):
            return {}
        headers = {"If-None-Match": page.etag, "If-Modified-Since": page.modified}
        return {name: value for name, value in headers.items() if value}

    def public(self, response: Response) -> list[tuple[str, str]]:
        """Headers of an answer that may be stored."""
        return [
            (name.decode("latin-1"), self.clean(value.decode("latin-1")))
            for name, values in response.headers.items()
            if name.decode("latin-1").lower() not in _PRIVATE
            for value in values
        ]

    def hide(self, value: str) -> None:
        """Let a credential appear nowhere."""
        if len(value) >= 4:
            self._hidden = sorted({*self._hidden, *_forms(value)}, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """A text without credentials."""
        for form in self._hidden:
            text = text.replace(form.decode("latin-1"), "REDACTED")
        return text

    def clean_body(self, body: bytes) -> bytes:
        """A body without credentials, which some sources echo."""
        for form in self._hidden:
            if form in body:
                body = body.replace(form, b"REDACTED")
        return body

    def save(self) -> None:
        """Put the state in place."""
        self.state.save(self.raw, self.order.name)
        self._crawled()

    # Ending.

    def stop(self, end: str, note: str) -> None:
        """Let no further request out and end the crawl."""
        if self.stopped:
            return
        self.stopped = end
        self.outcome.end, self.outcome.note = end, self.clean(note)
        if self.crawler is not None and self.crawler.engine is not None:
            engine = self.crawler.engine

            async def close() -> None:
                await engine.close_spider_async(reason=end)

            self._closing = asyncio.ensure_future(close())

    def wait(self, why: str, seconds: float) -> None:
        """Stop until a budget is there again."""
        self.state.resume = (
            dt.datetime.fromisoformat(self.now()) + dt.timedelta(seconds=seconds)
        ).isoformat(timespec="seconds")
        self.state.note = self.clean(why)
        self.stop("paused", f"{why}; goes on after {self.state.resume}Z")

    def finish(self) -> Outcome:
        """Write down how the crawl ended."""
        self.writer.close()
        run = self.state.run
        if not self.stopped and self.faults:
            self.outcome.end = "failed"
            self.outcome.note = self.outcome.note or "some requests failed; they are tried again"
        if self.outcome.end == "done" and run is not None:
            self.state.until, self.state.asked = run.last, self.order.now[:10]
            self.state.asked_for = sorted({*self.state.asked_for, *run.wanted})
            self.state.run = None
            self.state.resume = self.state.note = self.state.refused = ""
        if self.outcome.end == "refused":
            self.state.refused, self.state.refused_on = self.outcome.note, self.order.now[:10]
            self.state.refused_for = self.order.mark
        self.state.incomplete = self.outcome.incomplete
        self.outcome.until = self.state.until
        self.outcome.seconds = round(time.monotonic() - self._began, 3)
        self.save()
        return self.outcome


def identity(request: Request) -> str:
    """Address under which an answer is stored; a POST is told apart by its body."""
    import hashlib

    if request.method == "GET":
        return request.url
    return f"{request.url}#{request.method}-{hashlib.sha256(request.body).hexdigest()[:16]}"


def _forms(value: str) -> Sequence[bytes]:
    """A credential as it may be echoed: plain, in a URL, in Basic form."""
    basic = [base64.b64encode(text.encode()) for text in (value, f"{value}:")]
    quoted = urllib.parse.quote(value, safe="").encode()
    return [value.encode(), quoted, *(form.rstrip(b"=") for form in basic)]


def outgoing(url: str, base: str) -> str:
    """Address that is really asked: `BASE/HOST/PATH` where another server stands in."""
    if not base:
        return url
    parts = urllib.parse.urlsplit(url)
    rest = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return f"{base.rstrip('/')}/{parts.netloc}{rest}"


def settings_mark(options: Mapping[str, Any], version: str, secrets: Mapping[str, str]) -> str:
    """Mark that changes with a source's settings, its code and its credentials; tells nothing."""
    import hashlib
    import json

    text = json.dumps([dict(options), version, sorted(secrets.items())], sort_keys=True)
    return hashlib.sha256(f"gapstudy {text}".encode()).hexdigest()[:8]
