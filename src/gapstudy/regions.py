"""Country names to ISO codes, countries to regions at a date, and counting schemes.

Regions are EU, US, CN, "other" (a known country outside the three) and "unknown". What EU and CN
contain is a choice (`RegionScheme`), so every headline is computed under several of them. Taiwan is
always itself (ISO TW, region "other").
"""

from __future__ import annotations

import datetime as dt
import functools
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gapstudy.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

EU, US, CN, OTHER, UNKNOWN = "EU", "US", "CN", "other", "unknown"
REGIONS = (EU, US, CN, OTHER, UNKNOWN)
STUDIED = (EU, US, CN)

# Accession dates to the European Union (and its predecessors), from the treaties of accession.
# Source: https://european-union.europa.eu/principles-countries-history/eu-enlargement_en
_ACCESSION: dict[str, dt.date] = {
    **dict.fromkeys("BE DE FR IT LU NL".split(), dt.date(1958, 1, 1)),
    **dict.fromkeys("DK IE".split(), dt.date(1973, 1, 1)),
    "GR": dt.date(1981, 1, 1),
    **dict.fromkeys("ES PT".split(), dt.date(1986, 1, 1)),
    **dict.fromkeys("AT FI SE".split(), dt.date(1995, 1, 1)),
    **dict.fromkeys("CY CZ EE HU LT LV MT PL SI SK".split(), dt.date(2004, 5, 1)),
    **dict.fromkeys("BG RO".split(), dt.date(2007, 1, 1)),
    "HR": dt.date(2013, 7, 1),
}
EU27 = frozenset(_ACCESSION)
#: First and last day on which the United Kingdom was a member.
UK_FIRST_DAY = dt.date(1973, 1, 1)
UK_LAST_DAY = dt.date(2020, 1, 31)
EFTA = frozenset({"CH", "IS", "LI", "NO"})

EuropeScheme = Literal["EU27", "EU28", "membership", "europe"]
ChinaScheme = Literal["mainland", "with_hk_mo"]
Counting = Literal["whole", "fractional", "first"]


@dataclass(frozen=True)
class RegionScheme:
    """Which countries make up EU and CN.

    Attributes:
        europe: "EU27" (the members since February 2020, at every date), "EU28" (those and the
            United Kingdom, at every date), "membership" (the members on the day: the United
            Kingdom until 2020-01-31), "europe" (EU27, the United Kingdom and EFTA).
        china: "mainland", or "with_hk_mo" (with Hong Kong and Macau).
    """

    europe: EuropeScheme = "EU27"
    china: ChinaScheme = "mainland"

    @property
    def name(self) -> str:
        """Short name as it appears in tables, such as "EU27/mainland"."""
        return f"{self.europe}/{self.china}"

    @classmethod
    def from_name(cls, name: str) -> RegionScheme:
        """The inverse of `name`."""
        for scheme in ALL_SCHEMES:
            if scheme.name == name:
                return scheme
        raise UsageError(
            f"no region scheme is called {name!r}",
            remedy="Known: " + ", ".join(scheme.name for scheme in ALL_SCHEMES),
        )

    def region(self, country: str | None, on: dt.date | None = None) -> str:
        """Region of an ISO alpha-2 country on a day.

        Args:
            country: ISO alpha-2 code, or None when it is unknown.
            on: the day; only "membership" looks at it. Without a day, membership is that of
                EU27, which is also how it stands today.
        """
        if not country:
            return UNKNOWN
        if country == "US":
            return US
        if country == "CN" or (self.china == "with_hk_mo" and country in {"HK", "MO"}):
            return CN
        if self._in_europe(country, on):
            return EU
        return OTHER

    def _in_europe(self, country: str, on: dt.date | None) -> bool:
        if self.europe == "membership" and on is not None:
            return is_member(country, on)
        if country in EU27:
            return True
        if country == "GB":
            return self.europe in {"EU28", "europe"}
        return self.europe == "europe" and country in EFTA


ALL_SCHEMES = tuple(
    RegionScheme(europe, china)
    for europe in ("EU27", "EU28", "membership", "europe")
    for china in ("mainland", "with_hk_mo")
)


def is_member(country: str, on: dt.date) -> bool:
    """Whether a country was a member of the European Union (or its predecessors) on a day."""
    if country == "GB":
        return UK_FIRST_DAY <= on <= UK_LAST_DAY
    joined = _ACCESSION.get(country)
    return joined is not None and joined <= on


# Names that pycountry does not know, or that official sources write in a way of their own.
_ALIASES = {
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "britain": "GB", "england": "GB",
    "scotland": "GB", "wales": "GB", "northern ireland": "GB", "el": "GR", "hellas": "GR",
    "usa": "US", "u.s.a.": "US", "u.s.": "US", "america": "US", "united states of america": "US",
    "the united states": "US", "prc": "CN", "p.r. china": "CN", "pr china": "CN",
    "p. r. china": "CN", "mainland china": "CN", "people's republic of china": "CN",
    "china (mainland)": "CN", "中国": "CN", "中國": "CN", "hong kong sar": "HK",
    "hong kong, china": "HK", "hong kong sar china": "HK", "香港": "HK", "macau": "MO",
    "macao sar": "MO", "macau sar": "MO", "taiwan": "TW", "taiwan, roc": "TW",
    "republic of china": "TW", "台灣": "TW", "台湾": "TW", "chinese taipei": "TW",
    "south korea": "KR", "korea": "KR", "korea, south": "KR", "republic of korea": "KR",
    "korea (south)": "KR", "korea (republic of)": "KR", "iran (islamic republic of)": "IR",
    "한국": "KR", "north korea": "KP", "日本": "JP", "russia": "RU",
    "czech republic": "CZ", "holland": "NL", "the netherlands": "NL", "nederland": "NL",
    "deutschland": "DE", "fed. rep. germany": "DE", "österreich": "AT", "schweiz": "CH",
    "suisse": "CH", "españa": "ES", "italia": "IT", "polska": "PL", "sverige": "SE",
    "suomi": "FI", "belgique": "BE", "belgië": "BE", "turkey": "TR", "türkiye": "TR",
    "macedonia": "MK", "iran": "IR", "vietnam": "VN", "laos": "LA", "syria": "SY",
    "moldova": "MD", "brunei": "BN", "ivory coast": "CI", "cape verde": "CV", "swaziland": "SZ",
    "palestine": "PS", "uae": "AE", "u.a.e.": "AE", "ksa": "SA", "kosovo": "XK", "xk": "XK",
    "bolivia": "BO", "venezuela": "VE", "tanzania": "TZ", "vatican": "VA",
}  # fmt: skip


@functools.cache
def _names() -> dict[str, str]:
    import pycountry

    table: dict[str, str] = {}
    for country in pycountry.countries:
        for field in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            value = getattr(country, field, None)
            if value:
                table[_fold(value)] = country.alpha_2
    table.update({_fold(name): code for name, code in _ALIASES.items()})
    return table


def _fold(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).strip().strip(".,;").casefold()
    return " ".join(text.split())


def country_code(name: str | None) -> str | None:
    """ISO alpha-2 code of a country given by code or name in its common spellings.

    Returns None for what is not one country: an empty text, "Multinational", "EU", a typing
    error. Unknown is an answer here, never a guess.
    """
    if not name:
        return None
    table = _names()
    return table.get(_fold(name)) or table.get(name.strip().casefold())


def is_code(code: str) -> bool:
    """Whether a text is an ISO alpha-2 code as written (or XK, in use for Kosovo)."""
    return len(code) == 2 and code.isupper() and country_code(code) == code


def add_region(
    frame: pd.DataFrame,
    scheme: RegionScheme,
    *,
    country: str = "country",
    date: tuple[str, str] | None = None,
) -> pd.Series[str]:
    """Region of every row.

    Args:
        frame: rows with a country column (ISO alpha-2 or missing).
        scheme: what the regions contain.
        country: name of the country column.
        date: names of the first and last possible day. A date that spans a change of membership
            counts by the middle of its interval.

    Returns:
        Text series with the index of `frame`, values from `REGIONS`.
    """
    import pandas as pd

    codes = pd.Series([None if pd.isna(code) else str(code) for code in frame[country]])
    if date is None or scheme.europe != "membership":
        known = {code: scheme.region(code) for code in codes.unique()}
        values = [known[code] for code in codes]
    else:
        first, last = pd.to_datetime(frame[date[0]]), pd.to_datetime(frame[date[1]])
        middle = first + (last - first) / 2
        days = [None if pd.isna(day) else day.date() for day in middle]
        values = [scheme.region(code, day) for code, day in zip(codes, days, strict=True)]
    return pd.Series(values, index=frame.index, dtype="str", name="region")


def credit(
    parties: pd.DataFrame,
    counting: Counting,
    *,
    item: str = "paper_id",
    region: str = "region",
    author: str = "author",
    position: str = "position",
) -> pd.DataFrame:
    """Credit of each item to regions.

    Whole counting gives one to every region with a party, so an item's credits may sum to more than
    one; fractional counting splits one evenly over authors, and an author's part evenly over that
    author's organisations (over organisations where no authors are known); first-author counting
    gives one to the region of the first party. Parties of unknown region keep their credit under
    "unknown". See Waltman and van Eck (2015), https://doi.org/10.1016/j.joi.2015.08.001.

    Args:
        parties: one row per item, author and organisation.
        counting: "whole", "fractional" or "first".
        item: name of the column that identifies the item.
        region: name of the region column.
        author: name of the author number column (missing where authors are not known).
        position: name of the order column, 1 is first.

    Returns:
        Frame of `item`, `region`, `credit`, one row per pair, sorted.
    """
    rows = parties[[item, region, author, position]].copy()
    if counting == "whole":
        rows["credit"] = 1.0
        return rows.groupby([item, region], sort=True)["credit"].max().reset_index()
    if counting == "first":
        rows = rows.sort_values([item, position, region], kind="stable")
        rows = rows.drop_duplicates(item)
        rows["credit"] = 1.0
    else:
        # Without author numbers every organisation stands for one author.
        rows["unit"] = rows[author].astype("Float64").fillna(-rows[position].astype("Float64"))
        units = rows.groupby(item)["unit"].transform("nunique")
        parts = rows.groupby([item, "unit"])["unit"].transform("size")
        rows["credit"] = (1.0 / (units * parts)).astype(float)
    return rows.groupby([item, region], sort=True)["credit"].sum().reset_index()
