"""Papers that citations of patents mean."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from gapstudy.link import _npl_model as model
from gapstudy.link import npl
from gapstudy.link._npl_pairs import candidates, folded, surname
from gapstudy.link.citations import parse
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

TITLES = (
    "Folding of paper boats by recursive creasing",
    "Folding of paper boats by recursive wetting",
    "On keels",
    "Hydrodynamic creasing of origami hulls under turbulent crosswind",
    "Unrelated thermals over agricultural glasshouses",
)


def _papers(**columns: list[str]) -> pd.DataFrame:
    size = len(TITLES)
    frame = pd.DataFrame(
        {
            "paper_id": [f"p{at}" for at in range(size)], "title": TITLES, "abstract": "",
            "coined_name": "", "arxiv_id": "", "doi": "",
            "date_from": pd.to_datetime(["2005-01-01"] * size),
            "date_to": pd.to_datetime(["2005-12-31"] * size),
            "organisations": "", "people": "Jane Doe;Adam Roe",
        }
    )  # fmt: skip
    return frame.assign(**columns)


def _citations(*texts: str, **columns: str) -> pd.DataFrame:
    frame = pd.DataFrame({"text": texts, "arxiv_id": None, "doi": None}).assign(**columns)
    return frame.assign(
        patent_id=[f"US{at}" for at in range(len(texts))], place="front_page", position=1
    )


def test_the_right_paper_is_found_and_a_near_one_is_not() -> None:
    text = f'Doe et al., "{TITLES[0]}," Odd Boats, vol. 3, pp. 12-18 (2005).'
    found = npl.link(_citations(text), _papers())
    probability = found.set_index("paper_id")["probability"]
    assert probability["p0"] > 0.95
    assert probability.get("p1", 0.0) < 0.3
    assert set(probability.index) <= {"p0", "p1"}
    assert found["how"].iloc[0] == "title"


def test_the_frame_keeps_its_contract() -> None:
    texts = [f"Doe et al., {title}, Odd Boats 3:12-18 (2005)." for title in TITLES]
    found = npl.link(_citations(*texts), _papers())
    assert len(found) >= 4
    kept = validate(contract("patent_paper_citations"), found)
    pd.testing.assert_frame_equal(kept, found, check_dtype=False)
    assert validate(contract("patent_paper_citations"), npl.link(_citations(), _papers())).empty
    assert npl.link(_citations(*texts), _papers().iloc[:0]).empty


def test_misread_and_broken_off_titles_are_still_found() -> None:
    misread = TITLES[3].replace("creasing", "creas1ng").replace("hulls", "hul1s")
    texts = [f'Doe et al., "{misread}," Odd Boats (2005).', f'Doe et al., "{TITLES[3][:45]}']
    found = npl.link(_citations(*texts), _papers())
    assert found["paper_id"].tolist() == ["p3", "p3"]
    assert (found["probability"] > 0.5).all()


def test_identifiers_count_without_a_title() -> None:
    papers = _papers(doi=["10.1000/a", "", "", "", ""], arxiv_id=["", "2101.01234", "", "", ""])
    texts = ["Doe, Odd Boats, doi: 10.1000/A.", "Doe et al., arXiv:2101.01234v2, 2005."]
    found = npl.link(_citations(*texts), papers)
    assert found[["paper_id", "how"]].to_numpy().tolist() == [
        ["p0", "identifier"], ["p1", "identifier"],
    ]  # fmt: skip
    assert (found["probability"] > 0.9).all()
    beside = _citations("Doe, Odd Boats, 2005.").assign(doi="10.1000/a")
    assert npl.link(beside, papers)["paper_id"].tolist() == ["p0"]


def test_an_arxiv_doi_is_the_arxiv_id() -> None:
    papers = _papers(arxiv_id=["2101.01234", "", "", "", ""])
    found = npl.link(_citations("Doe, doi: 10.48550/arXiv.2101.01234, 2005."), papers)
    assert found["paper_id"].tolist() == ["p0"]


def test_volume_page_and_author_do_without_a_title() -> None:
    papers = _papers(
        venue=["Odd Boats"] * 5, volume=["3", "4", "5", "6", "7"],
        pages=["112-118", "112", "5", "6", "7"],
    )  # fmt: skip
    found = npl.link(_citations("DOE ET AL., ODD BOATS, vol. 3, 2005, pages 112 - 118"), papers)
    assert found[["paper_id", "how"]].to_numpy().tolist() == [["p0", "printed"]]
    assert found["probability"].iloc[0] > 0.9


def test_numbers_alone_are_chance() -> None:
    papers = _papers(venue=[""] * 5, volume=["3"] * 5, pages=["112-118"] * 5, people=[""] * 5)
    found = npl.link(_citations("POE ET AL., OTHER SHIPS, vol. 3, 2005, pages 112 - 118"), papers)
    assert (found["probability"] <= model.NUMBERS_ALONE).all()


@pytest.mark.parametrize(
    "other",
    [
        f'Poe, "{TITLES[0]}," Odd Boats (1985).',
        f'Office Action citing "{TITLES[0]}" dated 2005, notice of allowance of Jan. 3, 2006.',
        'Doe, "Folding of wet maps by recursive creasing," Odd Boats (2005).',
    ],
)
def test_what_speaks_against_a_pair(other: str) -> None:
    right = npl.link(_citations(f'Doe, "{TITLES[0]}," Odd Boats (2005).'), _papers())
    found = npl.link(_citations(other), _papers())
    assert found["probability"].max() < right["probability"].max() or found.empty


def test_a_pair_does_not_depend_on_other_papers_or_citations() -> None:
    texts = [f'Doe et al., "{title}," Odd Boats (2005).' for title in TITLES]
    together = npl.link(_citations(*texts), _papers()).set_index(["patent_id", "paper_id"])
    alone = npl.link(_citations(*texts).iloc[3:4], _papers().iloc[3:4])
    pd.testing.assert_frame_equal(
        together.loc[[("US3", "p3")]], alone.set_index(["patent_id", "paper_id"])
    )


def test_candidates_are_few() -> None:
    cited = parse([f'Doe, "{TITLES[3]}," Odd Boats (2005).'])
    papers = _papers()
    rows, columns = candidates(
        cited, papers, [folded(cited["title"][0])], [folded(title) for title in TITLES]
    )
    assert (rows.tolist(), columns.tolist()) == ([0], [3])


def test_reasons_are_the_weights() -> None:
    found = npl.link(_citations(f'Doe, "{TITLES[3]}," Odd Boats (2005).'), _papers())
    reasons = json.loads(found["reasons"].iloc[0])
    assert reasons["author_same"] == pytest.approx(model.WEIGHTS["author_same"])
    sizes = [abs(value) for value in reasons.values()]
    assert sizes == sorted(sizes, reverse=True)
    assert set(model.WEIGHTS) == set(model.MEANINGS)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("J. Odd Chem", "Journal of Odd Chemistry", True),
        ("ODD LETTERS", "Odd Letters", True),
        ("Proceedings of the 2016 Odd Conference on Boats (OCB)", "OCB", True),
        ("Odd Boats", "Even Ships", False),
        ("J. Odd Chem", "J. Odd Physics", False),
        ("", "Odd", False),
    ],
)
def test_venues(left: str, right: str, same: bool) -> None:
    assert model.same_venue(left, right) is same
    assert model.same_venue(right, left) is same


@pytest.mark.parametrize("name", ["Doe, J.", "J. Doe", "DOE J", "Jane Doe", "Döe, Jane"])
def test_surnames(name: str) -> None:
    assert surname(name) == "doe"


def test_hostile_papers_and_citations() -> None:
    texts = ["", "\x00\x1f", "א" * 3000, "\ud800 Doe 3:4 (1999)", "a " * 50_000]
    papers = _papers(title=["", "\ud800", "It", "x" * 100_000, "和 " * 500])
    assert npl.link(_citations(*texts), papers)["probability"].between(0, 1).all()
