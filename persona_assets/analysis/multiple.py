"""Benjamini-Hochberg correction."""

from __future__ import annotations

import numpy as np

from persona_assets.base.arrays import Floats


def benjamini_hochberg(p: Floats) -> Floats:
    """q of each p, whatever the shape: the lowest false discovery rate at which it would be a discovery.

    Benjamini and Hochberg 1995. NaN, a test that was not made, stays NaN and does not count.
    """
    tested = ~np.isnan(p)
    values = p[tested]
    order = np.argsort(values)
    values = values[order]  # of all roles together they are many: few arrays at a time, and in place
    values *= len(values)
    values /= np.arange(1, len(values) + 1)
    np.minimum.accumulate(values[::-1], out=values[::-1])
    placed = np.empty_like(values)
    placed[order] = np.minimum(values, 1, out=values)
    del values, order
    q = np.full(p.shape, np.nan)
    q[tested] = placed
    return q
