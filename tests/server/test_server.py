"""The local server itself, over real HTTP: its clock, its measures and its end."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import gzip
import os
import re
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.server.__main__ import arguments
from tests.server.app import Player
from tests.server.client import ROOT, Server, serving
from tests.server.meter import Line, Meter, busiest, concurrency, credentials
from tests.server.raw import AGENT, ITEMS, get, one
from tests.server.site import Asked, Site

# Answering.


def test_a_request_reaches_the_site_of_its_host_as_it_was_sent(server: Server) -> None:
    got = get(server, ITEMS + "?page=1&filter=a%2Cb+c,d")
    assert got.status == 200
    assert got.json["query"] == "page=1&filter=a%2Cb+c,d"
    assert [item["id"] for item in got.json["results"]] == list(range(10, 20))


def test_bodies_are_packed_for_those_who_take_gzip(server: Server) -> None:
    plain, packed = get(server, ITEMS), get(server, ITEMS, Accept_Encoding="gzip, br")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert int(packed.headers["content-length"]) == len(packed.body)


def test_robots_txt_and_hosts_that_nobody_plays(server: Server) -> None:
    assert get(server, "/api.example.org/robots.txt").body.startswith(b"User-agent: *")
    assert get(server, "/elsewhere.example/robots.txt").status == 404
    assert get(server, "/elsewhere.example/").status == 404


def test_the_clock_follows_the_simulated_day(server: Server) -> None:
    before = len(get(server, ITEMS + "?page=6").json["results"])
    server.day(dt.date(2024, 3, 3))
    later = get(server, ITEMS + "?page=6")
    assert len(later.json["results"]) == before + 2
    assert email.utils.parsedate_to_datetime(later.headers["date"]).date() == dt.date(2024, 3, 3)


def test_attributes_of_a_site_can_be_set_until_the_reset(server: Server) -> None:
    server.set("_example", page=3)
    assert len(get(server, ITEMS).json["results"]) == 3
    server.reset()
    assert len(get(server, ITEMS).json["results"]) == 10
    with pytest.raises(ValueError, match="has no cap"):
        server.set("_example", cap=3)


def test_a_site_that_fails_is_told_in_the_report(server: Server) -> None:
    assert get(server, "/api.example.org/broken").status == 500
    assert any("a fault of the site itself" in line for line in server.report()["violations"])


# Measuring.


def line(at: float, **values: Any) -> Line:
    values = {"status": 200, "agent": AGENT, "end": at + 0.1, **values}
    return Line(at, 1, values.pop("host", "api.example.org"), "/", **values)


class Slow(Site):
    HOSTS = ("slow.example",)
    RATE = 1 / 3


def test_the_highest_rate_and_concurrency() -> None:
    assert busiest([0, 0.5, 0.9, 1.0, 5], 1.0) == 3
    assert busiest([], 1.0) == 0
    assert concurrency([line(0, end=1), line(0.5, end=2), line(1, end=3)]) == 2
    assert concurrency([line(0, end=0), line(5, end=0)]) == 2, "never answered: still under way"


@pytest.mark.parametrize(
    ("gap", "count", "expected"),
    [(3.0, 50, []), (2.999, 50, []), (2.5, 50, ["slow.example: 24 requests in 60 s, 21 allowed"]),
     (0.1, 2, ["slow.example: 2 requests in 1 s, 1 allowed"])],
)  # fmt: skip
def test_a_rate_below_one_a_second(gap: float, count: int, expected: list[str]) -> None:
    meter = Meter(lines=[line(n * gap, host="slow.example", end=n * gap) for n in range(count)])
    sites = [Slow(None)]  # type: ignore[arg-type]
    assert meter.report(sites, slack=0.1)["violations"] == expected


def test_a_polite_client_is_reported_as_such(server: Server) -> None:
    get(server, "/api.example.org/robots.txt")
    for page in range(3):
        get(server, f"{ITEMS}?page={page}", If_None_Match='"61"')
        time.sleep(0.21)
    report = server.report()
    assert report["violations"] == []
    assert report["hosts"]["api.example.org"]["requests"] == 4
    log = server.log(clear=True)
    assert [(entry["status"], entry["conditional"], entry["bytes"]) for entry in log[1:]] == [
        (304, True, 0)
    ] * 3
    assert server.log() == []


def test_impolite_clients_are_named(server: Server) -> None:
    for _ in range(8):
        get(server, ITEMS, User_Agent="curl/8")
    get(server, "/api.example.org/private/page")
    get(server, "/elsewhere.example/page")
    found = server.report()["violations"]
    assert "api.example.org: 8 requests as 'curl/8'" in found
    assert "elsewhere.example: 1 requests to a host that no site plays" in found
    assert any(text.endswith("in 1 s, 6 allowed") for text in found)
    assert any("1 requests that robots.txt forbids, such as /private/page" in t for t in found)


def test_coming_back_after_a_refusal(server: Server) -> None:
    one(server, "plan_needed")
    get(server, ITEMS)
    assert any(
        "1 requests after a refusal for good (429" in t for t in server.report()["violations"]
    )
    server.log(clear=True)
    one(server, "too_many", amount=3)
    get(server, ITEMS)
    assert any("though told to wait 3.00 s" in text for text in server.report()["violations"])
    server.log(clear=True)
    get(server, "/api.example.org/closed")
    server.day(dt.date(2024, 3, 2))
    get(server, ITEMS)
    assert server.report()["violations"] == [], "another run may try once more"


def test_a_key_seen_elsewhere(server: Server) -> None:
    closed = "/api.example.org/closed"
    assert get(server, closed).status == 401
    assert get(server, closed, X_API_Key="test-key-example").status == 200
    assert server.seen_secrets() == {"test-key-example": ["api.example.org"]}
    away = urlsplit(one(server, "redirect_away").headers["location"])
    get(server, away.path, f"http://{away.netloc}", X_API_Key="test-key-example")
    assert server.seen_secrets()["test-key-example"] == ["api.example.org", "evil.example"]
    assert "a credential was seen at evil.example" in server.report()["violations"]


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({"authorization": "Bearer abc"}, "", {"abc"}),
        ({"authorization": "Basic a2V5OnNlY3JldA=="}, "", {"key:secret"}),
        ({"authorization": "Basic %%%"}, "", {"%%%"}),
        ({}, "q=1&api_key=abc", {"abc"}),
        ({"x-other": "xx planted xx"}, "", {"planted"}),
        ({"accept": "application/json"}, "q=key", set()),
    ],
)
def test_what_counts_as_a_credential(
    headers: dict[str, str], query: str, expected: set[str]
) -> None:
    assert credentials(Asked("GET", "h", "/", query, headers), ["planted"]) == expected


# Its end.


def alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_it_is_stopped_with_the_block_even_by_an_error() -> None:
    pids = []

    def fails() -> None:
        with serving(sites=["_example"]) as server:
            pids.append(server.pid)
            assert alive(server.pid)
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fails()
    assert not alive(pids[0])


def test_it_ends_with_a_parent_that_is_killed() -> None:
    code = (
        "import sys, time; from tests.server.client import serving\n"
        "with serving(sites=['_example'], seconds=60) as s:\n"
        "    print(s.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    end = time.monotonic() + 10
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(pid)


def test_it_ends_by_itself_after_its_time() -> None:
    with serving(sites=["_example"], seconds=0.3) as server:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                get(server, ITEMS)
            except OSError:
                return
            time.sleep(0.1)
    pytest.fail("it went on")


def test_a_site_that_there_is_not() -> None:
    with pytest.raises(RuntimeError, match="no site nonsense"), serving(sites=["nonsense"]):
        pass


def test_faster_clocks_and_other_worlds() -> None:
    with serving(sites=["_example"], speed=1000, start=dt.date(2024, 2, 28)) as server:
        assert get(server, ITEMS).json["total"] == 3
        first = email.utils.parsedate_to_datetime(get(server, ITEMS).headers["date"])
        time.sleep(0.2)
        second = email.utils.parsedate_to_datetime(get(server, ITEMS).headers["date"])
        assert (second - first).total_seconds() > 150


# What is written about it.


def test_the_readme_names_every_control_and_only_options_that_there_are() -> None:
    text = (ROOT / "tests" / "server" / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert told == {name.removeprefix("_do_") for name in vars(Player) if name.startswith("_do_")}
    line = next(line for line in text.splitlines() if line.startswith("python -m tests.server --p"))
    given = arguments(line.split()[3:])
    assert (given.port, given.day, given.sites) == (8000, dt.date(2024, 3, 1), ["openalex"])
    assert arguments(["--speed", "100", "--fault", "reset=0.1"]).fault == ["reset=0.1"]
