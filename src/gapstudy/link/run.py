"""The link stage: core tables in; candidates, links and their quality out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gapstudy.link import evaluate, evidence
from gapstudy.link.facts import links
from gapstudy.link.features import KEY
from gapstudy.link.score import Scorer
from gapstudy.link.training import missed_by_followup
from gapstudy.tables.link import FEATURE_MEANINGS

if TYPE_CHECKING:
    from gapstudy.store import Store
    from gapstudy.study import Study

READS = (
    "papers", "paper_affiliations", "products", "patents", "patent_parties", "followups",
    "labelled_pairs",
)  # fmt: skip


def run(store: Store, study: Study) -> None:
    """Find candidates, fit and judge the model, write links.

    Raises:
        FitError: too few labelled pairs for a model.
    """
    tables = {name: store.read(name) for name in READS}
    # One thread: the order of sums, and so the last bits of a probability, never changes.
    with threadpool_limits(limits=1):
        made = make(tables, study)
    for name, frame in made.items():
        store.write(name, frame)


def make(tables: dict[str, pd.DataFrame], study: Study) -> dict[str, pd.DataFrame]:
    """Everything that the stage writes, by table.

    Args:
        tables: the core tables of `READS` by name.
        study: the study.
    """
    scorer = Scorer.train(tables, study)
    samples = evaluate.samples(scorer, study)
    found = links(scorer, study.linking)
    return {
        "link_candidates": _candidates(scorer),
        "links": evidence.add(found, scorer.space, study.linking.language_model),
        "out_link_quality": _rounded(evaluate.quality(scorer, samples, found, study)),
        "out_link_calibration": _rounded(evaluate.calibration(samples, study)),
        "out_link_model": _rounded(_model(scorer)),
        "out_link_errors": evaluate.errors(scorer, samples[0]),
    }


def _candidates(scorer: Scorer) -> pd.DataFrame:
    """Candidates and labelled pairs with their features and score."""
    labelled = scorer.space.describe(scorer.facts.labels)
    pairs = pd.concat([scorer.candidates, labelled], ignore_index=True).drop_duplicates(KEY)
    return pairs.assign(score=scorer.score(pairs).round(6))


def _model(scorer: Scorer) -> pd.DataFrame:
    """Coefficients of the model and terms of its prior and calibration."""
    model = scorer.model
    missed, judged = missed_by_followup(scorer.facts)
    terms = [
        ("base", model.base, "log-odds of a pair whose features are all 0, as sampled"),
        ("prior-cohort", model.correction(scorer.priors.cohort),
         f"prior correction for results not chosen by outcome: {scorer.priors.cohort:.4f} of their "
         "candidate products are links, by follow-up and labels"),
        ("prior-chosen", model.correction(scorer.priors.chosen),
         f"prior correction for results chosen by outcome: {scorer.priors.chosen:.4f} of their "
         "candidates are links by labels, a lower bound"),
        ("followup_none_found", float(np.log(missed)),
         f"change for products of a result whose follow-up found none; it misses {missed:.3f} of "
         f"productised results, judged on {judged}"),
    ]  # fmt: skip
    terms += [
        (f"calibration-{name}", loss, f"cross-fitted log-loss of the calibration {name!r}"
         + (", the one in use" if name == model.calibrator_ else ""))
        for name, loss in model.losses_.items()
    ]  # fmt: skip
    features = pd.DataFrame(
        {
            "feature": list(model.features),
            "coefficient": model.coefficients_,
            "mean": model.mean_,
            "scale": model.scale_,
            "meaning": [FEATURE_MEANINGS[name] for name in model.features],
        }
    )
    others = pd.DataFrame(terms, columns=["feature", "coefficient", "meaning"])
    others = others.assign(mean=np.nan, scale=np.nan)
    return pd.concat([features, others[features.columns]], ignore_index=True).assign(split="fit")


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{name: frame[name].round(6) for name in numbers})
