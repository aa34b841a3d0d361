"""Scoring a labelled file of pairs with the study's linker, and saying how good it is on them.

Nothing is learnt from the file: the model, its prior and the cuts of the simple ways come from the
study's own labelled pairs. See docs/linking.md for the columns and for what is returned.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.errors import StudyError, UsageError
from gapstudy.publish.escape import csv_text
from gapstudy.store import Store, write_bytes

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from gapstudy.link.labelled import Labelled
    from gapstudy.link.quality import Rules, Sample
    from gapstudy.link.score import Linker
    from gapstudy.study import Study

_OWN_STREAM = 8  # of the study's seed: the bootstrap of a labelled file
#: Numbers drawn in all: a large file gets fewer resamples, but never fewer than the least.
_MOST_DRAWN, _LEAST_RESAMPLES = 4_000_000, 100
#: Texts that MiniLM is asked for at most: it reads about thirty abstracts a second.
_MOST_MINILM = 4000
#: Problems that are shown one by one.
_SHOWN = 20
ADDED = ("probability", "link_type")


@dataclass(frozen=True)
class Evaluation:
    """What the linker says about a labelled file.

    Attributes:
        report: everything that `--json` prints.
        scored: the file with probability and link type added, as CSV.
    """

    report: dict[str, Any]
    scored: bytes

    @property
    def left_out(self) -> int:
        """Rows that could not be measured."""
        return int(self.report["left_out"])


def evaluate_links(path: Path, study: Study, prevalence: float | None = None) -> Evaluation:
    """Score a labelled file and measure the scores.

    Args:
        path: the file.
        study: a study whose link step has run.
        prevalence: share of links to assume among the pairs; by default that of the labelled pairs
            that the model was fitted to.

    Raises:
        UsageError: the file cannot be read as labelled pairs, or the prevalence is no share.
        StoreError: the link step has not run.
    """
    if prevalence is not None and not 0.0 < prevalence < 1.0:
        raise UsageError(
            f"a prevalence of {prevalence:g} is no share of links",
            remedy="Give one between 0 and 1, such as 0.01",
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read: {error.strerror}", where=str(path)) from error
    from gapstudy.link import labelled

    pairs = labelled.read(data, str(path))
    linker = _linker(study)
    return _evaluation(pairs, linker, study, path.name, prevalence)


def write_scored(made: Evaluation, to: Path, source: Path) -> None:
    """Write the scored file.

    Args:
        made: the evaluation.
        to: where to.
        source: the labelled file, which is never overwritten.

    Raises:
        UsageError: the place cannot be written to, or is the labelled file itself.
    """
    if to.resolve() == source.resolve():
        raise UsageError("the labelled file is not overwritten", where=str(to),
                         remedy="Give another name")  # fmt: skip
    if not to.parent.is_dir():
        raise UsageError("there is no such folder", where=str(to.parent), remedy="Make it first")
    write_bytes(to, made.scored)


def opening(report: dict[str, Any]) -> str:
    """What was measured on, in one line."""
    return (
        f"{report['used']} of {report['rows']} pairs, {report['links']} links, of "
        f"{report['product_organisations']} product organisations; assumed share of links "
        f"{report['prevalence']:.3g}; called a link from {report['threshold']:g}"
    )


def told(report: dict[str, Any]) -> list[str]:
    """Problems and notes in words, the first problems with their place and then their number."""
    problems = report["problems"]
    lines = [
        f"{report['file']}, line {problem['line']}"
        + (f", column {problem['column']}" if problem["column"] else "")
        + f": {problem['what']}"
        for problem in problems[:_SHOWN]
    ]
    if len(problems) > _SHOWN:
        lines.append(f"and {len(problems) - _SHOWN} more problems; --json lists them all")
    if report["left_out"]:
        lines.append(f"{report['left_out']} of {report['rows']} rows are left out of the measures")
    return lines + list(report["notes"])


def _linker(study: Study) -> Linker:
    """The linker of a study, from its tables."""
    from threadpoolctl import threadpool_limits

    from gapstudy.link.run import learn

    store = Store(study.root)
    store.read("links", ["paper_id"])  # says what to do when the link step has not run
    # One thread, as in the link step: the same probabilities to the last bit. Vectors are not kept,
    # so that nothing of the file stays in the study.
    with threadpool_limits(limits=1):
        return learn(store, study)


def _evaluation(
    pairs: Labelled, linker: Linker, study: Study, name: str, prevalence: float | None
) -> Evaluation:
    import numpy as np

    from gapstudy.link import baselines, evaluate, labelled, quality
    from gapstudy.link.features import PaperSide, TargetSide
    from gapstudy.link.score import described_pairs
    from gapstudy.link.texts import paper_texts, target_texts

    left = PaperSide.build(pairs.papers, linker.settings)
    right = TargetSide.build(pairs.targets, linker.settings)
    described = described_pairs(left, right, pairs.rows, pairs.columns)
    probability = linker.judge(described, prevalence, reasons=False)["probability"].to_numpy()
    kinds = baselines.link_types(described)
    texts = (paper_texts(left.frame), target_texts(right.frame))
    scores = {
        quality.MODEL: probability,
        **baselines.scores(
            described, texts, (left.vectors, right.vectors), pairs.rows, pairs.columns
        ),
    }
    cuts = evaluate.cuts(linker, study)
    notes = labelled.notes(pairs)
    near = _minilm(texts, notes)
    if near is not None:
        scores["minilm_top1"] = baselines.embedding(*near, pairs.rows, pairs.columns)[1]
        cuts["minilm_top1"] = 1.0
    product_regions, paper_regions = _regions(pairs, study, notes)
    used = ~np.isnan(pairs.truth)
    rules = _rules(study, int(used.sum()))
    sample = quality.Sample(
        pairs.truth[used],
        _clusters(right, pairs)[used].tolist(),
        {method: score[used] for method, score in scores.items()},
        cuts,
        {
            "region": product_regions[used].tolist(),
            "paper_region": paper_regions[used].tolist(),
            "link_type": kinds[used].tolist(),
        },
    )
    prior = linker.model.sampled_ if prevalence is None else prevalence
    head = {
        "file": name, "rows": len(pairs.cells), "used": int(used.sum()),
        "left_out": int((~used).sum()), "links": int(sample.truth.sum()),
        "papers": len(pairs.papers), "products": len(pairs.targets),
        "product_organisations": len(set(sample.cluster)), "prevalence": prior,
        "threshold": study.linking.threshold, "confidence": rules.confidence,
        "resamples": rules.bootstrap, "fitted_pairs": len(linker.learnt.fitted),
    }  # fmt: skip
    told = [vars(problem) for problem in pairs.problems]
    report = {**head, "problems": told, "notes": notes, **_measures(sample, rules)}
    report["scored"] = [
        {"line": line, "probability": float(value), "link_type": str(kind),
         "label": None if math.isnan(truth) else int(truth)}
        for line, value, kind, truth in zip(
            pairs.lines, probability, kinds, pairs.truth, strict=True
        )
    ]  # fmt: skip
    return Evaluation(_plain(report), _scored(pairs, probability, kinds))


def _minilm(texts: tuple[list[str], list[str]], notes: list[str]) -> tuple[Any, Any] | None:
    """MiniLM vectors of both ends; none, with a note, where they cannot be had."""
    from gapstudy.link import embed

    if sum(map(len, texts)) > _MOST_MINILM:
        notes.append(f"minilm_top1 is not among the baselines: more than {_MOST_MINILM} texts")
        return None
    try:
        return embed.vectors(texts[0], "minilm"), embed.vectors(texts[1], "minilm")
    except StudyError as error:
        notes.append(f"minilm_top1 is not among the baselines: {error.what}")
        return None


def _rules(study: Study, rows: int) -> Rules:
    from gapstudy.link.quality import Rules

    fewer = max(_LEAST_RESAMPLES, _MOST_DRAWN // max(rows, 1))
    measurement = study.measurement
    return Rules(
        min(measurement.bootstrap, fewer), measurement.confidence, (study.seed, _OWN_STREAM)
    )


def _clusters(targets: Any, pairs: Labelled) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Organisation of each pair's product; that of one without any is the product itself."""
    import numpy as np

    from gapstudy.link.training import clusters

    made = clusters(targets.frame, targets.organisations)["cluster"]
    return np.asarray(made.to_numpy(dtype=object)[pairs.columns], dtype=object)


def _regions(
    pairs: Labelled, study: Study, notes: list[str]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Region of each pair's product organisation, and of its paper's organisations."""
    import numpy as np

    products = _region_names(pairs.targets, study)
    papers = _region_names(pairs.papers, study)
    lost = sum(name == "unknown" for name in products)
    if lost:
        notes.append(
            f"the region of {lost} of {len(products)} products is unknown, because their "
            "organisation is not given or not known"
        )
    return (
        np.asarray(products, dtype=object)[pairs.columns],
        np.asarray(papers, dtype=object)[pairs.rows],
    )


def _region_names(frame: pd.DataFrame, study: Study) -> list[str]:
    """Region of each row's organisations: "several" when they lie in different known ones."""
    import pandas as pd

    from gapstudy.organisations.resolve import resolve
    from gapstudy.regions import UNKNOWN, add_region

    split = [
        [part for name in text.split(";") if (part := name.strip())]
        for text in frame["organisations"]
    ]
    names = sorted({name for row in split for name in row})
    country = dict(zip(names, resolve(pd.Series(names, dtype="str"))["country"], strict=True))
    parts = [
        (at, country[name], frame["date_from"].iloc[at], frame["date_to"].iloc[at])
        for at, row in enumerate(split)
        for name in row
        if country[name]
    ]
    placed = pd.DataFrame(parts, columns=["row", "country", "date_from", "date_to"])
    found: dict[int, set[str]] = {}
    if len(placed):
        regions = add_region(placed, study.regions.scheme, date=("date_from", "date_to"))
        for at, region in zip(placed["row"], regions, strict=True):
            found.setdefault(int(at), set()).add(str(region))
    result = []
    for at in range(len(frame)):
        known = found.get(at, set()) - {UNKNOWN}
        result.append(next(iter(known)) if len(known) == 1 else "several" if known else UNKNOWN)
    return result


def _measures(sample: Sample, rules: Rules) -> dict[str, Any]:
    """Measures and calibration curves, overall and by group."""
    import numpy as np

    from gapstudy.link import quality

    if not len(sample.truth):
        return {"overall": {}, "measures": [], "calibration": []}
    measures = quality.measured(sample, rules)
    curves = [
        {"group": kind, "group_value": value, **row}
        for kind, value, mask in sample.parts()
        for row in quality.calibration(sample, rules, np.asarray(mask))
    ]
    overall: dict[str, dict[str, Any]] = {}
    for row in measures:
        if row["group"] == "all":
            ends = {name: row[name] for name in ("value", "low", "high")}
            overall.setdefault(str(row["method"]), {})[str(row["metric"])] = ends
    return {"overall": overall, "measures": measures, "calibration": curves}


def _scored(pairs: Labelled, probability: Any, kinds: Any) -> bytes:
    """The file with the added columns, its texts made harmless for a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    added = [name if name not in pairs.header else f"gapstudy_{name}" for name in ADDED]
    writer.writerow([*map(csv_text, pairs.header), *added])
    width = len(pairs.header)
    for cells, value, kind in zip(pairs.cells, probability, kinds, strict=True):
        kept = [_harmless(cell) for cell in cells[:width]]
        kept += [""] * (width - len(kept))
        writer.writerow([*kept, f"{value:.6f}", kind])
    return out.getvalue().encode("utf-8")


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet runs; a number, also a negative one, is none to run."""
    try:
        float(cell)
    except ValueError:
        return csv_text(cell)
    return cell


def _plain(value: Any) -> Any:
    """The same with plain numbers, and None for what is missing, as JSON wants it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
