"""A labelled file: what is read, what is told, and what never ends the run."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from gapstudy.errors import UsageError
from gapstudy.link import ends, labelled

HEADER = list(labelled.COLUMNS)
ROW = ["ZorNet: a net", "We call it ZorNet.", "2019-06", "Lab A; Lab B", "Thing", "Uses ZorNet.",
       "2021", "House", "1"]  # fmt: skip


def _file(*rows: list[str], header: list[str] | None = None) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header or HEADER, *rows])
    return out.getvalue().encode()


def test_both_ends_have_the_columns_that_the_linker_knows() -> None:
    made = labelled.read(_file(ROW), "f.csv")
    assert list(made.papers.columns) == list(ends.PAPERS)
    assert list(made.targets.columns) == list(ends.TARGETS)
    paper, target = made.papers.iloc[0], made.targets.iloc[0]
    assert (paper["title"], paper["organisations"]) == ("ZorNet: a net", "Lab A; Lab B")
    assert (paper["date_from"], paper["date_to"]) == (
        pd.Timestamp("2019-06-01"), pd.Timestamp("2019-06-30"),
    )  # fmt: skip
    assert (target["name"], target["organisations"], target["target_type"]) == (
        "Thing", "House", "product",
    )  # fmt: skip
    assert target["date_to"] == pd.Timestamp("2021-12-31")
    assert made.truth.tolist() == [1.0]
    assert made.problems == []


def test_only_titles_names_and_labels_are_needed() -> None:
    made = labelled.read(
        _file(["no", "ZorNet", "Thing"], header=["label", "paper_title", "product_name"]), "f.csv"
    )
    assert made.truth.tolist() == [0.0]
    assert made.papers["abstract"].tolist() == [""]
    assert made.papers["date_from"].isna().all()


@pytest.mark.parametrize(
    ("text", "label"),
    [("1", 1), ("0", 0), ("TRUE", 1), ("False", 0), ("Yes", 1), ("no", 0), (" 1 ", 1), ("0.0", 0)],
)
def test_ways_of_writing_a_label(text: str, label: int) -> None:
    assert labelled.read(_file([*ROW[:-1], text]), "f.csv").truth.tolist() == [label]


def test_same_papers_and_products_are_one_end_each() -> None:
    other = ["Other", *ROW[1:]]
    made = labelled.read(_file(ROW, other, ROW), "f.csv")
    assert (len(made.papers), len(made.targets)) == (2, 1)
    assert made.rows.tolist() == [0, 1, 0]
    assert made.columns.tolist() == [0, 0, 0]
    assert made.repeated == 1


def test_bad_rows_are_told_with_line_and_column_and_left_out() -> None:
    made = labelled.read(
        _file(ROW, ["", *ROW[1:]], [*ROW[:-1], "maybe"], [*ROW[:4], "", *ROW[5:]], [*ROW, "more"]),
        "f.csv",
    )
    told = [(problem.line, problem.column) for problem in made.problems]
    assert told == [(3, "paper_title"), (4, "label"), (5, "product_name"), (6, "")]
    assert all(problem.left_out for problem in made.problems)
    assert np.isnan(made.truth).tolist() == [False, True, True, True, True]
    # Every row is still there to be scored.
    assert len(made.rows) == len(made.cells) == 5


def test_lines_are_those_of_the_file_also_after_cells_with_line_breaks() -> None:
    long = [ROW[0], "first\nsecond\nthird", *ROW[2:]]
    made = labelled.read(_file(long, [*ROW[:-1], "?"]), "f.csv")
    assert made.lines == [2, 5]
    assert [problem.line for problem in made.problems] == [5]


@pytest.mark.parametrize("text", ["June 2021", "2021-02-30", "21", "0000"])
def test_a_date_that_cannot_be_read_is_unknown_and_told(text: str) -> None:
    made = labelled.read(_file([*ROW[:6], text, *ROW[7:]]), "f.csv")
    assert made.targets["date_from"].isna().all()
    assert [(p.column, p.left_out) for p in made.problems] == [("product_date", False)]
    assert made.truth.tolist() == [1.0]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("2021-03-04T05:06:07Z", "2021-03-04", "2021-03-04"),
     ("2021-03-04 00:00:00", "2021-03-04", "2021-03-04"), ("2021.0", "2021-01-01", "2021-12-31")],
)  # fmt: skip
def test_dates_as_programs_write_them(text: str, first: str, last: str) -> None:
    made = labelled.read(_file([*ROW[:6], text, *ROW[7:]]), "f.csv")
    assert made.problems == []
    assert made.targets["date_from"].tolist() == [pd.Timestamp(first)]
    assert made.targets["date_to"].tolist() == [pd.Timestamp(last)]


def test_a_byte_order_mark_and_foreign_scripts_are_read() -> None:
    row = [*ROW[:5], "基于佐尔网络的产品。", *ROW[6:]]
    made = labelled.read(b"\xef\xbb\xbf" + _file(row), "f.csv")
    assert made.header == HEADER
    assert made.targets["description"].tolist() == ["基于佐尔网络的产品。"]


def test_long_cells_and_control_characters_are_read() -> None:
    row = [*ROW[:1], "word\x00 \x1b[31m \u202e" * 20_000, *ROW[2:]]
    made = labelled.read(_file(row), "f.csv")
    assert len(made.papers["abstract"].iloc[0]) > 100_000
    before = csv.field_size_limit()
    assert before < 10_000_000  # the limit of other readers is as it was


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no column paper_title"),
        (_file(), "no rows"),
        (_file(ROW, header=["title", *HEADER[1:]]), "Did you mean 'title'"),
        (_file([*ROW, "1"], header=[*HEADER, "label"]), "label is there twice"),
        (_file(ROW).decode().encode("utf-16"), "not UTF-8"),
        ("paper_title\nZörNet".encode("latin-1"), "byte on line 2"),
    ],
)
def test_files_that_cannot_be_read_say_why(data: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        labelled.read(data, "f.csv")


def test_a_quote_that_never_ends_is_told_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled, "_LONGEST", 1000)
    data = _file(ROW) + b'"open' + b"x" * 5000
    with pytest.raises(UsageError, match="begins on line 3"):
        labelled.read(data, "f.csv")
