"""What a page's cells call. Each call gives a value that Jupyter and Quarto show as HTML.

Pages never type a number: they name it, and the name leads to its table row and to the stored bytes
(`gapstudy trace NAME`). With no data yet, each call says so instead of failing.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from gapstudy.errors import UnknownNameError
from gapstudy.publish import html
from gapstudy.publish.escape import html_text
from gapstudy.publish.html import Html
from gapstudy.publish.results import Results
from gapstudy.publish.tables_html import Look, table_html
from gapstudy.study import FILE, Study

ROOT = "GAPSTUDY_ROOT"
NO_NUMBER = "no data yet"


def study_root() -> Path:
    """The study of a page: GAPSTUDY_ROOT, else the nearest folder upwards with a study.toml."""
    given = os.environ.get(ROOT)
    if given:
        return Path(given)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / FILE).is_file()), here)


@cache
def _results(root: Path) -> Results:
    from gapstudy.publish.run import open_results

    return open_results(root)


def results() -> Results:
    """The tables of the page's study."""
    return _results(study_root())


def number(name: str, *, interval: bool = True, n: bool = False) -> Html:
    """A named number with its interval, as in "12% (8% to 17%)".

    Args:
        name: name in `out_numbers`.
        interval: whether to print the interval.
        n: whether to print how many observations it rests on.

    Raises:
        UnknownNameError: there are numbers, but none of this name.
    """
    row = results().number(name)
    if row is None:
        return Html(f'<span class="no-data">{NO_NUMBER}</span>')
    return Html(html.number_html(row, interval=interval, n=n))


def table(
    name: str,
    columns: Mapping[str, str],
    *,
    where: Mapping[str, object] | None = None,
    sort: Sequence[str] = (),
    limit: int | None = None,
    units: Mapping[str, str] | None = None,
    label: str = "",
) -> Html:
    """Rows of a table, sortable, with a link to all of it as CSV.

    Args:
        name: the table.
        columns: column -> heading, in order. `estimate` and `value` bring their interval along.
        where: column -> value or list of values (in the order to show); the choices of the
            headline apply to columns not named here, None lifts them.
        sort: columns to sort by, "-" before a name for descending; by default the stored order.
        limit: rows to show at most; the reader is told when there are more.
        units: column -> unit, where the contract does not say it.
        label: what the table is, for readers who cannot see it; by default the table's meaning.
    """
    look = Look(dict(columns), tuple(sort), limit, dict(units or {}), label)
    return Html(table_html(results(), name, where, look))


def figure(name: str) -> Html:
    """A figure of `gapstudy.publish.figures`, with its alternative text and a link to its data."""
    from gapstudy.publish.assets import find_figure

    return Html(html.figure_html(name, find_figure(results(), name, Path.cwd())))


def scorecard(show: Mapping[str, tuple[str, str]]) -> Html:
    """The claims under test with their verdicts.

    Args:
        show: claim -> name of a number and what it is. With `{region}` in the name, one number for
            EU, US and CN each.
    """
    from gapstudy.publish.claims_html import scorecard_html

    return Html(scorecard_html(results(), show))


def reasons() -> Html:
    """For each claim: why its verdict is so, and what would change it."""
    from gapstudy.publish.claims_html import reasons_html

    return Html(reasons_html(results()))


def comparisons() -> Html:
    """The comparisons behind the verdicts, with adjusted p-values."""
    from gapstudy.publish.claims_html import comparisons_html

    return Html(comparisons_html(results()))


def verdict(claim: str) -> Html:
    """The verdict on one claim, in a sentence's middle."""
    from gapstudy.publish.claims_html import verdict_html

    return Html(verdict_html(results(), claim))


def freshness() -> Html:
    """The sources of the study: state, and how new their data are."""
    from gapstudy.publish.claims_html import freshness_html

    return Html(freshness_html(results()))


def rules() -> Html:
    """The claims with the rules of their verdicts, as study.toml states them."""
    from gapstudy.publish.claims_html import rules_html

    return Html(rules_html(results()))


def survey_notice() -> Html:
    """Whether practitioners have answered, with a warning where the responses are made up."""
    rows = results().rows("out_survey_quality", {"quantity": "respondents", "about": "all"})
    if rows.empty or rows["n"].eq(0).fillna(False).all():
        return Html(
            '<p class="notice">No responses to the practitioner survey have been '
            "imported. Its tables and figure below are empty.</p>"
        )
    if (rows["responses"] == "synthetic").any():
        return Html(
            '<p class="notice"><strong>SYNTHETIC RESPONSES.</strong> Everything on '
            "this page that comes from the practitioner survey was made up by a program, to try "
            "the survey. It says nothing about the world.</p>"
        )
    return Html("<p>Responses to the practitioner survey have been imported.</p>")


def study_text(path: str) -> Html:
    """A setting of study.toml, such as "window.cutoff" or "measurement.confidence"."""
    value: object = results().study
    for part in path.split("."):
        known = type(value).model_fields if isinstance(value, Study) else vars(value)
        if part not in known:
            raise UnknownNameError.of("setting", path, list(known), where=FILE)
        value = getattr(value, part)
    if isinstance(value, dt.date):
        return Html(html.day_html(value))
    if path == "measurement.confidence" and isinstance(value, float):
        return Html(f'<span class="setting">{value:.0%}</span>')
    items = value if isinstance(value, tuple) else (value,)
    text = ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in items)
    return Html(f'<span class="setting">{html_text(text)}</span>')
