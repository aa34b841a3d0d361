"""`gapstudy resolve`: a CSV file in, CSV out."""

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gapstudy.cli import app
from gapstudy.errors import UsageError


def run(path: Path, column: str = "who") -> list[list[str]]:
    done = CliRunner().invoke(
        app, ["resolve", str(path), "--column", column, "--study", str(path.parent)],
        catch_exceptions=False,
    )  # fmt: skip
    return list(csv.reader(io.StringIO(done.stdout)))


def test_one_row_per_input_row(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(
        b"\xef\xbb\xbf"
        + 'n,"who"\n1,"Example Institute, Paris, France"\n2,\n3\n4,清华大学\n'
        '5,"The ""odd"" one"\n6,University of Hong Kong\n7,"Somewhere,\nOslo, Norway"\n'.encode()
    )
    rows = run(path)
    assert rows[0] == ["id", "name", "country", "region", "confidence"]
    assert [row[2] for row in rows[1:]] == ["FR", "", "", "CN", "", "HK", "NO"]
    assert [row[3] for row in rows[1:]] == [
        "EU", "unknown", "unknown", "CN", "unknown", "other", "other",
    ]  # fmt: skip
    assert all(0 <= float(row[4]) <= 1 for row in rows[1:])


def test_rows_of_one_empty_cell_count(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("who\n\nMIT\n")
    assert [row[2] for row in run(path)[1:]] == ["", "US"]
    path.write_text("who\n")
    assert len(run(path)) == 1


def test_formulas_are_neutralised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    from gapstudy import resolve

    frame = pd.DataFrame([["x", "=1+1", "US", "US", 0.5]], columns=list(resolve.COLUMNS))
    out = io.StringIO()
    resolve.write(frame, out)
    assert out.getvalue().splitlines()[1] == "x,'=1+1,US,US,0.50"


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"a,b\n1,2\n", "a, b"), (b"who\nM\xfcnchen\n", "UTF-8"), (b"", "empty")],
)
def test_errors_say_what_is_wrong(tmp_path: Path, body: bytes, message: str) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(body)
    with pytest.raises(UsageError) as raised:
        run(path)
    assert message in str(raised.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(tmp_path / "none.csv")
