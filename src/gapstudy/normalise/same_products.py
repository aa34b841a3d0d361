r"""Which records are the same product: relisted launches, and the same product from two sources.

Two products can only be one when they have the same *words*: those of name and feature together, in
any order; of the feature without words that only say that it came out (`RELEASE`: "open weights").
Numbers stay, so another version, size or feature is another product. Beside the words they need one
of these:

1. the same identifier in two sources (that alone is enough);
2. the same organisation, by its folded name without blanks;
3. the same web site: its host, or on hosts where everybody may put a page the whole address;
4. within one source: the same page of that source;
5. within one source of launches whose texts are written by people (`LAUNCHES`): a description that
   is alike (rapidfuzz token ratio at least `ALIKE`, at least `SIGNS` signs).

Products compiled by hand were told apart by hand: they are never merged with one another. Where two
of them have the same words, a record of a feed goes to the earlier. A clearance of a device is
dated by itself and is merged by its identifier alone; later clearances of the same device, by name
without version and by applicant, are versions of the first.

Read by hand: all 13 records that rules 1 to 3 merge in the embedded study; the 10 pairs in 15,305
launches of one feed that are merged beyond the 140 of one name and page; and 115 of 273 later
clearances in a list of 1,357 devices. None was wrong. Without the page, rule 5 alone finds 27 of
100 relistings in that feed, whose texts are machine translations. A relisting at a new address with
a new text and no maker is not found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as arrow

from gapstudy.normalise import same
from gapstudy.normalise.papers import components
from gapstudy.organisations.domains import above, host
from gapstudy.organisations.words import fold

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

LAUNCHES = ("product_hunt", "hacker_news", "news_rss")
CLEARANCES = ("clearance", "approval")
ALIKE, SIGNS, CROWD = 85.0, 12, 60
REASONS = (
    "the same identifier",
    "the same words in name and feature, and the same organisation",
    "the same words in name and feature, and the same web site",
    "relisted under the same words in name and feature, on the same page",
    "relisted under the same words in name and feature, with a like description",
)
VERSION = "a later clearance of the device of this name and applicant"
#: Words of a feature that only say that, or how, something came out.
RELEASE = frozenset(
    "open weights weight release released first general public launch launched official "
    "announcement licence license for the and of in a api availability model models".split()
)
_WORD = re.compile(r"\d+(?:\.\d+)*[^\W\d_]*|[^\W\d_]+(?:\d+(?:\.\d+)*[^\W\d_]*)*")
_VERSION = re.compile(
    r"[\s,(]*(?:\b(?:v|ver|version|release|rev|revision|software)[\s.]*\d+(?:\.\w+)*"
    r"|\b\d+(?:\.\d+)+)\s*\)?$",
    re.IGNORECASE,
)
_COLUMNS = ("product_id", "name", "feature", "organisation", "website", "evidence", "entry",
            "date_meaning")  # fmt: skip


def same_products(base: DuckDBPyConnection, sources: list[str], twice: str, keep: str) -> None:
    """Find products that are the same, and keep of each one record.

    Args:
        base: the database of `merge.Merge`, with the view `part_products`.
        sources: names of the sources by place.
        twice: what is said of two products of one source with the same key, `{it}` the key.
        keep: what to do about it.
    """
    same.faults(base, "products", twice, keep)
    products = base.sql(
        f"""select nr, src, {", ".join(_COLUMNS)}, date_from, date_to,
            left(description, 300) as description
        from part_products where nr not in (select nr from gone where "table" = 'products')
        order by nr"""  # noqa: S608  # columns of our own table
    ).to_df()
    found = arrow.concat_tables([duplicates(products, sources), versions(products)])
    if len(found):
        same.note(base, "products", found)


def words(name: str, feature: str = "") -> str:
    """Words that tell a product apart: those of name and feature in order, but for `RELEASE`.

    >>> words("Net 2.5 [dev]", "open weights") == words("net-2.5-dev")
    True
    >>> words("Net", "chat") == words("Net", "search")
    False
    """
    named = set(_WORD.findall(name.casefold()))
    return " ".join(sorted(named | (set(_WORD.findall(feature.casefold())) - RELEASE)))


def site(address: str) -> str:
    """Web site of a product: its host, or the whole address on a host that many share.

    >>> site("https://www.example.com/en"), site("https://github.com/Owner/Name/")
    ('example.com', 'github.com/owner/name')
    """
    name = host(address)
    if not name or above(name):
        return name
    rest = address.casefold().partition(name)[2].partition("?")[0].partition("#")[0].strip("/")
    return f"{name}/{rest}" if rest else ""


def duplicates(products: pd.DataFrame, sources: list[str]) -> arrow.Table:
    """Which record stands for which, as `same`.

    Args:
        products: nr, src, the columns of `products` that are compared, and description.
        sources: names of the sources by place.

    Returns:
        nr, kept, relation and reason of the records that do not stand.
    """
    texts = products[[*_COLUMNS, "description"]].fillna("").astype(object)
    frame = texts.assign(nr=products["nr"], src=products["src"], date_to=products["date_to"])
    frame = frame.reset_index(drop=True)
    frame["words"] = [
        "" if meaning in CLEARANCES else words(name, feature)
        for name, feature, meaning in zip(
            frame["name"], frame["feature"], frame["date_meaning"], strict=True
        )
    ]
    named = frame["words"].ne("") & frame.duplicated("words", keep=False)
    some = frame[named | frame.duplicated("product_id", keep=False)].copy()
    firms = {name: fold(name).replace(" ", "") for name in some["organisation"].unique()}
    sites = {address: site(address) for address in some["website"].unique()}
    some["firm"] = some["organisation"].map(firms)
    some["site"] = some["website"].map(sites)
    links = [_tied(some, ["product_id"], 0)]
    usable = some[some["words"] != ""]
    for number, columns in ((1, ["words", "firm"]), (2, ["words", "site"]),
                            (3, ["words", "src", "evidence"])):  # fmt: skip
        links.append(_tied(usable[usable[columns[-1]] != ""], columns, number))
    places = [place for place, name in enumerate(sources) if name in LAUNCHES]
    links.append(_alike(usable[usable["src"].isin(places)]))
    return _chosen(frame, np.concatenate(links))


def _tied(rows: pd.DataFrame, columns: list[str], reason: int) -> np.ndarray[Any, Any]:
    """Links (place, place of the first, reason) of rows that agree in some columns."""
    places = rows.index.to_series()
    first = places.groupby([rows[name] for name in columns], sort=False).transform("min")
    linked = first.ne(places).to_numpy()
    pairs: np.ndarray[Any, Any] = np.full((int(linked.sum()), 3), reason, dtype=np.int64)
    pairs[:, 0], pairs[:, 1] = places.to_numpy()[linked], first.to_numpy()[linked]
    return pairs


def _alike(rows: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Links of rows of one source and the same words whose descriptions are alike."""
    from rapidfuzz import fuzz, process

    told = rows[rows["description"].str.len() >= SIGNS]
    found = [np.empty((0, 3), dtype=np.int64)]
    for _, group in told.groupby(["src", "words"], sort=False):
        if 2 <= len(group) <= CROWD:
            texts = group["description"].str.casefold().tolist()
            near = process.cdist(texts, texts, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE)
            one, other = np.nonzero(np.triu(near, 1))
            places = group.index.to_numpy()
            found.append(np.c_[places[one], places[other], np.full(len(one), 4)])
    every: np.ndarray[Any, Any] = np.concatenate(found).astype(np.int64)
    return every


def _chosen(frame: pd.DataFrame, links: np.ndarray[Any, Any]) -> arrow.Table:
    """Of each group the record that stands: compiled by hand, then of the first source."""
    group = components(len(frame), links[:, 0], links[:, 1])
    compiled = frame["entry"].isin(same.COMPILED).to_numpy()
    order = np.lexsort((
        frame["product_id"].rank(method="min").to_numpy(),
        frame["date_to"].rank(method="min").to_numpy() * compiled,
        frame["src"].to_numpy(), ~compiled, group,
    ))  # fmt: skip
    first = order[np.r_[True, group[order][1:] != group[order][:-1]][: len(order)]]
    stands = np.empty(len(first), dtype=np.int64)
    stands[group[first]] = first
    kept = stands[group]
    shared = frame["product_id"].to_numpy() == frame["product_id"].to_numpy()[kept]
    gone = (kept != np.arange(len(frame))) & (~compiled | shared)
    best = np.full(len(frame), len(REASONS), dtype=np.int64)
    for side in (0, 1):
        np.minimum.at(best, links[:, side], links[:, 2])
    number = frame["nr"].to_numpy()
    return _table(number[gone], number[kept[gone]], "same", [REASONS[at] for at in best[gone]])


def versions(products: pd.DataFrame) -> arrow.Table:
    """Later clearances of a device: versions of the earliest one.

    Args:
        products: as for `duplicates`.

    Returns:
        nr, kept, relation and reason of the later ones.
    """
    devices = products[products["date_meaning"].isin(CLEARANCES)]
    devices = devices.sort_values("src", kind="stable").drop_duplicates("product_id")
    devices = devices.assign(
        device=[fold(unversioned(str(name))) for name in devices["name"]],
        firm=[fold(str(name)) for name in devices["organisation"]],
    )
    devices = devices[(devices["device"] != "") & (devices["firm"] != "")]
    devices = devices.sort_values(["device", "firm", "date_to", "date_from", "product_id"])
    first = devices.groupby(["device", "firm"], sort=False)["nr"].transform("first")
    later = (first != devices["nr"]).to_numpy()
    numbers = devices["nr"].to_numpy()[later]
    return _table(numbers, first.to_numpy()[later], "version", [VERSION] * len(numbers))


def unversioned(name: str) -> str:
    """A device's name without the version at its end.

    >>> unversioned("Scan Help (Version 5.6.0)"), unversioned("Scan Help v2"), unversioned("Ray 9")
    ('Scan Help', 'Scan Help', 'Ray 9')
    """
    return _VERSION.sub("", name) or name


def _table(
    numbers: np.ndarray[Any, Any], kept: np.ndarray[Any, Any], relation: str, reasons: list[str]
) -> arrow.Table:
    text = arrow.string()
    return arrow.table({
        "nr": arrow.array(numbers, arrow.int64()), "kept": arrow.array(kept, arrow.int64()),
        "relation": arrow.array([relation] * len(numbers), text),
        "reason": arrow.array(reasons, text),
    })  # fmt: skip
