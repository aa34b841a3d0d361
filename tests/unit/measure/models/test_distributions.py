from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gapstudy.errors import FitError
from gapstudy.measure.models.distributions import FAMILIES, Curve, family

ORACLES: dict[str, Callable[[float, float], Any]] = {
    "weibull": lambda s, m: stats.weibull_min(1 / s, scale=np.exp(m)),
    "log-normal": lambda s, m: stats.lognorm(s, scale=np.exp(m)),
    "log-logistic": lambda s, m: stats.fisk(1 / s, scale=np.exp(m)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_density_survival_and_quantile_agree_with_scipy(name: str) -> None:
    kind, location, scale = family(name), 0.7, 0.6
    oracle: Any = ORACLES[name](scale, location)
    time = np.array([0.01, 0.5, 2.0, 10.0, 40.0])
    z = (np.log(time) - location) / scale
    density = kind.log_density(z).value - np.log(scale * time)
    np.testing.assert_allclose(density, oracle.logpdf(time), rtol=1e-10)
    np.testing.assert_allclose(kind.log_survival(z).value, oracle.logsf(time), rtol=1e-9)
    for share in (0.1, 0.5, 0.9):
        assert np.exp(location + scale * kind.quantile(share)) == pytest.approx(oracle.ppf(share))


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("part", ["log_density", "log_survival"])
def test_derivatives(name: str, part: str) -> None:
    function = getattr(family(name), part)
    z, step = np.linspace(-6, 3, 40), 1e-5
    at: Curve = function(z)
    up, down = function(z + step), function(z - step)
    np.testing.assert_allclose(at.slope, (up.value - down.value) / (2 * step), atol=1e-6)
    np.testing.assert_allclose(at.bend, (up.slope - down.slope) / (2 * step), atol=1e-6)


@pytest.mark.parametrize("name", FAMILIES)
def test_far_tails_stay_finite(name: str) -> None:
    kind = family(name)
    z = np.array([-1e4, -700.0, -40.0, 40.0, 600.0])
    for function in (kind.log_density, kind.log_survival):
        assert all(np.isfinite(part).all() for part in function(z))


def test_an_unknown_distribution_is_refused() -> None:
    with pytest.raises(FitError, match="gamma"):
        family("gamma")
