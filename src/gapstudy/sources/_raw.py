"""A bad item as it stands in an answer, for the quarantine."""

from __future__ import annotations

from typing import Any

import orjson


def raw(item: Any) -> str:
    """An item of a JSON answer as JSON, keys sorted; empty when it nests too deep to write."""
    try:
        return orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        return ""
