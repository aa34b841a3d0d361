"""The link stage: core tables in; candidates, links and their quality out."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gapstudy.link import assessment, ends, rows, ties
from gapstudy.link.corpus import Corpus
from gapstudy.link.judging import Judging
from gapstudy.link.score import Linker
from gapstudy.link.training import CHOSEN, missed_by_followup
from gapstudy.parts import Parts, digest
from gapstudy.store import database
from gapstudy.tables.link import FEATURE_MEANINGS
from gapstudy.tables.rounding import rounded

if TYPE_CHECKING:
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
        parts = Parts(folder / "segments", _version(study))
        linker = learn(store, study, folder / "vectors", parts)
        corpus = Corpus(parts, linker.settings, study.engine, study.workers)
        files = {name: store.path(name) for name in READS}
        papers, targets = rows.papers(base, files), rows.targets(base, files)
        corpus.search(papers, targets)
        judging = Judging(corpus, linker, papers, targets, study.linking)
        store.write_batches("link_candidates", judging.candidates())
        store.write_batches("links", judging.links())
        for name, frame in _quality(store, study, linker, judging).items():
            store.write(name, frame)
        found = ties.others(store.read)
        ways = study.engine, study.workers
        for name, frame in ties.find(parts, corpus.papers, papers.read, found, *ways).items():
            store.write(name, frame)


def learn(
    store: Store, study: Study, cache: Path | None = None, parts: Parts | None = None
) -> Linker:
    """The linker of a study, from the rows that labels and the follow-up know.

    Args:
        store: its tables.
        study: the study.
        cache: folder that keeps vectors of texts.
        parts: where the linker is kept for the next run that learns from the same rows.

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
    if parts is None:
        return Linker.train(tables, study, cache)
    name = digest(tables.values(), study.seed, study.linking, study.regions)
    return parts.once("linker", name, lambda: Linker.train(tables, study, cache))


def _quality(
    store: Store, study: Study, linker: Linker, judging: Judging
) -> dict[str, pd.DataFrame]:
    """How good the links are, from the rows that labels and the follow-up know, by table."""
    wanted = set(linker.facts.labels["paper_id"]) | set(linker.facts.followups["paper_id"])
    of_known = ("paper_id", wanted)
    core = {name: store.read(name, only=of_known) for name in ("papers", "paper_affiliations")}
    links = store.read("links", [*ends.KEY, "probability"], of_known)
    found = pd.concat(judging.known or [pd.DataFrame(columns=[*ends.KEY, "found_by"])])
    model = rounded(_model(linker), assessment.DECIMALS)
    rests_on = (model, found, links, *core.values(), linker.facts.labels, linker.facts.followups)
    name = digest(rests_on, study.seed, study.linking, study.regions, study.measurement)
    made = judging.corpus.parts.once(
        "quality", name, lambda: assessment.tables(linker, core, found, links, study)
    )
    return {**made, "out_link_model": model}


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
