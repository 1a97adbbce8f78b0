"""Places and similarities of roles that hold no noise: simulated without a difference, and with one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from persona_assets.atlas.blocks import Blocks
from persona_assets.atlas.crossed import crossed
from persona_assets.atlas.placing import Places, crossed_similarity, place
from tests.analysis.simulated import draw

N_ROLES = 12
PLAIN = np.ones(150)


def simulated(seed: int, strength: float = 0.0, **noise: float) -> tuple[Blocks, np.ndarray]:
    """Return blocks of 12 roles x 5 wordings x 40 questions x 150 features, and the roles' true places."""
    random = np.random.default_rng(seed)
    values = draw(random, noise.get("wording", 0.05), noise.get("interaction", 0.05), (N_ROLES, 5, 40, 150))
    true = strength * random.normal(size=(N_ROLES, 150)) * np.linspace(0.3, 1.7, N_ROLES)[:, None]
    true -= true.mean(axis=0)
    values += true[:, None, None] - values.mean(axis=0)
    means = np.stack([values[:, :, group::10].mean(axis=2) for group in range(10)], axis=2)
    return Blocks(means.astype(np.float32), np.ones(means.shape[:3], bool)), true


def placed(blocks: Blocks, true: np.ndarray, anchor: int) -> tuple[Places, np.ndarray]:
    """Return the places on the axis to the role `anchor`, and the true ones."""
    columns = blocks.means.mean(axis=(1, 2), dtype=np.float64)
    weights = np.full(N_ROLES, -1 / (N_ROLES - 1))
    weights[anchor] = 1
    weights /= np.linalg.norm(weights @ columns)
    in_sample = (columns - columns.mean(axis=0)) @ (weights @ columns)
    found = place(in_sample[None], weights[None], crossed(blocks, PLAIN))
    return found, true @ (weights @ true)


def test_products_are_of_all_pairs_that_share_neither_a_wording_nor_a_group_of_questions() -> None:
    random = np.random.default_rng(0)
    present = random.random((4, 3, 4)) < 0.8
    means = (random.normal(size=(4, 3, 4, 5)) * present[..., None]).astype(np.float32)
    noise = random.random(5) + 0.5
    found = crossed(Blocks(means, present), noise)
    assert found is not None
    blocks = list(product(range(3), range(4)))
    for a, b in product(range(4), repeat=2):
        pairs = [
            (means[a][one] / noise) @ (means[b][two] / noise)
            for one, two in product(blocks, repeat=2)
            if one[0] != two[0] and one[1] != two[1] and present[a][one] and present[b][two]
        ]
        assert found.products[a, b] == pytest.approx(np.mean(pairs), rel=1e-4)
    places = {
        "without_wording": np.s_[:, 0],
        "without_group": np.s_[:, :, 0],
        "without_block": np.s_[:, 0, 0],
    }
    for name, place_of in places.items():
        left = present.copy()
        left[place_of] = False
        without = crossed(Blocks(means * left[..., None], left), noise)
        assert without is not None
        first = getattr(found, name).reshape(-1, 4, 4)[0]
        np.testing.assert_allclose(first, without.products, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("wording", [0.0, 0.05, 0.3])
def test_where_no_role_differs_every_place_is_nought_within_its_interval_the_anchor_s_too(
    wording: float,
) -> None:
    draws = [placed(*simulated(seed, wording=wording), anchor=seed)[0] for seed in range(N_ROLES)]
    position, half = (
        np.concatenate([getattr(one, name)[0] for one in draws]) for name in ("position", "half")
    )
    assert (np.abs(position) <= half).mean() >= 0.95
    anchors = np.array([one.position[0, seed] for seed, one in enumerate(draws)])
    in_sample = np.array([one.in_sample[0, seed] for seed, one in enumerate(draws)])
    assert abs(anchors.mean()) < 0.1 * in_sample.mean()  # the plain projection is of the noise it is made of
    assert (np.abs(anchors) <= [one.half[0, seed] for seed, one in enumerate(draws)]).mean() >= 0.9


@pytest.mark.parametrize(("strength", "wording"), [(0.1, 0.05), (0.4, 0.05), (0.4, 0.3)])
def test_intervals_hold_what_was_planted_and_strong_roles_are_told_apart(
    strength: float, wording: float
) -> None:
    held, ranked, apart = [], [], []
    for seed in range(N_ROLES):
        found, true = placed(*simulated(seed, strength, wording=wording), anchor=seed)
        held.append(np.abs(found.position[0] - true) <= found.half[0])
        rank = 1 + (true[None] > true[:, None]).sum(axis=1)
        ranked.append((found.rank_low[0] <= rank) & (rank <= found.rank_high[0]))
        apart.append(found.position[0, seed] > found.half[0, seed])
    assert np.mean(held) >= 0.94 and np.mean(ranked) >= 0.94
    assert strength < 0.4 or np.mean(apart) >= 0.75


@pytest.mark.parametrize("wording", [0.0, 0.05, 0.3])
def test_where_roles_differ_clearly_intervals_are_as_wide_as_they_say(wording: float) -> None:
    held = []
    for seed in range(3 * N_ROLES):
        blocks, true = simulated(seed, 1.0, wording=wording)
        found, at = placed(blocks, true, anchor=seed % N_ROLES)
        held.append(np.abs(found.position[0] - at) <= found.half[0])
    assert 0.92 <= np.mean(held) <= 0.98


def test_similarities_free_of_noise_are_those_that_were_planted() -> None:
    held, bias, known = [], [], []
    pairs = np.triu_indices(N_ROLES, 1)
    for seed in range(N_ROLES):
        blocks, true = simulated(seed, 0.2)
        unit = true / np.linalg.norm(true, axis=1, keepdims=True)
        found, half = (of[pairs] for of in crossed_similarity(N_ROLES, crossed(blocks, PLAIN)))
        off, sure = found - (unit @ unit.T)[pairs], np.isfinite(half)
        held, bias, known = [*held, *(np.abs(off) <= half)[sure]], [*bias, *off[sure]], [*known, *sure]
    assert np.mean(held) >= 0.94 and abs(np.mean(bias)) < 0.02 and np.mean(known) > 0.9


def test_with_two_wordings_there_are_places_but_no_intervals_and_with_one_neither() -> None:
    blocks, true = simulated(1, 0.4)
    two = Blocks(blocks.means[:, :2], blocks.present[:, :2])
    found, _ = placed(two, true, 0)
    assert np.isfinite(found.position).all() and np.isfinite(found.rank).all()
    assert np.isnan(found.half).all() and np.isnan(found.rank_low).all()
    assert crossed(Blocks(blocks.means[:, :1], blocks.present[:, :1]), PLAIN) is None
    alone, _ = placed(Blocks(blocks.means[:, :1], blocks.present[:, :1]), true, 0)
    np.testing.assert_array_equal(alone.position, alone.in_sample)
    assert np.isnan(crossed_similarity(3, None)).all()
