"""Names and affiliation strings -> organisation, country and kind.

How sure an answer is: the share of countries that are right among those found in the same way
(`weigh.CONFIDENCE`), measured on one half of some 57,000 affiliation strings of papers on
artificial intelligence (see `tests/reference/affiliations.py`); ways that occur there fewer than 50
times are judged.

The country of a firm's laboratory is that of the place that the text names; where it names none, it
is the firm's home, with the lower confidence of `home`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from gapstudy.organisations.index import Index
from gapstudy.organisations.likeness import alike
from gapstudy.organisations.weigh import CONFIDENCE, NO_COUNTRY, Answer, answer

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("id", "name", "country", "kind", "confidence", "how")


@functools.cache
def shipped() -> Index:
    """Index of what the project knows without any table."""
    return Index.build()


def resolve(names: pd.Series[str], index: Index | None = None) -> pd.DataFrame:
    """Organisation and country of names and affiliation strings.

    Args:
        names: texts; missing ones are as good as empty.
        index: known organisations; by default those that the project knows by itself.

    Returns:
        Frame with the index of `names` and the columns `id`, `name`, `country` (ISO alpha-2) and
        `kind` of the organisation (empty when unknown; no match is an answer), `confidence` (0 to
        1; 0 when nothing is known) and `how` the country was found: stated; state (or province, or
        postal code); organisation; place (of a firm's laboratory); home (of a firm); domain (of an
        e-mail address); city; named (a place in the name of an institution); likeness (a known
        name spelled otherwise); city_unsure, doubtful (a name of several places); script; none.
    """
    import pandas as pd

    index = index or shipped()
    codes, distinct = pd.factorize(names.astype(object).where(names.notna(), ""))
    texts = [str(text) for text in distinct]
    found = [answer(text, index) for text in texts]
    open_ = [at for at, one in enumerate(found) if one.place < 0 and texts[at]]
    for at, place in zip(open_, alike([texts[at] for at in open_], index), strict=True):
        if place >= 0:
            found[at] = _like(found[at], place, index)
    rows = [_row(one, index) for one in found]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).take(codes)
    frame.index = names.index
    return frame.astype({name: "str" for name in COLUMNS if name != "confidence"} | {
        "confidence": "float64"})  # fmt: skip


def _like(known: Answer, place: int, index: Index) -> Answer:
    country = index.organisations[place].country
    if not known.country or known.how in {"city_unsure", "doubtful", "script", "named"}:
        return Answer(place, country, "likeness") if country else known
    # What is spelled otherwise and lies elsewhere is another one.
    return Answer(place, known.country, known.how) if country == known.country else known


def _row(found: Answer, index: Index) -> tuple[str, str, str, str, float, str]:
    confidence = CONFIDENCE[found.how]
    if found.place < 0:
        return "", "", found.country, "", confidence, found.how
    one = index.organisations[found.place]
    if not found.country:
        confidence = NO_COUNTRY
    return one.id, one.name, found.country, one.kind, confidence, found.how
