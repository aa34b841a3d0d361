"""What the server saw: every request with its time, and what was impolite about them.

Times are those of the server's clock, which may run faster than the real one (`speed`): a client
that keeps a hundredth of its delays is measured by a clock a hundred times as fast.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from protego import Protego

from tests.server.site import Asked, Reply, Site

AGENT = r"gapstudy/\S+ \(\+.+\)"
_HEADERS = ("authorization", "x-api-key", "api-key", "api_key", "client-id", "cookie")
_PARAMETERS = {"api_key", "api-key", "apikey", "key", "token", "access_token", "mailto"}


@dataclass
class Line:
    """One request.

    Attributes:
        at: seconds on the server's clock since it started.
        run: number of the client's run; `day` begins a new one.
        host: host that was meant.
        path: path and query as sent.
        method: of HTTP.
        conditional: whether it carried If-None-Match or If-Modified-Since.
        agent: the user agent.
        open: requests of this host under way, this one included.
        connections: connections to the server.
        robots: whether robots.txt of the host allows it.
        site: site that answered; empty for none.
        status: status sent; 0 where the connection was reset first.
        bytes: bytes of the body sent.
        fault: kind of fault met; empty for none.
        until: time before which the client was told not to come again.
        permanent: whether the answer says that coming again is of no use.
        end: time at which the answer was sent.
    """

    at: float
    run: int
    host: str
    path: str
    method: str = "GET"
    conditional: bool = False
    agent: str = ""
    open: int = 1
    connections: int = 1
    robots: bool = True
    site: str = ""
    status: int = 0
    bytes: int = 0
    fault: str = ""
    until: float = 0.0
    permanent: bool = False
    end: float = 0.0


@dataclass
class Meter:
    """Keeps the lines and what credentials were seen where.

    Attributes:
        agent: form of the right user agent, a regular expression.
        run: number of the client's present run.
        lines: the requests, in the order of their arrival.
        secrets: credential -> hosts that saw it.
        problems: what went wrong in the server itself.
    """

    agent: str = AGENT
    run: int = 1
    lines: list[Line] = field(default_factory=list)
    secrets: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    problems: list[str] = field(default_factory=list)
    _open: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _robots: dict[str, Protego] = field(default_factory=dict)

    def arrive(
        self, asked: Asked, at: float, connections: int, robots: str, planted: Iterable[str] = ()
    ) -> Line:
        """Note a request.

        Args:
            asked: the request.
            at: time of its arrival.
            connections: connections to the server now.
            robots: robots.txt of the host; empty for none.
            planted: values that count as credentials wherever they stand.
        """
        self._open[asked.host] += 1
        agent = asked.headers.get("user-agent", "")
        path = f"{asked.path}?{asked.query}" if asked.query else asked.path
        line = Line(
            at, self.run, asked.host, path, asked.method, agent=agent,
            conditional=bool({"if-none-match", "if-modified-since"} & set(asked.headers)),
            open=self._open[asked.host], connections=connections,
        )  # fmt: skip
        if robots and asked.path != "/robots.txt":
            rules = self._robots.setdefault(robots, Protego.parse(robots))
            line.robots = rules.can_fetch(f"https://{asked.host}{path}", agent or "*")
        for value in credentials(asked, planted):
            self.secrets[value].add(asked.host)
        self.lines.append(line)
        return line

    def leave(self, line: Line, end: float, fault: str, reply: Reply, sent: int) -> None:
        """Note how a request was answered."""
        self._open[line.host] -= 1
        line.end, line.fault, line.bytes, line.status = end, fault, sent, reply.status
        line.permanent = refused_for_good(reply)
        line.until = end + _told(reply)

    def report(self, sites: Sequence[Site], *, slack: float = 0.0) -> dict[str, Any]:
        """What was measured and what went against the sites' rules.

        Args:
            sites: the sites, for their rates and hosts.
            slack: seconds of the server's clock by which arrivals may be off, for the jitter of
                the machine.

        Returns:
            `hosts`: host (or group) -> requests, bytes, highest count in a second and in a
            minute, highest concurrency. `violations`: sentences, empty when all was polite.
        """
        group = {host: site.GROUP or host for site in sites for host in site.HOSTS}
        rate: dict[str, float] = {}
        most: dict[str, int] = {}
        for site in sites:
            for host in site.HOSTS:
                name = group[host]
                rate[name] = min(rate.get(name, site.RATE), site.RATE)
                most[name] = min(most.get(name, site.CONCURRENCY), site.CONCURRENCY)
        found: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            found[group.get(line.host, line.host)].append(line)
        hosts: dict[str, Any] = {}
        violations = [f"server: {problem}" for problem in self.problems]
        for name, lines in sorted(found.items()):
            times = [line.at for line in lines]
            together = concurrency(lines)
            hosts[name] = {
                "requests": len(lines), "bytes": sum(line.bytes for line in lines),
                "in_a_second": busiest(times, 1.0), "in_a_minute": busiest(times, 60.0),
                "concurrency": together,
            }  # fmt: skip
            if name not in rate:
                violations.append(f"{name}: {len(lines)} requests to a host that no site plays")
                continue
            for window in sorted({1.0, 2.0 / rate[name], 60.0}):
                if window <= 2 * slack:
                    continue  # too short to be told apart from jitter
                allowed = int(rate[name] * window + 1e-6) + 1
                count = busiest(times, window - slack)
                if count > allowed:
                    violations.append(
                        f"{name}: {count} requests in {window:g} s, {allowed} allowed"
                    )
            if together > most[name]:
                violations.append(f"{name}: {together} requests at a time, {most[name]} allowed")
            violations += self._manners(name, lines, slack)
        violations += leaks(self.secrets, sites)
        return {"hosts": hosts, "violations": violations}

    def _manners(self, name: str, lines: list[Line], slack: float) -> list[str]:
        found = []
        agents = [line for line in lines if not re.fullmatch(self.agent, line.agent)]
        if agents:
            found.append(f"{name}: {len(agents)} requests as {agents[0].agent!r}")
        barred = [line for line in lines if not line.robots]
        if barred:
            found.append(
                f"{name}: {len(barred)} requests that robots.txt forbids, such as {barred[0].path}"
            )
        for index, line in enumerate(lines):
            if not line.permanent and line.until <= line.end:
                continue
            later = [n for n in lines[index + 1 :] if n.at > line.end + slack]
            if line.permanent:
                after = [n for n in later if n.run == line.run]
                if after:
                    found.append(
                        f"{name}: {len(after)} requests after a refusal for good "
                        f"({line.status} for {line.path})"
                    )
                    break
            hasty = [n for n in later if n.at < line.until - slack and n.run == line.run]
            if hasty:
                found.append(
                    f"{name}: back after {hasty[0].at - line.end:.2f} s though told to wait "
                    f"{line.until - line.end:.2f} s ({line.status} for {line.path})"
                )
        return found

    def listed(self) -> list[dict[str, Any]]:
        """The lines as plain values."""
        return [asdict(line) for line in self.lines]

    def clear(self) -> None:
        """Forget the lines, the credentials and the problems; requests under way stay counted."""
        self.lines, self.problems = [], []
        self.secrets.clear()


def busiest(times: Sequence[float], window: float) -> int:
    """Most arrivals in any `window` seconds, its end not within."""
    most = first = 0
    ordered = sorted(times)
    for last, time in enumerate(ordered):
        while ordered[first] <= time - window:
            first += 1
        most = max(most, last - first + 1)
    return most


def concurrency(lines: Iterable[Line]) -> int:
    """Most requests under way at a time."""
    # An end at the same moment as an arrival counts as before it.
    moments = [(line.at, 1) for line in lines] + [(line.end or 1e18, -1) for line in lines]
    most = now = 0
    for _, change in sorted(moments, key=lambda moment: (moment[0], moment[1])):
        now += change
        most = max(most, now)
    return most


def credentials(asked: Asked, planted: Iterable[str] = ()) -> set[str]:
    """Values of a request that look like a credential, or are one of those that were planted."""
    found = set()
    for name in _HEADERS:
        value = asked.headers.get(name, "")
        kind, _, rest = value.partition(" ")
        if kind.lower() == "basic":
            try:
                value = base64.b64decode(rest, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                value = rest
        elif kind.lower() == "bearer":
            value = rest
        if value:
            found.add(value)
    found |= {v for k, v in parse_qsl(asked.query) if k.lower() in _PARAMETERS and v}
    everything = " ".join([asked.path, asked.query, *asked.headers.values(), *found])
    everything += asked.body.decode("utf-8", "replace")
    return found | {value for value in planted if value in everything}


def leaks(secrets: Mapping[str, set[str]], sites: Sequence[Site]) -> list[str]:
    """Credentials that hosts saw which do not belong together."""
    found = []
    for value, hosts in sorted(secrets.items()):
        at_home = [site for site in sites if value in site.SECRETS.values()]
        home = {host for site in at_home for host in site.HOSTS}
        if not home:
            # A token that a site gave out: it belongs to one site.
            homes = [set(site.HOSTS) for site in sites if hosts & set(site.HOSTS)]
            home = next((one for one in homes if hosts <= one), homes[0] if homes else set())
        if "@" in value and ":" not in value and not at_home:
            continue  # a contact address is told to whom the study likes
        strange = sorted(hosts - home)
        if strange:
            found.append(f"a credential was seen at {', '.join(strange)}")
    return found


def refused_for_good(reply: Reply) -> bool:
    """Whether an answer says that asking on is of no use."""
    if reply.permanent is not None:
        return reply.permanent
    names = {name.lower() for name in reply.headers}
    if reply.status == 403:
        return not names & {"retry-after", "x-rejection-reason", "x-ratelimit-reset"}
    return reply.status in {401, 405, 451}


def _told(reply: Reply) -> float:
    """Seconds that an answer asks to stay away; 0 where it does not say so."""
    if reply.wait is not None:
        return reply.wait
    if reply.status not in {403, 429, 503}:
        return 0.0
    headers = {name.lower(): value for name, value in reply.headers.items()}
    text = headers.get("retry-after", "")
    if not text.isdigit():
        return 0.0
    # EPO OPS counts milliseconds.
    return float(text) * (0.001 if "x-rejection-reason" in headers else 1.0)
