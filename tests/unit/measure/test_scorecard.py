from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from gapstudy.measure import scorecard
from gapstudy.study import Claim


def numbers(*rows: tuple[str, float, float, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["name", "value", "p_value", "n"])
    return frame.assign(low=np.nan, high=np.nan, unit="share")


def claim(*names: str, side: str = "above", min_n: int = 10) -> Claim:
    return Claim.model_validate(
        {
            "title": "t", "measure": "m", "min_n": min_n,
            "tests": [{"number": name, "side": side} for name in names],
        }
    )  # fmt: skip


def judge(claims: dict[str, Claim], given: pd.DataFrame) -> dict[str, str]:
    made = scorecard.tests(claims, given, 0.95)
    table = scorecard.verdicts(claims, made, 0.95)
    return dict(zip(table["claim"], table["verdict"], strict=True))


def test_holm_agrees_with_statsmodels() -> None:
    p = np.array([0.01, 0.04, 0.03, 0.005, 0.5])
    np.testing.assert_allclose(scorecard.holm(p), multipletests(p, method="holm")[1])


def test_missing_p_values_are_not_counted() -> None:
    adjusted = scorecard.holm(np.array([0.02, np.nan, 0.03]))
    np.testing.assert_allclose(adjusted, [0.04, np.nan, 0.04])


def test_the_four_verdicts() -> None:
    given = numbers(("up", 1.0, 0.001, 50), ("up2", 2.0, 0.001, 50), ("down", -1.0, 0.001, 50),
                    ("flat", 0.1, 0.8, 50), ("few", 1.0, 0.001, 9))  # fmt: skip
    verdicts = judge(
        {
            "A": claim("up", "up2"), "B": claim("up", "down"), "C": claim("down", "flat"),
            "D": claim("up", "few"), "E": claim(), "F": claim("absent"),
            "G": claim("down", side="below"),
        },
        given,
    )  # fmt: skip
    assert verdicts == {
        "A": "supported", "B": "mixed", "C": "not supported", "D": "not enough data",
        "E": "not enough data", "F": "not enough data", "G": "supported",
    }  # fmt: skip


def test_adjustment_over_the_whole_scorecard_can_take_a_verdict_back() -> None:
    given = numbers(*((f"x{i}", 1.0, 0.03, 50) for i in range(2)))
    assert judge({"A": claim("x0")}, given) == {"A": "supported"}
    both = judge({"A": claim("x0"), "B": claim("x1")}, given)
    assert both == {"A": "not supported", "B": "not supported"}


def test_a_claim_without_a_number_says_which() -> None:
    made = scorecard.tests({"A": claim("absent")}, numbers(("up", 1.0, 0.001, 50)), 0.95)
    row = scorecard.verdicts({"A": claim("absent")}, made, 0.95).iloc[0]
    assert "absent" in row["reason"]
    assert made["enough"].tolist() == [False]


@pytest.mark.parametrize("claims", [{}, {"A": claim()}])
def test_no_test_at_all(claims: dict[str, Claim]) -> None:
    made = scorecard.tests(claims, numbers(), 0.95)
    assert made.empty
    assert len(scorecard.verdicts(claims, made, 0.95)) == len(claims)
