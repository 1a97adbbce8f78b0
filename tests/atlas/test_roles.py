from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity

from persona_assets.analysis.role_test import RoleTest
from persona_assets.analysis.selection import Selection, select
from persona_assets.atlas.roles import RoleSpace, role_space
from persona_assets.study.settings import AtlasSettings
from tests.atlas.made import SETTINGS, centre, made, random_means

ANCHOR = "default"


def space(means: np.ndarray, anchor: str = ANCHOR) -> tuple[Selection, RoleSpace]:
    selection = select(made(means), SETTINGS)
    return selection, role_space(selection, anchor)


def test_similarity_is_the_cosine_of_roles_over_the_selected_features() -> None:
    means = random_means(0, 7, 80)
    selection, found = space(means)
    expected = cosine_similarity(np.log1p(means[:, selection.selected]))
    np.testing.assert_allclose(found.similarity, expected, atol=1e-12)


def test_a_role_that_is_zero_in_all_selected_features_is_similar_to_none() -> None:
    means = random_means(1, 4, 40)
    means[2] = 0
    similarity = space(means)[1].similarity
    assert np.isnan(similarity[2]).all() and np.isnan(similarity[:, 2]).all()
    assert np.isfinite(np.delete(np.delete(similarity, 2, 0), 2, 1)).all()


def test_components_are_those_of_the_roles_ten_or_fewer() -> None:
    for n_roles, n_components in ((30, 10), (6, 5)):
        selection, found = space(random_means(2, n_roles, 200))
        pca = PCA(n_components, svd_solver="full").fit(selection.columns)
        assert len(found.explained) == n_components
        np.testing.assert_allclose(found.explained, pca.explained_variance_ratio_)
        scores = pca.transform(selection.columns)
        np.testing.assert_allclose(np.abs(found.positions), np.abs(scores), atol=1e-9)
        np.testing.assert_allclose(np.abs(found.components), np.abs(pca.components_), atol=1e-9)


def test_a_component_points_so_that_its_largest_loading_is_positive() -> None:
    components = space(random_means(3, 8, 60))[1].components[1:]
    largest = np.abs(components).argmax(axis=1)
    assert (components[np.arange(len(components)), largest] > 0).all()


def test_the_assistant_axis_leads_from_the_mean_of_the_others_to_the_anchor() -> None:
    selection, found = space(random_means(4, 9, 60))
    columns, at = selection.columns, selection.roles.index(ANCHOR)
    axis = columns[at] - columns[[row for row in range(9) if row != at]].mean(axis=0)
    axis /= np.sqrt((axis**2).sum())
    assert found.assistant is not None and found.why_no_assistant is None
    np.testing.assert_allclose(found.assistant.direction, axis)
    expected = [(row - columns.mean(axis=0)) @ axis for row in columns]
    np.testing.assert_allclose(found.assistant.positions, expected)
    np.testing.assert_allclose(found.assistant.cosines, cosine_similarity(found.components, [axis])[:, 0])


@pytest.mark.parametrize("seed", range(6))
def test_the_first_component_points_as_the_assistant_axis_does(seed: int) -> None:
    selection, found = space(random_means(seed, 9, 60))
    assert found.assistant is not None and found.assistant.cosines[0] > 0
    centred = selection.columns - selection.columns.mean(axis=0)
    np.testing.assert_allclose(found.positions, centred @ found.components.T)


def test_of_two_roles_the_axis_is_the_only_component() -> None:
    found = space(random_means(5, 2, 60))[1]
    assert found.assistant is not None
    np.testing.assert_allclose(found.assistant.cosines, [1])
    np.testing.assert_allclose(found.explained, [1])
    np.testing.assert_allclose(found.positions[:, 0], found.assistant.positions)
    assert found.assistant.positions[1] > 0  # the anchor's


def test_without_the_anchor_there_are_components_but_no_axis_and_a_reason() -> None:
    found = space(random_means(6, 5, 60), "assistant")[1]
    assert found.assistant is None and found.why_no_assistant is not None
    assert "'assistant'" in found.why_no_assistant and len(found.explained) == 4
    largest = np.abs(found.components[0]).argmax()
    assert found.components[0, largest] > 0


def test_of_one_role_there_is_neither_component_nor_axis() -> None:
    found = space(random_means(7, 1, 60), "analyst")[1]
    assert found.components.shape[0] == 0 and found.positions.shape == (1, 0)
    assert found.why_no_assistant == "the anchor 'analyst' is the only role compared"
    np.testing.assert_allclose(found.similarity, [[1]])


def test_with_nothing_selected_nothing_is_said_of_roles() -> None:
    found = space(np.zeros((3, 10)))[1]
    assert found.why_no_assistant == "no feature was selected" and len(found.explained) == 0
    assert np.isnan(found.similarity).all() and found.positions.shape == (3, 0)


def test_roles_that_are_all_alike_have_no_axes() -> None:
    found = space(np.tile(random_means(8, 1, 20) / 3, (4, 1)))[1]
    assert len(found.explained) == 0 and found.assistant is None
    assert found.why_no_assistant == "the anchor 'default' does not differ from the mean of the others"


def test_a_feature_a_hundred_times_louder_changes_no_place_and_no_similarity_where_noise_is_known() -> None:
    means, f = random_means(9, 8, 40), np.linspace(1, 9, 40)
    tested, settings = RoleTest(f, np.full(40, 0.01), f / 10), AtlasSettings()
    spaces = []
    for louder in (1, 100):
        means[:, 7] *= louder
        spaces.append(role_space(select(made(means, centred=centre(means), test=tested), settings), ANCHOR))
    first, second = spaces
    assert first.unit == second.unit == "noise"
    np.testing.assert_allclose(first.places.position, second.places.position, atol=1e-9)
    np.testing.assert_allclose(first.similarity, second.similarity, atol=1e-9)
    np.testing.assert_allclose(first.as_anchor, second.as_anchor)
