"""Contracts of the hazard regressions."""

from __future__ import annotations

from gapstudy.tables.contract import Table, count, number, share, text
from gapstudy.tables.out_common import (
    EVENTS,
    KEY,
    METHOD,
    NOTE,
    OF_REGION,
    OF_VERSUS,
    POPULATION,
    REGION,
    SPEC,
    VERSUS,
    estimate,
)

_ADJUSTED = text(
    "adjusted", "whether covariates of the results are in the model", values=("no", "yes")
)
_LOST = share(
    "missing_information",
    "share of the variance that is due to uncertain links; missing where profiles are joined",
    null=True,
)
_EFFECT = (
    *SPEC, POPULATION, *METHOD, REGION, VERSUS, _ADJUSTED,
    text("band", "years after the result that the hazard ratio holds for, such as 0-3; all: one "
                 "for all years"),
    *estimate("log hazard ratio", p_value=True),
    number("ratio", "hazard ratio", null=True, low=0),
    number("ratio_low", "lower end of its interval", null=True, low=0),
    number("ratio_high", "upper end of its interval", null=True, low=0),
    EVENTS,
    count("clusters", "first organisations, which results are clustered by; 0 without a fit"),
    _LOST,
    text("fit", "robust (variance by cluster, Rubin's rules), penalised (Firth, profile interval, "
                "where a region has no product in some link set), none",
         values=("robust", "penalised", "none")),
    NOTE,
)  # fmt: skip
_KEY = (*KEY, "versus", "adjusted", "band")

COX = Table(
    "out_cox",
    "Hazard ratio of a first product between two regions by a Cox model: a check that mixes "
    "whether with when.",
    "measure", _EFFECT, _KEY, (OF_REGION, OF_VERSUS),
)  # fmt: skip

CLOGLOG = Table(
    "out_cloglog",
    "The same hazard ratio by the discrete-time complementary log-log model of yearly periods.",
    "measure", _EFFECT, _KEY, (OF_REGION, OF_VERSUS),
)  # fmt: skip

PH_TEST = Table(
    "out_ph_test",
    "Grambsch and Therneau's test that a hazard ratio is the same at all times; region all tests "
    "the compared regions against the US together.",
    "measure",
    (
        *SPEC, POPULATION, *METHOD, REGION, VERSUS, _ADJUSTED,
        text("transform", "function of time that the log hazard ratio may follow: km "
                          "(1 - Kaplan-Meier), rank, log, identity",
             values=("km", "rank", "log", "identity")),
        *estimate("slope of the log hazard ratio in that function", p_value=True),
        EVENTS,
        _LOST,
        NOTE,
    ),
    (*KEY, "versus", "adjusted", "transform"),
    (OF_REGION, OF_VERSUS),
)  # fmt: skip

TABLES = (COX, CLOGLOG, PH_TEST)
