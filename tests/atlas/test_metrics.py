from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from persona_assets.analysis.selection import Selection, select
from persona_assets.atlas.metrics import Metrics, feature_metrics
from persona_assets.study.settings import AtlasSettings
from tests.atlas.made import SETTINGS, centre, made, random_means


def metrics(means: np.ndarray, *, centred: bool = False) -> tuple[Selection, Metrics]:
    statistics = made(means, centred=centre(means) if centred else None)
    selection = select(statistics, AtlasSettings(question_centering=centred))
    return selection, feature_metrics(selection)


@pytest.mark.parametrize("centred", [False, True], ids=["log1p", "centred"])
def test_metrics_are_the_fields(centred: bool) -> None:
    means = random_means(0, 8, 60)
    selection, found = metrics(means, centred=centred)
    for place, feature in enumerate(selection.selected):
        column = centre(means)[:, feature] if centred else np.log1p(means[:, feature])
        positive = np.array([max(value, 0) for value in column])
        order = sorted(range(8), key=lambda role: (-positive[role], role))
        assert found.preferred[place] == order[0]
        assert found.top_roles[:, place].tolist() == order[:3]
        np.testing.assert_allclose(found.top_values[:, place], positive[order[:3]])
        np.testing.assert_allclose(found.top_shares[:, place], positive[order[:3]] / positive.sum())
        ratio = positive[order[0]] / max(positive[order[1]], 1e-8)
        np.testing.assert_allclose(found.pref_ratio[place], ratio)
        np.testing.assert_allclose(found.bridge_entropy[place], entropy(positive) / np.log(8), atol=1e-12)
        assert found.active_frac[place] == sum(column > 0) / 8
        np.testing.assert_allclose(found.mean_activation[place], means[:, feature].mean())
        np.testing.assert_allclose(found.max_activation[place], means[:, feature].max())


def test_cv_is_sd_over_mu_and_says_nothing_when_centred() -> None:
    selection, found = metrics(random_means(1, 6, 40))
    columns = selection.columns
    np.testing.assert_allclose(found.cv, columns.std(axis=0) / columns.mean(axis=0))
    assert np.isnan(metrics(random_means(1, 6, 40), centred=True)[1].cv).all()


def test_what_one_role_has_alone_is_preferred_by_far_and_bridges_nothing() -> None:
    _, found = metrics(np.array([[0.0], [2.0], [0.0], [0.0]]))
    assert found.preferred.tolist() == [1] and found.top_roles[:, 0].tolist() == [1, 0, 2]
    np.testing.assert_allclose(found.pref_ratio, np.log1p(2) / 1e-8)
    assert str(found.bridge_entropy[0]) == "0.0" and found.top_shares[:, 0].tolist() == [1, 0, 0]


def test_equal_roles_come_in_the_order_of_roles() -> None:
    _, found = metrics(np.array([[0.0], [2.0], [1.0], [2.0], [1.0]]))
    assert found.preferred.tolist() == [1] and found.top_roles[:, 0].tolist() == [1, 3, 2]


def test_of_one_role_there_is_nothing_to_compare() -> None:
    _, found = metrics(random_means(2, 1, 20))
    assert np.isnan(found.pref_ratio).all() and np.isnan(found.bridge_entropy).all()
    assert found.top_roles.shape[0] == 1 and (found.top_shares == 1).all()


def test_of_two_roles_both_are_named() -> None:
    _, found = metrics(random_means(3, 2, 20))
    assert found.top_roles.shape[0] == 2 and np.isfinite(found.pref_ratio).all()


def test_a_centred_feature_below_all_others_everywhere_has_no_shares() -> None:
    # Where responses are missing a centred column need not have a mean of zero.
    means = np.array([[1.0], [2.0], [3.0]])
    statistics = made(means, centred=means - 4)
    selection = select(statistics, AtlasSettings())
    found = feature_metrics(selection)
    assert selection.selected.tolist() == [0] and found.preferred.tolist() == [2]
    assert np.isnan(found.top_shares).all() and np.isnan(found.bridge_entropy).all()
    assert found.active_frac.tolist() == [0] and found.pref_ratio.tolist() == [0]


def test_nothing_selected_has_no_metrics() -> None:
    selection = select(made(np.zeros((3, 5))), SETTINGS)
    found = feature_metrics(selection)
    assert found.preferred.shape == found.cv.shape == found.max_activation.shape == (0,)
