from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array, vstack

from persona_assets.base.errors import StudyError
from persona_assets.drift.axis import assistant_axis
from persona_assets.drift.space import Points, Space
from tests.drift.made import random_codes

ROLES = random_codes([7], density=0.6).values


def points(centering: bool = False, l2_normalize: bool = False) -> Points:
    return Space.of(ROLES, "log1p", centering, l2_normalize).points(ROLES)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_the_difference_leads_from_the_mean_of_the_others_to_the_anchor() -> None:
    dense = np.log1p(ROLES.toarray().astype(np.float64))
    everyone = assistant_axis(points(), 2, [0, 1, 3, 4, 5, 6], "difference")
    np.testing.assert_allclose(everyone.direction, unit(dense[2] - np.delete(dense, 2, axis=0).mean(axis=0)))
    some = assistant_axis(points(), 2, [0, 5], "difference")
    np.testing.assert_allclose(some.direction, unit(dense[2] - dense[[0, 5]].mean(axis=0)))


@pytest.mark.parametrize("anchor", range(7))
@pytest.mark.parametrize("way", [(False, False), (True, True)])
def test_the_first_component_is_the_svds_and_points_to_the_anchor(
    anchor: int, way: tuple[bool, bool]
) -> None:
    roles = points(*way)
    others = [row for row in range(7) if row != anchor]
    found = assistant_axis(roles, anchor, others, "pca")
    dense = np.array([roles.dense(row) for row in range(7)])
    component = np.linalg.svd(dense - dense.mean(axis=0))[2][0]
    difference = assistant_axis(roles, anchor, others, "difference")
    assert abs(found.direction @ component) == pytest.approx(1)
    assert found.direction @ difference.direction == pytest.approx(found.cosine) == difference.cosine
    assert found.cosine >= 0


def test_an_anchor_that_does_not_differ_has_no_axis() -> None:
    same = csr_array(vstack([ROLES[[0]]] * 3, format="csr"))
    roles = Space.of(same, "raw", False, False).points(same)
    with pytest.raises(StudyError, match="does not differ from the mean of the other roles"):
        assistant_axis(roles, 0, [1, 2], "difference")
