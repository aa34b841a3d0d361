import pandas as pd
import pytest

from gapstudy.link.phrases import set_against


@pytest.mark.parametrize(
    ("text", "against"),
    [
        ("An open alternative to ZorNet for teams", True),
        ("Faster than ZorNet on phones", True),
        ("Unlike ZorNet, it runs offline", True),
        ("Similar to the popular ZorNet", True),
        ("A ZorNet-like tagger", True),
        ("效果优于ZorNet", True),
        ("ZorNet的替代品", True),
        ("Built on ZorNet and tuned for phones", False),
        ("Powered by ZorNet", False),
        ("基于ZorNet的应用", False),
        ("ZorNet", False),
    ],
)
def test_what_stands_beside_a_name(text: str, against: bool) -> None:
    targets = pd.DataFrame({"description": ["", text], "feature": "", "name": ""})
    start = text.index("ZorNet")
    hits = pd.DataFrame(
        {"column": [1], "field": ["description"], "start": [start], "end": [start + 6]}
    )
    assert set_against(hits, targets).tolist() == [against]


def test_no_places_no_phrases() -> None:
    none = pd.DataFrame({"column": [], "field": [], "start": [], "end": []})
    targets = pd.DataFrame({"description": ["a"], "feature": "", "name": ""})
    assert set_against(none, targets).tolist() == []
