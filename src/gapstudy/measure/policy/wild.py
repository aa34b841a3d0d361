r"""Wild cluster bootstrap with the null imposed and Webb's six weights.

Residuals of the fit without the effect are multiplied by one draw per bootstrap cluster of
:math:`\pm\sqrt{1/2}, \pm 1, \pm\sqrt{3/2}` and the t statistic is made anew. Webb (2023),
https://doi.org/10.1111/caje.12661; Cameron, Gelbach and Miller (2008),
https://doi.org/10.1162/rest.90.3.414.

**Known failure.** With one treated cluster the restricted bootstrap hardly ever rejects, whatever
the effect, because the residuals of the treated cluster carry the effect itself (MacKinnon and Webb
2018, https://doi.org/10.1111/ectj.12107). Their remedy, weights by clusters finer than those of the
t statistic (subcluster), needs errors that are independent between the finer clusters; shocks that
a market's launches share over time are not. Both are shown for what they are. Clustered by makers,
of which many lie in both periods and all markets, the bootstrap is sound for the sampling of makers
and says nothing about shocks to a market.

All statistics are made in the space of clusters, so a null costs no new regression (the idea of
Roodman and others 2019, https://doi.org/10.1177/1536867X19830877).
"""

from __future__ import annotations

import numpy as np

from gapstudy.measure.imputation import Floats, Ints
from gapstudy.measure.policy import within
from gapstudy.measure.policy.panel import Panel

_WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
WEBB = np.concatenate([-_WEBB[::-1], _WEBB])
#: Halvings of the bracket when an interval is sought.
_STEPS = 30


class Wild:
    """Bootstrap of one difference in differences on the mean outcome of the draws.

    Args:
        panel: the rows.
        treated: the treated market, position in the panel's.
        day: the day.
        cluster: clusters of the t statistic.
        weights: bootstrap cluster of each row; those of the t statistic by default.
        count: resamples.
        seed: seed of the weights.
    """

    def __init__(
        self, panel: Panel, treated: int, day: float, cluster: within.Cluster, count: int,
        seed: list[int], weights: Ints | None = None,
    ) -> None:  # fmt: skip
        sweep = within.Sweep(panel)
        x = sweep(panel.treatment(treated, day)[:, None])[:, 0]
        self.square = float(x @ x)
        y = sweep(panel.y.mean(axis=0)[:, None])[:, 0]
        self.estimate = float(x @ y) / self.square if self.square > 0 else float("nan")
        group = within.codes(panel, cluster)
        fine = np.unique(group if weights is None else weights, return_inverse=True)[1]
        self.clusters, self.draws = int(group.max()) + 1, int(fine.max()) + 1
        z = np.zeros((len(x), self.clusters))
        z[np.arange(len(x)), group] = x
        clean = sweep(z)
        # Scores of the t clusters made by each bootstrap cluster, of the outcome and the effect.
        self._outcome = within.summed(clean * y[:, None], fine, self.draws).T
        self._effect = within.summed(clean * x[:, None], fine, self.draws).T
        self._spread = np.square(z).sum(axis=0)
        random = np.random.default_rng(seed)
        self._webb = WEBB[random.integers(0, 6, (self.draws, count))]
        self._one = np.ones((self.draws, 1))

    def _t(self, null: float, weight: Floats) -> Floats:
        """Size of the t statistic under weights, up to the constant that cancels."""
        score = (self._outcome - null * self._effect) @ weight
        value = score.sum(axis=0) / self.square
        left = score - self._spread[:, None] * value
        error = np.sqrt(np.square(left).sum(axis=0))
        small = 1e-12 * (np.abs(value) * self.square + 1e-300)
        return np.asarray(np.abs(value) / np.maximum(error, small), dtype=float)

    def p_value(self, null: float = 0.0) -> float:
        """Two-sided p-value against an effect."""
        own = self._t(null, self._one)[0]
        return float((1 + (self._t(null, self._webb) >= own * (1 - 1e-9)).sum())
                     / (1 + self._webb.shape[1]))  # fmt: skip

    def interval(self, confidence: float, reach: float) -> tuple[float, float]:
        """Effects that are not rejected; infinite where none is within a wide bracket.

        Args:
            confidence: level.
            reach: a length of the order of the standard error.
        """
        level, ends = 1 - confidence, []
        for side in (-1.0, 1.0):
            far = 1.0
            while self.p_value(self.estimate + side * far * reach) > level and far < 1e4:
                far *= 2
            if far >= 1e4:
                ends.append(side * np.inf)
                continue
            near = 0.0
            for _ in range(_STEPS):
                half = (near + far) / 2
                if self.p_value(self.estimate + side * half * reach) > level:
                    near = half
                else:
                    far = half
            ends.append(self.estimate + side * far * reach)
        return float(ends[0]), float(ends[1])
