"""PatentsView: the tables joined, each record at its own line; packed, damaged and odd tables."""

import contextlib
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.sources.mutate import spoil

from gapstudy.errors import ShapeError
from gapstudy.sources._files import Chunk
from gapstudy.sources.patentsview import PatentsView

#: Tables of one small release, of invented patents, as the published ones are laid out.
TABLES: dict[str, list[tuple[str, ...]]] = {
    "g_patent": [
        ("patent_id", "patent_type", "patent_date", "patent_title", "wipo_kind", "num_claims"),
        ("10000001", "utility", "2018-06-19", "Example network", "B2", "20"),
        ("10000002", "utility", "2018-06-19", "Example chair", "B2", "7"),
        ("RE49001", "reissue", "2022-03-29", 'Network with a "quoted" word', "E1", "9"),
    ],
    "g_cpc_current": [
        ("patent_id", "cpc_sequence", "cpc_subclass", "cpc_group", "cpc_type"),
        ("10000001", "1", "A61B", "A61B5/00", "additional"),
        ("10000002", "0", "A47C", "A47C1/00", "inventional"),
        ("10000001", "0", "G06N", "G06N3/08", "inventional"),
        ("RE49001", "0", "G06N", "G06N20/00", "inventional"),
        ("RE49001", "1", "G06N", "G06N20/00", "inventional"),
    ],
    "g_patent_abstract": [
        ("patent_id", "patent_abstract"),
        ("10000002", "A chair."),
        ("10000001", "A network.\nIt learns."),
    ],
    "g_application": [
        ("application_id", "patent_id", "patent_application_type", "filing_date"),
        ("15000001", "10000001", "15", "2015-02-03"),
        ("15000003", "RE49001", "15", "1074-13-40"),
    ],
    "g_location_disambiguated": [
        ("location_id", "disambig_city", "disambig_state", "disambig_country"),
        ("place-1", "Exampleville", "CA", "US"),
        ("place-2", "Musterstadt", "", "DE"),
    ],
    "g_assignee_disambiguated": [
        ("patent_id", "assignee_sequence", "assignee_id", "disambig_assignee_individual_name_first",
         "disambig_assignee_individual_name_last", "disambig_assignee_organization",
         "assignee_type", "location_id"),
        ("10000002", "0", "a", "", "", "Example Chairs", "2", "place-1"),
        ("10000001", "0", "b", "", "", "Example Labs, Inc.", "2", "place-1"),
        ("RE49001", "0", "c", "Jane", "Roe", "", "4", "nowhere"),
    ],
    "g_inventor_disambiguated": [
        ("patent_id", "inventor_sequence", "inventor_id", "disambig_inventor_name_first",
         "disambig_inventor_name_last", "location_id"),
        ("10000001", "0", "i", "Jane", "Roe", "place-2"),
        ("10000001", "1", "j", "John", "Doe", ""),
    ],
    "g_other_reference": [
        ("patent_id", "other_reference_sequence", "other_reference_text"),
        ("10000001", "0", "Roe, arXiv:1506.00001v2, 2015."),
        ("10000001", "1", ""),
        ("10000001", "2", "Doe (doi: 10.5555/EX.7)."),
        ("10000002", "0", "On chairs."),
    ],
}  # fmt: skip


def text(rows: list[tuple[str, ...]]) -> str:
    """Tab-separated, all values in quotes, as published."""
    quoted = [["".join(('"', cell.replace('"', '""'), '"')) for cell in row] for row in rows]
    return "\n".join("\t".join(row) for row in quoted) + "\n"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = []
    for name, rows in TABLES.items():
        paths.append(tmp_path / f"{name}.tsv")
        paths[-1].write_text(text(rows), encoding="utf-8")
    return paths


def chunks(files: list[Path], **options: Any) -> list[Chunk]:
    source = PatentsView(options=options)
    return [chunk for piece in source.pieces(files) for chunk in source.chunks(piece)]


def table(found: list[Chunk], name: str) -> list[dict[str, Any]]:
    return [
        dict(zip(part.columns, values, strict=True)) | {"row": row, "file": chunk.path.name}
        for chunk in found
        for part in chunk.batches
        if part.table == name
        for row, *values in zip(part.rows, *part.columns.values(), strict=True)
    ]


def test_patents_of_the_class_with_what_the_other_tables_say(files: list[Path]) -> None:
    first, second = table(chunks(files), "patents")
    assert first == {
        "patent_id": "US10000001B2", "title": "Example network",
        "abstract": "A network.\nIt learns.", "office": "US", "cpc": "A61B5/00 G06N3/08",
        "filing_date": "2015-02-03", "publication_date": "2018-06-19", "grant_date": "2018-06-19",
        "application_number": "15000001",
        "evidence": "https://patents.google.com/patent/US10000001B2", "row": 2,
        "file": "g_patent.tsv",
    }  # fmt: skip
    assert second["patent_id"] == "USRE49001E1"
    assert second["title"] == 'Network with a "quoted" word'
    assert second["cpc"] == "G06N20/00"
    # An impossible filing day is not known; the patent stays.
    assert second["filing_date"] is None


def test_parties_stand_at_their_own_lines(files: list[Path]) -> None:
    found = [
        (row["file"], row["row"], row["patent_id"], row["role"], row["position"], row["name"],
         row["country"])
        for row in table(chunks(files), "patent_parties")
    ]  # fmt: skip
    assignees, inventors = "g_assignee_disambiguated.tsv", "g_inventor_disambiguated.tsv"
    assert found == [
        (assignees, 3, "US10000001B2", "applicant", 1, "Example Labs, Inc.", "US"),
        (assignees, 4, "USRE49001E1", "applicant", 1, "Jane Roe", None),
        (inventors, 2, "US10000001B2", "inventor", 1, "Jane Roe", "DE"),
        (inventors, 3, "US10000001B2", "inventor", 2, "John Doe", None),
    ]


def test_references_name_papers(files: list[Path]) -> None:
    found = chunks(files)
    citations = [
        (row["position"], row["arxiv_id"], row["doi"], row["place"], row["row"])
        for row in table(found, "patent_citations")
    ]
    assert citations == [
        (1, "1506.00001", None, "front_page", 2),
        (3, None, "10.5555/ex.7", "front_page", 4),
    ]
    (bad,) = [bad for chunk in found for bad in chunk.bad]
    assert bad.reason.startswith("other_reference_text: it is empty")
    assert bad.row == 3


def test_few_tables_are_enough(files: list[Path]) -> None:
    found = chunks(files[:2])
    assert [row["patent_id"] for row in table(found, "patents")] == ["US10000001B2", "USRE49001E1"]
    assert table(found, "patent_parties") == []
    found = chunks([*files[:2], files[5]])
    assert {row["country"] for row in table(found, "patent_parties")} == {None}


def test_options_choose_classes_and_years(files: list[Path]) -> None:
    def numbers(**options: Any) -> list[str]:
        return [row["patent_id"] for row in table(chunks(files, **options), "patents")]

    assert numbers(cpc=["A47C"]) == ["US10000002B2"]
    assert numbers(cpc=[]) == ["US10000001B2", "US10000002B2", "USRE49001E1"]
    assert numbers(to=2018) == ["US10000001B2"]
    assert numbers(**{"from": 2019}) == ["USRE49001E1"]
    assert table(chunks(files, to=2018), "patent_parties")[-1]["patent_id"] == "US10000001B2"


def test_the_order_of_columns_does_not_matter_but_a_missing_one_stops(files: list[Path]) -> None:
    turned = [tuple(reversed(row)) for row in TABLES["g_patent"]]
    files[0].write_text(text(turned), encoding="utf-8")
    assert len(table(chunks(files), "patents")) == 2
    without = [row[:2] + row[3:] for row in TABLES["g_patent"]]
    files[0].write_text(text(without), encoding="utf-8")
    with pytest.raises(ShapeError, match=r"the column 'patent_date' is missing .*g_patent\.tsv"):
        chunks(files)
    with pytest.raises(ShapeError, match="the table 'g_cpc_current' is not among the files"):
        chunks(files[:1])
    with pytest.raises(ShapeError, match="the table 'g_patent' is there twice"):
        chunks([*files, files[0].with_suffix(".tsv.zip")])


def test_zipped_tables_give_the_same(files: list[Path]) -> None:
    packed = []
    for path in files:
        packed.append(path.with_suffix(".tsv.zip"))
        with zipfile.ZipFile(packed[-1], "w", zipfile.ZIP_DEFLATED) as target:
            target.write(path, path.name)
    plain, zipped = chunks(files), chunks(packed)
    assert [chunk.batches for chunk in zipped] == [chunk.batches for chunk in plain]


def test_rows_that_cannot_be_read_leave_the_others(files: list[Path]) -> None:
    with files[0].open("a", encoding="utf-8") as file:
        file.write('"10000001"\t"utility"\n')
        file.write('"?"\t"utility"\t"2018-06-19"\t"What"\t"B2"\t"1"\n')
    with files[1].open("a", encoding="utf-8") as file:
        file.write('"?"\t"0"\t"G06N"\t"G06N3/00"\t"inventional"\n')
    found = chunks(files)
    assert len(table(found, "patents")) == 2
    reasons = [bad.reason for chunk in found for bad in chunk.bad if bad.table == "patents"]
    assert reasons[0] == "2 cells where the header has 6"
    assert reasons[1].startswith("patent_id: '?' is not a number of a patent")


def test_spoilt_tables_give_bad_rows_or_a_shape_error(files: list[Path]) -> None:
    random = Random(20260101)
    whole = {path: path.read_bytes() for path in files}
    given = 0
    for _ in range(1300):
        path = random.choice(files)
        path.write_bytes(spoil(whole[path], random, random.randint(1, 3)))
        with contextlib.suppress(ShapeError):
            given += len(table(chunks(files, cpc=random.choice([["G06N"], []])), "patents"))
        path.write_bytes(whole[path])
    assert given > 1000
