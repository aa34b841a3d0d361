"""The landmark corpus keeps the promises of its README, row by row."""

import csv
import re
from collections import Counter, defaultdict
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from gapstudy.collect.parse import records, rows_of
from gapstudy.dates import PartialDate, parse_date
from gapstudy.regions import EU27, REGIONS, RegionScheme, is_code
from gapstudy.sources.base import Record
from gapstudy.sources.landmark import Landmark
from gapstudy.sources.models_dev import ModelsDev

from .normalising import normalised

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data" / "raw" / "landmark"
Row = dict[str, str]


def _read(name: str) -> list[Row]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


NUMBER = re.compile(r"-?\d+(\.\d+)?")
FILES = {path.name: _read(path.name) for path in sorted(FOLDER.glob("*.csv"))}
RESULTS, PRODUCTS, FOLLOWUPS = (FILES[f"{n}.csv"] for n in ("results", "products", "followup"))
AVAILABILITY, PATENTS, PAIRS = (FILES[f"{n}.csv"] for n in ("availability", "patents", "pairs"))
FRAME, INDICATORS = FILES["frame.csv"], FILES["indicators.csv"]
COLUMNS = FILES["columns.csv"]
AWARD = [row for row in RESULTS if row["frame"] == "award"]
RESULT = {row["result_id"]: row for row in RESULTS}
PRODUCT = {row["product_id"]: row for row in PRODUCTS}
PATENT = {row["publication_number"]: row for row in PATENTS}
EACH_FILE = pytest.mark.parametrize("name", sorted(FILES))
# Dates that belong together with the column of their precision, where there is one.
DATES = {
    "results.csv": [("date", "date_precision")],
    "products.csv": [("launch_date", "date_precision")],
    "availability.csv": [("date", "date_precision")],
    "policy_events.csv": [("date", "date_precision")],
    "followup.csv": [("searched_on", "")],
    "patents.csv": [("priority_date", ""), ("filing_date", ""), ("grant_date", "")],
}
KEYS = {
    "results.csv": ("result_id",),
    "products.csv": ("product_id",),
    "followup.csv": ("result_id",),
    "availability.csv": ("product_id", "region"),
    "patents.csv": ("publication_number",),
    "pairs.csv": ("pair_id",),
    "policy_events.csv": ("event_id",),
    "indicators.csv": ("indicator", "geo", "period", "entity", "source_name"),
    "frame.csv": ("venue", "venue_year"),
    "columns.csv": ("file", "column"),
    "crosscheck.csv": ("file", "id", "field", "reference"),
    "crosscheck_counts.csv": ("file", "field", "reference"),
}
# Names under which one company offers products or holds patents: they must share a split.
FAMILIES = (
    {"Google", "Google DeepMind", "DeepMind", "DeepMind Technologies"},
    {"Facebook", "Meta"},
    {"Microsoft", "GitHub"},
    {"Baidu", "Baidu USA", "Beijing Baidu Netcom Science and Technology"},
    {"Tencent", "Tencent Technology (Shenzhen)"},
    {"Stability AI", "Init ML", "Cyril Diagne"},
)
# What belongs to a drawn pair only.
FRAMED = ("stratum", "stratum_size", "inclusion")


def addresses(cell: str) -> list[str]:
    return cell.split("; ")


@cache
def models() -> dict[str, Row]:
    """Products of the source models_dev, which drawn pairs also name, under the names used here."""
    (file,) = ModelsDev().embedded(ROOT)
    return {
        found.data["product_id"]: found.data | {"launch_date": found.data["date"]}
        for found in records("models_dev", file.url, file.body)
        if isinstance(found, Record) and found.table == "products"
    }


def target(pair: Row) -> Row:
    if pair["target_id"].startswith("models-dev/"):
        return models()[pair["target_id"]]
    return (PRODUCT if pair["target_type"] == "product" else PATENT)[pair["target_id"]]


def before(earlier: PartialDate, later: PartialDate) -> bool:
    """Whether one date lies wholly before another."""
    return earlier.last < later.first


def test_columns_are_described_both_ways() -> None:
    described = [(row["file"], row["column"]) for row in COLUMNS]
    assert described == [
        (name, column)
        for name in dict.fromkeys(row["file"] for row in COLUMNS)
        for column in FILES[name][0]
    ]
    assert {name for name, _ in described} == set(FILES)


def test_readme_counts_what_is_there() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+\.csv) \| (\d+) \|", text, flags=re.MULTILINE))
    assert rows == {name: str(len(found)) for name, found in FILES.items()}


@EACH_FILE
def test_cells_are_what_columns_says(name: str) -> None:
    for column in (row for row in COLUMNS if row["file"] == name):
        kind, values = column["type"], column["unit_or_values"]
        listed = set(values.split(",")[0].split("|")) if kind == "category" else set()
        for number, row in enumerate(FILES[name], start=2):
            cell, place = row[column["column"]], (name, number, column["column"])
            if not cell:
                assert column["may_be_empty"] != "no", place
            elif listed:
                assert cell in listed, place
            elif kind == "integer":
                assert cell.isdigit(), place
            elif kind == "number":
                float(cell)
            elif kind == "date":
                parse_date(cell)
            elif kind == "address":
                for address in addresses(cell):
                    assert re.fullmatch(r"https?://\S+|reference:(papers|models)", address), place
            else:
                assert kind in {"text", "list", "country", "category"}, place


@EACH_FILE
def test_keys_are_unique(name: str) -> None:
    keys = Counter(tuple(row[part] for part in KEYS[name]) for row in FILES[name])
    assert [key for key, number in keys.items() if number > 1] == []


@EACH_FILE
def test_cells_are_tidy(name: str) -> None:
    raw = (FOLDER / name).read_bytes()
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    for row in FILES[name]:
        assert None not in row
        for cell in row.values():
            assert cell == cell.strip()
            assert "\n" not in cell
            assert not cell.startswith(("=", "+", "@", "\t")), row
            assert not cell.startswith("-") or NUMBER.fullmatch(cell), row


@pytest.mark.parametrize("name", sorted(DATES))
def test_dates_are_of_their_precision(name: str) -> None:
    for row in FILES[name]:
        for column, precision in DATES[name]:
            if row[column] and precision:
                assert parse_date(row[column]).precision == row[precision], row


def test_countries_are_codes() -> None:
    for row in RESULTS:
        assert all(is_code(code) for code in row["organisation_countries"].split(";") if code), row
    for row in PRODUCTS:
        assert not row["home_country"] or is_code(row["home_country"]), row
    for row in PATENTS:
        assert is_code(row["applicant_country"]), row
        assert all(is_code(code) for code in row["inventor_country"].split(";") if code), row
        assert is_code(row["office"]) or row["office"] in {"EP", "WO"}, row
        assert row["publication_number"].startswith(row["office"]), row
    for row in FILES["policy_events.csv"]:
        assert is_code(row["region"]) or row["region"] == "EU", row


def test_lists_of_a_row_are_of_one_length() -> None:
    for row in RESULTS:
        lists = [row[f"organisation{end}"].split(";") for end in ("s", "_countries", "_kinds")]
        assert len({len(one) for one in lists}) == 1, row["result_id"]
        assert len(set(lists[0])) == len(lists[0]), row["result_id"]
        kinds = {"academia", "industry", "government", "nonprofit", ""}
        assert set(lists[2]) <= kinds, row["result_id"]


def test_every_row_names_a_page() -> None:
    for name in ("results", "products", "availability", "patents", "pairs", "policy_events",
                 "indicators"):  # fmt: skip
        for row in FILES[f"{name}.csv"]:
            assert all(one.startswith("http") for one in addresses(row["evidence"])), row
    for row in FOLLOWUPS:
        assert bool(row["evidence"]) >= (row["outcome"] == "found"), row


def test_organisations_have_evidence_or_say_why_not() -> None:
    for row in RESULTS:
        assert row["organisations"] or not row["affiliation_evidence"], row["result_id"]
        if not row["affiliation_evidence"]:
            assert row["note"], row["result_id"]


def test_nothing_rests_on_knowledge_alone() -> None:
    for rows in FILES.values():
        assert not any("knowledge" in row.get("checked", "") for row in rows)
    # Figures are those of a page; what others made for evaluation enters as a statistic at most.
    alone = {row["indicator"] for row in INDICATORS if row["checked"] == "reference"}
    assert alone == {"training_set_size_median", "training_set_size_log10_ratio"}


def test_identifiers_agree_with_dates() -> None:
    for row in RESULTS:
        if not row["arxiv_id"]:
            continue
        match = re.fullmatch(r"(\d\d)(\d\d)\.\d{4,5}", row["arxiv_id"])
        assert match, row["result_id"]
        month, date = parse_date(f"20{match[1]}-{match[2]}"), parse_date(row["date"])
        assert not before(month, date), row["result_id"]
        if before(date, month):
            assert row["note"], row["result_id"]
        elif row["date_meaning"] == "preprint":
            assert row["date"][:7] in {month.text, month.text[:4]}, row["result_id"]


def test_references_exist() -> None:
    for row in PAIRS:
        assert row["result_id"] in RESULT, row
        assert target(row), row
    for row in AVAILABILITY:
        assert row["product_id"] in PRODUCT, row
    for row in PATENTS:
        assert row["related_result_id"] in {"", *RESULT}, row
    for row in FOLLOWUPS:
        assert RESULT[row["result_id"]]["frame"] == "award", row
        assert (row["product_id"] in PRODUCT) == (row["outcome"] == "found"), row
        assert bool(row["product_id"]) == bool(row["relation"]) == (row["outcome"] == "found"), row


def test_award_frame_is_whole() -> None:
    assert len(AWARD) >= 250
    number = Counter((row["venue"], row["venue_year"]) for row in AWARD)
    for row in FRAME:
        place = (row["venue"], row["venue_year"])
        assert number[place] == int(row["n_results"]), place
        assert (row["complete"] == "yes") == (number[place] > 0), place
    assert set(number) <= {(row["venue"], row["venue_year"]) for row in FRAME}
    assert all(2012 <= int(row["venue_year"]) <= 2022 and row["award"] for row in AWARD)
    kinds = defaultdict(set)
    for row in FRAME:
        kinds[row["venue"]].add(row["award_types"])
    assert {venue for venue, types in kinds.items() if len(types) > 1} == set()


def test_technique_frame() -> None:
    techniques = [row for row in RESULTS if row["frame"] == "technique"]
    assert len(techniques) >= 100
    assert not any(row["award"] for row in techniques)


def test_venue_years_are_followed_up_whole_or_not_at_all() -> None:
    assert len(FOLLOWUPS) >= 200
    followed = {row["result_id"] for row in FOLLOWUPS}
    states = defaultdict(set)
    for row in AWARD:
        states[row["venue"], row["venue_year"]].add(row["result_id"] in followed)
    assert [place for place, found in states.items() if len(found) > 1] == []
    waiting = {place for place, found in states.items() if found == {False}}
    told = {(row["venue"], row["venue_year"]) for row in FRAME if "not followed" in row["note"]}
    assert waiting == told


def test_followups_say_where_and_when() -> None:
    for row in FOLLOWUPS:
        day = parse_date(row["searched_on"])
        assert day.precision == "day"
        assert day.first.year == 2026
        assert row["queries"], row
        assert row["searched_where"], row
        if row["outcome"] == "found":
            date = parse_date(RESULT[row["result_id"]]["date"])
            launch = parse_date(PRODUCT[row["product_id"]]["launch_date"])
            assert not before(launch, date) or "precede" in row["note"], row


def test_products() -> None:
    assert len(PRODUCTS) >= 150
    home = Counter(row["home_country"] for row in PRODUCTS)
    assert home["CN"] >= 25
    assert sum(home[code] for code in EU27) >= 25
    names = Counter((row["product"], row["feature_or_version"]) for row in PRODUCTS)
    assert max(names.values()) == 1


def test_availability() -> None:
    assert len(AVAILABILITY) >= 200
    assert len({row["product_id"] for row in AVAILABILITY}) >= 80
    assert {row["region"] for row in AVAILABILITY} == {"EU", "US", "CN", "UK"}
    for row in AVAILABILITY:
        if row["status"] == "available":
            launch = parse_date(PRODUCT[row["product_id"]]["launch_date"])
            assert not before(parse_date(row["date"]), launch), row


def test_patents() -> None:
    assert len(PATENTS) >= 20
    assert len({row["office"] for row in PATENTS} - {"US"}) >= 3
    assert len({row["applicant_country"] for row in PATENTS} - {"US"}) >= 3
    for row in PATENTS:
        days = [parse_date(row[f"{kind}_date"]) for kind in ("priority", "filing", "grant")
                if row[f"{kind}_date"]]  # fmt: skip
        assert not any(before(later, earlier) for earlier, later in pairwise(days)), row


def test_pairs() -> None:
    assert len(PAIRS) >= 1200
    true = [row for row in PAIRS if row["label"] == "1"]
    hard = [row for row in PAIRS if row["label"] == "0" and row["negative_kind"] != "easy"]
    assert len(true) >= 180
    assert len(hard) >= 120
    for row in PAIRS:
        assert (row["label"] == "1") == (row["relation"] in {"implements", "derives_from"}), row
        assert (row["label"] == "0") == bool(row["negative_kind"]), row
    both = Counter((row["result_id"], row["target_id"]) for row in PAIRS)
    assert max(both.values()) == 1


def test_drawn_pairs_stand_for_the_frame() -> None:
    drawn = [row for row in PAIRS if row["sample"] == "sampled"]
    assert len(drawn) >= 600
    for row in PAIRS:
        assert len({bool(row[name]) for name in FRAMED}) == 1, row
        assert bool(row["stratum"]) >= (row["sample"] == "sampled"), row
        assert (row["stratum"] == "known") <= (row["sample"] == "landmark"), row
    strata = defaultdict(list)
    for row in PAIRS:
        if row["stratum"]:
            strata[row["stratum"]].append(row)
    for name, rows in strata.items():
        (size,) = {int(row["stratum_size"]) for row in rows}
        (share,) = {row["inclusion"] for row in rows}
        assert float(share) == pytest.approx(len(rows) / size, rel=1e-5), name
        assert float(share) <= 1, name
        if name != "known":
            band, region, kind = name.split("-")[:3]
            assert band in {f"b{number}" for number in range(5)}
            assert region in {*REGIONS, "other", "unknown"}
            assert {row["target_type"] for row in rows} == {kind}
    protocol = (FOLDER / "PROTOCOL.md").read_text(encoding="utf-8")
    (frame,) = re.findall(r"\*\*Frame\.\*\* ([\d,]+) pairs", protocol)
    assert sum(int(rows[0]["stratum_size"]) for rows in strata.values()) == int(
        frame.replace(",", "")
    )


def test_regions_of_strata_are_those_of_the_targets() -> None:
    for row in PAIRS:
        if row["sample"] == "sampled":
            place = target(row).get("home_country", target(row).get("applicant_country"))
            region = RegionScheme(europe="EU27").region(place or None)
            assert row["stratum"].split("-")[1] == region, row


def test_a_product_before_its_result_is_explained() -> None:
    for row in PAIRS:
        if row["label"] == "1" and row["target_type"] == "product":
            date = parse_date(RESULT[row["result_id"]]["date"])
            if before(parse_date(target(row)["launch_date"]), date):
                assert "negative lag" in row["reason"], row


def test_split_by_organisation() -> None:
    splits: dict[str, set[str]] = defaultdict(set)
    family = {name: min(names) for names in FAMILIES for name in names}
    for row in PAIRS:
        owner = target(row).get("organisation", target(row).get("applicant", ""))
        splits[family.get(owner, owner)].add(row["split"])
    del splits[""]  # targets without an organisation count one by one
    assert [owner for owner, found in splits.items() if len(found) > 1] == []
    sizes = Counter((row["split"], row["label"]) for row in PAIRS)
    assert min(sizes.values()) >= 50


def test_a_followup_is_no_negative_pair() -> None:
    found = {(row["result_id"], row["product_id"]) for row in FOLLOWUPS if row["product_id"]}
    negative = {(row["result_id"], row["target_id"]) for row in PAIRS if row["label"] == "0"}
    assert found & negative == set()


def test_nothing_of_it_goes_to_quarantine(tmp_path: Path) -> None:
    raws = {
        source.name: [
            row
            for file in source.embedded(ROOT)
            for row in rows_of(source.name, file.url, file.body, sha256(file.body).hexdigest())
        ]
        for source in (Landmark(), ModelsDev())
    }
    own = raws["landmark"]
    assert len({row["item"] for row in own}) == sum(row["first"] for row in own)
    made = normalised(tmp_path, raws)
    assert [row for row in made.quarantine if row["source"] == "landmark"] == []
    assert len(made.rows("papers")) == len(RESULTS)
    assert len(made.rows("labelled_pairs")) == len(PAIRS)
