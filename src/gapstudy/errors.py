"""One tree of errors, sorted by what the reader must do.

Every message says what happened, where, and what to do next. The command line turns each class into
an exit code; nothing below it prints or exits.
"""

from __future__ import annotations

from collections.abc import Sequence


class GapstudyError(Exception):
    """Base of all errors that gapstudy raises on purpose.

    Attributes:
        what: what happened, in one sentence.
        where: file, table, column or address concerned; may be empty.
        remedy: what the reader should do next; may be empty.
    """

    exit_code = 4

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        text = self.what.rstrip(".")
        if self.where:
            text += f" ({self.where})"
        if self.remedy:
            text += f". {self.remedy.rstrip('.')}"
        return text if text.endswith(("?", "!")) else text + "."

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments do not survive a process boundary unaided.
        return (_rebuild, (type(self), self.what, self.where, self.remedy))


def _rebuild(cls: type[GapstudyError], what: str, where: str, remedy: str) -> GapstudyError:
    return cls(what, where=where, remedy=remedy)


class UsageError(GapstudyError):
    """The command was called wrongly: call it again, corrected."""

    exit_code = 2


class StudyError(GapstudyError):
    """study.toml is wrong: edit it."""

    exit_code = 2


class SourceError(GapstudyError):
    """One source failed as a whole; the others go on and its last good data stay."""

    exit_code = 3


class ShapeError(SourceError):
    """A source answered in a shape never seen: its parser must be looked at first."""


class RecordError(GapstudyError):
    """One record is bad: it goes to quarantine with this reason and the run goes on."""

    exit_code = 3


class ContractError(GapstudyError):
    """A table does not keep its contract: the step that wrote it stops."""


class StoreError(GapstudyError):
    """The data folder cannot be read or written: permissions, space or a damaged file."""


class LockedError(StoreError):
    """Another run is using the same data folder: wait for it."""


class FitError(GapstudyError):
    """A model could not be fitted to the data it was given; the message names the likely cause."""


class RenderError(GapstudyError):
    """A page could not be rendered; the earlier edition stands."""


class UnknownNameError(UsageError):
    """A name (command argument, table, source, number) that does not exist."""

    @classmethod
    def of(cls, kind: str, name: str, known: Sequence[str], *, where: str = "") -> UnknownNameError:
        """Build the error with the nearest right name as its remedy."""
        return cls(f"no {kind} is called {name!r}", where=where, remedy=nearest(name, known))


def nearest(name: str, known: Sequence[str]) -> str:
    """Sentence that offers the nearest of the known names, or lists them."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"Did you mean {close[0]!r}?"
    return "Known: " + ", ".join(sorted(known)) if known else ""
