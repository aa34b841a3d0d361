"""The SPARQL that is asked of Wikidata.

Numbers of properties and items, each checked against public uses that name it: P31 instance of,
P279 subclass of, P452 industry, P17 country, P297 ISO 3166-1 alpha-2 code, P159 headquarters
location, P495 country of origin, P178 developer, P571 inception, P577 publication date, P856
official website, P6782 ROR ID; Q11660 artificial intelligence, Q5 human, Q115305900 large language
model, Q117349473 artificial intelligence model, Q870780 chatbot, Q133284163 generative artificial
intelligence chatbot, Q4830453 business, Q6881511 enterprise.

A query names at most `LIMIT` items in an inner query and then gives one row per statement, so that
several countries, dates and names add up and never multiply. Dates come from the value nodes: only
these say how precise they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlencode

ENDPOINT = "https://query.wikidata.org/sparql"
#: Most items of one answer; it keeps a query far below the 60 seconds that the service grants.
LIMIT = 2000
#: Items whose details are asked for at once; it keeps an address below 8 kB.
BATCH = 100
INDUSTRIES = ("Q11660",)
PRODUCT_CLASSES = ("Q115305900", "Q117349473", "Q870780", "Q133284163")
#: Languages of names, the first that exists is taken; "mul" holds for all languages.
LANGUAGES = ("en", "mul", "de", "fr", "es", "it", "nl", "zh", "ja", "ko")

_NAMES = ", ".join(f'"{language}"' for language in LANGUAGES)


def _dated(prop: str, key: str) -> str:
    return (
        f"{{ ?item p:{prop} ?said . ?said psv:{prop} ?node ; wikibase:rank ?rank . "
        f"FILTER(?rank != wikibase:DeprecatedRank) ?node wikibase:timeValue ?value ; "
        f'wikibase:timePrecision ?precision . BIND("{key}" AS ?key) }}'
    )


def _plain(path: str, key: str, *, more: str = "") -> str:
    return f'{{ ?item {path} ?value .{more} BIND("{key}" AS ?key) }}'


_COMMON = (
    '{ BIND("item" AS ?key) }',
    _plain("rdfs:label", "name", more=f" FILTER(LANG(?value) IN ({_NAMES}))"),
    _plain("wdt:P31", "class"),
    _plain("wdt:P856", "website"),
    _dated("P571", "inception"),
)
_ORGANISATION = (
    *_COMMON,
    _plain("skos:altLabel", "other", more=' FILTER(LANG(?value) = "en")'),
    _plain("wdt:P17/wdt:P297", "country"),
    _plain("wdt:P159/wdt:P17/wdt:P297", "seat"),
    _plain("wdt:P6782", "ror"),
)
_PRODUCT = (
    *_COMMON,
    _plain("schema:description", "description", more=' FILTER(LANG(?value) = "en")'),
    _dated("P577", "publication"),
    f"{{ ?item wdt:P178 ?of . ?of rdfs:label ?value . FILTER(LANG(?value) IN ({_NAMES})) "
    'BIND("developer" AS ?key) }',
    _plain("wdt:P178/wdt:P17/wdt:P297", "country"),
    _plain("wdt:P495/wdt:P297", "origin"),
)
_HAS_DATE = "FILTER EXISTS { ?item wdt:P577|wdt:P571 ?any }"


def companies(industry: str) -> str:
    """Organisations of an industry."""
    return _query("organisation", f"?item wdt:P452 wd:{industry} .", _ORGANISATION)


def organisations(items: Sequence[str]) -> str:
    """Given organisations; people among them are left out."""
    values = " ".join(f"wd:{item}" for item in items)
    inner = f"VALUES ?item {{ {values} }} FILTER NOT EXISTS {{ ?item wdt:P31 wd:Q5 }}"
    return _query("organisation", inner, _ORGANISATION)


def products_of_class(item: str) -> str:
    """Products with a date that are of a class or of one below it."""
    return _query("product", f"?item wdt:P31/wdt:P279* wd:{item} . {_HAS_DATE}", _PRODUCT)


def products_of_industry(industry: str) -> str:
    """Products with a date that an organisation of an industry developed."""
    inner = f"?item wdt:P178/wdt:P452 wd:{industry} . {_HAS_DATE}"
    return _query("product", inner, _PRODUCT)


def part(query: str, digit: int) -> str:
    """The tenth of a query's items whose number ends in a digit."""
    return re.sub(
        r" \} ORDER BY (\?\w+) LIMIT",
        rf' FILTER(STRENDS(STR(\1), "{digit}")) }} ORDER BY \1 LIMIT',
        query,
    )


def address(query: str) -> str:
    """Where a query is answered."""
    return f"{ENDPOINT}?{urlencode({'format': 'json', 'query': query})}"


def _query(what: str, inner: str, branches: Sequence[str]) -> str:
    # The name of the first column says what the rows are about, in the answer as well.
    rows = " UNION ".join(branches).replace("?item", f"?{what}")
    inner = f"SELECT DISTINCT ?item WHERE {{ {inner} }} ORDER BY ?item LIMIT {LIMIT}"
    return (
        f"SELECT ?{what} ?key ?value ?precision ?of WHERE {{ "
        f"{{ {inner.replace('?item', f'?{what}')} }} {rows} }}"
    )
