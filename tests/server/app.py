"""The server: finds the site of a request, asks it, applies faults, meters, sends."""

from __future__ import annotations

import datetime as dt
import email.utils
import importlib
import pkgutil
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import unquote

from aiohttp import web

import tests.server.sites
from tests.server.faults import Chooser, Fault
from tests.server.kinds import KINDS, Case, Sending
from tests.server.meter import Meter
from tests.server.site import Asked, Reply, Site, World
from tests.server.wire import send

CONTROL = "_control"
NOON = 12 * 3600.0


def load_sites(names: Sequence[str] = ()) -> tuple[dict[str, type[Site]], list[str]]:
    """Classes of sites by name, and what is wrong with those that could not be loaded.

    A site that is named must load; where all are taken, a broken one is left out and told of. One
    whose name begins with `_` is played only when it is named.
    """
    found: dict[str, type[Site]] = {}
    problems = []
    package = tests.server.sites
    all_names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    unknown = sorted(set(names) - set(all_names))
    if unknown:
        raise SystemExit(f"no site {', '.join(unknown)}; there are {', '.join(all_names)}")
    for name in names or [name for name in all_names if not name.startswith("_")]:
        try:
            module = importlib.import_module(f"{package.__name__}.{name}")
        except Exception as error:
            if names:
                raise
            problems.append(f"{name}: {type(error).__name__}: {error}")
            continue
        for value in vars(module).values():
            here = isinstance(value, type) and value.__module__ == module.__name__
            if here and issubclass(value, Site) and hasattr(value, "HOSTS"):
                found[name if name not in found else f"{name}.{value.__name__}"] = value
    return found, problems


class Player:
    """The sites, their world, the faults and the meter.

    Attributes:
        speed: how many times faster than the real one the server's clock runs.
        listener: address of the second listener.
        connections: how many connections there are.
    """

    def __init__(
        self, classes: Mapping[str, type[Site]], world: World, *, speed: float = 1.0,
        problems: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.classes, self.world, self.speed = dict(classes), world, speed
        self.broken = list(problems)
        self.listener = ""
        self.connections: Callable[[], int] = lambda: 0
        self.changes: dict[str, dict[str, Any]] = {}
        self.meter = Meter()
        self.chooser = Chooser(world.seed)
        self.before: dict[tuple[str, str], Reply] = {}
        self._begun = time.monotonic()
        self._day_began = 0.0
        self._made()

    def _made(self) -> None:
        self.sites = {name: made(self.world) for name, made in self.classes.items()}
        for name, values in self.changes.items():
            self._change(name, values)

    def _change(self, name: str, values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            if not hasattr(self.sites[name], key):
                raise ValueError(f"the site {name} has no {key}")
            setattr(self.sites[name], key, value)

    # The clock.

    def elapsed(self) -> float:
        """Seconds on the server's clock since it started; days that are set do not count."""
        return (time.monotonic() - self._begun) * self.speed

    def now(self) -> float:
        """Seconds since 1970 on the server's clock: noon of the simulated day when it began."""
        midnight = dt.datetime.combine(self.world.day, dt.time(), dt.UTC).timestamp()
        return midnight + NOON + self.elapsed() - self._day_began

    def set_day(self, day: dt.date) -> None:
        """Begin a simulated day, and with it a run of the client."""
        self.world.day = day
        self._day_began = self.elapsed()
        self.meter.run += 1

    # Requests.

    def ask(self, asked: Asked) -> tuple[str, Reply]:
        """Name of the site that answers, and its answer."""
        first: tuple[str, Reply] | None = None
        for name, site in self.sites.items():
            if asked.host not in site.HOSTS:
                continue
            if asked.path == "/robots.txt":
                if site.ROBOTS:
                    headers = {"Content-Type": "text/plain"}
                    return name, Reply(200, site.ROBOTS.encode(), headers)
                first = first or (name, Reply(404, b"Not Found"))
                continue
            reply = site.reply(asked)
            # Two sites may share a host: the one that knows the address answers.
            if reply.status != 404:
                return name, reply
            first = first or (name, reply)
        return first or ("", Reply(404, b"No site plays this host"))

    def robots(self, host: str) -> str:
        """The robots.txt of a host; empty for none."""
        return next((s.ROBOTS for s in self.sites.values() if host in s.HOSTS and s.ROBOTS), "")

    def planted(self) -> set[str]:
        """All values that the sites take as keys."""
        return {value for site in self.sites.values() for value in site.SECRETS.values()}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        raw, _, query = request.raw_path.partition("?")
        host, _, rest = raw.lstrip("/").partition("/")
        body = await request.read()
        if host == CONTROL:
            return self.control(rest, await request.json() if body else None)
        headers = {name.lower(): value for name, value in request.headers.items()}
        address = f"/{rest}" + (f"?{query}" if query else "")
        asked = Asked(request.method, host, unquote(f"/{rest}"), query, headers, body, self.now())
        line = self.meter.arrive(
            asked, self.elapsed(), self.connections(), self.robots(host), self.planted()
        )
        sending, fault = Sending(Reply(500, b"The site failed")), ""
        sent = 0
        try:
            sending, fault, line.site = self._chosen(asked, address)
            stamp = email.utils.formatdate(self.now(), usegmt=True)
            response, sent = await send(request, sending, stamp)
        except Exception:  # noqa: BLE001  whatever a site does wrong is told in the report
            self.meter.problems.append(f"{asked.method} {raw}: {traceback.format_exc(limit=-3)}")
            response = web.Response(status=500, text="The site failed")
        finally:
            self.meter.leave(line, self.elapsed(), fault, sending.reply, sent)
        return response

    def _chosen(self, asked: Asked, address: str) -> tuple[Sending, str, str]:
        answered: list[tuple[str, Reply]] = []

        def answer() -> Reply:
            if not answered:
                answered.append(self.ask(asked))
            return answered[0][1]

        chosen = self.chooser.choose(asked.host, address)
        key = (asked.host, asked.path)
        if chosen is not None:
            fault, random = chosen
            case = Case(
                fault.text, fault.amount, asked.host, address, asked.now, self.listener, random,
                answer, self.before.get(key),
            )  # fmt: skip
            sending = KINDS[fault.kind](case)
            if sending is not None:
                return sending, fault.kind, answered[0][0] if answered else ""
        reply = answer()
        if reply.status == 200:
            self.before[key] = reply
        return Sending(reply), "", answered[0][0]

    # Control.

    def control(self, name: str, given: Any) -> web.Response:
        """One of the control endpoints; see README.md."""
        try:
            done = getattr(self, f"_do_{name}")(given or {})
        except AttributeError:
            return web.json_response({"error": f"no control {name!r}"}, status=404)
        except (ValueError, TypeError, KeyError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        return web.json_response(done)

    def _do_day(self, given: dict[str, Any]) -> dict[str, Any]:
        self.set_day(dt.date.fromisoformat(given["day"]))
        return {"day": self.world.day.isoformat(), "run": self.meter.run}

    def _do_faults(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.chooser = Chooser(self.world.seed, [Fault(**rule) for rule in given])
        return [asdict(fault) for fault in self.chooser.faults]

    def _do_log(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        lines = self.meter.listed()
        if given.get("clear"):
            self.meter.clear()
        return lines

    def _do_report(self, given: dict[str, Any]) -> dict[str, Any]:
        report = self.meter.report(list(self.sites.values()), slack=given.get("slack", 0.0))
        report["violations"] += [f"site not loaded: {problem}" for problem in self.broken]
        return report

    def _do_seen_secrets(self, given: dict[str, Any]) -> dict[str, list[str]]:
        return {value: sorted(hosts) for value, hosts in sorted(self.meter.secrets.items())}

    def _do_set(self, given: dict[str, Any]) -> dict[str, Any]:
        for name, values in given.items():
            if name not in self.sites:
                raise ValueError(f"no site {name!r}; there are {', '.join(self.sites)}")
            self._change(name, values)
            self.changes.setdefault(name, {}).update(values)
        return self.changes

    def _do_reset(self, given: dict[str, Any]) -> dict[str, Any]:
        self.meter = Meter(agent=given.get("agent", self.meter.agent))
        self.chooser = Chooser(self.world.seed)
        self.before.clear()
        self.changes.clear()
        self._made()
        return {}

    def _do_about(self, given: dict[str, Any]) -> dict[str, Any]:
        world = {one.name: str(getattr(self.world, one.name)) for one in fields(self.world)}
        secrets = {k: v for site in self.sites.values() for k, v in site.SECRETS.items()}
        hosts = {name: list(site.HOSTS) for name, site in self.sites.items()}
        return {"world": world, "sites": hosts, "secrets": secrets, "speed": self.speed,
                "listener": self.listener, "broken": self.broken}  # fmt: skip


def application(player: Player) -> web.Application:
    """The aiohttp application of a player."""
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{anything:.*}", player.handle)
    return app
