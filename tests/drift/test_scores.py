from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array, vstack

from persona_assets.drift.scores import Target, nearest, scores
from persona_assets.drift.space import Space
from tests.drift.made import random_codes

ROLES = random_codes([8], density=0.6).values
TURNS = csr_array(vstack([random_codes([4], seed=1, density=0.5).values, csr_array((1, 12))], format="csr"))


@pytest.mark.parametrize("way", [("log1p", False, False), ("raw", True, False), ("log1p", True, True)])
def test_scores_are_the_projection_and_two_cosines(way: tuple[str, bool, bool]) -> None:
    space = Space.of(ROLES, *way)  # type: ignore[arg-type]
    roles, turns = space.points(ROLES), space.points(TURNS[:4])
    axis = np.random.default_rng(3).normal(size=12)
    axis /= np.linalg.norm(axis)
    found = scores(turns, Target(axis, roles, anchor=5))
    for row in range(4):
        turn, anchor = turns.dense(row), roles.dense(5)
        length = np.linalg.norm(turn)
        assert found["projection"][row] == pytest.approx(turn @ axis)
        assert found["cosine_axis"][row] == pytest.approx(turn @ axis / length)
        assert found["cosine_anchor"][row] == pytest.approx(turn @ anchor / length / np.linalg.norm(anchor))


def test_a_turn_on_which_nothing_fires_has_no_cosine_and_no_nearest_role() -> None:
    space = Space.of(ROLES, "log1p", False, False)
    turns, roles = space.points(TURNS), space.points(ROLES)
    found = scores(turns, Target(roles.dense(0), roles, anchor=0))
    assert found["projection"][4] == 0
    assert np.isnan(found["cosine_axis"][4]) and np.isnan(found["cosine_anchor"][4])
    assert nearest(turns, roles)[4] == []


def test_the_five_nearest_roles_come_with_their_cosines_the_nearest_first() -> None:
    space = Space.of(ROLES, "log1p", False, False)
    roles = space.points(ROLES)
    found = nearest(roles, roles)
    for row, near in enumerate(found):
        assert near[0] == (row, pytest.approx(1))
        cosines = [cosine for _, cosine in near]
        assert len(near) == 5 and cosines == sorted(cosines, reverse=True)
        left_out = set(range(8)) - {role for role, _ in near}
        dense = [roles.dense(role) / roles.lengths[role] for role in range(8)]
        assert max(dense[row] @ dense[role] for role in left_out) <= cosines[-1]
