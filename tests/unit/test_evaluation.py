"""Scoring a labelled file with a study's linker: what is written, what is told, what is refused."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gapstudy import evaluation
from gapstudy.errors import StoreError, UsageError
from gapstudy.link import labelled
from gapstudy.store import Store
from gapstudy.study import Study
from gapstudy.tables import contract

from .link.conftest import build

#: The tests share a linker that is put in its place; this is the real one.
LINKER = evaluation._linker
HEADER = [*labelled.COLUMNS, "note"]


def _row(number: int, **cells: str) -> dict[str, str]:
    """A pair of an invented paper and product; every third is a link."""
    name = f"Qua{chr(97 + number)}Net"
    linked = number % 3 == 0
    body = f"Built on {name}, it runs on phones." if linked else "Works by hand-written rules."
    return {
        "paper_title": f"{name}: sorting of pebbles", "paper_abstract": f"{name} sorts pebbles.",
        "paper_date": "2018", "paper_organisations": "Tsinghua University",
        "product_name": f"Pebbler {number}", "product_description": body,
        "product_date": "2020-05", "product_organisation": f"House {number % 5}",
        "label": str(int(linked)), "note": "=1+1",
    } | cells  # fmt: skip


def _file(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    root = tmp_path_factory.mktemp("study")
    made = Study.from_data(
        {"window": {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2026-01-01"},
         "measurement": {"bootstrap": 100}},
        root=root,
    )  # fmt: skip
    store = Store(root)
    world = build()
    # One label of a patent, beside those of products.
    labels = world["labelled_pairs"]
    patent = (
        labels[~labels["label"] & (labels["split"] == "fit")]
        .iloc[:1]
        .assign(pair_id="a-patent", target_type="patent", target_id="US2A")
    )
    world["labelled_pairs"] = pd.concat([labels, patent], ignore_index=True)
    for name, frame in world.items():
        store.write(name, frame)
    return made


@pytest.fixture(scope="module")
def linked(study: Study) -> Iterator[Study]:
    """The same study when its link step has run, its model fitted once for all tests."""
    store = Store(study.root)
    store.write("links", pd.DataFrame(columns=contract("links").names))
    linker = LINKER(study)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "_linker", lambda _study: linker)
        yield study


@pytest.fixture
def report(linked: Study, tmp_path: Path) -> dict[str, Any]:
    path = _file(tmp_path / "f.csv", [_row(number) for number in range(15)])
    return evaluation.evaluate_links(path, linked).report


def test_a_study_without_links_says_what_to_do(tmp_path: Path) -> None:
    bare = Study.from_data(
        {"window": {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2026-01-01"}},
        root=tmp_path,
    )
    with pytest.raises(StoreError, match="gapstudy refresh"):
        LINKER(bare)


def test_the_report_has_its_keys_and_plain_numbers(report: dict[str, Any]) -> None:
    assert {
        "file", "rows", "used", "left_out", "links", "papers", "products",
        "product_organisations", "prevalence", "threshold", "confidence", "resamples",
        "fitted_pairs", "problems", "notes", "overall", "measures", "calibration", "scored",
    } == set(report)  # fmt: skip
    assert (report["rows"], report["used"], report["links"]) == (15, 15, 5)
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text) == report
    assert {"model", "exact_name", "tfidf", "tfidf_top1", "embedding", "embedding_top1"} <= set(
        report["overall"]
    )
    assert {"precision", "recall", "f1", "average_precision", "precision_at_recall_80", "brier",
            "ece"} == set(report["overall"]["model"])  # fmt: skip
    assert {row["group"] for row in report["measures"]} >= {"all", "region", "paper_region",
                                                            "link_type"}  # fmt: skip


def test_named_links_are_found_and_the_others_are_not(report: dict[str, Any]) -> None:
    by_label: dict[int, list[float]] = {0: [], 1: []}
    for row in report["scored"]:
        by_label[row["label"]].append(row["probability"])
    assert min(by_label[1]) > max(by_label[0])
    assert report["overall"]["model"]["average_precision"]["value"] == 1.0
    kinds = {row["link_type"] for row in report["scored"] if row["label"] == 1}
    assert kinds == {"name"}


def test_the_region_of_a_known_organisation_is_known(report: dict[str, Any]) -> None:
    regions = {row["group_value"] for row in report["measures"] if row["group"] == "paper_region"}
    assert regions == {"CN"}
    assert any("region of" in note for note in report["notes"])  # the invented houses have none


def test_a_row_has_the_same_probability_in_any_file(
    linked: Study, tmp_path: Path, report: dict[str, Any]
) -> None:
    alone = _file(tmp_path / "one.csv", [_row(7)])
    made = evaluation.evaluate_links(alone, linked).report
    assert made["scored"][0]["probability"] == report["scored"][7]["probability"]
    turned = _file(tmp_path / "turned.csv", [_row(number) for number in range(14, -1, -1)])
    again = evaluation.evaluate_links(turned, linked).report
    assert [row["probability"] for row in again["scored"]] == [
        row["probability"] for row in report["scored"]
    ][::-1]


def test_labels_are_not_learnt_from(linked: Study, tmp_path: Path, report: dict[str, Any]) -> None:
    rows = [_row(number) for number in range(15)]
    for row in rows:
        row["label"] = str(1 - int(row["label"]))
    made = evaluation.evaluate_links(_file(tmp_path / "f.csv", rows), linked).report
    assert [row["probability"] for row in made["scored"]] == [
        row["probability"] for row in report["scored"]
    ]


def test_a_rarer_link_is_less_probable_in_the_same_order(
    linked: Study, tmp_path: Path, report: dict[str, Any]
) -> None:
    path = _file(tmp_path / "f.csv", [_row(number) for number in range(15)])
    rare = evaluation.evaluate_links(path, linked, 0.001).report
    left, right = ([row["probability"] for row in made["scored"]] for made in (rare, report))
    assert all(a <= b for a, b in zip(left, right, strict=True))
    assert sum(left) < sum(right)
    assert rare["prevalence"] == 0.001
    for share in (0.0, 1.0, 2.0):
        with pytest.raises(UsageError, match="no share of links"):
            evaluation.evaluate_links(path, linked, share)


def test_the_scored_file_keeps_rows_columns_and_order(linked: Study, tmp_path: Path) -> None:
    rows = [_row(0), _row(1, label="?"), _row(2, product_description="@cmd 产品\n第二行")]
    path = _file(tmp_path / "f.csv", rows)
    made = evaluation.evaluate_links(path, linked)
    evaluation.write_scored(made, tmp_path / "out.csv", path)
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    back = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(back[0]) == [*HEADER, "probability", "link_type"]
    assert [row["product_name"] for row in back] == ["Pebbler 0", "Pebbler 1", "Pebbler 2"]
    assert all(0 <= float(row["probability"]) <= 1 for row in back)
    assert back[0]["note"] == "'=1+1"
    assert back[2]["product_description"] == "'@cmd 产品\n第二行"
    assert made.left_out == 1
    assert made.report["scored"][1]["label"] is None
    again = evaluation.evaluate_links(tmp_path / "out.csv", linked)
    assert (
        again.scored.decode()
        .splitlines()[0]
        .endswith("probability,link_type,gapstudy_probability,gapstudy_link_type")
    )
    with pytest.raises(UsageError, match="not overwritten"):
        evaluation.write_scored(made, path, path)
    with pytest.raises(UsageError, match="no such folder"):
        evaluation.write_scored(made, tmp_path / "no" / "out.csv", path)


def test_numbers_are_no_formulas() -> None:
    assert [evaluation._harmless(cell) for cell in ("-1.5", "+2", "-x", "=1", "", "a")] == [
        "-1.5", "+2", "'-x", "'=1", "", "a",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "note"), [("0", "no link among the labels"), ("1", "every label is a link")]
)
def test_one_class_is_told_and_its_measures_are_missing(
    linked: Study, tmp_path: Path, label: str, note: str
) -> None:
    path = _file(tmp_path / "f.csv", [_row(number, label=label) for number in range(4)])
    report = evaluation.evaluate_links(path, linked).report
    assert any(note in text for text in report["notes"])
    value = report["overall"]["model"]["recall"]["value"]
    assert (value is None) == (label == "0")


def test_repeated_and_contradicting_rows_are_told(linked: Study, tmp_path: Path) -> None:
    path = _file(tmp_path / "f.csv", [_row(0), _row(0), _row(0, label="0")])
    notes = evaluation.evaluate_links(path, linked).report["notes"]
    assert any(text.startswith("2 rows repeat") for text in notes)
    assert any(text.startswith("1 pairs are labelled both") for text in notes)


def test_wild_texts_get_a_sane_probability(linked: Study, tmp_path: Path) -> None:
    wild = {
        "long": "word " * 20_000 + "x" * 20_000,
        "control": "\x01\x02\x1b[31m\u202e\u200b\ufffe",
        "mixed": "שלום مرحبا 你好 привет \U0001f600" * 50,
        "formula": "=HYPERLINK(1)",
        "markup": "[bold]x[/bold] <script>",
    }
    rows = [_row(at, paper_abstract=text, product_description=text)
            for at, text in enumerate(wild.values())]  # fmt: skip
    rows.append(_row(9, paper_title="It", product_name="It"))
    report = evaluation.evaluate_links(_file(tmp_path / "f.csv", rows), linked).report
    assert report["left_out"] == 0
    assert all(0 <= row["probability"] <= 1 for row in report["scored"])
    # Texts that say nothing of a name that the paper coined tie nothing.
    assert report["scored"][0]["link_type"] == "text only"


def test_what_is_told_names_line_and_column(linked: Study, tmp_path: Path) -> None:
    rows = [_row(0), _row(1, label="?"), _row(2, paper_date="last year")]
    report = evaluation.evaluate_links(_file(tmp_path / "f.csv", rows), linked).report
    told = evaluation.told(report)
    assert told[0].startswith("f.csv, line 3, column label: '?' is no label")
    assert told[1].startswith("f.csv, line 4, column paper_date: ")
    assert told[2] == "1 of 3 rows are left out of the measures"
    many = {**report, "problems": report["problems"] * 30}
    assert any("more problems" in line for line in evaluation.told(many))


def test_a_missing_file_is_told(linked: Study, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        evaluation.evaluate_links(tmp_path / "none.csv", linked)
