"""The shape that every source has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import scrapy

if TYPE_CHECKING:
    from pathlib import Path

    from scrapy.http import Response


@dataclass(frozen=True)
class Record:
    """One record that a callback read from a response.

    Attributes:
        table: core table that it is meant for.
        data: its fields; names are those of the table where the meaning is the same.
        row: row of the response that it stands in, 1 is the first line; 0 where rows do not apply.
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


class Source(scrapy.Spider):
    """A source: constants, where it starts, and callbacks that turn a response into records.

    A callback is pure: the same saved bytes give the same records, so the same code serves the
    crawl, the replay from the archive, `gapstudy parse` and the tests.

    Attributes:
        name: name on the command line and of its folder.
        TITLE: full title.
        GIVES: core tables that it fills.
        LICENCE: licence of its data.
        CREDENTIALS: environment variables it needs; empty when it needs none.
        REGION_BASIS: what its country information describes (`tables.core.BASES`).
    """

    TITLE: ClassVar[str]
    GIVES: ClassVar[tuple[str, ...]]
    LICENCE: ClassVar[str]
    CREDENTIALS: ClassVar[tuple[str, ...]] = ()
    REGION_BASIS: ClassVar[str] = "none"

    def embedded(self, root: Path) -> Iterator[Embedded]:
        """Responses that need no network; empty for a source of the web.

        Args:
            root: the study folder.
        """
        del root
        yield from ()

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Turn one stored response into records.

        Raises:
            ShapeError: the response has a shape never seen; names the field and the response.
        """
        raise TypeError(f"{type(self).__name__} has no callback for {response.url}")
