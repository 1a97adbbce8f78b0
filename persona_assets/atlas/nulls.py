"""What chance gives: features whose roles are shuffled, each feature's by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persona_assets.atlas.neighbors import cosine_neighbors, unit_rows
from persona_assets.base.arrays import Floats

_DRAWS = 100
_LEVEL = 0.95


@dataclass(frozen=True)
class RoleNulls:
    """The 95th percentile over draws of what the roles' features give when nothing is shared between them.

    `explained` float64[n_components] is each principal component's part of the variance (parallel analysis:
    Horn 1965), `similarity` the cosine of a role with its nearest; NaN with fewer than two roles.
    """

    explained: Floats
    similarity: float


def role_nulls(columns: Floats, n_components: int, seed: int) -> RoleNulls:
    """Return the nulls of roles as rows of `columns` float64[n_roles, n_selected]."""
    if len(columns) < 2 or not columns.any():
        return RoleNulls(np.full(n_components, np.nan), np.nan)
    random = np.random.default_rng(seed)
    explained, nearest = np.empty((_DRAWS, n_components)), np.empty((_DRAWS, len(columns)))
    for draw in range(_DRAWS):
        drawn = random.permuted(columns, axis=0)
        about = drawn - drawn.mean(axis=0)
        values = np.linalg.eigvalsh(about @ about.T)[::-1]
        explained[draw] = values[:n_components] / values.sum()
        unit = unit_rows(drawn)
        similarity = unit @ unit.T
        np.fill_diagonal(similarity, -1)
        nearest[draw] = similarity.max(axis=1)
    return RoleNulls(np.quantile(explained, _LEVEL, axis=0), float(np.quantile(nearest, _LEVEL)))


def permuted(points: Floats, seed: int) -> Floats:
    """`points` float64[n_selected, n_roles] with each feature's roles in an order of its own."""
    return np.random.default_rng(seed).permuted(points, axis=1)


def neighbor_null(points: Floats) -> float | None:
    """Return the 95th percentile over the features of `permuted` points of the cosine with the nearest."""
    if len(points) < 2:
        return None
    nearest = cosine_neighbors(points, np.arange(len(points)), 1).similarities
    return float(np.quantile(nearest, _LEVEL))
