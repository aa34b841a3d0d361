r"""When each result reaches the stages code or model, patent and product, in drawn data.

A stage is reached with the probability of the link to what shows it, on a day drawn in its date's
interval; of several, the earliest counts. The stages are not steps of one staircase: a patent is
often filed before the paper, and a product may come without either. Code and patents count from
`BEFORE` years before the paper on; a product dated before its result is a wrong link or date, as in
`imputation`, and starts nothing. What has no date at all is drawn between the result and the
cut-off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure.imputation import YEAR, Candidates, Floats, Ints, LinkChoice

#: Years before the paper from which its code and patents count.
BEFORE = 5.0
STAGES = ("artifact", "patent", "product")


class Links(NamedTuple):
    """Possible ends of one stage.

    Attributes:
        paper: position of the result of each, (L,).
        first: first possible day, days since 1970, (L,); `undated` where it has no date.
        last: last possible day, (L,).
        dated: whether it has a date, (L,).
        probability: probability that it belongs to the result, (L,).
        before: years before the result from which it counts.
    """

    paper: Ints
    first: Ints
    last: Ints
    dated: NDArray[np.bool_]
    probability: Floats
    before: float


class Reached(NamedTuple):
    """Stages of n results in M draws.

    Attributes:
        lag: years from the result to each stage, negative when the stage came first; missing
            where it was not reached, stage -> (M, n).
        follow: years of follow-up, (M, n).
        possible: stages that any table could show.
        undated: expected number of results whose stage has no date, by stage.
    """

    lag: dict[str, Floats]
    follow: Floats
    possible: tuple[str, ...]
    undated: dict[str, float]


def collect(
    papers: pd.DataFrame, frames: Mapping[str, pd.DataFrame], products: Candidates,
    links: LinkChoice,
) -> dict[str, Links]:  # fmt: skip
    """The possible ends of every stage that a table could show.

    Args:
        papers: the results.
        frames: paper_artifacts, patents, links and patent_paper_pairs; what is missing or empty is
            no stage that could be seen.
        products: possible products of the results.
        links: evidence for products.
    """
    found: dict[str, Links] = {}
    names = pd.Index(papers["paper_id"])
    artifacts = frames.get("paper_artifacts")
    if artifacts is not None and len(artifacts):
        own = artifacts[artifacts["relation"] == "own"]
        found["artifact"] = _links(
            names, own["paper_id"], own["date_from"], own["date_to"], own["probability"]
        )
    patents = frames.get("patents")
    if patents is not None and len(patents):
        found["patent"] = _patents(names, patents, frames)
    dated = np.ones(len(products.paper), bool)
    found["product"] = Links(
        products.paper, products.product_from[products.product],
        products.product_to[products.product], dated, products.probability(links), 0.0,
    )  # fmt: skip
    return found


def draw(
    paper: tuple[Ints, Ints], found: Mapping[str, Links], cutoff: int, imputations: int,
    seed: list[int],
) -> Reached:  # fmt: skip
    """Draw links and dates.

    Args:
        paper: first and last possible day of each result, days since 1970.
        found: possible ends of the stages.
        cutoff: last day of observation.
        imputations: draws, M.
        seed: seed; each stage has a stream of its own.
    """
    day = _within(*paper, np.random.default_rng([*seed, 0]), imputations)
    lags: dict[str, Floats] = {}
    undated: dict[str, float] = {}
    for number, stage in enumerate(STAGES, start=1):
        if stage not in found:
            continue
        links, random = found[stage], np.random.default_rng([*seed, number])
        end = _within(links.first, links.last, random, imputations).astype(float)
        chosen = random.random(end.shape) < links.probability
        start = day[:, links.paper]
        anywhere = start + random.random(end.shape) * np.maximum(cutoff - start, 0)
        end = np.where(links.dated, end, np.floor(anywhere))
        lag = (end - start) / YEAR
        fine = chosen & (lag >= -links.before) & (end <= cutoff)
        best = np.full(day.shape, np.inf)
        rows = np.broadcast_to(np.arange(imputations)[:, None], lag.shape)
        columns = np.broadcast_to(links.paper, lag.shape)
        np.minimum.at(best, (rows[fine], columns[fine]), lag[fine])
        lags[stage] = np.where(np.isfinite(best), best, np.nan)
        # Results that reach the stage by nothing that has a date.
        some = np.zeros((2, *day.shape), bool)
        for kind, part in enumerate((fine & links.dated, fine & ~links.dated)):
            some[kind][rows[part], columns[part]] = True
        undated[stage] = float((some[1] & ~some[0]).sum(axis=1).mean())
    return Reached(lags, (cutoff - day) / YEAR, tuple(lags), undated)


def _patents(
    names: pd.Index[str], patents: pd.DataFrame, frames: Mapping[str, pd.DataFrame]
) -> Links:
    """Patents of the same work: the larger probability of the link and of the pair."""
    parts = []
    for table, key in (("links", "target_id"), ("patent_paper_pairs", "patent_id")):
        rows = frames.get(table)
        if rows is None or not len(rows):
            continue
        if table == "links":
            rows = rows[rows["target_type"] == "patent"]
        parts.append(
            pd.DataFrame({"paper_id": rows["paper_id"].astype(str),
                          "patent_id": rows[key].astype(str),
                          "probability": rows["probability"].astype(float)})
        )  # fmt: skip
    empty = pd.DataFrame({"paper_id": [], "patent_id": [], "probability": []})
    both = pd.concat(parts) if parts else empty
    both = both.groupby(["paper_id", "patent_id"])["probability"].max().reset_index()
    index = patents.set_index(patents["patent_id"].astype(str))
    both = both[both["patent_id"].isin(index.index)]
    mine = index.loc[both["patent_id"]]
    dates = {}
    for end in ("from", "to"):
        # The first that is known: priority, filing, publication.
        values = [mine[f"{name}_date_{end}"] for name in ("priority", "filing", "publication")]
        dates[end] = values[0].fillna(values[1]).fillna(values[2]).reset_index(drop=True)
    return _links(names, both["paper_id"], dates["from"], dates["to"], both["probability"])


def _links(
    names: pd.Index[str], paper: pd.Series, first: pd.Series, last: pd.Series,
    probability: pd.Series,
) -> Links:  # fmt: skip
    where = names.get_indexer(pd.Index(paper.astype(str)))
    keep = where >= 0
    start, end = (
        pd.to_datetime(part).to_numpy().astype("datetime64[D]")[keep] for part in (first, last)
    )
    dated = ~np.isnat(start)
    days = [np.where(dated, part, np.datetime64(0, "D")).astype(np.int64) for part in (start, end)]
    return Links(
        where[keep].astype(np.int64), days[0], days[1], dated,
        probability.to_numpy(float)[keep], BEFORE,
    )  # fmt: skip


def _within(first: Ints, last: Ints, random: np.random.Generator, m: int) -> Ints:
    return first + np.floor(random.random((m, len(first))) * (last - first + 1)).astype(np.int64)
