from __future__ import annotations

import numpy as np

from persona_assets.analysis.clustering import role_families, role_order
from persona_assets.atlas.nulls import role_nulls
from persona_assets.atlas.roles import role_similarity


def test_clustering_brings_the_like_together_and_takes_a_role_that_is_like_none():
    group = np.array([0, 1, 0, 1, 0, 1])
    similarity = np.where(group[:, None] == group, 0.9, 0.1)
    similarity[3] = similarity[:, 3] = np.nan
    ordered = group[[row for row in role_order(similarity) if row != 3]]
    assert np.count_nonzero(np.diff(ordered)) == 1
    assert sorted(role_order(similarity)) == list(range(6))
    assert role_order(np.empty((0, 0))) == []


def roles(seed: int, n_families: int, n_roles: int = 24, n_features: int = 240) -> np.ndarray:
    """float64[n_roles, n_features] centred; the roles of each of the families share half of what they do."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(n_roles, n_features))
    for family in range(n_families):
        values[4 * family : 4 * family + 4] += random.normal(size=n_features)
    return values - values.mean(axis=0)


def families(columns: np.ndarray, most: int = 10) -> list[list[int]]:
    return role_families(role_similarity(columns), role_nulls(columns, 3, 1).similarity, most)


def test_planted_families_are_found_and_roles_of_none_are_in_one_seldom():
    for seed in range(5):
        found = families(roles(seed, 3))
        assert [[*range(4 * family, 4 * family + 4)] for family in range(3)] == sorted(found)[:3]
    kin = [row for seed in range(20) for rows in families(roles(seed, 0)) for row in rows]
    assert len(kin) / (20 * 24) <= 0.08


def test_more_families_than_may_be_are_taken_together_and_who_was_in_none_stays_out():
    family = np.arange(20) // 4  # the last four are alike to nobody
    similarity = np.where((family[:, None] == family) & (family < 4), 0.8, 0.02)
    similarity[:4, 4:8] = similarity[4:8, :4] = 0.3  # cousins
    four = [[*range(4 * at, 4 * at + 4)] for at in range(4)]
    assert role_families(similarity, 0.5, 4) == four
    assert role_families(similarity, 0.5, 3) == [[*range(8)], four[2], four[3]]
    assert sorted(row for rows in role_families(similarity, 0.5, 2) for row in rows) == [*range(16)]
    unlike = np.where(similarity == 0.02, -0.1, similarity)
    assert role_families(unlike, 0.5, 2) == [[*range(8)], four[2], four[3]]


def test_where_chance_is_not_known_there_are_no_families():
    assert role_families(np.ones((4, 4)), np.nan, 10) == []
    assert role_families(np.ones((1, 1)), 0.2, 10) == []
