"""study.toml -> a frozen, validated Study."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gapstudy.errors import StudyError, nearest
from gapstudy.regions import ChinaScheme, Counting, EuropeScheme, RegionScheme

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
FILE = "study.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


class Window(_Section):
    """Results first public between these days are followed up; all is censored at the cut-off."""

    start: dt.date
    end: dt.date
    cutoff: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if not self.start <= self.end <= self.cutoff:
            raise ValueError("start, end and cutoff must follow each other in time")
        return self


class Regions(_Section):
    """Which countries make up the regions, and how a paper of several countries counts."""

    europe: EuropeScheme = "EU27"
    china: ChinaScheme = "mainland"
    counting: Counting = "whole"

    @cached_property
    def scheme(self) -> RegionScheme:
        """The scheme of the headline."""
        return RegionScheme(self.europe, self.china)


class Linking(_Section):
    """How research is linked to products.

    Attributes:
        threshold: smallest probability at which a link counts, where a link must be yes or no.
        candidate_floor: links less probable than this are not kept at all.
        evidence: links that the headline rests on: those of the follow-up, of the link model, or
            both.
        imputations: number of link sets drawn (M of Rubin's rules).
        followup_found: probability that a product found in the follow-up does use the result.
        language_model: spaCy model for reading names in texts.
        embedding: vectors that texts are compared by: wordllama (fast), or minilm (slower, better).
    """

    threshold: Probability = 0.5
    candidate_floor: Probability = 0.02
    evidence: Literal["followup", "model", "both"] = "both"
    imputations: Annotated[int, Field(ge=2, le=1000)] = 20
    followup_found: Probability = 0.95
    language_model: str = "en_core_web_sm"
    embedding: Literal["wordllama", "minilm"] = "wordllama"


class Measurement(_Section):
    """Choices of the estimators.

    Attributes:
        horizons: years after a result at which cumulative incidence is reported.
        rmst_horizon: upper limit of restricted mean time, years.
        confidence: level of every interval.
        min_cell: fewest results a region needs before a rate is shown for it.
        bootstrap: resamples, where an interval has no formula.
    """

    horizons: tuple[Annotated[float, Field(gt=0)], ...] = (3.0, 5.0, 10.0)
    rmst_horizon: Annotated[float, Field(gt=0)] = 10.0
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    min_cell: Annotated[int, Field(ge=1)] = 10
    bootstrap: Annotated[int, Field(ge=100)] = 1000


class Grid(_Section):
    """Choices varied in the specification curve: every combination is computed."""

    europe: tuple[EuropeScheme, ...] = ("EU27", "EU28", "membership", "europe")
    china: tuple[ChinaScheme, ...] = ("mainland", "with_hk_mo")
    counting: tuple[Counting, ...] = ("whole", "fractional", "first")
    threshold: tuple[Probability, ...] = (0.3, 0.5, 0.8)
    links: tuple[Literal["followup", "model", "both"], ...] = ("followup", "model", "both")


class Test(_Section):
    """One comparison that a claim rests on.

    Attributes:
        number: name of the number (table `out_numbers`) whose interval decides.
        side: the side of `than` on which the claim puts it.
        than: the value it is compared with, in the number's unit.
    """

    number: str
    side: Literal["above", "below"]
    than: float = 0.0


class Claim(_Section):
    """A claim under test with the rule of its verdict.

    The rule: "not enough data" when there is no test, when a number is missing, or when one rests
    on fewer than `min_n` observations. Otherwise each test's two-sided p-value, adjusted by Holm
    over all tests of the scorecard, is compared with the study's confidence: "supported" when all
    lie on the claim's side, "not supported" when none does, else "mixed".

    Attributes:
        title: the claim in short.
        measure: what is estimated, in words.
        tests: the comparisons; empty while no data can decide.
        min_n: fewest observations.
        overturn: what would change the verdict.
    """

    title: str
    measure: str
    tests: tuple[Test, ...] = ()
    min_n: Annotated[int, Field(ge=1)] = 30
    overturn: str = ""


class Margin(_Section):
    """How a population spreads over categories, as published.

    Attributes:
        variables: what the categories are made of; several are crossed.
        totals: category -> count or share; names as in the codebook, joined by a slash ("EU/250+").
        source: who published it, where and when.
    """

    variables: tuple[Literal["region", "country", "role", "setting", "size"], ...]
    totals: dict[str, Annotated[float, Field(ge=0)]]
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _categories(self) -> Margin:
        if not self.variables or len(set(self.variables)) < len(self.variables):
            raise ValueError("name at least one variable, and each only once")
        odd = [name for name in self.totals if name.count("/") != len(self.variables) - 1]
        if odd or sum(self.totals.values()) <= 0:
            raise ValueError(
                f"the category {odd[0]!r} does not name one value of each variable" if odd
                else "the totals add up to nothing"
            )  # fmt: skip
        return self


class Survey(_Section):
    """Choices of the practitioner survey.

    Attributes:
        min_cell: fewest respondents behind anything that is shown of them.
        margins: published margins that respondents are weighted to; not weighted when empty.
        bounds: smallest and largest factor on a weight.
    """

    min_cell: Annotated[int, Field(ge=3)] = 10
    margins: tuple[Margin, ...] = ()
    bounds: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(gt=1)]] = (0.2, 5.0)


class Study(_Section):
    """A whole study: everything that can change its answer.

    Attributes:
        as_of: only what was retrieved up to this day is used; all when absent.
        source: source -> its settings, over the defaults that the source states (`OPTIONS`).
            `base` sends its requests to another server, such as a local one that behaves like it,
            and `pace` multiplies all delays there; `start` is the first day asked for.
    """

    title: str = "The gap between AI research and AI products"
    contact: str = ""
    seed: Annotated[int, Field(ge=0)] = 20260101
    engine: str = "local"
    workers: Annotated[int, Field(ge=1)] = 2
    sources: tuple[str, ...] = ("landmark", "models_dev")
    frames: tuple[str, ...] = ("award",)
    window: Window
    as_of: dt.date | None = None
    source: dict[str, dict[str, Any]] = Field(default_factory=dict)
    regions: Regions = Regions()
    linking: Linking = Linking()
    measurement: Measurement = Measurement()
    grid: Grid = Grid()
    survey: Survey = Survey()
    claims: dict[str, Claim] = Field(default_factory=dict)
    root: Path = Field(default=Path(), exclude=True)

    @field_validator("engine")
    @classmethod
    def _engine(cls, value: str) -> str:
        if value == "local" or value.startswith("dask://"):
            return value
        raise ValueError("engine is 'local' or 'dask://HOST:PORT'")

    @field_validator("sources", "frames")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or len(set(value)) < len(value):
            raise ValueError("name at least one, and each only once")
        return value

    @classmethod
    def load(cls, root: Path | str = ".") -> Study:
        """Read and validate `study.toml` in a study folder.

        Raises:
            StudyError: the file is missing, not TOML, or says something that cannot be.
        """
        folder = Path(root).resolve()
        path = folder / FILE
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StudyError(
                f"there is no {FILE} here",
                where=str(folder),
                remedy="Run this inside a study folder, or make one with `gapstudy init DIR`",
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise StudyError(
                f"{FILE} is not valid TOML: {error}", where=str(path), remedy="Correct that line"
            ) from error
        return cls.from_data(data, root=folder)

    @classmethod
    def from_data(cls, data: dict[str, Any], *, root: Path = Path()) -> Study:
        """Validate the content of a study.toml.

        Raises:
            StudyError: names every key that is unknown or wrong, with the nearest right name.
        """
        if "root" in data:  # a field of the model that is no key of the file
            raise StudyError(
                f"unknown key 'root'. {nearest('root', _keys([]))}",
                where=str(root / FILE),
                remedy="Remove it: the study folder is where the file is",
            )
        try:
            return cls.model_validate({**data, "root": root})
        except ValidationError as error:
            problems = [_explain(item) for item in error.errors()]
            raise StudyError(
                "; ".join(problem.rstrip(".") for problem in problems),
                where=str(root / FILE),
                remedy="Correct the file and run again",
            ) from error


def _explain(item: Any) -> str:
    path = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        *parents, last = item["loc"]
        return f"unknown key {path!r}. {nearest(str(last), _keys(parents))}"
    return f"{path}: {item['msg'].removeprefix('Value error, ')} (got {item['input']!r})"


def _keys(parents: list[Any]) -> list[str]:
    """Known keys of the section that the path of an error leads to."""
    model: type[BaseModel] = Study
    for part in parents:
        field = model.model_fields.get(str(part))
        if field is None:
            continue  # the key of a table of tables, such as a claim's id
        if part == "claims":
            model = Claim
        elif part == "tests":
            model = Test
        elif part == "margins":
            model = Margin
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return sorted(set(model.model_fields) - {"root"})
