"""One server for all tests that do not need one of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.server.client import Server, serving


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    with serving(sites=["_example"], seconds=300) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.reset()
    running.day(dt.date(2024, 3, 1))
    return running
