from __future__ import annotations

import pandas as pd
import pytest

from gapstudy.link import ends

from .conftest import table

Tables = dict[str, pd.DataFrame]


def test_papers_carry_their_organisations_and_people_in_order() -> None:
    papers = table("papers", [{"paper_id": "b", "title": "T", "date": "2020-05"},
                              {"paper_id": "a", "title": "U", "date": "2019"}])  # fmt: skip
    places = table(
        "paper_affiliations",
        [{"paper_id": "b", "position": 2, "organisation": "Second; Inc", "author_name": "Y"},
         {"paper_id": "b", "position": 1, "organisation": "First", "author_name": "X"},
         {"paper_id": "b", "position": 3, "organisation": "First", "author_name": "Z"}],
    )  # fmt: skip
    made = ends.papers(papers, places)
    assert list(made) == list(ends.PAPERS)
    assert made["paper_id"].tolist() == ["a", "b"]
    assert made["organisations"].tolist() == ["", "First;Second, Inc"]
    assert made["people"].tolist() == ["", "X;Y;Z"]
    assert made["arxiv_id"].tolist() == ["", ""]
    assert made["date_from"].tolist() == [pd.Timestamp("2019-01-01"), pd.Timestamp("2020-05-01")]


def test_a_patent_is_dated_by_its_priority_else_filing_else_grant(world: Tables) -> None:
    patents = table(
        "patents",
        [{"patent_id": "P1", "title": "A", "office": "US", "priority_date": "2015-01-02",
          "filing_date": "2016-01-02"},
         {"patent_id": "P2", "title": "B", "office": "US", "filing_date": "2016-01-02"},
         {"patent_id": "P3", "title": "C", "office": "US", "grant_date": "2018-03"},
         {"patent_id": "P4", "title": "D", "office": "US"}],
    )  # fmt: skip
    made = ends.targets(world["products"].iloc[:0], patents, world["patent_parties"].iloc[:0])
    first = made["date_from"].dt.strftime("%Y-%m-%d").fillna("").tolist()
    assert first == ["2015-01-02", "2016-01-02", "2018-03-01", ""]
    assert made["date_to"].dt.strftime("%Y-%m-%d").iloc[2] == "2018-03-31"


def test_targets_join_applicants_and_inventors(world: Tables) -> None:
    parties = table(
        "patent_parties",
        [{"patent_id": "US1A", "role": "inventor", "position": 1, "name": "Ada L"},
         {"patent_id": "US1A", "role": "applicant", "position": 2, "name": "Two", "country": "DE"},
         {"patent_id": "US1A", "role": "applicant", "position": 1, "name": "One"}],
    )  # fmt: skip
    made = ends.targets(world["products"], world["patents"], parties)
    assert list(made) == list(ends.TARGETS)
    row = made[made["target_id"] == "US1A"].iloc[0]
    assert (row["organisations"], row["people"], row["country"]) == ("One;Two", "Ada L", "DE")
    assert made["target_type"].tolist() == ["product"] * 24 + ["patent"] * 2


@pytest.mark.parametrize("empty", ["products", "patents"])
def test_either_kind_of_target_may_be_absent(world: Tables, empty: str) -> None:
    world[empty] = world[empty].iloc[:0]
    made = ends.targets(world["products"], world["patents"], world["patent_parties"])
    assert set(made["target_type"]) == {"product", "patent"} - {empty.removesuffix("s")}
