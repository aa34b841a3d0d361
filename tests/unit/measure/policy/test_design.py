from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from gapstudy.errors import FitError
from gapstudy.measure.availability import MARKETS, Lags
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.policy import labels, tables
from gapstudy.measure.policy.dynamics import Check
from gapstudy.measure.policy.events import DESIGN, chosen
from gapstudy.measure.policy.panel import panel
from gapstudy.measure.policy.rules import Rules
from gapstudy.measure.policy.within import Effect
from gapstudy.tables import out_policy
from gapstudy.tables.checks import validate

from ..frames import pick, typed

RULES = Rules(worlds=10, bootstrap=49)


def event(name: str, date: str, place: str = "EU", status: str = "applies") -> dict[str, Any]:
    return {"event_id": name, "date": date, "date_from": date, "date_to": date, "place": place,
            "event": name, "instrument": "a law", "status": status}  # fmt: skip


def test_events_know_their_controls_and_come_in_order() -> None:
    rows = typed([event("b", "2024-08-01"), event("a", "2018-05-25"), event("c", "2023-08-15",
                                                                           "CN")])  # fmt: skip
    found = chosen(rows, ("b", "a", "c"))
    assert [one.event_id for one in found] == ["a", "c", "b"]
    assert found[0].controls == ("US", "CN")
    assert found[1].controls == ("EU", "US", "GB")
    assert found[2].controls == ("US", "CN", "GB")
    assert found[2].day == (pd.Timestamp("2024-08-01") - pd.Timestamp("1970-01-01")).days


def test_dates_that_were_moved_and_unknown_names_are_refused() -> None:
    rows = typed([event("a", "2026-08-02", status="postponed"), event("b", "2024-08-01", "IT")])
    for name, words in (("a", "moved"), ("b", "no market"), ("z", "no policy event")):
        with pytest.raises(FitError, match=words):
            chosen(rows, (name,))
    assert chosen(rows.iloc[:0], ("z",)) == []


def lags_of(n: int = 60) -> Lags:
    random = np.random.default_rng(1)
    days = np.full((2, n, len(MARKETS)), np.nan)
    late = np.where(random.random((n, 2)) < 0.5, 0.0, np.round(random.exponential(120, (n, 2))))
    check = np.round(random.uniform(30, 500, (n, 2)))
    days[:, :, :2] = np.minimum(late, check)
    seen = np.zeros((n, len(MARKETS)), bool)
    seen[:, :2] = True
    on = seen.copy()
    on[:, :2] = late <= check
    start = np.repeat(np.round(random.uniform(18_000, 19_000, n))[None], 2, axis=0)
    names = np.arange(n).astype(str).astype(object)
    return Lags(days, on, seen, np.arange(n), names, seen, start)


def test_pseudo_observations_average_to_kaplan_meier() -> None:
    table = lags_of()
    oracle = KaplanMeierFitter().fit(table.days[0, :, 0], table.available[:, 0])
    made = panel(table, "beyond_90d", ("EU", "US"))
    values = made.y[0][made.market == 0]
    assert values.mean() == pytest.approx(oracle.predict(90), abs=1e-6)
    delayed = panel(table, "delayed", ("EU", "US"))
    late = (table.days[0, :, 0] > 0) | ~table.available[:, 0]
    assert delayed.y[0][delayed.market == 0].tolist() == late.astype(float).tolist()


def test_products_followed_to_the_end_keep_their_own_value() -> None:
    table = lags_of()
    whole = replace(table, available=table.seen)
    made = panel(whole, "delay_365d", ("EU", "US"))
    own = np.minimum(whole.days[0, :, 0], 365)
    assert made.y[0][made.market == 0] == pytest.approx(own)
    made = panel(whole, "beyond_90d", ("EU", "US"))
    assert made.y[0][made.market == 0] == pytest.approx((whole.days[0, :, 0] > 90).astype(float))


def test_products_in_one_market_compare_nothing() -> None:
    table = lags_of()
    table.seen[:20, 1] = False
    made = panel(table, "delayed", ("EU", "US"))
    assert len(made.product) == 80
    assert made.product.max() == 39


@pytest.mark.parametrize(
    ("before", "after", "months", "name"),
    [(30, 30, 30.0, "confirmatory"), (30, 19, 30.0, "exploratory"), (30, 30, 23.0, "exploratory"),
     (9, 30, 30.0, "not estimable"), (30, 9, 30.0, "not estimable"),
     (30, 0, -1.0, "after the cut-off")],
)  # fmt: skip
def test_labels(before: int, after: int, months: float, name: str) -> None:
    assert labels.label(before, after, months, Rules())[0] == name


def test_a_claim_needs_every_check() -> None:
    good = {
        name: Check(name, Effect(0.0, 1.0, -2.0, 2.0, 0.5, 20), 40, 1, "")
        for name in ("joint", "slope", "placebo_date")
    }
    assert labels.claim("confirmatory", good, 0.02, 0) == (labels.CHECKED, "")
    bad = good | {"slope": replace(good["slope"], effect=Effect(1.0, 0.1, 0.8, 1.2, 0.01, 20))}
    unknown = good | {"joint": replace(good["joint"], effect=None)}
    for args in (("exploratory", good, 0.02, 0), ("confirmatory", bad, 0.02, 0),
                 ("confirmatory", unknown, 0.02, 0), ("confirmatory", good, 0.2, 0),
                 ("confirmatory", good, 0.02, 2)):  # fmt: skip
        name, failed = labels.claim(*args)
        assert name == labels.NO_CLAIM
        assert failed


@pytest.fixture(scope="module")
def frames(make: Any) -> dict[str, pd.DataFrame]:
    """Sixty more products with availability, and three events."""
    found = dict(make.frames())
    random = np.random.default_rng(3)
    products, rows = [], []
    for i in range(60):
        start = np.datetime64("2020-01-01") + int(random.integers(0, 1800))
        products.append(make.product(f"s{i:02d}", str(start), "US", entry="availability",
                                     organisation=f"maker {i % 12}"))  # fmt: skip
        for market in DESIGN:
            lag = 0 if random.random() < 0.6 or market == "US" else int(random.integers(1, 400))
            rows.append(make.available(f"s{i:02d}", market, str(start + lag)))
    for name, more in (("products", products), ("product_availability", rows)):
        found[name] = typed([*found[name].to_dict("records"), *more])
    found["policy_events"] = typed(
        [event("eu-now", "2022-06-01"), event("cn-now", "2022-09-01", "CN"),
         event("eu-later", "2028-01-01"), event("eu-early", "2010-01-01")]
    )  # fmt: skip
    return found


def test_tables_keep_their_contracts(frames: dict[str, pd.DataFrame], make: Any) -> None:
    study = make.study(linking={"imputations": 2})
    names = ("eu-now", "cn-now", "eu-later", "eu-early")
    made = tables.results(Inputs.of(frames, study), study, names, RULES)
    for table in out_policy.MEASURED:
        validate(table, made[table.name])
    did = made["out_did"]

    def row(event_id: str, method: str) -> dict[str, Any]:
        return pick(did, rows="all", event_id=event_id, outcome="delayed", method=method)

    now = row("eu-now", "randomisation_both")
    assert np.isfinite(now["estimate"])
    assert now["n"] == min(now["n_before"], now["n_after"]) >= 10
    assert now["smallest_p"] == pytest.approx(1 / now["units"])
    later, early = row("eu-later", "cluster_maker"), row("eu-early", "cluster_maker")
    assert np.isnan(later["estimate"])
    assert later["label"] == "after the cut-off"
    assert early["label"] == "not estimable"
    passed = did[did["claim"] == labels.CHECKED]
    assert (passed["label"] == "confirmatory").all()
    assert ((did["failed"] == "") == (did["claim"] == labels.CHECKED)).all()
    assert did["estimate"].notna().eq(did["label"].isin(["exploratory", "confirmatory"])).all()
    again = tables.results(Inputs.of(frames, study), study, names, RULES)
    for name, frame in made.items():
        pd.testing.assert_frame_equal(frame, again[name])


def test_without_policy_events_there_are_no_rows(make: Any) -> None:
    study = make.study(linking={"imputations": 2})
    made = tables.results(Inputs.of(make.frames(), study), study)
    for table in out_policy.MEASURED:
        assert len(made[table.name]) == 0
        validate(table, made[table.name])
