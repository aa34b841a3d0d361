"""Every source against its saved responses.

A case is a folder `tests/sources/<source>/<case>/` that holds `url` (the address), `response` (the
saved bytes), `status` when it is not 200, and either `expected.jsonl` (what the callback must give,
a line each: table, row, and the record or the reason why there is none) or `error` (class and
opening of the error it must raise). After a wanted change, write a case anew with

    python -m tests.sources.test_sources tests/sources/<source>/<case>

and read the difference before you keep it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import scrapy

from gapstudy import sources
from gapstudy.collect.parse import records
from gapstudy.errors import GapstudyError, UnknownNameError
from gapstudy.sources.base import Bad
from gapstudy.tables import ALL
from gapstudy.tables.core import BASES

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/*/response"))


def given(case: Path) -> list[dict[str, Any]]:
    """What the callback gives for a case, as its expectation is written."""
    url = (case / "url").read_text(encoding="utf-8").strip()
    body = (case / "response").read_bytes()
    status = int((case / "status").read_text()) if (case / "status").exists() else 200
    return [
        {"table": found.table, "row": found.row,
         **({"bad": found.reason} if isinstance(found, Bad) else {"record": found.data})}
        for found in records(case.parent.name, url, body, status)
    ]  # fmt: skip


def lines(found: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_a_saved_response(case: Path) -> None:
    if (case / "error").exists():
        name, _, opening = (case / "error").read_text(encoding="utf-8").strip().partition(": ")
        with pytest.raises(GapstudyError) as caught:
            given(case)
        assert type(caught.value).__name__ == name
        assert str(caught.value).startswith(opening)
        return
    expected = [
        json.loads(line)
        for line in (case / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert given(case) == expected
    # A callback is pure: a second reading gives the same.
    assert lines(given(case)) == lines(expected)


@pytest.mark.parametrize("name", sources.names())
def test_every_source_has_the_same_shape(name: str) -> None:
    source = sources.load(name)
    assert issubclass(source, scrapy.Spider)
    assert source.TITLE
    assert source.LICENCE
    assert source.__doc__
    assert set(source.GIVES) <= set(ALL)
    assert source.REGION_BASIS in BASES
    assert isinstance(source.CREDENTIALS, tuple)


def test_names_are_found_by_scanning() -> None:
    assert {"landmark", "models_dev"} <= set(sources.names())
    assert all(not name.startswith("_") for name in sources.names())
    with pytest.raises(UnknownNameError, match="Did you mean 'landmark'"):
        sources.load("landmarks")


def main(folders: list[str]) -> None:
    """Write the expectations of cases anew."""
    for folder in folders:
        case = Path(folder).resolve()
        (case / "expected.jsonl").write_text(lines(given(case)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
