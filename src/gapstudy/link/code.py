r"""From papers to code and models: repositories of GitHub and models of the Hugging Face Hub.

A stage of the funnel from paper to product. An artifact is found in three ways, the surest first:

1. *identifier*: its readme, card or tags name the paper by arXiv identifier or DOI;
2. *address*: the paper's abstract gives its address;
3. *name*: its name is, or begins with, the name that the paper coined, without another version, its
   owner agrees with an organisation or author of the paper, and it is at most a year older.

A card names many papers that it only uses or measures itself by, so each pair has a relation:

- *own*: the authors made it of the paper. So it is where the abstract gives the address, and where
  the owner agrees with an organisation, an author or the coined name of the paper. A repository is
  own as well where only its name agrees with the coined name. A model is not own where its name
  differs from the name that the paper coined (houses cite their earlier papers), or where it is
  made from the model of another owner (fine-tuned, quantised, merged).
- *other*: somebody else made it, or the paper is only named there.

An owner agrees with a word of an organisation that tells it apart ("deepseek-ai" and "DeepSeek"),
with an author's full name or initial and family name, or with the coined name. Names of groups and
towns that say nothing are left out (`PLAIN`). Owners that go by another name, such as a laboratory
of a university, are not recognised.

The probability that the relation is right is a rule, set by judgement (`PROBABILITY`): no labelled
set of pairs stands behind it. A coined name that is an ordinary word halves that of a name.

Everything is decided from the pair alone, so new papers and new artifacts cost only their share.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link.identifiers import identifiers
from gapstudy.link.rarity import rarity
from gapstudy.tables.artifacts import PAPER_ARTIFACTS, WAYS

#: Source -> kind of its artifacts, their host, and kind of identifier that is their address.
SOURCES = {
    "github": ("repository", "github.com", "github"),
    "hugging_face": ("model", "huggingface.co", "hub"),
}
#: Way, and what agrees -> probability.
PROBABILITY = {
    "address": 0.95,
    "identifier, owner and name": 0.98,
    "identifier and owner": 0.80,
    "identifier and name": 0.70,
    "identifier": 0.90,  # that it is not the authors' own
    "identifier and owner, another name": 0.70,  # the same
    "name is all, and owner": 0.75,
    "name begins, and owner": 0.60,
}
_OTHER = ("identifier", "identifier and owner, another name")
#: Rarity below which a coined name is an ordinary word.
ORDINARY = 0.55
#: Days by which an artifact found by name may be older than its paper.
OLDER = 366
PLAIN = frozenset(
    "academy ai and association at beijing big black center centre chinese co college company "
    "computer computing corp corporation data de deep department der des du engineering faculty "
    "federal for foundation france from fur general germany global gmbh group hong inc information "
    "institut institute institution intelligence international japan kong korea lab laboratories "
    "laboratory labs learning limited llc london ltd machine ml national network new nlp of open "
    "paris polytechnic research sa school science sciences shanghai singapore software south state "
    "states systems team tech technical technologies technology the united universidad universita "
    "universitat universite university vision world york".split()
)
#: Words that end the name of an owner without a blank: "mistralai", "facebookresearch".
_ENDS = re.compile(
    r"(?:ai|research|labs?|team|inc|hq|org|tech|ml|nlp|llm|dev|group|io|official|community|opensource)+$"
)
_PLACE = re.compile(r"https?://(?:www\.)?[^/]+/([\w.-]+)/([\w.-]+)")
_BASE = re.compile(r"\bof ([\w.-]+)/[\w.-]+")
_PARTS = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)*")
_NUMBER = re.compile(r"v?\d{1,2}(?:\.\d+)*")
_OWN_DOI = r"^10\.48550/arxiv\."


def artifacts(
    papers: pd.DataFrame,
    products: pd.DataFrame,
    product_references: pd.DataFrame,
    same_as: pd.DataFrame,
) -> pd.DataFrame:
    """Repositories and models of papers: the rows of `paper_artifacts`.

    Args:
        papers: paper_id, abstract, coined_name, arxiv_id, doi, date_from, organisations, people
            and archive_ref, as of `ends.papers`; texts "" when absent.
        products: table `products`.
        product_references: table `product_references`.
        same_as: table `same_as`; records of repositories and models that stand there are used too.

    Returns:
        One row per paper, kind and artifact, by its surest way, in the order of the key.
    """
    papers = papers.reset_index(drop=True)
    known = _known(products, same_as)
    found = _stacked([
        _by_identifier(papers, known, product_references), _by_address(papers),
        _by_name(papers, known),
    ])  # fmt: skip
    found = _judged(found, papers, known)
    found["way"] = found["by"].map({way: number for number, way in enumerate(WAYS)})
    found = found.sort_values(["paper_id", "kind", "artifact", "way"], kind="stable")
    found = found.drop_duplicates(list(PAPER_ARTIFACTS.key), ignore_index=True)
    return found[PAPER_ARTIFACTS.names]


def _known(products: pd.DataFrame, same_as: pd.DataFrame) -> pd.DataFrame:
    """Artifacts that a source gives: one row each, with the identifiers of their records."""
    rows = products[products["source"].isin(list(SOURCES))]
    rows = rows.assign(origin=rows["product_id"], target_id=rows["product_id"])
    merged = same_as[same_as["source"].isin(list(SOURCES)) & same_as["relation"].eq("same")]
    merged = merged.assign(origin=merged["id"], target_id=merged["kept_id"], description="",
                           kind="", date_meaning="")  # fmt: skip
    columns = ["origin", "target_id", "source", "kind", "description", "evidence", "date",
               "date_precision", "date_from", "date_to", "date_meaning", "archive_ref"]  # fmt: skip
    rows = _stacked([rows[columns].astype("object"), merged[columns].astype("object")])
    rows[["date_from", "date_to"]] = rows[["date_from", "date_to"]].apply(pd.to_datetime)
    places = rows["evidence"].fillna("").str.extract(_PLACE)
    rows["artifact"] = (places[0] + "/" + places[1].str.removesuffix(".git")).str.lower()
    rows = rows[rows["artifact"].notna()]
    hosts = rows["source"].map({source: about[1] for source, about in SOURCES.items()})
    rows["url"] = "https://" + hosts + "/" + places[0] + "/" + places[1]
    # A release is a product of its own; the repository is what the paper has.
    rows["release"] = rows["kind"].eq("version")
    rows["target_id"] = rows["target_id"].mask(rows["release"], None)
    rows["kind"] = rows["source"].map({source: about[0] for source, about in SOURCES.items()})
    bases = rows["description"].fillna("").str.extract(_BASE, expand=False).str.lower()
    rows["derived"] = bases.notna() & bases.ne(_owners(rows["artifact"]))
    return rows.sort_values(["release", "date_to", "origin"], ignore_index=True)


def _by_identifier(
    papers: pd.DataFrame, known: pd.DataFrame, references: pd.DataFrame
) -> pd.DataFrame:
    """Pairs whose artifact names the paper."""
    rows = references[references["source"].isin(list(SOURCES))]
    # The record that named it; it may have been merged into another product.
    origin = rows["source_id"].astype("object").str.replace(r"/[^/]*$", "", regex=True)
    rows = pd.DataFrame(
        {
            "origin": origin, "evidence": rows["text"].astype("object"),
            "evidence_ref": rows["archive_ref"].astype("object"),
            "arxiv": _lower(rows["arxiv_id"]), "doi": _lower(rows["doi"]),
        }
    )  # fmt: skip
    mine = pd.DataFrame({"paper": papers.index, "arxiv": _lower(papers["arxiv_id"]),
                         "doi": _lower(papers["doi"])})  # fmt: skip
    for frame in (rows, mine):
        of_arxiv = frame["doi"].str.contains(_OWN_DOI)
        number = frame["doi"].str.replace(_OWN_DOI, "", regex=True)
        frame["arxiv"] = frame["arxiv"].mask(of_arxiv & frame["arxiv"].eq(""), number)
    pairs = [
        mine.loc[mine[name] != "", ["paper", name]].merge(
            rows.loc[rows[name] != "", [name, "origin", "evidence", "evidence_ref"]], on=name
        )
        for name in ("arxiv", "doi")
    ]
    found = _stacked(pairs)
    found = found.merge(known[["origin", "artifact", "kind"]], on="origin")
    return found.assign(by="identifier")[_FOUND]


def _by_address(papers: pd.DataFrame) -> pd.DataFrame:
    """Pairs whose paper gives the address."""
    named = identifiers(papers["abstract"])
    kinds = {about[2]: about[0] for about in SOURCES.values()}
    named = named[named["kind"].isin(list(kinds))]
    value = named["value"].astype("object").str.removesuffix(".git").str.strip("/").str.lower()
    named = named.assign(artifact=value, by="address", kind=named["kind"].map(kinds))
    named = named[value.str.count("/").eq(1) & ~value.str.match(r"(?:datasets|spaces)/")]
    refs = papers["archive_ref"].reindex(named["row"]).to_numpy()
    found: pd.DataFrame = named.assign(
        paper=named["row"], evidence=named["value"], evidence_ref=refs
    )
    return found[_FOUND]


def _by_name(papers: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Pairs that agree in name and owner, and may be so by their dates."""
    things = known.drop_duplicates(["kind", "artifact"])
    names = _names(things["artifact"])
    openings = pd.DataFrame(
        [(place, piece) for place, name in names.items() for piece in _openings(name)],
        columns=["known", "coined"],
    )
    mine = pd.DataFrame({"paper": papers.index, "coined": _squashed(papers["coined_name"])})
    found = mine[mine["coined"].str.len() >= 3].merge(openings, on="coined")
    found = found.join(things[["artifact", "kind", "derived", "date_from", "archive_ref"]],
                       on="known")  # fmt: skip
    early = pd.to_datetime(papers["date_from"]).reindex(found["paper"]).to_numpy()
    days = (pd.to_datetime(found["date_from"]).to_numpy() - early) / np.timedelta64(1, "D")
    found = found[~(days < -OLDER) & ~found["derived"].to_numpy(dtype=bool)]
    found = found[_owned(found, papers, coined=False)]
    coined = papers["coined_name"].reindex(found["paper"]).to_numpy()
    told = pd.Series(coined, found.index, dtype="object") + " and " + found["artifact"]
    made: pd.DataFrame = found.assign(by="name", evidence=told, evidence_ref=found["archive_ref"])
    return made[_FOUND]


_FOUND = ["paper", "kind", "artifact", "by", "evidence", "evidence_ref"]


def _judged(found: pd.DataFrame, papers: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The pairs with relation, probability, address, date and product."""
    things = known.drop_duplicates(["kind", "artifact"])
    about = ["url", "target_id", "date", "date_precision", "date_from", "date_to", "date_meaning"]
    found = found.merge(things[["kind", "artifact", "derived", *about]], how="left",
                        on=["kind", "artifact"])  # fmt: skip
    owned = _owned(found, papers, coined=True) & ~found["derived"].eq(True).to_numpy()
    coined = _squashed(papers["coined_name"])
    names = _names(found["artifact"])
    mine = coined.reindex(found["paper"]).to_numpy()
    whole = (_squashed(names).to_numpy() == mine) & (mine != "")
    pieces = {name: frozenset(_openings(name)) for name in names.unique()}
    begins = np.array([len(one) > 2 and one in pieces[name]
                       for one, name in zip(mine, names, strict=True)], dtype=bool)  # fmt: skip
    code = found["kind"].eq("repository").to_numpy()
    by = found["by"].to_numpy()
    rule = np.select(
        [by == "address", (by == "name") & whole, by == "name", owned & begins,
         owned & (code | (mine == "")), owned, begins & code],
        ["address", "name is all, and owner", "name begins, and owner",
         "identifier, owner and name", "identifier and owner",
         "identifier and owner, another name", "identifier and name"],
        "identifier",
    )  # fmt: skip
    likely = pd.Series(rule).map(PROBABILITY).to_numpy(dtype=float)
    asked = papers["coined_name"].reindex(found["paper"])
    ordinary = (rarity(asked) < ORDINARY) & (by == "name")
    hosts = found["kind"].map({kind: host for kind, host, _ in SOURCES.values()})
    return found.assign(
        paper_id=papers["paper_id"].reindex(found["paper"]).to_numpy(),
        relation=np.where(np.isin(rule, _OTHER), "other", "own"),
        probability=np.where(ordinary, likely / 2, likely),
        url=found["url"].fillna("https://" + hosts + "/" + found["artifact"]),
        date_meaning=found["date_meaning"].fillna(""),
    )


def _owned(found: pd.DataFrame, papers: pd.DataFrame, *, coined: bool) -> np.ndarray[Any, Any]:
    """Which pairs have an owner that agrees with the paper, by joins of keys.

    Args:
        found: paper (place in `papers`) and artifact.
        papers: the papers.
        coined: whether the coined name counts as well.
    """
    pairs = pd.DataFrame({"paper": found["paper"].to_numpy(),
                          "owner": _owners(found["artifact"]).to_numpy()})  # fmt: skip
    some = papers.loc[pairs["paper"].unique()]
    keys = pd.DataFrame(
        [(place, key) for place, places, people, name in zip(
            some.index, some["organisations"], some["people"],
            some["coined_name"] if coined else [""] * len(some), strict=True)
         for key in _keys(places, people, name)],
        columns=["paper", "key"],
    )  # fmt: skip
    pieces = pd.DataFrame(
        [(owner, piece) for owner in pairs["owner"].unique() for piece in _pieces(owner)],
        columns=["owner", "key"],
    )
    both = pairs.drop_duplicates().merge(keys, on="paper").merge(pieces, on=["owner", "key"])
    agree = pd.MultiIndex.from_frame(both[["paper", "owner"]])
    result: np.ndarray[Any, Any] = pd.MultiIndex.from_frame(pairs).isin(agree)
    return result


def _keys(organisations: str, people: str, name: str) -> set[str]:
    """What an owner may be called, of one paper."""
    keys = {_squash(name)}
    for organisation in organisations.split(";"):
        words = _words(organisation)
        telling = [word for word in words if word not in PLAIN]
        keys |= {"".join(words), "".join(telling), *telling}
    for person in people.split(";"):
        words = re.findall(r"[^\W_]+", _plain(" ".join(reversed(person.split(",", 1)))))
        if len(words) > 1:
            given, family = words[0], words[-1]
            keys |= {given + family, family + given, given[0] + family, family + given[0]}
    return {key for key in keys if len(key) > 1 and key not in PLAIN}


def _pieces(owner: str) -> set[str]:
    """What the name of an owner can say: itself, itself without its end, and its words."""
    whole = _squash(owner)
    return {whole, _ENDS.sub("", whole), *map(_squash, re.split(r"[-_.]", owner))} - {""}


def _openings(name: str) -> set[str]:
    """Openings of an artifact's name that end with a word, but not where a version follows.

    >>> sorted(_openings("net-2-base")), sorted(_openings("net-base-7b"))
    (['net2', 'net2base'], ['net', 'netbase', 'netbase7', 'netbase7b'])
    """
    parts = list(_PARTS.finditer(name.lower()))
    found = set()
    for number, part in enumerate(parts):
        rest = name[part.end() :].lstrip("-_. ").lower()
        following = re.match(r"[\w.]*", rest)
        if number + 1 == len(parts) or not _NUMBER.fullmatch((following or [""])[0].strip(".")):
            found.add(_squash(name[: part.end()]))
    return found


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames below each other; an empty one would change the types of the others."""
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def _owners(artifacts: pd.Series[str]) -> pd.Series[str]:
    return artifacts.astype("object").str.replace(r"/.*$", "", regex=True)


def _names(artifacts: pd.Series[str]) -> pd.Series[str]:
    return artifacts.astype("object").str.replace(r"^[^/]*/", "", regex=True)


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W_]+", _plain(text)) if len(word) > 1]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text[:20_000].casefold())
    return "".join(char for char in folded if not unicodedata.combining(char))


def _squash(text: str) -> str:
    return re.sub(r"[\W_]+", "", re.sub(r"(\d)\.0\b", r"\1", _plain(text)))


def _squashed(texts: pd.Series[str]) -> pd.Series[str]:
    return texts.map({text: _squash(text) for text in texts.unique()}).astype("object")


def _lower(texts: pd.Series[str]) -> pd.Series[str]:
    return texts.astype("string").fillna("").str.strip().str.lower().astype("object")
