"""Figures and the data package."""

import csv
import hashlib
import io
import json
import re
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from gapstudy.errors import RenderError
from gapstudy.publish import assets, figures
from gapstudy.publish.datapackage import csv_bytes, write_tables
from gapstudy.publish.results import Results
from gapstudy.publish.run import open_results
from gapstudy.tables import ALL

REPORTS = Path(__file__).parents[3] / "reports"


@pytest.mark.parametrize("name", figures.names())
def test_figures_draw_the_same_bytes_twice(results: Results, name: str) -> None:
    first, second = assets.draw_figure(results, name), assets.draw_figure(results, name)
    assert first is not None
    assert first == second
    for drawing in (first.wide, first.narrow):
        assert drawing.startswith(b"<?xml")
        assert b"dc:date" not in drawing
    assert first.wide != first.narrow
    assert len(first.alt) > 40
    assert first.alt.endswith(".")
    assert len(first.csv.splitlines()) > 1


@pytest.mark.parametrize("name", figures.names())
def test_figures_without_data_are_not_drawn(nothing: Path, name: str) -> None:
    assert assets.draw_figure(open_results(nothing), name) is None


def test_a_figure_that_fails_names_itself(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_frame: object, _size: object) -> None:
        raise KeyError("estimate")

    monkeypatch.setattr(figures.load("flows"), "draw", broken)
    with pytest.raises(RenderError, match="the figure flows cannot be drawn: KeyError"):
        assets.draw_figure(results, "flows")


def test_every_figure_is_on_a_page_and_every_page_knows_its_figures() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in REPORTS.glob("*.qmd"))
    assert sorted(set(re.findall(r'figure\("(\w+)"\)', text))) == figures.names()


def test_csv_is_whole_and_harmless() -> None:
    frame = pd.DataFrame({
        "text": pd.Series(["=1+1", "-x", "@a", "+b", 'a, "b"', None], dtype="string"),
        "number": [0.1, -2.0, float("nan"), 1e-9, 3.0, 0.0],
        "count": pd.Series([1, -2, None, 4, 5, 6], dtype="Int64"),
        "flag": pd.Series([True, False, None, True, True, True], dtype="boolean"),
        "day": pd.to_datetime(["2020-01-02"] * 6),
    })  # fmt: skip
    rows = list(csv.reader(io.StringIO(csv_bytes(frame).decode())))
    assert rows[1] == ["'=1+1", "0.1", "1", "true", "2020-01-02"]
    assert [row[0] for row in rows[2:]] == ["'-x", "'@a", "'+b", 'a, "b"', ""]
    assert [row[1] for row in rows[2:]] == ["-2.0", "", "1e-09", "3.0", "0.0"]
    assert [row[2] for row in rows[2:4]] == ["-2", ""]


def test_data_package(results: Results, synthetic: ModuleType, tmp_path: Path) -> None:
    write_tables(results, tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    resources = {item["path"]: item for item in package["resources"]}
    assert {f"{name}.csv" for name in ALL if name.startswith("out_")} < set(resources)
    assert set(resources) == {path.name for path in tmp_path.glob("*.csv")}
    for path, item in resources.items():
        data = (tmp_path / path).read_bytes()
        assert item["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
        header = data.split(b"\n")[0].decode().split(",")
        assert [field["name"] for field in item["schema"]["fields"]] == header
        assert all(field["description"] for field in item["schema"]["fields"])
    # A whole record of a source may not be passed on under every licence.
    assert b"record" not in (tmp_path / "quarantine.csv").read_bytes().split(b"\n")[0]
    assert "'" + synthetic.FORMULA[0] in (tmp_path / "out_link_errors.csv").read_text("utf-8")


def test_write_assets(study: Path, tmp_path: Path) -> None:
    assets.write_assets(study, tmp_path, workers=1)
    index = json.loads((tmp_path / "figures" / "figures.json").read_text(encoding="utf-8"))
    assert sorted(index) == figures.names()
    for name, alt in index.items():
        assert alt
        assert (tmp_path / "figures" / f"{name}-narrow.svg").is_file()
        assert (tmp_path / "data" / f"figure-{name}.csv").is_file()


def test_write_assets_passes_errors_on(nothing: Path, tmp_path: Path) -> None:
    (nothing / "data" / "processed").mkdir(parents=True, exist_ok=True)
    damaged = nothing / "data" / "processed" / "out_flows.parquet"
    damaged.write_bytes(b"not parquet")
    try:
        with pytest.raises(Exception, match="out_flows"):
            assets.write_assets(nothing, tmp_path, workers=1)
    finally:
        damaged.unlink()


def test_a_page_run_by_hand_draws_its_figure(results: Results, tmp_path: Path) -> None:
    drawn = assets.find_figure(results, "flows", tmp_path)
    assert drawn is not None
    assert (tmp_path / "figures" / "flows.svg").read_bytes() == drawn.wide
    assert (tmp_path / "data" / "figure-flows.csv").is_file()
