"""A few spoilt documents of every source, the same ones in every run; `fuzz` tries many more."""

from __future__ import annotations

from random import Random

import pytest
from tests.sources import fuzz, mutate, spoilt

from gapstudy.errors import ShapeError
from gapstudy.sources.base import Record

NUMBER = 120


@pytest.mark.parametrize("name", spoilt.with_seeds())
def test_spoilt_documents_give_records_bad_rows_or_a_shape_error(name: str) -> None:
    result = fuzz.fuzz(name, NUMBER)
    told = [f"{f.where}: {f.what} [case {f.document.case}, steps {f.document.steps}]"
            for f in result.failures.values()]  # fmt: skip
    assert told == []
    assert result.documents >= NUMBER


DOCUMENTS = {
    "json": b'{"meta": {"count": 2}, "results": [{"id": 1, "date": "2024-01-01"}, {"id": 2}]}',
    "lines": b'{"id": 1}\n{"id": 2, "date": "2024-01-01"}\n',
    "xml": b'<?xml version="1.0"?><a xmlns="x:y"><b c="1">text</b><b>more</b><d/></a>',
    "text": b'id,title\n1,"One, two"\n2,Three\n',
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_mutations_change_a_document_and_depend_on_the_seed_alone(kind: str) -> None:
    body = DOCUMENTS[kind]
    assert mutate.kind(body) == kind
    made = [mutate.spoil(body, Random(number), 2) for number in range(300)]
    assert made == [mutate.spoil(body, Random(number), 2) for number in range(300)]
    assert len(set(made)) > 200
    assert sum(one != body for one in made) > 280


def test_failures_are_found_once_each_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(name: str, url: str, body: bytes, status: int) -> list[Record]:
        if b"\x00" in body or b"\\u0000" in body:
            raise KeyError("a fault of the parser")
        if not body:
            raise ShapeError("empty")
        return [Record("papers", {"title": float("nan") if status == 500 else "x"})]

    monkeypatch.setattr(spoilt, "records", faulty)
    monkeypatch.setattr(
        spoilt, "seeds", lambda name: (spoilt.Seed("https://x.example/", b'{"a": 1}'),)
    )
    result = fuzz.fuzz("models_dev", 600)
    kinds = sorted(failure.what.split(":")[0] for failure in result.failures.values())
    assert kinds == ["KeyError", "ValueError"]
    small = next(f for f in result.failures.values() if f.what.startswith("KeyError"))
    assert len(small.document.steps) == 1
    assert fuzz.fails(small.document) == small.where
    assert result.records
    assert result.shape


def test_a_parser_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(name: str, url: str, body: bytes, status: int) -> None:
        while True:
            try:
                sum(range(1000))
            except Exception:  # noqa: BLE001  as a careless parser does
                return

    monkeypatch.setattr(spoilt, "records", endless)
    monkeypatch.setattr(spoilt, "PATIENCE", 0.2)
    with pytest.raises(spoilt.TooSlow):
        spoilt.parsed(spoilt.Document("models_dev", 0, (1,), "https://x.example/", 200))
