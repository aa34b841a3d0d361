"""Pieces of work that are kept between runs, so that only what changed is done again.

They are no tables: what is in them can always be made again, a damaged or missing one counts as not
made, and nothing outside the step that wrote them reads them.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gapstudy import pickles
from gapstudy.store import atomic

if TYPE_CHECKING:
    import pandas as pd

Made = TypeVar("Made")
#: Rows of a frame's file that are read together.
_GROUP = 1 << 16


class Parts:
    """Pieces in one folder, each by a kind and a name.

    Args:
        folder: where they lie.
        version: what they depend on beside their name; pieces of other versions are removed.
    """

    def __init__(self, folder: Path, version: str) -> None:
        self.folder = folder / version
        for other in folder.glob("*"):
            if other.name != version:
                shutil.rmtree(other, ignore_errors=True)

    def names(self, kind: str) -> list[str]:
        """Names of the pieces of a kind, sorted."""
        return sorted(path.name for path in (self.folder / kind).glob("[!.]*"))

    def sound(self, kind: str, name: str) -> bool:
        """Whether a frame is there and ends as it should."""
        import pyarrow.parquet as parquet

        try:
            parquet.read_metadata(self.folder / kind / name)
        except (OSError, ValueError):
            return False
        return True

    def frame(
        self,
        kind: str,
        name: str,
        columns: list[str] | None = None,
        between: tuple[str, int, int] | None = None,
    ) -> pd.DataFrame | None:
        """Read a frame; None when it is not there or damaged.

        Args:
            kind: kind of piece.
            name: its name.
            columns: only these; all by default.
            between: column, first value and one after the last: only rows with such a value.
        """
        import pyarrow.parquet as parquet

        path = self.folder / kind / name
        if between is not None:
            column, first, end = between
            chosen = [(column, ">=", first), (column, "<", end)]
        try:
            with open(path, "rb") as file:
                found = parquet.read_table(
                    file, columns=columns, filters=chosen if between else None,
                    use_threads=False, pre_buffer=False,
                )  # fmt: skip
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
            return None
        frame: pd.DataFrame = found.to_pandas(use_threads=False)
        return frame

    def put_frame(self, kind: str, name: str, frame: pd.DataFrame) -> None:
        """Keep a frame, in place of an earlier one.

        Raises:
            StoreError: the folder cannot be written, or the disk is full.
        """
        with atomic(self.folder / kind / name) as path:
            frame.to_parquet(path, index=False, compression="zstd", row_group_size=_GROUP)

    def thing(self, kind: str, name: str) -> Any:
        """Read an object, its arrays mapped from the file; None when it is not there or damaged."""
        path = self.folder / kind / name
        try:
            return pickles.load(path)
        except Exception:  # noqa: BLE001  # a damaged pickle may raise anything; it is made again
            path.unlink(missing_ok=True)
            return None

    def put_thing(self, kind: str, name: str, thing: Any) -> None:
        """Keep an object that can be pickled.

        Raises:
            StoreError: the folder cannot be written, or the disk is full.
        """
        with atomic(self.folder / kind / name) as path:
            pickles.dump(thing, path)

    def once(self, kind: str, name: str, make: Callable[[], Made]) -> Made:
        """The one thing of a kind: what is kept under this name, else what `make` gives.

        Args:
            kind: kind of piece; all others of it are removed.
            name: hash of everything that the thing depends on beside the version.
            make: makes it.
        """
        found: Made | None = self.thing(kind, name)
        if found is None:
            found = make()
            self.put_thing(kind, name, found)
        self.keep_only(kind, [name])
        return found

    def keep_only(self, kind: str, names: Iterable[str]) -> None:
        """Remove all pieces of a kind but these."""
        wanted = set(names)
        for name in self.names(kind):
            if name not in wanted:
                with contextlib.suppress(OSError):
                    (self.folder / kind / name).unlink()


def digest(frames: Iterable[pd.DataFrame], *others: object) -> str:
    """Hash of the rows of some frames, in their order, and of how other things are written.

    Args:
        frames: the frames; their index is left aside.
        others: things whose `repr` tells all of them.
    """
    import pandas as pd

    made = hashlib.blake2b(repr(others).encode(), digest_size=16)
    for frame in frames:
        rows = pd.util.hash_pandas_object(frame.astype("string"), index=False)
        made.update(repr(list(frame.columns)).encode())
        made.update(rows.to_numpy().tobytes())
    return made.hexdigest()
