"""Which cells of a table by region may be shown, so that no small one can be worked out.

A region with fewer respondents than the smallest cell is withheld (primary suppression). Since the
total of all regions is shown too, what is withheld must not be the difference of what is shown: the
next smallest regions are withheld with it until the withheld ones together are as many as the
smallest cell (complementary suppression), and the total itself where no region is left for that.
Results are broken down by region alone, so this is the only difference that can be taken. Terms:
Hundepool and others, Statistical Disclosure Control (2012), https://doi.org/10.1002/9781118348239.
"""

from __future__ import annotations

from collections.abc import Mapping

ALL = "all"


def shown(counts: Mapping[str, int], least: int) -> frozenset[str]:
    """Regions that may be shown, and `all` where the total may.

    A region without any respondent has nothing to hide and nothing to show: it is not among them.

    Args:
        counts: respondents of each region; regions do not overlap.
        least: smallest cell.

    >>> sorted(shown({"EU": 40, "US": 25, "CN": 3}, 10)), sorted(shown({"EU": 40, "CN": 3}, 10))
    (['EU', 'all'], ['all'])
    >>> sorted(shown({"EU": 40, "US": 6, "CN": 7}, 10)), sorted(shown({"CN": 3}, 10))
    (['EU', 'all'], [])
    """
    present = sorted((n, region) for region, n in counts.items() if n > 0)
    hidden = [region for n, region in present if n < least]
    open_ = [region for n, region in present if n >= least]
    if not hidden:
        return frozenset([*open_, ALL]) if open_ else frozenset()
    while open_ and sum(counts[region] for region in hidden) < least:
        hidden.append(open_.pop(0))
    if sum(counts[region] for region in hidden) < least:
        return frozenset(open_)
    return frozenset([*open_, ALL])
