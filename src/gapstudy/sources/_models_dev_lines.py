"""Entries of models.dev -> lines of versions, and the date on which each was launched.

The rules are those of `gapstudy.sources.models_dev`, which says them in words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gapstudy.dates import PartialDate
from gapstudy.sources._models_dev_names import (
    bare,
    begins,
    organisations,
    owner,
    stated,
    version,
)

#: A lab and the words of a version, sorted.
Line = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Entry:
    """One model at one provider.

    Attributes:
        provider: key of the provider.
        provider_name: its name.
        doc: address of its documentation.
        model: the entry as the data have it.
        date: its release date.
    """

    provider: str
    provider_name: str
    doc: str
    model: dict[str, Any]
    date: PartialDate

    @property
    def id(self) -> str:
        """Identifier of the model at the provider."""
        return str(self.model["id"])

    @property
    def name(self) -> str:
        """Name as the provider writes it, without the parts that are about the offer."""
        text = re.sub(r"\s*\((?:latest|free|[A-Z]{2}|global)\)\s*$", "", self.model["name"],
                      flags=re.IGNORECASE)  # fmt: skip
        return re.sub(r"^[\w .-]{2,20}: ", "", text).strip()

    @property
    def maker(self) -> str:
        """Key of the lab whose own service the provider is; empty for a reseller."""
        row = organisations().get(("provider", self.provider))
        return row.maker if row else ""


def _too_early(entry: Entry, lab: str) -> bool:
    """Whether a date lies a month or more before the one that the identifier states."""
    row = organisations().get(("lab", lab))
    found = stated(entry.id, bool(row and "YYMM" in row.drop))
    if found is None or not 1 <= found[1] <= 12:
        return False
    return (found[0] - entry.date.last.year) * 12 + found[1] - entry.date.last.month >= 1


def _copied(entry: Entry) -> bool:
    found = stated(entry.id, codes=False)
    return found is not None and entry.date.text == "{:04}-{:02}-{:02}".format(*found)


def launch(entries: Sequence[Entry], lab: str) -> Entry:
    """The entry whose date is the launch of the version that the entries are of."""
    sound = [entry for entry in entries if not _too_early(entry, lab)] or list(entries)
    own = [entry for entry in sound if entry.maker == lab != ""]
    if own:
        return finest([entry for entry in own if not _copied(entry)] or own)
    votes = Counter(date for _, date in {(entry.provider, entry.date) for entry in sound})
    most = max(votes.values())
    return finest([entry for entry in sound if votes[entry.date] == most])


def _order(entry: Entry) -> tuple[Any, ...]:
    return entry.date.first, entry.date.last, entry.id, entry.provider


def finest(entries: Iterable[Entry]) -> Entry:
    """The earliest entry; a day instead of the month that contains it."""
    ordered = sorted(entries, key=_order)
    first = ordered[0]
    days = (entry for entry in ordered if entry.date.precision == "day")
    if first.date.precision != "day":
        return next((day for day in days if day.date.first <= first.date.last), first)
    return first


# Speeds at which a host serves weights that are open to all hosts.
_TIERS = frozenset("fast turbo high throughput versatile instant lightning highspeed".split())


def group(entries: Sequence[Entry]) -> dict[Line, list[Entry]]:
    """Entries by lab and version (its words, sorted)."""
    attested: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        maker = owner(entry.id)
        if maker or (entry.maker and entry.maker == begins(bare(entry.id))):
            lab = maker or entry.maker
            attested[lab].update(version(lab, entry.id))
    lines: defaultdict[Line, list[Entry]] = defaultdict(list)
    for entry in entries:
        lab = _lab(entry, attested)
        lines[to_line(lab, version(lab, entry.id))].append(entry)
    return _aliased(_tiered(_named(lines)))


def to_line(lab: str, words: Iterable[str]) -> Line:
    """The line that the words of a version make, whatever their order."""
    # 4.0 is 4, and the order of the words differs between providers.
    return lab, tuple(sorted(re.sub(r"(?<=\d)\.0$", "", word) for word in words))


def _lab(entry: Entry, attested: dict[str, set[str]]) -> str:
    if lab := owner(entry.id):
        return lab
    lab = begins(bare(entry.id)) or begins(bare(str(entry.model.get("family") or "")))
    if not lab:
        return entry.maker
    row = organisations()["lab", lab]
    words = {word for word in version(lab, entry.id) if not re.search(r"\d", word)}
    words -= attested.get(lab, words) | row.open | _TIERS
    if row.open and lab != entry.maker and words:
        return ""
    return lab


def _named(lines: dict[Line, list[Entry]]) -> dict[Line, list[Entry]]:
    """Join the versions that a lab itself calls by identifier and by name."""
    same: dict[Line, Line] = {}
    for lab, words in sorted(lines):
        for entry in lines[lab, words]:
            name = to_line(lab, version(lab, entry.name))
            if entry.maker == lab != "" and name != (lab, words) and name[1]:
                same.setdefault(name, (lab, words))
    joined: defaultdict[Line, list[Entry]] = defaultdict(list)
    for line, found in lines.items():
        target = same.get(line, line)
        # A chain of names is followed one step: the identifier of the lab decides.
        joined[target if target in lines else line].extend(found)
    return joined


def _tiered(lines: dict[Line, list[Entry]]) -> dict[Line, list[Entry]]:
    """Join what hosts call fast or turbo to the version, where its weights are open."""
    joined: defaultdict[Line, list[Entry]] = defaultdict(list)
    for line, found in lines.items():
        lab, words = line
        base = (lab, tuple(word for word in words if word not in _TIERS))
        hosted = base in lines and any(entry.model["open_weights"] for entry in lines[base])
        if hosted and not any(entry.maker == lab for entry in found):
            joined[base].extend(found)
        else:
            joined[line].extend(found)
    return joined


def _aliased(lines: dict[Line, list[Entry]]) -> dict[Line, list[Entry]]:
    """Move aliases that name no number to the version that they stood for."""
    dated = {line: launch(found, line[0]).date for line, found in lines.items()}
    result: defaultdict[Line, list[Entry]] = defaultdict(list)
    for line, found in lines.items():
        lab, words = line
        numbered = any(re.search(r"\d", word) for word in words)
        for entry in found:
            candidates = [
                other
                for other in lines
                if not numbered and "latest" in entry.id.lower() and other[0] == lab
                and other != line and dated[other].first <= entry.date.last
                and tuple(word for word in other[1] if not re.match(r"[a-z]?\d", word)) == words
            ]  # fmt: skip
            target = max(candidates, key=lambda other: (dated[other].first, other), default=line)
            result[target].append(entry)
    return result
