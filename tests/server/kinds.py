"""What each kind of fault sends in place of, or around, the answer of a site."""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.server.site import Reply
from tests.server.spoil import empty_page, renamed

MIDNIGHT = 86_400


@dataclass
class Case:
    """What a kind may use.

    Attributes:
        text: a name that the rule gives; may be empty.
        given: the rule's amount; None when it gives none.
        host: host that the client meant.
        address: path and query as sent.
        now: seconds on the server's clock.
        listener: address of the second listener, another host to the client.
        random: for what is left to chance.
        answer: asks the site; a kind that does not call it costs no budget there.
        before: the last whole answer at this host and path, if there was one.
    """

    text: str
    given: float | None
    host: str
    address: str
    now: float
    listener: str
    random: Random
    answer: Callable[[], Reply]
    before: Reply | None = None

    def amount(self, default: float) -> float:
        """The rule's amount, or the kind's default."""
        return default if self.given is None else self.given


@dataclass
class Sending:
    """An answer and how it goes over the wire (`wire.WAYS`)."""

    reply: Reply
    way: str = "plain"
    amount: float = 0.0


Kind = Callable[[Case], Sending | None]
KINDS: dict[str, Kind] = {}


def _kind(make: Kind) -> Kind:
    KINDS[make.__name__] = make
    return make


def _json(status: int, data: object, **headers: str) -> Sending:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["Content-Type"] = "application/json"
    return Sending(Reply(status, json.dumps(data).encode(), named))


def _stamp(seconds: float) -> str:
    when = dt.datetime.fromtimestamp(int(seconds), dt.UTC)
    return email.utils.format_datetime(when, usegmt=True)


def _html(status: int, text: str, **headers: str) -> Sending:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["Content-Type"] = "text/html; charset=utf-8"
    page = f"<!DOCTYPE html><html><head><title>{text}</title></head><body>{text}</body></html>"
    return Sending(Reply(status, page.encode(), named))


# Refusals.


@_kind
def too_many(case: Case) -> Sending:
    """429 with a few seconds in Retry-After."""
    wait = str(int(case.amount(1)))
    return _json(429, {"error": "Too many requests", "retryAfter": int(wait)}, Retry_After=wait)


@_kind
def too_many_bare(case: Case) -> Sending:
    """429 that names no delay."""
    return _json(429, {"error": "Too many requests"})


@_kind
def throttled_in_milliseconds(case: Case) -> Sending:
    """403 with X-Rejection-Reason and Retry-After in milliseconds, as EPO OPS says 429."""
    wait = str(int(case.amount(1) * 1000))
    reason = case.text or "ThrottlingControlQuota"
    body = b"<error><code>403</code><message>This request has been rejected</message></error>"
    headers = {"X-Rejection-Reason": reason, "Retry-After": wait, "Content-Type": "application/xml"}
    return Sending(Reply(403, body, headers))


@_kind
def budget_spent(case: Case) -> Sending:
    """429 of a daily budget: X-RateLimit-Reset is the time to midnight UTC."""
    reset = str(int(MIDNIGHT - case.now % MIDNIGHT))
    return _json(
        429,
        {"error": "Rate limit exceeded", "message": "Insufficient budget", "creditsRemaining": 0,
         "retryAfter": int(reset)},
        X_RateLimit_Limit="1000", X_RateLimit_Remaining="0", X_RateLimit_Reset=reset,
        Retry_After=reset,
    )  # fmt: skip


@_kind
def plan_needed(case: Case) -> Sending:
    """429 that stays: a paid plan would be needed."""
    sending = _json(429, {"error": "Plan upgrade required", "message": "Plan upgrade required"})
    sending.reply.permanent = True
    return sending


@_kind
def unavailable(case: Case) -> Sending:
    """503 with seconds in Retry-After."""
    return _html(503, "Service Unavailable", Retry_After=str(int(case.amount(1))))


@_kind
def unavailable_until(case: Case) -> Sending:
    """503 with a date in Retry-After, by the server's clock."""
    return _html(503, "Service Unavailable", Retry_After=_stamp(case.now + case.amount(1)))


@_kind
def unavailable_in_milliseconds(case: Case) -> Sending:
    """503 with milliseconds in Retry-After."""
    sending = _html(503, "Service Unavailable", Retry_After=str(int(case.amount(1) * 1000)))
    sending.reply.wait = case.amount(1)
    return sending


@_kind
def bad_syntax(case: Case) -> Sending:
    """500 that means a wrong query, as openFDA says it."""
    error = {"code": "SERVER_ERROR", "message": "Check your request and try again"}
    return _json(500, {"error": error})


@_kind
def none_found(case: Case) -> Sending:
    """404 that means no hits, in the words of openFDA or of the USPTO."""
    if case.host == "api.uspto.gov":
        told = "No matching records found, refine your search criteria and try again"
        return _json(404, {"code": 404, "message": "Not Found", "detailedMessage": told})
    return _json(404, {"error": {"code": "NOT_FOUND", "message": "No matches found!"}})


# Broken transport.


@_kind
def reset(case: Case) -> Sending:
    """The connection is reset before a header is sent."""
    return Sending(Reply(0), "reset")


@_kind
def reset_half_way(case: Case) -> Sending:
    """The connection is reset in the middle of the body."""
    return Sending(case.answer(), "reset_half_way")


@_kind
def half_a_body(case: Case) -> Sending:
    """Content-Length of the whole, half of the body, then an orderly end."""
    return Sending(case.answer(), "half_a_body")


@_kind
def length_too_long(case: Case) -> Sending:
    """The whole body under a Content-Length that promises more."""
    return Sending(case.answer(), "length_too_long", case.amount(1000))


@_kind
def chunks_cut(case: Case) -> Sending:
    """A chunked body without its last chunk."""
    return Sending(case.answer(), "chunks_cut")


@_kind
def drip(case: Case) -> Sending:
    """The body in small pieces with pauses, `amount` seconds in all."""
    return Sending(case.answer(), "drip", case.amount(2))


@_kind
def bomb(case: Case) -> Sending:
    """A small gzip body that unpacks to `amount` bytes of zeros (2 GB when not said)."""
    headers = {"Content-Type": "application/json"}
    return Sending(Reply(200, b"", headers), "bomb", case.amount(2 << 30))


@_kind
def gzip_cut(case: Case) -> Sending:
    """A gzip body that ends too early, under a Content-Length that fits it."""
    reply = case.answer()
    packed = gzip.compress(reply.body, 1)
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return Sending(Reply(reply.status, packed[: max(len(packed) * 2 // 3, 12)], headers))


@_kind
def long_header(case: Case) -> Sending:
    """A header of `amount` bytes (100,000 when not said)."""
    reply = case.answer()
    headers = {**reply.headers, "X-Padding": "x" * int(case.amount(100_000))}
    return Sending(Reply(reply.status, reply.body, headers))


@_kind
def clock_skew(case: Case) -> Sending:
    """The ordinary answer under a Date that is `amount` seconds off (a day when not said)."""
    reply = case.answer()
    headers = {**reply.headers, "Date": _stamp(case.now + case.amount(MIDNIGHT))}
    return Sending(Reply(reply.status, reply.body, headers))


# Redirects.


@_kind
def redirect_loop(case: Case) -> Sending:
    """302 to the very same address."""
    return Sending(Reply(302, b"", {"Location": f"https://{case.host}{case.address}"}))


@_kind
def redirect_away(case: Case) -> Sending:
    """302 to another host: the server's second listener, or `https://TEXT/...` when named."""
    base = f"https://{case.text}" if case.text else f"{case.listener}/evil.example"
    return Sending(Reply(302, b"", {"Location": base + case.address}))


# Wrong contents.


@_kind
def html(case: Case) -> Sending:
    """A page for people in place of the data, with status 200."""
    return _html(200, case.text or "Checking your browser before you go on")


@_kind
def invalid_utf8(case: Case) -> Sending:
    """The ordinary answer with bytes in its middle that are not UTF-8."""
    reply = case.answer()
    middle = len(reply.body) // 2
    body = reply.body[:middle] + b"\xff\xfe\xc3\x28" + reply.body[middle:]
    return Sending(Reply(reply.status, body, reply.headers))


@_kind
def changed_shape(case: Case) -> Sending | None:
    """One field has another name: the one in `text`, or one drawn by chance."""
    reply = case.answer()
    body = renamed(reply.body, case.text, case.random)
    return None if body is None else Sending(Reply(reply.status, body, reply.headers))


@_kind
def page_before(case: Case) -> Sending | None:
    """The page before, once more; nothing happens where there was none."""
    return None if case.before is None else Sending(case.before)


@_kind
def page_missing(case: Case) -> Sending | None:
    """The page without its items, all else as it was."""
    reply = case.answer()
    body = empty_page(reply.body)
    return None if body is None else Sending(Reply(reply.status, body, reply.headers))


@_kind
def empty_body(case: Case) -> Sending:
    """Status 200 and not one byte."""
    return Sending(Reply(200, b"", {"Content-Type": "application/json"}))


@_kind
def no_content(case: Case) -> Sending:
    """Status 204."""
    return Sending(Reply(204))


# After these, a client that asks again at the same address has everything in the end.
PASSING = (
    "too_many", "too_many_bare", "unavailable", "unavailable_until", "reset", "reset_half_way",
    "half_a_body", "length_too_long", "chunks_cut", "drip", "gzip_cut", "clock_skew",
)  # fmt: skip
