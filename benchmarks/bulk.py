"""OpenAlex JSON lines into core tables, beside DuckDB on the same files.

    python -m benchmarks.bulk [WORKS ...] [--gz] [--share SHARE] [--runs RUNS]

Works of the true shape of 2026 are made with a fixed seed in a temporary folder: authors,
institutions, topics, locations and abstracts are spread about as in a page of real ones. All of
them are about artificial intelligence, so each one goes through the whole way; `--share 0.05` makes
it the small part that it is in the whole of OpenAlex.

Measured are whole processes with all their children, with two threads or processes each: wall and
processor seconds, and the largest sum of the proportional memory (PSS) of the tree, read five times
a second. Ours is the real way from the files to the core tables, `gapstudy normalise` on a study
that names them, from nothing; DuckDB's is
`COPY (SELECT * FROM read_json_auto(...)) TO ... (FORMAT parquet)`. The two take turns, the ratio is
that of the medians. Nothing is asserted.
"""

import argparse
import contextlib
import gzip
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261123
PART = 25_000
COUNTRIES = ("US", "CN", "DE", "GB", "FR", "IN", "JP", "IT", "KR", "ES", None)
KINDS = ("education", "company", "government", "nonprofit", "healthcare", "facility", "funder")
SOURCES = (
    ("Journal of Examples", "journal"), ("arXiv (Cornell University)", "repository"),
    ("Lecture Notes in Examples", "book series"), ("Example Conference", "conference"),
)  # fmt: skip
URL = "https://openalex.org/"


class Maker:
    """Works in the shape of OpenAlex, the same for the same seed.

    Args:
        share: share of works about artificial intelligence (subfield 1702).
    """

    def __init__(self, share: float) -> None:
        self.draw = random.Random(SEED)
        self.share = share
        draw = self.draw
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        self.words = [
            "".join(draw.choices(letters, weights=range(26, 0, -1), k=draw.randint(2, 11)))
            for _ in range(6000)
        ]
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, 6001)))
        self.places = [self.institution(number) for number in range(4000)]

    def text(self, words: int) -> list[str]:
        return self.draw.choices(self.words, cum_weights=self.weights, k=words)

    def institution(self, number: int) -> dict[str, Any]:
        name = " ".join(word.title() for word in self.text(self.draw.randint(1, 3)))
        return {
            "id": f"{URL}I{100000 + number}", "display_name": f"University of {name} {number}",
            "ror": f"https://ror.org/0{number:08x}",
            "country_code": self.draw.choices(COUNTRIES, range(11, 0, -1))[0],
            "type": self.draw.choices(KINDS, (60, 12, 5, 5, 6, 8, 4))[0],
            "lineage": [f"{URL}I{100000 + number}"],
        }  # fmt: skip

    def authorship(self, number: int, of: int) -> dict[str, Any]:
        draw = self.draw
        places = draw.choices(self.places, k=draw.choices((0, 1, 2), (30, 60, 10))[0])
        name = " ".join(word.title() for word in self.text(2))
        raw = [f"Department of {' '.join(self.text(4))}, {p['display_name']}" for p in places]
        person = draw.randrange(10**7)
        return {
            "author_position": "first" if number == 0 else "last" if number == of - 1 else "middle",
            "author": {"id": f"{URL}A50{person:08d}", "display_name": name, "orcid": None},
            "institutions": places,
            "countries": sorted({p["country_code"] for p in places if p["country_code"]}),
            "is_corresponding": number == 0, "raw_author_name": name,
            "raw_affiliation_strings": raw,
            "affiliations": [
                {"raw_affiliation_string": text, "institution_ids": [p["id"]]}
                for text, p in zip(raw, places, strict=True)
            ],
        }  # fmt: skip

    def topic(self, subfield: int) -> dict[str, Any]:
        return {
            "id": f"{URL}T{self.draw.randint(10000, 14500)}",
            "display_name": " ".join(self.text(4)).title(), "score": round(self.draw.random(), 4),
            "subfield": {"id": f"{URL}subfields/{subfield}", "display_name": "Subfield of Example"},
            "field": {"id": f"{URL}fields/{subfield // 100}", "display_name": "Computer Science"},
            "domain": {"id": f"{URL}domains/3", "display_name": "Physical Sciences"},
        }  # fmt: skip

    def location(self, doi: str, number: int) -> dict[str, Any]:
        name, kind = self.draw.choice(SOURCES)
        place = f"{URL}S{self.draw.randrange(10**9)}"
        return {
            "id": f"doi:{doi}" if number == 0 else f"pmh:oai:example.org:{doi}",
            "is_oa": number > 0, "landing_page_url": f"https://doi.org/{doi}",
            "pdf_url": None if number == 0 else f"https://example.org/pdf/{doi}.pdf",
            "source": {
                "id": place, "display_name": name, "issn_l": "1234-5678", "issn": ["1234-5678"],
                "is_oa": False, "is_in_doaj": False, "is_core": True,
                "host_organization": f"{URL}P4310320595", "host_organization_name": "Example Press",
                "host_organization_lineage": [f"{URL}P4310320595"],
                "host_organization_lineage_names": ["Example Press"], "type": kind,
            },
            "license": None, "license_id": None, "version": "publishedVersion",
            "is_accepted": True, "is_published": True, "raw_source_name": name,
            "raw_type": "journal-article",
        }  # fmt: skip

    def work(self, number: int) -> dict[str, Any]:
        draw = self.draw
        about = 1702 if draw.random() < self.share else 1705
        topics = [self.topic(about), self.topic(draw.randint(2200, 2213)), self.topic(2613)]
        words = self.text(round(draw.lognormvariate(4.9, 0.45))) if draw.random() < 0.8 else []
        index: dict[str, list[int]] = {}
        for place, word in enumerate(words):
            index.setdefault(word, []).append(place)
        authors = min(100, max(1, round(draw.lognormvariate(1.0, 0.7))))
        doi = f"10.5555/example.{number}"
        locations = [self.location(doi, n) for n in range(draw.choices((1, 2, 3), (60, 30, 10))[0])]
        year, month, day = draw.randint(2010, 2026), draw.randint(1, 12), draw.randint(1, 28)
        if draw.random() < 0.3:
            month = day = 1
        title = " ".join(self.text(draw.randint(5, 16))).capitalize()
        references = [f"{URL}W{draw.randrange(10**10)}" for _ in range(draw.randint(0, 40))]
        name = f"{URL}W{4_000_000_000 + number}"
        return {
            "id": name, "doi": f"https://doi.org/{doi}" if draw.random() < 0.8 else None,
            "title": title, "display_name": title, "publication_year": year,
            "publication_date": f"{year}-{month:02d}-{day:02d}",
            "ids": {"openalex": name, "doi": f"https://doi.org/{doi}"}, "language": "en",
            "primary_location": locations[0], "type": "article", "indexed_in": ["crossref"],
            "open_access": {"is_oa": False, "oa_status": "closed", "oa_url": None,
                            "any_repository_has_fulltext": False},
            "authorships": [self.authorship(n, authors) for n in range(authors)],
            "institutions": [], "countries_distinct_count": 1, "institutions_distinct_count": 1,
            "corresponding_author_ids": [], "corresponding_institution_ids": [],
            "apc_list": None, "apc_paid": None, "fwci": round(draw.random() * 5, 4),
            "has_fulltext": False, "cited_by_count": int(draw.expovariate(0.05)),
            "citation_normalized_percentile": {
                "value": round(draw.random(), 6), "is_in_top_1_percent": False,
                "is_in_top_10_percent": False},
            "cited_by_percentile_year": {"min": 90, "max": 95},
            "biblio": {"volume": "12", "issue": "3", "first_page": "1", "last_page": "20"},
            "is_retracted": False, "is_paratext": False, "is_xpac": False,
            "primary_topic": topics[0], "topics": topics,
            "keywords": [
                {"id": f"https://openalex.org/keywords/{word}", "display_name": word, "score": 0.5}
                for word in self.text(5)
            ],
            "concepts": [
                {"id": f"{URL}C{draw.randrange(10**9)}",
                 "wikidata": f"https://www.wikidata.org/wiki/Q{draw.randrange(10**7)}",
                 "display_name": word, "level": 1, "score": round(draw.random(), 6)}
                for word in self.text(8)
            ],
            "mesh": [], "locations_count": len(locations), "locations": locations,
            "best_oa_location": None, "sustainable_development_goals": [], "awards": [],
            "funders": [], "has_content": {"pdf": False, "grobid_xml": False},
            "referenced_works_count": len(references), "referenced_works": references,
            "related_works": [], "abstract_inverted_index": index or None,
            "counts_by_year": [{"year": y, "cited_by_count": 3} for y in range(2020, 2026)],
            "updated_date": "2026-03-02T06:03:36.439944", "created_date": "2025-10-10T00:00:00",
        }  # fmt: skip


def make(folder: Path, works: int, share: float, *, packed: bool) -> list[Path]:
    """Write the files; parts of `PART` works."""
    maker = Maker(share)
    files = []
    for part, first in enumerate(range(0, works, PART)):
        name = f"part_{part:04d}" + (".gz" if packed else ".jsonl")
        path = folder / name
        lines = (orjson.dumps(maker.work(n), option=orjson.OPT_APPEND_NEWLINE)
                 for n in range(first, min(first + PART, works)))  # fmt: skip
        if packed:
            with gzip.open(path, "wb", 6) as file:
                file.writelines(lines)
        else:
            with open(path, "wb") as file:
                file.writelines(lines)
        files.append(path)
    return files


def pss(root: int) -> float:
    """Proportional memory of a process and all below it, MB."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after = stat.read_text().rpartition(")")[2].split()
            below.setdefault(int(after[1]), []).append(int(stat.parent.name))
    total, waiting = 0.0, [root]
    while waiting:
        process = waiting.pop()
        waiting += below.get(process, [])
        with contextlib.suppress(OSError, IndexError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def measured(words: list[str], cwd: Path) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak memory (MB) of a command and its children."""
    before = os.times()
    began = time.perf_counter()
    with subprocess.Popen(words, cwd=cwd, stdout=subprocess.DEVNULL) as process:
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, pss(process.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    wall = time.perf_counter() - began
    after = os.times()
    if process.returncode:
        raise SystemExit(f"{' '.join(words[:4])} ended with {process.returncode}")
    used = after.children_user + after.children_system
    return wall, used - before.children_user - before.children_system, peak


DUCKDB = """
import sys, duckdb
source, target = sys.argv[1:]
with duckdb.connect(config={"threads": 2}) as base:
    base.execute(f"COPY (SELECT * FROM read_json_auto('{source}')) TO '{target}' (FORMAT parquet)")
"""
STUDY = """
sources = ["openalex_snapshot"]
workers = 2
[window]
start = 2012-01-01
end = 2022-12-31
cutoff = 2025-12-31
[source.openalex_snapshot]
files = ["../files/*"]
"""


def compare(works: int, share: float, runs: int, *, packed: bool) -> dict[str, Any]:
    """Medians of both for so many works."""
    with tempfile.TemporaryDirectory() as name:
        files, study = Path(name) / "files", Path(name) / "study"
        files.mkdir()
        study.mkdir()
        paths = make(files, works, share, packed=packed)
        (study / "study.toml").write_text(STUDY, encoding="utf-8")
        tool = [sys.executable, "-m", "gapstudy"]
        subprocess.run([*tool, "collect"], cwd=study, check=True, stdout=subprocess.DEVNULL)
        ours, theirs = [], []
        words = [sys.executable, "-c", DUCKDB, str(files / "*"), str(Path(name) / "out.parquet")]
        for _ in range(runs):
            theirs.append(measured(words, study))
            shutil.rmtree(study / "data" / "processed" / "parts", ignore_errors=True)
            for table in (study / "data" / "processed").glob("*.parquet"):
                table.unlink()
            ours.append(measured([*tool, "normalise"], study))
        again = measured([*tool, "normalise"], study)[0]
        import pyarrow.parquet as parquet

        tables = study / "data" / "processed"
        rows = {
            table: parquet.read_metadata(tables / f"{table}.parquet").num_rows
            for table in ("papers", "paper_affiliations", "organisations", "quarantine")
        }
        size = sum(path.stat().st_size for path in paths)
    mine, duck = ([statistics.median(run[k] for run in group) for k in range(2)]
                  for group in (ours, theirs))  # fmt: skip
    return {
        "works": works, "share": share, "bytes_per_work": round(size / works), **rows,
        "seconds": mine[0], "duckdb_seconds": duck[0], "ratio": mine[0] / duck[0],
        "ratio_processor": mine[1] / duck[1], "again_seconds": again,
        "peak_mb": max(run[2] for run in ours), "duckdb_peak_mb": max(run[2] for run in theirs),
    }  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("works", type=int, nargs="*", default=[100_000, 400_000])
    options.add_argument("--gz", action="store_true")
    options.add_argument("--share", type=float, default=1.0)
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    found = []
    head = ("works", "seconds", "DuckDB", "ratio", "processor", "again", "peak MB", "DuckDB MB")
    print("  ".join(f"{text:>9}" for text in head))
    for works in given.works:
        one = compare(works, given.share, given.runs, packed=given.gz)
        found.append(one)
        keys = ("works", "seconds", "duckdb_seconds", "ratio", "ratio_processor", "again_seconds",
                "peak_mb", "duckdb_peak_mb")  # fmt: skip
        digits = (0, 1, 1, 2, 2, 1, 0, 0)
        cells = [f"{one[key]:9.{places}f}" for key, places in zip(keys, digits, strict=True)]
        print("  ".join(cells), flush=True)
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "bulk.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
