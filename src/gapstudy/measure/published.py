"""Published figures: enterprise use of AI (C9), and what stands beside our own estimates.

Figures are printed as published. A difference from EU27 is taken only within one series, unit,
period and part, since other definitions count other things. Use of AI and our conversion are not
correlated here: three regions give no design that could tell a cause.
"""

from __future__ import annotations

import pandas as pd

from gapstudy.measure import data_scale

ADOPTION = (
    "enterprise_ai_use", "enterprise_ai_use_by_size", "business_ai_use_btos",
    "business_ai_use_btos_expected",
)  # fmt: skip
_KEY = ["indicator", "period", "entity", "unit", "source_name"]

_SHARES = "another frame: the award results are few, chosen by juries, and span all years"
_DELAYS = "language models of four US companies there; products and features of many makers here"
#: Sources that give whole series of official statistics.
OFFICES = ("btos", "eurostat", "world_bank")
#: What a published series stands beside, and why the two need not agree.
BESIDE = {
    "ai_journal_publication_share": ("shares", _SHARES),
    "ai_journal_citation_share": ("shares", _SHARES),
    "frontier_model_delay_share": ("availability", _DELAYS),
    "frontier_model_delay_regulatory": ("availability", "reasons for delay are not coded here"),
    "notable_models": ("models", "models called notable by one curator; ours are award results"),
    "foundation_models": ("models", "models, not results"),
    "foundation_models_open_share": ("models", "models, not results"),
    "notable_models_by_sector": ("industry", "models by sector of the maker; ours is authorship"),
    "notable_models_industry_share": ("industry", "models by sector of the maker; ours is "
                                                  "authorship of award results"),
    "private_ai_investment": ("investment", "no estimate of ours"),
    "private_ai_investment_cumulative": ("investment", "no estimate of ours"),
    "generative_ai_private_investment": ("investment", "no estimate of ours"),
    "newly_funded_ai_companies": ("investment", "no estimate of ours"),
    "enterprise_ai_barrier": ("barriers", "no estimate of ours"),
    "business_ai_barrier_btos": ("barriers", "no estimate of ours"),
    "ai_patents_granted": ("patents", "no estimate of ours"),
    "ai_patent_applications": ("patents", "no estimate of ours"),
    "generative_ai_patent_families": ("patents", "no estimate of ours"),
    "top100_cited_ai_papers": ("shares", "chosen by citations, not by juries"),
    "ai_publications": ("shares", "a count of the world, no share"),
}  # fmt: skip


def adoption(indicators: pd.DataFrame) -> pd.DataFrame:
    """Rows of `out_adoption`."""
    rows = indicators[indicators["indicator"].isin(ADOPTION)].copy()
    base = rows.loc[rows["geo"] == "EU27", [*_KEY, "value"]].rename(columns={"value": "eu27"})
    rows = rows.merge(base, on=_KEY, how="left", validate="many_to_one")
    rows["minus_eu27"] = rows["value"] - rows["eu27"]
    rows["note"] = rows["definition"]
    columns = ["indicator", "geo", "period", "entity", "value", "lower", "upper", "unit",
               "minus_eu27", "source_name", "note"]  # fmt: skip
    return rows[columns].reset_index(drop=True)


def beside(
    indicators: pd.DataFrame,
    shares: pd.DataFrame,
    availability: pd.DataFrame,
    industry: pd.DataFrame,
) -> pd.DataFrame:
    """Rows of `out_published`.

    Args:
        indicators: table `indicators`.
        shares: rows of `out_shares` of the headline, one per region.
        availability: rows of `out_availability` of the headline with measure delayed, one per
            market.
        industry: rows of `out_industry` of the headline with kind industry, one per region.
    """
    ours = {
        "ai_journal_publication_share": shares.set_index("region")["estimate"],
        "frontier_model_delay_share": availability.set_index("market")["estimate"],
        "notable_models_industry_share": industry.set_index("region")["estimate"].rename(
            {"all": "WORLD"}
        ),
    }
    elsewhere = indicators["indicator"].isin([*ADOPTION, *data_scale.SERIES])
    # Of the series of statistical offices, thousands of figures, only those named are compared.
    office = indicators["source"].isin(OFFICES) & ~indicators["indicator"].isin(BESIDE)
    rows = indicators[~office & ~elsewhere].copy()
    known = [BESIDE.get(name, ("other", "no estimate of ours")) for name in rows["indicator"]]
    rows["topic"] = [topic for topic, _ in known]
    rows["difference"] = [why for _, why in known]
    rows["ours"] = [
        100 * float(ours[name].get(geo, float("nan")))
        # One maker's or one size class's figure is not ours to match.
        if name in ours and entity in ("", "industry")
        else float("nan")
        for name, geo, entity in zip(rows["indicator"], rows["geo"], rows["entity"], strict=True)
    ]
    columns = ["topic", "indicator", "geo", "period", "entity", "value", "unit", "ours",
               "difference", "source_name"]  # fmt: skip
    return rows[columns].reset_index(drop=True)
