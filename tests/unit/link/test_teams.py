"""Pairs of a paper and a patent of one team and content. All names are invented."""

from __future__ import annotations

import pandas as pd
import pytest

from gapstudy.link import teams
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

ABSTRACT = "Origami hulls are creased by a recurrent microfluidic gripper without lubricant"


def _papers(*dates: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "paper_id": [f"p{at}" for at in range(len(dates))], "title": "Creasing origami hulls",
            "abstract": ABSTRACT, "date_from": pd.to_datetime(list(dates)),
            "date_to": pd.to_datetime(list(dates)),
        }
    )  # fmt: skip


def _patents(*dates: str | None, title: str = "Gripper for creasing origami hulls") -> pd.DataFrame:
    days = pd.to_datetime(pd.Series(list(dates), dtype="object"))
    return pd.DataFrame(
        {
            "patent_id": [f"US{at}" for at in range(len(dates))], "title": title,
            "abstract": ABSTRACT if "origami" in title else "", "priority_date_from": days,
            "priority_date_to": days, "filing_date_from": pd.NaT, "filing_date_to": pd.NaT,
        }
    )  # fmt: skip


def _parties(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["patent_id", "role", "name"])


def _places(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["paper_id", "author_name", "organisation"])


AUTHORS = _places([("p0", "Jane Doe", "Odd Boats"), ("p0", "Wei Zhang", "Odd Boats"),
                   ("p0", "José Röe", "Odd Boats")])  # fmt: skip
INVENTORS = _parties([("US0", "inventor", "DOE, Jane B."), ("US0", "inventor", "ZHANG WEI"),
                      ("US0", "applicant", "Odd Boats Ltd.")])  # fmt: skip


def test_one_team_one_content_near_in_time() -> None:
    found = teams.pairs(_papers("2015-06-01"), _patents("2015-03-01"), INVENTORS, AUTHORS)
    (row,) = found.to_dict("records")
    assert (row["paper_id"], row["patent_id"], row["shared_people"]) == ("p0", "US0", 2)
    assert row["share_of_team"] == 1.0
    assert row["same_organisation"]
    assert row["days"] == -92
    assert row["probability"] > 0.95


def test_the_frame_keeps_its_contract() -> None:
    found = teams.pairs(_papers("2015-06-01"), _patents("2015-03-01"), INVENTORS, AUTHORS)
    kept = validate(contract("patent_paper_pairs"), found)
    pd.testing.assert_frame_equal(kept, found, check_dtype=False)
    none = teams.pairs(_papers("2015-06-01"), _patents(), _parties([]), AUTHORS)
    assert validate(contract("patent_paper_pairs"), none).empty


def test_each_of_team_content_and_time_counts() -> None:
    whole = teams.pairs(_papers("2015-06-01"), _patents("2015-03-01"), INVENTORS, AUTHORS)
    late = teams.pairs(_papers("2015-06-01"), _patents("2018-03-01"), INVENTORS, AUTHORS)
    other = teams.pairs(
        _papers("2015-06-01"), _patents("2015-03-01", title="Brewing of tea"), INVENTORS, AUTHORS
    )
    one = teams.pairs(_papers("2015-06-01"), _patents("2015-03-01"), INVENTORS.iloc[[0, 2]],
                      AUTHORS.iloc[1:])  # fmt: skip
    best = whole["probability"].iloc[0]
    assert late["probability"].iloc[0] < best
    assert other["probability"].iloc[0] < best
    assert one.empty or one["probability"].iloc[0] < best


def test_far_apart_in_time_is_not_looked_at() -> None:
    assert teams.pairs(_papers("2015-06-01"), _patents("2025-03-01"), INVENTORS, AUTHORS).empty


def test_an_unknown_date_is_no_obstacle() -> None:
    found = teams.pairs(_papers("2015-06-01"), _patents(None), INVENTORS, AUTHORS)
    assert found["days"].isna().all()
    assert len(found) == 1


def test_without_people_an_organisation_finds_the_pair_and_says_less() -> None:
    houses = _parties([("US0", "applicant", "Odd Boats Ltd.")])
    found = teams.pairs(_papers("2015-06-01"), _patents("2015-03-01"), houses, AUTHORS)
    assert found["shared_people"].tolist() == [0]
    named = teams.pairs(_papers("2015-06-01"), _patents("2015-03-01"), INVENTORS, AUTHORS)
    assert found["probability"].iloc[0] < named["probability"].iloc[0]


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("Jane Doe", "Doe, Jane", True),
        ("Jane B. Doe", "DOE JANE", True),
        ("J. Doe", "Jane Doe", True),
        ("José Röe", "Roe, Jose", True),
        ("Wei Zhang", "ZHANG Wei", True),
        ("Jian-Wei Pan", "PAN JIANWEI", True),
        ("Jane Doe", "John Doe", False),
        ("Jane Doe", "Jane Roe", False),
        ("Wei Zhang", "Wen Zhang", False),
        ("", "Jane Doe", False),
        ("张三", "张三", True),
    ],
)
def test_names(one: str, two: str, same: bool) -> None:
    assert teams.same_person(one, two) is same
    assert teams.same_person(two, one) is same


def test_an_author_is_one_inventor_only() -> None:
    assert teams.shared(["Jane Doe"], ["Doe, Jane", "J. Doe"]) == 1
