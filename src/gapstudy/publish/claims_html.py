"""The claims under test, their verdicts and the state of the sources, as HTML."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from gapstudy.errors import UnknownNameError
from gapstudy.publish import values
from gapstudy.publish.escape import html_text
from gapstudy.publish.html import day_html, no_data, number_html
from gapstudy.publish.results import Results, records
from gapstudy.regions import STUDIED
from gapstudy.study import Claim

_MARKS = {"supported": "✓", "not supported": "✗", "mixed": "≈", "not enough data": "?"}
#: Titles of skipped sources that are listed one by one.
FEW = 3
_WIDE = ' class="wide"'
_EMPTY = '<span class="missing">–</span>'


def _badge(verdict: str) -> str:
    kind = verdict.replace(" ", "-")
    mark = f'<span aria-hidden="true">{_MARKS[verdict]}\N{NO-BREAK SPACE}</span>'
    return f'<span class="verdict verdict-{kind}">{mark}{html_text(verdict)}</span>'


def _cards(results: Results) -> list[dict[str, Any]]:
    return records(results.frame("out_scorecard"))


def scorecard_html(results: Results, show: Mapping[str, tuple[str, str]]) -> str:
    """Claim, verdict and the estimates of the three regions; rows become cards on a phone.

    Args:
        results: the study's tables.
        show: claim -> name of a number (with `{region}` in it for one per region) and what it is.
    """
    cards = _cards(results)
    if not cards:
        return no_data("the scorecard")
    heads = "".join(
        f'<th role="columnheader" scope="col">{name}</th>'
        for name in ("Claim", "Verdict", *map(values.place, STUDIED))
    )
    rows = "\n".join(_row(results, card, *show.get(str(card["claim"]), ("", ""))) for card in cards)
    return (
        '<table class="scorecard" role="table" data-quarto-disable-processing="true" '
        'aria-label="Claims under test with their verdicts">\n'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{rows}\n</tbody></table>\n'
        '<p class="download"><a href="data/out_scorecard.csv" download>The scorecard (CSV)</a> · '
        '<a href="data/out_scorecard_tests.csv" download>the comparisons behind it (CSV)</a></p>'
    )


def _row(results: Results, card: Mapping[str, Any], pattern: str, what: str) -> str:
    claim = html_text(card["claim"])
    if not pattern:
        cells = f'<td role="cell" colspan="{len(STUDIED)}">no estimate of ours</td>'
    elif "{region}" in pattern:
        cells = "".join(
            f'<td role="cell" data-label="{values.place(region)}">'
            f"{_estimate(results, pattern.replace('{region}', region))}</td>"
            for region in STUDIED
        )
    else:
        cells = (
            f'<td role="cell" colspan="{len(STUDIED)}" data-label="World">'
            f"{_estimate(results, pattern)}</td>"
        )
    note = f'<span class="claim-measure">{html_text(what)}</span>' if what else ""
    return (
        f'<tr role="row" data-claim="{claim}"><th role="rowheader" scope="row">'
        f'<span class="claim-id">{claim}</span> {html_text(card["title"])}{note}</th>'
        f'<td role="cell" class="claim-verdict">{_badge(str(card["verdict"]))}</td>{cells}</tr>'
    )


def _estimate(results: Results, name: str) -> str:
    """A number, or a dash where the tables have none of this name (a region without rows)."""
    row = results.numbers.get(name)
    return number_html(row) if row else _EMPTY


def _general(row: Mapping[str, Any]) -> str:
    return str(row["meaning"]).rstrip(".")


def reasons_html(results: Results) -> str:
    """Why each verdict is so, and what would change it."""
    cards = _cards(results)
    if not cards:
        return no_data("the scorecard")
    items = "\n".join(
        f'<div class="reason" data-claim="{html_text(card["claim"])}">'
        f'<dt><span class="claim-id">{html_text(card["claim"])}</span> '
        f"{html_text(card['title'])} {_badge(str(card['verdict']))}</dt>"
        f"<dd>{html_text(_sentence(card['reason']))}</dd>"
        f'<dd><span class="overturn-label">What would change it:</span> '
        f"{html_text(card['overturn'] or 'not stated')}</dd>{_firm(results, card)}</div>"
        for card in cards
    )
    return f'<dl class="reasons">\n{items}\n</dl>'


def _firm(results: Results, card: Mapping[str, Any]) -> str:
    """Each comparison with its estimate, how far choices agree, and what would tip it."""
    rows = [
        row for row in records(results.frame("out_scorecard_robustness"))
        if row["claim"] == card["claim"] and row["number"] in results.numbers
    ]  # fmt: skip
    if not rows:
        return ""
    items = "".join(
        f"<li>{_traced(results, str(row['number']), what=True)}. {_choices(results, row)}"
        f"{_tip(results, row)}</li>"
        for row in rows
    )
    return f'<dd><span class="overturn-label">How firm it is:</span><ul>{items}</ul></dd>'


def _choices(results: Results, row: Mapping[str, Any]) -> str:
    if row["note"]:
        return f"{html_text(_sentence(row['note']))}."
    versus = "" if row["versus"] == "none" else f"-minus-{row['versus']}"
    curve = f"{row['estimand']}-{row['region']}{versus}"
    # As they are called in `out_numbers`.
    names = (
        re.sub(r"[^A-Za-z0-9]+", "-", f"specifications-{part}-{curve}")
        for part in ("number", "same-significance", "same-sign")
    )
    number, same, side = (_traced(results, name) for name in names)
    return (
        f"Of {number} combinations of choices with enough data, {same} reach the same conclusion "
        f"and {side} lie on the same side."
    )


def _tip(results: Results, row: Mapping[str, Any]) -> str:
    if values.missing(results.numbers[str(row["number"])]["value"]):
        return ""
    if values.missing(row["missed_decides"]):
        return " No share of missed items is known to change it."
    region = values.place(row["tipping_region"])
    where = "everywhere" if row["tipping_region"] == "all" else f"for {region}"
    share = _traced(results, f"missed-decides-{row['claim']}-{row['number']}")
    return (
        f" It would change if {share} of the {html_text(row['missed'])} had been missed "
        f"{html_text(where)}."
    )


def _traced(results: Results, name: str, *, what: bool = False) -> str:
    """A named number; with what it is, also its interval and n."""
    row = results.numbers[name]
    return number_html(row, interval=what, n=what, what=_general(row) if what else "")


def _sentence(text: Any) -> str:
    words = str(text)
    return words[:1].upper() + words[1:]


def comparisons_html(results: Results) -> str:
    """Every comparison behind a verdict, with its p-value before and after Holm's adjustment."""
    rows = records(results.frame("out_scorecard_tests"))
    if not rows:
        return no_data("the comparisons")
    names = ("Claim", "Comparison", "Claimed side", "Estimate", "p", "p (Holm)", "n", "Holds")
    head = "".join(
        f'<th scope="col"{_WIDE if name == "Comparison" else ""}>{name}</th>' for name in names
    )
    body = []
    for row in rows:
        number = results.number(str(row["number"]))
        meaning = html_text(_general(number) if number else row["number"])
        unit = values.unit_of(str(row["unit"]), str(number["table"]) if number else "")
        side = html_text(f"{row['side']} {values.threshold(float(row['than']), unit)}")
        holds = "–" if values.missing(row["holds"]) else ("yes" if row["holds"] else "no")
        p_values = "".join(
            f'<td class="figure">{html_text(_p(row[column]))}</td>'
            for column in ("p_value", "p_holm")
        )
        estimate = number_html(number) if number else _EMPTY
        body.append(
            f'<tr><th scope="row">{html_text(row["claim"])}</th><td>{meaning}</td><td>{side}</td>'
            f'<td class="figure">{estimate}</td>{p_values}'
            f'<td class="figure">{int(row["n"]):,}</td><td>{holds}</td></tr>'
        )
    return (
        '<div class="table-box"><div class="table-scroll" role="group" tabindex="0" '
        'aria-label="Comparisons behind the verdicts">\n'
        '<table class="data sortable" data-quarto-disable-processing="true">\n'
        f"<thead><tr>{head}</tr></thead><tbody>\n" + "\n".join(body) + "\n</tbody></table></div>\n"
        '<p class="download"><a href="data/out_scorecard_tests.csv" download>'
        "All rows and columns (CSV)</a></p></div>"
    )


def _p(value: Any) -> str:
    return "–" if values.missing(value) else values.plain(value, "p")


def verdict_html(results: Results, claim: str) -> str:
    """The verdict on one claim.

    Raises:
        UnknownNameError: there is a scorecard, but without this claim.
    """
    cards = {str(card["claim"]): card for card in _cards(results)}
    if not cards:
        return '<span class="no-data">no data yet</span>'
    if claim not in cards:
        raise UnknownNameError.of("claim", claim, list(cards), where="out_scorecard")
    return _badge(str(cards[claim]["verdict"]))


def freshness_html(results: Results) -> str:
    """State and date of every source; those that are skipped in one line for each reason."""
    every = records(results.frame("sources"))
    if not every:
        return no_data("the sources")
    rows = [row for row in every if row["state"] != "skipped"]
    skipped: dict[str, list[str]] = {}
    for row in every:
        if row["state"] == "skipped":
            skipped.setdefault(str(row["note"]), []).append(str(row["title"]))
    items = "\n".join(
        f'<li><span class="state state-{html_text(row["state"])}">{html_text(row["state"])}</span> '
        f'<span class="source-title">{html_text(row["title"])}</span> '
        f'<span class="as-of">{_as_of(str(row["as_of"]))}'
        f"{': ' + html_text(row['note']) if row['note'] else ''}</span></li>"
        for row in rows
    )
    items += "".join(
        f'\n<li><span class="state state-skipped">skipped</span> '
        f'<span class="source-title">{html_text(_named(titles))}</span> '
        f'<span class="as-of">not asked: {html_text(_plain(note))}</span></li>'
        for note, titles in sorted(skipped.items())
    )
    return f'<ul class="freshness">\n{items}\n</ul>'


def _plain(note: str) -> str:
    return note.removeprefix("skipped: ").replace("`", "")


def _named(titles: list[str]) -> str:
    """A few titles in full; of many, that they are many."""
    return ", ".join(titles) if len(titles) <= FEW else "The other sources"


def _as_of(text: str) -> str:
    try:
        return "data as of " + day_html(dt.date.fromisoformat(text))
    except ValueError:
        return f"data as of <time>{html_text(text)}</time>" if text else "date unknown"


def rules_html(results: Results) -> str:
    """The claims as study.toml states them, with the rules of their verdicts."""
    claims = results.study.claims
    if not claims:
        return no_data("the claims: study.toml names none")
    return '<dl class="rules">\n' + "\n".join(map(_rule, claims, claims.values())) + "\n</dl>"


def _rule(name: str, claim: Claim) -> str:
    tests = "".join(
        f"<li><code>{html_text(test.number)}</code> {test.side} {test.than:g}</li>"
        for test in claim.tests
    )
    tests = f"<ul>{tests}</ul>" if tests else "No data can decide it yet."
    measure = html_text(claim.measure.rstrip("."))
    return (
        f'<dt><span class="claim-id">{html_text(name)}</span> {html_text(claim.title)}</dt>'
        f"<dd>{measure}. Fewest observations: {claim.min_n}. {tests}</dd>"
    )
