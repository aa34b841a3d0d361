"""Objects in files, for processes that trust each other: large arrays stay in the file.

Arrays lie outside the pickle (protocol 5, PEP 574), each at a multiple of `ALIGNED` bytes, and are
mapped from the file when the object is read. joblib has the same aim; it unpickles in Python, which
for frames of text is some ten times as slow.
"""

from __future__ import annotations

import mmap
import pickle
import struct
from pathlib import Path
from typing import Any

#: Bytes to a multiple of which each array begins in the file.
ALIGNED = 64


def dump(thing: Any, path: Path) -> None:
    """Write an object that can be pickled.

    Args:
        thing: the object.
        path: its file.

    Raises:
        OSError: the file cannot be written.
        pickle.PicklingError: the object cannot be pickled.
    """
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    pieces = [memoryview(body), *(buffer.raw() for buffer in buffers)]
    sizes = struct.pack(f"<{len(pieces) + 1}Q", len(pieces), *(one.nbytes for one in pieces))
    with open(path, "wb") as file:
        for piece in (memoryview(sizes), *pieces):
            file.write(piece)
            file.write(bytes(-piece.nbytes % ALIGNED))


def load(path: Path) -> Any:
    """Read an object that `dump` wrote; its arrays are mapped from the file and cannot be changed.

    Only for files of one's own: to read a pickle is to run it.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is empty or ends too early; a damaged pickle may raise anything else.
    """
    with open(path, "rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    try:
        (count,) = struct.unpack_from("<Q", whole)
        sizes = struct.unpack_from(f"<{count}Q", whole, 8)
    except struct.error as error:
        raise ValueError(f"{path} is not a whole file of an object") from error
    at = 8 * (count + 1)
    pieces = []
    for size in sizes:
        at += -at % ALIGNED
        if at + size > len(whole):
            raise ValueError(f"{path} ends too early")
        pieces.append(whole[at : at + size])
        at += size
    if not pieces:
        raise ValueError(f"{path} holds no object")
    return pickle.loads(pieces[0], buffers=pieces[1:])  # noqa: S301  # a file of our own
