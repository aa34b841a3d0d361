"""The candidates of a study do not depend on segments, workers, engine or history."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from gapstudy.link import candidates, rows
from gapstudy.link.corpus import Corpus
from gapstudy.link.features import Settings
from gapstudy.parts import Parts
from gapstudy.store import Store, database

Tables = dict[str, pd.DataFrame]
NAMES = ("papers", "paper_affiliations", "products", "patents", "patent_parties")
PLACES = ["papers", "row", "targets", "column"]


def _found(
    folder: Path, tables: Tables, parts: str = "parts", sizes: tuple[int, int] = (100, 100),
    **how: object,
) -> pd.DataFrame:  # fmt: skip
    store = Store(folder)
    for name in NAMES:
        store.write(name, tables[name])
    corpus = Corpus(Parts(folder / parts, "1"), Settings(), **how)  # type: ignore[arg-type]
    with store.scratch("corpus") as spill, database(spill) as base:
        files = {name: store.path(name) for name in NAMES}
        papers, targets = rows.papers(base, files), rows.targets(base, files)
        corpus.search(papers, targets, *sizes)
        made = pd.concat([piece.pairs for piece in corpus.pieces(7)], ignore_index=True)
    made["paper"], made["target"] = papers.ids[made["paper"]], targets.ids[made["target"]]
    return made.drop(columns=PLACES)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]  # no types
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield str(running.scheduler_address).removeprefix("tcp://")


def test_segments_change_nothing(tmp_path: Path, world: Tables) -> None:
    whole = _found(tmp_path / "a", world, workers=1)
    assert len(whole) > 50
    for number, sizes in enumerate([(5, 100), (100, 4), (3, 3)]):
        found = _found(tmp_path / str(number), world, sizes=sizes, workers=1)
        pd.testing.assert_frame_equal(found, whole)


def test_processes_and_a_cluster_give_the_same(tmp_path: Path, world: Tables, cluster: str) -> None:
    whole = _found(tmp_path / "a", world, workers=1)
    processes = _found(tmp_path / "b", world, sizes=(8, 20), workers=2)
    pd.testing.assert_frame_equal(processes, whole)
    remote = _found(tmp_path / "c", world, sizes=(8, 20), engine=f"dask://{cluster}")
    pd.testing.assert_frame_equal(remote, whole)


def test_what_was_added_later_is_found_as_if_it_had_been_there(
    tmp_path: Path, world: Tables
) -> None:
    whole = _found(tmp_path / "a", world, workers=1)
    early = dict(world)
    early["products"] = world["products"].iloc[::2]
    early["papers"] = world["papers"].iloc[3:]
    shared = early["paper_affiliations"]["paper_id"].isin(early["papers"]["paper_id"])
    early["paper_affiliations"] = early["paper_affiliations"][shared]
    first = _found(tmp_path / "b", early, sizes=(10, 10), workers=1)
    assert len(first) < len(whole)
    grown = _found(tmp_path / "b", world, sizes=(10, 10), workers=1)
    pd.testing.assert_frame_equal(grown, whole)
    shrunk = _found(tmp_path / "b", early, sizes=(10, 10), workers=1)
    pd.testing.assert_frame_equal(shrunk, first)


def test_only_new_cells_are_searched(
    tmp_path: Path, world: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[tuple[int, int]] = []
    find = candidates.find

    def counted(papers, targets, index):  # type: ignore[no-untyped-def]
        searched.append((len(papers), len(targets)))
        return find(papers, targets, index)

    monkeypatch.setattr(candidates, "find", counted)
    early = {**world, "products": world["products"].iloc[:-1]}
    _found(tmp_path, early, sizes=(12, 100), workers=1)
    count = len(early["products"]) + len(world["patents"])
    assert searched == [(12, count), (12, count)]
    searched.clear()
    _found(tmp_path, world, sizes=(12, 100), workers=1)
    assert searched == [(12, 1), (12, 1)]
    searched.clear()
    _found(tmp_path, world, sizes=(12, 100), workers=1)
    assert searched == []


def test_an_interrupted_search_goes_on_where_it_stopped(
    tmp_path: Path, world: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = 0
    find = candidates.find

    def breaks(papers, targets, index):  # type: ignore[no-untyped-def]
        nonlocal searched
        searched += 1
        if searched == 3:
            raise KeyboardInterrupt
        return find(papers, targets, index)

    with monkeypatch.context() as patch:
        patch.setattr(candidates, "find", breaks)
        with pytest.raises(KeyboardInterrupt):
            _found(tmp_path / "a", world, sizes=(6, 100), workers=1)
    monkeypatch.setattr(candidates, "find", breaks)
    found = _found(tmp_path / "a", world, sizes=(6, 100), workers=1)
    assert searched == 5  # two before, one lost, and the two that were left
    pd.testing.assert_frame_equal(found, _found(tmp_path / "b", world, workers=1))


def test_a_damaged_piece_is_made_again(tmp_path: Path, world: Tables) -> None:
    whole = _found(tmp_path, world, sizes=(12, 100), workers=1)
    for number, path in enumerate(sorted((tmp_path / "parts" / "1").glob("*/*"))):
        if number % 3 == 0:
            path.write_bytes(b"damaged")
    pd.testing.assert_frame_equal(_found(tmp_path, world, sizes=(12, 100), workers=1), whole)
