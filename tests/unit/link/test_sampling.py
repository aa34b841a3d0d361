"""Draws and estimates against frames whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from gapstudy.errors import UsageError
from gapstudy.link import estimates, sampling

WORLDS = 80


def frame(size: int = 4000, seed: int = 5) -> pd.DataFrame:
    """A frame of pairs with scores, and with links that the scores half know."""
    rng = np.random.default_rng(seed)
    score = np.where(rng.random(size) < 0.8, 0.0, rng.beta(0.4, 1.5, size))
    made = pd.DataFrame(
        {
            "paper_id": [f"r{number % 83}" for number in range(size)],
            "target_type": np.where(rng.random(size) < 0.9, "product", "patent"),
            "target_id": [f"t{number}" for number in range(size)],
            "score": score,
            "region": rng.choice(["US", "CN", "EU"], size, p=[0.6, 0.3, 0.1]),
            "link": rng.random(size) < 0.01 + 0.8 * score,
        }
    )
    return made.assign(stratum=sampling.strata(made))


FRAME = frame()
SIZES = FRAME["stratum"].value_counts()
NUMBERS = sampling.allocate(SIZES, 700, sampling.importance(SIZES.index))


def flags(pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    called, link = pairs["score"] >= 0.3, pairs["link"]
    found = {"true": link & called, "false": ~link & called, "missed": link & ~called}
    where = {"true": called, "false": called, "missed": ~called}
    return pd.DataFrame(found), pd.DataFrame(where)


def test_strata_say_band_region_and_kind() -> None:
    pairs = pd.DataFrame(
        {"score": [0.0, 1e-6, 0.01, 0.49, 0.5, 1.0, None], "region": "EU", "target_type": "patent",
         "frame": ["award", None] + ["award"] * 5}
    )  # fmt: skip
    bands = sampling.strata(pairs).str.removesuffix("-EU-patent")
    assert list(bands) == ["b0", "b1", "b2", "b3", "b4", "b4", "b0"]
    more = sampling.strata(pairs, ["frame"])
    assert list(more[:2]) == ["b0-EU-patent-award", "b1-EU-patent-unknown"]


def test_importance_is_of_band_and_region() -> None:
    weight = sampling.importance(pd.Index(["b4-EU-product", "b0-US-product", "known", "b4"]))
    assert weight["b4-EU-product"] > weight["b4"] > weight["b0-US-product"]
    assert weight["known"] == 1.0


@pytest.mark.parametrize("total", [60, 137, 700, 3999])
def test_allocation_keeps_total_and_bounds(total: int) -> None:
    numbers = sampling.allocate(SIZES, total, sampling.importance(SIZES.index))
    assert numbers.sum() == total
    assert (numbers <= SIZES[numbers.index]).all()
    assert (numbers >= SIZES[numbers.index].clip(upper=sampling.LEAST)).all()
    again = sampling.allocate(SIZES.sample(frac=1.0, random_state=1), total)
    assert list(again.index) == sorted(SIZES.index)


def test_allocation_takes_all_of_a_small_frame_and_refuses_too_few() -> None:
    sizes = pd.Series({"a": 3, "b": 1, "empty": 0})
    assert sampling.allocate(sizes, 100).to_dict() == {"a": 3, "b": 1}
    assert sampling.allocate(sizes.iloc[:0], 5).empty
    with pytest.raises(UsageError, match="Draw at least 3"):
        sampling.allocate(sizes, 2)


def test_equal_weight_allocates_by_the_root_of_the_size() -> None:
    sizes = pd.Series({"a": 10_000, "b": 2_500, "c": 100})
    assert sampling.allocate(sizes, 160).to_dict() == {"a": 100, "b": 50, "c": 10}


def test_a_draw_is_of_the_pairs_not_of_their_order() -> None:
    one = sampling.draw(FRAME, NUMBERS, 7)
    other = sampling.draw(FRAME.sample(frac=1.0, random_state=3), NUMBERS, 7)
    pd.testing.assert_frame_equal(one, other)
    assert one["stratum"].value_counts().to_dict() == NUMBERS.to_dict()
    assert set(one["target_id"]) != set(sampling.draw(FRAME, NUMBERS, 8)["target_id"])


def test_a_larger_draw_holds_the_smaller() -> None:
    small = set(sampling.draw(FRAME, NUMBERS, 7)["target_id"])
    large = set(sampling.draw(FRAME, (NUMBERS * 2).clip(upper=SIZES), 7)["target_id"])
    assert small < large


def test_inclusion_is_the_share_drawn() -> None:
    drawn = sampling.draw(FRAME, NUMBERS, 7)
    share = (NUMBERS / SIZES)[drawn["stratum"]].to_numpy()
    np.testing.assert_allclose(drawn["inclusion"], share)
    np.testing.assert_allclose((1 / drawn["inclusion"]).sum(), len(FRAME))


def test_every_pair_is_drawn_as_often_as_said() -> None:
    pairs = pd.DataFrame(
        {"paper_id": "r", "target_type": "product", "target_id": [f"t{n}" for n in range(20)],
         "stratum": ["a"] * 15 + ["b"] * 5}
    )  # fmt: skip
    count = pd.Series(0.0, index=pairs["target_id"])
    for seed in range(WORLDS * 6):
        drawn = sampling.draw(pairs, pd.Series({"a": 3, "b": 2}), seed)
        count[drawn["target_id"]] += 1
    expected = np.where(pairs["stratum"] == "a", 0.2, 0.4)
    error = np.sqrt(expected * (1 - expected) / (WORLDS * 6))
    assert (np.abs(count.to_numpy() / (WORLDS * 6) - expected) < 4 * error).all()


def test_unclear_pairs_give_their_weight_to_their_stratum() -> None:
    drawn = sampling.draw(FRAME, NUMBERS, 7)
    clear = pd.Series(np.arange(len(drawn)) % 5 > 0)
    kept = sampling.settled(drawn, clear)
    assert len(kept) == clear.sum()
    np.testing.assert_allclose((1 / kept["inclusion"]).sum(), len(FRAME))


def worlds() -> list[estimates.Totals]:
    made = []
    for seed in range(WORLDS):
        drawn = sampling.draw(FRAME, NUMBERS, seed)
        made.append(estimates.totals(drawn, *flags(drawn)))
    return made


@pytest.fixture(scope="module")
def many() -> list[estimates.Totals]:
    return worlds()


def test_totals_are_unbiased_and_their_errors_right(many: list[estimates.Totals]) -> None:
    truth = flags(FRAME)[0].sum()
    for name in ("true", "false", "missed"):
        found = np.array([world.of(name) for world in many])
        spread = found[:, 0].std(ddof=1)
        assert abs(found[:, 0].mean() - truth[name]) < 4 * spread / np.sqrt(WORLDS)
        assert 0.9 * spread < np.sqrt((found[:, 1] ** 2).mean()) < 1.25 * spread


@pytest.mark.parametrize(("part", "rest"), [("true", "false"), ("true", "missed")])
def test_intervals_of_precision_and_recall_cover(
    many: list[estimates.Totals], part: str, rest: str
) -> None:
    truth = flags(FRAME)[0].sum()
    right = truth[part] / (truth[part] + truth[rest])
    found = [world.share(part, rest) for world in many]
    cover = np.mean([one.low <= right <= one.high for one in found])
    assert cover >= 0.93
    assert np.mean([one.high - one.low for one in found]) < (0.1 if rest == "false" else 0.5)
    assert (
        abs(np.mean([one.value for one in found]) - right) < 0.04
    )  # of a ratio, whose bias is small
    assert all(0 <= one.low <= one.value <= one.high <= 1 for one in found)


def test_links_that_no_stratum_shows_still_leave_room() -> None:
    drawn = sampling.draw(FRAME, NUMBERS, 1).assign(link=False)
    none = estimates.totals(drawn, *flags(drawn))
    assert none.of("missed")[0] == 0.0
    # What 700 pairs without one leave open, most of them standing for ten or more.
    assert 20 < none.ends("missed")[1] < 200
    drawn["link"] = drawn["score"] >= 0.3
    perfect = estimates.totals(drawn, *flags(drawn)).share("true", "missed")
    assert perfect.value == perfect.high == 1.0
    assert 0.5 < perfect.low < 1.0
    drawn["link"] = ~drawn["link"]
    nothing = estimates.totals(drawn, *flags(drawn)).share("true", "false")
    assert nothing.value == nothing.low == 0.0
    assert 0.0 < nothing.high < 0.5


def test_a_census_has_no_error_and_an_empty_share_no_value() -> None:
    every = sampling.draw(FRAME, SIZES, 1)
    totals = estimates.totals(every, *flags(every))
    truth = flags(FRAME)[0].sum()
    value, error = totals.of("missed")
    assert value == pytest.approx(truth["missed"])
    assert error == 0.0
    assert totals.ends("missed") == (value, value)
    bare = every.assign(link=False, score=0.0)
    assert np.isnan(estimates.totals(bare, *flags(bare)).share("true", "false").value)


def test_true_and_false_links_vary_against_each_other() -> None:
    drawn = sampling.draw(FRAME, NUMBERS, 1)
    called = drawn["score"] >= 0.5  # an edge of the strata: how many are called is known
    found = {"true": drawn["link"] & called, "false": ~drawn["link"] & called}
    totals = estimates.totals(
        drawn, pd.DataFrame(found), pd.DataFrame({"true": called, "false": called})
    )
    assert totals.covariance[0, 1] == pytest.approx(-totals.covariance[0, 0], rel=0.02)


def test_post_stratified_totals_are_unbiased_and_sharper() -> None:
    groups = pd.cut(FRAME["score"], [-1, 0.05, 0.2, 0.6, 1]).astype("str")
    sizes = groups.value_counts()
    by = dict(zip(FRAME["target_id"], groups, strict=True))
    found, plain = [], []
    for seed in range(WORLDS):
        drawn = sampling.draw(FRAME, NUMBERS, seed)
        mine = drawn["target_id"].map(by)
        found.append(estimates.post_stratified(drawn, drawn["link"], mine, sizes))
        plain.append(estimates.totals(drawn, drawn[["link"]]).of("link")[0])
    value = np.array(found)
    spread = value[:, 0].std(ddof=1)
    assert abs(value[:, 0].mean() - FRAME["link"].sum()) < 5 * spread / np.sqrt(len(value))
    assert spread < 1.05 * np.std(plain, ddof=1)
    assert 0.85 * spread < np.sqrt((value[:, 1] ** 2).mean()) < 1.3 * spread


def test_post_stratifying_needs_every_group() -> None:
    drawn = sampling.draw(FRAME, NUMBERS, 1)
    with pytest.raises(UsageError, match="no pair of the sample is in the group 'b'"):
        estimates.post_stratified(
            drawn, drawn["link"], pd.Series("a", index=drawn.index), pd.Series({"a": 5, "b": 1})
        )
