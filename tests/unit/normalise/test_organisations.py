"""Organisation names to organisations."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.organisations.words import fold

from ..normalising import Made, normalised, raw
from .test_normalise import PAPER, PRODUCT, party


def made(folder: Path, given: list[dict[str, Any]], *named: tuple[str, str]) -> Made:
    """Organisations as given, and one paper with parties of some names and countries."""
    rows = [raw("organisations", 100 + place, **row) for place, row in enumerate(given)]
    parties = [party("net", place, name, 1, country=country)
               for place, (name, country) in enumerate(named, start=1)]  # fmt: skip
    return normalised(folder, [*rows, raw("papers", 1, **PAPER), *parties])


def found(result: Made) -> list[str | None]:
    return [row["organisation_id"] for row in result.rows("paper_affiliations")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mistral AI, S.A.S.", "mistral ai"), ("Télécom Co., Ltd.", "Telecom"), ("A_B  Inc", "a b")],
)
def test_fold(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text(max_size=30))
def test_fold_is_idempotent(name: str) -> None:
    assert fold(fold(name)) == fold(name)


def test_organisations_of_one_name_are_one(tmp_path: Path) -> None:
    other = PRODUCT | {"product_id": "b", "organisation": "ACME"}
    result = normalised(tmp_path, [raw("products", 1, **PRODUCT), raw("products", 2, **other)])
    assert result.ids("organisations") == ["acme"]
    assert {row["organisation_id"] for row in result.rows("products")} == {"acme"}


def test_spelling_country_and_kind_are_the_most_common(tmp_path: Path) -> None:
    result = made(tmp_path, [], ("ACME", "US"), ("Acme", "DE"), ("Acme", "DE"), ("acme", ""))
    (row,) = result.rows("organisations")
    assert (row["name"], row["country"], row["kind"]) == ("Acme", "DE", None)
    assert row["archive_ref"] == f"landmark:{'0' * 64}#1"
    assert [row["country"] for row in result.rows("paper_affiliations")] == ["US", "DE", "DE", None]


def test_a_given_organisation_is_completed_and_keeps_what_it_says(tmp_path: Path) -> None:
    given = [{"organisation_id": "ror:1", "name": "Acme", "other_names": "Acme Labs | AL"},
             {"organisation_id": "ror:2", "name": "Beta", "country": "FR"}]  # fmt: skip
    result = made(tmp_path, given, ("Acme Labs", "US"), ("acme inc", "US"), ("BETA", "US"))
    assert found(result) == ["ror:1", "ror:1", "ror:2"]
    countries = {row["organisation_id"]: row["country"] for row in result.rows("organisations")}
    assert countries == {"ror:1": "US", "ror:2": "FR"}


def test_a_main_name_counts_before_another_name(tmp_path: Path) -> None:
    given = [{"organisation_id": "ror:1", "name": "Alpha", "other_names": "Acme"},
             {"organisation_id": "ror:2", "name": "Acme"}]  # fmt: skip
    assert found(made(tmp_path, given, ("Acme", ""))) == ["ror:2"]


def test_of_several_of_one_name_the_country_decides(tmp_path: Path) -> None:
    given = [{"organisation_id": "ror:1", "name": "Trinity", "country": "IE"},
             {"organisation_id": "ror:2", "name": "Trinity", "country": "GB"},
             {"organisation_id": "ror:3", "name": "TRINITY", "country": "US"},
             {"organisation_id": "ror:4", "name": "Trinity", "country": "US"}]  # fmt: skip
    result = made(tmp_path, given, ("Trinity", "IE"), ("Trinity", "GB"), ("Trinity", "US"),
                  ("Trinity", ""), ("Trinity", "DE"), ("Own", "DE"))  # fmt: skip
    assert found(result) == ["ror:1", "ror:2", "trinity", "trinity", "trinity", "own"]
    assert result.ids("organisations") == ["own", "ror:1", "ror:2", "ror:3", "ror:4", "trinity"]


def test_names_without_a_letter_have_no_organisation(tmp_path: Path) -> None:
    result = made(tmp_path, [], ("--", "US"), ("", "DE"))
    assert found(result) == [None, None]
    assert result.ids("organisations") == []


def test_a_country_that_only_the_text_tells_is_read(tmp_path: Path) -> None:
    result = made(
        tmp_path,
        [],
        ("Institute of Examples, Lyon, France", ""),
        ("Acme", ""),
        ("Acme Paris", "US"),
    )
    rows = result.rows("paper_affiliations")
    assert [row["country"] for row in rows] == ["FR", None, "US"]
    assert rows[0]["region_basis"] == "organisation"


def test_an_address_belongs_to_the_given_organisation_that_stands_in_it(tmp_path: Path) -> None:
    given = [{"organisation_id": "ror:1", "name": "Acme University", "country": "DE"}]
    result = made(
        tmp_path, given,
        ("Department of Physics, Acme University", "DE"),
        ("Department of Physics, Acme University", "FR"),
        ("Acme University Hospital", "DE"),
    )  # fmt: skip
    assert found(result) == [
        "ror:1", "department-of-physics-acme-university", "acme-university-hospital",
    ]  # fmt: skip
