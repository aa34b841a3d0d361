"""When items happened and when they were first seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure.coverage import arrivals
from gapstudy.regions import RegionScheme

SCHEME = RegionScheme()
CUTOFF = pd.Timestamp("2025-12-31")


def _products(dates: list[str], precision: str = "day") -> pd.DataFrame:
    days = pd.to_datetime(pd.Series(dates))
    refs = [f"feed:abc#{at}" for at in range(len(dates))]
    return pd.DataFrame(
        {"product_id": refs, "source": "feed", "archive_ref": refs, "date_from": days,
         "date_to": days, "date_precision": precision, "home_country": "DE"}
    )  # fmt: skip


def _raw(seen: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"archive_ref": [f"feed:abc#{at}" for at in range(len(seen))], "first_seen": seen}
    )


def _only(products: pd.DataFrame, raw: pd.DataFrame | None) -> arrivals.Arrivals:
    frames = {"products": products} | ({} if raw is None else {"raw_feed": raw})
    (found,) = arrivals.collect(frames, SCHEME, CUTOFF)
    return found


def test_an_item_is_seen_on_the_day_of_its_first_retrieval() -> None:
    found = _only(
        _products(["2025-01-01", "2025-02-01"]),
        _raw(["2025-01-11T04:00:00Z", "2025-03-01T04:00:00Z"]),
    )
    assert (found.seen - found.origin).tolist() == [10, 28]
    assert found.problem == ""
    day = np.datetime64("2025-01-11").astype(int), np.datetime64("2025-03-01").astype(int)
    assert (found.first, found.last) == day


def test_one_day_of_retrieval_dates_nothing() -> None:
    found = _only(_products(["2025-01-01", "2025-02-01"]), _raw(["2025-03-01"] * 2))
    assert "one day only" in found.problem


def test_without_the_raw_table_nothing_is_known() -> None:
    found = _only(_products(["2025-01-01"]), None)
    assert (len(found.origin), found.undated) == (0, 1)
    assert found.problem


def test_what_was_seen_before_its_date_and_what_has_no_date_is_counted() -> None:
    dated = _products(["2025-06-01", "2025-01-01"])
    year = _products(["2025-01-01"] * 3, "year").iloc[2:]
    found = _only(pd.concat([dated, year]), _raw(["2025-05-01", "2025-03-01", "2025-04-01"]))
    assert (len(found.origin), found.early, found.undated) == (1, 1, 1)


@pytest.mark.parametrize("empty", ["", None])
def test_an_item_without_a_day_of_retrieval_is_counted(empty: str | None) -> None:
    seen = ["2025-02-01", empty, "2025-03-01"]
    found = _only(_products(["2025-01-01"] * 3), _raw(seen))  # type: ignore[arg-type]
    assert (len(found.origin), found.undated) == (2, 1)
