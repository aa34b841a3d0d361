"""How probable it is that a citation means a paper: agreements of one pair and their weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from gapstudy.link._npl_pairs import Places, folded, surname
from gapstudy.link.rarity import rarity

Array = np.ndarray[Any, np.dtype[np.float64]]

#: What is looked at, with its weight in the log-odds. Fitted by logistic regression (L2 penalty
#: 1.0) on citations written by rule from the metadata of every second of about 5,170 CC0 works
#: (medicine, psychology, computing), matched with these and 85,658 papers of AI conferences;
#: every second cited work was left out of what is searched, and half of the works had no people,
#: volume and pages. `python tests/reference/npl.py fit` fits and prints them anew. The weights of
#: the identifiers are not fitted, written citations having few: in 30 real strings with a DOI, 29
#: gave the DOI that others matched them with by other means.
WEIGHTS: dict[str, float] = {
    "identifier": 6.0,
    "other_identifier": -4.0,
    "title_same": 2.1,
    "title_near": 1.08,
    "title_start": 0.52,
    "title_far": -3.82,
    "title_none": 0.12,
    "title_told": 2.83,
    "year_same": 1.37,
    "year_next": -0.93,
    "year_far": -2.37,
    "author_same": 1.74,
    "author_other": -2.67,
    "venue_same": 0.0,
    "venue_other": -2.43,
    "volume_same": 1.61,
    "volume_other": -1.49,
    "page_same": 2.27,
    "page_other": -2.2,
}
BASE = -0.83
#: A pair that agrees only in numbers, neither in author nor in journal, is no more probable than
#: this: with many papers, chance gives volume, page and year of some of them to any citation.
NUMBERS_ALONE = 0.5
MEANINGS = {
    "identifier": "the same DOI or arXiv id",
    "other_identifier": "both have a DOI, and they differ",
    "title_same": "titles alike letter for letter, or the paper's stands whole in the citation",
    "title_near": "titles alike to at least 0.92 of their letters, not the same",
    "title_start": "the citation's title is the start of the paper's and breaks off",
    "title_far": "titles alike to less than 0.92",
    "title_none": "the citation gives no title",
    "title_told": "how much the title tells, where it is the same or near: sum of the rarity of "
    "its words, at most 8, divided by 8",
    "year_same": "year of the citation among the paper's years",
    "year_next": "one year beside them",
    "year_far": "three years or more away",
    "author_same": "first author of the citation among the paper's people",
    "author_other": "both name people, and the first is not among them",
    "venue_same": "journals alike, abbreviations read as such",
    "venue_other": "both name a journal, and they differ",
    "volume_same": "same volume",
    "volume_other": "both have a volume, and they differ",
    "page_same": "same first page",
    "page_other": "both have a first page, and they differ",
}
NEAR = 0.92
_FULL = 8.0
_LEFT_OUT = frozenset("of the and for in on de la et der die des für und a an to".split())


def agreements(
    cited: pd.DataFrame,
    papers: pd.DataFrame,
    titles: Sequence[str],
    known: Sequence[str],
    rows: Places,
    columns: Places,
) -> pd.DataFrame:
    """What a citation and a paper agree in, one column of 0 to 1 per key of `MEANINGS`.

    Args:
        cited: citations as parsed, with `text`, the string itself.
        papers: papers; venue, volume and pages where the table has them.
        titles: folded titles of the citations.
        known: folded titles of the papers.
        rows: place of the citation of each pair.
        columns: place of its paper.
    """
    made = _identified(cited, papers, rows, columns)
    made |= _titled(cited, titles, known, rows, columns)
    made |= _dated(cited, papers, rows, columns)
    made |= _named(cited, papers, rows, columns)
    made |= _printed(cited, papers, rows, columns)
    return pd.DataFrame({name: np.asarray(made[name], dtype=float) for name in MEANINGS})


def probabilities(seen: pd.DataFrame) -> Array:
    """Probability of each pair from its agreements."""
    score = BASE + seen[list(WEIGHTS)].to_numpy() @ np.asarray(list(WEIGHTS.values()))
    probability = np.asarray(1.0 / (1.0 + np.exp(-score)))
    told = ["identifier", "title_same", "title_near", "title_start", "author_same", "venue_same"]
    bare = (seen[told].sum(axis=1) == 0).to_numpy()
    return np.where(bare, np.minimum(probability, NUMBERS_ALONE), probability)


def _identified(
    cited: pd.DataFrame, papers: pd.DataFrame, rows: Places, columns: Places
) -> dict[str, Any]:
    same = np.zeros(len(rows), dtype=bool)
    other = np.zeros(len(rows), dtype=bool)
    for name in ("doi", "arxiv_id"):
        left = cited[name].str.lower().to_numpy(dtype=object)[rows]
        right = papers[name].fillna("").str.lower().to_numpy(dtype=object)[columns]
        both = (left != "") & (right != "")
        same |= both & (left == right)
        if name == "doi":
            other = both & (left != right)
    return {"identifier": same, "other_identifier": other & ~same}


def _titled(
    cited: pd.DataFrame, titles: Sequence[str], known: Sequence[str], rows: Places, columns: Places
) -> dict[str, Any]:
    left = [titles[row].replace(" ", "") for row in rows]
    right = [known[column].replace(" ", "") for column in columns]
    like = np.zeros(len(rows))
    if len(rows):
        like = process.cpdist(left, right, scorer=fuzz.ratio, dtype=np.float64) / 100.0
    none = np.asarray([not title for title in left], dtype=bool)
    whole = [folded(text).replace(" ", "") for text in cited["text"]]
    inside = np.asarray(
        [len(title) >= 25 and title in whole[row] for title, row in zip(right, rows, strict=True)],
        dtype=bool,
    )
    starts = np.asarray(
        [30 <= len(a) < len(b) and b.startswith(a) for a, b in zip(left, right, strict=True)],
        dtype=bool,
    )
    same = (~none & (like == 1.0)) | inside
    start = starts & ~same
    near = ~same & ~start & ~none & (like >= NEAR)
    told = _told([known[column] for column in columns])
    return {
        "title_same": same,
        "title_near": near,
        "title_start": start,
        "title_far": ~same & ~start & ~none & (like < NEAR),
        "title_none": none & ~inside,
        "title_told": np.where(same | start | near, told, 0.0),
    }


def _told(titles: list[str]) -> Array:
    """How much each title tells: the rarity of its words, full at `_FULL`."""
    words = sorted({word for title in titles for word in title.split()})
    weight = dict(zip(words, rarity(words).tolist(), strict=True))
    sums = [sum(weight[word] for word in title.split() if len(word) > 1) for title in titles]
    return np.minimum(np.asarray(sums, dtype=float) / _FULL, 1.0)


def _dated(
    cited: pd.DataFrame, papers: pd.DataFrame, rows: Places, columns: Places
) -> dict[str, Any]:
    year = cited["year"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)[rows]
    first = pd.to_datetime(papers["date_from"]).dt.year.to_numpy(dtype=float)[columns]
    last = pd.to_datetime(papers["date_to"]).dt.year.to_numpy(dtype=float)[columns]
    away = np.maximum(np.maximum(first - year, year - last), 0.0)
    return {"year_same": away == 0.0, "year_next": away == 1.0, "year_far": away >= 3.0}


def _named(
    cited: pd.DataFrame, papers: pd.DataFrame, rows: Places, columns: Places
) -> dict[str, Any]:
    first = [surname(names.split(";")[0]) for names in cited["authors"].tolist()]
    people = [frozenset(folded(names).split()) for names in papers["people"].tolist()]
    wanted = [first[row] for row in rows]
    listed = [people[column] for column in columns]
    same = np.asarray([name in names for name, names in zip(wanted, listed, strict=True)], bool)
    both = np.asarray([bool(a and b) for a, b in zip(wanted, listed, strict=True)], bool)
    return {"author_same": same & both, "author_other": both & ~same}


def _printed(
    cited: pd.DataFrame, papers: pd.DataFrame, rows: Places, columns: Places
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    nothing = pd.Series([""] * len(papers))
    journals = cited["journal"].tolist()
    venues = papers.get("venue", nothing).fillna("").tolist()
    pairs = [(journals[row], venues[column]) for row, column in zip(rows, columns, strict=True)]
    both = np.asarray([bool(a and b) for a, b in pairs], bool)
    judged = {pair: same_venue(*pair) for pair in dict.fromkeys(pairs)}
    same = np.asarray([judged[pair] for pair in pairs], bool)
    made["venue_same"], made["venue_other"] = both & same, both & ~same
    first = papers.get("pages", nothing).fillna("").astype("str")
    columns_of = {
        "volume": papers.get("volume", nothing).fillna("").astype("str"),
        "page": first.str.split("-").str[0].str.strip(),
    }
    for name, source in (("volume", "volume"), ("page", "page_first")):
        left = cited[source].str.lower().str.lstrip("abcs0").to_numpy(dtype=object)[rows]
        right = columns_of[name].str.lower().str.lstrip("abcs0").to_numpy(dtype=object)[columns]
        both = (left != "") & (right != "")
        made[f"{name}_same"] = both & (left == right)
        made[f"{name}_other"] = both & (left != right)
    return made


def same_venue(left: str, right: str) -> bool:
    """Whether two names of journals or conferences may be one, one of them perhaps abbreviated.

    >>> same_venue("J. Biol. Chem", "Journal of Biological Chemistry")
    True
    >>> same_venue("Proceedings of the 2016 IEEE Conference on Sight (CVS)", "CVS")
    True
    >>> same_venue("Nature", "Science")
    False
    """
    one, two = (
        [word for word in folded(text).split() if word not in _LEFT_OUT and not word.isdigit()]
        for text in (left, right)
    )
    if not one or not two:
        return False
    short, long = sorted((one, two), key=lambda words: (len(words), sum(map(len, words))))
    if len(short) == 1 and len(long) > 1:
        letters = "".join(word[0] for word in long)
        return short[0] in long or (len(short[0]) > 2 and short[0] in letters)
    if "".join(word[0] for word in short) == "".join(word[0] for word in long):
        return all(_abbreviates(a, b) for a, b in zip(short, long, strict=True))
    return fuzz.token_set_ratio(" ".join(short), " ".join(long)) >= 90.0


def _abbreviates(one: str, two: str) -> bool:
    short, long = sorted((one, two), key=len)
    return long.startswith(short) or (
        len(short) > 2 and re.match(".*".join(short[:6]), long) is not None
    )
