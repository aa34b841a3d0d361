"""How a target has to do with a paper, if it has: one of four relations, with probabilities.

    P(relation = r) proportional to exp(a_r + sum over features of b_r x standardised feature)

A multinomial logistic regression on the pairs that are labelled with a relation, penalised (L2, the
penalty chosen by cross-validation over whole organisations). A relation with fewer than ENOUGH
labelled pairs is left out of it and told by a rule instead, which gets the share of labelled pairs
that it was right for as its probability (prior of Jeffreys):

- competes: the target names the paper's thing only to set itself against it;
- mentions: the target names it, but came before the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from gapstudy.link.model import FOLDS, assign_folds

Array = np.ndarray[Any, np.dtype[np.float64]]
RELATIONS = ("implements", "derives_from", "mentions", "competes")
ENOUGH = 20
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass
class RelationModel:
    """The fitted model.

    Attributes:
        features: names of the features.
        classes_: relations that the regression tells apart.
        mean_: mean of each feature over the pairs fitted.
        scale_: standard deviation of each.
        coefficients_: one row per relation of `classes_`.
        intercepts_: one per relation of `classes_`.
        penalty_: inverse strength of the penalty.
        counts_: labelled pairs of each relation.
        rules_: share of pairs for which the rule of a relation was right, where rules are used.
        out_of_fold_: probabilities of the pairs fitted, one column per relation, from folds
            without the pair's organisation.
    """

    features: tuple[str, ...]
    classes_: tuple[str, ...] = RELATIONS[:1]
    mean_: Array = field(default_factory=lambda: np.zeros(0))
    scale_: Array = field(default_factory=lambda: np.ones(0))
    coefficients_: Array = field(default_factory=lambda: np.zeros((1, 0)))
    intercepts_: Array = field(default_factory=lambda: np.zeros(1))
    penalty_: float = PENALTIES[0]
    counts_: dict[str, int] = field(default_factory=dict)
    rules_: dict[str, float] = field(default_factory=dict)
    out_of_fold_: Array = field(default_factory=lambda: np.zeros((0, len(RELATIONS))))

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        relation: Sequence[str],
        groups: Sequence[str],
        features: Sequence[str],
    ) -> RelationModel:
        """Fit to pairs labelled with one of `RELATIONS`; other pairs are passed over.

        With fewer than two relations of ENOUGH pairs, or where the regression is right no more
        often than the commonest relation would be (by one standard error, cross-fitted), each
        relation has its share for all pairs and the commonest is the most likely.

        Args:
            frame: features of the pairs.
            relation: relation of each pair.
            groups: organisation of each pair's target.
            features: columns of `frame` to use.
        """
        named = np.asarray(list(relation), dtype=object)
        kept = np.isin(named, RELATIONS)
        frame, named = frame[kept], named[kept]
        owners = [group for group, keep in zip(groups, kept, strict=True) if keep]
        model = cls(tuple(features))
        model.counts_ = {name: int((named == name).sum()) for name in RELATIONS}
        often = sorted(RELATIONS[:2], key=lambda name: -model.counts_[name])
        enough = [name for name in RELATIONS if model.counts_[name] >= ENOUGH]
        model.classes_ = tuple(enough) if len(enough) > 1 else (often[0],)
        values = frame[list(features)].to_numpy(dtype=float)
        model.mean_, model.scale_ = _standard(values)
        model.rules_ = {
            name: (float((fires & (named == name)).sum()) + 0.5) / (float(fires.sum()) + 1.0)
            for name, fires in rules(frame).items()
            if name not in model.classes_
        }
        told = np.isin(named, model.classes_)
        truth = np.array([model.classes_.index(name) for name in named[told]], dtype=np.int64)
        chances = np.ones((len(frame), 1))
        model.coefficients_ = np.zeros((len(model.classes_), len(features)))
        model.intercepts_ = np.zeros(len(model.classes_))
        if len(model.classes_) > 1:
            folds = assign_folds(owners, (named != RELATIONS[0]).astype(float))
            tried = {
                penalty: _cross(values, told, truth, folds, penalty, len(model.classes_))
                for penalty in PENALTIES
            }
            losses = {key: round(_loss(found[told], truth), 6) for key, found in tried.items()}
            model.penalty_ = min(losses, key=lambda key: losses[key])
            chances = tried[model.penalty_]
            model.coefficients_, model.intercepts_ = _fit(
                (values[told] - model.mean_) / model.scale_, truth, model.penalty_,
                len(model.classes_),
            )  # fmt: skip
            if not _better_than_commonest(chances[told], truth):
                shares = np.bincount(truth, minlength=len(model.classes_)) / len(truth)
                model.coefficients_[:] = 0.0
                model.intercepts_ = np.log(shares)
                chances = np.tile(shares, (len(frame), 1))
        model.out_of_fold_ = model._with_rules(chances, frame).to_numpy()
        return model

    def probabilities(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Probability of each relation, given that there is one: columns of `RELATIONS`."""
        values = frame[list(self.features)].to_numpy(dtype=float)
        scores = (values - self.mean_) / self.scale_ @ self.coefficients_.T + self.intercepts_
        return self._with_rules(softmax(scores, axis=1), frame)

    def _with_rules(self, chances: Array, frame: pd.DataFrame) -> pd.DataFrame:
        made = pd.DataFrame(0.0, index=frame.index, columns=list(RELATIONS))
        made[list(self.classes_)] = chances
        for name, fires in rules(frame).items():
            if name in self.rules_:
                share = np.where(fires, self.rules_[name], 0.0)
                made = made.mul(1.0 - share, axis=0)
                made[name] += share
        return made


def most_likely(probabilities: pd.DataFrame) -> list[str]:
    """The most likely relation of each pair; ties to the earlier in `RELATIONS`."""
    best = probabilities[list(RELATIONS)].to_numpy().argmax(axis=1)
    return [RELATIONS[at] for at in best]


def rules(frame: pd.DataFrame) -> dict[str, Any]:
    """Pairs for which the rule of each relation without enough examples speaks."""
    named = (frame["name_in_text"] + frame["name_folded"]).to_numpy() > 0
    early = (frame["years_before"] + frame["patent_years_before"]).to_numpy() > 0
    against = frame["name_against"].to_numpy() > 0
    return {"mentions": named & early & ~against, "competes": against}


def _better_than_commonest(chances: Array, truth: Any) -> bool:
    right = float((chances.argmax(axis=1) == truth).mean())
    share = float(np.bincount(truth).max()) / len(truth)
    return right > share + float(np.sqrt(share * (1.0 - share) / len(truth)))


def _standard(values: Array) -> tuple[Array, Array]:
    if not len(values):
        return np.zeros(values.shape[1]), np.ones(values.shape[1])
    scale = values.std(axis=0)
    return values.mean(axis=0), np.where(scale > 1e-12, scale, 1.0)


def _fit(values: Array, truth: Any, penalty: float, classes: int) -> tuple[Array, Array]:
    from sklearn.linear_model import LogisticRegression

    # Newton steps to a tight tolerance: the answer does not depend on how sums were ordered.
    fitted = LogisticRegression(C=penalty, solver="newton-cholesky", tol=1e-9, max_iter=200)
    fitted.fit(values, truth)
    coefficients = np.zeros((classes, values.shape[1]))
    intercepts = np.full(classes, -np.inf)
    if len(fitted.classes_) == 2:
        coefficients[fitted.classes_] = np.vstack([np.zeros_like(fitted.coef_), fitted.coef_])
        intercepts[fitted.classes_] = [0.0, float(fitted.intercept_[0])]
    else:
        coefficients[fitted.classes_] = fitted.coef_
        intercepts[fitted.classes_] = fitted.intercept_
    return coefficients, intercepts


def _cross(
    values: Array, told: Any, truth: Any, folds: Array, penalty: float, classes: int
) -> Array:
    """Probabilities of each pair from a model that saw no pair of its fold."""
    chances = np.full((len(values), classes), 1.0 / classes)
    places = np.flatnonzero(told)
    for fold in range(FOLDS):
        seen, held = folds[places] != fold, folds == fold
        if len(np.unique(truth[seen])) < 2 or not held.any():
            continue
        mean, scale = _standard(values[places[seen]])
        slopes, starts = _fit((values[places[seen]] - mean) / scale, truth[seen], penalty, classes)
        chances[held] = softmax((values[held] - mean) / scale @ slopes.T + starts, axis=1)
    return chances


def _loss(chances: Array, truth: Any) -> float:
    return float(-np.log(np.clip(chances[np.arange(len(truth)), truth], 1e-9, 1.0)).mean())
