r"""How well the words find the themes: labelled sentences, and a reading of texts from outside.

The sentences of `data/sentences.csv` were written for this study and labelled by the guide in
docs/language.md before any pattern was tried on them. Their split was made by a hash of the text:
`develop` served to mend the lexicon, `test` to judge it. Their texts imitate abstracts, patents and
announcements, and they hold many near misses; they are no sample of any corpus. Real texts are
harder, so `data/reading.csv` keeps the counts of a reading of sentences from outside.

F1 is no proportion, but the Jaccard index :math:`J = TP / (TP + FP + FN)` is one, and
:math:`F_1 = 2J / (1 + J)`; Wilson's interval of J is carried over by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.intervals import quantile, wilson
from gapstudy.measure.language import KINDS, THEMES
from gapstudy.measure.language.annotate import sentences

Flags = NDArray[np.bool_]
METRICS = ("precision", "recall", "f1", "specificity", "carried", "sensitivity_carried",
           "false_carried")  # fmt: skip


def labelled() -> pd.DataFrame:
    """The labelled sentences: sentence_id, kind, text, one flag for each theme, split, note."""
    with (files(__package__) / "data" / "sentences.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype={"note": str}, keep_default_na=False)


@cache
def _found(model: str) -> tuple[pd.DataFrame, Flags, Flags, Flags]:
    """Sentences, labels, carriers and hits, made once."""
    frame = labelled()
    carry, hit = sentences(frame["text"].tolist(), model)
    return frame, frame[list(THEMES)].to_numpy(bool), carry, hit


@dataclass(frozen=True)
class Rates:
    """What the test sentences say of one theme, for `correct`.

    Attributes:
        hits: true sentences with a word of the theme that are found.
        carried: true sentences with a word of the theme.
        true: true sentences.
        false_hits: other sentences with a word of the theme that are found.
        false_carried: other sentences with a word of the theme.
    """

    hits: int
    carried: int
    true: int
    false_hits: int
    false_carried: int


def rates(model: str) -> dict[str, Rates]:
    """The rates of every theme on the test sentences, all kinds of text together."""
    frame, label, carry, hit = _found(model)
    test = (frame["split"] == "test").to_numpy()
    made = {}
    for j, theme in enumerate(THEMES):
        y, c, h = (part[test, j] for part in (label, carry, hit))
        made[theme] = Rates(
            int((y & h).sum()), int((y & c).sum()), int(y.sum()), int((~y & h).sum()),
            int((~y & c).sum()),
        )  # fmt: skip
    return made


def table(model: str, confidence: float) -> pd.DataFrame:
    """Rows of `out_language_quality`.

    Args:
        model: name of the language model.
        confidence: level of the intervals.
    """
    frame, label, carry, hit = _found(model)
    rows = []
    for split in ("develop", "test"):
        for kind in ("all", *KINDS):
            mine = (frame["split"] == split) & ((frame["kind"] == kind) | (kind == "all"))
            for j, theme in enumerate(THEMES):
                y, c, h = (part[mine.to_numpy(), j] for part in (label, carry, hit))
                for metric, (yes, of) in _counts(y, c, h).items():
                    names = {"sample": "labelled", "split": split, "kind": kind, "theme": theme}
                    rows.append({**names, "metric": metric, **_row(yes, of, metric, confidence)})
    return pd.concat([pd.DataFrame(rows), _reading(confidence)], ignore_index=True)


def _counts(y: Flags, c: Flags, h: Flags) -> dict[str, tuple[int, int]]:
    either = (y & h).sum(), (y | h).sum()
    pairs = {
        "precision": ((y & h).sum(), h.sum()), "recall": ((y & h).sum(), y.sum()), "f1": either,
        "specificity": ((~y & ~h).sum(), (~y).sum()), "carried": ((y & c).sum(), y.sum()),
        "sensitivity_carried": ((y & h).sum(), (y & c).sum()),
        "false_carried": ((~y & h).sum(), (~y & c).sum()),
    }  # fmt: skip
    return {name: (int(yes), int(of)) for name, (yes, of) in pairs.items()}


def _row(yes: int, of: int, metric: str, confidence: float) -> dict[str, object]:
    if not of:
        nothing = dict.fromkeys(("estimate", "low", "high"), np.nan)
        return {**nothing, "n": 0, "note": "no such sentence"}
    share = yes / of
    ends = wilson(share, of, quantile(confidence))
    values = np.array([share, float(ends.low), float(ends.high)])
    if metric == "f1":
        values = 2 * values / (1 + values)
    estimate, low, high = map(float, values)
    return {"estimate": estimate, "low": low, "high": high, "n": of, "note": ""}


def _reading(confidence: float) -> pd.DataFrame:
    """Shares that the reading of outside sentences found right."""
    with (files(__package__) / "data" / "reading.csv").open(encoding="utf-8") as file:
        read = pd.read_csv(file)
    sums = read[read["theme"] != "all"].groupby("kind", as_index=False)[["read", "yes"]].sum()
    hits = sums.assign(theme="all", question="hit_right")
    every = pd.concat([read, hits], ignore_index=True)
    both = every[every["theme"] == "all"].groupby("question", as_index=False)[["read", "yes"]].sum()
    every = pd.concat([every, both.assign(theme="all", kind="all")], ignore_index=True)
    return pd.DataFrame(
        {
            "sample": "outside", "split": "test", "kind": row["kind"], "theme": row["theme"],
            "metric": row["question"],
            **_row(int(row["yes"]), int(row["read"]), row["question"], confidence),
        }
        for row in every.to_dict("records")
    )  # fmt: skip
