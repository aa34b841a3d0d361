"""CPC symbols and publication numbers: one spelling, whatever the office writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.sources._cpc import cpc, symbols
from gapstudy.sources._patent_numbers import publication_number


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("G06N   3/08", "G06N3/08"),
        ("G06N3/08", "G06N3/08"),
        (" g06n 20/00 ", "G06N20/00"),
        ("G06N0003/0464", "G06N3/0464"),
        ("G06N3-08", "G06N3/08"),
        ("Y10S 706/902", "Y10S706/902"),
        ("G06N", "G06N"),
        ("G06N 3", "G06N3"),
        ("H04L2209/1234", "H04L2209/1234"),
        ("", ""),
        ("G06", ""),
        ("G06N3/", ""),
        ("Z99Z1/00", ""),
        ("G06N٣/08", ""),
    ],
)
def test_cpc(text: str, symbol: str) -> None:
    assert cpc(text) == symbol


def test_symbols_are_listed_once_each_in_their_order() -> None:
    assert symbols(["G06N 20/00", "none", "G06N3/08", "G06N   20/00"]) == ["G06N20/00", "G06N3/08"]


@pytest.mark.parametrize(
    ("parts", "number"),
    [
        (("US-10000000-B2",), "US10000000B2"),
        (("US 10,000,000 B2",), "US10000000B2"),
        (("US", "10000000", "B2"), "US10000000B2"),
        (("US", "US10000000", "B2"), "US10000000B2"),
        (("EP3000000A1",), "EP3000000A1"),
        (("WO2021/123456 A1",), "WO2021123456A1"),
        (("US", "D900000", "S1"), "USD900000S1"),
        (("US", "RE49000", "E1"), "USRE49000E1"),
        (("JP-H0612345-A",), "JPH0612345A"),
        (("CN", "110000001", "A"), "CN110000001A"),
        (("US", "10000000"), "US10000000"),
        (("", "", ""), ""),
        (("US", "10000000", "none"), ""),
        (("what",), ""),
        (("US-١٢٣-B2",), ""),
    ],
)
def test_publication_number(parts: tuple[str, ...], number: str) -> None:
    assert publication_number(*parts) == number


@given(st.text(max_size=30))
def test_any_text_gives_a_symbol_and_a_number_or_none(text: str) -> None:
    symbol, number = cpc(text), publication_number(text)
    assert cpc(symbol) == symbol
    assert publication_number(number) == number
