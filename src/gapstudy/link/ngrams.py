"""Sequences of runs of many texts as numbers, so that a name is found in all of them at once.

A sequence of 1 to LONGEST runs (see `tokens`) has a number that depends on its letters, digits and
marks alone, in lower case, blanks and hyphens left out: "U-Net", "u net" and "UNet" have the same.
The number is a polynomial hash of the characters, made for all runs of a text from cumulative sums,
so that no text is cut in Python. Two sequences may share a number: it finds places to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gapstudy.link.tokens import BLANK, HYPHEN, OTHER, characters

Numbers = np.ndarray[Any, np.dtype[np.uint64]]
Places = np.ndarray[Any, np.dtype[np.uint32]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

LONGEST = 6
#: Characters of texts that are cut together.
CHUNK = 1 << 20
#: Two blanks end a sequence, so none runs from one text into the next.
_GAP = "  "
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)


class Runs(NamedTuple):
    """Runs of some texts, hyphens left out, in their order.

    Attributes:
        text: number of the text.
        start: first character in the text.
        length: number of characters.
        folded: hash in lower case.
        spelled: hash as written.
        cased: whether a character is not in lower case.
        joins: whether the next run may follow in a name: at once, or after one blank or hyphen.
        opens: whether a name may begin here: with a letter or digit of any script.
        closes: whether a name may end here: so, or with + or #.
        sums, scale: parts of the hash of a sequence.
    """

    text: Places
    start: Places
    length: Places
    folded: Numbers
    spelled: Numbers
    cased: Flags
    joins: Flags
    opens: Flags
    closes: Flags
    sums: Numbers
    scale: Numbers

    def sequences(self, count: int) -> tuple[np.ndarray[Any, Any], Numbers]:
        """First run and number of every sequence of `count` runs that may be a name."""
        last = count - 1
        size = len(self.text) - last
        if size <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64)
        good = self.opens[:size] & self.closes[last:]
        for step in range(last):
            good &= self.joins[step : step + size]
        first = np.flatnonzero(good)
        return first, (self.sums[first + count] - self.sums[first]) * self.scale[first]


def chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and one-after-last number of texts that together have about CHUNK characters."""
    first, size = 0, 0
    for number, text in enumerate(texts):
        size += len(text) + len(_GAP)
        if size >= CHUNK:
            yield first, number + 1
            first, size = number + 1, 0
    if first < len(texts):
        yield first, len(texts)


def cut(texts: Sequence[str]) -> Runs:
    """The runs of some texts (a chunk of them: memory is about 100 bytes per character)."""
    codes = np.frombuffer(
        _GAP.join([*texts, ""]).encode("utf-32-le", "surrogatepass"), dtype=np.uint32
    )
    tables = characters()
    kind = tables.kind[codes]
    # A run begins where the kind changes; every other character is a run by itself.
    edge = np.ones(len(codes), dtype=bool)
    edge[1:] = (kind[1:] != kind[:-1]) | (kind[1:] == OTHER)
    first = np.flatnonzero(edge)
    after = np.append(first[1:], len(codes))
    of_name = (kind[first] != BLANK) & (kind[first] != HYPHEN)
    first, after = first[of_name], after[of_name]

    small, written = tables.lower[codes], tables.plain[codes]
    in_key = (kind != BLANK) & (kind != HYPHEN)
    at = np.concatenate([[0], np.cumsum(in_key)])  # characters of the key before each place
    power = _powers(_BASE, int(at[-1]) + 1)
    values, spelled = _mix(small[in_key]), _mix(written[in_key])
    sums = _sums(values * power[:-1])
    spelled_sums = _sums(spelled * power[:-1])
    begin, end = at[first], at[after]
    scale = _powers(_INVERSE, int(at[-1]) + 1)[begin]

    gap = np.append(first[1:], len(codes)) - after
    beside = kind[np.minimum(after, len(codes) - 1)]
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + len(_GAP)
    starts = np.cumsum(lengths) - lengths
    text = np.searchsorted(starts, first, side="right") - 1
    marks = (written[after - 1] == ord("+")) | (written[after - 1] == ord("#"))
    changed = np.concatenate([[0], np.cumsum((small != written) & in_key)])
    return Runs(
        text=text.astype(np.uint32),
        start=(first - starts[text] if len(texts) else first).astype(np.uint32),
        length=(after - first).astype(np.uint32),
        folded=(sums[end] - sums[begin]) * scale,
        spelled=(spelled_sums[end] - spelled_sums[begin]) * scale,
        cased=changed[after] > changed[first],
        joins=(gap == 0) | ((gap == 1) & ((beside == BLANK) | (beside == HYPHEN))),
        opens=tables.word[codes[first]],
        closes=tables.word[codes[after - 1]] | marks,
        sums=np.append(sums[begin], sums[-1]),
        scale=scale,
    )


def _mix(codes: np.ndarray[Any, Any]) -> Numbers:
    """Numbers that look random for characters (the finaliser of SplitMix64)."""
    mixed = codes.astype(np.uint64) + np.uint64(_BASE)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _powers(base: int, count: int) -> Numbers:
    """Powers 0, 1, ... of an odd number modulo 2 to the 64."""
    factors = np.full(count, base, dtype=np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


def _sums(values: Numbers) -> Numbers:
    """Sums of all values before each place, modulo 2 to the 64."""
    return np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(values, dtype=np.uint64)])


def numbers(keys: Sequence[str]) -> Numbers:
    """The number of each of some texts: lower case already, without blanks and hyphens."""
    codes = np.frombuffer("".join(keys).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    sums = _sums(_mix(codes) * _powers(_BASE, len(codes) + 1)[:-1])
    ends = np.cumsum(np.fromiter(map(len, keys), dtype=np.int64, count=len(keys)))
    begins = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    return np.asarray((sums[ends] - sums[begins]) * _powers(_INVERSE, len(codes) + 1)[begins])
