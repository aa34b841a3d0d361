"""AIPD: options, and that its labels are never carried beyond its end."""

from pathlib import Path
from typing import Any

from gapstudy.sources._files import Piece
from gapstudy.sources.aipd import Aipd

HERE = Path(__file__).parent


def numbers(case: str, name: str, tmp_path: Path, **options: Any) -> list[str]:
    path = tmp_path / name
    path.write_bytes((HERE / case / "response").read_bytes())
    return [
        str(number)
        for chunk in Aipd(options=options).chunks(Piece(path))
        for part in chunk.batches
        for number in part.columns["patent_id"]
    ]


def test_years_are_chosen(tmp_path: Path) -> None:
    def of(**options: Any) -> list[str]:
        return numbers("predictions", "predictions.tsv", tmp_path, **options)

    assert of() == ["US10000001", "US20040254117", "USRE49000"]
    assert of(**{"from": 2018}) == ["US10000001", "USRE49000"]
    assert of(to=2004) == ["US20040254117"]


def test_no_label_is_later_than_2023(tmp_path: Path) -> None:
    assert "US11999999" not in numbers("bad_ones", "predictions.tsv", tmp_path, to=2030)
