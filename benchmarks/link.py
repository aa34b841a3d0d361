"""The link stage as a whole, beside the two floors that it cannot go below.

    python -m benchmarks.link PAPERS PRODUCTS [--more SHARE] [--no-floors] [--engine ENGINE]

A study is made in a temporary folder: the embedded corpus, which has the labels, joined by papers
and products of `benchmarks.link_texts`. Each run is a process of its own, measured with all its
children: wall and processor seconds, and the largest sum of proportional memory (PSS). First the
whole stage from nothing; then once more with nothing changed; then with a share more of new
products. The floors (`benchmarks.link_floors`) are wordllama's embedding alone and exact blocked
matching with numpy alone, on the same texts with two threads each; scikit-learn's TF-IDF with
brute-force neighbours, the common way, stands beside them. Nothing is asserted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import link_texts
from benchmarks.bulk import measured

RESULTS = Path(__file__).resolve().parent / "results"
FLOORS = ("library", "numpy_alone")
#: What a made row says of where it came from.
_FROM = {"source": "bench", "archive_ref": "bench"}


def _core(name: str, frame: pd.DataFrame) -> Any:
    """Rows in the contract of a core table; what is not given is empty, missing or the first."""
    import pyarrow as arrow

    from gapstudy.tables import contract

    table = contract(name)
    for column in table.columns:
        if column.name not in frame:
            first: Any = column.values[0] if column.values else ""
            first = {"bool": True, "int": 0, "float": 0.0}.get(column.kind, first)
            frame[column.name] = None if column.null else first
    schema = table.arrow_schema()
    return arrow.Table.from_pandas(frame[table.names], schema=schema, preserve_index=False)


def _day(frame: pd.DataFrame) -> dict[str, Any]:
    known = frame["date_from"].notna()
    first = frame["date_from"].fillna(pd.Timestamp("2020-01-01"))
    last = frame["date_to"].fillna(pd.Timestamp("2020-12-31"))
    return {
        "date": first.dt.strftime("%Y-%m-%d").where(known, "2020"),
        "date_precision": np.where(known, "day", "year"), "date_from": first, "date_to": last,
    }  # fmt: skip


def _papers(start: int, stop: int) -> dict[str, Any]:
    frame = link_texts.papers(start, stop)
    made = frame[["paper_id", "title", "abstract", "coined_name"]].assign(
        arxiv_id=frame["arxiv_id"].replace("", None), doi=frame["doi"].replace("", None),
        frame="feed", source_id=frame["paper_id"], **_day(frame), **_FROM,
    )  # fmt: skip
    places = frame[["paper_id"]].assign(
        organisation=frame["organisations"].str.split(";"),
        author_name=frame["people"].str.split(";"),
    )
    one = places.assign(organisation=places["organisation"].str[0], author_name="")
    named = places.assign(organisation="").explode("author_name")
    both = pd.concat([one, named]).sort_values("paper_id", kind="stable", ignore_index=True)
    position = both.groupby("paper_id").cumcount() + 1
    both = both.assign(position=position, region_basis="none", source_id="", **_FROM)
    return {
        "papers": _core("papers", made),
        "paper_affiliations": _core("paper_affiliations", both),
    }


def _products(start: int, stop: int, papers: int) -> Any:
    frame = link_texts.products(start, stop, max(papers, 1))
    made = frame[["name", "description", "category", "evidence", "website"]].assign(
        product_id=frame["target_id"], organisation=frame["organisations"],
        home_country=frame["country"].replace("", None), entry="feed", region_basis="none",
        country_rung="none", source_id=frame["target_id"], **_day(frame), **_FROM,
    )  # fmt: skip
    return _core("products", made)


def lay_out(folder: Path, papers: int, products: int) -> None:
    """A study with the embedded corpus and made papers and products in its core tables."""
    from gapstudy.pipeline import refresh
    from gapstudy.store import Store
    from gapstudy.study import Study
    from gapstudy.template import lay_out as begin

    begin(folder)
    refresh(Study.load(folder), until="normalise")
    parts: dict[str, list[Any]] = {}
    for start in range(0, papers, link_texts.PART):
        for name, rows in _papers(*_span(start, papers)).items():
            parts.setdefault(name, []).append(rows)
    for start in range(0, products, link_texts.PART):
        parts.setdefault("products", []).append(_products(*_span(start, products), papers))
    for name, tables in parts.items():
        _add(Store(folder), name, tables)


def more_products(folder: Path, start: int, stop: int, papers: int) -> None:
    """Further products, number `start` to `stop`."""
    from gapstudy.store import Store

    _add(Store(folder), "products", [_products(start, stop, papers)])


def _span(start: int, end: int) -> tuple[int, int]:
    return start, min(start + link_texts.PART, end)


def _add(store: Any, name: str, tables: list[Any]) -> None:
    """Rows beside those that a table has, all sorted by its key."""
    import pyarrow as arrow
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    from gapstudy.tables import contract

    whole = arrow.concat_tables([parquet.read_table(store.path(name)), *tables])
    order = compute.sort_indices(whole, [(key, "ascending") for key in contract(name).key])
    # Taken by portions: the texts of all rows together are longer than one column may be.
    step = link_texts.PART
    store.write_batches(
        name, (whole.take(order.slice(at, step)) for at in range(0, len(whole), step))
    )


def run(folder: Path, engine: str) -> None:
    """The link stage of a study, as it stands."""
    from gapstudy.link import run as link
    from gapstudy.store import Store
    from gapstudy.study import Study

    study = Study.load(folder)
    link.run(Store(folder), study.model_copy(update={"engine": engine}))


def command(folder: Path, engine: str) -> list[str]:
    """What starts the link stage of a study in a process of its own, from the project's root."""
    module = [sys.executable, "-m", "benchmarks.link", "0", "0"]
    return [*module, "--engine", engine, "--run", str(folder)]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.link", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("papers", type=int)
    parser.add_argument("products", type=int)
    parser.add_argument("--more", type=float, default=0.01)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--no-floors", action="store_true")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run(given.run, given.engine)
        return
    report: dict[str, Any] = {"papers": given.papers, "products": given.products}
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as name:
        study = Path(name) / "study"
        lay_out(study, given.papers, given.products)
        for label in ("first", "again", "more"):
            if label == "more":
                stop = given.products + round(given.products * given.more)
                more_products(study, given.products, stop, given.papers)
            seconds, processor, peak = measured(command(study, given.engine), root)
            report[label] = {"seconds": seconds, "processor": processor, "peak_mb": peak}
            print(f"{label:<8} {seconds:9.1f} s {processor:9.1f} s busy {peak:8.0f} MB", flush=True)
        if not given.no_floors:
            report["floors"] = floors(given.papers, given.products)
            whole = sum(report["floors"][floor]["seconds"] for floor in FLOORS)
            print(f"first / floors (at most 1.5): {report['first']['seconds'] / whole:.2f}")
            other = report["floors"]["tfidf"]["seconds"]
            print(f"first / TF-IDF by brute force: {report['first']['seconds'] / other:.2f}")
    for label, most in (("again", 0.2), ("more", 0.05)):
        share = report[label]["seconds"] / report["first"]["seconds"]
        print(f"{label} / first (at most {most}): {share:.3f}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"link_{given.papers}_{given.products}.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def floors(papers: int, products: int) -> dict[str, Any]:
    """The two floors and TF-IDF on the same texts, each in a process of its own, two threads."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        link_texts.make(folder, papers, products)
        for measure in ("library", "ours_embed", "numpy_alone", "tfidf"):
            words = [sys.executable, "-m", "benchmarks.link_floors", str(papers), str(products),
                     "--threads", "2", "--measure", measure, "--folder", name]  # fmt: skip
            done = subprocess.run(
                words, env=os.environ | {"RAYON_NUM_THREADS": "2"}, check=True,
                stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            if measure != "ours_embed":  # it makes the vectors for the floor of matching
                found[measure] = json.loads(done.stdout.splitlines()[-1])
                print(f"{measure:<14} {json.dumps(found[measure])}", flush=True)
    return found


if __name__ == "__main__":
    main()
