"""The only reader and writer of `data/processed`: contracts checked, atomic, locked, hashed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.errors import ContractError, LockedError, StoreError
from gapstudy.tables import contract

if TYPE_CHECKING:
    import pandas as pd

    from gapstudy.tables import Column, Table


class Store:
    """Tables of one study folder.

    Args:
        root: the study folder; tables are in its `data/processed`.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.folder = self.root / "data" / "processed"
        self.raw = self.root / "data" / "raw"

    def path(self, name: str) -> Path:
        """Parquet file of a table."""
        return self.folder / f"{contract(name).name}.parquet"

    def has(self, name: str) -> bool:
        """Whether the table has been made."""
        return self.path(name).is_file()

    def read(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a table and check its contract.

        Args:
            name: name of the table.
            columns: only these columns, unchecked; all by default.

        Returns:
            Frame with Arrow-backed strings, sorted by the table's key.

        Raises:
            StoreError: the table has not been made, or its file is damaged.
            ContractError: the file does not keep the contract.
        """
        import pyarrow.parquet as parquet

        table = contract(name)
        path = self.path(name)
        try:
            # Opened once: by its name the file would be opened twice, and replaced in between.
            with open(path, "rb") as file:
                # No threads: one of Arrow's that still holds this file when Python ends aborts the
                # process ("terminate called without an active exception", about one run in ten).
                arrow = parquet.read_table(
                    file,
                    columns=list(columns) if columns else None,
                    use_threads=False,
                    pre_buffer=False,
                )
        except FileNotFoundError as error:
            raise StoreError(
                f"the table {name} has not been made yet",
                where=str(path),
                remedy="Run `gapstudy refresh`",
            ) from error
        except (OSError, ValueError) as error:
            raise StoreError(
                f"the table {name} cannot be read: {' '.join(str(error).split())}",
                where=str(path),
                remedy="Delete it and run `gapstudy refresh`: it is made again from the archive",
            ) from error
        frame: pd.DataFrame = arrow.to_pandas(date_as_object=False, use_threads=False)
        if columns:
            kinds = {item.name: item.dtype for item in table.columns}
            return frame.astype({column: kinds[column] for column in columns})
        if list(frame.columns) != table.names:
            _broken(table, "columns", sorted(set(frame.columns) ^ set(table.names)) or "order", [])
        return validate(table, frame)

    def write(self, name: str, frame: pd.DataFrame) -> str:
        """Check a table against its contract and put it in place whole.

        Args:
            name: name of the table.
            frame: its rows; extra columns are an error, order of columns and rows is not.

        Returns:
            SHA-256 of the file, hexadecimal.

        Raises:
            ContractError: a row or column breaks the contract; nothing is written.
            StoreError: the folder cannot be written, or the disk is full.
        """
        import pyarrow as arrow
        import pyarrow.parquet as parquet

        table = contract(name)
        checked = validate(table, frame)
        data = arrow.Table.from_pandas(
            checked, schema=table.arrow_schema(), preserve_index=False
        ).replace_schema_metadata(None)
        with atomic(self.path(name)) as temporary:
            parquet.write_table(data, temporary, compression="zstd", row_group_size=1 << 20)
        return sha256(self.path(name))

    def read_state(self, name: str) -> dict[str, Any]:
        """A small record that is not a table, such as how a step went; empty when there is none."""
        path = self.folder / "state" / f"{name}.json"
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}  # never written, or damaged: the step that wrote it runs again
        return data

    def write_state(self, name: str, data: dict[str, Any]) -> None:
        """Keep such a record; the same record leaves the file untouched.

        Raises:
            StoreError: the folder cannot be written.
        """
        if data != self.read_state(name):
            text = json.dumps(data, sort_keys=True, indent=1) + "\n"
            write_bytes(self.folder / "state" / f"{name}.json", text.encode())

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the study folder against a second run.

        Raises:
            LockedError: another process holds it.
            StoreError: the folder cannot be written.
        """
        import filelock

        path = self.folder / ".lock"
        with _explained(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            guard = filelock.FileLock(path, timeout=0)
            try:
                guard.acquire()
            except filelock.Timeout as error:
                raise LockedError(
                    "another run is using this study",
                    where=str(path),
                    remedy="Wait until it ends; the lock goes with the process that holds it",
                ) from error
        try:
            yield
        finally:
            guard.release()


def read_table(name: str, root: Path | str = ".") -> pd.DataFrame:
    """Read one table of the study in `root` as pandas.

    >>> papers = read_table("papers")  # doctest: +SKIP
    """
    return Store(root).read(name)


def validate(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in the contract's types, order of columns and order of rows.

    Raises:
        ContractError: names the table, the column, the rows and a remedy.
    """
    import pandas as pd
    from pandera.errors import SchemaErrors

    missing = [name for name in table.names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in table.names]
    if missing or extra:
        _broken(table, "columns", f"missing {missing}, not in the contract {extra}", [])
    if not frame.columns.is_unique:
        _broken(table, "columns", "a name occurs twice", [])
    result = frame[table.names].reset_index(drop=True)
    for item in table.columns:
        try:
            result[item.name] = _typed(item, result[item.name])
        except (ValueError, TypeError, OverflowError) as error:
            _broken(table, item.name, f"not {item.kind}: {error}", [])
    result = result.sort_values(list(table.key), kind="stable", ignore_index=True)
    if result.empty:
        return result
    try:
        table.pandera_schema().validate(result, lazy=True)
    except SchemaErrors as error:
        case = error.failure_cases.iloc[0]
        column = case["column"] if pd.notna(case["column"]) else ", ".join(table.key)
        same = error.failure_cases[error.failure_cases["check"] == case["check"]]
        rows = sorted({int(row) for row in same["index"].dropna()})
        _broken(
            table, str(column), f"{case['check']} fails for {case['failure_case']!r}", rows, result
        )
    return result


def _typed(item: Column, values: Any) -> Any:
    """Values in the type of their column; a value that this would change is an error."""
    import pandas as pd

    present = values[values.notna()]
    odd = present.iloc[:0]
    if item.kind == "bool" and present.dtype == object:
        odd = present[[not pd.api.types.is_bool(value) for value in present]]
    elif item.kind == "bool":
        odd = present[~present.isin([True, False])]
    elif item.kind == "day" and pd.api.types.is_numeric_dtype(present.dtype):
        odd = present
    elif item.kind == "int":
        number = pd.to_numeric(present)
        odd = present[number != number.round()]
    if len(odd):
        raise ValueError(f"{odd.iloc[0]!r}")
    if item.kind == "bool" and not item.null and len(present) < len(values):
        raise ValueError("a value is missing")
    typed = values.astype(item.dtype)
    if item.kind == "int" and (typed[present.index] != pd.to_numeric(present)).any():
        raise ValueError("a number is too large")
    if item.kind == "day" and (typed.dropna() != typed.dropna().dt.normalize()).any():
        raise ValueError("a value has a time of day")
    return typed


def _broken(
    table: Table, column: str, problem: object, rows: list[int], frame: pd.DataFrame | None = None
) -> None:
    keys = ""
    if rows and frame is not None:
        shown = frame.loc[rows[:5], list(table.key)].to_dict("records")
        keys = f", {len(rows)} rows, first {shown}"
    raise ContractError(
        f"table {table.name}, column {column}: {problem}{keys}",
        where=f"written by the step {table.writer}",
        remedy=f"The contract is in gapstudy.tables; correct the step {table.writer} or the record",
    )


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it when the block ends well.

    Raises:
        StoreError: the folder cannot be written, or the disk is full; `path` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Put a small file in place whole."""
    with atomic(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedies = {
            errno.ENOSPC: "Free some space and run again; nothing already made is lost",
            errno.EACCES: "Make the folder writable for this user and run again",
            errno.EROFS: "The file system is read-only: run the study in a writable folder",
        }
        raise StoreError(
            f"cannot write: {error.strerror or error}",
            where=str(path),
            remedy=remedies.get(error.errno or 0, "Look at the folder and run again"),
        ) from error


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
