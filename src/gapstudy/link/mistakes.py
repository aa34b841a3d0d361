"""The test pairs that the linker got most wrong, with the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gapstudy.link.ends import KEY
from gapstudy.link.evaluate import Judged
from gapstudy.link.model import LinkModel
from gapstudy.link.quality import MODEL
from gapstudy.tables.link import FEATURE_MEANINGS

#: Pairs of each kind that are kept.
WORST = 30
#: Contributions that are told, the largest ones.
_TOLD = 4
#: What a feature says when it is there.
WORDS = {
    "identifier": "the target holds an identifier of the paper",
    "name_exact": "the target holds the paper's name",
    "name_folded": "the target holds the paper's name in another spelling",
    "name_common": "the name is an ordinary word, or a short one",
    "name_compound": "the name is only part of a longer one",
    "version_mismatch": "the name carries another version number",
    "name_in_text": "the name or an identifier stands in the target's description",
    "name_in_title": "the name stands in the target's own name or feature",
    "name_against": "the target sets itself against what it names",
    "organisation": "both come from one organisation",
    "speaking": "the target has a text of its own",
    "word_cosine": "how many rare words the texts share",
    "title_cosine": "how near the texts are to the paper's title",
    "title_words": "how much of the title the target holds",
    "years_before": "the product came before the paper",
    "patent_years_before": "the patent was filed before the paper",
    "patent": "the target is a patent",
    "patent_organisation": "it is a patent of the paper's organisation",
    "base": "what holds for every pair",
    "prior": "how rare links are",
    "calibration": "calibration",
}
#: Ties that a link usually has, by the features that show them.
_TIES = {
    "no identifier": ("identifier",),
    "no name found": ("name_exact", "name_folded", "name_in_text"),
    "no organisation in common": ("organisation",),
}
#: Terms that say nothing about the pair itself.
_SAME_FOR_ALL = ("base", "prior", "calibration")


def table(model: LinkModel, judged: Judged, worst: int = WORST) -> pd.DataFrame:
    """The table `out_link_errors`.

    Args:
        model: the fitted link model.
        judged: the test pairs.
        worst: most pairs of each kind.
    """
    score = judged.sample.scores[MODEL]
    label = judged.pairs["label"].to_numpy(dtype=bool)
    found = judged.pairs["found"].to_numpy(dtype=bool)
    wrong = label != ((score >= judged.sample.cuts[MODEL]) & found)
    pairs = judged.pairs[wrong].assign(probability=score[wrong])
    described = judged.described[wrong]
    prior = None if judged.prior is None else judged.prior[wrong]
    reasons = [
        in_words(terms, row, found=bool(found), link=bool(link))
        for terms, row, found, link in zip(
            model.reasons(described, prior),
            described.to_dict("records"),
            pairs["found"],
            pairs["label"],
            strict=True,
        )
    ]
    pairs = pairs.assign(
        error=np.where(pairs["label"], "missed", "false"),
        size=np.abs(pairs["label"].astype(float) - pairs["probability"]),
        reason=reasons,
    )
    pairs = pairs.sort_values(["error", "size", *KEY], ascending=[True, False, True, True, True])
    pairs["rank"] = pairs.groupby("error").cumcount() + 1
    columns = [*KEY, "error", "rank", "probability", "region", "link_type", "negative_kind",
               "reason"]  # fmt: skip
    kept: pd.DataFrame = pairs.loc[pairs["rank"] <= worst, columns]
    return kept.reset_index(drop=True)


def in_words(
    terms: Mapping[str, float], row: Mapping[str, object], *, found: bool, link: bool
) -> str:
    """Why a pair got its probability.

    Args:
        terms: contribution of each feature to the log-odds.
        row: the features.
        found: whether some way of finding candidates found the pair.
        link: whether it is a link, so that what lacks is told first.

    Returns:
        Parts joined by "; ", each contribution with its size in brackets.
    """
    parts = [] if found else ["no way of finding candidates found it"]
    if link:
        parts += [
            words for words, names in _TIES.items()
            if not any(float(str(row.get(name, 0.0))) > 0 for name in names)
        ]  # fmt: skip
    told = [(name, value) for name, value in terms.items() if name not in _SAME_FOR_ALL]
    told.sort(key=lambda item: (-abs(item[1]), item[0]))
    for name, value in told[:_TOLD]:
        parts.append(f"{WORDS.get(name, FEATURE_MEANINGS.get(name, name))} ({value:+.1f})")
    return "; ".join(parts)
