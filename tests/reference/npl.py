"""Citations of patents: fit of the matching model, and how well fields and matches come out.

    python tests/reference/npl.py fit       coefficients of the matching model, fitted anew
    python tests/reference/npl.py match     precision and recall by threshold, on works not fitted
    python tests/reference/npl.py strings   real citation strings against papers they do not cite
    python tests/reference/npl.py fields    fields of real strings against what their DOIs tell
    python tests/reference/npl.py speed     strings a second; pairs looked at

The data are not part of the project; they are looked for in `../shared/reference` beside the
checkout: OpenAlex works (CC0) of the SYNERGY reviews, titles of conference papers (paperlists),
and citation strings with DOIs matched by PatCit (MIT). Citations for the fit are written by rule
from the metadata of works, with the faults that real ones have (`written`).
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link import _npl_model as model
from gapstudy.link import npl
from gapstudy.link._npl_pairs import candidates, folded
from gapstudy.link.citations import parse
from gapstudy.link.metrics import wilson

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
STRINGS = "patents/patcit/npl_doi_silver_dev.csv"
PAPERS = "papers/papers_dev.jsonl.gz"
WORKS = "papers/openalex_synergy"
SEED = 20261123
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
#: Shares of faults, near those read in 150 real strings (no title 0.09, no pages 0.09, no year
#: 0.03); wrong years, misread letters and broken-off strings are assumed.
NO_TITLE, NO_PAGES, NO_YEAR, WRONG_YEAR, MISREAD, BROKEN, ONE_WORD = (
    0.1,
    0.1,
    0.03,
    0.04,
    0.1,
    0.05,
    0.03,
)
Frame = pd.DataFrame


def works() -> Frame:
    """Works with a title and an author: papers with venue, volume and pages, ids `w0`, `w1`, ..."""
    rows: dict[str, dict[str, Any]] = {}
    for path in sorted((REFERENCE / WORKS).glob("*/works_1.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".json"):
                    page = json.loads(archive.read(name))
                    for work in page if isinstance(page, list) else page.get("results", []):
                        if work.get("title") and work["authorships"] and work["publication_year"]:
                            rows.setdefault(work["id"], work)
    made = [_work(work) for work in rows.values()]
    frame = pd.DataFrame(made).assign(paper_id=[f"w{at}" for at in range(len(made))])
    return frame.drop_duplicates("title").reset_index(drop=True)


def _work(work: dict[str, Any]) -> dict[str, str]:
    printed = work["biblio"]
    first, last = printed.get("first_page") or "", printed.get("last_page") or ""
    year = str(work["publication_year"])
    return {
        "title": re.sub(r"<[^>]+>", "", work["title"]), "doi": (work["doi"] or "").lower().replace(
            "https://doi.org/", ""),
        "date_from": f"{year}-01-01", "date_to": f"{year}-12-31",
        "people": ";".join(who["author"]["display_name"] or "" for who in work["authorships"]),
        "venue": (work.get("host_venue") or {}).get("display_name") or "",
        "volume": printed.get("volume") or "", "issue": printed.get("issue") or "",
        "pages": f"{first}-{last}" if last else first, "arxiv_id": "",
    }  # fmt: skip


def conference_papers() -> Frame:
    """Titles, years and venues of conference papers, ids `p0`, `p1`, ..., with their own ids."""
    rows = []
    with gzip.open(REFERENCE / PAPERS, "rt", encoding="utf-8") as lines:
        for at, line in enumerate(lines):
            paper = json.loads(line)
            year = paper["year"]
            doi = re.sub(r"^https?://(?:dx\.)?doi\.org/", "", (paper.get("doi") or "").lower())
            rows.append({
                "paper_id": f"p{at}", "title": paper.get("title") or "", "doi": doi, "arxiv_id": "",
                "date_from": f"{year}-01-01", "date_to": f"{year}-12-31", "people": "",
                "venue": paper["venue"], "volume": "", "issue": "", "pages": "",
                "own_id": str(paper.get("id") or ""),
            })  # fmt: skip
    return pd.DataFrame(rows)


def written(papers: Frame, rng: np.random.Generator) -> list[str]:
    """One citation string per paper, in the styles and with the faults of patents."""
    return [_written(paper, rng) for paper in papers.to_dict("records")]


def _written(paper: dict[Any, Any], rng: np.random.Generator) -> str:
    def chance(share: float) -> bool:
        return bool(rng.random() < share)

    last = [name.split()[-1] for name in paper["people"].split(";") if name.split()] or ["Anon"]
    title = "" if chance(NO_TITLE) else _misread(paper["title"], rng)
    words = title.split()
    if len(words) > 4 and chance(ONE_WORD):
        words.pop(int(rng.integers(len(words))))
        title = " ".join(words)
    year = int(paper["date_from"][:4]) + (int(rng.choice([-1, 1])) if chance(WRONG_YEAR) else 0)
    when = "" if chance(NO_YEAR) else str(year)
    volume = paper["volume"] if not chance(0.1) else ""
    pages = "" if chance(NO_PAGES) else paper["pages"]
    journal = paper["venue"]
    if chance(0.4):
        journal = " ".join(
            word if len(word) < 6 else f"{word[:4]}." for word in journal.split()
            if word not in {"of", "the", "and"}
        )  # fmt: skip
    style = int(rng.integers(6))
    et_al = " et al." if len(last) > 1 else ""
    if style == 0:
        body = f'{last[0]}{et_al}, "{title}," ' if title else f"{last[0]}{et_al}, "
        body += f"{journal}" + (f", vol. {volume}" if volume else "")
        body += (f", pp. {pages}" if pages else "") + (f" ({when})" if when else "") + "."
    elif style == 1:
        body = f"{last[0].upper()} A ET AL" + (f": '{title}', " if title else "., ")
        body += journal.upper() + (f", vol. {volume}" if volume else "")
        body += f", {when} ({when}-01-01)" if when else ""
        body += f", pages {pages.replace('-', ' - ')}" if pages else ""
        body += f", XP{int(rng.integers(10**8)):09d}"
    elif style == 2:
        body = f"{last[0]} AB{et_al} {title}. {journal}. {when}"
        body += f";{volume}:{pages}." if volume and pages else "."
    elif style == 3:
        body = f"{last[0]}, A.{et_al} ({when or 'n.d.'}) {title}, {journal} "
        body += f"{volume}:{pages}" if volume and pages else volume
    elif style == 4:
        month = MONTHS[int(rng.integers(12))]
        body = f"{last[0]}{et_al}, {title}, {journal}, " + (f"vol. {volume}, " if volume else "")
        body += f"{month}. {when}" + (f", pp. {pages}." if pages else ".")
    else:
        body = f'{last[0]}, A., "{title}", {journal}' + (f" {volume}" if volume else "")
        body += f", {pages}" if pages else ""
        body += f", {when}" if when else ""
    if chance(0.04) and paper["doi"]:
        body += f" doi: {paper['doi']}"
    return body[: int(len(body) * rng.uniform(0.5, 0.9))] if chance(BROKEN) else body


def _misread(text: str, rng: np.random.Generator) -> str:
    if rng.random() >= MISREAD or len(text) < 5:
        return text
    letters = list(text)
    for _ in range(int(rng.integers(1, 4))):
        letters[int(rng.integers(len(letters)))] = "il1oea"[int(rng.integers(6))]
    return "".join(letters)


def described(cited: Frame, strings: list[str], papers: Frame) -> tuple[Frame, Any, Any]:
    """Agreements of all candidate pairs, and the rows and columns of the pairs."""
    cited = cited.assign(text=[strings[row] for row in cited["row"]])
    titles = [folded(title) for title in cited["title"]]
    known = [folded(title) for title in papers["title"]]
    rows, columns = candidates(cited, papers, titles, known)
    return model.agreements(cited, papers, titles, known, rows, columns), rows, columns


def world(half: int) -> tuple[Frame, Frame, list[str]]:
    """Cited works of one half, the papers searched, and the citation strings.

    Every second cited work is not among the papers searched. Half of the works there have no
    people, volume and pages, as papers of many sources.
    """
    rng = np.random.default_rng([SEED, half])
    all_works = works()
    mine = all_works.iloc[half::2].reset_index(drop=True)
    strings = written(mine, rng)
    there = pd.concat([mine.iloc[::2], all_works.iloc[1 - half :: 2]], ignore_index=True)
    bare = rng.random(len(there)) < 0.5
    for name in ("people", "volume", "pages"):
        there[name] = there[name].mask(pd.Series(bare), "")
    return mine, pd.concat([there, conference_papers()], ignore_index=True).fillna(""), strings


def _parsed(strings: list[str]) -> Frame:
    return parse(strings).drop_duplicates("row").reset_index(drop=True)


def fit() -> dict[str, float]:
    """Weights of the model and `base`, fitted on the first half of the works."""
    from sklearn.linear_model import LogisticRegression

    mine, papers, strings = world(0)
    cited = _parsed(strings)
    seen, rows, columns = described(cited, strings, papers)
    truth = _truth(mine, papers, cited, rows, columns)
    names = [name for name in model.MEANINGS if "identifier" not in name]
    plain = (seen["identifier"] + seen["other_identifier"] == 0).to_numpy()
    data = seen.loc[plain, names].to_numpy()
    fitted = LogisticRegression(C=1.0, max_iter=2000, tol=1e-8).fit(data, truth[plain])
    weights = dict(zip(names, fitted.coef_[0].round(2).tolist(), strict=True))
    return {**weights, "base": round(float(fitted.intercept_[0]), 2)}


def _truth(mine: Frame, papers: Frame, cited: Frame, rows: Any, columns: Any) -> Any:
    wanted = mine["paper_id"].to_numpy()[cited["row"].to_numpy(int)][rows]
    return wanted == papers["paper_id"].to_numpy()[columns]


def match() -> list[dict[str, float]]:
    """Precision, recall and coverage by threshold on the half of the works not fitted."""
    mine, papers, strings = world(1)
    cited = _parsed(strings)
    seen, rows, columns = described(cited, strings, papers)
    truth = _truth(mine, papers, cited, rows, columns)
    probability = model.probabilities(seen)
    there = int(mine["paper_id"].isin(papers["paper_id"]).sum())
    bins = pd.cut(probability, [0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0], include_lowest=True)
    table = pd.DataFrame({"bin": bins, "p": probability, "y": truth})
    table = table.groupby("bin", observed=True).mean()
    print(table.round(3).to_string(), f"ece {_ece(probability, truth):.4f}", sep="\n")
    print(f"{len(strings)} strings, {there} of them with their paper there, {len(rows)} pairs, "
          f"candidates hold {int(truth.sum())} of {there}")  # fmt: skip
    result = []
    for cut in (0.5, 0.8, 0.9, 0.95, 0.99):
        called = probability >= cut
        right, n = int((called & truth).sum()), int(called.sum())
        result.append({"threshold": cut, "n": n, "precision": right / n, "recall": right / there,
                       "low": wilson(right, n, 0.95)[0],
                       "high": wilson(right, n, 0.95)[1]})  # fmt: skip
    return result


def _ece(probability: Any, truth: Any) -> float:
    bins = np.minimum((probability * 10).astype(int), 9)
    parts = pd.DataFrame({"b": bins, "p": probability, "y": truth}).groupby("b")
    return float((parts.size() * (parts["p"].mean() - parts["y"].mean()).abs()).sum() / len(bins))


def real() -> Frame:
    """Real citation strings with the DOI that PatCit matched."""
    return pd.read_csv(REFERENCE / STRINGS, dtype=str)


def strings_against_others() -> Frame:
    """Links of real strings to the works and conference papers, most of which they do not cite."""
    frame = real()
    citations = pd.DataFrame({
        "patent_id": frame["npl_publn_id"], "place": "front_page", "position": 1,
        "text": frame["npl_biblio"], "arxiv_id": "", "doi": "",
    })  # fmt: skip
    papers = pd.concat([works(), conference_papers()], ignore_index=True).fillna("")
    found = npl.link(citations, papers)
    found = found.merge(frame, left_on="patent_id", right_on="npl_publn_id")
    return found.merge(papers[["paper_id", "title", "venue", "date_from", "doi", "own_id"]],
                       on="paper_id", suffixes=("", "_paper"))  # fmt: skip


#: What a DOI says of its paper, by the rules of some publishers.
TOLD = (
    re.compile(r"10\.1073/pnas\.(?P<volume>\d{2,3})\.(?P<issue>\d{1,2})\.(?P<page_first>\d+)$"),
    re.compile(r"10\.1126/science\.(?P<volume>\d{3})\.(?P<issue>\d{4})\.(?P<page_first>\d+)$"),
    re.compile(r"10\.1074/jbc\.(?P<volume>\d{3})\.(?P<issue>\d{1,2})\.(?P<page_first>\d+)$"),
    re.compile(r"10\.1083/jcb\.(?P<volume>\d{2,3})\.(?P<issue>\d)\.(?P<page_first>\d+)$"),
    re.compile(r"10\.1084/jem\.(?P<volume>\d{2,3})\.(?P<issue>\d{1,2})\.(?P<page_first>\d+)$"),
    re.compile(r"10\.4049/jimmunol\.(?P<volume>\d{3})\.(?P<issue>\d{1,2})\.(?P<page_first>\d+)$"),
    re.compile(r"10\.1103/phys\w+\.(?P<volume>\d{1,3})\.(?P<page_first>\d+)$"),
    re.compile(r"10\.1128/\w+\.(?P<volume>\d{1,3})\.(?P<issue>\d{1,2})\.(?P<page_first>\d+)-\d+\.(?P<year>\d{4})$"),
    re.compile(r"10\.1093/nar/(?P<volume>\d{1,2})\.(?P<issue>\d{1,2})\.(?P<page_first>\d+)$"),
    re.compile(r"10\.1364/(?:ol|ao|oe|josa\w?)\.(?P<volume>\d{1,2})\.0*(?P<page_first>\d+)$"),
    re.compile(r"10\.1016/[sb]?\d{4}-\d{3}[\dx]\((?P<yy>\d\d)\)\d{5}-[\dx]$"),
    re.compile(r"10\.1002/\(sici\)[\dx-]{9}\((?P<year>\d{4})\d{0,4}\)"),
    re.compile(r"10\.1210/\w+\.(?P<volume>\d{1,3})\.(?P<issue>\d{1,2})\.\d+$"),
    re.compile(r"10\.1042/bj(?P<volume>\d{7})$"),
    re.compile(r"10\.1242/\w+\.(?P<volume>\d{3})\.(?P<issue>\d{1,2})\.(?P<page_first>\d+)$"),
    re.compile(r"10\.1109/(?!ic(?:ip)?\.?\d)[a-z]{2,12}\.(?P<year>(?:19|20)\d\d)\.\d{4,}$"),
)  # fmt: skip


def fields() -> dict[str, tuple[int, int]]:
    """Per field: strings where the parsed value is the one that the DOI tells, and strings judged.

    Some publishers put volume, issue, first page or year into the DOI. Only strings that give the
    field in some place (as a number of its own) are judged, so that what is absent is no fault. A
    year that a DOI gives may be that of another version, so one year beside is right.
    """
    frame = real()
    parsed = _parsed(frame["npl_biblio"].tolist())
    counts: dict[str, tuple[int, int]] = {}
    for text, doi, one in zip(
        frame["npl_biblio"], frame["doi"], parsed.to_dict("records"), strict=True
    ):
        told = next((hit.groupdict() for rule in TOLD if (hit := rule.match(doi))), {})
        for name, value in told.items():
            if name == "yy":
                name, value = "year", ("19" if value > "30" else "20") + value
            if name == "year":
                near = {str(int(value) + step) for step in (-1, 0, 1)}
                shown = any(re.search(rf"(?<!\d){year}(?!\d)", text) for year in near)
                right = str(one["year"]) in near
            else:
                shown = re.search(rf"(?<!\d){value.lstrip('0')}(?!\d)", text) is not None
                right = str(one[name]).lstrip("0") == value.lstrip("0")
            if shown:
                good, n = counts.get(name, (0, 0))
                counts[name] = (good + right, n + 1)
    return counts


def speed() -> dict[str, float]:
    """Strings parsed and matched a second, on real strings with two words changed each."""
    rng = np.random.default_rng(SEED)
    papers = conference_papers()
    texts = real()["npl_biblio"].tolist()
    vocabulary = " ".join(papers["title"].iloc[:3000]).split()
    changed = []
    for _ in range(15):
        for text in texts:
            words = text.split()
            for _ in range(2):
                words[int(rng.integers(len(words)))] = str(rng.choice(vocabulary))
            changed.append(" ".join(words))
    start = time.process_time()
    parse(changed)
    parsing = time.process_time() - start
    citations = pd.DataFrame({
        "patent_id": [str(at) for at in range(len(changed))], "place": "front_page",
        "position": 1, "text": changed, "arxiv_id": "", "doi": "",
    })  # fmt: skip
    start = time.process_time()
    found = npl.link(citations, papers)
    linking = time.process_time() - start
    return {"strings": len(changed), "parsed_per_second": round(len(changed) / parsing),
            "link_seconds": round(linking, 1), "papers": len(papers),
            "links": len(found)}  # fmt: skip


def main(what: list[str]) -> int:
    """Print what is asked for; 2 where the data are not there."""
    if not (REFERENCE / STRINGS).exists():
        print(f"{REFERENCE / STRINGS} is not there", file=sys.stderr)
        return 2
    asked = what[0] if what else "fields"
    if asked == "fit":
        print(json.dumps(fit(), indent=1))
    elif asked == "match":
        print(pd.DataFrame(match()).round(4).to_string(index=False))
    elif asked == "strings":
        found = strings_against_others()
        shown = ["probability", "title", "title_paper", "year", "date_from", "doi", "own_id"]
        print(found[shown].sort_values("probability", ascending=False).to_string())
    elif asked == "fields":
        for name, (right, n) in sorted(fields().items()):
            low, high = wilson(right, n, 0.95)
            print(f"{name:11s} {right}/{n} {right / n:.3f} ({low:.3f}, {high:.3f})")
    elif asked == "speed":
        print(json.dumps(speed()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
