"""The practitioner survey: responses that `gapstudy survey import` has cleaned.

Its files lie under `data/raw/survey/`. They go the way of every source: stored, parsed, normalised.
Only answers of the codebook are in them, no personal data, and no response without its consent.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.errors import ShapeError, SourceError
from gapstudy.sources.base import Bad, Embedded, Record, Source
from gapstudy.survey.importer import COLUMNS

if TYPE_CHECKING:
    from scrapy.http import Response

FOLDER = Path("data", "raw", "survey")
FILES = "*responses-*.csv"
#: All files of a study are one answer at one address, so that removed responses are gone.
URL = "file:survey_responses.csv"
_HEAD = ",".join(COLUMNS) + "\n"


class Survey(Source):
    """Answers of practitioners."""

    name = "survey"
    TITLE = "Practitioner survey"
    GIVES = ("survey_responses",)
    LICENCE = "responses stay in the study; results are published from the smallest cell size up"
    REGION_BASIS = "respondent"
    WHOLE = True

    def embedded(self, root: Path) -> Iterator[Embedded]:
        """The imported files together; a header alone where nothing was imported."""
        parts = [_HEAD]
        for path in sorted((root / FOLDER).glob(FILES)):
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise SourceError(f"imported responses cannot be read: {error}", where=str(path),
                                  remedy="Remove the file and import the export again",
                                  ) from error  # fmt: skip
            if not text.startswith(_HEAD):
                raise SourceError("the columns are not those of an import", where=str(path),
                                  remedy="Remove the file; use `gapstudy survey import`",
                                  )  # fmt: skip
            parts.append(text.removeprefix(_HEAD))
        yield Embedded(URL, "".join(parts).encode())

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read the imported responses; what the import left out is returned as `Bad`.

        Raises:
            ShapeError: not a file of an import.
        """
        try:
            text = response.body.decode("utf-8")
            rows = list(csv.reader(io.StringIO(text), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ShapeError(f"not a file of an import: {error}", where=response.url,
                             remedy="Import the export again") from error  # fmt: skip
        if not rows or tuple(rows[0]) != COLUMNS:
            raise ShapeError("the columns are not those of an import", where=response.url,
                             remedy="Import the export again")  # fmt: skip
        for number, cells in enumerate(rows[1:], start=1):
            if len(cells) != len(COLUMNS):
                yield Bad("survey_responses", "not as many cells as columns", "", number)
                continue
            row = dict(zip(COLUMNS, cells, strict=True))
            if row["problem"]:
                about = f"{row['item']}: " if row["item"] else ""
                yield Bad("survey_responses", about + row["problem"], "", number)
                continue
            yield Record("survey_responses", {
                "respondent_id": row["respondent_id"], "question": row["item"],
                "value": row["value"],
                "role": row["role"], "country": row["country"], "month": row["month"],
                "synthetic": row["synthetic"] == "yes",
            }, number)  # fmt: skip
