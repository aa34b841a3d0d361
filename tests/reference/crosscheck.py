"""Compare the landmark corpus with data sets that others made, where both speak of the same thing.

    python tests/reference/crosscheck.py [--write]

The data sets are not part of the project; they are looked for in `../shared/reference` beside the
checkout. Printed are counts and the disagreements that `data/raw/landmark/crosscheck.csv` does not
list. `--write` also renews `crosscheck_counts.csv`.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gapstudy.dates import parse_date
from gapstudy.errors import RecordError
from gapstudy.regions import country_code

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "data" / "raw" / "landmark"
REFERENCE = ROOT.parent / "shared" / "reference"
PAPERS = "papers/papers_dev.jsonl.gz"
NOTABLE = "models/notable_ai_models.2025-02-24.csv"
LARGE = "models/large_scale_ai_models.2024-07-16.csv"
EDGES = "products/ecosystem_edges_dev.csv.gz"
LAUNCHES = "products/producthunt_launches_2024-08_2025-12.csv.gz"
FDA = "products/fda_ai_devices_to_2025-09_with_received_dates.csv.gz"
EUROSTAT = "products/eurostat_ai/ai-adoption.csv"
EUROSTAT_SIZE = "products/eurostat_ai/ai-adoption-size.csv"
SIZES = {
    "10-49": "10 to 49 employed",
    "50-249": "50 to 249 employed",
    "GE250": "250 or more employed",
}
BTOS = "products/btos/btos_ai_supplement_national.csv"
RESOLUTIONS = ("ours_kept", "corrected", "reference_fault", "not_comparable")

Row = dict[str, str]


@dataclass(frozen=True)
class Comparison:
    """One value of the corpus beside the same value elsewhere.

    Attributes:
        file: file of the corpus.
        id: identifier of the row there.
        field: its column.
        ours: the value there.
        reference: file that was compared.
        agreed: whether the two say the same, as precisely as both can.
        theirs: the other value; shown on the screen, never stored.
    """

    file: str
    id: str
    field: str
    ours: str
    reference: str
    agreed: bool
    theirs: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a line of `crosscheck.csv` is found by."""
        return self.file, self.id, self.field, self.reference


def read(path: Path) -> list[Row]:
    """Rows of a CSV file, compressed or not."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def norm(text: str) -> str:
    """Letters and digits of a text, folded."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def lands(names: Iterable[str]) -> frozenset[str]:
    """Codes of the countries among some names; Hong Kong, Macau and Taiwan count as CN here.

    The data sets label them China, so nothing finer can be compared.
    """
    codes = (country_code(name.strip()) for name in names)
    return frozenset("CN" if code in {"HK", "MO", "TW"} else code for code in codes if code)


def same_day(ours: str, theirs: str) -> bool | None:
    """Whether two dates can mean the same day; None where the other is not a date."""
    try:
        mine, other = parse_date(ours), parse_date(theirs)
    except RecordError:
        return None
    return mine.first <= other.last and other.first <= mine.last


def _date(
    place: tuple[str, str, str], ours: str, reference: str, theirs: str
) -> Iterator[Comparison]:
    agreed = same_day(ours, theirs) if ours and theirs else None
    if agreed is not None:
        yield Comparison(*place, ours, reference, agreed, theirs)


def _lands(
    place: tuple[str, str, str], ours: str, reference: str, names: Iterable[str]
) -> Iterator[Comparison]:
    mine, other = lands(ours.split(";")), lands(names)
    if mine and other:
        yield Comparison(*place, ours, reference, mine == other, ";".join(sorted(other)))


def papers(results: list[Row], reference: Path) -> Iterator[Comparison]:
    """Year and affiliation countries of papers, by title."""
    wanted = defaultdict(list)
    for row in results:
        wanted[norm(row["title"])].append(row)
    found: dict[str, list[Row]] = defaultdict(list)
    with gzip.open(reference / PAPERS, "rt", encoding="utf-8") as lines:
        for line in lines:
            other = json.loads(line)
            for row in wanted.get(norm(other["title"]), ()):
                found[row["result_id"]].append(other)
    for row in results:
        others = found.get(row["result_id"], [])
        # The same title at several venues: the one of ours, where it is there.
        here = [other for other in others if norm(str(other["venue"])) == norm(row["venue"])]
        for other in (here or others)[:1]:
            place = ("results.csv", row["result_id"])
            if row["venue_year"] and (here or not row["award"]):
                yield Comparison(
                    *place, "venue_year", row["venue_year"], PAPERS,
                    str(other["year"]) == row["venue_year"], str(other["year"]),
                )  # fmt: skip
            yield from _lands(
                (*place, "organisation_countries"), row["organisation_countries"], PAPERS,
                _countries(other),
            )  # fmt: skip


def _countries(paper: Mapping[str, object]) -> list[str]:
    value = paper.get("aff_country_unique") or paper.get("countries") or ""
    return value.split(";") if isinstance(value, str) else [str(part) for part in value]  # type: ignore[attr-defined]


def models(results: list[Row], products: list[Row], reference: Path) -> Iterator[Comparison]:
    """Dates and countries of AI models: results by arXiv identifier, title or coined name.

    Products go by their name.
    """
    for name, column in ((NOTABLE, "Model"), (LARGE, "System")):
        by_title, by_id, by_name = defaultdict(list), defaultdict(list), defaultdict(list)
        for other in sorted(read(reference / name), key=lambda row: row["Publication date"]):
            by_title[norm(other["Reference"])].append(other)
            by_name[norm(re.sub(r"\(.*?\)", "", other[column]))].append(other)
            for found in re.findall(r"\d{4}\.\d{4,5}", other["Link"]):
                by_id[found].append(other)
        for row in results:
            others = (
                by_id.get(row["arxiv_id"])
                or by_title.get(norm(row["title"]))
                or _near(by_name, row)
            )
            yield from _model("results.csv", row["result_id"], row["date"],
                              "date", row["organisation_countries"], "organisation_countries",
                              name, others)  # fmt: skip
        for row in products:
            others = by_name.get(norm(row["product"] + row["feature_or_version"])) or by_name.get(
                norm(row["product"]), []
            )
            yield from _model("products.csv", row["product_id"], row["launch_date"],
                              "launch_date", row["home_country"], "home_country",
                              name, others)  # fmt: skip


def _near(by_name: Mapping[str, list[Row]], row: Row) -> list[Row]:
    """Models of the coined name; years apart, another thing has the name."""
    return [
        other
        for other in by_name.get(norm(row["coined_name"]), [])
        if row["coined_name"]
        and abs(int(other["Publication date"][:4]) - int(row["date"][:4])) <= 2
    ]


def _model(
    file: str, identifier: str, date: str, date_field: str, countries: str, country_field: str,
    name: str, others: list[Row],
) -> Iterator[Comparison]:  # fmt: skip
    # One paper may stand for several models of one family: the earliest is the paper's.
    for other in others[:1]:
        yield from _date((file, identifier, date_field), date, name, other["Publication date"])
        yield from _lands(
            (file, identifier, country_field), countries, name,
            [part for part in other["Country (from Organization)"].split(",")
             if part != "Multinational"],
        )  # fmt: skip


def edges(results: list[Row], products: list[Row], reference: Path) -> Iterator[Comparison]:
    """Dates and nationalities of models and applications, by name."""
    nodes: dict[str, tuple[str, str]] = {}
    for row in read(reference / EDGES):
        for side in ("src", "dst"):
            nodes.setdefault(norm(row[f"{side}_name"]), (row[f"{side}_date"], row[f"{side}_nat"]))
    for file, key, rows, name_of, date, country in (
        ("results.csv", "result_id", results, lambda row: [row["coined_name"]], "date",
         "organisation_countries"),
        ("products.csv", "product_id", products,
         lambda row: [row["product"] + row["feature_or_version"], row["product"]],
         "launch_date", "home_country"),
    ):  # fmt: skip
        names: Callable[[Row], list[str]] = name_of
        for row in rows:
            node = next((nodes[norm(name)] for name in names(row) if norm(name) in nodes), None)
            if node:
                place = (file, row[key])
                yield from _date((*place, date), row[date], EDGES, node[0])
                yield from _lands((*place, country), row[country], EDGES, [node[1]])


def launches(products: list[Row], reference: Path) -> Iterator[Comparison]:
    """Launch days of products of the same name.

    The list names the day after its launch day, and users list what came out the day before: one
    day more or less agrees.
    """
    listed: dict[str, list[dt.date]] = defaultdict(list)
    for row in read(reference / LAUNCHES):
        listed[norm(row["name"])].append(parse_date(row["list_date"]).first - dt.timedelta(days=1))
    for row in products:
        days = listed.get(norm(row["product"] + row["feature_or_version"])) or listed.get(
            norm(row["product"]), []
        )
        mine = parse_date(row["launch_date"])
        # A relisting years later, or another thing of the name, is no launch of ours.
        near = [day for day in days if abs((day - mine.first).days) <= 60]
        for day in near[:1]:
            one_day = dt.timedelta(days=1)
            yield Comparison(
                "products.csv", row["product_id"], "launch_date", row["launch_date"], LAUNCHES,
                mine.first - one_day <= day <= mine.last + one_day, day.isoformat(),
            )  # fmt: skip


def devices(availability: list[Row], reference: Path) -> Iterator[Comparison]:
    """Days from which medical products could be used in the US, by submission number."""
    decided = {row["submission_id"]: row["date"] for row in read(reference / FDA)}
    for row in availability:
        for number in re.findall(r"\b(?:K|DEN)\d{6}\b", row["evidence"] + " " + row["note"]):
            if row["region"] == "US" and number in decided:
                month, day, year = decided[number].split("/")
                yield from _date(
                    ("availability.csv", f"{row['product_id']}/US", "date"),
                    row["date"], FDA, f"{year}-{month}-{day}",
                )  # fmt: skip


def indicators(rows: list[Row], reference: Path) -> Iterator[Comparison]:
    """Shares of firms that use AI, rounded as the page that was read has them."""
    known: dict[tuple[str, str, str, str], tuple[str, str]] = {}
    for row in read(reference / EUROSTAT):
        geo = "EU27" if row["geo"].startswith("EU27") else row["geo"]
        known["enterprise_ai_use", geo, row["year"], ""] = (EUROSTAT, row["value"])
    for row in read(reference / EUROSTAT_SIZE):
        size = SIZES.get(row["size_emp"], row["size_emp"])
        known["enterprise_ai_use_by_size", "EU27", row["year"], size] = EUROSTAT_SIZE, row["value"]
    for row in read(reference / BTOS):
        if row["Question ID"] == "1" and row["Answer"] == "Yes":
            known["business_ai_use_btos", "US", "2023-12/2024-02", ""] = (
                BTOS, row["Estimate"].rstrip("%"),
            )  # fmt: skip
    for row in rows:
        place = (row["indicator"], row["geo"], row["period"], row["entity"])
        if row["value"] and place in known:
            name, value = known[place]
            places = len(row["value"].partition(".")[2])
            agreed = abs(float(row["value"]) - float(value)) <= 0.5 * 10**-places + 1e-9
            yield Comparison("indicators.csv", "/".join(place), "value", row["value"], name,
                             agreed, value)  # fmt: skip


def compare(corpus: Path = CORPUS, reference: Path = REFERENCE) -> list[Comparison]:
    """Everything that can be compared, in the order of the corpus."""
    results, products, availability, figures = (
        read(corpus / f"{name}.csv")
        for name in ("results", "products", "availability", "indicators")
    )
    return [
        *papers(results, reference),
        *models(results, products, reference),
        *edges(results, products, reference),
        *launches(products, reference),
        *devices(availability, reference),
        *indicators(figures, reference),
    ]


def counts(found: list[Comparison]) -> list[Row]:
    """Compared, agreed and disagreed per file, field and data set."""
    total: Counter[tuple[str, str, str]] = Counter()
    agreed: Counter[tuple[str, str, str]] = Counter()
    for one in found:
        place = (one.file, one.field, one.reference)
        total[place] += 1
        agreed[place] += one.agreed
    return [
        {
            "file": file, "field": field, "reference": reference,
            "compared": str(number), "agreed": str(agreed[file, field, reference]),
            "disagreed": str(number - agreed[file, field, reference]),
        }
        for (file, field, reference), number in sorted(total.items())
    ]  # fmt: skip


def unlisted(found: list[Comparison], corpus: Path = CORPUS) -> list[Comparison]:
    """Disagreements that `crosscheck.csv` does not list with the value as it stands now."""
    listed = {
        (row["file"], row["id"], row["field"], row["reference"], row["ours"])
        for row in read(corpus / "crosscheck.csv")
    }
    return [one for one in found if not one.agreed and (*one.key, one.ours) not in listed]


def write_counts(found: list[Comparison], corpus: Path = CORPUS) -> None:
    """Renew `crosscheck_counts.csv`."""
    with (corpus / "crosscheck_counts.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(
            out, ["file", "field", "reference", "compared", "agreed", "disagreed"],
            lineterminator="\n",
        )  # fmt: skip
        writer.writeheader()
        writer.writerows(counts(found))


def main(arguments: list[str]) -> int:
    """Print counts and unlisted disagreements; 1 when there are any, 2 without the data sets."""
    if not REFERENCE.is_dir():
        sys.stderr.write(f"The data sets are not there: {REFERENCE}\n")
        return 2
    found = compare()
    if "--write" in arguments:
        write_counts(found)
    for row in counts(found):
        sys.stdout.write("  ".join(row.values()) + "\n")
    left = unlisted(found)
    for one in left:
        sys.stdout.write(f"unlisted: {'  '.join(one.key)}: {one.ours} / {one.theirs}\n")
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
