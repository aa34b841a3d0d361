"""A small world of results and products with known links, in the contracts of the core tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.dates import parse_date
from gapstudy.study import Study
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

Tables = dict[str, pd.DataFrame]
TOPICS = (
    "translation of sentences between languages", "detection of objects in street scenes",
    "recognition of speech in noisy rooms", "grasping of boxes by robot arms",
    "colouring of old photographs", "prediction of traffic on roads",
    "ranking of documents in web search", "compression of weights in networks",
)  # fmt: skip


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table of its contract; what is not given is empty, missing or the first value."""
    terms = contract(name)
    filled: list[dict[str, Any]] = []
    for row in rows:
        given = dict(row)
        for key in [key for key in row if f"{key}_precision" in terms.names and row[key]]:
            day = parse_date(row[key])
            given |= {f"{key}_precision": day.precision, f"{key}_from": day.first,
                      f"{key}_to": day.last}  # fmt: skip
        for column in terms.columns:
            if column.name in given:
                continue
            empty = column.values[0] if column.values else True if column.kind == "bool" else ""
            given[column.name] = None if column.null else empty
        given["archive_ref"] = given["archive_ref"] or f"made:{len(filled)}"
        filled.append(given)
    return validate(terms, pd.DataFrame(filled, columns=terms.names))


def build(labels: bool = True) -> Tables:
    """24 results: half of the cohort, half chosen; each names its thing in at most one product."""
    rng = np.random.default_rng(5)
    papers, affiliations, products, followups, pairs = [], [], [], [], []
    for number in range(24):
        name, topic = f"Zor{chr(97 + number)}Net", TOPICS[number % len(TOPICS)]
        chosen, linked = number % 2 == 1, number % 2 == 1 or number % 6 == 0
        paper = f"r{number:02}"
        papers.append(
            {"paper_id": paper, "title": f"{name}: {topic}", "coined_name": name,
             "abstract": f"{name} improves the {topic} by learning from data.",
             "date": f"{2014 + number % 5}-06", "frame": "technique" if chosen else "award",
             "arxiv_id": f"14{number:02}.00001"}
        )  # fmt: skip
        affiliations.append(
            {"paper_id": paper, "position": 1, "organisation": f"Lab {number % 8}",
             "country": ("US", "DE", "CN", "FR")[number % 4]}
        )  # fmt: skip
        product = f"p{number:02}"
        body = f"uses {name} inside" if linked else "works by hand-written rules"
        products.append(
            {"product_id": product, "name": f"Thing {number}", "feature": "",
             "organisation": f"House {number % 9}", "category": "other",
             "home_country": ("US", "DE", "CN", None)[number % 4], "date": f"{2019 + number % 3}",
             "description": f"Product for {topic}. It {body} and runs on phones."}
        )  # fmt: skip
        if not chosen:
            followups.append(
                {"paper_id": paper, "outcome": "found" if linked else "none_found",
                 "product_id": product if linked else None,
                 "relation": "implements" if linked else None, "searched_on": dt.date(2026, 1, 1)}
            )  # fmt: skip
    for number in range(24):
        others = rng.choice([other for other in range(24) if other != number], 2, replace=False)
        for target in (number, *others):
            true = target == number and (number % 2 == 1 or number % 6 == 0)
            pairs.append(
                {"pair_id": f"{number:02}-{target:02}", "paper_id": f"r{number:02}",
                 "target_type": "product", "target_id": f"p{target:02}", "label": true,
                 "relation": "implements" if true else "none",
                 "negative_kind": "" if true else "easy",
                 "split": "test" if target % 9 in {1, 4, 7} else "fit"}
            )  # fmt: skip
    patents = [
        {"patent_id": "US1A", "title": "Colouring of old photographs by ZoreNet", "office": "US",
         "priority_date": "2018-02-03"},
        {"patent_id": "US2A", "title": "Kettle", "office": "US"},
    ]  # fmt: skip
    parties = [
        {"patent_id": "US1A", "role": "applicant", "position": 1, "name": "Lab 4", "country": "US"}
    ]
    made: dict[str, list[dict[str, Any]]] = {
        "papers": papers, "paper_affiliations": affiliations, "products": products,
        "patents": patents, "patent_parties": parties, "followups": followups,
        "labelled_pairs": pairs if labels else [], "product_references": [],
        "patent_citations": [], "same_as": [],
    }  # fmt: skip
    return {name: table(name, rows) for name, rows in made.items()}


@pytest.fixture(scope="session")
def study() -> Study:
    return Study.from_data(
        {
            "window": {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2026-01-01"},
            "measurement": {"bootstrap": 100},
        }
    )


@pytest.fixture
def world() -> Tables:
    return build()
