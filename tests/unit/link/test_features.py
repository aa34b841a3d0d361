import numpy as np
import pandas as pd
import pytest

from gapstudy.link.features import Space, reciprocal_rank, years_before
from gapstudy.link.targets import target_organisations, targets
from gapstudy.study import Linking
from gapstudy.tables.link import FEATURES

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def space(world: Tables) -> Space:
    return Space.build(
        world["papers"],
        world["paper_affiliations"],
        targets(world["products"], world["patents"], world["patent_parties"]),
        target_organisations(world["products"], world["patent_parties"]),
        Linking().language_model,
    )


def _pair(paper: str, kind: str, target: str) -> pd.DataFrame:
    return pd.DataFrame({"paper_id": [paper], "target_type": [kind], "target_id": [target]})


def test_a_named_product(space: Space) -> None:
    row = space.describe(_pair("r01", "product", "p01")).iloc[0]
    assert row["name_exact"] == 1.0
    assert row["name_in_title"] == row["name_common"] == row["patent"] == 0.0
    assert 0.5 < row["name_rarity"] < 1.0
    assert "name" in row["found_by"].split("+")
    assert row["title_cosine"] > 0.3


def test_an_unnamed_product(space: Space) -> None:
    row = space.describe(_pair("r01", "product", "p02")).iloc[0]
    assert row["name_exact"] == row["name_folded"] == row["name_rarity"] == 0.0


def test_a_patent_of_the_same_organisation(space: Space) -> None:
    row = space.describe(_pair("r04", "patent", "US1A")).iloc[0]
    assert row["patent_organisation"] == row["organisation"] == row["name_in_title"] == 1.0
    assert row["name_and_organisation"] == 1.0
    assert space.describe(_pair("r04", "patent", "US2A")).iloc[0]["patent_organisation"] == 0.0


def test_every_feature_is_finite_everywhere(space: Space) -> None:
    assert list(space.features) == list(FEATURES)
    for name, matrix in space.features.items():
        assert matrix.shape == (24, 26), name
        assert np.isfinite(matrix).all(), name


def test_unknown_ends_are_said_so(space: Space) -> None:
    with pytest.raises(KeyError, match="nowhere"):
        space.describe(_pair("r01", "product", "nowhere"))


def test_neither_region_nor_a_later_launch_changes_a_feature(world: Tables) -> None:
    """A link must not be more probable for what the study measures."""
    moved = {name: frame.copy() for name, frame in world.items()}
    moved["products"]["home_country"] = "JP"
    moved["paper_affiliations"]["country"] = "BR"
    for end in ("date_from", "date_to"):
        moved["products"][end] += pd.Timedelta(days=2000)
    left, right = (
        Space.build(
            tables["papers"],
            tables["paper_affiliations"],
            targets(tables["products"], tables["patents"], tables["patent_parties"]),
            target_organisations(tables["products"], tables["patent_parties"]),
            Linking().language_model,
        ).features
        for tables in (world, moved)
    )
    for name in FEATURES:
        products = slice(0, 24)
        assert (left[name][:, products] == right[name][:, products]).all(), name


def test_reciprocal_rank() -> None:
    scores = np.array([[0.2, 0.5], [0.9, 0.5], [0.1, 0.4]])
    assert reciprocal_rank(scores).tolist() == [[1 / 2, 1.0], [1.0, 1 / 2], [1 / 3, 1 / 3]]


def test_years_before_count_only_certain_order() -> None:
    papers = pd.DataFrame({"date_from": pd.to_datetime(["2020-01-01"])})
    ends = pd.DataFrame({"date_to": pd.to_datetime(["2018-01-01", "2020-06-30", "NaT"])})
    years = years_before(papers, ends)[0]
    assert years[0] == pytest.approx(np.log1p(730 / 365.25))
    assert years[1:].tolist() == [0.0, 0.0]
