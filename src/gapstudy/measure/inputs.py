"""The input tables of one study, cut to its window and turned into arrays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from gapstudy.errors import FitError
from gapstudy.measure import cohort, imputation, recall
from gapstudy.measure.imputation import Candidates, Floats, Ints, LinkChoice, Spells

if TYPE_CHECKING:
    from gapstudy.study import Study

#: What each stream of random numbers is for; a stream never depends on another.
STREAMS = {"cohort": 1, "illustration": 2, "waiting": 3, "unclear": 4, "availability": 5,
           "recall": 6, "calibration": 7, "regions": 8, "bootstrap": 9,
           "covariates": 20}  # fmt: skip


@dataclass(frozen=True)
class Population:
    """Some results with their organisations and possible links.

    Attributes:
        name: cohort, waiting or illustration.
        papers: the results.
        parties: their organisations with the results' dates.
        candidates: their possible links.
        products: all products.
        cutoff: end of observation, days since 1970.
        seed: seed of the study.
        imputations: number of link sets, M.
    """

    name: str
    papers: pd.DataFrame
    parties: pd.DataFrame
    candidates: Candidates
    products: pd.DataFrame
    cutoff: int
    seed: int
    imputations: int

    def drawn(
        self, links: LinkChoice, *, model: Floats | None = None, ordered: bool = False
    ) -> Spells:
        """Spells in the drawn link sets; `model` and `ordered` as in `imputation.draw`."""
        seed = [self.seed, STREAMS[self.name]]
        return imputation.draw(
            self.candidates, links, self.cutoff, self.imputations, seed, model, ordered
        )

    def without(self, products: Ints) -> Population:
        """The same results as if some products, by their positions, did not exist.

        Their links get no probability but keep their places, so that every other link is drawn as
        before.
        """
        gone = np.isin(self.candidates.product, products)
        none = {
            name: np.where(gone, 0.0, getattr(self.candidates, name))
            for name in ("followup", "model")
        }
        return replace(self, candidates=replace(self.candidates, **none))

    def cut(self, links: LinkChoice, smallest: float) -> Spells:
        """Spells with links at least so probable."""
        return imputation.threshold(self.candidates, links, self.cutoff, smallest)

    def bound(self, links: LinkChoice) -> Spells:
        """Drawn spells with unclear follow-ups counted as found."""
        seed = [self.seed, STREAMS["unclear"]]
        return imputation.unclear_as_found(self.drawn(links), self.candidates.outcome, seed)


@dataclass(frozen=True)
class Inputs:
    """Everything that the estimators need.

    Attributes:
        cohort: results of the study's frames that were followed up, which rates are made of.
        waiting: results of the same frames that were not followed up yet; none while a study has
            no follow-up at all and rests on the link model.
        illustration: results of other frames, chosen by their outcome.
        frames: the input tables.
        links_used: evidence of the headline.
    """

    TABLES: ClassVar[tuple[str, ...]] = (
        "papers", "paper_affiliations", "links", "products", "product_availability", "followups",
        "indicators", "sources", "out_link_recall", "out_link_quality", "same_as",
        "policy_events", "patents", "patent_parties", "paper_artifacts", "patent_paper_pairs",
        "out_link_calibration", "quarantine", "survey_responses",
    )  # fmt: skip

    cohort: Population
    waiting: Population
    illustration: Population
    frames: dict[str, pd.DataFrame]
    links_used: LinkChoice

    def recall(self, links: LinkChoice) -> Floats | None:
        """What the drawn link sets hold of the true links, (M, K); None where nothing is known."""
        seed = [self.cohort.seed, STREAMS["recall"]]
        return recall.draw(
            self.frames["out_link_recall"], links, self.cohort.imputations, seed, "candidates"
        )

    @property
    def populations(self) -> list[Population]:
        """Those that have results."""
        every = (self.cohort, self.waiting, self.illustration)
        return [population for population in every if len(population.papers)]

    @property
    def papers(self) -> pd.DataFrame:
        """All results, followed up or not."""
        papers = pd.concat([part.papers for part in self.populations], ignore_index=True)
        return papers.sort_values("paper_id", ignore_index=True)

    @property
    def parties(self) -> pd.DataFrame:
        """Organisations of all results."""
        rows = pd.concat([part.parties for part in self.populations], ignore_index=True)
        return rows.sort_values(["paper_id", "position"], ignore_index=True)

    @classmethod
    def of(cls, frames: dict[str, pd.DataFrame], study: Study) -> Inputs:
        """Cut the tables to the study.

        Raises:
            FitError: no result of the study's frames lies in its window.
        """
        papers = cohort.within(frames["papers"], study.window)
        inside = papers["frame"].isin(study.frames)
        if not inside.any():
            raise FitError(
                f"no result of the frames {', '.join(study.frames)} lies in the window",
                where="study.toml",
                remedy="Widen window.start and window.end, or name other frames",
            )
        followed = papers["paper_id"].isin(frames["followups"]["paper_id"])
        if not (inside & followed).any():
            followed = inside
        cutoff = (study.window.cutoff - dt.date(1970, 1, 1)).days
        made = {}
        for name, chosen in (
            ("cohort", inside & followed),
            ("waiting", inside & ~followed),
            ("illustration", ~inside),
        ):
            rows = papers[chosen].reset_index(drop=True)
            made[name] = (
                Population(
                    name, rows, cohort.parties(rows, frames["paper_affiliations"]),
                    imputation.candidates(
                        rows, frames["products"], frames["links"], frames["followups"],
                        study.linking.followup_found,
                    ),
                    frames["products"], cutoff, study.seed, study.linking.imputations,
                )
            )  # fmt: skip
        return cls(**made, frames=frames, links_used=study.linking.evidence)
