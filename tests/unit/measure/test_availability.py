from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from gapstudy.measure import availability
from gapstudy.measure.availability import MARKETS, Lags

from .frames import pick, typed

EU, US = MARKETS.index("EU"), MARKETS.index("US")
LABELS = {"basis": "market_access", "reference": "anywhere", "rows": "all"}


def one(make: Any, launch: str, *rows: dict[str, Any], reference: str = "anywhere") -> Lags:
    products = typed([make.product("x", launch, "US")])
    return availability.lags(typed(list(rows)), products, reference, 50, [0])


def test_lag_counts_from_the_first_market(make: Any) -> None:
    table = one(
        make, "2023-01-01", make.available("x", "US", "2023-01-01"),
        make.available("x", "EU", "2023-04-01"), make.available("x", "GB", "2023-01-11"),
    )  # fmt: skip
    assert (table.days[:, 0, EU] == 90).all()
    assert (table.days[:, 0, US] == 0).all()
    assert (table.days[:, 0, MARKETS.index("GB")] == 10).all()
    assert not table.seen[0, MARKETS.index("CN")]


def test_not_available_is_censored_on_the_day_of_its_last_check(make: Any) -> None:
    table = one(
        make, "2023-01-01", make.available("x", "US", "2023-01-01"),
        make.available("x", "EU", "2023-02-01", status="not_available"),
        make.available("x", "EU", "2023-03-01", status="not_available", provider="other"),
    )  # fmt: skip
    assert not table.available[0, EU]
    assert (table.days[:, 0, EU] == 59).all()


def test_availability_beats_an_earlier_refusal(make: Any) -> None:
    table = one(
        make, "2023-01-01", make.available("x", "EU", "2023-02-01", status="not_available"),
        make.available("x", "EU", "2023-03-01", provider="other"),
    )  # fmt: skip
    assert table.available[0, EU]


def test_a_check_before_the_launch_says_nothing(make: Any) -> None:
    table = one(
        make, "2023-01-01", make.available("x", "US", "2023-01-01"),
        make.available("x", "EU", "2022-12-01", status="not_available"),
    )  # fmt: skip
    assert not table.seen[0, EU]


def test_two_markets_dated_by_the_same_month_are_the_same_day(make: Any) -> None:
    table = one(
        make, "2023", make.available("x", "US", "2023-05"), make.available("x", "EU", "2023-05"),
    )  # fmt: skip
    assert (table.days[:, 0, EU] == 0).all()


def test_an_exact_launch_elsewhere_is_the_reference(make: Any) -> None:
    exact = one(make, "2023-01-01", make.available("x", "EU", "2023-01-31"))
    vague = one(make, "2023", make.available("x", "EU", "2023-01-31"))
    assert (exact.days[:, 0, EU] == 30).all()
    assert (vague.days[:, 0, EU] == 0).all()


def test_lags_behind_the_us_may_be_negative_and_need_a_us_date(make: Any) -> None:
    early = one(
        make, "2023-01-01", make.available("x", "US", "2023-03-01"),
        make.available("x", "EU", "2023-02-01"), reference="US",
    )  # fmt: skip
    assert (early.days[:, 0, EU] == -28).all()
    fit = availability.fit(early, [-29.0, -28.0, 0.0])
    assert fit.share.value[EU].tolist() == [0, 1, 1]
    without = one(make, "2023-01-01", make.available("x", "EU", "2023-02-01"), reference="US")
    assert len(without.product) == 0


def many(seed: int = 1) -> Lags:
    random = np.random.default_rng(seed)
    n = 81  # odd, so that no curve stands at one half
    days = np.full((1, n, len(MARKETS)), np.nan)
    seen = np.zeros((n, len(MARKETS)), bool)
    available = seen.copy()
    late = np.where(random.random(n) < 0.4, 0, np.round(random.exponential(150, n)))
    check = np.round(random.uniform(50, 700, n))
    days[0, :, EU], available[:, EU] = np.minimum(late, check), late <= check
    days[0, :, US], available[:, US] = 0, True
    seen[:, [EU, US]] = True
    names = np.arange(n).astype(str).astype(object)
    return Lags(days, available, seen, np.arange(n), names, seen)


def test_shares_within_so_many_days_are_kaplan_meier() -> None:
    table = many()
    curve = availability.curve_table(LABELS, table, 0.95, 10)
    points = availability.points_table(curve, LABELS, table, 0.95, 10)
    oracle = KaplanMeierFitter().fit(table.days[0, :, EU], table.available[:, EU])
    for name, day in availability.DAYS.items():
        row = pick(points, market="EU", measure=name)
        assert row["estimate"] == pytest.approx(1 - oracle.predict(day), abs=1e-6)
        assert row["low"] < row["estimate"] < row["high"]
    assert pick(points, market="EU", measure="median")["estimate"] == oracle.median_survival_time_
    now, late = (pick(points, market="EU", measure=name) for name in ("same_day", "delayed"))
    assert late["estimate"] == pytest.approx(1 - now["estimate"])
    assert late["low"] == pytest.approx(1 - now["high"])
    assert now["unavailable"] == int((~table.available[:, EU]).sum())


def test_a_median_that_does_not_exist_is_not_given() -> None:
    table = many()
    never = Lags(
        table.days, table.available & (table.days[0] < 20), table.seen, table.maker, table.product,
        table.confirmed,
    )  # fmt: skip
    curve = availability.curve_table(LABELS, never, 0.95, 10)
    row = pick(availability.points_table(curve, LABELS, never, 0.95, 10), market="EU",
               measure="median")  # fmt: skip
    assert np.isnan(row["estimate"])
    assert "no median" in row["note"]


def test_difference_is_over_products_seen_in_both_markets() -> None:
    table = many()
    seen = table.seen.copy()
    seen[:30, US] = False
    part = Lags(table.days, table.available, seen, table.maker, table.product, seen)
    row = pick(availability.differences(LABELS, part, 0.95, 10), market="EU", versus="US",
               measure="within_90d")  # fmt: skip
    oracle = KaplanMeierFitter().fit(table.days[0, 30:, EU], table.available[30:, EU])
    assert row["n"] == 51
    assert row["estimate"] == pytest.approx(-oracle.predict(90), abs=1e-6)
    assert row["high"] < 0
    assert row["p_value"] < 0.05


def test_makers_with_many_products_widen_the_interval() -> None:
    table = many()
    order = np.argsort(table.days[0, :, EU], kind="stable")
    maker = np.empty(81, np.int64)
    maker[order] = np.arange(81) // 8  # makers whose products behave alike
    clustered = Lags(table.days, table.available, table.seen, maker, table.product, table.seen)
    widths = []
    for made in (table, clustered):
        ends = availability.fit(made, [90.0]).interval(0.95)
        widths.append(ends.high[EU, 0] - ends.low[EU, 0])
    assert widths[1] > 1.5 * widths[0]
