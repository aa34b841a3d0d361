"""Our estimators beside R's survival: the cases, their data, and what differs by definition."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import oracles_data
from benchmarks.oracles_ours import CASES

SCRIPT = Path(__file__).with_name("oracles.R")
TOLERANCE = 1e-6
_PUBLIC, _BOTH = ("rossi", "larynx"), ("tied", "untied")
_EVERY = ("rossi", "waltons", "larynx", *_BOTH)


@dataclass(frozen=True)
class Case:
    """One estimator of R's survival that one of ours is compared with.

    Attributes:
        name: of the functions, here and there.
        title: what is compared.
        call: what R is asked.
        sets: the data.
        otherwise: how R defines it otherwise; empty where both define the same.
    """

    name: str
    title: str
    call: str
    sets: tuple[str, ...]
    otherwise: str = ""


ALL = (
    Case("km", "Kaplan-Meier, standard error", "survfit", (*_EVERY, "mgus2")),
    Case("km_weighted", "Kaplan-Meier, weights, clustered error", "survfit(weights, cluster)",
         _BOTH),
    Case("km_entry", "Kaplan-Meier, late entry, robust error", "survfit(robust)",
         ("aids", *_BOTH)),
    Case("greenwood_entry", "error with late entry", "survfit", ("aids", *_BOTH),
         "R gives Greenwood's; ours is the sum of squared influences, as with weights"),
    Case("aj", "Aalen-Johansen, standard error", "survfit(multi-state)", (*_BOTH, "mgus2")),
    Case("aj_weighted", "Aalen-Johansen, weights, clustered error",
         "residuals(survfit, pstate)", _BOTH),
    Case("aj_weighted_error", "Aalen-Johansen, clustered error",
         "survfit(multi-state, weights, cluster)", _BOTH,
         "the errors that survfit prints for several states leave the clusters out; R's own "
         "residuals, summed by cluster, give ours"),
    Case("aj_entry", "Aalen-Johansen, late entry", "survfit(multi-state, id)", _BOTH),
    Case("aj_finegray", "Aalen-Johansen by inverse censoring weights", "finegray, survfit",
         (*_BOTH, "mgus2")),
    Case("rmean", "restricted mean time, standard error", "print(survfit, rmean)",
         (*_EVERY, "mgus2")),
    Case("rmean_weighted", "restricted mean time, weights, clustered error",
         "residuals(survfit, rmst)", _BOTH),
    Case("rmean_entry", "restricted mean time, late entry, robust error",
         "residuals(survfit, rmst)", _BOTH),
    Case("logrank", "log-rank statistic, observed less expected", "survdiff",
         (*_EVERY, "mgus2")),
    Case("logrank_strata", "log-rank within strata", "survdiff(strata)", ("rossi", *_BOTH)),
    Case("logrank_entry", "log-rank, late entry", "coxph, score test", ("untied",)),
    Case("logrank_robust", "log-rank, late entry, weights, clusters",
         "coxph, robust score test", _BOTH),
    Case("harrington_half", "Fleming-Harrington, rho 0.5", "survdiff(rho = 0.5)", _EVERY),
    Case("harrington_1", "Fleming-Harrington, rho 1", "survdiff(rho = 1)", _EVERY),
    Case("peto", "Peto and Peto's test", "survdiff(rho = 1)", _EVERY,
         "R weighs by the Kaplan-Meier curve just before; Peto and Peto by the product of "
         "1 - d / (Y + 1)"),
    Case("gray_score", "Gray's test, observed less expected", "survfit by group",
         (*_BOTH, "mgus2")),
    Case("cox_efron", "Cox, Efron, error, likelihood", "coxph",
         (*_PUBLIC, *_BOTH, "mgus2")),
    Case("cox_breslow", "Cox, Breslow", "coxph(breslow)", (*_PUBLIC, *_BOTH)),
    Case("cox_strata", "Cox, strata", "coxph(strata)", ("rossi", *_BOTH)),
    Case("cox_entry", "Cox, late entry", "coxph", _BOTH),
    Case("cox_cause", "Cox, cause-specific", "coxph", (*_BOTH, "mgus2")),
    Case("cox_robust", "Cox, late entry, strata, weights, clusters", "coxph(cluster)", _BOTH),
    Case("cox_robust_breslow", "Cox, Breslow, weights, clusters", "coxph(breslow, cluster)",
         _BOTH),
    Case("zph_identity", "proportional hazards, time", "residuals(coxph, schoenfeld)",
         (*_PUBLIC, *_BOTH)),
    Case("zph_rank", "proportional hazards, rank", "residuals(coxph, schoenfeld)",
         (*_PUBLIC, *_BOTH)),
    Case("zph_log", "proportional hazards, log time", "residuals(coxph, schoenfeld)",
         (*_PUBLIC, *_BOTH)),
    Case("zph_km", "proportional hazards, 1 - Kaplan-Meier", "residuals(coxph, schoenfeld)",
         (*_PUBLIC, *_BOTH)),
    Case("zph_score", "proportional hazards, time", "cox.zph", (*_PUBLIC, *_BOTH),
         "since 3.0 cox.zph is the exact score test; ours is Grambsch and Therneau's of 1994, "
         "which takes the information to be alike at all event times"),
    Case("discrete", "discrete time, complementary log-log", "glm(binomial(cloglog))", _BOTH),
    Case("aft_weibull", "Weibull, error, likelihood", "survreg(weibull)",
         (*_PUBLIC, *_BOTH)),
    Case("aft_lognormal", "log-normal, error, likelihood", "survreg(lognormal)",
         (*_PUBLIC, *_BOTH)),
    Case("aft_loglogistic", "log-logistic, error, likelihood", "survreg(loglogistic)",
         (*_PUBLIC, *_BOTH)),
    Case("aft_interval", "log-normal, events within intervals", "survreg(interval2)", _BOTH),
    Case("aft_cluster", "Weibull, clustered error less G / (G - 1)", "survreg(cluster)", _BOTH),
    Case("aft_robust", "Weibull, weights, clustered error", "residuals(survreg, dfbeta)", _BOTH),
    Case("aft_robust_error", "Weibull, weights, clustered error",
         "survreg(weights, cluster)", _BOTH,
         "survreg leaves the weights out of its robust variance, and the factor G / (G - 1) of "
         "G clusters; its weighted residuals give ours"),
    Case("pseudo_km", "pseudo-observations of survival", "pseudo", (*_PUBLIC, *_BOTH)),
    Case("pseudo_aj", "pseudo-observations of incidence", "pseudo", (*_BOTH, "mgus2")),
    Case("pseudo_rmean", "pseudo-observations of the restricted mean", "pseudo(rmst)",
         (*_PUBLIC, *_BOTH)),
    Case("pseudo_identity", "regression of pseudo-observations, identity",
         "pseudo, lm, sandwich", _BOTH),
    Case("pseudo_cloglog", "regression of pseudo-observations, complementary log-log",
         "pseudo, glm(quasi), sandwich", _BOTH),
    Case("reverse_time", "lags in reverse time, error", "survfit, time reversed", ("untied",)),
)  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """One case on one data set.

    Attributes:
        title: what is compared.
        call: what the other is asked.
        data: name of the data.
        n: spells.
        values: values compared.
        difference: largest difference: absolute below one, relative above.
        otherwise: how the other defines it otherwise, if it does.
    """

    title: str
    call: str
    data: str
    n: int
    values: int
    difference: float
    otherwise: str = ""

    @property
    def wrong(self) -> bool:
        """Whether both define the same and yet differ."""
        return not self.otherwise and not self.difference <= TOLERANCE

    @property
    def verdict(self) -> str:
        """What the difference says."""
        if self.otherwise:
            return "defined otherwise"
        return "DISAGREES" if self.wrong else "agrees"


def difference(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Largest difference, absolute below one, relative above; not a number where one is missing."""
    a, b = np.asarray(ours, float), np.asarray(theirs, float)
    if a.shape != b.shape:
        raise ValueError(f"{len(a)} values of ours stand against {len(b)}")
    return float((np.abs(a - b) / np.maximum(np.abs(b), 1.0)).max())


def why_not() -> str:
    """Why R cannot be asked on this machine; empty where it can."""
    if shutil.which("Rscript") is None:
        return "Rscript is not on the path: install Debian's r-base-core and r-cran-survival"
    asked = subprocess.run(
        ["Rscript", "--vanilla", "-e", "quit(status = !requireNamespace('survival', quietly = TRUE)"
         " || packageVersion('survival') < '3.3')"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if asked.returncode:
        return "R has no package survival of version 3.3 or later: install r-cran-survival"
    return ""


def compare(cases: Sequence[Case] = ALL) -> tuple[list[Compared], str, str]:
    """All cases, with the versions of R and of its package.

    Raises:
        RuntimeError: R stopped; the message holds what it said.
    """
    data = oracles_data.public() | oracles_data.simulated()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if any("mgus2" in case.sets for case in cases):
            data["mgus2"] = _mgus2(folder)
        pairs = [(case.name, one) for case in cases for one in case.sets]
        limits = {key: oracles_data.horizons(frame) for key, frame in data.items()}
        for key, frame in data.items():
            frame.to_csv(folder / f"{key}.csv", index=False)
        listed = pd.DataFrame.from_dict(limits, orient="index", columns=["h1", "h2", "h3"])
        listed.to_csv(folder / "sets.csv", index_label="set")
        pd.DataFrame(pairs, columns=["case", "set"]).to_csv(folder / "wanted.csv", index=False)
        version, package = _r(str(SCRIPT), str(folder)).splitlines()[-2:]
        values = pd.read_csv(folder / "values.csv", float_precision="round_trip")
    theirs = {key: rows["value"].to_numpy() for key, rows in values.groupby(["case", "set"])}
    made = [
        Compared(case.title, case.call, one, len(data[one]), len(theirs[case.name, one]),
                 difference(CASES[case.name](data[one], limits[one]).tolist(),
                            theirs[case.name, one].tolist()),
                 case.otherwise)
        for case in cases for one in case.sets
    ]  # fmt: skip
    return made, version, package


def _r(*words: str) -> str:
    done = subprocess.run(
        ["Rscript", "--vanilla", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"R stopped: {done.stderr.strip()}")
    return done.stdout


def _mgus2(folder: Path) -> pd.DataFrame:
    """The example of R's survival with competing risks, as R writes it."""
    path = folder / "from_r.csv"
    _r("-e", f"write.csv(survival::mgus2, {str(path)!r}, row.names = FALSE)")
    raw = pd.read_csv(path)
    progressed = raw["pstat"] == 1
    cause = np.where(progressed, 1, 2 * raw["death"])
    frame = pd.DataFrame({
        "time": raw["ptime"].where(progressed, raw["futime"]).astype(float), "cause": cause,
        "event": (cause > 0).astype(int), "group": (raw["sex"] == "M").astype(int),
        "x1": raw["age"] / 10, "x2": (raw["sex"] == "M").astype(float),
    })  # fmt: skip
    n = len(frame)
    return frame.assign(
        entry=0.0, weight=1.0, cluster=np.arange(n), stratum=0, lower=frame["time"] / 2,
        limit=frame["time"] + 1,
    )[oracles_data.COLUMNS]  # fmt: skip
