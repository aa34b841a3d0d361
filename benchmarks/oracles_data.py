"""Data on which our estimators are compared with others: public examples and seeded samples.

Every set has the same columns: time, event (0 or 1), cause (0 censored, 1, 2), entry, weight,
cluster, stratum, group (from 0), x1, x2, lower (where the time of an event begins), limit (longest
time that could have been seen, for reverse time). What an example lacks is neutral: entry zero,
weight one, a cluster of its own.
"""

import numpy as np
import pandas as pd

COLUMNS = ["time", "event", "cause", "entry", "weight", "cluster", "stratum", "group", "x1", "x2",
           "lower", "limit"]  # fmt: skip
#: Samples of ours: what is in them.
SIMULATED = {
    "tied": "300 spells in steps of a quarter, two causes, weights, clusters, strata",
    "untied": "300 spells, no ties, two causes, late entry, weights, clusters, strata",
}
SEED = 20261124


def public() -> dict[str, pd.DataFrame]:
    """The examples that lifelines carries."""
    from lifelines import datasets

    rossi, waltons = datasets.load_rossi(), datasets.load_waltons()
    larynx, aids = datasets.load_larynx(), datasets.load_multicenter_aids_cohort_study()
    stages = larynx[["Stage_II", "Stage_III", "Stage_IV"]].to_numpy()
    return {
        "rossi": _whole(rossi, time="week", event="arrest", group="fin", x1="age", x2="prio",
                        stratum="wexp"),
        "waltons": _whole(waltons.assign(arm=(waltons["group"] == "miR-137").astype(int)),
                          time="T", event="E", group="arm"),
        "larynx": _whole(larynx.assign(stage=stages @ [1, 2, 3]), time="time", event="death",
                         group="stage", x1="age", x2="Stage_IV"),
        "aids": _whole(aids.reset_index(drop=True), time="T", event="D", entry="W", x1="AIDSY"),
    }  # fmt: skip


def simulated() -> dict[str, pd.DataFrame]:
    """The samples of ours, by seed."""
    return {name: _sample(name == "tied", SEED + k) for k, name in enumerate(SIMULATED)}


def horizons(frame: pd.DataFrame) -> list[float]:
    """Three times between event times, in the lower, middle and upper part of them."""
    times = np.unique(frame.loc[frame["event"] == 1, "time"])
    at = (np.array([0.2, 0.5, 0.8]) * (len(times) - 1)).astype(int)
    return [round(float(value), 6) for value in (times[at] + times[at + 1]) / 2]


def _whole(frame: pd.DataFrame, **columns: str) -> pd.DataFrame:
    n = len(frame)
    empty = {"entry": 0.0, "weight": 1.0, "stratum": 0, "group": 0, "x1": 0.0, "x2": 0.0}
    made = pd.DataFrame({name: np.full(n, value) for name, value in empty.items()})
    for name, column in columns.items():
        made[name] = frame[column].to_numpy()
    made["cluster"] = np.arange(n)
    made["cause"] = made["event"]
    made["lower"] = made["time"] / 2
    made["limit"] = made["time"] + 1.0
    return made[COLUMNS]


def _sample(tied: bool, seed: int) -> pd.DataFrame:
    random, n = np.random.default_rng(seed), 300
    x1, x2 = random.normal(size=n), random.integers(0, 2, n)
    group, stratum = random.integers(0, 3, n), random.integers(0, 2, n)
    frailty = np.repeat(random.normal(scale=0.4, size=n // 3), 3)
    rate = np.exp(0.4 * x1 - 0.5 * x2 + 0.3 * (group == 2) + 0.4 * stratum + frailty)
    time = 6.0 * random.weibull(1.3, n) / rate**0.8
    end = random.uniform(1.0, 12.0, n)
    entry = np.where(random.random(n) < 0.6, random.uniform(0, 2.0, n), 0.0)
    event = (time <= end).astype(int)
    seen = np.minimum(time, end)
    cause = event * (1 + (random.random(n) < 0.35 + 0.1 * (group == 1)))
    if tied:
        seen = np.maximum(np.ceil(seen * 4) / 4, 0.25)
        entry = np.minimum(np.floor(entry), np.floor(seen * 0.6))
    else:
        # Those who would leave before they enter were there from the start.
        entry = np.where(entry < 0.8 * seen, entry, 0.0)
        seen, entry = np.round(seen, 6), np.round(entry, 6)
    frame = pd.DataFrame({
        "time": seen, "event": event, "cause": cause, "entry": entry,
        "weight": random.choice([0.25, 0.5, 1.0], n), "cluster": np.repeat(np.arange(n // 3), 3),
        "stratum": stratum, "group": group, "x1": np.round(x1, 6), "x2": x2.astype(float),
        "lower": np.maximum(seen - 0.25, 0.1 * seen),
        "limit": np.round(seen + random.exponential(4.0, n) + 1e-3, 6),
    })  # fmt: skip
    return frame[COLUMNS]
