"""Organisations and countries of affiliation strings, where the data sets of others are here."""

from typing import Any

import pytest

from gapstudy.regions import country_code

from . import affiliations
from .affiliations import compare, country_quality, identifier_quality, labelled, states

here = pytest.mark.skipif(
    not affiliations.LABELS.exists() or not affiliations.GOLD.exists(),
    reason="the data sets of others are not here",
)


@pytest.mark.parametrize(
    ("text", "label", "stated"),
    [
        ("Example University, Germany", "Germany", True),
        ("Example University, 12345 Berlin, Germany.", "Germany", True),
        ("Example University, Taipei, Taiwan", "China", True),
        ("Example University, Germany", "France", False),
        ("University of Germany Road, Paris", "Germany", False),
        ("Example University", "Germany", False),
    ],
)
def test_when_a_country_is_stated(text: str, label: str, stated: bool) -> None:
    code = country_code(label)
    assert code is not None
    assert states(text, code) is stated


def test_identifiers_out_of_the_index_are_no_match() -> None:
    found = identifier_quality(["a", "", "a", "b"], [{"a"}, {"z"}, {"z"}, {"c"}], {"a", "b", "c"})
    assert found["findable"] == 2
    assert found["precision"] == pytest.approx(1 / 3)
    assert found["recall"] == pytest.approx(1 / 2)
    assert found["no_match_told"] == pytest.approx(1 / 2)


@here
def test_countries_of_the_held_out_half() -> None:
    rows: Any = country_quality(labelled()).to_dict("records")
    table = {(row["stated"], row["region"]): row for row in rows}
    stated, bare = table[True, "all"], table[False, "all"]
    assert stated["accuracy"] >= 0.99
    assert stated["coverage"] >= 0.995
    assert bare["accuracy"] >= 0.98
    assert bare["coverage"] >= 0.96
    for region in ("US", "CN", "EU27", "GB", "other"):
        assert table[True, region]["accuracy"] >= 0.97, region
        assert table[False, region]["accuracy"] >= 0.90, region


@here
def test_identifiers_beside_the_baseline() -> None:
    rows: Any = compare().to_dict("records")
    ours, plain = rows
    assert ours["f1"] >= 0.88
    assert ours["f1"] >= plain["f1"] + 0.05
    assert ours["no_match_told"] >= 0.95
