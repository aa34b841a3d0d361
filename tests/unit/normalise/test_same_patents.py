"""One publication from two sources, and in two spellings of its number."""

import random
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.normalise.same_patents import REASONS, duplicates

from ..normalising import normalised, raw


def merged(*numbers: str, sources: tuple[int, ...] = ()) -> dict[str, tuple[str, str]]:
    places = sources or (0,) * len(numbers)
    table = pd.DataFrame({"nr": range(len(numbers)), "src": places, "patent_id": numbers})
    return {numbers[row["nr"]]: (numbers[row["kept"]], row["reason"])
            for row in duplicates(table).to_pylist()}  # fmt: skip


def test_a_number_without_kind_code_is_the_one_with_it() -> None:
    assert merged("US10000000", "US10000000B2", "US2018000001", "EP1A1") == {
        "US10000000": ("US10000000B2", REASONS[2])
    }
    assert merged("EP3000000", "EP3000000B1", "EP3000000A1") == {
        "EP3000000": ("EP3000000A1", REASONS[2])
    }


def test_two_spellings_of_an_american_application() -> None:
    assert merged("US20180000001A1", "US2018000001A1", sources=(0, 1)) == {
        "US2018000001A1": ("US20180000001A1", REASONS[1])
    }
    assert merged("US20180000001", "US2018000001A1", "US20180100001A1") == {
        "US20180000001": ("US2018000001A1", REASONS[2])
    }


def test_other_documents_stay_apart() -> None:
    assert merged("EP1A1", "EP1B1", "US10000000B2", "USRE10000000E1", "WO2019000001A1",
                  "GB2018000001A", "US1B1", "US01B1") == {}  # fmt: skip


def test_parties_of_a_merged_publication_are_not_lost(tmp_path: Path) -> None:
    patent = {"title": "A", "office": "US"}
    given_ = {
        "google_patents": [raw("patents", 1, patent_id="US10000000B2", **patent)],
        "uspto_odp": [
            raw("patents", 1, patent_id="US10000000", publication_date="2018-06-19", **patent),
            raw("patent_parties", 2, patent_id="US10000000", role="applicant", position=1,
                name="Acme", country="US"),
        ],
    }  # fmt: skip
    made = normalised(tmp_path, given_)
    assert made.ids("patents") == ["US10000000B2"]
    assert made.ids("patent_parties") == ["US10000000B2"]
    (row,) = made.rows("same_as")
    assert (row["kind"], row["id"], row["kept_id"]) == ("patent", "US10000000", "US10000000B2")
    assert (row["date"], row["gave_date"]) == ("2018-06-19", False)
    assert made.quarantine == []


def test_the_same_number_in_two_sources_is_told(tmp_path: Path) -> None:
    patent = raw("patents", 1, patent_id="EP1A1", title="A", office="EP")
    made = normalised(tmp_path, {"epo_ops": [patent], "google_patents": [patent]})
    (row,) = made.rows("same_as")
    assert (row["source"], row["kept_id"], row["reason"]) == ("google_patents", "EP1A1", REASONS[0])


NUMBERS = st.sampled_from(["US10B2", "US10", "US10B1", "US20180000001A1", "US2018000001A1",
                           "US2018000001", "US20180000001", "EP1A1", "EP1"])  # fmt: skip


@given(st.lists(NUMBERS, unique=True, max_size=9), st.randoms(use_true_random=False))
def test_what_is_kept_does_not_depend_on_the_order(
    numbers: list[str], order: random.Random
) -> None:
    first = merged(*numbers)
    assert not set(first) & {kept for kept, _ in first.values()}
    order.shuffle(numbers)
    assert merged(*numbers) == first
