from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from persona_assets.analysis.selection import select
from persona_assets.atlas.map import Map, lay_out, pca_places, umap_places
from persona_assets.base.errors import StudyError
from persona_assets.study.settings import AtlasSettings
from tests.atlas.made import SETTINGS, centre, made, random_means


def clustered(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """90 features of three directions among 12 roles, of very different lengths."""
    random = np.random.default_rng(seed)
    label = np.repeat([0, 1, 2], 30)
    directions = random.exponential(size=(3, 12))[label] + random.random((90, 12)) * 0.1
    return directions * random.lognormal(size=(90, 1)), label


def layout(means: np.ndarray, **settings: object) -> Map:
    chosen = AtlasSettings.model_validate({"question_centering": False, **settings})
    return lay_out(select(made(means), chosen).first(chosen.top_k), chosen)


def test_umap_puts_features_of_like_roles_together_whatever_their_size() -> None:
    points, label = clustered()
    assert silhouette_score(umap_places(points, SETTINGS), label) > 0.7


def test_umap_is_the_same_again_and_another_with_another_random_state() -> None:
    points, _ = clustered()
    places = umap_places(points, SETTINGS)
    np.testing.assert_array_equal(umap_places(points, SETTINGS), places)
    other = AtlasSettings(umap_random_state=25)
    assert not np.allclose(umap_places(points, other), places)


def test_pca_places_are_on_the_first_two_components() -> None:
    points, _ = clustered()
    offsets = points - points.mean(axis=0)
    _, sizes, components = np.linalg.svd(offsets)
    expected = offsets @ components[:2].T
    found, explained = pca_places(points, 42)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)
    np.testing.assert_allclose(explained, sizes[:2] ** 2 / (sizes**2).sum(), rtol=1e-4)


def test_the_map_is_of_the_selected_features_in_rank_order() -> None:
    means = random_means(0, 12, 200)
    whole, best = layout(means, neighbor_k=5), layout(means, neighbor_k=5, top_k=30)
    assert whole.umap.shape[0] > 30 and best.umap.shape == best.pca.shape == (30, 2)
    assert best.neighbors.rows.shape == (30, 5) and best.neighbors.rows.max() < 30
    assert best.preserved is not None and 0 < best.preserved <= 1


@pytest.mark.parametrize("n_features", [4, 5, 10])
def test_fewer_features_than_neighbors_are_mapped(n_features: int) -> None:
    found = layout(random_means(1, 6, 60), top_k=n_features)
    assert np.isfinite(found.umap).all() and np.isfinite(found.pca).all()
    assert found.neighbors.rows.shape == (n_features, n_features - 1)
    assert found.preserved == 1  # all are neighbors of all


@pytest.mark.parametrize("n_features", [2, 3])
def test_too_few_features_for_umap_have_places_by_pca_alone(n_features: int) -> None:
    found = layout(random_means(2, 6, 60), top_k=n_features)
    assert np.isnan(found.umap).all() and np.isfinite(found.pca).all() and found.preserved is None


def test_one_feature_has_no_place_and_none_is_no_error() -> None:
    one, none = layout(random_means(3, 6, 60), top_k=1), layout(np.zeros((6, 60)))
    assert np.isnan(one.umap).all() and np.isnan(one.pca).all() and one.neighbors.rows.shape == (1, 0)
    assert none.umap.shape == none.pca.shape == (0, 2) and none.neighbors.rows.shape == (0, 0)
    assert one.preserved is None and none.preserved is None


def test_with_one_role_all_features_lie_in_a_line() -> None:
    found = layout(random_means(4, 1, 60))
    assert np.isfinite(found.pca[:, 0]).all() and np.isnan(found.pca[:, 1]).all()
    assert found.explained[0] == pytest.approx(1) and np.isnan(found.explained[1])
    np.testing.assert_allclose(found.neighbors.similarities, 1)


def test_two_centred_roles_make_features_alike_or_opposite() -> None:
    means = random_means(5, 2, 80)
    chosen = AtlasSettings()
    found = lay_out(select(made(means, centred=centre(means)), chosen).first(chosen.top_k), chosen)
    np.testing.assert_allclose(np.abs(found.neighbors.similarities), 1)
    assert len(found.umap) == len(found.pca) > 10


def test_features_that_are_all_alike_are_mapped_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        places, explained = pca_places(np.ones((10, 4)), 42)
    np.testing.assert_allclose(places, 0)
    assert np.isnan(explained).all()
    assert np.isfinite(umap_places(np.ones((10, 4)), SETTINGS)).all()


@pytest.mark.parametrize(("key", "value"), [("umap_n_neighbors", 1), ("umap_min_dist", 1.5)])
def test_settings_that_umap_does_not_have_are_refused_by_name(key: str, value: float) -> None:
    with pytest.raises(StudyError, match=rf"atlas\.{key}"):
        layout(random_means(6, 4, 40), **{key: value})


def test_what_numba_compiles_of_umap_is_kept_for_the_next_process() -> None:
    import numba

    umap_places(clustered()[0], SETTINGS)
    from umap import layouts, umap_

    for compiled in (umap_.smooth_knn_dist, layouts._nb_optimize_layout_euclidean_single_epoch):
        assert compiled.stats.cache_path is not None
    assert not isinstance(numba.njit, partial)
