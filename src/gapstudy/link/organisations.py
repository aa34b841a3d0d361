"""Which organisations stand in a text, and whether a result and a target have one in common.

A key stands for a whole group: laboratories, brands and subsidiaries have the key of the firm that
they belong to, other spellings and languages that of the well-known name. Names that nobody knows
are their own key, without legal forms.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from gapstudy.organisations.evidence import known_names
from gapstudy.organisations.index import Index, Organisation
from gapstudy.organisations.words import LEGAL, key_of, without_legal_form, words

if TYPE_CHECKING:
    import pandas as pd

    Flags = np.ndarray[Any, np.dtype[np.bool_]]
    Numbers = np.ndarray[Any, np.dtype[np.int64]]

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
#: Likeness of two keys (0 to 100) from which they are taken for spellings of one.
SAME = 92.0
#: Pairs of keys that are looked at in one go; bounds the memory.
_PIECE = 1 << 20
#: Texts whose keys are remembered: partitions of one corpus name the same organisations.
_REMEMBERED = 1 << 18
#: Longest text of one organisation that is read, in characters.
_LONGEST = 500


def core_names(organisation: str) -> list[str]:
    """What identifies each organisation named in a text: legal forms, parts and places left out.

    >>> core_names("Google DeepMind; Microsoft Research Asia")
    ['google', 'microsoft']
    >>> core_names("University of Oxford")
    ['university of oxford']
    """
    return list(dict.fromkeys(core for part in _parts(organisation) if (core := _core(part))))


def _parts(organisation: str) -> list[str]:
    parts: list[str] = []
    for part in _SPLIT.split(organisation):
        joined = _AND.search(part)
        # "University of Science and Technology" is one, "Zhipu AI and Tsinghua University" are two.
        if joined is None or _PUBLIC.search(part[: joined.start()]):
            parts.append(part)
        else:
            parts += _AND.split(part)
    return parts


def _core(name: str) -> str:
    text = name.casefold().replace(".", "")
    if not name.isascii():
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


@functools.cache
def _known() -> Index:
    return Index.build(schools=False)


@functools.lru_cache(maxsize=_REMEMBERED)
def _keys(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(
        found for part in _SPLIT.split(text) for found in _part_keys(part[:_LONGEST]) if found
    ))  # fmt: skip


@functools.lru_cache(maxsize=_REMEMBERED)
def _part_keys(part: str) -> tuple[str, ...]:
    known = _known()
    read = words(part)
    if whole := known.names.get(key_of(read)):
        return (_group(known.organisations[whole.owners[0]]),)
    # A name of several words is told inside an address; one word only where it stands alone.
    hits = [hit for hit in known_names(read, known) if hit.exact or hit.end - hit.start > 1]
    if hits:
        return tuple(_group(known.organisations[hit.owners[0]]) for hit in hits)
    return tuple(_core(_without_form(name)) for name in _parts(part))


def _group(organisation: Organisation) -> str:
    return _core(organisation.parent or organisation.name)


def _without_form(name: str) -> str:
    name = without_legal_form(name)
    head, _, last = name.rstrip(" .,").rpartition(" ")
    while head and last.replace(".", "").casefold() in LEGAL:
        name = head.rstrip(" .,")
        head, _, last = name.rpartition(" ")
    return name


def keys(names: pd.Series[str]) -> pd.DataFrame:
    """Keys of the organisations that are named in texts.

    Args:
        names: one text per row, several organisations in it parted by `;`; may be empty.

    Returns:
        Frame of `row` (position in `names`) and `key`, without repetition, sorted by row; keys in
        the order in which they stand in the text.
    """
    import pandas as pd

    codes, distinct = pd.factorize(names.astype(object).where(names.notna(), ""))
    found = [_keys(str(text)) for text in distinct]
    counts = np.array([len(one) for one in found], dtype=np.int64)
    flat = np.array([one for several in found for one in several], dtype=object)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    rows, places = _spread(starts[codes], counts[codes])
    return pd.DataFrame({"row": rows, "key": pd.Series(flat[places], dtype="str")})


def _spread(starts: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """Ranges of numbers, one after the other: position of the range, and number."""
    rows = np.repeat(np.arange(len(counts)), counts)
    ends = np.cumsum(counts)
    inside = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return rows, starts[rows] + inside


def share(left: pd.DataFrame, right: pd.DataFrame, rows: Numbers, columns: Numbers) -> Flags:
    """Whether the two ends of pairs have an organisation in common.

    They do where they have an equal key, or two keys whose likeness (rapidfuzz's ratio) is at least
    `SAME`.

    Args:
        left: keys of the papers, from `keys`.
        right: keys of the targets, from `keys`.
        rows: position of each pair's paper.
        columns: position of each pair's target.
    """
    import pandas as pd

    rows, columns = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    found = np.zeros(len(rows), dtype=bool)
    if not len(rows) or not len(left) or not len(right):
        return found
    codes, texts = pd.factorize(
        np.concatenate([left["key"].to_numpy(object), right["key"].to_numpy(object)])
    )
    lefts = _Members(left["row"].to_numpy(), codes[: len(left)], int(rows.max()) + 1)
    rights = _Members(right["row"].to_numpy(), codes[len(left) :], int(columns.max()) + 1)
    sizes = np.cumsum(lefts.counts[rows] * rights.counts[columns])
    first = 0
    while first < len(rows):
        done = sizes[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(sizes, done + _PIECE, side="right")))
        piece = slice(first, last)
        found[piece] = _alike(lefts, rights, rows[piece], columns[piece], texts)
        first = last
    return found


class _Members:
    """Codes of the keys of each row."""

    def __init__(self, rows: Numbers, codes: Numbers, size: int) -> None:
        kept = np.flatnonzero(rows < size)
        order = kept[np.argsort(rows[kept], kind="stable")]
        self.codes = codes[order]
        self.counts = np.bincount(rows[kept], minlength=size).astype(np.int64)
        self.starts = np.cumsum(self.counts) - self.counts


def _alike(left: _Members, right: _Members, rows: Numbers, columns: Numbers, texts: Any) -> Flags:
    from rapidfuzz import fuzz, process

    # Every key of the one end beside every key of the other.
    pairs, at = _spread(left.starts[rows], left.counts[rows])
    inner, other = _spread(right.starts[columns[pairs]], right.counts[columns[pairs]])
    pair, one, two = pairs[inner], left.codes[at[inner]], right.codes[other]
    found = np.zeros(len(rows), dtype=bool)
    found[pair[one == two]] = True
    open_ = ~found[pair]
    pair, one, two = pair[open_], one[open_], two[open_]
    # Names of papers and targets stand in many pairs: each two are compared once.
    distinct, back = np.unique(one * len(texts) + two, return_inverse=True)
    scores = process.cpdist(
        texts[distinct // len(texts)], texts[distinct % len(texts)],
        scorer=fuzz.ratio, score_cutoff=SAME, dtype=np.float32,
    )  # fmt: skip
    found[pair[scores[back] > 0]] = True
    return found


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
