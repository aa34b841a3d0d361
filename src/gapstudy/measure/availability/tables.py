"""The tables of availability, by name."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from gapstudy.measure.availability import cohorts, curves, groups, selection
from gapstudy.measure.availability.lags import Lags, lags
from gapstudy.measure.inputs import STREAMS, Inputs
from gapstudy.measure.policy.events import EVENTS, chosen
from gapstudy.measure.policy.rules import Rules
from gapstudy.regions import add_region
from gapstudy.tables import out_availability
from gapstudy.tables.rounding import rounded

if TYPE_CHECKING:
    from gapstudy.study import Study

Frames = dict[str, pd.DataFrame]
BASES = ("market_access", "provider_offer")
#: Products that are compiled one by one; feeds list offers, not markets.
_FEED = "feed"
_DECIMALS = 12


def results(
    inputs: Inputs, study: Study, names: tuple[str, ...] = EVENTS, window: float = Rules.window
) -> Frames:
    """Every table of availability.

    Args:
        inputs: the input tables.
        study: cut-off, seed, draws and choices of the estimators.
        names: events of `policy_events` whose dates part the cohorts.
        window: months of launches before and after such a date.
    """
    products, every = inputs.frames["products"], inputs.frames["product_availability"]
    cutoff = (study.window.cutoff - dt.date(1970, 1, 1)).days
    seed = [study.seed, STREAMS["availability"]]
    rules = (study.measurement.confidence, study.measurement.min_cell)
    about = _by_product(products, study)
    home = about["home"]
    events = [
        event for event in chosen(inputs.frames.get("policy_events", pd.DataFrame()), names)
        if event.day <= cutoff
    ]  # fmt: skip
    corpus = _corpus(products, home, cutoff)
    found: dict[str, list[pd.DataFrame]] = {table.name: [] for table in out_availability.TABLES}
    for basis in BASES:
        rows = every[every["basis"] == basis]
        for reference in ("anywhere", "US"):
            for which, part in (("all", rows), ("confirmed", rows[rows["confirmed"]])):
                drawn = lags(part, products, reference, study.linking.imputations, seed, cutoff)
                if not drawn.seen.any():
                    continue
                labels = {"basis": basis, "reference": reference, "rows": which}
                _curves(found, labels, drawn, home, rules)
                if reference != "anywhere":
                    continue
                short = {"basis": basis, "rows": which}
                for name, frame in (
                    ("groups", groups.group_table(short, drawn, about, *rules)),
                    ("rmst", groups.rmst_table(short, drawn, *rules)),
                    ("status", selection.status_table(short, drawn)),
                ):
                    found[f"out_availability_{name}"].append(frame)
                if basis == "market_access":
                    found["out_availability_cohorts"].append(
                        cohorts.cohort_table(short, drawn, events, window, *rules)
                    )
                    found["out_availability_selection"].append(
                        selection.selection_table(short, drawn, corpus, *rules)
                    )
    return {table.name: _joined(found[table.name], table.names)
            for table in out_availability.TABLES}  # fmt: skip


def _curves(
    found: dict[str, list[pd.DataFrame]], labels: dict[str, str], drawn: Lags, home: pd.Series,
    rules: tuple[float, int],
) -> None:  # fmt: skip
    if labels["rows"] == "all":
        about = {key: labels[key] for key in ("basis", "reference")}
        found["out_availability_lags"].append(curves.lag_table(about, drawn, home))
    curve = curves.curve_table(labels, drawn, *rules)
    found["out_availability_curve"].append(curve)
    found["out_availability"].append(curves.points_table(curve, labels, drawn, *rules))
    found["out_availability_difference"].append(curves.differences(labels, drawn, *rules))


def _by_product(products: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Kind, organisation and home region of the maker, by product identifier."""
    region = add_region(products, study.regions.scheme, country="home_country",
                        date=("date_from", "date_to"))  # fmt: skip
    about = products[["kind", "organisation"]].astype("object").assign(home=region.to_numpy())
    return about.set_index(pd.Index(products["product_id"].astype(str), name="product_id"))


def _corpus(products: pd.DataFrame, home: pd.Series, cutoff: int) -> pd.DataFrame:
    """Compiled products launched by the cut-off, with home and year of launch."""
    first = products["date_from"].to_numpy().astype("datetime64[D]")
    rows = (products["entry"] != _FEED).to_numpy() & (first.astype("int64") <= cutoff)
    return pd.DataFrame(
        {"product_id": products.loc[rows, "product_id"].astype(str).to_numpy(),
         "home": home.to_numpy()[rows],
         "year": first[rows].astype("datetime64[Y]").astype("int64") + 1970}
    )  # fmt: skip


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=columns)
    return rounded(pd.concat(filled, ignore_index=True).reindex(columns=columns), _DECIMALS)
