"""The two ends of a pair, each in one frame: papers, and targets (products and patents).

Everything that the linker looks at is in these columns, so that pairs of the study and pairs of a
file are described alike. Texts are never missing ("" when there is none); several values in one
text are joined by ";".
"""

from __future__ import annotations

import pandas as pd

PAPERS = (
    "paper_id", "title", "abstract", "coined_name", "arxiv_id", "doi", "date_from", "date_to",
    "organisations", "people",
)  # fmt: skip
TARGETS = (
    "target_type", "target_id", "name", "feature", "description", "category", "evidence",
    "website", "country", "date_from", "date_to", "organisations", "people", "archive_ref",
)  # fmt: skip
#: Text columns of a target that are searched for names, in the order of their weight as evidence.
FIELDS = ("description", "feature", "name")
#: Columns that together name a pair.
KEY = ["paper_id", "target_type", "target_id"]


def papers(papers: pd.DataFrame, paper_affiliations: pd.DataFrame) -> pd.DataFrame:
    """One row per paper, in the order of the table.

    Args:
        papers: table `papers`.
        paper_affiliations: table `paper_affiliations`.

    Returns:
        Frame of `PAPERS` with a plain index.
    """
    places = paper_affiliations.sort_values(["paper_id", "position"], kind="stable")
    made = {
        "paper_id": _text(papers["paper_id"]),
        **{name: _text(papers[name]) for name in PAPERS[1:6]},
        "date_from": _days(papers["date_from"]),
        "date_to": _days(papers["date_to"]),
        "organisations": _joined(papers["paper_id"], places, "paper_id", "organisation"),
        "people": _joined(papers["paper_id"], places, "paper_id", "author_name"),
    }
    return pd.DataFrame(made)[list(PAPERS)]


def targets(
    products: pd.DataFrame, patents: pd.DataFrame, patent_parties: pd.DataFrame
) -> pd.DataFrame:
    """One row per product and patent, products first, in the order of their tables.

    A patent is dated by its priority; where that is not known by its filing, then by its grant.
    Its country is that of the first applicant with one; its name is its title, its description
    its abstract.

    Returns:
        Frame of `TARGETS` with a plain index.
    """
    left = pd.DataFrame(
        {
            "target_type": pd.Series("product", index=range(len(products)), dtype="object"),
            "target_id": _text(products["product_id"]),
            **{
                name: _text(products[name])
                for name in ("name", "feature", "description", "category", "evidence", "website")
            },
            "country": products["home_country"].astype("object").to_numpy(),
            "date_from": _days(products["date_from"]),
            "date_to": _days(products["date_to"]),
            "organisations": _text(products["organisation"]),
            "people": "",
            "archive_ref": _text(products["archive_ref"]),
        }
    )
    parties = patent_parties.sort_values(["patent_id", "position"], kind="stable")
    owners = parties[parties["role"] == "applicant"]
    inventors = parties[parties["role"] == "inventor"]
    placed = owners[owners["country"].notna()].drop_duplicates("patent_id")
    places = placed.set_index("patent_id")["country"].astype("object")
    right = pd.DataFrame(
        {
            "target_type": pd.Series("patent", index=range(len(patents)), dtype="object"),
            "target_id": _text(patents["patent_id"]),
            "name": _text(patents["title"]),
            "feature": "",
            "description": _text(patents["abstract"]),
            "category": "",
            "evidence": _text(patents["evidence"]),
            "website": "",
            "country": patents["patent_id"].map(places).astype("object").to_numpy(),
            "date_from": _first_known(patents, "from"),
            "date_to": _first_known(patents, "to"),
            "organisations": _joined(patents["patent_id"], owners, "patent_id", "name"),
            "people": _joined(patents["patent_id"], inventors, "patent_id", "name"),
            "archive_ref": _text(patents["archive_ref"]),
        }
    )
    frames = [frame for frame in (left, right) if len(frame)]
    return pd.concat(frames or [left], ignore_index=True)[list(TARGETS)]


def _text(values: pd.Series[str]) -> pd.Series[str]:
    return values.astype("object").fillna("").reset_index(drop=True)


def _days(values: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(values).astype("datetime64[s]").reset_index(drop=True)


def _first_known(patents: pd.DataFrame, end: str) -> pd.Series[pd.Timestamp]:
    dates = _days(patents[f"priority_date_{end}"])
    for other in ("filing_date", "grant_date"):
        dates = dates.fillna(_days(patents[f"{other}_{end}"]))
    return dates


def _joined(keys: pd.Series[str], rows: pd.DataFrame, key: str, name: str) -> pd.Series[str]:
    """Distinct values of each key in the order of the rows, joined by ";"."""
    named = rows[[key, name]].dropna()
    named = named[named[name] != ""].drop_duplicates()
    texts = named[name].astype("object").str.replace(";", ",", regex=False)
    joined = texts.groupby(named[key].astype("object"), sort=False).agg(";".join)
    return keys.astype("object").map(joined).fillna("").reset_index(drop=True)
