"""Every table of language, by name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gapstudy.measure.cohort import COLUMNS
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.language import KINDS, THEMES, estimates, quality, texts
from gapstudy.measure.language.annotate import Spoken as Said
from gapstudy.measure.language.annotate import annotate
from gapstudy.measure.language.estimates import Spoken
from gapstudy.measure.language.lexicon import rows as lexicon
from gapstudy.measure.language.texts import Texts
from gapstudy.tables.out_language import TABLES

if TYPE_CHECKING:
    from gapstudy.study import Study

ALL = "all"
_COLUMNS = {table.name: table.names for table in TABLES}
#: Regions of yearly shares and of trends; those compared with the first.
_REGIONS, _VERSUS = ("EU", "US", "CN", "all"), ("US", "CN")
#: Kinds of text that are compared.
_KINDS = (("paper", "product"), ("paper", "patent"), ("patent", "product"))


def results(inputs: Inputs, study: Study) -> dict[str, pd.DataFrame]:
    """Rows of `out_language_share`, `_difference`, `_quality`, `_examples` and `_texts`.

    Args:
        inputs: the tables; patents and patent_parties among them where patents are wanted.
        study: regions, levels and the name of the language model.
    """
    return measured(collect(inputs, study), study)


def collect(inputs: Inputs, study: Study) -> list[Texts]:
    """The texts of every kind in the study's window."""
    scheme, counting, window = study.regions.scheme, study.regions.counting, study.window
    made = [texts.papers(inputs.papers, inputs.parties, scheme, counting)]
    frames = inputs.frames
    if {"patents", "patent_parties"} <= set(frames):
        made.append(
            texts.patents(frames["patents"], frames["patent_parties"], scheme, counting, window)
        )
    return [*made, texts.products(frames["products"], scheme, window)]


def measured(every: list[Texts], study: Study) -> dict[str, pd.DataFrame]:
    """The tables from the texts.

    Args:
        every: texts, by kind.
        study: regions, levels and the name of the language model.
    """
    model, measurement = study.linking.language_model, study.measurement
    rates = quality.rates(model)
    spoken, counts, examples = {}, [], []
    for kind in KINDS:
        mine = next((one for one in every if one.kind == kind), None)
        own, counted, patterns = _annotated(mine, kind, model)
        counts += counted
        examples += _examples(kind, patterns)
        frame, weight = own
        spoken[kind] = Spoken(frame, weight, rates, measurement.confidence, measurement.min_cell)
    labels = {"scheme": study.regions.scheme.name, "counting": study.regions.counting}
    shares = [{**labels, **row} for kind in KINDS for row in _shares(spoken[kind], kind)]
    gaps = [{**labels, **row} for row in _differences(spoken)]
    return {
        "out_language_share": _framed("out_language_share", shares),
        "out_language_difference": _framed("out_language_difference", gaps),
        "out_language_quality": quality.table(model, measurement.confidence),
        "out_language_examples": _framed("out_language_examples", examples),
        "out_language_texts": _framed("out_language_texts", counts),
    }


def _annotated(
    mine: Texts | None, kind: str, model: str
) -> tuple[tuple[pd.DataFrame, np.ndarray], list[dict[str, object]], Counter[int]]:
    """Texts that can be measured with what they say, the counts of all, and the patterns."""
    names = ["source", "year", "cluster", "sentences"]
    names += [f"{word}_{theme}" for word in ("hit", "carry") for theme in THEMES]
    empty = pd.DataFrame({name: pd.Series(dtype=object if name in ("source", "cluster") else float)
                          for name in names})  # fmt: skip
    if mine is None or not len(mine.frame):
        return (empty, np.zeros((0, len(COLUMNS)))), [], Counter()
    counts: list[dict[str, object]] = []
    patterns: Counter[int] = Counter()
    parts, weights = [], []
    for source in sorted(mine.frame["source"].unique()):
        here = mine.only((mine.frame["source"] == source).to_numpy())
        why = texts.why_not(source)
        filled = (here.frame["text"] != "").to_numpy()
        row: dict[str, object] = {
            "kind": kind, "source": source, "texts": len(here.frame),
            "with_text": int(filled.sum()),
            "english": 0, "other_language": 0, "wordless": 0, "sentences": 0, "measured": not why,
            "note": why,
        }  # fmt: skip
        if not why:
            used = here.only(filled)
            said = list(annotate(used.frame["text"], model))
            language = Counter(one.language for one in said)
            row |= {"english": language["en"], "other_language": language["other"],
                    "wordless": language["none"],
                    "sentences": sum(one.sentences for one in said)}  # fmt: skip
            patterns.update(number for one in said for number in one.patterns)
            english = np.array([one.sentences > 0 for one in said], dtype=bool)
            parts.append(_frame(used, said)[english])
            weights.append(used.weight[english])
        counts.append(row)
    if not parts:
        return (empty, np.zeros((0, len(COLUMNS)))), counts, patterns
    return (pd.concat(parts, ignore_index=True), np.vstack(weights)), counts, patterns


def _frame(used: Texts, said: list[Said]) -> pd.DataFrame:
    frame = used.frame[["source", "year"]].copy()
    own = used.kind + ":" + used.frame["id"].astype(str)
    known = used.frame["organisation"]
    # A text of an unknown organisation stands for itself.
    frame["cluster"] = known.where(known != "", own)
    frame["sentences"] = [one.sentences for one in said]
    for word in ("hit", "carry"):
        table = np.array([getattr(one, word) for one in said]).reshape(len(said), len(THEMES))
        for j, theme in enumerate(THEMES):
            frame[f"{word}_{theme}"] = table[:, j]
    return frame


def _shares(spoken: Spoken, kind: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    slices: list[tuple[str, str, Spoken, tuple[str, ...]]] = [(ALL, ALL, spoken, COLUMNS)]
    for source in sorted(spoken.frame["source"].unique()):
        mine = spoken.only((spoken.frame["source"] == source).to_numpy())
        slices.append((str(source), ALL, mine, COLUMNS))
    for year in sorted(spoken.frame["year"].unique()):
        mine = spoken.only((spoken.frame["year"] == year).to_numpy())
        slices.append((ALL, str(int(year)), mine, _REGIONS))
    for source, year, part, regions in slices:
        for unit in ("sentence", "text"):
            if unit == "text" and year != ALL:
                continue
            labels = {"unit": unit, "kind": kind, "source": source, "year": year}
            rows += [{**labels, **row} for row in estimates.shares(part, unit, regions)]
    return rows


def _differences(spoken: dict[str, Spoken]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for kind, other in _KINDS:
        for region in _REGIONS:
            labels = {"comparison": "kinds", "kind": kind, "versus_kind": other, "region": region,
                      "versus": region}  # fmt: skip
            made = estimates.differences((spoken[kind], region), (spoken[other], region))
            rows += [{**labels, **row} for row in made]
    for kind in KINDS:
        for versus in _VERSUS:
            labels = {"comparison": "regions", "kind": kind, "versus_kind": kind, "region": "EU",
                      "versus": versus}  # fmt: skip
            made = estimates.differences((spoken[kind], "EU"), (spoken[kind], versus))
            rows += [{**labels, **row} for row in made]
        for row in estimates.trends(spoken[kind], _REGIONS):
            rows.append({"comparison": "year", "kind": kind, "versus_kind": kind,
                         "versus": row["region"], **row})  # fmt: skip
    return rows


def _examples(kind: str, patterns: Counter[int]) -> list[dict[str, object]]:
    every = lexicon()
    return [
        {"kind": kind, "theme": every[number].theme, "pattern": every[number].pattern,
         "form": every[number].kind, "origin": every[number].source, "sentences": count}
        for number, count in sorted(patterns.items())
    ]  # fmt: skip


def _framed(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=_COLUMNS[name])
