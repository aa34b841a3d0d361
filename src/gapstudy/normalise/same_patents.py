"""Which records are the same patent publication, from two sources or in two spellings.

One publication is one number with its kind code. Two spellings of one number are known: an
application of the United States is written with a serial of seven digits by that office
(US20180000001A1) and of six by the EPO (US2018000001A1); and lists of labels such as the AIPD name
documents by their number alone, without kind code. A number without kind code is the publication of
that number, of several the one of the least kind code.

A publication has the same dates in every source, so the record kept takes no date from another.
Different publications of one invention are a family and no duplicates (see `families`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as arrow
import pyarrow.compute as pc

from gapstudy.normalise import same

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

REASONS = (
    "the same publication number",
    "the same publication number in another spelling",
    "the same number without kind code",
)
_SERIAL = r"^(US(?:19|20)\d\d)0(\d{6}(?:[A-Z]\d?)?)$"
_BARE = r"^[A-Z]{2}\d+$"


def same_patents(base: DuckDBPyConnection, twice: str, keep: str) -> None:
    """Find patents that are the same, and keep of each the record of the first source.

    Args:
        base: the database of `merge.Merge`, with the view `part_patents`.
        twice: what is said of two patents of one source with the same key, `{it}` the key.
        keep: what to do about it.
    """
    same.faults(base, "patents", twice, keep)
    patents = base.sql(
        """select nr, src, patent_id from part_patents
        where nr not in (select nr from gone where "table" = 'patents') order by nr"""
    ).to_df()
    found = duplicates(patents)
    if len(found):
        same.note(base, "patents", found)


def duplicates(patents: pd.DataFrame) -> arrow.Table:
    """Which record stands for which.

    Args:
        patents: nr, src and patent_id of all records.

    Returns:
        nr, kept, relation and reason of the records that do not stand.
    """
    numbers = arrow.array(patents["patent_id"], arrow.string())
    plain = pc.replace_substring_regex(numbers, _SERIAL, r"\1\2")
    bare = pc.match_substring_regex(plain, _BARE).to_numpy(zero_copy_only=False)
    stem = pc.replace_substring_regex(plain, r"^([A-Z]{2}\w*?\d)[A-Z]\d?$", r"\1")
    frame = patents.assign(plain=plain.to_pylist(), stem=stem.to_pylist(), bare=bare)
    # Records with kind code first: of them a number without one takes the least.
    frame = frame.sort_values(["stem", "bare", "plain", "src", "patent_id"], kind="stable")
    by_stem = frame.groupby("stem", sort=False)["plain"].transform("first")
    frame["group"] = by_stem.where(frame["bare"], frame["plain"])
    frame["kept"] = frame.groupby("group", sort=False)["nr"].transform("first")
    gone = frame[frame["nr"] != frame["kept"]].sort_values("nr")
    chosen = patents.set_index("nr")["patent_id"].reindex(gone["kept"]).to_numpy()
    reason = np.where(gone["patent_id"].to_numpy() == chosen, 0,
                      np.where(gone["plain"] == gone["group"], 1, 2))  # fmt: skip
    return arrow.table({
        "nr": gone["nr"].to_numpy(), "kept": gone["kept"].to_numpy(),
        "relation": arrow.array(["same"] * len(gone), arrow.string()),
        "reason": arrow.array(REASONS, arrow.string()).take(arrow.array(reason, arrow.int64())),
    })  # fmt: skip
