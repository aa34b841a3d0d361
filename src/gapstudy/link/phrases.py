"""What a text says of a name beside it: that the thing is only set against it.

Looked at are the REACH characters before and after a place where a name was found. Phrases are
English and Chinese, the languages of most launch texts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gapstudy.link.ends import FIELDS

#: Characters looked at on each side of a name.
REACH = 40
_GAP = r"[\s\"'(\[\x{201c}\x{2018}]*(?:the |an? |its |own |popular |famous |other )*[\s\"'(\[]*"
#: Before a name: what the thing is set against.
_AGAINST = (
    r"(?:\b(?:better|faster|cheaper|smaller|larger|stronger|smarter|more \w+|less \w+) than"
    r"|\b(?:unlike|versus|vs\.?|against|beats?|outperforms?|outperforming|rivals?|rivall?ing|"
    r"surpass(?:es|ing)?|exceed(?:s|ing)?|compared (?:to|with)|comparable (?:to|with)|"
    r"competes? with|competitor (?:to|of)|rival (?:to|of)|alternatives? (?:to|for)|instead of|"
    r"replaces?|replacement for|similar to|such as|like|not|no relation to|named after))"
    + _GAP + r"$"
    r"|(?:优于|超越|超过|媲美|不同于|对比|相比|替代|取代|比)\s*$"
)  # fmt: skip
#: After a name: that the thing is another.
_OTHER = (
    r"^[\s\"')\]]*(?:[- ](?:alternative|competitor|rival|killer|like|style)\b"
    r"|的?(?:替代|竞争|对手|竞品))"
)


def set_against(hits: pd.DataFrame, targets: pd.DataFrame) -> Any:
    """Whether the target sets itself against what is named, for each place where a name was found.

    Args:
        hits: columns column (place of the target), field, start, end.
        targets: the targets, with the text columns of `ends.FIELDS`.

    Returns:
        Array of truth values in the order of `hits`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    before = np.full(len(hits), "", dtype=object)
    after = before.copy()
    starts, ends = (hits[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    columns = hits["column"].to_numpy(dtype=np.int64)
    for field in FIELDS:
        here = np.flatnonzero((hits["field"] == field).to_numpy(dtype=bool))
        body = targets[field].to_numpy(dtype=object)[columns[here]]
        places = zip(body, starts[here].tolist(), ends[here].tolist(), strict=True)
        cuts = [(text[max(0, start - REACH) : start], text[end : end + REACH])
                for text, start, end in places]  # fmt: skip
        before[here] = [cut[0] for cut in cuts]
        after[here] = [cut[1] for cut in cuts]

    def says(texts: Any, pattern: str) -> Any:
        found = pc.match_substring_regex(
            pa.array(texts, type=pa.large_string()), pattern, ignore_case=True
        )
        return found.to_numpy(zero_copy_only=False).astype(bool)

    return says(before, _AGAINST) | says(after, _OTHER)
