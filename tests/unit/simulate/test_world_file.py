"""Worlds described in TOML: read, refused with the key and a remedy, and measured."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.errors import UsageError
from gapstudy.simulate.run import described
from gapstudy.simulate.world_file import WorldFile, read
from gapstudy.study import Study

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "world.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def _file(folder: Path, text: str) -> Path:
    path = folder / "world.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_is_a_world() -> None:
    world = read(EXAMPLE)
    assert list(world.regions) == ["EU", "US"]
    assert world.regions["EU"].links == (1.0, 2.0)
    assert (world.size, world.labelled) == (320, 200)
    assert world.conversion("EU", 100.0) == pytest.approx(0.3, abs=1e-3)


def test_order_of_the_regions_does_not_matter(tmp_path: Path) -> None:
    head, eu, us = TEXT.split("[regions.")
    assert read(_file(tmp_path, f"{head}[regions.{us}\n[regions.{eu}")) == read(EXAMPLE)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("conversion = 0.3      ", "conversion = 1.3 ", "regions.EU.conversion"),
        ("results = 120", "results = 0", "regions.EU.results"),
        ("leakage = 0.3", "leakge = 0.3", "leakage"),
        ("labelled = 200", "labelled = 0", "labelled"),
        ("[regions.US]", "[regions.Mars]", "Mars"),
        ('law = "lognormal"', 'law = "normal"', "law"),
        ("[regions.US]", "[other.US]", "other"),
        ("links = [0.4, 0.4]", "links = [0.4, -1]", "regions.US.links"),
        ('name = "', "name = ", "not valid TOML"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TEXT
    path = _file(tmp_path, TEXT.replace(old, new, 1))
    with pytest.raises(UsageError) as caught:
        read(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_world_without_a_region_to_compare_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"add \[regions.US\]"):
        read(_file(tmp_path, TEXT.split("[regions.US]")[0]))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "none.toml")


@given(conversion=st.floats(0, 1), leakage=st.floats(0, 1), coverage=st.floats(0, 1),
       median=st.floats(0.01, 100), results=st.integers(1, 5000))  # fmt: skip
def test_every_possible_region_is_taken(
    conversion: float, leakage: float, coverage: float, median: float, results: int
) -> None:
    data = tomllib.loads(TEXT)
    data["regions"]["EU"] |= {"conversion": conversion, "leakage": leakage, "coverage": coverage,
                              "median": median, "results": results}  # fmt: skip
    world = WorldFile.model_validate(data).world()
    assert 0 <= world.conversion("EU", 5.0) <= conversion + 1e-12


def test_measured_world_shows_that_certain_links_mislead() -> None:
    made = described(EXAMPLE, 30, Study.from_data(_study()), imputations=5)
    rows = made[made["estimator"] == "conversion-5y-EU-minus-US"]
    assert (rows["truth"] == 0.0).all()
    assert set(rows["worlds"]) == {30}
    found = {str(row["method"]): row for row in rows.to_dict("records")}
    certain, ours = found["threshold"], found["imputed"]
    # Taken as certain, the less sure links of the EU are lost and the EU seems to convert less.
    assert certain["bias"] < -3 * certain["mc_error"]
    assert abs(ours["bias"]) < 4 * ours["mc_error"] + 0.02
    assert ours["coverage"] >= 0.9


def _only(tmp_path: Path, changes: dict[str, str]) -> dict[tuple[str, str], dict[str, float]]:
    text = TEXT
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    made = described(_file(tmp_path, text), 60, Study.from_data(_study()), imputations=5)
    return {(str(row["estimator"]), str(row["method"])): row for row in made.to_dict("records")}  # type: ignore[misc]


#: Links are known.
_KNOWN = {"labelled = 200": "labelled = 0", "links = [1.0, 2.0]": "", "links = [0.4, 0.4]": ""}


def test_late_entry_is_allowed_for(tmp_path: Path) -> None:
    found = _only(tmp_path, _KNOWN | {"begin = 0.0": "begin = 6.0"})
    ours, naive = (found["conversion-5y-EU", method] for method in ("known", "late_entry_ignored"))
    # Those that converted early before the study began are missing.
    assert naive["bias"] < -5 * naive["mc_error"]
    assert abs(ours["bias"]) < 4 * ours["mc_error"]
    assert ours["coverage"] > naive["coverage"] + 0.2


def test_what_is_reported_late_looks_like_nothing_until_it_is_cut(tmp_path: Path) -> None:
    slow = _KNOWN | {"delay = 0.0": "delay = 2.0", "results = 120": "results = 2000"}
    whole = _only(tmp_path, slow)["conversion-5y-EU", "known"]
    cut = _only(tmp_path, slow | {"cut = 0.0": "cut = 3.0"})["conversion-5y-EU", "known"]
    assert whole["bias"] < -4 * whole["mc_error"]
    assert abs(cut["bias"]) < abs(whole["bias"]) / 2


def test_late_entry_with_an_uncertain_linker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="labelled = 0"):
        read(_file(tmp_path, TEXT.replace("begin = 0.0", "begin = 2.0")))


def _study() -> dict[str, object]:
    return {"window": {"start": "2012-01-01", "end": "2022-12-31", "cutoff": "2025-12-31"}}
