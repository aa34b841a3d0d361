"""Play the sources on this machine.

    python -m tests.server [--port 0] [--seed N] [--day YYYY-MM-DD] [SITE ...]

Prints its address when it is ready, and how to send a study there. It ends on SIGTERM or Ctrl-C,
after `--for SECONDS`, or, with `--until-stdin-closes`, with the program that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence

from aiohttp import web

from tests.server.app import Player, application, load_sites
from tests.server.faults import Fault
from tests.server.kinds import KINDS
from tests.server.site import World

HOST = "127.0.0.1"


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    world = World()
    parser = argparse.ArgumentParser(
        prog="python -m tests.server",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("sites", nargs="*", metavar="SITE", help="sources to play; all when none is named")
    add("--port", type=int, default=0, help="0 for one that is free")
    add("--seed", type=int, default=world.seed, help="of the items and the faults")
    add("--day", type=dt.date.fromisoformat, default=world.day, help="the simulated today")
    add("--start", type=dt.date.fromisoformat, default=world.start, help="day of the first items")
    add("--per-day", type=int, default=world.per_day, help="items that a site adds each day")
    add("--late", type=int, default=world.late, help="most days until an item appears")
    add("--speed", type=float, default=1.0, help="how much faster the server's clock runs")
    add("--fault", action="append", default=[], metavar="KIND=SHARE",
        help=f"a fault on a share of all requests: {', '.join(KINDS)}")  # fmt: skip
    add("--set", action="append", default=[], metavar="SITE.NAME=VALUE",
        help="an attribute of a site, such as its cap; VALUE is JSON")  # fmt: skip
    add("--for", type=float, default=0.0, dest="seconds", help="seconds to run; 0 for no end")
    add("--until-stdin-closes", action="store_true")
    return parser.parse_args(words)


async def serve(given: argparse.Namespace) -> None:
    """Run until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if given.until_stdin_closes:
        threading.Thread(target=_wait_for_stdin, args=(loop, stop), daemon=True).start()
    classes, problems = load_sites(given.sites)
    world = World(given.seed, given.day, given.start, given.per_day, given.late)
    player = Player(classes, world, speed=given.speed, problems=problems)
    for text in given.set:
        name, _, value = text.partition("=")
        site, _, attribute = name.rpartition(".")
        player._do_set({site: {attribute: json.loads(value)}})
    player.chooser.faults = [
        Fault(kind, probability=float(share))
        for kind, _, share in (text.partition("=") for text in given.fault)
    ]
    # Sources refuse request lines over 8,190 bytes themselves, each in its own words.
    runner = web.AppRunner(
        application(player), access_log=None, max_line_size=1 << 16, max_field_size=1 << 16,
        shutdown_timeout=0.2,
    )  # fmt: skip
    await runner.setup()
    server = runner.server
    player.connections = lambda: len(server.connections) if server is not None else 0
    main = web.TCPSite(runner, HOST, given.port)
    away = web.TCPSite(runner, HOST, 0)
    await main.start()
    await away.start()
    # runner.addresses is unordered: each site knows its own socket.
    port, other = (site._server.sockets[0].getsockname()[1] for site in (main, away))  # type: ignore[union-attr]
    # To a client, another name is another host.
    player.listener = f"http://localhost:{other}"
    first = next(iter(classes), "openalex")
    sys.stdout.write(f"http://{HOST}:{port}\n")
    sys.stdout.write(f'In study.toml:  [source.{first}] base = "http://{HOST}:{port}"\n')
    sys.stdout.flush()
    for problem in problems:
        sys.stderr.write(f"Left out: {problem}\n")
    try:
        await asyncio.wait_for(stop.wait(), given.seconds or None)
    except TimeoutError:
        pass
    finally:
        await runner.cleanup()


def _wait_for_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not through sys.stdin, whose lock a thread must not hold while Python ends.
    while os.read(0, 1024):
        pass
    loop.call_soon_threadsafe(stop.set)


def main() -> None:
    asyncio.run(serve(arguments()))


if __name__ == "__main__":
    main()
