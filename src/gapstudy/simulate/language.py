"""Corpora whose themes are known: shares as counted, and with the lexicon's errors taken out.

Organisations differ in how often their sentences treat a theme (Beta), and write several texts
each. A sentence that treats it carries a word of it with probability c and is then found with
probability s; another one carries a word with probability u and is then found with probability q.
The study sees the texts, and labelled sentences by which it estimates c, s and q.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from gapstudy.measure.language.correct import Measured, corrected, ratio
from gapstudy.measure.language.quality import Rates
from gapstudy.simulate.recovery import CONFIDENCE, Answers, summary

Floats = NDArray[np.float64]
METHODS = ("uncorrected", "rogan_gladen")


@dataclass(frozen=True)
class Corpus:
    """A corpus with two kinds of text.

    Attributes:
        name: its name.
        shares: true shares of sentences, of the first and the second kind.
        organisations: clusters of each kind.
        texts: most texts of one organisation (uniform from one).
        sentences: sentences of a text of each kind.
        spread: concentration of the organisations' shares; small is uneven.
        carried: c, share of true sentences with a word of the theme.
        words: u, share of other sentences with such a word.
        found: s, share of true carriers found.
        mistaken: q, share of other carriers found.
        labelled: labelled true sentences, and labelled other ones with a word of the theme.
    """

    name: str
    shares: tuple[float, float] = (0.12, 0.05)
    organisations: int = 120
    texts: int = 6
    sentences: tuple[int, int] = (7, 2)
    spread: float = 20.0
    carried: float = 0.95
    words: float = 0.2
    found: float = 0.85
    mistaken: float = 0.08
    labelled: tuple[int, int] = (40, 60)


CORPORA = (
    Corpus("language"),
    Corpus("language_equal", shares=(0.08, 0.08)),
    Corpus("language_rare", shares=(0.02, 0.02), organisations=250),
)


def table(corpus: Corpus, count: int, seed: list[int]) -> pd.DataFrame:
    """Rows of `out_simulation`: the share of the first kind, and its difference from the second.

    Args:
        corpus: the corpus.
        count: realisations of it.
        seed: seed of this corpus.
    """
    random = np.random.default_rng(seed)
    said: dict[tuple[str, str], list[tuple[float, float, float, float]]] = {}
    for _ in range(count):
        for method, made in _measure(corpus, random).items():
            df = corpus.organisations - 1
            z = float(stats.t.ppf(0.5 + CONFIDENCE / 2, df))
            error = float(np.sqrt(made.variance[0]))
            value = float(made.value[0])
            low, high = np.clip([value - z * error, value + z * error], 0, 1)
            said.setdefault(("language_share", method), []).append((value, low, high, np.nan))
            gap, error = made.minus(0, 1)
            p = float(2 * stats.t.sf(abs(gap) / error, df)) if error > 0 else 1.0
            said.setdefault(("language_difference", method), []).append(
                (gap, gap - z * error, gap + z * error, p)
            )
    truths = {"language_share": corpus.shares[0],
              "language_difference": corpus.shares[0] - corpus.shares[1]}  # fmt: skip
    return pd.DataFrame(
        [
            {"estimator": estimator, "scenario": corpus.name, "method": method,
             "n": 2 * corpus.organisations,
             **summary(truths[estimator], Answers(*np.array(rows).T))}
            for (estimator, method), rows in said.items()
        ]
    )  # fmt: skip


def _measure(corpus: Corpus, random: np.random.Generator) -> dict[str, Measured]:
    """Both methods in one realisation."""
    n = corpus.organisations
    base, hit, carry = (np.zeros((2 * n, 2)) for _ in range(3))
    for k, (first, last) in enumerate(pairwise((0, n, 2 * n))):
        share = corpus.shares[k]
        own = random.beta(share * corpus.spread, (1 - share) * corpus.spread, n)
        size = random.integers(1, corpus.texts + 1, n) * corpus.sentences[k]
        true = random.binomial(size, own)
        carried = random.binomial(true, corpus.carried)
        other = random.binomial(size - true, corpus.words)
        found = random.binomial(carried, corpus.found) + random.binomial(other, corpus.mistaken)
        base[first:last, k], hit[first:last, k] = size, found
        carry[first:last, k] = carried + other
    labelled, others = corpus.labelled
    with_word = int(random.binomial(labelled, corpus.carried))
    rates = Rates(
        int(random.binomial(with_word, corpus.found)), with_word, labelled,
        int(random.binomial(others, corpus.mistaken)), others,
    )  # fmt: skip
    plain = ratio(hit, base)
    spread = plain.value * (1 - plain.value)
    seen = plain.variance > 0
    size = np.where(seen, spread / np.where(seen, plain.variance, 1.0), base.sum(axis=0))
    fixed = corrected(plain, ratio(carry, base), rates, size.astype(float))
    return dict(zip(METHODS, (plain, fixed), strict=True))
