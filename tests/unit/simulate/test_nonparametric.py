from __future__ import annotations

import numpy as np

from gapstudy.simulate import nonparametric


def test_every_world_answers_and_only_the_naive_estimate_fails() -> None:
    frame = nonparametric.table(4, 1)
    assert len(frame) == len(nonparametric.SMALL)
    assert (frame["worlds"] == 4).all()
    assert np.isfinite(frame[["mean", "bias", "mc_error", "coverage"]].to_numpy()).all()
    back = frame[frame["estimator"] == "lag-within-2y"].set_index("method")["bias"].abs()
    assert back["known"] < 0.05 < back["naive"]
