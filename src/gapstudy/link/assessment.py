"""All tables that say how good the links are, from a fitted linker."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gapstudy.link import ablation, evaluate, mistakes, recall
from gapstudy.link.ends import KEY
from gapstudy.link.score import Linker
from gapstudy.regions import add_region
from gapstudy.study import Study
from gapstudy.tables.rounding import rounded

#: Decimals of the numbers that are kept.
DECIMALS = 6
_GROUPS = ["split", "origin", "target_type", "region"]


def tables(
    linker: Linker,
    core: dict[str, pd.DataFrame],
    candidates: pd.DataFrame,
    links: pd.DataFrame,
    study: Study,
) -> dict[str, pd.DataFrame]:
    """The tables of `gapstudy.tables.link_quality`, by name.

    Args:
        linker: the fitted linker.
        core: the core tables papers and paper_affiliations, by name.
        candidates: pairs of the whole study that some way found: key, found_by.
        links: the links as they are written: key, probability.
        study: the study.
    """
    chosen = evaluate.samples(linker, candidates, study)
    how = evaluate.rules(study, 0)
    made = {
        "out_link_quality": evaluate.quality_table(linker, chosen, links, study),
        "out_link_calibration": evaluate.calibration_table(chosen, study),
        "out_link_errors": mistakes.table(linker.model, chosen["labelled"]),
        "out_link_ablation": ablation.table(linker, chosen["labelled"], how),
        "out_link_recall": recall.of(
            linker, core, candidates, study.linking.candidate_floor, study.regions.scheme,
            evaluate.rules(study, 20),
        ),
        "out_link_training": training_table(linker, study),
    }  # fmt: skip
    return {name: rounded(frame, DECIMALS) for name, frame in made.items()}


def training_table(linker: Linker, study: Study) -> pd.DataFrame:
    """The table `out_link_training`: what was learnt from and judged on, by where it comes from."""
    labels = linker.facts.labels
    labels = labels.assign(origin=np.where(labels["sample"] == "sampled", "sampled", "landmark"))
    test = labels.loc[labels["split"] == "test", [*KEY, "label", "cluster", "origin"]]
    fitted = linker.learnt.fitted[[*KEY, "label", "cluster"]].merge(
        labels[[*KEY, "origin"]], on=KEY, how="left"
    )
    shown = linker.facts.followups.dropna(subset=["product_id"])
    pairs = pd.MultiIndex.from_arrays(
        [shown["paper_id"], ["product"] * len(shown), shown["product_id"]]
    )
    followed = pd.MultiIndex.from_frame(fitted[KEY]).isin(pairs)
    other = pd.Series(np.where(followed, "followup", "background"), index=fitted.index)
    fitted["origin"] = fitted["origin"].astype("object").where(fitted["origin"].notna(), other)
    both = pd.concat([fitted.assign(split="fit"), test.assign(split="test")], ignore_index=True)
    targets = linker.learnt.targets.frame[[*KEY[1:], "country"]]
    both["region"] = add_region(
        both[KEY[1:]].merge(targets, on=KEY[1:], how="left"), study.regions.scheme
    ).to_numpy()
    counted = both.groupby(_GROUPS, sort=True).agg(
        pairs=("label", "size"), positives=("label", "sum"), clusters=("cluster", "nunique")
    )
    return counted.reset_index().astype({"positives": "int64"})
