"""The link stage: core tables in; candidates, links and their quality out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gapstudy.link import assessment, code, ends, npl, rows, teams
from gapstudy.link.corpus import Corpus
from gapstudy.link.judging import Judging
from gapstudy.link.score import Linker
from gapstudy.link.training import CHOSEN, missed_by_followup
from gapstudy.parts import Parts
from gapstudy.store import database
from gapstudy.tables import contract
from gapstudy.tables.link import FEATURE_MEANINGS

if TYPE_CHECKING:
    import pyarrow as arrow

    from gapstudy.store import Store
    from gapstudy.study import Study

READS = (
    "papers", "paper_affiliations", "products", "product_references", "patents", "patent_parties",
    "patent_citations", "followups", "labelled_pairs", "same_as",
)  # fmt: skip
#: Libraries whose release changes features or what is kept between runs.
_LIBRARIES = ("duckdb", "numpy", "pandas", "pyarrow", "rapidfuzz", "spacy", "wordfreq", "wordllama")


def run(store: Store, study: Study) -> None:
    """Find candidates, fit and judge the model, write links and what they rest on.

    Raises:
        FitError: too few labelled pairs for a model.
    """
    folder = store.folder / "parts" / "link"
    # One thread: the order of sums, and so the last bits of a probability, never changes.
    with (
        threadpool_limits(limits=1),
        store.scratch("link") as spill,
        database(spill, memory="1500MB") as base,
    ):
        linker = learn(store, study, folder / "vectors")
        corpus = Corpus(
            Parts(folder / "segments", _version(study)), linker.settings, study.engine,
            study.workers,
        )  # fmt: skip
        files = {name: store.path(name) for name in READS}
        papers, targets = rows.papers(base, files), rows.targets(base, files)
        corpus.search(papers, targets)
        judging = Judging(corpus, linker, papers, targets, study.linking)
        store.write_batches("link_candidates", _batches(judging))
        links = judging.links()
        store.write("links", links)
        wanted = set(linker.facts.labels["paper_id"]) | set(linker.facts.followups["paper_id"])
        core = {
            "papers": store.read("papers", only=("paper_id", wanted)),
            "paper_affiliations": store.read("paper_affiliations", only=("paper_id", wanted)),
        }
        found = pd.concat(judging.known or [pd.DataFrame(columns=[*ends.KEY, "found_by"])])
        for name, frame in assessment.tables(linker, core, found, links, study).items():
            store.write(name, frame)
        store.write("out_link_model", assessment.rounded(_model(linker)))
        _others(store)


def learn(store: Store, study: Study, cache: Path | None = None) -> Linker:
    """The linker of a study, from the rows that labels and the follow-up know.

    Args:
        store: its tables.
        study: the study.
        cache: folder that keeps vectors of texts.

    Raises:
        FitError: too few labelled pairs for a model.
        StoreError: a table has not been made.
    """
    labels, followups = store.read("labelled_pairs"), store.read("followups")
    frames = store.read("papers", ["paper_id", "frame"])
    wanted = {
        *labels["paper_id"], *followups["paper_id"],
        *frames.loc[frames["frame"] == CHOSEN, "paper_id"],
    }  # fmt: skip
    named = {
        kind: set(labels.loc[labels["target_type"] == kind, "target_id"])
        for kind in ("product", "patent")
    }
    named["product"] |= set(followups["product_id"].dropna())
    tables = {
        "labelled_pairs": labels,
        "followups": followups,
        "papers": store.read("papers", only=("paper_id", wanted)),
        "paper_affiliations": store.read("paper_affiliations", only=("paper_id", wanted)),
        "products": store.read("products", only=("product_id", named["product"])),
        "patents": store.read("patents", only=("patent_id", named["patent"])),
        "patent_parties": store.read("patent_parties", only=("patent_id", named["patent"])),
    }
    return Linker.train(tables, study, cache)


def _batches(judging: Judging) -> Iterator[arrow.Table]:
    import pyarrow as arrow

    schema = contract("link_candidates").arrow_schema()
    for frame in judging.batches():
        yield arrow.Table.from_pandas(frame, schema=schema, preserve_index=False)


def _others(store: Store) -> None:
    """Ties of other kinds: citations by patents, teams, repositories and models."""
    papers = store.read("papers")
    places = store.read("paper_affiliations")
    products = store.read("products")
    patents, parties = store.read("patents"), store.read("patent_parties")
    made = ends.papers(papers, places)
    full = made.assign(
        **{name: papers[name].to_numpy() for name in ("venue", "venue_year", "archive_ref")}
    )
    store.write("patent_paper_citations", npl.link(store.read("patent_citations"), full))
    store.write("patent_paper_pairs", teams.pairs(papers, patents, parties, places))
    store.write(
        "paper_artifacts",
        code.artifacts(full, products, store.read("product_references"), store.read("same_as")),
    )


def _version(study: Study) -> str:
    """What features of a pair depend on beside the pair itself."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted([*package.glob("link/*.py"), *package.glob("organisations/**/*")]):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    digest.update(repr([(name, version(name)) for name in _LIBRARIES]).encode())
    digest.update(repr((study.linking.embedding, study.linking.language_model)).encode())
    return digest.hexdigest()[:24]


def _model(linker: Linker) -> pd.DataFrame:
    """Coefficients of the model and terms of its prior and calibration."""
    model = linker.model
    missed, judged = missed_by_followup(linker.facts)
    terms = [
        ("base", model.base, "log-odds of a pair whose features are all 0, as sampled"),
        ("prior-cohort", model.correction(linker.priors.cohort),
         f"prior correction for results not chosen by outcome: {linker.priors.cohort:.4f} of their "
         "candidates are links"),
        ("prior-chosen", model.correction(linker.priors.chosen),
         f"prior correction for results chosen by outcome: {linker.priors.chosen:.4f} of their "
         "candidates are links by labels, a lower bound"),
        ("followup_none_found", float(np.log(missed)),
         f"change for products of a result whose follow-up found none; it misses {missed:.3f} of "
         f"productised results, judged on {judged}"),
    ]  # fmt: skip
    terms += [
        (f"calibration-{name}", loss, f"cross-fitted log-loss of the calibration {name!r}"
         + (", the one in use" if name == model.calibrator_ else ""))
        for name, loss in model.losses_.items()
    ]  # fmt: skip
    features = pd.DataFrame(
        {
            "feature": list(model.features),
            "coefficient": model.coefficients_,
            "mean": model.mean_,
            "scale": model.scale_,
            "meaning": [FEATURE_MEANINGS[name] for name in model.features],
        }
    )
    others = pd.DataFrame(terms, columns=["feature", "coefficient", "meaning"])
    others = others.assign(mean=np.nan, scale=np.nan)
    return pd.concat([features, others[features.columns]], ignore_index=True).assign(split="fit")
