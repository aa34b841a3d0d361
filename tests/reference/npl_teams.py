"""Patent-paper pairs on the landmark corpus: fit of content and time, precision and recall.

    python tests/reference/npl_teams.py

Positives are the patents of the corpus with their related result; negatives all other results.
Candidates share an organisation, since the corpus names neither authors nor inventors. Folds leave
whole results out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.dates import parse_date
from gapstudy.link import teams
from gapstudy.link.metrics import wilson

CORPUS = Path(__file__).parents[2] / "data" / "raw" / "landmark"
FITTED = ("cosine", "rare", "near")
FOLDS = 5


def tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Papers, patents (with `paper_id`, the related result), parties and affiliations."""
    results = pd.read_csv(CORPUS / "results.csv", dtype=str).fillna("")
    listed = pd.read_csv(CORPUS / "patents.csv", dtype=str).fillna("")
    papers = pd.DataFrame({"paper_id": results["result_id"], "title": results["title"],
                           "abstract": results["abstract"],
                           **_dated("date", results["date"])})  # fmt: skip
    patents = pd.DataFrame({
        "patent_id": listed["publication_number"], "title": listed["title_subject"],
        "abstract": "", "paper_id": listed["related_result_id"],
        **_dated("priority_date", listed["priority_date"]),
        **_dated("filing_date", listed["filing_date"]),
    })  # fmt: skip
    parties = pd.DataFrame({"patent_id": listed["publication_number"], "role": "applicant",
                            "name": listed["applicant"]})  # fmt: skip
    split = results.assign(organisation=results["organisations"].str.split(";")).explode(
        "organisation"
    )
    places = pd.DataFrame({"paper_id": split["result_id"], "author_name": "",
                           "organisation": split["organisation"].str.strip()})  # fmt: skip
    return papers, patents, parties, places


def _dated(name: str, texts: pd.Series[str]) -> dict[str, Any]:
    days = [parse_date(text) if text else None for text in texts]
    return {
        f"{name}_from": pd.to_datetime(pd.Series([day.first if day else None for day in days])),
        f"{name}_to": pd.to_datetime(pd.Series([day.last if day else None for day in days])),
    }


def pairs() -> tuple[pd.DataFrame, Any, Any, int]:
    """Candidates as described, whether each is right, its result, and the patents in all."""
    papers, patents, parties, places = tables()
    seen, rows, columns = teams.describe(papers, patents, parties, places)
    result = papers["paper_id"].to_numpy()[rows]
    return seen, patents["paper_id"].to_numpy()[columns] == result, result, len(patents)


def fit(seen: pd.DataFrame, truth: Any) -> tuple[dict[str, float], float]:
    """Weights of content and time, and base."""
    from sklearn.linear_model import LogisticRegression

    made = LogisticRegression(C=1.0, max_iter=2000, tol=1e-8).fit(
        seen[list(FITTED)].to_numpy(), truth
    )
    return dict(zip(FITTED, made.coef_[0].round(2).tolist(), strict=True)), round(
        float(made.intercept_[0]), 2
    )


def crossed(seen: pd.DataFrame, truth: Any, result: Any) -> Any:
    """Probability of each candidate from a fit that saw no pair of its result."""
    names = np.unique(result)
    order = np.random.default_rng(20261123).permutation(len(names))
    fold = dict(zip(names[order], np.arange(len(names)) % FOLDS, strict=True))
    number = np.asarray([fold[name] for name in result])
    made = np.zeros(len(truth))
    for out in range(FOLDS):
        weights, base = fit(seen[number != out], truth[number != out])
        score = base + seen.loc[number == out, list(FITTED)].to_numpy() @ np.asarray(
            list(weights.values())
        )
        made[number == out] = 1 / (1 + np.exp(-score))
    return made


def main() -> None:
    """Print the fit and its quality."""
    seen, truth, result, count = pairs()
    print(
        json.dumps(fit(seen, truth)), len(seen), "candidates,", int(truth.sum()), "right of", count
    )
    made = crossed(seen, truth, result)
    for cut in (0.2, 0.3, 0.5, 0.7):
        called = made >= cut
        right, n = int((called & truth).sum()), int(called.sum())
        low, high = wilson(right, n, 0.95)
        print(f"{cut}: precision {right / max(n, 1):.3f} ({low:.3f}, {high:.3f}) n {n}; recall "
              f"{right / count:.3f} of {count}, {right / truth.sum():.3f} of these")  # fmt: skip


if __name__ == "__main__":
    main()
