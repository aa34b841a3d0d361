"""The store: contracts both ways, whole files, one writer."""

import datetime as dt
import errno
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from gapstudy.errors import ContractError, LockedError, StoreError, UnknownNameError
from gapstudy.store import Store, atomic, database, read_table, write_bytes
from gapstudy.tables import ALL, Table, contract
from gapstudy.tables.checks import keeps, validate
from gapstudy.tables.contract import count, country, dated, day, flag, number, share, text

# A contract with every kind of column, with and without missing values.
THINGS = Table(
    "things", "One thing.", "tests",
    (
        text("name", "its name"), count("rank", "its order", low=1), text("note", "", null=True),
        text("kind", "", null=True, values=("big", "small")), country("country", "where"),
        count("size", "", null=True), number("weight", "kg", null=True), share("part", ""),
        flag("good", ""), flag("odd", "", null=True), day("seen", ""),
        *dated("made", "when", null=True),
    ),
    ("name", "rank"),
)  # fmt: skip
ROW: dict[str, Any] = {
    "name": "a", "rank": 1, "note": None, "kind": "big", "country": "DE", "size": None,
    "weight": 1.5, "part": 0.5, "good": True, "odd": None, "seen": dt.date(2020, 1, 1),
    "made": "2020-02", "made_precision": "month", "made_from": dt.date(2020, 2, 1),
    "made_to": dt.date(2020, 2, 29),
}  # fmt: skip


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setitem(ALL, "things", THINGS)
    return THINGS


@pytest.fixture
def store(tmp_path: Path, things: Table) -> Store:
    return Store(tmp_path)


def frame(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**ROW, **change} for change in changes], dtype=object)


def plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
ROWS = st.fixed_dictionaries({
    "name": TEXTS, "rank": st.integers(1, 2**62), "note": st.none() | TEXTS,
    "kind": st.sampled_from([None, "big", "small"]), "country": st.sampled_from([None, "DE", "TW"]),
    "size": st.none() | st.integers(0, 2**53), "part": st.floats(0, 1), "good": st.booleans(),
    "weight": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "odd": st.none() | st.booleans(), "seen": DAYS,
    "made": st.sampled_from([None, "2020", "2020-02", "2020-02-03"]),
    "made_precision": st.sampled_from([None, "day"]), "made_from": st.none() | DAYS,
    "made_to": st.none() | DAYS,
})  # fmt: skip


@settings(derandomize=True, database=None, deadline=None, max_examples=40,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(rows=st.lists(ROWS, max_size=5, unique_by=lambda row: (row["name"], row["rank"])),
       order=st.randoms(use_true_random=False))  # fmt: skip
def test_what_is_written_is_read(store: Store, rows: list[dict[str, Any]], order: Any) -> None:
    columns = list(THINGS.names)
    written = store.write("things", pd.DataFrame(rows, columns=columns, dtype=object))
    found = store.read("things")
    assert found.dtypes.astype(str).tolist() == [
        "string" if item.kind == "text" else item.dtype for item in THINGS.columns
    ]
    back = [
        {str(name): plain(value) for name, value in row.items()}
        for row in found.astype(object).to_dict("records")
    ]
    # pandas orders texts by code point, as Python does.
    assert back == sorted(rows, key=lambda row: (row["name"], row["rank"]))
    # Neither the order of rows and columns nor a second passage changes a byte.
    order.shuffle(rows)
    order.shuffle(columns)
    assert store.write("things", pd.DataFrame(rows, columns=columns, dtype=object)) == written
    assert store.write("things", found) == written
    assert hashlib.sha256(store.path("things").read_bytes()).hexdigest() == written


def test_every_table_can_be_empty(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in (*ALL, "raw_landmark"):
        store.write(name, pd.DataFrame(columns=contract(name).names))
        assert store.read(name).columns.tolist() == contract(name).names


def test_chosen_columns(store: Store) -> None:
    store.write("things", frame({}))
    found = read_table("things", store.root)
    assert store.read("things", ["size", "name"]).dtypes.equals(found[["size", "name"]].dtypes)


@pytest.mark.parametrize(
    ("change", "column", "said"),
    [
        ({"name": None}, "name", "not_nullable"),
        ({"rank": None}, "rank", "not int"),
        ({"rank": 0}, "rank", "greater_than_or_equal_to(1)"),
        ({"rank": 1.5}, "rank", "not int: 1.5"),
        ({"rank": "two"}, "rank", "not int"),
        ({"rank": 2**63}, "rank", "too large"),
        ({"size": 0.5}, "size", "not int: 0.5"),
        ({"size": -1}, "size", "greater_than_or_equal_to(0)"),
        ({"kind": "Big"}, "kind", "isin"),
        ({"country": "Germany"}, "country", "str_matches"),
        ({"country": "de"}, "country", "str_matches"),
        ({"country": "DE\n"}, "country", "str_matches"),
        ({"weight": "1,5"}, "weight", "not float"),
        ({"part": 1.01}, "part", "less_than_or_equal_to(1.0)"),
        ({"part": None}, "part", "not_nullable"),
        ({"good": None}, "good", "a value is missing"),
        ({"good": "no"}, "good", "not bool: 'no'"),
        ({"good": 2}, "good", "not bool: 2"),
        ({"odd": "yes"}, "odd", "not bool: 'yes'"),
        ({"seen": None}, "seen", "not_nullable"),
        ({"seen": "2021-02-30"}, "seen", "not day"),
        ({"seen": pd.Timestamp("2021-01-01 12:00")}, "seen", "a time of day"),
        ({"made": "2021-2"}, "made", "str_matches"),
        ({"made_precision": "decade"}, "made_precision", "isin"),
        ({"note": "\ud800"}, "note", "not text"),
    ],
)  # fmt: skip
def test_each_breach_names_table_column_and_remedy(
    store: Store, change: dict[str, Any], column: str, said: str
) -> None:
    store.write("things", frame({}))
    before = store.path("things").read_bytes()
    with pytest.raises(ContractError) as caught:
        store.write("things", frame({"name": "b"}, {"name": "c", **change}))
    message = str(caught.value)
    assert f"table things, column {column}: " in message
    assert said in message
    assert "step tests" in caught.value.where
    assert caught.value.remedy
    assert store.path("things").read_bytes() == before


def test_breaches_name_their_rows(store: Store) -> None:
    rows = [{"name": f"n{number}", "part": 2.0 if number % 2 else 0.5} for number in range(20)]
    with pytest.raises(ContractError, match=r"10 rows, first \[\{'name': 'n1', 'rank': 1\}") as bad:
        store.write("things", frame(*rows))
    assert "'n9'" not in str(bad.value), "five rows are enough"


def test_a_duplicate_key_names_both_rows(store: Store) -> None:
    with pytest.raises(ContractError, match=r"column name.*2 rows.*'name': 'b', 'rank': 3") as bad:
        store.write("things", frame({"name": "b", "rank": 3}, {}, {"name": "b", "rank": 3}))
    assert "uniqueness" in str(bad.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.drop(columns="part"), r"missing \['part'\], not in the contract \[\]"),
        (lambda data: data.assign(extra=1), r"missing \[\], not in the contract \['extra'\]"),
        (lambda data: pd.concat([data, data[["note"]]], axis=1), "a name occurs twice"),
    ],
)
def test_columns_are_those_of_the_contract(
    store: Store, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    with pytest.raises(ContractError, match=said):
        store.write("things", change(frame({})))
    assert not store.has("things")


def test_days_that_are_numbers_are_refused() -> None:
    with pytest.raises(ContractError, match="column seen: not day"):
        validate(THINGS, frame({}).assign(seen=20200101))


def test_a_file_that_breaks_the_contract_is_not_read(store: Store) -> None:
    store.write("things", frame({}))
    table = parquet.read_table(store.path("things"))
    parquet.write_table(table.drop_columns(["part"]), store.path("things"))
    with pytest.raises(ContractError, match="part"):
        store.read("things")


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-20], lambda data: b"", lambda data: b"PAR1" + b"x" * 50 + b"PAR1",
     lambda data: data[:8] + bytes(200) + data[208:]],
)  # fmt: skip
def test_a_damaged_file(store: Store, damage: Callable[[bytes], bytes]) -> None:
    store.write("things", frame({}, {"name": "b"}))
    path = store.path("things")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match=r"cannot be read.*things.parquet.*gapstudy refresh"):
        store.read("things")


def test_a_table_not_made_yet_and_a_name_that_is_none(store: Store) -> None:
    with pytest.raises(StoreError, match=r"not been made yet.*gapstudy refresh"):
        store.read("things")
    with pytest.raises(UnknownNameError, match="Did you mean 'things'"):
        store.read("thing")


def failing(number: int) -> Callable[..., None]:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "Free some space"), (errno.EACCES, "writable for this user"),
     (errno.EROFS, "read-only"), (errno.EIO, "Look at the folder")],
)  # fmt: skip
@pytest.mark.parametrize("where", ["pathlib.Path.mkdir", "pathlib.Path.replace", "os.fsync",
                                   "pyarrow.parquet.ParquetWriter.write_table"])  # fmt: skip
def test_a_write_that_fails_leaves_the_old_file(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str, where: str
) -> None:
    store.write("things", frame({}))
    before = store.path("things").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(where, failing(number))
        with pytest.raises(StoreError, match=remedy) as caught:
            store.write("things", frame({"name": "b"}))
    assert caught.value.where == str(store.path("things"))
    assert store.path("things").read_bytes() == before
    assert [path.name for path in store.folder.iterdir()] == ["things.parquet"]


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def write_half() -> None:
        with atomic(path) as temporary:
            temporary.write_bytes(b"new")
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_the_way_of_the_folder(store: Store) -> None:
    (store.root / "data").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        store.write("things", frame({}))
    with pytest.raises(StoreError, match="cannot write"), store.lock():
        pass


def test_readers_see_the_old_or_the_new_table_whole(store: Store) -> None:
    store.write("things", frame({}))
    stop = threading.Event()
    lengths: set[int | str] = set()

    def read() -> None:
        while not stop.is_set():
            try:
                lengths.add(len(store.read("things")))
            except StoreError as error:
                lengths.add(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    for size in (2, 1) * 10:
        store.write("things", frame(*({"name": str(number)} for number in range(size))))
    stop.set()
    reader.join()
    assert lengths
    assert lengths <= {1, 2}


HOLD = """
import sys
from gapstudy.store import Store
with Store(sys.argv[1]).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_finds_the_folder_locked(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(store.root)], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # fmt: skip
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match="another run is using this study"), store.lock():
            pass
        # The lock goes with the process, however it ends.
        other.kill()
        other.wait(timeout=20)
        with store.lock():
            pass


def test_the_lock_is_given_back_after_a_failure(store: Store) -> None:
    with pytest.raises(RuntimeError, match="inside"), store.lock():
        raise RuntimeError("inside")
    with store.lock(), pytest.raises(LockedError), store.lock():
        pass


def test_small_records_beside_the_tables(store: Store) -> None:
    assert store.read_state("run") == {}
    store.write_state("run", {"b": 1, "a": "ü"})
    path = store.folder / "state" / "run.json"
    first = path.stat().st_mtime_ns
    store.write_state("run", {"a": "ü", "b": 1})
    assert path.stat().st_mtime_ns == first, "the same record leaves the file untouched"
    assert store.read_state("run") == {"a": "ü", "b": 1}
    path.write_text("{")
    assert store.read_state("run") == {}


def pieces(*sizes: int) -> Iterator[arrow.Table]:
    """Rows of `things` in order, in pieces of some sizes."""
    number = 0
    for size in sizes:
        rows = [{**ROW, "name": f"n{number + place:04d}"} for place in range(size)]
        number += size
        yield arrow.Table.from_pylist(rows, THINGS.arrow_schema())


@pytest.mark.parametrize("sizes", [(1,) * 20, (20,), (3, 0, 17), (7, 13)])
def test_pieces_of_any_size_give_the_bytes_of_the_whole(store: Store, sizes: tuple[int]) -> None:
    whole = frame(*({"name": f"n{number:04d}"} for number in range(20)))
    written = store.write("things", whole)
    assert store.write_batches("things", pieces(*sizes)) == written
    assert store.rows("things") == 20
    assert store.write_batches("things", pieces(*sizes), group=8) != written
    assert len(store.read("things")) == 20


def test_columns_may_come_in_another_order_and_narrower_types(store: Store) -> None:
    written = store.write_batches("things", pieces(3))
    other = [
        piece.select(THINGS.names[::-1]).set_column(
            THINGS.names[::-1].index("rank"), "rank", piece["rank"].cast(arrow.int8())
        )
        for piece in pieces(3)
    ]
    assert store.write_batches("things", other) == written


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[::-1], "column name, rank: the order of rows fails"),
        (lambda rows: [*rows, rows[-1]], "column name, rank: uniqueness fails"),
        (lambda rows: [*rows[:-1], {**rows[-1], "part": 1.01}], "column part: less_than"),
        (lambda rows: [*rows[:-1], {**rows[-1], "kind": "Big"}], "column kind: isin"),
        (lambda rows: [*rows[:-1], {**rows[-1], "country": "de"}], "column country: str_matches"),
        (lambda rows: [*rows[:-1], {**rows[-1], "good": None}], "column good: not_nullable"),
        (lambda rows: [{**row, "extra": 1} for row in rows], r"column columns: \['extra'\]"),
        (lambda rows: [{**row, "rank": "one"} for row in rows], "column types"),
    ],
)
@pytest.mark.parametrize("group", [1 << 15, 3])
def test_pieces_are_held_to_the_contract(
    store: Store, change: Callable[[Any], Any], said: str, group: int
) -> None:
    written = store.write_batches("things", pieces(2))
    rows = change([{**ROW, "name": f"n{number}"} for number in range(8)])
    with pytest.raises(ContractError, match=said):
        store.write_batches("things", [arrow.Table.from_pylist(rows)], group=group)
    assert hashlib.sha256(store.path("things").read_bytes()).hexdigest() == written
    assert [path.name for path in store.folder.iterdir()] == ["things.parquet"]


BROKEN = [{}, {"kind": "Big"}, {"part": 1.5, "name": None}, {"country": "de\n", "rank": 0}]


@settings(max_examples=60)
@given(rows=st.lists(st.builds(dict.__or__, ROWS, st.sampled_from(BROKEN)), max_size=4))
def test_the_fast_check_says_what_pandera_says(rows: list[dict[str, Any]]) -> None:
    data = pd.DataFrame(rows, columns=list(THINGS.names), dtype=object)
    kinds = {item.name: item.dtype for item in THINGS.columns}
    typed = data.astype(kinds)
    loose = arrow.schema([field.with_nullable(True) for field in THINGS.arrow_schema()])
    columns = arrow.Table.from_pandas(typed, schema=loose, preserve_index=False)
    schema = THINGS.pandera_schema()
    schema.unique = None
    try:
        schema.validate(typed, lazy=True)
        right = True
    except SchemaErrors:
        right = False
    assert keeps(THINGS, columns) == right


def test_scratch_is_empty_and_goes(store: Store) -> None:
    with store.scratch("step") as folder:
        (folder / "left").write_text("x")
        assert folder.is_relative_to(store.folder)
    assert not folder.exists()
    folder.mkdir(parents=True)
    (folder / "of a killed run").write_text("x")
    with store.scratch("step") as folder:
        assert list(folder.iterdir()) == []
    assert not folder.exists()


def test_a_database_that_cannot_spill_says_what_to_do(tmp_path: Path) -> None:
    def fill() -> None:
        with database(tmp_path / "spill", memory="20MB") as base:
            base.execute("set max_temp_directory_size = '1MB'")
            base.execute("create table t as select md5(range::text) as x from range(3000000)")

    with pytest.raises(StoreError, match="Free some space"):
        fill()
