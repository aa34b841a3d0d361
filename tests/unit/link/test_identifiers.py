import re
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.link.identifiers import COLUMNS, identifiers


def _found(text: str) -> list[tuple[str, str]]:
    return list(identifiers([text])[["kind", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see arXiv:1706.03762v5.", [("arxiv", "1706.03762")]),
        ("https://arxiv.org/abs/1810.04805", [("arxiv", "1810.04805")]),
        ("https://arxiv.org/pdf/1810.04805v2.pdf", [("arxiv", "1810.04805")]),
        ("基于arXiv:1706.03762的模型", [("arxiv", "1706.03762")]),
        ("arXiv:0704.0001", [("arxiv", "0704.0001")]),
        ("1706.03762;1810.04805", [("arxiv", "1706.03762"), ("arxiv", "1810.04805")]),
        ("arXiv:cs/0112017 and arxiv.org/abs/hep-th/9901001v3",
         [("arxiv", "cs/0112017"), ("arxiv", "hep-th/9901001")]),
        ("math.GT/0309136", [("arxiv", "math/0309136")]),
        ("https://doi.org/10.48550/arXiv.1706.03762", [("arxiv", "1706.03762")]),
        ("doi:10.48550/arXiv.cs/0112017v1", [("arxiv", "cs/0112017")]),
        ("(doi:10.1038/S41586-021-03819-2).", [("doi", "10.1038/s41586-021-03819-2")]),
        ("10.1016/S0004-3702(97)00043-X; next", [("doi", "10.1016/s0004-3702(97)00043-x")]),
        ("参见10.1000/182。", [("doi", "10.1000/182")]),
        ("https://github.com/Owner-1/Some.Name.git", [("github", "owner-1/some.name")]),
        ("git@github.com:owner/name.git", [("github", "owner/name")]),
        ("github.com/owner/name/tree/main.", [("github", "owner/name")]),
        ("github.com/topics/python github.com/owner", []),
        ("https://huggingface.co/Owner/Model-7B", [("hub", "owner/model-7b")]),
        ("huggingface.co/datasets/owner/set and hf.co/docs/hub", [("hub", "owner/set")]),
        ("Hugging Face: owner/model", [("hub", "owner/model")]),
        ("and/or, input/output, 24/7", []),
        ("a price of 1234.5678901, 9913.12345, version 10.2/3", []),
        ("", []),
    ],
)  # fmt: skip
def test_identifiers(text: str, expected: list[tuple[str, str]]) -> None:
    assert _found(text) == expected


def test_rows_are_those_of_the_texts() -> None:
    texts = pd.Series(
        ["", "10.1000/182 twice 10.1000/182", "none", "arXiv:1706.03762"], index=[9, 8, 7, 6]
    )
    found = identifiers(texts)
    assert list(found.columns) == list(COLUMNS)
    assert found.to_numpy().tolist() == [[1, "doi", "10.1000/182"], [3, "arxiv", "1706.03762"]]


def test_no_texts_give_no_rows() -> None:
    assert identifiers([]).empty
    assert list(identifiers([]).columns) == list(COLUMNS)


ANY = st.text(st.characters(exclude_categories=[]))


@settings(max_examples=50)
@given(
    st.lists(
        ANY | st.sampled_from(["10.1000/182", "arXiv:1706.03762", "github.com/a/b"]), max_size=6
    )
)
def test_any_text_is_read_by_itself(texts: list[str]) -> None:
    found = identifiers(texts)
    alone = [(row, kind, value) for row, text in enumerate(texts) for kind, value in _found(text)]
    assert list(found.itertuples(index=False, name=None)) == sorted(alone)
    assert all(re.search(r"\s", value) is None for value in found["value"])


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    ["1", "10.", "10.1234/", "a/", "github.com/", "a-", "1706.0", "arxiv", "cs/", "(", "hf hub "],
)
def test_long_texts_take_bounded_time(piece: str) -> None:
    start = time.process_time()
    found = identifiers([piece * (100_000 // len(piece))])
    assert (found["value"].str.len() <= 220).all()
    assert time.process_time() - start < 20
