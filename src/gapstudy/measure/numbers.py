"""The named numbers of the pages, read from the result tables by declared patterns.

A pattern picks rows of one table and says how their numbers are called. Nothing is computed here
but the p-value against the value that a claim names, where that is not the table's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gapstudy.errors import ContractError
from gapstudy.measure.intervals import p_from_interval
from gapstudy.study import Claim
from gapstudy.tables import contract


class Pattern(NamedTuple):
    """Numbers read from one table.

    Attributes:
        table: the table.
        name: name of the numbers, with columns of the row in braces.
        meaning: what they say, likewise.
        unit: their unit; a column in braces where it varies.
        where: values that pick the rows; a tuple allows several.
        column: column of the value.
        low: column of the lower end; empty for numbers without an interval.
        high: column of the upper end.
        null: value that the table's p-value tests against; missing when it has none.
        n: column of the number of observations; empty for the value itself.
    """

    table: str
    name: str
    meaning: str
    unit: str
    where: Mapping[str, Any] = {}
    column: str = "estimate"
    low: str = "low"
    high: str = "high"
    null: float | None = None
    n: str = "n"


_MAIN = {"population": "cohort", "method": "imputed"}
_REGIONS = {"region": ("EU", "US", "CN", "other", "all")}
_ALL = {"venues": "all", "years": "all"}
_LINK_PAIRS = {"group": "all", "group_value": "all", "sample": ("labelled", "weighted")}
_LINK_SHARES = (
    "precision", "recall", "f1", "average_precision", "precision_at_recall_80", "ece",
    "hard_refused", "candidate_recall", "relation_accuracy",
)  # fmt: skip
#: Unit of each estimand of the specifications.
_UNITS = {
    "conversion": "share", "rmst": "years", "conversion_all": "share", "research_share": "share",
    "leakage": "share", "productisation": "ratio", "availability": "share",
    "industry_share": "share", "data_scale": "ratio",
}  # fmt: skip
_MARKETS = {"basis": "market_access", "reference": "anywhere"}


def patterns(scheme: str, counting: str, frame: str, links: str) -> tuple[Pattern, ...]:
    """The patterns of all numbers.

    Args:
        scheme: region scheme of the headline.
        counting: counting of the headline.
        frame: frame of the shares that are printed.
        links: evidence of the headline.
    """
    head = {"scheme": scheme, "counting": counting}
    main = {**head, **_MAIN, "links": links}
    shares = {"scheme": scheme, "frame": frame, **_ALL}
    return (
        Pattern("out_conversion", "conversion-{horizon}y-{region}",
                "Share of {region} results with a product within {horizon} years", "share",
                {**main, **_REGIONS}),
        Pattern("out_conversion", "at-risk-{horizon}y-{region}",
                "Results of {region} still followed and without a product after {horizon} years",
                "count", {**main, **_REGIONS}, "at_risk", "", ""),
        Pattern("out_conversion", "events-{horizon}y-{region}",
                "Expected number of {region} results with a product within {horizon} years",
                "count", {**main, **_REGIONS}, "events", "", ""),
        Pattern("out_conversion", "conversion-{horizon}y-{region}-unclear-found",
                "Share of {region} results with a product within {horizon} years if all unclear "
                "follow-ups had one", "share", {**main, **_REGIONS, "method": "bound"}),
        Pattern("out_conversion", "conversion-{horizon}y-{region}-threshold",
                "Share of {region} results with a product within {horizon} years if link error is "
                "ignored", "share", {**main, **_REGIONS, "method": "threshold"}),
        Pattern("out_conversion", "conversion-{horizon}y-{region}-recall-corrected",
                "Share of {region} results with a product within {horizon} years, divided by the "
                "recall of the region's links", "share",
                {**main, **_REGIONS, "method": "recall_corrected"}),
        Pattern("out_conversion_difference",
                "conversion-{horizon}y-{region}-minus-{versus}-recall-corrected",
                "Difference between {region} and {versus} in the share of results with a product "
                "within {horizon} years, each divided by the recall of its links", "share",
                {**main, "method": "recall_corrected"}, null=0.0),
        Pattern("out_conversion_difference", "conversion-{horizon}y-{region}-minus-{versus}",
                "Difference between {region} and {versus} in the share of results with a product "
                "within {horizon} years", "share", main, null=0.0),
        Pattern("out_rmst", "rmst-{horizon}y-{region}",
                "Mean time to a product of {region} results, restricted to {horizon} years",
                "years", {**main, **_REGIONS}),
        Pattern("out_rmst_difference", "rmst-{horizon}y-{region}-minus-{versus}",
                "Difference between {region} and {versus} in mean time to a product, restricted to "
                "{horizon} years", "years", main, null=0.0),
        Pattern("out_latency", "log-hazard-{model}-{region}-versus-{versus}",
                "Log hazard ratio of a product, {region} against {versus}, by the {model} check",
                "ratio", main, null=0.0),
        Pattern("out_leakage", "leakage-{region}",
                "Share of {region} results with a product whose first product was made elsewhere",
                "share", {**head, "population": "cohort"}),
        Pattern("out_leakage", "leakage-{region}-illustration",
                "The same among results chosen by their outcome: an illustration, not a rate",
                "share", {**head, "population": "illustration"}),
        Pattern("out_leakage", "productised-{region}",
                "Expected number of {region} results with a product by the cut-off", "count",
                {**head, "population": "cohort"}, "productised", "", ""),
        Pattern("out_flows", "flow-{region}-to-{destination}",
                "Expected number of first products made in {destination} from results of {region}",
                "count", {**head, "population": "cohort", "region": ("EU", "US", "CN", "other")},
                "expected"),
        Pattern("out_shares", "share-{counting}-{region}",
                "Share of {region} in the results of the frame " + frame + ", {counting} counting",
                "share", shares),
        Pattern("out_share_difference", "share-{counting}-{region}-minus-{versus}",
                "Difference between {region} and {versus} in the share of results, {counting} "
                "counting", "share", shares, null=0.0),
        Pattern("out_productisation", "productisation-ratio-{region}-{products}",
                "Share of {region} in the products ({products}) over its share in the results",
                "ratio", {"scheme": scheme, "counting": "fractional",
                          "region": ("EU", "US", "CN", "other")}, null=1.0),
        Pattern("out_industry", "industry-share-{region}",
                "Share of industry in the authorship of {region} results", "share",
                {"scheme": scheme, "frame": frame, "kind": "industry"}),
        Pattern("out_industry_difference", "industry-share-{region}-minus-{versus}",
                "Difference between {region} and {versus} in the share of industry in authorship",
                "share", {"scheme": scheme, "frame": frame}, null=0.0),
        Pattern("out_availability", "availability-{measure}-{market}",
                "Availability in {market} after the first anywhere: {measure}", "{unit}",
                {**_MARKETS, "rows": "all"}),
        Pattern("out_availability", "availability-{measure}-{market}-confirmed",
                "Availability in {market} after the first anywhere: {measure}, confirmed rows only",
                "{unit}", {**_MARKETS, "rows": "confirmed"}),
        Pattern("out_availability_difference", "availability-{measure}-{market}-minus-{versus}",
                "Difference between {market} and {versus} in availability: {measure}", "{unit}",
                {**_MARKETS, "rows": "all"}, null=0.0),
        Pattern("out_availability_difference",
                "availability-{measure}-{market}-minus-{versus}-confirmed",
                "Difference between {market} and {versus} in availability: {measure}, confirmed "
                "rows only", "{unit}", {**_MARKETS, "rows": "confirmed"}, null=0.0),
        Pattern("out_did", "policy-{outcome}-{event_id}",
                "Change of {outcome} in {treated} for launches from {date} on, against markets "
                "without the law and within products ({event}); p-value by placebo dates and "
                "markets; {label}, {claim}", "{unit}",
                {"rows": "all", "method": "randomisation_both"}, null=0.0),
        Pattern("out_availability_groups", "availability-{measure}-{market}-{group}-{value}",
                "Availability in {market} after the first anywhere, {group} {value}: {measure}",
                "{unit}", {"basis": "market_access", "rows": "all", "group": ("kind", "home")}),
        Pattern("out_availability_rmst", "availability-mean-{limit}d-{market}-minus-{versus}",
                "Difference between {market} and {versus} in the mean delay of the first {limit} "
                "days", "days", {"basis": "market_access", "rows": "all",
                                 "versus": ("US", "GB"), "limit": (90, 180, 365)}, null=0.0),
        Pattern("out_language_difference", "language-{theme}-{kind}-minus-{versus_kind}",
                "Difference in the share of sentences on {theme}, {kind} texts minus {versus_kind} "
                "texts, corrected for the errors of the lexicon", "share",
                {**head, "comparison": "kinds", "region": "all", "versus": "all",
                 "correction": "rogan_gladen"}, null=0.0),
        Pattern("out_data_scale", "data-scale-log10-ratio-{group}",
                "Logarithm (base 10) of training-set size, academic over industrial systems, "
                "adjusted for date: {group}", "ratio", null=0.0),
        Pattern("out_data_scale", "data-scale-factor-{group}",
                "Training-set size, academic over industrial systems, adjusted for date: {group}",
                "ratio", {}, "factor", "factor_low", "factor_high"),
        Pattern("out_adoption", "adoption-{geo}-{period}",
                "Enterprises with ten or more persons employed that use AI, {geo}, {period}",
                "per cent", {"indicator": "enterprise_ai_use", "entity": ""}, "value", "lower",
                "upper", n=""),
        *(
            Pattern("out_specification_summary",
                    f"specifications-{label}-{{estimand}}-{{region}}{minus}",
                    f"Specifications, {label.replace('-', ' ')}: {{estimand}}, {{region}} against "
                    f"{against}", unit, {"versus": versus}, column, "", "", n="estimated")
            for minus, against, versus in (
                ("-minus-{versus}", "{versus}", ("EU", "US", "CN")), ("", "{than}", "none"),
            )
            for column, label, unit in (
                ("estimated", "number", "count"), ("same_sign", "same-sign", "share"),
                ("same_significance", "same-significance", "share"),
                ("significant_negative", "significant-negative", "share"),
                ("significant_positive", "significant-positive", "share"),
                ("lowest", "lowest", "{estimand}"), ("highest", "highest", "{estimand}"),
            )
        ),
        Pattern("out_coverage", "tipping-factor-{region}-versus-{versus}",
                "Factor on the conversions of {region} at which it would equal {versus}", "ratio",
                head, "factor_equal", "", ""),
        Pattern("out_coverage", "tipping-missed-{region}-versus-{versus}",
                "Share of the products of {region} that would have to be missed for it to equal "
                "{versus}", "share", head, "missed_equal", "", ""),
        Pattern("out_coverage", "recall-factor-{region}-versus-{versus}",
                "Factor on the conversions of {region}, relative to {versus}, that the recall of "
                "the links asks for", "ratio", head, "factor_recall", "factor_recall_low",
                "factor_recall_high"),
        Pattern("out_coverage", "tipping-extra-{region}-versus-{versus}",
                "Further results of {region} with a product at which it would equal {versus}",
                "count", head, "extra_products", "", ""),
        Pattern("out_link_quality", "links-{sample}-{metric}",
                "Link model on held-out pairs ({sample}): {metric}", "share",
                {**_LINK_PAIRS, "method": "model", "metric": _LINK_SHARES}, "value"),
        Pattern("out_link_quality", "links-{sample}-{metric}",
                "Link model on held-out pairs ({sample}): {metric}", "number",
                {**_LINK_PAIRS, "method": "model", "metric": "brier"}, "value"),
        Pattern("out_link_quality", "links-labelled-{metric}-{method}",
                "Links by {method} on held-out pairs: {metric}", "share",
                {**_LINK_PAIRS, "sample": "labelled", "metric": _LINK_SHARES[:5],
                 "method": ("exact_name", "tfidf_top1", "tfidf", "embedding_top1", "embedding")},
                "value"),
        Pattern("out_link_recall", "links-recall-{region}",
                "Share of the true links of {region} results that the drawn link sets hold",
                "share", {"links": "model" if links == "model" else "both"}, "recall"),
        Pattern("out_counts", "n-{name}", "Number of {meaning}", "count", {}, "n", "", "", n=""),
    )  # fmt: skip


#: Numbers on the comparisons themselves, which are made from the others.
ON_TESTS = (
    Pattern("out_scorecard_robustness", "missed-decides-{claim}-{number}",
            "Share of the {missed} of {tipping_region} that would have to be missed for "
            "{number} to change what it says on {claim}", "share", {}, "missed_decides", "", "",
            n=""),
)  # fmt: skip


def table(
    frames: Mapping[str, pd.DataFrame],
    chosen: Iterable[Pattern],
    claims: Mapping[str, Claim],
    confidence: float,
) -> pd.DataFrame:
    """Rows of `out_numbers`.

    Args:
        frames: result tables by name.
        chosen: the patterns.
        claims: the claims, whose values the p-values are against.
        confidence: level of the intervals.

    Raises:
        ContractError: two rows give the same name.
    """  # fmt: skip
    than = {test.number: test.than for claim in claims.values() for test in claim.tests}
    rows = [
        row for pattern in chosen for row in _read(pattern, frames[pattern.table], than, confidence)
    ]
    frame = pd.DataFrame(rows)
    twice = frame.loc[frame["name"].duplicated(), "name"]
    if len(twice):
        raise ContractError(
            f"the number {twice.iloc[0]!r} is given by two rows",
            where="gapstudy.measure.numbers",
            remedy="Make the pattern's rows or its name narrower",
        )
    return frame


def _read(
    pattern: Pattern, frame: pd.DataFrame, than: Mapping[str, float], confidence: float
) -> Iterable[dict[str, object]]:
    rows = frame
    for column, value in pattern.where.items():
        rows = rows[rows[column].isin(value if isinstance(value, tuple) else (value,))]
    key = contract(pattern.table).key
    for row in rows.to_dict("records"):
        words = {str(name): _word(value) for name, value in row.items()}
        name = _name(pattern.name.format(**words))
        value = _float(row[pattern.column])
        low = _float(row[pattern.low]) if pattern.low else np.nan
        high = _float(row[pattern.high]) if pattern.high else np.nan
        null = pattern.null
        p_value = _float(row.get("p_value")) if null is not None else np.nan
        if name in than and than[name] != null:
            p_value = p_from_interval(value, low, high, than[name], confidence)
        if pattern.n:
            n = int(row[pattern.n])
        else:
            n = int(value) if pattern.unit == "count" else int(np.isfinite(value))
        yield {
            "name": name, "meaning": pattern.meaning.format(**words), "value": value, "low": low,
            "high": high, "p_value": p_value, "n": n, "unit": _unit(pattern.unit.format(**words)),
            "table": pattern.table,
            "where": json.dumps({part: _plain(row[part]) for part in key}, ensure_ascii=False),
            "column": pattern.column,
        }  # fmt: skip


def _name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _unit(text: str) -> str:
    if text.startswith(("law_", "language_")):
        return "share"
    return _UNITS.get(text, text)


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _float(value: object) -> float:
    if value is None or value is pd.NA:
        return float("nan")
    return float(value)  # type: ignore[arg-type]
