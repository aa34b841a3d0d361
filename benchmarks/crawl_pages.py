"""A server of its own process that gives pages of works from memory, as fast as it can.

Pages look like those of OpenAlex with 124 works each, about 350 KB, and lead on by a cursor. Every
page differs from the others in its `meta`. The time from the first request to the end of the last
answer is taken here, the same way for every client.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

WORKS = 124
TEMPLATES = 12
#: Stands for the first day of the window that is asked for.
DAY = "2024-01-01"
_WORDS = (
    "model learning network data image language agent method training graph policy signal sensor "
    "protein market region vision speech robot sample error kernel token cluster reward encoder"
).split()


def work(number: int, random: Random) -> dict[str, Any]:
    """A work with the fields that the client selects."""
    words = [random.choice(_WORDS) + random.choice(["", "s", "ing"]) for _ in range(120)]
    index: dict[str, list[int]] = {}
    for position, word in enumerate(words):
        index.setdefault(word, []).append(position)
    authors = [
        {
            "author_position": "first" if n == 0 else "middle",
            "author": {"id": f"https://openalex.org/A{random.randrange(10**9)}",
                       "display_name": f"Jane Roe {n}", "orcid": None},
            "institutions": [{
                "id": f"https://openalex.org/I{random.randrange(10**8)}",
                "display_name": f"Example University {random.randrange(500)}",
                "ror": f"https://ror.org/0{random.randrange(10**8):08d}",
                "country_code": random.choice(["US", "CN", "DE", "FR", "GB"]),
                "type": "education", "lineage": [],
            }],
            "countries": ["DE"], "is_corresponding": n == 0,
            "raw_author_name": f"J. Roe {n}",
            "raw_affiliation_strings": [f"Department of Examples, Example University {n}"],
        }
        for n in range(2)
    ]  # fmt: skip
    source = {"id": "https://openalex.org/S1", "display_name": "Journal of Examples",
              "issn_l": None, "type": "journal"}  # fmt: skip
    place = {"is_oa": False, "landing_page_url": f"https://doi.org/10.5555/{number}",
             "source": source, "license": None, "version": "publishedVersion"}  # fmt: skip
    return {
        "id": f"https://openalex.org/W{number}", "doi": f"https://doi.org/10.5555/{number}",
        "title": f"{' '.join(words[:9])} {number}",
        "publication_date": DAY, "type": "article",
        "ids": {"openalex": f"https://openalex.org/W{number}"}, "primary_location": place,
        "locations": [place], "authorships": authors, "cited_by_count": number % 90,
        "abstract_inverted_index": index, "is_paratext": False,
        "updated_date": "2024-03-01T00:00:00.000000",
    }  # fmt: skip


class Pages:
    """Gives the pages of chains that each have `length` of them."""

    def __init__(self) -> None:
        self.results = [
            json.dumps([work(t * WORKS + n, Random(t * WORKS + n)) for n in range(WORKS)],
                       separators=(",", ":")).encode()
            for t in range(TEMPLATES)
        ]  # fmt: skip
        self._of_day: dict[tuple[bytes, int], bytes] = {}
        self.length = 1
        self._restart()

    def _restart(self) -> None:
        self.count, self.bytes, self.first, self.last = 0, 0, 0.0, 0.0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One page, or one word of control."""
        path, _, query = request.raw_path.partition("?")
        asked = dict(parse_qsl(query))
        if path == "/_begin":
            self._restart()
            self.length = int(asked["length"])
            return web.Response(text="ready")
        if path == "/_told":
            return web.json_response({"pages": self.count, "bytes": self.bytes,
                                      "seconds": self.last - self.first})  # fmt: skip
        if not self.count:
            self.first = time.perf_counter()
        cursor = asked.get("cursor", "*")
        number = 0 if cursor == "*" else int(cursor)
        total = self.length * WORKS
        chain = query.partition("from_publication_date:")[2][:10].encode()
        if number < self.length:
            following = f'"{number + 1}"'.encode()
            key = chain, number % TEMPLATES
            if key not in self._of_day:
                self._of_day[key] = self.results[key[1]].replace(DAY.encode(), chain)
            results = self._of_day[key]
        else:
            following, results = b"null", b"[]"
        head = b'{"meta":{"count":%d,"db_response_time_ms":%d,"page":null,"per_page":%d,' % (
            total, number, WORKS)  # fmt: skip
        head += b'"next_cursor":%s,"chain":"%s"},"results":' % (following, chain)
        body = head + results + b"}"
        response = web.Response(body=body, content_type="application/json")
        await response.prepare(request)
        await response.write_eof()
        self.count += 1
        self.bytes += len(body)
        self.last = time.perf_counter()
        return response


async def main() -> None:
    """Serve until the standard input is closed."""
    pages = Pages()
    runner = web.ServerRunner(web.Server(pages.handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
