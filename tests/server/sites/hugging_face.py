"""The Hugging Face Hub: its listing of models, newest first, with cursors."""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from tests.server.site import Asked, Reply, Site, World

from ._launch_items import Launch, launches, stamp

_KNOWN = {"sort", "direction", "limit", "full", "cursor", "filter", "search", "author"}


class HuggingFace(Site):
    """Models; the oldest ones carry the day from which the Hub has kept creation dates.

    At most `most` models in an answer, and `budget` (`keyed` with a token) answers in 5 minutes.
    """

    HOSTS = ("huggingface.co",)
    SECRETS: ClassVar[dict[str, str]] = {"HF_TOKEN": "test-key-hugging-face"}
    RATE = 1.0
    CONCURRENCY = 1
    most: ClassVar[int] = 1000
    budget: ClassVar[int] = 500
    keyed: ClassVar[int] = 1000
    old: ClassVar[int] = 5

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.window = 0
        self.used = 0

    def reply(self, asked: Asked) -> Reply:
        token = asked.headers.get("authorization")
        if token is not None and token != f"Bearer {self.SECRETS['HF_TOKEN']}":
            return _json(401, {"error": "Invalid credentials in Authorization header"}, {})
        most = self.keyed if token else self.budget
        window = int(asked.now // 300)
        if window != self.window:
            self.window, self.used = window, 0
        self.used += 1
        headers = {
            "RateLimit": f'"api";r={max(0, most - self.used)};t={300 - int(asked.now % 300)}',
            "RateLimit-Policy": f'"fixed window";"api";q={most};w=300',
        }
        if self.used > most:
            return _json(429, {"error": "Too many requests"}, headers)
        models = [_model(launch) for launch in launches(self.world, "hf")]
        models = [_old(number) for number in range(self.old)] + models
        if asked.path.startswith("/api/models/"):
            for model in models:
                if model["id"] == asked.path.removeprefix("/api/models/"):
                    return _json(200, model, headers)
            said = "Repository not found" if token else "Invalid username or password."
            return _json(404 if token else 401, {"error": said}, headers)
        if asked.path != "/api/models":
            return _json(404, {"error": "Sorry, we can't find the page you are looking for."}, {})
        return self._listing(asked, models, headers)

    def _listing(
        self, asked: Asked, models: list[dict[str, Any]], headers: dict[str, str]
    ) -> Reply:
        args = asked.args
        if unknown := sorted(set(args) - _KNOWN):
            return _json(400, {"error": f'Unrecognized key: "{unknown[0]}"'}, headers)
        if args.get("sort") != "createdAt" or args.get("direction") != "-1":
            return _json(400, {"error": "This sort is not played"}, headers)
        models.sort(key=lambda model: (model["createdAt"], model["_id"]), reverse=True)
        if "cursor" in args:
            after = tuple(json.loads(base64.urlsafe_b64decode(args["cursor"])))
            models = [one for one in models if (one["createdAt"], one["_id"]) < after]
        size = min(int(args.get("limit", 1000)), self.most)
        part = models[:size]
        if len(models) > size:
            place = json.dumps([part[-1]["createdAt"], part[-1]["_id"]])
            cursor = base64.urlsafe_b64encode(place.encode()).decode()
            query = urlencode(dict(parse_qsl(asked.query)) | {"cursor": cursor})
            headers["Link"] = f'<https://huggingface.co/api/models?{query}>; rel="next"'
        return _json(200, part, headers)


def _model(launch: Launch) -> dict[str, Any]:
    tags = ["transformers", "safetensors", "license:mit", "region:us"]
    if launch.paper:
        tags.insert(2, f"arxiv:{launch.paper}")
    if launch.number % 6 == 0:
        tags += ["base_model:example-labs/base", "base_model:quantized:example-labs/base"]
    identifier = f"example-{launch.number % 7}/{launch.name.replace(' ', '-')}"
    model = {
        "_id": f"{launch.number:024x}", "id": identifier, "likes": launch.votes // 10,
        "private": False, "downloads": launch.votes * 3, "tags": tags,
        "pipeline_tag": "text-generation", "library_name": "transformers",
        "createdAt": stamp(launch.moment, ".000Z"), "modelId": identifier,
    }  # fmt: skip
    if launch.number % 4 == 0:
        del model["pipeline_tag"], model["library_name"]
    return model


def _old(number: int) -> dict[str, Any]:
    identifier = f"example-old/model-{number}"
    return {
        "_id": f"{number:024x}", "id": identifier, "likes": 90, "private": False, "downloads": 5,
        "tags": ["pytorch", f"arxiv:1810.0480{number}", "region:us"],
        "createdAt": "2022-03-02T23:29:04.000Z", "modelId": identifier,
    }  # fmt: skip


def _json(status: int, told: Any, headers: dict[str, str]) -> Reply:
    headers = headers | {"Content-Type": "application/json; charset=utf-8"}
    return Reply(status, json.dumps(told).encode(), headers)
