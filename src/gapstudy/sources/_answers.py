"""What an answer means. Status codes lie: each source decides by its own protocol."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.http import Response


@dataclass(frozen=True)
class Good:
    """An answer to keep and to read; also one that says "nothing found"."""


@dataclass(frozen=True)
class Again:
    """A passing fault: ask again.

    Attributes:
        why: what was wrong.
        seconds: how long the source asks to wait; None where it does not say.
    """

    why: str
    seconds: float | None = None


@dataclass(frozen=True)
class Spent:
    """A budget is gone: stop this source and go on when it is there again.

    Attributes:
        why: which budget.
        seconds: until it is there again.
    """

    why: str
    seconds: float


@dataclass(frozen=True)
class Refused:
    """Asking again would bring the same: stop this source and say so once.

    Attributes:
        why: what the source said, without anything that we sent.
        remedy: what the reader should do.
        alone: whether it concerns this address alone, such as one feed of many: the others go on.
    """

    why: str
    remedy: str = ""
    alone: bool = False


@dataclass(frozen=True)
class Expired:
    """The access token has run out: get a new one and repeat the request once."""


Verdict = Good | Again | Spent | Refused | Expired


def ordinary(response: Response) -> Verdict:
    """The usual meaning of a status, for everything on which a source has no word of its own."""
    status = response.status
    if status < 300:
        # Every source says something, if only that there is nothing.
        return Good() if response.body else Again("an answer without content")
    if status in {401, 403, 405, 407, 451}:
        return Refused(f"HTTP {status}: access refused", "Check the credential and the contact")
    if status == 429:
        return Again("HTTP 429: too many requests", retry_after(response))
    if status in {408, 425} or status >= 500:
        return Again(f"HTTP {status}", retry_after(response))
    return Refused(
        f"HTTP {status} for {response.url}",
        "The source no longer answers this request; its parser must be looked at",
    )


def retry_after(response: Response, *, unit: float = 1.0) -> float | None:
    """Seconds that `Retry-After` asks for; None when it is absent or makes no sense.

    Args:
        response: the answer.
        unit: seconds in one of the source's units, 0.001 where it counts milliseconds.
    """
    text = header(response, "Retry-After").strip()
    if text.replace(".", "", 1).isdigit():
        return float(text) * unit
    if text:
        try:
            when = email.utils.parsedate_to_datetime(text)
            sent = email.utils.parsedate_to_datetime(header(response, "Date"))
        except (TypeError, ValueError):
            return None
        # Between two stamps of the server: its clock may differ from ours.
        return max((when - sent).total_seconds(), 0.0)
    return None


def header(response: Response, name: str) -> str:
    """A header as text; empty when it is absent."""
    value = response.headers.get(name)
    return value.decode("latin-1") if isinstance(value, bytes) else ""
