from __future__ import annotations

import numpy as np

from persona_assets.analysis.clustering import role_order


def test_clustering_brings_the_like_together_and_takes_a_role_that_is_like_none():
    group = np.array([0, 1, 0, 1, 0, 1])
    similarity = np.where(group[:, None] == group, 0.9, 0.1)
    similarity[3] = similarity[:, 3] = np.nan
    ordered = group[[row for row in role_order(similarity) if row != 3]]
    assert np.count_nonzero(np.diff(ordered)) == 1
    assert sorted(role_order(similarity)) == list(range(6))
    assert role_order(np.empty((0, 0))) == []
