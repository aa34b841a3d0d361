"""A date that does not exist passes the parser, which keeps what it reads, and no further."""

from pathlib import Path

from tests.unit.normalising import normalised

from gapstudy.collect.parse import rows_of

CASE = Path(__file__).parent / "impossible_date"


def test_it_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    url = (CASE / "url").read_text(encoding="utf-8").strip()
    (raw,) = rows_of("landmark", url, (CASE / "response").read_bytes(), "0" * 64)
    made = normalised(tmp_path, [raw])
    (fault,) = made.quarantine
    assert "'2021-02-30' is a day that does not exist" in fault["reason"]
    assert not fault["kept"]
    assert fault["record"] == raw["record"]
    assert made.rows("papers") == []
