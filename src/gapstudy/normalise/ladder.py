"""Home countries of products, by a ladder of evidence.

A product whose source gives no country gets one from the first rung that has an answer:

1. `given`: the source gave it. It is taken as it stands.
2. `ror`, `wikidata`, `yc`: the company is in that register, by its folded name or by the domain of
   the product's web site. All organisations of the register that match must have one and the same
   known country; else the register has no answer. A name shorter than three signs does not count,
   nor another name (a short or former one) shorter than five: unrelated organisations share them.
3. `domain`: the top-level domain of the web site, where it is one that is used as a country's own.
4. `text`: the description names exactly one country.

Else the country stays unknown. A web site matches on its whole host or on a domain above it
(`app.example.com` is `example.com`), but not on hosts where everybody may put a page.

The confidence of a rung is the share of its countries that are right (`CONFIDENCE`).

- `domain` and `text` are measured with the countries of 4,753 companies of Y Combinator (batches to
  2024) hidden: 139 have a country's own domain (92 per cent right), 138 name one country in their
  line of description (96). These companies sit in the United States more often than others and
  write English.
- `ror`, `wikidata` and `yc` cannot be measured on the data at hand: of the makers of notable AI
  models only 7 have the name of a company of Y Combinator (6 in the right country). Theirs is a
  judgement: the registers are kept by hand, and most of their errors are two bodies of one name.
- `given` is 1 by definition: a study takes its sources at their word.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gapstudy.normalise._places import text_countries
from gapstudy.organisations.domains import above, domain_country, host
from gapstudy.organisations.words import fold

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = {"given": 1.0, "ror": 0.90, "wikidata": 0.90, "yc": 0.90, "domain": 0.92, "text": 0.96}
REGISTERS = ("ror", "wikidata", "yc")
_SHORTEST, _SHORTEST_OTHER = 3, 5


def climb(products: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Give products without a country one, and say on which rung it was found.

    Climbing twice is climbing once.

    Args:
        products: rows of the table `products`.
        organisations: rows of the table `organisations`; those of the sources `ror`, `wikidata`
            and `yc` are the registers.

    Returns:
        The products with `home_country`, `region_basis`, `country_rung` and `country_confidence`.
    """
    import pandas as pd

    countries = _texts(products["home_country"])
    rungs = [
        "none" if not country else "given" if rung in {"", "none"} else rung
        for country, rung in zip(countries, _texts(products["country_rung"]), strict=True)
    ]
    bases = _texts(products["region_basis"])
    todo = [place for place, country in enumerate(countries) if not country]

    def found(rung: str, answers: Iterable[str | None]) -> None:
        for place, country in zip(tuple(todo), answers, strict=True):
            if country:
                countries[place], rungs[place], bases[place] = country, rung, "company_home"
        todo[:] = [place for place in todo if not countries[place]]

    names, sites, texts = (
        _texts(products[column]) for column in ("organisation", "website", "description")
    )
    folded = {name: fold(name) for name in {names[place] for place in todo}}
    sited = {site: host(site) for site in {sites[place] for place in todo}}
    keys = [folded.get(name, "") for name in names]
    hosts = [sited.get(site, "") for site in sites]
    above_of = {name: above(name) for name in set(sited.values())}
    for rung in REGISTERS:
        register = Register(organisations[organisations["source"] == rung])
        domains = {name: register.domain(listed) for name, listed in above_of.items()}
        found(rung, [register.country(keys[place], domains[hosts[place]]) for place in todo])
    found("domain", [domain_country(hosts[place], keys[place]) for place in todo])
    found("text", text_countries([texts[place] for place in todo]))
    values = {
        "home_country": [country or None for country in countries],
        "region_basis": bases,
        "country_rung": rungs,
        "country_confidence": [CONFIDENCE.get(rung) for rung in rungs],
    }
    types = dict.fromkeys(values, "string[pyarrow]") | {"country_confidence": "float64"}
    return products.assign(
        **{name: pd.Series(values[name], products.index, types[name]) for name in values}
    )


class Register:
    """Countries of the organisations of one register, by folded name and by domain.

    Args:
        organisations: its rows of the table `organisations`.
    """

    def __init__(self, organisations: pd.DataFrame) -> None:
        self._names: dict[str, str] = {}
        self._domains: dict[str, str] = {}
        columns = (organisations[name] for name in ("name", "other_names", "domain", "country"))
        for name, others, domain, country in zip(*map(_texts, columns), strict=True):
            keys = {key for key in (fold(name),) if _long(key, _SHORTEST)}
            for other in others.split(" | ") if others else ():
                if _long(key := fold(other), _SHORTEST_OTHER):
                    keys.add(key)
            for key in keys:
                _add(self._names, key, country)
            if domain:
                _add(self._domains, domain.lower(), country)

    def domain(self, listed: Iterable[str]) -> str | None:
        """Country of the first of some domains that is in the register; empty if none is agreed."""
        return next((self._domains[name] for name in listed if name in self._domains), None)

    def country(self, name: str, site: str | None) -> str | None:
        """Country on which all organisations agree that have the name or the web site.

        Args:
            name: folded name; may be empty.
            site: what `domain` says of the web site.
        """
        named = self._names.get(name)
        if named is None or site is None or named == site:
            return (site if named is None else named) or None
        return None


def _long(key: str, least: int) -> bool:
    # In writings that need few signs for a word, two signs are a name.
    return len(key) >= (least if key.isascii() else 2)


def _add(known: dict[str, str], key: str, country: str) -> None:
    """Note the country of a key; empty once two organisations disagree or one has none."""
    known[key] = country if known.get(key, country) == country else ""


def _texts(values: pd.Series[str]) -> list[str]:
    """Values of a column as plain texts, missing ones empty."""
    return [str(value) for value in values.astype(object).where(values.notna(), "").tolist()]
