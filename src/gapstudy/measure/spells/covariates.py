"""What is known of a result when it appears: the covariates of the models.

A covariate may use only what was fixed when the result was first public, or within the first year
where it says so; anything later could be a consequence of the product. Hence citations at
retrieval (`papers.cited_by`) are no covariate, and code that was opened after the first year counts
as not open.

=========== ==================================================== ================================
name        from                                                 missing when
=========== ==================================================== ================================
field       papers.venue by group (`shares.VENUES`); the largest  the venue is not known
            group is the reference
industry    paper_affiliations.kind: part of the authorship that  no organisation of known kind
            is industry (mixed counts half)
citations   papers.cited_first_year, log(1 + count)               no source gives counts by year
team        paper_affiliations.author: log of their number        authors are not known
open code   paper_artifacts: probability that a repository or     no source of code was read, or
            model of the authors was public within a year         only undated ones are known
year        middle of papers.date, in years from the mean         never
=========== ==================================================== ================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.errors import FitError
from gapstudy.measure.shares import VENUES

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
KNOWN = ("field", "industry", "citations", "team", "open code", "year")
Fill = Literal["indicator", "draw", "none"]
_YEAR = 365.25


@dataclass(frozen=True)
class Covariates:
    """Covariates of n results.

    Attributes:
        values: one row per result, (n, p); where missing, the mean of the known ones.
        names: names of the columns; those of a field are "field: NAME".
        missing: which values are not known, (n, p).
        absent: covariate -> why no result of these data has it; not among the columns.
    """

    values: Floats
    names: tuple[str, ...]
    missing: Bools
    absent: Mapping[str, str]

    def only(self, names: tuple[str, ...]) -> Covariates:
        """Some of the covariates, in the order given ("field" stands for all its columns).

        Raises:
            FitError: one is not there; the message says why.
        """
        take: list[int] = []
        for name in names:
            mine = [j for j, n in enumerate(self.names) if n == name or n.startswith(f"{name}: ")]
            if not mine and name in self.absent:
                raise FitError(f"no result has the covariate {name!r}: {self.absent[name]}",
                               remedy="Leave it out, or add a source that gives it")  # fmt: skip
            if not mine:
                raise FitError(f"there is no covariate {name!r}",
                               remedy=f"Known: {', '.join(self.names)}")  # fmt: skip
            take += mine
        return Covariates(self.values[:, take], tuple(self.names[j] for j in take),
                          self.missing[:, take], self.absent)  # fmt: skip

    def filled(
        self, fill: Fill = "indicator", *, event: Bools | None = None, seed: list[int] | None = None
    ) -> tuple[Floats, tuple[str, ...]]:
        """Values for a model, without a gap, and the names of the columns.

        Args:
            fill: indicator (the mean, and a column "NAME missing" beside), draw (values of other
                results with and without the event, drawn by the approximate Bayesian bootstrap,
                once for each link set), none (the mean alone).
            event: which results have the event in the link set; for "draw", since an imputation
                that ignores the outcome pulls effects to zero (White and Royston 2009,
                https://doi.org/10.1002/sim.3618).
            seed: seed of the draws, different in each link set.

        Columns that are missing in the same results share one indicator.

        Raises:
            FitError: "draw" without an event or a seed.

        Reference of the bootstrap: Rubin and Schenker (1986), Journal of the American Statistical
        Association 81, 366-374.
        """
        gaps = self.missing.any(axis=0)
        if fill == "none" or not gaps.any():
            return self.values, self.names
        if fill == "draw":
            if event is None or seed is None:
                raise FitError("covariates cannot be drawn without events and a seed",
                               remedy="Give `event` and `seed`")  # fmt: skip
            return self._drawn(event, seed), self.names
        columns, names, seen = [self.values], list(self.names), set()
        for j in np.flatnonzero(gaps):
            pattern = self.missing[:, j].tobytes()
            if pattern not in seen:
                seen.add(pattern)
                columns.append(self.missing[:, [j]].astype(float))
                names.append(f"{self.names[j].split(':')[0]} missing")
        return np.hstack(columns), tuple(names)

    def _drawn(self, event: Bools, seed: list[int]) -> Floats:
        values = self.values.copy()
        random = np.random.default_rng(seed)
        # Columns with the same gaps are drawn together, so that a field stays one field.
        patterns = {self.missing[:, j].tobytes(): j for j in range(len(self.names))}
        for j in sorted(patterns.values()):
            gap = self.missing[:, j]
            columns = [k for k in range(len(self.names)) if (self.missing[:, k] == gap).all()]
            for kind in (False, True):
                here = np.flatnonzero(gap & (event == kind))
                donors = np.flatnonzero(~gap & (event == kind))
                donors = donors if len(donors) else np.flatnonzero(~gap)
                if len(here):
                    pool = random.choice(donors, len(donors))
                    donor = random.choice(pool, len(here))
                    for k in columns:
                        values[here, k] = values[donor, k]
        return values


def covariates(
    papers: pd.DataFrame,
    parties: pd.DataFrame,
    frames: Mapping[str, pd.DataFrame],
    names: tuple[str, ...] = KNOWN,
) -> Covariates:
    """Covariates of some results from the core tables.

    Args:
        papers: the results, in the order of the spells.
        parties: their organisations: paper_id, author, position, kind (`cohort.parties`).
        frames: tables by name; `paper_artifacts` is looked at where it is there.
        names: covariates wanted, of `KNOWN`.

    Returns:
        Those that some result has; the others are named in `absent` with the reason.

    Raises:
        FitError: a covariate is not known.
    """
    unknown = [name for name in names if name not in KNOWN]
    if unknown:
        raise FitError(f"there is no covariate {unknown[0]!r}",
                       remedy=f"Known: {', '.join(KNOWN)}")  # fmt: skip
    columns: dict[str, Floats] = {}
    absent: dict[str, str] = {}
    for name in names:
        if name == "field":
            columns |= _field(papers)
            continue
        value, reason = _one(name, papers, parties, frames)
        if np.isfinite(value).any():
            columns[name] = value
        else:
            absent[name] = reason
    if "field" in names and not any(name.startswith("field: ") for name in columns):
        absent["field"] = "all results whose venue is known are of one field"
    raw = np.column_stack([*columns.values()]) if columns else np.zeros((len(papers), 0))
    missing = ~np.isfinite(raw)
    known = np.where(missing, 0.0, raw).sum(axis=0) / np.maximum((~missing).sum(axis=0), 1)
    return Covariates(np.where(missing, known, raw), tuple(columns), missing, absent)


def _one(
    name: str, papers: pd.DataFrame, parties: pd.DataFrame, frames: Mapping[str, pd.DataFrame]
) -> tuple[Floats, str]:
    """Values of one covariate, missing where not known, and why none may be."""
    if name == "industry":
        return _industry(papers, parties), "the kind of no organisation is known"
    if name == "citations":
        return _citations(papers), (
            "no table has citations by year; those at retrieval are later than many products"
        )
    if name == "team":
        return _team(papers, parties), "the authors of no result are known, only organisations"
    if name == "open code":
        return _open_code(papers, frames.get("paper_artifacts")), (
            "no source of code or models was read (table paper_artifacts is empty)"
        )
    middle = papers["date_from"] + (papers["date_to"] - papers["date_from"]) / 2
    years = (middle - pd.Timestamp("2000-01-01")).dt.total_seconds().to_numpy() / 86400 / _YEAR
    return np.asarray(years - years.mean(), dtype=float), ""


def _field(papers: pd.DataFrame) -> dict[str, Floats]:
    """One column a group of venues but the largest; missing without a venue."""
    venue = papers["venue"].astype("object").fillna("")
    group = venue.map(VENUES).fillna("other venues").astype("object").to_numpy()
    known = (venue != "").to_numpy(bool)
    sizes = pd.Series(group[known]).value_counts()
    order = sorted(sizes.index, key=lambda name: (-sizes[name], name))
    return {f"field: {name}": np.where(known, (group == name).astype(float), np.nan)
            for name in order[1:]}  # fmt: skip


def _industry(papers: pd.DataFrame, parties: pd.DataFrame) -> Floats:
    """Part of the authorship of known kind that is industry, authors counted evenly."""
    score = parties["kind"].astype("object").map({"industry": 1.0, "mixed": 0.5})
    rows = parties.assign(score=score.fillna(0.0))[parties["kind"].notna()]
    unit = rows["author"].astype("Float64").fillna(-rows["position"].astype("Float64"))
    mean = rows.assign(unit=unit).groupby(["paper_id", "unit"])["score"].mean()
    return _aligned(papers, mean.groupby(level=0).mean())


def _citations(papers: pd.DataFrame) -> Floats:
    if "cited_first_year" not in papers:
        return np.full(len(papers), np.nan)
    return np.log1p(papers["cited_first_year"].astype("Float64").to_numpy(float, na_value=np.nan))


def _team(papers: pd.DataFrame, parties: pd.DataFrame) -> Floats:
    authors = parties.dropna(subset=["author"]).groupby("paper_id")["author"].nunique()
    return np.log(_aligned(papers, authors.astype(float)))


def _open_code(papers: pd.DataFrame, artifacts: pd.DataFrame | None) -> Floats:
    """Probability that the authors' code or model was public within a year."""
    if artifacts is None or artifacts.empty:
        return np.full(len(papers), np.nan)
    own = artifacts[artifacts["relation"] == "own"]
    first = papers.set_index("paper_id")["date_from"]
    lag = (own["date_from"] - own["paper_id"].map(first)).dt.days.to_numpy(float)
    soon = own[lag <= _YEAR].groupby("paper_id")["probability"].max()
    undated = papers["paper_id"].isin(own.loc[np.isnan(lag), "paper_id"]).to_numpy(bool)
    value = _aligned(papers, soon)
    return np.where(np.isnan(value) & ~undated, 0.0, value)


def _aligned(papers: pd.DataFrame, by_paper: pd.Series[float]) -> Floats:
    values = papers["paper_id"].map(by_paper.astype(float))
    return np.asarray(values.to_numpy(float, na_value=np.nan), dtype=np.float64)
