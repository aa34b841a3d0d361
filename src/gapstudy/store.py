"""The only reader and writer of `data/processed`: contracts checked, atomic, locked, hashed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.errors import LockedError, StoreError
from gapstudy.tables import contract
from gapstudy.tables.checks import as_pandas, broken, checked_piece, grouped, in_order, validate

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as arrow
    from duckdb import DuckDBPyConnection
    from pyarrow.compute import Expression


#: Rows that are written at a time.
GROUP = 1 << 15


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

    def rows(self, name: str) -> int:
        """Number of rows of a table that has been made."""
        import pyarrow.parquet as parquet

        count: int = parquet.read_metadata(self.path(name)).num_rows
        return count

    def read(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        only: tuple[str, Collection[str]] | None = None,
    ) -> pd.DataFrame:
        """Read a table and check its contract.

        Args:
            name: name of the table.
            columns: only these columns, unchecked; all by default.
            only: a text column and values: only rows that have one of them; all by default.

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
                    filters=_chosen(*only) if only else None,
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
        if columns:
            return as_pandas(table, arrow)
        if arrow.column_names != table.names:
            odd = sorted(set(arrow.column_names) ^ set(table.names)) or "order"
            broken(table, "columns", odd, [])
        if in_order(table, arrow):
            return as_pandas(table, arrow)
        # Only to say what is wrong with it.
        frame = arrow.to_pandas(date_as_object=False, use_threads=False)
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

        table = contract(name)
        checked = validate(table, frame)
        schema = table.arrow_schema()
        return self.write_batches(
            name, [arrow.Table.from_pandas(checked, schema=schema, preserve_index=False)]
        )

    def write_batches(
        self, name: str, batches: Iterable[arrow.Table], *, group: int = GROUP
    ) -> str:
        """Put a table in place whole, piece by piece, each checked against the contract.

        The file's bytes depend on the rows alone, not on how they come in pieces.

        Args:
            name: name of the table.
            batches: its rows sorted by the table's key, in pieces of any size.
            group: rows that are checked and written at a time.

        Returns:
            SHA-256 of the file, hexadecimal.

        Raises:
            ContractError: a row or column breaks the contract, or the rows are not sorted or not
                unique by the key; nothing is written.
            StoreError: the folder cannot be written, or the disk is full.
        """
        import pyarrow.parquet as parquet

        table = contract(name)
        schema = table.arrow_schema()
        with (
            atomic(self.path(name)) as temporary,
            parquet.ParquetWriter(temporary, schema, compression="zstd") as file,
        ):
            last: arrow.Table | None = None
            for rows in grouped(table, batches, group):
                last = checked_piece(table, rows, last)
                file.write_table(rows.cast(schema), row_group_size=group)
        return sha256(self.path(name))

    @contextlib.contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """An empty folder for what does not outlive the block; the store's lock must be held.

        Raises:
            StoreError: the folder cannot be written, or the disk is full.
        """
        path = self.folder / "scratch" / name
        shutil.rmtree(path, ignore_errors=True)  # of a run that was killed
        try:
            with _explained(path):
                path.mkdir(parents=True)
                yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()

    def read_state(self, name: str) -> dict[str, Any]:
        """A small record that is not a table, such as how a step went; empty when there is none."""
        path = self._state(name)
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
            write_bytes(self._state(name), text.encode())

    def _state(self, name: str) -> Path:
        # How the collection went cannot be made again from the archives, so it lies beside them.
        folder = self.raw if name == "collect" else self.folder / "state"
        return folder / f"{name}.json"

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


@contextlib.contextmanager
def database(spill: Path, *, memory: str = "700MB") -> Iterator[DuckDBPyConnection]:
    """An empty DuckDB in memory that spills to a folder; its answers keep the order of rows.

    Args:
        spill: folder for what does not fit.
        memory: most memory that it takes.

    Raises:
        StoreError: the folder cannot be written, or the disk is full.
    """
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": memory, "temp_directory": str(spill), "threads": 2,
    }  # fmt: skip
    try:
        with duckdb.connect(config=settings) as base:
            yield base
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StoreError(
            f"cannot write: {' '.join(str(error).split())}",
            where=str(spill),
            remedy="Free some space and run again; nothing already made is lost",
        ) from error


def _chosen(column: str, values: Collection[str]) -> Expression:
    """Rows with one of some values."""
    import pyarrow as arrow
    import pyarrow.compute as compute

    return compute.field(column).isin(arrow.array(sorted(values), arrow.string()))


def read_table(name: str, root: Path | str = ".") -> pd.DataFrame:
    """Read one table of the study in `root` as pandas.

    >>> papers = read_table("papers")  # doctest: +SKIP
    """
    return Store(root).read(name)


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
