"""Where targets name the things of papers: all names in all targets at once.

An index of the targets' texts holds every sequence of one to six runs as a number in one sorted
array. Names are looked up in it by binary search; the careful rules of `names` are applied to the
hits alone. `between` does the same for given pairs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import ngrams
from gapstudy.link.ends import FIELDS
from gapstudy.link.language import dictionary
from gapstudy.link.names import CONTEXT, REACH, Mention, Name, is_strict, order
from gapstudy.link.tokens import is_letter, plain, runs

Integers = np.ndarray[Any, np.dtype[np.int64]]

#: A name that stands in more targets is given with this many of them.
MOST = 200_000
COLUMNS = ("row", "column", "name", "field", *Mention._fields[1:])
# A number of the table: the higher bits of a sequence's hash, then its first run.
_PLACE = np.uint64(31)
_PLACES = np.uint64((1 << 31) - 1)
#: Hits that are looked at together.
_BATCH = 1 << 21


@dataclass(frozen=True)
class TargetIndex:
    """Sequences of runs of the texts of targets. It can be pickled.

    A name that stands in more than MOST targets of the index (after the rules for ordinary words
    that need no look at the text) is given with MOST of them: those whose identifiers have the
    smallest hash. Which they are depends on the targets of the index, not on their order.

    Attributes:
        texts: plain texts, those of a target after each other in the order of FIELDS.
        sequences: numbers of all sequences, sorted: 33 bits of hash, 31 bits of first run.
        text: number of the text of each run.
        start: its first character.
        offset: characters of all runs before it; one more at the end.
        spelled: hash of the run as written.
        cased: whether it has a capital.
        context: whether a word of machine learning is near.
        rank: place of each target in the order of the hashes of identifiers.
    """

    texts: list[str]
    sequences: ngrams.Numbers
    text: ngrams.Places
    start: ngrams.Places
    offset: Integers
    spelled: ngrams.Places
    cased: ngrams.Flags
    context: ngrams.Flags
    rank: Integers

    @classmethod
    def build(cls, targets: pd.DataFrame) -> TargetIndex:
        """Index the texts FIELDS of targets (columns FIELDS, target_type, target_id)."""
        columns = [targets[field].fillna("").astype(object).tolist() for field in FIELDS]
        texts = [text for target in zip(*columns, strict=True) for text in target]
        words = ngrams.numbers(sorted(CONTEXT))
        sequences: list[ngrams.Numbers] = []
        kept: list[tuple[Any, ...]] = []
        base = 0
        for first, after in ngrams.chunks(texts):
            part = ngrams.cut(texts[first:after])
            for count in range(1, ngrams.LONGEST + 1):
                run, number = part.sequences(count)
                sequences.append(number >> _PLACE << _PLACE | (run + base).astype(np.uint64))
            kept.append(
                (part.text + np.uint32(first), part.start, part.length,
                 part.spelled.astype(np.uint32), part.cased, np.isin(part.folded, words))
            )  # fmt: skip
            base += len(part.text)
        joined = [np.concatenate(column) for column in zip(*kept, strict=True)] or [
            np.zeros(0, dtype=kind) for kind in ("u4", "u4", "u4", "u4", "?", "?")
        ]
        text, start, length, spelled, cased, context = joined
        everything = np.concatenate(sequences) if sequences else np.zeros(0, dtype=np.uint64)
        sequences.clear()
        everything.sort()
        offset = np.concatenate([[0], np.cumsum(length, dtype=np.int64)])
        return cls(
            [plain(text) for text in texts], everything, text, start, offset, spelled, cased,
            _near(context), _ranks(targets),
        )  # fmt: skip

    def find(self, names: pd.DataFrame) -> pd.DataFrame:
        """Mentions of names in all targets.

        Args:
            names: columns row, name and common (`coin.coined_names`).

        Returns:
            Frame of COLUMNS, sorted by row, column, field (order of FIELDS) and start: row of the
            name, position of the target, and the attributes of `names.Mention`.
        """
        wanted, owners = _wanted(names)
        return _frame(self._hits(wanted, None), wanted, owners)

    def _hits(self, wanted: Sequence[Name], pairs: Integers | None) -> list[tuple[Any, ...]]:
        """Number of the name, target, field and mention of every hit.

        Args:
            wanted: the names.
            pairs: sorted numbers of the pairs that are asked for (name times number of targets
                plus target); all pairs if None, with no more than MOST targets a name.
        """
        found = [(np.zeros(0, dtype=np.int64),) * 3]
        for owner, first, after in self._places(wanted):
            column = self.text[first].astype(np.int64) // len(FIELDS)
            good = self._likely(wanted, owner, first, after)
            if pairs is not None:
                good &= np.isin(owner * len(self.rank) + column, pairs)
            found.append((owner[good], first[good], after[good]))
        owner, first, after = (np.concatenate(part) for part in zip(*found, strict=True))
        if pairs is None:
            kept = self._capped(owner, self.text[first].astype(np.int64) // len(FIELDS))
            owner, first, after = owner[kept], first[kept], after[kept]
        text = self.text[first].astype(np.int64)
        start = self.start[first].astype(np.int64)
        end = self.start[after - 1] + (self.offset[after] - self.offset[after - 1])
        best: dict[tuple[int, int, int], Mention] = {}
        for at, number, begin, finish in zip(
            owner.tolist(), text.tolist(), start.tolist(), end.tolist(),
            strict=True,
        ):  # fmt: skip
            mention = wanted[at].check(self.texts[number], begin, finish)
            if mention is not None:
                place = (at, number, mention.start)
                if place not in best or order(mention) > order(best[place]):
                    best[place] = mention
        return [
            (at, *divmod(number, len(FIELDS)), *mention[1:])
            for (at, number, _), mention in best.items()
        ]

    def _places(self, wanted: Sequence[Name]) -> Iterator[tuple[Integers, Integers, Integers]]:
        """Name, first run and one-after-last run of the places that may hold a name, in batches."""
        owners, numbers, lengths = _keys(wanted)
        low = np.searchsorted(self.sequences, numbers >> _PLACE << _PLACE, side="left")
        high = np.searchsorted(self.sequences, numbers | _PLACES, side="right")
        some = np.flatnonzero(high > low)
        counts = (high - low)[some]
        batch = np.cumsum(counts) // _BATCH
        for group in np.unique(batch):
            part = some[batch == group]
            size = (high - low)[part]
            of_key = np.repeat(np.arange(len(part)), size)
            within = np.arange(len(of_key)) - np.repeat(np.cumsum(size) - size, size)
            entry = self.sequences[low[part][of_key] + within]
            first = (entry & _PLACES).astype(np.int64)
            goal = self.offset[first] + lengths[part][of_key]
            after = np.minimum(np.searchsorted(self.offset, goal), len(self.text))
            same = (self.offset[after] == goal) & (self.text[after - 1] == self.text[first])
            yield owners[part][of_key][same], first[same], after[same]

    def _likely(
        self, wanted: Sequence[Name], owner: Integers, first: Integers, after: Integers
    ) -> ngrams.Flags:
        """Whether places of ordinary words and short names are written so that they may count.

        As the paper writes the first run, or in lower case near a word of machine learning: what
        `Name.check` asks for, and a little more.
        """
        strict = np.fromiter((name.strict for name in wanted), dtype=bool, count=len(wanted))
        forms = [
            (at, runs(form)[0])
            for at, name in enumerate(wanted)
            if name.strict
            for form in _written(name)
        ]
        good = ~strict[owner]
        if forms:
            spelled = ngrams.numbers([form for _, form in forms]).astype(np.uint32)
            owners = np.array([at for at, _ in forms], dtype=np.uint64) << np.uint64(32)
            shown = owner.astype(np.uint64) << np.uint64(32) | self.spelled[first]
            good |= np.isin(shown, owners | spelled)
        near = self.context[first] | self.context[after - 1]
        return np.asarray(good | (near & ~self.cased[first]))

    def _capped(self, owner: Integers, column: Integers) -> ngrams.Flags:
        """Hits in the MOST targets of each name that come first."""
        if not len(owner) or np.bincount(owner).max() <= MOST:
            return np.ones(len(owner), dtype=bool)
        hits = pd.DataFrame({"owner": owner, "rank": self.rank[column]})
        place = hits.groupby("owner")["rank"].rank(method="dense")
        return np.asarray(place.to_numpy() <= MOST)


def between(
    names: pd.DataFrame,
    targets: pd.DataFrame,
    rows: Any,
    columns: Any,
    language_model: str,
) -> pd.DataFrame:
    """Mentions of names in the targets of given pairs, however frequent the names are.

    Args:
        names: columns row and name; common too, or it is found by the dictionary.
        targets: all targets.
        rows: row of each pair's paper, as in `names`.
        columns: position of each pair's target.
        language_model: spaCy model with the dictionary of ordinary words.

    Returns:
        Frame as of `TargetIndex.find`; what both give for a pair is the same.
    """
    if "common" not in names:
        words = dictionary(language_model)
        names = names.assign(common=[is_strict(name, words) for name in names["name"]])
    rows, columns = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    names = names[names["row"].isin(rows)]
    distinct, places = np.unique(columns, return_inverse=True)
    index = TargetIndex.build(targets.iloc[distinct])
    wanted, owners = _wanted(names)
    pairs = pd.DataFrame({"row": rows, "column": places}).drop_duplicates()
    pairs = pairs.merge(owners, on="row")
    codes = pairs["owner"].to_numpy() * len(distinct) + pairs["column"].to_numpy()
    hits = index._hits(wanted, np.unique(codes).astype(np.int64))
    found = _frame(hits, wanted, pairs)
    return found.assign(column=distinct[found["column"].to_numpy()])


def _wanted(names: pd.DataFrame) -> tuple[list[Name], pd.DataFrame]:
    """Distinct names, and a frame of row and owner (position of its name)."""
    pairs = list(zip(names["name"].astype(str), names["common"].astype(bool), strict=True))
    distinct = sorted(set(pairs))
    place = {pair: at for at, pair in enumerate(distinct)}
    owner = np.array([place[pair] for pair in pairs], dtype=np.int64)
    owners = pd.DataFrame({"row": names["row"].to_numpy(dtype=np.int64), "owner": owner})
    return [Name(name, bool(common)) for name, common in distinct], owners.drop_duplicates()


def _keys(wanted: Sequence[Name]) -> tuple[Integers, ngrams.Numbers, Integers]:
    """Owner, number (of the first six runs) and characters of every spelling of the names."""
    made: dict[tuple[int, str, int], None] = {}
    for at, name in enumerate(wanted):
        folded = name.folded()
        if folded is not None:
            made.update(((at, text, len(text)), None) for text in folded)
            continue
        for spelled in sorted(frozenset().union(*name.keys)):
            parts = [part for part in spelled.split(" ") if part != "-"]
            head = parts[: ngrams.LONGEST]
            while not (head[-1][-1].isalnum() or head[-1] in "+#" or is_letter(head[-1][-1])):
                head.pop()  # the table has no sequence that ends so
            made[at, "".join(head), sum(map(len, parts))] = None
    owners = np.array([key[0] for key in made], dtype=np.int64)
    lengths = np.array([key[2] for key in made], dtype=np.int64)
    return owners, ngrams.numbers([key[1] for key in made]), lengths


def _written(name: Name) -> list[str]:
    """Texts that a place of a strict name may begin with."""
    forms = {*name.exact, name.stem, f"{name.stem}v", f"{name.stem}V"}
    return [form for form in sorted(forms) if form.strip()] if name.core else []


def _near(flags: ngrams.Flags) -> ngrams.Flags:
    """Whether a flag is set within REACH places."""
    wide = np.zeros(len(flags) + 2 * REACH, dtype=bool)
    for step in range(2 * REACH + 1):
        wide[step : step + len(flags)] |= flags
    return wide[REACH : REACH + len(flags)]


def _ranks(targets: pd.DataFrame) -> Integers:
    keys = (targets["target_type"].astype(str) + "\0" + targets["target_id"].astype(str)).tolist()
    hashes = [
        hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for key in keys
    ]
    ranks = np.empty(len(keys), dtype=np.int64)
    ranks[sorted(range(len(keys)), key=lambda at: (hashes[at], keys[at]))] = np.arange(len(keys))
    return ranks


def _frame(
    hits: Sequence[tuple[Any, ...]], wanted: Sequence[Name], owners: pd.DataFrame
) -> pd.DataFrame:
    """Hits of names as hits of rows (and columns, if the owners are of given pairs)."""
    columns = ["owner", "column", "place", "start", "end"]
    flags = ["exact", "compound", "version", "other"]
    found = pd.DataFrame(hits, columns=[*columns, *flags])
    found = found.astype({**dict.fromkeys(columns, "int64"), **dict.fromkeys(flags, "bool")})
    on = ["owner", "column"] if "column" in owners else ["owner"]
    found = found.merge(owners, on=on)
    found["name"] = np.array([name.name for name in wanted], dtype=object)[found["owner"]]
    found = found.sort_values(["row", "column", "place", "start", "name"], ignore_index=True)
    found["field"] = np.array(FIELDS, dtype=object)[found["place"]]
    return found[list(COLUMNS)]
