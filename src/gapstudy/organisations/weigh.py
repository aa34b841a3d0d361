"""From what an affiliation says to one country and one organisation, or to none."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass

from gapstudy.organisations.domains import institution_country
from gapstudy.organisations.evidence import Evidence, Hit, gather
from gapstudy.organisations.index import GIVEN, SHIPPED, Index, Organisation
from gapstudy.organisations.postcodes import postcodes
from gapstudy.organisations.words import LONGEST, Words, words

#: Share of the countries that are right, by the way on which they were found; see `resolve`.
CONFIDENCE = {
    "stated": 0.99, "state": 0.99, "organisation": 0.99, "place": 0.96, "home": 0.93,
    "domain": 0.95, "city": 0.90, "named": 0.96, "likeness": 0.97, "city_unsure": 0.50,
    "script": 0.80, "doubtful": 0.60, "none": 0.0,
}  # fmt: skip
#: An identifier without a country is as sure as a name that belongs to one organisation.
NO_COUNTRY = 0.80
#: Their addresses name China as well.
_APART = ("HK", "MO", "TW")
#: Writings of one country alone.
_LETTERS = (("HIRAGANA", "JP"), ("KATAKANA", "JP"), ("HANGUL", "KR"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one text.

    Attributes:
        place: position of the organisation in the index; -1 for none.
        country: ISO alpha-2 code; empty when unknown.
        how: way on which the country was found, a key of `CONFIDENCE`.
    """

    place: int = -1
    country: str = ""
    how: str = "none"


def answer(text: str, index: Index) -> Answer:
    """The organisation and the country of a text.

    Of several affiliations in one text, the first that has a country is meant; within it the
    organisation that is named first.
    """
    read = words(text)
    best = Answer()
    if read.folded:
        bounds = [0]
        bounds += [at for at in range(1, len(read.piece)) if read.piece[at] != read.piece[at - 1]]
        bounds.append(len(read.piece))
        codes = postcodes(text[:LONGEST])
        for start, end in itertools.pairwise(bounds):
            evidence = gather(read, start, end, index)
            if len(bounds) == 2:
                evidence.part_of += codes
            found = _weigh(evidence, index)
            if found.country:
                best = found if best.place < 0 or found.place >= 0 else _with(best, found)
                break
            if found.place >= 0 and best.place < 0:
                best = found
        if not best.country and codes:
            best = Answer(best.place, codes[0], "state")
    if not best.country:
        best = _mail(read, best, index)
    if not best.country and (code := _script(text[:LONGEST])):
        best = Answer(best.place, code, "script")
    return best


def _with(organisation: Answer, place: Answer) -> Answer:
    return Answer(organisation.place, place.country, place.how)


def _weigh(evidence: Evidence, index: Index) -> Answer:
    stated = _stated(evidence, index)
    if stated:
        return Answer(_owner(evidence, stated, index), stated, "stated")
    if evidence.doubtful and evidence.city and evidence.doubtful[0] in evidence.several:
        country = evidence.doubtful[0]
        return Answer(_owner(evidence, country, index), country, "stated")
    if evidence.part_of:
        country = evidence.part_of[0]
        if evidence.code and any(
            index.organisations[hit.owners[0]].country == evidence.code for hit in evidence.hits
        ):
            country = evidence.code  # "DE" after the name of a German firm is no Delaware
        return Answer(_owner(evidence, country, index), country, "state")
    for hit in evidence.hits:
        if found := _by_name(hit, evidence, index):
            return found
    if evidence.city and evidence.city[1]:
        return Answer(_owner(evidence, evidence.city[0], index), evidence.city[0], "city")
    if evidence.named:
        country = _apart(evidence.named)
        return Answer(_owner(evidence, country, index), country, "named")
    if evidence.doubtful:
        return Answer(_owner(evidence, evidence.doubtful[0], index), evidence.doubtful[0],
                      "doubtful")  # fmt: skip
    if evidence.city:
        return Answer(_owner(evidence, evidence.city[0], index), evidence.city[0], "city_unsure")
    return Answer(_owner(evidence, "", index))


def _stated(evidence: Evidence, index: Index) -> str:
    """The country that is stated; Hong Kong, Macau and Taiwan stand beside China's name."""
    codes = evidence.stated
    if not codes:
        return ""
    if codes[0] == "CN" or "CN" in codes[1:2]:
        if evidence.city and evidence.city == ("CN", True) and codes[0] == "CN":
            return "CN"
        apart = next((code for code in codes[:2] if code in _APART), "")
        if apart:
            return apart
        for hit in evidence.hits:
            country = index.organisations[hit.owners[0]].country
            if country in _APART and codes == ["CN"]:
                return country
    return codes[0]


def _apart(codes: list[str]) -> str:
    if codes[0] == "CN":  # "Chinese University of Hong Kong"
        return next((code for code in codes if code in _APART), "CN")
    return codes[0]


def _owner(evidence: Evidence, country: str, index: Index) -> int:
    """The organisation of a country that is named first; of firms, any country will do."""
    for exact in (True, False):
        for hit in evidence.hits:
            if hit.other or hit.exact is not exact:
                continue
            owners = [index.organisations[place] for place in hit.owners]
            for place, owner in zip(hit.owners, owners, strict=True):
                if country and owner.country == country:
                    return place
            sure = len({owner.id for owner in owners}) == 1 or owners[0].origin == SHIPPED
            anywhere = not owners[0].country or not country or owners[0].kind == "industry"
            if sure and anywhere:
                return hit.owners[0]
    return -1


def _by_name(hit: Hit, evidence: Evidence, index: Index) -> Answer | None:
    found = _of_name(hit, evidence, index)
    return Answer(-1, found.country, found.how) if found and hit.other else found


def _of_name(hit: Hit, evidence: Evidence, index: Index) -> Answer | None:
    """Country of a known name: its own, or that of a place that stands with it."""
    owners = [index.organisations[place] for place in hit.owners]
    city = evidence.city
    for place, owner in zip(hit.owners, owners, strict=True):
        if owner.kind == "industry" and city and city[1]:
            break
        if owner.country and owner.country in evidence.several:
            return Answer(place, owner.country, "organisation")
    first = _first(owners)
    if first is None:
        return None
    place, owner = hit.owners[owners.index(first)], first
    if owner.kind == "industry":
        if city:
            return Answer(place, city[0], "place" if city[1] else "city_unsure")
        if evidence.named:
            return Answer(place, evidence.named[0], "place")
        return Answer(place, owner.country, "home")
    if city and city[1] and len({other.country for other in owners}) > 1:
        return None
    return Answer(place, owner.country, "organisation")


def _first(owners: list[Organisation]) -> Organisation | None:
    """The owner that a name means when nothing else tells: one of all, or a well-known one."""
    with_country = [owner for owner in owners if owner.country]
    if not with_country:
        return None
    if with_country[0].origin == SHIPPED or len({owner.country for owner in with_country}) == 1:
        return with_country[0]
    given = [owner for owner in with_country if owner.origin == GIVEN]
    return given[0] if len({owner.country for owner in given}) == 1 else None


def _mail(read: Words, best: Answer, index: Index) -> Answer:
    for domain in read.domains:
        name = domain
        while "." in name:
            if name in index.domains:
                place = index.domains[name]
                country = index.organisations[place].country
                if country:
                    return Answer(place, country, "domain")
            name = name.partition(".")[2]
        if code := institution_country(domain):
            return Answer(best.place, code, "domain")
    return best


def _script(text: str) -> str:
    """Country whose writing alone a text is in."""
    if text.isascii():
        return ""
    kinds = {unicodedata.name(char, "").partition(" ")[0] for char in text if char.isalpha()}
    return next((country for script, country in _LETTERS if script in kinds), "")
