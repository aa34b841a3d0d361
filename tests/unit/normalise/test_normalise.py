"""Raw records to core tables: nothing is lost, every fault has its reason."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gapstudy.normalise.parts import ORDER

from ..normalising import Made, normalised, raw

PAPER = {
    "paper_id": "net", "title": "A net", "date": "2016-05", "date_precision": "month",
    "date_meaning": "preprint", "frame": "award", "arxiv_id": "1605.00001",
    "evidence": "https://example.org/net",
}  # fmt: skip
PRODUCT = {
    "product_id": "lens", "name": "Lens", "organisation": "Acme GmbH", "home_country": "Germany",
    "region_basis": "company_home", "country_rung": "given", "date": "2018",
    "date_meaning": "release", "kind": "feature", "category": "vision", "entry": "compiled",
    "evidence": "https://example.org/lens",
}  # fmt: skip
FOLLOWUP = {"outcome": "found", "product_id": "lens", "relation": "implements",
            "searched_on": "2026-01-02"}  # fmt: skip


def party(paper: str, position: int, name: str, row: int, **more: Any) -> dict[str, Any]:
    found = raw("paper_affiliations", row, paper_id=paper, position=position, organisation=name,
                region_basis="organisation", **more)  # fmt: skip
    return {**found, "item": f"papers:{paper}", "sequence": position}


def test_unknown_country_keeps_the_row_and_is_told(tmp_path: Path) -> None:
    made = normalised(tmp_path, [raw("products", **(PRODUCT | {"home_country": "Atlantis"}))])
    (row,) = made.rows("products")
    assert row["home_country"] is None
    assert row["country_rung"] == "none"
    (fault,) = made.quarantine
    assert fault["kept"]
    assert "'Atlantis' is not a country" in fault["reason"]


def test_an_unknown_country_of_a_row_that_does_not_stand_is_not_told(tmp_path: Path) -> None:
    odd = PRODUCT | {"home_country": "Atlantis"}
    made = normalised(tmp_path, [raw("products", 1, **PRODUCT), raw("products", 2, **odd)])
    assert len(made.quarantine) == 1
    assert "duplicate key lens" in made.reasons[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"date": "2021-02-30", "date_precision": "day"}, "does not exist"),
        ({"date": ""}, "date is missing"),
        ({"venue_year": "MMXVI"}, "not int"),
    ],
)
def test_bad_records_go_to_quarantine(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    record = PAPER | change
    made = normalised(tmp_path, [raw("papers", **record)])
    assert made.rows("papers") == []
    (fault,) = made.quarantine
    assert reason in fault["reason"]
    assert not fault["kept"]
    assert json.loads(fault["record"]) == record
    assert made.source("landmark")["quarantined"] == 1


def test_duplicate_key_keeps_the_first_and_both_are_there(tmp_path: Path) -> None:
    other = raw("papers", 1, **(PAPER | {"title": "Other"})) | {"item": "papers:net #2"}
    made = normalised(tmp_path, [raw("papers", 2, **PAPER), other])
    (row,) = made.rows("papers")
    assert row["title"] == "A net", "the place in the archive does not matter"
    (fault,) = made.quarantine
    assert "duplicate key net. Keep one of the two records" in fault["reason"]
    assert json.loads(fault["record"])["title"] == "Other"


def test_the_same_paper_under_two_names_counts_once_and_is_followed(tmp_path: Path) -> None:
    made = normalised(
        tmp_path,
        [
            raw("papers", 1, **PAPER),
            raw("papers", 2, **(PAPER | {"paper_id": "net-again"})),
            raw("products", 3, **PRODUCT),
            raw("followups", 4, paper_id="net-again", **FOLLOWUP),
        ],
    )
    assert made.ids("papers") == ["net"]
    assert made.ids("followups") == ["net"]
    assert made.reasons == ["the same paper as net, by identifier. It counts once."]


def test_papers_hang_together_over_chains_of_identifiers(tmp_path: Path) -> None:
    rows = [
        raw("papers", 1, **(PAPER | {"paper_id": "a", "doi": ""})),
        raw("papers", 2, **(PAPER | {"paper_id": "b", "arxiv_id": "", "doi": "10.1/X"})),
        raw("papers", 3, **(PAPER | {"paper_id": "c", "doi": "10.1/x"})),
        raw("papers", 4, **(PAPER | {"paper_id": "d", "arxiv_id": "", "doi": "10.1/y"})),
    ]
    assert normalised(tmp_path, rows).ids("papers") == ["a", "d"]


def test_across_sources_the_first_stands_and_others_merge_in_silence(tmp_path: Path) -> None:
    work = PAPER | {"paper_id": "openalex:W1", "doi": "10.1/net", "title": "A net, published"}
    given = {
        "arxiv": [raw("papers", 1, **(PAPER | {"paper_id": "arxiv:1605.00001"}))],
        "openalex": [
            raw("papers", 1, **work),
            party("openalex:W1", 1, "Example University", 1, country="DE"),
            party("openalex:W1", 2, "Acme", 1),
            raw("papers", 2, **(work | {"paper_id": "openalex:W2", "doi": "10.1/other",
                                        "arxiv_id": ""})),
        ],
    }  # fmt: skip
    made = normalised(tmp_path, given)
    assert made.ids("papers") == ["arxiv:1605.00001", "openalex:W2"]
    assert made.reasons == []
    assert made.source("openalex")["merged"] == 1
    assert made.source("arxiv")["merged"] == 0
    parties = made.rows("paper_affiliations")
    assert [(row["paper_id"], row["organisation"], row["source"]) for row in parties] == [
        ("arxiv:1605.00001", "Example University", "openalex"),
        ("arxiv:1605.00001", "Acme", "openalex"),
    ]
    assert parties[0]["source_id"] == "openalex:W1/1"
    # The other way round, OpenAlex stands.
    assert "openalex:W1" in normalised(tmp_path, dict(reversed(given.items()))).ids("papers")


def test_parties_of_a_merged_paper_are_used_only_where_there_are_none(tmp_path: Path) -> None:
    given = {
        "landmark": [raw("papers", 1, **PAPER), party("net", 1, "Own Lab", 1)],
        "openalex": [
            raw("papers", 1, **(PAPER | {"paper_id": "openalex:W1"})),
            party("openalex:W1", 1, "Own Laboratory", 1),
            party("openalex:W1", 2, "Another", 1),
        ],
    }
    made = normalised(tmp_path, given)
    assert [row["organisation"] for row in made.rows("paper_affiliations")] == ["Own Lab"]
    assert made.reasons == []


def test_the_same_key_in_two_sources_is_the_first_ones(tmp_path: Path) -> None:
    given = {
        "landmark": [raw("papers", 1, **PAPER), raw("products", 2, **PRODUCT)],
        "models_dev": [raw("products", 1, **(PRODUCT | {"name": "Other"}))],
    }
    made = normalised(tmp_path, given)
    assert [row["name"] for row in made.rows("products")] == ["Lens"]
    assert made.reasons == []


def test_a_row_that_points_nowhere_is_quarantined(tmp_path: Path) -> None:
    rows = [
        raw("followups", 1, paper_id="ghost", outcome="none_found", searched_on="2026-01-02"),
        raw("product_references", 2, product_id="ghost", position=1, text="arXiv 1605.00001"),
    ]
    told = " ".join(normalised(tmp_path, rows).reasons)
    assert "paper_id 'ghost' is not in the table papers. Add it there" in told
    assert "product_id 'ghost' is not in the table products" in told


def test_a_patent_may_name_a_paper_that_is_not_there(tmp_path: Path) -> None:
    patent = {"patent_id": "EP1A1", "title": "A", "office": "EP", "family_first": True}
    made = normalised(tmp_path, [
        raw("papers", 1, **PAPER), raw("patents", 2, **patent, paper_id="ghost"),
        raw("patents", 3, **(patent | {"patent_id": "EP2A1"}), paper_id="net"),
    ])  # fmt: skip
    assert [row["paper_id"] for row in made.rows("patents")] == [None, "net"]
    assert made.reasons == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"relation": "none"}, "label and relation 'none' contradict each other"),
        ({"target_id": "ghost"}, "target_id 'ghost' is not in the table products"),
        ({"target_type": "patent"}, "target_id 'lens' is not in the table patents"),
        ({"paper_id": "ghost"}, "paper_id 'ghost' is not in the table papers"),
    ],
)
def test_rules_of_labelled_pairs(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    pair = {"pair_id": "p1", "paper_id": "net", "target_type": "product", "target_id": "lens",
            "label": True, "relation": "implements", "split": "fit"}  # fmt: skip
    rows = [raw("papers", **PAPER), raw("products", 2, **PRODUCT)]
    assert normalised(tmp_path / "good", [*rows, raw("labelled_pairs", 3, **pair)]).reasons == []
    made = normalised(tmp_path / "bad", [*rows, raw("labelled_pairs", 3, **(pair | change))])
    assert len(made.reasons) == 1
    assert reason in made.reasons[0]


def test_a_followup_names_a_product_exactly_when_it_found_one(tmp_path: Path) -> None:
    rows = [raw("papers", **PAPER), raw("products", 2, **PRODUCT)]
    odd = raw("followups", 3, paper_id="net", **(FOLLOWUP | {"outcome": "none_found"}))
    assert "exactly when its outcome is found" in normalised(tmp_path, [*rows, odd]).reasons[0]


def test_places_of_indicators(tmp_path: Path) -> None:
    figure = {"indicator": "use", "period": "2024", "unit": "percent", "source_name": "Office",
              "value": 1.5}  # fmt: skip
    rows = [raw("indicators", row, **figure, geo=geo)
            for row, geo in enumerate(["DE", "EU27", "WORLD", "Atlantis"])]  # fmt: skip
    made = normalised(tmp_path, rows)
    assert [row["geo"] for row in made.rows("indicators")] == ["DE", "EU27", "WORLD"]
    assert "geo 'Atlantis' is not a place. Write ISO alpha-2" in made.reasons[0]


def test_a_product_before_its_result_is_kept(tmp_path: Path) -> None:
    early = PRODUCT | {"date": "2010"}
    made = normalised(tmp_path, [raw("papers", **PAPER), raw("products", 2, **early),
                                 raw("followups", 3, paper_id="net", **FOLLOWUP)])  # fmt: skip
    assert made.ids("followups") == ["net"]
    assert made.quarantine == []


def test_a_row_that_could_not_be_parsed_is_quarantined_with_its_text(tmp_path: Path) -> None:
    bad = raw("papers") | {"problem": "cut off", "record": "net,A n"}
    (fault,) = normalised(tmp_path, [bad]).quarantine
    assert (fault["reason"], fault["record"]) == ("cut off", "net,A n")


def test_faults_of_all_kinds_stand_beside_each_other(tmp_path: Path) -> None:
    twice = raw("papers", 3, **PAPER) | {"item": "papers:net #2"}
    rows = [
        raw("papers", 1) | {"problem": "cut off", "record": "net,A n"},
        raw("papers", 2, **PAPER), twice,
        raw("papers", 4, **(PAPER | {"paper_id": "b", "arxiv_id": "", "date": "soon"})),
        raw("products", 5, **(PRODUCT | {"home_country": "Atlantis"})), party("ghost", 1, "x", 6),
    ]  # fmt: skip
    made = normalised(tmp_path, rows)
    assert [(fault["kept"], fault["record"][:1]) for fault in made.quarantine] == [
        (False, "n"), (False, "{"), (False, "{"), (True, "{"), (False, "{"),
    ]  # fmt: skip


def test_quotes_in_identifiers_do_no_harm(tmp_path: Path) -> None:
    odd = "o'net\"; drop table gone; --"
    rows = [raw("papers", 1, **(PAPER | {"paper_id": odd})),
            raw("papers", 2, **(PAPER | {"paper_id": odd + "2"})),
            party(odd, 1, "O'Lab", 1), party("o'ghost", 1, "x", 3)]  # fmt: skip
    made = normalised(tmp_path, rows)
    assert made.ids("papers") == [odd]
    assert len(made.rows("paper_affiliations")) == 1
    assert sorted(row["table"] for row in made.quarantine) == ["paper_affiliations", "papers"]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["good", "bad date", "no table", "twice"]), max_size=12))
def test_every_record_ends_in_a_table_or_in_quarantine(tmp_path: Path, kinds: list[str]) -> None:
    raws = []
    for number, kind in enumerate(kinds):
        name = "same" if kind == "twice" else f"id{number}"
        record = PAPER | {"paper_id": name, "arxiv_id": ""}
        if kind == "bad date":
            record |= {"date": "2021-13"}
        found = raw("papers", number, **record)
        raws.append(found | ({"table": "nowhere"} if kind == "no table" else {}))
    made = normalised(tmp_path, raws)
    lost = sum(not fault["kept"] for fault in made.quarantine)
    assert len(made.rows("papers")) + lost == len(kinds)


def digests(made: Made) -> dict[str, str]:
    return {table: hashlib.sha256(made.store.path(table).read_bytes()).hexdigest()
            for table in (*ORDER, "quarantine", "sources")}  # fmt: skip


def test_a_second_run_and_other_workers_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [raw("papers", number, **(PAPER | {"paper_id": f"p{number % 90}",
                                              "arxiv_id": f"{number % 70}"}))
            for number in range(120)]  # fmt: skip
    given = {"landmark": rows, "models_dev": [raw("products", 1, **PRODUCT)]}
    first = digests(normalised(tmp_path / "one", given))
    assert digests(normalised(tmp_path / "one", given)) == first
    assert digests(normalised(tmp_path / "two", given, workers=2)) == first


def test_parts_are_made_only_of_what_has_changed(tmp_path: Path) -> None:
    given = {"landmark": [raw("papers", **PAPER)], "models_dev": [raw("products", 1, **PRODUCT)]}
    normalised(tmp_path, given)
    parts = tmp_path / "data" / "processed" / "parts"
    before = {path: path.stat().st_mtime_ns for path in parts.rglob("*.parquet")}
    given["landmark"] = [raw("papers", **(PAPER | {"title": "New"}))]
    made = normalised(tmp_path, given)
    after = {path: path.stat().st_mtime_ns for path in parts.rglob("*.parquet")}
    assert made.rows("papers")[0]["title"] == "New"
    kept = {path for path in before if path in after and before[path] == after[path]}
    assert {path.parent.parent.name for path in kept} == {"models_dev"}
    assert len(after) == len(before), "the part that is no longer wanted is gone"
