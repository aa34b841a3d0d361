"""Epoch AI as the local server plays it: three tables of models, static files with validators."""

from __future__ import annotations

import csv
import io

from tests.server.site import Asked, Reply, Site
from tests.server.sites._whole import Item, changed, items, whole

HEADER = (
    "Model", "Domain", "Organization", "Country (of organization)", "Publication date",
    "Reference", "Link", "Parameters", "Training compute (FLOP)", "Confidence",
    "Model accessibility",
)  # fmt: skip
#: Organisations with their countries, joined as the files join them.
MAKERS = (
    ("Example University", "Germany"),
    ("Example Labs,Example University", "Germany,Germany"),
    ("Example Corporation", "United States of America"),
    ("Example Corporation,Example Institute", "United States of America,China"),
    ("Example Institute", "China"),
    ("Example Commons", "Multinational"),
    ("Example Works", "United States of America,United Kingdom of Great Britain and Northern "
                      "Ireland"),
    ("Jane Roe", ""),
)  # fmt: skip
DOMAINS = ("Language", "Vision", "Multimodal,Language,Vision", "Biology", "Image generation")
#: Path of a file -> which of the models it lists: every so manieth.
FILES = {
    "/data/epochdb/notable_ai_models.csv": 2,
    "/data/epochdb/large_scale_ai_models.csv": 3,
    "/data/all_ai_models.csv": 1,
}


class Epoch(Site):
    """Models by publication date, newest first; compute is filled in some days later.

    Attributes:
        COUNTRY: name of the column of countries, which an earlier release called otherwise.
    """

    HOSTS = ("epoch.ai",)
    ROBOTS = "User-agent: *\nDisallow: /admin/\n"
    COUNTRY = "Country (of organization)"

    def reply(self, asked: Asked) -> Reply:
        if asked.path not in FILES:
            return Reply(
                404, b"<!DOCTYPE html><html>Not found</html>", {"Content-Type": "text/html"}
            )
        found = [
            item for item in items(self.world, "epoch") if item.number % FILES[asked.path] == 0
        ]
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([self.COUNTRY if name.startswith("Country") else name for name in HEADER])
        for item in sorted(found, key=lambda item: (item.day, item.number), reverse=True):
            writer.writerow(self._row(item))
        # One row of the true list was shifted in a spreadsheet.
        writer.writerow(["Example Shifted", "Vision", "Example Works", "China",
                         "Example Graphics Card X1", "", "", "", "", "", ""])  # fmt: skip
        day = changed(self.world, (item.shown for item in found))
        return whole(asked, text.getvalue().encode(), "text/csv; charset=utf-8", day)

    def _row(self, item: Item) -> list[str]:
        chance = self.world.random("epoch", item.number)
        organisation, country = chance.choice(MAKERS)
        paper = f"{item.day:%y%m}.{10000 + item.number}"
        links = ("https://example.org/models", f"https://arxiv.org/abs/{paper}",
                 f"https://example.org/m\nhttps://arxiv.org/abs/{paper}v2")  # fmt: skip
        compute = f"{chance.randint(1, 99) / 10:.1f}e+23"
        return [
            f"Example Model {item.number}", chance.choice(DOMAINS), organisation, country,
            item.day.isoformat(), f"Example Model {item.number}: a report", chance.choice(links),
            str(float(10 ** chance.randint(6, 11))), compute if item.settled else "",
            "Confident", chance.choice(("API access", "Unreleased", "")),
        ]  # fmt: skip
