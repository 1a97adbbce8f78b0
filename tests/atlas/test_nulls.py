"""What chance gives beside what a map, neighbors and axes say: no less of noise, less of what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from persona_assets.analysis.selection import select
from persona_assets.atlas.map import Map, lay_out
from persona_assets.atlas.nulls import role_nulls
from persona_assets.atlas.roles import principal_components, role_similarity
from persona_assets.study.settings import AtlasSettings
from tests.atlas.made import centre, made

SETTINGS = AtlasSettings(selection="classic", neighbor_k=10)


def columns(seed: int, n_groups: int, n_roles: int = 24, n_features: int = 240) -> np.ndarray:
    """float[n_roles, n_features] centred; features of one of `n_groups` share what roles do, with 0 none."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(n_roles, n_features))
    if n_groups:
        values += 2 * random.normal(size=(n_roles, n_groups))[:, np.arange(n_features) % n_groups]
    return values - values.mean(axis=0)


def mapped(seed: int, n_groups: int) -> Map:
    """Return the map of half of 400 features, with halves of wordings that add noise to what is there."""
    random, means = np.random.default_rng(seed), columns(seed, n_groups, n_features=400)
    selection = select(made(means + 10, centred=centre(means)), SETTINGS)
    noise = random.normal(size=(2, *selection.columns.shape)) * (0.5 if n_groups else 1)
    whole = selection.columns if n_groups else 0
    return lay_out(selection, SETTINGS, whole + noise)


def test_of_noise_a_map_keeps_what_chance_keeps_and_no_neighbor_is_stable() -> None:
    found = mapped(0, 0)
    assert found.preserved is not None and found.preserved_null is not None
    assert found.preserved == pytest.approx(found.preserved_null, abs=0.05)
    assert found.stable is not None and found.stable.mean() < 0.05
    assert found.neighbor_null is not None
    assert (found.neighbors.similarities[:, 0] > found.neighbor_null).mean() < 0.15


def test_of_features_that_belong_together_a_map_keeps_more_and_neighbors_are_stable_and_near() -> None:
    found = mapped(1, 8)
    assert found.preserved is not None and found.preserved_null is not None
    assert found.preserved > found.preserved_null + 0.1
    assert found.overlap is not None and 0.5 < found.overlap <= 1
    assert found.stable is not None and found.stable.mean() > 0.3
    assert found.neighbor_null is not None
    assert (found.neighbors.similarities[:, 0] > found.neighbor_null).mean() > 0.9


def test_components_of_noise_are_within_their_null_and_what_was_planted_is_beyond_it() -> None:
    beyond = 0
    for seed in range(20):
        noise = columns(seed, 0)
        beyond += int((principal_components(noise)[2] > role_nulls(noise, 10, 1).explained)[0])
    assert beyond <= 4
    planted = columns(1, 3)
    explained, null = principal_components(planted)[2], role_nulls(planted, 10, 1).explained
    assert (explained > null).tolist() == [True] * 3 + [False] * 7


def test_roles_without_anything_in_common_are_nearer_than_chance_seldom_and_a_pair_that_has_always() -> None:
    nearer = []
    for seed in range(20):
        noise = columns(seed, 0)
        similarity = role_similarity(noise) - 2 * np.eye(len(noise))
        nearer += (similarity.max(axis=1) > role_nulls(noise, 3, 1).similarity).tolist()
    assert np.mean(nearer) <= 0.08
    noise[3] += noise[5]
    noise -= noise.mean(axis=0)
    assert role_similarity(noise)[3, 5] > role_nulls(noise, 3, 1).similarity + 0.2


def test_without_roles_or_features_there_is_no_null() -> None:
    assert np.isnan(role_nulls(np.zeros((3, 0)), 2, 1).explained).all()
    assert np.isnan(role_nulls(np.ones((1, 5)), 0, 1).similarity)
