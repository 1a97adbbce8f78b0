"""In which tokens a turn's place on the axis lies."""

from __future__ import annotations

import numpy as np

from persona_assets.base.arrays import Floats

PERCENTILES = (5, 95)


def scaled(projection: Floats) -> Floats:
    """Return a turn's tokens between its 5th (0) and its 95th percentile (1), cut off beyond it, float64[n].

    Where these percentiles are the same, every token is 0.5.
    """
    low, high = np.percentile(projection, PERCENTILES)
    if high <= low:
        return np.full_like(projection, 0.5)
    return np.clip((projection - low) / (high - low), 0, 1)
