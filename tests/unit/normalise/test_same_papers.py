"""Preprint and published version: found by identifiers, and by title and authors."""

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gapstudy.normalise.papers import REASONS, grouped
from gapstudy.normalise.titles import opposed

from ..normalising import Made, Rows, normalised, raw

TITLE = "Counting birds from the sound of one microphone"
ABSTRACT = "We count birds in a wood by one microphone and a small network. " * 4
AUTHORS = ("Ada Berg", "Li, Wen", "Óscar Núñez Jr.")


def paper(identifier: str, row: int, *authors: str, **more: Any) -> Rows:
    data = {
        "title": TITLE, "abstract": ABSTRACT, "date": "2019-06-02", "frame": "feed",
        "date_meaning": "preprint", "evidence": f"https://example.org/{identifier}",
    }  # fmt: skip
    found = [raw("papers", row, **(data | {"paper_id": identifier} | more))]
    for position, name in enumerate(authors, start=1):
        party = raw("paper_affiliations", row, paper_id=identifier, position=position,
                    author=position, author_name=name, organisation="University of Elsewhere",
                    region_basis="organisation")  # fmt: skip
        found.append({**party, "item": f"papers:{identifier}", "sequence": position})
    return found


def both(folder: Path, one: Rows, other: Rows) -> Made:
    return normalised(folder, {"arxiv": one, "openalex": other})


ARXIV = {"arxiv_id": "1906.00001", "title": TITLE}
JOURNAL = {"doi": "10.1/birds", "date": "2020-11", "date_meaning": "journal"}


def test_preprint_and_published_version_are_one_by_title_and_authors(tmp_path: Path) -> None:
    shouted = {**JOURNAL, "title": TITLE.upper() + "."}
    made = both(
        tmp_path, paper("arxiv:1906.00001", 1, *AUTHORS, **ARXIV),
        paper("W1", 1, "Berg, Ada", "Wen Li", "O. Nunez", **shouted),
    )  # fmt: skip
    assert made.ids("papers") == ["arxiv:1906.00001"]
    (row,) = made.rows("same_as")
    assert (row["kind"], row["id"], row["kept_id"]) == ("paper", "W1", "arxiv:1906.00001")
    assert (row["relation"], row["reason"]) == ("same", "the same title and the same authors")
    assert (row["date"], row["gave_date"]) == ("2020-11", False)
    assert (row["source"], row["source_id"]) == ("openalex", "W1")
    assert row["archive_ref"].endswith("#1")
    assert made.quarantine == []
    assert made.source("openalex")["merged"] == 1


@pytest.mark.parametrize(
    ("change", "authors"),
    [
        ({"title": TITLE.replace("one ", "two ")}, AUTHORS),
        ({"title": TITLE + ": part II"}, AUTHORS),
        ({"title": "Erratum to " + TITLE}, AUTHORS),
        ({}, ("Someone Else", "Another One", "Ada Berg")),
        ({"date": "2023-07"}, AUTHORS),
        ({"arxiv_id": "2001.00009", "doi": ""}, AUTHORS),
        ({"title": TITLE.replace("sound", "sounds"), "abstract": "On something else. " * 9},
         AUTHORS),
    ],
)  # fmt: skip
def test_other_papers_stay_apart(
    tmp_path: Path, change: dict[str, str], authors: tuple[str, ...]
) -> None:
    one = paper("a", 1, *AUTHORS, **ARXIV)
    assert (
        len(both(tmp_path, one, paper("b", 1, *authors, **{**JOURNAL, **change})).ids("papers"))
        == 2
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": TITLE.replace("sound", "sounds")}, REASONS[3]),
        ({"title": TITLE.replace("sound", "sounds"), "abstract": ""}, REASONS[4]),
    ],
)
def test_nearly_the_same_title(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    one = paper("a", 1, *AUTHORS, **ARXIV)
    made = both(tmp_path, one, paper("b", 1, *AUTHORS, **{**JOURNAL, **change}))
    assert [row["reason"] for row in made.rows("same_as")] == [reason]


def test_without_authors_the_title_must_be_long_and_the_dates_near(tmp_path: Path) -> None:
    one = paper("a", 1, **ARXIV)
    near = both(tmp_path / "near", one, paper("b", 1, *AUTHORS, **{**JOURNAL, "date": "2020"}))
    assert near.rows("same_as")[0]["reason"] == REASONS[2]
    late = paper("b", 1, *AUTHORS, **{**JOURNAL, "date": "2021"})
    assert len(both(tmp_path / "late", one, late).ids("papers")) == 2
    short = {"title": "Counting birds by sound"}
    one, other = paper("a", 1, **(ARXIV | short)), paper("b", 1, **(JOURNAL | short))
    assert len(both(tmp_path / "short", one, other).ids("papers")) == 2


def test_the_earliest_date_stands_with_its_meaning_and_is_told(tmp_path: Path) -> None:
    one = paper("a", 1, *AUTHORS, doi="10.1/birds", date="2020-11", date_meaning="journal")
    other = paper("b", 1, *AUTHORS, arxiv_id="1906.00001", doi="10.1/birds", title="Birds")
    made = both(tmp_path, one, other)
    (kept,) = made.rows("papers")
    assert (kept["paper_id"], kept["title"], kept["doi"]) == ("a", TITLE, "10.1/birds")
    assert (kept["date"], kept["date_precision"]) == ("2019-06-02", "day")
    assert kept["date_meaning"] == "preprint"
    assert str(kept["date_from"])[:10] == str(kept["date_to"])[:10] == "2019-06-02"
    (row,) = made.rows("same_as")
    assert row["gave_date"]
    assert row["reason"] == f"{REASONS[0]}; it gave the date"


@pytest.mark.parametrize(
    ("mine", "theirs", "kept"),
    [
        ("2019-06", "2019-06-30", "2019-06-30"),
        ("2019", "2019-12", "2019-12"),
        ("2019-06-02", "2019", "2019-06-02"),
        ("2019-06-02", "2019-06-02", "2019-06-02"),
        ("2019-06-02", "2012-01-01", "2019-06-02"),
    ],
)
def test_which_date_is_the_earliest(tmp_path: Path, mine: str, theirs: str, kept: str) -> None:
    made = both(tmp_path, paper("a", 1, doi="10.1/x", date=mine),
                paper("b", 1, doi="10.1/x", date=theirs, title="Birds"))  # fmt: skip
    assert [row["date"] for row in made.rows("papers")] == [kept]


def test_followups_and_authors_follow_the_paper(tmp_path: Path) -> None:
    found = raw("followups", 9, paper_id="b", outcome="none_found", searched_on="2026-01-02")
    made = both(tmp_path, paper("a", 1, **ARXIV),
                [*paper("b", 1, *AUTHORS, **{**JOURNAL, "date": "2020"}), found])  # fmt: skip
    assert made.ids("followups") == ["a"]
    names = [row["author_name"] for row in made.rows("paper_affiliations")]
    assert names == list(AUTHORS), "the record kept has none of its own"


def test_titles_do_not_join_two_papers_of_arxiv(tmp_path: Path) -> None:
    one = [*paper("a", 1, *AUTHORS, **ARXIV), *paper("b", 2, *AUTHORS, arxiv_id="1906.00002")]
    made = both(tmp_path, one, paper("c", 1, *AUTHORS, **JOURNAL))
    assert made.ids("papers") == ["a", "b", "c"], "c may be either, so it is neither"
    named = {**JOURNAL, "arxiv_id": "1906.00001"}
    made = both(tmp_path / "named", one, paper("c", 1, *AUTHORS, **named))
    assert made.ids("papers") == ["a", "b"]


@pytest.mark.parametrize(
    "title", ["", "\u202eـنص", "网络" * 9, "a" * 100_000, "\x00\x1f Editorial"]
)
def test_odd_titles_do_no_harm(tmp_path: Path, title: str) -> None:
    one = paper("a", 1, *AUTHORS, title=title)
    assert (
        len(both(tmp_path, one, paper("b", 1, "X Y", title=title, doi="10.1/y")).ids("papers")) == 2
    )


def test_words_that_make_another_paper() -> None:
    assert opposed("learning supervised nets", "learning unsupervised nets")
    assert opposed("from text to images", "from images to text")
    assert opposed("results of 2019", "results of 2020")
    assert not opposed("counting birds from sound", "counting birds from sounds")


KINDS = st.sampled_from(["", "1906.00001", "1906.00002", "1906.00003"])
RECORDS = st.lists(st.tuples(KINDS, st.integers(0, 2)), min_size=2, max_size=7)
LINKS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 4)), max_size=9)


@given(RECORDS, LINKS, st.randoms(use_true_random=False))
def test_what_is_kept_does_not_depend_on_the_order(
    records: list[tuple[str, int]], links: list[tuple[int, int, int]], order: random.Random
) -> None:
    links = [link for link in links if max(link[:2]) < len(records) and link[0] != link[1]]
    names = [f"p{number}" for number in range(len(records))]

    def kept(places: list[int]) -> dict[str, tuple[str, str]]:
        about = pd.DataFrame({
            "nr": range(len(places)), "src": [records[at][1] for at in places],
            "paper_id": [names[at] for at in places],
            "arxiv_id": [records[at][0] or None for at in places],
        })  # fmt: skip
        where = {at: number for number, at in enumerate(places)}
        mine = pd.DataFrame([(where[a], where[b], c) for a, b, c in links],
                            columns=["one", "other", "reason"]).astype("int64")  # fmt: skip
        found = grouped(about, mine).to_pylist()
        return {about["paper_id"][row["nr"]]: (about["paper_id"][row["kept"]], row["reason"])
                for row in found}  # fmt: skip

    places = list(range(len(records)))
    first = kept(places)
    assert not set(first) & {standing for standing, _ in first.values()}
    assert all(records[names.index(standing)][1] <= records[names.index(name)][1]
               for name, (standing, _) in first.items())  # fmt: skip
    order.shuffle(places)
    assert kept(places) == first


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(tmp_path: Path, order: random.Random) -> None:
    titles = (TITLE, "Hearing whales in a noisy sea")
    records = [paper(f"p{at}", at, *AUTHORS[: 1 + at % 3], date=f"20{19 + at % 3}",
                     title=titles[at // 4]) for at in range(8)]  # fmt: skip

    def tables() -> list[Rows]:
        made = normalised(tmp_path, [row for record in records for row in record])
        return [made.rows("papers"), made.rows("same_as")]

    first = tables()
    assert len(first[0]) == 2
    order.shuffle(records)
    assert tables() == first
