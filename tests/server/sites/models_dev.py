"""models.dev as the local server plays it: one JSON file, with validators."""

from __future__ import annotations

import json
from typing import Any

from tests.server.site import Asked, Reply, Site
from tests.server.sites._whole import Item, changed, items, whole

LAB = "example-lab"
#: The lab's own service and those that sell its models too.
PROVIDERS = (LAB, "example-router", "example-cloud")


class ModelsDev(Site):
    """Models of one lab at itself and at resellers; a release date is first told to the month."""

    HOSTS = ("models.dev",)

    def reply(self, asked: Asked) -> Reply:
        if asked.path != "/api.json":
            # The site is one page: every other address brings it.
            return Reply(200, b"<!DOCTYPE html><html></html>", {"Content-Type": "text/html"})
        found = list(items(self.world, "models_dev"))
        data = {
            provider: {
                "id": provider, "name": provider.replace("-", " ").title(),
                "doc": f"https://docs.example.org/{provider}", "env": ["EXAMPLE_KEY"],
                "npm": "@ai-sdk/openai-compatible",
                "models": {model["id"]: model for item in found
                           if (model := self._model(item, provider))},
            }
            for provider in PROVIDERS
        }  # fmt: skip
        body = json.dumps(data, separators=(",", ":")).encode()
        day = changed(self.world, (item.shown for item in found))
        return whole(asked, body, "application/json", day)

    def _model(self, item: Item, provider: str) -> dict[str, Any] | None:
        chance = self.world.random("models_dev", item.number, provider)
        if provider != LAB and chance.random() < 0.5:
            return None
        day = item.day.isoformat()
        name = f"tarn-{item.number}"
        model = {
            "id": f"{LAB}/{name}", "name": f"Tarn {item.number}",
            "attachment": False, "reasoning": chance.random() < 0.3, "tool_call": True,
            "temperature": True, "release_date": day if item.settled else day[:7],
            "last_updated": day, "modalities": {"input": ["text"], "output": ["text"]},
            "open_weights": item.number % 2 == 0, "limit": {"context": 32_000, "output": 4_000},
        }  # fmt: skip
        if chance.random() < 0.5:
            model["cost"] = {"input": 1, "output": 2}
        return model
