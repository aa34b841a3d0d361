"""A source that there is not: pages of items as JSON, XML and CSV, for the server's own tests."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, ClassVar

from tests.server.site import Asked, Reply, Site


class Example(Site):
    """Items of a day each, one more every day, in pages; a key is wanted at `/closed`."""

    HOSTS = ("api.example.org",)
    SECRETS: ClassVar[dict[str, str]] = {"EXAMPLE_KEY": "test-key-example"}
    RATE = 5.0
    CONCURRENCY = 2
    ROBOTS = "User-agent: *\nDisallow: /private\n"
    page = 10

    def items(self) -> list[dict[str, Any]]:
        """What is there today."""
        days = (self.world.day - self.world.start).days
        return [
            {"id": n, "title": f"Item {n}",
             "date": (self.world.start + dt.timedelta(days=n)).isoformat(),
             "votes": self.world.random("votes", n).randint(0, 9)}
            for n in range(days + 1)
        ]  # fmt: skip

    def reply(self, asked: Asked) -> Reply:
        if asked.path == "/broken":
            raise RuntimeError("a fault of the site itself")
        if asked.path == "/closed" and asked.headers.get("x-api-key") != "test-key-example":
            return Reply(401, b'{"error": "key"}', {"Content-Type": "application/json"})
        if asked.path not in {"/items", "/items.xml", "/items.csv", "/closed"}:
            return Reply(404, b"no such thing")
        items = self.items()
        start = int(asked.args.get("page", "0")) * self.page
        part = items[start : start + self.page]
        if asked.path == "/items.csv":
            lines = ["id,title", *(f"{item['id']},{item['title']}" for item in part)]
            return Reply(200, "\n".join(lines).encode(), {"Content-Type": "text/csv"})
        if asked.path == "/items.xml":
            text = "".join(f"<item><id>{i['id']}</id></item>" for i in part)
            return Reply(200, f"<list><total>{len(items)}</total>{text}</list>".encode())
        told = {"total": len(items), "query": asked.query, "results": part}
        headers = {"Content-Type": "application/json", "ETag": f'"{len(items)}"'}
        if asked.headers.get("if-none-match") == headers["ETag"]:
            return Reply(304, b"", headers)
        return Reply(200, json.dumps(told).encode(), headers)
