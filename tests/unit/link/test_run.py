from pathlib import Path

import pandas as pd
import pytest

from gapstudy.errors import FitError
from gapstudy.link.run import READS, run
from gapstudy.store import Store
from gapstudy.study import Study
from gapstudy.tables import ALL

Tables = dict[str, pd.DataFrame]
TABLES = [table for table in ALL.values() if table.writer == "link"]


def _store(folder: Path, tables: Tables) -> Store:
    store = Store(folder)
    for name in READS:
        store.write(name, tables[name])
    return store


def test_run_keeps_every_contract_and_gives_the_same_bytes_twice(
    tmp_path: Path, world: Tables, study: Study
) -> None:
    contents = []
    for folder in ("a", "b"):
        store = _store(tmp_path / folder, world)
        run(store, study)
        contents.append({table.name: store.path(table.name).read_bytes() for table in TABLES})
        assert len(store.read("links"))
    assert contents[0] == contents[1]


def test_the_order_of_input_rows_changes_nothing(
    tmp_path: Path, world: Tables, study: Study
) -> None:
    shuffled = {name: frame.sample(frac=1.0, random_state=2) for name, frame in world.items()}
    first, second = _store(tmp_path / "a", world), _store(tmp_path / "b", shuffled)
    run(first, study)
    run(second, study)
    for table in TABLES:
        assert first.path(table.name).read_bytes() == second.path(table.name).read_bytes()


def test_without_labels_the_step_says_what_is_missing(
    tmp_path: Path, world: Tables, study: Study
) -> None:
    world["labelled_pairs"] = world["labelled_pairs"].iloc[:0]
    with pytest.raises(FitError, match="Label pairs"):
        run(_store(tmp_path, world), study)


def test_without_patents_products_are_still_linked(
    tmp_path: Path, world: Tables, study: Study
) -> None:
    for name in ("patents", "patent_parties"):
        world[name] = world[name].iloc[:0]
    store = _store(tmp_path, world)
    run(store, study)
    assert set(store.read("links")["target_type"]) == {"product"}
