"""Rows of `out_followup_test` and `out_cure`: is follow-up sufficient, and if so whether and when.

A mixture cure model is shown for a region only where both tests of sufficient follow-up pass for
it; where they do not, its eventual share would be a guess about years that nobody has seen.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gapstudy.errors import FitError
from gapstudy.measure.conversion import Case
from gapstudy.measure.models import cure
from gapstudy.measure.models.distributions import FAMILIES
from gapstudy.measure.models.maximum_likelihood import Estimate
from gapstudy.measure.models.sufficient_followup import follow_up
from gapstudy.measure.parametric import aft_rows, groups
from gapstudy.measure.parametric.aft_rows import NOTHING, Fits, Row
from gapstudy.measure.parametric.groups import EVERYONE, REGIONS, Group, Pool

OWN, COMMON = 2, 1
TESTS = ("maller-zhou", "shen")
DOUBT = "a model in which all results have a product some day fits no worse"
GATED = "follow-up is not sufficient to tell never from late"


def follow_up_rows(case: Case, level: float) -> list[Row]:
    """Rows of both tests for all results together and for each region."""
    result = []
    for region in (EVERYONE, *REGIONS):
        count, member = groups.results_of(case, region), Group(case, (region,))
        base = {**case.labels, "region": region, "n": count,
                "events": groups.events_of(case, region)}  # fmt: skip
        why = f"fewer than {case.min_cell} results" if count < case.min_cell else ""
        found = []
        for number in range(0 if why else len(case.spells.time)):
            try:
                found.append(follow_up(member.sample(number)))
            except FitError:
                why = "no product in some of the link sets"
                break
        for test in TESTS:
            row = {**base, "test": test, "p_value": np.nan, "sufficient": None, "q_n": np.nan,
                   "last_event": np.nan, "longest": np.nan, "note": why}  # fmt: skip
            if not why:
                values = [item.alpha_n if test == TESTS[0] else item.shen for item in found]
                p = groups.twice_mean(values)
                row |= {
                    "p_value": p, "sufficient": bool(p < level),
                    "q_n": float(np.mean([item.q_n for item in found])),
                    "last_event": float(np.mean([item.last_event for item in found])),
                    "longest": float(np.mean([item.longest for item in found])),
                }  # fmt: skip
            result.append(row)
    return result


def sufficient(rows: list[Row]) -> list[str]:
    """Regions for which every test passes."""
    names = dict.fromkeys(row["region"] for row in rows)
    return [
        name for name in names
        if all(row["sufficient"] is True for row in rows if row["region"] == name)
    ]  # fmt: skip


def fits(case: Case, per_parameter: float, passed: list[str]) -> Fits:
    """The models that the data and the tests of follow-up allow."""
    barred = [name for name in REGIONS if name not in passed]
    members: dict[str, Group | None] = {
        "regions": groups.group(case, OWN, COMMON, per_parameter, barred)
    }
    if EVERYONE in passed and not groups.lacking(case, EVERYONE, OWN + COMMON, per_parameter):
        members[EVERYONE] = Group(case, (EVERYONE,))
    return {
        (name, distribution): (member, groups.pooled(member, partial(_fit, distribution)))
        for name, member in members.items() if member is not None
        for distribution in FAMILIES
    }  # fmt: skip


def rows(case: Case, made: Fits, per_parameter: float, passed: list[str]) -> list[Row]:
    """Rows of every distribution and region, with a note where there is no estimate."""
    best = aft_rows.best_by_aic(made)
    result = []
    for distribution in FAMILIES:
        for region in (EVERYONE, *REGIONS):
            name = EVERYONE if region == EVERYONE else "regions"
            member, pool = made.get((name, distribution), (None, None))
            extra: Row = {"aic": np.nan, "best": False, "shown": False}
            if member is None or pool is None or region not in member.regions:
                why = _why(case, region, per_parameter, passed)
                parts = [("incidence", "eventual_share", "", NOTHING, why),
                         ("latency", "median", "", NOTHING, why)]  # fmt: skip
            else:
                parts = _parts(case, member, pool, region, distribution)
                extra = {"aic": pool.aic, "best": best.get(name) == distribution,
                         "shown": pool.fit is not None}  # fmt: skip
            test = _test(case, region, distribution, per_parameter)
            if extra["shown"] and not test["p_value"] < 1 - case.confidence:
                parts = [(*item[:4], f"{item[4]}; {DOUBT}" if item[4] else DOUBT) for item in parts]
            for part, term, versus, estimate, note in parts:
                row = aft_rows.row(case, region, versus, distribution, estimate, note)
                result.append({**row, "part": part, "term": term, **extra})
            result.append(test)
    return result


def _fit(distribution: str, sample: Any) -> Any:
    return cure.fit(sample, distribution)


def _why(case: Case, region: str, per_parameter: float, passed: list[str]) -> str:
    needed = OWN + COMMON if region == EVERYONE else OWN
    lacking = groups.lacking(case, region, needed, per_parameter)
    if lacking:
        return lacking
    if region not in passed:
        return GATED
    return "not enough data: too few expected products in all regions together"


def _parts(
    case: Case, member: Group, pool: Pool, region: str, distribution: str
) -> list[tuple[str, str, str, Estimate, str]]:
    """Part, term, region compared with, estimate and note of one region's rows."""
    fit, note, level = pool.fit, pool.note, case.confidence
    if fit is None:
        return [("incidence", "eventual_share", "", NOTHING, note),
                ("latency", "median", "", NOTHING, note)]  # fmt: skip
    own = member.row(region)
    time, late = cure.converter_time(fit, distribution, own, level), note
    if time.value > groups.longest(case, region):
        time, late = NOTHING, "later than the longest follow-up"
    result = [
        ("incidence", "eventual_share", "", cure.eventual_share(fit, own, level), note),
        ("latency", "median", "", time, late),
    ]
    if region != member.base:
        base = member.row(member.base)
        gap = cure.share_difference(fit, own, base, level)
        ratio = cure.converter_ratio(fit, own, base, level)
        result += [("incidence", "share_difference", member.base, gap, note),
                   ("latency", "time_ratio", member.base, ratio, note)]  # fmt: skip
    return result


def _test(case: Case, region: str, distribution: str, per_parameter: float) -> Row:
    """The row of the likelihood-ratio test of no cured part, shown whether or not gated."""
    needed = OWN + COMMON
    why = groups.lacking(case, region, needed, per_parameter)
    estimate, with_part = NOTHING, float("nan")
    if not why:
        member, sets = Group(case, (region,)), range(len(case.spells.time))
        try:
            found = [cure.no_cure_test(member.sample(number), distribution) for number in sets]
        except FitError as error:
            why = error.what
        else:
            deviance = float(np.mean([item.deviance for item in found]))
            p = groups.twice_mean([item.p_value for item in found])
            estimate = Estimate(deviance, float("nan"), float("nan"), p)
            with_part = float(np.mean([item.aic_with for item in found]))
            why = found[0].note
    return {
        **aft_rows.row(case, region, "", distribution, estimate, why), "part": "test",
        "term": "no_cure", "aic": with_part, "best": False, "shown": bool(np.isfinite(estimate[0])),
    }  # fmt: skip
