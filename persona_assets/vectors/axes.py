"""Axes between roles in the residual stream, and how much of each an SAE carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.atlas.crossed import Crossed
from persona_assets.base.arrays import Floats


@dataclass(frozen=True)
class Carried:
    """How much of some axes the SAE carries, float64[n_axes]; NaN is not known.

    The cosine of each with the same difference of reconstructions, free of noise, half the width of its
    interval, and the plain cosine.
    """

    cosine: Floats
    half: Floats
    in_sample: Floats

    @classmethod
    def unknown(cls, n_axes: int) -> Carried:
        """Return what is known of axes without reconstructions."""
        unknown = np.full(n_axes, np.nan)
        return cls(unknown, unknown, unknown)


def carried(weights: Floats, columns: Floats, made: Floats, crossed: Crossed | None) -> Carried:
    """Return how much is carried of the axes that `weights` float64[n_axes, n_roles] of the roles make.

    `columns` and `made` float64[n_roles, width] are the roles' vectors and their reconstructions, and
    `crossed` the products of both: of the roles, then of their reconstructions. Of an axis that is not surely
    longer than noise makes it, only the plain cosine is known.
    """
    products = np.block([[columns @ columns.T, columns @ made.T], [made @ columns.T, made @ made.T]])
    in_sample, n = _cosines(weights, products), weights.shape[1]
    if crossed is None:
        unknown = np.full(len(weights), np.nan)
        return Carried(unknown, unknown, in_sample)
    squared, reach = crossed.interval(lambda products: along(weights, products[..., :n, :n]))
    found = np.stack(crossed.interval(lambda products: _cosines(weights, products)))
    cosine, half = np.where(squared <= reach, np.nan, found)
    return Carried(cosine, half, in_sample)


def _cosines(weights: Floats, products: Floats) -> Floats:
    """float64[..., n_axes], of products float64[..., 2 * n_roles, 2 * n_roles]."""
    n = weights.shape[1]
    own, both, made = (
        along(weights, part) for part in (products[..., :n, :n], products[..., :n, n:], products[..., n:, n:])
    )
    known = (own > 0) & (made > 0)
    return np.where(known, both / np.sqrt(np.where(known, own * made, 1)), np.nan)


def along(weights: Floats, products: Floats) -> Floats:
    """float64[..., n_axes]: the product of each axis, of products float64[..., n_roles, n_roles] of roles."""
    found: Floats = np.einsum("ai,...ij,aj->...a", weights, products, weights)
    return found
