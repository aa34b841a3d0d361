from __future__ import annotations

import numpy as np
import pytest

from gapstudy.errors import FitError
from gapstudy.measure.models.distributions import FAMILIES
from gapstudy.measure.models.location_scale import LogSpells, pieces
from gapstudy.measure.models.sample import Sample


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("cured", [False, True])
def test_derivatives_of_every_kind_of_spell(name: str, cured: bool) -> None:
    random = np.random.default_rng(0)
    n, step, log_scale = 200, 1e-5, -0.3
    sample = Sample.of(
        random.exponential(2, n) + 0.2, random.integers(0, 2, n),
        entry=np.where(random.random(n) < 0.3, 0.1, 0),
    )  # fmt: skip
    upper = np.where(random.random(n) < 0.4, sample.time + random.random(n), np.nan)
    data = LogSpells.of(sample, upper)
    assert min(len(data.exact), len(data.between), len(data.censored), len(data.late)) > 20
    at = [random.normal(size=n) * 0.5, np.full(n, log_scale), random.normal(size=n)]

    def made(j: int, by: float):  # type: ignore[no-untyped-def]
        moved = [part + by * (k == j) for k, part in enumerate(at)]
        logit = moved[2] if cured else None
        return pieces(FAMILIES[name], data, moved[0], float(moved[1][0]), logit)

    here = made(0, 0.0)
    for j in range(3 if cured else 2):
        up, down = made(j, step), made(j, -step)
        np.testing.assert_allclose(here.slope[j], (up.value - down.value) / (2 * step), atol=1e-5)
        np.testing.assert_allclose(here.bend[j], (up.slope - down.slope) / (2 * step), atol=1e-5)


def test_a_wide_interval_is_nearly_certain_and_a_narrow_one_nearly_a_density() -> None:
    kind = FAMILIES["log-normal"]
    sample = Sample.of([0.0, 2.0, 2.0], [1, 1, 1])
    data = LogSpells.of(sample, [1e9, 2.0 + 1e-6, np.nan])
    value = pieces(kind, data, np.zeros(3), 0.0).value
    assert value[0] == pytest.approx(0.0, abs=1e-9)
    assert value[1] - np.log(1e-6) == pytest.approx(value[2], abs=1e-5)


@pytest.mark.parametrize("upper", [[np.inf, 3.0], [0.5, 3.0], [3.0]])
def test_impossible_upper_ends_are_refused(upper: list[float]) -> None:
    with pytest.raises(FitError, match="upper end"):
        LogSpells.of(Sample.of([1.0, 2.0], [1, 1]), upper)
