"""Products and patents in one frame of targets: what a result may be linked to."""

from __future__ import annotations

import pandas as pd

COLUMNS = (
    "target_type", "target_id", "name", "feature", "description", "category", "evidence",
    "country", "date_from", "date_to", "archive_ref",
)  # fmt: skip


def targets(products: pd.DataFrame, patents: pd.DataFrame, parties: pd.DataFrame) -> pd.DataFrame:
    """One row per product and patent, products first, in the order of their tables.

    A patent is dated by its priority; where that is not known by its filing, then by its grant.
    Its country is that of the first applicant with one; its name is its title.

    Returns:
        Frame of `COLUMNS` with a plain index.
    """
    left = pd.DataFrame(
        {
            "target_type": "product",
            "target_id": products["product_id"].astype("str"),
            "name": products["name"].astype("str"),
            "feature": products["feature"].fillna("").astype("str"),
            "description": products["description"].fillna("").astype("str"),
            "category": products["category"].fillna("").astype("str"),
            "evidence": products["evidence"].fillna("").astype("str"),
            "country": products["home_country"].astype("object"),
            "date_from": pd.to_datetime(products["date_from"]),
            "date_to": pd.to_datetime(products["date_to"]),
            "archive_ref": products["archive_ref"].astype("str"),
        }
    )
    applicants = parties[(parties["role"] == "applicant") & parties["country"].notna()]
    country = applicants.sort_values(["patent_id", "position"]).drop_duplicates("patent_id")
    right = pd.DataFrame(
        {
            "target_type": "patent",
            "target_id": patents["patent_id"].astype("str"),
            "name": patents["title"].astype("str"),
            "feature": "",
            "description": "",
            "category": "",
            "evidence": patents["evidence"].fillna("").astype("str"),
            "country": patents["patent_id"].map(country.set_index("patent_id")["country"]),
            "date_from": _first_known(patents, "from"),
            "date_to": _first_known(patents, "to"),
            "archive_ref": patents["archive_ref"].astype("str"),
        }
    )
    frames = [frame.astype({"country": "object"}) for frame in (left, right) if len(frame)]
    if not frames:
        return left
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def _first_known(patents: pd.DataFrame, end: str) -> pd.Series[pd.Timestamp]:
    dates = pd.to_datetime(patents[f"priority_date_{end}"])
    for other in ("filing_date", "grant_date"):
        dates = dates.fillna(pd.to_datetime(patents[f"{other}_{end}"]))
    return dates


def target_organisations(products: pd.DataFrame, parties: pd.DataFrame) -> pd.DataFrame:
    """Organisations of every target: the maker of a product, the applicants of a patent.

    Returns:
        Frame of target_type, target_id, organisation.
    """
    makers = pd.DataFrame(
        {
            "target_type": "product",
            "target_id": products["product_id"].astype("str"),
            "organisation": products["organisation"].fillna("").astype("str"),
        }
    )
    applicants = parties[parties["role"] == "applicant"]
    owners = pd.DataFrame(
        {
            "target_type": "patent",
            "target_id": applicants["patent_id"].astype("str"),
            "organisation": applicants["name"].fillna("").astype("str"),
        }
    )
    both = pd.concat([makers, owners], ignore_index=True)
    return both[both["organisation"] != ""].reset_index(drop=True)
