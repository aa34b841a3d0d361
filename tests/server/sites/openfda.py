"""The device clearances of openFDA."""

from __future__ import annotations

import base64
import json
import math
import re
from collections import deque
from typing import Any, ClassVar
from urllib.parse import quote

from tests.server.site import Asked, Reply, Site, World

from ._fda_devices import Device, devices

_DATES = re.compile(r"decision_date:\[(\d{4}-\d\d-\d\d) TO (\d{4}-\d\d-\d\d)\]")
_TERMS = re.compile(r"(product_code|k_number):(?:\(([\w ]+)\)|(\w+))")
_KNOWN = {"search", "sort", "limit", "skip", "search_after", "count", "api_key"}


class OpenFda(Site):
    """Decisions by a query; pages by the `Link` header, whose last page has none."""

    HOSTS = ("api.fda.gov",)
    SECRETS: ClassVar[dict[str, str]] = {"OPENFDA_API_KEY": "test-key-openfda"}
    RATE = 4.0
    CONCURRENCY = 1
    most = 1000
    a_minute = 240
    a_day = 1000
    a_day_keyed = 120_000

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.sent: deque[float] = deque()

    def reply(self, asked: Asked) -> Reply:
        keyed = self._keyed(asked)
        if keyed is None:
            return _error(403, "API_KEY_INVALID", "An invalid api_key was supplied.")
        limits = self._count(asked.now, keyed=keyed)
        if "Retry-After" in limits:
            return Reply(429, _told("OVER_RATE_LIMIT", "Too many requests"), limits)
        if asked.path != "/device/510k.json":
            return _error(404, "NOT_FOUND", "Not found")
        answer = self._search(asked)
        answer.headers.update(limits)
        return answer

    def _keyed(self, asked: Asked) -> bool | None:
        basic = asked.headers.get("authorization", "").removeprefix("Basic ")
        given = base64.b64decode(basic or b"").decode().partition(":")[0]
        given = given or asked.args.get("api_key", "")
        if not given:
            return False
        return True if given == self.SECRETS["OPENFDA_API_KEY"] else None

    def _count(self, now: float, *, keyed: bool) -> dict[str, str]:
        while self.sent and self.sent[0] <= now - 86_400:
            self.sent.popleft()
        minute = [moment for moment in self.sent if moment > now - 60]
        day = self.a_day_keyed if keyed else self.a_day
        for used, most, seconds in ((self.sent, day, 86_400), (minute, self.a_minute, 60)):
            if len(used) >= most:
                wait = math.ceil(used[0] + seconds - now)
                return {"X-RateLimit-Limit": str(most), "Retry-After": str(wait)}
        self.sent.append(now)
        left = str(self.a_minute - len(minute) - 1)
        return {"X-RateLimit-Limit": str(self.a_minute), "X-RateLimit-Remaining": left}

    def _search(self, asked: Asked) -> Reply:
        args = asked.args
        if unknown := sorted(set(args) - _KNOWN):
            return _error(400, "BAD_REQUEST", f"Invalid parameter: {unknown[0]}")
        limit, skip = args.get("limit", "1"), args.get("skip", "0")
        if not limit.isdigit() or int(limit) > self.most:
            return _error(400, "BAD_REQUEST", f"Limit cannot exceed {self.most} results.")
        if not skip.isdigit() or int(skip) > 25_000:
            return _error(400, "BAD_REQUEST", "Skip value must 25000 or less.")
        if args.get("sort", "decision_date:asc") not in {"decision_date:asc", "decision_date:desc"}:
            return _error(400, "BAD_REQUEST", "Sorting allowed by non-analyzed fields only")
        search = args.get("search", "")
        rest = _TERMS.sub("", _DATES.sub("", search)).replace("AND", "").strip()
        if rest or search.count('"') % 2:
            return _error(500, "SERVER_ERROR", "Check your request and try again")
        found = [device for device in devices(self.world) if _meets(device, search)]
        found.sort(key=lambda device: (device.day, device.number),
                   reverse=args.get("sort") == "decision_date:desc")  # fmt: skip
        start = int(skip)
        if after := args.get("search_after"):
            numbers = [device.number for device in found]
            start = numbers.index(after) + 1 if after in numbers else len(found)
        page = found[start : start + int(limit)]
        if not page:
            return _error(404, "NOT_FOUND", "No matches found!")
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if start + len(page) < len(found):
            again = f"search={quote(search, safe='')}&sort={args.get('sort', 'decision_date:asc')}"
            headers["Link"] = (
                f"<https://api.fda.gov/device/510k.json?{again}&limit={limit}&skip=0"
                f'&search_after={page[-1].number}>; rel="next"'
            )
        counts = {"skip": start if "skip" in args else 0, "limit": int(limit), "total": len(found)}
        told = {
            "meta": {"disclaimer": "Do not rely on it.", "last_updated": str(self.world.day),
                     "results": counts},
            "results": [_result(device) for device in page],
        }  # fmt: skip
        return Reply(200, json.dumps(told, ensure_ascii=False, indent=2).encode(), headers)


def _meets(device: Device, search: str) -> bool:
    if dates := _DATES.search(search):
        first, last = dates.groups()
        if not first <= device.day.isoformat() <= last:
            return False
    for name, several, one in _TERMS.findall(search):
        wanted = set(re.split(r" OR | ", several or one))
        if (device.code if name == "product_code" else device.number) not in wanted:
            return False
    return True


def _result(device: Device) -> dict[str, Any]:
    denovo = device.number.startswith("DEN")
    return {
        "third_party_flag": "N", "city": "Exampletown", "address_1": "1 Example Street",
        "statement_or_summary": "" if denovo else "Summary", "product_code": device.code,
        "openfda": {"device_name": f"Software Of Class {device.code}", "device_class": "2"}
        if device.settled else {},
        "zip_code": "00000", "applicant": device.firm, "decision_date": device.day.isoformat(),
        "decision_code": "DENG" if denovo else "SESE", "country_code": device.country,
        "device_name": device.name, "advisory_committee": device.panel[:2].upper(),
        "advisory_committee_description": device.panel, "contact": "Jane Roe",
        "expedited_review_flag": "", "k_number": device.number, "state": "",
        "date_received": device.day.replace(day=1).isoformat(), "postal_code": "00000",
    }  # fmt: skip


def _told(code: str, message: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}, indent=2).encode()


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, _told(code, message), {"Content-Type": "application/json; charset=utf-8"})
