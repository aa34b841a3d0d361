"""How well names and affiliation strings are told, on data sets that others labelled.

    python tests/reference/affiliations.py [--tune]

The data sets are not part of the project; they are looked for in `../shared` beside the checkout.

Countries: affiliation strings of papers on artificial intelligence with a country (silver labels,
made by others from the same strings). They call Taiwan, Hong Kong and Macau China; so ours are
compared as China there. A country is stated where the words after the last comma or semicolon of
the string, numbers left out, end in a name or code of the label's country. The rules were tuned on
one half of the strings (even first byte of the SHA-1 hash); printed is the other half, `--tune`
prints the first. Shares are weighted by `n`, the number of papers.

Organisations: strings of a publisher with ROR identifiers set by hand. The dump of ROR is not at
hand; the index is made of the institutions that stand in OpenAlex works and in ROR answers kept for
tests, so for many strings "no match" is the right answer. Beside it a plain baseline: the longest
name of the same index whose folded words stand in the string.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from gapstudy.collect.parse import records
from gapstudy.organisations.index import Index
from gapstudy.organisations.places import countries
from gapstudy.organisations.resolve import resolve
from gapstudy.organisations.words import fold, key
from gapstudy.regions import EU27, country_code
from gapstudy.sources.base import Record

SHARED = Path(__file__).parents[3] / "shared"
LABELS = SHARED / "reference/papers/affiliation_country_labels_dev.csv.gz"
GOLD = SHARED / "reference/products/dataset_affiliations_springer_2023_10_31.json.gz"
WORKS = SHARED / "reference/papers/openalex_synergy"
RECORDED = SHARED / "recorded"
_CHINA = {"TW": "CN", "HK": "CN", "MO": "CN"}
_KINDS = {"education": "academia", "company": "industry", "government": "government",
          "nonprofit": "nonprofit"}  # fmt: skip


def labelled(*, tune: bool = False) -> pd.DataFrame:
    """One half of the labelled strings: columns text, label, n, region and stated."""
    read = pd.read_csv(LABELS, keep_default_na=False)
    codes = {name: country_code(name) for name in read["label_country"].unique()}
    frame = pd.DataFrame({
        "text": read["affiliation_raw"], "label": read["label_country"].map(codes), "n": read["n"],
    }).dropna()  # fmt: skip
    first = [hashlib.sha1(text.encode()).digest()[0] for text in frame["text"]]
    half = pd.Series([byte % 2 == 0 for byte in first], index=frame.index)
    frame = frame[half if tune else ~half].reset_index(drop=True)
    frame["label"] = frame["label"].replace(_CHINA)
    frame["region"] = [_region(code) for code in frame["label"]]
    frame["stated"] = [
        states(text, code) for text, code in zip(frame["text"], frame["label"], strict=True)
    ]
    return frame


def _region(code: str) -> str:
    return code if code in {"US", "CN", "GB"} else "EU27" if code in EU27 else "other"


def states(text: str, label: str) -> bool:
    """Whether the end of a string states the country of its label."""
    tail = re.split(r"[,;]", text.strip().rstrip("."))[-1]
    words = key(re.sub(r"\b\d+\b", " ", tail)).split()
    ends = (" ".join(words[-size:]) for size in range(1, 7))
    return any(_CHINA.get(code, code) == label for end in ends if (code := countries().get(end)))


def country_quality(frame: pd.DataFrame) -> pd.DataFrame:
    """Accuracy and coverage by whether the country is stated and by region."""
    found = resolve(frame["text"])
    frame = frame.assign(
        country=found["country"].replace(_CHINA), how=found["how"], confidence=found["confidence"]
    )
    rows = []
    for stated in (True, False):
        for region in ("all", "US", "CN", "EU27", "GB", "other"):
            group = frame[(frame["stated"] == stated) & frame["region"].isin([region])]
            group = frame[frame["stated"] == stated] if region == "all" else group
            rows.append({"stated": stated, "region": region, **_quality(group)})
    for how, group in frame[frame["country"] != ""].groupby("how"):
        rows.append({"stated": "", "region": f"found by: {how}", **_quality(group)})
    return pd.DataFrame(rows)


def _quality(group: pd.DataFrame) -> dict[str, Any]:
    told = group[group["country"] != ""]
    right = told["country"] == told["label"]
    return {
        "strings": len(group),
        "papers": int(group["n"].sum()),
        "coverage": told["n"].sum() / group["n"].sum(),
        "accuracy": (right * told["n"]).sum() / told["n"].sum(),
        "accuracy_unweighted": right.mean(),
    }


def institutions() -> pd.DataFrame:
    """Organisations with ROR identifiers in the shape of the table `organisations`."""
    found: dict[str, dict[str, Any]] = {}
    for institution in _institutions():
        ror = str(institution.get("ror") or "").rsplit("/", 1)[-1]
        name = str(institution.get("display_name") or "").strip()
        if ror and name:
            found.setdefault(ror, {
                "organisation_id": f"ror:{ror}", "name": name,
                "country": institution.get("country_code"),
                "kind": _KINDS.get(str(institution.get("type"))), "other_names": "", "domain": "",
            })  # fmt: skip
    for path in sorted((RECORDED / "ror").glob("*.json")):
        answer = json.loads(path.read_bytes())  # of the search engine behind the register
        dump = json.dumps([hit["_source"] for hit in answer["hits"]["hits"]]).encode()
        for record in records("ror", f"file:{path.name}", dump):
            if isinstance(record, Record):
                found[record.data["ror"]] = record.data
    columns = ["organisation_id", "name", "country", "kind", "other_names", "domain"]
    return pd.DataFrame([found[ror] for ror in sorted(found)])[columns]


def _institutions() -> Iterator[dict[str, Any]]:
    pages = []
    for path in sorted(WORKS.glob("*/works_1.zip")):
        with zipfile.ZipFile(path) as packed:
            names = [name for name in sorted(packed.namelist()) if name.endswith(".json")]
            pages += [json.loads(packed.read(name)) for name in names]
    saved = sorted((RECORDED / "openalex").glob("*.json"))
    pages += [json.loads(path.read_bytes()) for path in saved]
    for page in pages:
        works = page.get("results", []) if isinstance(page, dict) else page
        for work in works if isinstance(works, list) else ():
            for authorship in work.get("authorships") or ():
                yield from authorship.get("institutions") or ()


def gold() -> pd.DataFrame:
    """Strings of the publisher with their ROR identifiers."""
    rows = json.loads(gzip.decompress(GOLD.read_bytes()))
    return pd.DataFrame({
        "text": [row["affiliation"] for row in rows],
        "ids": [{f"ror:{one.rsplit('/', 1)[-1]}" for one in row["ror_ids"]} for row in rows],
    })  # fmt: skip


def baseline(texts: list[str], table: pd.DataFrame) -> list[str]:
    """Identifier of the longest name whose folded words stand in each text; empty for none."""
    names: dict[str, str] = {}
    for identifier, name, others in zip(
        table["organisation_id"], table["name"], table["other_names"], strict=True
    ):
        for one in (name, *str(others or "").split(" | ")):
            if one:
                names.setdefault(fold(one), identifier)
    found = []
    for text in texts:
        words = fold(text).split()
        runs = (
            " ".join(words[at : at + size])
            for size in range(min(15, len(words)), 0, -1)
            for at in range(len(words) - size + 1)
        )
        found.append(next((names[run] for run in runs if run in names), ""))
    return found


def identifier_quality(answers: list[str], ids: list[set[str]], known: set[str]) -> dict[str, Any]:
    """Precision, recall and F1 of identifiers, and the share of strings without one told so.

    Args:
        answers: identifier given per string; empty for none.
        ids: identifiers that are right per string.
        known: all identifiers of the index; others cannot be found, and count as no match.
    """
    wanted = [one & known for one in ids]
    right = sum(answer in one for answer, one in zip(answers, wanted, strict=True))
    given = sum(bool(answer) for answer in answers)
    findable = sum(bool(one) for one in wanted)
    silent = sum(not answer for answer, one in zip(answers, wanted, strict=True) if not one)
    precision, recall = right / given, right / findable
    return {
        "strings": len(ids), "findable": findable, "precision": precision, "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "no_match_told": silent / (len(ids) - findable),
    }  # fmt: skip


def compare() -> pd.DataFrame:
    """Quality of identifiers: ours beside the baseline, on the same strings and the same index."""
    table, frame = institutions(), gold()
    known = set(table["organisation_id"])
    found = resolve(frame["text"], Index.build(table))
    ours = [one if one.startswith("ror:") else "" for one in found["id"]]
    plain = baseline(frame["text"].tolist(), table)
    ids = frame["ids"].tolist()
    return pd.DataFrame([
        {"method": "resolver", **identifier_quality(ours, ids, known)},
        {"method": "longest name in the string", **identifier_quality(plain, ids, known)},
    ])  # fmt: skip


def main(arguments: list[str]) -> int:
    """Print both tables."""
    if not LABELS.exists() or not GOLD.exists():
        print(f"the data sets of others are not there: {SHARED}", file=sys.stderr)
        return 2
    tune = "--tune" in arguments
    print(f"Countries, {'tuned' if tune else 'held-out'} half of the strings")
    print(country_quality(labelled(tune=tune)).round(4).to_string(index=False))
    print("\nROR identifiers")
    print(compare().round(4).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
