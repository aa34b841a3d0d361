"""What of ours stands beside each published series, and why the two need not agree.

Nothing here is fitted: every quantity is a row of a table of this study, or a count or a median of
its records. A median has the interval of two order statistics, which holds at least the level
whatever the distribution: Brookmeyer and Crowley (1982), https://doi.org/10.2307/2530286, without
censoring the sign test's interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from gapstudy.regions import EU27

#: Places of the series as countries; another place is a country by itself.
EFTA_AND_UK = frozenset({"CH", "GB", "IS", "LI", "NO"})
PLACES = {"EU": EU27, "EU27": EU27, "EUROPE": EU27 | EFTA_AND_UK}
_MISSING = float("nan")
_FEW = 10


@dataclass(frozen=True)
class Found:
    """Our quantity; missing where there is none.

    Attributes:
        estimate: in the unit of the series.
        low: lower end of its interval.
        high: upper end.
        n: observations.
    """

    estimate: float = _MISSING
    low: float = _MISSING
    high: float = _MISSING
    n: int = 0

    @property
    def known(self) -> bool:
        """Whether there is a quantity."""
        return bool(np.isfinite(self.estimate))


@dataclass(frozen=True)
class Ours:
    """Tables that our quantities are taken from.

    Attributes:
        shares: `out_shares` of the headline's scheme and frame, all venues and years.
        industry: `out_industry` of the headline, kind industry.
        delayed: `out_availability_groups` on market access, all rows, the four makers, same day.
        indicators: table `indicators`.
        products: products of the study.
        papers: all results.
        patents: patents of the study.
        confidence: level of intervals.
    """

    shares: pd.DataFrame
    industry: pd.DataFrame
    delayed: pd.DataFrame
    indicators: pd.DataFrame
    products: pd.DataFrame
    papers: pd.DataFrame
    patents: pd.DataFrame
    confidence: float


Row = Mapping[Any, Any]
Getter = Callable[[Ours, Row], Found]


@dataclass(frozen=True)
class Series:
    """One published series.

    Attributes:
        topic: where in the report it is shown.
        reason: why the two need not agree, or why there is no quantity of ours.
        nearest: what of ours is nearest.
        ours: finds it.
        missing: why there is none for some rows of a series that has one for others.
    """

    topic: str
    reason: str
    nearest: str = ""
    ours: Getter | None = None
    missing: str = ""


def _row(frame: pd.DataFrame, column: str, value: str, scale: float = 100.0) -> Found:
    rows = frame[frame[column] == value]
    if len(rows) != 1 or not np.isfinite(rows["estimate"].iloc[0]):
        return Found()
    low, middle, high = (scale * float(rows[name].iloc[0]) for name in ("low", "estimate", "high"))
    return Found(middle, low, high, int(rows["n"].iloc[0]))


def _share(counting: str) -> Getter:
    def ours(tables: Ours, row: Row) -> Found:
        shares = tables.shares[tables.shares["counting"] == counting]
        return _row(shares, "region", str(row["geo"]).replace("EU27", "EU"))

    return ours


def _industry(tables: Ours, row: Row) -> Found:
    region = {"WORLD": "all"}.get(str(row["geo"]), str(row["geo"]))
    return _row(tables.industry, "region", region) if row["entity"] == "industry" else Found()


def _delayed(tables: Ours, row: Row) -> Found:
    # One maker's figure is not that of four.
    same_day = _row(tables.delayed, "market", str(row["geo"])) if not row["entity"] else Found()
    return Found(100 - same_day.estimate, 100 - same_day.high, 100 - same_day.low, same_day.n)


def _models(tables: Ours, row: Row) -> Found:
    feed = tables.products[
        (tables.products["entry"] == "feed") & (tables.products["kind"] == "model")
    ]
    year = feed["date"].astype("string").str[:4] == str(row["period"])
    home = PLACES.get(str(row["geo"]), frozenset({str(row["geo"])}))
    total = int(year.sum())
    count = total if row["geo"] == "WORLD" else int((year & feed["home_country"].isin(home)).sum())
    return Found(float(count), n=total) if total >= _FEW else Found()


def _patent_lag(tables: Ours, _: Row) -> Found:
    pairs = tables.patents[["paper_id", "filing_date_from"]].merge(
        tables.papers[["paper_id", "date_from"]], on="paper_id"
    )
    filed, public = (
        pd.to_datetime(pairs[name].astype("string")) for name in ("filing_date_from", "date_from")
    )
    years = ((filed - public).dt.days / 365.25).dropna().to_numpy(float)
    return median(years, tables.confidence)


def _growth(tables: Ours, row: Row) -> Found:
    """Yearly factor between the medians of the first and the last period of industry's models."""
    rows = tables.indicators[
        (tables.indicators["indicator"] == "training_set_size_median")
        & (tables.indicators["geo"] == row["geo"])
        & (tables.indicators["entity"] == "language models, industry")
    ].sort_values("period")
    if len(rows) < 2:
        return Found()
    middles = [np.mean([int(end[:4]) for end in str(p).split("/")]) for p in rows["period"]]
    size = rows["value"].to_numpy(float)
    factor = (size[-1] / size[0]) ** (1 / (middles[-1] - middles[0]))
    return Found(float(factor), n=int(rows["n"].iloc[[0, -1]].sum()))


def median(values: np.ndarray, confidence: float) -> Found:
    """Median with the interval between two order statistics; missing below ten values.

    Args:
        values: a sample, (n,).
        confidence: level that the interval has at least.
    """
    n = len(values)
    if n < _FEW:
        return Found(n=n)
    ordered = np.sort(values)
    # Values below the median number at most so many with probability (1 - confidence) / 2.
    rank = int(stats.binom.ppf((1 - confidence) / 2, n, 0.5))
    low = ordered[rank - 1] if rank >= 1 else ordered[0]
    high = ordered[n - rank] if rank >= 1 else ordered[-1]
    return Found(float(np.median(ordered)), float(low), float(high), n)


_AWARDS = "share of award results, split over their authors"
_JOURNALS = (
    "they count journal papers of one year by a classification of journals; ours are some hundred "
    "conference papers chosen by juries over a decade, where a few places win most"
)
_MONEY = "this study follows results and products, not money: no source of it gives investment"
_PATENTS = (
    "they count all patents by an AI definition; ours are records chosen near results by hand, "
    "whose number means nothing"
)
_MODELS = (
    "they count what a curator calls notable; ours counts every model that a list of services "
    "offered at the day of collection, variants included, and older ones have left it. A full "
    "count of one list has no sampling interval; n is the list's models of that year"
)
_OLD = "the list of models on offer holds fewer than ten of that year: older ones have left it"
_LISTED = "models on a list of services, by home of the maker and year of release"
_BARRIERS = (
    "asked of enterprises; this study asks none, and its measures of language and availability "
    "cannot tell what keeps a firm from using AI"
)
OTHER = Series("other", "nothing in this study's tables comes near it")
SERIES = {
    "ai_journal_publication_share": Series(
        "shares", _JOURNALS, _AWARDS, _share("fractional"),
        "ours has no such place: regions are the EU, the US and China"),
    "ai_journal_citation_share": Series(
        "shares", "they count citations to journal papers, so that many middling papers weigh as "
        "much as a few outstanding ones; " + _JOURNALS.partition("; ")[2], _AWARDS,
        _share("fractional")),
    "top100_cited_ai_papers": Series(
        "shares", "chosen by citations within one year there, by juries over a decade here; in "
        "both a paper counts whole for every country of its authors, and papers without a known "
        "organisation count for none here", "share of award results, counted whole",
        _share("whole")),
    "ai_publications": Series("shares", "a count of all AI papers of the world: this study takes "
                              "samples by frame and counts no field as a whole"),
    "frontier_model_delay_share": Series(
        "availability", "there every release of a language model, and delay is against the US; "
        "here products and features of the same four companies that entered because a page speaks "
        "of where they can be used, which delays make likely, so that ours is expected to be "
        "the larger",
        "products of the four companies not usable there on the first day anywhere", _delayed,
        "one company's products with known dates are too few here"),
    "frontier_model_delay_regulatory": Series(
        "availability", "reasons for delay are not coded here: pages rarely give one, and the "
        "guess of a coder would decide the answer"),
    "notable_models": Series("models", _MODELS, _LISTED, _models, _OLD),
    "foundation_models": Series(
        "models", _MODELS.replace("calls notable", "calls foundation models"), _LISTED, _models,
        _OLD),
    "foundation_models_open_share": Series("models", "openness of a model's weights is not among "
                                           "this study's measures"),
    "notable_models_by_sector": Series("industry", "the sector of a model's maker is not known "
                                       "here; the share of industry in authorship is shown below "
                                       "the published share of notable models"),
    "notable_models_industry_share": Series(
        "industry", "models that someone could pay to train there, research papers here: industry "
        "makes most large models and writes few of the papers that win awards; every author "
        "counts his share here, and results without a known organisation count for no kind",
        "share of industry in the authorship of award results", _industry),
    "private_ai_investment": Series("investment", _MONEY),
    "private_ai_investment_cumulative": Series("investment", _MONEY),
    "generative_ai_private_investment": Series("investment", _MONEY),
    "newly_funded_ai_companies": Series("investment", "a census of funding rounds; the start-ups "
                                        "this study can collect are those of one accelerator"),
    "enterprise_ai_barrier": Series("barriers", _BARRIERS),
    "business_ai_barrier_btos": Series("barriers", _BARRIERS),
    "ai_patents_granted": Series("patents", _PATENTS),
    "ai_patent_applications": Series("patents", _PATENTS),
    "generative_ai_patent_families": Series("patents", _PATENTS),
    "patent_citations_behind_paper_citations": Series(
        "patents", "there the lag of the patents that cite a biomedical paper behind the papers "
        "that cite it; here the time from an AI paper to the filing of a patent of the same team, "
        "which is near the paper by construction. Patents filed before the paper count with a "
        "negative time", "median time from a result to the filing of a patent near it",
        _patent_lag),
    "training_set_growth": Series(
        "data", "a trend through all systems there; here the factor a year between two medians, "
        "of industry's language models of the first and the last period, from the same data set, "
        "so it is no independent check; medians of a few systems, no interval",
        "yearly factor between the medians of the first and the last period", _growth),
}  # fmt: skip
