"""A world that a user describes in TOML: regions, conversion, latency, leakage, coverage, links."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gapstudy.errors import UsageError, nearest
from gapstudy.measure.imputation import YEAR
from gapstudy.simulate.recovery import PAIR
from gapstudy.simulate.worlds import CUTOFF, END, START, Truth, World

_Share = Annotated[float, Field(ge=0.0, le=1.0)]
_Positive = Annotated[float, Field(gt=0.0, le=1000.0)]
#: Most results of a region: a realisation must fit in memory many times.
_MOST = 100_000
#: Years from the first possible result to the last, and from that to the cut-off.
_SPAN, _SLACK = (int((late - early) / YEAR) for early, late in ((START, END), (END, CUTOFF)))


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RegionFile(_Section):
    """What is set for one region; the meaning is that of `worlds.Truth`."""

    results: Annotated[int, Field(ge=1, le=_MOST)]
    conversion: _Share
    median: _Positive = 2.0
    spread: _Positive = 0.8
    leakage: _Share = 0.3
    coverage: _Share = 1.0
    links: tuple[_Positive, _Positive] | None = None
    delay: Annotated[float, Field(ge=0.0, le=20.0)] = 0.0


class WorldFile(_Section):
    """A world; the meaning is that of `worlds.World`."""

    name: Annotated[str, Field(min_length=1)]
    law: Literal["lognormal", "weibull"] = "lognormal"
    shared: _Share = 0.0
    labelled: Annotated[int, Field(ge=0, le=_MOST)] = 0
    months: bool = False
    begin: Annotated[float, Field(ge=0.0, le=_SPAN)] = 0.0
    cut: Annotated[float, Field(ge=0.0, le=_SLACK)] = 0.0
    regions: dict[Literal["EU", "US"], RegionFile]

    @model_validator(mode="after")
    def _whole(self) -> WorldFile:
        missing = [name for name in PAIR if name not in self.regions]
        if missing:
            raise ValueError(
                f"the estimands compare {' and '.join(PAIR)}: add [regions.{missing[0]}]"
            )
        uneven = [name for name, region in self.regions.items() if region.links]
        if uneven and not self.labelled:
            raise ValueError(
                f"regions.{uneven[0]}.links describes a linker, but with labelled = 0 links are "
                "known: set labelled to the number of pairs it is calibrated on"
            )
        if self.begin and (self.labelled or self.months):
            raise ValueError(
                "begin leaves out results by the day of their product, which only known links "
                "(labelled = 0) and known days (months = false) tell"
            )
        first, second = (self.regions[cast("Any", name)] for name in PAIR)
        if int(self.shared * first.results) > first.results or second.results < 1:
            raise ValueError("shared cannot exceed the results of the first region")
        return self

    def world(self) -> World:
        """The world, its regions in the order of the estimands."""
        truths = {}
        for name in PAIR:
            given = self.regions[cast("Any", name)].model_dump(exclude_none=True)
            truths[name] = Truth(**given)
        return World(
            self.name, truths, self.law, self.shared, self.labelled, self.months, self.begin,
            self.cut,
        )  # fmt: skip


def read(path: Path) -> World:
    """The world that a file describes.

    Args:
        path: a TOML file with the keys of `WorldFile`.

    Raises:
        UsageError: the file is missing, not TOML, or says something that cannot be.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            "the world cannot be read", where=str(path), remedy="Name a TOML file that exists"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the world is not valid TOML: {error}", where=str(path), remedy="Correct that line"
        ) from error
    try:
        return WorldFile.model_validate(data).world()
    except ValidationError as error:
        wrong = "; ".join(_explain(item) for item in error.errors())
        raise UsageError(
            wrong, where=str(path), remedy="Correct these keys; docs/simulate.md has them all"
        ) from error


def _explain(item: Any) -> str:
    path = ".".join(str(part) for part in item["loc"] if part != "[key]")
    if item["type"] == "extra_forbidden":
        model = RegionFile if len(item["loc"]) > 1 else WorldFile
        return f"unknown key {path!r}. {nearest(str(item['loc'][-1]), sorted(model.model_fields))}"
    message = item["msg"].removeprefix("Value error, ")
    return f"{path}: {message}" if path else message
