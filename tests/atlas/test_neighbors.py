from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances, cosine_similarity, euclidean_distances

from persona_assets.atlas.neighbors import cosine_neighbors, preservation, shared


def nearest(distances: np.ndarray, k: int) -> list[list[int]]:
    distances = distances + np.diag(np.full(len(distances), np.inf))
    return np.argsort(distances, axis=1, kind="stable")[:, :k].tolist()


def test_neighbors_are_the_nearest_by_cosine() -> None:
    points = np.random.default_rng(0).normal(size=(700, 6))  # more than are compared at once
    found = cosine_neighbors(points, np.arange(700), 9)
    assert found.rows.tolist() == nearest(cosine_distances(points), 9)
    expected = np.take_along_axis(cosine_similarity(points), found.rows, axis=1)
    np.testing.assert_allclose(found.similarities, expected, atol=1e-12)


def test_equally_near_ones_come_by_id_and_a_twin_is_a_neighbor_but_never_oneself() -> None:
    points = np.array([[1.0, 0], [3, 0], [0.5, 0], [0, 1], [7, 0]])
    found = cosine_neighbors(points, np.array([50, 40, 10, 20, 30]), 3)
    assert found.rows.tolist() == [[2, 4, 1], [2, 4, 0], [4, 1, 0], [2, 4, 1], [2, 1, 0]]


def test_there_are_no_more_neighbors_than_others() -> None:
    points = np.random.default_rng(1).random((3, 4))
    assert cosine_neighbors(points, np.arange(3), 20).rows.shape == (3, 2)
    assert cosine_neighbors(points[:1], np.arange(1), 20).rows.shape == (1, 0)
    assert cosine_neighbors(points[:0], np.arange(0), 20).rows.shape == (0, 0)


def test_of_no_features_no_neighbor_is_shared() -> None:
    none = np.empty((0, 0), np.int64)
    assert shared(none, none).shape == (0, 0)


def test_preservation_is_the_mean_overlap_of_the_nearest_in_both_spaces() -> None:
    random = np.random.default_rng(2)
    points, places = random.normal(size=(60, 5)), random.normal(size=(60, 2))
    both = zip(nearest(cosine_distances(points), 7), nearest(euclidean_distances(places), 7), strict=True)
    expected = np.mean([len(set(near) & set(in_map)) / 7 for near, in_map in both])
    found = preservation(points, places, np.arange(60), 7)
    assert found is not None and 0 < found < 1
    np.testing.assert_allclose(found, expected)


def test_a_map_that_keeps_all_neighborhoods_has_a_preservation_of_one() -> None:
    angles = np.sort(np.random.default_rng(3).random(40))
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert preservation(points, np.stack([angles, np.zeros(40)], axis=1), np.arange(40), 5) == 1


def test_a_feature_without_a_place_keeps_none_of_its_neighbors() -> None:
    angles = 1.1 ** np.arange(21) / 10  # everyone's nearest is the one before
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    places = points.copy()
    places[20] = np.nan
    for k in (1, 20):
        assert preservation(points, places, np.arange(21), k) == pytest.approx(20 / 21)


def test_of_too_few_features_or_places_nothing_is_said() -> None:
    points = np.random.default_rng(4).random((5, 3))
    assert preservation(points, np.full((5, 2), np.nan), np.arange(5), 3) is None
    assert preservation(points[:1], np.zeros((1, 2)), np.arange(1), 3) is None
    assert preservation(points[:0], np.zeros((0, 2)), np.arange(0), 3) is None
