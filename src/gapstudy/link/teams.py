"""Pairs of a paper and a patent on the same work: one team, one content, near in time.

A team that publishes a result and patents it names many of its authors as inventors, within a few
years. Candidates share a person, or an organisation where the people of one side are not known.
The probability is a logistic function of the share of the team, the likeness of the texts, the
rare words shared, and the time between priority and paper.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import organisations
from gapstudy.link._npl_pairs import Places, folded
from gapstudy.link.embed import vectors
from gapstudy.link.rarity import rarity

Array = np.ndarray[Any, np.dtype[np.float64]]

#: Weights in the log-odds. Those of content and time, and the base, were fitted by logistic
#: regression (L2 penalty 1.0) on the landmark patents against all other results of the same
#: organisations (`python tests/reference/npl_teams.py`). That of the team is set by judgement, for
#: that corpus names no people: half of the smaller team in common raises the odds 90 times.
WEIGHTS = {"team": 9.0, "cosine": 6.63, "rare": 1.65, "near": 1.08}
BASE = -5.39
#: One name in common counts this much where both teams are larger: namesakes are many.
ONE_NAME = 0.5
#: Days that a priority may lie before (negative) and after the paper to be near in time.
EARLIEST, LATEST = -731, 366
#: Pairs further apart than the window by more than this many days are not looked at.
SLACK = 1_461
#: Rarity from which a word counts as rare: about one in a million.
RARE = 0.6
FLOOR = 0.05
#: Pairs worked on at a time.
STEP = 200_000
COLUMNS = (
    "paper_id", "patent_id", "probability", "shared_people", "share_of_team", "same_organisation",
    "cosine", "rare_words", "days",
)  # fmt: skip


def pairs(
    papers: pd.DataFrame, patents: pd.DataFrame, parties: pd.DataFrame, affiliations: pd.DataFrame
) -> pd.DataFrame:
    """Pairs of a paper and a patent that may be one work.

    Args:
        papers: rows of `papers`.
        patents: rows of `patents`.
        parties: rows of `patent_parties`.
        affiliations: rows of `paper_affiliations`.

    Returns:
        Frame of `COLUMNS` in the contract of `patent_paper_pairs`, sorted by its key: pairs of
        probability `FLOOR` or more.
    """
    papers, patents = papers.reset_index(drop=True), patents.reset_index(drop=True)
    seen, rows, columns = describe(papers, patents, parties, affiliations)
    probability = probabilities(seen).round(6)
    kept = np.flatnonzero(probability >= FLOOR)
    chosen = seen.iloc[kept]
    found = pd.DataFrame(
        {
            "paper_id": papers["paper_id"].iloc[rows[kept]].astype("str").to_numpy(),
            "patent_id": patents["patent_id"].iloc[columns[kept]].astype("str").to_numpy(),
            "probability": probability[kept],
            "shared_people": chosen["shared"].astype("int64").to_numpy(),
            "share_of_team": chosen["share"].round(6).to_numpy(),
            "same_organisation": chosen["organisation"].astype(bool).to_numpy(),
            "cosine": chosen["cosine"].round(6).to_numpy(),
            "rare_words": chosen["rare_words"].astype("int64").to_numpy(),
            "days": chosen["days"].round().astype("Int64").to_numpy(),
        }
    )
    return found.sort_values(["paper_id", "patent_id"], kind="stable", ignore_index=True)


def describe(
    papers: pd.DataFrame, patents: pd.DataFrame, parties: pd.DataFrame, affiliations: pd.DataFrame
) -> tuple[pd.DataFrame, Places, Places]:
    """What the candidate pairs agree in, and their places among papers and patents."""
    inventors = parties[parties["role"] == "inventor"]
    applicants = parties[parties["role"] == "applicant"]
    left = _people(papers["paper_id"], affiliations["paper_id"], affiliations["author_name"])
    right = _people(patents["patent_id"], inventors["patent_id"], inventors["name"])
    houses = (
        _houses(papers["paper_id"], affiliations["paper_id"], affiliations["organisation"]),
        _houses(patents["patent_id"], applicants["patent_id"], applicants["name"]),
    )
    rows, columns = _candidates(left, right, houses)
    days = _days(papers, patents, rows, columns)
    apart = np.isnan(days) | ((days >= EARLIEST - SLACK) & (days <= LATEST + SLACK))
    rows, columns, days = rows[apart], columns[apart], days[apart]
    both = [shared(left[row], right[column]) for row, column in zip(rows, columns, strict=True)]
    sizes = np.asarray(
        [min(len(left[r]), len(right[c])) for r, c in zip(rows, columns, strict=True)], dtype=float
    )
    count = np.asarray(both, dtype=float)
    texts = [
        (frame["title"].astype("str") + ". " + frame["abstract"].fillna("").astype("str")).tolist()
        for frame in (papers, patents)
    ]
    share = np.divide(count, sizes, out=np.zeros(len(count)), where=sizes > 0)
    seen = pd.DataFrame(
        {
            "shared": count,
            "share": share,
            "team": np.where((count == 1) & (sizes > 1), ONE_NAME * share, share),
            "organisation": organisations.share(houses[0], houses[1], rows, columns),
            "cosine": _cosine(texts[0], texts[1], rows, columns),
            "rare_words": _rare(texts[0], texts[1], rows, columns),
            "days": days,
            "near": ((days >= EARLIEST) & (days <= LATEST)).astype(float),
        }
    )
    seen["rare"] = np.log1p(seen["rare_words"])
    known = (seen["team"] > 0) | seen["organisation"]
    places = np.flatnonzero(known)
    return seen.iloc[places].reset_index(drop=True), rows[places], columns[places]


def probabilities(seen: pd.DataFrame) -> Array:
    """Probability of each pair from what it agrees in."""
    score = BASE + seen[list(WEIGHTS)].to_numpy(float) @ np.asarray(list(WEIGHTS.values()))
    return np.asarray(1.0 / (1.0 + np.exp(-score)))


def name_keys(name: str) -> set[str]:
    """Family name and first initial of a name, for either order of its parts.

    >>> sorted(name_keys("Doe, Jane B."))
    ['doe j']
    >>> sorted(name_keys("ZHANG Wei")) == sorted(name_keys("Wei Zhang"))
    True
    """
    family, comma, given = name.partition(",")
    words = folded(name).split()
    if len(words) < 2:
        return set(words)
    if comma and folded(family) and folded(given):
        return {f"{folded(family).split()[-1]} {folded(given)[0]}"}
    ends = {f"{words[-1]} {words[0][0]}"} if len(words[-1]) > 1 else set()
    return ends | ({f"{words[0]} {words[-1][0]}"} if len(words[0]) > 1 else set())


def same_person(one: str, two: str) -> bool:
    """Whether two names can be of one person.

    A key must be shared, and given names that both write out must not differ: `Jane Doe` is
    `Doe, J.` but not `John Doe`.
    """
    if not name_keys(one) & name_keys(two):
        return False
    first, second = (
        {word for word in folded(name).split() if len(word) > 1} for name in (one, two)
    )
    if min(len(first), len(second)) < 2:
        return True
    # "Jian-Wei" and "Jianwei" are one given name.
    joined = ["".join(sorted("".join(words))) for words in (first, second)]
    return len(first & second) >= 2 or joined[0] == joined[1]


def shared(authors: list[str], inventors: list[str]) -> int:
    """How many inventors are among the authors, each author counted once."""
    free = list(authors)
    count = 0
    for inventor in inventors:
        match = next((name for name in free if same_person(name, inventor)), None)
        if match is not None:
            free.remove(match)
            count += 1
    return count


def _people(wanted: pd.Series[str], ids: pd.Series[str], names: pd.Series[str]) -> list[list[str]]:
    """Distinct names of the people of each row."""
    grouped: dict[str, list[str]] = {}
    for key, name in zip(ids, names.fillna(""), strict=True):
        if name and name not in grouped.setdefault(key, []):
            grouped[key].append(str(name)[:200])
    return [grouped.get(key, []) for key in wanted]


def _houses(wanted: pd.Series[str], ids: pd.Series[str], names: pd.Series[str]) -> pd.DataFrame:
    """Keys of the organisations of each row, as `organisations.keys` gives them."""
    place = {key: row for row, key in enumerate(wanted)}
    rows = np.asarray([place.get(key, -1) for key in ids], dtype=np.int64)
    texts = names.fillna("").astype("str").reset_index(drop=True)
    made = organisations.keys(texts)
    made = made.assign(row=rows[made["row"].to_numpy(int)])
    made = made[made["row"] >= 0].drop_duplicates(["row", "key"])
    return made.sort_values("row", kind="stable", ignore_index=True)


def _candidates(
    left: list[list[str]], right: list[list[str]], houses: tuple[pd.DataFrame, pd.DataFrame]
) -> tuple[Places, Places]:
    """Pairs that share a person, or an organisation where one side names no people."""
    people = []
    for side in (left, right):
        made = [
            (key, row)
            for row, names in enumerate(side)
            for name in names
            for key in name_keys(name)
        ]
        people.append(pd.DataFrame(made, columns=["key", "row"]).drop_duplicates())
    found = people[0].merge(people[1], on="key")[["row_x", "row_y"]]
    by_house = houses[0].merge(houses[1], on="key")[["row_x", "row_y"]]
    named = [np.asarray([bool(names) for names in side], dtype=bool) for side in (left, right)]
    if len(by_house):
        unknown = ~(
            named[0][by_house["row_x"].to_numpy(int)] & named[1][by_house["row_y"].to_numpy(int)]
        )
        found = pd.concat([found, by_house[unknown]], ignore_index=True)
    found = found.drop_duplicates().sort_values(["row_x", "row_y"], kind="stable")
    return found["row_x"].to_numpy(np.int64), found["row_y"].to_numpy(np.int64)


def _days(papers: pd.DataFrame, patents: pd.DataFrame, rows: Places, columns: Places) -> Array:
    """Days from the paper to the priority of the patent (filing where it is not known).

    Middles of the intervals that the dates can mean; missing where the patent has no date.
    """
    middles = []
    for frame, names in ((papers, ("date",)), (patents, ("priority_date", "filing_date"))):
        middle = pd.Series(np.nan, index=range(len(frame)))
        for name in names:
            first, last = (
                pd.to_datetime(frame[f"{name}_{end}"])
                .astype("datetime64[s]")
                .reset_index(drop=True)
                for end in ("from", "to")
            )
            start = (first - pd.Timestamp(0)).dt.days
            middle = middle.fillna((start + (last - pd.Timestamp(0)).dt.days) / 2)
        middles.append(middle.to_numpy(float))
    return np.asarray(middles[1][columns] - middles[0][rows])


def _cosine(left: list[str], right: list[str], rows: Places, columns: Places) -> Array:
    used = [np.unique(places) for places in (rows, columns)]
    one = vectors([left[at] for at in used[0]])
    two = vectors([right[at] for at in used[1]])
    places = np.searchsorted(used[0], rows), np.searchsorted(used[1], columns)
    result = np.zeros(len(rows))
    for start in range(0, len(rows), STEP):
        part = slice(start, start + STEP)
        result[part] = np.einsum(
            "ij,ij->i", one[places[0][part]].astype(float), two[places[1][part]].astype(float)
        )
    return result


def _rare(left: list[str], right: list[str], rows: Places, columns: Places) -> Array:
    """How many rare words the texts of each pair share."""
    words = [
        {at: set(folded(side[at]).split()) for at in np.unique(places).tolist()}
        for side, places in ((left, rows), (right, columns))
    ]
    vocabulary = sorted({word for side in words for text in side.values() for word in text})
    kept = rarity(vocabulary) >= RARE
    rare = {
        word for word, is_rare in zip(vocabulary, kept.tolist(), strict=True)
        if is_rare and len(word) > 3 and not word.isdigit()
    }  # fmt: skip
    chosen = [{at: text & rare for at, text in side.items()} for side in words]
    return np.asarray(
        [len(chosen[0][row] & chosen[1][column])
         for row, column in zip(rows.tolist(), columns.tolist(), strict=True)], dtype=float
    )  # fmt: skip
