"""How far a vector is from the assistant: three scores, and the roles it lies nearest to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.base.arrays import Floats
from persona_assets.drift.space import Points
from persona_assets.lake.schema.of_runs import DriftScore

N_NEAREST = 5


@dataclass(frozen=True)
class Target:
    """What vectors are scored against: the unit axis float64[d_sae], the roles, the anchor's row in them."""

    axis: Floats
    roles: Points
    anchor: int


def scores(points: Points, target: Target) -> dict[DriftScore, Floats]:
    """Return each score of each vector, float64[n]; a cosine of a vector without length is NaN.

    `projection` on the axis, `cosine_axis` with it, `cosine_anchor` with the anchor's vector.
    """
    projection = points.along(target.axis)
    return {
        "projection": projection,
        "cosine_axis": _over(projection, points.lengths),
        "cosine_anchor": cosines(points, target.roles[[target.anchor]])[:, 0],
    }


def cosines(points: Points, others: Points) -> Floats:
    """float64[n, n_others], NaN where either vector has no length."""
    return _over(points.products(others), points.lengths[:, None] * others.lengths[None, :])


def nearest(points: Points, roles: Points) -> list[list[tuple[int, float]]]:
    """Of each vector the rows of the nearest roles with their cosines, the nearest first, five at most."""
    found = cosines(points, roles)
    order = np.argsort(-found, axis=1, kind="stable")[:, :N_NEAREST]  # NaN come last
    return [
        [(int(row), float(found[index, row])) for row in rows if np.isfinite(found[index, row])]
        for index, rows in enumerate(order)
    ]


def _over(products: Floats, lengths: Floats) -> Floats:
    return np.divide(products, lengths, out=np.full_like(products, np.nan), where=lengths > 0)
