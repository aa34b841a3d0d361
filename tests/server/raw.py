"""Plain HTTP for the tests of the server: nothing between the test and the wire."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.server.client import Server
from tests.server.faults import Fault

AGENT = "gapstudy/0.1.0 (+mailto:jane.roe@example.org)"
ITEMS = "/api.example.org/items"


@dataclass
class Got:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def get(server: Server, path: str, base: str = "", method: str = "GET", **headers: str) -> Got:
    parts = urlsplit(base or server.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, headers={"User-Agent": AGENT, **named})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Got(response.status, found, response.read())
    finally:
        connection.close()


def raw(server: Server, path: str) -> tuple[bytes, bool]:
    """Every byte that comes, and whether the connection was reset."""
    parts = urlsplit(server.url)
    got = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {AGENT}\r\n"
                     "Connection: close\r\n\r\n".encode())  # fmt: skip
        try:
            while piece := wire.recv(65_536):
                got += piece
        except ConnectionResetError:
            return got, True
    return got, False


def one(server: Server, kind: str, path: str = ITEMS, **rule: Any) -> Got:
    """The answer to the first request when it meets a fault."""
    server.faults([Fault(kind, at=(1,), **rule)])
    return get(server, path)
