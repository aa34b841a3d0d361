"""The shape that every source has."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import scrapy

from gapstudy.sources._answers import Verdict, ordinary

if TYPE_CHECKING:
    from scrapy.http import Response


@dataclass(frozen=True)
class Record:
    """One record that a callback read from a response.

    Records of one `row` are one item and change together: a paper with its affiliations. The first
    of them names the item.

    Attributes:
        table: core table that it is meant for.
        data: its fields; names are those of the table where the meaning is the same.
        row: row of the response that it stands in, 1 is the first; 0 where rows do not apply.
    """

    table: str
    data: dict[str, Any]
    row: int = 0


@dataclass(frozen=True)
class Bad:
    """One row that could not be read.

    Attributes:
        table: core table that it was meant for.
        reason: what is wrong with it.
        raw: the row as it stands in the response.
        row: row of the response.
    """

    table: str
    reason: str
    raw: str
    row: int = 0


@dataclass(frozen=True)
class Incomplete:
    """A window that stayed over the source's cap however far it was split.

    Attributes:
        window: the window in words.
        total: items that the source reports for it.
        reached: items that can be had.
    """

    window: str
    total: int
    reached: int


@dataclass(frozen=True)
class Embedded:
    """A response that needs no network: a file of the study folder or of an installed package.

    Attributes:
        url: `file:NAME` or `package:NAME/FILE`.
        body: its bytes.
        as_of: day that its content speaks of, ISO text, or empty.
        note: version of the package or other remark.
    """

    url: str
    body: bytes
    as_of: str = ""
    note: str = ""


@dataclass(frozen=True)
class Batch:
    """Records of one table read from a bulk file, column by column.

    Attributes:
        table: core table that they are meant for.
        columns: field -> values, all of one length; fields are those of the table.
        rows: row of the file that each record stands in, 1 is the first.
    """

    table: str
    columns: dict[str, list[Any]]
    rows: list[int]


@dataclass(frozen=True)
class Budget:
    """So much in so many seconds, as the source counts it.

    Attributes:
        amount: how much.
        seconds: in how long.
        unit: "requests", "bytes", or what `Source.cost` counts, such as "credits".
    """

    amount: float
    seconds: float
    unit: str = "requests"


@dataclass(frozen=True)
class Card:
    """How a source may be talked to, and what asking it takes.

    Attributes:
        hosts: hosts that requests, redirects and credentials may go to.
        delay: least seconds between two requests.
        concurrency: most requests at a time.
        budgets: what may be used in how long.
        robots: whether robots.txt is obeyed: for web sites and their files; an API of which the
            provider documents the use has its own terms.
        group: sources of one group share delay and connection, so they follow each other.
        overlap: days before the watermark that are read again, for what is added or changed late.
        max_bytes: largest answer taken.
        timeout: seconds after which a request is given up.
        per_day: items that the source adds in a day, for the estimate.
        page: items in one answer, for the estimate.
        answer_bytes: size of an ordinary answer, for the estimate.
    """

    hosts: tuple[str, ...] = ()
    delay: float = 1.0
    concurrency: int = 1
    budgets: tuple[Budget, ...] = ()
    robots: bool = False
    group: str = ""
    overlap: int = 7
    max_bytes: int = 64 << 20
    timeout: float = 180.0
    per_day: float = 0.0
    page: int = 1
    answer_bytes: int = 100_000


@dataclass(frozen=True)
class Ask:
    """What a crawl is to bring.

    Attributes:
        first: first day wanted.
        last: last day wanted.
        keyed: whether the source's (optional or needed) credentials are there.
        options: settings of this source in study.toml over the source's `OPTIONS`.
        wanted: identifiers to look up, for sources that enrich (`WANTS`).
    """

    first: dt.date
    last: dt.date
    keyed: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()


class Source(scrapy.Spider):
    """A source: constants, where it starts, and callbacks that turn a response into records.

    Callbacks are pure: the same saved bytes give the same records, so the same code serves the
    crawl, the replay from the archive, `gapstudy parse` and the tests. A source never holds a
    credential: requests are signed on their way out (`sign`), and what is stored carries no trace.

    Attributes:
        name: name on the command line and of its folder.
        TITLE: full title.
        GIVES: core tables that it fills.
        LICENCE: licence of its data.
        CREDENTIALS: environment variables it needs; empty when it needs none.
        OPTIONAL: environment variables that it uses when they are set.
        REGION_BASIS: what its country information describes (`tables.core.BASES`).
        CARD: how it may be talked to; None when it is not on the web.
        OPTIONS: its settings in study.toml, section `[source.NAME]`, with their defaults.
        WANTS: kind of identifier that it looks up ("doi"); empty when it does not enrich.
        WHOLE: whether an address always answers with the whole state, so that the newest answer
            replaces the ones before; else answers add up.
        FILES: whether it reads bulk files that the user names (`[source.NAME] files`).
    """

    TITLE: ClassVar[str]
    GIVES: ClassVar[tuple[str, ...]]
    LICENCE: ClassVar[str]
    CREDENTIALS: ClassVar[tuple[str, ...]] = ()
    OPTIONAL: ClassVar[tuple[str, ...]] = ()
    REGION_BASIS: ClassVar[str] = "none"
    CARD: ClassVar[Card | None] = None
    OPTIONS: ClassVar[Mapping[str, Any]] = {}
    WANTS: ClassVar[str] = ""
    WHOLE: ClassVar[bool] = False
    FILES: ClassVar[bool] = False
    ask: Ask | None = None

    @classmethod
    def card(cls, *, keyed: bool) -> Card | None:
        """The card, where it depends on having a credential."""
        del keyed
        return cls.CARD

    @classmethod
    def hosts(cls, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Hosts that its requests, redirects and credentials may go to.

        Args:
            options: its settings, for a source whose hosts the user names.
        """
        del options
        return cls.CARD.hosts if cls.CARD else ()

    # Starting.

    def embedded(self, root: Path) -> Iterator[Embedded]:
        """Responses that need no network; empty for a source of the web.

        Args:
            root: the study folder.
        """
        del root
        yield from ()

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """First requests of a crawl; each is a unit that is finished, or resumed, by itself."""
        del ask
        yield from ()

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Scrapy's way in."""
        if self.ask is not None:
            for request in self.begin(self.ask):
                yield request

    def get(self, url: str, **meta: Any) -> scrapy.Request:
        """A request whose answer goes to `follow`.

        Args:
            url: address; without anything secret.
            meta: what `follow` and `judge` need to know of it; plain JSON values. With `fresh`
                it is sent even when an interrupted run has stored an answer of this address; with
                `unchanging` it is not sent when any run has.
        """
        return scrapy.Request(url, callback=self.follow, meta=meta, dont_filter=True)

    @classmethod
    def address(cls, url: str) -> str:
        """Under which name answers of an address replace each other, for a `WHOLE` source.

        Args:
            url: address of an answer; one release of a register may lie at another than the next.
        """
        return url

    # Callbacks.

    def judge(self, response: Response) -> Verdict:
        """What an answer means, before it is kept."""
        return ordinary(response)

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Further requests that an answer calls for: next pages, parts of a split window."""
        del response
        yield from ()

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Turn one stored response into records.

        Raises:
            ShapeError: the response has a shape never seen; names the field and the response.
        """
        raise TypeError(f"{type(self).__name__} has no callback for {response.url}")

    def batches(self, path: Path) -> Iterator[Batch]:
        """Read one bulk file, in pieces that fit in memory.

        Raises:
            ShapeError: the file has a shape never seen; names the column and the file.
        """
        raise TypeError(f"{type(self).__name__} reads no files: {path}")

    # Credentials and budgets; called by `collect` alone.

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """Headers that carry the credentials.

        Args:
            secrets: environment variable -> value; "contact" -> the study's contact, "agent" ->
                the user agent, and "token" -> the access token, where the source uses one.
        """
        del secrets
        return {}

    def token_request(self, secrets: Mapping[str, str]) -> scrapy.Request | None:
        """Request for an access token; None when the source uses none."""
        del secrets
        return None

    def read_token(self, response: Response) -> tuple[str, float]:
        """Access token and its life in seconds.

        Raises:
            ShapeError: the answer holds none.
        """
        raise TypeError(f"{type(self).__name__} uses no access token: {response.url}")

    def cost(self, request: scrapy.Request) -> float:
        """What a request costs, in the unit of the card's budget other than requests and bytes."""
        del request
        return 1.0

    def pace(self, response: Response) -> float | None:
        """Least delay in seconds that an answer asks for from now on; None to keep the card's."""
        del response
        return None
