"""What each end of a pair is made ready as, once, and the features of pairs.

A feature is a function of its pair alone: of its paper, its target, and constants that ship with
the package or its pinned libraries. So pairs may be described in any order and in any portions,
and a pair from a file gets the same numbers as the same pair within a large study.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import texts
from gapstudy.link.naming import name_features
from gapstudy.tables.link import FEATURES

Array = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.int64]]
_DAYS_PER_YEAR = 365.25
_UNKNOWN = np.iinfo(np.int64).min
#: Pairs described at a time: bounds the memory that their vectors take.
_BLOCK = 100_000
#: What stands for the likeness of two texts that cannot be compared, one of them being in Chinese,
#: say: about the mean over pairs worth a look, so that such a text speaks neither for nor against.
MIDDLING = {"title_cosine": 0.24, "word_cosine": 0.07, "title_words": 0.15}


@dataclass(frozen=True)
class Settings:
    """What a study chooses about features.

    Attributes:
        embedding: model of the text vectors, "wordllama" or "minilm".
        cache: folder that keeps vectors of texts; none when missing.
        language_model: spaCy model with the dictionary of ordinary words.
    """

    embedding: str = "wordllama"
    cache: Path | None = None
    language_model: str = "en_core_web_sm"


@dataclass(frozen=True)
class Side:
    """One end of pairs, row by row of its frame.

    Attributes:
        frame: the frame of `ends` it was made from, with safe texts.
        settings: choices of the study.
        vectors: unit vectors of the texts, float32, one row each.
        readable: whether the text is in an alphabet, so that its vector means something.
        words: weights of the rare words of the text, sparse; those of a paper's coined names are
            left out, since a name that is found counts for itself.
        identifiers: row, kind, value.
        organisations: row, key.
    """

    frame: pd.DataFrame
    settings: Settings
    vectors: np.ndarray[Any, np.dtype[np.float32]]
    readable: texts.Flags
    words: Any
    identifiers: Any
    organisations: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(frozen=True)
class PaperSide(Side):
    """Papers made ready.

    Attributes:
        names: coined names: row, name, origin, common, rarity.
        title: weights of the rare words of the title and the coined names, sparse.
        title_vectors: unit vectors of the titles, float32.
        first: first possible day, in days since 1970.
    """

    names: pd.DataFrame
    title: Any
    title_vectors: np.ndarray[Any, np.dtype[np.float32]]
    first: Places

    @classmethod
    def build(cls, frame: pd.DataFrame, settings: Settings) -> PaperSide:
        """Make papers ready.

        Args:
            frame: columns of `ends.PAPERS`, plain index.
            settings: choices of the study.
        """
        from gapstudy.link import coin
        from gapstudy.link.embed import vectors
        from gapstudy.link.language import dictionary

        frame = texts.safe(frame)
        whole = texts.paper_texts(frame)
        names = coin.coined_names(frame, dictionary(settings.language_model))
        own = ("arXiv:" + frame["arxiv_id"]).where(frame["arxiv_id"] != "", "")
        shared = _common(
            frame,
            settings,
            whole,
            (own + " ; " + frame["doi"] + " ; " + frame["abstract"]).tolist(),
        )
        shared["words"] = texts.without(shared["words"], _name_words(names, len(frame)))
        titles = (frame["title"] + " ; " + frame["coined_name"]).tolist()
        return cls(
            **shared,
            names=names,
            title=texts.weighted_words(titles),
            title_vectors=vectors(frame["title"].tolist(), settings.embedding, settings.cache),
            first=_days(frame["date_from"]),
        )


@dataclass(frozen=True)
class TargetSide(Side):
    """Targets made ready.

    Attributes:
        speaking: whether the target has a text of its own (`texts.speaking`).
        body_vectors: unit vectors of the descriptions, of the name where there is none, float32.
        patent: whether it is a patent.
        last: last possible day, in days since 1970.
    """

    speaking: texts.Flags
    body_vectors: np.ndarray[Any, np.dtype[np.float32]]
    patent: texts.Flags
    last: Places

    @classmethod
    def build(cls, frame: pd.DataFrame, settings: Settings) -> TargetSide:
        """Make targets ready.

        Args:
            frame: columns of `ends.TARGETS`, plain index.
            settings: choices of the study.
        """
        from gapstudy.link.embed import vectors

        frame = texts.safe(frame)
        whole = texts.target_texts(frame)
        body = frame["description"].where(frame["description"] != "", frame["name"])
        places = frame["evidence"] + " ; " + frame["website"]
        patent = (frame["target_type"] == "patent").to_numpy(dtype=bool)
        spoken = frame["description"].where(~patent, frame["name"] + ". " + frame["description"])
        named = [f"{text} ; {place}" for text, place in zip(whole, places, strict=True)]
        return cls(
            **_common(frame, settings, whole, named),
            speaking=texts.speaking(spoken.tolist()),
            body_vectors=vectors(body.tolist(), settings.embedding, settings.cache),
            patent=patent,
            last=_days(frame["date_to"]),
        )


def _name_words(names: pd.DataFrame, size: int) -> Any:
    """Words of the coined names of each paper: what other features tell of."""
    joined = names.groupby("row")["name"].agg(" ; ".join).reindex(range(size)).fillna("")
    return texts.weighted_words(joined.tolist())


def _common(
    frame: pd.DataFrame, settings: Settings, whole: list[str], identified: list[str]
) -> dict[str, Any]:
    from gapstudy.link import embed, identifiers, organisations

    return {
        "frame": frame,
        "settings": settings,
        "vectors": embed.vectors(whole, settings.embedding, settings.cache),
        "readable": texts.readable(whole),
        "words": texts.weighted_words(whole),
        "identifiers": identifiers.identifiers(identified),
        "organisations": organisations.keys(frame["organisations"]),
    }


def describe(
    papers: PaperSide, targets: TargetSide, rows: Places, columns: Places, hits: pd.DataFrame
) -> pd.DataFrame:
    """Features of pairs.

    Args:
        papers: the papers.
        targets: the targets.
        rows: place of each pair's paper.
        columns: place of each pair's target.
        hits: places where targets name these papers' things (`mentions.between` or `find`); those
            of other pairs are passed over.

    Returns:
        Frame of FEATURES, 6 decimals, one row per pair in the order given.
    """
    rows, columns = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    named = name_features(papers, targets, rows, columns, hits)
    sparse = _Sparse.build(papers, targets)
    parts = [
        _block(papers, targets, sparse, rows[at : at + _BLOCK], columns[at : at + _BLOCK])
        for at in range(0, len(rows), _BLOCK)
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(dtype=float)
    made = {**named, **{str(name): found[name].to_numpy() for name in found}}
    empty = np.zeros(len(rows))
    made["name_in_text"] = np.maximum(made["name_in_text"], made.get("identifier", empty))
    return pd.DataFrame({name: made.get(name, empty).round(6) for name in FEATURES})


@dataclass(frozen=True)
class _Sparse:
    """What the blocks of one call share."""

    paper_norms: Array
    target_norms: Array
    title_totals: Array
    target_ones: Any
    paper_identifiers: Any
    target_identifiers: Any

    @classmethod
    def build(cls, papers: PaperSide, targets: TargetSide) -> _Sparse:
        return cls(
            texts.norms(papers.words), texts.norms(targets.words), texts.totals(papers.title),
            texts.ones(targets.words), _identifiers(papers), _identifiers(targets),
        )  # fmt: skip


def _identifiers(side: Side) -> Any:
    found = side.identifiers
    keys = pd.DataFrame({"row": found["row"], "key": found["kind"] + " " + found["value"]})
    return texts.hashed(keys, len(side))


def _block(
    papers: PaperSide, targets: TargetSide, sparse: _Sparse, rows: Places, columns: Places
) -> pd.DataFrame:
    """Features of some pairs that do not rest on names."""
    from gapstudy.link import organisations

    patent = targets.patent[columns].astype(float)
    speaking = targets.speaking[columns]
    unread = speaking & ~(papers.readable[rows] & targets.readable[columns])
    tie = organisations.share(papers.organisations, targets.organisations, rows, columns)
    early = years_before(papers.first[rows], targets.last[columns])
    shared = texts.overlap(papers.words, targets.words, rows, columns)
    size = sparse.paper_norms[rows] * sparse.target_norms[columns]
    told = texts.overlap(papers.title, sparse.target_ones, rows, columns)
    whole = sparse.title_totals[rows]
    near = cosine(papers.title_vectors, targets.body_vectors, rows, columns)
    return pd.DataFrame(
        {
            "identifier": texts.overlap(
                sparse.paper_identifiers, sparse.target_identifiers, rows, columns
            ) > 0,
            "organisation": tie,
            "speaking": speaking,
            "title_cosine": np.where(unread, MIDDLING["title_cosine"], near * speaking),
            "word_cosine": _at_least(shared / np.where(size > 0, size, 1.0), unread, "word_cosine"),
            "title_words": _at_least(told / np.where(whole > 0, whole, 1.0), unread, "title_words"),
            "years_before": early * (1.0 - patent),
            "patent_years_before": early * patent,
            "patent": patent,
            "patent_organisation": patent * tie,
        }
    ).astype(float)  # fmt: skip


def _at_least(values: Array, unread: texts.Flags, name: str) -> Array:
    return np.where(unread, np.maximum(values, MIDDLING[name]), values)


def cosine(left: Any, right: Any, rows: Places, columns: Places) -> Array:
    """Cosine of pairs of unit vectors: one sum per pair, so it depends on the pair alone."""
    product = left[rows].astype(np.float64) * right[columns].astype(np.float64)
    return np.asarray(product.sum(axis=1))


def years_before(first: Places, last: Places) -> Array:
    """Logarithm of one plus the years by which each target certainly came before its paper.

    From the last possible day of the target to the first possible day of the paper; 0 where the
    target is later, the intervals overlap or a date is unknown.
    """
    known = (first != _UNKNOWN) & (last != _UNKNOWN)
    days = np.where(known, np.where(known, first, 0) - np.where(known, last, 0), 0)
    return np.asarray(np.log1p(np.clip(days, 0, None) / _DAYS_PER_YEAR))


def _days(dates: pd.Series[pd.Timestamp]) -> Places:
    # The smallest integer is how numpy writes an unknown date.
    return pd.to_datetime(dates).to_numpy().astype("datetime64[D]").astype(np.int64)
