"""Artificial Intelligence Patent Dataset of the USPTO: which US documents are about AI, to 2023."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from gapstudy.errors import RecordError
from gapstudy.sources._files import Chunk, FileSource, Made, Piece, gather, read_table
from gapstudy.sources._patent_numbers import publication_number
from gapstudy.sources._patent_texts import compact_date, iso_date
from gapstudy.sources.base import Bad

PATENT = (
    "patent_id", "title", "abstract", "office", "publication_date", "grant_date", "evidence",
)  # fmt: skip
_LABEL = "predict50_any_ai"
_NEEDED = ("doc_id", "flag_patent", "pub_dt", _LABEL)
#: The data set ends here; a later label is not its own.
LAST_YEAR = 2023


class Aipd(FileSource):
    """Predictions by document of the AIPD (`ai_model_predictions`), tab- or comma-separated.

    Every document that the data set predicts to contain AI (`predict50_any_ai` = 1) gives one row
    in `patents`, with what the data set states of it and nothing else: the number, whether it is a
    grant (`flag_patent` = 1) or an application as published, and the day of publication. Titles,
    parties and classes come from other sources; where another source gives the same patent, name it
    before this one in study.toml, so that its row stands.

    The data set states no kind code, so the identifier is the number alone (`US10000000`), and the
    same patent of another source has a longer one (`US10000000B2`). It covers 1976 to 2023: labels
    are never carried on to later years, and a row dated later is put into quarantine.

    The columns are those of the published files as others read them; their order does not matter.
    Days are read as 2018-06-19, 20180619 or 19jun2018 (as Stata writes them).
    """

    name = "aipd"
    TITLE = "USPTO Artificial Intelligence Patent Dataset (AIPD)"
    GIVES = ("patents",)
    LICENCE = "public domain (US government)"
    REGION_BASIS = "office"
    OPTIONS: ClassVar[Mapping[str, Any]] = {"files": [], "from": 0, "to": 0}

    def chunks(self, piece: Piece) -> Iterator[Chunk]:
        """Documents of one file."""
        separator = "," if ".csv" in piece.path.suffixes else "\t"
        rows: Iterator[tuple[int, Any] | Bad] = read_table(piece.path, _NEEDED, separator=separator)
        yield from gather(piece.path, rows, "patents", self._read, {"patents": PATENT})

    def _read(self, row: int, cells: Mapping[str, str], made: Made) -> None:
        label = cells[_LABEL].strip().removesuffix(".0")
        if label == "0":
            return
        if label != "1":
            raise RecordError(f"{_LABEL}: {label[:40]!r} is neither 0 nor 1")
        granted = cells["flag_patent"].strip().removesuffix(".0")
        if granted not in {"0", "1"}:
            raise RecordError(f"flag_patent: {granted[:40]!r} is neither 0 nor 1")
        day = _day(cells["pub_dt"])
        if int(day[:4]) > LAST_YEAR:
            raise RecordError(
                f"pub_dt: {day} is later than the data set, which ends in {LAST_YEAR}"
            )
        if not int(self.option("from")) <= int(day[:4]) <= (int(self.option("to")) or LAST_YEAR):
            return
        number = cells["doc_id"].strip()
        patent = publication_number("US", number)
        if not patent or not number[-1:].isdigit():
            raise RecordError(f"doc_id: {number[:40]!r} is not a number of a document")
        made["patents"].append(
            (row, (patent, "", "", "US", day, day if granted == "1" else None,
                   f"https://patents.google.com/patent/{patent}")),
        )  # fmt: skip


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _day(value: str) -> str:
    text = value.strip().partition(" ")[0]
    try:
        if text[2:5].lower() in _MONTHS:
            month = _MONTHS.index(text[2:5].lower()) + 1
            return iso_date(f"{text[5:]}-{month:02d}-{text[:2]}")
        return iso_date(text) if "-" in text else compact_date(text)
    except RecordError as error:
        raise RecordError(f"pub_dt: {error.what}") from None
