"""Raw records to core tables: nothing is lost, every fault has its reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.errors import RecordError
from gapstudy.normalise.core import Core, build
from gapstudy.normalise.organisations import assign, fold
from gapstudy.normalise.typed import typed
from gapstudy.tables import contract

PAPER = {
    "paper_id": "net", "title": "A net", "date": "2016-05", "date_precision": "month",
    "date_meaning": "preprint", "frame": "award", "arxiv_id": "1605.00001",
    "evidence": "https://example.org/net",
}  # fmt: skip
PRODUCT = {
    "product_id": "lens", "name": "Lens", "organisation": "Acme GmbH", "home_country": "Germany",
    "region_basis": "company_home", "date": "2018", "date_meaning": "release", "kind": "feature",
    "category": "vision", "entry": "compiled", "evidence": "https://example.org/lens",
}  # fmt: skip


def raw(table: str, row: int = 1, /, **data: Any) -> dict[str, Any]:
    return {
        "archive_ref": f"landmark:{'0' * 64}#{row}", "sequence": 0, "source": "landmark",
        "table": table, "problem": "", "record": json.dumps(data),
    }  # fmt: skip


def reasons(made: Core) -> list[str]:
    return [row["reason"] for row in made.quarantine]


def test_dates_bring_their_interval() -> None:
    row = typed(contract("papers"), PAPER).row
    assert row["date_precision"] == "month"
    assert (str(row["date_from"]), str(row["date_to"])) == ("2016-05-01", "2016-05-31")


def test_country_names_become_codes() -> None:
    assert typed(contract("products"), PRODUCT).row["home_country"] == "DE"


def test_unknown_country_keeps_the_row_and_is_told() -> None:
    made = build([raw("products", **(PRODUCT | {"home_country": "Atlantis"}))])
    (row,) = made.rows["products"].values()
    assert row["home_country"] is None
    (fault,) = made.quarantine
    assert fault["kept"]
    assert "'Atlantis' is not a country" in fault["reason"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"date": "2021-02-30", "date_precision": "day"}, "does not exist"),
        ({"date": "May 2016"}, "not a date"),
        ({"date": "2016-05-01"}, "not of the precision"),
        ({"date": ""}, "date is missing"),
        ({"paper_id": ""}, "missing"),
        ({"venue_year": "MMXVI"}, "not int"),
    ],
)
def test_bad_records_go_to_quarantine(change: dict[str, str], reason: str) -> None:
    record = PAPER | change
    if "paper_id" in change:
        record = {**PAPER, "date_meaning": "", "date": ""}
    made = build([raw("papers", **record)])
    assert made.rows["papers"] == {}
    (fault,) = made.quarantine
    assert reason in fault["reason"]
    assert json.loads(fault["record"]) == record


def test_duplicate_key_keeps_the_first_and_both_are_there() -> None:
    made = build([raw("papers", 1, **PAPER), raw("papers", 2, **(PAPER | {"title": "Other"}))])
    (row,) = made.rows["papers"].values()
    assert row["title"] == "A net"
    assert "duplicate key net" in reasons(made)[0]


def test_the_same_paper_under_two_names_counts_once_and_is_followed() -> None:
    made = build(
        [
            raw("papers", 1, **PAPER),
            raw("papers", 2, **(PAPER | {"paper_id": "net-again"})),
            raw("products", 3, **PRODUCT),
            raw("followups", 4, paper_id="net-again", outcome="found", product_id="lens",
                relation="implements", searched_on="2026-01-02"),
        ]
    )  # fmt: skip
    assert list(made.rows["papers"]) == [("net",)]
    assert list(made.rows["followups"]) == [("net",)]


def test_a_row_that_points_nowhere_is_quarantined() -> None:
    made = build([raw("followups", paper_id="ghost", outcome="none_found",
                      searched_on="2026-01-02")])  # fmt: skip
    assert "'ghost' is not in the table papers" in reasons(made)[0]


def test_label_and_relation_must_agree() -> None:
    pair = {"pair_id": "p1", "paper_id": "net", "target_type": "product", "target_id": "lens",
            "label": True, "relation": "none", "split": "fit"}  # fmt: skip
    made = build(
        [raw("papers", **PAPER), raw("products", **PRODUCT), raw("labelled_pairs", **pair)]
    )
    assert "contradict" in reasons(made)[0]


def test_a_product_before_its_result_is_kept() -> None:
    made = build([raw("papers", **PAPER), raw("products", **(PRODUCT | {"date": "2010"})),
                  raw("followups", paper_id="net", outcome="found", product_id="lens",
                      relation="implements", searched_on="2026-01-02")])  # fmt: skip
    assert len(made.rows["followups"]) == 1
    assert made.quarantine == []


def test_a_row_that_could_not_be_parsed_is_quarantined_with_its_text() -> None:
    bad = raw("papers") | {"problem": "cut off", "record": "net,A n"}
    made = build([bad])
    assert made.quarantine[0]["record"] == "net,A n"


@given(st.lists(st.sampled_from(["good", "bad date", "no table", "twice"]), max_size=12))
def test_every_record_ends_in_a_table_or_in_quarantine(kinds: list[str]) -> None:
    raws = []
    for number, kind in enumerate(kinds):
        name = "same" if kind == "twice" else f"id{number}"
        record = PAPER | {"paper_id": name, "arxiv_id": ""}
        if kind == "bad date":
            record |= {"date": "2021-13"}
        raws.append(raw("nowhere" if kind == "no table" else "papers", number, **record))
    made = build(raws)
    lost = sum(not fault["kept"] for fault in made.quarantine)
    assert len(made.rows["papers"]) + lost == len(kinds)


def test_organisations_of_one_name_are_one() -> None:
    other = PRODUCT | {"product_id": "b", "organisation": "ACME"}
    made = build([raw("products", 1, **PRODUCT), raw("products", 2, **other)])
    assign(made.rows)
    assert list(made.rows["organisations"]) == [("acme",)]
    assert {row["organisation_id"] for row in made.rows["products"].values()} == {"acme"}


@pytest.mark.parametrize(
    ("one", "other"), [("Mistral AI, S.A.S.", "mistral ai"), ("Télécom Co., Ltd.", "Telecom")]
)
def test_fold(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text(max_size=30))
def test_fold_is_idempotent(name: str) -> None:
    assert fold(fold(name)) == fold(name)


def test_missing_text_of_a_closed_list_is_an_error() -> None:
    with pytest.raises(RecordError, match="region_basis is missing"):
        typed(contract("products"), PRODUCT | {"region_basis": ""})
