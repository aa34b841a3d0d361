"""The query service of Wikidata, as far as it is asked: items, statements, limits, refusals."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.server.site import Asked, Reply, Site

_ENTITY = "http://www.wikidata.org/entity/"
_COUNTRIES = ("US", "DE", "CN", "FR", "GB")
_CLASSES = ("Q115305900", "Q117349473", "Q870780", "Q133284163")
_AI = "Q11660"
_COLUMNS = re.compile(r"SELECT ((?:\?\w+ )+)WHERE")
_INNER = re.compile(r"\{ SELECT DISTINCT \?(\w+) WHERE \{ (.*?) \} ORDER BY \?\w+ LIMIT (\d+) \}")

Row = dict[str, Any]


class WikidataSite(Site):
    """Products appear as days go by, each by one of some companies of the AI industry.

    Attributes:
        companies: number of companies.
        query_seconds: what a query costs, of 60 seconds a minute (and as many in reserve).
        most_rows: rows after which a query runs out of time and its answer breaks off.
    """

    HOSTS: ClassVar[tuple[str, ...]] = ("query.wikidata.org",)
    RATE: ClassVar[float] = 0.5
    companies = 40
    query_seconds = 2.0
    most_rows = 1_000_000

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._spent: list[tuple[float, float]] = []

    def reply(self, asked: Asked) -> Reply:
        """Rows of a query; 403 without a user agent, 400 for bad syntax, 429 out of time."""
        if not asked.headers.get("user-agent"):
            return Reply(403, b"Requests must have a user agent. See the user agent policy.\n")
        if asked.path != "/sparql":
            return Reply(404, b"<html><title>404 Not Found</title></html>")
        args = parse_qs(asked.body.decode()) if asked.method == "POST" else None
        sent = {name: values[-1] for name, values in args.items()} if args else asked.args
        self._spent = [(when, cost) for when, cost in self._spent if when > asked.now - 60]
        if sum(cost for _, cost in self._spent) >= 120:
            return Reply(429, b"Too Many Requests\n", {"Retry-After": "30"})
        self._spent.append((asked.now, self.query_seconds))
        query = sent.get("query", "")
        columns, inner = _COLUMNS.search(query), _INNER.search(query)
        if not columns or not inner:
            trace = b"java.util.concurrent.ExecutionException: MalformedQueryException"
            return Reply(400, b"SPARQL-QUERY: queryStr=\n" + trace)
        wants_json = "sparql-results+json" in asked.headers.get("accept", "")
        if not wants_json and sent.get("format") != "json":
            return Reply(200, b"<?xml version='1.0' encoding='UTF-8'?>\n<sparql/>",
                         {"Content-Type": "application/sparql-results+xml"})  # fmt: skip
        items = self._items(inner[2])[: int(inner[3])]
        rows = [{inner[1]: _uri(item), **row} for item in items for row in self._rows(item)]
        data = {"head": {"vars": columns[1].replace("?", "").split()},
                "results": {"bindings": rows}}  # fmt: skip
        body = json.dumps(data, indent=1).encode()
        headers = {"Content-Type": "application/sparql-results+json;charset=utf-8"}
        if len(rows) > self.most_rows:
            return Reply(200, body[: len(body) // 2] + b"\njava.util.concurrent.TimeoutException",
                         headers)  # fmt: skip
        return Reply(200, body, headers)

    def _company(self, number: int) -> str:
        return f"Q{2_000_000 + number}"

    def products(self) -> list[tuple[str, int, dt.date]]:
        """Item, number and day of the products that are known today."""
        world, found = self.world, []
        for day in range((world.day - world.start).days + 1):
            date = world.start + dt.timedelta(days=day)
            for number in range(day * world.per_day, (day + 1) * world.per_day):
                late = world.random("wikidata", number).randint(0, world.late)
                if date + dt.timedelta(days=late) <= world.day:
                    found.append((f"Q{7_000_000 + number}", number, date))
        return found

    def _items(self, pattern: str) -> list[str]:
        if values := re.search(r"VALUES \?\w+ \{ ([^}]*) \}", pattern):
            items = re.findall(r"wd:(Q\d+)", values[1])
        elif "wdt:P31/wdt:P279*" in pattern:
            wanted = re.findall(r"wd:(Q\d+)", pattern)[0]
            items = [item for item, number, _ in self.products() if self._class(number) == wanted]
        elif "wdt:P178/wdt:P452" in pattern:
            items = [item for item, _, _ in self.products()] if f"wd:{_AI}" in pattern else []
        elif "wdt:P452" in pattern:
            known = range(self.companies) if f"wd:{_AI}" in pattern else range(0)
            items = [self._company(number) for number in known]
        else:
            items = []
        if digit := re.search(r'STRENDS\(STR\(\?\w+\), "(\d)"\)', pattern):
            items = [item for item in items if item.endswith(digit[1])]
        return sorted(items)

    def _class(self, number: int) -> str:
        return _CLASSES[number % len(_CLASSES)]

    def _rows(self, item: str) -> list[Row]:
        number = int(item[2:])
        if item.startswith("Q2"):
            founded = dt.date(1990 + number % 30, 1 + number % 12, 1 + number % 28)
            return [
                _row("item"), _row("name", f"Example AI {number}", lang="en"),
                _row("class", _ENTITY + "Q4830453", uri=True),
                _row("website", f"https://www.example-ai{number}.example", uri=True),
                _time("inception", founded, (9, 10, 11)[number % 3]),
                _row("country", _COUNTRIES[number % 5]),
                *([_row("country", "US")] if number % 17 == 16 else []),
                *([_row("ror", f"0{number:06d}00")] if number % 4 == 0 else []),
            ]  # fmt: skip
        day = next((date for one, _, date in self.products() if one == item), None)
        if day is None:
            return []
        maker = number % self.companies
        return [
            _row("item"), _row("name", f"Example Model {number}", lang="en"),
            _row("class", _ENTITY + self._class(number), uri=True),
            _row("description", "example of a language model", lang="en"),
            _time("publication" if number % 5 else "inception", day,
                  (11, 11, 11, 10, 9)[number % 5]),
            _row("developer", f"Example AI {maker}", lang="en", of=self._company(maker)),
            _row("country", _COUNTRIES[maker % 5]),
        ]  # fmt: skip


def _uri(item: str) -> Row:
    return {"type": "uri", "value": _ENTITY + item}


def _row(key: str, value: str = "", *, lang: str = "", uri: bool = False, of: str = "") -> Row:
    row: Row = {"key": {"type": "literal", "value": key}}
    if value:
        row["value"] = {"type": "uri" if uri else "literal", "value": value}
    if lang:
        row["value"]["xml:lang"] = lang
    if of:
        row["of"] = _uri(of)
    return row


def _time(key: str, day: dt.date, precision: int) -> Row:
    whole = day.replace(day=1) if precision < 11 else day
    whole = whole.replace(month=1) if precision < 10 else whole
    row = _row(key, f"{whole.isoformat()}T00:00:00Z")
    row["value"]["datatype"] = "http://www.w3.org/2001/XMLSchema#dateTime"
    row["precision"] = {"type": "literal", "value": str(precision),
                        "datatype": "http://www.w3.org/2001/XMLSchema#integer"}  # fmt: skip
    return row
