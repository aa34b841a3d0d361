"""The labelling tool without a terminal: what it shows, asks, keeps and takes up again."""

import csv
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gapstudy.errors import UsageError
from gapstudy.link import ends, labelling
from gapstudy.link.labelling import Answers, Queue
from gapstudy.regions import RegionScheme

YES = ["1", "d", "https://example.org/page", "product page", "The card says so"]
NO = ["0", "n", "t", "Another method"]


def queue(
    number: int = 9, seed: int = 1, labelled: int = 0, title: str = "A net for kettles"
) -> Queue:
    """A queue over twelve candidates of three papers and four targets."""
    papers = pd.DataFrame(
        {"paper_id": [f"r{n}" for n in range(3)], "title": title, "abstract": "It boils.",
         "coined_name": "KettleNet", "arxiv_id": "", "doi": "",
         "date_from": pd.Timestamp("2016-03-01"), "date_to": pd.Timestamp("2016-03-31"),
         "organisations": "Lab", "people": ""}
    )[list(ends.PAPERS)]  # fmt: skip
    targets = pd.DataFrame(
        {"target_type": ["product"] * 3 + ["patent"], "target_id": [f"t{n}" for n in range(4)],
         "name": "Kettle", "feature": "", "description": "", "category": "", "website": "",
         "evidence": "https://example.org/kettle", "country": ["US", "US", "FR", None],
         "date_from": [pd.NaT, *[pd.Timestamp("2018-01-01")] * 3], "date_to": pd.NaT,
         "organisations": "Acme", "people": "", "archive_ref": ""}
    )[list(ends.TARGETS)]  # fmt: skip
    pairs = papers[["paper_id"]].merge(targets[["target_type", "target_id"]], how="cross")
    candidates = pairs.assign(score=[0.01 * n for n in range(12)])
    return Queue.make(
        candidates, pairs.iloc[:labelled], papers, targets, RegionScheme(), number, seed
    )


def asked(*typed: str) -> Callable[[str], str]:
    """A labeller who types these lines and then closes the input."""
    left = list(typed)

    def ask(question: str) -> str:
        assert question.endswith(": ")
        if not left:
            raise EOFError
        return left.pop(0)

    return ask


def silent(at: int, done: int) -> None:
    """Show nothing."""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_labelled_pairs_are_not_drawn_again() -> None:
    every = queue(12)
    rest = queue(12, labelled=5)
    assert len(every.drawn) == 12
    assert len(rest.drawn) == 7
    gone = set(map(tuple, every.drawn[labelling.KEY].to_numpy()))
    assert set(map(tuple, rest.drawn[labelling.KEY].to_numpy())) < gone
    with pytest.raises(UsageError, match="no candidate without a label"):
        queue(12, labelled=12)


def test_both_ends_are_shown_and_no_score() -> None:
    drawn = queue(12)
    for at in range(12):
        shown = drawn.shown(at)
        heads = [head for head, _ in shown]
        assert {"result", "summary", "its name", "by", "page"} <= set(heads)
        assert "feature" not in heads  # it is empty
        assert not any("score" in head or "0." in text for head, text in shown)
    at = int(drawn.drawn["target_id"].eq("t0").to_numpy().argmax())
    assert [text for head, text in drawn.shown(at) if head == "date"] == ["2016-03-01"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\tand \x1b[31mred", "two lines and [31mred"),
        ("\u202eright to left", "right to left"),
        ("\ud800 alone", "alone"),
        (None, ""),
        (float("nan"), ""),
        ("水壶 and чайник", "水壶 and чайник"),
    ],
)
def test_text_from_outside_is_shown_as_one_line(text: object, shown: str) -> None:
    assert labelling.clean(text) == shown


def test_long_text_is_cut() -> None:
    assert len(labelling.clean("word " * 50_000)) == labelling.SHOWN
    assert labelling.clean("word " * 50_000).endswith("…")


def test_answers_become_rows_of_the_corpus(tmp_path: Path) -> None:
    drawn = queue(9)
    answers = Answers(tmp_path / "new" / "labels.csv", drawn)
    script = [*YES, *NO, "u", "No page says", "q"]
    assert labelling.label(answers, asked(*script), silent) == 3
    made = rows(tmp_path / "new" / "labels.csv")
    assert tuple(made[0]) == labelling.COLUMNS
    assert [row["label"] for row in made] == ["1", "0", "u"]
    assert [row["relation"] for row in made] == ["derives_from", "none", ""]
    assert made[0]["evidence"] == "https://example.org/page"
    assert made[0]["reason"] == "The card says so"
    assert made[1]["negative_kind"] == "same_topic"
    assert {row["sample"] for row in made} == {"sampled"}
    first = drawn.drawn.iloc[0]
    assert made[0]["result_id"] == first["paper_id"]
    assert made[0]["stratum"] == first["stratum"]
    assert made[2]["inclusion"] == ""


def test_the_weights_of_the_file_stand_for_the_strata_that_were_reached(tmp_path: Path) -> None:
    drawn = queue(12)
    answers = Answers(tmp_path / "labels.csv", drawn)
    labelling.label(answers, asked(*NO * 11, "u", ""), silent)
    made = rows(tmp_path / "labels.csv")
    weights = sum(1 / float(row["inclusion"]) for row in made if row["inclusion"])
    alone = int(made[-1]["stratum_size"]) == 1
    assert weights == pytest.approx(11 if alone else 12)


def test_the_file_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    labelling.label(Answers(path, queue()), asked(*NO, *NO), silent)
    again = Answers(path, queue())
    assert len(again) == 2
    assert list(again.waiting()) == [2, 3, 4, 5, 6, 7, 8]
    places: list[tuple[int, int]] = []
    labelling.label(again, asked(*YES), lambda at, done: places.append((at, done)))
    assert places == [(2, 2), (3, 3)]
    assert [row["label"] for row in rows(path)] == ["0", "0", "1"]
    labelling.label(Answers(path, queue()), asked(*NO * 9), silent)
    assert len(rows(path)) == 9
    assert labelling.label(Answers(path, queue()), asked("1"), silent) == 0


def test_a_larger_sample_keeps_the_answers(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    labelling.label(Answers(path, queue(9)), asked(*NO * 9), silent)
    assert len(list(Answers(path, queue(12)).waiting())) == 3


def test_stopping_within_an_answer_keeps_what_was_before(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    labelling.label(Answers(path, queue()), asked(*NO, "1", "i", "Q"), silent)
    assert len(rows(path)) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["labels.csv"]


def test_an_answer_that_is_none_is_asked_again() -> None:
    ask = asked("maybe", "", "1", "x", "I", "example.org", "https://example.org/a", "press", "why")
    answer = labelling.read(ask)
    assert answer["relation"] == "implements"
    assert answer["evidence"] == "https://example.org/a"


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    path = tmp_path / "labels.csv"
    labelling.label(Answers(path, queue()), asked("0", "m", "e", f"{start}1+1"), silent)
    (row,) = rows(path)
    assert row["reason"] == f"'{start}1+1"
    assert row["relation"] == "mentions"
    labelling.label(Answers(path, queue()), asked(*NO), silent)
    assert rows(path)[0]["reason"] == f"'{start}1+1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a,b\n1,2\n", "no file of labels"), ("", "no file of labels"), ("\xff", "no file of labels")],
)
def test_another_file_is_left_alone(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=problem):
        Answers(path, queue())
    assert path.read_text(encoding="utf-8") == text


def test_a_file_of_another_sample_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    labelling.label(Answers(path, queue()), asked(*NO), silent)
    body = path.read_text(encoding="utf-8").replace("r", "x", 1).replace("\nr", "\nz")
    path.write_text(",".join(labelling.COLUMNS) + "\n" + body.split("\n", 1)[1], encoding="utf-8")
    with pytest.raises(UsageError, match="row 2 is of another sample"):
        Answers(path, queue())


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot read"):
        Answers(path, queue())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answers = Answers(tmp_path / "other.csv", queue())
    answers.path = tmp_path / "file" / "labels.csv"
    with pytest.raises(UsageError, match="cannot write"):
        labelling.label(answers, asked(*NO), silent)
