"""Escaping, and values as a reader wants them."""

import doctest
import html
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.publish import escape, values
from gapstudy.publish.escape import csv_text, html_text


@pytest.mark.parametrize("module", [escape, values])
def test_examples_in_docstrings(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.failed == 0


@given(st.text())
def test_html_text_shows_the_text_and_nothing_else(text: str) -> None:
    made = html_text(text)
    assert not set("<>\"'{}`$\\\n\r") & set(made)
    shown = html.unescape(made)
    kept = [sign for sign in text if sign.isprintable() and not sign.isspace()]
    assert [sign for sign in shown if sign in set(kept)] == kept


@given(st.text(min_size=1))
def test_csv_text_never_begins_a_formula(text: str) -> None:
    made = csv_text(text)
    assert made[0] not in "=+-@\t\r\n"
    assert made.removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize(
    ("value", "unit", "low", "high", "text", "span"),
    [
        (0.031, "share", 0.006, 0.138, "3.1%", "0.6% to 13.8%"),
        (0.34, "share", 0.25, 0.43, "34%", "25% to 43%"),
        (-0.033, "points", -0.089, 0.073, "−3.3 points", "−8.9 to 7.3"),
        (9.46, "years", 9.17, 9.65, "9.46 years", "9.17 to 9.65"),
        (10.0, "years", None, None, "10 years", ""),
        (1.0, "days", 0.0, 12.0, "1 day", "0 to 12"),
        (1234.0, "count", None, None, "1,234", ""),
        (0.00012, "p", None, None, "<0.001", ""),
        (-0.0004, "share", None, None, "0.0%", ""),
        (33.9, "billion_usd", None, None, "33.9", ""),
        (None, "share", None, None, "not estimable", ""),
        (float("nan"), "years", 1.0, 2.0, "not estimable", ""),
    ],
)
def test_values(
    value: float | None, unit: str, low: float | None, high: float | None, text: str, span: str
) -> None:
    assert values.with_unit(value, unit, low, high) == text
    assert values.interval(value, low, high, unit) == span


def test_differences_of_shares_are_points() -> None:
    assert values.unit_of("share", "out_share_difference") == "points"
    assert values.unit_of("difference of shares", "out_x") == "points"
    assert values.unit_of("share", "out_shares") == "share"
