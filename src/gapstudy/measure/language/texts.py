"""Which texts are measured: whose words they are, whose organisation, which region and year.

Only words of the makers themselves say how makers speak. Descriptions that this study wrote, lines
that a parser put together, and reports by others are counted and not measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.measure import cohort
from gapstudy.measure.cohort import ALL, COLUMNS
from gapstudy.measure.language.correct import Floats
from gapstudy.regions import Counting, RegionScheme, add_region
from gapstudy.study import Window

#: Sources whose texts are the makers' own words. A source that is not named is not measured.
OWN_WORDS = frozenset((
    "arxiv", "arxiv_oai", "crossref", "openalex", "openalex_snapshot",
    "aipd", "epo_ops", "google_patents", "patentsview", "uspto_odp",
    "github", "hacker_news", "product_hunt", "yc",
))  # fmt: skip
#: Why the others are not.
WHY_NOT = {
    "landmark": "texts written by this study, not by the makers",
    "models_dev": "lines put together from data fields",
    "epoch": "lines put together from data fields",
    "hugging_face": "lines put together from data fields",
    "openfda": "lines put together from data fields",
    "fda_ai_devices": "lines put together from data fields",
    "wikidata": "descriptions by the editors of Wikidata",
    "news_rss": "reports, mostly by others than the makers",
}


@dataclass(frozen=True)
class Texts:
    """Texts of one kind.

    Attributes:
        kind: paper, patent or product.
        frame: one row for each text: id, source, text, year, organisation (empty when unknown).
        weight: credits of the texts to `cohort.COLUMNS`, (n, 6).
    """

    kind: str
    frame: pd.DataFrame
    weight: Floats

    def only(self, rows: NDArray[np.bool_]) -> Texts:
        """Some of the texts."""
        return Texts(self.kind, self.frame[rows].reset_index(drop=True), self.weight[rows])


def why_not(source: str) -> str:
    """Why texts of a source are not measured; empty where they are."""
    return "" if source in OWN_WORDS else WHY_NOT.get(source, "not known whose words they are")


def papers(
    frame: pd.DataFrame, affiliations: pd.DataFrame, scheme: RegionScheme, counting: Counting
) -> Texts:
    """Titles and abstracts of papers; their region is that of their affiliations.

    Args:
        frame: the papers.
        affiliations: their organisations, from `cohort.parties`.
        scheme: what the regions contain.
        counting: how a paper of several regions counts.
    """
    weight = cohort.weights(frame, affiliations, scheme, counting)
    first = affiliations.sort_values(["paper_id", "position"], kind="stable").drop_duplicates(
        "paper_id"
    )
    return Texts("paper", _rows(
        frame["paper_id"], frame["source"], frame["title"], frame["abstract"], _year(frame),
        _named(frame["paper_id"], first.set_index("paper_id"), "organisation"),
    ), weight.value)  # fmt: skip


def patents(
    frame: pd.DataFrame, parties: pd.DataFrame, scheme: RegionScheme, counting: Counting,
    window: Window,
) -> Texts:  # fmt: skip
    """Titles and abstracts of patents, one of each family; their region is that of applicants.

    Args:
        frame: table `patents`.
        parties: table `patent_parties`.
        scheme: what the regions contain.
        counting: how a patent of several regions counts.
        window: texts of its years up to the cut-off are taken, by priority or else publication.
    """
    frame = frame[frame["family_first"].astype(bool)]
    dated = pd.DataFrame({
        f"date_{end}": frame[f"priority_date_{end}"].fillna(frame[f"publication_date_{end}"])
        for end in ("from", "to")
    })  # fmt: skip
    frame = frame.assign(**dated, paper_id=frame["patent_id"])
    frame = frame[frame["date_from"].notna()]
    frame = _within(frame, window).sort_values("patent_id", ignore_index=True)
    who = parties[parties["role"] == "applicant"].rename(
        columns={"patent_id": "paper_id", "name": "organisation"}
    )
    rows = cohort.parties(frame, who.assign(author=None, kind=None))
    made = papers(frame, rows, scheme, counting)
    return Texts("patent", made.frame, made.weight)


def products(frame: pd.DataFrame, scheme: RegionScheme, window: Window) -> Texts:
    """Descriptions of products; their region is the home of the maker.

    Args:
        frame: table `products`.
        scheme: what the regions contain.
        window: products of its years up to the cut-off are taken.
    """
    frame = _within(frame, window).sort_values("product_id", ignore_index=True)
    region = add_region(frame, scheme, country="home_country", date=("date_from", "date_to"))
    weight = np.zeros((len(frame), len(COLUMNS)))
    weight[np.arange(len(frame)), pd.Index(COLUMNS).get_indexer(pd.Index(region))] = 1.0
    weight[:, ALL] = 1.0
    named = frame.set_index("product_id")
    return Texts("product", _rows(
        frame["product_id"], frame["source"], "", frame["description"], _year(frame),
        _named(frame["product_id"], named, "organisation"),
    ), weight)  # fmt: skip


def _rows(
    ids: pd.Series, source: pd.Series, title: pd.Series | str, body: pd.Series, year: pd.Series,
    organisation: list[str],
) -> pd.DataFrame:  # fmt: skip
    body = body.fillna("").astype(object)
    text = body if isinstance(title, str) else title.fillna("").astype(object) + ". " + body
    # A title alone is another kind of text than an abstract: such rows are not measured.
    text = text.where(body.str.strip() != "", "")
    return pd.DataFrame({
        "id": ids.astype(object), "source": source.astype(object), "text": text,
        "year": year.astype("int64"), "organisation": organisation,
    }).reset_index(drop=True)  # fmt: skip


def _named(ids: pd.Series, rows: pd.DataFrame, name: str) -> list[str]:
    """One name for the organisation of each text: its identifier, or else its name."""
    known = rows["organisation_id"].astype(object)
    by_name = rows[name].fillna("").astype(object).str.strip().str.casefold()
    both = known.where(known.notna(), by_name)
    return both.reindex(ids).fillna("").tolist()


def _year(frame: pd.DataFrame) -> pd.Series:
    middle = frame["date_from"] + (frame["date_to"] - frame["date_from"]) / 2
    return pd.to_datetime(middle).dt.year


def _within(frame: pd.DataFrame, window: Window) -> pd.DataFrame:
    year = _year(frame)
    return frame[(year >= window.start.year) & (frame["date_to"] <= pd.Timestamp(window.cutoff))]
