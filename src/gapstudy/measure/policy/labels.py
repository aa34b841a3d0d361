"""What an estimate may be called: not estimable, exploratory, or checked, and the words with it."""

from __future__ import annotations

from collections.abc import Mapping

from gapstudy.measure.policy.dynamics import Check
from gapstudy.measure.policy.rules import Rules

NO_CLAIM = "no claim of cause"
CHECKED = "design checks passed"
#: A check of the time before the date fails below this p-value. It is above 5%, because a check
#: with few products hardly ever rejects.
LEVEL = 0.10


def label(before: int, after: int, months: float, rules: Rules) -> tuple[str, str]:
    """Label of an estimate, with its reason.

    Args:
        before: products before the date.
        after: products from the date on.
        months: months from the date to the cut-off.
        rules: the fewest of each.

    Returns:
        after the cut-off, not estimable, exploratory or confirmatory, and why.
    """
    if months <= 0:
        return "after the cut-off", "the date lies after the cut-off"
    for count, side in ((before, "before"), (after, "after")):
        if count < rules.min_cell:
            return "not estimable", f"fewer than {rules.min_cell} products {side} the date"
    reasons = []
    if min(before, after) < rules.min_products:
        reasons.append(f"fewer than {rules.min_products} products on one side")
    if months < rules.min_followup:
        reasons.append(f"less than {rules.min_followup:g} months of follow-up")
    return ("exploratory", "; ".join(reasons)) if reasons else ("confirmatory", "")


def claim(
    name: str, checks: Mapping[str, Check], resolution: float, overlapping: int
) -> tuple[str, str]:
    """Whether the design passes, with the checks that it does not pass.

    Args:
        name: the label.
        checks: checks of the time before the date, by name.
        resolution: smallest p-value that randomisation over dates and markets can give.
        overlapping: other dates of law for the treated market within the window.

    Returns:
        `NO_CLAIM` or `CHECKED`, and why.
    """
    failed = []
    if name != "confirmatory":
        failed.append(name)
    for key, words in (
        ("joint", "earlier steps together"), ("slope", "slope before the date"),
        ("placebo_date", "a date a year too early"),
    ):  # fmt: skip
        check = checks.get(key)
        if check is None or check.effect is None:
            failed.append(f"{words}: could not be checked")
        elif not check.effect.p_value > LEVEL:
            failed.append(f"{words}: differs from zero")
    if not resolution <= 0.05:
        failed.append("too few placebos for a p-value of 5%")
    if overlapping:
        failed.append("other dates of law lie within the window")
    return (NO_CLAIM, "; ".join(failed)) if failed else (CHECKED, "")
