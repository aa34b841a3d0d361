"""The two floors of the link stage, ours beside them, and two public tools.

    python -m benchmarks.link_floors PAPERS PRODUCTS [--threads N] [--minilm TEXTS] [--skip NAME]

Texts of `benchmarks.link_texts` are made in a temporary folder. Each measure is a process of its
own, one at a time: wall and processor seconds of the work, without imports and loading, and the
peak of its memory. The floors are embedding all texts with wordllama as its library does, and exact
matching with numpy alone (blocks of products; the 8 best of each paper by argpartition, the 3 best
of each product by partition). An index is judged by its share of the true 8 nearest. Nothing is
asserted.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks import link_texts

RESULTS = Path(__file__).resolve().parent / "results"
PER_PAPER, PER_PRODUCT, ROWS = 8, 3, 2048
#: Most papers whose neighbours by TF-IDF are sought.
ASKED = 20_000
Found = dict[str, Any]


def _texts(folder: Path, side: str) -> list[str]:
    columns = ["title", "abstract"] if side == "papers" else ["name", "feature", "description"]
    frame = pd.read_parquet(folder / side, columns=columns)
    joined = frame[columns[0]]
    for column in columns[1:]:
        joined = joined + ". " + frame[column]
    return list(joined)


def _both(folder: Path) -> list[str]:
    return _texts(folder, "papers") + _texts(folder, "products")


def _sides(folder: Path) -> list[Any]:
    return [np.load(folder / f"{side}.npy") for side in ("papers", "products")]


def _timed(work: Callable[[], Any]) -> tuple[Found, Any]:
    wall, busy = time.perf_counter(), time.process_time()
    result = work()
    return {
        "seconds": time.perf_counter() - wall, "processor": time.process_time() - busy
    }, result  # fmt: skip


def library(folder: Path) -> Found:
    """Floor: wordllama's own embedding of all texts."""
    import wordllama

    model = wordllama.WordLlama.load(
        cache_dir=Path(wordllama.__file__).parent, disable_download=True
    )
    texts = _both(folder)
    spent, _ = _timed(lambda: model.embed(texts, norm=True))
    return spent | {"texts": len(texts)}


def ours_embed(folder: Path) -> Found:
    """`vectors` with an empty cache."""
    from gapstudy.link.embed import vectors

    vectors(["load"])
    texts = _both(folder)
    spent, made = _timed(lambda: vectors(texts, cache=folder / "cache"))
    papers = len(_texts(folder, "papers"))
    np.save(folder / "papers.npy", made[:papers])
    np.save(folder / "products.npy", made[papers:])
    return spent | {"texts": len(texts)}


def ours_again(folder: Path) -> Found:
    """`vectors` of the same texts again, in a new process."""
    from gapstudy.link.embed import vectors

    texts = _both(folder)
    spent, made = _timed(lambda: vectors(texts, cache=folder / "cache"))
    same = bool((made == np.concatenate(_sides(folder))).all())
    return spent | {"texts": len(texts), "same": same}


def numpy_alone(folder: Path) -> Found:
    """Floor: exact matching in blocks with numpy, 8 per paper and 3 per product."""
    papers, products = _sides(folder)

    def work() -> Any:
        best = np.empty((len(papers), PER_PAPER), dtype=np.int64)
        top = np.full((PER_PRODUCT, len(products)), -1, dtype=np.float32)
        whose = np.zeros(top.shape, dtype=np.int64)
        for start in range(0, len(papers), ROWS):
            near = papers[start : start + ROWS] @ products.T
            best[start : start + ROWS] = np.argpartition(near, -PER_PAPER, axis=1)[:, -PER_PAPER:]
            high = np.argpartition(near, -PER_PRODUCT, axis=0)[-PER_PRODUCT:]
            both = np.concatenate([top, np.take_along_axis(near, high, axis=0)])
            names = np.concatenate([whose, high + start])
            kept = np.argpartition(both, -PER_PRODUCT, axis=0)[-PER_PRODUCT:]
            top = np.take_along_axis(both, kept, axis=0)
            whose = np.take_along_axis(names, kept, axis=0)
        return best, whose

    return _timed(work)[0]


def ours_search(folder: Path) -> Found:
    """`search.nearest`, the same in both directions, ordered and with cosines."""
    from gapstudy.link.search import nearest

    papers, products = _sides(folder)
    spent, found = _timed(lambda: nearest(papers, products, PER_PAPER, PER_PRODUCT))
    np.save(folder / "nearest.npy", np.stack([found.of_left.rows, found.of_left.columns]))
    return spent | {"pairs": len(found.of_left.rows) + len(found.of_right.rows)}


def ours_one_way(folder: Path) -> Found:
    """`search.nearest` for papers only, to compare with an index."""
    from gapstudy.link.search import nearest

    papers, products = _sides(folder)
    return _timed(lambda: nearest(papers, products, PER_PAPER, 0))[0]


def hnsw(folder: Path, threads: int) -> Found:
    """usearch: an index of the products, built and asked for 8 per paper."""
    from usearch.index import Index

    papers, products = _sides(folder)

    def work() -> Any:
        index = Index(ndim=products.shape[1], metric="cos", dtype="f32")
        index.add(np.arange(len(products)), products, threads=threads)
        return index.search(papers, PER_PAPER, threads=threads).keys

    spent, keys = _timed(work)
    truth = {(row, column) for row, column in np.load(folder / "nearest.npy").T.tolist()}
    found = {(row, key) for row, line in enumerate(keys.tolist()) for key in line}
    return spent | {"recall": len(truth & found) / len(truth)}


def tfidf(folder: Path) -> Found:
    """scikit-learn: TF-IDF of all texts and brute-force neighbours, 8 per paper.

    Of more than `ASKED` papers that many, evenly spread, are asked for; each costs the same, so
    the whole is the time of the fit and that of the questions times papers / asked.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    papers, products = _texts(folder, "papers"), _texts(folder, "products")
    asked = papers[:: max(1, -(-len(papers) // ASKED))]

    def fit() -> Any:
        vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2)
        vectorizer.fit(papers + products)
        brute = NearestNeighbors(n_neighbors=PER_PAPER, metric="cosine", algorithm="brute")
        return vectorizer, brute.fit(vectorizer.transform(products))

    def ask() -> Any:
        return brute.kneighbors(vectorizer.transform(asked), return_distance=False)

    first, (vectorizer, brute) = _timed(fit)
    then, _ = _timed(ask)
    scale = len(papers) / max(len(asked), 1)
    whole = {kind: first[kind] + then[kind] * scale for kind in first}
    return whole | {"asked": len(asked), "fit_seconds": first["seconds"]}


def minilm(folder: Path, texts: int) -> Found:
    """`vectors` by MiniLM of the first papers."""
    from gapstudy.link.embed import vectors

    some = _texts(folder, "papers")[:texts]
    vectors(["load"], "minilm")
    return _timed(lambda: vectors(some, "minilm"))[0] | {"texts": len(some)}


MEASURES: dict[str, Callable[[Path], Found]] = {
    "library": library, "ours_embed": ours_embed, "ours_again": ours_again,
    "numpy_alone": numpy_alone, "ours_search": ours_search, "ours_one_way": ours_one_way,
    "tfidf": tfidf,
}  # fmt: skip
COMPARED = (
    ("ours_embed", "library"), ("ours_again", "ours_embed"), ("ours_again", "library"),
    ("ours_search", "numpy_alone"), ("ours_search", "tfidf"), ("hnsw", "ours_one_way"),
)  # fmt: skip


def _measured(name: str, folder: Path, threads: int, texts: int) -> None:
    """One measure in this process; prints what it found."""
    with threadpool_limits(threads):
        if name == "hnsw":
            found = hnsw(folder, threads)
        elif name == "minilm":
            found = minilm(folder, texts)
        else:
            found = MEASURES[name](folder)
    # Not ru_maxrss: that keeps the peak of the process that started this one.
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    found["peak_mb"] = int(peak.group(1)) / 1024 if peak else 0
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", type=int)
    parser.add_argument("products", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minilm", type=int, default=0, metavar="TEXTS")
    parser.add_argument("--skip", action="append", default=[], metavar="NAME")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        _measured(given.measure, given.folder, given.threads, given.minilm)
        return
    names = [*MEASURES, "hnsw", *(["minilm"] if given.minilm else [])]
    report: dict[str, Found] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        link_texts.make(folder, given.papers, given.products)
        for measure in [one for one in names if one not in given.skip]:
            words = [sys.executable, "-m", "benchmarks.link_floors", *sys.argv[1:],
                     "--measure", measure, "--folder", name]  # fmt: skip
            # Tokenising takes as many threads as everything else.
            threads = {"RAYON_NUM_THREADS": str(given.threads)}
            done = subprocess.run(
                words, env=os.environ | threads, check=True, stdout=subprocess.PIPE, text=True
            )
            report[measure] = json.loads(done.stdout.splitlines()[-1])
            print(f"{measure:<14} {json.dumps(report[measure])}", flush=True)
    ratios = {
        f"{one} / {other}": {
            kind: report[one][kind] / report[other][kind] for kind in ("seconds", "processor")
        }
        for one, other in COMPARED
        if one in report and other in report
    }
    for label, ratio in ratios.items():
        print(f"{label:<28} {ratio['seconds']:6.3f} {ratio['processor']:6.3f}")
    RESULTS.mkdir(exist_ok=True)
    whole = {"papers": given.papers, "products": given.products, "threads": given.threads,
             "measures": report, "ratios": ratios}  # fmt: skip
    path = RESULTS / f"link_floors_{given.papers}_{given.products}.json"
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
