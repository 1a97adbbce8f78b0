"""Places of roles on axes, and how alike they are, with their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from persona_assets.atlas.crossed import Crossed
from persona_assets.base.arrays import Floats


@dataclass(frozen=True)
class Places:
    """Roles on axes, float64[n_axes, n_roles]: where they lie, and which place from the top that is.

    `position` is cross-fitted, with half the width of its interval `half`; `in_sample`, and without cross-
    fitting `position` too, is the plain projection, which holds the noise that the axis was made of. `rank` 1
    has the highest position; at least `rank_low` - 1 roles lie above and `rank_high` is the last place that
    those certainly below leave, pair by pair. NaN is what is not known.
    """

    in_sample: Floats
    position: Floats
    half: Floats
    rank: Floats
    rank_low: Floats
    rank_high: Floats


def place(in_sample: Floats, weights: Floats, crossed: Crossed | None) -> Places:
    """Place roles on the axes that `weights` float64[n_axes, n_roles] of the roles make.

    `in_sample` float64[n_axes, n_roles] are their projections.
    """
    unknown = np.full(in_sample.shape, np.nan)
    position, half, low, high = in_sample, unknown, unknown.copy(), unknown.copy()
    if crossed is not None:
        position, half = crossed.interval(_along(weights))
        for row, of_axis in enumerate(weights):
            low[row], high[row] = _ranks(crossed, of_axis)
    rank = 1.0 + (position[:, None, :] > position[:, :, None]).sum(axis=2)
    return Places(in_sample, position, half, np.where(np.isnan(position), np.nan, rank), low, high)


def crossed_similarity(n_roles: int, crossed: Crossed | None) -> Floats:
    """float64[2, n_roles, n_roles]: cosines of roles free of noise, and half the widths of their intervals.

    NaN with itself, and of a role that, with all or without any wording or question, lies no further from the
    mean of all roles than noise does.
    """
    if crossed is None:
        return np.full((2, n_roles, n_roles), np.nan)
    every = (crossed.products[None], crossed.without_wording, crossed.without_group)
    differs = np.all([(_squared(products) > 0).all(axis=0) for products in every], axis=0)
    found = np.stack(crossed.interval(_cosines))
    return np.where((differs[:, None] & differs) & ~np.eye(n_roles, dtype=bool), found, np.nan)


def _along(weights: Floats) -> Callable[[Floats], Floats]:
    """Return what makes positions float64[..., n_axes, n_roles] of products."""

    def statistic(products: Floats) -> Floats:
        positions = np.swapaxes(products @ weights.T, -1, -2)
        return positions - np.nanmean(positions, axis=-1, keepdims=True)

    return statistic


def _ranks(crossed: Crossed, weights: Floats) -> tuple[Floats, Floats]:
    """Return the highest and the lowest place of each role, float64[n_roles]."""

    def differences(products: Floats) -> Floats:
        positions = products @ weights
        return positions[..., None, :] - positions[..., :, None]

    further, half = crossed.interval(differences)
    n_roles = len(weights)
    if np.isnan(half).all():
        return np.full(n_roles, np.nan), np.full(n_roles, np.nan)
    above, below = (further > half).sum(axis=1), (-further > half).sum(axis=1)
    return 1.0 + above, float(n_roles) - below


def _squared(products: Floats) -> Floats:
    return np.diagonal(products, axis1=-2, axis2=-1)


def _cosines(products: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        lengths = np.sqrt(np.where(_squared(products) > 0, _squared(products), np.nan))
    return products / lengths[..., :, None] / lengths[..., None, :]
