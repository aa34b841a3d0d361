"""What one affiliation says of its country and of its organisation, before they are weighed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from gapstudy.organisations.index import INSTITUTION, SCHOOL, SHIPPED, WEAK, Index
from gapstudy.organisations.places import (
    DOUBTFUL,
    adjectives,
    cities,
    city_country,
    countries,
    subdivisions,
)
from gapstudy.organisations.words import LEGAL, Words, eastern

#: Words after a name that make it the name of another organisation.
_OTHERS = frozenset("hospital hospitals clinic clinics klinik klinikum medical cancer".split())
#: Most words of the name of a country.
_MOST_WORDS = 6
#: A city of which most people with that name live in one country stands for it.
SURE_CITY = 0.6
#: Cities of this size are told at the end of a part too, where no comma parts them from a name.
_LARGE = 100_000
#: Letters before postal codes.
_SINGLE = frozenset("d f ch a b i nl s se dk no fi pl e p".split())


@dataclass(frozen=True, slots=True)
class Hit:
    """A known name in a text.

    Attributes:
        start: its first word.
        end: the word after its last one.
        owners: positions of the organisations that have the name.
        exact: whether it is a whole part of the text.
        other: whether words follow that make it the name of another organisation, such as a
            hospital: then it tells the country and not who it is.
    """

    start: int
    end: int
    owners: tuple[int, ...]
    exact: bool
    other: bool


@dataclass(slots=True)
class Evidence:
    """What one affiliation says.

    Attributes:
        stated: countries that stand there by their name, in order.
        doubtful: the same, of names that mean something else too (Georgia).
        code: two capitals that stand for a state, and for a country as well (DE, IN).
        part_of: countries of the states, provinces and postal codes.
        city: country of the first city that stands by itself, and whether one country is sure.
        several: all countries that have a city of that name.
        named: countries of places that are part of the name of an institution, in order.
        hits: known names of organisations, in order.
    """

    stated: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    part_of: list[str] = field(default_factory=list)
    code: str = ""
    city: tuple[str, bool] | None = None
    several: frozenset[str] = frozenset()
    named: list[str] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)


def gather(text: Words, start: int, end: int, index: Index) -> Evidence:
    """Evidence of the words `start` to `end` (exclusive) of a text."""
    found = Evidence()
    bounds = [start]
    bounds += [at for at in range(start + 1, end) if text.part[at] != text.part[at - 1]]
    bounds.append(end)
    parts = [
        [at for at in range(first, last) if not any(map(str.isdigit, text.folded[at]))]
        for first, last in itertools.pairwise(bounds)
    ]
    found.hits = _organisations(text, start, end, index)
    covered = {at for hit in found.hits for at in range(hit.start, hit.end)}
    free = [
        part if " ".join(text.folded[at] for at in part) in countries()
        else [at for at in part if at not in covered]
        for part in parts
    ]  # fmt: skip
    for number, part in enumerate(free):
        if part:
            _places(text, part, parts[number - 1] if number else [], found)
    firms = {
        text.part[hit.start] for hit in found.hits
        if index.organisations[hit.owners[0]].kind == "industry"
    }  # fmt: skip
    for part, rest in zip(parts, free, strict=True):
        if rest and (text.part[rest[0]] in firms or _institution([text.folded[at] for at in part])):
            _inside(text, rest, found)
    return found


def _places(text: Words, part: list[int], before: list[int], found: Evidence) -> None:
    """Countries, states and cities that stand by themselves in a part, or at its end."""
    names, short = subdivisions()
    known = countries()
    words = [text.folded[at] for at in part]
    if len(words) > 1 and words[0] in _SINGLE and part[0] + 1 not in part:
        words, part = words[1:], part[1:]  # the letter of a postal code
    if eastern(words[0]):
        _eastern_places(words, found)
        return
    while len(words) > 1 and words[-1] in LEGAL:
        words, part = words[:-1], part[:-1]
    rest = len(words)
    longer = any(" ".join(words[-size:]) in names for size in (2, 3))  # "New South Wales"
    for size in range(min(_MOST_WORDS, len(words)), 0, -1):
        name = " ".join(words[-size:])
        if name in known and _written(name, text.raw[part[-1]]) and not (longer and size == 1):
            whole = size == len(words)
            if whole or not text.bound[part[-size]]:
                (found.doubtful if name in DOUBTFUL else found.stated).append(known[name])
                rest = len(words) - size
                break
    else:
        # "Germany Saarland University": a country that stands before a name was left without comma.
        if len(words) > 2 and words[0] in known and words[0] not in DOUBTFUL and len(words[0]) > 3:
            found.named.append(known[words[0]])
    words, part = words[:rest], part[:rest]
    if not words:
        return
    state = ""
    if text.raw[part[-1]] in short and len(text.raw[part[-1]]) > 1:
        code = text.raw[part[-1]]
        near = " ".join(words[:-1]) or " ".join(text.folded[at] for at in before)
        place = city_country(near)
        if code in found.part_of:
            return  # "London, ON, CA"
        foreign = place is not None and place[0] == code and not city_country(near, code)
        if len(words) == 1 or place is not None or city_country(near, code):
            if foreign and place is not None:
                found.part_of.append(place[0])
            else:
                found.part_of.append(short[code])
                found.code = code
            state = code
            words, part = words[:-1], part[:-1]
    else:
        for size in range(min(4, len(words)), 0, -1):
            name = " ".join(words[-size:])
            if name in names and not (text.bound[part[-size]] and size < len(words)):
                if size == len(words) or (names[name] == "US" and not _institution(words)):
                    found.part_of.append(names[name])
                    words, part = words[:-size], part[:-size]
                    state = name
                break
    if not words or found.city or state:
        return
    for size in range(min(4, len(words)), 0, -1):
        whole = size == len(words)
        name = " ".join(words[-size:])
        place = city_country(name)
        if len(name) < 6 and text.raw[part[-size]].isupper() and size == 1:
            continue  # an acronym
        if place is None or (text.bound[part[-size]] and not whole):
            continue
        if not whole and (_size(name) < _LARGE or text.raw[part[-size]][:1].islower()):
            continue
        found.city = (place[0], place[1] >= SURE_CITY)
        found.several = _all(name)
        return


def _eastern_places(words: list[str], found: Evidence) -> None:
    """Places in Chinese or Japanese text, where names follow one another without a sign."""
    names, _ = subdivisions()
    known = countries()
    at = 0
    while at < len(words):
        for size in range(min(8, len(words) - at), 0, -1):
            name = " ".join(words[at : at + size])
            if name in known and size > 1:
                found.stated.append(known[name])
                break
            if name in names and size > 1:
                found.named.append(names[name])
                break
            if size > 1 and (place := city_country(name)):
                if found.city is None:
                    found.city = (place[0], place[1] >= SURE_CITY)
                    found.several = _all(name)
                break
        else:
            size = 1
        at += size


def _inside(text: Words, part: list[int], found: Evidence) -> None:
    """Places that are part of the name of an institution: "Technical University of Denmark"."""
    words = [text.folded[at] for at in part]
    names, _ = subdivisions()
    known = countries()
    people = adjectives()
    late: list[str] = []
    at = 0
    while at < len(words):
        step = 1
        for size in range(min(4, len(words) - at), 0, -1):
            name = " ".join(words[at : at + size])
            if name in known and name not in DOUBTFUL and len(name) > 3:
                found.named.append(known[name])
            elif name in people:
                found.named.append(people[name])
            elif name in names and len(name) > 3:
                found.named.append(names[name])
            elif name not in WEAK and name not in INSTITUTION and len(name) > 3 and (
                (place := city_country(name)) and place[1] >= SURE_CITY and _size(name) > 20_000
                and text.raw[part[at]][:1].isupper()
            ):  # fmt: skip
                late.append(place[0])
            else:
                continue
            step = size
            break
        at += step
    found.named += late


def _organisations(text: Words, start: int, end: int, index: Index) -> list[Hit]:
    """Known names in a text, the longest where they overlap."""
    hits: list[Hit] = []
    at = start
    while at < end:
        longest = min(index.longest.get(text.folded[at], 0), end - at)
        for size in range(longest, 0, -1):
            words = text.folded[at : at + size]
            name = index.names.get(" ".join(words))
            if name is None:
                continue
            first = at == start or text.part[at - 1] != text.part[at]
            last = _ends(text, at + size, end)
            if size < 3 and at > start and first and last and " ".join(words) in cities():
                continue
            crossing = text.part[at] != text.part[at + size - 1]
            if crossing and not (last and (first or size > 3)):
                continue
            if crossing and index.organisations[name.owners[0]].origin == SCHOOL:
                continue  # a name of a school with its town: the name alone comes next
            if size == 1 and not _single(text, at, first, last, short=name.short):
                continue
            if name.weak and (
                not first or (size < 3 and not (last and _shipped(index, name.owners)))
            ):
                continue
            other = not last and _is_other(text, at + size)
            hits.append(Hit(at, at + size, tuple(name.owners), first and last, other))
            break
        else:
            at += 1
            continue
        at = hits[-1].end
    return hits


def _is_other(text: Words, after: int) -> bool:
    """Whether the word after a name makes it the name of another organisation."""
    word = text.folded[after]
    if word in _OTHERS:
        return True
    # "Qingdao University of Technology", and not "University of Ulm in Ulm".
    institution = text.folded[after - 1] in INSTITUTION or text.folded[after - 1] == "institut"
    known = word in countries() or word in subdivisions()[0] or word in cities()
    return institution and text.bound[after] and not known


def _ends(text: Words, after: int, end: int) -> bool:
    """Whether a part ends before a word, legal forms and numbers left out."""
    while after < end and text.part[after] == text.part[after - 1]:
        if text.folded[after] not in LEGAL and not text.folded[after].isdigit():
            return False
        after += 1
    return True


def _shipped(index: Index, owners: Sequence[int]) -> bool:
    return index.organisations[owners[0]].origin == SHIPPED


def _single(text: Words, at: int, first: bool, last: bool, *, short: bool) -> bool:
    """Whether a name of one word is meant as a name."""
    raw = text.raw[at]
    if eastern(raw):
        return False
    if not raw.isascii() or not raw[0].isalpha():
        return first or last
    if short:
        # All else in capitals says nothing about this word.
        letters = [char for char in raw if char.isalpha()]
        capitals = sum(map(str.isupper, letters)) * 2 > len(letters)
        return capitals or (first and last and raw[0].isupper() and len(raw) > 4)
    return (first or last) and (raw[0].isupper() or (first and last))


def _institution(words: list[str]) -> bool:
    return not INSTITUTION.isdisjoint(words)


def _written(name: str, raw: str) -> bool:
    """Whether a name of two or three letters is written as a name of a country."""
    return len(name) > 3 or raw.isupper() or not raw.isascii()


def _size(name: str) -> int:
    return cities()[name][0][1]


def _all(name: str) -> frozenset[str]:
    return frozenset(country for country, _, _ in cities()[name])


def known_names(text: Words, index: Index) -> list[Hit]:
    """Known names of organisations in a text, in order."""
    return _organisations(text, 0, len(text.folded), index)
