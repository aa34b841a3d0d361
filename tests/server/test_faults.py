"""Every fault of the local server, as it comes over the wire."""

from __future__ import annotations

import email.utils
import gzip
import http.client
import time
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server.client import Server
from tests.server.faults import Chooser, Fault
from tests.server.kinds import KINDS, PASSING
from tests.server.raw import ITEMS, get, one, raw


@pytest.mark.parametrize(
    ("kind", "status", "headers", "said"),
    [
        ("too_many", 429, {"retry-after": "1"}, b"Too many"),
        ("too_many_bare", 429, {}, b"Too many"),
        ("throttled_in_milliseconds", 403,
         {"retry-after": "1000", "x-rejection-reason": "ThrottlingControlQuota"}, b"rejected"),
        ("plan_needed", 429, {}, b"Plan upgrade required"),
        ("unavailable", 503, {"retry-after": "1"}, b"Unavailable"),
        ("unavailable_in_milliseconds", 503, {"retry-after": "1000"}, b"Unavailable"),
        ("bad_syntax", 500, {}, b"SERVER_ERROR"),
        ("none_found", 404, {}, b"NOT_FOUND"),
        ("html", 200, {"content-type": "text/html; charset=utf-8"}, b"<!DOCTYPE html>"),
        ("empty_body", 200, {"content-length": "0"}, b""),
        ("no_content", 204, {}, b""),
    ],
)  # fmt: skip
def test_what_is_sent_in_place_of_an_answer(
    server: Server, kind: str, status: int, headers: dict[str, str], said: bytes
) -> None:
    got = one(server, kind)
    assert got.status == status
    assert headers.items() <= got.headers.items()
    assert said in got.body
    if kind in {"too_many_bare", "plan_needed"}:
        assert "retry-after" not in got.headers
    assert get(server, ITEMS).json["total"] == 61, "the next request is answered"
    assert [line["fault"] for line in server.log()] == [kind, ""]


def test_the_words_of_none_found_are_those_of_the_host(server: Server) -> None:
    got = one(server, "none_found", "/api.uspto.gov/api/v1/patent/applications/search")
    assert "No matching records found" in got.json["detailedMessage"]


def test_a_spent_budget_comes_back_at_midnight(server: Server) -> None:
    got = one(server, "budget_spent")
    # The simulated day begins its clock at noon.
    assert 43_000 < int(got.headers["x-ratelimit-reset"]) <= 43_200
    assert got.headers["x-ratelimit-remaining"] == "0"


def test_a_date_in_retry_after_is_by_the_clock_of_the_server(server: Server) -> None:
    got = one(server, "unavailable_until", amount=7)
    when, sent = (
        email.utils.parsedate_to_datetime(got.headers[n]) for n in ("retry-after", "date")
    )
    assert (when - sent).total_seconds() == pytest.approx(7, abs=1)


def test_a_skewed_clock(server: Server) -> None:
    sent = email.utils.parsedate_to_datetime(
        one(server, "clock_skew", amount=-7200).headers["date"]
    )
    right = email.utils.parsedate_to_datetime(get(server, ITEMS).headers["date"])
    assert (sent - right).total_seconds() == pytest.approx(-7200, abs=5)


def test_connections_that_are_reset(server: Server) -> None:
    whole = len(get(server, ITEMS).body)
    server.faults([Fault("reset", at=(1,)), Fault("reset_half_way", at=(2,))])
    assert raw(server, ITEMS) == (b"", True)
    got, broken = raw(server, ITEMS)
    assert broken
    assert got.startswith(b"HTTP/1.1 200")
    assert len(got.partition(b"\r\n\r\n")[2]) == whole // 2


def test_bodies_of_the_wrong_length(server: Server) -> None:
    whole = get(server, ITEMS).body
    server.faults([Fault("half_a_body", at=(1,)), Fault("length_too_long", at=(2,), amount=99)])
    for most, promised in ((len(whole) // 2, len(whole)), (len(whole), len(whole) + 99)):
        with pytest.raises(http.client.IncompleteRead) as caught:
            get(server, ITEMS)
        assert caught.value.partial == whole[:most]
        assert caught.value.expected == promised - most


def test_a_chunked_body_without_its_end(server: Server) -> None:
    server.faults([Fault("chunks_cut", at=(1,))])
    got, broken = raw(server, ITEMS)
    assert not broken
    assert b"Transfer-Encoding: chunked" in got
    assert not got.endswith(b"0\r\n\r\n")


def test_a_slow_drip_ends_in_its_time(server: Server) -> None:
    whole = get(server, ITEMS).body
    began = time.monotonic()
    assert one(server, "drip", amount=0.5).body == whole
    assert 0.4 < time.monotonic() - began < 5


def test_a_bomb_is_small_on_the_wire_and_true(server: Server) -> None:
    got = one(server, "bomb", amount=(100 << 20) + 5)
    assert len(got.body) < 200_000
    assert got.headers["content-encoding"] == "gzip"
    unpacker, size, rest = zlib.decompressobj(31), 0, got.body
    while rest:
        size += len(unpacker.decompress(rest, 1 << 20))
        rest = unpacker.unconsumed_tail
    assert (size, unpacker.eof) == ((100 << 20) + 5, True)


def test_gzip_that_ends_too_early(server: Server) -> None:
    got = one(server, "gzip_cut")
    with pytest.raises(EOFError):
        gzip.decompress(got.body)
    assert int(got.headers["content-length"]) == len(got.body)


def test_a_very_long_header(server: Server) -> None:
    server.faults([Fault("long_header", at=(1,))])
    got, _ = raw(server, ITEMS)
    assert b"X-Padding: " + b"x" * 100_000 in got


def test_redirects(server: Server) -> None:
    loop = one(server, "redirect_loop", ITEMS + "?page=2")
    assert (loop.status, loop.headers["location"]) == (302, "https://api.example.org/items?page=2")
    away = one(server, "redirect_away", ITEMS + "?page=2")
    assert away.headers["location"] == server.listener + "/evil.example/items?page=2"
    assert urlsplit(away.headers["location"]).hostname != urlsplit(server.url).hostname
    named = one(server, "redirect_away", text="evil.example")
    assert named.headers["location"] == "https://evil.example/items"


def test_wrong_contents(server: Server) -> None:
    good = get(server, ITEMS).json
    with pytest.raises(UnicodeDecodeError):
        one(server, "invalid_utf8").body.decode()
    changed = one(server, "changed_shape", text="title").json["results"]
    assert [set(item) for item in changed] == [{"id", "new_title", "date", "votes"}] * 10
    drawn = one(server, "changed_shape").json
    assert drawn != good
    missing = one(server, "page_missing").json
    assert missing == {**good, "results": []}
    xml = one(server, "page_missing", "/api.example.org/items.xml").body
    assert b"<total>61</total>" in xml
    assert b"<item>" not in xml
    assert one(server, "changed_shape", "/api.example.org/items.xml", text="id").body.count(
        b"<new_id>"
    ) == len(good["results"])
    assert one(server, "page_missing", "/api.example.org/items.csv").body == b"id,title\n"


def test_the_page_before_comes_once_more(server: Server) -> None:
    server.faults([Fault("page_before", at=(1, 3))])
    first = get(server, ITEMS + "?page=0").json  # no page before: the true one
    get(server, ITEMS + "?page=1")
    assert get(server, ITEMS + "?page=2").json["results"][0]["id"] == 10
    assert get(server, ITEMS + "?page=2").json["results"][0]["id"] == 20
    assert first["results"][0]["id"] == 0


def test_every_kind_is_tried_here_and_has_a_word() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{kind}"' in here for kind in KINDS)
    assert all(make.__doc__ for make in KINDS.values())
    assert set(PASSING) <= set(KINDS)
    with pytest.raises(ValueError, match="no fault 'nonsense'"):
        Fault("nonsense")


# Choosing.


def test_a_fault_meets_what_its_rule_says(server: Server) -> None:
    server.faults([Fault("too_many", at=(2,), host="api.*.org", path="/items?page=*")])
    pages = [ITEMS, ITEMS + "?page=1", ITEMS + "?page=2", ITEMS + "?page=3"]
    assert [get(server, page).status for page in pages] == [200, 200, 429, 200]
    server.faults([Fault("too_many", probability=1, first=2, last=3, in_a_row=0)])
    assert [get(server, ITEMS).status for _ in range(5)] == [200, 429, 429, 200, 200]
    server.faults([Fault("too_many", probability=1)])
    assert [get(server, ITEMS).status for _ in range(6)] == [429, 429, 200] * 2
    assert get(server, "/api.example.org/robots.txt").status == 200


def test_choices_depend_on_the_seed_and_not_on_the_order() -> None:
    rules = [Fault("too_many", probability=0.3), Fault("reset", probability=0.3)]
    addresses = [f"/items?page={n}" for n in range(200)]

    def drawn(seed: int, order: list[str]) -> dict[str, str]:
        chooser = Chooser(seed, rules)
        found = {address: chooser.choose("h", address) for address in order}
        return {address: choice[0].kind if choice else "" for address, choice in found.items()}

    assert drawn(1, addresses) == drawn(1, addresses[::-1])
    assert drawn(1, addresses) != drawn(2, addresses)
    kinds = list(drawn(1, addresses).values())
    assert 40 <= kinds.count("too_many") <= 80
    assert 20 <= kinds.count("reset") <= 60
