from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

from gapstudy.measure import availability
from gapstudy.measure.availability import MARKETS, Lags, cohorts, groups, selection, tables
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.policy.events import chosen
from gapstudy.tables import out_availability
from gapstudy.tables.checks import validate

from ..frames import pick, typed

EU, US = MARKETS.index("EU"), MARKETS.index("US")
LABELS = {"basis": "market_access", "rows": "all"}
CUTOFF = int(np.datetime64("2023-12-31").astype("datetime64[D]").astype(int))


def made(n: int = 120, seed: int = 1) -> Lags:
    """Products with a start, late in the EU half of the time, some lost early."""
    random = np.random.default_rng(seed)
    days = np.full((1, n, len(MARKETS)), np.nan)
    seen = np.zeros((n, len(MARKETS)), bool)
    on = seen.copy()
    late = np.where(random.random(n) < 0.5, 0, np.round(random.exponential(150, n)))
    check = np.round(random.uniform(0, 700, n))
    days[0, :, EU], on[:, EU] = np.minimum(late, check), late <= check
    days[0, :, US], on[:, US] = 0, True
    seen[:, [EU, US]] = True
    start = np.round(random.uniform(18_000, 19_500, n))[None]
    names = np.arange(n).astype(str).astype(object)
    return Lags(days, on, seen, np.arange(n), names, seen, start, np.zeros_like(seen))


def about(table: Lags) -> pd.DataFrame:
    n = len(table.product)
    return pd.DataFrame(
        {"kind": np.where(np.arange(n) < n // 3, "model", "feature"),
         "home": np.where(np.arange(n) % 2 == 0, "US", "EU"),
         "organisation": np.where(np.arange(n) < 30, "OpenAI", "other maker")},
        index=table.product.astype(str),
    )  # fmt: skip


def cut(make: Any, *rows: dict[str, Any], launch: str = "2023-01-01") -> Lags:
    products = typed([make.product("x", launch, "US")])
    return availability.lags(typed(list(rows)), products, "anywhere", 20, [0], CUTOFF)


def test_what_comes_after_the_cutoff_is_censored_there(make: Any) -> None:
    table = cut(make, make.available("x", "US", "2023-12-01"),
                make.available("x", "EU", "2024-03-01"), launch="2023-12-01")  # fmt: skip
    assert (table.days[:, 0, EU] == 30).all()
    assert not table.available[0, EU]
    assert table.after_cutoff[0].tolist() == [True, False, False, False, False]
    status = selection.status_table(LABELS, table)
    assert pick(status, market="EU", status="available_after_cutoff")["n"] == 1
    assert pick(status, market="CN", status="not_known")["n"] == 1
    assert status.groupby("market")["n"].sum().eq(1).all()


def test_a_check_after_the_cutoff_is_taken_to_it(make: Any) -> None:
    table = cut(make, make.available("x", "US", "2023-12-01"), launch="2023-12-01")
    late = cut(make, make.available("x", "US", "2023-12-01"),
               make.available("x", "EU", "2024-03-01", status="not_available"),
               launch="2023-12-01")  # fmt: skip
    assert table.seen[0].tolist() == [False, True, False, False, False]
    assert (late.days[:, 0, EU] == 30).all()
    status = selection.status_table(LABELS, late)
    assert pick(status, market="EU", status="not_available")["n"] == 1


def test_products_launched_after_the_cutoff_are_left_out(make: Any) -> None:
    table = cut(make, make.available("x", "US", "2024-02-01"), launch="2024-02-01")
    assert len(table.product) == 0
    assert (cut(make, make.available("x", "US", "2023-05-01")).entry > 18_000).all()


def test_groups_are_kaplan_meier_of_their_products() -> None:
    table = made()
    frame = groups.group_table(LABELS, table, about(table), 0.95, 10)
    days, on = table.days[0, :40, EU], table.available[:40, EU]
    oracle = KaplanMeierFitter().fit(days, on)
    for name, day in groups.WITHIN.items():
        row = pick(frame, group="kind", value="model", market="EU", measure=name)
        assert row["estimate"] == pytest.approx(1 - oracle.predict(day), abs=1e-6)
        assert row["low"] <= row["estimate"] <= row["high"]
    row = pick(frame, group="kind", value="model", market="EU", measure="mean_365d")
    assert row["estimate"] == pytest.approx(restricted_mean_survival_time(oracle, 365), abs=1e-6)
    assert pick(frame, group="makers", value=", ".join(groups.MAKERS), market="EU",
                measure="same_day")["n"] == 30  # fmt: skip
    few = groups.group_table(LABELS, table, about(table), 0.95, 70)
    row = pick(few, group="kind", value="model", market="EU", measure="same_day")
    assert np.isnan(row["estimate"])
    assert "fewer than 70" in row["note"]


def test_mean_delays_and_their_differences() -> None:
    table = made()
    frame = groups.rmst_table(LABELS, table, 0.95, 10)
    oracle = KaplanMeierFitter().fit(table.days[0, :, EU], table.available[:, EU])
    for limit in groups.LIMITS:
        value = restricted_mean_survival_time(oracle, limit)
        level = pick(frame, market="EU", versus="", limit=limit)
        gap = pick(frame, market="EU", versus="US", limit=limit)
        assert level["estimate"] == pytest.approx(value, abs=1e-6)
        assert gap["estimate"] == pytest.approx(value, abs=1e-6)  # in the US at once
        assert gap["low"] > 0
        assert gap["p_value"] < 0.05
    assert pick(frame, market="EU", versus="", limit=730)["note"]


def test_cohorts_part_at_the_date() -> None:
    table = made()
    date = "2021-03-01"
    event = {"event_id": "e", "date": date, "date_from": date, "place": "EU", "event": "law",
             "instrument": "law", "status": "applies"}  # fmt: skip
    events = chosen(typed([event]), ("e",))
    frame = cohorts.cohort_table(LABELS, table, events, 60.0, 0.95, 10)
    early = table.start[0] < events[0].day
    for name, part in (("before", early), ("after", ~early)):
        oracle = KaplanMeierFitter().fit(table.days[0, part, EU], table.available[part, EU])
        row = pick(frame, market="EU", cohort=name, measure="within_90d")
        assert row["n"] == part.sum()
        assert row["estimate"] == pytest.approx(1 - oracle.predict(90), abs=1e-6)
    sides = [pick(frame, market="EU", cohort=name, measure="within_90d")["estimate"]
             for name in ("before", "after", "difference")]  # fmt: skip
    assert sides[2] == pytest.approx(sides[1] - sides[0])
    near = cohorts.cohort_table(LABELS, table, events, 0.5, 0.95, 10)
    row = pick(near, market="EU", cohort="difference", measure="within_90d")
    assert np.isnan(row["estimate"])


def test_bounds_hold_the_observed_share_and_the_truth() -> None:
    table = made()
    everyone = pd.DataFrame({"product_id": [str(i) for i in range(200)],
                             "home": ["US", "EU"] * 100, "year": [2021] * 200})  # fmt: skip
    frame = selection.selection_table(LABELS, table, everyone, 0.95, 10)

    def value(measure: str, method: str) -> float:
        return float(pick(frame, market="EU", measure=measure, method=method)["estimate"])

    for measure in ("beyond_90d", "beyond_365d"):
        low, high = value(measure, "censored_at_once"), value(measure, "censored_never")
        assert low <= value(measure, "observed") <= high
    late = ((table.days[0, :, EU] > 0) | ~table.available[:, EU]).sum()
    assert value("delayed", "others_same_day") == pytest.approx(late / 200)
    assert value("delayed", "others_late") == pytest.approx((late + 80) / 200)
    assert value("delayed", "observed") == pytest.approx(late / 120)


def test_weights_restore_the_mix_of_the_corpus() -> None:
    table = made(2000)
    # Makers from the EU are late here; the corpus has four of them for each from the US.
    eu = np.arange(2000) % 2 == 1
    table.days[0, :, EU] = np.where(eu, 100.0, 0.0)
    table.available[:, EU] = True
    home = np.where(eu, "EU", "US")
    more = pd.DataFrame({"product_id": [f"m{i}" for i in range(3000)], "home": "EU", "year": 2021})
    own = pd.DataFrame({"product_id": table.product.astype(str), "home": home, "year": 2021})
    frame = selection.selection_table(LABELS, table, pd.concat([own, more]), 0.95, 10)
    weighted = pick(frame, market="EU", measure="delayed", method="weighted")
    assert weighted["estimate"] == pytest.approx(0.8)
    assert weighted["effective_n"] < 2000
    assert weighted["represented"] == 1.0
    some = pd.concat([own, more.assign(home="CN")])
    frame = selection.selection_table(LABELS, table, some, 0.95, 10)
    assert pick(frame, market="EU", measure="delayed", method="weighted")["represented"] == 0.4


def test_no_product_in_any_group_is_refused() -> None:
    table = made()
    from gapstudy.errors import FitError
    from gapstudy.measure.availability.estimates import usable

    with pytest.raises(FitError, match="no product"):
        usable(table, [(EU, np.zeros(120, bool))], [0.0])


def test_all_lost_on_the_first_day_is_a_share_of_none() -> None:
    table = made()
    gone = replace(table, days=table.days * 0, available=table.available & False)
    frame = groups.group_table(LABELS, gone, about(table), 0.95, 10)
    row = pick(frame, group="all", value="all", market="EU", measure="within_90d")
    assert row["estimate"] == 0
    assert 0 < row["high"] < 1


def test_tables_keep_their_contracts(make: Any) -> None:
    study = make.study(linking={"imputations": 3})
    found = dict(make.frames())
    date = "2021-01-01"
    found["policy_events"] = typed(
        [{"event_id": "e", "date": date, "date_from": date, "place": "EU", "event": "law",
          "instrument": "law", "status": "applies"}]
    )  # fmt: skip
    results = tables.results(Inputs.of(found, study), study, ("e",))
    for table in out_availability.TABLES:
        validate(table, results[table.name])
        assert len(results[table.name])
    again = tables.results(Inputs.of(found, study), study, ("e",))
    for name, frame in results.items():
        pd.testing.assert_frame_equal(frame, again[name])
