"""Papers and products for timing the link stage: `python -m benchmarks.link_texts FOLDER N M`.

The reference texts (conference papers; launches, medical devices and start-ups) are repeated with
one word in ten changed for another, drawn by its frequency in the same kind of text, and with ids,
names and dates of their own: real lengths and vocabulary, no two texts alike. Three papers in ten
coin a name; one product in twenty names such a paper, and one in fifty gives a paper's arXiv id, so
that there are links to find. The same numbers give the same rows: each part has its own seed.

N papers and M products are written to FOLDER/papers and FOLDER/products, in parts, with the columns
that the link stage works on.
"""

import argparse
import csv
import gzip
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"
SEED = 20261123
PART = 20_000
#: A word with the space behind it, or one Chinese character.
_WORD = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+\s*|\s+")
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
_ENDINGS = ("Net", "Former", "Flow", "BERT", "GAN", "Diff", "Nerf", "Mamba", "Rank", "Seg")

Rows = list[dict[str, str]]


def _packed(name: str) -> Any:
    path = REFERENCE / name
    if not path.exists():
        raise SystemExit(f"{path} is needed to make the texts")
    return gzip.open(path, "rt", encoding="utf-8")


class Source:
    """Texts of one kind, cut into words.

    Args:
        rows: one dict per text.
        fields: those whose words are changed.
    """

    def __init__(self, rows: Rows, fields: tuple[str, ...]) -> None:
        self.rows, self.fields = rows, fields
        self.words = {field: [_WORD.findall(row[field]) for row in rows] for field in fields}
        every = [word for field in fields for words in self.words[field] for word in words]
        self.pool = np.array(every, dtype=object)

    def changed(self, at: int, field: str, draw: np.random.Generator) -> str:
        """A text with about one word in ten, and at least one, changed for another."""
        words = list(self.words[field][at])
        if not words:
            return ""
        places = np.flatnonzero(draw.random(len(words)) < 0.1)
        if not len(places):
            places = draw.integers(len(words), size=1)
        for place, drawn in zip(
            places, draw.integers(len(self.pool), size=len(places)), strict=True
        ):
            words[place] = self.pool[drawn]
        return "".join(words).strip()


@cache
def _papers() -> Source:
    with _packed("papers/papers_dev.jsonl.gz") as file:
        found = [json.loads(line) for line in file]
    rows = [
        {"title": row["title"], "abstract": row["abstract"], "year": str(row["year"]),
         "organisations": row.get("aff_unique_norm") or row.get("aff") or ""}
        for row in found if row.get("abstract") and row.get("title")
    ]  # fmt: skip
    return Source(rows, ("title", "abstract"))


@cache
def _products() -> list[Source]:
    with _packed("products/producthunt_launches_2024-08_2025-12.csv.gz") as file:
        launches = [
            {"name": row["name"], "description": f"{row['tagline']} {row['intro']}",
             "year": row["list_date"][:4], "country": "", "organisation": row["name"]}
            for row in csv.DictReader(file)
        ]  # fmt: skip
    with _packed("products/fda_ai_devices_to_2025-09_with_received_dates.csv.gz") as file:
        devices = [
            {"name": row["device"], "description": f"{row['device']}, {row['panel']}",
             "year": row["year"], "country": "US", "organisation": row["company"]}
            for row in csv.DictReader(file)
        ]  # fmt: skip
    with _packed("products/yc_companies_to_2024.csv.gz") as file:
        firms = [
            {"name": row["name"], "description": row["one_liner"] or row["tags"],
             "year": row["batch_start"][:4], "country": "", "organisation": row["name"]}
            for row in csv.DictReader(file)
        ]  # fmt: skip
    return [Source(rows, ("description",)) for rows in (launches, devices, firms)]


@cache
def _mixed() -> list[tuple[int, int]]:
    """Kind and row of every product text, in an order that mixes the kinds."""
    every = [(kind, at) for kind, one in enumerate(_products()) for at in range(len(one.rows))]
    return [every[at] for at in np.random.default_rng(SEED).permutation(len(every)).tolist()]


def coined(number: int) -> str:
    """Name that paper `number` coins, or nothing; no two are alike."""
    if number % 10 >= 3:
        return ""
    text, rest = "", number + 10_000
    while rest:
        rest, digit = divmod(rest, len(_SYLLABLES))
        text += _SYLLABLES[digit]
    return text.capitalize() + _ENDINGS[number // 10 % len(_ENDINGS)]


def arxiv_id(number: int) -> str:
    """ArXiv id of paper `number`, or nothing; no two are alike."""
    if number % 5 >= 2:
        return ""
    year, month = divmod(number // 90_000, 12)
    return f"{15 + year:02}{month + 1:02}.{number % 90_000 + 10_000}"


def papers(start: int, stop: int) -> pd.DataFrame:
    """Papers number `start` to `stop`."""
    draw, source, rows = np.random.default_rng([SEED, 1, start]), _papers(), []
    for number in range(start, stop):
        at = number % len(source.rows)
        row, name = source.rows[at], coined(number)
        title = source.changed(at, "title", draw)
        abstract = source.changed(at, "abstract", draw)
        rows.append(
            {"paper_id": f"bench:{number:08}",
             "title": f"{name}: {title}" if name else title,
             "abstract": f"{abstract} We call it {name}." if name else abstract,
             "coined_name": "", "arxiv_id": arxiv_id(number),
             "doi": f"10.5555/bench.{number}" if number % 4 == 0 else "",
             "year": row["year"], "organisations": row["organisations"],
             "people": _people(draw)}
        )  # fmt: skip
    columns = ["paper_id", "title", "abstract", "coined_name", "arxiv_id", "doi", "date_from",
               "date_to", "organisations", "people"]  # fmt: skip
    return _dated(pd.DataFrame(rows), draw)[columns]


def products(start: int, stop: int, of: int) -> pd.DataFrame:
    """Products number `start` to `stop`; some name one of `of` papers."""
    draw, order, rows = np.random.default_rng([SEED, 2, start]), _mixed(), []
    for number in range(start, stop):
        again, place = divmod(number, len(order))
        kind, at = order[place]
        source = _products()[kind]
        row, text = source.rows[at], source.changed(at, "description", draw)
        paper = int(draw.integers(of))
        if number % 20 == 0:
            text += f" It is built on {coined(paper - paper % 10)}."
        if number % 50 == 1 and arxiv_id(paper - paper % 5):
            text += f" See arXiv:{arxiv_id(paper - paper % 5)}."
        name = row["name"] + (f" {again + 1}" if again else "")
        rows.append(
            {"target_type": "product", "target_id": f"bench:{number:07}", "name": name,
             "feature": "", "description": text, "category": "other",
             "evidence": f"https://products.example/{number}",
             "website": f"https://site{number}.example", "country": row["country"],
             "year": row["year"], "organisations": row["organisation"], "people": _people(draw),
             "archive_ref": f"bench:{number:07}"}
        )  # fmt: skip
    columns = ["target_type", "target_id", "name", "feature", "description", "category",
               "evidence", "website", "country", "date_from", "date_to", "organisations", "people",
               "archive_ref"]  # fmt: skip
    return _dated(pd.DataFrame(rows), draw)[columns]


def _people(draw: np.random.Generator) -> str:
    parts = draw.integers(len(_SYLLABLES), size=(int(draw.integers(1, 6)), 4))
    words = [["".join(_SYLLABLES[at] for at in pair).capitalize() for pair in (row[:2], row[2:])]
             for row in parts]  # fmt: skip
    return ";".join(" ".join(word) for word in words)


def _dated(frame: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Dates to the day near the year of the source; one in twenty unknown."""
    year = pd.to_numeric(frame["year"], errors="coerce").fillna(2020).to_numpy(dtype=np.int64)
    shift = draw.integers(-2, 3, size=len(frame)) * 365 + draw.integers(365, size=len(frame))
    first = pd.to_datetime(pd.Series([f"{value}-01-01" for value in year]))
    day = first + pd.to_timedelta(shift, unit="D")
    day = day.mask(draw.random(len(frame)) < 0.05).astype("datetime64[ns]")
    return frame.assign(date_from=day, date_to=day)


def write(folder: Path, count: int, part: Callable[[int, int], pd.DataFrame]) -> None:
    """Rows 0 to `count` as Parquet files of PART rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, count, PART):
        frame = part(start, min(start + PART, count))
        frame.to_parquet(folder / f"part-{start // PART:05}.parquet", index=False)


def make(folder: Path, paper_count: int, product_count: int) -> None:
    """Both tables, under FOLDER/papers and FOLDER/products."""
    write(folder / "papers", paper_count, papers)
    write(
        folder / "products", product_count, lambda start, stop: products(start, stop, paper_count)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("papers", type=int)
    parser.add_argument("products", type=int)
    given = parser.parse_args()
    make(given.folder, given.papers, given.products)


if __name__ == "__main__":
    main()
