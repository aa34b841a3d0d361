r"""Missed links: shares of results with a product, divided by the part of the links that is held.

The linker misses some true links, and perhaps more of one region than of another. If it holds a
share :math:`\rho_r` of the links of region r, and misses do not depend on time, then of the results
with a product a share :math:`\rho_r` is seen to have one, and the corrected share is

.. math:: \tilde F_r(t) = \min(1, \hat F_r(t) / \rho_r).

Which share is held depends on how links are used. Where a link is yes or no, a true one is lost
when no way of finding candidates found it, or when its probability is too low. Where links are
*drawn* with probabilities that are right, a true link that is not drawn is made up for by a false
one that is: as many are drawn as are true. Only links that were no candidates are lost, and
:math:`\rho_r` is the recall of the candidates; dividing by the recall of the links too would count
that loss twice (in simulated worlds with a recall of links of one half it doubles the share). Hence
`of="candidates"` for drawn link sets and `of="links"` where links are decided.

The recall is itself uncertain: each of the M link sets draws its own from a Beta distribution, so
that Rubin's rules carry it into the interval. The mean of 1 / x over draws x of a recall is larger
than 1 / mean, and so is 1 / the share of few labelled links. The draws for drawn link sets are
scaled so that the mean of 1 / x is (n + 1) / (hits + 1), whose expectation is
(1 - (1 - recall)^(n + 1)) / recall for binomial hits: no bias but for tiny n. The correction is
exact when a result has one true product; one with several is seen more easily, so its corrected
share is rather too high. It is shown beside the uncorrected one, never instead. Reference for
dividing by a sensitivity with its own uncertainty: Rogan and Gladen (1978),
https://doi.org/10.1093/oxfordjournals.aje.a112510.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.cohort import ALL, COLUMNS, Weights
from gapstudy.measure.intervals import quantile
from gapstudy.measure.survival import Estimates, Floats
from gapstudy.regions import REGIONS

#: Smallest recall that anything is divided by: below it a share says nothing about the truth.
LEAST = 0.02
#: What is lost: links that no way found (drawn sets), or also those found and not taken.
Loss = Literal["links", "candidates"]


def draw(
    table: pd.DataFrame, links: str, imputations: int, seed: list[int], of: Loss = "links"
) -> Floats | None:
    """Recall of each region in each link set, (M, K), columns as in `cohort.COLUMNS`.

    Each region draws from a stream of its own, so that its draws do not hang on the others.

    Args:
        table: table `out_link_recall`.
        links: evidence whose recall is wanted.
        imputations: number of link sets, M.
        seed: seed of the generator.
        of: links (a link is lost when it is not found or not taken) or candidates (only when it is
            not found, as in drawn link sets). Where the table does not give the recall of the
            candidates, that of the links.

    Returns:
        The draws; None when the table does not hold this evidence.

    Raises:
        FitError: a region is missing from it.
    """
    rows = table[table["links"] == links].set_index("region")
    if rows.empty:
        return None
    missing = [region for region in COLUMNS if region not in rows.index]
    if missing:
        raise FitError(
            f"there is no recall of the links of {', '.join(missing)}",
            where="out_link_recall",
            remedy="Run `gapstudy link` again",
        )
    drawn = np.empty((imputations, len(COLUMNS)))
    for k, region in enumerate(COLUMNS):
        uniform = np.random.default_rng([*seed, k]).random(imputations)
        alpha, beta = _shape(table, links, region, of)
        scale = level(alpha, beta) if of == "candidates" else 1.0
        drawn[:, k] = stats.beta.ppf(uniform, alpha, beta) * scale
    return np.clip(drawn, LEAST, 1.0)


def level(alpha: float, beta: float) -> float:
    """Factor on draws of a Beta distribution that takes the bias out of dividing by them.

    With alpha = hits + 1/2 and beta = n - hits + 1/2, the mean of 1 / draw,
    (alpha + beta - 1) / (alpha - 1), becomes (n + 1) / (hits + 1). Without a finite mean
    (alpha at most 1) there is nothing to scale, and the factor is 1.
    """
    if alpha <= 1:
        return 1.0
    return ((alpha + beta - 1) / (alpha - 1)) * ((alpha + 0.5) / (alpha + beta))


def _shape(table: pd.DataFrame, links: str, region: str, of: Loss) -> tuple[float, float]:
    """Parameters of the Beta distribution of what is held of one region."""
    mine = table[table["region"] == region]
    rows = {str(row["links"]): row for row in mine.to_dict("records")}
    row = rows[links]
    given = float(row["alpha"]), float(row["beta"])
    if of == "links" or "candidate_recall" not in row or "model" not in rows:
        return given
    every = table[(table["region"] == COLUMNS[ALL]) & (table["links"] == "model")].iloc[0]
    overall = every["candidate_recall"]
    if pd.isna(overall):
        return given
    size, pooled = float(row["effective_n"]), float(row["pooled"])
    own = row["candidate_recall"] if pd.notna(row["candidate_recall"]) else overall
    # Half a link of either kind, as in the table, where nothing else is pooled.
    half = 0.5 if pooled == 0 else 0.0
    alpha = size * own + pooled * overall + half
    beta = size * (1 - own) + pooled * (1 - overall) + half
    if links == "model":
        return alpha, beta
    return _either(alpha, beta, rows["model"], row)


def _either(
    alpha: float, beta: float, model: dict[Hashable, Any], both: dict[Hashable, Any]
) -> tuple[float, float]:
    """The same with a follow-up beside the model, which finds part of what was no candidate.

    The table has the recall of the links of the model, and that with the follow-up:
    1 - (1 - recall) x missed. The first two moments of the part that the follow-up misses are read
    off the two Beta distributions, and put beside those of the candidates'.
    """
    first = [float(row["beta"]) / (float(row["alpha"]) + float(row["beta"]))
             for row in (model, both)]  # fmt: skip
    second = [
        p * (float(row["beta"]) + 1) / (float(row["alpha"]) + float(row["beta"]) + 1)
        for p, row in zip(first, (model, both), strict=True)
    ]
    lost = beta / (alpha + beta)
    mean = lost * first[1] / first[0]
    square = lost * (beta + 1) / (alpha + beta + 1) * second[1] / second[0]
    spread = max(square - mean**2, 1e-9)
    total = max(mean * (1 - mean) / spread - 1, 1.0)
    return (1 - mean) * total, mean * total


def corrected(estimates: Estimates, recall: Floats) -> Estimates:
    """Shares of M link sets divided by the recall drawn for each, with their influences.

    Args:
        estimates: shares, (M, K, H).
        recall: drawn recalls, (M, K).
    """
    rate = recall[:, :, None]
    return Estimates(
        np.minimum(estimates.value / rate, 1.0),
        estimates.influence / rate[:, None],
        estimates.at_risk,
    )


def factors(recall: Floats, region: int, versus: int, confidence: float) -> dict[str, float]:
    """By how much more the links of one region are missed than those of another.

    Args:
        recall: drawn recalls, (M, K).
        region: column of the region.
        versus: column of the other.
        confidence: level of the interval.

    Returns:
        Geometric mean over the draws, with the interval of one draw, of the factor on the region's
        conversions relative to the other's that unequal recall alone asks for.
    """
    ratio = np.log(recall[:, versus] / recall[:, region])
    # Few draws have no tails to read an interval from; the logarithm is near normal.
    half = float(quantile(confidence, len(ratio) - 1)) * float(ratio.std(ddof=1))
    middle = float(ratio.mean())
    return {
        "factor_recall": float(np.exp(middle)),
        "factor_recall_low": float(np.exp(middle - half)),
        "factor_recall_high": float(np.exp(middle + half)),
    }


def per_result(recall: Floats, weights: Weights) -> Floats:
    """What a product of each result counts for, (M, n): the mean of 1 / recall over its regions.

    Args:
        recall: drawn recalls, (M, K).
        weights: credits of the results.
    """
    credit = weights.value[:, : len(REGIONS)]
    total = credit.sum(axis=1)
    known = np.where(total > 0, total, 1.0)
    mean = (1.0 / recall[:, : len(REGIONS)]) @ credit.T / known
    return np.where(total > 0, mean, 1.0 / recall[:, [ALL]])
