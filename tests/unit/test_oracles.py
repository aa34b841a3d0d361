"""The comparison with R's survival, where R is installed; and what is said where it is not."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

oracles_r = pytest.importorskip("benchmarks.oracles_r", reason="run as python -m pytest")
CASES = oracles_r.CASES
WHY = oracles_r.why_not()
needs_r = pytest.mark.skipif(bool(WHY), reason=WHY or "R is there")


@needs_r
@pytest.mark.parametrize("data", ["larynx", "tied", "untied"])
def test_every_estimator_agrees_with_r_where_both_define_the_same(data: str) -> None:
    cases = [
        oracles_r.Case(case.name, case.title, case.call, (data,), case.otherwise)
        for case in oracles_r.ALL if data in case.sets
    ]  # fmt: skip
    made, _, package = oracles_r.compare(cases)
    assert len(made) == len(cases) > 15
    assert not [(row.title, row.difference) for row in made if row.wrong]
    # A difference of definition that is no difference would be a wrong statement.
    assert all(row.difference > oracles_r.TOLERANCE for row in made if row.otherwise)
    assert package.split(".")[0] == "3"


@needs_r
def test_r_that_stops_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CASES, "nothing", CASES["km"])
    case = oracles_r.Case("nothing", "nothing", "nothing", ("tied",))
    with pytest.raises(RuntimeError, match="nothing on tied"):
        oracles_r.compare([case])


def test_without_r_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "install Debian's r-base-core and r-cran-survival" in oracles_r.why_not()


def test_every_case_has_one_function_on_each_side() -> None:
    script = oracles_r.SCRIPT.read_text(encoding="utf-8")
    names = [case.name for case in oracles_r.ALL]
    assert sorted(names) == sorted(CASES)
    assert all(f"\n{name} <- " in script for name in names)


def test_difference_is_absolute_below_one_and_relative_above() -> None:
    assert oracles_r.difference([0.5, 200.0], [0.4, 100.0]) == pytest.approx(1.0)
    assert oracles_r.difference([0.5], [0.4]) == pytest.approx(0.1)
    row = oracles_r.Compared("x", "y", "z", 1, 1, float(np.nan))
    assert row.verdict == "DISAGREES"
