"""References in the running text of patents. All names and journals are invented."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.link.citations import parse
from gapstudy.link.intext import MEANINGS, WEIGHTS, cut, probability, signs

TEXT = (
    "[0003] Methods are known (see, e.g., Doe et al., 2015, Nature 521, 436-444). Another is "
    "described in J. Roe and A. Poe, J. Odd Chem. 278:38105 (2003), where the boat of FIG. 3 "
    "(length 30 mm, model of 1999) turns. See also U.S. Pat. No. 5,000,456 (1992). Smith et al. "
    "(2001) disagree. Poe et al., Proc. Odd Soc. USA 88:1234-1240 (1991); Koe et al., Science "
    "12:99 (1992)."
)


def test_references_are_cut_out_with_their_place() -> None:
    found = cut(["No references here.", TEXT])
    assert found["text"].tolist() == [
        "Doe et al., 2015, Nature 521, 436-444",
        "J. Roe and A. Poe, J. Odd Chem. 278:38105 (2003)",
        "Poe et al., Proc. Odd Soc. USA 88:1234-1240 (1991)",
        "Koe et al., Science 12:99 (1992)",
    ]
    assert found["row"].tolist() == [1] * 4
    assert found["position"].tolist() == [1, 2, 3, 4]
    for row in found.to_dict("records"):
        assert TEXT[row["start"] : row["end"]] == row["text"]


def test_what_is_cut_can_be_read() -> None:
    read = parse(cut([TEXT])["text"])
    assert read["year"].tolist() == [2015, 2003, 1991, 1992]
    assert read["volume"].tolist() == ["521", "278", "88", "12"]
    assert read["page_first"].tolist() == ["436", "38105", "1234", "99"]


@pytest.mark.parametrize(
    ("passage", "reference"),
    [
        ("Doe J Odd Chem 1997 7 178 186", True),
        (
            "J Doe A Roe 10.1000/odd.5 1234-5678 Journal Of Odd Boats Keels 2003-11 3 41 279 286",
            True,
        ),
        ("Doe et al., Science 2001, 12, 99-104", True),
        ("United States Patent Method Of Folding Boats Filed 1968 366", False),
        ("+ 44 H 65 N 4 OSSi 2: Calcd. 753.4412 found 753.4398", False),
        ("Example 3 10 mg 20 ml 30% 40 parts", False),
        ("Boat B", False),
        ("", False),
    ],
)
def test_reference_or_not(passage: str, reference: bool) -> None:
    assert (probability([passage])[0] >= 0.5) == reference


def test_every_sign_has_a_weight_and_a_meaning() -> None:
    assert set(WEIGHTS) == set(MEANINGS)
    assert list(signs([TEXT]).columns) == list(MEANINGS)


def test_nothing_gives_an_empty_frame() -> None:
    found = cut([])
    assert found.empty
    assert list(found.columns) == ["row", "position", "start", "end", "text", "probability"]
    assert cut(["", "plain words"]).empty


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("()[];:,. et al19 20Doe"), st.characters())))
def test_any_text_is_cut_in_order(text: str) -> None:
    found = cut([text, text], least=0.0)
    for row in (0, 1):
        mine = found[found["row"] == row]
        assert (mine["start"].iloc[1:].to_numpy() >= mine["end"].iloc[:-1].to_numpy()).all()
        assert (mine["end"] <= len(text)).all()


@pytest.mark.parametrize("piece", ["(", "et al ", "12:3 (1999) ", "(a 1999 (", TEXT])
def test_hostile_texts_take_bounded_time(piece: str) -> None:
    start = time.process_time()
    cut([piece * (100_000 // len(piece))])
    assert time.process_time() - start < 3.0
