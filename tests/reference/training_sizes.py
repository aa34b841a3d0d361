"""Statistics on training-set sizes that the landmark corpus takes from the Epoch AI table.

    python tests/reference/training_sizes.py

prints the rows of `indicators.csv` that come from it: medians with quartiles by kind of maker,
country and period, and the year-adjusted log10 ratio of academic to industrial sizes. Rows of the
table itself stay where they are (Epoch AI, Data on Notable AI Models, CC BY 4.0).
"""

import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

from gapstudy.regions import EU27, country_code

TABLE = Path(__file__).parents[3] / "shared/reference/models/notable_ai_models.2025-02-24.csv"
SOURCE = "Epoch AI, Data on Notable AI Models (CC BY 4.0)"
PERIODS = ((2012, 2016), (2017, 2022), (2023, 2025))
FEWEST = 5


def systems(path: Path = TABLE) -> pd.DataFrame:
    """Systems since 2012 with a stated size: domain, day, size, kind and place of the maker."""
    table = pd.read_csv(path)
    size = pd.to_numeric(table["Training dataset size (datapoints)"], errors="coerce")
    day = pd.to_datetime(table["Publication date"], errors="coerce")
    frame = pd.DataFrame({"domain": table["Domain"].fillna(""), "day": day, "size": size})
    kinds = table["Organization categorization"].fillna("").map(_parts)
    frame["kind"] = kinds.map(lambda kind: kind.pop().lower() if len(kind) == 1 else "mixed")
    frame["geo"] = table["Country (from Organization)"].fillna("").map(_place)
    kept: pd.DataFrame = frame[(frame["size"] > 0) & (frame["day"].dt.year >= PERIODS[0][0])]
    return kept


def _parts(cell: str) -> set[str]:
    return {part.strip() for part in cell.split(",") if part.strip()}


def _place(cell: str) -> str:
    codes = {country_code(name) for name in _parts(cell)}
    code = codes.pop() if len(codes) == 1 else None
    return "EU27" if code in EU27 else code or ""


def rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Rows of `indicators.csv`, sorted."""
    language = frame[frame["domain"].str.contains("Language")]
    found = []
    for first, last in PERIODS:
        part = language[language["day"].dt.year.between(first, last)]
        for kind in ("academia", "industry", "mixed"):
            found += _median("WORLD", f"{first}/{last}", kind, part[part["kind"] == kind])
        for geo in ("US", "CN", "EU27"):
            found += _median(geo, f"{first}/{last}", "", part[part["geo"] == geo])
    for domain in ("Language", "Vision"):
        part = frame[frame["domain"].str.contains(domain)]
        found.append(_ratio(domain, part[part["kind"].isin(["academia", "industry"])]))
    return sorted(
        found, key=lambda row: (row["indicator"], row["geo"], row["period"], row["entity"])
    )


def _row(**cells: str) -> dict[str, str]:
    return {
        "source_name": SOURCE, "evidence": "https://epoch.ai/data/notable-ai-models",
        "checked": "reference", **cells,
    }  # fmt: skip


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else str(int(float(f"{value:.3g}")))


def _median(geo: str, period: str, kind: str, part: pd.DataFrame) -> list[dict[str, str]]:
    if len(part) < FEWEST:
        return []
    low, middle, high = np.quantile(part["size"], [0.25, 0.5, 0.75])
    return [
        _row(
            indicator="training_set_size_median", geo=geo, period=period,
            entity="language models" + (f", {kind}" if kind else ""), entity_kind=kind,
            value=_number(middle), unit="datapoints", lower=_number(low), upper=_number(high),
            n=str(len(part)),
            definition="median size of the training set of notable language models of the period; "
            "lower and upper are the quartiles; datapoints are words or tokens as the publisher "
            "counts them",
            note="computed from the edition of 2025-02-24; three significant digits; "
            + ("kind of maker as the publisher has it, mixed when several" if kind
               else "systems of one country only"),
        )
    ]  # fmt: skip


def _ratio(domain: str, part: pd.DataFrame) -> dict[str, str]:
    academic = (part["kind"] == "academia").to_numpy(bool)
    year = part["day"].dt.year.to_numpy(float) + part["day"].dt.dayofyear.to_numpy(float) / 366
    design = np.column_stack([academic.astype(float), np.ones(len(part)), year - year.mean()])
    fit = sm.OLS(np.log10(part["size"].to_numpy(float)), design).fit(cov_type="HC3", use_t=True)
    low, high = fit.conf_int(0.05)[0]
    return _row(
        indicator="training_set_size_log10_ratio", geo="WORLD", period="2012/2025",
        entity=f"{domain.lower()} models", entity_kind="academia",
        value=f"{fit.params[0]:.3f}", unit="log10 of the ratio academia to industry",
        lower=f"{low:.3f}", upper=f"{high:.3f}", n=str(len(part)),
        definition="difference of log10 training-set sizes, systems of academia alone minus those "
        "of industry alone, adjusted for the date by least squares; lower and upper are the 95% "
        "interval with HC3 variance",
        note="computed from the edition of 2025-02-24 over "
        f"{int(academic.sum())} academic and {int((~academic).sum())} industrial systems",
    )  # fmt: skip


def main() -> None:
    """Print the rows as CSV, in the columns of indicators.csv."""
    found = rows(systems())
    columns = (
        "indicator,geo,period,entity,entity_kind,value,unit,lower,upper,n,definition,"
        "source_name,evidence,checked,note"
    ).split(",")
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)


if __name__ == "__main__":
    main()
