"""The crawling process, seen from the one that starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence

from gapstudy.collect.orders import Order, Outcome
from gapstudy.sources import load

News = Callable[[str, int], None]


def crawl(orders: Sequence[Order], news: News = lambda _source, _responses: None) -> list[Outcome]:
    """Carry out orders in a process of their own.

    The process is sent no credential: it takes them from the environment.

    Returns:
        An outcome of each order, in the order in which they ended.
    """
    if not orders:
        return []
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            [sys.executable, "-m", "gapstudy.collect.crawl"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                line = json.dumps([order.as_json() for order in orders]) + "\n"
                process.stdin.write(line.encode())
                process.stdin.flush()
                for said in process.stdout:
                    if not said.startswith(b'{"'):
                        continue  # what a library prints
                    found = json.loads(said)
                    if "progress" in found:
                        news(found["progress"], found["responses"])
                    else:
                        outcome = Outcome.from_json(found["outcome"])
                        outcomes[outcome.name] = outcome
                process.wait()
            finally:
                process.kill()
        errors.seek(0)
        last = _clean(errors.read()[-2000:].decode("utf-8", errors="replace"), orders).splitlines()
    for order in orders:
        if order.name not in outcomes:
            reason = f": {last[-1]}" if last else ""
            outcomes[order.name] = Outcome(
                order.name, "failed",
                f"the crawling process ended early (status {process.returncode}){reason}; what it "
                "had stored is kept, and the next run goes on from there",
            )  # fmt: skip
    return list(outcomes.values())


def _clean(text: str, orders: Sequence[Order]) -> str:
    """What the process said last, without credentials."""
    for order in orders:
        source = load(order.name)
        for name in (*source.CREDENTIALS, *source.OPTIONAL):
            if value := os.environ.get(name):
                text = text.replace(value, "REDACTED")
    return text.strip()
