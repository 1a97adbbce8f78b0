from __future__ import annotations

import numpy as np
import pytest

from persona_assets.drift.transitions import transition


def made(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    before, after = rng.gamma(1, size=(2, 50)) * (rng.random((2, 50)) < 0.5)
    axis = rng.normal(size=50)
    return before, after, axis / np.linalg.norm(axis)


@pytest.mark.parametrize("seed", range(5))
def test_contributions_sum_to_the_change_of_the_projection(seed: int) -> None:
    before, after, axis = made(seed)
    change = transition(before, after, axis)
    assert change.contribution.sum() == pytest.approx(after @ axis - before @ axis, rel=1e-9)
    assert change.toward_mass - change.away_mass == pytest.approx(after @ axis - before @ axis, rel=1e-9)
    assert change.toward_mass > 0 < change.away_mass


def test_only_features_that_changed_are_there_with_what_they_did() -> None:
    before, after, axis = made()
    change = transition(before, after, axis)
    np.testing.assert_array_equal(change.feature_id, np.flatnonzero(before != after))
    np.testing.assert_allclose(change.delta, (after - before)[change.feature_id])
    np.testing.assert_allclose(change.weight, axis[change.feature_id])
    np.testing.assert_allclose(change.share_of_change, np.abs(change.delta) / np.abs(after - before).sum())
    away = change.contribution < 0
    np.testing.assert_allclose(change.share_of_away[away], -change.contribution[away] / change.away_mass)
    assert not change.share_of_away[~away].any()


def test_ranks_count_from_one_by_size_and_ties_by_feature() -> None:
    before, after = np.zeros(4), np.array([1.0, -3.0, 1.0, 2.0])
    change = transition(before, after, np.array([0.5, 0.1, -0.5, 0.0]))
    assert change.rank_by_change.tolist() == [3, 1, 4, 2]
    assert change.rank_by_contribution.tolist() == [1, 3, 2, 4]


def test_a_turn_that_repeats_itself_moves_nothing() -> None:
    before, _, axis = made()
    change = transition(before, before, axis)
    assert len(change.feature_id) == 0 and change.toward_mass == change.away_mass == 0


def test_without_anything_away_no_feature_has_a_share_of_it() -> None:
    change = transition(np.zeros(2), np.array([1.0, 2.0]), np.array([0.6, 0.8]))
    assert change.share_of_away.tolist() == [0, 0]
