"""The local server for a test: started in its own process, asked and told, always stopped."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tests.server.faults import Fault

ROOT = Path(__file__).resolve().parents[2]
READY = 30.0


class Server:
    """A running server.

    Attributes:
        url: its address, without a slash at the end.
        pid: its process.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid
        self._about: dict[str, Any] = self._control("about")

    @property
    def listener(self) -> str:
        """Address of the second listener, another host to a client."""
        return str(self._about["listener"])

    @property
    def secrets(self) -> dict[str, str]:
        """Environment variable -> the value that the sites take."""
        return dict(self._about["secrets"])

    def base(self, source: str = "") -> str:
        """The value of `base` in `[source.NAME]` of study.toml; the same for every source."""
        return self.url

    def day(self, day: dt.date) -> None:
        """Set the simulated day; a new run of the client begins."""
        self._control("day", {"day": day.isoformat()})

    def faults(self, faults: Sequence[Fault] = ()) -> None:
        """Replace the rules of faults."""
        self._control("faults", [asdict(fault) for fault in faults])

    def set(self, site: str, **values: Any) -> None:
        """Set attributes of a site, such as its cap, until `reset`."""
        self._control("set", {site: values})

    def log(self, *, clear: bool = False) -> list[dict[str, Any]]:
        """The requests so far, as `meter.Line` describes them."""
        found: list[dict[str, Any]] = self._control("log", {"clear": clear})
        return found

    def report(self, *, slack: float = 0.0) -> dict[str, Any]:
        """What was measured, and `violations` of the sites' rules; see `Meter.report`."""
        found: dict[str, Any] = self._control("report", {"slack": slack})
        return found

    def seen_secrets(self) -> dict[str, list[str]]:
        """Credential -> hosts that saw it."""
        found: dict[str, list[str]] = self._control("seen_secrets")
        return found

    def reset(self, *, agent: str | None = None) -> None:
        """Sites, faults and log as at the start; the day stays.

        Args:
            agent: form of the right user agent from now on, a regular expression.
        """
        self._control("reset", {} if agent is None else {"agent": agent})

    def _control(self, name: str, given: Any = None) -> Any:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        try:
            body = json.dumps(given)
            connection.request("POST", f"/_control/{name}", body, {"Connection": "close"})
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(f"{name}: {json.loads(text)['error']}")
        return json.loads(text)


@contextlib.contextmanager
def serving(
    *,
    seed: int = 1,
    day: dt.date = dt.date(2024, 3, 1),
    sites: Sequence[str] | None = None,
    faults: Sequence[Fault] = (),
    speed: float = 1.0,
    seconds: float = 3600.0,
    **world: Any,
) -> Iterator[Server]:
    """A server while the block runs.

    Args:
        seed: of items and faults.
        day: the simulated day.
        sites: names of the sites; all when None.
        faults: rules of faults.
        speed: how many times faster than the real one its clock runs, as the client's `pace` is a
            part of the real one.
        seconds: after which it ends by itself, whatever happens to this process.
        world: `start`, `per_day` and `late` of `World`.
    """
    words = [sys.executable, "-m", "tests.server", "--until-stdin-closes"]
    options = {"seed": seed, "day": day, "speed": speed, "for": seconds, **world}
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*words, *(sites or ())], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=errors,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            server = Server(_first_line(process, process.stdout, errors), process.pid)
            if faults:
                server.faults(faults)
            yield server
        finally:
            _stop(process)


def _first_line(process: subprocess.Popen[bytes], out: IO[bytes], errors: IO[bytes]) -> str:
    with selectors.DefaultSelector() as selector:
        selector.register(out, selectors.EVENT_READ)
        end = time.monotonic() + READY
        while process.poll() is None and time.monotonic() < end:
            if selector.select(0.2):
                line = out.readline().decode().strip()
                if line:
                    return line
    errors.seek(0)
    raise RuntimeError(f"the local server did not start: {errors.read()[-2000:].decode()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    if process.stdout is not None:
        process.stdout.close()
