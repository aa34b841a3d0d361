"""Whether a result and a target come from the same organisation."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

#: Names of one house: the first is the group's. Laboratories and brands that carry another name
#: than the firm they belonged to when the study's products came out.
GROUPS = (
    ("google", "alphabet", "deepmind", "youtube", "waymo"),
    ("meta", "facebook", "instagram", "whatsapp", "fair"),
    ("microsoft", "github", "linkedin"),
    ("sony", "polyphony digital"),
    ("zhipu", "thudm", "z ai"),
    ("alibaba", "damo academy", "qwen"),
    ("bytedance", "tiktok"),
)
_GROUP = {name: group[0] for group in GROUPS for name in group}
# Words that say what part or form of an organisation it is, not which one.
_PARTS = frozenset(
    "ab ag ai brain co company corp corporation foundation gmbh group holdings inc incorporated "
    "interactive kk lab laboratories laboratory labs limited llc ltd nv plc platforms project "
    "research sa sas se team technologies technology the".split()
)
_PLACES = frozenset("asia cambridge china europe india redmond tokyo toronto uk us usa".split())
_SPLIT = re.compile(r"\s*[;/]\s*")
_AND = re.compile(r"\s+(?:and|&)\s+", re.IGNORECASE)
_PUBLIC = re.compile(r"\b(?:universit|institut|college|school|eth\b|academy)", re.IGNORECASE)
#: Likeness of two names (0 to 100) from which they are taken for spellings of one.
SAME = 92.0


def core_names(organisation: str) -> list[str]:
    """What identifies each organisation named in a text: legal forms, parts and places left out.

    >>> core_names("Google DeepMind; Microsoft Research Asia")
    ['google', 'microsoft']
    >>> core_names("University of Oxford")
    ['university of oxford']
    """
    parts: list[str] = []
    for part in _SPLIT.split(organisation):
        joined = _AND.search(part)
        # "University of Science and Technology" is one, "Zhipu AI and Tsinghua University" are two.
        if joined is None or _PUBLIC.search(part[: joined.start()]):
            parts.append(part)
        else:
            parts += _AND.split(part)
    return list(dict.fromkeys(core for part in parts if (core := _core(part))))


def _core(name: str) -> str:
    text = unicodedata.normalize("NFKD", name).casefold().replace(".", "")
    text = "".join(char for char in text if not unicodedata.combining(char))
    words = re.sub(r"[\W_]+", " ", text).split()
    if " ".join(words) in _GROUP:
        return _GROUP[" ".join(words)]
    if _PUBLIC.search(name):
        return " ".join(words)
    kept = [word for word in words if word not in _PARTS] or words
    while len(kept) > 1 and kept[-1] in _PLACES:
        kept.pop()
    core = " ".join(kept)
    return _GROUP.get(core) or _GROUP.get(kept[0] if kept else "") or core


def ties(
    papers: pd.Series[str],
    affiliations: pd.DataFrame,
    keys: pd.DataFrame,
    organisations: pd.DataFrame,
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each paper (rows) and target (columns) share an organisation.

    Args:
        papers: paper_id of the rows.
        affiliations: columns paper_id, organisation.
        keys: target_type and target_id of the columns.
        organisations: columns target_type, target_id, organisation.
    """
    rows = {name: at for at, name in enumerate(papers)}
    ends = zip(keys["target_type"], keys["target_id"], strict=True)
    columns = {key: at for at, key in enumerate(ends)}
    left = _memberships(
        [(rows.get(paper), name) for paper, name in
         zip(affiliations["paper_id"], affiliations["organisation"], strict=True)]
    )  # fmt: skip
    right = _memberships(
        [(columns.get((kind, key)), name) for kind, key, name in
         zip(organisations["target_type"], organisations["target_id"],
             organisations["organisation"], strict=True)]
    )  # fmt: skip
    left_names, right_names = sorted({n for _, n in left}), sorted({n for _, n in right})
    if not left_names or not right_names:
        return np.zeros((len(papers), len(keys)), dtype=bool)
    # Both sides are short lists of distinct names; all pairs of rows follow by two matrix products.
    alike = process.cdist(left_names, right_names, scorer=fuzz.ratio, score_cutoff=SAME) > 0
    has_left = _incidence(left, left_names, len(papers))
    has_right = _incidence(right, right_names, len(keys))
    return np.asarray((has_left @ alike.astype(np.float32) @ has_right.T) > 0)


def _memberships(pairs: list[tuple[int | None, str]]) -> list[tuple[int, str]]:
    return [
        (row, core)
        for row, name in pairs
        if row is not None and isinstance(name, str)
        for core in core_names(name)
    ]


def _incidence(
    members: list[tuple[int, str]], names: list[str], size: int
) -> np.ndarray[Any, np.dtype[np.float32]]:
    place = {name: at for at, name in enumerate(names)}
    matrix = np.zeros((size, len(names)), dtype=np.float32)
    for row, name in members:
        matrix[row, place[name]] = 1.0
    return matrix


def clusters(organisations: pd.DataFrame) -> pd.DataFrame:
    """First organisation of every target by its core name: the clusters of the evaluation.

    Args:
        organisations: columns target_type, target_id, organisation.

    Returns:
        Frame of target_type, target_id, cluster, one row per target.
    """
    first = organisations.drop_duplicates(["target_type", "target_id"]).copy()
    first["cluster"] = [(core_names(name) or [name])[0] for name in first["organisation"]]
    return first[["target_type", "target_id", "cluster"]]
