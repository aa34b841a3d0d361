"""Epoch AI: curated tables of AI models with their organisations and countries."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gapstudy.dates import parse_date
from gapstudy.errors import RecordError
from gapstudy.sources._answers import Good, Refused, Verdict
from gapstudy.sources._shape import unknown
from gapstudy.sources.base import Ask, Bad, Card, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

SITE = "https://epoch.ai"
FILES = (
    "/data/epochdb/notable_ai_models.csv",
    "/data/epochdb/large_scale_ai_models.csv",
    "/data/all_ai_models.csv",
)
#: Our name of a column -> its names in the files, the present one first.
COLUMNS = {
    "model": ("Model", "System"),
    "date": ("Publication date",),
    "organisation": ("Organization",),
    "country": ("Country (of organization)", "Country (from Organization)"),
    "domain": ("Domain",),
    "task": ("Task",),
    "access": ("Model accessibility",),
    "parameters": ("Parameters",),
    "compute": ("Training compute (FLOP)",),
    "reference": ("Reference",),
    "link": ("Link",),
}
NEEDED = ("model", "date")
#: Domain -> field of use; what is not listed says nothing of use ("Multimodal") or is "other".
CATEGORIES = {
    "language": "assistant", "vision": "vision", "games": "games", "speech": "speech",
    "audio": "speech", "biology": "science", "mathematics": "science", "earth science": "science",
    "materials science": "science", "astronomy": "science", "physics": "science",
    "image generation": "creative", "video": "creative", "3d modeling": "creative",
    "robotics": "robotics", "recommendation": "recommendation", "medicine": "medical",
    "driving": "driving", "search": "search", "cybersecurity": "security",
}  # fmt: skip
#: A model published outside these years is a typing error.
_YEARS = range(1900, 2101)
#: What stands where a country should and is none.
_NO_COUNTRY = frozenset({"multinational", "unknown", "not applicable", "n/a"})
#: Identifiers without version, the old form (`cs/0112017`) also without its subclass.
_ARXIV = re.compile(
    r"arxiv\.org/(?:abs|pdf|html)/(?:([a-z-]+)(?:\.[a-z]{2})?/(\d{7})|(\d{4}\.\d{4,5}))", re.I
)
_DOI = re.compile(r"doi\.org/(10\.\d{4,9}/[^\s,;\"'<>]+)", re.I)
_ADDRESS = re.compile(r"https?://[^\s,;\"'<>]+")

Row = dict[str, str]


class Epoch(Source):
    """AI models with organisation, country and publication date.

    A model of several organisations has all their names in `organisation`, as the file joins them,
    and a home country only when the file names as many countries as organisations and all are the
    same: organisations and countries cannot be paired by position, as one organisation may have
    several countries. "Multinational" is no country. Which models are listed follows Epoch's
    judgement of what is notable or large; recent ones come late.

    Training data, compute and parameters are in the description only: a size of one model is no
    figure of a country, which is what `indicators` holds.

    Not confirmed: the address of the table of all models.
    """

    name = "epoch"
    TITLE = "Epoch AI: data on AI models"
    GIVES = ("products", "product_references")
    LICENCE = "CC BY 4.0"
    REGION_BASIS = "organisation"
    # Static files, each one conditional request for all; 895 models took 1.7 MB on 2025-02-24.
    CARD = Card(hosts=("epoch.ai",), robots=True, overlap=0, answer_bytes=1_700_000)
    WHOLE = True

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """One request per table."""
        del ask
        for path in FILES:
            yield self.get(SITE + path)

    def judge(self, response: Response) -> Verdict:
        """A body without the column of model names is no table of theirs."""
        verdict = super().judge(response)
        if isinstance(verdict, Good):
            opening = response.body[:20_000].decode("utf-8-sig", errors="replace").lstrip()
            if not any(name in opening for name in COLUMNS["model"]) or opening.startswith("<"):
                return Refused(
                    "the answer is no table of models",
                    f"See whether {response.url} is still where Epoch keeps it",
                )
        return verdict

    def parse(self, response: Response, **_: object) -> Iterator[Record | Bad]:
        """Read one table; the row of a record is the line of the file on which it begins.

        Raises:
            ShapeError: not UTF-8, no column of models or dates, or none of either in any row.
        """
        try:
            text = response.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise unknown(f"the table is not UTF-8: {error}", response.url) from None
        faults: list[str] = []
        first: dict[str, int] = {}
        for line, row in _rows(text, response.url):
            records, fault = _read(row, line)
            # One row of the list may repeat another: the first stands.
            key = records[0].data["product_id"] if records else ""
            if key in first:
                fault = f"the same model, date and organisation as on line {first[key]}"
            if fault:
                faults.append(fault)
                cells = row if isinstance(row, list) else row.values()
                yield Bad("products", fault, ",".join(cells), line)
                continue
            first[key] = line
            yield from records
        if not first:
            why = f"no row can be read; the first: {faults[0]}" if faults else "the table is empty"
            raise unknown(why, response.url)


def _rows(text: str, url: str) -> Iterator[tuple[int, Row | list[str]]]:
    """Lines with their rows by our names of columns; the bare cells where their number is wrong."""
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [" ".join(cell.split()) for cell in next(reader, [])]
    except csv.Error as error:
        raise unknown(f"the header cannot be read: {error}", url) from None
    places = {
        ours: next((header.index(name) for name in names if name in header), None)
        for ours, names in COLUMNS.items()
    }
    for ours in NEEDED:
        if places[ours] is None:
            raise unknown(f"the column {COLUMNS[ours][0]!r} is missing", url)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # An open quote takes in the rest of the file.
            raise unknown(f"the table cannot be read from line {line} on: {error}", url) from None
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            yield line, cells
            continue
        row = {
            ours: "" if place is None else " ".join(cells[place].split())
            for ours, place in places.items()
        }
        yield line, row


def _read(row: Row | list[str], line: int) -> tuple[list[Record], str]:
    """Records of a row, or why there are none."""
    if isinstance(row, list):
        return [], f"{len(row)} cells are not as many as the header has"
    if not row["model"]:
        return [], "Model: empty"
    if not row["date"]:
        return [], "Publication date: empty"
    try:
        date = parse_date(row["date"])
    except RecordError as error:
        return [], f"Publication date: {error}"
    if date.first.year not in _YEARS:
        return [], f"Publication date: {date.text} cannot be one"
    country = one_country(row["organisation"], row["country"])
    parts = (row["model"], date.text, row["organisation"])
    product = "epoch:" + "_".join(slug(part) for part in parts)
    address = _ADDRESS.search(row["link"])
    records = [
        Record("products", {
            "product_id": product, "name": row["model"], "feature": "",
            "organisation": row["organisation"], "home_country": country,
            "region_basis": "organisation" if country else "none",
            "country_rung": "given" if country else "none",
            "date": date.text, "date_precision": date.precision, "date_meaning": "announcement",
            "kind": "model", "category": category(row["domain"]), "description": _describe(row),
            "website": "", "entry": "feed", "evidence": address[0] if address else SITE + "/data",
        }, line)
    ]  # fmt: skip
    ids = dict.fromkeys(
        new or f"{archive.lower()}/{number}" for archive, number, new in _ARXIV.findall(row["link"])
    )
    dois = dict.fromkeys(match.rstrip(".)").lower() for match in _DOI.findall(row["link"]))
    references = [(arxiv, None) for arxiv in ids] + [(None, doi) for doi in dois]
    for position, (arxiv, doi) in enumerate(references, start=1):
        records.append(Record("product_references", {
            "product_id": product, "position": position, "text": row["reference"] or row["link"],
            "arxiv_id": arxiv, "doi": doi,
        }, line))  # fmt: skip
    return records, ""


def one_country(organisations: str, countries: str) -> str:
    """The country of all organisations as the file names it; empty when there is not one."""
    names = [name for name in _listed(countries) if name.casefold() not in _NO_COUNTRY]
    complete = len(_listed(countries)) >= max(len(_listed(organisations)), 1)
    same = len(set(names)) == 1 and len(names) == len(_listed(countries))
    return names[0] if same and complete else ""


def _listed(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]


def slug(text: str) -> str:
    """A text as part of an identifier: lower case, signs that do not tell models apart as `-`.

    >>> slug("GPT-4 (Jun 2023)"), slug("C++ Coder 1.5")
    ('gpt-4-jun-2023', 'c++-coder-1.5')
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[^\w.+]+", "-", plain).strip("-")


def category(domain: str) -> str:
    """Field of use of a model, by the first domain that says one."""
    kinds = [part.casefold() for part in _listed(domain)]
    return next((CATEGORIES[kind] for kind in kinds if kind in CATEGORIES), "other")


def _describe(row: Row) -> str:
    facts = (
        ("domain", row["domain"]), ("task", row["task"]), ("access", row["access"]),
        ("parameters", row["parameters"]), ("training compute in FLOP", row["compute"]),
    )  # fmt: skip
    told = "; ".join(f"{name}: {', '.join(_listed(value))}" for name, value in facts if value)
    return f"AI model. {told[:1].upper()}{told[1:]}." if told else "AI model."
