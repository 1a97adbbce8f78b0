"""How much of an axis an SAE carries: simulated with noise, and with shares that are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from persona_assets.atlas.blocks import Blocks
from persona_assets.atlas.crossed import Crossed, crossed
from persona_assets.vectors.alignment import aligned
from persona_assets.vectors.axes import carried
from persona_assets.vectors.reading import together
from tests.analysis.simulated import draw

N_ROLES, WIDTH, LOUD = 12, 48, 6
SHAPE = (N_ROLES, 5, 10, WIDTH)  # each question is a group of its own


class Simulated(NamedTuple):
    """Roles' vectors and reconstructions, the true ones of both, the products, and the vectors' blocks."""

    columns: np.ndarray
    made: np.ndarray
    true: np.ndarray
    true_made: np.ndarray
    products: Crossed
    blocks: Blocks


def simulated(seed: int, strength: float, kept: int, wording: float = 0.1) -> Simulated:
    """Return roles that differ by `strength`.

    A few dimensions are six times as loud as the others. The SAE keeps the first `kept` of dimensions that
    are turned against these, and makes errors of its own.
    """
    random = np.random.default_rng(seed)
    loud = np.where(np.arange(WIDTH) < LOUD, 6.0, 1.0)
    true = strength * random.normal(size=(N_ROLES, 1, 1, WIDTH)) * loud
    true[0] *= 3
    turned, _ = np.linalg.qr(random.normal(size=(WIDTH, WIDTH)))
    kept_of = turned[:, :kept] @ turned[:, :kept].T
    values = true + draw(random, wording, 0.1, SHAPE) * loud
    made = values @ kept_of + 0.3 * draw(random, wording, 0.1, SHAPE)
    parts = []
    for one in (values, made):
        centred = (one - one.mean(axis=0)).astype(np.float32)
        parts.append(Blocks(centred, np.ones(SHAPE[:3], bool)))
    found = crossed(together(parts), np.ones(WIDTH))
    assert found is not None
    columns = (one.mean(axis=(1, 2)) for one in (values, made))
    return Simulated(*columns, true[:, 0, 0], true[:, 0, 0] @ kept_of, found, parts[0])


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


WEIGHTS = np.full((1, N_ROLES), -1 / (N_ROLES - 1))
WEIGHTS[0, 0] = 1


@pytest.mark.parametrize(("strength", "kept"), [(0.3, 12), (0.3, 46), (0.2, 24)])
def test_intervals_hold_the_share_that_was_planted(strength: float, kept: int) -> None:
    held, off = [], []
    for seed in range(40):
        columns, made, true, true_made, products, _ = simulated(seed, strength, kept)
        found = carried(WEIGHTS, columns, made, products)
        if np.isfinite(found.half[0]):
            off.append(found.cosine[0] - cosine((WEIGHTS @ true)[0], (WEIGHTS @ true_made)[0]))
            held.append(abs(off[-1]) <= found.half[0])
    assert len(held) > 20 and np.mean(held) >= 0.93 and abs(np.mean(off)) < 0.02


def test_an_sae_that_writes_the_stream_again_carries_all_and_one_that_writes_something_else_nothing() -> None:
    columns, _, _, _, products, _ = simulated(0, 0.3, 12)
    n = N_ROLES
    own = products.of(slice(0, n))

    def doubled(part: np.ndarray) -> np.ndarray:
        return np.concatenate([np.concatenate([part, part], axis=-1)] * 2, axis=-2)

    same = Crossed(*(doubled(one) for one in vars(own).values()))
    found = carried(WEIGHTS, columns, columns, same)
    np.testing.assert_allclose([found.cosine[0], found.half[0], found.in_sample[0]], [1, 0, 1], atol=1e-6)
    nothing = carried(WEIGHTS, columns, np.zeros_like(columns), None)
    assert np.isnan([nothing.cosine[0], nothing.half[0], nothing.in_sample[0]]).all()


def test_of_an_axis_that_noise_alone_makes_no_share_is_told() -> None:
    told = []
    for seed in range(40):
        columns, made, _, _, products, _ = simulated(seed, 0.0, 24)
        told.append(np.isfinite(carried(WEIGHTS, columns, made, products).cosine[0]))
    assert np.mean(told) <= 0.05


def directions_about(axis: np.ndarray) -> np.ndarray:
    """Return forty directions: the axis first, then such as hold less of it, then random ones."""
    random = np.random.default_rng(0)
    unit = axis / np.linalg.norm(axis)
    some = random.normal(size=(40, WIDTH))
    some -= np.outer(some @ unit, unit)
    some /= np.linalg.norm(some, axis=1, keepdims=True)
    share = np.concatenate([[1.0], np.linspace(0.95, -0.95, 19), np.zeros(20)])[:, None]
    return 3 * (share * unit + np.sqrt(1 - share**2) * some)


@pytest.mark.parametrize("strength", [0.2, 0.4])
def test_intervals_hold_planted_cosines_and_the_planted_direction_lies_nearest(strength: float) -> None:
    held, off, first = [], [], []
    for seed in range(30):
        one = simulated(seed, strength, 24)
        [axis], own = WEIGHTS @ one.true, one.products.of(slice(0, N_ROLES))
        directions = directions_about(axis).astype(np.float32)
        found = aligned(directions, WEIGHTS[0], one.columns, one.blocks, own)
        if np.isfinite(found.half).all():
            truth = directions @ axis / np.linalg.norm(directions, axis=1) / np.linalg.norm(axis)
            held.append(np.abs(found.cosine - truth) <= found.half)
            off.append(found.cosine - truth)
            first.append(np.abs(found.in_sample).argmax() <= 1)
    assert len(held) > 15 and np.mean(held) >= 0.93 and np.mean(first) > 0.9
    assert np.abs(np.mean(off, axis=0)).max() < 0.06


def test_nothing_lies_surely_to_an_axis_that_noise_alone_makes() -> None:
    told = []
    for seed in range(40):
        one = simulated(seed, 0.0, 24)
        directions = directions_about(np.ones(WIDTH)).astype(np.float32)
        found = aligned(directions, WEIGHTS[0], one.columns, one.blocks, one.products.of(slice(0, N_ROLES)))
        assert np.isfinite(found.in_sample).all()
        told.append(np.isfinite(found.cosine).any())
    assert np.mean(told) <= 0.05
