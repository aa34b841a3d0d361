"""What is remembered of a source between collections: `data/raw/<source>/crawl.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gapstudy.errors import StoreError
from gapstudy.store import write_bytes


@dataclass
class Unfinished:
    """A run that has begun and not ended; the next collection goes on with it.

    Attributes:
        stamp: of the run.
        first: first day asked for.
        last: last day asked for.
        wanted: identifiers asked for.
        done: addresses of the units that are whole.
    """

    stamp: str
    first: str
    last: str
    wanted: list[str]
    done: list[str] = field(default_factory=list)


@dataclass
class Validators:
    """What an address answered last, for asking whether it has changed.

    Attributes:
        etag: its `ETag`, or empty.
        modified: its `Last-Modified`, or empty.
        sha256: of the stored body.
    """

    etag: str
    modified: str
    sha256: str


@dataclass
class State:
    """State of one source.

    Attributes:
        until: day up to which everything is in the archive, ISO text; empty at first.
        asked: day of the last collection that ended well.
        run: an unfinished run.
        resume: moment before which a spent budget forbids asking again, ISO text, or empty.
        note: why it waits.
        refused: what the source said when it refused for good, or empty.
        refused_on: day of that.
        refused_for: mark of the settings and credential that were refused.
        asked_for: identifiers already looked up.
        incomplete: windows that stayed over a cap, in words.
        pages: address -> validators.
        barred: address that refused for good, alone -> day of that.
    """

    until: str = ""
    asked: str = ""
    run: Unfinished | None = None
    resume: str = ""
    note: str = ""
    refused: str = ""
    refused_on: str = ""
    refused_for: str = ""
    asked_for: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    pages: dict[str, Validators] = field(default_factory=dict)
    barred: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, raw: Path, source: str) -> State:
        """Read it; a source never crawled has the initial one.

        Raises:
            StoreError: the file is damaged.
        """
        path = _path(raw, source)
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            run = data.pop("run", None)
            pages = data.pop("pages", {})
            return cls(
                **data,
                run=Unfinished(**run) if run else None,
                pages={url: Validators(**page) for url, page in pages.items()},
            )
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise StoreError(
                f"the state of the source {source} cannot be read: {error}",
                where=str(path),
                remedy="Delete the file: the source is then asked for the whole window again",
            ) from error

    def save(self, raw: Path, source: str) -> None:
        """Put it in place whole."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"
        write_bytes(_path(raw, source), text.encode())


def _path(raw: Path, source: str) -> Path:
    return raw / source / "crawl.json"
