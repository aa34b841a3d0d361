"""Citations of patents taken apart. All citations, authors and journals here are invented."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.link import citations
from gapstudy.link.citations import COLUMNS, FIELDS, parse, split

T = "Folding of paper boats"
#: A citation and its fields, those not named being empty: title, journal, year, volume, issue,
#: pages, first author.
CASES: list[tuple[str, str, str, int | None, str, str, str, str]] = [
    (f'Doe et al., "{T}," Journal of Odd Boats, vol. 3, No. 2, pp. 12-18 (Mar. 2005).',
     T, "Journal of Odd Boats", 2005, "3", "2", "12-18", "Doe"),
    (f'Doe, J., et al. “{T}.” Odd Boats, vol. 3, 2005, pp. 12–18.',
     T, "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    (f"Doe et al., '{T}', Odd Boats, Mar. 3, 2005, vol. 3, pp. 12-18.",
     T, "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    (f"DOE J ET AL: '{T}', ODD BOATS, BOATHOUSE PRESS, GB, vol. 3, no. 2, 1 March 2005 "
     "(2005-03-01), pages 12 - 18, XP012345678, ISSN: 1234-5678",
     T, "ODD BOATS", 2005, "3", "2", "12-18", "DOE"),
    ("DOE ET AL., J ODD BOATS, vol. 3, 2005, pages 12 - 8",
     "", "J ODD BOATS", 2005, "3", "", "12-8", "DOE"),
    ("DOE; ROE, ODD BOATS, vol. 3, 2005, pages 12",
     "", "ODD BOATS", 2005, "3", "", "12", "DOE"),
    (f"DOE A; ROE B; POE C: '{T}', ODD BOATS, vol. 3, no. 2, 2005, pages 12 - 18",
     T, "ODD BOATS", 2005, "3", "2", "12-18", "DOE"),
    ("Doe et al., Odd Boats 3:12-18 (2005).",
     "", "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    ("Doe et al. (2005) Odd Boats 3: 12-18.",
     "", "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    ("Doe et al., Odd Boats, 3, 12-18, 2005.",
     "", "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    ("Roe, Odd Boats, 3(2):12-18 (2005)",
     "", "Odd Boats", 2005, "3", "2", "12-18", "Roe"),
    (f"Doe J, Roe A. {T}. Odd Boats. 2005;3(2):12-8.",
     T, "Odd Boats", 2005, "3", "2", "12-8", "Doe"),
    (f"Doe J, Roe A. {T}. J Odd Chem. 2005 Mar 3;3(2):12-8.",
     T, "J Odd Chem", 2005, "3", "2", "12-8", "Doe"),
    (f"Doe, J. (2005). {T}. Odd Boats, 3(2), 12-18.",
     T, "Odd Boats", 2005, "3", "2", "12-18", "Doe"),
    (f"Doe, J., Roe, A., and Poe, C. (2005). {T}. J Odd Chem 3, 12-18.",
     T, "J Odd Chem", 2005, "3", "", "12-18", "Doe"),
    (f"Doe, J., Roe, A., Poe, C. 2005. {T}. J. Odd Chem. 3:12-18.",
     T, "J. Odd Chem", 2005, "3", "", "12-18", "Doe"),
    (f"J. Doe, A. Roe and C. Poe, {T}, Odd Boats, vol. 3, 2005, pp. 12-18.",
     T, "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    (f"Doe et al.; {T}; Odd Boats 3:12 18 (2005).",
     T, "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    (f"Doe et al., {T} , J. Odd Chem. 3, 12 18 (2005).",
     T, "J. Odd Chem", 2005, "3", "", "12-18", "Doe"),
    (f"Doe, J. et al. {T} J. Odd Chem. 3(2):12 18 (2005).",
     T, "J. Odd Chem", 2005, "3", "2", "12-18", "Doe"),
    (f"Doe et al., {T}, 3 Odd Boats 12-18 (2005).",
     T, "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    (f"Doe et al. '{T},' Odd Boats (2005) vol. 3, pp. 12-18.",
     T, "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    (f"Doe et al., '{T}', (2005) Odd Boats 3(2): 12-18.",
     T, "Odd Boats", 2005, "3", "2", "12-18", "Doe"),
    (f"Doe et al., 2005, '{T},' Odd Boats; 3(2):12-18.",
     T, "Odd Boats", 2005, "3", "2", "12-18", "Doe"),
    (f"Doe et al., '{T},' Odd Boats, 7(1), 2005, 272-279.",
     T, "Odd Boats", 2005, "7", "1", "272-279", "Doe"),
    (f"Doe et al., '{T},' Odd Boats 22:10 (2005) 485-487.",
     T, "Odd Boats", 2005, "22", "10", "485-487", "Doe"),
    (f"Doe et al., '{T},' Odd Boats, 191(10:1799-1806 (2005).",
     T, "Odd Boats", 2005, "191", "10", "1799-1806", "Doe"),
    (f"Doe et al., '{T},' Odd Boats, 12 Suppl 1:S9-13, 2005.",
     T, "Odd Boats", 2005, "12", "", "S9-13", "Doe"),
    (f"Doe et al., '{T},' Proc. of Odd Society, vol. 7216, 72161Z (2009).",
     T, "Proc. of Odd Society", 2009, "7216", "", "72161Z", "Doe"),
    (f'Doe, Jane, et al. "{T}." Proceedings of the 2004 Conference on Boats. 2005.',
     T, "Proceedings of the 2004 Conference on Boats", 2005, "", "", "", "Doe"),
    (f"Doe, J. et al., {T}, 2016 IEEE Conference on Boats (CB), Las Vegas, NV, Jun. 27-30, 2016, "
     "pp. 779-788.",
     T, "2016 IEEE Conference on Boats (CB)", 2016, "", "", "779-788", "Doe"),
    (f"Doe J, Roe A. {T}. In: Advances in Odd Boats 25. 2012. p. 1097-1105.",
     T, "Advances in Odd Boats", 2012, "25", "", "1097-1105", "Doe"),
    (f'"{T}," J. Doe, A. Roe and C. Poe, Odd Boats, vol. 3, No. 2, Dec. 2005, pp. 12-18.',
     T, "Odd Boats", 2005, "3", "2", "12-18", "Doe"),
    (f"ODD TRANSACTIONS ON BOATS, vol. 3, no. 2, March 2005, pages 12-18, London, GB; J.DOE: '{T}'",
     T, "ODD TRANSACTIONS ON BOATS", 2005, "3", "2", "12-18", "DOE"),
    (f'Doe (2005) Odd Boats 3:12-18 "{T}".',
     T, "Odd Boats", 2005, "3", "", "12-18", "Doe"),
    # Years that are pages, parts of titles or names, or days of looking up.
    ('Roe, "On the 1984 problem: 2001 nights," Odd Boats, vol. 12, pp. 1990-2005 (2010).',
     "On the 1984 problem: 2001 nights", "Odd Boats", 2010, "12", "", "1990-2005", "Roe"),
    ("Roe A. Nights of 1999. J Odd Chem 2003;12(4):1990-2005.",
     "Nights of 1999", "J Odd Chem", 2003, "12", "4", "1990-2005", "Roe"),
    ("Roe et al., Odd Boats 79:1930-33 (2005).",
     "", "Odd Boats", 2005, "79", "", "1930-33", "Roe"),
    (f'Roe, "{T}," Odd Boats, pp. 1998-2003, vol. 8.',
     T, "Odd Boats", None, "8", "", "1998-2003", "Roe"),
    (f"ROE A: '{T}', ODD BOATS, 2003, XP055123456, Retrieved from the Internet "
     "<URL:http://boats.example/a.pdf> [retrieved on 20141027]",
     T, "ODD BOATS", 2003, "", "", "", "ROE"),
    (f'Roe, A., "{T}," [online] [retrieved on Mar. 4, 2011], http://boats.example/page, 3 pages.',
     T, "", None, "", "", "", "Roe"),
    (f'Roe, "{T}." Odd Boats 3 (2005): 12-18. Web. Jun. 19, 2010.',
     T, "Odd Boats", 2005, "3", "", "12-18", "Roe"),
    (f"Roe, '{T}', Odd Boats, Sep. 1998, 15 pages.",
     T, "Odd Boats", 1998, "", "", "", "Roe"),
    (f"Roe et al., {T}, Odd Boats, vol. 48, No. 5, May 93, p. 351.",
     T, "Odd Boats", 1993, "48", "5", "351", "Roe"),
    # Quotation marks, apostrophes, misread and broken-off strings.
    ("Roe et al., 'The boat's keel in Doe's lake', Odd Boats 3:12-18 (2005).",
     "The boat's keel in Doe's lake", "Odd Boats", 2005, "3", "", "12-18", "Roe"),
    ("Roe et al., 'A boat with 'True Keel' Function,' Odd Boats, vol. 3, 2005.",
     "A boat with 'True Keel' Function", "Odd Boats", 2005, "3", "", "", "Roe"),
    ("Roe et al. “The “Keel” of boats” 2005, Odd Boats 3(2):12-18.",
     'The "Keel" of boats', "Odd Boats", 2005, "3", "2", "12-18", "Roe"),
    (f"Roe et al. “{T}, J. Odd Chem. 2006, 1233-1237.”",
     T, "J. Odd Chem", 2006, "", "", "1233-1237", "Roe"),
    ('Roe, et al. "A title that is long and never clos',
     "A title that is long and never clos", "", None, "", "", "", "Roe"),
    (f"Roe et aI., {T}, Odd Boats (2005) 3: 12-18.",
     T, "Odd Boats", 2005, "3", "", "12-18", "Roe"),
    (f"[12] Roe et al., &quot;{T},&quot; Odd Boats, vol. 3, 2005, pp. 12&#8211;18.",
     T, "Odd Boats", 2005, "3", "", "12-18", "Roe"),
    # Other languages.
    (f"Müller, H. u.a.: {T}. In: Zeitschrift für Boote, Bd. 12, Nr. 3, 1998, S. 45-50",
     T, "Zeitschrift für Boote", 1998, "12", "3", "45-50", "Müller"),
    ("张三, 李四. 纸船的折叠方法研究[J]. 船舶学报, 2018, 41(3): 100-110.",
     "纸船的折叠方法研究", "船舶学报", 2018, "41", "3", "100-110", "张三"),
    ("张三等. 纸船的折叠方法[D]. 某某大学, 2018.",
     "纸船的折叠方法", "某某大学", 2018, "", "", "", "张三"),
    ("王五等，《纸船与水》，《船舶学报》，第3卷，第2期，第12-18页，2015年3月",
     "纸船与水", "船舶学报", 2015, "3", "2", "12-18", "王五"),
    (f"ZHANG SAN等: '{T}', 《ODD BOATS》, vol. 3, no. 2, 31 March 2005 (2005-03-31), pages 12 - 18",
     T, "ODD BOATS", 2005, "3", "2", "12-18", "ZHANG SAN"),
    (f"Roe, '{T}', Odd Boats, novembre 2005, vol. 3, pages 12-18.",
     T, "Odd Boats", 2005, "3", "", "12-18", "Roe"),
    # Other kinds of literature.
    ("Doe et al., Boats for All, arXiv preprint arXiv:2101.01234v2 [cs.CV], 2021.",
     "Boats for All", "", 2021, "", "", "", "Doe"),
    ('Doe et al., "Boats for All," arXiv:2101.01234, Dec. 6, 2021, 15 pages.',
     "Boats for All", "", 2021, "", "", "", "Doe"),
    ('Doe, Roe, Poe, "Deep Boats," MIT Press, 2016, ISBN 978-0000000000, chapter 9.',
     "Deep Boats", "", 2016, "", "", "", "Doe"),
    ('Doe, J., "A Boat," Ph.D. thesis, 1999.',
     "A Boat", "", 1999, "", "", "", "Doe"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0][:60])
def test_fields(case: tuple[str, str, str, int | None, str, str, str, str]) -> None:
    text, title, journal, year, volume, issue, pages, author = case
    (row,) = parse([text]).to_dict("records")
    read = None if pd.isna(row["year"]) else int(row["year"])
    got = (row["title"], row["journal"], read, row["volume"], row["issue"], row["pages"])
    assert got == (title, journal, year, volume, issue, pages)
    assert author in row["authors"].split(";")[0]
    assert row["page_first"] == pages.split("-")[0]
    assert row["kind"] in citations.LITERATURE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Office Action for U.S. Appl. No. 14/000,456, mailed Jan. 5, 2017.", "office_action"),
        ("Notice of Allowance dated Mar. 1, 2012, for Chinese Application No. 1.", "office_action"),
        ("Examination Report for EP 00000678.9, 5 pages.", "office_action"),
        ("International Search Report for PCT/US2015/000345, dated Mar. 3, 2016.", "search_report"),
        ("Extended European Search Report, EP 00000678.9, Jul. 4, 2014.", "search_report"),
        ("Written Opinion of the International Searching Authority, 2011.", "search_report"),
        ("U.S. Appl. No. 14/000,456, filed Jan. 5, 2015.", "patent"),
        ("PATENT ABSTRACTS OF JAPAN vol. 012, no. 345 (P-760), 16 September 1988", "patent"),
        ("English translation of JP 2001-000345 A.", "patent"),
        ("Declaration of Jane Doe under 37 CFR 1.132, 2009.", "court"),
        ("DATABASE WPI Week 200012, London, GB; AN 2000-000456, XP002000456", "database"),
        ("Doe, Boat Protocol, IETF RFC 9990, 1999.", "standard"),
        ("Doe, J., 'A Boat,' Ph.D. thesis, 1999.", "thesis"),
        ("Doe, 'A long boat,' Proc. 3rd Int. Conf. on Boats, pp. 1-2, 2001.", "conference"),
        ("Doe, 'A long boat,' arXiv:2101.01234, 2021.", "preprint"),
        ('"Boat cloud," http://boats.example/page, 3 pages.', "web"),
        ("", "none"),
        ("123 / 456", "none"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert parse([text])["kind"].tolist() == [kind]


def test_a_paper_about_search_reports_is_literature() -> None:
    text = 'Doe et al., "Use of the European search report by clerks," Odd Boats, vol. 3, 2005.'
    assert parse([text])["kind"].tolist() == ["article"]


def test_identifiers() -> None:
    (row,) = parse(
        [
            "DOE A: 'Long boats', ODD BOATS, vol. 3, 2005, pages 1 - 2, XP012345678, ISSN: "
            "1234-567X, PMID: 1234567, DOI: doi:10.1000/ABC(5)1. See arXiv:2101.01234v3"
        ]
    ).to_dict("records")
    assert row["doi"] == "10.1000/abc(5)1"
    assert row["arxiv_id"] == "2101.01234"
    assert (row["xp"], row["issn"], row["pmid"]) == ("XP012345678", "1234-567X", "1234567")


def test_several_citations_in_one_string() -> None:
    one = "Doe et al., 'Long boats', J. Odd Chem., vol. 1, pp. 1-2 (2001)"
    two = "Roe et al., 'Wide boats', J. Odd Chem., vol. 2, pp. 3-4 (2002)"
    for joined in (f"{one}; {two}", f"[1] {one}. [2] {two}."):
        frame = parse(["", joined])
        assert frame["row"].tolist() == [0, 1, 1]
        assert frame["part"].tolist() == [1, 1, 2]
        assert frame["title"].tolist() == ["", "Long boats", "Wide boats"]
        assert frame["year"].tolist()[1:] == [2001, 2002]


def test_authors_joined_by_semicolons_are_one_citation() -> None:
    assert (
        len(split("Doe, J.; Roe, A. et al.; 'Long boats of the wide sea'; Odd Boats; vol. 3; 2005"))
        == 1
    )


def test_frame() -> None:
    frame = parse([])
    assert list(frame.columns) == list(COLUMNS)
    assert frame.empty
    frame = parse([None, "Doe, Odd Boats 3:12 (2005)"])  # type: ignore[list-item]
    assert frame["year"].dtype == "Int64"
    assert frame["confidence"].between(0, 1).all()
    assert all(isinstance(value, str) for name in FIELDS if name not in {"year", "month"}
               for value in frame[name])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from("0123456789 ,.;:()[]'\"-《》&\x1f\ud800年卷"), st.characters()
        ),
        max_size=300,
    )
)
def test_any_text_gives_sane_fields(text: str) -> None:
    frame = parse([text])
    assert (frame["row"] == 0).all()
    assert frame["year"].dropna().between(1800, 2099).all()
    assert frame["month"].dropna().between(1, 12).all()
    assert not any(frame[name].str.contains("\x1f").any() for name in ("title", "journal"))
    frame["title"].str.encode("utf-8")


@pytest.mark.parametrize(
    "piece",
    ["(", "'a ", '"a', "A. ", "Doe, J., ", "12:3 ", "vol. 1 ", "a-", "1999 ", "10.1000/", "et al ",
     "[1] ", "《", ", and ", "No. 1, pp. ", "A.A", "retrieved on "],
)  # fmt: skip
def test_hostile_strings_take_bounded_time(piece: str) -> None:
    start = time.process_time()
    parse([piece * (100_000 // len(piece))])
    assert time.process_time() - start < 1.0
