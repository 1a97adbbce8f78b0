from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_array

from persona_assets.drift.space import Space
from tests.drift.made import random_codes

WAYS = list(itertools.product(("log1p", "raw"), (False, True), (False, True)))
ROLES = random_codes([4], density=0.6).values
VECTORS = random_codes([6], seed=1, density=0.5).values


def dense(pooled: csr_array, transform: str, centering: bool, l2_normalize: bool) -> np.ndarray:
    """The points as they are defined, on full matrices."""
    change = np.log1p if transform == "log1p" else np.asarray
    values = change(pooled.toarray().astype(np.float64))
    values = values - (change(ROLES.toarray().astype(np.float64)).mean(axis=0) if centering else 0)
    return values / np.linalg.norm(values, axis=1, keepdims=True) if l2_normalize else values


@pytest.mark.parametrize("way", WAYS)
def test_points_are_the_vectors_transformed_centred_and_normalized(way: tuple[str, bool, bool]) -> None:
    space = Space.of(ROLES, *way)  # type: ignore[arg-type]
    points, roles = space.points(VECTORS), space.points(ROLES)
    expected, expected_roles = dense(VECTORS, *way), dense(ROLES, *way)
    direction, weights = np.random.default_rng(2).normal(size=(2, 12))
    np.testing.assert_allclose([points.dense(row) for row in range(6)], expected, atol=1e-12)
    np.testing.assert_allclose(points.along(direction), expected @ direction, atol=1e-12)
    np.testing.assert_allclose(points.products(roles), expected @ expected_roles.T, atol=1e-12)
    np.testing.assert_allclose(points.combined(weights[:6]), weights[:6] @ expected, atol=1e-12)
    np.testing.assert_allclose(points.lengths, np.linalg.norm(expected, axis=1), atol=1e-12)
    unscaled = dense(VECTORS, way[0], way[1], False)
    np.testing.assert_allclose(points.unscaled_lengths, np.linalg.norm(unscaled, axis=1), atol=1e-12)
    np.testing.assert_array_equal(points.n_active, (VECTORS.toarray() > 0).sum(axis=1))


def test_rows_are_picked_out(way: tuple[str, bool, bool] = ("log1p", True, True)) -> None:
    points = Space.of(ROLES, *way).points(VECTORS)  # type: ignore[arg-type]
    assert len(points[[3, 1]]) == 2
    np.testing.assert_allclose(points[[3, 1]].dense(0), points.dense(3))


def test_a_vector_without_length_stays_zero() -> None:
    space = Space.of(ROLES, "log1p", centering=False, l2_normalize=True)
    nothing = space.points(csr_array((1, 12)))
    assert nothing.lengths.tolist() == [0] and not nothing.dense(0).any()
