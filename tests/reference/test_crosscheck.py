"""The cross-check of the corpus: its tools everywhere, its result where the data sets are here."""

from pathlib import Path

import pytest

from . import crosscheck, training_sizes
from .crosscheck import CORPUS, REFERENCE, RESOLUTIONS, Comparison, read

here = pytest.mark.skipif(
    not (REFERENCE / crosscheck.PAPERS).exists(), reason="the data sets of others are not here"
)


@pytest.fixture(scope="module")
def found() -> list[Comparison]:
    return crosscheck.compare()


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("2019-05", "2019-05-31", True),
        ("2019-05", "2019-06-01", False),
        ("2019", "2019-06", True),
        ("2019-05-01", "2019-05-02", False),
        ("2019-05-01", "May 2019", None),
    ],
)
def test_dates_agree_as_precisely_as_both_can(ours: str, theirs: str, same: bool | None) -> None:
    assert crosscheck.same_day(ours, theirs) is same


def test_countries_are_compared_as_the_others_label_them() -> None:
    assert crosscheck.lands(["HK", "Germany", "Multinational", ""]) == {"CN", "DE"}


def test_titles_match_without_accents_and_signs() -> None:
    assert crosscheck.norm("Café: a Test!") == crosscheck.norm("cafe a test")


def test_a_changed_value_must_be_listed_anew(tmp_path: Path) -> None:
    (tmp_path / "crosscheck.csv").write_text(
        "file,id,field,ours,reference,resolution,reason\nresults.csv,x,date,2019,m.csv,ours_kept,r\n"
    )
    listed = Comparison("results.csv", "x", "date", "2019", "m.csv", False, "2020")
    changed = Comparison("results.csv", "x", "date", "2018", "m.csv", False, "2020")
    agreed = Comparison("results.csv", "y", "date", "2018", "m.csv", True, "2018")
    assert crosscheck.unlisted([listed, changed, agreed], tmp_path) == [changed]


def test_counts() -> None:
    one = Comparison("results.csv", "x", "date", "2019", "m.csv", False, "2020")
    two = Comparison("results.csv", "y", "date", "2018", "m.csv", True, "2018")
    (row,) = crosscheck.counts([one, two])
    assert (row["compared"], row["agreed"], row["disagreed"]) == ("2", "1", "1")


def test_every_listed_disagreement_is_resolved() -> None:
    for row in read(CORPUS / "crosscheck.csv"):
        assert row["resolution"] in RESOLUTIONS, row
        assert row["reason"], row


def test_without_the_data_sets_the_script_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(crosscheck, "REFERENCE", tmp_path / "nowhere")
    assert crosscheck.main([]) == 2
    assert "not there" in capsys.readouterr().err


@here
def test_no_disagreement_is_unlisted(found: list[Comparison]) -> None:
    assert [one.key for one in crosscheck.unlisted(found)] == []


@here
def test_nothing_is_listed_that_is_no_disagreement(found: list[Comparison]) -> None:
    by_key = {one.key: one for one in found}
    for row in read(CORPUS / "crosscheck.csv"):
        one = by_key[row["file"], row["id"], row["field"], row["reference"]]
        assert one.ours == row["ours"], row
        assert one.agreed == (row["resolution"] == "corrected"), row


@here
def test_counts_are_those_of_now(found: list[Comparison]) -> None:
    assert read(CORPUS / "crosscheck_counts.csv") == crosscheck.counts(found)
    assert {one.reference for one in found} >= {
        crosscheck.PAPERS, crosscheck.NOTABLE, crosscheck.LARGE, crosscheck.EDGES,
        crosscheck.FDA, crosscheck.EUROSTAT,
    }  # fmt: skip


@pytest.mark.skipif(
    not training_sizes.TABLE.exists(), reason="the data sets of others are not here"
)
def test_published_training_sizes_are_computed_from_the_table() -> None:
    ours = [
        {column: row[column] for column in ("indicator", "geo", "period", "entity", "value", "n")}
        for row in read(CORPUS / "indicators.csv")
        if row["indicator"] in {"training_set_size_median", "training_set_size_log10_ratio"}
    ]
    computed = training_sizes.rows(training_sizes.systems())
    assert ours == [{column: row[column] for column in ours[0]} for row in computed]
