"""PatentsView: US grants with assignees, inventors, classes and references, from its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from sys import intern
from typing import Any, ClassVar

from gapstudy.errors import RecordError
from gapstudy.sources._cpc import cpc
from gapstudy.sources._files import Chunk, FileSource, Made, Piece, gather, read_table
from gapstudy.sources._patent_numbers import publication_number
from gapstudy.sources._patent_texts import iso_date, papers_named
from gapstudy.sources._shape import unknown
from gapstudy.sources.base import Bad

PATENT = (
    "patent_id", "title", "abstract", "office", "cpc", "filing_date", "publication_date",
    "grant_date", "application_number", "evidence",
)  # fmt: skip
PARTY = ("patent_id", "role", "position", "name", "country")
CITATION = ("patent_id", "position", "text", "place", "arxiv_id", "doi")
_PATENTS, _CPC, _LOCATIONS = "g_patent", "g_cpc_current", "g_location_disambiguated"
_ABSTRACTS, _APPLICATIONS = "g_patent_abstract", "g_application"
_ASSIGNEES, _INVENTORS = "g_assignee_disambiguated", "g_inventor_disambiguated"
_REFERENCES = "g_other_reference"
_KNOWN = (_PATENTS, _CPC, _LOCATIONS, _ABSTRACTS, _APPLICATIONS, _ASSIGNEES, _INVENTORS,
          _REFERENCES)  # fmt: skip
#: Columns that each table must have, by any one of the names given.
_COLUMNS = {
    _PATENTS: ("patent_id", "patent_date", "patent_title"),
    _CPC: ("patent_id", "cpc_group"),
    _LOCATIONS: ("location_id", "disambig_country"),
    _ABSTRACTS: ("patent_id", "patent_abstract"),
    _APPLICATIONS: ("patent_id", "filing_date"),
    _ASSIGNEES: ("patent_id", "assignee_sequence", "disambig_assignee_organization", "location_id"),
    _INVENTORS: ("patent_id", "inventor_sequence", "disambig_inventor_name_last", "location_id"),
    _REFERENCES: ("patent_id", "other_reference_sequence", "other_reference_text"),
}

Cells = Mapping[str, str]


class PatentsView(FileSource):
    """Granted US patents from the disambiguated tables of PatentsView (.tsv, .tsv.zip, .tsv.gz).

    Name `g_patent` and `g_cpc_current`, and as many of `g_patent_abstract`, `g_application`,
    `g_assignee_disambiguated`, `g_inventor_disambiguated`, `g_location_disambiguated` and
    `g_other_reference` as there are; other tables are ignored. Without the locations countries stay
    unknown.

    Kept are patents with a CPC symbol that begins with one of the option `cpc` (default G06N; an
    empty list keeps all), granted from the year `from` to the year `to` (0 is open). The classes
    are read first; of the other tables only rows of the patents kept are looked at, in the order of
    the file. So memory grows with the patents kept alone, whatever the size of the tables, and each
    record leads to its own line of its own table.

    Applicants are the assignees at grant; countries are those of the disambiguated location, which
    is the residence at grant [not confirmed]. The kind code is `wipo_kind` where the column exists;
    without it the identifier has none. The column names are those by which others read the
    published tables; no table was recorded. A table without a needed column stops the source.
    """

    name = "patentsview"
    TITLE = "PatentsView: granted US patents with assignees and inventors"
    GIVES = ("patents", "patent_parties", "patent_citations")
    LICENCE = "CC BY 4.0"
    REGION_BASIS = "applicant"
    OPTIONS: ClassVar[Mapping[str, Any]] = {"files": [], "cpc": ["G06N"], "from": 0, "to": 0}

    def pieces(self, paths: Sequence[Path]) -> list[Piece]:
        """All tables together: they need each other."""
        tables = _tables(paths)
        if not tables:
            return []
        for name in (_PATENTS, _CPC) if self.option("cpc") else (_PATENTS,):
            if name not in tables:
                raise unknown(f"the table {name!r} is not among the files", str(paths[0]))
        others = tuple(path for name, path in tables.items() if name != _PATENTS)
        return [Piece(tables[_PATENTS], others=others)]

    def chunks(self, piece: Piece) -> Iterator[Chunk]:
        """Patents, then parties, then references."""
        tables = _tables([piece.path, *piece.others])
        reader = _Reader(self, tables)
        yield from reader.classes()
        yield from reader.details()
        yield from reader.patents()
        for table in (_ASSIGNEES, _INVENTORS, _REFERENCES):
            yield from reader.rest(table)


def _tables(paths: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in paths:
        name = path.name.partition(".")[0]
        if name in _KNOWN:
            if name in found:
                raise unknown(f"the table {name!r} is there twice", str(path))
            found[name] = path
    return {name: found[name] for name in _KNOWN if name in found}


class _Reader:
    """Reads the tables of one release, one after the other."""

    def __init__(self, source: PatentsView, tables: Mapping[str, Path]) -> None:
        self.tables = tables
        self.wanted = tuple(source.option("cpc"))
        self.first, self.last = int(source.option("from")), int(source.option("to")) or 9999
        #: number of a patent -> its classes
        self.kept: dict[str, list[str]] = {}
        self.ids: dict[str, str] = {}
        self.abstracts: dict[str, str] = {}
        self.filings: dict[str, tuple[str, str]] = {}
        self.countries: dict[str, str] = {}

    def rows(self, table: str) -> Iterator[tuple[int, Cells] | Bad]:
        """Rows of a table about patents with a wanted class; of another key than these, all."""
        for found in read_table(self.tables[table], _COLUMNS[table]):
            if (
                isinstance(found, Bad)
                or not self.wanted
                or table == _LOCATIONS
                or found[1]["patent_id"].strip() in self.kept
            ):
                yield found

    def faults(self, table: str, meant: str, rows: list[Bad]) -> Iterator[Chunk]:
        if rows:
            bad = [Bad(meant, fault.reason, fault.raw, fault.row) for fault in rows]
            yield Chunk(self.tables[table], bad=bad)

    def classes(self) -> Iterator[Chunk]:
        """Which patents are kept: those with a wanted class; then the classes of each."""
        if _CPC not in self.tables:
            return
        bad: list[Bad] = []
        chosen: dict[str, list[str]] = {}
        for found in read_table(self.tables[_CPC], _COLUMNS[_CPC]):
            if isinstance(found, Bad):
                bad.append(found)
            elif not self.wanted or cpc(found[1]["cpc_group"]).startswith(self.wanted):
                chosen.setdefault(found[1]["patent_id"].strip(), [])
        for found in read_table(self.tables[_CPC], _COLUMNS[_CPC]):
            if isinstance(found, Bad):
                continue
            symbols = chosen.get(found[1]["patent_id"].strip())
            symbol = cpc(found[1]["cpc_group"])
            if symbols is not None and symbol and symbol not in symbols:
                symbols.append(intern(symbol))
        self.kept = chosen
        yield from self.faults(_CPC, "patents", bad)

    def details(self) -> Iterator[Chunk]:
        """What stands in tables of its own: abstract, filing, countries of the locations."""
        for table in (_ABSTRACTS, _APPLICATIONS, _LOCATIONS):
            if table not in self.tables:
                continue
            bad: list[Bad] = []
            for found in self.rows(table):
                if isinstance(found, Bad):
                    bad.append(found)
                    continue
                cells = found[1]
                mark = cells["location_id" if table == _LOCATIONS else "patent_id"].strip()
                if table == _ABSTRACTS:
                    self.abstracts[mark] = cells["patent_abstract"]
                elif table == _APPLICATIONS:
                    number = cells.get("application_id", "").strip()
                    self.filings[mark] = cells["filing_date"].strip(), number
                else:
                    self.countries[mark] = intern(cells["disambig_country"].strip())
            yield from self.faults(table, "patents", bad)

    def patents(self) -> Iterator[Chunk]:
        path = self.tables[_PATENTS]
        rows = self.rows(_PATENTS)
        yield from gather(path, rows, "patents", self.patent, {"patents": PATENT})
        self.abstracts.clear()
        self.filings.clear()

    def patent(self, row: int, cells: Cells, made: Made) -> None:
        number = cells["patent_id"].strip()
        patent = publication_number("US", number, cells.get("wipo_kind", "").strip())
        if not patent:
            raise RecordError(f"patent_id: {number[:40]!r} is not a number of a patent")
        granted = iso_date(cells["patent_date"])
        if not self.first <= int(granted[:4]) <= self.last:
            return
        filed, application = self.filings.get(number, ("", ""))
        try:
            filing: str | None = iso_date(filed) if filed else None
        except RecordError:
            # Some filings of old patents carry impossible days; the patent stays.
            filing = None
        self.ids[number] = patent
        made["patents"].append(
            (row, (
                patent, cells["patent_title"], self.abstracts.get(number, ""), "US",
                " ".join(self.kept.get(number, ())), filing, granted, granted,
                application or None, f"https://patents.google.com/patent/{patent}",
            )),
        )  # fmt: skip

    def rest(self, table: str) -> Iterator[Chunk]:
        if table not in self.tables:
            return
        rows = (
            found for found in read_table(self.tables[table], _COLUMNS[table])
            if isinstance(found, Bad) or found[1]["patent_id"].strip() in self.ids
        )  # fmt: skip
        if table == _REFERENCES:
            fields = {"patent_citations": CITATION}
            yield from gather(self.tables[table], rows, "patent_citations", self.citation, fields)
            return
        read = self.assignee if table == _ASSIGNEES else self.inventor
        yield from gather(self.tables[table], rows, "patent_parties", read,
                          {"patent_parties": PARTY})  # fmt: skip

    def assignee(self, row: int, cells: Cells, made: Made) -> None:
        name = cells["disambig_assignee_organization"].strip()
        if not name:
            name = _person(cells, "disambig_assignee_individual_name")
        self.party(row, cells, "applicant", "assignee_sequence", name, made)

    def inventor(self, row: int, cells: Cells, made: Made) -> None:
        name = _person(cells, "disambig_inventor_name")
        self.party(row, cells, "inventor", "inventor_sequence", name, made)

    def party(
        self, row: int, cells: Cells, role: str, column: str, name: str, made: Made
    ) -> None:  # fmt: skip
        patent = self.ids[cells["patent_id"].strip()]
        position = _position(cells, column)
        country = self.countries.get(cells["location_id"].strip()) or None
        made["patent_parties"].append((row, (patent, role, position, name, country)))

    def citation(self, row: int, cells: Cells, made: Made) -> None:
        text = cells["other_reference_text"].strip()
        if not text:
            raise RecordError("other_reference_text: it is empty")
        patent = self.ids[cells["patent_id"].strip()]
        position = _position(cells, "other_reference_sequence")
        values = (patent, position, text, "front_page", *papers_named(text))
        made["patent_citations"].append((row, values))


def _person(cells: Cells, opening: str) -> str:
    return f"{cells.get(opening + '_first', '')} {cells.get(opening + '_last', '')}".strip()


def _position(cells: Cells, column: str) -> int:
    """Sequences count from 0."""
    text = cells[column].strip()
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise RecordError(f"{column}: {text[:40]!r} is not a number")
    return int(text) + 1
