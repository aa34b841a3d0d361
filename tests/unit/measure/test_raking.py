"""Raking: margins hold, a second calculation agrees, impossible margins are refused."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.raking import rake


def sample(seed: int = 0, n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "region": rng.choice(["EU", "US", "CN"], n, p=[0.6, 0.3, 0.1]),
        "size": rng.choice(["small", "large"], n, p=[0.3, 0.7]),
    })  # fmt: skip


def margin(name: str, **totals: float) -> pd.DataFrame:
    return pd.DataFrame({name: list(totals), "total": list(totals.values())})


MARGINS = [margin("region", EU=0.4, US=0.35, CN=0.25), margin("size", small=0.8, large=0.2)]


def counts(frame: pd.DataFrame, weight: NDArray[np.float64], name: str) -> dict[str, float]:
    found = frame.assign(weight=weight).groupby(name)["weight"].sum()
    return {str(key): float(value) for key, value in found.items()}


def test_margins_hold() -> None:
    frame = sample()
    made = rake(frame, MARGINS, total=200)
    found = counts(frame, made.weight, "region")
    assert found == pytest.approx({"EU": 80, "US": 70, "CN": 50})
    assert counts(frame, made.weight, "size") == pytest.approx({"small": 160, "large": 40})
    assert made.gap <= 1e-8


def test_weights_of_two_margins_are_a_product() -> None:
    # What raking finds has no interaction of its own: w(region, size) = a(region) b(size).
    frame = sample()
    made = rake(frame, MARGINS, total=200)
    cell = frame.assign(weight=made.weight).pivot_table("weight", "region", "size", "first")
    ratio = cell["small"] / cell["large"]
    assert ratio.to_numpy() == pytest.approx(np.full(3, ratio.iloc[0]), rel=1e-6)


def test_one_margin_is_post_stratification() -> None:
    frame = sample()
    made = rake(frame, [MARGINS[1]], total=200)
    share = {"small": 160, "large": 40}
    times = frame["size"].value_counts()
    assert made.weight == pytest.approx([share[s] / times[s] for s in frame["size"]])


def test_bounds_hold_and_margins_too() -> None:
    frame = sample()
    made = rake(frame, MARGINS, total=200, bounds=(0.15, 7))
    assert made.weight.min() >= 0.15 - 1e-6
    assert made.weight.max() <= 7 + 1e-6
    assert counts(frame, made.weight, "region") == pytest.approx({"EU": 80, "US": 70, "CN": 50})


def test_kish() -> None:
    made = rake(sample(), MARGINS, total=200)
    w = made.weight
    assert made.effective_n == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert made.design_effect == pytest.approx(200 / made.effective_n)
    equal = rake(sample(), [margin("region", **counts(sample(), np.ones(200), "region"))])
    assert equal.design_effect == pytest.approx(1)


def test_bounds_too_narrow_are_said() -> None:
    with pytest.raises(FitError, match="did not converge"):
        rake(sample(), MARGINS, total=200, bounds=(0.9, 1.1))


def test_margins_that_contradict_the_cells_do_not_converge() -> None:
    # All of the EU are small: no weights give the EU 60% and the small 20%.
    frame = pd.DataFrame({"region": ["EU", "EU", "US"], "size": ["small", "small", "large"]})
    wanted = [margin("region", EU=0.6, US=0.4), margin("size", small=0.2, large=0.8)]
    with pytest.raises(FitError, match="did not converge"):
        rake(frame, wanted, total=3, rounds=200)


@pytest.mark.parametrize(
    ("margins", "message"),
    [
        ([margin("region", EU=1, US=1)], "does not give CN"),
        ([margin("region", EU=1, US=1, CN=1, other=1)], "no observation is in other"),
        ([margin("region", EU=1, US=1, CN=0)], "total of zero"),
        ([margin("region", EU=1, US=1, CN=1), margin("size", small=4, large=4)], "add up to"),
        ([margin("role", a=1)], "needs variables"),
        ([margin("region", EU=-1, US=1, CN=1)], "negative"),
        ([], "no margin"),
    ],
)
def test_refused(margins: list[pd.DataFrame], message: str) -> None:
    with pytest.raises(FitError, match=message):
        rake(sample(), margins)
