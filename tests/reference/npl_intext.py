"""Is a passage of a patent a reference: fit and cross-validation on judged passages.

    python tests/reference/npl_intext.py

prints the weights, and precision, recall and F1 by tenfold cross-validation. The passages (PatCit,
MIT) are not part of the project; they are looked for in `../shared/reference` beside the checkout.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.link import intext
from gapstudy.link.metrics import wilson

PASSAGES = (
    Path(__file__).parents[3] / "shared/reference/patents/patcit/intext_isbibref_gold_dev.jsonl"
)
FOLDS, SEED = 10, 20261123


def passages() -> tuple[list[str], Any]:
    """Texts of judged passages and whether each is a reference; what was ignored is left out."""
    rows = [json.loads(line) for line in PASSAGES.read_text("utf-8").splitlines()]
    kept = [row for row in rows if row["answer"] in {"accept", "reject"}]
    return [row["text"] for row in kept], np.asarray([row["answer"] == "accept" for row in kept])


def fit(data: Any, truth: Any) -> Any:
    """A logistic regression of the signs."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=2000, tol=1e-8).fit(data, truth)


def crossed(data: Any, truth: Any) -> Any:
    """Probability of each passage from a fit that did not see it."""
    fold = np.random.default_rng(SEED).permutation(len(truth)) % FOLDS
    result = np.zeros(len(truth))
    for number in range(FOLDS):
        out = fold == number
        result[out] = fit(data[~out], truth[~out]).predict_proba(data[out])[:, 1]
    return result


def main() -> int:
    """Print the fit and its quality; 2 where the passages are not there."""
    if not PASSAGES.exists():
        print(f"{PASSAGES} is not there", file=sys.stderr)
        return 2
    texts, truth = passages()
    data = intext.signs(texts).to_numpy()
    fitted = fit(data, truth)
    weights = dict(zip(intext.MEANINGS, fitted.coef_[0].round(2).tolist(), strict=True))
    print(json.dumps({**weights, "base": round(float(fitted.intercept_[0]), 2)}, indent=1))
    called = crossed(data, truth) >= 0.5
    right = int((called & truth).sum())
    low, high = wilson(right, int(called.sum()), 0.95)
    print(f"precision {right / called.sum():.3f} ({low:.3f}, {high:.3f}), n {called.sum()}")
    low, high = wilson(right, int(truth.sum()), 0.95)
    print(f"recall {right / truth.sum():.3f} ({low:.3f}, {high:.3f}), n {truth.sum()}")
    print(f"F1 {2 * right / (called.sum() + truth.sum()):.3f}; all called: "
          f"{2 * truth.sum() / (len(truth) + truth.sum()):.3f}")  # fmt: skip
    if len(sys.argv) > 1:
        for text, y, c in zip(texts, truth, called, strict=True):
            if y != c:
                print("MISSED" if y else "FALSE ", text[:150])
    return 0


if __name__ == "__main__":
    sys.exit(main())
