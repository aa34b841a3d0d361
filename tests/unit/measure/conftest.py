"""A small synthetic study, valid against the contracts, for the measure stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.dates import parse_date
from gapstudy.study import Study
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

PROVENANCE = {"source": "made", "source_id": "1", "archive_ref": "made:0#1"}
COUNTRIES = np.array(["DE", "FR", "US", "US", "US", "CN", "GB", "HK"])


def dated(name: str, text: str) -> dict[str, object]:
    date = parse_date(text)
    return {
        name: date.text, f"{name}_precision": date.precision,
        f"{name}_from": date.first, f"{name}_to": date.last,
    }  # fmt: skip


def paper(paper_id: str, date: str, **changes: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "paper_id": paper_id, "title": paper_id, "abstract": "", "coined_name": "",
        **dated("date", date), "date_meaning": "preprint", "arxiv_id": None, "doi": None,
        "venue": "NeurIPS", "venue_year": None, "award": "", "frame": "award", "cited_by": None,
        "evidence": "", **PROVENANCE,
    }  # fmt: skip
    return row | changes


def party(paper_id: str, position: int, country: str | None, **changes: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "paper_id": paper_id, "position": position, "author": None, "author_name": "",
        "organisation": "o",
        "organisation_id": None, "country": country, "kind": "academia",
        "region_basis": "organisation", **PROVENANCE,
    }  # fmt: skip
    return row | changes


def product(product_id: str, date: str, country: str | None, **changes: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "product_id": product_id, "name": product_id, "feature": "", "organisation": product_id,
        "organisation_id": None, "home_country": country, "region_basis": "company_home",
        "country_rung": "given" if country else "none", **dated("date", date),
        "date_meaning": "release", "kind": "product", "category": "other",
        "description": "", "website": "", "entry": "compiled", "evidence": "", **PROVENANCE,
    }  # fmt: skip
    return row | changes


def link(paper_id: str, target: str, probability: float, **changes: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "paper_id": paper_id, "target_type": "product", "target_id": target,
        "probability": probability, "relation": "implements", "basis": "model",
        "lag_class": "positive", "lag_days": 100.0, "evidence_ref": "made:0#1",
        "evidence_field": "", "evidence_start": None, "evidence_end": None, "reasons": "{}",
    }  # fmt: skip
    return row | changes


def followup(paper_id: str, outcome: str, target: str | None) -> dict[str, Any]:
    return {
        "paper_id": paper_id, "outcome": outcome, "product_id": target, "relation": None,
        "evidence": "", "searched_on": "2025-11-01", "searched_where": "", "queries": "",
        **PROVENANCE,
    }  # fmt: skip


def available(target: str, market: str, date: str, **changes: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "product_id": target, "market": market, "basis": "market_access", "provider": "",
        "status": "available", **dated("date", date), "confirmed": True, "evidence": "",
        **PROVENANCE,
    }  # fmt: skip
    return row | changes


def indicator(name: str, geo: str, period: str, value: float, **changes: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "indicator": name, "geo": geo, "period": period, "entity": "", "entity_kind": "",
        "value": value, "unit": "u", "lower": None, "upper": None, "status": "",
        "definition": "d", "source_name": "s", "evidence": "", **PROVENANCE,
    }  # fmt: skip
    return row | changes


def recalls(**means: float) -> list[dict[str, Any]]:
    """Rows of `out_link_recall`: a recall of one half everywhere, or as given, from 20 links."""
    regions = ("EU", "US", "CN", "other", "unknown", "all")
    return [
        {"links": links, "region": region, "recall": means.get(region, 0.5), "low": 0.0,
         "high": 1.0, "alpha": 20 * means.get(region, 0.5), "n": 20,
         "beta": 20 * (1 - means.get(region, 0.5)), "own": None, "candidate_recall": None,
         "model_recall": None, "effective_n": 15.0, "pooled": 5.0}
        for links in ("model", "both") for region in regions
    ]  # fmt: skip


def qualities() -> list[dict[str, Any]]:
    """Rows of `out_link_quality`: one of each kind that is a named number."""
    return [
        {"sample": "labelled", "method": method, "metric": metric, "group": "all",
         "group_value": "all", "value": 0.8, "low": 0.7, "high": 0.9, "n": 50, "positives": 20,
         "clusters": 10, "split": "test"}
        for method in ("model", "tfidf") for metric in ("average_precision", "brier")
    ]  # fmt: skip


def frames(seed: int = 0) -> dict[str, pd.DataFrame]:
    """Tables of a study of 120 award results, 110 followed up, and 30 technique results."""
    random = np.random.default_rng(seed)
    day = np.datetime64("2012-01-01")
    papers, parties, products, links, follow = [], [], [], [], []
    for i in range(150):
        name = f"p{i:03d}"
        date = str(day + int(random.integers(0, 4000)))
        frame = "award" if i < 120 else "technique"
        papers.append(paper(name, date[:7] if i % 2 else date, frame=frame))
        count = int(random.integers(1, 4)) if i else 0  # the first has no organisation at all
        for j in range(count):
            kind = str(random.choice(["academia", "industry"]))
            parties.append(party(name, j + 1, str(random.choice(COUNTRIES)), kind=kind))
        outcome, target = "none_found", None
        if random.random() < 0.25:
            target = f"f{i:03d}"
            launch = str(np.datetime64(date) + int(random.lognormal(6, 1)))
            products.append(product(target, launch, str(random.choice(COUNTRIES)),
                                    entry="followup"))  # fmt: skip
            basis = "followup" if i < 110 else "model"
            links.append(link(name, target, 0.9, basis=basis))
            outcome = "found"
        elif random.random() < 0.1:
            outcome = "unclear"
        if frame == "award" and i < 110:
            follow.append(followup(name, outcome, target))
    for i in range(40):
        date = str(day + int(random.integers(1000, 5000)))
        entry = "compiled" if i < 20 else "feed"
        products.append(product(f"q{i:02d}", date[:4] if i % 3 == 0 else date,
                                str(random.choice(COUNTRIES)), entry=entry,
                                organisation=f"maker {i % 12}"))  # fmt: skip
    chosen = {
        (f"p{random.integers(0, 150):03d}", f"q{random.integers(0, 40):02d}") for _ in range(80)
    }
    links += [link(a, b, float(random.beta(0.3, 1))) for a, b in sorted(chosen)]
    access = []
    for i in range(40):
        begin = np.datetime64(products[-40 + i]["date_from"])
        for market in ("US", "EU", "GB"):
            lag = 0 if random.random() < 0.5 else int(random.integers(1, 500))
            status = "not_available" if market != "US" and random.random() < 0.2 else "available"
            access.append(available(f"q{i:02d}", market, str(begin + lag), status=status,
                                    confirmed=bool(random.random() < 0.7)))  # fmt: skip
    figures = [
        indicator("enterprise_ai_use", geo, "2024", value, unit="per cent of enterprises")
        for geo, value in (("EU27", 13.5), ("DE", 19.8))
    ]
    figures.append(indicator("ai_journal_publication_share", "EU", "2020", 8.6))
    figures += [
        indicator("training_set_size_log10_ratio", "WORLD", "2012/2025", -1.0 - i,
                  entity=f"group {i}", lower=-2.0 - i, upper=0.0 - i, n=40)
        for i in range(2)
    ]  # fmt: skip
    figures.append(indicator("training_set_size_median", "US", "2012/2016", 1e6, entity="group 0"))
    figures.append(indicator("never heard of", "US", "2012", 1.0))
    source = {
        "source": "made", "title": "made", "licence": "none", "region_basis": "organisation",
        "state": "ok", "note": "", "as_of": "", "responses": 1, "records": 1, "quarantined": 0,
        "unknown_country": 0, "requests": 0, "received": 0, "new": 0, "changed": 0,
        "incomplete": 0, "merged": 0,
    }  # fmt: skip
    rows = {
        "papers": papers, "paper_affiliations": parties, "products": products, "links": links,
        "followups": follow, "product_availability": access, "indicators": figures,
        "sources": [source], "out_link_recall": recalls(), "out_link_quality": qualities(),
        "same_as": [], "policy_events": [], "patents": [], "patent_parties": [],
        "paper_artifacts": [], "patent_paper_pairs": [], "quarantine": [],
        "out_link_calibration": [], "survey_responses": [],
    }  # fmt: skip
    return {
        # Columns that nothing here needs may be missing.
        name: validate(contract(name), pd.DataFrame(part).reindex(columns=contract(name).names))
        for name, part in rows.items()
    }


CLAIMS = {
    "A": {"title": "few convert", "measure": "conversion", "min_n": 50,
          "tests": [{"number": "conversion-10y-all", "side": "below", "than": 0.9}]},
    "B": {"title": "EU leads", "measure": "shares", "min_n": 50,
          "tests": [{"number": "share-fractional-EU-minus-US", "side": "above"}]},
    "C": {"title": "unmeasured", "measure": "none"},
}  # fmt: skip


def small_study(**changes: object) -> Study:
    data: dict[str, Any] = {
        "window": {"start": "2012-01-01", "end": "2023-12-31", "cutoff": "2025-10-31"},
        "linking": {"imputations": 5},
        "measurement": {"bootstrap": 200},
        "grid": {"europe": ["EU27", "EU28"], "china": ["mainland", "with_hk_mo"],
                 "counting": ["whole", "fractional"], "threshold": [0.5]},
        "claims": CLAIMS,
    }  # fmt: skip
    return Study.from_data(data | changes)


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    return frames()


@pytest.fixture(scope="session")
def study() -> Study:
    return small_study()


@pytest.fixture(scope="session")
def results(tables: dict[str, pd.DataFrame], study: Study) -> dict[str, pd.DataFrame]:
    from gapstudy.measure.run import measure

    return measure(tables, study)


@pytest.fixture(scope="session")
def make() -> Any:
    """The row makers, by name."""
    from types import SimpleNamespace

    return SimpleNamespace(
        paper=paper, party=party, product=product, link=link, followup=followup,
        available=available, indicator=indicator, frames=frames, study=small_study, recalls=recalls,
    )  # fmt: skip
